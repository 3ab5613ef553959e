//! Figures as words.

use super::synthetic;
use crate::report::build::comparison::words::*;
use crate::spec::tolerance::Metric;
use crate::stats::hodges_lehmann::Estimate;

fn estimate(value: f64) -> Option<Estimate> {
    Some(Estimate { value, interval: Some((value - 0.029, value + 0.028)) })
}

#[test]
fn changes_have_a_sign_and_one_decimal() {
    assert_eq!(change(estimate(1.118)), "+11.8 %");
    assert_eq!(interval(estimate(1.118)), "[+8.9, +14.6]");
    assert_eq!(change(estimate(0.9999)), "+0.0 %");
    assert_eq!(change(estimate(0.912)), "-8.8 %");
    assert_eq!(change(estimate(f64::INFINITY)), "—");
    assert_eq!((change(None).as_str(), interval(None).as_str()), ("—", ""));
    let image = synthetic::size("a", 2048.0, 2060.0);
    assert_eq!(row_change(&image), "+0.6 % (+12 B)");
}

#[test]
fn p_values_are_short() {
    let check = |value: f64, text: Option<&str>| assert_eq!(p(value).as_deref(), text);
    check(0.0, Some("<.0001"));
    check(0.00042, Some("=.0004"));
    check(0.0314, Some("=.031"));
    check(1.0, Some("=1.000"));
    check(f64::NAN, None);
}

#[test]
fn differences_do_not_print_as_nothing() {
    let check = |metric, value, text: &str| assert_eq!(signed(metric, value), text);
    check(Metric::Total, 24.3e6, "+24 ms");
    check(Metric::Total, -1.26e6, "-1.3 ms");
    check(Metric::Warm, 31_000.0, "+0.03 ms");
    check(Metric::Size, 12.0, "+12 B");
    check(Metric::Size, -2048.0, "-2.0 KiB");
    check(Metric::Memory, 3.0 * 1024.0 * 1024.0, "+3.0 MiB");
    check(Metric::Total, f64::NAN, "—");
}

#[test]
fn a_row_in_one_line() {
    let c = synthetic::regressed();
    assert_eq!(
        line(&c.rows[0]),
        "224 ms -> 250 ms, +11.8 % [+8.8, +14.8], p=.0004, n=58, failed=0: \
         REGRESSED in init (+26 ms) (measured again: n = 58)"
    );
    let c = synthetic::failing();
    assert_eq!(
        line(&c.rows[3]),
        "240 ms -> failed, —, p<.0001, n=29, failed=0/20: \
         REGRESSED (failed in 20 of 29 rounds, in base in 0 of 29)"
    );
}
