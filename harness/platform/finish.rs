//! The end of an invocation: what came is judged, and told when it is bad.

use super::attempt::{Concluded, InvocationEnd};
use super::{Instance, Invocation, Platform, Visit, proof};
use crate::adapter::{Adapter, Answer, Answered, Reply};
use crate::engine::Engine;
use crate::sample::{OUT_OF_MEMORY, Outcome};
use crate::text::sanitize::last_words;

/// The exit code of a process that was killed: 128 and the signal's number.
const KILLED: i64 = 128 + 9;

/// The most that is kept of what an instance wrote, in characters.
pub(crate) const LAST_WORDS: usize = 1_000;

impl<E: Engine, A: Adapter> Platform<E, A> {
    /// Judges what came; gives a good instance back and removes a bad one.
    pub(super) async fn conclude(
        &self,
        invocation: Invocation<'_>,
        mut instance: Instance<A>,
        ended: InvocationEnd,
        mut visit: Visit,
    ) -> Concluded<A> {
        visit.take_stamps(instance.adapter.stamps(), self.clock);
        let is_answered = matches!(ended, InvocationEnd::Answered(_));
        visit.outcome = match ended {
            InvocationEnd::Answered(Answered { answer, callers }) => {
                visit.callers = callers;
                self.judge(invocation, &mut instance, answer, &mut visit)
            }
            InvocationEnd::TimedOut => Outcome::TimedOut {
                cause: format!(
                    "no answer within {:?}: {}",
                    invocation.target.function.timeout,
                    self.circumstances(&instance, None).await
                ),
            },
            InvocationEnd::Exited(exit) => {
                let code = exit.code.map_or("unknown".to_owned(), |c| c.to_string());
                let circumstances = self.circumstances(&instance, exit.code).await;
                Outcome::Crashed { cause: format!("exited with code {code}: {circumstances}") }
            }
            InvocationEnd::Engine(error) => Outcome::EngineError { cause: error.to_string() },
        };
        if visit.outcome.spares_instance() {
            return (visit, Some(instance));
        }
        self.see_last(&instance.id).await;
        let why = format!("the one before it failed ({})", visit.outcome.kind());
        self.lock().lose(invocation.target.key(), why);
        // While it is there to be compared with: a stranger can also fail for it.
        if !visit.callers.is_empty() {
            self.vouch(&mut visit).await;
        }
        if is_answered && invocation.keep > 0 {
            let output = self.engine.output(&instance.id).await.unwrap_or_default();
            visit.output = Some(last_words(&output, LAST_WORDS)).filter(|told| !told.is_empty());
        }
        self.discard(instance).await;
        (visit, None)
    }

    /// How far a failed instance came, what it did wrong, what it wrote last.
    async fn circumstances(&self, instance: &Instance<A>, code: Option<i64>) -> String {
        // One that is gone tells nothing.
        let state = self.engine.inspect(&instance.id).await.unwrap_or_default();
        let mut parts = vec![instance.adapter.progress(&state).into_owned()];
        // Before its output: a limit that was met explains all the rest.
        if state.out_of_memory {
            parts.push(format!("it {OUT_OF_MEMORY}: its limit is too low"));
        } else if code == Some(KILLED) {
            // An engine misses what happens while it is still starting the instance.
            let likely = "it was killed, not by the driver: most often because it";
            parts.push(format!("{likely} {OUT_OF_MEMORY}"));
        }
        parts.extend(instance.adapter.notes().into_iter().map(|n| format!("it {n}")));
        let refused = instance.adapter.refused().into_iter();
        parts.extend(
            refused.map(|(who, times)| format!("{times} connections of {who} were refused")),
        );
        match self.engine.output(&instance.id).await {
            Ok(output) if output.trim().is_empty() => parts.push("it wrote nothing".to_owned()),
            Ok(output) => parts.push(format!("it wrote: {}", last_words(&output, LAST_WORDS))),
            Err(error) => parts.push(format!("its output is lost: {error}")),
        }
        parts.join("; ")
    }

    fn judge(
        &self,
        invocation: Invocation<'_>,
        instance: &mut Instance<A>,
        answer: Answer,
        visit: &mut Visit,
    ) -> Outcome {
        match answer {
            Answer::Response(reply) => self.check(invocation, instance, &reply, visit),
            Answer::InitError(cause) => Outcome::InitError { cause },
            Answer::FunctionError { cause, document } => {
                // Whoever called is told in its own words.
                if invocation.request.is_some() {
                    visit.reply = document.slice(..invocation.keep.min(document.len()));
                }
                Outcome::FunctionError { cause }
            }
            Answer::Unreadable(cause) => Outcome::WrongReply { cause },
            Answer::Unreachable(cause) => Outcome::EngineError { cause },
        }
    }

    fn check(
        &self,
        invocation: Invocation<'_>,
        instance: &mut Instance<A>,
        reply: &Reply,
        visit: &mut Visit,
    ) -> Outcome {
        visit.take_end(reply, self.clock);
        visit.reply = reply.body.slice(..invocation.keep.min(reply.body.len()));
        visit.replied_bytes = reply.length;
        if invocation.is_a_request() {
            // What it answers to that is between it and its client.
            return Outcome::Ok;
        }
        // What is expected is expected of the function's own event.
        let is_own = invocation.request.is_none();
        match proof::read(&invocation.target.function, reply, &instance.event, is_own) {
            Err(cause) => Outcome::WrongReply { cause },
            Ok(None) => Outcome::Ok,
            Ok(Some(proof)) => {
                let verdict =
                    proof::check(&proof, instance.proof.as_ref(), &mut self.lock().nonces);
                instance.proof = Some(proof.clone());
                visit.proof = Some(proof);
                verdict.map_or_else(|cause| Outcome::NotCold { cause }, |()| Outcome::Ok)
            }
        }
    }
}
