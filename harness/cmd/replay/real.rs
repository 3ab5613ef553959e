//! The policies that were typed, played on real instances too: each in a run of its own, whose
//! rows are its calls.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use bytes::Bytes;

use crate::cli;
use crate::cmd::repeat::Words;
use crate::cmd::{ExitReason, info, serving};
use coldstart::drive::Stop;
use coldstart::measure::Interrupted;
use coldstart::pool::PolicyChoice;
use coldstart::replay::played::{Played, Tariff};
use coldstart::replay::real::{self, Target};
use coldstart::replay::{Measured, Trace};
use coldstart::text::units::format_wait;

/// What is played.
pub(super) struct Real<'a> {
    pub(super) args: &'a cli::Replay,
    pub(super) trace: &'a Trace,
    pub(super) measured: &'a Measured,
    pub(super) mapping: &'a [usize],
    pub(super) tariff: &'a Tariff,
    /// Where the runs are kept.
    pub(super) folder: &'a Path,
}

impl Real<'_> {
    /// Plays the trace against a policy, at its own pace.
    pub(super) fn play(&self, policy: PolicyChoice) -> Result<Played, ExitReason> {
        let names: Vec<String> = self.measured.functions.iter().map(|of| of.name.clone()).collect();
        // A policy's name has a colon, which some take for a disk or a host.
        let name = format!("real-{}", policy.to_string().replace(':', "-"));
        let flags = self.args.serving(&names, policy, &self.folder.join(&name));
        let flags = flags.map_err(|why| ExitReason::Usage(anyhow!(why)))?;
        // The rows are calls of a trace, and it is the trace that is played again.
        let command = Words::of("replay").word("TRACE").switch("--real", true);
        let command = command.flag("--policy", policy).line();
        let request = serving::request(&flags, &name, command)?;
        let functions = request.sides.iter().flat_map(|side| &side.functions);
        let events: Vec<Target> = functions
            .map(|function| Target {
                function: Arc::from(function.name.as_str()),
                event: Bytes::from(function.event.clone()),
            })
            .collect();
        let target = |at: &usize| {
            let name = &self.measured.functions[*at].name;
            events.iter().find(|target| *target.function == **name).cloned()
        };
        let targets: Option<Vec<Target>> = self.mapping.iter().map(target).collect();
        let targets = targets.ok_or_else(|| {
            ExitReason::Usage(anyhow!("not every function of the run is in the functions file"))
        })?;
        let long = std::time::Duration::from_nanos(self.trace.span());
        info(&format!("playing {policy} on real instances: {}", format_wait(long)));
        let trace = self.trace;
        let served =
            serving::session(request, &flags, None, true, async |session, _, mut stop| {
                let asked = stop.wait_for(|asked| *asked >= Stop::AfterTrial);
                tokio::select! {
                    biased;
                    Ok(_) = asked => Err(Interrupted.into()),
                    ended = real::play(&session, trace, &targets) => Ok(ended),
                }
            })?;
        serving::keep(&served.folder)?;
        let of = (self.measured, self.mapping);
        let counted = Some(&served.counters);
        let played = real::played(trace, &served.done, of, policy, self.tariff, counted);
        Ok(Played { run: Some(name), ..played })
    }
}
