//! What a run shows while it goes: a bar on a terminal, a plain line a round
//! elsewhere. Drawn only between trials, never while something is timed.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::Trial;
use crate::sample::Sample;
use crate::scenario::Act;
use crate::stats;
use crate::units::{format_ns, format_wait};

/// The progress of one run.
pub(super) struct Progress {
    bar: ProgressBar,
    terminal: bool,
    rounds: Option<u32>,
    round: Round,
}

/// What one round has shown so far.
#[derive(Default)]
struct Round {
    number: u32,
    ok: u64,
    failed: u64,
    /// The widest release of a burst of several, nanoseconds, and how many it had.
    width: Option<(u64, u32)>,
    latest: String,
}

impl Progress {
    /// For so many trials, in so many rounds; none where the rounds end when enough
    /// is known.
    pub(super) fn new(trials: usize, rounds: Option<u32>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(trials as u64), target);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos}/{len} trials, {eta} left  {wide_msg}")
        {
            bar.set_style(style);
        }
        Self { bar, terminal, rounds, round: Round::default() }
    }

    /// Makes room for so many trials more, in so many rounds.
    pub(super) fn more(&mut self, trials: usize, rounds: u32) {
        self.bar.inc_length(trials as u64);
        self.rounds = self.rounds.map(|before| before + rounds);
    }

    /// Shows a trial that has ended.
    pub(super) fn trial(&mut self, trial: &Trial, samples: &[Sample]) {
        if trial.round != self.round.number {
            self.end_round();
            self.round = Round { number: trial.round, ..Round::default() };
        }
        self.round.add(samples);
        self.bar.set_message(self.round.latest.clone());
        self.bar.inc(1);
    }

    /// Ends the display.
    pub(super) fn end(&mut self, elapsed: Duration) {
        self.end_round();
        self.bar.finish_and_clear();
        eprintln!("measured for {}", format_wait(elapsed));
    }

    fn end_round(&self) {
        if self.round.number > 0 && !self.terminal {
            let of = self.rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
            eprintln!("round {}{of}: {}", self.round.number, self.round);
        }
    }
}

impl Round {
    fn add(&mut self, samples: &[Sample]) {
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
    let Act::Burst(n @ 2..) = samples.first()?.cell.act else { return None };
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
