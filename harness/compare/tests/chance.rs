//! What must hold whatever the figures, and how often chance alarms.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::*;

/// A side with some cells, from the totals of their rounds: the own part is a third.
fn side(cells: &[Vec<f64>]) -> SideData {
    let mut side = Maker::new(1, 2).measured();
    let template = side.cells.keys().find(|c| c.temperature == Temperature::Cold).unwrap().clone();
    let cell = |(index, totals): (usize, &Vec<f64>)| {
        let round = |(number, total): (u32, &f64)| Round {
            number,
            total: *total,
            has_failed: false,
            boot_and_init: Some(total / 3.0),
            init: None,
            cpu: None,
            memory: None,
            billed: None,
            parts: Vec::new(),
        };
        let rounds = (2..).zip(totals).map(round).collect();
        let cell = Cell { function: format!("f{index}"), ..template.clone() };
        (cell, Rounds { rounds, ..Rounds::default() })
    };
    side.cells = cells.iter().enumerate().map(cell).collect();
    side
}

fn judged(base: &[Vec<f64>], head: &[Vec<f64>], rules: &Rules) -> Comparison {
    compare(&side(base), &side(head), rules, &BTreeSet::new())
}

/// The rows of cells: the function's image is no sample.
fn rows(found: &Comparison) -> impl Iterator<Item = &Row> {
    found.rows.iter().filter(|row| row.cell.is_some())
}

/// Rounds of one cell, from 10 to 500 ms: some close together, some not.
fn totals() -> impl Strategy<Value = Vec<f64>> {
    (10.0..300.0, 0.0..0.7, proptest::collection::vec(0.0..1.0, 3..24)).prop_map(
        |(least, spread, rounds): (f64, f64, Vec<f64>)| {
            rounds.iter().map(|of| least * (1.0 + spread * of) * MS).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_worse_one_way_is_better_the_other(base in totals(), head in totals()) {
        let (base, head) = ([base], [head]);
        let (there, back) = (
            judged(&base, &head, &Rules::default()),
            judged(&head, &base, &Rules::default()),
        );
        for (there, back) in rows(&there).zip(rows(&back)) {
            let mirrored = match there.verdict {
                Verdict::Regressed => Verdict::Improved,
                Verdict::Improved => Verdict::Regressed,
                other => other,
            };
            prop_assert_eq!(back.verdict, mirrored);
            prop_assert_eq!((there.base, there.head), (back.head, back.base));
            let (one, other) = (there.ratio.unwrap(), back.ratio.unwrap());
            prop_assert!((one.value * other.value - 1.0).abs() < 1e-9);
            let (one, other) = (there.difference.unwrap(), back.difference.unwrap());
            prop_assert!((one.value + other.value).abs() < 1.0, "{one:?} {other:?}");
        }
    }

    #[test]
    fn the_unit_of_time_does_not_matter(base in totals(), head in totals()) {
        let scaled = |side: &[f64]| vec![side.iter().map(|v| v * 8.0).collect::<Vec<f64>>()];
        let mut rules = Rules::default();
        let one = judged(std::slice::from_ref(&base), std::slice::from_ref(&head), &rules);
        rules.margins.floors.values_mut().for_each(|floor| *floor *= 8.0);
        let other = judged(&scaled(&base), &scaled(&head), &rules);
        for (one, other) in rows(&one).zip(rows(&other)) {
            prop_assert_eq!((one.verdict, one.p, one.adjusted_p), (other.verdict, other.p, other.adjusted_p));
            let ratio = |row: &Row| row.ratio.unwrap().value;
            prop_assert!((ratio(one) / ratio(other) - 1.0).abs() < 1e-9);
            let share = |row: &Row| row.detectable.map(|d| (d.share * 1e6).round());
            prop_assert_eq!(share(one), share(other));
        }
    }

    #[test]
    fn a_side_against_itself_is_neither_worse_nor_better(cell in totals()) {
        let found = judged(std::slice::from_ref(&cell), std::slice::from_ref(&cell), &Rules::default());
        for row in rows(&found) {
            prop_assert!(!matches!(row.verdict, Verdict::Regressed | Verdict::Improved), "{row:?}");
        }
        prop_assert!(found.outcome <= GateOutcome::Inconclusive);
    }

    #[test]
    fn the_order_of_the_rows_in_the_file_does_not_matter(seed: u64) {
        let base = Maker::of(1, 8, &["f", "g"], |shape| shape.spread = 0.1).with_floor(3, 90.0);
        let mut shuffled = base.clone();
        shuffled.run.samples.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let head = Maker::of(2, 8, &["f", "g"], |shape| shape.spread = 0.1).with_floor(4, 99.0);
        prop_assert_eq!(later(&base, &head), later(&shuffled, &head));
    }
}

/// Draws rounds of unchanged cells, and of one that is changed.
struct Dice(ChaCha8Rng);

impl Dice {
    /// Log-normal about 200 ms, standard deviation of the logarithm 0.1.
    fn cell(&mut self, change: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..29).map(|_| change(200.0 * MS * (0.1 * maker::normal(&mut self.0)).exp())).collect()
    }

    fn cells(&mut self, many: usize) -> Vec<Vec<f64>> {
        (0..many).map(|_| self.cell(|v| v)).collect()
    }
}

#[test]
fn unchanged_code_does_not_alarm_and_a_change_worth_the_name_does() {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(7));
    let rules = Rules::default();
    let (mut alarms, mut improved, mut found) = (0, 0, 0);
    for _ in 0..300 {
        let (base, head) = (dice.cells(4), dice.cells(4));
        let unchanged = judged(&base, &head, &rules);
        alarms += usize::from(unchanged.outcome == GateOutcome::Regressed);
        improved += usize::from(rows(&unchanged).any(|r| r.verdict == Verdict::Improved));
    }
    for _ in 0..60 {
        let (base, mut head) = (dice.cells(4), dice.cells(4));
        head[2].iter_mut().for_each(|total| *total *= 1.15);
        let alarmed = judged(&base, &head, &rules).alarmed();
        assert!(alarmed.iter().all(|name| name == "f2"), "{alarmed:?}");
        found += usize::from(!alarmed.is_empty());
    }
    assert!(alarms <= 3 && improved <= 3, "{alarms} and {improved} of 300; the rate kept is 5 %");
    assert!(found >= 42, "{found} of 60");
}

