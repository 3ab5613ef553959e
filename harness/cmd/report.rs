//! `report`: a run's summary, charts and report, from its samples alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::failure::of_files;
use super::{ExitReason, cost, kept, stdout};
use crate::cli::Report;
use crate::terminal;
use coldstart::analysis::Analysis;
use coldstart::report::form::{Form, Printed};
use coldstart::store::Run;
use coldstart::store::catalog::{Kind, STUDY};
use coldstart::tune::Tuning;
use coldstart::{report, store};

/// Writes everything that is derived from a run again, and prints its table.
pub(super) fn run(args: &Report) -> Result<(), ExitReason> {
    match Kind::of(&args.run) {
        Some(Kind::Explanation) => return Ok(an_explanation(args)?),
        Some(Kind::Replay) => return Ok(a_replay(args)?),
        Some(Kind::Study) => return a_study(args),
        _ => {}
    }
    let (run, text) = a_run(args)?;
    stdout::result(&text)?;
    let page = if run.record.tune.is_some() { "tune.html" } else { "report.html" };
    terminal::hint("open ", &args.run.join(page).display().to_string());
    Ok(())
}

/// Writes the files of a run again; with what is printed of it.
fn a_run(args: &Report) -> Result<(Run, String), ExitReason> {
    let mut run = kept::run(&args.run, args.salvage)?;
    if args.cost.are_asked() {
        let question = cost::of_a_report(&args.cost.prices, &run)?;
        store::ask_cost(&args.run, &question)?;
        run.cost = Some(question);
    }
    let analysis = Analysis::of(&run);
    let text = write(&analysis, args.printed.format)?;
    if let Some(page) = &args.splice {
        splice(&analysis, page)?;
    }
    Ok((run, text))
}

/// Writes the pages and charts of a study again, and those of the run beside it, where the calls
/// were made here; prints the study.
fn a_study(args: &Report) -> Result<(), ExitReason> {
    let mut found = kept::study(&args.run)?;
    if found.run.is_some() {
        found = found.graded(&a_run(args)?.0);
    } else if args.salvage || args.cost.are_asked() || args.splice.is_some() {
        return Err(ExitReason::Usage(anyhow!(
            "{} has no rows of its own, as its calls were of somebody else's platform: leave out \
             what is asked of rows",
            args.run.display()
        )));
    }
    // What was found is not made again: it is what the pages are made from.
    let made = report::study::files(&found)?.into_iter();
    for file in made.filter(|file| file.path.as_path() != Path::new(STUDY)) {
        store::write(&args.run, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Study(&found))?)?;
    terminal::hint("open ", &args.run.join("study.html").display().to_string());
    Ok(())
}

/// Writes the pages and charts of an explanation again, and prints it.
fn an_explanation(args: &Report) -> Result<()> {
    let found = kept::explanation(&args.run)?;
    for file in report::explanation::files(&found)? {
        store::write(&args.run, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Explanation(&found))?)?;
    terminal::hint("open ", &args.run.join("explain.html").display().to_string());
    Ok(())
}

/// Writes the page and the chart of a replay again, and prints it.
fn a_replay(args: &Report) -> Result<()> {
    let found = kept::replay(&args.run)?;
    for file in report::replay::files(&found)? {
        store::write(&args.run, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Replay(&found))?)?;
    terminal::hint("open ", &args.run.join("replay.html").display().to_string());
    Ok(())
}

/// Writes summary, histograms, charts and reports of a run; returns what is printed.
pub(super) fn write(analysis: &Analysis, format: &Form) -> Result<String> {
    kept::tell_truncated(analysis.run);
    let writing = terminal::step("writing the report");
    for artifact in report::render(analysis)? {
        store::write(&analysis.run.folder, &artifact.path, &artifact.bytes)?;
    }
    let tuning = Tuning::of(analysis)?;
    for artifact in tuning.as_ref().map(report::tune::files).transpose()?.unwrap_or_default() {
        store::write(&analysis.run.folder, &artifact.path, &artifact.bytes)?;
    }
    drop(writing);
    stdout::form(format, &kept::printed(analysis, tuning.as_ref()))
}

fn splice(analysis: &Analysis, page: &Path) -> Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let spliced = report::readme::splice(&text, &report::readme::block(analysis));
    let spliced =
        spliced.map_err(|e| of_files(format!("cannot splice into {}: {e}", page.display())))?;
    let name = page.file_name().map(Path::new).unwrap_or(page);
    store::write(page.parent().unwrap_or(Path::new("")), name, spliced.as_bytes())
}
