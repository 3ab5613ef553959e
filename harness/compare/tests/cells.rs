//! Which cells are compared, and what of them.

use super::*;
use crate::sample::Mark;
use crate::spec::scenario::LoadShape;

#[test]
fn a_function_that_head_lacks_is_gone_and_one_that_it_adds_is_none_of_the_gates_business() {
    let (both, one) = (Maker::of(1, 30, &["f", "g"], |_| ()), Maker::new(2, 30));
    let found = gate(&both, &one);
    let lacking: BTreeSet<(&str, Side)> =
        found.missing.iter().map(|m| (m.function.as_str(), m.lacks)).collect();
    assert_eq!(lacking, BTreeSet::from([("g", Side::Head)]));
    assert_eq!(found.missing.len(), 2, "a cold cell and a warm one");
    assert_eq!(found.outcome, GateOutcome::Regressed);
    assert_eq!(found.alarmed().len(), 0, "what is gone is not measured again");
    let found = gate(&one, &both);
    assert!(found.missing.iter().all(|missing| missing.lacks == Side::Base));
    assert_eq!((found.missing.len(), found.outcome), (2, GateOutcome::Passed));
}

#[test]
fn a_whole_function_can_be_told_to_be_lacking() {
    let mut found = gate(&Maker::new(1, 30), &Maker::new(2, 30));
    found.lack(&["h".to_owned()], Side::Base);
    assert_eq!(found.outcome, GateOutcome::Passed);
    found.lack(&["g".to_owned()], Side::Head);
    assert_eq!(found.outcome, GateOutcome::Regressed);
    let gone = Missing { function: "g".into(), cell: None, lacks: Side::Head, why_cold: None };
    assert_eq!(found.missing.last(), Some(&gone));
}

/// One warm call of a round that met a new instance.
fn straying(maker: Maker, round: u32) -> Maker {
    let mut maker = maker;
    let is_chosen = |s: &&Sample| s.round == round && !is_cold(s);
    let mut stray = maker.run.samples.iter().find(is_chosen).unwrap().clone();
    stray.cell.temperature = Temperature::Cold;
    maker.run.samples.push(stray);
    maker
}

#[test]
fn a_stray_cold_start_is_no_cell_that_goes_missing() {
    let (steady, straying) = (Maker::new(1, 31), straying(Maker::new(2, 31), 7));
    for (base, head) in [(&steady, &straying), (&straying, &steady)] {
        let found = gate(base, head);
        assert_eq!(found.missing, []);
        assert_eq!((found.rows.len(), found.outcome), (4, GateOutcome::Passed));
    }
}

#[test]
fn stray_cold_starts_on_both_sides_do_not_make_a_gate_inconclusive() {
    let found = gate(&straying(Maker::new(1, 30), 7), &straying(Maker::new(2, 30), 9));
    assert_eq!(found.outcome, GateOutcome::Passed, "{:#?}", found.rows);
    assert_eq!((found.rows.len(), found.order.len()), (4, 1));
}

#[test]
fn a_warm_step_that_has_become_cold_is_no_stray() {
    let warm = |s: &Sample| !is_cold(s);
    let head = Maker::new(2, 30).with(warm, |s| s.cell.temperature = Temperature::Cold);
    let found = gate(&Maker::new(1, 30), &head);
    let lacking: Vec<Side> = found.missing.iter().map(|m| m.lacks).collect();
    assert_eq!(lacking, [Side::Head, Side::Base], "the warm cell is gone, a cold one is new");
    assert_eq!(found.outcome, GateOutcome::Regressed);
}

#[test]
fn rows_of_one_round_count_once() {
    let wide = |seed| {
        let mut maker = Maker::new(seed, 30);
        let burst: Vec<Sample> = maker.run.samples.iter().filter(|s| is_cold(s)).cloned().collect();
        for (index, factor) in [(1, 1.1), (2, 1.2)] {
            maker.run.samples.extend(burst.iter().cloned().map(|mut row| {
                let at = row.marks.get(Mark::Intended).unwrap();
                let took = row.latency().unwrap() as f64 * factor;
                row.index = index;
                row.marks.set(Mark::Responded, at + took as u64);
                row
            }));
        }
        maker.with(is_cold, |s| s.cell.act = LoadShape::Burst(3))
    };
    let found = gate(&wide(1), &wide(2));
    let total = row(&found, Metric::Total);
    assert_eq!((total.base.n, total.head.n), (29, 29));
    assert!((total.base.median.unwrap() / MS - 209.0).abs() < 3.0, "the median of each round");
    // One of three fails: the round's median is another's, the round has failed.
    let head = wide(2).failing(|s| is_cold(s) && s.index == 2);
    let found = gate(&wide(1), &head);
    let total = row(&found, Metric::Total);
    assert_eq!((total.verdict, total.head.failed), (Verdict::Regressed, 0));
    assert_eq!(failing(total).rounds[1], (29, 29));
}

