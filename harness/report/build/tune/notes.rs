//! What a tuned run rests on, and what went wrong in it.

use super::words::{emulation, fails, money};
use crate::report::build::run::notes::advice;
use crate::report::document::Note;
use crate::tune::{InitSource, LEVEL, Tuned, Tuning};
use crate::words::{counted, is_simulated, plain};

/// Longest cause that is shown, in characters.
const LONGEST_CAUSE: usize = 400;

pub(super) fn notes(tuning: &Tuning) -> Vec<Note> {
    let mut notes: Vec<Note> = tuning.functions.iter().flat_map(failing).collect();
    notes.extend(tuning.functions.iter().filter_map(untold));
    notes.extend(untraced(tuning));
    notes.extend(advice::grade(tuning.grade).map(Note::warning));
    notes.push(Note::remark(emulation(tuning.rule)));
    notes.push(Note::remark(prices(tuning)));
    notes.extend(waiting(tuning));
    notes.push(Note::remark(
        "this is a machine's own processor under Lambda's rule, not Lambda: sizes of one run are \
         to be compared with each other, and no figure is what Lambda would take",
    ));
    notes
}

/// Sizes under which a function does not live.
fn failing(tuned: &Tuned) -> Vec<Note> {
    let name = plain(&tuned.name);
    let failed = tuned.sizes.iter().filter(|size| size.failures.failed > 0 || !size.is_eligible());
    let note = |size: &crate::tune::Size| {
        let left = if size.is_eligible() { "" } else { ", so it is not chosen" };
        let note = Note::warning(format!("{name}, {} MiB: {}{left}", size.mib, fails(size)));
        match &size.failures.cause {
            Some(cause) => note.quoting(plain(cause).chars().take(LONGEST_CAUSE).collect()),
            None => note,
        }
    };
    failed.map(note).collect()
}

/// Too few rounds to tell anything apart.
fn untold(tuned: &Tuned) -> Option<Note> {
    let sizes: Vec<_> = tuned.eligible().collect();
    let rounds = sizes.iter().map(|size| size.cold.n).min().unwrap_or(0);
    let told = |p: Option<f64>| p.is_some_and(|p| p <= LEVEL);
    let any = sizes.iter().any(|size| told(size.from_cheapest) || told(size.from_fastest));
    (sizes.len() > 1 && !any).then(|| {
        Note::warning(format!(
            "{}: no size is told from another in {}: measure more, with --rounds",
            plain(&tuned.name),
            counted(rounds as u64, "round")
        ))
    })
}

fn untraced(tuning: &Tuning) -> Option<Note> {
    let without = tuning.functions.iter().find(|t| t.init == InitSource::StartCalled);
    let without = without.filter(|_| !is_simulated(tuning.run))?;
    Some(Note::warning(format!(
        "{}: without the kernel's exec events the init counts from the engine's start call, and \
         more is billed here than would be: run it as root",
        plain(&without.name)
    )))
}

fn prices(tuning: &Tuning) -> String {
    let prices = &tuning.bill.prices;
    let init = match tuning.bill.is_provisioned {
        true => "the init is not billed with calls",
        false => "the init of a cold call is billed with it",
    };
    format!(
        "list prices of {}, {}, as of {}, in {}; {init}, each call rounded up to a millisecond; \
         source: {}",
        tuning.bill.architecture,
        plain(&prices.region),
        plain(&prices.as_of),
        plain(&prices.currency),
        plain(&prices.lambda.rates(tuning.bill.architecture).source)
    )
}

/// What provisioned instances cost beside their calls.
fn waiting(tuning: &Tuning) -> Option<Note> {
    let currency = &tuning.bill.prices.currency;
    let sizes = tuning.functions.first()?.sizes.iter();
    let of = |size: &crate::tune::Size| {
        let month = tuning.bill.waiting_a_month(size.mib)?;
        Some(format!("{} MiB {}", size.mib, money(currency, month)))
    };
    let all: Vec<String> = sizes.filter_map(of).collect();
    (!all.is_empty()).then(|| {
        Note::remark(format!(
            "an instance that is provisioned costs besides, a month: {}",
            all.join(", ")
        ))
    })
}
