//! One real cold start, process by process: who was at work, and when.

use anyhow::Result;

use super::axis::{Frame, Scale, labelled};
use super::labels::spread;
use super::sheet::{Align, Colour, FAINT, GREY, Sheet, Words, width};
use super::{Composed, Data, Place, Series, palette, phases};
use crate::report::words::{plain, shortened};
use crate::sample::{Mark, Phase, Phases, Sample};
use crate::units::{NS_PER_MS, format_ms};

const WIDTH: f64 = 860.0;
/// From one bar to the next.
const ROW: f64 = 19.0;
const BAR: f64 = 12.0;
/// Where the first row begins.
const TOP: f64 = 106.0;
/// Room right of the bars for what they took.
const RIGHT: f64 = 84.0;
/// Processes that are drawn at most; with the two calls, 24 rows.
const MOST: usize = 22;
/// The widest name, in pixels, and the longest in characters.
const NAME: f64 = 220.0;
const LONGEST: usize = 60;
/// A phase that is a smaller share of the whole has no name above the rows.
const LEAST_NAMED: f64 = 0.005;
/// A call that somebody waits for.
const CALL: Colour = Colour(0x8a, 0x8a, 0x8a);
/// A process that is not the function's own.
const OTHER: Colour = Colour(0xc2, 0xc2, 0xc2);

/// The start that is drawn. All times are milliseconds since the intended instant.
struct Start<'a> {
    sample: &'a Sample,
    position: usize,
    intended: u64,
    responded: f64,
    /// Where the chart ends.
    end: f64,
    spans: Vec<Span>,
}

/// A phase, or several that are merged.
#[derive(Clone, Copy)]
struct Span {
    phases: Phases,
    from: f64,
    to: f64,
}

impl Span {
    fn length(&self) -> f64 {
        self.to - self.from
    }
}

/// A bar.
struct Row {
    name: String,
    from: f64,
    to: f64,
    /// From beginning to end, be it drawn or not; none when it outlasts the chart.
    lasted: Option<f64>,
    colour: Colour,
    /// It is the function's own process.
    own: bool,
}

/// Composes the chart of the first function whose typical row knows its processes;
/// none without one.
pub(super) fn compose(place: &Place, series: &[Series]) -> Result<Option<Composed>> {
    let first = series.iter().find_map(|s| Some((s, start(place, s)?)));
    let Some((series, start)) = first else { return Ok(None) };
    let mut rows = calls(&start);
    let (processes, left_out) = processes(&start);
    rows.extend(processes);
    let widest = rows.iter().map(|r| width(&r.name, 12.0, r.own)).fold(0.0, f64::max);
    let bottom = TOP + ROW * rows.len() as f64;
    let frame = Frame {
        left: 22.0 + widest.clamp(60.0, NAME),
        right: WIDTH - RIGHT,
        top: TOP,
        bottom,
        x: Scale::Linear { min: 0.0, max: start.end },
        y: Scale::Linear { min: 0.0, max: rows.len() as f64 },
    };
    let title = place.title(&format!("One cold start of {}, process by process", series.name));
    let mut sheet = Sheet::new(WIDTH, bottom + 56.0);
    sheet.heading(&title, &subtitle(place, start.sample, left_out));
    ruler(&mut sheet, &frame, &start);
    axis(&mut sheet, &frame);
    for (i, row) in rows.iter().enumerate() {
        draw(&mut sheet, &frame, TOP + ROW * (i as f64 + 0.5), row, &start);
    }
    Ok(Some(Composed {
        name: "waterfall",
        title,
        caption: caption(&start, &rows),
        data: Data::default(),
        sheet,
    }))
}

