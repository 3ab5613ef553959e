use super::*;
use crate::compare::Verdict::{Improved, Inconclusive, Regressed, Unchanged};
use crate::report::tests::synthetic::{self, Shape};

/// Made up: a function, one that is as slow, one that is quicker, one that is slower.
const SHAPES: [Shape; 5] = [
    ("f", 150.0, 50.0, 0.6),
    ("f_like", 150.0, 50.0, 0.6),
    ("f_quick", 150.0, 5.0, 0.6),
    ("f_slow", 150.0, 190.0, 0.6),
    ("other", 100.0, 50.0, 0.6),
];

/// A run of those in which some are variants of others.
pub(crate) fn run(rounds: u32, pairs: &[(&str, &str)]) -> Run {
    let mut run = synthetic::run(&SHAPES, rounds);
    for (name, of) in pairs {
        let record = run.record.functions.iter_mut().find(|f| f.name == *name).unwrap();
        record.variant = Some(VariantRecord {
            of: (*of).to_owned(),
            name: name.trim_start_matches("f_").to_owned(),
            about: "Something is another.".to_owned(),
            link: Some("https://docs.example/another".to_owned()),
            shown: Some("it is another".to_owned()),
        });
    }
    run
}

const ALL: [(&str, &str); 3] = [("f_like", "f"), ("f_quick", "f"), ("f_slow", "f")];

#[test]
fn each_variant_is_judged_against_its_function_in_turns() {
    let run = run(40, &ALL);
    let variants = Variants::of(&run).unwrap();
    let found = &variants.comparison;
    assert!(found.interleaved && found.missing.is_empty() && found.advisory.is_empty());
    let verdicts: Vec<(&str, Verdict)> = variants
        .pairs
        .iter()
        .map(|pair| (&*pair.name, variants.outcomes(pair)[0].verdict()))
        .collect();
    assert_eq!(verdicts[1..], [("f_quick", Improved), ("f_slow", Regressed)], "{verdicts:?}");
    assert!([Unchanged, Inconclusive].contains(&verdicts[0].1), "{verdicts:?}");
    assert_eq!(variants.by_function()[0].1.len(), 3);
    let outcome = &variants.outcomes(&variants.pairs[1])[0];
    let cold = outcome.cold.unwrap();
    assert_eq!(cold.cell.as_ref().unwrap().act, LoadShape::Burst(1), "the smallest burst");
    assert_eq!(outcome.warm.unwrap().cell.as_ref().unwrap().act, LoadShape::Sequence(20));
    assert_eq!(outcome.size.unwrap().ratio.unwrap().value, 1.0);
    assert!(cold.gated && !outcome.warm.unwrap().gated);
}

#[test]
fn a_run_without_a_function_beside_its_variant_has_none() {
    assert!(Variants::of(&run(3, &[])).is_none());
    assert!(Variants::of(&run(3, &[("f_quick", "absent")])).is_none());
}

#[test]
fn a_variant_whose_starts_all_failed_is_not_judged() {
    let mut run = run(20, &ALL);
    for sample in run.samples.iter_mut().filter(|s| s.cell.function == "f_quick") {
        sample.outcome = crate::sample::Outcome::Crashed { cause: "no".to_owned() };
    }
    let variants = Variants::of(&run).unwrap();
    let outcomes = variants.outcomes(&variants.pairs[1]);
    let bad = [Verdict::Regressed, Verdict::Invalid];
    assert!(outcomes.iter().all(|outcome| bad.contains(&outcome.verdict())), "{outcomes:#?}");
}

#[test]
fn two_functions_with_a_variant_of_one_name_are_not_mixed_up() {
    let pairs = [("f_quick", "f"), ("f_slow", "other")];
    let variants = &Variants::of(&run(20, &pairs)).unwrap();
    let of = variants.by_function();
    let of: Vec<(&str, usize)> = of.iter().map(|(of, pairs)| (*of, pairs.len())).collect();
    assert_eq!(of, [("f", 1), ("other", 1)]);
    let medians = |at: usize| {
        let outcomes = variants.outcomes(&variants.pairs[at]);
        let row = outcomes[0].cold.unwrap();
        row.base.median.unwrap()
    };
    assert!(medians(0) > 1.2 * medians(1), "each against its own function");
}
