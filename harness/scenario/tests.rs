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
    check("rounds = 2", "rounds = 2\nnetworks = [\"mesh\"]", &["line 4", "`bridge`", "`host`"]);
}
