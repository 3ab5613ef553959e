//! Made-up runs for tests: the shape of the default scenario, seeded.

use std::path::PathBuf;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::sample::{Cell, Mark, Outcome, Sample, Temperature};
use crate::spec::factor::{Combination, FactorMatrix, Network};
use crate::spec::function::{Limits, ReplyCheck};
use crate::spec::scenario::{LoadShape, Pattern, Scenario, Step};
use crate::store::{
    BaseRecord, Counts, EnvironmentRecord, EventRecord, FunctionRecord, KernelEvents,
    MachineRecord, Origin, Run, RunRecord,
};

mod traced;

pub(crate) use traced::{with_controls, with_processes};

const MS: f64 = 1e6;

/// Medians of a function's phases, in milliseconds: engine and boot, init, warm.
pub(crate) type Shape = (&'static str, f64, f64, f64);

/// The functions of the default run, in their order.
pub(crate) const FOUR: [Shape; 4] = [
    ("python", 160.0, 48.0, 0.62),
    ("node", 158.0, 109.0, 0.91),
    ("rust", 151.0, 1.2, 0.21),
    ("jvm", 155.0, 82.0, 0.78),
];

/// The default scenario over four functions.
pub(crate) fn four(rounds: u32) -> Run {
    run(&FOUR, rounds)
}

/// The default scenario's shape over some functions.
pub(crate) fn run(functions: &[Shape], rounds: u32) -> Run {
    let mut maker = Maker { rng: ChaCha8Rng::seed_from_u64(11), now: 50.0 * MS, rows: vec![] };
    let mut trial = 0;
    for round in 1..=rounds {
        for shape in functions {
            trial += 1;
            maker.step(shape, round, trial, "single", "call", LoadShape::Burst(1), true);
            trial += 1;
            maker.step(shape, round, trial, "surge", "out", LoadShape::Burst(4), true);
            maker.step(shape, round, trial, "surge", "again", LoadShape::Burst(4), false);
            maker.step(shape, round, trial, "surge", "steady", LoadShape::Sequence(20), false);
        }
    }
    with_samples(functions, rounds, maker.rows)
}

/// A run of given rows.
pub(crate) fn with_samples(functions: &[Shape], rounds: u32, samples: Vec<Sample>) -> Run {
    let failed = samples.iter().filter(|s| !s.outcome.is_ok()).count() as u64;
    let counts = Counts {
        planned: samples.len() as u64,
        ok: samples.len() as u64 - failed,
        failed,
        dropped_marks: 0,
    };
    let record = record(functions, rounds, counts);
    Run {
        folder: PathBuf::from("results/x"),
        record,
        samples,
        trials: vec![],
        truncated: false,
        salvaged: None,
        cost: None,
        nodes: vec![],
    }
}

struct Maker {
    rng: ChaCha8Rng,
    now: f64,
    rows: Vec<Sample>,
}

impl Maker {
    fn uniform(&mut self) -> f64 {
        ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Lognormal about a median.
    fn about(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.uniform()).cos();
        median * (sigma * normal).exp()
    }

    #[expect(clippy::too_many_arguments, reason = "one row of a table of steps")]
    fn step(
        &mut self,
        shape: &Shape,
        round: u32,
        trial: u32,
        pattern: &str,
        step: &str,
        act: LoadShape,
        cold: bool,
    ) {
        let temperature = if cold { Temperature::Cold } else { Temperature::Warm };
        let cell = Cell {
            function: shape.0.into(),
            adapter: Default::default(),
            factors: Combination::on(Network::Bridge)
                .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc"),
            control: None,
            pattern: pattern.into(),
            step: step.into(),
            act,
            temperature,
        };
        let mut last = self.now;
        for index in 0..act.invocations() {
            let row = self.row(shape, &cell, round, trial, index);
            let end = row.marks.get(Mark::Responded).unwrap() as f64;
            last = last.max(end);
            if matches!(act, LoadShape::Sequence(_)) {
                self.now = end + 1000.0;
            }
            self.rows.push(row);
        }
        self.now = last + 300.0 * MS;
    }

    fn row(&mut self, shape: &Shape, cell: &Cell, round: u32, trial: u32, index: u32) -> Sample {
        let &(_, engine, init, warm) = shape;
        let crowd = match cell.act {
            LoadShape::Burst(n) => 1.0 + 0.35 * f64::from(n - 1),
            _ => 1.0,
        };
        let first = if round == 1 { 2.2 } else { 1.0 };
        let mut at = self.now;
        let mut marks = vec![(Mark::Intended, at as u64)];
        at += self.about(9e3, 0.4) + 2e3 * f64::from(index.min(4));
        marks.push((Mark::Dispatched, at as u64));
        if cell.temperature == Temperature::Cold {
            at += self.about(6.1 * MS, 0.1);
            marks.push((Mark::StartCalled, at as u64));
            at += self.about(engine * crowd * first * MS, 0.08);
            marks.push((Mark::Main, at as u64));
            at += self.about(init * crowd * first * MS, 0.1);
            marks.push((Mark::Ready, at as u64));
        }
        at += self.about(warm * crowd * MS, 0.25);
        marks.push((Mark::Responded, at as u64));
        Sample {
            cell: cell.clone(),
            round,
            trial,
            index,
            instance: Some("c0ffee".into()),
            why_cold: None,
            proof: None,
            marks: marks.into_iter().collect(),
            readiness: None,
            dropped_marks: 0,
            processes: Vec::new(),
            resources: None,
            reply: None,
            output: None,
            outcome: Outcome::Ok,
        }
    }
}

fn record(functions: &[Shape], rounds: u32, counts: Counts) -> RunRecord {
    let step = |name: &str, act| Step { name: name.into(), after: Duration::ZERO, act };
    RunRecord {
        format: crate::store::FORMAT,
        id: "20260102-030405-default".into(),
        tool: "coldstart 0.1.0".into(),
        command: "coldstart run --seed 42 benches/scenarios/default.toml".into(),
        started: "2026-01-02T03:04:05Z".into(),
        elapsed: Some(212.4),
        complete: true,
        stopped: None,
        beyond: Vec::new(),
        scenario: Scenario {
            name: "default".into(),
            functions: vec![],
            factors: FactorMatrix::default(),
            controls: false,
            listening: false,
            until: None,
            max_time: None,
            rounds,
            keep_alive: Some(Duration::from_millis(250)),
            policy: None,
            remove_at_once: false,
            sight: None,
            margins: Default::default(),
            budgets: Vec::new(),
            patterns: vec![Pattern {
                name: "single".into(),
                steps: vec![step("call", LoadShape::Burst(1))],
            }],
        },
        seed: 42,
        host: Host {
            cpu: "Example CPU @ 2.60GHz".into(),
            cpus: 2,
            memory: 8 << 30,
            kernel: "Linux 6.18.0".into(),
            os: "Debian GNU/Linux 12 (bookworm)".into(),
            architecture: "x86_64".into(),
        },
        engine: engine(),
        functions: functions.iter().enumerate().map(|(i, f)| function(i, f.0)).collect(),
        null: None,
        side: None,
        fleet: vec![],
        tune: None,
        kernel_events: KernelEvents::default(),
        machine: MachineRecord::default(),
        counts,
        tried: false,
        driver_memory: Some(31 << 20),
        warnings: vec![],
    }
}

fn engine() -> EngineInfo {
    EngineInfo {
        kind: "docker".into(),
        version: "20.10.24".into(),
        api_version: "1.41".into(),
        oci_runtime: "runc 1.1.5".into(),
        storage_driver: "overlay2".into(),
        cgroups: "cgroupfs v1".into(),
        kernel: "6.18.0".into(),
        address: "unix:///var/run/docker.sock".into(),
        ..EngineInfo::default()
    }
}

fn function(position: usize, name: &str) -> FunctionRecord {
    FunctionRecord {
        name: name.into(),
        position,
        image: format!("coldstart/{name}:0123abcd"),
        digest: format!("sha256:{position:064x}"),
        size: 140 << 20,
        bases: vec![BaseRecord {
            argument: "BASE".into(),
            name: name.into(),
            origin: Origin::Bootstrapped,
            digest: format!("sha256:{:064x}", position + 100),
        }],
        version: format!("{name} 1.2.3"),
        limits: Limits { memory: 128 << 20, cpus: None, processes: None },
        timeout_ms: 10_000,
        reply: ReplyCheck::Proof,
        event: Some(EventRecord { digest: "sha256:0".into(), size: 2 }),
        environment: Some(EnvironmentRecord { names: Vec::new(), digest: "sha256:0".into() }),
        launch: Default::default(),
        http: None,
        extensions: Vec::new(),
        variant: None,
        build: None,
        is_bare: false,
    }
}
