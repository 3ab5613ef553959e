//! What a folder holds, told to whoever wanted something else of it.

use std::path::Path;

use anyhow::Result;

use super::failure::of_files;
use super::repeat::Words;
use coldstart::store;
use coldstart::store::catalog::{self, Kind};

/// Refuses a folder without a run, whose rows a command needs.
///
/// # Errors
/// Says what it holds instead, and which command is for that.
pub(super) fn a_run(folder: &Path) -> Result<()> {
    if folder.join(store::RECORD).is_file() {
        return Ok(());
    }
    let Some(kind) = Kind::of(folder) else { return Err(nothing(folder)) };
    let show = Words::of("show").word(folder.display()).line();
    let folder = folder.display();
    Err(of_files(format!("{folder} holds {}, and no run: `{show}` shows it", words(kind))))
}

/// Of a kind, in a sentence.
pub(super) fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Run => "a run",
        Kind::Comparison => "the verdict of a comparison",
        Kind::Reliability => "the rates of an `aa`",
        Kind::Explanation => "an explanation",
        Kind::Replay => "a trace that was played",
        Kind::Study => "a study",
    }
}

/// Why a folder of no kind is of no use.
pub(super) fn nothing(folder: &Path) -> anyhow::Error {
    let (base, head) = (folder.join("base"), folder.join("head"));
    let is_run = |side: &Path| Kind::of(side) == Some(Kind::Run);
    if is_run(&base) && is_run(&head) {
        let judge = Words::of("compare").word(base.display()).word(head.display()).line();
        let folder = folder.display();
        return of_files(format!(
            "{folder} holds two sides that were not judged: `{judge}` judges them"
        ));
    }
    if !folder.is_dir() {
        return of_files(format!(
            "there is no folder {}: `coldstart list runs` names those of results",
            folder.display()
        ));
    }
    let files: Vec<&str> = catalog::FILES.iter().map(|(file, _)| *file).collect();
    let (last, others) = files.split_last().map_or(("", &[][..]), |(last, rest)| (*last, rest));
    of_files(format!(
        "{} holds no result: neither {} nor {last} is in it",
        folder.display(),
        others.join(", ")
    ))
}
