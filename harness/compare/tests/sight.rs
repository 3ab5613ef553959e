//! When a gate measures on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::maker::{MS, Maker};
use crate::compare::sight::lacking;
use crate::compare::{Detectable, NullModel, Row, Rules, SimulationConfig, compare};
use crate::spec::tolerance::{Metric, Sight};

/// Rounds that are measured more where so much would be found, in milliseconds.
fn lacks(own: f64, cpu: f64, rounds: usize, sees_ms: u64) -> Option<u32> {
    let sides = [1, 2].map(|seed| Maker::new(seed, 12).measured());
    let rows = compare(&sides[0], &sides[1], &Rules::default(), &BTreeSet::new()).rows;
    let of_a_clock = rows.into_iter().find(|row| row.metric == Metric::Own && row.gated).unwrap();
    let rows = [(Metric::Own, own), (Metric::Cpu, cpu)].map(|(metric, ms)| {
        let mut row = Row { metric, ..of_a_clock.clone() };
        row.detectable = Some(Detectable { amount: ms * MS, share: 0.0 });
        (row.base.n, row.margin.share, row.margin.floor) = (rounds, 0.0, 2.0 * MS);
        row
    });
    let sight = Sight { sees: Duration::from_millis(sees_ms), most_rounds: 120 };
    let found = lacking(&rows, &sight)?;
    assert_eq!(found.functions, BTreeSet::from(["f".to_owned()]));
    Some(found.rounds)
}

#[test]
fn more_is_measured_of_what_would_be_seen_then_on_a_clock_or_by_the_processors() {
    assert_eq!(lacks(3.9, 3.9, 29, 4), None, "all is seen");
    // 29 * ((5.5 - 2) / (4 - 2))^2 = 88.8 rounds in all.
    assert_eq!([lacks(5.5, 3.9, 29, 4), lacks(3.9, 5.5, 29, 4)], [Some(60); 2]);
    assert_eq!(lacks(4.01, 3.9, 29, 4), Some(5), "not to look again for each");
    assert_eq!(lacks(5.5, 5.5, 119, 4), None, "as many as may be");
    // 181.25 rounds.
    assert_eq!(lacks(7.0, 3.9, 29, 4), None, "not waited for beside the processors' time");
    assert_eq!(lacks(7.0, 5.5, 29, 4), Some(60), "whose rounds it gets");
    // 2 + 5 * (29 / 119)^0.5 = 4.5 ms with all that may be.
    assert_eq!(lacks(7.0, 7.0, 29, 4), Some(29), "nearly is worth them: first as many again");
    assert_eq!(lacks(6.0, 40.0, 80, 4), Some(39), "no more than may be");
    // 8.9 ms.
    assert_eq!(lacks(16.0, 40.0, 29, 4), None, "a clock on a busy machine never will");
    assert_eq!(lacks(9.0, 9.0, 29, 2), None, "no rounds see what the floor takes");
}

/// However many rounds it takes to see it, the same code alarms no more often, and what is
/// slower is found more often.
#[test]
fn to_measure_on_finds_more_and_alarms_no_more() {
    let recorded = [1, 2].map(|seed| Maker::shaped(seed, 60, |s| s.spread = 0.25).measured());
    let noise = NullModel::of(&[recorded.to_vec()]).unwrap();
    let rates = |most_rounds: Option<u32>, ms: u32| {
        let sight =
            most_rounds.map(|most_rounds| Sight { sees: Duration::from_millis(6), most_rounds });
        let setting =
            SimulationConfig { rules: Rules::default(), rounds: 29, sight, confirm: false };
        let slower = BTreeMap::from([("f".to_owned(), ms)]);
        let gates = (0..40).map(|seed| noise.gate(&setting, &slower, false, seed));
        gates.filter(|gate| !gate.alarmed().is_empty()).count()
    };
    let (plain, on) = (rates(None, 7), rates(Some(180), 7));
    assert!(on > plain + 8, "found {on} and {plain} of 40");
    // 2 are 5 %; more than 7 would be met once in a thousand times.
    assert!(rates(Some(180), 0) <= 7);
}
