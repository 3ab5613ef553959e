//! A run -> what a comparison needs of it: small, whatever the size of the run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::case::Case;
use super::two_sample::TwoSample;
use super::{Asked, Cell, FunctionFacts, Part, PartChange, PhaseGroup, SideInfo, Start};
use crate::analysis::billed_ns;
use crate::cost::Question;
use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::sample::{self, Mark, Phase, Resources, Sample, Temperature};
use crate::spec::budget::Budget;
use crate::spec::control::Floor;
use crate::spec::factor::{CgroupMoves, FactorMatrix};
use crate::spec::tolerance::Metric;
use crate::stats::{self, Controls};
use crate::store::{FunctionRecord, Run, RunRecord};

/// One side, ready to be compared.
#[derive(Debug, Clone)]
pub struct SideData {
    /// What is told of it.
    pub party: SideInfo,
    /// The machine that it was measured on.
    pub host: Host,
    /// The engine that it was measured on.
    pub engine: EngineInfo,
    /// How long a process waited to be moved between cgroups when it began; none where that is
    /// not known, and where the kernel did otherwise for all of its starts.
    pub cgroup_move: Option<Duration>,
    /// What it shares with the sides that it was interleaved with; none when it was
    /// measured alone.
    pub interleaved: Option<String>,
    /// Every cell, the null container's among them.
    pub cells: BTreeMap<Cell, Rounds>,
    /// Why its rows are not those that were measured; none for a whole run.
    pub salvaged: Option<String>,
    /// What its functions may take at most.
    pub budgets: Vec<Budget>,
    /// At which prices its calls are paid; none where nobody asked.
    pub cost: Option<Question>,
}

/// The rounds of one cell that inference uses, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rounds {
    /// A value a round.
    pub rounds: Vec<Round>,
    /// Why the first that should have been warm found no instance; none where all did.
    pub why_cold: Option<String>,
    /// Why the first row that failed did.
    pub cause: Option<String>,
    /// Cold starts of every round, the first included.
    pub starts: Vec<Start>,
}

/// What one round of a cell gave. Rows of one round share an engine's mood, and
/// warm ones an instance: they count as one value, their median.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// Headline latency in nanoseconds; infinite for a failure.
    pub total: f64,
    /// Whether any of its rows failed.
    pub has_failed: bool,
    /// Exec to ready in nanoseconds; none without kernel events.
    pub boot_and_init: Option<f64>,
    /// Main to ready in nanoseconds; none where the function does not tell.
    pub init: Option<f64>,
    /// CPU time from its exec to the end of its step, in nanoseconds.
    pub cpu: Option<f64>,
    /// The most memory that an instance held, in bytes.
    pub memory: Option<f64>,
    /// What is billed of a call, in nanoseconds, before it is rounded up.
    pub billed: Option<f64>,
    /// The parts of a cold start, in nanoseconds.
    pub parts: Vec<(Part, f64)>,
}

impl SideData {
    /// From a run and what to call it.
    #[must_use]
    pub fn of(run: &Run, label: String) -> Self {
        let record = &run.record;
        let side = record.side.as_ref();
        let party = SideInfo {
            label,
            run: record.id.clone(),
            started: record.started.clone(),
            command: record.command.clone(),
            place: record.place(),
            rounds: run.samples.iter().map(|s| s.round).max().unwrap_or(0),
            invalid: Controls::of(&run.samples, &[]).faults(),
            partial: !record.complete || run.truncated,
            shortfall: run.shortfall(),
            simulated: record.engine.kind == "fake",
            injected: side.map(|s| s.injected.clone()).unwrap_or_default(),
            works: side.is_some_and(|s| s.works),
            functions: record.functions.iter().map(|f| (f.name.clone(), facts(f))).collect(),
        };
        Self {
            party,
            host: record.host.clone(),
            engine: record.engine.clone(),
            cgroup_move: cgroup_move(record),
            interleaved: side.map(|s| s.pair.clone()),
            cells: cells(&run.samples, &record.scenario.factors),
            salvaged: run.salvaged.clone(),
            budgets: record.scenario.budgets.clone(),
            cost: run.cost.clone(),
        }
    }

