//! What a comparison is worth: machines, order, calibrations, and its outcome.

use std::time::Duration;

use super::*;
use crate::sample::Mark;
use crate::spec::control::{Control, SERIES};
use crate::spec::factor::CgroupMoves;
use crate::spec::function::HttpRequest;
use crate::store::Origin;
use crate::store::fingerprint;

#[test]
fn machines_that_differ_make_it_advisory_and_each_difference_is_named() {
    let base = Maker::new(1, 30).with_floor(3, 100.0);
    let mut head = Maker::shaped(2, 30, |shape| shape.init += 50.0).with_floor(4, 100.0);
    head.run.record.host.kernel = "Linux 6.19.0".into();
    head.run.record.host.cpu = "Other CPU".into();
    head.run.record.engine.version = "29.0".into();
    let found = later(&base, &head);
    let unlike =
        |name, base: &str, head: &str| Caveat::Unlike(name, [base.to_owned(), head.to_owned()]);
    let processor = base.run.record.host.cpu.as_str();
    let engine = base.run.record.engine.version.as_str();
    let expected = [
        unlike("processor", processor, "Other CPU"),
        unlike("kernel", "Linux 6.18.0", "Linux 6.19.0"),
        unlike("engine version", engine, "29.0"),
    ];
    assert_eq!(found.advisory, expected);
    assert_eq!(found.outcome, GateOutcome::Regressed, "the verdict stands, and is advisory");
    assert!(!found.interleaved);
    assert_ne!(
        fingerprint(&base.run.record.host, &base.run.record.engine),
        fingerprint(&head.run.record.host, &head.run.record.engine)
    );
}

#[test]
fn a_little_memory_more_or_less_is_the_same_machine() {
    let base = Maker::new(1, 30).with_floor(3, 100.0);
    let mut head = Maker::new(2, 30).with_floor(4, 100.0);
    head.run.record.host.memory -= 40 << 20;
    head.run.record.host.os = "Debian GNU/Linux 12.9".into();
    assert!(later(&base, &head).advisory.is_empty());
    let print = |maker: &Maker| fingerprint(&maker.run.record.host, &maker.run.record.engine);
    assert_eq!(print(&base), print(&head));
    assert!(print(&base).len() == 12 && print(&base).bytes().all(|b| b.is_ascii_hexdigit()));
}

fn has(found: &Comparison, is: impl Fn(&Caveat) -> bool) -> bool {
    found.notes.iter().any(is)
}

#[test]
fn functions_that_differ_besides_are_told() {
    let base = Maker::new(1, 30);
    let mut head = Maker::new(2, 30);
    head.run.record.side.as_mut().unwrap().injected.insert("f".into(), 20);
    assert_eq!(gate(&base, &head).notes, [], "all is alike");
    let facts = &mut head.run.record.functions[0];
    facts.version = "f 2".into();
    facts.bases[0].origin = Origin::Pulled;
    let mut second = facts.bases[0].clone();
    second.argument = "BUILD_BASE".into();
    facts.bases.push(second);
    let found = gate(&base, &head);
    let of_f = |difference| Caveat::Function("f".to_owned(), difference);
    let version = Difference::Version(["f 1.2.3".to_owned(), "f 2".to_owned()]);
    assert!(found.notes.contains(&of_f(version)), "{:?}", found.notes);
    let built = |sides: [Option<&crate::store::BaseRecord>; 2]| {
        of_f(Difference::BuiltOn(sides.map(Option::<&_>::cloned)))
    };
    let bases = |maker: &Maker| maker.run.record.functions[0].bases.clone();
    let (was, is) = (bases(&base), bases(&head));
    assert!(found.notes.contains(&built([Some(&was[0]), Some(&is[0])])), "{:?}", found.notes);
    assert!(found.notes.contains(&built([None, Some(&is[1])])), "{:?}", found.notes);
    let found = gate(&head, &base);
    assert!(found.notes.contains(&built([Some(&is[1]), None])), "{:?}", found.notes);
}

#[test]
fn functions_that_were_asked_otherwise_by_http_are_told() {
    let (mut base, mut head) = (Maker::new(1, 30), Maker::new(2, 30));
    let asked = HttpRequest::default();
    base.run.record.functions[0].http = Some(asked.clone());
    head.run.record.functions[0].http = Some(asked.clone());
    let is_told = |found: &Comparison, what: &Difference| {
        has(found, |note| matches!(note, Caveat::Function(_, told) if told == what))
            || found.advisory.iter().any(|c| matches!(c, Caveat::Function(_, d) if d == what))
    };
    let other = HttpRequest { path: "/health".into(), ..asked.clone() };
    let differ = Difference::Request([asked, other.clone()]);
    assert!(!is_told(&gate(&base, &head), &differ), "all is alike");
    head.run.record.functions[0].http = Some(other);
    for found in [gate(&base, &head), later(&base, &head)] {
        assert!(is_told(&found, &differ), "{:?} {:?}", found.advisory, found.notes);
    }
}

