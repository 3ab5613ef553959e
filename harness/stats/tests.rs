use super::*;
use crate::sample::{Mark, Outcome, Temperature};
use crate::spec::factor::{Combination, Network};
use crate::spec::function::Limits;
use crate::spec::scenario::LoadShape;
use proptest::prelude::*;

pub(super) mod draws;

pub(super) const MS: u64 = 1_000_000;

pub(super) fn cell(act: LoadShape, temperature: Temperature) -> Cell {
    Cell {
        function: "alpha".into(),
        adapter: Default::default(),
        factors: Combination::on(Network::Bridge)
            .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc"),
        control: None,
        pattern: "surge".into(),
        step: "out".into(),
        act,
        temperature,
    }
}

/// A success of a cell: intended at `trial` seconds, late by `lag`, answered
/// after `latency`, both in nanoseconds.
pub(super) fn row(cell: &Cell, round: u32, trial: u32, lag: u64, latency: u64) -> Sample {
    let at = u64::from(trial) * 1000 * MS;
    let mut marks: crate::sample::Marks =
        [(Mark::Intended, at), (Mark::Dispatched, at + lag), (Mark::Responded, at + latency)]
            .into_iter()
            .collect();
    if cell.temperature == Temperature::Cold {
        marks.set(Mark::StartCalled, at + latency / 4);
        marks.set(Mark::Ready, at + latency / 2);
    }
    Sample {
        cell: cell.clone(),
        round,
        trial,
        index: 0,
        instance: None,
        why_cold: None,
        proof: None,
        marks,
        readiness: None,
        dropped_marks: 0,
        processes: Vec::new(),
        resources: None,
        reply: None,
        output: None,
        outcome: Outcome::Ok,
    }
}

fn failed(mut sample: Sample) -> Sample {
    sample.outcome = Outcome::TimedOut { cause: "no answer".into() };
    sample
}

