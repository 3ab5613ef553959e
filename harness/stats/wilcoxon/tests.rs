use super::*;
use crate::stats::tests::draws::{BootstrapWeights, SHAPES, Shape};
use proptest::prelude::*;

const FAILED: f64 = f64::INFINITY;

fn near(found: f64, expected: f64, digits: f64) {
    assert!((found - expected).abs() <= digits, "{found}, not {expected}");
}

fn map(differences: &[f64], by: impl Fn(f64) -> f64) -> Vec<f64> {
    differences.iter().map(|v| by(*v)).collect()
}

/// R, `help(wilcox.test)`: a depression scale at a patient's first visit and at the
/// second, from Hollander & Wolfe 1973, p. 29.
fn depression() -> Vec<f64> {
    let first = [1_830, 500, 1_620, 2_480, 1_680, 1_880, 1_550, 3_060, 1_300];
    let second = [878, 647, 598, 2_050, 1_060, 1_290, 1_060, 3_140, 1_290];
    first.iter().zip(second).map(|(first, second)| f64::from(first - second) / 1e3).collect()
}

/// SciPy, `help(scipy.stats.wilcoxon)`: heights of crossed and of self-fertilised maize,
/// from Darwin 1876.
const MAIZE: [f64; 15] =
    [6., 8., 14., 16., 23., 24., 28., 29., 41., -48., 49., 56., 60., -67., 75.];

#[test]
fn p_values_of_textbooks() {
    // R has V = 40, p-value = 0.01953, alternative "greater": W- = 5, which 10 of 512
    // ways do not exceed.
    near(above(&depression()).unwrap(), 0.01953, 5e-6);
    near(above(&depression()).unwrap(), 10.0 / 512.0, 1e-15);
    near(differs(&depression()).unwrap(), 20.0 / 512.0, 1e-15);
    // SciPy: W = 24, p = 0.041259765625; "greater" 96, p = 0.0206298828125.
    near(differs(&MAIZE).unwrap(), 0.041_259_765_625, 1e-15);
    near(above(&MAIZE).unwrap(), 0.020_629_882_812_5, 1e-15);
    // The eight pairs of Wilcoxon 1945: -7 has the rank 3. Not above it are the sums of
    // none, 1, 2, 3, and 1 and 2.
    let wilcoxon = [58.0, 32.0, 30.0, 5.0, -7.0, 6.0, 11.0, 10.0];
    assert_eq!(above(&wilcoxon), Some(5.0 / 256.0));
}

/// The observations of Pratt 1959. When the zero is dropped before ranking, they have
/// p = 70/4096 (quoted as 55/4096, which leaves out the sums of 12 themselves), but
/// 109/8192 when all of them are less by a half.
#[test]
fn smaller_differences_are_no_more_of_an_alarm_for_a_zero() {
    let pratt = [0., 2., 3., 4., 6., 7., 8., 9., 11., 14., 15., 17., -18.];
    assert_eq!(above(&pratt[1..]), Some(70.0 / 4096.0));
    let less = map(&pratt, |v| v - 0.5);
    assert_eq!(above(&less), Some(109.0 / 8192.0));
    // With its rank kept: the sums of 2 to 13 that are not above 13.
    assert_eq!(above(&pratt), Some(49.0 / 4096.0));
}

/// OEIS A226330: critical values of Wilcoxon's T at 0.025 one-sided, from 6 differences
/// (Mitic 1996). Some in the older table of Siegel 1956 are one more: they are the
/// nearest. The rank of the interval's end is one more than T.
const CRITICAL: [u64; 57] = [
    0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89, 98, 107, 116, 126,
    137, 147, 159, 170, 182, 195, 208, 221, 235, 249, 264, 279, 294, 310, 327, 343, 361, 378, 396,
    415, 434, 453, 473, 494, 514, 536, 557, 579, 602, 625, 648, 672, 697,
];

