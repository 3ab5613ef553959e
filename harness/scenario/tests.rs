use super::*;

const GOOD: &str = r#"
name = "t"
rounds = 2
keep-alive = "250ms"
[[pattern]]
name = "surge"
steps = [
    { name = "out", burst = 4 },
    { name = "steady", after = "50ms", sequence = 200 },
]
"#;

fn error(text: &str) -> String {
    format!("{:#}", parse(text, "s.toml").unwrap_err())
}

#[test]
fn a_scenario_is_read() {
    let scenario = parse(GOOD, "s.toml").unwrap();
    assert_eq!(scenario.keep_alive, Duration::from_millis(250));
    assert_eq!(scenario.factors, FactorLists::default());
    assert!(scenario.controls);
    let steps = &scenario.patterns[0].steps;
    assert_eq!((steps[0].act, steps[0].after), (Act::Burst(4), Duration::ZERO));
    assert_eq!((steps[1].act, steps[1].after), (Act::Sequence(200), Duration::from_millis(50)));
}

/// The good scenario with more lines at its top.
fn with(lines: &str) -> String {
    GOOD.replacen("rounds = 2", &format!("rounds = 2\n{lines}"), 1)
}

#[test]
fn every_factor_can_be_asked_for() {
    let text = with(
        r#"
        networks = ["none", "host"]
        runtimes = ["crun", "runc"]
        cpus = [0.25, 1]
        memory = ["64MiB", "1GiB"]
        page-cache = ["host-cold", "image-cold", "warm"]
        log-drivers = ["none"]
        "#,
    );
    let factors = parse(&text, "s.toml").unwrap().factors;
    assert_eq!(factors.networks, [Network::None, Network::Host]);
    assert_eq!(factors.runtimes, ["crun", "runc"]);
    assert_eq!(factors.cpus.iter().map(|c| c.thousandths()).collect::<Vec<_>>(), [250, 1000]);
    assert_eq!(factors.memory, [64 << 20, 1 << 30]);
    let all = [PageCache::HostCold, PageCache::ImageCold, PageCache::Warm];
    assert_eq!(factors.page_cache, all);
    assert_eq!(factors.log_drivers, ["none"]);
}

#[test]
fn a_scenario_says_when_it_ends_and_whether_it_is_controlled() {
    let scenario =
        parse(&with("until = \"2.5%\"\nmax-time = \"10m\"\ncontrols = false"), "s.toml").unwrap();
    assert_eq!(scenario.until, Some(0.025));
    assert_eq!(scenario.max_time, Some(Duration::from_secs(600)));
    assert!(!scenario.controls);
    let scenario = parse(GOOD, "s.toml").unwrap();
    assert_eq!((scenario.until, scenario.max_time, scenario.controls), (None, None, true));
}

/// Every bad value names the file, the line where there is one, and the cure.
#[test]
fn bad_values_point_into_the_file() {
    let check = |lines: &str, parts: &[&str]| {
        let message = error(&with(lines));
        for part in ["s.toml"].iter().chain(parts) {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check("networks = [\"mesh\"]", &["line 4", "`mesh`", "`bridge`", "`host`", "`none`"]);
    check("networks = []", &["`networks`", "at least one value"]);
    check("page-cache = [\"hot\"]", &["line 4", "`hot`", "`warm`", "`image-cold`", "`host-cold`"]);
    check("page-cache = []", &["`page-cache`", "at least one value"]);
    check("cpus = [0]", &["line 4", "a CPU quota of 0 is out of range", "0.01 to 4096"]);
    check("cpus = [-1.5]", &["line 4", "-1.5 is out of range"]);
    check("cpus = [\"1\"]", &["line 4", "invalid type: string"]);
    check("cpus = 1", &["line 4", "expected a sequence"]);
    check("memory = [\"1MiB\"]", &["a memory limit of 1.0 MiB", "6.0 MiB"]);
    check("memory = [\"64\"]", &["line 4", "has no unit", "`64MiB`"]);
    check("memory = [64]", &["line 4", "expected a string"]);
    check("until = \"2\"", &["line 4", "is no share", "`2%`"]);
    check("until = \"100%\"", &["line 4", "above 0 and below 100"]);
    check("until = 0.02", &["line 4", "expected a string"]);
    check("max-time = \"10\"", &["line 4", "has no unit", "`10s`"]);
    check("controls = \"no\"", &["line 4", "expected a boolean"]);
    for (list, values) in [
        ("networks", "\"host\", \"host\""),
        ("runtimes", "\"runc\", \"runc\""),
        ("cpus", "1, 0.5, 1.0"),
        ("memory", "\"1GiB\", \"1024MiB\""),
        ("page-cache", "\"warm\", \"warm\""),
        ("log-drivers", "\"none\", \"none\""),
    ] {
        check(&format!("{list} = [{values}]"), &[&format!("`{list}` has a value twice")]);
    }
}

#[test]
fn every_shipped_scenario_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let scenario = load(&path).unwrap();
        assert_eq!(Some(scenario.name.as_str()), path.file_stem().unwrap().to_str());
        seen += 1;
    }
    assert!(seen >= 2);
}

/// Every mistake names the file, the line where there is one, and the cure.
#[test]
fn mistakes_point_into_the_file() {
    let check = |from: &str, to: &str, parts: &[&str]| {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "the case changes nothing: {from}");
        let message = error(&changed);
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check("rounds", "round", &["s.toml", "line 3", "unknown field `round`", "`rounds`"]);
    check("250ms", "250 parsecs", &["line 4", "unknown unit `parsecs`", "ms, s, m or h"]);
    check("\"250ms\"", "250", &["line 4", "expected a string"]);
    check("\"50ms\"", "\"50\"", &["line 9", "has no unit"]);
    check("burst = 4", "bursts = 4", &["line 8", "unknown field `bursts`"]);
    check("burst = 4", "burst = 0", &["s.toml:8", "1 to 100000"]);
    check("burst = 4", "burst = 4, sequence = 2", &["s.toml:8", "one of them"]);
    check("name = \"out\"", "name = \"Out\"", &["s.toml:8", "lower-case"]);
    check("\"steady\"", "\"out\"", &["s.toml:9", "names must differ"]);
    check("rounds = 2", "rounds = 0", &["at least one round"]);
    check("rounds = 2", "rounds = ", &["s.toml", "line 3"]);
}
