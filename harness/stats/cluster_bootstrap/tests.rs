use super::*;
use crate::stats::{Interval, LatencySummary, RankedValue};
use proptest::prelude::*;
use rand::RngExt;

const QS: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Type 7 of a resample by its definition: every drawn round's rows, sorted.
fn slow(rows: &[(u32, f64)], times: &BTreeMap<u32, u8>, q: f64) -> f64 {
    let mut all: Vec<f64> = rows
        .iter()
        .flat_map(|(round, ns)| std::iter::repeat_n(*ns, usize::from(times[round])))
        .collect();
    all.sort_by(f64::total_cmp);
    let position = (all.len() - 1) as f64 * q;
    let (below, share) = (position as usize, position.fract());
    let low = all[below];
    if share < 1e-9 || low == all[below + 1] {
        return low;
    }
    low + share * (all[below + 1] - low)
}

/// Small rows: few rounds of different sizes, ties, and failures.
fn small() -> impl Strategy<Value = Vec<(u32, f64)>> {
    let ns = prop_oneof![
        8 => (0..50_u32).prop_map(f64::from),
        1 => Just(f64::INFINITY),
    ];
    prop::collection::vec((0..9_u32, ns), 1..60)
}

fn median(rows: &[(u32, f64)]) -> Option<(f64, f64)> {
    let [interval] = Rows::new(rows.to_vec()).intervals([0.5], &mut BootstrapWeights::default());
    interval
}

fn of(rows: &[(u32, Option<u64>)]) -> LatencySummary {
    LatencySummary::by_round(rows, &mut BootstrapWeights::default())
}

#[test]
fn each_resample_has_as_many_rounds_and_each_round_is_drawn_as_often() {
    for rounds in [1, 6, 19, 200] {
        let all = draw(rounds, 0);
        let mut sums = vec![0_u32; rounds];
        for times in all.chunks_exact(rounds) {
            for lane in 0..LANES {
                let n: usize = times.iter().map(|times| usize::from(times[lane])).sum();
                assert_eq!(n, rounds);
            }
            for (sum, times) in sums.iter_mut().zip(times) {
                *sum += times.iter().map(|times| u32::from(*times)).sum::<u32>();
            }
        }
        // 2,000 on average, standard deviation 45.
        assert!(sums.iter().all(|sum| (1_800..2_200).contains(sum)), "{sums:?}");
    }
}

#[test]
fn fewer_than_six_rounds_bound_nothing_however_many_rows() {
    let rows = |rounds: u32| (0..400).map(|i| (i % rounds, Some(u64::from(i)))).collect::<Vec<_>>();
    for rounds in [1, 5] {
        let few = of(&rows(rounds));
        assert!(few.quantiles().iter().all(|q| q.value.is_some() && q.interval.is_none()));
    }
    assert!(of(&rows(6)).quantiles().iter().all(|q| q.interval.is_some()));
    assert_eq!(of(&[]), LatencySummary::new(vec![], 0));
}

#[test]
fn a_tail_needs_its_rows_as_well() {
    let rows = |n: u32| (0..n).map(|i| (i % 9, Some(u64::from(i)))).collect::<Vec<_>>();
    for (n, shown) in [(35, 1), (36, 2), (71, 2), (72, 3), (367, 3), (368, 4)] {
        let quantiles = of(&rows(n)).quantiles();
        assert_eq!(quantiles.iter().filter(|q| q.interval.is_some()).count(), shown, "n = {n}");
        assert_eq!(quantiles.iter().filter(|q| q.value.is_some()).count(), shown, "n = {n}");
    }
}

#[test]
fn one_row_a_round_keeps_the_order_statistics() {
    let rows: Vec<(u32, Option<u64>)> =
        (0..90).map(|i| (i, (i % 10 > 0).then_some(u64::from(i * i)))).collect();
    let successes = rows.iter().filter_map(|(_, ns)| *ns).collect();
    assert_eq!(of(&rows), LatencySummary::new(successes, 9));
}

