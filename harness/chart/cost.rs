//! What an hour of calls costs by how much of a machine they would fill, against the
//! machine.

use super::kit::axis::{Axis, Frame, Scale};
use super::kit::canvas::Canvas;
use super::kit::colour::{GREY, INK};
use super::kit::legend::{LegendEntry, Symbol};
use super::kit::mark;
use super::kit::plot::{Edge, Name, Plot};
use super::{ChartContext, ChartSpec, DASH, Data, conditions, plain, position};
use crate::analysis::Cost;
use crate::cost::{Crossing, Machine, Rental};
use crate::text::units::format_share;
use crate::words::{money, percent, rate};

pub(crate) const HOW_TO_READ: &str = "Left of its crossing, marked, a function costs less paid by \
    the call; right of it the machine does, if it is filled that evenly.";

/// The height of the field, in pixels.
const FIELD: f64 = 322.0;
/// The least utilisation that is drawn, and the share of the machine's price at which lines
/// begin.
const LEAST: f64 = 0.001;

/// A function whose calls are paid.
struct Line {
    name: String,
    position: usize,
    rental: Rental,
}

/// Composes the chart; none where nobody asked, or no function has a price.
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let cost = Cost::of(context.run, context.summaries)?;
    let machine = cost.machine().filter(|machine| machine.hour > 0.0)?;
    let currency = &cost.question.prices.currency;
    let lines = lines(context, &cost, machine);
    let rented = cost.question.prices.against_fargate(machine).filter(|of| of.by_use > 0.0);
    let x = x_scale(&lines)?;
    let y = y_scale(&lines, machine, rented.as_ref(), &x)?;
    let title = format!("{}What an hour of calls costs, by use of a machine", context.warning);
    let plot = Plot {
        title: title.clone(),
        subtitle: subtitle(context, &cost, machine),
        legend: legend(machine, currency, rented.is_some()),
        names: lines.iter().map(|l| Name { position: l.position, text: l.name.clone() }).collect(),
        note: "",
        edge: Edge::Right,
        x: Axis::new(x, "how much of the machine the calls would fill (log)").with(percents(&x)),
        fields: vec![(Axis::new(y, format!("{} an hour (log)", plain(currency))), FIELD)],
    };
    let mut plot = plot.draw(context.layout, |_, _| ());
    let frame = plot.frame();
    if let Some(rented) = &rented {
        by_use(&frame, rented.by_use)
            .into_iter()
            .for_each(|line| plot.canvas.line(line, GREY, 1.0));
    }
    let y = frame.y_of(machine.hour);
    plot.canvas.line(vec![(frame.left, y), (frame.right, y)], INK, 2.0);
    let ends: Vec<(f64, f64)> =
        lines.iter().map(|line| draw(&mut plot.canvas, &frame, line, machine)).collect();
    let canvas = plot.named(&ends);
    let (caption, data) = (caption(&lines, machine, currency), data(&lines, currency));
    Some(ChartSpec { title, caption, data, canvas })
}

fn lines(context: &ChartContext, cost: &Cost, machine: &Machine) -> Vec<Line> {
    let line = |of: &crate::analysis::FunctionCost| {
        let rental = cost.rental(of, machine)?;
        let (name, position) = (plain(&of.function), position(context.run, &of.function));
        (rental.crossing.by_use > 0.0).then_some(Line { name, position, rental })
    };
    cost.functions.iter().filter_map(line).collect()
}

/// From below the first crossing to all of the machine.
fn x_scale(lines: &[Line]) -> Option<Scale> {
    let first = lines.iter().filter_map(|l| l.rental.crossing.at()).fold(f64::INFINITY, f64::min);
    first.is_finite().then(|| Scale::Log { min: (first / 4.0).clamp(LEAST / 10.0, 0.1), max: 1.0 })
}

/// From what the least use of the cheapest costs, and no less than a hundredth of the machine,
/// to the dearest.
fn y_scale(
    lines: &[Line],
    machine: &Machine,
    rented: Option<&Crossing>,
    x: &Scale,
) -> Option<Scale> {
    let Scale::Log { min, .. } = *x else { return None };
    let dearest = lines.iter().map(|l| l.rental.crossing.by_use).chain(rented.map(|of| of.by_use));
    let (least, most) = dearest.fold((machine.hour, machine.hour), |(least, most), by_use| {
        (least.min(by_use * min), most.max(by_use))
    });
    Some(Scale::Log { min: least.max(machine.hour / 30.0) / 1.1, max: most * 1.25 })
}

