//! Rows and records of no run: what they say is of no matter here.

use std::path::Path;
use std::time::Instant;

use coldstart::engine::EngineInfo;
use coldstart::probe::host::Host;
use coldstart::sample::{
    Cell, HostInterval, Mark, Outcome, Proof, Sample, Temperature, TrialRecord,
};
use coldstart::spec::factor::{Combination, Network};
use coldstart::spec::function::{Limits, ReplyCheck};
use coldstart::spec::scenario::{self, LoadShape, Scenario};
use coldstart::store::{Counts, FORMAT, FunctionRecord, KernelEvents, MachineRecord, RunRecord};

pub(crate) fn default_scenario() -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios");
    scenario::load(&folder.join("default.toml")).expect("the default scenario")
}

/// Plausible rows over eight cells: what they say is of no matter here.
pub(crate) fn samples(n: u32) -> impl Iterator<Item = Sample> {
    let limits = Limits { memory: 512 << 20, cpus: None, processes: None };
    let factors = Combination::on(Network::Bridge).resolve(limits, "runc");
    (0..n).map(move |i| {
        let cold = i % 25 == 0;
        let start = u64::from(i) * 1_000_000;
        let latency = 400_000 + u64::from(i.wrapping_mul(2_654_435_761) % 100_000);
        let mut marks = vec![(Mark::Intended, start), (Mark::Dispatched, start + 9_000)];
        if cold {
            marks.extend([(Mark::StartCalled, start + 50_000), (Mark::Ready, start + 300_000)]);
        }
        marks.push((Mark::Responded, start + latency));
        Sample {
            cell: Cell {
                function: format!("f{}", i % 4),
                adapter: Default::default(),
                factors: factors.clone(),
                control: None,
                pattern: "surge".into(),
                step: if cold { "out" } else { "steady" }.into(),
                act: if cold { LoadShape::Burst(4) } else { LoadShape::Sequence(200) },
                temperature: if cold { Temperature::Cold } else { Temperature::Warm },
            },
            round: 1 + i * 20 / n,
            trial: 1 + i / 208,
            index: i % 208,
            instance: Some(format!("{i:064x}")),
            why_cold: None,
            proof: Some(Proof { nonce: format!("{i:016x}"), invocation: 1 }),
            marks: marks.into_iter().collect(),
            readiness: None,
            dropped_marks: 0,
            processes: Vec::new(),
            resources: None,
            reply: None,
            output: None,
            outcome: Outcome::Ok,
        }
    })
}

/// As many rows of one step, and the record of a run that can have them: what is read
/// back is checked against its plan.
pub(crate) fn of_one_step(n: u32) -> (RunRecord, Vec<Sample>) {
    let mut record = record();
    record.functions = vec![function("f")];
    record.scenario.controls = false;
    record.scenario.patterns.truncate(1);
    let pattern = &mut record.scenario.patterns[0];
    pattern.steps.truncate(1);
    pattern.steps[0].act = LoadShape::Sequence(n);
    let (pattern, step) = (pattern.name.clone(), pattern.steps[0].name.clone());
    let row = |(index, sample): (u32, Sample)| {
        let (function, act) = ("f".to_owned(), LoadShape::Sequence(n));
        let (pattern, step) = (pattern.clone(), step.clone());
        let cell = Cell { function, act, pattern, step, ..sample.cell };
        Sample { cell, trial: 1, round: 1, index, ..sample }
    };
    let rows = (0..).zip(samples(n)).map(row).collect();
    (record, rows)
}

fn function(name: &str) -> FunctionRecord {
    FunctionRecord {
        name: name.to_owned(),
        position: 0,
        image: "bench".to_owned(),
        digest: "bench".to_owned(),
        size: 0,
        bases: Vec::new(),
        version: "bench".to_owned(),
        limits: Limits { memory: 512 << 20, cpus: None, processes: None },
        timeout_ms: 10_000,
        reply: ReplyCheck::Proof,
        event: None,
        environment: None,
        launch: Default::default(),
        http: None,
        extensions: Vec::new(),
        variant: None,
        build: None,
        is_bare: false,
    }
}

pub(crate) fn trial() -> TrialRecord {
    let machine = HostInterval::default();
    TrialRecord { trial: 1, round: 1, began: 0, ended: 1 << 40, machine, resident: None }
}

pub(crate) fn record() -> RunRecord {
    RunRecord {
        format: FORMAT,
        id: format!("bench-{:?}", Instant::now()),
        tool: "coldstart".into(),
        command: "cargo bench".into(),
        started: "2026-01-01T00:00:00Z".into(),
        elapsed: None,
        complete: false,
        stopped: None,
        beyond: Vec::new(),
        scenario: default_scenario(),
        seed: 7,
        host: Host::read(),
        engine: EngineInfo::default(),
        functions: Vec::new(),
        null: None,
        fleet: Vec::new(),
        tune: None,
        side: None,
        kernel_events: KernelEvents::default(),
        machine: MachineRecord::default(),
        counts: Counts::default(),
        tried: false,
        driver_memory: None,
        warnings: Vec::new(),
    }
}
