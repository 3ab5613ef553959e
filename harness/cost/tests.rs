use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;
const X86: Architecture = Architecture::X86;

fn builtin() -> Prices {
    Prices::builtin().unwrap()
}

fn near(is: f64, should: f64) {
    assert!((is / should - 1.0).abs() < 0.005, "{is} is not {should}");
}

#[test]
fn a_call_is_billed_in_whole_milliseconds_of_init_and_handler_together() {
    let check = |handler: u64, init: Option<u64>, ms: u64| {
        assert_eq!(billed_ms(handler, init), ms, "{handler} {init:?}");
    };
    check(0, None, 1);
    check(1, None, 1);
    check(MS, None, 1);
    check(MS + 1, None, 2);
    // Published reports: 1,307.68 ms and 1,058.15 ms; 515.17 ms and 493.88 ms.
    check(1_058_150_000, Some(1_307_680_000), 2_366);
    check(515_170_000, Some(493_880_000), 1_010);
    check(u64::MAX, Some(u64::MAX), u64::MAX / MS + 1);
}

#[test]
fn memory_is_billed_in_whole_mib_and_128_at_least() {
    for (bytes, mib) in [(0, 128), (128 << 20, 128), ((512 << 20) + 1, 513), (u64::MAX, u32::MAX)] {
        assert_eq!(billed_mib(bytes), mib);
    }
}

#[test]
fn half_a_gigabyte_for_100_ms_costs_what_the_price_page_says() {
    let prices = builtin();
    let price = |share| prices.per_million(X86, 512, 100 * MS, (100 * MS, 500 * MS), share);
    near(price(0.01), 1.075);
    near(price(0.0), 1.033);
    let arm = prices.per_million(Architecture::Arm, 512, 100 * MS, (100 * MS, 500 * MS), 0.01);
    near(arm, 0.2 + 0.7);
}

/// At half use 40 % cheaper, at full use 20 % dearer: of rented containers, and not of calls.
#[test]
fn the_claim_about_utilisation_holds_for_containers_and_turns_for_calls() {
    let prices = builtin();
    let check = |name: &str, at: f64, half: f64, full: f64| {
        let machine = prices.machines.iter().find(|m| m.name == name).unwrap();
        let crossing = prices.against_fargate(machine).unwrap();
        near(crossing.at().unwrap(), at);
        near(crossing.saving(0.5).unwrap(), half);
        near(crossing.saving(1.0).unwrap(), full);
    };
    check("m5.large", 0.824, 0.393, -0.2138);
    check("c5.large", 0.861, 0.419, -0.1616);
    check("r5.large", 0.8285, 0.3965, -0.207);
    let [m5, m7g] = ["m5.large", "m7g.large"].map(|name| {
        let machine = prices.machines.iter().find(|m| m.name == name).unwrap();
        prices.against_lambda(machine)
    });
    near(m5.by_use, 0.2073);
    near(m5.at().unwrap(), 0.463);
    assert!(m5.saving(0.5).unwrap() < -0.07, "{m5:?}");
    near(m5.saving(0.1).unwrap(), 0.784);
    near(m5.saving(0.2).unwrap(), 0.568);
    near(m7g.at().unwrap(), 0.492);
}

#[test]
fn a_function_fills_a_machine_by_its_cpu_or_by_its_memory() {
    let prices = builtin();
    let machine = |vcpus, memory_gib| Machine { vcpus, memory_gib, ..prices.machines[0].clone() };
    let warm = |memory_mib| Billing { memory_mib, handler_ns: 100 * MS, init_ns: None };
    let calls =
        |machine: &Machine, mib| Some(prices.against_calls(machine, &warm(mib), 1e-6)?.calls);
    near(calls(&machine(2.0, 8.0), 1769).unwrap(), 2.0 * 36_000.0);
    near(calls(&machine(2.0, 0.5), 256).unwrap(), 2.0 * 36_000.0);
    assert_eq!(calls(&machine(2.0, 0.5), 513), None);
    let rental = prices.against_calls(&machine(2.0, 8.0), &warm(1769), 1e-6).unwrap();
    assert_eq!(rental.calls_a_second(), None);
    let rental = prices.against_calls(&machine(2.0, 8.0), &warm(1769), 1e-5).unwrap();
    near(rental.calls_a_second().unwrap() * 3600.0 * 1e-5, rental.crossing.machine);
    let instant = Billing { handler_ns: 0, ..warm(128) };
    assert_eq!(prices.against_calls(&machine(2.0, 8.0), &instant, 1e-6), None);
}

