use super::*;
use crate::spec::factor::{Network, PageCache};
use crate::spec::tolerance::{Judged, Metric};

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
    assert_eq!(scenario.keep_alive, Some(Duration::from_millis(250)));
    assert_eq!(scenario.factors, FactorMatrix::default());
    assert!(scenario.controls);
    let steps = &scenario.patterns[0].steps;
    assert_eq!((steps[0].act, steps[0].after), (LoadShape::Burst(4), Duration::ZERO));
    assert_eq!(
        (steps[1].act, steps[1].after),
        (LoadShape::Sequence(200), Duration::from_millis(50))
    );
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
    check("networks = [\"mesh\"]", &["s.toml:4:", "`mesh`", "bridge, host, none"]);
    check("networks = []", &["`networks`", "at least one value"]);
    let states = "warm, image-cold, host-cold";
    check("page-cache = [\"hot\"]", &["s.toml:4:", "`hot`", states]);
    check("page-cache = []", &["`page-cache`", "at least one value"]);
    check("cpus = [0]", &["s.toml:4:", "a CPU quota of 0 is out of range", "0.01 to 4096"]);
    check("cpus = [-1.5]", &["s.toml:4:", "-1.5 is out of range"]);
    check("cpus = [\"one\"]", &["s.toml:4:", "`one` is not a valid number of cores"]);
    check("cpus = 1", &["s.toml:4:8: ", "`cpus` is a list"]);
    check("memory = [\"1MiB\"]", &["a memory limit of 1.0 MiB", "6.0 MiB"]);
    check("memory = [\"64\"]", &["s.toml:4:", "has no unit", "`64MiB`"]);
    check("memory = [64]", &["s.toml:4:", "has no unit", "`64MiB`"]);
    check("until = \"2\"", &["s.toml:4:", "is not a valid share", "`2%`"]);
    check("until = \"100%\"", &["s.toml:4:", "from 0 to below 100"]);
    check("until = \"0%\"", &["s.toml:4:", "never reached"]);
    check("until = 0.02", &["s.toml:4:", "expected a string"]);
    check("max-time = \"10\"", &["s.toml:4:", "has no unit", "`10s`"]);
    check("max-time = \"0s\"", &["s.toml:4:12: ", "no trial could begin"]);
    check("max-time = \"1e6h\"", &["s.toml:4:12: ", "unknown unit `e6h` in `1e6h`: use us"]);
    check("memory = [\"99999999999GiB\"]", &["s.toml:4:", "1048576GiB at most"]);
    let quotas: Vec<String> = (1..=1001).map(|n| format!("{}", f64::from(n) / 10.0)).collect();
    check(&format!("cpus = [{}]", quotas.join(",")), &["1001 combinations", "1000 are the most"]);
    check("controls = \"no\"", &["s.toml:4:", "expected a boolean"]);
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
    check("rounds", "round", &["s.toml:3:", "unknown field `round`", "`rounds`"]);
    check("250ms", "250 parsecs", &["s.toml:4:", "unknown unit `parsecs`", "ms, s, m or h"]);
    check("\"250ms\"", "250", &["s.toml:4:", "expected a string"]);
    check("\"50ms\"", "\"50\"", &["s.toml:9:", "has no unit"]);
    check("burst = 4", "bursts = 4", &["s.toml:8:", "unknown field `bursts`"]);
    check("burst = 4", "burst = 0", &["s.toml:8", "1 to 100000"]);
    check("burst = 4", "burst = 4, sequence = 2", &["s.toml:8", "one of them"]);
    check("name = \"out\"", "name = \"Out\"", &["s.toml:8", "lower-case"]);
    check("\"steady\"", "\"out\"", &["s.toml:9", "names must differ"]);
    check("rounds = 2", "rounds = 0", &["at least one round"]);
    check("rounds = 2", "rounds = 4000000000", &["s.toml:3:10: ", "at most 100000"]);
    check("rounds = 2", "rounds = -1", &["s.toml:3:10: ", "-1"]);
    check("250ms", "25h", &["s.toml:4:14: ", "a pause has 24h at most"]);
    check("250ms", "99999999999h", &["s.toml:4:14: ", "365 days at most"]);
    check("\"50ms\"", "\"48h\"", &["s.toml:9:", "a pause has 24h at most"]);
    check("burst = 4", "burst = 100001", &["s.toml:8", "1 to 100000"]);
    check("rounds = 2", "rounds = ", &["s.toml:3:"]);
}

/// The good scenario with more lines at its end, the first of which is line 11.
fn ending(lines: &str) -> String {
    format!("{}\n{}", GOOD.trim_end(), lines.trim())
}