#[test]
fn critical_values_of_the_table() {
    for (n, t) in (6..).zip(CRITICAL) {
        let found = critical(n).unwrap();
        // From 61 by the normal distribution.
        assert!(found == t + 1 || n > EXACT_MOST && found == t, "n = {n}: {found}");
    }
    assert!((0..6).all(|n| critical(n).is_none()));
    // From a count in whole numbers of any length.
    for (n, t) in [(64, 747), (100, 1955), (112, 2489), (150, 4618), (200, 8444), (250, 13444)] {
        let found = critical(n).unwrap();
        assert!(found == t + 1 || found == t, "n = {n}: {found}, not {}", t + 1);
    }
}

#[test]
fn the_least_p_is_that_of_one_sign_only() {
    for n in [1, 2, 5, 29, 60, 61, 100] {
        let positive: Vec<f64> = (1..=n).map(f64::from).collect();
        let (p, least) = (above(&positive).unwrap(), least_p(n as usize));
        assert!(if n <= 60 { p == least } else { p >= least && p < 1e-10 }, "n = {n}: {p}");
        assert!(above(&map(&positive, |v| -v)).unwrap() > 0.999_999, "n = {n}");
    }
    assert_eq!((least_p(0), least_p(1), least_p(6)), (1.0, 0.5, 1.0 / 64.0));
    assert_eq!((least_p(1_022), least_p(1_023)), (f64::MIN_POSITIVE, f64::MIN_POSITIVE));
}

#[test]
fn nothing_to_compare_and_nothing_that_differs() {
    assert_eq!((above(&[]), differs(&[]), centre(&[])), (None, None, None));
    for n in [1, 5, 60, 61, 300] {
        let mut zeros = vec![0.0; n];
        zeros[0] = -0.0;
        assert_eq!((above(&zeros), differs(&zeros)), (Some(1.0), Some(1.0)));
        let value = centre(&zeros).unwrap().value;
        assert!(value == 0.0 && value.is_sign_positive());
    }
    // One that has a sign, among many zeros: still an even chance.
    let mut one = vec![0.0; 500];
    one[7] = 3.0;
    assert_eq!((above(&one), differs(&one)), (Some(0.5), Some(1.0)));
}

#[test]
fn failures_of_one_side_rank_above_every_difference() {
    let mixed = [3.0, -1.0, 2.0, FAILED, 4.0, -FAILED, 5.0, FAILED, 6.0, FAILED];
    let huge = map(&mixed, |v| v.clamp(-1e300, 1e300));
    assert_eq!(above(&mixed), above(&huge));
    assert_eq!(differs(&mixed), differs(&huge));
    assert!(above(&[FAILED; 6]) == Some(1.0 / 64.0) && above(&[-FAILED; 6]) == Some(1.0));
}

/// Pairs that share half or more of what varies: how much faster or slower the machine
/// is by now.
fn differences(draws: &mut BootstrapWeights, shape: Shape, n: usize) -> Vec<f64> {
    let one = |draws: &mut BootstrapWeights| {
        let machine = draws.one(Shape::LogNormal) / 100.0;
        machine * (draws.one(shape) - draws.one(shape))
    };
    (0..n).map(|_| one(draws)).collect()
}

#[test]
fn the_approximation_is_near_the_exact_value_at_60() {
    let mut draws = BootstrapWeights::new(1);
    for (i, by) in (0..16).zip([0.0, 2.0, 4.0, -3.0].into_iter().cycle()) {
        let mut values = map(&differences(&mut draws, Shape::Normal, 60), |v| v + by);
        if i >= 8 {
            // Ties, zeros and failures.
            values.iter_mut().for_each(|v| *v = (*v / 5.0).round() * 5.0);
            values[0] = FAILED;
        }
        let ranked = Ranked::of(&values).unwrap();
        let (exact, normal) = (ranked.exact(ranked.own), ranked.approximate(ranked.own));
        assert!((exact - normal).abs() < 0.002, "{exact} and {normal}");
    }
}