#[test]
fn standing_by_costs_what_the_formulas_say() {
    let prices = builtin();
    let warm = Billing { memory_mib: 512, handler_ns: 5 * MS, init_ns: None };
    let cold = Billing { init_ns: Some(500 * MS), ..warm };
    near(prices.standby_a_month(X86, &warm, Standby::Pings), 0.002_088);
    let gb = Billing { memory_mib: 1024, ..warm };
    near(prices.standby_a_month(X86, &gb, Standby::Provisioned), 10.80);
    let avoided = |standby, cold_starts, share| {
        let traffic = Traffic { cold: cold_starts, share };
        prices.per_cold_start_avoided(X86, &warm, &cold, standby, traffic)
    };
    // 4.17 millionths of a dollar are the initialisation's own.
    near(avoided(Standby::Pings, 30.0, 0.01).unwrap(), 0.002_088 / 30.0 - 4.167e-6);
    assert!(avoided(Standby::Pings, 720.0, 0.01).unwrap() < 0.0);
    let provisioned = avoided(Standby::Provisioned, 30.0, 0.01).unwrap();
    near(provisioned, (5.40 - 3_000.0 * 6.9445e-6 * 0.5 * 0.005) / 30.0 - 4.167e-6);
    assert_eq!(avoided(Standby::Pings, 0.0, 0.01), None);
    assert_eq!(avoided(Standby::Provisioned, 30.0, 0.0), None);
}

fn durations() -> impl Strategy<Value = u64> {
    0..20_000 * MS
}

proptest! {
    #[test]
    fn more_memory_time_or_cold_starts_never_cost_less(
        memory in 128u32..10_240,
        more_memory in 0u32..10_240,
        (warm, handler, init) in (durations(), durations(), durations()),
        more in durations(),
        share in 0.0..=1.0,
        more_share in 0.0..=1.0,
        arm in any::<bool>(),
    ) {
        let prices = builtin();
        let architecture = if arm { Architecture::Arm } else { X86 };
        let price = |memory, warm, cold, share| {
            prices.per_million(architecture, memory, warm, cold, share)
        };
        let base = price(memory, warm, (handler, init), share);
        let least = base * (1.0 - 1e-12);
        prop_assert!(base.is_finite() && base > 0.0);
        prop_assert!(price(memory + more_memory, warm, (handler, init), share) >= least);
        prop_assert!(price(memory, warm + more, (handler, init), share) >= least);
        prop_assert!(price(memory, warm, (handler + more, init), share) >= least);
        prop_assert!(price(memory, warm, (handler, init + more), share) >= least);
        // A share more is dearer where a cold call is.
        let cold_is_longer = (warm + handler, init);
        let base = price(memory, warm, cold_is_longer, share.min(more_share));
        prop_assert!(
            price(memory, warm, cold_is_longer, share.max(more_share)) >= base * (1.0 - 1e-12)
        );
    }

    #[test]
    fn no_text_makes_prices_panic(text in "\\PC{0,200}", at in 0usize..4_000, cut in 0usize..40) {
        let _ = prices::parse(&text, "p.toml");
        let mut damaged = prices::BUILTIN.to_owned();
        let from = damaged.char_indices().map(|(i, _)| i).nth(at).unwrap_or(0);
        let to = (from + cut).min(damaged.len());
        if damaged.is_char_boundary(to) {
            damaged.replace_range(from..to, &text);
        }
        let _ = prices::parse(&damaged, "p.toml").map_err(|mistake| mistake.to_string());
    }
}

#[test]
fn what_is_wrong_with_prices_is_told_with_its_place_and_cure() {
    let check = |line: &str, by: &str, told: &str| {
        assert!(prices::BUILTIN.contains(line), "{line}");
        let text = prices::BUILTIN.replacen(line, by, 1);
        let at = 1 + prices::BUILTIN.split(line).next().unwrap().matches('\n').count();
        let message = prices::parse(&text, "mine.toml").unwrap_err().to_string();
        assert!(message.contains(told), "{message}");
        // What is missing is missing in its table, which begins above.
        if !told.starts_with("missing") {
            assert!(message.starts_with(&format!("mine.toml:{at}:")), "{message}");
        }
    };
    let missing = "missing field `gb-second`; functions/prices.toml of this project has every key";
    check("gb-second = 0.0000166667\n", "", missing);
    let price = "a price is a plain number from 0 to 1000000";
    check("hour = 0.096", "hour = -0.096", &format!("`hour` cannot be -0.096: {price}"));
    check("hour = 0.096", "hour = nan", &format!("`hour` cannot be NaN: {price}"));
    check("hour = 0.096", "hour = inf", &format!("`hour` cannot be inf: {price}"));
    check("hour = 0.096", "hour = \"0.096 USD\"", "write a plain number, without a unit");
    check("vcpus = 2", "vcpus = 0", "`vcpus` cannot be 0: a size is a number from 0.01");
    check("hour = 0.096", "hours = 0.096", "did you mean `hour`?");
    check("\"c5.large", "\"m5.large", "a second machine is named `m5.large`");
    check("\"2026-09-19\"", "\" \"", "`as-of` is empty");
    check("\"arm\"", "\"arm64\"", "unknown variant `arm64`, expected `x86` or `arm`");
}
