use super::*;
use crate::spec::scenario::parse;
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
    insta::assert_snapshot!(plan.describe(&names, &[]), @r"
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
    assert_eq!(plan.starts(), 2 * 2 * (1 + 4));
    assert_eq!(plan.invocations(), 2 * 2 * (1 + 4 + 200));
}

/// What a plan of so many rounds of so many functions is refused for; empty where it is not.
fn refusal(rounds: u32, functions: usize, change: impl FnOnce(&mut Scenario)) -> String {
    let mut scenario = scenario(1);
    scenario.rounds = rounds;
    change(&mut scenario);
    check(&scenario, functions, 2).err().unwrap_or_default()
}

#[test]
fn a_plan_too_large_to_be_carried_out_is_refused_before_it_is_made() {
    assert_eq!(refusal(100, 4, |_| ()), "");
    let text = refusal(u32::MAX, 4, |_| ());
    assert!(text.contains("68719476720 trials") && text.contains("1000000 are the most"), "{text}");
    assert!(refusal(1, usize::MAX, |_| ()).contains("trials"));
    let many = |s: &mut Scenario| s.patterns[0].steps[0].act = LoadShape::Sequence(100_000);
    let text = refusal(1_000, 4, many);
    assert!(text.contains("invocations, and 10000000 are the most"), "{text}");
    let slow = |s: &mut Scenario| s.keep_alive = Some(Duration::from_secs(24 * 3600));
    assert!(refusal(1_000, 4, slow).contains("more than a year"));
    let limited = |s: &mut Scenario| {
        slow(s);
        s.max_time = Some(Duration::from_secs(60));
    };
    assert_eq!(refusal(1_000, 4, limited), "", "its limit of time ends it before");
}

/// A scenario with more lines at its top, and controls unless they say otherwise.
fn scenario_with(lines: &str) -> Scenario {
    let text = format!(
        r#"
        name = "t"
        rounds = 3
        keep-alive = "250ms"
        {lines}
        [[pattern]]
        name = "single"
        steps = [{{ name = "call", burst = 1 }}]
        "#
    );
    parse(&text, "t.toml").unwrap()
}

/// What a round visits, in order of the subjects.
fn round(plan: &Plan, round: u32) -> Vec<TrialSubject> {
    let mut seen: Vec<_> =
        plan.trials.iter().filter(|t| t.round == round).map(|t| t.subject).collect();
    seen.sort_unstable();
    seen
}