/// The typical row of a function, when its processes are known.
fn start<'a>(place: &Place<'a>, series: &Series) -> Option<Start<'a>> {
    let sample: &Sample = place.run.samples.get(series.summary.typical?)?;
    if sample.processes.is_empty() {
        return None;
    }
    let intended = sample.marks.get(Mark::Intended)?;
    let responded = since(intended, sample.marks.get(Mark::Responded)?);
    let returned = sample.marks.get(Mark::StartReturned).map_or(0.0, |at| since(intended, at));
    let end = responded.max(returned);
    let mut from = 0.0;
    let spans = sample.phases().into_iter().map(|(phases, ns)| {
        let span = Span { phases, from, to: from + ns as f64 / NS_PER_MS };
        from = span.to;
        span
    });
    Some(Start {
        sample,
        position: series.position,
        intended,
        responded,
        // A start of no length still needs an axis.
        end: if end > 0.0 { end } else { 1.0 },
        spans: spans.collect(),
    })
}

/// Milliseconds from one instant to another, which may be the earlier.
fn since(from: u64, at: u64) -> f64 {
    let ns = at.abs_diff(from) as f64;
    (if at < from { -ns } else { ns }) / NS_PER_MS
}

impl Start<'_> {
    /// A bar; none when nothing of it is within the chart.
    fn row(&self, name: &str, began: u64, ended: Option<u64>) -> Option<Row> {
        let from = since(self.intended, began);
        let to = ended.map(|at| since(self.intended, at.max(began)));
        if from > self.end || to.is_some_and(|to| to < 0.0) {
            return None;
        }
        let within = to.filter(|to| *to <= self.end);
        Some(Row {
            name: shortened(&plain(name), LONGEST),
            from: from.max(0.0),
            to: within.unwrap_or(self.end),
            lasted: within.map(|to| to - from),
            colour: OTHER,
            own: false,
        })
    }

    fn get(&self, mark: Mark) -> Option<u64> {
        self.sample.marks.get(mark)
    }
}

/// The two calls of the engine's interface.
fn calls(start: &Start) -> Vec<Row> {
    let created = start.get(Mark::CreateCalled).zip(start.get(Mark::Created));
    let create = created.and_then(|(from, to)| start.row("driver: create call", from, Some(to)));
    let begin = start
        .get(Mark::StartCalled)
        .and_then(|from| start.row("engine: start call", from, start.get(Mark::StartReturned)));
    create.into_iter().chain(begin).map(|row| Row { colour: CALL, ..row }).collect()
}

/// The processes by the time of their exec, and how many are not among them.
fn processes(start: &Start) -> (Vec<Row>, usize) {
    let mut all: Vec<(u64, Option<u64>, &str)> =
        start.sample.processes.iter().map(|p| (p.exec, p.exit, p.name.as_str())).collect();
    let exec = start.get(Mark::Exec);
    // A list that was cut may lack the function itself; its mark does not.
    if let Some(exec) = exec.filter(|exec| all.iter().all(|(at, ..)| at != exec)) {
        all.push((exec, None, ""));
    }
    let total = all.len();
    all.sort_by_key(|(at, ..)| *at);
    // Of several at that instant, the one that lives on.
    let own = all.iter().rposition(|(at, ..)| Some(*at) == exec);
    let drawn = all.iter().enumerate().filter_map(|(i, (exec, exit, name))| {
        let row = start.row(name, *exec, *exit)?;
        Some(if Some(i) == own { into_own(row) } else { row })
    });
    let rows = longest(drawn.collect());
    let left_out = total - rows.len();
    (rows, left_out)
}

fn into_own(row: Row) -> Row {
    let name = match row.name.as_str() {
        "" => "the function".to_owned(),
        // First, so that cutting leaves it.
        name => format!("the function: {name}"),
    };
    Row { name, own: true, ..row }
}

/// As many rows as there is room for: the function's own and the longest.
fn longest(mut rows: Vec<Row>) -> Vec<Row> {
    if rows.len() > MOST {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let length = |i: usize| rows[i].to - rows[i].from;
        order.sort_by(|a, b| {
            let own = rows[*b].own.cmp(&rows[*a].own);
            own.then(length(*b).total_cmp(&length(*a))).then(a.cmp(b))
        });
        let kept = &order[..MOST];
        let mut i = 0..;
        rows.retain(|_| i.next().is_some_and(|i| kept.contains(&i)));
    }
    rows
}

