//! Made-up comparisons for tests: verdicts as given, nothing computed.

use std::collections::BTreeMap;

use crate::compare::{
    Caveat, Cell, Comparison, Detectable, Difference, Failing, FunctionFacts, GateOutcome, Missing,
    Part, PartChange, PhaseGroup, Reason, Row, Side, SideInfo, Start, Values, Verdict,
};
use crate::sample::Temperature;
use crate::spec::factor::{Combination, Network};
use crate::spec::function::Limits;
use crate::spec::scenario::LoadShape;
use crate::spec::tolerance::{Judged, Margin, Margins, Metric};
use crate::stats::Fault;
use crate::stats::hodges_lehmann::Estimate;
use crate::store::{BaseRecord, Origin};

const MS: f64 = 1e6;

/// Names that attack every form.
pub(crate) const HOSTILE: [&str; 7] = [
    "</details><script>alert(1)</script>",
    "a|b\n| --- |\n# heading",
    "x\n::error title=evil::gone",
    "%0A::error::decoded",
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "\u{202e}gnirts ]]> & \"'\u{ffff}",
    "![x](http://evil.example/a.png) @everyone `code`",
];

/// Factors of a cell on a network, as its scenario asked for every one.
pub(crate) fn factors(network: Network) -> Combination {
    let limits = Limits { memory: 128 << 20, cpus: None, processes: None };
    Combination::on(network).resolve(limits, "runc").asked()
}

/// The cold cell `start/first` of a function on the bridge.
pub(crate) fn cell(function: &str) -> Cell {
    Cell {
        function: function.into(),
        adapter: Default::default(),
        factors: factors(Network::Bridge),
        control: None,
        pattern: "start".into(),
        step: "first".into(),
        act: LoadShape::Burst(1),
        temperature: Temperature::Cold,
    }
}

/// A gated total of a cold cell: base's median in ms, and head's over it. Its verdict
/// follows the ratio; the interval reaches 3 % to either side.
pub(crate) fn row(function: &str, base_ms: f64, ratio: f64) -> Row {
    let base = base_ms * MS;
    let change = base * (ratio - 1.0);
    let verdict = match ratio {
        r if r > 1.05 => Verdict::Regressed,
        r if r < 0.95 => Verdict::Improved,
        _ => Verdict::Unchanged,
    };
    let p = if ratio > 1.05 { 0.0001 } else { 0.74 };
    Row {
        function: function.into(),
        cell: Some(cell(function)),
        metric: Metric::Total,
        gated: true,
        verdict,
        reason: None,
        base: values(base),
        head: values(base * ratio),
        ratio: Some(about(ratio, 0.03)),
        p90: None,
        difference: Some(about(change, 0.03 * base)),
        p: Some(p),
        adjusted_p: Some((p * 4.0).min(1.0)),
        margin: margin(Metric::Total, function, Some(("start", "first"))),
        detectable: Some(Detectable { share: 0.12, amount: 0.12 * base }),
        parts: parts(change),
        again: false,
    }
}

fn values(median: f64) -> Values {
    Values { n: 29, failed: 0, median: Some(median) }
}

fn about(value: f64, half: f64) -> Estimate {
    Estimate { value, interval: Some((value - half, value + half)) }
}

/// All of a change in init, and a little noise in the engine.
fn parts(change: f64) -> Vec<PartChange> {
    let of = |stretch, value: f64| PartChange {
        part: Part { first: stretch, last: stretch },
        change: about(value, 2.0 * MS),
        p: if value.abs() > 5.0 * MS { 0.0 } else { 0.6 },
        explains: value.abs() > 5.0 * MS,
    };
    vec![
        of(PhaseGroup::Engine, 0.4 * MS),
        of(PhaseGroup::Boot, -0.1 * MS),
        of(PhaseGroup::Init, change),
        of(PhaseGroup::Invoke, 0.01 * MS),
    ]
}

