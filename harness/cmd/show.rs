//! `show`: an old run, comparison or reliability again, as it was printed. Writes
//! nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::failure::of_files;
use super::repeat::Words;
use super::{ExitReason, info, report, stdout};
use crate::cli::{Format, Show};
use coldstart::analysis::Analysis;
use coldstart::report::{comparison, reliability};
use coldstart::store;
use coldstart::store::catalog::{self, COMPARISON, Kind, RELIABILITY};
use coldstart::text::diagnostic::did_you_mean;
use coldstart::text::sanitize::{printable_json, printable_line};

/// What `show` takes for the newest of all.
const LATEST: &str = "latest";
/// The longest line that is shown, in characters.
const LINE: usize = 10_000;
/// What the terminal was told of a comparison, in its folder.
pub(super) const TOLD: &str = "compare.txt";

/// Finds the folder, and prints what it holds.
pub(super) fn run(args: &Show) -> Result<(), ExitReason> {
    let folder = find(&args.run, &args.results)?;
    Ok(stdout::result(&shown(&folder, args.printed.format, args.salvage)?)?)
}

/// What a folder holds, in a form; of a run what is there, where that was asked for.
pub(super) fn shown(folder: &Path, format: Format, salvage: bool) -> Result<String, ExitReason> {
    Ok(match Kind::of(folder) {
        Some(Kind::Run) => a_run(folder, format, salvage)?,
        Some(_) if salvage => {
            return Err(ExitReason::Usage(anyhow!(
                "{} holds no run, and only a run's rows can be salvaged: leave out --salvage",
                folder.display()
            )));
        }
        Some(Kind::Comparison) => kept(folder, format, &A_COMPARISON)?,
        Some(Kind::Reliability) => kept(folder, format, &A_RELIABILITY)?,
        None => return Err(none(folder)),
    })
}

/// The folder that was meant: one that is there, else by its name or id among the
/// results, else `latest`. What is typed need not be UTF-8, as a folder's name need not.
fn find(typed: &OsStr, results: &Path) -> Result<PathBuf, ExitReason> {
    let path = Path::new(typed);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let all = catalog::scan(results);
    if typed == LATEST {
        let newest = all.iter().find(|found| found.broken.is_none());
        let newest = newest.ok_or_else(|| {
            let results = results.display();
            of_files(format!("{results} holds no result yet: `coldstart run` makes one"))
        })?;
        info(&format!("latest: {}", newest.folder.display()));
        return Ok(newest.folder.clone());
    }
    // The very folder before one that merely looks the same in a list.
    let exact = all.iter().find(|found| found.folder == results.join(path));
    if let Some(found) = exact.or_else(|| all.iter().find(|found| found.is_called(typed))) {
        return Ok(found.folder.clone());
    }
    let typed = catalog::shown(path);
    let meant = did_you_mean(&typed, all.iter().map(|found| &found.name));
    Err(ExitReason::Usage(anyhow!(
        "there is no result `{typed}`, neither as a folder nor in {}: `coldstart list runs` names \
         them{meant}",
        results.display()
    )))
}

fn a_run(folder: &Path, format: Format, salvage: bool) -> Result<String> {
    let run = super::compare::read(folder, salvage)?;
    report::tell_truncated(&run);
    report::printed(&Analysis::of(&run), format)
}

/// A verdict is shown as it was given: judging again, under other rules or by another
/// version, might give another.
struct Kept {
    json: &'static str,
    markdown: &'static str,
    /// For a terminal, in the order in which they are tried.
    text: &'static [&'static str],
    csv: fn(&serde_json::Value) -> Result<String>,
    /// What makes the folder's files again.
    again: &'static str,
}

const A_COMPARISON: Kept = Kept {
    json: COMPARISON,
    markdown: "compare.md",
    text: &[TOLD, "compare.md"],
    csv: comparison::csv,
    again: "`coldstart compare BASE HEAD` makes it again from two runs",
};

const A_RELIABILITY: Kept = Kept {
    json: RELIABILITY,
    markdown: "aa.md",
    text: &["aa.md"],
    csv: reliability::csv,
    again: "`coldstart aa` measures it again",
};

/// The folder may be somebody else's: nothing in it moves a cursor.
fn kept(folder: &Path, format: Format, of: &Kept) -> Result<String> {
    match format {
        Format::Json => Ok(printable_json(&document(folder, of)?.0)),
        Format::Csv => {
            let unlike =
                || format!("{} is not whole: {}", folder.join(of.json).display(), of.again);
            (of.csv)(&document(folder, of)?.1).with_context(unlike)
        }
        Format::Markdown => Ok(lines(&store::text(&folder.join(of.markdown))?)),
        Format::Text => {
            let there = of.text.iter().find(|name| folder.join(name).is_file());
            Ok(lines(&store::text(&folder.join(there.unwrap_or(&of.markdown)))?))
        }
    }
}

/// The text of a kept document, and what it says.
fn document(folder: &Path, of: &Kept) -> Result<(String, serde_json::Value)> {
    let path = folder.join(of.json);
    let text = store::text(&path)?;
    let document = serde_json::from_str(&text)
        .with_context(|| format!("{} is not readable: {}", path.display(), of.again))?;
    Ok((text, document))
}

fn lines(text: &str) -> String {
    text.lines().map(|line| printable_line(line, LINE) + "\n").collect()
}

/// Why a folder cannot be shown.
fn none(folder: &Path) -> ExitReason {
    let (base, head) = (folder.join("base"), folder.join("head"));
    let is_run = |side: &Path| Kind::of(side) == Some(Kind::Run);
    let (folder, base, head) = if is_run(&base) && is_run(&head) {
        (folder, base, head)
    } else {
        return of_files(format!(
            "{} holds no result: neither {}, {COMPARISON} nor {RELIABILITY} is in it",
            folder.display(),
            store::RECORD
        ))
        .into();
    };
    let judge = Words::of("compare").word(base.display()).word(head.display()).line();
    let folder = folder.display();
    of_files(format!("{folder} holds two sides that were not judged: `{judge}` judges them")).into()
}
