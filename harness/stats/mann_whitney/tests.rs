use super::*;
use crate::stats::tests::draws::{BootstrapWeights, SHAPES, Shape};
use proptest::prelude::*;

const FAILED: f64 = f64::INFINITY;

fn near(found: f64, expected: f64, digits: f64) {
    assert!((found - expected).abs() <= digits, "{found}, not {expected}");
}

#[test]
fn untied_values_of_textbooks() {
    // R, `help(wilcox.test)`: permeability of a membrane at term and before, from
    // Hollander & Wolfe 1973, p. 69: W = 35, p = 0.1272, alternative "greater".
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let before = [1.15, 0.88, 0.90, 0.74, 1.21];
    near(greater(&term, &before).unwrap(), 0.1272, 5e-5);
    // SciPy, `scipy.stats.mannwhitneyu`: age at diagnosis, U = 17, p = 0.111 two-sided.
    let (males, females) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
    near(differs(&males, &females).unwrap(), 1.0 / 9.0, 1e-12);
    near(greater(&males, &females).unwrap(), 1.0 / 18.0, 1e-12);
}

/// Blood pressures of a treated group and a control group, with ties: the data set
/// `bloodp` of the R package exactRankTests (Hothorn & Hornik), from
/// Mehta & Patel 2001, StatXact 5 manual, table 9.6, with the p-values of its p. 229.
const TREATED: [f64; 4] = [94.0, 108.0, 110.0, 90.0];
const CONTROL: [f64; 11] = [80.0, 94.0, 85.0, 90.0, 90.0, 90.0, 108.0, 94.0, 78.0, 105.0, 88.0];

#[test]
fn tied_values_as_statxact_has_them() {
    near(differs(&TREATED, &CONTROL).unwrap(), 0.0989, 5e-5);
    near(greater(&TREATED, &CONTROL).unwrap(), 0.0542, 5e-5);
    // The same with the sides in the other order: the fewer are now base.
    near(differs(&CONTROL, &TREATED).unwrap(), 0.0989, 5e-5);
}

#[test]
fn many_tied_values_as_r_has_them() {
    // R, `help(wilcox.test)`: ozone in May and in August, data set `airquality`, from
    // Chambers et al. 1983: W = 127.5, p = 0.0001208 two-sided with continuity
    // correction.
    let may = [
        41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45,
        115, 37,
    ];
    let august = [
        39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73,
        76, 118, 84, 85,
    ];
    let (may, august) = (may.map(f64::from), august.map(f64::from));
    near(differs(&may, &august).unwrap(), 0.000_120_8, 5e-8);
    near(greater(&august, &may).unwrap(), 0.000_060_4, 5e-8);
    // Few values, but by the approximation, as R does when there are ties: W = 51.5,
    // p = 0.5966.
    let x = [1, 5, 9, 24, 56, 21, 3, 7, 21, 4].map(f64::from);
    let y = [12, 15, 5, 9, 9, 14, 56, 22, 3, 7, 32, 5].map(f64::from);
    near(approximate(&pool(&x, &y), x.len(), Tails::Both), 0.5966, 5e-5);
}

#[test]
fn critical_values_of_the_table() {
    // The table of Mann & Whitney's U at 0.05 two-sided (Siegel 1956, table K; Conover
    // 1999, table A7): significant when U is not above. The rank of the interval's end
    // is one more.
    let equal = [0, 2, 5, 8, 13, 17, 23, 30, 37, 45, 55, 64, 75, 87, 99, 113, 127];
    for (n, u) in (4..).zip(equal) {
        assert_eq!(critical(n, n, 0.025), Some(u + 1), "n = {n}");
    }
    for (n, m, u) in [(3, 5, 0), (5, 8, 6), (5, 20, 20), (7, 12, 18), (7, 20, 34), (10, 15, 39)] {
        assert_eq!(critical(n, m, 0.025), Some(u + 1), "{n} and {m}");
        assert_eq!(critical(m, n, 0.025), Some(u + 1), "{m} and {n}");
    }
    assert_eq!([critical(3, 4, 0.025), critical(1, 38, 0.025)], [None, None]);
    assert_eq!([critical(0, 0, 0.025), critical(0, 9, 0.025)], [None, None]);
    // One in 40 is 0.025.
    assert_eq!(critical(1, 39, 0.025), Some(1));
}

/// The exact ones are from a count of all deals in whole numbers of any length.
#[test]
fn approximate_critical_values_err_to_the_safe_side_by_one_at_most() {
    for (n, m, exact) in [(30, 30, 318), (20, 30, 201), (15, 30, 144), (8, 60, 138), (5, 80, 96)] {
        let found = critical(n, m, 0.025).unwrap();
        assert!(found == exact || found + 1 == exact, "{n} and {m}: {found}, not {exact}");
    }
}