    /// Keeps some of its functions, beside its controls.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.party.functions.retain(|name, _| is_kept(name));
        self.party.injected.retain(|name, _| is_kept(name));
        self.cells.retain(|cell, _| cell.control.is_some() || is_kept(&cell.function));
    }

    /// Has functions under other names alone, one as often as it is named: pairs of its name
    /// and another.
    pub(super) fn under<'a>(&mut self, names: impl Iterator<Item = (&'a str, &'a str)> + Clone) {
        let (was, cells) = (self.party.functions.clone(), std::mem::take(&mut self.cells));
        let facts =
            names.clone().filter_map(|(of, name)| Some((name.to_owned(), was.get(of)?.clone())));
        self.party.functions = facts.collect();
        self.party.injected.clear();
        for (cell, rounds) in cells {
            if cell.control.is_some() {
                self.cells.insert(cell, rounds);
                continue;
            }
            for (_, name) in names.clone().filter(|(of, _)| *of == cell.function) {
                let function = name.to_owned();
                self.cells.insert(Cell { function, ..cell.clone() }, rounds.clone());
            }
        }
    }

    /// Calls a function by another name, which no other has.
    pub fn rename(&mut self, from: &str, to: &str) {
        let party = &mut self.party;
        if let Some(facts) = party.functions.remove(from) {
            party.functions.insert(to.to_owned(), facts);
        }
        if let Some(sleep) = party.injected.remove(from) {
            party.injected.insert(to.to_owned(), sleep);
        }
        let renamed = |(mut cell, rounds): (Cell, Rounds)| {
            if cell.function == from && cell.control.is_none() {
                to.clone_into(&mut cell.function);
            }
            (cell, rounds)
        };
        self.cells = std::mem::take(&mut self.cells).into_iter().map(renamed).collect();
    }

    /// The cells that were met in at least half of the rounds in which their step was
    /// visited. No controls.
    pub(super) fn regular(&self) -> impl Iterator<Item = &Cell> {
        let is_regular = |(cell, own): &(&Cell, &Rounds)| {
            let is_of_step = |other: &&Cell| {
                other.is_placed_like(cell)
                    && (&other.pattern, &other.step) == (&cell.pattern, &cell.step)
            };
            let visits = self.cells.iter().filter(|(other, _)| is_of_step(other));
            let visits = visits.map(|(_, rounds)| rounds.rounds.len()).max().unwrap_or(0);
            cell.control.is_none() && own.rounds.len() * 2 >= visits
        };
        self.cells.iter().filter(is_regular).map(|(cell, _)| cell)
    }
}

/// What is compared of a cell: a case a metric that either side tells of.
pub(super) fn cases(
    cell: &Cell,
    sides: [&Rounds; 2],
    parts: &[PartChange],
    in_turns: bool,
    again: bool,
) -> Vec<(Metric, Case)> {
    let metrics: &[Metric] = match cell.temperature {
        Temperature::Cold => &[Metric::Total, Metric::Own, Metric::Cpu, Metric::Memory],
        Temperature::Warm => &[Metric::Warm],
    };
    let from_exec = sides.iter().all(|side| side.mostly_know(|round| round.boot_and_init));
    let case = |metric: &Metric| {
        let value = |round: &Round| match metric {
            Metric::Own if from_exec => round.boot_and_init,
            Metric::Own => round.init,
            Metric::Cpu => round.cpu,
            Metric::Memory => round.memory,
            _ => Some(round.total),
        };
        let numbered = |round: &Round| Some((round.number, value(round)?));
        let values = sides.map(|side| side.rounds.iter().filter_map(numbered).collect::<Vec<_>>());
        let is_told = values.iter().any(|side| !side.is_empty());
        let case = Case {
            function: cell.function.clone(),
            cell: Some(cell.clone()),
            evidence: TwoSample::of(values, in_turns),
            // Failures are counted once a cell, with its headline.
            failures: match metric {
                Metric::Total | Metric::Warm => sides.map(Rounds::failures),
                _ => Default::default(),
            },
            causes: sides.map(|side| side.cause.clone()),
            parts: parts.iter().filter(|change| holds(*metric, change.part)).cloned().collect(),
            again,
        };
        is_told.then_some((*metric, case))
    };
    metrics.iter().filter_map(case).collect()
}

