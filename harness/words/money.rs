//! Sums of money and shares, as a reader takes them in.

/// `$1.08`, `$0.00209`, `-$0.0000041`, `1.08 EUR`: two decimals, or three figures where
/// that is less.
pub(crate) fn money(sum: f64, currency: &str) -> String {
    let sign = if sum < 0.0 { "-" } else { "" };
    let amount = match sum.abs() {
        v if v < 1e-12 => "0".to_owned(),
        v if v >= 0.995 => format!("{v:.2}"),
        v => format!("{v:.*}", (2 - (v * 1.005).log10().floor() as i32).max(2) as usize),
    };
    match currency {
        "USD" => format!("{sign}${amount}"),
        other => format!("{sign}{amount} {}", super::plain(other)),
    }
}

/// `82 %`, `8.3 %`, `0.46 %`: two figures, or whole ones.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        v if v >= 9.95 => format!("{percent:.0} %"),
        v if v >= 0.995 => format!("{percent:.1} %"),
        v if v < 1e-12 => "0 %".to_owned(),
        v => format!("{percent:.*} %", (1 - (v * 1.05).log10().floor() as i32).max(1) as usize),
    }
}

/// How many nines the share has that is left by another one: `3.0` of 0.1 %, `all` of none.
pub(crate) fn nines(left: f64) -> String {
    match left {
        v if v <= 0.0 => "all".to_owned(),
        v => format!("{:.1}", (-v.min(1.0).log10()).abs()),
    }
}

/// Calls a second, of three figures.
pub(crate) fn rate(calls: f64) -> String {
    match calls {
        v if v >= 99.5 => format!("{v:.0}/s"),
        v if v >= 9.95 => format!("{v:.1}/s"),
        v if v >= 0.01 => format!("{v:.2}/s"),
        v => format!("{v:.4}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_as_many_figures_as_they_are_read_for() {
        let check = |sum: f64, text: &str| assert_eq!(money(sum, "USD"), text);
        check(0.0, "$0");
        check(1.0751, "$1.08");
        check(207.3, "$207.30");
        check(0.2073, "$0.207");
        check(0.002_088, "$0.00209");
        check(-0.000_004_12, "-$0.00000412");
        assert_eq!(money(1.5, "EUR"), "1.50 EUR");
    }

    #[test]
    fn shares_and_rates_are_short() {
        assert_eq!([0.001, 0.012, 1.0, 0.0].map(nines), ["3.0", "1.9", "0.0", "all"]);
        let shares = [0.824, 0.0832, 0.00463, 0.000_999, 0.0, -0.21].map(percent);
        assert_eq!(shares, ["82 %", "8.3 %", "0.46 %", "0.10 %", "0 %", "-21 %"]);
        assert_eq!(
            [123.4, 12.34, 0.5, 0.0012].map(rate),
            ["123/s", "12.3/s", "0.50/s", "0.0012/s"]
        );
    }
}