#[test]
fn every_round_has_each_control_once_and_the_null_container_under_every_combination() {
    let scenario = scenario_with(r#"networks = ["bridge", "host", "none"]"#);
    let plan = Plan::new(&scenario, 0, 7);
    let control = |control, combination| TrialSubject::Control { control, combination };
    let mut all: Vec<TrialSubject> = (0..3).map(|c| control(Control::Container(0), c)).collect();
    all.extend([1, 5, 20, 100].map(|ms| control(Control::Container(ms), 0)));
    all.extend([0, 1, 5, 20, 100].map(|ms| control(Control::Process(ms), 0)));
    all.sort_unstable();
    for number in 1..=3 {
        assert_eq!(round(&plan, number), all);
    }
}

#[test]
fn the_controls_are_shuffled_among_the_functions() {
    let plan = Plan::new(&scenario_with(""), 4, 7);
    let is_control = |t: &Trial| matches!(t.subject, TrialSubject::Control { .. });
    let orders: Vec<Vec<bool>> = (1..=3)
        .map(|round| plan.trials.iter().filter(|t| t.round == round).map(is_control).collect())
        .collect();
    assert!(orders.iter().all(|order| !order.is_sorted()), "they are not at the end: {orders:?}");
    assert!(orders[0] != orders[1] || orders[1] != orders[2], "each round is shuffled anew");
}

#[test]
fn a_process_is_an_invocation_and_no_container_start() {
    let scenario = scenario_with("");
    let plan = Plan::new(&scenario, 2, 7);
    // Two functions, five containers and five processes; each is called once.
    assert_eq!(plan.trials.len(), 3 * (2 + 5 + 5));
    assert_eq!(plan.invocations(), 3 * (2 + 5 + 5));
    assert_eq!(plan.starts(), 3 * (2 + 5));
}

#[test]
fn a_control_is_one_call_and_says_so_to_a_person() {
    let scenario = scenario_with(r#"networks = ["host", "none"]"#);
    let plan = Plan::new(&scenario, 1, 7);
    for trial in plan.trials.iter().filter(|t| matches!(t.subject, TrialSubject::Control { .. })) {
        let pattern = plan.pattern(trial);
        assert_eq!((pattern.name.as_str(), pattern.steps.len()), ("control", 1));
        assert_eq!(
            (pattern.steps[0].act, pattern.steps[0].after),
            (LoadShape::Burst(1), Duration::ZERO)
        );
        assert_eq!(plan.invocations_of(trial), 1);
    }
    let text = plan.describe(&["f".to_owned()], &[]);
    for line in [
        "control: null process\n",
        "control: process sleeping 20 ms\n",
        "control: null container, host\n",
        "control: null container, none\n",
        "control: container sleeping 100 ms, host\n",
    ] {
        assert_eq!(text.matches(line).count(), 3, "once a round: `{line}` in {text}");
    }
    assert!(!text.contains("sleeping 100 ms, none"), "the series is under one combination: {text}");
}

#[test]
fn controls_can_be_left_out() {
    let plan = Plan::new(&scenario_with("controls = false"), 2, 7);
    assert_eq!(plan.trials.len(), 3 * 2);
}

#[test]
fn every_function_meets_every_combination_of_every_factor() {
    let scenario = scenario_with(
        r#"
        controls = false
        networks = ["bridge", "none"]
        runtimes = ["runc", "crun"]
        cpus = [0.5, 1, 2]
        memory = ["64MiB", "128MiB"]
        page-cache = ["warm", "image-cold"]
        log-drivers = ["json-file", "none"]
        "#,
    );
    let combinations = scenario.factors.combinations();
    assert_eq!(combinations.len(), 2 * 2 * 3 * 2 * 2 * 2);
    for (index, one) in combinations.iter().enumerate() {
        assert!(!combinations[..index].contains(one), "{one} is there twice");
    }
    let plan = Plan::new(&scenario, 2, 7);
    let of = |function| {
        (0..96).map(move |combination| TrialSubject::Function { function, combination, pattern: 0 })
    };
    assert_eq!(round(&plan, 1), of(0).chain(of(1)).collect::<Vec<_>>());
}

#[test]
fn throughput_is_some_starts_one_at_a_time_and_more_of_them_many_at_a_time() {
    let mut scenario = scenario_with("");
    scenario.in_parallel(4);
    let patterns: Vec<_> = scenario
        .patterns
        .iter()
        .map(|p| (p.name.as_str(), p.steps.len(), p.steps[0].act))
        .collect();
    let [one, many] =
        [(1, 5), (4, 40)].map(|(workers, starts)| LoadShape::Parallel { workers, starts });
    assert_eq!(patterns, [("one", 1, one), ("many", 1, many)]);
    let plan = Plan::new(&scenario, 1, 7);
    // Each of them is a start of its own, unlike the calls of a sequence.
    assert_eq!(plan.invocations(), 3 * (5 + 40 + 10));
    assert_eq!(plan.starts(), 3 * (5 + 40 + 5));
    let text = plan.describe(&["f".to_owned()], &[]);
    assert!(text.contains("many: idle, starts (40 starts, 4 at a time)"), "{text}");
}

#[test]
fn nobody_is_told_to_wait_longer_than_the_time_limit() {
    let mut scenario = scenario_with("");
    let whole = Plan::new(&scenario, 4, 7).estimate();
    scenario.max_time = Some(whole / 2);
    assert_eq!(Plan::new(&scenario, 4, 7).estimate(), whole / 2);
    scenario.max_time = Some(whole * 2);
    assert_eq!(Plan::new(&scenario, 4, 7).estimate(), whole);
}

fn function_and_pattern(subject: TrialSubject) -> (usize, usize) {
    match subject {
        TrialSubject::Function { function, pattern, .. } => (function, pattern),
        TrialSubject::Control { .. } => panic!("controls are off"),
    }
}

/// What a plan of some sides visits, as (side, subject).
fn visits(trials: &[Trial]) -> Vec<(usize, TrialSubject)> {
    trials.iter().map(|t| (t.side, t.subject)).collect()
}

#[test]
fn sides_that_take_turns_for_a_person() {
    let scenario = scenario(2);
    let plan = Plan::in_turns(&scenario, 1, 2, 7);
    let names = ["alpha".to_owned()];
    insta::assert_snapshot!(plan.describe(&names, &["base", "head"]), @r"
    round 1
         1  base  alpha      bridge  single: idle, call (burst of 1)
         2  head  alpha      bridge  single: idle, call (burst of 1)
         3  base  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         4  head  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
    round 2
         5  head  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         6  base  alpha      bridge  surge: idle, out (burst of 4), steady (200 in sequence)
         7  head  alpha      bridge  single: idle, call (burst of 1)
         8  base  alpha      bridge  single: idle, call (burst of 1)
    ");
    assert_eq!(plan.invocations(), 2 * 2 * (1 + 4 + 200));
    for side in [0, 1] {
        assert_eq!(plan.invocations_of_side(side), 2 * (1 + 4 + 200));
    }
}

#[test]
fn the_controls_of_every_side_are_visited() {
    let plan = Plan::in_turns(&scenario_with(""), 1, 2, 7);
    for side in [0, 1] {
        let of_side = plan.trials.iter().filter(|t| t.side == side);
        assert_eq!(of_side.count(), 3 * (1 + 5 + 5));
    }
}

#[test]
fn what_alarmed_goes_on_where_the_plan_ended() {
    let scenario = scenario_with("");
    let plan = Plan::in_turns(&scenario, 3, 2, 7);
    let again = plan.beyond(plan.trials.last(), &[2, 0], scenario.rounds);
    let last = plan.trials.last().unwrap().number;
    assert!(again.iter().map(|t| t.number).eq(last + 1..=last + 3 * 2 * 2));
    assert!(again.iter().map(|t| t.round).is_sorted());
    for round in 4..=6 {
        let mut seen: Vec<_> = again
            .iter()
            .filter(|t| t.round == round)
            .map(|t| (function_and_pattern(t.subject).0, t.side))
            .collect();
        // The opposite order of the round before, which was the plan's or its own.
        assert_eq!(seen[0].1, usize::from(round % 2 == 0), "round {round}: {again:?}");
        seen.sort_unstable();
        assert_eq!(seen, [(0, 0), (0, 1), (2, 0), (2, 1)], "no controls, nothing else");
    }
    assert_eq!(plan.beyond(plan.trials.last(), &[], 3), []);
    assert_eq!(again, plan.beyond(plan.trials.last(), &[2, 0], 3), "the same seed, the same plan");
    let alone = Plan::new(&scenario, 3, 7);
    let alone = alone.beyond(alone.trials.last(), &[1], 1);
    assert_eq!(alone.iter().map(|t| (t.side, t.round)).collect::<Vec<_>>(), [(0, 4)]);
}

proptest! {
    /// Whatever drifts falls on both sides alike: they are neighbours, and each is
    /// the first of the two as often as the other.
    #[test]
    fn sides_are_neighbours_and_each_is_first_equally_often(
        seed: u64, half in 1u32..6, functions in 1usize..4, sides in 2usize..4,
    ) {
        let scenario = scenario(2 * half);
        let plan = Plan::in_turns(&scenario, functions, sides, seed);
        prop_assert_eq!(plan.trials.len(), 2 * half as usize * functions * 2 * sides);
        prop_assert!(plan.trials.iter().map(|t| t.number).eq(1..=plan.trials.len() as u32));
        for turn in plan.trials.chunks(sides) {
            prop_assert!(turn.iter().all(|t| (t.subject, t.round) == (turn[0].subject, turn[0].round)));
            let order: Vec<usize> = turn.iter().map(|t| t.side).collect();
            let forward: Vec<usize> = (0..sides).collect();
            let backward: Vec<usize> = (0..sides).rev().collect();
            prop_assert_eq!(order, if turn[0].round % 2 == 1 { forward } else { backward });
        }
        for subject in plan.trials.iter().map(|t| t.subject) {
            let firsts = plan.trials.chunks(sides).map(|turn| turn[0]);
            let base = firsts.filter(|t| t.subject == subject && t.side == 0).count();
            prop_assert_eq!(base, half as usize);
        }
    }

    /// One side in turns is a plan like any other, and the order of the subjects does
    /// not hang on how many sides there are.
    #[test]
    fn one_side_is_no_turns(seed: u64, rounds in 1u32..6, functions in 1usize..4) {
        let scenario = scenario(rounds);
        let alone = Plan::new(&scenario, functions, seed);
        prop_assert_eq!(&Plan::in_turns(&scenario, functions, 1, seed), &alone);
        let both = Plan::in_turns(&scenario, functions, 2, seed);
        let of_head: Vec<Trial> = both.trials.into_iter().filter(|t| t.side == 1).collect();
        let subjects = |trials: &[Trial]| visits(trials).into_iter().map(|(_, s)| s).collect::<Vec<_>>();
        prop_assert_eq!(subjects(&of_head), subjects(&alone.trials));
    }

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

#[test]
fn the_trials_of_one_side_are_known_without_the_others() {
    let scenario = scenario_with("");
    let alone = Plan::new(&scenario, 2, 7);
    for sides in 1..=3 {
        let all = Plan::in_turns(&scenario, 2, sides, 7);
        let later = all.beyond(all.trials.last(), &[1], 3);
        for side in 0..sides {
            let more = alone.beyond(alone.trials.last(), &[1], 3);
            let known = alone.trials.iter().chain(&more);
            let known = known.map(|t| t.in_turns(side as u32, sides as u32));
            let of_side = all.trials.iter().chain(&later).filter(|t| t.side == side).copied();
            assert!(known.eq(of_side), "side {side} of {sides}");
        }
    }
}
