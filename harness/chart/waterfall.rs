//! One real cold start, process by process: who was at work, and when.

use super::kit::canvas::Canvas;
use super::kit::colour::Colour;
use super::kit::time_unit::TimeUnit;
use super::{ChartContext, ChartSpec, Series, plain, shortened};
use crate::sample::{Mark, Phases, Sample};
use crate::text::units::NS_PER_MS;

mod caption;
mod drawing;

pub(crate) const HOW_TO_READ: &str = "A bar is a process from its exec to its end.";

/// Processes that are drawn at most; with the two calls, 24 rows.
const MOST: usize = 22;
/// The longest name, in characters.
const LONGEST: usize = 60;
/// A call that somebody waits for.
const CALL: Colour = Colour::Grey(0x8a);
/// A process that is not the function's own.
const OTHER: Colour = Colour::Grey(0xc2);

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
pub(crate) fn compose(context: &ChartContext) -> Option<ChartSpec> {
    let series = context.cold();
    let (series, start) = series.iter().find_map(|s| Some((s, start(context, s)?)))?;
    let mut rows = calls(&start);
    let (processes, left_out) = processes(&start);
    rows.extend(processes);
    let unit = TimeUnit::of([start.end * NS_PER_MS]);
    let title = context.title(&format!("One cold start of {}, process by process", series.name));
    let mut canvas = Canvas::new(context.layout);
    let subtitle = caption::subtitle(context, start.sample, left_out);
    let top = canvas.heading(&title, &subtitle);
    drawing::draw(&mut canvas, &start, &rows, unit, top);
    let caption = caption::caption(&start, &rows, unit);
    Some(ChartSpec { title, caption, data: caption::data(&start, &rows, unit), canvas })
}

/// The typical row of a function, when its processes are known.
fn start<'a>(context: &ChartContext<'a>, series: &Series) -> Option<Start<'a>> {
    let sample: &Sample = context.run.samples.get(series.summary.typical?)?;
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

#[cfg(test)]
mod tests;