/// With few differences, with many, and with ties and zeros: as often as the level says
/// or less.
#[test]
fn alarms_are_as_rare_as_they_claim_when_nothing_differs() {
    let mut draws = BootstrapWeights::new(2);
    for (n, runs) in [(8, 1_000_u32), (29, 1_000), (70, 1_000)] {
        for shape in SHAPES {
            let mut alarms = [0; 3];
            for _ in 0..runs {
                let values = differences(&mut draws, shape, n);
                let coarse = map(&values, |v| (v / 20.0).round());
                let found = [above(&values), differs(&values), above(&coarse)];
                alarms.iter_mut().zip(found).for_each(|(a, p)| *a += u32::from(p <= Some(0.05)));
            }
            // Three standard deviations above 5 %: 2.1 % of 1,000.
            let most = f64::from(runs) * 0.05 + 3.0 * (f64::from(runs) * 0.05 * 0.95).sqrt();
            for alarms in alarms {
                assert!(f64::from(alarms) <= most, "{alarms} of {runs}: {shape:?}, n = {n}");
                assert!(alarms >= runs / 100, "{alarms} of {runs}: blind? {shape:?}, n = {n}");
            }
        }
    }
}

#[test]
fn the_centre_of_hollander_and_wolfe() {
    // Hollander & Wolfe 1973, sections 3.2 and 3.3: 0.46, from 0.010 to 0.786 (96.1 %).
    let found = centre(&depression()).unwrap();
    let (low, high) = found.interval.unwrap();
    near(found.value, 0.46, 1e-12);
    near(low, 0.010, 1e-12);
    near(high, 0.786, 1e-12);
}

#[test]
fn the_fewest_differences_for_an_interval() {
    // All six have one sign with probability 2 / 64.
    let six = [11.0, 13.0, 17.0, 19.0, 23.0, 29.0];
    assert_eq!(centre(&six).unwrap().interval, Some((11.0, 29.0)));
    assert_eq!(centre(&six[..5]).unwrap().interval, None);
    assert_eq!(centre(&[5.0]), Some(Estimate { value: 5.0, interval: None }));
    assert_eq!(centre(&[5.0, 8.0]), Some(Estimate { value: 6.5, interval: None }));
    // Failures do not count among them.
    let failed = [11.0, FAILED, 13.0, 17.0, -FAILED, f64::NAN, 19.0, 23.0];
    assert_eq!(centre(&failed), centre(&six[..5]));
    assert_eq!(centre(&[FAILED, -FAILED, f64::NAN]), None);
}

/// 2e8 means: none of them is kept.
#[test]
fn many_differences_take_no_more_memory() {
    let values: Vec<f64> = (0..20_001).map(|v| f64::from(v) - 9_750.0).collect();
    let found = centre(&values).unwrap();
    let (low, high) = found.interval.unwrap();
    assert_eq!(found.value, 250.0);
    assert!(low < 250.0 && 250.0 < high && high - low < 500.0, "{found:?}");
}

/// Every way to give the sizes signs: how many of them have an interval, from the mean
/// of this rank to that of the same rank from above, which holds 0.
fn covered(sizes: &[f64], rank: u64) -> u32 {
    let means = (sizes.len() * (sizes.len() + 1) / 2) as u64;
    let holds = |signs: u32| {
        let mut signed: Vec<f64> = (0..sizes.len())
            .map(|i| if signs >> i & 1 == 1 { sizes[i] } else { -sizes[i] })
            .collect();
        signed.sort_unstable_by(f64::total_cmp);
        nth_mean(&signed, rank) <= 0.0 && 0.0 <= nth_mean(&signed, means + 1 - rank)
    };
    (0..1_u32 << sizes.len()).map(|signs| u32::from(holds(signs))).sum()
}