/// Whether a metric consists of a part, among others.
fn holds(metric: Metric, part: Part) -> bool {
    match metric {
        Metric::Total => true,
        Metric::Own => part.first >= PhaseGroup::Boot && part.last <= PhaseGroup::Init,
        _ => false,
    }
}

/// How long starts waited that were made as the kernel is.
fn cgroup_move(record: &RunRecord) -> Option<Duration> {
    let asked = &record.scenario.factors.cgroup_moves;
    let as_is = asked.is_empty() || asked.contains(&CgroupMoves::AsIs);
    record.machine.cgroup_move().filter(|_| as_is)
}

fn facts(record: &FunctionRecord) -> FunctionFacts {
    FunctionFacts {
        position: record.position,
        digest: record.digest.clone(),
        size: record.size,
        limits: record.limits,
        version: record.version.clone(),
        bases: record.bases.iter().map(|b| (b.argument.clone(), b.clone())).collect(),
        asked: Asked {
            timeout_ms: Some(record.timeout_ms),
            reply: Some(record.reply.clone()),
            event: record.event.clone(),
            environment: record.environment.clone(),
            launch: Some(record.launch.clone()),
            request: record.http.clone(),
        },
    }
}

/// Cells that are compared: those measured, and the engine's floor.
fn cells(samples: &[Sample], lists: &FactorMatrix) -> BTreeMap<Cell, Rounds> {
    let is_wanted = |cell: &sample::Cell| cell.control.is_none_or(|c| c.is_floor_of(Floor::Engine));
    let mut rows: BTreeMap<&sample::Cell, Vec<&Sample>> = BTreeMap::new();
    for sample in samples.iter().filter(|s| is_wanted(&s.cell)) {
        rows.entry(&sample.cell).or_default().push(sample);
    }
    let first = stats::first_used_round(samples);
    let key = |cell: &sample::Cell| cell.under(lists.asked_of(&cell.factors));
    rows.into_iter().map(|(cell, rows)| (key(cell), Rounds::of(&rows, first))).collect()
}

impl SideData {
    /// Why invocations that should have been of a warm cell were cold.
    pub(super) fn why_cold(&self, cell: &Cell) -> Option<String> {
        let cold = Cell { temperature: Temperature::Cold, ..cell.clone() };
        self.cells.get(&cold)?.why_cold.clone()
    }
}

impl Rounds {
    /// Of the rows of one cell; rounds before `first` are in no inference.
    fn of(rows: &[&Sample], first: u32) -> Self {
        let mut by_round: BTreeMap<u32, Vec<&Sample>> = BTreeMap::new();
        for sample in rows.iter().filter(|s| s.round >= first) {
            by_round.entry(sample.round).or_default().push(sample);
        }
        let cause = rows.iter().find_map(|s| s.outcome.cause());
        let why_cold = rows.iter().find_map(|s| s.why_cold.as_deref());
        let start = |sample: &&Sample| {
            let at = sample.marks.get(Mark::Intended)?;
            let is_cold = sample.cell.temperature == Temperature::Cold;
            is_cold.then_some(Start { at, round: sample.round, latency: sample.latency() })
        };
        let mut starts: Vec<Start> = rows.iter().filter_map(start).collect();
        starts.sort_by_key(|start| start.at);
        Self {
            rounds: by_round.iter().map(|(number, rows)| Round::of(*number, rows)).collect(),
            cause: cause.map(ToOwned::to_owned),
            why_cold: why_cold.map(ToOwned::to_owned),
            starts,
        }
    }
}

