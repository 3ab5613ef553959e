use super::*;
use proptest::prelude::*;

#[test]
fn durations_that_people_write() {
    let check = |text: &str, ms: f64| {
        assert_eq!(parse_duration(text).unwrap().as_secs_f64() * 1e3, ms, "{text}");
    };
    check("250ms", 250.0);
    check("2s", 2000.0);
    check("1.5s", 1500.0);
    check("10m", 600_000.0);
    check("40us", 0.04);
    check("2 s", 2000.0);
}

#[test]
fn wrong_units_say_what_is_right() {
    let check = |text: &str, part: &str| {
        let message = parse_duration(text).unwrap_err();
        assert!(message.contains(part), "{message}");
    };
    check("250", "has no unit");
    check("2 parsecs", "unknown unit `parsecs`");
    check("soon", "does not start with a number");
    check("99999999999999999999h", "out of range");
    check("8761h", "365 days at most");
    assert_eq!(parse_duration("8760h"), Ok(LONGEST));
    assert!(parse_size("99999999999GiB").unwrap_err().contains("1048576GiB at most"));
    assert_eq!(parse_size("1048576GiB"), Ok(LARGEST));
    assert!(parse_size("1MB").unwrap_err().contains("use B, KiB, MiB or GiB"));
    assert_eq!(parse_size("128MiB").unwrap(), 128 << 20);
}

#[test]
fn latencies_have_three_figures() {
    let check = |ns: f64, text: &str| assert_eq!(format_ns(ns), text);
    check(0.0, "0 ns");
    check(812.0, "812 ns");
    check(999.7, "1.00 us");
    check(51_300.0, "51.3 us");
    check(214_000.0, "214 us");
    check(999_600.0, "1.00 ms");
    check(224_400_000.0, "224 ms");
    check(1.02e9, "1.02 s");
    assert_eq!(format_ms(214_000.0), "0.214");
    assert_eq!(format_wait(Duration::from_secs(200)), "3 min 20 s");
}

#[test]
fn sizes_have_the_unit_that_reads_well() {
    let check = |bytes: u64, text: &str| assert_eq!(format_size(bytes), text);
    check(0, "0 B");
    check(1023, "1023 B");
    check(1024, "1.0 KiB");
    check(1 << 19, "512.0 KiB");
    check((1 << 20) - 1, "1.0 MiB");
    check(512 << 20, "512.0 MiB");
    check((1 << 30) - 1, "1.0 GiB");
    check(3 << 30, "3.0 GiB");
    check(70_133 << 20, "68.5 GiB");
}

#[test]
fn shares_are_percents() {
    assert_eq!(parse_share("7%"), Ok(0.07));
    assert_eq!(parse_share("0%"), Ok(0.0));
    assert_eq!(parse_precision("0.5 %"), Ok(0.005));
    for text in ["7", "100%", "-1%", "NaN%", "%", ""] {
        assert!(parse_share(text).unwrap_err().contains("is not a valid share"), "{text}");
    }
    assert!(parse_precision("0%").unwrap_err().contains("never reached"));
}

proptest! {
    #[test]
    fn a_parsed_share_is_what_was_printed(share in 0u32..1_000_000) {
        let text = format_share(f64::from(share) / 1e6);
        prop_assert_eq!(format_share(parse_share(&text).unwrap()), text.clone());
        prop_assert!(text.len() <= 8, "{}", text);
    }

    #[test]
    fn a_parsed_duration_is_what_was_printed(ms in 1u64..10_000_000) {
        let text = format!("{ms}ms");
        let back = parse_duration(&text).unwrap().as_secs_f64() * 1e3;
        prop_assert!((back - ms as f64).abs() < 1e-6 * ms as f64 + 1e-6);
    }

    #[test]
    fn a_time_that_is_printed_exactly_is_read_as_it_was(ns in 0u64..10_000_000_000_000) {
        let time = Duration::from_nanos(ns);
        prop_assert_eq!(parse_duration(&format_exactly(time)), Ok(time));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,20}") {
        let _ = parse_duration(&text);
        let _ = parse_size(&text);
    }
}
