use super::*;
use crate::analysis::Analysis;
use crate::chart::tests::{holds, is_sound};
use crate::sample::Outcome;
use crate::tune::tests::{BOUND, rows, run};

#[test]
fn every_size_that_works_is_a_point_and_those_that_stand_out_say_so() {
    let mut all = rows(&BOUND);
    for row in all.iter_mut().filter(|row| row.cell.factors.memory == 128 << 20) {
        row.outcome = Outcome::TimedOut { cause: "x".to_owned() };
    }
    let run = run(all);
    let tuning = Tuning::of(&Analysis::of(&run)).unwrap().unwrap();
    for layout in [Layout::Wide, Layout::Narrow] {
        let spec = compose(&tuning, &tuning.functions[0], layout).unwrap();
        is_sound(&spec);
        for size in ["256", "512", "1024"] {
            assert!(holds(&spec, size), "{size}");
        }
        assert_eq!(holds(&spec, "1024 fastest"), layout == Layout::Wide);
        assert!(!holds(&spec, "128"), "what does not work is no point");
    }
}

#[test]
fn a_single_size_is_no_chart() {
    let run = run(rows(&BOUND[..1]));
    let tuning = Tuning::of(&Analysis::of(&run)).unwrap().unwrap();
    assert!(compose(&tuning, &tuning.functions[0], Layout::Wide).is_none());
    assert!(crate::chart::of_tuning(&tuning).unwrap().is_empty());
}
