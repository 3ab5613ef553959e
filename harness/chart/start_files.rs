//! One watched start: which package's files were opened last, and for how long.

use std::collections::BTreeMap;

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{Colour, FAINT, INK};
use super::kit::rows::{self, Row as Texts, RowPlot};
use super::kit::text::Text;
use super::kit::zoom::{Piece, Zoom};
use super::{ChartSpec, Data, Layout, counted, plain, shortened};
use crate::explain::{Explained, Span, Timeline};
use crate::text::units::{NS_PER_MS, format_ms};

pub(crate) const HOW_TO_READ: &str = "A bar runs from the open of a file to the next open of the \
    same process, whatever was done meanwhile: an attribution.";

/// Packages that have a row; the rest have one together.
const MOST: usize = 16;
/// The longest name, in characters.
const LONGEST: usize = 44;
const BAR: f64 = 12.0;
const GAP: f64 = 7.0;
/// The least of the width that bars have beside their names.
const LEAST: f64 = 440.0;
/// Two bars that are nearer are one, in pixels; further apart where there would be more than
/// so many, as a page has to stay light.
const NEAR: f64 = 0.6;
const MOST_BARS: usize = 1500;

/// What the axis counts.
const AXIS: &str = "ms since the function's exec";

/// A row: its name, its bars in milliseconds, and their sum.
struct Row {
    name: String,
    bars: Vec<(f64, f64)>,
    sum: f64,
    files: usize,
}

