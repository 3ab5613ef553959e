use super::*;
use proptest::prelude::*;

fn near(found: f64, expected: f64, digits: f64) {
    assert!((found - expected).abs() <= digits, "{found}, not {expected}");
}

#[test]
fn intervals_of_the_published_tables() {
    // Exact binomial limits as in Documenta Geigy, Scientific Tables, 7th ed., p. 85
    // onwards.
    for (hits, n, low, high) in [
        (0, 20, 0.0, 0.1684),
        (1, 20, 0.0013, 0.2487),
        (0, 10, 0.0, 0.3085),
        (2, 10, 0.0252, 0.5561),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (10, 100, 0.0490, 0.1762),
    ] {
        let found = interval(hits, n);
        near(found.0, low, 5e-5);
        near(found.1, high, 5e-5);
    }
    // R, `help(binom.test)`: 682 of 925, from Conover 1971, p. 97.
    let (low, high) = interval(682, 925);
    near(low, 0.707_668_3, 5e-8);
    near(high, 0.765_406_6, 5e-8);
}

#[test]
fn ends_with_a_closed_form() {
    // None of n: 1 - 0.025^(1/n); one of n: the lower end is 1 - 0.975^(1/n).
    for n in [1, 2, 7, 300, 10_000, 1_000_000] {
        let root = |p: f64| -(p.ln() / n as f64).exp_m1();
        assert_eq!(interval(0, n).0, 0.0);
        assert_eq!(interval(n, n).1, 1.0);
        near(interval(0, n).1 / root(0.025), 1.0, 1e-9);
        near(interval(1, n).0 / root(0.975), 1.0, 1e-9);
    }
    assert_eq!(interval(0, 0), (0.0, 1.0), "nothing seen, nothing known");
}

/// What Clopper & Pearson promise, from the definition: whatever the share, the
/// numbers of hits whose interval holds it have 95 % or more together.
#[test]
fn intervals_cover_every_share() {
    for n in [1_u64, 5, 12, 30] {
        let intervals: Vec<(f64, f64)> = (0..=n).map(|hits| interval(hits, n)).collect();
        for percent in 1..100 {
            let q = f64::from(percent) / 100.0;
            let mut pmf = (1.0 - q).powi(n as i32);
            let mut covered = 0.0;
            for (hits, (low, high)) in (0..=n).zip(&intervals) {
                covered += if *low <= q && q <= *high { pmf } else { 0.0 };
                pmf *= (n - hits) as f64 / (hits + 1) as f64 * q / (1.0 - q);
            }
            assert!(covered >= 0.95, "n = {n}, q = {q}: {covered}");
        }
    }
}

#[test]
fn fishers_test_of_textbooks() {
    // R, `help(fisher.test)`: the lady who tasted tea, three of four right (Fisher
    // 1935; Agresti 1990, p. 61): 17 / 70 = 0.2429.
    near(more_often((3, 4), (1, 4)), 17.0 / 70.0, 1e-12);
    // Ibid.: convictions of the twins of criminals (Fisher 1970, p. 37): 10 of 13
    // monozygotic against 2 of 17 dizygotic ones: 0.0004652.
    near(more_often((10, 13), (2, 17)), 0.000_465_2, 5e-8);
    assert!(more_often((2, 17), (10, 13)) > 0.9999);
}

#[test]
fn nothing_to_tell_apart() {
    for (head, base) in [((0, 5), (0, 7)), ((5, 5), (7, 7)), ((0, 0), (3, 7)), ((3, 7), (0, 0))] {
        assert_eq!(more_often(head, base), 1.0, "{head:?} against {base:?}");
    }
    // All of one and none of the other: one deal of C(2n, n).
    near(more_often((5, 5), (0, 5)) * 252.0, 1.0, 1e-12);
    assert!(more_often((20_000, 20_000), (0, 20_000)) < 1e-300);
    near(more_often((1, 1_000_000), (0, 1_000_000)), 0.5, 1e-12);
}

/// The definition, in whole numbers: all ways to choose the hits.
fn by_counting((a, n): (u64, u64), (b, m): (u64, u64)) -> f64 {
    let choose =
        |n: u64, k: u64| (0..k).fold(1_u128, |c, i| c * u128::from(n - i) / u128::from(i + 1));
    let hits = a + b;
    let like = |x: u64| if hits - x <= m { choose(n, x) * choose(m, hits - x) } else { 0 };
    (a..=n.min(hits)).map(like).sum::<u128>() as f64 / choose(n + m, hits) as f64
}

fn share() -> impl Strategy<Value = (u64, u64)> {
    (0..40_u64).prop_flat_map(|n| (0..=n, Just(n)))
}

proptest! {
    #[test]
    fn fishers_test_is_what_counting_gives(head in share(), base in share()) {
        let (found, expected) = (more_often(head, base), by_counting(head, base));
        prop_assert!((found / expected - 1.0).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn either_side_or_the_other(head in share(), base in share()) {
        prop_assert!(more_often(head, base) + more_often(base, head) >= 1.0 - 1e-12);
        // Misses more often in base is hits more often in head.
        let misses = |(hits, n): (u64, u64)| (n - hits, n);
        let turned = more_often(misses(base), misses(head));
        prop_assert!((more_often(head, base) - turned).abs() < 1e-12);
    }

    #[test]
    fn intervals_hold_the_share_and_mirror((hits, n) in share()) {
        let (low, high) = interval(hits, n);
        prop_assume!(n > 0);
        let share = hits as f64 / n as f64;
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        let (other_low, other_high) = interval(n - hits, n);
        prop_assert!((low - (1.0 - other_high)).abs() < 1e-12);
        prop_assert!((high - (1.0 - other_low)).abs() < 1e-12);
    }
}