fn subtitle(place: &Place, sample: &Sample, left_out: usize) -> String {
    let scenario = plain(&place.run.record.scenario.name);
    let left_out = match left_out {
        0 => String::new(),
        n => format!("; {} not drawn, short or outside", counted_more(n)),
    };
    format!(
        "the row nearest the median: round {}, trial {}, scenario {scenario}{left_out}",
        sample.round, sample.trial
    )
}

fn counted_more(n: usize) -> String {
    format!("{n} more process{}", if n == 1 { "" } else { "es" })
}

/// The phases above the rows, and where they meet as lines through the rows.
fn ruler(sheet: &mut Sheet, frame: &Frame, start: &Start) {
    let (top, bottom) = (TOP - 11.0, TOP - 4.0);
    let x = |ms: f64| frame.x_of(ms.min(start.end));
    for (i, span) in start.spans.iter().enumerate() {
        let colour = match span.phases.first {
            p if p >= Phase::Boot => palette::tint(start.position, phases::share(span.phases)),
            _ if i % 2 == 0 => OTHER,
            _ => FAINT,
        };
        sheet.rectangle((x(span.from), top), (x(span.to), bottom), colour);
        sheet.line(vec![(x(span.to), bottom), (x(span.to), frame.bottom)], FAINT, 1.0);
    }
    let named = named(&start.spans, start.responded, WIDTH - 8.0 - frame.left);
    let centres: Vec<f64> = named.iter().map(|s| (x(s.from) + x(s.to)) / 2.0).collect();
    let sizes: Vec<f64> = named.iter().map(label_width).collect();
    let placed = spread(&centres, &sizes, frame.left, WIDTH - 8.0);
    let note = Words::new("phase, ms", (frame.left - 8.0, TOP - 27.0), Align::Right);
    sheet.words(note.size(11.0).colour(GREY));
    for ((span, centre), at) in named.iter().zip(centres).zip(placed) {
        sheet.line(vec![(at, TOP - 19.0), (centre, top)], OTHER, 1.0);
        let name = Words::new(span.phases.to_string(), (at, TOP - 41.0), Align::Centre);
        sheet.words(name.size(11.0));
        let ms = Words::new(ms_of(span), (at, TOP - 27.0), Align::Centre);
        sheet.words(ms.size(11.0).colour(GREY));
    }
}

/// The phases whose names there is room for, the longest taken first.
fn named(spans: &[Span], total: f64, mut room: f64) -> Vec<Span> {
    let mut order: Vec<&Span> = spans.iter().collect();
    order.retain(|s| s.length() > total * LEAST_NAMED);
    order.sort_by(|a, b| b.length().total_cmp(&a.length()));
    let mut named: Vec<Span> = Vec::new();
    for span in order {
        let size = label_width(span);
        if size <= room {
            room -= size;
            named.push(*span);
        }
    }
    named.sort_by(|a, b| a.from.total_cmp(&b.from));
    named
}

fn ms_of(span: &Span) -> String {
    format_ms(span.length() * NS_PER_MS)
}

fn label_width(span: &Span) -> f64 {
    let name = width(&span.phases.to_string(), 11.0, false);
    name.max(width(&ms_of(span), 11.0, false)) + 12.0
}

/// Ticks without a grid: the lines through the rows are the phases'.
fn axis(sheet: &mut Sheet, frame: &Frame) {
    let ticks = labelled(&frame.x);
    let Frame { left, right, bottom, x, y, .. } = *frame;
    let below = Frame { left, right, top: bottom, bottom: bottom + 5.0, x, y };
    below.x_axis(sheet, &ticks, "ms since the intended instant");
    sheet.line(vec![(left, bottom), (right, bottom)], OTHER, 1.0);
}

