use super::*;
use crate::scenario::parse;
use proptest::prelude::*;

fn scenario(rounds: u32) -> Scenario {
    let text = format!(
        r#"
        name = "t"
        rounds = {rounds}
        controls = false
        keep-alive = "250ms"
        [[pattern]]
        name = "single"
        steps = [{{ name = "call", burst = 1 }}]
        [[pattern]]
        name = "surge"
        steps = [
            {{ name = "out", burst = 4 }},
            {{ name = "steady", after = "50ms", sequence = 200 }},
        ]
        "#
    );
    parse(&text, "t.toml").unwrap()
}

#[test]
fn a_plan_for_a_person() {
    let scenario = scenario(2);
    let plan = Plan::new(&scenario, 2, 7);
    let names = ["alpha".to_owned(), "beta".to_owned()];
    insta::assert_snapshot!(plan.describe(&scenario, &names), @r"
    round 1
         1  alpha      bridge  single: idle, call (burst of 1)
         2  beta       bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         3  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         4  beta       bridge  single: idle, call (burst of 1)
    round 2
         5  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         6  beta       bridge  single: idle, call (burst of 1)
         7  beta       bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         8  alpha      bridge  single: idle, call (burst of 1)
    ");
    assert_eq!(plan.starts(&scenario), 2 * 2 * (1 + 4));
    assert_eq!(plan.invocations(&scenario), 2 * 2 * (1 + 4 + 200));
}

fn function_and_pattern(subject: Subject) -> (usize, usize) {
    match subject {
        Subject::Function { function, pattern, .. } => (function, pattern),
        Subject::Control { .. } => panic!("controls are off"),
    }
}

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_plan(seed: u64, rounds in 1u32..20, functions in 1usize..5) {
        let scenario = scenario(rounds);
        prop_assert_eq!(Plan::new(&scenario, functions, seed), Plan::new(&scenario, functions, seed));
    }

    /// Whatever the order, every round visits every (function, pattern) once.
    #[test]
    fn every_round_visits_everything_once(seed: u64, rounds in 1u32..10, functions in 1usize..5) {
        let scenario = scenario(rounds);
        let plan = Plan::new(&scenario, functions, seed);
        for round in 1..=rounds {
            let mut seen: Vec<_> = plan.trials.iter().filter(|t| t.round == round)
                .map(|t| function_and_pattern(t.subject)).collect();
            seen.sort_unstable();
            let all: Vec<_> = (0..functions).flat_map(|f| (0..2).map(move |p| (f, p))).collect();
            prop_assert_eq!(seen, all);
        }
        prop_assert!(plan.trials.iter().map(|t| t.number).eq(1..=plan.trials.len() as u32));
    }

    /// A longer run begins with the same rounds as a shorter one.
    #[test]
    fn more_rounds_do_not_change_the_first_ones(seed: u64) {
        let short = Plan::new(&scenario(3), 4, seed);
        let long = Plan::new(&scenario(9), 4, seed);
        prop_assert!(long.trials.starts_with(&short.trials));
    }
}
