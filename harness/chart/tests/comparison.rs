//! Made-up comparisons for the tests of their pictures, seeded. Their intervals are
//! rough: what is tested is the drawing.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chart::kit::colour::{GREY, INK, PAGE};
use crate::chart::{ChartSpec, Layout};
use crate::compare::{
    Cell, Comparison, FunctionFacts, GateOutcome, Part, PartChange, PhaseGroup, Row, SideInfo,
    Start, Values, Verdict,
};
use crate::sample::Temperature;
use crate::spec::factor::{Combination, Network};
use crate::spec::function::Limits;
use crate::spec::scenario::LoadShape;
use crate::spec::tolerance::{Judged, Margins, Metric};
use crate::stats::hodges_lehmann::Estimate;

const MS: f64 = 1e6;

/// Name, total, boot + init, and what the head adds to its init; milliseconds.
pub(crate) type Shape<'a> = (&'a str, f64, f64, f64);

pub(crate) const FOUR: [Shape; 4] = [
    ("python", 153.0, 30.0, 24.0),
    ("node", 163.0, 20.0, 0.4),
    ("rust", 130.0, 1.5, 0.0),
    ("jvm", 208.0, 75.0, -1.0),
];

pub(crate) fn cell(function: &str, step: &str, act: LoadShape, temperature: Temperature) -> Cell {
    Cell {
        function: function.into(),
        adapter: Default::default(),
        factors: Combination::on(Network::Bridge)
            .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc")
            .asked(),
        control: None,
        pattern: "single".into(),
        step: step.into(),
        act,
        temperature,
    }
}

fn party(label: &str, shapes: &[Shape], rounds: u32) -> SideInfo {
    let facts = |position| FunctionFacts {
        limits: Limits { memory: 128 << 20, cpus: None, processes: None },
        position,
        digest: "sha256:0".into(),
        size: 50 << 20,
        version: "1".into(),
        bases: BTreeMap::new(),
        asked: Default::default(),
    };
    let functions = shapes.iter().enumerate().map(|(i, s)| (s.0.to_owned(), facts(i))).collect();
    SideInfo {
        label: label.into(),
        run: label.into(),
        started: "2026-01-01T00:00:00Z".into(),
        command: "x".into(),
        place: "y".into(),
        rounds,
        invalid: Vec::new(),
        partial: false,
        shortfall: None,
        simulated: false,
        injected: BTreeMap::new(),
        works: false,
        functions,
    }
}

/// The default: four functions, one of them slower by 24 ms.
pub(crate) fn four(rounds: u32) -> Comparison {
    of(&FOUR, rounds)
}

/// Two sides in mirrored order.
pub(crate) fn of(shapes: &[Shape], rounds: u32) -> Comparison {
    let mut maker = Maker { rng: ChaCha8Rng::seed_from_u64(5) };
    let order = maker.order(shapes, rounds);
    let mut rows = Vec::new();
    for (name, total, own, added) in shapes {
        let cold = cell(name, "call", LoadShape::Burst(1), Temperature::Cold);
        let warm = cell(name, "again", LoadShape::Sequence(20), Temperature::Warm);
        let n = rounds.saturating_sub(1) as usize;
        let mut of = |cell: Option<&Cell>, metric, base, added, noise| {
            let mut row = maker.row(name, metric, (base, added, noise), n);
            row.cell = cell.cloned();
            rows.push(row);
        };
        of(Some(&cold), Metric::Total, total * MS, added * MS, 0.04);
        of(Some(&cold), Metric::Own, own * MS, added * MS, 0.03);
        of(Some(&warm), Metric::Warm, 0.4 * MS, 0.0, 0.1);
        of(Some(&cold), Metric::Memory, 21e6, 2e5, 0.01);
        of(None, Metric::Size, 50.0 * 1_048_576.0, 0.0, 0.0);
    }
    let regressed = rows.iter().any(|r| r.gated && r.verdict == Verdict::Regressed);
    Comparison {
        base: party("main (1a2b3c4d5e6f)", shapes, rounds),
        head: party("warm-config (9f8e7d6c5b4a)", shapes, rounds),
        gated: Metric::GATED.to_vec(),
        alpha: 0.05,
        interleaved: true,
        rows,
        budgets: Vec::new(),
        missing: Vec::new(),
        advisory: Vec::new(),
        notes: Vec::new(),
        order,
        explained: Vec::new(),
        outcome: if regressed { GateOutcome::Regressed } else { GateOutcome::Passed },
    }
}

struct Maker {
    rng: ChaCha8Rng,
}

impl Maker {
    fn normal(&mut self) -> f64 {
        let mut uniform = || ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let radius = (-2.0 * uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * uniform()).cos()
    }

