//! Sizes and prices in words.

use super::priced;
use crate::spec::factor::CpuRule;
use crate::text::units::format_ms;
use crate::tune::{LEVEL, Size, Tuned, Tuning};
use crate::words::{counted, plain};

/// `$0.43`, `0.43 EUR`.
pub(in crate::report) fn money(currency: &str, value: f64) -> String {
    match currency {
        "USD" => format!("${}", shortly(value)),
        other => format!("{} {}", shortly(value), plain(other)),
    }
}

/// A price in three figures, or in whole units where those are more.
pub(in crate::report) fn shortly(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// `1 %`, `0.1 %`.
pub(in crate::report) fn percent(share: f64) -> String {
    format!("{} %", (share * 1e8).round() / 1e6)
}

/// Which emulation was used, in a few words.
pub(in crate::report) fn under(tuning: &Tuning) -> &'static str {
    match tuning.rule {
        CpuRule::Plain => "each function's own CPU quota",
        CpuRule::Lambda => "Lambda's CPU rule, init not throttled",
        CpuRule::LambdaProvisioned => "Lambda's CPU rule, provisioned",
    }
}

/// What is to be said of a size in its row: which it is, or that it is not told from that
/// one, or how it fails.
pub(in crate::report) fn choices(tuned: &Tuned, at: usize, size: &Size) -> String {
    if !size.is_eligible() {
        return fails(size);
    }
    let choice = &tuned.choice;
    let apart = |p: Option<f64>| p.is_some_and(|p| p <= LEVEL);
    let words = [
        (choice.cheapest == Some(at), "cheapest"),
        (choice.knee == Some(at), "knee"),
        (choice.fastest == Some(at), "fastest"),
        (choice.cheapest != Some(at) && !apart(size.from_cheapest), "as cheap"),
        (choice.fastest != Some(at) && !apart(size.from_fastest), "as fast"),
    ];
    let words = words.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word);
    words.collect::<Vec<_>>().join(", ")
}

/// `out of memory: 84 of 84 calls failed`.
pub(in crate::report) fn fails(size: &Size) -> String {
    let failures = &size.failures;
    let what = match (failures.out_of_memory, failures.kind) {
        (true, _) => "out of memory",
        (false, Some("timed_out")) => "timed out",
        (false, Some(kind)) => kind,
        (false, None) => "no round has both a cold and a warm call",
    };
    match failures.failed {
        0 => what.to_owned(),
        failed => format!("{what}: {failed} of {}", counted(failures.of as u64, "call")),
    }
}

/// What became of a function, in a sentence.
pub(super) fn sentence(tuned: &Tuned, currency: &str, share: f64) -> String {
    let name = plain(&tuned.name);
    let of = |at: Option<usize>| at.map(|at| &tuned.sizes[at]);
    let (Some(cheapest), Some(fastest)) = (of(tuned.choice.cheapest), of(tuned.choice.fastest))
    else {
        return format!("{name}: under no size it works.");
    };
    let average = |size: &Size| size.average.map_or_else(String::new, |of| format_ms(of.value));
    let both = format!(
        "{name}: with {} MiB a million calls are cheapest, {} at {} cold",
        cheapest.mib,
        priced(cheapest, currency),
        percent(share)
    );
    if cheapest.mib == fastest.mib {
        return format!("{both}, and none is faster: {} ms on the average.", average(fastest));
    }
    let knee = of(tuned.choice.knee).map_or_else(String::new, |knee| {
        format!(" The knee is {} MiB: {}, {} ms.", knee.mib, priced(knee, currency), average(knee))
    });
    format!(
        "{both} ({} ms on the average); with {} MiB they are fastest, {} ms for {}.{knee}",
        average(cheapest),
        fastest.mib,
        average(fastest),
        priced(fastest, currency)
    )
}

/// Which emulation was used, and how good it is known to be.
pub(in crate::report) fn emulation(rule: CpuRule) -> &'static str {
    match rule {
        CpuRule::Plain => {
            "processor time is each function's own quota, whatever its memory: on AWS Lambda it \
             follows from the memory"
        }
        CpuRule::Lambda => {
            "processor time is memory / 1,769 MiB (AWS documents that) in periods of 20 ms (observed \
             by others), from the first event on; the init is not throttled, as on demand: measured \
             by a vendor (DataDog/datadog-lambda-extension, pull request 700, 2025), AWS says \
             nothing of it"
        }
        CpuRule::LambdaProvisioned => {
            "processor time is memory / 1,769 MiB (AWS documents that) in periods of 20 ms (observed \
             by others), from the start: that under provisioned concurrency the init is throttled \
             was measured by a vendor (DataDog/datadog-lambda-extension, pull request 700, 2025), \
             AWS says nothing of it"
        }
    }
}
