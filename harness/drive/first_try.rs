//! One unrecorded start of a target: what cannot answer is known before the plan, and what
//! does, and says, can be looked at.

use super::Driver;
use crate::engine::{Engine, EngineError, InstanceId};
use crate::platform::Target;
use crate::probe::exec_trace::{self, ExecTrace};
use crate::text::sanitize::{last_words, printable};

/// The most that is told of a reply, in bytes, and of what an instance wrote, in characters.
const REPLY: usize = 200;
const OUTPUT: usize = 1_000;

/// What came of a start that is not measured, made safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstTry {
    /// Why it failed; none when it answered.
    pub cause: Option<String>,
    /// The beginning of the reply; of one that failed the cause says what there is to say.
    pub reply: String,
    /// The last that the instance wrote, likewise.
    pub output: String,
    /// The programs that were heard as its OCI runtime: none of a process, nor where the
    /// kernel tells nothing.
    pub oci_runtimes: Vec<String>,
    /// How many times programs that set firewall rules were heard; none where the kernel tells
    /// nothing.
    pub firewall_calls: Option<u32>,
}

impl<E: Engine> Driver<E> {
    /// Starts, uses and removes one instance of a target: not measured, not recorded.
    /// Why it failed; none when it answered.
    ///
    /// # Errors
    /// When the engine is gone, or the instance refuses to go.
    pub async fn try_one(&self, target: &Target) -> Result<Option<String>, EngineError> {
        Ok(self.first_try(target).await?.cause)
    }

    /// The same, with what it said.
    ///
    /// # Errors
    /// As [`Driver::try_one`].
    pub async fn first_try(&self, target: &Target) -> Result<FirstTry, EngineError> {
        let (at, mut patience) = (self.clock().now(), self.patience(target));
        let invocation = target.invocation(at).keeping(REPLY);
        // What was before is of nobody that is tried.
        let _ = self.trace.as_ref().map(ExecTrace::take);
        let visit = self.platform.invoke(invocation).await;
        let events = self.trace.as_ref().map(ExecTrace::take).unwrap_or_default();
        let heard = |id: &InstanceId| exec_trace::oci_runtimes(&events, &id.0);
        let firewall_calls = self.trace.as_ref().map(|_| exec_trace::firewall_calls(&events));
        let oci_runtimes = visit.id.as_ref().map(heard).unwrap_or_default();
        patience.hears(visit.outcome.is_ok(), self.clock().now() - at);
        let cause = visit.outcome.cause().map(ToOwned::to_owned);
        let output = match &visit.id {
            // Nobody's fault where an engine keeps none.
            Some(id) if cause.is_none() => self.engine.output(id).await.unwrap_or_default(),
            _ => String::new(),
        };
        let reply = printable(&String::from_utf8_lossy(&visit.reply), REPLY);
        self.hear(target, &[visit], patience);
        self.platform.clear().await?;
        let output = last_words(&output, OUTPUT);
        Ok(FirstTry { cause, reply, output, oci_runtimes, firewall_calls })
    }
}
