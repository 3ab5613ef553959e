//! The errors of known sleeps: their series, and how far an axis of them goes.

use crate::spec::control::Calibrated;
use crate::stats::{Calibration, CalibrationSeries, Controls, MOST_RESIDUAL_NS, least_rows};
use crate::store::Run;
use crate::text::units::NS_PER_MS;
use crate::words::plain;

/// The limits are drawn when they are no more than so many times as far out as
/// the points; further out they would press the points into a line.
const FAR: f64 = 4.0;
/// Nanoseconds that the axis ends at, at most: what is further off stands on its edge.
const FURTHEST: f64 = 60e9;
/// One series of controls about its line.
pub(super) struct Cloud {
    pub(super) name: String,
    /// Its colour and shape.
    pub(super) position: usize,
    pub(super) line: Calibration,
    pub(super) groups: Vec<Group>,
}

/// The starts of one known sleep, all in nanoseconds.
pub(super) struct Group {
    pub(super) sleep: f64,
    /// Measured less sleep and intercept, in the order of the starts.
    pub(super) residuals: Vec<f64>,
    pub(super) median: f64,
}

impl Group {
    /// The quartiles of the residuals, nanoseconds; none of too few to have any.
    pub(super) fn quarters(&self) -> Option<(f64, f64)> {
        let mut sorted = self.residuals.clone();
        sorted.sort_by(f64::total_cmp);
        // Type 7, as everywhere.
        let at = |q: f64| {
            let position = (sorted.len() - 1) as f64 * q;
            let (low, high) = (position.floor() as usize, position.ceil() as usize);
            sorted[low] + (sorted[high] - sorted[low]) * position.fract()
        };
        (sorted.len() >= least_rows(0.25)).then(|| (at(0.25), at(0.75)))
    }
}

/// The vertical axis.
pub(super) struct Reach {
    /// Nanoseconds at the lower and the upper edge.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether the limits of a valid run are within.
    pub(super) limits: bool,
    /// Nanoseconds in the unit, and its name.
    pub(super) unit: (f64, &'static str),
}

pub(super) fn clouds(run: &Run, controls: &Controls) -> Vec<Cloud> {
    let kinds = controls.kinds.len();
    let each = controls.kinds.iter().enumerate().flat_map(|(kind, of)| {
        let name = match of.kind.calibrated {
            Calibrated::Whole => format!("null {}", of.kind.name),
            Calibrated::AfterTheEngine => format!("null {}, after its engine", of.kind.name),
        };
        let lines = of.lines(&run.samples);
        // Of a fleet each machine has its own.
        let several = lines.len() > 1;
        lines.into_iter().enumerate().map(move |(nth, of)| {
            let machine = of.factors.machine().filter(|_| several);
            let name =
                machine.map_or(name.clone(), |machine| format!("{name}, {}", plain(machine)));
            (kind + kinds * nth, name, of)
        })
    });
    let cloud = |(position, name, of): (usize, String, CalibrationSeries)| {
        let groups = groups(&of.points, of.line.intercept);
        Cloud { name, position, line: of.line, groups }
    };
    each.map(cloud).collect()
}

pub(super) fn groups(points: &[(f64, u64)], intercept: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (sleep, measured) in points {
        let residual = *measured as f64 - sleep - intercept;
        match groups.iter_mut().find(|g| g.sleep == *sleep) {
            Some(group) => group.residuals.push(residual),
            None => groups.push(Group { sleep: *sleep, residuals: vec![residual], median: 0.0 }),
        }
    }
    for group in &mut groups {
        let mut sorted = group.residuals.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        group.median = f64::midpoint(sorted[low], sorted[high]);
    }
    groups.sort_by(|a, b| a.sleep.total_cmp(&b.sleep));
    groups
}

pub(super) fn sleeps(clouds: &[Cloud]) -> Vec<f64> {
    let mut sleeps: Vec<f64> =
        clouds.iter().flat_map(|c| &c.groups).map(|group| group.sleep).collect();
    sleeps.sort_by(f64::total_cmp);
    sleeps.dedup();
    sleeps
}

/// As far as 98 in 100 points, every median and every line reach, and nought.
pub(super) fn reach(clouds: &[Cloud]) -> Reach {
    let groups = || clouds.iter().flat_map(|c| c.groups.iter().map(move |g| (c, g)));
    let mut sorted: Vec<f64> = groups().flat_map(|(_, g)| &g.residuals).copied().collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 100;
    let ends = [sorted.get(cut), sorted.get(sorted.len().saturating_sub(cut + 1))];
    let marked = groups().flat_map(|(c, g)| [g.median, fit(c, g)]);
    // A microsecond: no figure here is finer.
    let bulk = marked.chain(ends.into_iter().flatten().copied());
    let (low, high) = bulk.fold((-1e3, 1e3), |(low, high): (f64, f64), ns| {
        (low.min(ns.max(-FURTHEST)), high.max(ns.min(FURTHEST)))
    });
    let limits = high.max(-low) * FAR >= MOST_RESIDUAL_NS;
    let limit = if limits { MOST_RESIDUAL_NS } else { 0.0 };
    let (low, high) = (low.min(-limit), high.max(limit));
    let air = 0.06 * (high - low);
    let (low, high) = (low - air, high + air);
    let unit = if high.max(-low) < NS_PER_MS { (1e3, "us") } else { (NS_PER_MS, "ms") };
    Reach { low, high, limits, unit }
}

impl Reach {
    pub(super) fn holds(&self, ns: f64) -> bool {
        (self.low..=self.high).contains(&ns)
    }
}

/// Where the fitted line runs at a known sleep.
pub(super) fn fit(cloud: &Cloud, group: &Group) -> f64 {
    (cloud.line.slope - 1.0) * group.sleep
}
