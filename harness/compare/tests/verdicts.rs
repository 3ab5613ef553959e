//! What a change of the figures is called.

use super::maker::{held, worked};
use super::*;
use crate::spec::tolerance::Exception;
use crate::stats::wilcoxon;

#[test]
fn what_did_not_change_is_unchanged() {
    let found = gate(&Maker::new(1, 30), &Maker::new(2, 30));
    for row in &found.rows {
        assert_eq!(row.verdict, Verdict::Unchanged, "{row:#?}");
        assert_eq!(row.reason, None);
    }
    let metrics: Vec<Metric> = found.rows.iter().map(|row| row.metric).collect();
    // Nothing told of memory; the cells come in their order: again before first.
    assert_eq!(metrics, [Metric::Warm, Metric::Total, Metric::Own, Metric::Size]);
    assert_eq!(found.outcome, GateOutcome::Passed);
    assert!(found.interleaved && found.missing.is_empty() && found.advisory.is_empty());
    let total = row(&found, Metric::Total);
    assert_eq!((total.base.n, total.head.n, total.base.failed), (29, 29, 0));
    assert!((total.base.median.unwrap() / MS - 190.0).abs() < 3.0, "round 1 is left out");
    let starts = found.order.values().next().unwrap();
    assert_eq!((found.order.len(), starts[0].len()), (1, 30), "the picture shows round 1 too");
}

/// A change of one stretch is found, and laid there.
fn found_in(part: &str, change: impl Fn(&mut maker::Shape)) -> Comparison {
    let found = gate(&Maker::new(1, 30), &Maker::shaped(2, 30, change));
    assert_eq!(found.outcome, GateOutcome::Regressed);
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Regressed);
    let named: Vec<String> = total.explained_by().iter().map(|p| p.part.to_string()).collect();
    assert_eq!(named, [part]);
    assert!((total.explained_by()[0].change.value / MS - 24.0).abs() < 2.0);
    assert!(total.adjusted_p.unwrap() <= 0.05 && total.p.unwrap() < 0.01);
    found
}

#[test]
fn a_slower_start_has_regressed_and_the_part_is_named() {
    let found = found_in("init", |shape| shape.init += 24.0);
    assert_eq!(verdict(&found, Metric::Own), Verdict::Regressed);
    let own: Vec<String> =
        row(&found, Metric::Own).parts.iter().map(|p| p.part.to_string()).collect();
    assert_eq!(own, ["boot", "init"], "only what the metric consists of");
    assert_eq!(found.alarmed(), BTreeSet::from(["f".to_owned()]));
    let found = found_in("boot", |shape| shape.boot += 24.0);
    assert_eq!(verdict(&found, Metric::Own), Verdict::Regressed);
    let found = found_in("engine", |shape| shape.engine += 24.0);
    assert_eq!(verdict(&found, Metric::Own), Verdict::Unchanged, "free of the engine");
    assert_eq!(found.worst_first()[0].metric, Metric::Total);
}

#[test]
fn what_is_chance_or_carries_little_explains_nothing() {
    let found = gate(&Maker::new(1, 30), &Maker::new(2, 30));
    let parts = &row(&found, Metric::Total).parts;
    assert!(parts.len() == 4 && parts.iter().all(|part| !part.explains), "{parts:#?}");
    // Beyond chance, and a twentieth of the change.
    let slow = Maker::shaped(2, 30, |shape| (shape.engine, shape.invoke) = (144.0, 3.2));
    let found = gate(&Maker::new(1, 30), &slow);
    let total = row(&found, Metric::Total);
    let invoke = &total.parts[3];
    assert!(invoke.p < 0.01 && !invoke.explains, "{invoke:#?}");
    assert_eq!(total.explained_by().len(), 1);
}

#[test]
fn a_faster_start_has_improved_and_passes() {
    let found = gate(&Maker::new(1, 30), &Maker::shaped(2, 30, |shape| shape.init -= 24.0));
    for metric in [Metric::Total, Metric::Own] {
        assert_eq!(verdict(&found, metric), Verdict::Improved);
    }
    assert!(row(&found, Metric::Total).difference.unwrap().value < -20.0 * MS);
    assert_eq!((found.outcome, found.alarmed().len()), (GateOutcome::Passed, 0));
}

