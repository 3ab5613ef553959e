//! What a run shows while it goes: a line that is drawn over on a terminal, a plain
//! line now and then elsewhere.
//!
//! Drawn only when a trial has ended and its rows are on disk, never while something
//! is timed: nothing here ticks, waits or has a thread.

use std::time::{Duration, Instant};

use anstyle::Style;

use super::{self as terminal, Piece, StatusArea};
use coldstart::sample::Sample;
use coldstart::spec::plan::Trial;
use coldstart::text::units::{format_ms, format_wait};

mod pace;
mod round;

use pace::Pace;
use round::Round;

/// So many rounds have a line each where there is no terminal; of more, each tenth
/// part has one.
const MOST_LINES: u32 = 20;
/// Without a line for so long, the next round has one: logs that are silent look dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Lines of rounds whose number nobody knows are so far apart at least.
const APART: Duration = Duration::from_secs(10);
/// By so much it must take longer than was said before it is said anew.
const LONGER: Duration = Duration::from_secs(30);
/// A terminal as wide has room for a bar.
const BAR_FROM: usize = 72;
const BAR: usize = 12;

/// The progress of one measurement.
pub(super) struct Progress {
    trials: usize,
    done: usize,
    /// None where the rounds end when enough is known.
    rounds: Option<u32>,
    pace: Pace,
    /// No trial begins after so long.
    limit: Option<Duration>,
    /// What the whole was last said to take.
    reckoned: Duration,
    begun: Instant,
    /// When the last trial ended.
    ended: Instant,
    spoke: Instant,
    round: Round,
    latest: Vec<Latest>,
}

/// The latest cold start of a function, on each side.
struct Latest {
    function: String,
    sides: Vec<Option<String>>,
}

impl Progress {
    /// For trials with what the plan reckons for each, in so many rounds; none where the
    /// rounds end when enough is known. None begins after the limit.
    pub(super) fn new(
        trials: &[(Trial, Duration)],
        rounds: Option<u32>,
        limit: Option<Duration>,
    ) -> Self {
        let begun = Instant::now();
        let (round, latest, pace) = Default::default();
        let mut progress = Self {
            trials: 0,
            done: 0,
            rounds: rounds.map(|_| 0),
            pace,
            limit,
            reckoned: Duration::ZERO,
            begun,
            ended: begun,
            spoke: begun,
            round,
            latest,
        };
        progress.more(trials, rounds.unwrap_or(0));
        progress
    }

    /// Makes room for more trials, in so many rounds.
    pub(super) fn more(&mut self, trials: &[(Trial, Duration)], rounds: u32) {
        for (trial, reckoned) in trials {
            self.trials += 1;
            self.pace.expect(trial, *reckoned);
        }
        self.rounds = self.rounds.map(|before| before + rounds);
        let elapsed = self.begun.elapsed();
        let left = self.left(elapsed);
        if let Some(left) = left.filter(|_| self.done > 0) {
            terminal::info(&format!("about {} for that, as trials went so far", format_wait(left)));
        }
        self.reckoned = elapsed.saturating_add(left.unwrap_or_default());
    }

    /// Shows a trial that has ended.
    pub(super) fn trial(&mut self, trial: &Trial, samples: &[Sample]) {
        if trial.round != self.round.number {
            self.end_round(false);
            self.round.begin(trial.round);
        }
        self.done += 1;
        let now = Instant::now();
        self.pace.took(trial, now - std::mem::replace(&mut self.ended, now));
        self.round.add(samples);
        self.add(trial.side, samples);
        if terminal::is_verbose() {
            let (number, round) = (trial.number, trial.round);
            terminal::debug(&format!("trial {number}, round {round}: {}", self.round.latest));
        }
        terminal::draw(|area| self.pieces(area, self.begun.elapsed()));
        if let Some(text) = self.corrected(self.begun.elapsed())
            && terminal::status_area().is_none()
        {
            terminal::info(&text);
        }
    }

    /// What is to be said when it takes far longer than was said before.
    fn corrected(&mut self, elapsed: Duration) -> Option<String> {
        let left = self.left(elapsed)?;
        let whole = elapsed.saturating_add(left);
        if whole < self.reckoned.saturating_mul(2) || whole < self.reckoned + LONGER {
            return None;
        }
        self.reckoned = whole;
        let left = format_wait(left);
        Some(format!("slower than was reckoned: about {left} left, if trials go on as they did"))
    }

    /// Ends the display.
    pub(super) fn end(&mut self) {
        self.end_round(true);
        terminal::clear();
        terminal::info(&format!("measured for {}", format_wait(self.begun.elapsed())));
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
        if number == 0 || terminal::status_area().is_some() || terminal::is_verbose() {
            return;
        }
        if last || is_due(number, self.rounds, self.spoke.elapsed()) {
            let of = self.rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
            terminal::info(&format!("round {number}{of}: {}", self.round));
            self.spoke = Instant::now();
            self.round = Round::default();
        }
    }

    /// The line, the most wanted first: what does not fit is cut off its end.
    fn pieces(&self, area: StatusArea, elapsed: Duration) -> Vec<Piece> {
        let plain = |text: String| (Style::new(), text);
        let dim = |text: String| (Style::new().dimmed(), text);
        let mut pieces = Vec::new();
        let share = self.done as f64 / self.trials.max(1) as f64;
        let wide = area.width >= BAR_FROM;
        if wide {
            pieces.push((Style::new().bold(), "measuring ".to_owned()));
        }
        match self.rounds {
            Some(rounds) => {
                if wide {
                    pieces.push(plain(format!("{} ", bar(share, area.unicode))));
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

    /// What is left of the trials, and of the time. None where nobody knows.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        self.rounds?;
        let most = self.limit.map_or(Duration::MAX, |limit| limit.saturating_sub(elapsed));
        Some(self.pace.left().min(most))
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