#[test]
fn intervals_hold_the_truth_in_95_of_100_ways_and_no_wider_ones_are_needed() {
    for n in 6..=9 {
        let rank = critical(n).unwrap();
        let enough = (0.95 * f64::from(1 << n)).ceil() as u32;
        let sizes: Vec<f64> = (0..n).map(|i| f64::from(1 << i)).collect();
        assert!(covered(&sizes, rank) >= enough, "n = {n}");
        assert!(covered(&sizes, rank + 1) < enough, "n = {n}: too wide");
        let tied: Vec<f64> = (0..n).map(|i| (i / 2) as f64).collect();
        assert!(covered(&tied, rank) >= enough, "n = {n}, tied");
    }
}

/// How often the interval holds the truth: 95 % is promised, and 10 differences have
/// 95.1 %, 29 some 95.0 %. 800 runs have a standard deviation of 0.77 %: the tolerance
/// is three of them.
fn intervals_cover_the_truth(n: usize) {
    const RUNS: usize = 800;
    let mut draws = BootstrapWeights::new(n as u64);
    for shape in SHAPES {
        let mut covered = 0;
        for _ in 0..RUNS {
            let values = map(&differences(&mut draws, shape, n), |v| v + 12.5);
            let (low, high) = centre(&values).unwrap().interval.unwrap();
            covered += usize::from(low <= 12.5 && 12.5 <= high);
        }
        assert!((742..=780).contains(&covered), "{shape:?}, n = {n}: {covered} of {RUNS}");
    }
}

#[test]
fn intervals_of_10_cover_the_truth_as_often_as_they_claim() {
    intervals_cover_the_truth(10);
}

#[test]
fn intervals_of_29_cover_the_truth_as_often_as_they_claim() {
    intervals_cover_the_truth(29);
}

/// The definition: both p-values, by giving signs in every way.
fn by_every_sign(differences: &[f64]) -> (f64, f64) {
    let score = |value: &f64| {
        let below = differences.iter().filter(|v| v.abs() < value.abs()).count();
        let tied = differences.iter().filter(|v| v.abs() == value.abs()).count();
        (2 * below + tied + 1) as i64
    };
    let signed: Vec<i64> =
        differences.iter().filter(|v| **v != 0.0).map(|v| score(v) * v.signum() as i64).collect();
    let own: i64 = signed.iter().sum();
    let (mut upper, mut both) = (0, 0);
    for signs in 0..1_u32 << signed.len() {
        let sum: i64 = (0..signed.len())
            .map(|i| if signs >> i & 1 == 1 { signed[i].abs() } else { -signed[i].abs() })
            .sum();
        upper += u32::from(sum >= own);
        both += u32::from(sum.abs() >= own.abs());
    }
    let ways = f64::from(1 << signed.len());
    (f64::from(upper) / ways, f64::from(both) / ways)
}

/// The definition: all means in order, their median, and those at the ranks of the
/// interval.
fn by_every_mean(values: &[f64]) -> Estimate {
    let mut all: Vec<f64> = (0..values.len())
        .flat_map(|i| values[i..].iter().map(move |other| (values[i] + other) / 2.0))
        .collect();
    all.sort_unstable_by(f64::total_cmp);
    let value = (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0;
    let ends = |c: u64| (all[c as usize - 1], all[all.len() - c as usize]);
    Estimate { value, interval: critical(values.len()).map(ends) }
}

/// Few distinct sizes, so that many are tied; zeros and failures.
fn tied(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        8 => (-6..8_i8).prop_map(f64::from),
        1 => Just(0.0),
        1 => prop_oneof![Just(FAILED), Just(-FAILED)],
    ];
    proptest::collection::vec(value, sizes)
}

fn whole() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec((-50..50_i32).prop_map(f64::from), 1..80)
}