/// Beside other work the clock of a start says little, and its CPU time what it did.
#[test]
fn work_is_found_by_cpu_time_where_the_clock_is_of_no_use() {
    let busy =
        |seed, ms| Maker::shaped(seed, 30, |shape| shape.spread = 0.5).with(is_cold, worked(ms));
    let found = gate(&busy(1, 40), &busy(2, 45));
    assert_eq!(verdict(&found, Metric::Own), Verdict::Inconclusive);
    assert_eq!(verdict(&found, Metric::Cpu), Verdict::Regressed);
    assert_eq!(found.outcome, GateOutcome::Regressed);
    let same = gate(&busy(1, 40), &busy(2, 41));
    assert_eq!(verdict(&same, Metric::Cpu), Verdict::Unchanged);
}

#[test]
fn what_spreads_too_much_is_inconclusive() {
    let wild = |seed| Maker::shaped(seed, 12, |shape| shape.spread = 0.5);
    let found = gate(&wild(1), &wild(2));
    assert_eq!(verdict(&found, Metric::Total), Verdict::Inconclusive);
    assert_eq!(found.outcome, GateOutcome::Inconclusive);
    assert_eq!(row(&found, Metric::Total).reason, None);
}

#[test]
fn a_share_below_the_floor_does_not_matter() {
    // 10 % of 20 ms are 2 ms, below the 5 ms of a total.
    let small = |seed, more| {
        Maker::shaped(seed, 30, |shape| {
            (shape.engine, shape.boot, shape.init) = (10.0 + more, 1.0, 1.0);
        })
    };
    let found = gate(&small(1, 0.0), &small(2, 2.0));
    let total = row(&found, Metric::Total);
    assert!(total.ratio.unwrap().interval.unwrap().0 > 1.05, "{total:#?}");
    assert_eq!(total.verdict, Verdict::Unchanged);
    assert_eq!(found.outcome, GateOutcome::Passed);
}

#[test]
fn a_floor_below_the_share_does_not_matter() {
    // 7 ms of 190 ms are 3.7 %.
    let found = gate(&Maker::new(1, 60), &Maker::shaped(2, 60, |shape| shape.engine += 7.0));
    let total = row(&found, Metric::Total);
    assert!(total.difference.unwrap().interval.unwrap().0 > 5.0 * MS, "{total:#?}");
    assert_eq!(total.verdict, Verdict::Unchanged);
    assert_eq!(found.outcome, GateOutcome::Passed);
}

#[test]
fn too_few_rounds_are_told_with_how_many_it_takes() {
    for rounds in 2..=4 {
        let slow = Maker::shaped(2, rounds, |shape| shape.init *= 10.0);
        let found = gate(&Maker::new(1, rounds), &slow);
        assert_eq!(found.outcome, GateOutcome::Inconclusive, "{rounds}");
        for metric in [Metric::Total, Metric::Own] {
            let row = row(&found, metric);
            assert_eq!(row.verdict, Verdict::Inconclusive);
            let rounds = [rounds as usize - 1; 2];
            assert_eq!(row.reason, Some(Reason::TooFew { rounds, needed: 6 }));
        }
    }
    // Two gated rows share 5 %: it takes n with 2^-n below 2.5 %.
    assert!(wilcoxon::least_p(6) <= 0.025 && wilcoxon::least_p(5) > 0.025);
}

#[test]
fn so_many_rounds_as_were_told_to_be_enough_can_alarm() {
    let slow = |rounds| Maker::shaped(2, rounds, |shape| shape.init *= 10.0);
    let few = gate(&Maker::new(1, 3), &slow(3));
    let Some(Reason::TooFew { needed, .. }) = row(&few, Metric::Total).reason else { panic!() };
    let least = needed as u32;
    let found = |rounds| gate(&Maker::new(1, rounds), &slow(rounds)).outcome;
    assert_eq!(found(least + 1), GateOutcome::Regressed, "{least} rounds and the first");
    assert_eq!(found(least), GateOutcome::Inconclusive, "no fewer than {least}");
}

#[test]
fn a_single_round_is_all_there_is() {
    let found = gate(&Maker::new(1, 1), &Maker::new(2, 1));
    assert_eq!(row(&found, Metric::Total).base.n, 1);
    assert_eq!(found.outcome, GateOutcome::Inconclusive);
}

fn rules(gated: &[Metric]) -> Rules {
    Rules { gated: gated.to_vec(), ..Rules::default() }
}

#[test]
fn what_is_not_gated_is_told_and_decides_nothing() {
    let slow = Maker::shaped(2, 30, |shape| shape.warm *= 2.0).with(is_cold, held(90 << 20));
    let was = Maker::new(1, 30).with(is_cold, held(60 << 20));
    let found = gate(&was, &slow);
    for metric in [Metric::Warm, Metric::Memory] {
        assert_eq!(verdict(&found, metric), Verdict::Regressed);
        assert!(!row(&found, metric).gated);
    }
    assert_eq!((found.outcome, found.alarmed().len()), (GateOutcome::Passed, 0));
    for metric in [Metric::Warm, Metric::Memory] {
        let found = gate_by(&rules(&[metric]), &was, &slow);
        assert_eq!(found.outcome, GateOutcome::Regressed, "{metric}");
        assert!(row(&found, metric).gated && !row(&found, Metric::Total).gated);
    }
}

