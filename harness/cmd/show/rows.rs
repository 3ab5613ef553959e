//! `show --rows`: every row of a run, or those that were asked for.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::super::repeat::Words;
use super::{ExitReason, holds, kept, stdout};
use crate::cli::Show;
use coldstart::report::listing::{self, Listing};
use coldstart::sample::Sample;
use coldstart::spec::function::unknown;
use coldstart::store::catalog::Kind;
use coldstart::store::{RECORD, Run};

/// The rows, in a form.
pub(super) fn shown(folder: &Path, args: &Show) -> Result<String, ExitReason> {
    match Kind::of(folder) {
        Some(_) if folder.join(RECORD).is_file() => {}
        Some(_) => return Err(ExitReason::Usage(of_another(folder))),
        None => return Err(holds::nothing(folder).into()),
    }
    let run = kept::run(folder, args.salvage)?;
    kept::tell_truncated(&run);
    let names = args.functions.as_deref().unwrap_or_default();
    check(names, &run).map_err(ExitReason::Usage)?;
    let is_named = |sample: &Sample| {
        names.is_empty() || sample.cell.control.is_none() && names.contains(&sample.cell.function)
    };
    let holds = |sample: &Sample| is_named(sample) && !(args.failed && sample.outcome.is_ok());
    stdout::listing(args.printed.format, Listing { sheets: vec![listing::rows(&run, holds)] })
}

/// Every name must be of a function of the run.
fn check(names: &[String], run: &Run) -> Result<()> {
    let known = || run.record.functions.iter().map(|function| &function.name);
    match names.iter().find(|name| !known().any(|known| known == *name)) {
        Some(name) => {
            let run = run.folder.display();
            Err(anyhow!("--functions: in {run}, {}", unknown("function", name, known())))
        }
        None => Ok(()),
    }
}

/// What holds several runs has no rows of its own.
fn of_another(folder: &Path) -> anyhow::Error {
    let of = |side: &str| folder.join(side);
    let (shown, base) = (folder.display(), of("base"));
    if Kind::of(&base) != Some(Kind::Run) {
        return anyhow!("{shown} holds no run, and only runs have rows: leave out --rows");
    }
    let line =
        |side: &str| Words::of("show").word(of(side).display()).switch("--rows", true).line();
    anyhow!(
        "{shown} holds two runs, and only runs have rows: `{}`, `{}`",
        line("base"),
        line("head")
    )
}