/// The row's metric changed to one of the function as a whole, in bytes, told only.
pub(crate) fn size(function: &str, base: f64, head: f64) -> Row {
    let exact = |value| Estimate { value, interval: None };
    Row {
        cell: None,
        metric: Metric::Size,
        gated: false,
        base: Values { n: 1, failed: 0, median: Some(base) },
        head: Values { n: 1, failed: 0, median: Some(head) },
        ratio: Some(exact(head / base)),
        p90: None,
        difference: Some(exact(head - base)),
        p: None,
        adjusted_p: None,
        detectable: None,
        parts: Vec::new(),
        margin: margin(Metric::Size, function, None),
        ..row(function, 1.0, head / base)
    }
}

fn base() -> BaseRecord {
    BaseRecord {
        argument: "BASE".into(),
        name: "debian".into(),
        origin: Origin::Pulled,
        digest: format!("sha256:{:064x}", 9),
    }
}

fn party(label: &str, rows: &[Row]) -> SideInfo {
    let mut functions = BTreeMap::new();
    for row in rows {
        let position = functions.len();
        functions.entry(row.function.clone()).or_insert_with(|| FunctionFacts {
            position,
            digest: format!("sha256:{position:064x}"),
            size: 140 << 20,
            limits: Limits { memory: 128 << 20, cpus: None, processes: None },
            version: format!("{} 1.2.3", row.function),
            bases: [("BASE".to_owned(), base())].into(),
            asked: Default::default(),
        });
    }
    SideInfo {
        label: label.into(),
        run: "20260102-030405-gate".into(),
        started: "2026-01-02T03:04:05Z".into(),
        command: "coldstart gate --base main --seed 42".into(),
        place: "2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24".into(),
        rounds: 30,
        invalid: Vec::new(),
        partial: false,
        shortfall: None,
        simulated: false,
        injected: BTreeMap::new(),
        works: false,
        functions,
    }
}

/// A comparison of given rows; the outcome is that of the worst gated one.
pub(crate) fn of(rows: Vec<Row>) -> Comparison {
    let worst = rows.iter().filter(|r| r.gated).map(|r| match r.verdict {
        Verdict::Regressed => GateOutcome::Regressed,
        Verdict::Invalid => GateOutcome::Invalid,
        Verdict::Inconclusive => GateOutcome::Inconclusive,
        Verdict::Improved | Verdict::Unchanged => GateOutcome::Passed,
    });
    let outcome = worst.max().unwrap_or(GateOutcome::Invalid);
    let order = rows.iter().filter_map(|r| Some((r.cell.clone()?, starts(r)))).collect();
    Comparison {
        base: party("main (1a2b3c4d5e6f)", &rows),
        head: party("faster-init (0f1e2d3c4b5a)", &rows),
        gated: Metric::GATED.to_vec(),
        alpha: 0.05,
        interleaved: true,
        rows,
        missing: Vec::new(),
        budgets: Vec::new(),
        advisory: Vec::new(),
        notes: Vec::new(),
        order,
        outcome,
        explained: Vec::new(),
    }
}

/// A start a round and side, in mirrored order, a little apart.
fn starts(row: &Row) -> [Vec<Start>; 2] {
    let side = |values: &Values, second: u32| {
        let start = |round: u32| Start {
            at: u64::from(2 * round + (round + second) % 2) * 1_000_000_000,
            round,
            latency: values.median.map(|m| (m * (0.95 + 0.01 * f64::from(round % 11))) as u64),
        };
        (1..=30).map(start).collect()
    };
    [side(&row.base, 0), side(&row.head, 1)]
}

/// Four functions that are what they were.
pub(crate) fn passed() -> Comparison {
    let mut rows = vec![
        row("python", 224.0, 1.004),
        row("node", 281.0, 0.99),
        row("rust", 164.0, 1.0),
        row("jvm", 240.0, 1.01),
    ];
    rows[2].detectable = Some(Detectable { share: 0.08, amount: 13.0 * MS });
    of(rows)
}