#[test]
fn sides_measured_one_after_the_other_are_told_so() {
    let found = later(&Maker::new(1, 30), &Maker::new(2, 30));
    assert!(found.notes.contains(&Caveat::OneAfterTheOther), "{:?}", found.notes);
    assert_eq!((found.interleaved, found.outcome), (false, GateOutcome::Passed));
    // Two gates' sides did not take turns with each other.
    let mut other = Maker::new(2, 30);
    other.run.record.side.as_mut().unwrap().pair = "another".into();
    assert!(!gate(&Maker::new(1, 30), &other).interleaved);
}

#[test]
fn starts_that_waited_to_be_moved_on_one_side_alone_are_told() {
    let of = |seed, ns| {
        let mut maker = Maker::new(seed, 30);
        maker.run.record.machine.cgroup_move_ns = ns;
        maker
    };
    let told = |found: &Comparison| found.notes.iter().any(|note| matches!(note, Caveat::Moves(_)));
    let (waited, free) = (of(1, Some(9_300_000)), of(2, Some(41_000)));
    assert!(
        later(&waited, &free)
            .notes
            .contains(&Caveat::Moves([9_300, 41].map(Duration::from_micros)))
    );
    assert!(told(&later(&free, &waited)));
    assert!(!told(&gate(&waited, &free)), "they took turns");
    assert!(!told(&later(&waited, &of(3, Some(18_000_000)))), "both waited");
    assert!(!told(&later(&waited, &of(3, None))), "one is not known");
    let mut favored = free;
    favored.run.record.scenario.factors.cgroup_moves = vec![CgroupMoves::Favordynmods];
    assert!(!told(&later(&waited, &favored)), "whatever it was, it was not so for its starts");
}

#[test]
fn times_are_not_judged_where_the_null_container_changed_too() {
    let base = Maker::new(1, 30).with_floor(3, 100.0);
    let slow = Maker::shaped(2, 30, |shape| shape.engine += 25.0);
    let found = later(&base, &slow.clone().with_floor(4, 125.0));
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Inconclusive);
    assert_eq!(total.reason, Some(Reason::MachineChanged(true)));
    assert_eq!(verdict(&found, Metric::Own), Verdict::Unchanged);
    assert_eq!(found.outcome, GateOutcome::Inconclusive);
    let is_told = |note: &Caveat| {
        matches!(note, Caveat::NullContainer { factors, proved: true, .. }
            if factors.to_string() == "bridge")
    };
    assert!(has(&found, is_told), "{:?}", found.notes);
    // A floor that stood still lets the total speak, and so do sides in turns.
    let found = later(&base, &slow.clone().with_floor(4, 100.0));
    assert_eq!(verdict(&found, Metric::Total), Verdict::Regressed);
    assert_eq!(gate(&base, &slow.with_floor(4, 125.0)).outcome, GateOutcome::Regressed);
    // A slower machine runs the function's own part slower too; bytes do not hang on it.
    let own = Maker::shaped(2, 30, |shape| shape.init += 25.0).with_floor(4, 125.0);
    let found = later(&base, &own);
    assert_eq!(verdict(&found, Metric::Own), Verdict::Inconclusive);
    assert_eq!(found.outcome, GateOutcome::Inconclusive);
    let mut large = own;
    large.run.record.functions[0].size *= 2;
    assert_eq!(verdict(&later(&base, &large), Metric::Size), Verdict::Regressed);
}

#[test]
fn runs_apart_without_a_null_container_bind_nobody() {
    let (base, slow) = (Maker::new(1, 30), Maker::shaped(2, 30, |shape| shape.engine += 50.0));
    let known = |maker: &Maker| maker.clone().with_floor(3, 100.0);
    let unknown = [(base.clone(), slow.clone()), (known(&base), slow.clone())];
    for (base, head) in unknown {
        let found = later(&base, &head);
        assert_eq!(found.advisory, [Caveat::NoNullContainer]);
        assert_eq!(found.outcome, GateOutcome::Regressed, "the verdict stands, and is advisory");
    }
    assert!(later(&known(&base), &known(&slow)).advisory.is_empty());
    assert!(gate(&base, &slow).advisory.is_empty(), "in turns, one machine had both");
}

/// Nobody can tell whose a change is where nobody knows that the machine stood still.
#[test]
fn a_floor_that_is_hardly_known_is_not_said_to_have_changed() {
    let base = Maker::new(1, 8).with_floor(3, 100.0);
    let loose = |sample: &mut Sample| {
        let at = sample.marks.get(Mark::Responded).unwrap();
        let late = u64::from(sample.round % 3) * 12_000_000;
        sample.marks.set(Mark::Responded, at + late);
    };
    let loose = |maker: Maker| maker.with(|s| s.cell.control.is_some(), loose);
    let slow = Maker::shaped(2, 8, |shape| shape.engine += 40.0).with_floor(4, 100.0);
    let found = later(&loose(base), &loose(slow));
    let is_told = |note: &Caveat| matches!(note, Caveat::NullContainer { proved: false, .. });
    assert!(has(&found, is_told), "{found:#?}");
    let total = row(&found, Metric::Total);
    assert_eq!(total.verdict, Verdict::Inconclusive);
    assert_eq!(total.reason, Some(Reason::MachineChanged(false)));
}

