//! The charts: what each shows, and in which files it goes.
//!
//! [`CHARTS`] is the list of them: a chart is a file and a line. It is composed for a
//! width as strokes on a [`Canvas`], which draws itself; the same run gives the same
//! bytes.

use anyhow::Result;

use crate::compare::Comparison;
use crate::explain::{Explained, Explanation};
use crate::replay::Replay;
use crate::spec::factor::Factors;
use crate::stats::Summary;
use crate::store::Run;
use crate::study::Study;
use crate::tune::{Tuned, Tuning};
use crate::words::{
    self, DASH, conditions, conditions_in_a_name, counted, groups, headline, level, maximum,
    members, plain, position, quantile, shortened, step,
};

use context::{ChartContext, Series, failed, rows};
use kit::canvas::Canvas;
use kit::zoom::{Zoom, Zoomable};

pub(crate) use data_table::Data;
pub(crate) use kit::zoom::in_a_page;

mod burst_size;
mod calibration;
mod cell_labels;
mod cold_and_warm;
mod context;
mod cost;
mod data_table;
mod ecdf;
mod flame_graph;
mod forest;
mod idle;
mod kit;
mod native_calls;
mod percentiles;
mod phase_names;
mod phases;
mod replay;
mod run_sequence;
mod start_files;
mod start_modules;
mod strip_plot;
mod timeline;
mod tune;
mod variants;
mod waterfall;

/// A kind of chart.
struct Definition {
    /// Of its files, before what tells those of several conditions apart.
    name: &'static str,
    /// The section of the page that it is in, by its id.
    section: &'static str,
    /// What holds of every such chart; empty where its finding says all.
    how_to_read: &'static str,
    compose: Compose,
}

/// What a chart is of, and how it is composed; none where there is nothing to show.
enum Compose {
    /// Of each combination of factors of a run.
    Conditions(fn(&ChartContext) -> Option<ChartSpec>),
    /// Of a run.
    Run(fn(&ChartContext) -> Option<ChartSpec>),
    Comparison(fn(&Comparison, Layout) -> Option<ChartSpec>),
    /// Of each function of a tuned run.
    Tuned(fn(&Tuning, &Tuned, Layout) -> Option<ChartSpec>),
    /// Of a trace that was played.
    Replay(fn(&Replay, Layout) -> Option<ChartSpec>),
    /// Of what a platform was found to do.
    Study(fn(&Study, Layout) -> Option<ChartSpec>),
    /// Of each function that is explained.
    Explained(fn(&Explained, Layout) -> Option<ChartSpec>),
}

const fn chart(
    name: &'static str,
    section: &'static str,
    how_to_read: &'static str,
    compose: Compose,
) -> Definition {
    Definition { name, section, how_to_read, compose }
}

/// Every chart there is, in the order of their files. To add one, see
/// `harness/docs/ADDING.md`.
const CHARTS: &[Definition] = &[
    chart("cold", "cold", ecdf::HOW_TO_READ, Compose::Conditions(ecdf::single)),
    chart("spread", "cold", strip_plot::HOW_TO_READ, Compose::Conditions(strip_plot::compose)),
    chart("phases", "time", phases::HOW_TO_READ, Compose::Conditions(phases::compose)),
    chart("waterfall", "time", waterfall::HOW_TO_READ, Compose::Conditions(waterfall::compose)),
    chart("timeline", "bursts", timeline::HOW_TO_READ, Compose::Conditions(timeline::compose)),
    chart(
        "burst-size",
        "bursts",
        burst_size::HOW_TO_READ,
        Compose::Conditions(burst_size::compose),
    ),
    chart("idle", "pauses", idle::HOW_TO_READ, Compose::Conditions(idle::compose)),
    chart("cold-burst", "cold", ecdf::HOW_TO_READ, Compose::Conditions(ecdf::burst)),
    chart("warm", "warm", percentiles::HOW_TO_READ, Compose::Conditions(percentiles::compose)),
    chart("cost", "cost", cost::HOW_TO_READ, Compose::Conditions(cost::compose)),
    chart("calibration", "trust", "", Compose::Run(calibration::compose)),
    chart("variants", "variants", variants::HOW_TO_READ, Compose::Run(variants::compose)),
    chart("compare-forest", "changes", forest::HOW_TO_READ, Compose::Comparison(forest::compose)),
    chart("compare-order", "order", "", Compose::Comparison(run_sequence::compose)),
    chart("tune", "price", tune::HOW_TO_READ, Compose::Tuned(tune::compose)),
    chart("replay", "waste", replay::HOW_TO_READ, Compose::Replay(replay::compose)),
    chart("ladder", "found", cold_and_warm::HOW_TO_READ, Compose::Study(cold_and_warm::ladder)),
    chart("upload", "found", cold_and_warm::HOW_TO_READ, Compose::Study(cold_and_warm::upload)),
    chart("files", "packages", start_files::HOW_TO_READ, Compose::Explained(start_files::compose)),
    chart(
        "modules",
        "modules",
        start_modules::HOW_TO_READ,
        Compose::Explained(start_modules::compose),
    ),
    chart("native", "native", native_calls::HOW_TO_READ, Compose::Explained(native_calls::compose)),
];

