//! Gates of recorded starts, and how often they alarm.

use std::collections::BTreeMap;

use super::*;
use crate::compare::{NullModel, Rates, SimulationConfig};

/// A gate that was measured: two sides of the same code.
fn recorded(rounds: u32) -> Vec<SideData> {
    [1, 2].map(|seed| Maker::shaped(seed, rounds, |s| s.spread = 0.1).measured()).to_vec()
}

fn noise() -> NullModel {
    NullModel::of(&[recorded(30)]).unwrap()
}

fn setting(confirm: bool) -> SimulationConfig {
    SimulationConfig { rules: Rules::default(), rounds: 29, sight: None, confirm }
}

fn sleeps(ms: u32) -> BTreeMap<String, u32> {
    [("f".to_owned(), ms)].into()
}

fn rates(noise: &NullModel, setting: &SimulationConfig, ms: u32, gates: u64) -> Rates {
    let mut rates = Rates::default();
    for seed in 0..gates {
        rates.add(&noise.gate(setting, &sleeps(ms), false, seed));
    }
    rates
}

#[test]
fn unchanged_code_seldom_alarms_and_what_sleeps_is_found() {
    let noise = noise();
    let same = rates(&noise, &setting(true), 0, 300);
    assert_eq!((same.gates.of, same.invalid), (300, 0));
    assert!(same.gates.hits <= 15, "{:?}", same.gates);
    let slower = rates(&noise, &setting(true), 40, 100);
    assert_eq!(slower.gates.hits, 100, "{:?}", slower.gates);
    assert_eq!(slower.functions["f"].hits, 100);
    let margin = same.suggested_margin().unwrap();
    assert!((0.01..0.3).contains(&margin), "{margin}");
}

#[test]
fn a_sleep_is_in_the_init_and_nowhere_else() {
    let found = noise().gate(&setting(false), &sleeps(40), false, 7);
    let total = row(&found, Metric::Total);
    let parts: Vec<String> = total.explained_by().iter().map(|p| p.part.to_string()).collect();
    assert_eq!(parts, ["init"]);
    assert!((total.explained_by()[0].change.value / MS - 40.0).abs() < 8.0);
    assert_eq!(verdict(&found, Metric::Own), Verdict::Regressed);
}

#[test]
fn the_same_seed_draws_the_same_gate() {
    let (noise, setting) = (noise(), setting(true));
    assert_eq!(
        noise.gate(&setting, &sleeps(9), false, 5),
        noise.gate(&setting, &sleeps(9), false, 5)
    );
    assert_ne!(
        noise.gate(&setting, &sleeps(9), false, 5),
        noise.gate(&setting, &sleeps(9), false, 6)
    );
}

#[test]
fn measuring_again_only_takes_alarms_back() {
    let noise = noise();
    for seed in 0..60 {
        // Of a size that some gates find.
        let at_once = noise.gate(&setting(false), &sleeps(9), false, seed);
        let confirmed = noise.gate(&setting(true), &sleeps(9), false, seed);
        let alarms = |found: &Comparison| found.outcome == GateOutcome::Regressed;
        assert!(alarms(&at_once) || !alarms(&confirmed), "seed {seed}");
        let n = row(&confirmed, Metric::Total).base.n;
        assert_eq!(n, if alarms(&at_once) { 58 } else { 29 }, "seed {seed}");
    }
}

#[test]
fn neighbours_are_of_one_round_or_of_one_and_the_next() {
    assert_eq!(NullModel::of(&[recorded(30)]).unwrap().least(), 29);
    // Round 1 is in no inference, and the last has no next.
    assert_eq!(NullModel::of(&[recorded(30)[..1].to_vec()]).unwrap().least(), 28);
    let two = NullModel::of(&[recorded(30), recorded(12)]).unwrap();
    assert_eq!((two.measurements(), two.least()), (2, 11));
    let warm = Maker::new(1, 30).only(|s| !is_cold(s)).measured();
    assert!(NullModel::of(&[vec![warm]]).is_none());
    assert!(NullModel::of(&[]).is_none());
}

#[test]
fn an_invalid_gate_is_in_no_rate() {
    let mut rates = Rates::default();
    let dead = Maker::new(1, 30).failing(|_| true);
    rates.add(&gate(&dead, &dead));
    assert_eq!((rates.gates.of, rates.invalid), (0, 1));
    assert_eq!((rates.gates.share(), rates.suggested_margin()), (None, None));
    rates.add(&gate(&Maker::new(1, 30), &Maker::new(2, 30)));
    assert_eq!(rates.gates.share(), Some(0.0));
    let least = rates.detectable("f", Metric::Total).unwrap() / MS;
    assert!((5.0..40.0).contains(&least), "{least}");
}