#[test]
fn several_rows_a_round_change_the_interval_and_nothing_else() {
    let rows: Vec<(u32, Option<u64>)> =
        (0..80).map(|i| (i / 4, Some(u64::from(i / 4 * 1000 + i % 4)))).collect();
    let plain = LatencySummary::new(rows.iter().filter_map(|(_, ns)| *ns).collect(), 0);
    let mut mine = of(&rows);
    let width = |d: &LatencySummary| {
        let Interval { low, high } = d.p50.interval.unwrap();
        high.ns().unwrap() - low.ns().unwrap()
    };
    assert!(width(&mine) > 1.5 * width(&plain), "{mine:?}");
    for (mine, plain) in [
        (&mut mine.p50, plain.p50),
        (&mut mine.p90, plain.p90),
        (&mut mine.p95, plain.p95),
        (&mut mine.p99, plain.p99),
    ] {
        mine.interval = plain.interval;
    }
    assert_eq!(mine, plain);
}

#[test]
fn failures_bound_from_above_only() {
    // Half of the rounds fail as a whole: the median may be anything from a
    // success upwards.
    let rows: Vec<(u32, Option<u64>)> =
        (0..48).map(|i| (i / 4, (i < 28).then_some(1_000 + u64::from(i)))).collect();
    let Interval { low, high } = of(&rows).p50.interval.unwrap();
    assert!(low < RankedValue::Ns(1_020.0) && high == RankedValue::Failed, "{low:?} {high:?}");
    let lost: Vec<(u32, Option<u64>)> = (0..48).map(|i| (i / 4, None)).collect();
    let p50 = of(&lost).p50;
    assert_eq!(p50.value, Some(RankedValue::Failed));
    assert_eq!(
        p50.interval,
        Some(Interval { low: RankedValue::Failed, high: RankedValue::Failed })
    );
}

#[test]
fn rounds_that_are_alike_leave_nothing_open() {
    let rows: Vec<(u32, f64)> =
        (0..10).flat_map(|round| (1..=5).map(move |i| (round, f64::from(i)))).collect();
    assert_eq!(median(&rows), Some((3.0, 3.0)));
}

/// Normal, by the sum of twelve uniform values.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// In how many of 200 sets of 4 rows a round the median's interval holds the truth:
/// by order statistics of all rows, and by drawing rounds. The rounds differ ten
/// times as much as the rows within one.
fn covered(rounds: u32) -> [usize; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draws = BootstrapWeights::default();
    let mut covered = [0; 2];
    for _ in 0..200 {
        let mut rows = Vec::new();
        for round in 0..rounds {
            let level = 1e9 + 30e6 * normal(&mut rng);
            rows.extend((0..4).map(|_| (round, Some((level + 3e6 * normal(&mut rng)) as u64))));
        }
        let plain = LatencySummary::new(rows.iter().filter_map(|(_, ns)| *ns).collect(), 0);
        let mine = LatencySummary::by_round(&rows, &mut draws);
        for (covered, of) in covered.iter_mut().zip([plain, mine]) {
            let Interval { low, high } = of.p50.interval.unwrap();
            *covered += usize::from(low <= RankedValue::Ns(1e9) && RankedValue::Ns(1e9) <= high);
        }
    }
    covered
}

#[test]
fn rows_taken_for_independent_cover_too_seldom_and_rounds_do_not() {
    let [rows, by_round] = covered(20);
    assert!(rows < 160, "order statistics of rows: {rows} of 200");
    // 95 % of 200 is 190, standard deviation 3.
    assert!((180..=198).contains(&by_round), "rounds: {by_round} of 200");
    let [_, fewest] = covered(6);
    assert!(fewest >= 176, "of six rounds: {fewest} of 200");
}

