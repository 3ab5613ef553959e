//! `study idle --url`: the keep-alive of a platform of somebody else, by one of its URLs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

use super::{probed, show};
use crate::cli::Idle;
use crate::cmd::repeat::Words;
use crate::cmd::{ExitReason, info, run, runtime};
use crate::terminal::interrupt;
use coldstart::measure::RunIdentity;
use coldstart::study::foreign::{Foreign, Sign};
use coldstart::study::idle::{self, Search};
use coldstart::study::{FORMAT, Found, Of, Study};
use coldstart::text::units::{format_exactly, format_wait};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(120);

/// Says what it will take at most, looks, and shows what was found.
pub(super) fn run(
    args: &Idle,
    (url, sign): (&str, Sign),
    search: Search,
) -> Result<(), ExitReason> {
    let told_by = sign.to_string();
    let command = again(args, (url, &sign), search);
    let foreign = Foreign::of(url, sign, ANSWER);
    let foreign = foreign.map_err(|why| ExitReason::Usage(anyhow!("--url: {why}")))?;
    let begun = RunIdentity::now();
    let name = begun.name("study-idle");
    let folder = args.serving.out.clone().unwrap_or_else(|| Path::new("results").join(name));
    let reserved = run::reserve(&folder, args.serving.out.is_some())?;
    let (calls, pauses) = search.bound();
    info(&format!(
        "{url}: {calls} calls at most, and {} of pauses between them, where no call fails; cold is \
         told {told_by}",
        format_wait(pauses)
    ));
    let stop = interrupt::heard()?;
    let function: Arc<str> = url.into();
    let told = |probe: &idle::Probe| info(&probed(probe));
    let search = idle::search(&foreign, &function, "", search, told);
    let found = runtime(false)?.block_on(super::unless_stopped(stop, search))?;
    let found = Found::Idle(vec![Of { function: url.to_owned(), found }]);
    let place = format!("{url}, called from this machine by its own clock; cold is told {told_by}");
    let (run, starts, unused, invalid, simulated) = Default::default();
    let format = FORMAT;
    let started = Some(begun.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let study =
        Study { format, run, started, command, place, starts, unused, invalid, simulated, found };
    show(reserved.folder(), &study, args.printed.format)
}

/// The command that asks the same again.
fn again(args: &Idle, (url, sign): (&str, &Sign), search: Search) -> String {
    let words = Words::of("study").word("idle").flag("--url", url);
    let words = match sign {
        Sign::Header(name) => words.flag("--instance-header", name),
        Sign::Field(name) => words.flag("--instance-field", name),
        Sign::Longer(time) => words.flag("--cold-over", format_exactly(*time)),
    };
    words
        .flag("--most", format_exactly(args.most))
        .flag("--within", format_exactly(args.within))
        .flag("--probes", search.probes)
        .line()
}
