//! How wrong the figures of a run can be, from starts whose truth is known.
//!
//! The calibration: the null function sleeps a known time before it is ready, and
//! what is measured must grow by as much. As a process this is the whole headline;
//! in a container the engine's noise is larger than any error looked for, so there
//! the part after the engine is calibrated too, from the function's exec (or, where
//! the kernel did not tell, its main) to its reply.

use super::distribution::type_7;
use super::{BootstrapWeights, LatencySummary, RankedValue, Summary};
use crate::sample::{Mark, Sample};
use crate::spec::control::{CONTROLS, Calibrated, ControlKind, Floor, SERIES};
use crate::spec::factor::Factors;

/// How far a slope may be from 1 in a valid run.
pub const MOST_SLOPE_ERROR: f64 = 0.01;
/// How far the median of one known sleep may be from the line, in nanoseconds, in
/// a valid run.
pub const MOST_RESIDUAL_NS: f64 = 1e6;

/// Standard errors beyond which a fault is no accident: a slope of few and noisy
/// starts is uncertain, which its error tells, and not wrong.
const CERTAIN: f64 = 3.0;

/// Why the figures of a run are not to be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The slope of the calibration by controls of this name is too far from 1.
    Slope(&'static str, f64),
    /// The median of a known sleep is so far off the line, in nanoseconds.
    OffTheLine(&'static str, f64),
}

/// What the controls of a run say.
#[derive(Debug, Default)]
pub struct Controls {
    /// Kind by kind, in the order of [`CONTROLS`].
    pub kinds: Vec<ControlFigures>,
    /// What is wrong under further combinations that have known sleeps: a run of one machine has
    /// them under one.
    pub others: Vec<Fault>,
    /// The end of the headline on the driver's floor, less the function's own stamp of the
    /// same: how late the driver sees a reply.
    pub bias: Option<LatencySummary>,
}

/// What the controls of one kind say.
#[derive(Debug)]
pub struct ControlFigures {
    /// Which.
    pub kind: &'static ControlKind,
    /// Headline without a sleep, under each combination of factors.
    pub floors: Vec<(Factors, LatencySummary)>,
    /// What is calibrated, against the known sleep.
    pub line: Option<Calibration>,
    /// Headline against the known sleep: through all the engine's noise.
    pub headline: Option<Calibration>,
}

/// A line through (known sleep, measured), all in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Starts that it rests on.
    pub n: usize,
    /// Measured per known: 1 is the truth. Least squares through the medians of
    /// the known sleeps, which a few slow starts do not bend.
    pub slope: f64,
    /// Standard error of the slope, from the spread about the line.
    pub slope_error: f64,
    /// What is measured of no sleep.
    pub intercept: f64,
    /// Standard deviation about the line, of all starts, by the median absolute
    /// deviation (times 1.4826).
    pub spread: f64,
    /// The median of the known sleep that is furthest from the line, less the line.
    pub worst: f64,
}

impl Controls {
    /// From all rows and the summaries of their cells.
    #[must_use]
    pub fn of(samples: &[Sample], summaries: &[Summary]) -> Self {
        let of_driver = CONTROLS.iter().filter(|kind| kind.floor == Floor::Driver);
        let on_it = of_driver.flat_map(|kind| series(samples, kind).into_iter().next());
        let on_it = on_it.flat_map(|(_, rows)| rows);
        let bias = on_it.filter_map(|s| Some((s.round, Some(late(s)?)))).collect::<Vec<_>>();
        Self {
            kinds: CONTROLS
                .iter()
                .filter(|kind| kind.is_of_every_run() || is_measured(samples, kind))
                .map(|of| ControlFigures::of(of, samples, summaries))
                .collect(),
            others: CONTROLS.iter().flat_map(|kind| others(samples, kind)).collect(),
            bias: (!bias.is_empty())
                .then(|| LatencySummary::by_round(&bias, &mut BootstrapWeights::default())),
        }
    }

    /// Whether the run had controls at all.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.kinds.iter().any(|of| !of.floors.is_empty())
    }

    /// Median of the engine's floor under some factors, in nanoseconds.
    #[must_use]
    pub fn floor(&self, factors: &Factors) -> Option<f64> {
        let mut of_engine = self.kinds.iter().filter(|of| of.kind.floor == Floor::Engine);
        let floors = &of_engine.next()?.floors;
        let (_, floor) = floors.iter().find(|(of, _)| of == factors)?;
        floor.p50.value.and_then(RankedValue::ns)
    }

    /// Why the run's figures are not to be believed; empty when they are, as far
    /// as its controls can tell.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let of = |of: &ControlFigures| of.line.map(|line| line.faults(of.kind));
        self.kinds.iter().filter_map(of).flatten().chain(self.others.iter().copied()).collect()
    }
}

/// What is wrong of a kind under further combinations that have known sleeps.
fn others(samples: &[Sample], kind: &'static ControlKind) -> Vec<Fault> {
    let lines = series(samples, kind).into_iter().skip(1);
    let lines = lines.filter_map(|(_, rows)| Calibration::of(&rows, measured(kind)));
    lines.flat_map(|line| line.faults(kind)).collect()
}