/// Logarithmically normal rows; `between` is the share of the variance that is between
/// rounds.
fn skewed(rounds: u32, per: u32, between: f64, rng: &mut ChaCha8Rng) -> Vec<(u32, Option<u64>)> {
    let mut rows = Vec::new();
    for round in 0..rounds {
        let level = normal(rng);
        rows.extend((0..per).map(|_| {
            let z = between.sqrt() * level + (1.0 - between).sqrt() * normal(rng);
            (round, Some((1e6 * (0.5 * z).exp()) as u64))
        }));
    }
    rows
}

/// The table of `harness/docs/METHOD.md`: `cargo test --release --lib rounds -- --ignored
/// --nocapture`.
#[test]
#[ignore = "prints a table, and takes its time"]
fn how_often_each_quantile_is_covered() {
    for (rounds, per, between) in
        [(20, 4, 0.0), (20, 4, 0.7), (60, 4, 0.7), (20, 200, 0.0), (20, 200, 0.7)]
    {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut draws = BootstrapWeights::default();
        let mut truth: Vec<u64> = skewed(200_000 / per, per, between, &mut rng)
            .into_iter()
            .filter_map(|(_, ns)| ns)
            .collect();
        truth.sort_unstable();
        let truth = QS.map(|q| RankedValue::Ns(truth[(q * truth.len() as f64) as usize] as f64));
        let sets = if per > 50 { 400 } else { 1_000 };
        let mut covered = [[0; 4]; 2];
        for _ in 0..sets {
            let rows = skewed(rounds, per, between, &mut rng);
            let plain = LatencySummary::new(rows.iter().filter_map(|(_, ns)| *ns).collect(), 0);
            let mine = LatencySummary::by_round(&rows, &mut draws);
            for (covered, of) in covered.iter_mut().zip([mine, plain]) {
                for ((covered, truth), q) in covered.iter_mut().zip(truth).zip(of.quantiles()) {
                    let holds = |i: Interval| i.low <= truth && truth <= i.high;
                    *covered += usize::from(q.interval.is_some_and(holds));
                }
            }
        }
        let [mine, plain] = covered.map(|all| all.map(|n| (100 * n + sets / 2) / sets));
        println!("{rounds} x {per}, {between} between: {mine:?} %, order statistics {plain:?} %");
    }
}

#[test]
fn a_ratio_is_of_both_sides_and_its_interval_holds_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut side = |times: f64| -> Vec<(u32, f64)> {
        let mut rows = Vec::new();
        for round in 1..=20 {
            let level = 100e6 * (1.0 + 0.1 * normal(&mut rng));
            rows.extend((0..4).map(|_| (round, times * level * (1.0 + 0.02 * normal(&mut rng)))));
        }
        rows
    };
    let (head, base) = (side(1.5), side(1.0));
    let Estimate { value, interval } = quantile_ratio(&head, &base, 0.5).unwrap();
    let (low, high) = interval.unwrap();
    assert!(low < value && value < high && low < 1.5 && 1.5 < high, "{low} {value} {high}");
    assert!(low > 1.3 && high < 1.7, "{low} {high}");
    assert_eq!(quantile_ratio(&head, &base, 0.5), quantile_ratio(&head, &base, 0.5));
    // A side against itself is 1, but not known better than its own spread: the
    // sides are drawn each for itself.
    let same = quantile_ratio(&base, &base, 0.5).unwrap();
    assert!(same.value == 1.0 && same.interval.unwrap().0 < 0.97, "{same:?}");
    assert!(quantile_ratio(&head, &base, 0.9).is_some());
    assert_eq!(quantile_ratio(&head, &base, 0.99), None, "80 rows");
}