fn margins(lines: &str) -> Margins {
    parse(&ending(lines), "s.toml").unwrap().margins
}

#[test]
fn a_team_says_what_it_puts_up_with() {
    assert_eq!(parse(GOOD, "s.toml").unwrap().margins, Margins::default());
    assert_eq!(margins("[gate]"), Margins::default());
    let found = margins(
        r#"
        [gate]
        margin = "7.5%"
        margins = { cpu = "3%" }
        floors = { own = "1ms", size = "10MiB" }
        "#,
    );
    assert_eq!((found.share, found.shares), (0.075, [(Metric::Cpu, 0.03)].into()));
    let default = Margins::default().floors;
    let floors = [
        (Metric::Total, default[&Metric::Total]),
        (Metric::Own, 1e6),
        (Metric::Cpu, default[&Metric::Cpu]),
        (Metric::Warm, default[&Metric::Warm]),
        (Metric::Memory, default[&Metric::Memory]),
        (Metric::Size, 10.0 * 1024.0 * 1024.0),
    ];
    assert_eq!(found.floors, floors.into(), "what is not named stays");
}

#[test]
fn a_team_says_it_for_instances_that_no_daemon_makes_too() {
    let total = |lines: &str, has_daemon| {
        let judged = Judged { metric: Metric::Total, function: "f", place: None, has_daemon };
        let margin = margins(lines).of(judged);
        (margin.share, margin.floor)
    };
    assert_eq!(total("[gate]", false), (0.02, 2e6));
    let all = "[gate]\nmargin = \"10%\"\nfloors = { total = \"9ms\" }\n";
    assert_eq!(total(all, false), (0.1, 9e6), "who says it for all has said it for these");
    let these = "[gate.without-daemon]\nmargins = { total = \"3%\" }\nfloors = { total = \"1ms\" }";
    let both = format!("{all}{these}");
    assert_eq!((total(&both, false), total(&both, true)), ((0.03, 1e6), (0.1, 9e6)));
}

#[test]
fn some_cells_may_be_given_other_margins() {
    let found = margins(
        r#"
        [[gate.cell]]
        function = "f"
        margin = "10%"
        [[gate.cell]]
        pattern = "surge"
        step = "out"
        metric = "total"
        floor = "20ms"
        [[gate.cell]]
        metric = "memory"
        margin = "50%"
        floor = "8MiB"
        "#,
    );
    assert_eq!(found.exceptions.len(), 3);
    let of = |metric, function, step| {
        let place = Some(("surge", step));
        let margin = found.of(Judged { metric, function, place, has_daemon: true });
        (margin.share, margin.floor)
    };
    assert_eq!(of(Metric::Total, "f", "out"), (0.1, 20e6));
    assert_eq!(of(Metric::Total, "g", "out"), (0.05, 20e6));
    assert_eq!(of(Metric::Total, "g", "steady"), (0.05, 5e6));
    assert_eq!(of(Metric::Memory, "f", "out"), (0.5, 8.0 * 1024.0 * 1024.0));
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Margins>(&text).unwrap(), found, "a run's record keeps it");
}

