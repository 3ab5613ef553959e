use std::fs;
use std::time::Duration;

use proptest::prelude::*;

use super::generate::{Wanted, generate};
use super::read::read_from;
use super::*;

const SECOND: u64 = 1_000_000_000;

fn reading() -> Reading {
    Reading::default()
}

fn trace(text: &str) -> Trace {
    read_from(text.as_bytes(), "t.csv", &reading()).unwrap()
}

fn error(text: &str) -> String {
    format!("{:#}", read_from(text.as_bytes(), "t.csv", &reading()).unwrap_err())
}

const BY_CALL: &str = "app,func,end_timestamp,duration\n";

#[test]
fn a_call_begins_at_its_end_less_its_duration_and_the_first_is_at_0() {
    let text = format!("{BY_CALL}a,f,10.5,0.5\na,g,9,1.5\r\n\nb,f,20,20.25\n");
    let found = trace(&text);
    assert_eq!(found.functions, ["a/f", "a/g", "b/f"]);
    let calls: Vec<(u64, u64, u32)> =
        found.calls.iter().map(|call| (call.at, call.run, call.function)).collect();
    // The last began before there was any time, and is the first.
    let quarter = SECOND / 4;
    let expected =
        [(0, 81 * quarter, 2), (31 * quarter, 6 * quarter, 1), (41 * quarter, 2 * quarter, 0)];
    assert_eq!(calls, expected);
    assert_eq!((found.form, found.changed), (Form::ByCall, Changed::default()));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let row = |row: &str| error(&format!("{BY_CALL}a,f,1,1\n{row}\n"));
    assert!(row("a,f,1").contains("t.csv:3: 3 columns and not the four"));
    assert!(row("a,f,1,2,3").contains("5 columns"));
    assert!(row("a,f,1,-2").contains("t.csv:3: the duration is negative: `-2`"));
    assert!(row("a,f,-1,2").contains("the end_timestamp is negative"));
    assert!(row("a,f,x,2").contains("the end_timestamp is no number: `x`"));
    assert!(row("a,f,NaN,2").contains("is no number"));
    assert!(row("a,f,1e300,2").contains("more than a year"));
    assert!(row("a,f,,2").contains("the end_timestamp is missing"));
    assert!(row("a,,1,2").contains("has no name"));
    assert!(row(&"x".repeat(70_000)).contains("t.csv:3: the line is longer than 64 KiB"));
    assert!(error("").contains("t.csv is empty: a trace begins with"));
    assert!(error("time,what\n").contains("t.csv:1: the first line is that of no trace"));
    assert!(error(BY_CALL).contains("has no call"));
}

#[test]
fn a_column_of_counts_is_a_minute_of_calls() {
    let text = "avg,1-288,289-576,577-864\n250,2,0,3\n1000,0,1,0\n";
    let found = trace(text);
    assert_eq!(found.form, Form::ByMinute);
    assert_eq!(found.functions, ["function-1", "function-2"]);
    assert_eq!(found.calls.len(), 6);
    let of = |function| found.calls.iter().filter(move |call| call.function == function);
    assert!(of(0).all(|call| call.run == SECOND / 4));
    // All within three minutes, in order, and anywhere in them.
    assert!(found.calls.is_sorted_by_key(|call| call.at));
    assert!(found.span() < 180 * SECOND);
    assert_eq!(trace(text), found, "the same seed, the same calls");
    let other = Reading { seed: 1, ..reading() };
    assert_ne!(read_from(text.as_bytes(), "t.csv", &other).unwrap().calls, found.calls);
}

#[test]
fn a_day_of_the_whole_trace_is_read_and_its_durations_are_said_to_be_missing() {
    let minutes: Vec<String> = (1..=1_440).map(|minute| minute.to_string()).collect();
    let counts = vec!["1"; 1_440];
    let head = format!("HashOwner,HashApp,HashFunction,Trigger,{}", minutes.join(","));
    let text = format!("{head}\no1,a1,f1,timer,{}\n", counts.join(","));
    let found = trace(&text);
    assert_eq!(found.functions, ["o1/a1/f1"]);
    assert_eq!((found.calls.len(), found.changed.without_duration), (1_440, 1_440));
}

#[test]
fn gaps_and_senseless_counts_are_named() {
    let gap = error("avg,1,2,4\n1,1,1,1\n");
    assert!(gap.contains("t.csv:1: the minutes have a gap: 4 stands where 3 is next"));
    assert!(error("avg,1,x\n").contains("`x` stands among the minutes"));
    let row = |row: &str| error(&format!("avg,1,2\n{row}\n"));
    assert!(row("1,2").contains("t.csv:2: 2 columns and not 3"));
    assert!(row("1,,2").contains("the number of calls in column 2 is missing"));
    assert!(row("1,1.5,2").contains("is no whole number"));
    assert!(row("1,-1,2").contains("is negative"));
    assert!(row("1,1e9,2").contains("is no whole number up to"));
    assert!(row("1,9000000,9000000").contains("more than 10000000 calls"));
    assert!(row("-1,1,1").contains("the average duration is negative"));
}