/// A calibration whose sleeps take so many times as long as they should.
fn calibrated(maker: Maker, factor: f64) -> Maker {
    let mut maker = maker.with_floor(9, 100.0);
    let is_null = |s: &&Sample| s.cell.control.is_some();
    let floor: Vec<Sample> = maker.run.samples.iter().filter(is_null).cloned().collect();
    for ms in SERIES {
        for mut row in floor.iter().cloned() {
            row.cell.control = Some(Control::Process(ms));
            let at = row.marks.get(Mark::Intended).unwrap() + 2_000_000;
            let at = at + (f64::from(ms) * MS * factor) as u64;
            row.marks.set(Mark::Ready, at);
            row.marks.set(Mark::Responded, at + 100_000);
            maker.run.samples.push(row);
        }
    }
    maker
}

#[test]
fn a_calibration_that_is_off_on_either_side_makes_it_invalid() {
    let good = |seed| calibrated(Maker::new(seed, 30), 1.0);
    assert_eq!(gate(&good(1), &good(2)).outcome, GateOutcome::Passed);
    let bad = calibrated(Maker::shaped(3, 30, |shape| shape.init += 50.0), 1.2);
    let found = gate(&good(1), &bad);
    assert!(!found.head.is_valid() && found.base.is_valid());
    assert_eq!(found.outcome, GateOutcome::Invalid, "even though it looks slower");
    assert_eq!(gate(&bad, &good(1)).outcome, GateOutcome::Invalid);
}

#[test]
fn runs_with_nothing_in_common_are_no_regression_but_nothing() {
    let (f, g) = (Maker::of(1, 30, &["f"], |_| ()), Maker::of(2, 30, &["g"], |_| ()));
    let found = gate(&f, &g);
    assert_eq!((found.rows.len(), found.missing.len()), (0, 4));
    assert_eq!(found.outcome, GateOutcome::Invalid);
    assert!(found.notes.contains(&Caveat::NothingInCommon), "{:?}", found.notes);
    // The same function, measured by another scenario.
    let other = Maker::new(2, 30).with(|_| true, |s| s.cell.pattern = "surge".into());
    assert_eq!(gate(&Maker::new(1, 30), &other).outcome, GateOutcome::Invalid);
    let nothing = Maker::new(1, 30).only(|_| false);
    assert_eq!(gate(&nothing, &nothing).outcome, GateOutcome::Invalid);
    assert_eq!(gate(&nothing, &f).outcome, GateOutcome::Invalid);
}

#[test]
fn a_gate_on_what_was_not_measured_is_invalid() {
    let cold = |seed| Maker::new(seed, 30).only(is_cold);
    let rules = Rules { gated: vec![Metric::Warm], ..Rules::default() };
    assert_eq!(gate_by(&rules, &cold(1), &cold(2)).outcome, GateOutcome::Invalid);
}

#[test]
fn what_is_told_of_each_side() {
    let mut base = Maker::new(1, 30);
    base.run.record.complete = false;
    base.run.record.engine.kind = "fake".into();
    let mut head = Maker::new(2, 12);
    head.run.truncated = true;
    let found = gate(&base, &head);
    assert!(found.base.partial && found.base.simulated && found.is_simulated());
    assert!(found.head.partial && !found.head.simulated);
    assert_eq!((found.base.rounds, found.head.rounds), (30, 12));
    assert!(!gate(&Maker::new(1, 30), &Maker::new(2, 30)).base.partial);
}

#[test]
fn a_worse_outcome_is_larger() {
    let all = [
        GateOutcome::Passed,
        GateOutcome::Inconclusive,
        GateOutcome::Invalid,
        GateOutcome::Regressed,
    ];
    assert!(all.is_sorted());
    // One function is slower, one cannot be judged: slower is what counts.
    let base = Maker::of(1, 30, &["f", "g"], |_| ()).failing(|s| s.cell.function == "g");
    let head = Maker::of(2, 30, &["f", "g"], |shape| shape.init += 30.0);
    let found = gate(&base, &head);
    assert_eq!(found.outcome, GateOutcome::Regressed);
    let worst: Vec<Verdict> =
        found.worst_first().iter().filter(|r| r.gated).map(|r| r.verdict).collect();
    assert_eq!(worst[..2], [Verdict::Regressed; 2]);
    assert!(worst.is_sorted() && worst.contains(&Verdict::Invalid), "{worst:?}");
}
