//! What share of cold starts was answered within a time.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::labels::spread;
use super::legend::{self, Entry, Sign};
use super::sheet::{Align, GREY, Sheet, WHITE, Words};
use super::{Composed, Paper, Place, Series, figures, palette};
use crate::report::words::median_ms;
use crate::spec::scenario::LoadShape;
use crate::stats;
use crate::text::units::format_ms;

const WIDTH: f64 = Paper::Wide.width();
/// From the top of the field to the lower edge of the paper.
const FIELD: f64 = 364.0;
/// A row of labels above the field.
const ROW: f64 = 20.0;
/// With more rows, ties to the lines would cross.
const MOST_ROWS: usize = 3;
/// Room for the words before the labels.
const NOTE: f64 = 80.0;
const P50: &str = "p50, ms:";

/// A label at the upper end of its line.
struct End {
    position: usize,
    text: String,
    /// Pixels.
    line: (f64, f64),
}

/// Composes the chart; none without a success.
pub(super) fn compose(
    place: &Place,
    name: &'static str,
    series: &[Series],
) -> Result<Option<Composed>> {
    let values = series.iter().flat_map(Series::sorted_ms);
    let Some(x) = Scale::log_about(values) else { return Ok(None) };
    let title = place.title(&format!("Cold start of {}", what(series)));
    let rows = label_rows(series);
    let tied = place.paper == Paper::Wide && rows <= MOST_ROWS;
    let names = names(series);
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let labels = if tied { ROW * rows as f64 } else { legend::height(&sheet, &names) };
    let top = 62.0 + labels + 14.0;
    sheet.height = top + FIELD;
    let percents = [0.0, 25.0, 50.0, 75.0, 100.0].map(|p| (p, format!("{p} %")));
    let frame = Frame {
        left: left_of_field(place.paper, &percents),
        right: sheet.width - sheet.margin() - 8.0,
        top,
        bottom: sheet.height - 52.0,
        x,
        y: Scale::Linear { min: 0.0, max: 100.0 },
    };
    sheet.heading(&title, &place.subtitle(series));
    frame.x_axis(&mut sheet, &labelled(&frame.x), "latency from the intended instant, ms (log)");
    frame.y_axis(&mut sheet, &percents, "share answered");
    let ends: Vec<End> = series.iter().filter_map(|s| curve(&mut sheet, &frame, s)).collect();
    if tied {
        label(&mut sheet, &frame, &ends, rows);
    } else {
        legend::draw(&mut sheet, &names, 60.0);
    }
    let data = figures::latencies(series);
    Ok(Some(Composed { name, title, caption: caption(series), data, sheet }))
}

/// Names with their medians, the fastest first, as on the axis.
fn names(series: &[Series]) -> Vec<Entry> {
    let mut drawn: Vec<&Series> =
        series.iter().filter(|s| s.summary.latency.min.is_some()).collect();
    let rank = |s: &Series| s.summary.median().unwrap_or(f64::INFINITY);
    drawn.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let note = Entry::meaning(Sign::None, P50);
    let names = drawn.iter().map(|s| Entry::name(s.position, text(s)));
    std::iter::once(note).chain(names).collect()
}

/// A name with its median, ms.
fn text(series: &Series) -> String {
    match series.summary.median() {
        Some(ns) => format!("{} {}", series.name, format_ms(ns)),
        None => series.name.clone(),
    }
}

/// `one call` or `a burst of 4`.
fn what(series: &[Series]) -> String {
    match series.first().map(|s| s.summary.cell.act) {
        Some(LoadShape::Burst(n)) if n > 1 => format!("a burst of {n}"),
        _ => "one call".to_owned(),
    }
}

