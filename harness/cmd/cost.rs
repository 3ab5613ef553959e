//! What is asked of a bill: from what was typed, what a run was asked before, and what lies
//! beside its functions.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::ExitReason;
use super::repeat::Words;
use crate::cli::{CostFlags, PriceFlags};
use coldstart::cost::{Architecture, COLD_SHARE, Question, prices};
use coldstart::probe::host::Host;
use coldstart::store::Run;
use coldstart::text::units::format_share;

/// What is asked of a run to come.
///
/// # Errors
/// When the prices cannot be read, or are none.
pub(super) fn of_a_run(flags: &PriceFlags, functions: &Path) -> Result<Question, ExitReason> {
    let beside = functions.with_file_name(prices::FILE);
    let file = flags.prices.clone().or_else(|| beside.is_file().then_some(beside));
    let machine = Host::read().architecture;
    question(flags, file, &machine, None).map_err(ExitReason::Usage)
}

/// What is asked of a run that is there; what is not typed is as it was asked before.
///
/// # Errors
/// When the prices cannot be read, or are none.
pub(super) fn of_a_report(flags: &PriceFlags, run: &Run) -> Result<Question, ExitReason> {
    let machine = &run.record.host.architecture;
    let asked = question(flags, flags.prices.clone(), machine, run.cost.as_ref());
    asked.map_err(ExitReason::Usage)
}

fn question(
    flags: &PriceFlags,
    file: Option<PathBuf>,
    machine: &str,
    before: Option<&Question>,
) -> Result<Question> {
    let text = match (&file, before) {
        (Some(file), _) => prices::text(file)?,
        (None, Some(before)) => before.text.clone(),
        (None, None) => prices::BUILTIN.to_owned(),
    };
    let name = file.map_or_else(|| prices::FILE.to_owned(), |file| file.display().to_string());
    let share = flags.cold.or(before.map(|before| before.cold_share));
    let architecture = flags.arch.or(before.map(|before| before.architecture));
    Ok(Question {
        cold_share: share.unwrap_or(COLD_SHARE),
        architecture: architecture.unwrap_or_else(|| Architecture::of_machine(machine)),
        prices: prices::parse(&text, &name)?,
        text,
    })
}

/// The words that ask the same again.
pub(super) fn again(words: Words, flags: &CostFlags) -> Words {
    prices_again(words.switch("--cost", flags.cost), &flags.prices)
}

/// The words that name the same prices again.
pub(super) fn prices_again(words: Words, flags: &PriceFlags) -> Words {
    words
        .some("--cold", flags.cold.map(format_share))
        .some("--prices", flags.prices.as_ref().map(|file| file.display()))
        .some("--arch", flags.arch)
}