#[test]
fn the_size_of_an_image_is_what_it_is() {
    let sized = |size: u64| {
        let mut maker = Maker::new(1, 30);
        maker.run.record.functions[0].size = size;
        maker
    };
    let of = |was: u64, is: u64| {
        let found = gate_by(&rules(&[Metric::Size]), &sized(was), &sized(is));
        let size = row(&found, Metric::Size);
        assert_eq!((size.p, size.adjusted_p, size.detectable), (None, None, None));
        (size.verdict, found.outcome)
    };
    assert_eq!(of(100 << 20, 110 << 20), (Verdict::Regressed, GateOutcome::Regressed));
    assert_eq!(of(110 << 20, 100 << 20), (Verdict::Improved, GateOutcome::Passed));
    assert_eq!(of(100 << 20, 104 << 20), (Verdict::Unchanged, GateOutcome::Passed), "4 %");
    assert_eq!(of(2 << 20, 3 << 20), (Verdict::Unchanged, GateOutcome::Passed), "1 MiB");
    assert_eq!(of(2 << 20, (3 << 20) + 1), (Verdict::Regressed, GateOutcome::Regressed));
    assert_eq!(of(0, 0), (Verdict::Unchanged, GateOutcome::Passed), "of a simulated engine");
}

#[test]
fn some_cells_have_margins_of_their_own() {
    let base = Maker::of(1, 30, &["f", "g"], |_| ());
    let head = Maker::of(2, 30, &["f", "g"], |shape| shape.init += 24.0);
    let mut rules = Rules::default();
    rules.margins.exceptions.push(Exception {
        function: Some("g".into()),
        share: Some(0.5),
        metric: Some(Metric::Total),
        ..Exception::default()
    });
    let verdicts = |rules: &Rules, metric: Metric| {
        let found = gate_by(rules, &base, &head);
        let of = found.rows.iter().filter(|row| row.metric == metric);
        of.map(|row| (row.function.clone(), row.verdict)).collect::<BTreeMap<_, _>>()
    };
    let total = verdicts(&rules, Metric::Total);
    assert_eq!((total["f"], total["g"]), (Verdict::Regressed, Verdict::Unchanged));
    let own = verdicts(&rules, Metric::Own);
    assert_eq!((own["f"], own["g"]), (Verdict::Regressed, Verdict::Regressed));
    rules.margins.exceptions[0].metric = None;
    rules.margins.exceptions[0].floor = Some(50.0 * MS);
    assert_eq!(verdicts(&rules, Metric::Own)["g"], Verdict::Unchanged);
}

#[test]
fn gated_rows_are_adjusted_after_holm_and_others_after_benjamini_and_hochberg() {
    let names = ["a", "b", "c", "d"];
    let wild = |seed, more: f64| {
        Maker::of(seed, 20, &names, |shape| {
            (shape.spread, shape.init) = (0.2, shape.init + more);
            shape.warm += more / 60.0;
        })
    };
    let found = gate(&wild(1, 0.0), &wild(2, 12.0));
    let of = |gated: bool| {
        let rows = found.rows.iter().filter(move |row| row.gated == gated);
        rows.filter_map(|row| Some((row.p?, row.adjusted_p?))).unzip::<f64, f64, Vec<_>, Vec<_>>()
    };
    let (p, adjusted) = of(true);
    assert_eq!((p.len(), adjusted), (8, crate::stats::multiple_testing::holm(&p)));
    let (p, adjusted) = of(false);
    assert_eq!((p.len(), adjusted), (4, crate::stats::multiple_testing::benjamini_hochberg(&p)));
    assert!(p.iter().any(|p| *p < 0.9), "the test shows something: {p:?}");
}

#[test]
fn what_was_measured_again_says_so() {
    let (base, head) =
        (Maker::of(1, 30, &["f", "g"], |_| ()), Maker::of(2, 60, &["f", "g"], |_| ()));
    let again = BTreeSet::from(["g".to_owned()]);
    let found = compare(&base.measured(), &head.measured(), &Rules::default(), &again);
    for row in found.rows.iter().filter(|row| row.cell.is_some()) {
        assert_eq!(row.again, row.function == "g");
    }
}