impl Rounds {
    /// Rounds with any failure, of how many.
    pub(super) fn failures(&self) -> (u64, u64) {
        let failed = self.rounds.iter().filter(|round| round.has_failed).count();
        (failed as u64, self.rounds.len() as u64)
    }

    /// Whether most of the rounds that have an answer tell of a value: a few events
    /// that the kernel lost must not change what is compared.
    pub(super) fn mostly_know(&self, value: impl Fn(&Round) -> Option<f64>) -> bool {
        let answered = self.rounds.iter().filter(|r| r.total.is_finite());
        let (known, unknown): (Vec<_>, Vec<_>) = answered.partition(|r| value(r).is_some());
        unknown.is_empty() || known.len() > unknown.len()
    }
}

impl Round {
    fn of(number: u32, rows: &[&Sample]) -> Self {
        let between = |from: Mark| {
            let each = rows.iter().filter(|s| s.outcome.is_ok());
            let took = move |s: &&Sample| s.marks.ready()?.checked_sub(s.marks.get(from)?);
            each.map(took).collect::<Option<Vec<u64>>>()
        };
        let totals = rows.iter().map(|s| s.latency().map_or(f64::INFINITY, |ns| ns as f64));
        let answered = rows.iter().filter(|s| s.outcome.is_ok());
        let used = |of: fn(&Resources) -> Option<u64>| {
            middle(answered.clone().filter_map(|s| of(s.resources.as_ref()?)).collect())
        };
        Self {
            number,
            total: median(totals.collect()).unwrap_or(f64::INFINITY),
            has_failed: rows.iter().any(|s| !s.outcome.is_ok()),
            boot_and_init: between(Mark::Exec).and_then(middle),
            init: between(Mark::Main).and_then(middle),
            cpu: used(|resources| resources.cpu_ns),
            memory: used(|resources| resources.peak_memory),
            billed: billed(rows),
            parts: parts(rows),
        }
    }
}

/// What is billed of a call, at the median of the successes.
fn billed(rows: &[&Sample]) -> Option<f64> {
    let answered = rows.iter().filter(|s| s.outcome.is_ok());
    middle(answered.filter_map(|s| billed_ns(s)).collect())
}

/// The medians of the parts of cold rows.
fn parts(rows: &[&Sample]) -> Vec<(Part, f64)> {
    let mut all: BTreeMap<Part, Vec<u64>> = BTreeMap::new();
    for sample in rows.iter().filter(|s| s.cell.temperature == Temperature::Cold) {
        let mut spans: BTreeMap<Part, u64> = BTreeMap::new();
        for (phases, ns) in sample.phases() {
            let part = Part { first: stretch(phases.first), last: stretch(phases.last) };
            *spans.entry(part).or_default() += ns;
        }
        for (part, ns) in joined(spans) {
            all.entry(part).or_default().push(ns);
        }
    }
    all.into_iter().filter_map(|(part, ns)| Some((part, middle(ns)?))).collect()
}

/// Spans that share a stretch are one: the stretch cannot be told from the rest.
fn joined(spans: BTreeMap<Part, u64>) -> Vec<(Part, u64)> {
    let mut joined: Vec<(Part, u64)> = Vec::new();
    for (part, ns) in spans {
        match joined.last_mut() {
            Some((before, sum)) if before.last >= part.first => {
                before.last = before.last.max(part.last);
                *sum += ns;
            }
            _ => joined.push((part, ns)),
        }
    }
    joined
}

fn stretch(phase: Phase) -> PhaseGroup {
    match phase {
        Phase::Boot => PhaseGroup::Boot,
        Phase::Init => PhaseGroup::Init,
        Phase::Invoke => PhaseGroup::Invoke,
        _ => PhaseGroup::Engine,
    }
}

fn middle(ns: Vec<u64>) -> Option<f64> {
    median(ns.into_iter().map(|ns| ns as f64).collect())
}

/// Median; infinite values are the largest. None of no values.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    stats::middle(&values)
}