/// No ties and no zeros: the sizes are 1, 2, 3 and so on, each with a sign.
fn untied(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let signed = |above: Vec<bool>| {
        (1..).zip(above).map(|(size, above)| f64::from(if above { size } else { -size })).collect()
    };
    proptest::collection::vec(any::<bool>(), sizes).prop_map(signed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_p_values_are_what_every_sign_gives(differences in tied(1..11)) {
        let (upper, both) = by_every_sign(&differences);
        prop_assert!((above(&differences).unwrap() - upper).abs() < 1e-12);
        prop_assert!((differs(&differences).unwrap() - both).abs() < 1e-12);
    }

    #[test]
    fn other_signs_turn_the_question_round(differences in tied(1..80)) {
        let turned = map(&differences, |v| -v);
        let (up, down) = (above(&differences).unwrap(), above(&turned).unwrap());
        let both = differs(&differences).unwrap();
        // Ways like the one seen count on either side.
        prop_assert!(up + down >= 1.0 - 1e-12, "{up} + {down}");
        prop_assert_eq!(Some(both), differs(&turned));
        prop_assert!((both - (2.0 * up.min(down)).min(1.0)).abs() < 1e-12);
        for p in [up, down, both] {
            prop_assert!(p >= least_p(differences.len()) && p <= 1.0);
        }
    }

    #[test]
    fn only_signs_and_the_order_of_sizes_matter(
        (differences, shuffled) in tied(1..80)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        scale in 0.001..1000.0_f64,
    ) {
        let p = above(&differences);
        prop_assert_eq!(p, above(&shuffled));
        let monotone: [&dyn Fn(f64) -> f64; 3] = [&|v| v * scale, &f64::sinh, &f64::cbrt];
        for by in monotone {
            prop_assert_eq!(p, above(&map(&differences, by)));
        }
    }

    /// When nothing is tied: with ties, a change of them changes what the ways are.
    #[test]
    fn a_larger_difference_is_never_less_of_an_alarm(
        differences in untied(1..80), at in any::<prop::sample::Index>(), by in 0..99_i32,
    ) {
        let mut larger = differences.clone();
        let value = at.get(&differences) + f64::from(by) + 0.5;
        larger[at.index(differences.len())] = value;
        prop_assume!(differences.iter().all(|v| v.abs() != value.abs()));
        prop_assert!(above(&larger).unwrap() <= above(&differences).unwrap() + 1e-12);
    }

    /// The interval is the shifts that the test would accept, in its exact part and in
    /// its approximate one.
    #[test]
    fn the_interval_holds_0_unless_the_differences_do_not_lie_about_it(
        differences in untied(6..80),
    ) {
        let p = differs(&differences).unwrap();
        let (low, high) = centre(&differences).unwrap().interval.unwrap();
        prop_assert_eq!(low <= 0.0 && 0.0 <= high, p > 2.0 * TAIL, "p = {}", p);
    }

    #[test]
    fn the_centre_is_what_every_mean_gives(differences in whole(), scale in 1e-6..1e6_f64) {
        prop_assert_eq!(centre(&differences), Some(by_every_mean(&differences)));
        let scaled = map(&differences, |v| v * scale);
        prop_assert_eq!(centre(&scaled), Some(by_every_mean(&scaled)));
    }

    #[test]
    fn the_centre_moves_with_the_differences(differences in whole(), by in -99..99_i32) {
        let by = f64::from(by);
        let found = centre(&differences).unwrap();
        prop_assert!(found.interval.is_none_or(|(l, h)| l <= found.value && found.value <= h));
        let interval = |by: &dyn Fn(f64) -> f64| found.interval.map(|(l, h)| (by(l), by(h)));
        let shifted = Estimate { value: found.value + by, interval: interval(&|v| v + by) };
        prop_assert_eq!(centre(&map(&differences, |v| v + by)), Some(shifted));
        let scaled = Estimate { value: found.value * 4.0, interval: interval(&|v| v * 4.0) };
        prop_assert_eq!(centre(&map(&differences, |v| v * 4.0)), Some(scaled));
        let interval = found.interval.map(|(low, high)| (-high, -low));
        let turned = Estimate { value: -found.value, interval };
        prop_assert_eq!(centre(&map(&differences, |v| -v)), Some(turned));
    }
}
