use super::*;
use crate::cost::Architecture;
use crate::replay::played::{
    FORMAT, FunctionPlayed, MappedFunction, MeasuredFacts, Played, Quantiles, TraceFacts,
};

fn waits(p99: u64) -> Quantiles {
    Quantiles { p50: Some(0), p90: Some(p99 / 2), p99: Some(p99), max: Some(p99) }
}

fn policy(policy: &str, cold: u64, idle: f64) -> Played {
    let function = FunctionPlayed {
        function: "=f|<b>".to_owned(),
        calls: 60,
        cold,
        throttled: 3,
        waited: waits(1_500_000_000),
    };
    Played {
        policy: policy.to_owned(),
        run: None,
        cold,
        fresh: 0,
        warm: 100 - cold,
        delayed: 0,
        failed: 0,
        throttled_concurrency: 3,
        throttled_scaling: 0,
        throttled_memory: 0,
        starts: cold,
        provisioned: 0,
        prewarmed: 0,
        unused: 0,
        evictions: 0,
        idle_gb_s: Some(idle),
        busy_gb_s: Some(50.0),
        starting_gb_s: Some(5.0),
        latency: waits(2_000_000_000),
        waited: waits(1_500_000_000),
        worst: vec![function],
        calls_cost: 0.001,
        idle_cost: Some(idle * 4e-6),
        per_cold_start_avoided: (policy != "none").then_some(0.000_123),
    }
}

/// A replay whose names are anybody's.
pub(crate) fn replay() -> Replay {
    let function = MappedFunction {
        function: "orders".to_owned(),
        stands_for: 2,
        calls: 100,
        memory: 512 << 20,
        start_p50: 300_000_000,
        warm_p50: 1_000_000,
        starts: 19,
    };
    let unused = MappedFunction {
        function: "users".to_owned(),
        stands_for: 0,
        calls: 0,
        ..function.clone()
    };
    Replay {
        format: FORMAT,
        tool: "coldstart 0.1.0".to_owned(),
        command: "coldstart replay day.csv".to_owned(),
        started: "2026-11-27T20:00:00Z".to_owned(),
        seed: 7,
        trace: TraceFacts {
            name: "<day>.csv".to_owned(),
            form: "by-call".to_owned(),
            functions: 2,
            calls: 103,
            span: 86_400_000_000_000,
            clipped: 4,
            left_out: 5,
            without_duration: 6,
        },
        measured: MeasuredFacts {
            run: "a-run".to_owned(),
            place: "somewhere".to_owned(),
            simulated: false,
            invalid: false,
            runs: "trace".to_owned(),
            functions: vec![function, unused],
        },
        memory: Some(16 << 30),
        concurrency: 1_000,
        currency: "USD".to_owned(),
        region: "us-east-1".to_owned(),
        prices_as_of: "2026-09-19".to_owned(),
        architecture: Architecture::X86,
        policies: vec![
            policy("none", 100, 0.0),
            policy("fixed:10m", 20, 1_234_567.0),
            policy("provisioned:1:10m", 0, 9_000_000.0),
        ],
    }
}

fn file(name: &str) -> String {
    let files = files(&replay()).unwrap();
    let found = files.iter().find(|file| file.path.to_str() == Some(name)).expect(name);
    String::from_utf8(found.bytes.clone()).unwrap()
}

#[test]
fn a_page_says_who_waits_what_stands_idle_and_what_it_rests_on() {
    let page = file("replay.md");
    for text in [
        "none has 100 % of its calls cold; provisioned:1:10m has the fewest, 0 %",
        "for 9,000,000 GB-s idle",
        "The cheapest for each cold start that it avoids is fixed:10m: $0.000123",
        "1,230,000",
        "5 calls of the trace beyond --limit were not played",
        "4 calls took longer than --longest",
        "does not say how long 6 calls took",
        "as long as users: they are in no figure",
        "16.0 GiB for all instances",
        "prices of 2026-09-19 in us-east-1, x86",
        "coldstart replay day.csv",
    ] {
        assert!(page.contains(text), "no `{text}` in:\n{page}");
    }
}

#[test]
fn what_was_kept_is_read_again_and_makes_the_same_files() {
    let found: Replay = serde_json::from_str(&file("replay.json")).unwrap();
    assert_eq!(found, replay());
    assert_eq!(files(&found).unwrap(), files(&replay()).unwrap());
}

#[test]
fn foreign_names_obey_nobody() {
    let page = file("replay.html");
    assert!(!page.contains("=f|<b>") && !page.contains("<day>"));
    let sheet = file("replay.csv");
    assert_eq!(sheet.lines().count(), 4);
    assert!(sheet.lines().nth(2).unwrap().starts_with("fixed:10m,20,0,80,"), "{sheet}");
}

#[test]
fn a_simulated_run_is_said_before_everything() {
    let mut found = replay();
    found.measured.simulated = true;
    let page = markdown::page(&document(&found, &[]));
    assert!(page.starts_with("# SIMULATED: "), "{page}");
}

#[test]
fn the_file_fits_its_published_schema() {
    let schema =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("results/replay.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let valid = jsonschema::validator_for(&schema).unwrap();
    let found: serde_json::Value = serde_json::from_str(&file("replay.json")).unwrap();
    assert!(valid.is_valid(&found), "{:?}", valid.iter_errors(&found).next());
    let mut wrong = found.clone();
    wrong["policies"][0]["cold"] = "many".into();
    assert!(!valid.is_valid(&wrong));
    let mut more = found;
    more["policies"][0]["surprise"] = 1.into();
    assert!(!valid.is_valid(&more), "every member is described");
}