/// The steps of one function; gives where they end.
fn curve(sheet: &mut Sheet, frame: &Frame, series: &Series) -> Option<End> {
    let sorted = series.sorted_ms();
    // Failures count: a line that stops short of 100 % shows them.
    let share = |answered: usize| 100.0 * answered as f64 / series.summary.latency.n as f64;
    let mut points = vec![frame.point(*sorted.first()?, 0.0)];
    for (answered, ms) in sorted.iter().enumerate() {
        points.push(frame.point(*ms, share(answered)));
        points.push(frame.point(*ms, share(answered + 1)));
    }
    palette::stroke(sheet, series.position, &points);
    let line = *points.last()?;
    if let Some(median) = series.summary.median() {
        let at = frame.point(median / crate::text::units::NS_PER_MS, 50.0);
        let colour = palette::colour(series.position);
        sheet.line(vec![(at.0, frame.bottom), (at.0, frame.bottom - 8.0)], colour, 2.0);
        palette::marker(sheet, series.position, at, 5.0, true);
    }
    Some(End { position: series.position, text: text(series), line })
}

/// How many rows the labels need, were all as wide as the widest.
fn label_rows(series: &[Series]) -> usize {
    // No median is written wider than this.
    let width = |s: &Series| label_width(&format!("{} 88888", s.name));
    let drawn: Vec<&Series> = series.iter().filter(|s| s.summary.latency.min.is_some()).collect();
    let widest = drawn.iter().map(|s| width(s)).fold(1.0, f64::max);
    let a_row = ((WIDTH - NOTE - 24.0) / widest) as usize;
    drawn.len().div_ceil(a_row.max(1)).max(1)
}

/// Marker, text and the gap to the next.
fn label_width(text: &str) -> f64 {
    super::sheet::width(text, 12.0, true) + 34.0
}

/// Names and medians above the field, each tied to the end of its line.
fn label(sheet: &mut Sheet, frame: &Frame, ends: &[End], rows: usize) {
    let mut order: Vec<&End> = ends.iter().collect();
    order.sort_by(|a, b| a.line.0.total_cmp(&b.line.0));
    let note = Words::new(P50, (16.0, frame.top - 24.0), Align::Left).colour(GREY);
    sheet.words(note);
    let mut placed: Vec<(&End, f64, f64)> = Vec::new();
    for row in 0..rows {
        let mine: Vec<&End> = order.iter().copied().skip(row).step_by(rows).collect();
        let centres: Vec<f64> = mine.iter().map(|e| e.line.0).collect();
        let widths: Vec<f64> = mine.iter().map(|e| label_width(&e.text)).collect();
        let y = frame.top - 24.0 - ROW * row as f64;
        let at = spread(&centres, &widths, NOTE, WIDTH - 8.0);
        placed.extend(mine.into_iter().zip(at).map(|(end, x)| (end, x, y)));
    }
    for (end, x, y) in &placed {
        let tie = vec![(*x, y + 8.0), (end.line.0, end.line.1)];
        sheet.line(tie, palette::tint(end.position, 0.6), 1.0);
    }
    for (end, x, y) in placed {
        let half = label_width(&end.text) / 2.0 - 6.0;
        // Covers the ties of the rows above.
        sheet.rectangle((x - half, y - 8.0), (x + half, y + 8.0), WHITE);
        palette::marker(sheet, end.position, (x - half + 7.0, y), 4.5, true);
        let colour = super::sheet::INK;
        let words = Words::new(&end.text, (x - half + 17.0, y), Align::Left).bold();
        sheet.words(words.colour(colour));
    }
}

fn caption(series: &[Series]) -> String {
    let mut medians: Vec<(&Series, f64)> =
        series.iter().filter_map(|s| Some((s, s.summary.latency.p50.value?.ns()?))).collect();
    medians.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |s: &Series| format!("{} {} ms", s.name, median_ms(s.summary).unwrap_or_default());
    match medians.as_slice() {
        [] => "No median: most rows failed.".to_owned(),
        [(only, _)] => format!("Median {}.", of(only)),
        [(fast, a), .., (slow, b)] => {
            let times = stats::ratio(*b, *a);
            let times = times.map_or_else(String::new, |t| format!(": {t:.2} times as long"));
            format!(
                "Fastest at the median is {}, slowest {}{times}. A line further left is faster, a \
                 steeper one is steadier.",
                of(fast),
                of(slow)
            )
        }
    }
}
