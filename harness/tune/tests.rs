use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::cost::{Architecture, Prices};
use crate::report::tests::synthetic;
use crate::sample::{Cell, Mark, Outcome, Resources, Temperature};
use crate::spec::factor::{Combination, FactorMatrix};
use crate::spec::function::Limits;
use crate::spec::scenario::LoadShape;

const MS: u64 = 1_000_000;

/// What a function takes under a size, in milliseconds: init, first event, warm call.
type Takes = (u64, u64, u64);

/// A row: what of it is cold, where its handler begins, and how long that takes, in ms.
fn row(mib: u64, round: u32, index: u32, (init, handler): (Option<u64>, f64)) -> Sample {
    let limits = Limits { memory: mib << 20, cpus: None, processes: None };
    let is_cold = init.is_some();
    let cell = Cell {
        function: "f".to_owned(),
        adapter: Default::default(),
        factors: Combination::default().resolve(limits, "runc"),
        control: None,
        pattern: "tune".to_owned(),
        step: STEPS[usize::from(!is_cold)].to_owned(),
        act: if is_cold { LoadShape::Burst(1) } else { LoadShape::Sequence(3) },
        temperature: if is_cold { Temperature::Cold } else { Temperature::Warm },
    };
    let start = u64::from(round) * 10_000 * MS + u64::from(index) * 100 * MS;
    let mut marks: Vec<(Mark, u64)> = vec![(Mark::Intended, start), (Mark::Dispatched, start)];
    let mut at = start;
    if let Some(init) = init {
        // The engine's part is in no bill.
        marks.extend([(Mark::StartCalled, at), (Mark::Exec, at + 200 * MS)]);
        at += (200 + init) * MS;
        marks.push((Mark::Ready, at));
    }
    marks.push((Mark::Responded, at + (handler * MS as f64) as u64));
    Sample {
        cell,
        round,
        trial: round,
        index,
        instance: None,
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

/// Fifteen rounds of some sizes, each a little different from the one before.
pub(crate) fn rows(sizes: &[(u64, Takes)]) -> Vec<Sample> {
    let mut rows = Vec::new();
    for round in 1..=15 {
        for (mib, (init, cold, warm)) in sizes {
            let jitter = f64::from(round % 5) * 0.01;
            rows.push(row(*mib, round, 0, (Some(*init), *cold as f64 * (1.0 + jitter))));
            let warm = |index| row(*mib, round, index, (None, *warm as f64 * (1.0 + jitter)));
            rows.extend((1..4).map(warm));
        }
    }
    rows
}

pub(crate) fn bill(share: f64, is_provisioned: bool) -> Bill {
    Bill::new(Prices::builtin().unwrap(), Architecture::X86, share, is_provisioned)
}

fn tuned(rows: &[Sample], bill: &Bill) -> Tuned {
    Tuned::of("f".to_owned(), 0, &stats::used(rows).collect::<Vec<_>>(), bill)
}

/// A run of them, as it is read back.
pub(crate) fn run(rows: Vec<Sample>) -> Run {
    let mut run = synthetic::with_samples(&[("f", 0.0, 0.0, 0.0)], 15, rows);
    let memory = [128, 256, 512, 1024].map(|mib: u64| mib << 20).to_vec();
    let cpu_rule = vec![CpuRule::Lambda];
    run.record.scenario.factors = FactorMatrix { memory, cpu_rule, ..FactorMatrix::default() };
    let (architecture, prices) = (Architecture::X86, prices::BUILTIN.to_owned());
    run.record.tune = Some(TuneRecord { cold_share: 0.01, architecture, prices });
    run
}

/// Bound by the processor until it has one: twice the memory, half the time.
pub(crate) const BOUND: [(u64, Takes); 4] = [
    (128, (300, 800, 400)),
    (256, (300, 400, 200)),
    (512, (300, 200, 100)),
    (1024, (300, 190, 90)),
];

#[test]
fn the_cheapest_the_fastest_and_the_knee_are_found_and_the_init_is_billed() {
    let found = tuned(&rows(&BOUND), &bill(0.01, false));
    let mib = |at: Option<usize>| at.map(|at| found.sizes[at].mib);
    assert_eq!(mib(found.choice.fastest), Some(1024));
    assert_eq!(found.init, InitSource::Exec);
    let first = &found.sizes[0];
    assert_eq!(first.billed_ms.map(|[_, warm]| warm), Some(408));
    let cold = first.billed_ms.unwrap()[0];
    assert!((1_100..1_120).contains(&cold), "300 of init and 800 and some: {cold}");
    assert!(first.init.p50.value == Some(stats::RankedValue::Ns(300e6)), "without the engine");
    assert!(first.cold.p50.value.unwrap().ns().unwrap() > 1_300e6, "with it");
    // 0.2 dollars for the requests, and 0.125 GB for about 0.408 s.
    let price = first.price.unwrap().value;
    assert!((1.03..1.09).contains(&price), "{price}");
    assert!(first.price.unwrap().interval.is_some_and(|[low, high]| low <= price && price <= high));
    // A cold call is dearer, and a million of those alone most of all.
    assert!(first.prices.windows(2).all(|two| two[0].1 < two[1].1), "{:?}", first.prices);
}

#[test]
fn what_is_the_same_is_not_told_apart_and_what_differs_is() {
    let same = [(128, (300, 100, 50)), (256, (300, 100, 50)), (512, (300, 60, 20))];
    let found = tuned(&rows(&same), &bill(0.0, false));
    assert_eq!(found.choice.fastest, Some(2));
    let told: Vec<bool> =
        found.sizes.iter().map(|s| s.from_fastest.is_some_and(|p| p <= LEVEL)).collect();
    assert_eq!(told, [true, true, false]);
    // 128 and 256 MiB take the same, so the larger is dearer for sure.
    assert!(found.sizes[1].from_cheapest.is_some_and(|p| p <= LEVEL));
    let few: Vec<Sample> = rows(&same).into_iter().filter(|row| row.round < 5).collect();
    let found = tuned(&few, &bill(0.0, false));
    assert!(found.sizes.iter().all(|s| s.from_fastest.is_none_or(|p| p > LEVEL)), "3 rounds");
}

#[test]
fn a_size_that_does_not_work_says_why_and_is_never_chosen() {
    let mut rows = rows(&BOUND);
    for row in rows.iter_mut().filter(|row| row.cell.factors.memory == 128 << 20) {
        let cause = "exited with code 137: it ran out of memory: its limit is too low".to_owned();
        row.outcome = Outcome::Crashed { cause };
    }
    for row in rows.iter_mut().filter(|row| row.cell.factors.memory == 1024 << 20) {
        row.outcome = Outcome::TimedOut { cause: "no answer within 1s".to_owned() };
    }
    let found = tuned(&rows, &bill(0.01, false));
    let eligible: Vec<u32> = found.eligible().map(|size| size.mib).collect();
    assert_eq!(eligible, [256, 512]);
    let failures = &found.sizes[0].failures;
    assert!(failures.out_of_memory && failures.failed == failures.of, "{failures:?}");
    assert_eq!(failures.kind, Some("crashed"));
    assert_eq!(found.sizes[3].failures.kind, Some("timed_out"));
    assert!(!found.sizes[3].failures.out_of_memory);
    for row in &mut rows {
        row.outcome = Outcome::InitError { cause: "no".to_owned() };
        row.resources = Some(Resources { oom_kills: Some(1), ..Resources::default() });
    }
    let found = tuned(&rows, &bill(0.01, false));
    assert_eq!((found.choice, link(&found)), (Choice::default(), None));
    assert!(found.sizes.iter().all(|size| size.failures.out_of_memory));
}

#[test]
fn one_failure_of_many_is_no_verdict_on_a_size() {
    let mut rows = rows(&BOUND);
    rows[30].outcome = Outcome::Stranger { cause: "somebody".to_owned() };
    assert_eq!(tuned(&rows, &bill(0.01, false)).eligible().count(), 4);
}

#[test]
fn provisioned_the_init_is_in_no_call_and_waiting_costs() {
    let on_demand = tuned(&rows(&BOUND), &bill(1.0, false));
    let provisioned = tuned(&rows(&BOUND), &bill(1.0, true));
    let billed = |of: &Tuned| of.sizes[2].billed_ms.unwrap()[0];
    assert_eq!(billed(&on_demand) - billed(&provisioned), 300);
    let average = |of: &Tuned| of.sizes[2].average.unwrap().value;
    assert!(average(&on_demand) - average(&provisioned) > 299e6);
    assert_eq!(bill(0.0, false).waiting_a_month(1024), None);
    let month = bill(0.0, true).waiting_a_month(1024).unwrap();
    assert!((month - 10.80).abs() < 0.01, "{month}");
}

#[test]
fn without_the_kernels_events_all_starts_count_from_the_call() {
    let mut rows = rows(&BOUND);
    rows[4 * 16].marks.clear(Mark::Exec);
    let found = tuned(&rows, &bill(0.01, false));
    assert_eq!(found.init, InitSource::StartCalled);
    assert_eq!(found.sizes[1].init.p50.value, Some(stats::RankedValue::Ns(500e6)));
}

#[test]
fn the_link_has_the_figures_as_the_viewer_reads_them() {
    let found = tuned(&rows(&BOUND), &bill(0.01, false));
    let link = link(&found).unwrap();
    let parts: Vec<Vec<u8>> = link
        .strip_prefix("https://lambda-power-tuning.show/#")
        .unwrap()
        .split(';')
        .map(|part| STANDARD.decode(part).unwrap())
        .collect();
    let sizes: Vec<i16> =
        parts[0].chunks(2).map(|b| i16::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(sizes, [128, 256, 512, 1024]);
    let floats = |part: &[u8]| -> Vec<f32> {
        part.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let (times, prices) = (floats(&parts[1]), floats(&parts[2]));
    assert_eq!((parts.len(), times.len(), prices.len()), (3, 4, 4));
    for ((time, price), size) in times.iter().zip(&prices).zip(&found.sizes) {
        assert!((f64::from(*time) - size.average.unwrap().value / 1e6).abs() < 1e-3, "ms");
        assert!((f64::from(*price) * 1e6 - size.price.unwrap().value).abs() < 1e-5, "a call");
    }
}

#[test]
fn only_a_run_that_was_measured_for_it_is_tuned() {
    let mut run = run(rows(&BOUND));
    let found = Tuning::of(&Analysis::of(&run)).unwrap().unwrap();
    assert_eq!((found.rule, found.functions[0].sizes.len()), (CpuRule::Lambda, 4));
    run.record.tune.as_mut().unwrap().prices = "as-of = ".to_owned();
    let error = format!("{:#}", Tuning::of(&Analysis::of(&run)).unwrap_err());
    assert!(error.contains("run.json"), "{error}");
    run.record.tune = None;
    assert!(Tuning::of(&Analysis::of(&run)).unwrap().is_none());
}

proptest! {
    #[test]
    fn the_knee_is_beaten_by_no_other_and_neither_end(
        points in proptest::collection::vec((0.1_f64..10.0, 0.1_f64..10.0), 0..9),
    ) {
        let points: Vec<(usize, [f64; 2])> =
            points.into_iter().map(|(a, b)| [a, b]).enumerate().collect();
        if let Some(knee) = choice::knee(&points) {
            let of = points[knee].1;
            prop_assert!(!points.iter().any(|(_, o)| o[0] < of[0] && o[1] < of[1]));
            prop_assert!(points.iter().any(|(_, o)| o[0] < of[0]));
            prop_assert!(points.iter().any(|(_, o)| o[1] < of[1]));
        }
    }

    #[test]
    fn whatever_rows_there_are_it_is_weighed(
        kinds in proptest::collection::vec((0_u64..5, 0_u32..4, 0_u8..4, 0_u64..2_000), 0..60),
        share in 0.0_f64..1.0,
    ) {
        let make = |(mib, round, kind, ms): (u64, u32, u8, u64)| {
            let init = (kind < 2).then_some(ms);
            let mut made = row(mib * 100, round, 0, (init, ms as f64));
            if kind % 2 == 1 {
                made.outcome = Outcome::NotTried { cause: "x".to_owned() };
                made.marks.clear(Mark::Responded);
            }
            made
        };
        let rows: Vec<Sample> = kinds.into_iter().map(make).collect();
        let found = tuned(&rows, &bill(share, false));
        let chosen = [found.choice.cheapest, found.choice.fastest, found.choice.knee];
        for at in chosen.into_iter().flatten() {
            prop_assert!(found.sizes[at].is_eligible());
        }
        if let Some(cheapest) = found.choice.cheapest {
            let least = found.sizes[cheapest].price.unwrap().value;
            prop_assert!(found.eligible().all(|size| size.price.unwrap().value >= least));
        }
    }
}