/// Every decade, and where they are few what stands between.
fn percents(x: &Scale) -> Vec<(f64, String)> {
    const TICKS: [(f64, &str); 10] = [
        (0.0001, "0.01 %"),
        (0.001, "0.1 %"),
        (0.01, "1 %"),
        (0.02, "2 %"),
        (0.05, "5 %"),
        (0.1, "10 %"),
        (0.2, "20 %"),
        (0.5, "50 %"),
        (0.8, "80 %"),
        (1.0, "100 %"),
    ];
    let Scale::Log { min, .. } = *x else { return Vec::new() };
    let is_decade = |tick: f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
    let fits = |(tick, _): &(f64, &str)| *tick >= min && (min > 0.004 || is_decade(*tick));
    TICKS.into_iter().filter(fits).map(|(tick, text)| (tick, text.to_owned())).collect()
}

/// The line of what is paid by use: from where it comes into the field to all of the machine.
fn by_use(frame: &Frame, at_full: f64) -> Option<Vec<(f64, f64)>> {
    let (Scale::Log { min, .. }, Scale::Log { min: least, .. }) = (frame.x, frame.y) else {
        return None;
    };
    let from = (least / at_full).max(min);
    (from < 1.0).then(|| vec![frame.point(from, from * at_full), frame.point(1.0, at_full)])
}

/// A function's line, with its crossing; gives where it ends.
fn draw(canvas: &mut Canvas, frame: &Frame, line: &Line, machine: &Machine) -> (f64, f64) {
    let crossing = line.rental.crossing;
    let points = by_use(frame, crossing.by_use).unwrap_or_default();
    mark::dashed_line(canvas, line.position, &points);
    if let Some(at) = crossing.at().filter(|at| *at <= 1.0) {
        let at = frame.point(at, machine.hour);
        mark::marker(canvas, line.position, at, 5.0, true);
    }
    points.last().copied().unwrap_or((frame.right, frame.bottom))
}

fn legend(machine: &Machine, currency: &str, rented: bool) -> Vec<LegendEntry> {
    let always = format!("always on: {}, {}", plain(&machine.name), money(machine.hour, currency));
    let mut entries = vec![
        LegendEntry::meaning(Symbol::Line(INK, 2.0), always),
        LegendEntry::meaning(Symbol::Every(true), "as dear as the machine"),
    ];
    if rented {
        let text = "the same as containers (Fargate)";
        entries.insert(1, LegendEntry::meaning(Symbol::Line(GREY, 1.0), text));
    }
    entries
}

fn subtitle(context: &ChartContext, cost: &Cost, machine: &Machine) -> String {
    let question = cost.question;
    let under = cost.functions.first().map(|f| conditions(context.run, &f.factors));
    format!(
        "{} vCPUs, {} GiB; {} of the calls cold; {} prices of {}, {}; {}",
        machine.vcpus,
        machine.memory_gib,
        format_share(question.cold_share).replace('%', " %"),
        plain(&question.prices.region),
        plain(&question.prices.as_of),
        question.architecture,
        under.unwrap_or_default(),
    )
}

/// Where a line crosses the machine's, or that it does not.
fn crossing(line: &Line) -> Option<(String, String)> {
    let at = line.rental.crossing.at()?;
    Some((percent(at), rate(line.rental.calls_a_second()?)))
}

fn caption(lines: &[Line], machine: &Machine, currency: &str) -> String {
    let told: Vec<String> = lines
        .iter()
        .map(|line| match crossing(line) {
            Some((at, calls)) => format!("{} from {at} of its use on ({calls})", line.name),
            None => format!("{} never", line.name),
        })
        .collect();
    let name = plain(&machine.name);
    let hour = money(machine.hour, currency);
    format!("An always-on {name} at {hour} an hour is cheaper for: {}.", told.join("; "))
}

fn data(lines: &[Line], currency: &str) -> Data {
    let mut data = Data::new([
        "function",
        "an hour at full use",
        "calls that fill the machine",
        "as dear at",
        "calls there",
    ]);
    for line in lines {
        let (at, calls) = crossing(line).unwrap_or((DASH.to_owned(), DASH.to_owned()));
        data.row(vec![
            line.name.clone(),
            money(line.rental.crossing.by_use, currency),
            rate(line.rental.calls / 3_600.0),
            at,
            calls,
        ]);
    }
    data
}

#[cfg(test)]
mod tests;