impl ControlFigures {
    fn of(kind: &'static ControlKind, samples: &[Sample], summaries: &[Summary]) -> Self {
        let first = series(samples, kind).into_iter().next();
        let rows = first.map(|(_, rows)| rows).unwrap_or_default();
        let floor = (kind.sleeping)(SERIES[0]);
        let floors = summaries.iter().filter(|s| s.cell.control == Some(floor));
        Self {
            kind,
            floors: floors.map(|s| (s.cell.factors.clone(), s.latency)).collect(),
            line: Calibration::of(&rows, measured(kind)),
            headline: Calibration::of(&rows, Sample::latency),
        }
    }

    /// [`ControlFigures::line`] with what it rests on; of a fleet the line of each machine.
    #[must_use]
    pub fn lines(&self, samples: &[Sample]) -> Vec<CalibrationSeries> {
        let of = |(factors, rows): (Option<&Factors>, Vec<&Sample>)| {
            let line = Calibration::of(&rows, measured(self.kind))?;
            let points = points(&rows, measured(self.kind));
            Some(CalibrationSeries { factors: factors?.clone(), line, points })
        };
        let all = series(samples, self.kind).into_iter().enumerate();
        let is_one = |factors: &Option<&Factors>| factors.is_some_and(|of| of.machine().is_some());
        let told = all.filter(|(index, (factors, _))| *index == 0 || is_one(factors));
        told.filter_map(|(_, series)| of(series)).collect()
    }
}

/// A line with what it rests on.
#[derive(Debug)]
pub struct CalibrationSeries {
    /// Under which factors.
    pub factors: Factors,
    /// The line.
    pub line: Calibration,
    /// Known sleep and measured, in nanoseconds, in the order of the rows.
    pub points: Vec<(f64, u64)>,
}

/// Whether any row is of a kind.
fn is_measured(samples: &[Sample], kind: &ControlKind) -> bool {
    samples.iter().any(|s| s.cell.control.is_some_and(|control| control.kind() == kind))
}

/// What is compared with the known sleeps.
fn measured(kind: &ControlKind) -> fn(&Sample) -> Option<u64> {
    match kind.calibrated {
        Calibrated::Whole => Sample::latency,
        Calibrated::AfterTheEngine => after_the_engine,
    }
}

/// The rows used for inference of one kind, under each combination that has known sleeps; all
/// together, under none, where none has.
fn series<'a>(
    samples: &'a [Sample],
    kind: &ControlKind,
) -> Vec<(Option<&'a Factors>, Vec<&'a Sample>)> {
    let is_of = |s: &&Sample| s.cell.control.is_some_and(|control| control.kind() == kind);
    let used: Vec<&Sample> = super::used(samples).filter(is_of).collect();
    let sleeps = |s: &&&Sample| s.cell.control.is_some_and(|control| control.sleep_ms() > 0);
    let mut all: Vec<&Factors> = Vec::new();
    for sample in used.iter().filter(sleeps) {
        if !all.contains(&&sample.cell.factors) {
            all.push(&sample.cell.factors);
        }
    }
    if all.is_empty() {
        return vec![(None, used)];
    }
    let under = |factors: &'a Factors| {
        let rows = used.iter().copied().filter(|s| s.cell.factors == *factors);
        (Some(factors), rows.collect::<Vec<_>>())
    };
    all.into_iter().map(under).collect()
}

/// Known sleep and measured, in nanoseconds.
fn points(samples: &[&Sample], measured: impl Fn(&Sample) -> Option<u64>) -> Vec<(f64, u64)> {
    let known = |s: &Sample| Some(f64::from(s.cell.control?.sleep_ms()) * 1e6);
    samples.iter().filter_map(|s| Some((known(s)?, measured(s)?))).collect()
}

/// How late the driver saw the reply, by the function's own clock.
fn late(sample: &Sample) -> Option<u64> {
    sample.latency()?;
    sample.marks.between(Mark::Replied, Mark::Responded)
}

/// What a start in a container takes without its engine.
fn after_the_engine(sample: &Sample) -> Option<u64> {
    sample.latency()?;
    let since = |mark| sample.marks.between(mark, Mark::Responded);
    since(Mark::Exec).or_else(|| since(Mark::Main))
}

impl Calibration {
    /// Fewest known sleeps, and fewest starts of each, that make a line.
    const LEAST: usize = 2;

