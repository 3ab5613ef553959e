use super::*;
use crate::spec::function::LEAST_MEMORY;
use crate::text::units::Cpus;

mod adding;

fn cpus(cores: f64) -> Cpus {
    Cpus::from_cores(cores).unwrap()
}

fn everything() -> Combination {
    Combination {
        engine: None,
        daemon: None,
        network: Some(Network::None),
        runtime: Some("crun".into()),
        start_from: None,
        cpus: Some(cpus(0.5)),
        cpu_rule: None,
        memory: Some(64 << 20),
        page_cache: Some(PageCache::ImageCold),
        cgroup_moves: Some(CgroupMoves::Favordynmods),
        log_driver: Some("local".into()),
        node: None,
    }
}

#[test]
fn what_is_left_open_is_the_functions_or_the_engines() {
    let limits = Limits { memory: 1 << 28, cpus: Some(cpus(2.0)), processes: None };
    let factors = Combination::on(Network::Host).resolve(limits, "runc");
    let expected = Factors {
        engine: EngineKind::Docker,
        daemon: None,
        network: Network::Host,
        runtime: "runc".into(),
        start_from: None,
        cpus: Some(cpus(2.0)),
        cpu_rule: None,
        memory: 1 << 28,
        page_cache: PageCache::Warm,
        cgroup_moves: None,
        log_driver: LOG_DRIVER.into(),
        node: None,
    };
    assert_eq!(factors, expected);
}

#[test]
fn what_is_asked_for_wins_over_the_function_and_the_engine() {
    let limits = Limits { memory: 1 << 28, cpus: Some(cpus(2.0)), processes: None };
    let factors = everything().resolve(limits, "runc");
    let expected = Factors {
        engine: EngineKind::Docker,
        daemon: None,
        network: Network::None,
        runtime: "crun".into(),
        start_from: None,
        cpus: Some(cpus(0.5)),
        cpu_rule: None,
        memory: 64 << 20,
        page_cache: PageCache::ImageCold,
        cgroup_moves: Some(CgroupMoves::Favordynmods),
        log_driver: "local".into(),
        node: None,
    };
    assert_eq!(factors, expected);
}

#[test]
fn a_combination_is_told_by_what_it_asks_for() {
    assert_eq!(Combination::on(Network::Bridge).to_string(), "bridge");
    assert_eq!(
        everything().to_string(),
        "none, crun, 0.5 cpu, 64.0 MiB, image-cold, favordynmods, log local"
    );
}

#[test]
fn only_the_default_network_with_nothing_else_is_plain() {
    assert!(Combination::on(Network::Bridge).is_plain());
    assert!(!Combination::on(Network::Host).is_plain());
    let quota = Combination { cpus: Some(cpus(1.0)), ..Combination::on(Network::Bridge) };
    assert!(!quota.is_plain());
}