#[test]
fn a_ratio_without_rounds_or_of_failures_is_none() {
    let side = |rounds: u32, failed: u32| -> Vec<(u32, f64)> {
        let ns = |i: u32| if i < failed { f64::INFINITY } else { 100.0 + f64::from(i) };
        (0..40).map(|i| (i % rounds, ns(i))).collect()
    };
    let whole = side(10, 0);
    assert_eq!(quantile_ratio(&side(5, 0), &whole, 0.5), None);
    assert_eq!(quantile_ratio(&whole, &side(5, 0), 0.5), None);
    assert_eq!(quantile_ratio(&side(10, 21), &whole, 0.5), None);
    assert_eq!(quantile_ratio(&whole, &side(10, 40), 0.5), None);
    let zero: Vec<(u32, f64)> = (0..40).map(|i| (i % 10, 0.0)).collect();
    assert_eq!(quantile_ratio(&whole, &zero, 0.5), None);
    // The value is a success, and an end of its interval is none.
    let partly: Vec<(u32, f64)> =
        (0..40).map(|i| (i / 4, if i < 18 { f64::INFINITY } else { 100.0 })).collect();
    let open = quantile_ratio(&partly, &whole, 0.5).unwrap();
    assert!(open.value < 1.0 && open.interval.is_none(), "{open:?}");
    assert!(quantile_ratio(&whole, &partly, 0.5).unwrap().interval.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_resample_has_the_quantile_of_its_rows_written_out(rows in small()) {
        let all = Rows::new(rows.clone());
        let mut numbers: Vec<u32> = rows.iter().map(|(round, _)| *round).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let draws = draw(all.count, 0);
        let fast = all.resampled(&QS, &draws);
        for (resample, times) in draws.chunks_exact(all.count).enumerate().step_by(25) {
            for lane in 0..LANES {
                let times: BTreeMap<u32, u8> =
                    numbers.iter().zip(times).map(|(n, times)| (*n, times[lane])).collect();
                for (q, fast) in QS.iter().zip(&fast) {
                    let (fast, slow) = (fast[resample * LANES + lane], slow(&rows, &times, *q));
                    prop_assert!(fast == slow, "q = {}: {} for {}", q, fast, slow);
                }
            }
        }
    }

    #[test]
    fn every_round_once_is_the_rows_themselves(rows in small()) {
        let successes: Vec<u64> =
            rows.iter().filter(|r| r.1.is_finite()).map(|r| r.1 as u64).collect();
        let failed = rows.len() - successes.len();
        let expected = LatencySummary::new(successes, failed).p50.value.unwrap();
        let mine = Rows::new(rows).quantile(0.5);
        prop_assert_eq!(expected, if mine.is_finite() { RankedValue::Ns(mine) } else { RankedValue::Failed });
    }

    #[test]
    fn neither_the_order_of_rows_nor_the_numbers_of_rounds_matter(
        (rows, shuffled) in small().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let expected = median(&rows);
        prop_assert_eq!(expected, median(&shuffled));
        let renumbered: Vec<_> = rows.iter().map(|(round, ns)| (round * 7 + 3, *ns)).collect();
        prop_assert_eq!(expected, median(&renumbered));
    }

    #[test]
    fn scaling_the_rows_scales_the_interval(rows in small(), doublings in 1..10_i32) {
        // By a power of two nothing is rounded.
        let scale = 2_f64.powi(doublings);
        let scaled: Vec<_> = rows.iter().map(|(round, ns)| (*round, ns * scale)).collect();
        let expected = median(&rows).map(|(low, high)| (low * scale, high * scale));
        prop_assert_eq!(median(&scaled), expected);
    }

    #[test]
    fn an_interval_contains_its_value(rows in prop::collection::vec((0..30_u32, 0..1_000_u64, 0..20_u8), 1..500)) {
        let rows: Vec<_> = rows.into_iter().map(|(r, ns, kind)| (r, (kind > 0).then_some(ns * ns))).collect();
        for quantile in of(&rows).quantiles() {
            if let (Some(value), Some(Interval { low, high })) = (quantile.value, quantile.interval) {
                prop_assert!(low <= value && value <= high, "{quantile:?}");
            }
        }
    }
}
