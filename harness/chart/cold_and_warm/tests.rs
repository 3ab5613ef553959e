use serde_json::json;

use super::*;
use crate::chart::tests::comparison::on_both;
use crate::chart::tests::holds;

fn study(kind: &str, found: serde_json::Value) -> Study {
    let functions = json!([{"function": "f", "found": found}]);
    let study =
        json!({"format": 1, "command": "c", "place": "p", "study": kind, "functions": functions});
    serde_json::from_value(study).unwrap()
}

fn shot(rung: &str, round: u32, cold: bool, ns: u64) -> serde_json::Value {
    json!({"rung": rung, "round": round, "cold": cold, "ns": ns, "handler_ns": null,
           "init_ns": null, "cause": null})
}

fn of_shots(shots: Vec<serde_json::Value>) -> Study {
    let counted = json!({"memory": 1, "policy": "none", "machine": null, "architecture": "x86",
                         "currency": "USD", "prices": "p"});
    study("ladder", json!({"shots": shots, "left_out": [], "hours": [], "counted": counted}))
}

#[test]
fn every_rung_has_a_row_for_each_kind_of_call_that_it_had() {
    let rounds = 1..=9_u32;
    let shots = rounds.flat_map(|round| {
        let ns = 100_000 * u64::from(round);
        [
            shot("process", round, true, 10 * ns),
            shot("process", round, false, ns),
            shot("to_zero", round, true, 500 * ns),
        ]
    });
    let of = of_shots(shots.collect());
    let [wide, _] = on_both(|layout| ladder(&of, layout)).unwrap();
    assert!(holds(&wide, "bare process") && holds(&wide, "for each call"));
    let rows: Vec<[&str; 2]> = wide.data.rows.iter().map(|row| [&*row[0], &*row[1]]).collect();
    let expected = [["bare process", "cold"], ["bare process", "warm"], ["for each call", "cold"]];
    assert_eq!(rows, expected);
    assert_eq!(
        wide.caption,
        "Cold: from 5.00 ms (bare process) to 250 ms (for each call). Warm: 0.500 ms (bare process)."
    );
    assert!(upload(&of, Layout::Wide).is_none());
}

#[test]
fn a_part_that_took_no_time_is_drawn_and_nothing_answered_is_no_chart() {
    let one = |round: u32, cold: bool| {
        json!({"round": round, "after_pause": cold, "cold": cold, "called": 1, "stored_ns": 0,
               "queued_ns": 500_000, "waited_ns": 300_000_000, "made_ns": 9_000_000,
               "ns": 309_500_000, "cause": null})
    };
    let of = study("thumbnail", (1..=3).map(|round| one(round, true)).collect());
    let [wide, narrow] = on_both(|layout| upload(&of, layout)).unwrap();
    assert_eq!(wide.data.rows.len(), 5);
    assert!(holds(&narrow, "stored"));
    assert_eq!(wide.caption, "Cold: 310 ms (all), of which the longest part is 300 ms (waited).");
    assert!(upload(&study("thumbnail", json!([])), Layout::Wide).is_none());
    assert!(ladder(&of_shots(Vec::new()), Layout::Wide).is_none());
}

/// What is kept is read as it was written, so that its page can be made again.
#[test]
fn kept_studies_are_read_as_they_were_written() {
    for name in ["idle", "surge", "spike", "chain", "ladder", "thumbnail"] {
        let file = format!("{}/results/studies/{name}/study.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap();
        let study: Study = serde_json::from_str(&text).unwrap();
        let (again, was): (serde_json::Value, serde_json::Value) =
            (serde_json::to_value(&study).unwrap(), serde_json::from_str(&text).unwrap());
        assert_eq!(again, was, "{name}");
    }
}
