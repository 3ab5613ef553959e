//! Cases -> rows with verdicts.
//!
//! A case is worse when head, made smaller by the margin, still tends to be larger
//! than base ([`TwoSample::worse`]): one test has the statistical and the practical
//! threshold. Over all gated cases the chance of any false alarm is held by Holm's
//! procedure.
//!
//! Why it judges so: decision 0026 to decision 0035.

use super::attribution;
use super::case::Case;
use super::{Detectable, Failing, Reason, Row, Rules, Side, Values, Verdict};
use crate::spec::tolerance::{Margin, Metric};
use crate::stats::hodges_lehmann::Estimate;
use crate::stats::{self, multiple_testing, normal, proportions};

use super::side_data::median;

/// The share of false discoveries among what is told and decides nothing.
const ADVISORY: f64 = 0.10;
/// Half the width of a 95 % interval, in standard errors.
const HALF_WIDTH: f64 = 1.959_964;
/// A slowdown counts as detectable when it is found so often.
const POWER: f64 = 0.8;

/// The tests of one case.
#[derive(Debug, Clone, Copy, Default)]
struct Tests {
    /// That head is worse by more than the margin.
    worse: Option<f64>,
    /// That head is better by more than the margin.
    better: Option<f64>,
    /// That head fails more often; none when nothing failed, so that nothing could
    /// be found (Tarone 1990) and the test costs the others nothing.
    fails: Option<f64>,
}

/// Judges all cases of a comparison together.
pub(super) fn judge(cases: Vec<(Metric, Case)>, rules: &Rules) -> Vec<Row> {
    let margins: Vec<Margin> = cases.iter().map(|(m, case)| rules.margin(*m, case)).collect();
    let tests = cases.iter().zip(&margins);
    let tests: Vec<Tests> = tests.map(|((m, case), margin)| Tests::of(*m, case, margin)).collect();
    let gated: Vec<bool> = cases.iter().map(|(m, _)| rules.gated.contains(m)).collect();
    let adjusted = adjust(&tests, &gated);
    let level = rules.alpha / count(&tests, &gated).max(1) as f64;
    let mut rows = Vec::with_capacity(cases.len());
    for (index, (metric, case)) in cases.into_iter().enumerate() {
        let judging = Judging {
            metric,
            margin: margins[index],
            raw: tests[index],
            adjusted: adjusted[index],
            gated: gated[index],
            alpha: if gated[index] { rules.alpha } else { ADVISORY },
            level: if gated[index] { level } else { ADVISORY },
        };
        rows.push(judging.row(case));
    }
    rows
}

/// How many tests could raise an alarm.
fn count(tests: &[Tests], gated: &[bool]) -> usize {
    let of = |t: &Tests| usize::from(t.worse.is_some()) + usize::from(t.fails.is_some());
    tests.iter().zip(gated).filter(|(_, gated)| **gated).map(|(t, _)| of(t)).sum()
}

/// Adjusts the gated cases by Holm, the others by Benjamini & Hochberg; alarms and
/// improvements are families of their own.
fn adjust(tests: &[Tests], gated: &[bool]) -> Vec<Tests> {
    let mut adjusted = vec![Tests::default(); tests.len()];
    for is_gated in [true, false] {
        let adjusting =
            if is_gated { multiple_testing::holm } else { multiple_testing::benjamini_hochberg };
        let of = |i: &usize| gated[*i] == is_gated;
        let chosen: Vec<usize> = (0..tests.len()).filter(of).collect();
        let worse = chosen.iter().filter_map(|i| Some((*i, tests[*i].worse?)));
        let fails = chosen.iter().filter_map(|i| Some((*i, tests[*i].fails?)));
        let values = worse.clone().count();
        let (indices, p): (Vec<usize>, Vec<f64>) = worse.chain(fails).unzip();
        for (position, (index, p)) in indices.into_iter().zip(adjusting(&p)).enumerate() {
            let place = &mut adjusted[index];
            *(if position < values { &mut place.worse } else { &mut place.fails }) = Some(p);
        }
        let better = chosen.iter().filter_map(|i| Some((*i, tests[*i].better?)));
        let (indices, p): (Vec<usize>, Vec<f64>) = better.unzip();
        for (index, p) in indices.into_iter().zip(adjusting(&p)) {
            adjusted[index].better = Some(p);
        }
    }
    adjusted
}

impl Tests {
    fn of(metric: Metric, case: &Case, margin: &Margin) -> Self {
        // The size of an image is no sample: it is what it is.
        if metric == Metric::Size {
            return Self::default();
        }
        let [(base_failed, base_n), (head_failed, head_n)] = case.failures;
        let fails = base_failed + head_failed > 0;
        Self {
            worse: case.evidence.worse(margin),
            better: case.evidence.better(margin),
            fails: fails
                .then(|| proportions::more_often((head_failed, head_n), (base_failed, base_n))),
        }
    }
}

/// Everything that decides about one case.
struct Judging {
    metric: Metric,
    margin: Margin,
    raw: Tests,
    adjusted: Tests,
    gated: bool,
    /// An adjusted p-value at most this is beyond chance.
    alpha: f64,
    /// What the smallest p-value of the family must not exceed.
    level: f64,
}