    fn of(samples: &[&Sample], measured: impl Fn(&Sample) -> Option<u64>) -> Option<Self> {
        let mut points = points(samples, measured);
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let groups: Vec<(f64, Vec<u64>)> = points
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| (group[0].0, group.iter().map(|(_, y)| *y).collect()))
            .collect();
        Self::through(&groups)
    }

    /// Why it is not to be believed.
    fn faults(&self, kind: &ControlKind) -> Vec<Fault> {
        let mut faults = Vec::new();
        if (self.slope - 1.0).abs() > MOST_SLOPE_ERROR + CERTAIN * self.slope_error {
            faults.push(Fault::Slope(kind.name, self.slope));
        }
        if self.worst.abs() > MOST_RESIDUAL_NS + CERTAIN * self.median_error() {
            faults.push(Fault::OffTheLine(kind.name, self.worst));
        }
        faults
    }

    /// Standard error of the median of one known sleep, in nanoseconds.
    fn median_error(&self) -> f64 {
        let each = self.n as f64 / SERIES.len() as f64;
        self.spread * (std::f64::consts::FRAC_PI_2 / each).sqrt()
    }

    /// Through groups of a known sleep and its sorted measurements.
    fn through(groups: &[(f64, Vec<u64>)]) -> Option<Self> {
        let n = groups.iter().map(|(_, ys)| ys.len()).sum();
        if groups.len() < Self::LEAST || groups.iter().any(|(_, ys)| ys.len() < Self::LEAST) {
            return None;
        }
        let medians: Vec<(f64, f64)> =
            groups.iter().map(|(x, ys)| Some((*x, type_7(ys, 0.5)?))).collect::<Option<_>>()?;
        let count = medians.len() as f64;
        let mean_x = medians.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = medians.iter().map(|(_, y)| y).sum::<f64>() / count;
        let square: f64 = medians.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let product: f64 = medians.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let slope = product / square;
        let intercept = mean_y - slope * mean_x;
        let line = |x: f64| intercept + slope * x;
        let worst = medians.iter().map(|(x, y)| y - line(*x));
        let worst = worst.max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        let off = groups.iter().flat_map(|(x, ys)| ys.iter().map(|y| (*y as f64 - line(*x)).abs()));
        let mut off: Vec<u64> = off.map(|ns| ns.round() as u64).collect();
        off.sort_unstable();
        let spread = 1.4826 * type_7(&off, 0.5)?;
        // The median of m normal values has a variance of pi/2 over m times theirs.
        let each = n as f64 / count;
        let slope_error = spread * (std::f64::consts::FRAC_PI_2 / each / square).sqrt();
        Some(Self { n, slope, slope_error, intercept, spread, worst })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn groups(slope: f64, intercept: f64, noise: impl Fn(usize) -> f64) -> Vec<(f64, Vec<u64>)> {
        let ys = |x: f64| {
            let mut ys: Vec<u64> =
                (0..19).map(|i| (intercept + slope * x + noise(i)) as u64).collect();
            ys.sort_unstable();
            ys
        };
        SERIES.iter().map(|ms| f64::from(*ms) * 1e6).map(|x| (x, ys(x))).collect()
    }

    #[test]
    fn a_line_without_noise_is_found() {
        let line = Calibration::through(&groups(1.0, 2e6, |_| 0.0)).unwrap();
        assert!((line.slope - 1.0).abs() < 1e-9 && (line.intercept - 2e6).abs() < 1.0);
        assert_eq!((line.n, line.spread, line.slope_error), (95, 0.0, 0.0));
    }

    #[test]
    fn a_few_slow_starts_do_not_bend_it() {
        let slow = |i: usize| if i < 4 { 900e6 } else { (i as f64 - 9.0) * 1e4 };
        let line = Calibration::through(&groups(1.0, 2e6, slow)).unwrap();
        assert!((line.slope - 1.0).abs() < 0.001, "{line:?}");
        assert!(line.spread < 2e5, "{line:?}");
    }

    #[test]
    fn a_wrong_clock_is_a_fault_and_so_is_a_bent_line() {
        let controls = |groups: &[(f64, Vec<u64>)]| {
            let mut controls = Controls::of(&[], &[]);
            controls.kinds[0].line = Calibration::through(groups);
            controls
        };
        assert!(controls(&groups(1.003, 2e6, |_| 0.0)).faults().is_empty());
        let faults = controls(&groups(1.02, 2e6, |_| 0.0)).faults();
        assert!(
            matches!(faults[0], Fault::Slope("process", slope) if (slope - 1.02).abs() < 1e-9),
            "{faults:?}"
        );
        let mut bent = groups(1.0, 2e6, |_| 0.0);
        bent[3].1.iter_mut().for_each(|y| *y += 3_000_000);
        let faults = controls(&bent).faults();
        assert!(faults.iter().any(|f| matches!(f, Fault::OffTheLine(..))), "{faults:?}");
    }

    #[test]
    fn too_little_makes_no_line() {
        assert_eq!(Calibration::through(&[(0.0, vec![1, 2])]), None);
        assert_eq!(Calibration::through(&[(0.0, vec![1, 2]), (1e6, vec![3])]), None);
    }

    proptest! {
        /// The standard error is honest: the truth lies within four of it.
        #[test]
        fn the_error_of_the_slope_holds_the_truth(
            noise in prop::collection::vec(-1.0..1.0f64, 19),
            slope in 0.9..1.1f64,
        ) {
            let line = Calibration::through(&groups(slope, 5e6, |i| noise[i] * 1e5)).unwrap();
            prop_assert!((line.slope - slope).abs() <= 4.0 * line.slope_error + 1e-3);
        }
    }
}
