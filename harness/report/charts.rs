//! The charts: what each shows, and in which files it goes.
//!
//! Only this folder knows the plotting crate. A chart is composed once, as a
//! [`sheet::Sheet`], and drawn twice: as SVG and as PNG. The same run gives the
//! same bytes.

use anyhow::Result;

use super::words::{conditions, conditions_in_a_name, groups, headline, members, plain, position};
use crate::compare::Comparison;
use crate::sample::{Cell, Sample, Temperature};
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;
use crate::stats::{self, Summary};
use crate::store::Run;

mod axis;
mod burst_size;
mod calibration;
mod compared;
mod dark;
mod ecdf;
mod figures;
mod forest;
mod idle;
mod labels;
mod legend;
mod nines;
mod order;
mod palette;
mod phases;
mod sheet;
mod spread;
mod timeline;
mod waterfall;
mod whisker;

/// One chart, drawn.
pub(super) struct Chart {
    /// File name without its ending.
    pub(super) name: String,
    /// What it shows, over how many rows.
    pub(super) title: String,
    /// What there is to see.
    pub(super) caption: String,
    /// What it draws, in figures.
    pub(super) data: Data,
    /// A whole SVG document.
    pub(super) svg: String,
    /// The same, composed for a narrow page; none where only the wide one exists.
    pub(super) narrow: Option<String>,
    /// A PNG image, twice as large for fine screens.
    pub(super) png: Vec<u8>,
}

/// What a chart draws, as a table for those who cannot see it or want the figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Data {
    /// Headings, with units.
    pub(super) columns: Vec<String>,
    /// As many values a row as there are columns.
    pub(super) rows: Vec<Vec<String>>,
}

/// For how wide a page a chart is composed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paper {
    /// A screen, or a picture to share.
    Wide,
    /// A telephone of 360 pixels, less the page's margins.
    Narrow,
}

impl Paper {
    /// In CSS pixels.
    const fn width(self) -> f64 {
        match self {
            Paper::Wide => 860.0,
            Paper::Narrow => 328.0,
        }
    }
}

/// A function on one chart: its cell and the rows used for inference.
struct Series<'a> {
    /// Its name, tamed.
    name: String,
    /// Its position in `functions.toml`: its colour.
    position: usize,
    summary: &'a Summary,
    rows: Vec<&'a Sample>,
}

impl Series<'_> {
    /// Latencies of the successes, sorted, in milliseconds.
    fn sorted_ms(&self) -> Vec<f64> {
        self.sorted_ns().into_iter().map(|ns| ns as f64 / crate::text::units::NS_PER_MS).collect()
    }

    /// Latencies of the successes, sorted, in nanoseconds.
    fn sorted_ns(&self) -> Vec<u64> {
        let mut ns: Vec<u64> = self.rows.iter().filter_map(|s| s.latency()).collect();
        ns.sort_unstable();
        ns
    }
}

/// A chart before it is drawn.
struct Composed {
    name: &'static str,
    title: String,
    caption: String,
    data: Data,
    sheet: sheet::Sheet,
}

/// Every chart that the run has rows for.
pub(super) fn charts(run: &Run, summaries: &[Summary]) -> Result<Vec<Chart>> {
    let mut combinations: Vec<Factors> = Vec::new();
    for (_, factors) in groups(run, summaries) {
        // Functions under their own limits share a chart.
        if !combinations.iter().any(|c| conditions(run, c) == conditions(run, &factors)) {
            combinations.push(factors);
        }
    }
    let mut charts = Vec::new();
    for factors in &combinations {
        let of = |s: &&Summary| conditions(run, &s.cell.factors) == conditions(run, factors);
        let of: Vec<Summary> = summaries.iter().filter(of).cloned().collect();
        let suffix = match combinations.len() {
            1 => String::new(),
            _ => format!("-{}", conditions_in_a_name(run, factors)),
        };
        charts.extend(drawn(|paper| compose(run, &of, factors, paper), &suffix)?);
    }
    let calibration =
        |paper| Ok(calibration::compose(run, summaries, paper)?.into_iter().collect());
    charts.extend(drawn(calibration, "")?);
    Ok(charts)
}

/// The pictures of a comparison: `compare-forest`, `compare-order`. What has
/// nothing to show is left out.
pub(super) fn of_comparison(c: &Comparison) -> Result<Vec<Chart>> {
    let compose = |paper| Ok([forest::compose(c, paper), order::compose(c, paper)]);
    drawn(|paper| compose(paper).map(|charts| charts.into_iter().flatten().collect()), "")
}

fn compose(
    run: &Run,
    summaries: &[Summary],
    factors: &Factors,
    paper: Paper,
) -> Result<Vec<Composed>> {
    let conditions = conditions(run, factors);
    let place = Place { run, conditions, paper, warning: super::words::warning(run) };
    let cold = place.series(headline(run, summaries));
    let burst = place.series(widest_bursts(run, summaries));
    let warm = place.series(warm_cells(run, summaries));
    let charts = [
        ecdf::compose(&place, "cold", &cold)?,
        spread::compose(&place, &cold)?,
        phases::compose(&place, &cold)?,
        waterfall::compose(&place, &cold)?,
        timeline::compose(&place, summaries)?,
        burst_size::compose(&place, summaries)?,
        idle::compose(&place)?,
        ecdf::compose(&place, "cold-burst", &burst)?,
        nines::compose(&place, &warm)?,
    ];
    Ok(charts.into_iter().flatten().collect())
}