impl Judging {
    fn row(&self, case: Case) -> Row {
        let sides = case.evidence.sides();
        let (ratio, difference) = (case.evidence.ratio(), case.evidence.difference());
        let (verdict, reason) = self.verdict(&case, ratio.as_ref(), difference.as_ref());
        let worst = match (self.adjusted.worse, self.adjusted.fails) {
            (Some(worse), Some(fails)) => Some(worse.min(fails)),
            (worse, fails) => worse.or(fails),
        };
        let values = [values(&sides[0]), values(&sides[1])];
        Row {
            metric: self.metric,
            gated: self.gated,
            verdict,
            reason,
            base: values[0],
            head: values[1],
            p: self.raw.worse,
            adjusted_p: worst,
            margin: self.margin,
            detectable: self.detectable(values[0].median, ratio.as_ref(), difference.as_ref()),
            ratio,
            difference,
            p90: self.metric.is_time().then(|| tail(&sides)).flatten(),
            parts: attribution::explain(case.parts, difference.as_ref()),
            again: case.again,
            function: case.function,
            cell: case.cell,
        }
    }

    fn verdict(
        &self,
        case: &Case,
        ratio: Option<&Estimate>,
        difference: Option<&Estimate>,
    ) -> (Verdict, Option<Reason>) {
        if self.metric == Metric::Size {
            return (self.of_a_size(ratio, difference), None);
        }
        let sides = case.evidence.sides();
        if let Some(reason) = unusable(case, &sides) {
            return (Verdict::Invalid, Some(reason));
        }
        let is_beyond = |p: Option<f64>| p.is_some_and(|p| p <= self.alpha);
        if is_beyond(self.adjusted.worse) || is_beyond(self.adjusted.fails) {
            return (Verdict::Regressed, failing(case).map(Reason::MoreFailures));
        }
        if is_beyond(self.adjusted.better) {
            return (Verdict::Improved, None);
        }
        if sides[1].iter().all(|v| v.is_infinite()) {
            // Too few to be a regression, and never a pass.
            return (Verdict::Invalid, Some(Reason::HeadFailed(failing(case))));
        }
        if case.evidence.least_p() > self.level {
            let needed = case.evidence.least_rounds(self.level);
            let rounds = sides.each_ref().map(Vec::len);
            return (Verdict::Inconclusive, Some(Reason::TooFew { rounds, needed }));
        }
        let within = ratio.is_some_and(|r| self.is_within_share(r))
            || difference.is_some_and(|d| self.is_within_floor(d));
        (if within { Verdict::Unchanged } else { Verdict::Inconclusive }, None)
    }

    fn of_a_size(&self, ratio: Option<&Estimate>, difference: Option<&Estimate>) -> Verdict {
        let Some(difference) = difference else { return Verdict::Invalid };
        // An image of no size, as the simulated engine's, has no ratio.
        let ratio = ratio.map_or(1.0, |ratio| ratio.value);
        let most = 1.0 + self.margin.share;
        match difference.value {
            d if ratio > most && d > self.margin.floor => Verdict::Regressed,
            d if ratio < 1.0 / most && d < -self.margin.floor => Verdict::Improved,
            _ => Verdict::Unchanged,
        }
    }

    fn is_within_share(&self, ratio: &Estimate) -> bool {
        let most = 1.0 + self.margin.share;
        ratio.interval.is_some_and(|(low, high)| low >= 1.0 / most && high <= most)
    }

    fn is_within_floor(&self, difference: &Estimate) -> bool {
        let most = self.margin.floor;
        difference.interval.is_some_and(|(low, high)| low >= -most && high <= most)
    }

    /// The slowdown that would be found four times in five, from the width of the
    /// intervals: a standard error about the margin on either side of the test.
    fn detectable(
        &self,
        median: Option<f64>,
        ratio: Option<&Estimate>,
        difference: Option<&Estimate>,
    ) -> Option<Detectable> {
        let median = median.filter(|m| *m > 0.0)?;
        let (low, high) = ratio?.interval.filter(|(low, _)| *low > 0.0)?;
        let (least, most) = difference?.interval?;
        let errors = normal::quantile_above(self.level) + normal::quantile_above(1.0 - POWER).abs();
        let by_share = (1.0 + self.margin.share)
            * (errors * (high / low).ln() / (2.0 * HALF_WIDTH)).exp()
            - 1.0;
        let by_floor = self.margin.floor + errors * (most - least) / (2.0 * HALF_WIDTH);
        let amount = (by_share * median).max(by_floor);
        Some(Detectable { share: amount / median, amount })
    }
}

/// The ratio of the 0.9-quantiles: every value is of a round of its own.
fn tail([base, head]: &[Vec<f64>; 2]) -> Option<Estimate> {
    let rounds = |side: &[f64]| (0..).zip(side.iter().copied()).collect::<Vec<(u32, f64)>>();
    stats::quantile_ratio(&rounds(head), &rounds(base), 0.9)
}

fn values(side: &[f64]) -> Values {
    Values {
        n: side.len(),
        failed: side.iter().filter(|v| v.is_infinite()).count(),
        median: median(side.to_vec()).filter(|m| m.is_finite()),
    }
}

/// Why a case cannot be judged at all.
fn unusable(case: &Case, [base, head]: &[Vec<f64>; 2]) -> Option<Reason> {
    let all_fail = |side: &[f64]| side.iter().all(|v| v.is_infinite());
    let [base_cause, head_cause] = &case.causes;
    match (base.is_empty(), head.is_empty()) {
        (true, _) => Some(Reason::Unknown(Side::Base)),
        (_, true) => Some(Reason::Unknown(Side::Head)),
        _ if all_fail(base) && all_fail(head) => Some(Reason::BothFailed(head_cause.clone())),
        _ if all_fail(base) => Some(Reason::BaseFailed(base_cause.clone())),
        _ => None,
    }
}

/// What failed in head, if it fails more often than base.
fn failing(case: &Case) -> Option<Failing> {
    let [(base, of_base), (head, of_head)] = case.failures;
    let cause = case.causes[1].clone();
    // A share of the rounds: a cell that was measured again on one side has more.
    (head * of_base > base * of_head).then_some(Failing { rounds: case.failures, cause })
}