fn draw(sheet: &mut Sheet, frame: &Frame, middle: f64, row: &Row, start: &Start) {
    let mut name = Words::new(&row.name, (frame.left - 8.0, middle), Align::Right);
    name.bold = row.own;
    sheet.words(name.cut(NAME));
    let (x0, x1) = (frame.x_of(row.from), frame.x_of(row.to));
    // What took no time is still to be seen.
    let x1 = x1.max(x0 + 1.5);
    let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
    let colour = if row.own { palette::tint(start.position, 0.3) } else { row.colour };
    if row.lasted.is_some() {
        sheet.rectangle((x0, top), (x1, bottom), colour);
    } else {
        // A point beyond the edge: it goes on.
        let tip = (x1 + 6.0, middle);
        sheet.area(vec![(x0, top), (x1, top), tip, (x1, bottom), (x0, bottom)], colour);
    }
    if row.own {
        shades(sheet, frame, middle, row, start);
    }
    let text = row
        .lasted
        .map_or_else(|| "goes on".to_owned(), |ms| format!("{} ms", format_ms(ms * NS_PER_MS)));
    let at = (x1 + 9.0, middle);
    let words = Words::new(text, at, Align::Left).size(11.0).colour(GREY);
    let words = words.cut(WIDTH - 4.0 - at.0);
    // Keeps the lines out of the text.
    let end = (at.0 + words.width() + 2.0, bottom + 1.0);
    sheet.rectangle((at.0 - 2.0, top - 1.0), end, super::sheet::WHITE);
    sheet.words(words);
}

/// The phases of the function's own process, within its bar.
fn shades(sheet: &mut Sheet, frame: &Frame, middle: f64, row: &Row, start: &Start) {
    let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
    for span in start.spans.iter().filter(|s| s.phases.first >= Phase::Boot) {
        let within = |ms: f64| frame.x_of(ms.clamp(row.from, row.to));
        let (x0, x1) = (within(span.from), within(span.to));
        let colour = palette::tint(start.position, phases::share(span.phases));
        sheet.rectangle((x0, top), (x1, bottom), colour);
        let at = ((x0 + x1) / 2.0, middle);
        let words = Words::new(span.phases.to_string(), at, Align::Centre).size(10.0);
        if words.width() + 6.0 < x1 - x0 {
            sheet.words(words);
        }
    }
}

/// Where most of the time went, and when the function's own process began.
fn caption(start: &Start, rows: &[Row]) -> String {
    let total = start.responded;
    let mut spans: Vec<&Span> = start.spans.iter().collect();
    spans.sort_by(|a, b| b.length().total_cmp(&a.length()));
    spans.retain(|s| s.length() >= total * 0.05);
    let part = |(i, s): (usize, &&Span)| {
        let went = if i == 0 { "went to" } else { "to" };
        format!("{} {went} {}", ms_of(s), told(s.phases))
    };
    let parts: Vec<String> = spans.iter().take(3).enumerate().map(part).collect();
    let parts = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing went to any phase".to_owned(),
    };
    let total = format_ms(total * NS_PER_MS);
    let own = match rows.iter().find(|r| r.own) {
        Some(row) => {
            let exec = start.get(Mark::Exec);
            let before = start.sample.processes.iter().filter(|p| Some(p.exec) < exec).count();
            let at = format_ms(row.from * NS_PER_MS);
            let others = format!("{before} other process{}", if before == 1 { "" } else { "es" });
            format!("the function's own process begins at {at} ms, after {others}")
        }
        None => "which process is the function's own is not known".to_owned(),
    };
    format!("Of {total} ms, {parts}; {own}. A bar is a process from its exec to its end.")
}

/// A phase in words.
fn told(phases: Phases) -> String {
    let one = match phases.first {
        Phase::Queue => "the driver's queue",
        Phase::Create => "the create call",
        Phase::Daemon => "the engine's daemon",
        Phase::Shim => "the engine's shim",
        Phase::Sandbox => "the sandbox",
        Phase::Network => "the network",
        Phase::Start => "the sandbox's start",
        Phase::Boot => "the function's runtime",
        Phase::Init => "the function's init",
        Phase::Invoke => "the call itself",
    };
    if phases.is_merged() { phases.to_string() } else { one.to_owned() }
}

#[cfg(test)]
mod tests;
