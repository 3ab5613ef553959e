use super::*;
use crate::report::document::Kind;
use crate::report::tests::synthetic;
use crate::store::SideRecord;

fn rounds(rounds: u32, change: impl FnOnce(&mut Run)) -> Option<String> {
    let mut run = synthetic::run(&synthetic::FOUR[..2], rounds);
    change(&mut run);
    let note = few_rounds(&Analysis::of(&run));
    note.map(|note| {
        assert_eq!(note.kind, Kind::Warning);
        note.text
    })
}

#[test]
fn few_rounds_are_told_with_what_would_do() {
    insta::assert_snapshot!(rounds(4, |_| ()).unwrap(), @r#"4 rounds: too few for an interval of the median; `--rounds 20` or `--until 5%`"#);
    insta::assert_snapshot!(rounds(12, |_| ()).unwrap(), @r#"12 rounds: a median is known to ±8 % at worst; for ±5 %: `--rounds 40` or `--until 5%`"#);
    assert_eq!(rounds(400, |_| ()), None, "known well enough");
}

#[test]
fn who_knows_already_is_not_told_again() {
    assert_eq!(rounds(1, |_| ()), None);
    assert_eq!(rounds(12, |run| run.record.complete = false), None);
    assert_eq!(rounds(12, |run| run.record.scenario.until = Some(0.02)), None);
}

#[test]
fn a_side_of_a_gate_is_told_nothing_that_a_gate_refuses() {
    let side = |run: &mut Run| {
        run.record.side = Some(SideRecord {
            pair: String::new(),
            label: "base".to_owned(),
            commit: None,
            dirty: false,
            injected: Default::default(),
            works: false,
        });
    };
    let text = rounds(12, side).unwrap();
    assert!(text.contains("--rounds") && !text.contains("--until"), "{text}");
}

#[test]
fn each_cure_of_noise_is_named_once() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 20);
    run.record.machine.governor = Some("powersave".into());
    run.record.machine.throttled = Some(2);
    insta::assert_snapshot!(machine(&Analysis::of(&run)).unwrap().text, @r#"a noisy machine: tails and small differences may be its own; set the governor: `cpupower frequency-set -g performance`; let it cool, or limit its turbo, then measure again"#);
    run.record.machine = Default::default();
    assert_eq!(machine(&Analysis::of(&run)), None);
}

#[test]
fn no_controls_names_the_flag_that_left_them_out() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 3);
    let text = |run: &Run| no_controls(&Analysis::of(run)).unwrap().text;
    assert!(!text(&run).contains("--no-controls"));
    run.record.command.push_str(" --no-controls");
    assert!(text(&run).ends_with("; measure without `--no-controls`"), "{}", text(&run));
}