/// One of them got slower in its init; own and advisory rows beside the totals.
pub(crate) fn regressed() -> Comparison {
    let mut comparison = passed();
    comparison.rows[0] = Row { again: true, ..row("python", 224.0, 1.118) };
    comparison.rows[0].base.n = 58;
    comparison.rows[0].head.n = 58;
    let own = Row { metric: Metric::Own, parts: vec![], ..row("python", 48.0, 1.5) };
    let mut warm =
        Row { metric: Metric::Warm, gated: false, parts: vec![], ..row("node", 0.91, 1.2) };
    if let Some(cell) = &mut warm.cell {
        cell.step = "again".into();
        cell.temperature = Temperature::Warm;
    }
    let image = (140 << 20) as f64;
    let sizes = [size("python", image, image + 12.0), size("jvm", image, image * 1.1)];
    comparison.rows.splice(1..1, [own]);
    comparison.rows.extend([warm]);
    comparison.rows.extend(sizes);
    comparison.outcome = GateOutcome::Regressed;
    comparison.head.injected.insert("python".into(), 25);
    comparison.notes.push(Caveat::Function(
        "node".into(),
        Difference::Version(["node 20".into(), "node 22".into()]),
    ));
    if let Some(facts) = comparison.head.functions.get_mut("python") {
        facts.digest = format!("sha256:{}", "ab".repeat(32));
        facts.size += 12;
    }
    comparison
}

fn lost(cell: Cell, lacks: Side) -> Missing {
    Missing { function: cell.function.clone(), cell: Some(cell), lacks, why_cold: None }
}

/// A cell that head has lost, and one that it has gained.
pub(crate) fn missing() -> Comparison {
    let mut comparison = passed();
    let gone = comparison.rows.pop().unwrap();
    comparison.missing = vec![lost(gone.cell.unwrap(), Side::Head), lost(cell("go"), Side::Base)];
    comparison.outcome = GateOutcome::Regressed;
    comparison
}

/// Head's calibration is off.
pub(crate) fn invalid() -> Comparison {
    let mut comparison = passed();
    comparison.head.invalid = vec![Fault::Slope("process", 1.04)];
    for row in &mut comparison.rows {
        row.verdict = Verdict::Invalid;
        row.reason = Some(Reason::Unknown(Side::Head));
    }
    comparison.outcome = GateOutcome::Invalid;
    comparison
}

/// A row that varies too much.
pub(crate) fn inconclusive() -> Comparison {
    let mut comparison = passed();
    let row = &mut comparison.rows[1];
    row.verdict = Verdict::Inconclusive;
    row.ratio = Some(Estimate { value: 1.04, interval: Some((0.97, 1.12)) });
    row.reason = Some(Reason::NoAlarmBefore);
    comparison.outcome = GateOutcome::Inconclusive;
    comparison
}

/// Sides of two machines, one after the other, of made-up figures.
pub(crate) fn advisory() -> Comparison {
    let mut comparison = regressed();
    comparison.interleaved = false;
    comparison.head.place = "64 x Other CPU, 256.0 GiB, Linux 6.1.0; docker 27.0.1".into();
    comparison.head.command = "coldstart run gate --seed 43".into();
    let unlike =
        |name, base: &str, head: &str| Caveat::Unlike(name, [base.to_owned(), head.to_owned()]);
    comparison.advisory =
        vec![unlike("processor", "Example", "Other"), unlike("engine version", "20.10", "27.0")];
    comparison.base.simulated = true;
    comparison
}

/// Head fails in most rounds: nothing to estimate.
pub(crate) fn failing() -> Comparison {
    let mut comparison = passed();
    let row = &mut comparison.rows[3];
    row.verdict = Verdict::Regressed;
    row.head = Values { n: 29, failed: 20, median: None };
    (row.ratio, row.difference, row.detectable) = (None, None, None);
    row.parts.clear();
    row.p = Some(0.0);
    row.adjusted_p = Some(0.0);
    row.reason = Some(Reason::MoreFailures(Failing { rounds: [(0, 29), (20, 29)], cause: None }));
    comparison.outcome = GateOutcome::Regressed;
    comparison
}