/// A margin that would hold nowhere is a slip of the pen.
#[test]
fn bad_margins_point_into_the_file() {
    let check = |lines: &str, parts: &[&str]| {
        let message = error(&ending(lines));
        for part in ["s.toml"].iter().chain(parts) {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check(
        "[gate]\nmargin = \"5%\"\nmarge = 1",
        &["s.toml:13:", "unknown field `marge`", "`margin`"],
    );
    check("[gate]\nmargins = \"5%\"", &["s.toml:12:", "expected a map"]);
    check("[gate]\nmargins = { all = \"5%\" }", &["s.toml:12:", "`all`", "`total`"]);
    check("[gate]\nmargin = \"5\"", &["s.toml:12:", "`5` is not a valid share", "`2%`"]);
    check("[gate]\nmargin = 0.05", &["s.toml:12:", "expected a string"]);
    check("[gate]\nfloors = { latency = \"1ms\" }", &["s.toml:12:", "`latency`", "`total`"]);
    check(
        "[gate]\nfloors = { total = \"1MiB\" }",
        &["s.toml:12", "the floor of `total`", "unknown unit `MiB`"],
    );
    check(
        "[gate.floors]\nown = \"1ms\"\nsize = \"5ms\"",
        &["s.toml:13", "the floor of `size`", "unit"],
    );
    check("[gate.floors]\nown = \"5\"", &["s.toml:12", "`own`", "has no unit"]);
    let without = |lines: &str, parts: &[&str]| {
        check(&format!("[gate.without-daemon]\n{lines}"), parts);
    };
    without("floors = { total = \"5MiB\" }", &["s.toml:12", "the floor of `total`"]);
    without("margin = \"5%\"", &["s.toml:12:", "unknown field `margin`"]);
    let cell = |lines: &str, parts: &[&str]| check(&format!("[[gate.cell]]\n{lines}"), parts);
    cell("margin = \"5%\"\nlatency = 1", &["s.toml:13:", "unknown field `latency`"]);
    cell("pattern = \"surg\"\nmargin = \"9%\"", &["s.toml:11", "no pattern `surg`"]);
    cell("step = \"in\"\nmargin = \"9%\"", &["s.toml:11", "scenario has no step `in`"]);
    cell("metric = \"p99\"\nmargin = \"9%\"", &["s.toml:12:", "`p99`", "`own`"]);
    cell("function = \"f\"", &["s.toml:11", "needs `margin` or `floor`"]);
    cell("floor = \"9ms\"", &["s.toml:11", "a floor is of one metric", "metric = \"total\""]);
    cell("metric = \"size\"\nfloor = \"9ms\"", &["s.toml:11", "the floor of `size`"]);
    cell(
        "metric = \"size\"\nstep = \"out\"\nmargin = \"9%\"",
        &["s.toml:11", "`size` is of a whole function"],
    );
    let second = "margin = \"9%\"\n[[gate.cell]]\nstep = \"in\"\nmargin = \"9%\"";
    cell(second, &["s.toml:13", "no step `in`"]);
}

#[test]
fn a_step_of_another_pattern_is_no_step_of_this_one() {
    let other = "[[pattern]]\nname = \"single\"\nsteps = [{ name = \"call\", burst = 1 }]";
    let cell = "[[gate.cell]]\npattern = \"single\"\nstep = \"out\"\nmargin = \"9%\"";
    let message = error(&ending(&format!("{other}\n{cell}")));
    assert!(message.contains("s.toml:14:1: the pattern `single` has no step `out`"), "{message}");
}

#[test]
fn the_shipped_gate_says_the_defaults_aloud() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/gate.toml");
    let scenario = load(&file).unwrap();
    assert_eq!(scenario.margins, Margins::default());
    assert!(!scenario.controls && scenario.rounds == 30 && scenario.until.is_none());
    let text = std::fs::read_to_string(&file).unwrap();
    for &metric in Metric::ALL {
        assert!(text.contains(&format!("{metric} = \"")), "{metric} is not in {text}");
    }
}

#[test]
fn budgets_are_by_function_and_what_is_limited() {
    let lines = "[gate.budgets.\"*\"]\ntotal = \"1s\"\nsize = \"150MiB\"\n\
                 [gate.budgets.f]\ninit = \"250ms\"\ncost = \"1.10 per million\"";
    let scenario = parse(&ending(lines), "s.toml").unwrap();
    let told: Vec<String> = scenario
        .budgets
        .iter()
        .map(|b| format!("{} {} {}", b.function, b.metric, b.limit))
        .collect();
    assert_eq!(told, ["* total 1000000000", "* size 157286400", "f init 250000000", "f cost 1.1"]);
    let text = serde_json::to_string(&scenario).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&text).unwrap(), scenario);
    let without = serde_json::to_string(&parse(&ending(""), "s.toml").unwrap()).unwrap();
    assert!(!without.contains("budgets"), "{without}");
}

#[test]
fn bad_budgets_point_into_the_file() {
    let check = |lines: &str, parts: &[&str]| {
        let message = error(&ending(lines));
        for part in ["s.toml:"].iter().chain(parts) {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check("[gate.budgets.f]\ninits = \"1s\"", &["`inits`", "`init`"]);
    check("[gate.budgets.f]\ninit = \"250\"", &[":12:8", "the budget of `init`", "no unit"]);
    check("[gate.budgets.f]\nsize = \"1s\"", &["the budget of `size`", "use B, KiB"]);
    check("[gate.budgets.f]\ncost = \"1.10\"", &["write it as `1.10 per million`"]);
    check("[gate.budgets.f]\ntotal = \"0s\"", &["`total` is nothing"]);
    check("[gate.budgets.\"f g\"]\ntotal = \"1s\"", &["`f g` is no function's name", "`\"*\"`"]);
    check("[gate.budgets]\ntotal = \"1s\"", &["invalid type: string"]);
    let cold = "name = \"s\"\nrounds = 2\nkeep-alive = \"1s\"\n\
                [gate.budgets.f]\nwarm = \"1ms\"\n\
                [[pattern]]\nname = \"p\"\nsteps = [{ name = \"a\", burst = 1 }]";
    let message = parse(cold, "s.toml").unwrap_err().to_string();
    assert!(message.contains("a budget of `warm` needs warm calls"), "{message}");
}
