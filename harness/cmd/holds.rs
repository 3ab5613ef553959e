//! What a folder holds, told to whoever wanted something else of it.

use std::path::Path;

use anyhow::Result;

use super::failure::of_files;
use super::repeat::Words;
use coldstart::store;
use coldstart::store::catalog::{FILES, Kind};

/// Refuses a folder without a run, whose rows a command needs.
///
/// # Errors
/// Says what it holds instead, and which command is for that.
pub(super) fn a_run(folder: &Path) -> Result<()> {
    // What is no file is told by whoever reads it.
    if folder.join(store::RECORD).exists() {
        return Ok(());
    }
    let show = Words::of("show").word(folder.display()).line();
    let why = match Kind::of(folder) {
        Some(kind) => format!("it holds {}, and `{show}` shows it", words(kind)),
        None if !folder.is_dir() => "there is no such folder".to_owned(),
        None => match judge(folder) {
            Some(judge) => format!("it holds two that were not judged, and `{judge}` judges them"),
            None => format!("{} is not in it", store::RECORD),
        },
    };
    Err(of_files(format!("{} is not a run folder: {why}", folder.display())))
}

/// Of a kind, in a sentence.
fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Run => "a run",
        Kind::Comparison => "the verdict of a comparison",
        Kind::Reliability => "the rates of an `aa`",
        Kind::Explanation => "an explanation",
        Kind::Replay => "a trace that was played",
        Kind::Study => "a study",
    }
}

/// Why a folder of no kind cannot be shown.
pub(super) fn nothing(folder: &Path) -> anyhow::Error {
    let shown = folder.display();
    if let Some(judge) = judge(folder) {
        return of_files(format!(
            "{shown} holds two sides that were not judged: `{judge}` judges them"
        ));
    }
    let files = FILES.map(|(file, _)| file);
    let [others @ .., last] = &files;
    of_files(format!("{shown} holds no result: neither {} nor {last} is in it", others.join(", ")))
}

/// What judges the two sides of a gate that did not come to its verdict.
fn judge(folder: &Path) -> Option<String> {
    let [base, head] = ["base", "head"].map(|side| folder.join(side));
    let are_runs = [&base, &head].iter().all(|side| Kind::of(side) == Some(Kind::Run));
    let line = || Words::of("compare").word(base.display()).word(head.display()).line();
    are_runs.then(line)
}