/// Attacks in every place that foreign text can reach.
pub(crate) fn hostile() -> Comparison {
    let rows = HOSTILE.iter().map(|name| {
        let mut row = row(name, 200.0, 1.2);
        row.reason = Some(Reason::BothFailed(Some((*name).into())));
        if let Some(cell) = &mut row.cell {
            cell.pattern = (*name).into();
            cell.step = (*name).into();
            cell.factors.runtime = Some((*name).into());
        }
        row
    });
    let mut comparison = of(rows.collect());
    let everything = HOSTILE.join(" ");
    for party in [&mut comparison.base, &mut comparison.head] {
        party.label = everything.clone();
        party.command = everything.clone();
        party.place = everything.clone();
        party.run = everything.clone();
        party.started = everything.clone();
        party.injected.insert(everything.clone(), 5);
    }
    comparison.head.functions.clear();
    let hostile = |text: &&str| Caveat::Salvaged(Side::Base, (*text).to_owned());
    comparison.notes = HOSTILE.iter().map(hostile).collect();
    comparison.advisory = Vec::new();
    comparison.missing = vec![lost(comparison.rows[0].cell.clone().unwrap(), Side::Head)];
    comparison
}

/// A hundred functions with four cells each, all slower, all with long names.
pub(crate) fn many(name: &str) -> Comparison {
    let mut rows = Vec::new();
    for index in 0..100 {
        for network in [Network::Bridge, Network::Host] {
            for step in ["first", "again"] {
                let mut row =
                    row(&format!("{name}{index:03}"), 200.0, 1.1 + f64::from(index) / 1e3);
                if let Some(cell) = &mut row.cell {
                    cell.factors = factors(network);
                    cell.step = step.into();
                }
                rows.push(row);
            }
        }
    }
    let mut comparison = of(rows);
    comparison.missing =
        comparison.rows.iter().map(|r| lost(r.cell.clone().unwrap(), Side::Head)).collect();
    comparison.head.functions.clear();
    comparison.notes =
        (0..400).map(|i| Caveat::AskedUnknown(vec![format!("{name} {i}")])).collect();
    comparison
}

/// Every kind of comparison, by name.
pub(crate) fn all() -> Vec<(&'static str, Comparison)> {
    let mut empty = of(Vec::new());
    empty.gated.clear();
    vec![
        ("passed", passed()),
        ("regressed", regressed()),
        ("missing", missing()),
        ("invalid", invalid()),
        ("inconclusive", inconclusive()),
        ("advisory", advisory()),
        ("failing", failing()),
        ("hostile", hostile()),
        ("many", many("function-")),
        ("empty", empty),
        ("not a number", not_a_number()),
        ("budgets", super::budgets::judged()),
    ]
}

/// Figures that no file may hold.
fn not_a_number() -> Comparison {
    let mut comparison = regressed();
    let bad = Estimate { value: f64::NAN, interval: Some((f64::NEG_INFINITY, f64::INFINITY)) };
    for row in &mut comparison.rows {
        (row.ratio, row.difference) = (Some(bad), Some(bad));
        (row.p, row.adjusted_p) = (Some(f64::NAN), Some(f64::NAN));
        row.base.median = Some(f64::INFINITY);
        row.head.median = Some(f64::NAN);
        row.detectable = Some(Detectable { share: f64::INFINITY, amount: f64::INFINITY });
        row.margin.floor = f64::INFINITY;
        for part in &mut row.parts {
            (part.change, part.p) = (bad, f64::NAN);
        }
    }
    comparison
}

fn margin(metric: Metric, function: &str, place: Option<(&str, &str)>) -> Margin {
    Margins::default().of(Judged { metric, function, place, has_daemon: true })
}