#[test]
fn the_least_p_is_that_of_complete_separation() {
    // C(6, 3) = 20, C(10, 5) = 252, C(38, 19) = 35,345,263,800.
    for (n, deals) in [(3, 20.0), (5, 252.0), (19, 35_345_263_800.0)] {
        near(least_p(n, n) * deals, 1.0, 1e-12);
        let low: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let high: Vec<f64> = low.iter().map(|v| v + 100.0).collect();
        near(greater(&high, &low).unwrap() * deals, 1.0, 1e-12);
        assert_eq!(greater(&low, &high), Some(1.0));
    }
    assert_eq!((least_p(0, 5), least_p(5, 0), least_p(1, 1)), (1.0, 1.0, 0.5));
    assert!(least_p(513, 513) > f64::MIN_POSITIVE);
    assert_eq!(least_p(514, 514), f64::MIN_POSITIVE);
    assert_eq!(least_p(20_000, 5_000), f64::MIN_POSITIVE);
    assert_eq!(least_p(1, 1_000_000), 1.0 / 1_000_001.0);
}

#[test]
fn nothing_to_compare_and_nothing_that_differs() {
    assert_eq!((greater(&[], &[1.0]), differs(&[1.0], &[])), (None, None));
    for n in [1, 5, 19, 20, 300] {
        let same = vec![7.0; n];
        assert_eq!((greater(&same, &same), differs(&same, &same)), (Some(1.0), Some(1.0)));
        let failed = vec![FAILED; n];
        assert_eq!((greater(&failed, &failed), differs(&failed, &failed)), (Some(1.0), Some(1.0)));
    }
    assert_eq!(greater(&[0.0], &[-0.0]), Some(1.0), "0 and -0 are tied");
}

#[test]
fn failures_rank_above_every_success() {
    let base: Vec<f64> = (0..10).map(f64::from).collect();
    let head: Vec<f64> = (0..10).map(|v| if v < 5 { FAILED } else { f64::from(v) }).collect();
    let huge: Vec<f64> = head.iter().map(|v| v.min(1e300)).collect();
    assert_eq!(greater(&head, &base), greater(&huge, &base));
    assert!(greater(&head, &base).unwrap() < 0.01);
}

/// One larger value against a thousand tied ones: a deal in 1,001 is like that,
/// though the tied variance would say 1e-217.
#[test]
fn ties_do_not_make_a_p_value_that_no_deal_has() {
    let base = vec![1.0; 1_000];
    assert_eq!(greater(&[2.0], &base), Some(least_p(1, 1_000)));
    assert_eq!(differs(&[2.0], &base), Some(least_p(1, 1_000)));
}

#[test]
fn the_approximation_is_near_the_exact_value_at_19() {
    let mut draws = BootstrapWeights::new(1);
    for (i, by) in (0..20).zip([0.0, 3.0, 6.0, 9.0].into_iter().cycle()) {
        let base = draws.many(Shape::Normal, 19);
        let mut head: Vec<f64> = draws.many(Shape::Normal, 19).iter().map(|v| v + by).collect();
        if i % 2 == 0 {
            // Ties, and failures.
            head.iter_mut().for_each(|v| *v = (*v / 5.0).round() * 5.0);
            head[0] = FAILED;
        }
        for tails in [Tails::Upper, Tails::Both] {
            let pooled = pool(&head, &base);
            let (exact, normal) = (exact(&pooled, 19, tails), approximate(&pooled, 19, tails));
            assert!((exact - normal).abs() < 0.006, "{exact} and {normal}");
        }
    }
}

/// With few values, with many, and with ties: as often as the level says or less.
#[test]
fn alarms_are_as_rare_as_they_claim_when_nothing_differs() {
    let mut draws = BootstrapWeights::new(2);
    for (n, runs) in [(8, 1_000_u32), (30, 2_000)] {
        for shape in SHAPES {
            let (mut one, mut two, mut tied) = (0, 0, 0);
            for _ in 0..runs {
                let (head, base) = (draws.many(shape, n), draws.many(shape, n));
                one += u32::from(greater(&head, &base).unwrap() <= 0.05);
                two += u32::from(differs(&head, &base).unwrap() <= 0.05);
                let coarse = |side: &[f64]| side.iter().map(|v| (v / 20.0).round()).collect();
                let (head, base): (Vec<f64>, Vec<f64>) = (coarse(&head), coarse(&base));
                tied += u32::from(greater(&head, &base).unwrap() <= 0.05);
            }
            // Three standard deviations above 5 %: 2.1 % of 1,000, 1.5 % of 2,000.
            let most = f64::from(runs) * 0.05 + 3.0 * (f64::from(runs) * 0.05 * 0.95).sqrt();
            for alarms in [one, two, tied] {
                assert!(f64::from(alarms) <= most, "{alarms} of {runs}: {shape:?}, n = {n}");
                assert!(alarms >= runs / 100, "{alarms} of {runs}: blind? {shape:?}, n = {n}");
            }
        }
    }
}

