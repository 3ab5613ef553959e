//! What a cold start costs when several come at once.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled, left_of_field};
use super::labels::spread;
use super::legend::{self, Entry, Sign};
use super::sheet::{Align, Sheet, Words, width};
use super::{Composed, Data, Paper, Place, palette, rounds, whisker};
use crate::report::words::{groups, maximum, members, plain, position, quantile};
use crate::sample::Temperature;
use crate::spec::scenario::LoadShape;
use crate::stats::{Summary, ratio};
use crate::text::units::NS_PER_MS;

/// From the top of the field to the lower edge of the paper.
const FIELD: f64 = 350.0;
/// Names wider than this, in pixels, stand above the field.
const WIDEST: f64 = 200.0;

/// A function, with its cold cell of every size of burst that was answered.
struct Line<'a> {
    name: String,
    position: usize,
    /// By size, which is positive; each has a median.
    dots: Vec<(u32, &'a Summary)>,
}

impl Line<'_> {
    /// How many times as long the largest burst takes as the smallest, at the median;
    /// none of a single size, or where that takes no time.
    fn factor(&self) -> Option<f64> {
        let [(_, first), .., (_, last)] = self.dots.as_slice() else { return None };
        ratio(last.median()?, first.median()?)
    }

    fn label(&self) -> String {
        let factor = self.factor().map(|factor| format!(" {factor:.2}×"));
        format!("{}{}", self.name, factor.unwrap_or_default())
    }
}

/// Composes the chart; none without two sizes of burst that have a median.
pub(super) fn compose(place: &Place, summaries: &[Summary]) -> Result<Option<Composed>> {
    let lines = lines(place, summaries);
    let mut sizes: Vec<u32> = lines.iter().flat_map(|l| &l.dots).map(|(size, _)| *size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let [least, .., most] = sizes[..] else { return Ok(None) };
    let Some(y) = Scale::log_about(lines.iter().flat_map(values)) else { return Ok(None) };
    let labels: Vec<String> = lines.iter().map(Line::label).collect();
    let widest = labels.iter().map(|text| width(text, 12.0, true)).fold(0.0, f64::max);
    let in_field = place.paper == Paper::Wide && widest <= WIDEST;
    let mut key = meanings();
    if !in_field {
        let names = lines.iter().zip(&labels);
        key.extend(names.map(|(line, label)| Entry::name(line.position, label)));
    }
    let mut sheet = Sheet::new(place.paper.width(), 0.0);
    let top = 66.0 + legend::height(&sheet, &key);
    sheet.height = top + FIELD.max(64.0 + if in_field { 18.0 * lines.len() as f64 } else { 0.0 });
    let ticks = labelled(&y);
    let air = (f64::from(most) / f64::from(least)).powf(0.1);
    let frame = Frame {
        left: left_of_field(place.paper, &ticks),
        right: sheet.width - if in_field { 44.0 + widest } else { sheet.margin() + 8.0 },
        top,
        bottom: sheet.height - 52.0,
        x: Scale::Log { min: f64::from(least) / air, max: f64::from(most) * air },
        y,
    };
    let title = place.title("Cold starts that come at once");
    sheet.heading(&title, &subtitle(place, &lines));
    legend::draw(&mut sheet, &key, 54.0);
    let of_sizes: Vec<(f64, String)> =
        sizes.iter().map(|size| (f64::from(*size), size.to_string())).collect();
    frame.x_axis(&mut sheet, &of_sizes, "starts at one instant (log)");
    frame.y_axis(&mut sheet, &ticks, "latency, ms (log)");
    let ends: Vec<(f64, f64)> = lines
        .iter()
        .enumerate()
        .map(|(i, l)| draw(&mut sheet, &frame, l, (i, lines.len())))
        .collect();
    if in_field {
        label(&mut sheet, &frame, &lines, &labels, &ends);
    }
    let caption = caption(&lines, (least, most));
    Ok(Some(Composed { name: "burst-size", title, caption, data: data(&lines), sheet }))
}

/// Per function, of each size the cell of most rows.
fn lines<'a>(place: &Place, summaries: &'a [Summary]) -> Vec<Line<'a>> {
    let line = |group: &(String, crate::spec::factor::Factors)| {
        let mut dots: Vec<(u32, &Summary)> = Vec::new();
        for summary in members(summaries, group) {
            let LoadShape::Burst(size) = summary.cell.act else { continue };
            if summary.cell.temperature != Temperature::Cold || summary.median().is_none() {
                continue;
            }
            match dots.iter_mut().find(|(of, _)| *of == size) {
                Some((_, kept)) if kept.latency.n < summary.latency.n => *kept = summary,
                Some(_) => {}
                None => dots.push((size, summary)),
            }
        }
        dots.sort_by_key(|(size, _)| *size);
        let (name, position) = (plain(&group.0), position(place.run, &group.0));
        (!dots.is_empty()).then_some(Line { name, position, dots })
    };
    groups(place.run, summaries).iter().filter_map(line).collect()
}

