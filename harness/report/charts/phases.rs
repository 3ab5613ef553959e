//! Where the time of a typical cold start goes.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled};
use super::palette;
use super::sheet::{Align, GREY, INK, Sheet, Words};
use super::{Composed, Data, Place, Series};
use crate::sample::{Phase, Phases, Sample};
use crate::units::{NS_PER_MS, format_ms};

const WIDTH: f64 = 860.0;
/// From one bar to the next, with one line of text below it.
const ROW: f64 = 58.0;
/// A further line of text.
const LINE: f64 = 15.0;
const BAR: f64 = 24.0;

/// A function with the row that is drawn for it.
struct Bar<'a> {
    series: &'a Series<'a>,
    phases: Vec<(Phases, u64)>,
    total: u64,
}

/// Composes the chart; none without a typical row.
pub(super) fn compose(place: &Place, series: &[Series]) -> Result<Option<Composed>> {
    let bars: Vec<Bar> = series.iter().filter_map(|s| bar(place, s)).collect();
    let Some(x) = Scale::from_nought(bars.iter().map(|b| b.total as f64 / NS_PER_MS)) else {
        return Ok(None);
    };
    let title = place.title("Where a cold start goes");
    let name_width =
        bars.iter().map(|b| super::sheet::width(&b.series.name, 13.0, true)).fold(0.0, f64::max);
    let left = 34.0 + name_width;
    let splits: Vec<Vec<Words>> = bars.iter().map(|bar| split(bar, left)).collect();
    let row = ROW + LINE * (splits.iter().map(Vec::len).max().unwrap_or(1) - 1) as f64;
    let bottom = 70.0 + row * bars.len() as f64;
    let mut sheet = Sheet::new(WIDTH, bottom + 52.0);
    let y = Scale::Linear { min: 0.0, max: bars.len() as f64 };
    let frame = Frame { left, right: WIDTH - 90.0, top: 62.0, bottom, x, y };
    let subtitle = format!("the row nearest the median; {}", place.subtitle(series));
    sheet.heading(&title, &subtitle);
    frame.x_axis(&mut sheet, &labelled(&frame.x), "ms since the intended instant");
    for (index, (bar, split)) in bars.iter().zip(splits).enumerate() {
        let top = 70.0 + row * index as f64;
        draw(&mut sheet, &frame, top, bar);
        below(&mut sheet, top + BAR, split);
    }
    Ok(Some(Composed {
        name: "phases",
        title,
        caption: caption(&bars),
        data: Data::default(),
        sheet,
    }))
}

fn bar<'a>(place: &Place, series: &'a Series<'a>) -> Option<Bar<'a>> {
    let sample: &Sample = place.run.samples.get(series.summary.typical?)?;
    let phases = sample.phases();
    let total = phases.iter().map(|(_, ns)| ns).sum();
    Some(Bar { series, phases, total })
}

fn draw(sheet: &mut Sheet, frame: &Frame, top: f64, bar: &Bar) {
    let position = bar.series.position;
    let middle = top + BAR / 2.0;
    let name = Words::new(&bar.series.name, (frame.left - 10.0, middle), Align::Right);
    sheet.words(name.size(13.0).bold());
    let mut from = 0.0;
    for (span, ns) in &bar.phases {
        let to = from + *ns as f64 / NS_PER_MS;
        let (x0, x1) = (frame.x_of(from), frame.x_of(to));
        sheet.rectangle((x0, top), (x1, top + BAR), palette::tint(position, share(*span)));
        // A hair of the page between neighbours.
        sheet.line(vec![(x1, top), (x1, top + BAR)], super::sheet::WHITE, 1.0);
        let words = Words::new(span.to_string(), ((x0 + x1) / 2.0, middle), Align::Centre);
        if words.width() + 8.0 < x1 - x0 {
            sheet.words(words);
        }
        from = to;
    }
    let end = (frame.x_of(from) + 8.0, middle);
    let total = format!("{} ms", format_ms(bar.total as f64));
    sheet.words(Words::new(total, end, Align::Left).bold().colour(INK));
}

/// The figures of a bar, in as many lines as they need from `left` on.
fn split(bar: &Bar, left: f64) -> Vec<Words> {
    let line = |text: &str| Words::new(text, (left, 0.0), Align::Left).size(11.0).colour(GREY);
    let mut lines: Vec<String> = Vec::new();
    for (span, ns) in &bar.phases {
        let part = format!("{span} {}", format_ms(*ns as f64));
        let longer = lines.last().map(|last| format!("{last} · {part}"));
        match longer.filter(|text| line(text).width() < WIDTH - left - 16.0) {
            Some(longer) => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(part),
        }
    }
    lines.iter().map(|text| line(text)).collect()
}

/// Puts lines of text below a bar that ends at `top`.
fn below(sheet: &mut Sheet, top: f64, lines: Vec<Words>) {
    for (index, line) in lines.into_iter().enumerate() {
        let middle = top + 11.0 + LINE * index as f64;
        let (left, right) = (line.at.0, line.at.0 + line.width() + 4.0);
        // Keeps the grid out of the text.
        let corners = ((left + 1.0, middle - 9.0), (right, middle + 8.0));
        sheet.rectangle(corners.0, corners.1, super::sheet::WHITE);
        sheet.words(Words { at: (left, middle), ..line });
    }
}

/// How dark a span is: neighbours differ, and black text stays readable on all.
pub(super) fn share(span: Phases) -> f64 {
    match span.first {
        Phase::Queue => 0.9,
        Phase::Create => 0.25,
        Phase::Daemon => 0.55,
        Phase::Shim => 0.4,
        Phase::Sandbox => 0.6,
        Phase::Network => 0.3,
        Phase::Start => 0.5,
        Phase::Boot => 0.4,
        Phase::Init => 0.25,
        Phase::Invoke => 0.8,
    }
}

fn caption(bars: &[Bar]) -> String {
    let largest: Vec<String> = bars
        .iter()
        .filter_map(|bar| {
            let (span, ns) = bar.phases.iter().max_by_key(|(_, ns)| *ns)?;
            let percent = 100.0 * *ns as f64 / bar.total.max(1) as f64;
            Some(format!("{} {span} {percent:.0} %", bar.series.name))
        })
        .collect();
    format!(
        "Largest phase: {}. Phases of one real row add up; medians of phases do not.",
        largest.join(", ")
    )
}