/// The definition: both p-values, by dealing the values in every way.
fn by_every_deal(head: &[f64], base: &[f64]) -> (f64, f64) {
    let all = [head, base].concat();
    let won = |of_head: &dyn Fn(usize) -> bool| {
        let mut doubled = 0_i64;
        for i in (0..all.len()).filter(|i| of_head(*i)) {
            for j in (0..all.len()).filter(|j| !of_head(*j)) {
                doubled += i64::from(all[i] > all[j]) + i64::from(all[i] >= all[j]);
            }
        }
        doubled - (head.len() * base.len()) as i64
    };
    let own = won(&|i| i < head.len());
    let (mut deals, mut upper, mut both) = (0, 0, 0);
    for deal in 0..1_u32 << all.len() {
        if deal.count_ones() as usize == head.len() {
            let dealt = won(&|i| deal >> i & 1 == 1);
            deals += 1;
            upper += u32::from(dealt >= own);
            both += u32::from(dealt.abs() >= own.abs());
        }
    }
    (f64::from(upper) / f64::from(deals), f64::from(both) / f64::from(deals))
}

/// Few distinct values, so that many are tied, and some failures.
fn side(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![6 => (0..8_u8).prop_map(f64::from), 1 => Just(FAILED)];
    proptest::collection::vec(value, sizes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_p_values_are_what_every_deal_gives(head in side(1..6), base in side(1..6)) {
        let (upper, both) = by_every_deal(&head, &base);
        prop_assert!((greater(&head, &base).unwrap() - upper).abs() < 1e-12);
        prop_assert!((differs(&head, &base).unwrap() - both).abs() < 1e-12);
    }

    #[test]
    fn untied_values_have_symmetric_p_values(
        (all, at) in Just((0..30).map(f64::from).collect::<Vec<_>>()).prop_shuffle()
            .prop_flat_map(|all| (Just(all), 1..30_usize)),
    ) {
        let (head, base) = all.split_at(at);
        let (up, down) = (greater(head, base).unwrap(), greater(base, head).unwrap());
        let both = differs(head, base).unwrap();
        prop_assert!((both - (2.0 * up.min(down)).min(1.0)).abs() < 1e-12);
    }

    #[test]
    fn swapping_the_sides_turns_the_question_round(head in side(1..30), base in side(1..30)) {
        let (up, down) = (greater(&head, &base).unwrap(), greater(&base, &head).unwrap());
        // Deals like the one seen count on either side.
        prop_assert!(up + down >= 1.0 - 1e-12, "{up} + {down}");
        let (one, other) = (differs(&head, &base).unwrap(), differs(&base, &head).unwrap());
        prop_assert!((one - other).abs() < 1e-12);
        for p in [up, down, one] {
            prop_assert!(p >= least_p(head.len(), base.len()) && p <= 1.0);
        }
    }

    #[test]
    fn only_the_order_matters(
        (head, shuffled) in side(1..30)
            .prop_flat_map(|head| (Just(head.clone()), Just(head).prop_shuffle())),
        base in side(1..30),
        scale in 0.001..1000.0_f64,
    ) {
        let p = greater(&head, &base);
        prop_assert_eq!(p, greater(&shuffled, &base));
        let monotone: [&dyn Fn(f64) -> f64; 3] = [&|v| v * scale, &f64::exp, &|v| v.sqrt() - 5.0];
        for by in monotone {
            let map = |side: &[f64]| side.iter().map(|v| by(*v)).collect::<Vec<_>>();
            prop_assert_eq!(p, greater(&map(&head), &map(&base)));
        }
    }

    /// When nothing is tied: with ties, a change of them changes what the deals are.
    #[test]
    fn a_slower_head_is_never_less_of_an_alarm(
        (all, at) in Just((0..44).map(f64::from).collect::<Vec<_>>()).prop_shuffle()
            .prop_flat_map(|all| (Just(all), 1..43_usize)),
        slow in any::<prop::sample::Index>(),
    ) {
        let (head, base) = all.split_at(at);
        let mut slower = head.to_vec();
        slower[slow.index(at)] = FAILED;
        prop_assert!(greater(&slower, base) <= greater(head, base));
    }
}
