use super::*;
use proptest::prelude::*;

fn of(values: &[u64]) -> LatencySummary {
    LatencySummary::new(values.to_vec(), 0)
}

#[test]
fn type_7_gives_the_values_of_r() {
    // quantile(c(1, 2, 3, 4), c(.25, .5, .9), type = 7): 1.75 2.50 3.70
    for (q, expected) in [(0.25, 1.75), (0.5, 2.5), (0.9, 3.7)] {
        assert!((type_7(&[1, 2, 3, 4], q).unwrap() - expected).abs() < 1e-12);
    }
    // quantile(c(15, 20, 35, 40, 50), .4): 29
    assert!((type_7(&[15, 20, 35, 40, 50], 0.4).unwrap() - 29.0).abs() < 1e-9);
    assert_eq!(type_7(&[7], 0.99), Some(7.0));
    assert_eq!(type_7(&[], 0.5), None);
}

#[test]
fn six_rows_give_the_median_an_interval_from_first_to_last() {
    let six = of(&[60, 10, 20, 50, 40, 30]);
    assert_eq!(six.p50.value, Some(RankedValue::Ns(35.0)));
    assert_eq!(
        six.p50.interval,
        Some(Interval { low: RankedValue::Ns(10.0), high: RankedValue::Ns(60.0) })
    );
    let five = of(&[10, 20, 30, 40, 50]);
    assert_eq!((five.p50.value, five.p50.interval), (Some(RankedValue::Ns(30.0)), None));
}

#[test]
fn a_tail_that_the_rows_do_not_support_is_not_shown() {
    let rows = |n: u64| of(&(1..=n).collect::<Vec<_>>());
    for (n, shown) in [(35, 1), (36, 2), (71, 2), (72, 3), (367, 3), (368, 4)] {
        let quantiles = rows(n).quantiles();
        assert_eq!(quantiles.iter().filter(|q| q.value.is_some()).count(), shown, "n = {n}");
        assert_eq!(quantiles.iter().filter(|q| q.interval.is_some()).count(), shown, "n = {n}");
    }
    for (q, least) in [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)] {
        assert_eq!(least_rows(q), least);
    }
    // n = 36: (n - 1) * 0.9 = 31.5, between the 32nd and the 33rd.
    assert_eq!(rows(36).p90.value, Some(RankedValue::Ns(32.5)));
    assert_eq!(
        rows(36).p90.interval,
        Some(Interval { low: RankedValue::Ns(29.0), high: RankedValue::Ns(36.0) })
    );
}

#[test]
fn failures_rank_above_every_success() {
    let mixed = LatencySummary::new(vec![10, 20, 30, 40], 2);
    assert_eq!((mixed.n, mixed.failed), (6, 2));
    assert_eq!(mixed.p50.value, Some(RankedValue::Ns(35.0)), "between the 3rd and the 4th of six");
    assert_eq!(mixed.p50.interval.unwrap().high, RankedValue::Failed);
    assert_eq!(mixed.max, Some(40), "the largest success");
    let lost = LatencySummary::new(vec![10], 2);
    assert_eq!(lost.p50.value, Some(RankedValue::Failed));
    // Exactly on the last success: the failure above has no weight.
    assert_eq!(LatencySummary::new(vec![1, 2, 3], 2).p50.value, Some(RankedValue::Ns(3.0)));
    assert!(RankedValue::Ns(f64::MAX) < RankedValue::Failed);
}

#[test]
fn no_rows_give_no_numbers() {
    let none = of(&[]);
    assert_eq!((none.n, none.min, none.max), (0, None, None));
    assert!(none.quantiles().iter().all(|q| q.value.is_none() && q.interval.is_none()));
}

/// Uniform in (0, 1), from a fixed seed: the test gives the same answer always.
fn uniform(rng: &mut rand_chacha::ChaCha8Rng) -> f64 {
    use rand::Rng;
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_claim() {
    use rand::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    // Uniform on (0, 1e9): the q-quantile is q * 1e9.
    for (q, n) in [(0.5, 20), (0.9, 100), (0.95, 150), (0.99, 500)] {
        let covered = (0..2_000)
            .filter(|_| {
                let rows = (0..n).map(|_| (uniform(&mut rng) * 1e9) as u64).collect();
                let all = LatencySummary::new(rows, 0);
                let mine = all.quantiles().into_iter().find(|x| x.q == q).unwrap();
                let Interval { low, high } = mine.interval.unwrap();
                low <= RankedValue::Ns(q * 1e9) && RankedValue::Ns(q * 1e9) <= high
            })
            .count();
        // 95 % of 2,000 is 1,900, standard deviation 10.
        assert!((1_870..=2_000).contains(&covered), "q = {q}, n = {n}: {covered} of 2000");
    }
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in proptest::collection::vec(0..1_000_000_000_u64, 0..500).prop_shuffle(),
        failed in 0..20_usize,
    ) {
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        prop_assert_eq!(LatencySummary::new(rows, failed), LatencySummary::new(sorted, failed));
    }

    #[test]
    fn scaling_the_rows_scales_the_quantiles(
        rows in proptest::collection::vec(1..1_000_000_u64, 1..500),
        scale in 1..1_000_u64,
    ) {
        let plain = of(&rows);
        let scaled = of(&rows.iter().map(|ns| ns * scale).collect::<Vec<_>>());
        for (p, s) in plain.quantiles().into_iter().zip(scaled.quantiles()) {
            let (p, s) = (p.value.and_then(RankedValue::ns), s.value.and_then(RankedValue::ns));
            prop_assert_eq!(p.is_some(), s.is_some());
            if let (Some(p), Some(s)) = (p, s) {
                prop_assert!((p * scale as f64 - s).abs() <= 1e-9 * s.max(1.0));
            }
        }
    }

    #[test]
    fn an_interval_contains_its_value(
        rows in proptest::collection::vec(0..1_000_000_000_u64, 0..800),
        failed in 0..40_usize,
    ) {
        for quantile in LatencySummary::new(rows, failed).quantiles() {
            if let (Some(value), Some(Interval { low, high })) = (quantile.value, quantile.interval) {
                prop_assert!(low <= value && value <= high, "{quantile:?}");
            }
        }
    }
}