#[test]
fn a_name_is_read_as_it_is_written_and_in_no_other_way() {
    for network in [Network::Bridge, Network::Host, Network::None] {
        assert_eq!(Network::parse(&network.to_string()), Ok(network));
        let file = serde_json::to_string(&network).unwrap();
        assert_eq!(file, format!("\"{network}\""), "files and flags agree");
    }
    for state in [PageCache::Warm, PageCache::ImageCold, PageCache::HostCold] {
        assert_eq!(PageCache::parse(&state.to_string()), Ok(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
    }
    let error = Network::parse("Bridge").unwrap_err();
    assert!(error.contains("`Bridge`") && error.contains("bridge, host, none"), "{error}");
    let error = PageCache::parse("hot").unwrap_err();
    assert!(error.contains("`hot`") && error.contains("warm, image-cold, host-cold"), "{error}");
}

#[test]
fn factors_are_kept_without_what_is_not_there() {
    let process = Factors::of_a_process();
    let text = serde_json::to_string(&process).unwrap();
    assert!(!text.contains("cpus"), "{text}");
    assert_eq!(serde_json::from_str::<Factors>(&text).unwrap(), process);
    let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
    let all = everything().resolve(limits, "runc");
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Factors>(&text).unwrap(), all);
}

#[test]
fn the_values_of_a_factor_have_names_for_a_person() {
    let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
    let labels = Combination::on(Network::Bridge).resolve(limits, "runc").labels();
    let expected = [
        "docker",
        "none named",
        "bridge",
        "runc",
        "from bundle",
        "no quota",
        "plain cpu",
        "256.0 MiB",
        "warm",
        "moves as is",
        "log json-file",
        "no fleet",
    ];
    assert_eq!(labels, expected);
}

#[test]
fn the_first_factor_varies_slowest() {
    let lists = FactorMatrix {
        networks: vec![Network::Bridge, Network::Host],
        cpus: vec![cpus(0.5), cpus(1.0)],
        ..FactorMatrix::default()
    };
    let all: Vec<String> = lists.combinations().iter().map(ToString::to_string).collect();
    assert_eq!(all, ["bridge, 0.5 cpu", "bridge, 1 cpu", "host, 0.5 cpu", "host, 1 cpu"]);
}

#[test]
fn nothing_asked_for_is_one_plain_combination() {
    let all = FactorMatrix::default().combinations();
    assert!(all.len() == 1 && all[0].is_plain(), "{all:?}");
}

#[test]
fn lists_that_cannot_be_measured_are_refused() {
    let refusal = |change: fn(&mut FactorMatrix)| {
        let mut lists = FactorMatrix::default();
        change(&mut lists);
        lists.check().err().unwrap_or_default()
    };
    assert_eq!(refusal(|_| {}), "");
    assert!(refusal(|l| l.networks.clear()).contains("at least one value"));
    assert!(refusal(|l| l.page_cache.clear()).contains("at least one value"));
    assert!(refusal(|l| l.memory = vec![LEAST_MEMORY - 1]).contains("less than any engine takes"));
    assert_eq!(refusal(|l| l.memory = vec![LEAST_MEMORY]), "");
    assert!(refusal(|l| l.runtimes = vec!["a".into(), "a".into()]).contains("`runtimes`"));
    assert!(refusal(|l| l.log_drivers = vec!["a".into(), "a".into()]).contains("`log-drivers`"));
}

#[test]
fn what_an_engine_cannot_do_is_refused_and_what_nobody_asked_for_is_not() {
    let none = Capabilities::default();
    assert_eq!(Combination::on(Network::Bridge).refuse(&none), Ok(()));
    let quota = Combination { cpus: Some(cpus(1.0)), ..Combination::on(Network::Bridge) };
    assert_eq!(quota.refuse(&none), Err("the engine cannot vary the CPU quota".to_owned()));
    let able = none.clone().with::<CpuQuota>(true.into());
    assert_eq!(quota.refuse(&able), Ok(()));
    let unable = none.with::<CpuQuota>(false.into());
    assert_eq!(quota.refuse(&unable), Err("the engine's kernel has no CPU quotas".to_owned()));
}

#[test]
fn what_was_left_open_is_no_part_of_what_two_sides_have_in_common() {
    let limits = Limits { memory: 1 << 28, cpus: Some(cpus(2.0)), processes: None };
    let mut lists = FactorMatrix::default();
    let factors = lists.combinations()[0].resolve(limits, "runc");
    let expected =
        Combination { page_cache: Some(PageCache::Warm), ..Combination::on(Network::Bridge) };
    assert_eq!(lists.asked_of(&factors), expected);
    lists.memory = vec![1 << 28];
    assert_eq!(lists.asked_of(&factors), Combination { memory: Some(1 << 28), ..expected });
    assert_eq!(lists.place(&factors)[7], 0);
}

#[test]
fn engines_take_turns_and_what_is_simulated_stays_alone() {
    let of =
        |engine: &[EngineKind]| FactorMatrix { engine: engine.into(), ..FactorMatrix::default() };
    let simulated = of(&[EngineKind::Docker, EngineKind::Fake]);
    assert!(simulated.check().unwrap_err().contains("`fake` alone"));
    let both = of(&[EngineKind::Docker, EngineKind::Oci]);
    assert_eq!(both.check(), Ok(()));
    assert!(both.has_engine(EngineKind::Oci) && !of(&[]).has_engine(EngineKind::Oci));
    let limits = Limits { memory: 1, cpus: None, processes: None };
    let told: Vec<_> =
        both.combinations().iter().map(|c| (c.to_string(), c.resolve(limits, "runc"))).collect();
    assert_eq!([&*told[0].0, &*told[1].0], ["bridge", "oci, bridge"]);
    assert_eq!([&*told[0].1.log_driver, &*told[1].1.log_driver], [LOG_DRIVER, HEARD]);
    assert_eq!(told[1].1.attachment().engine, EngineKind::Oci);
}