/// Composes the chart; none of a start that opened nothing.
pub(crate) fn compose(found: &Explained, layout: Layout) -> Option<ChartSpec> {
    let timeline = &found.timeline;
    let (rows, of_package) = rows_of(timeline);
    if rows.is_empty() {
        return None;
    }
    let end = (timeline.end as f64 / NS_PER_MS).max(0.001);
    let title = format!("One start of {}, file by file", plain(&found.function));
    let mut canvas = Canvas::new(layout);
    let top = canvas.heading(&title, &subtitle(timeline));
    let texts: Vec<Texts> = rows.iter().map(texts).collect();
    let plot = RowPlot::new(&canvas, &texts, LEAST);
    let scale = Scale::Linear { min: 0.0, max: end };
    let frame = plot.frame(scale);
    let in_ms = |(ns, name): (u64, &'static str)| (ns as f64 / NS_PER_MS, name);
    let marks: Vec<(f64, &str)> = marks(timeline).into_iter().map(in_ms).collect();
    let near = near(&frame, &rows);
    let mut at = top + 30.0;
    named(&mut canvas, &frame, &marks, top + 14.0);
    for (row, texts) in rows.iter().zip(&texts) {
        let lines = |canvas: &mut Canvas, top: f64| {
            for (ms, _) in &marks {
                let x = frame.x_within(*ms);
                canvas.line(vec![(x, top - 3.5), (x, top + BAR + GAP - 3.5)], FAINT, 1.0);
            }
        };
        let begins = plot.texts(&mut canvas, texts, (at, BAR), None, lines);
        for (from, to) in merged(&frame, row, near) {
            // What took no time is still to be seen.
            let to = to.max(from + 0.8);
            canvas.rectangle((from, begins), (to, begins + BAR), Colour::function(0));
        }
        at = begins + BAR + GAP;
    }
    let axis = Axis::new(scale, AXIS);
    canvas.height = rows::axis(&mut canvas, &frame, &axis, at) + 8.0;
    canvas.zoom = (layout == Layout::Wide).then(|| zoom(timeline, &rows, &of_package));
    Some(ChartSpec { title, caption: caption(&rows), data: data(&rows), canvas })
}

/// Packages by what they took, and all the rest; and in which row each package is.
fn rows_of(timeline: &Timeline) -> (Vec<Row>, BTreeMap<&str, usize>) {
    let mut of: BTreeMap<&str, Row> = BTreeMap::new();
    for span in &timeline.spans {
        let Some(file) = timeline.files.get(span.file) else { continue };
        let row = of.entry(&file.package).or_insert_with(|| Row {
            name: shortened(&plain(&file.package), LONGEST),
            bars: Vec::new(),
            sum: 0.0,
            files: 0,
        });
        let (from, ns) = (span.at as f64 / NS_PER_MS, span.ns as f64 / NS_PER_MS);
        row.bars.push((from, from + ns));
        row.sum += ns;
    }
    for file in &timeline.files {
        if let Some(row) = of.get_mut(file.package.as_str()) {
            row.files += 1;
        }
    }
    let mut of: Vec<(&str, Row)> = of.into_iter().collect();
    of.sort_by(|(_, a), (_, b)| b.sum.total_cmp(&a.sum));
    let last = if of.len() > MOST { MOST - 1 } else { MOST };
    let of_package = of.iter().enumerate().map(|(at, (name, _))| (*name, at.min(last))).collect();
    let mut rows: Vec<Row> = of.into_iter().map(|(_, row)| row).collect();
    if rows.len() > MOST {
        let rest = rows.split_off(MOST - 1);
        let name = format!("{} others", rest.len());
        let (sum, files) = rest.iter().fold((0.0, 0), |(s, f), row| (s + row.sum, f + row.files));
        let bars = rest.into_iter().flat_map(|row| row.bars).collect();
        rows.push(Row { name, bars, sum, files });
    }
    for row in &mut rows {
        row.bars.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    (rows, of_package)
}

/// Each open by its path, on its package's lane.
fn zoom(timeline: &Timeline, rows: &[Row], of_package: &BTreeMap<&str, usize>) -> Zoom {
    let piece = |span: &Span| {
        let file = timeline.files.get(span.file)?;
        let lane = *of_package.get(file.package.as_str())?;
        Some(Piece { lane, from: span.at, ns: span.ns, name: plain(&file.path) })
    };
    let sum = |row: &Row| format!("{} {} ms", row.name, format_ms(row.sum * NS_PER_MS));
    Zoom {
        axis: AXIS,
        what: ["open", "opens"],
        end: timeline.end,
        marks: marks(timeline),
        lanes: rows.iter().map(sum).collect(),
        pieces: timeline.spans.iter().filter_map(piece).collect(),
    }
}

fn texts(row: &Row) -> Texts {
    let sum = Text::note(format!("{} ms", format_ms(row.sum * NS_PER_MS)));
    Texts { after: vec![sum], ..Texts::new(Text::new(&row.name)) }
}

/// The instants that are named, in nanoseconds.
fn marks(timeline: &Timeline) -> Vec<(u64, &'static str)> {
    let all = [(timeline.main, "main"), (timeline.ready, "ready"), (timeline.responded, "replied")];
    all.into_iter().filter_map(|(at, name)| Some((at?, name))).collect()
}

/// Names of instants above the rows; one that has no room stands nowhere.
fn named(canvas: &mut Canvas, frame: &Frame, marks: &[(f64, &'static str)], y: f64) {
    let mut free = frame.left;
    for (ms, name) in marks {
        let (x, text) = (frame.x_within(*ms), Text::note(*name));
        let left = (x - text.width() / 2.0)
            .clamp(frame.left, (frame.right - text.width()).max(frame.left));
        if left < free {
            continue;
        }
        free = left + text.width() + 6.0;
        canvas.line(vec![(x, y + 8.0), (x, y + 14.0)], INK, 1.0);
        canvas.text(text.at(left, y));
    }
}

/// The bars of a row, in pixels; those that are nearer than `near` are one.
fn merged(frame: &Frame, row: &Row, near: f64) -> Vec<(f64, f64)> {
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, to) in &row.bars {
        let (from, to) = (frame.x_within(*from), frame.x_within(*to));
        match merged.last_mut() {
            Some((_, end)) if from - *end < near => *end = end.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// How near bars may be.
fn near(frame: &Frame, rows: &[Row]) -> f64 {
    let all = |near: f64| rows.iter().map(|row| merged(frame, row, near).len()).sum::<usize>();
    let steps = std::iter::successors(Some(NEAR), |near| Some(near * 1.5));
    steps.take(12).find(|near| all(*near) <= MOST_BARS).unwrap_or(f64::MAX)
}

fn subtitle(timeline: &Timeline) -> String {
    let opens: u64 = timeline.files.iter().map(|file| u64::from(file.opened)).sum();
    format!(
        "the watched start nearest the median: {} of {} by {}",
        counted(opens, "open"),
        counted(timeline.files.len() as u64, "file"),
        match timeline.processes.len() {
            1 => "1 process".to_owned(),
            n => format!("{n} processes"),
        }
    )
}

fn caption(rows: &[Row]) -> String {
    let all: f64 = rows.iter().map(|row| row.sum).sum();
    let largest = rows.iter().take(3).filter(|row| row.sum >= all * 0.05);
    let part = |row: &Row| format!("{} {} ms", row.name, format_ms(row.sum * NS_PER_MS));
    let parts: Vec<String> = largest.map(part).collect();
    if parts.is_empty() {
        return "No package took a twentieth of it.".to_owned();
    }
    format!("Most was laid to {}.", parts.join(", "))
}

fn data(rows: &[Row]) -> Data {
    let mut data = Data::new(["package", "files", "attributed, ms"]);
    for row in rows {
        data.row(vec![row.name.clone(), row.files.to_string(), format_ms(row.sum * NS_PER_MS)]);
    }
    data
}