fn without_exec(maker: Maker, chosen: impl Fn(&Sample) -> bool) -> Maker {
    maker.with(chosen, |sample| sample.marks.clear(Mark::Exec))
}

fn parts(found: &Comparison, metric: Metric) -> Vec<String> {
    row(found, metric).parts.iter().map(|change| change.part.to_string()).collect()
}

#[test]
fn without_the_kernels_events_on_one_side_the_own_part_is_init_on_both() {
    let (heard, deaf) = (Maker::new(1, 30), without_exec(Maker::new(2, 30), is_cold));
    for (base, head) in [(&heard, &deaf), (&deaf, &heard)] {
        let found = gate(base, head);
        let own = row(&found, Metric::Own);
        for side in [own.base, own.head] {
            assert!((side.median.unwrap() / MS - 32.0).abs() < 2.0, "{own:#?}");
        }
        assert_eq!(own.verdict, Verdict::Unchanged);
        assert_eq!(parts(&found, Metric::Total), ["init", "invoke"], "what both tell of");
    }
    let found = gate(&deaf, &without_exec(Maker::new(3, 30), is_cold));
    assert_eq!(parts(&found, Metric::Total), ["engine+boot", "init", "invoke"]);
    assert_eq!(parts(&found, Metric::Own), ["init"]);
    let found = gate(&heard, &Maker::new(3, 30));
    assert_eq!(parts(&found, Metric::Total), ["engine", "boot", "init", "invoke"]);
    assert!((row(&found, Metric::Own).base.median.unwrap() / MS - 62.0).abs() < 2.0);
}

/// A kernel loses an event now and then; what is compared stays what it was.
#[test]
fn a_lost_event_costs_its_round_and_nothing_else() {
    let lossy = |seed, round| without_exec(Maker::new(seed, 30), move |s| s.round == round);
    let found = gate(&lossy(1, 7), &lossy(2, 9));
    let own = row(&found, Metric::Own);
    // Rounds are compared one by one: what one side lost the other cannot use.
    assert_eq!((own.base.n, own.head.n), (27, 27));
    assert!((own.base.median.unwrap() / MS - 62.0).abs() < 2.0, "boot and init: {own:#?}");
    assert_eq!(row(&found, Metric::Total).base.n, 29);
    assert_eq!(parts(&found, Metric::Total), ["engine", "boot", "init", "invoke"]);
}

#[test]
fn a_function_that_tells_nothing_has_a_total_and_no_own_part() {
    let mute = |seed| {
        Maker::new(seed, 30).with(is_cold, |sample| {
            sample.marks.clear(Mark::Exec);
            sample.marks.clear(Mark::Main);
        })
    };
    let found = gate(&mute(1), &mute(2));
    assert!(found.rows.iter().all(|row| row.metric != Metric::Own));
    assert_eq!(parts(&found, Metric::Total), ["engine+boot+init", "invoke"]);
    assert_eq!(found.outcome, GateOutcome::Passed);
    let found = gate(&Maker::new(1, 30), &mute(2));
    let own = row(&found, Metric::Own);
    assert_eq!(own.verdict, Verdict::Invalid);
    assert_eq!(own.reason, Some(Reason::Unknown(Side::Head)));
    assert_eq!(found.outcome, GateOutcome::Invalid);
}

#[test]
fn limits_that_differ_are_told_and_the_cells_compared() {
    let mut head = Maker::new(2, 30).with(|_| true, |s| s.cell.factors.memory = 256 << 20);
    head.run.record.functions[0].limits.memory = 256 << 20;
    let found = gate(&Maker::new(1, 30), &head);
    assert_eq!((found.missing.len(), found.outcome), (0, GateOutcome::Passed));
    let is_told = |note: &Caveat| {
        matches!(note, Caveat::Function(_, Difference::Limits([base, head]))
            if (base.memory, head.memory) == (128 << 20, 256 << 20))
    };
    assert!(found.notes.iter().any(is_told), "{:?}", found.notes);
    // Where the scenario names it, it is a factor: another cell.
    for maker in [&mut head, &mut Maker::new(1, 30)] {
        maker.run.record.scenario.factors.memory = vec![1 << 27];
    }
    let found = gate(&Maker::new(1, 30), &head);
    assert_eq!((found.missing.len(), found.rows.len()), (4, 1), "{:?}", found.missing);
}

#[test]
fn controls_are_not_compared() {
    let found =
        gate(&Maker::new(1, 30).with_floor(3, 100.0), &Maker::new(2, 30).with_floor(4, 200.0));
    assert_eq!((found.rows.len(), found.order.len(), found.missing.len()), (4, 1, 0));
    assert_eq!(found.outcome, GateOutcome::Passed, "interleaved sides met the same machine");
    let found = gate(&Maker::new(1, 30).with_floor(3, 100.0), &Maker::new(2, 30));
    assert_eq!(found.missing, []);
}
