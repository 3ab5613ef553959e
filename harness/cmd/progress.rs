//! What a run shows while it goes: a line that is drawn over on a terminal, a plain
//! line now and then elsewhere.
//!
//! Drawn only when a trial has ended and its rows are on disk, never while something
//! is timed: nothing here ticks, waits or has a thread.

use std::time::{Duration, Instant};

use anstyle::Style;

use super::voice::{self, Canvas, Piece};
use crate::plan::Trial;
use crate::sample::Sample;
use crate::units::{format_ms, format_wait};

mod round;

use round::Round;

/// So many rounds have a line each where there is no terminal; of more, each tenth
/// part has one.
const MOST_LINES: u32 = 20;
/// Without a line for so long, the next round has one: logs that are silent look dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Lines of rounds whose number nobody knows are so far apart at least.
const APART: Duration = Duration::from_secs(10);
/// A terminal as wide has room for a bar.
const BAR_FROM: usize = 72;
const BAR: usize = 12;

/// The progress of one measurement.
pub(super) struct Progress {
    trials: usize,
    done: usize,
    /// None where the rounds end when enough is known.
    rounds: Option<u32>,
    /// What the plan was thought to take.
    estimate: Duration,
    begun: Instant,
    told: Instant,
    round: Round,
    latest: Vec<Latest>,
}

/// The latest cold start of a function, on each side.
struct Latest {
    function: String,
    sides: Vec<Option<String>>,
}

impl Progress {
    /// For so many trials, in so many rounds; none where the rounds end when enough
    /// is known.
    pub(super) fn new(trials: usize, rounds: Option<u32>, estimate: Duration) -> Self {
        let begun = Instant::now();
        let (round, latest) = Default::default();
        Self { trials, done: 0, rounds, estimate, begun, told: begun, round, latest }
    }

    /// Makes room for so many trials more, in so many rounds.
    pub(super) fn more(&mut self, trials: usize, rounds: u32) {
        self.trials += trials;
        self.rounds = self.rounds.map(|before| before + rounds);
    }

    /// Shows a trial that has ended.
    pub(super) fn trial(&mut self, trial: &Trial, samples: &[Sample]) {
        if trial.round != self.round.number {
            self.end_round(false);
            self.round.begin(trial.round);
        }
        self.done += 1;
        self.round.add(samples);
        self.add(trial.side, samples);
        if voice::is_verbose() {
            let (number, round) = (trial.number, trial.round);
            voice::detail(&format!("trial {number}, round {round}: {}", self.round.latest));
        }
        voice::draw(|canvas| self.pieces(canvas, self.begun.elapsed()));
    }

    /// Ends the display.
    pub(super) fn end(&mut self) {
        self.end_round(true);
        voice::clear();
        voice::say(&format!("measured for {}", format_wait(self.begun.elapsed())));
    }

    fn add(&mut self, side: usize, samples: &[Sample]) {
        let Some(first) = samples.first().filter(|s| s.cell.control.is_none()) else { return };
        let name = &first.cell.function;
        let known = self.latest.iter().position(|latest| latest.function == *name);
        let index = known.unwrap_or_else(|| {
            self.latest.push(Latest { function: name.clone(), sides: Vec::new() });
            self.latest.len() - 1
        });
        let sides = &mut self.latest[index].sides;
        sides.resize(sides.len().max(side + 1), None);
        sides[side] = Some(first.latency().map_or("failed".to_owned(), |ns| format_ms(ns as f64)));
    }

    fn end_round(&mut self, last: bool) {
        let number = self.round.number;
        if number == 0 || voice::canvas().is_some() || voice::is_verbose() {
            return;
        }
        if last || is_due(number, self.rounds, self.told.elapsed()) {
            let of = self.rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
            voice::say(&format!("round {number}{of}: {}", self.round));
            self.told = Instant::now();
            self.round = Round::default();
        }
    }

    /// The line, the most wanted first: what does not fit is cut off its end.
    fn pieces(&self, canvas: Canvas, elapsed: Duration) -> Vec<Piece> {
        let plain = |text: String| (Style::new(), text);
        let dim = |text: String| (Style::new().dimmed(), text);
        let mut pieces = Vec::new();
        let share = self.done as f64 / self.trials.max(1) as f64;
        let wide = canvas.width >= BAR_FROM;
        if wide {
            pieces.push((Style::new().bold(), "measuring ".to_owned()));
        }
        match self.rounds {
            Some(rounds) => {
                if wide {
                    pieces.push(plain(format!("{} ", bar(share, canvas.unicode))));
                }
                let percent = (share * 100.0).floor();
                pieces.push(plain(format!("{percent} %  round {} of {rounds}", self.round.number)));
            }
            None => pieces.push(plain(format!("round {}", self.round.number))),
        }
        pieces.push(plain(format!("  {}", minutes(elapsed))));
        pieces.extend(self.left(elapsed).map(|left| plain(format!(", {} left", minutes(left)))));
        pieces.push(dim(self.figures()));
        pieces
    }

    /// `  ms: one 212|215, two 160|162`.
    fn figures(&self) -> String {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
        let one = |latest: &Latest| {
            let sides: Vec<String> = latest.sides.iter().map(side).collect();
            format!("{} {}", latest.function, sides.join("|"))
        };
        let all: Vec<String> = self.latest.iter().map(one).collect();
        // The unit first: the end may be cut off.
        if all.is_empty() { String::new() } else { format!("  ms: {}", all.join(", ")) }
    }

    /// The pace so far, as soon as every kind of trial had its turn; the plan's
    /// estimate before. None where nobody knows.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let rounds = self.rounds?;
        let left = self.trials.saturating_sub(self.done) as f64;
        let a_round = self.trials / rounds.max(1) as usize;
        let each = if self.done >= a_round.max(1) {
            elapsed.as_secs_f64() / self.done as f64
        } else {
            self.estimate.as_secs_f64() / self.trials.max(1) as f64
        };
        Some(Duration::from_secs_f64(each * left))
    }
}

/// Whether a round has a line where there is no terminal.
fn is_due(round: u32, rounds: Option<u32>, silent: Duration) -> bool {
    match rounds {
        Some(rounds) if rounds <= MOST_LINES => true,
        Some(rounds) => round.is_multiple_of(rounds.div_ceil(10)) || silent >= SILENCE,
        None => silent >= APART,
    }
}

fn bar(share: f64, unicode: bool) -> String {
    let full = ((share * BAR as f64) as usize).min(BAR);
    let (on, off) = if unicode { ("█", "░") } else { ("#", ".") };
    on.repeat(full) + &off.repeat(BAR - full)
}

/// `1:04`, `2:00:07`.
fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds % 3600 / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests;
