use proptest::prelude::*;

use super::*;
use crate::spec::factor::FactorMatrix;
use crate::text::units::Cpus;

fn mib(n: u64) -> u64 {
    n << 20
}

#[test]
fn a_processor_comes_with_1769_mib_and_128_have_a_fourteenth() {
    assert_eq!(CpuBandwidth::of_lambda(mib(1_769)), CpuBandwidth { quota: 20_000, period: 20_000 });
    assert_eq!(CpuBandwidth::of_lambda(mib(128)), CpuBandwidth { quota: 1_447, period: 20_000 });
    assert_eq!(CpuBandwidth::of_lambda(mib(3_008)).quota, 34_008);
}

#[test]
fn what_the_kernel_cannot_give_in_a_period_is_given_in_a_longer_one() {
    let little = CpuBandwidth::of_lambda(mib(64));
    assert_eq!(little.quota, 1_000);
    assert!((little.cores() - 64.0 / 1_769.0).abs() < 1e-4, "{little:?}");
    assert_eq!(CpuBandwidth::of_lambda(0).period, 1_000_000);
}

#[test]
fn as_many_processors_are_seen_as_were_observed() {
    let seen = [128, 3_008, 3_009, 5_307, 7_076, 8_845, 8_846, 10_240].map(mib);
    assert_eq!(seen.map(visible_processors), [2, 2, 3, 3, 4, 5, 6, 6]);
}

#[test]
fn a_quota_by_memory_takes_the_place_of_every_other() {
    let limits =
        Limits { memory: mib(256), cpus: Some(Cpus::from_cores(1.5).unwrap()), processes: None };
    let under = |rule| Combination { cpu_rule: rule, ..Combination::default() };
    let resolved = |rule| {
        let combination: Combination = under(rule);
        combination.resolve(combination.leaves(limits), "runc")
    };
    let plain = resolved(None);
    assert_eq!((plain.cpus, plain.cpu_rule), (limits.cpus, None));
    assert_eq!((plain.throttled_from_start(), plain.visible_processors()), (None, None));
    let on_demand = resolved(Some(CpuRule::Lambda));
    assert_eq!((on_demand.cpus, on_demand.throttled_from_start()), (None, None));
    assert_eq!(on_demand.throttled_when_ready(), Some(CpuBandwidth::of_lambda(mib(256))));
    let provisioned = resolved(Some(CpuRule::LambdaProvisioned));
    assert_eq!(provisioned.throttled_when_ready(), None);
    assert_eq!(provisioned.throttled_from_start(), Some(CpuBandwidth::of_lambda(mib(256))));
    assert_eq!(provisioned.visible_processors(), Some(2));
    assert_eq!(under(None).cores(limits), Some(1.5));
    let by_memory = under(Some(CpuRule::Lambda)).cores(limits).unwrap();
    assert!((by_memory - 0.1447).abs() < 1e-3);
}

#[test]
fn two_rules_for_the_same_are_refused_and_what_nobody_asked_for_is_not_written() {
    let mut lists = FactorMatrix { cpu_rule: vec![CpuRule::Lambda], ..FactorMatrix::default() };
    assert_eq!(lists.check(), Ok(()));
    lists.cpus = vec![Cpus::from_cores(1.0).unwrap()];
    assert!(lists.check().unwrap_err().contains("leave `cpus` out"));
    lists.cpu_rule = vec![CpuRule::Plain];
    assert_eq!(lists.check(), Ok(()));
    let unasked = serde_json::to_string(&FactorMatrix::default()).unwrap();
    assert!(!unasked.contains("cpu_rule"), "{unasked}");
    assert_eq!(serde_json::from_str::<FactorMatrix>(&unasked).unwrap(), FactorMatrix::default());
}

proptest! {
    #[test]
    fn more_memory_is_never_less_time_and_the_kernel_takes_it(a in 1_u64..20_000, b in 1_u64..20_000) {
        let [less, more] = [a.min(b), a.max(b)].map(|n| CpuBandwidth::of_lambda(mib(n)));
        prop_assert!(less.cores() <= more.cores() * 1.001);
        prop_assert!(less.quota >= LEAST && (LEAST..=1_000_000).contains(&less.period));
    }
}
