//! The standard normal distribution. Must not know what is tested with it.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// P(Z > z): the upper tail, to full precision however far out.
///
/// Half the complementary error function of z / sqrt 2 (Abramowitz & Stegun 1964,
/// 26.2.29).
#[must_use]
pub fn beyond(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The z with P(Z > z) = `p`, for 0 < `p` < 1; infinite at 0 and 1, and beyond them.
///
/// Starts from Abramowitz & Stegun 1964, 26.2.23 (Hastings 1955), which is within
/// 4.5e-4, and takes two steps of Halley's method, each of which cubes the error.
#[must_use]
pub fn quantile_above(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -quantile_above(1.0 - p);
    }
    let t = (-2.0 * p.ln()).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    closer(closer(t - over / under, p), p)
}

/// One step of Halley's method for P(Z > z) = p.
fn closer(z: f64, p: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / TAU.sqrt();
    let newton = (beyond(z) - p) / density;
    z + newton / (1.0 - 0.5 * z * newton)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The usual table of percentage points, here to the digits of NIST/SEMATECH
    /// e-Handbook of Statistical Methods 1.3.6.7.1 and of Abramowitz & Stegun 1964,
    /// table 26.5.
    const TABLE: [(f64, f64); 9] = [
        (0.5, 0.0),
        (0.25, 0.674_489_750_2),
        (0.1, 1.281_551_565_5),
        (0.05, 1.644_853_626_95),
        (0.025, 1.959_963_984_54),
        (0.01, 2.326_347_874_04),
        (0.005, 2.575_829_303_55),
        (0.001, 3.090_232_306_17),
        (0.000_1, 3.719_016_485_46),
    ];

    #[test]
    fn quantiles_and_tails_match_the_tables() {
        for (p, z) in TABLE {
            assert!((quantile_above(p) - z).abs() < 1e-9, "p = {p}: {}", quantile_above(p));
            assert!((quantile_above(1.0 - p) + z).abs() < 1e-9, "p = 1 - {p}");
            assert!((beyond(z) / p - 1.0).abs() < 1e-9, "z = {z}: {}", beyond(z));
        }
        // Abramowitz & Stegun 1964, table 26.2: -log10 Q(10) = 23.11805.
        assert!((-beyond(10.0).log10() - 23.118_05).abs() < 1e-5);
        // Tables of areas: P(Z > 1) = 0.15866, P(Z > 2) = 0.02275, P(Z > 3) = 0.00135.
        for (z, p) in [(1.0, 0.158_66), (2.0, 0.022_75), (3.0, 0.001_35)] {
            assert!((beyond(z) - p).abs() < 5e-6, "z = {z}");
        }
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!((quantile_above(0.0), quantile_above(1.0)), (f64::INFINITY, f64::NEG_INFINITY));
        assert_eq!((beyond(f64::INFINITY), beyond(f64::NEG_INFINITY)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn one_undoes_the_other(exponent in 0.0..280.0_f64) {
            let p = 0.5 * 10_f64.powf(-exponent);
            prop_assert!((beyond(quantile_above(p)) / p - 1.0).abs() < 1e-11, "p = {p}");
        }

        #[test]
        fn the_tails_add_up(z in -40.0..40.0_f64) {
            prop_assert!((beyond(z) + beyond(-z) - 1.0).abs() < 1e-15);
        }
    }
}