/// All that is drawn of a line, milliseconds.
fn values(line: &Line) -> Vec<f64> {
    let of = |(_, summary): &(u32, &Summary)| {
        let ends = summary.latency.p50.interval.map(|i| [i.low.ns(), i.high.ns()]);
        let max = summary.latency.max.map(|ns| ns as f64);
        [summary.median(), max].into_iter().chain(ends.into_iter().flatten()).flatten()
    };
    line.dots.iter().flat_map(of).map(|ns| ns / NS_PER_MS).collect::<Vec<_>>()
}

fn meanings() -> Vec<Entry> {
    vec![
        Entry::meaning(Sign::Every(true), "median with its 95 % interval"),
        Entry::meaning(Sign::Every(false), "slowest"),
        Entry::meaning(Sign::None, "×: largest burst over smallest"),
    ]
}

/// One function; gives where its line ends.
fn draw(sheet: &mut Sheet, frame: &Frame, line: &Line, (index, of): (usize, usize)) -> (f64, f64) {
    let moved = whisker::beside(index, of);
    let colour = palette::colour(line.position);
    let at = |size: u32, ns: f64| {
        let (x, y) = frame.point(f64::from(size), ns / NS_PER_MS);
        (x + moved, y)
    };
    let points: Vec<(f64, f64)> =
        line.dots.iter().filter_map(|(size, s)| Some(at(*size, s.median()?))).collect();
    palette::stroke(sheet, line.position, &points);
    for ((size, summary), point) in line.dots.iter().zip(&points) {
        if let Some(interval) = &summary.latency.p50.interval {
            whisker::latency(sheet, frame, point.0, interval, colour);
        }
        palette::marker(sheet, line.position, *point, 4.5, true);
        if let Some(max) = summary.latency.max {
            palette::marker(sheet, line.position, at(*size, max as f64), 3.5, false);
        }
    }
    points.last().copied().unwrap_or((frame.right, frame.bottom))
}

/// Names right of the field, each tied to the end of its line.
fn label(sheet: &mut Sheet, frame: &Frame, lines: &[Line], labels: &[String], ends: &[(f64, f64)]) {
    let heights: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let placed = spread(&heights, &vec![17.0; ends.len()], frame.top, frame.bottom);
    for (((line, text), end), y) in lines.iter().zip(labels).zip(ends).zip(placed) {
        let tie = vec![*end, (frame.right + 8.0, y)];
        sheet.line(tie, palette::tint(line.position, 0.6), 1.0);
        palette::marker(sheet, line.position, (frame.right + 14.0, y), 4.5, true);
        sheet.words(Words::new(text, (frame.right + 24.0, y), Align::Left).bold());
    }
}

fn subtitle(place: &Place, lines: &[Line]) -> String {
    let of = || lines.iter().flat_map(|l| &l.dots).map(|(_, s)| &s.latency);
    let (least, most) = (of().map(|l| l.n).min(), of().map(|l| l.n).max());
    let n = match (least, most) {
        (Some(least), Some(most)) if least < most => format!("n = {least} to {most}"),
        (_, most) => format!("n = {} each", most.unwrap_or(0)),
    };
    let failed: usize = of().map(|l| l.failed).sum();
    let failed = if failed > 0 { format!(", {failed} failed in all") } else { String::new() };
    format!("every start of a burst counts, {n}{failed}, {}", rounds(place.run))
}

fn caption(lines: &[Line], (least, most): (u32, u32)) -> String {
    let mut factors: Vec<(&Line, f64)> = lines
        .iter()
        .filter(|l| l.dots.first().is_some_and(|(size, _)| *size == least))
        .filter(|l| l.dots.last().is_some_and(|(size, _)| *size == most))
        .filter_map(|l| Some((l, l.factor()?)))
        .collect();
    factors.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |(line, factor): &(&Line, f64)| format!("{factor:.2} times ({})", line.name);
    let grown = match factors.as_slice() {
        [] => "no function was answered at both ends".to_owned(),
        [only] => format!("the median takes {} as long", of(only)),
        [first, .., last] => format!("the median takes {} to {} as long", of(first), of(last)),
    };
    format!(
        "From {least} to {most} at once, {grown}. Starts of one burst share the machine and the \
         engine, and wait for each other."
    )
}

fn data(lines: &[Line]) -> Data {
    let columns = ["function", "starts at once", "n", "failed", "p50, ms (95 %)", "max, ms"];
    let mut data = Data::new(columns);
    for line in lines {
        for (size, summary) in &line.dots {
            let latency = &summary.latency;
            data.row(vec![
                line.name.clone(),
                size.to_string(),
                latency.n.to_string(),
                latency.failed.to_string(),
                quantile(&latency.p50),
                maximum(latency.max),
            ]);
        }
    }
    data
}

#[cfg(test)]
mod tests;