#[test]
fn more_functions_than_are_held_are_refused_where_they_begin() {
    let mut text = BY_CALL.to_owned();
    (0..1_000_000).for_each(|n| text.push_str(&format!("a,{n},1,0\n")));
    let found = error(&text);
    assert!(found.contains("t.csv:100002: more than 100000 functions"), "{found}");
}

#[test]
fn durations_are_clipped_and_calls_left_out_and_both_are_counted() {
    let text = format!("{BY_CALL}a,f,1000,1\na,f,3000,2000\na,f,4000,1\na,f,5000,1\n");
    let how = Reading { limit: Some(3), speed: 2.0, ..reading() };
    let found = read_from(text.as_bytes(), "t.csv", &how).unwrap();
    assert_eq!((found.changed.clipped, found.changed.left_out), (1, 1));
    let calls: Vec<(u64, u64)> = found.calls.iter().map(|call| (call.at, call.run)).collect();
    assert_eq!(calls, [(0, SECOND), (SECOND / 2, 900 * SECOND), (1_500 * SECOND, SECOND)]);
}

#[test]
fn a_folder_or_nothing_at_all_says_what_helps() {
    let home = tempfile::tempdir().unwrap();
    let none = format!("{:#}", read(&home.path().join("none.csv"), &reading()).unwrap_err());
    assert!(none.contains("coldstart replay --generate"), "{none}");
    assert!(format!("{:#}", read(home.path(), &reading()).unwrap_err()).contains("is no file"));
    let file = home.path().join("t.csv");
    fs::write(&file, format!("{BY_CALL}a,f,1,1\n")).unwrap();
    assert_eq!(read(&file, &reading()).unwrap().calls.len(), 1);
    fs::write(&file, [0xff, 0xfe, b'\n']).unwrap();
    assert!(format!("{:#}", read(&file, &reading()).unwrap_err()).contains(":1:"));
}

fn made(wanted: &Wanted) -> Trace {
    let long = Reading { longest: Duration::from_secs(10_000), ..reading() };
    read_from(generate(wanted).unwrap().as_bytes(), "made", &long).unwrap()
}

#[test]
fn a_trace_that_is_made_is_read_again_and_has_what_was_asked_for() {
    let wanted = Wanted { calls: 20_000, ..Wanted::default() };
    let found = made(&wanted);
    assert!((15_000..25_000).contains(&found.calls.len()), "{}", found.calls.len());
    assert!((150..=200).contains(&found.functions.len()), "{}", found.functions.len());
    assert!(found.span() <= 86_400 * SECOND);
    assert_eq!(generate(&wanted), generate(&wanted));
    assert_ne!(generate(&wanted), generate(&Wanted { seed: 1, ..wanted }));
    assert!(generate(&Wanted { functions: 0, ..wanted }).is_err());
    assert!(generate(&Wanted { calls: 0, ..wanted }).is_err());
    assert!(generate(&Wanted { time: Duration::ZERO, ..wanted }).is_err());
}

/// What is published of real ones holds of those that are made.
#[test]
fn a_trace_that_is_made_has_the_distributions_that_it_claims() {
    let wanted = Wanted { functions: 300, calls: 400_000, ..Wanted::default() };
    let found = made(&wanted);
    let mut calls = vec![0u32; wanted.functions];
    found.calls.iter().for_each(|call| calls[call.function as usize] += 1);
    let share =
        |most: u32| calls.iter().filter(|n| **n <= most).count() as f64 / calls.len() as f64;
    // 45 % at most once an hour, 81 % at most once a minute.
    assert!((0.38..0.52).contains(&share(24)), "{}", share(24));
    assert!((0.74..0.88).contains(&share(1_440)), "{}", share(1_440));
    let mut runs: Vec<u64> = found.average_runs().into_iter().flatten().collect();
    runs.sort_unstable();
    let median = runs[runs.len() / 2] as f64 / 1e9;
    assert!((0.55..0.9).contains(&median), "{median}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}(\n\\PC{0,40}){0,4}") {
        let _ = read_from(text.as_bytes(), "t.csv", &reading());
        let _ = read_from(format!("{BY_CALL}{text}").as_bytes(), "t.csv", &reading());
        let _ = read_from(format!("avg,1,2\n{text}").as_bytes(), "t.csv", &reading());
    }

    #[test]
    fn no_rows_make_it_panic(
        rows in prop::collection::vec((any::<f64>(), any::<f64>()), 0..20),
        speed in 0.001f64..1e6,
    ) {
        let rows: String = rows.iter().map(|(end, run)| format!("a,f,{end},{run}\n")).collect();
        let how = Reading { speed, ..reading() };
        let _ = read_from(format!("{BY_CALL}{rows}").as_bytes(), "t.csv", &how);
    }
}