/// One chart, drawn.
pub(crate) struct Chart {
    /// File name without its ending.
    pub(crate) name: String,
    /// Its name without its conditions.
    pub(crate) kind: &'static str,
    /// The section of the page that it is in, by its id.
    pub(crate) section: &'static str,
    /// What it shows, over how many rows.
    pub(crate) title: String,
    /// What there is to see, and how to read it.
    pub(crate) caption: String,
    /// What it draws, in figures.
    pub(crate) data: Data,
    /// A whole SVG document.
    pub(crate) svg: String,
    /// The same, composed for a narrow page.
    pub(crate) narrow: Option<String>,
    /// What a page can zoom into: see `kit::zoom`.
    pub(crate) zoom: Option<Zoomable>,
}

/// For how wide a page a chart is composed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A screen, or a picture to share.
    Wide,
    /// A telephone of 360 pixels, less the page's margins.
    Narrow,
}

impl Layout {
    /// In CSS pixels.
    const fn width(self) -> f64 {
        match self {
            Layout::Wide => 860.0,
            Layout::Narrow => 328.0,
        }
    }
}

/// A chart before it is drawn.
struct ChartSpec {
    title: String,
    /// What there is to see.
    caption: String,
    data: Data,
    canvas: Canvas,
}

/// Every chart that the run has rows for.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn charts(run: &Run, summaries: &[Summary]) -> Result<Vec<Chart>> {
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
        let context = |layout| ChartContext::new(run, &of, conditions(run, factors), layout);
        let context = [Layout::Wide, Layout::Narrow].map(context);
        charts.extend(drawn(CHARTS, &suffix, |chart| match chart.compose {
            Compose::Conditions(compose) => context.each_ref().map(compose),
            _ => [None, None],
        })?);
    }
    let context = |layout| ChartContext::new(run, summaries, String::new(), layout);
    let context = [Layout::Wide, Layout::Narrow].map(context);
    charts.extend(drawn(CHARTS, "", |chart| match chart.compose {
        Compose::Run(compose) => context.each_ref().map(compose),
        _ => [None, None],
    })?);
    Ok(charts)
}

/// The pictures of a comparison. What has nothing to show is left out.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn of_comparison(c: &Comparison) -> Result<Vec<Chart>> {
    drawn(CHARTS, "", |chart| match chart.compose {
        Compose::Comparison(compose) => [Layout::Wide, Layout::Narrow].map(|l| compose(c, l)),
        _ => [None, None],
    })
}

/// The pictures of a tuned run, one a function.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn of_tuning(tuning: &Tuning) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    for tuned in &tuning.functions {
        let suffix = match tuning.functions.len() {
            1 => String::new(),
            _ => format!("-{}", in_a_name(&tuned.name)),
        };
        charts.extend(drawn(CHARTS, &suffix, |chart| match chart.compose {
            Compose::Tuned(compose) => {
                [Layout::Wide, Layout::Narrow].map(|layout| compose(tuning, tuned, layout))
            }
            _ => [None, None],
        })?);
    }
    Ok(charts)
}

/// The picture of a trace that was played.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn of_replay(replay: &Replay) -> Result<Vec<Chart>> {
    drawn(CHARTS, "", |chart| match chart.compose {
        Compose::Replay(compose) => {
            [Layout::Wide, Layout::Narrow].map(|layout| compose(replay, layout))
        }
        _ => [None, None],
    })
}

/// The pictures of a study.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn of_study(study: &Study) -> Result<Vec<Chart>> {
    drawn(CHARTS, "", |chart| match chart.compose {
        Compose::Study(compose) => {
            [Layout::Wide, Layout::Narrow].map(|layout| compose(study, layout))
        }
        _ => [None, None],
    })
}

/// The pictures of an explanation, those of each function by its name.
///
/// # Errors
/// When the plotting crate fails.
pub(crate) fn of_explanation(found: &Explanation) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    for function in &found.functions {
        let suffix = format!("-{}", name_of(function));
        charts.extend(drawn(CHARTS, &suffix, |chart| match chart.compose {
            Compose::Explained(compose) => {
                [Layout::Wide, Layout::Narrow].map(|layout| compose(function, layout))
            }
            _ => [None, None],
        })?);
    }
    Ok(charts)
}

/// A function's name as a part of a file's, which a hand-edited record must not turn into a
/// path.
fn in_a_name(function: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    function.chars().take(LONGEST).map(safe).collect()
}

/// Characters of a function's name in a file's.
const LONGEST: usize = 100;

/// What the files of an explained function are called after it.
pub(crate) fn name_of(function: &Explained) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    function.function.chars().map(safe).take(LONGEST_NAME).collect()
}

/// Characters of a name in those of files.
const LONGEST_NAME: usize = 60;

/// The charts that are composed for both layouts, drawn.
fn drawn(
    definitions: &[Definition],
    suffix: &str,
    compose: impl Fn(&Definition) -> [Option<ChartSpec>; 2],
) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    for definition in definitions {
        let [Some(wide), narrow] = compose(definition) else { continue };
        let ChartSpec { title, caption, data, canvas } = wide;
        let caption = [&*caption, definition.how_to_read].join(" ").trim_end().to_owned();
        charts.push(Chart {
            name: format!("{}{suffix}", definition.name),
            kind: definition.name,
            section: definition.section,
            svg: canvas.svg(&title, &caption)?,
            zoom: canvas.zoom.and_then(Zoom::bounded),
            narrow: narrow.map(|n| n.canvas.svg(&title, &caption)).transpose()?,
            title,
            caption,
            data,
        });
    }
    Ok(charts)
}

#[cfg(test)]
mod tests;