/// Of rows whose true change is what an unchanged gate said that it can detect.
fn power(seed: u64, rules: &Rules) -> f64 {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let total = |found: &Comparison| {
        rows(found).find(|r| r.metric == Metric::Total && r.function == "f1").unwrap().clone()
    };
    let mut detectable: Vec<f64> = Vec::new();
    for _ in 0..30 {
        let found = judged(&dice.cells(2), &dice.cells(2), rules);
        detectable.push(total(&found).detectable.unwrap().amount);
    }
    detectable.sort_by(f64::total_cmp);
    let typical = detectable[15];
    let share = rules.margins.share;
    let floor = rules.margins.floors[&Metric::Total];
    // Slower by a factor where the share counts, by so much where the floor does.
    let by_floor = floor > share * 200.0 * MS;
    let change = |v: f64| if by_floor { v + typical } else { v * (1.0 + typical / (200.0 * MS)) };
    let mut hits = 0;
    for _ in 0..150 {
        let base = dice.cells(2);
        let head = vec![dice.cell(|v| v), dice.cell(change)];
        hits += usize::from(total(&judged(&base, &head, rules)).verdict == Verdict::Regressed);
    }
    f64::from(hits as u32) / 150.0
}

#[test]
fn the_smallest_detectable_change_is_honest() {
    let of = |floor_ms: f64| {
        let mut rules = Rules { gated: vec![Metric::Total], ..Rules::default() };
        rules.margins.floors.insert(Metric::Total, floor_ms * MS);
        rules
    };
    for (seed, floor_ms) in [(1, 1.0), (2, 40.0)] {
        let power = power(seed, &of(floor_ms));
        assert!((0.65..=0.95).contains(&power), "floor {floor_ms} ms: {power}");
    }
}