fn only(samples: &[Sample]) -> Summary {
    let mut all = summarise(samples);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn round_1_is_kept_apart_when_there_is_another() {
    let cold = cell(LoadShape::Burst(1), Temperature::Cold);
    let mut rows = vec![row(&cold, 1, 1, 0, 900 * MS)];
    let alone = only(&rows);
    assert_eq!((alone.latency.n, alone.first_ever.used), (1, true));
    assert_eq!(alone.latency.p50.value, Some(RankedValue::Ns(900e6)));

    rows.push(row(&cold, 2, 2, 0, 100 * MS));
    let both = only(&rows);
    assert_eq!((both.latency.n, both.first_ever.used, both.first_ever.rows), (1, false, 1));
    assert_eq!(both.latency.p50.value, Some(RankedValue::Ns(100e6)));
    assert_eq!(both.first_ever.median, Some(RankedValue::Ns(900e6)));
}

#[test]
fn the_typical_row_is_the_success_nearest_the_median() {
    let cold = cell(LoadShape::Burst(1), Temperature::Cold);
    let mut rows: Vec<Sample> =
        [500, 100, 203, 300].map(|ms| row(&cold, 2, ms as u32, 0, ms * MS)).to_vec();
    // Of 100, 203, 300, 500 the median is 251.5; 203 and 300 are equally far.
    assert_eq!(only(&rows).typical, Some(2));
    rows.push(failed(row(&cold, 2, 9, 0, MS)));
    assert_eq!(only(&rows).typical, Some(3), "a failure moves the median to 300");
    let lost: Vec<Sample> = rows.into_iter().map(failed).collect();
    let lost = only(&lost);
    assert_eq!((lost.typical, lost.latency.p50.value), (None, Some(RankedValue::Failed)));
    assert!(lost.phases.is_empty());
}

#[test]
fn phases_are_summarised_by_span() {
    let cold = cell(LoadShape::Burst(1), Temperature::Cold);
    let mut rows = vec![row(&cold, 2, 1, 0, 100 * MS), row(&cold, 2, 2, 0, 100 * MS)];
    rows[1].marks.set(Mark::Main, 2_030 * MS);
    let seen: Vec<(String, usize)> =
        only(&rows).phases.iter().map(|(p, d)| (p.to_string(), d.n)).collect();
    let expected = [
        ("queue", 2),
        ("create", 2),
        ("engine+boot", 1),
        ("engine+boot+init", 1),
        ("init", 1),
        ("invoke", 2),
    ];
    assert_eq!(seen, expected.map(|(name, n)| (name.to_owned(), n)));
}

#[test]
fn cold_is_compared_with_the_steady_caller() {
    let cold = cell(LoadShape::Burst(1), Temperature::Cold);
    let warm_burst = cell(LoadShape::Burst(4), Temperature::Warm);
    let steady = cell(LoadShape::Sequence(9), Temperature::Warm);
    let mut rows = vec![row(&cold, 2, 1, 0, 200 * MS), row(&warm_burst, 2, 2, 0, 4 * MS)];
    let ratio = |rows: &[Sample]| summarise(rows).remove(0).cold_to_warm.map(|r| r.ratio);
    assert_eq!(ratio(&rows[..1]), None);
    assert_eq!(ratio(&rows), Some(50.0));
    rows.push(row(&steady, 2, 3, 0, MS));
    assert_eq!(ratio(&rows), Some(200.0));
    assert_eq!(summarise(&rows)[1].cold_to_warm, None, "warm has none");
}

#[test]
fn a_late_dispatch_makes_its_burst_invalid() {
    let cold = cell(LoadShape::Burst(2), Temperature::Cold);
    let lags = [(1, 10_000), (1, 30_000), (2, 10_000), (2, 1_200_000), (3, 0), (3, 900_000)];
    // 1 % of a median of 500 ms is 5 ms, so only the 1 ms rule bites.
    let slow: Vec<Sample> =
        lags.iter().map(|(trial, lag)| row(&cold, 2, *trial, *lag, 500 * MS)).collect();
    let summaries = summarise(&slow);
    assert_eq!(summaries[0].invalid_bursts, 1);
    let all = bursts(&slow, &summaries);
    assert_eq!((all.len(), all[0].size, all[0].bursts, all[0].invalid), (1, 2, 3, 1));
    assert_eq!(all[0].width.map(|w| (w.p50, w.max)), Some((900_000.0, 1_190_000)));
    // 1 % of 5 ms is 50 us.
    let fast: Vec<Sample> =
        lags.iter().map(|(trial, lag)| row(&cold, 2, *trial, *lag, 5 * MS)).collect();
    assert_eq!(summarise(&fast)[0].invalid_bursts, 2);
}

#[test]
fn out_of_range_values_are_counted() {
    let warm = cell(LoadShape::Sequence(3), Temperature::Warm);
    let rows = [900, 5_000, HIGHEST_NS + 1].map(|ns| row(&warm, 1, 1, 0, ns));
    let summary = only(&rows);
    assert_eq!(summary.out_of_range, OutOfRange { below: 1, above: 1 });
    assert_eq!(summary.latency.max, Some(HIGHEST_NS + 1), "and kept in the exact figures");
}

#[test]
fn no_samples_give_no_summaries() {
    assert!(summarise(&[]).is_empty());
    assert!(bursts(&[], &[]).is_empty());
}

#[test]
fn a_hundred_thousand_rows_take_well_under_two_seconds() {
    let cells: Vec<Cell> = (1..=24).map(|n| cell(LoadShape::Burst(n), Temperature::Cold)).collect();
    let rows: Vec<Sample> = (0..100_000_u32)
        .map(|i| row(&cells[i as usize % 24], 2, i, 100, u64::from(i.wrapping_mul(2_654_435_761))))
        .collect();
    let started = std::time::Instant::now();
    assert_eq!(summarise(&rows).len(), 24);
    let took = started.elapsed();
    eprintln!("100,000 rows in {took:?}");
    // Generous: this is the unoptimised build on a shared machine.
    assert!(took.as_secs() < 10, "{took:?}");
}

proptest! {
    #[test]
    fn the_order_of_samples_does_not_matter(
        rows in proptest::collection::vec((1..4_u32, 1..50_u32, 0..MS, 2 * MS..9 * MS, 0..8_u8), 1..80)
            .prop_map(|rows| rows.into_iter().enumerate().map(|(index, (round, trial, lag, ns, kind))| {
                let temperature = [Temperature::Cold, Temperature::Warm][usize::from(kind % 2)];
                let mut row = row(&cell(LoadShape::Burst(2), temperature), round, trial, lag, ns);
                row.index = index as u32;
                if kind == 7 { failed(row) } else { row }
            }).collect::<Vec<_>>())
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let (one, other) = rows;
        let blind = |samples: &[Sample]| -> Vec<(Summary, Option<Sample>)> {
            summarise(samples).into_iter().map(|mut s| {
                let typical = s.typical.take().map(|i| samples[i].clone());
                (s, typical)
            }).collect()
        };
        prop_assert_eq!(blind(&one), blind(&other));
        prop_assert_eq!(
            bursts(&one, &summarise(&one)),
            bursts(&other, &summarise(&other))
        );
    }
}
