//! What the rounds since the last line gave, in words.

use coldstart::sample::Sample;
use coldstart::spec::scenario::LoadShape;
use coldstart::stats;
use coldstart::text::units::format_ns;

/// What the rounds since the last line gave.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The round that is under way; 0 before the first.
    pub(super) number: u32,
    ok: u64,
    failed: u64,
    /// The widest release of a burst of several, nanoseconds, and how many it had.
    width: Option<(u64, u32)>,
    /// The last trial.
    pub(super) latest: String,
}

impl Round {
    /// Goes on with another round.
    pub(super) fn begin(&mut self, number: u32) {
        self.number = number;
    }

    /// Adds a trial.
    pub(super) fn add(&mut self, samples: &[Sample]) {
        let ok = samples.iter().filter(|s| s.outcome.is_ok()).count() as u64;
        self.ok += ok;
        self.failed += samples.len() as u64 - ok;
        for step in steps(samples) {
            self.width = self.width.max(release_width(step));
        }
        if let Some(first) = steps(samples).next() {
            self.latest = describe(first);
        }
    }
}

/// The samples of a trial, step by step.
fn steps(samples: &[Sample]) -> impl Iterator<Item = &[Sample]> {
    samples.chunk_by(|a, b| a.cell.step == b.cell.step)
}

/// A step by its first sample, and how closely together its burst was released.
fn describe(step: &[Sample]) -> String {
    let Some(first) = step.first() else { return String::new() };
    let what = match (first.latency(), first.outcome.cause()) {
        (Some(ns), _) => format_ns(ns as f64),
        (None, cause) => format!("{}: {}", first.outcome.kind(), cause.unwrap_or("")),
    };
    let width = release_width(step)
        .map(|(ns, n)| format!(", {n} released within {}", format_ns(ns as f64)))
        .unwrap_or_default();
    format!("{} {what}{width}", first.cell)
}

/// How far apart the first and the last of a burst of several began.
fn release_width(samples: &[Sample]) -> Option<(u64, u32)> {
    let LoadShape::Burst(n @ 2..) = samples.first()?.cell.act else { return None };
    Some((stats::release_width(samples)?, n))
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ok, {} failed", self.ok, self.failed)?;
        if let Some((width, n)) = self.width {
            write!(f, "; widest release of a burst {} (of {n})", format_ns(width as f64))?;
        }
        write!(f, "; latest {}", self.latest)
    }
}
