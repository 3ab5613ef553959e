use super::*;
use crate::report::form::{FORMS, Printed};
use crate::report::listing::Listing;
use crate::report::look::Look;
use crate::report::tests::synthetic;
use crate::sample::Outcome;

fn printed(run: &Run, form: &str) -> String {
    let form = FORMS.iter().find(|known| known.name == form).unwrap();
    let listing = Listing { sheets: vec![rows(run, |sample| sample.trial <= 2)] };
    form.print(&Printed::Listing(&listing), &Look::default()).unwrap()
}

/// Two trials: one that is good, and one of which something is to be said.
fn told() -> Run {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 2);
    let first = run.samples.iter_mut().find(|sample| sample.trial == 1).unwrap();
    first.reply = Some("{\"ok\":true}".into());
    first.output = Some("START\u{1b}[2J listening".into());
    let mut of_second = run.samples.iter_mut().filter(|sample| sample.trial == 2);
    let failed = of_second.next().unwrap();
    failed.outcome = Outcome::WrongReply { cause: "got `\u{202e}x`".into() };
    of_second.next().unwrap().why_cold = Some("the one before it failed (wrong_reply)".into());
    run
}

#[test]
fn a_row_has_its_phases_and_what_was_said_below_it() {
    insta::assert_snapshot!(printed(&told(), "text"), @"");
}

#[test]
fn for_programs_a_row_is_flat_and_its_marks_count_from_the_first() {
    let run = told();
    let json: Value = serde_json::from_str(&printed(&run, "json")).unwrap();
    let all = json["rows"].as_array().unwrap();
    let (row, sample) = (&all[0], &run.samples[0]);
    assert_eq!(row["latency"], row["responded"], "marks count from the intended instant");
    assert_eq!(row["intended"], sample.marks.get(Mark::Intended).unwrap());
    let phases: u64 = row["phases"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(row["latency"], phases);
    let csv = printed(&run, "csv");
    assert_eq!(csv.lines().count(), all.len() + 1);
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    for name in &names {
        assert!(row.as_object().unwrap().contains_key(*name), "there is no {name}");
    }
    assert_eq!(row.as_object().unwrap().len(), names.len() + 1, "phases alone are in JSON only");
}

#[test]
fn nothing_that_was_said_moves_a_cursor() {
    for form in ["text", "json", "csv", "markdown"] {
        let text = printed(&told(), form);
        let odd = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(odd), "{form}: {text:?}");
    }
}