/// The charts that are composed for both papers, drawn.
fn drawn(compose: impl Fn(Paper) -> Result<Vec<Composed>>, suffix: &str) -> Result<Vec<Chart>> {
    let narrow = compose(Paper::Narrow)?;
    let draw = |composed: Composed| {
        let Composed { name, title, caption, data, sheet } = composed;
        let svg = sheet.svg(&title, &caption)?;
        let png = sheet.png()?;
        let narrow = narrow.iter().find(|c| c.name == name);
        let narrow = narrow.filter(|c| c.sheet.width <= Paper::Narrow.width());
        let narrow = narrow.map(|c| c.sheet.svg(&title, &caption)).transpose()?;
        Ok(Chart { name: format!("{name}{suffix}"), title, caption, data, svg, narrow, png })
    };
    compose(Paper::Wide)?.into_iter().map(draw).collect()
}

/// What a chart is about: one combination of factors of one run.
struct Place<'a> {
    run: &'a Run,
    /// As [`conditions`] tells them.
    conditions: String,
    /// How wide its charts are.
    paper: Paper,
    /// Put before every title.
    warning: &'static str,
}

impl<'a> Place<'a> {
    fn series(&self, summaries: Vec<&'a Summary>) -> Vec<Series<'a>> {
        let of = |cell: &Cell| {
            stats::used(&self.run.samples).filter(|s| s.cell == *cell).collect::<Vec<_>>()
        };
        summaries
            .into_iter()
            .map(|summary| Series {
                name: plain(&summary.cell.function),
                position: position(self.run, &summary.cell.function),
                summary,
                rows: of(&summary.cell),
            })
            .collect()
    }

    /// `SIMULATED: cold start of one call, bridge`.
    fn title(&self, what: &str) -> String {
        format!("{}{what}, {} network", self.warning, self.conditions)
    }

    /// Whether a row belongs here.
    fn holds(&self, sample: &Sample) -> bool {
        sample.cell.control.is_none()
            && conditions(self.run, &sample.cell.factors) == self.conditions
    }

    /// The line below a title: rows, rounds, scenario.
    fn subtitle(&self, series: &[Series]) -> String {
        let counts: Vec<usize> = series.iter().map(|s| s.summary.latency.n).collect();
        let (least, most) = (counts.iter().min().copied(), counts.iter().max().copied());
        let n = match (least, most) {
            (Some(least), Some(most)) if least == most => format!("n = {most} each"),
            (least, most) => format!("n = {} to {}", least.unwrap_or(0), most.unwrap_or(0)),
        };
        let failed: usize = series.iter().map(|s| s.summary.latency.failed).sum();
        let failed = if failed > 0 { format!(", {failed} failed in all") } else { String::new() };
        let lost: Vec<&str> =
            series.iter().filter(|s| s.summary.latency.min.is_none()).map(|s| &*s.name).collect();
        // A function that is not drawn must not vanish without a word.
        let lost = if lost.is_empty() {
            String::new()
        } else {
            format!("; not drawn, no answer: {}", lost.join(", "))
        };
        format!("{n}{failed}, {}{lost}", rounds(self.run))
    }
}

/// Which rounds the rows used for inference come from.
fn rounds(run: &Run) -> String {
    let seen = run.samples.iter().map(|s| s.round).max().unwrap_or(0);
    let scenario = plain(&run.record.scenario.name);
    match seen {
        0 | 1 => format!("round 1 only, scenario {scenario}"),
        2 => format!("round 2, scenario {scenario}"),
        _ => format!("rounds 2 to {seen}, scenario {scenario}"),
    }
}

/// For each function, its cold cell of the largest burst of more than one.
fn widest_bursts<'a>(run: &Run, summaries: &'a [Summary]) -> Vec<&'a Summary> {
    let size = |s: &Summary| match s.cell.act {
        LoadShape::Burst(n) if n > 1 && s.cell.temperature == Temperature::Cold => n,
        _ => 0,
    };
    each(run, summaries, |s| (size(s) > 0).then(|| u64::from(size(s))))
}

/// For each function, its warm cell: the steady caller's before a burst's, then
/// the one of most rows.
fn warm_cells<'a>(run: &Run, summaries: &'a [Summary]) -> Vec<&'a Summary> {
    each(run, summaries, |s| {
        let steady = u64::from(matches!(s.cell.act, LoadShape::Sequence(_)));
        let rank = steady << 40 | s.latency.n as u64;
        (s.cell.temperature == Temperature::Warm).then_some(rank)
    })
}

fn each<'a>(
    run: &Run,
    summaries: &'a [Summary],
    rank: impl Fn(&Summary) -> Option<u64>,
) -> Vec<&'a Summary> {
    groups(run, summaries)
        .iter()
        .filter_map(|group| {
            let ranked = members(summaries, group).into_iter().filter_map(|s| Some((rank(s)?, s)));
            ranked.max_by_key(|(rank, _)| *rank).map(|(_, s)| s)
        })
        .collect()
}

#[cfg(test)]
mod tests;
