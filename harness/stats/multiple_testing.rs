//! p-values adjusted for how many there are. Must not know what was tested.
//!
//! An adjusted p-value is compared with the level that is wanted of all tests
//! together. All are between 0 and 1, in the order of the input.

/// Keeps the chance of one false alarm or more among all tests below the level,
/// however the tests depend on each other.
///
/// Holm 1979, A simple sequentially rejective multiple test procedure.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 0.0_f64;
    for (rank, index) in ascending(p).into_iter().enumerate() {
        least = least.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

/// Keeps the expected share of false alarms among the alarms below the level, for
/// tests that are independent or depend on each other positively.
///
/// Benjamini & Hochberg 1995, Controlling the false discovery rate.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut most = 1.0_f64;
    for (rank, index) in ascending(p).into_iter().enumerate().rev() {
        most = most.min(p[index] * p.len() as f64 / (rank + 1) as f64);
        adjusted[index] = most;
    }
    adjusted
}

/// Indices from the smallest p-value to the largest.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Benjamini & Hochberg 1995, section 4.1: fifteen tests of a trial of
    /// treatments after a heart attack.
    const TRIAL: [f64; 15] = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-12, "{found:?}, not {expected:?}");
        }
    }

    fn alarms(adjusted: &[f64]) -> usize {
        adjusted.iter().filter(|p| **p <= 0.05).count()
    }

    #[test]
    fn the_trial_of_benjamini_and_hochberg() {
        // The paper: four are rejected by the new procedure at 0.05, three by those
        // that control the chance of any false rejection.
        assert_eq!(alarms(&benjamini_hochberg(&TRIAL)), 4);
        assert_eq!(alarms(&holm(&TRIAL)), 3);
        // 15 / 4 * 0.0095, by hand; and 12 * 0.0095.
        assert!((benjamini_hochberg(&TRIAL)[3] - 0.035_625).abs() < 1e-12);
        assert!((holm(&TRIAL)[3] - 0.114).abs() < 1e-12);
    }

    #[test]
    fn worked_by_hand_in_any_order() {
        // Four tests of Wikipedia's article on Holm's method (0.01, 0.04, 0.03, 0.005
        // at 0.05: the first and the fourth are rejected).
        let p = [0.01, 0.04, 0.03, 0.005];
        near(&holm(&p), &[0.03, 0.06, 0.06, 0.02]);
        near(&benjamini_hochberg(&p), &[0.02, 0.04, 0.04, 0.02]);
        // As `p.adjust(1:5 / 100, "holm")` and `"BH"` of R give it.
        let p = [0.01, 0.02, 0.03, 0.04, 0.05];
        near(&holm(&p), &[0.05, 0.08, 0.09, 0.09, 0.09]);
        near(&benjamini_hochberg(&p), &[0.05; 5]);
    }

    #[test]
    fn none_and_one() {
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
        assert_eq!((holm(&[0.2]), benjamini_hochberg(&[0.2])), (vec![0.2], vec![0.2]));
    }

    /// The definitions as they stand in the papers: quadratic.
    fn by_definition(p: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut sorted = p.to_vec();
        sorted.sort_by(f64::total_cmp);
        let m = p.len() as f64;
        let holm = |own: &f64| {
            let upto = sorted.iter().enumerate().filter(|(_, p)| *p <= own);
            upto.map(|(i, p)| (m - i as f64) * p).fold(0.0, f64::max).min(1.0)
        };
        let bh = |own: &f64| {
            let from = sorted.iter().enumerate().filter(|(_, p)| *p >= own);
            from.map(|(i, p)| m * p / (i as f64 + 1.0)).fold(1.0, f64::min)
        };
        (p.iter().map(holm).collect(), p.iter().map(bh).collect())
    }

    proptest! {
        #[test]
        fn are_what_the_papers_define(
            tenths in proptest::collection::vec(0..=40_u32, 0..30),
        ) {
            let p: Vec<f64> = tenths.iter().map(|t| f64::from(*t) / 40.0).collect();
            let (expected_holm, expected_bh) = by_definition(&p);
            near(&holm(&p), &expected_holm);
            near(&benjamini_hochberg(&p), &expected_bh);
        }

        #[test]
        fn raise_p_values_and_holm_raises_more(
            p in proptest::collection::vec(0.0..=1.0_f64, 0..30),
        ) {
            let (strict, mild) = (holm(&p), benjamini_hochberg(&p));
            for i in 0..p.len() {
                // By rounding only: p * n / n may be below p.
                prop_assert!(p[i] <= mild[i] + 1e-15 && mild[i] <= strict[i] + 1e-15);
                prop_assert!(strict[i] <= 1.0);
            }
        }
    }
}