    fn order(&mut self, shapes: &[Shape], rounds: u32) -> BTreeMap<Cell, [Vec<Start>; 2]> {
        let mut now = 3e9;
        let mut order: BTreeMap<Cell, [Vec<Start>; 2]> = BTreeMap::new();
        for round in 1..=rounds {
            for (i, (name, total, _, added)) in shapes.iter().enumerate() {
                let first = (round as usize + i) % 2;
                for side in [first, 1 - first] {
                    let extra = if side == 1 { *added } else { 0.0 };
                    let first = if round == 1 { 1.5 } else { 1.0 };
                    let noise = (0.04 * self.normal()).exp();
                    let latency = Some(((total + extra) * MS * noise * first) as u64);
                    let start = Start { at: now as u64, round, latency };
                    let cell = cell(name, "call", LoadShape::Burst(1), Temperature::Cold);
                    order.entry(cell).or_default()[side].push(start);
                    now += 400.0 * MS + total * MS;
                }
            }
        }
        order
    }

    fn row(
        &mut self,
        function: &str,
        metric: Metric,
        (base, added, noise): (f64, f64, f64),
        n: usize,
    ) -> Row {
        let gated = Metric::GATED.contains(&metric);
        let spread = base * noise;
        let error = spread * (2.0 / n.max(1) as f64).sqrt();
        let change = added + error * 0.5 * self.normal();
        let interval = |unit: f64, zero: f64| {
            let ends = (zero + (change - 2.0 * error) / unit, zero + (change + 2.0 * error) / unit);
            let interval = (n > 5 && noise > 0.0).then_some(ends);
            Some(Estimate { value: zero + change / unit, interval })
        };
        let margin =
            Margins::default().of(Judged { metric, function, place: None, has_daemon: true });
        let amount = (margin.share * base).max(margin.floor);
        let verdict = match (change - 2.0 * error, change + 2.0 * error) {
            (low, _) if low > amount => Verdict::Regressed,
            (_, high) if high < -amount => Verdict::Improved,
            (low, high) if low > -amount && high < amount => Verdict::Unchanged,
            _ => Verdict::Inconclusive,
        };
        let part = Part { first: PhaseGroup::Init, last: PhaseGroup::Init };
        let part = PartChange {
            part,
            change: Estimate { value: added, interval: None },
            p: 0.001,
            explains: verdict == Verdict::Regressed,
        };
        let values = |median| Values { n, failed: 0, median: Some(median) };
        Row {
            function: function.into(),
            cell: None,
            metric,
            gated,
            verdict,
            reason: None,
            base: values(base),
            head: values(base + change),
            ratio: interval(base, 1.0),
            p90: None,
            difference: interval(1.0, 0.0),
            p: None,
            adjusted_p: None,
            margin,
            detectable: None,
            parts: if metric == Metric::Total { vec![part] } else { Vec::new() },
            again: false,
        }
    }
}

/// A chart for both layouts, sound for both; none when it is not drawn.
pub(crate) fn on_both(compose: impl Fn(Layout) -> Option<ChartSpec>) -> Option<[ChartSpec; 2]> {
    let [wide, narrow] = [compose(Layout::Wide)?, compose(Layout::Narrow)?];
    for chart in [&wide, &narrow] {
        super::is_sound(chart);
        stands_on_the_page(chart);
    }
    assert!(narrow.canvas.width <= Layout::Narrow.width());
    assert!(wide.data == narrow.data && !wide.data.rows.is_empty(), "{}", wide.title);
    Some([wide, narrow])
}

/// Text has one of two colours, and nothing but the page behind it: its contrast does
/// not rest on a function's colour.
fn stands_on_the_page(chart: &ChartSpec) {
    let strokes = &chart.canvas.strokes;
    for (i, stroke) in strokes.iter().enumerate() {
        let super::Stroke::Text(text) = stroke else { continue };
        assert!([INK, GREY].contains(&text.colour), "{}: `{}`", chart.title, text.text);
        let [left, top, right, bottom] = super::edges(text);
        // Half of what is above and below the letters may touch.
        let (top, bottom) = (top + 3.0, bottom - 3.0);
        let behind = strokes[..i].iter().rev().find_map(|stroke| match stroke {
            super::Stroke::Area { points, colour } => {
                let apart = points.iter().all(|p| p.0 <= left)
                    || points.iter().all(|p| p.0 >= right)
                    || points.iter().all(|p| p.1 <= top)
                    || points.iter().all(|p| p.1 >= bottom);
                (!apart).then_some(*colour)
            }
            _ => None,
        });
        assert!(behind.is_none_or(|c| c == PAGE), "{}: `{}`", chart.title, text.text);
    }
}
