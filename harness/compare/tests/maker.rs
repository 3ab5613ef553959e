//! Small made-up runs: one pattern, a cold step and a warm one.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::compare::SideData;
use crate::report::tests::synthetic;
use crate::sample::{Cell, Mark, Outcome, Resources, Sample, Temperature};
use crate::spec::control::Control;
use crate::spec::factor::{Combination, Network};
use crate::spec::function::Limits;
use crate::spec::scenario::LoadShape;
use crate::store::{Run, SideRecord};

/// Nanoseconds in a millisecond.
pub(super) const MS: f64 = 1e6;

/// Medians of one function, in milliseconds, and how they spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) engine: f64,
    pub(super) boot: f64,
    pub(super) init: f64,
    pub(super) invoke: f64,
    /// Median of a warm reply.
    pub(super) warm: f64,
    /// Standard deviation of the logarithm of each.
    pub(super) spread: f64,
}

/// A side in the making.
#[derive(Debug, Clone)]
pub(super) struct Maker {
    pub(super) run: Run,
}

impl Maker {
    /// One function, `f`: a call to a new instance, 190 ms, and one to it once more.
    pub(super) fn new(seed: u64, rounds: u32) -> Self {
        Self::of(seed, rounds, &["f"], |_| ())
    }

    /// The same with other medians.
    pub(super) fn shaped(seed: u64, rounds: u32, change: impl FnOnce(&mut Shape)) -> Self {
        Self::of(seed, rounds, &["f"], change)
    }

    /// Some functions, all alike.
    pub(super) fn of(
        seed: u64,
        rounds: u32,
        names: &[&'static str],
        change: impl FnOnce(&mut Shape),
    ) -> Self {
        let mut shape =
            Shape { engine: 120.0, boot: 30.0, init: 32.0, invoke: 2.0, warm: 0.8, spread: 0.02 };
        change(&mut shape);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = Vec::new();
        for round in 1..=rounds {
            for (place, name) in (0..).zip(names) {
                let trial = (round - 1) * names.len() as u32 + place + 1;
                let at = u64::from(trial) * 1_000_000_000;
                let cell = |step: &str, temperature| cell(name, step, temperature);
                let first = cell("first", Temperature::Cold);
                rows.push(cold(&mut rng, &shape, first, round, trial, at));
                let warm = cell("again", Temperature::Warm);
                let mut row = sample(warm, round, trial);
                row.marks.set(Mark::Intended, at + 600_000_000);
                row.marks.set(Mark::Dispatched, at + 600_001_000);
                let took = about(&mut rng, shape.warm, shape.spread);
                row.marks.set(Mark::Responded, at + 600_001_000 + took);
                rows.push(row);
            }
        }
        let shapes: Vec<_> = names.iter().map(|name| (*name, 0.0, 0.0, 0.0)).collect();
        let mut run = synthetic::with_samples(&shapes, rounds, rows);
        run.record.side = Some(SideRecord {
            pair: "pair".into(),
            label: "side".into(),
            commit: None,
            dirty: false,
            injected: Default::default(),
            works: false,
        });
        Self { run }
    }

    /// The null container beside it, once a round.
    pub(super) fn with_floor(mut self, seed: u64, ms: f64) -> Self {
        let shape =
            Shape { engine: ms, boot: 1.0, init: 1.0, invoke: 0.2, warm: 0.2, spread: 0.02 };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for round in 1..=self.run.record.scenario.rounds {
            let cell = Cell {
                control: Some(Control::Container(0)),
                pattern: "control".into(),
                ..cell("null", "call", Temperature::Cold)
            };
            let at = 500_000_000_000 + u64::from(round) * 1_000_000_000;
            self.run.samples.push(cold(&mut rng, &shape, cell, round, 1000 + round, at));
        }
        self
    }

    /// Changes the rows that are chosen.
    pub(super) fn with(
        mut self,
        chosen: impl Fn(&Sample) -> bool,
        change: impl Fn(&mut Sample),
    ) -> Self {
        self.run.samples.iter_mut().filter(|s| chosen(s)).for_each(change);
        self
    }

    /// Fails the rows that are chosen.
    pub(super) fn failing(self, chosen: impl Fn(&Sample) -> bool) -> Self {
        self.with(chosen, |sample| {
            sample.outcome = Outcome::Crashed { cause: "exit code 1".into() };
            sample.marks.clear(Mark::Responded);
        })
    }

    /// Leaves only the rows that are chosen.
    pub(super) fn only(mut self, chosen: impl Fn(&Sample) -> bool) -> Self {
        self.run.samples.retain(|sample| chosen(sample));
        self
    }

    pub(super) fn measured(&self) -> SideData {
        SideData::of(&self.run, "side".into())
    }
}

/// What an instance held at most.
pub(super) fn held(bytes: u64) -> impl Fn(&mut Sample) {
    move |sample| {
        let peak_memory = Some(bytes + u64::from(sample.round));
        sample.resources = Some(Resources { peak_memory, ..Resources::default() });
    }
}

/// CPU time of so many milliseconds, and a little of the round's own.
pub(super) fn worked(ms: u64) -> impl Fn(&mut Sample) {
    move |sample| {
        let cpu_ns = Some(ms * 1_000_000 + u64::from(sample.round * 7 % 10) * 50_000);
        sample.resources = Some(Resources { cpu_ns, ..Resources::default() });
    }
}

fn cell(function: &str, step: &str, temperature: Temperature) -> Cell {
    let limits = Limits { memory: 128 << 20, cpus: None, processes: None };
    Cell {
        function: function.into(),
        adapter: Default::default(),
        factors: Combination::on(Network::Bridge).resolve(limits, "runc"),
        control: None,
        pattern: "start".into(),
        step: step.into(),
        act: LoadShape::Burst(1),
        temperature,
    }
}

fn sample(cell: Cell, round: u32, trial: u32) -> Sample {
    Sample {
        cell,
        round,
        trial,
        index: 0,
        instance: None,
        why_cold: None,
        proof: None,
        marks: Default::default(),
        readiness: None,
        dropped_marks: 0,
        processes: Vec::new(),
        resources: None,
        reply: None,
        output: None,
        outcome: Outcome::Ok,
    }
}

fn cold(
    rng: &mut ChaCha8Rng,
    shape: &Shape,
    cell: Cell,
    round: u32,
    trial: u32,
    mut at: u64,
) -> Sample {
    let mut row = sample(cell, round, trial);
    let Shape { engine, boot, init, invoke, spread, .. } = *shape;
    // The first start of all is slow, and in no inference.
    let first = if round == 1 { 5.0 } else { 1.0 };
    row.marks.set(Mark::Intended, at);
    for (mark, ms) in [
        (Mark::Dispatched, 0.01),
        (Mark::StartCalled, 6.0),
        (Mark::Exec, engine * first),
        (Mark::Main, boot),
        (Mark::Ready, init),
        (Mark::Responded, invoke),
    ] {
        at += about(rng, ms, spread);
        row.marks.set(mark, at);
    }
    row
}

/// Log-normal about a median in milliseconds; in nanoseconds.
fn about(rng: &mut ChaCha8Rng, ms: f64, spread: f64) -> u64 {
    (ms * MS * (spread * normal(rng)).exp()) as u64
}

/// Box & Muller.
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let radius = (-2.0 * uniform().ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform()).cos()
}
