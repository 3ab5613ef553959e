//! `compare`: two runs that are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use super::failure::of_files;
use super::{ExitReason, holds, info, kept, publish, warn};
use crate::cli::Compare;
use coldstart::compare::{self, SideData};
use coldstart::spec::function::unknown;
use coldstart::spec::tolerance::Margins;
use coldstart::store::{self, BASELINES, Baseline};

/// Compares, writes and shows.
pub(super) fn run(args: &Compare) -> Result<(), ExitReason> {
    let (base, head) = folders(args)?;
    let (mut was, _) = open(&base, args.salvage)?;
    let (mut is, margins) = open(&head, args.salvage)?;
    // The sides of a gate have an id in common, and a folder each.
    if !args.join.is_empty() && fs::canonicalize(&base).ok() == fs::canonicalize(&head).ok() {
        within(&mut was, &mut is, &args.join);
    }
    join(&mut was, &is, &args.join)?;
    let rules = args.judge.rules(&margins);
    let found = compare::compare(&was, &is, &rules, &BTreeSet::new());
    let place = match &args.out {
        Some(folder) => {
            store::create(folder)?;
            (folder.as_path(), "")
        }
        None => (head.as_path(), "compare"),
    };
    publish::give(&found, place, args.strict, args.printed.format)
}

/// Leaves of one run on either side what is joined: its functions took turns.
fn within(base: &mut SideData, head: &mut SideData, names: &[(String, String)]) {
    base.keep(|function| names.iter().any(|(was, _)| was == function));
    head.keep(|function| names.iter().any(|(_, is)| is == function));
    base.interleaved = Some(base.party.run.clone());
    head.interleaved.clone_from(&base.interleaved);
}

/// Calls functions of base as head calls them.
fn join(
    base: &mut SideData,
    head: &SideData,
    names: &[(String, String)],
) -> Result<(), ExitReason> {
    let wrong = |message: String| Err(ExitReason::Usage(anyhow!("--join: {message}")));
    for (was, is) in names {
        let (of_base, of_head) = (&base.party.functions, &head.party.functions);
        if !of_base.contains_key(was) {
            return wrong(format!("base: {}", unknown("function", was, of_base.keys())));
        }
        if !of_head.contains_key(is) {
            return wrong(format!("head: {}", unknown("function", is, of_head.keys())));
        }
        if was != is && of_base.contains_key(is) {
            return wrong(format!("base has a function `{is}` of its own"));
        }
        base.rename(was, is);
    }
    Ok(())
}

/// What a comparison needs of a run's folder, and the margins of its scenario. The
/// rows themselves are let go: two large runs are never in memory together.
pub(super) fn open(folder: &Path, salvage: bool) -> Result<(SideData, Margins)> {
    let run = kept::run(folder, salvage)?;
    if run.truncated {
        warn(&format!("{}: the last row was cut short and is left out", folder.display()));
    }
    let side = run.record.side.as_ref();
    let label = side.map_or_else(|| folder.display().to_string(), |side| side.label.clone());
    Ok((SideData::of(&run, label), run.record.scenario.margins))
}

fn folders(args: &Compare) -> Result<(PathBuf, PathBuf), ExitReason> {
    match (&args.first, &args.second, &args.baseline) {
        (Some(base), Some(head), None) => Ok((base.clone(), head.clone())),
        (None, None, Some(head)) => Ok((baseline(head)?, head.clone())),
        _ => Err(ExitReason::Usage(anyhow!("name two runs, BASE and HEAD, or --baseline HEAD"))),
    }
}

/// The newest stored run of the machine that a run was measured on.
fn baseline(head: &Path) -> Result<PathBuf> {
    holds::a_run(head)?;
    let Baseline { newest, unreadable, fingerprint } = store::baseline(head)?;
    for error in unreadable {
        warn(&format!("a stored run that cannot be read is no baseline: {error:#}"));
    }
    let newest = newest.ok_or_else(|| {
        of_files(format!(
            "there is no baseline of this machine (fingerprint {fingerprint}): store a run of it \
             with `mkdir -p {BASELINES}/{fingerprint} && cp -r RUN {BASELINES}/{fingerprint}/`",
        ))
    })?;
    info(&format!("baseline: {}", newest.display()));
    Ok(newest)
}
