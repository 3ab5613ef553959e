//! The rows of the table: as many columns as fit; where not even the least do, a
//! paragraph a cell.

use comfy_table::{CellAlignment, ContentArrangement, Row, Table, presets};
use unicode_width::UnicodeWidthStr;

use crate::report::controls;
use crate::report::findings::Findings;
use crate::report::look::{Look, flowing, wrapped};
use crate::report::words::{
    DASH, act, conditions, groups, level, maximum, members, plain, quantile, ratio, split, step,
};
use crate::stats::{Quantile, Summary};
use crate::store::Run;

/// Columns that are headed by nothing: they are words.
const WORDS: usize = 3;
/// A terminal as wide has room for more columns.
const WIDE: usize = 120;
/// What stands between the phases of a split.
const SEPARATOR: &str = " · ";

/// How much of a cell has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Another interval, and more quantiles.
    Wide,
    /// The usual columns.
    Usual,
}

impl Room {
    fn headings(self) -> &'static [&'static str] {
        match self {
            Room::Wide => &["n", "err", "p50 (95 %)", "p90 (95 %)", "p95", "p99", "max", "/ warm"],
            Room::Usual => &["n", "err", "p50 (95 %)", "p90", "max", "/ warm"],
        }
    }

    fn figures(self, summary: &Summary) -> Vec<String> {
        let Summary { latency, .. } = summary;
        let mut figures =
            vec![latency.n.to_string(), latency.failed.to_string(), quantile(&latency.p50)];
        match self {
            Room::Wide => {
                figures.push(quantile(&latency.p90));
                figures.extend([&latency.p95, &latency.p99].map(value));
            }
            Room::Usual => figures.push(value(&latency.p90)),
        }
        figures.extend([maximum(latency.max), ratio(summary)]);
        figures
    }
}

fn value(quantile: &Quantile) -> String {
    quantile.value.map_or_else(|| DASH.to_owned(), level)
}

/// The table proper. Group headings and phase splits are put between its lines,
/// where they may be wider than any column.
pub(super) fn rows(
    run: &Run,
    summaries: &[Summary],
    findings: &Findings,
    look: &Look,
) -> Vec<String> {
    let groups = groups(run, summaries);
    let ordered: Vec<Vec<&Summary>> = groups.iter().map(|g| members(summaries, g)).collect();
    let all: Vec<&Summary> = ordered.iter().flatten().copied().collect();
    let rooms =
        if look.columns() >= WIDE { &[Room::Wide, Room::Usual][..] } else { &[Room::Usual] };
    let grid = rooms.iter().find_map(|room| fitting(&all, *room, look));
    let stacked = grid.is_none();
    let mut grid = grid.into_iter().flatten();
    let mut lines: Vec<String> = grid.next().map(|line| look.faint(&line)).into_iter().collect();
    for (group, members) in groups.iter().zip(&ordered) {
        let over = controls::excess(run, summaries, findings, group);
        let over = over.map_or_else(String::new, |over| format!(": {over}"));
        let heading = format!("{}, {}{over}", plain(&group.0), conditions(run, &group.1));
        let heading = wrapped(&heading, "", look.columns());
        lines.extend(heading.iter().map(|line| look.heading(line)));
        for summary in members {
            lines.extend(grid.next());
            if stacked {
                lines.extend(paragraph(summary, look));
            }
            if let Some(split) = split(run, summary) {
                let parts: Vec<String> = split.split(SEPARATOR).map(str::to_owned).collect();
                let split = flowing(&parts, SEPARATOR, "      ", look.columns());
                lines.extend(split.iter().map(|line| look.faint(line)));
            }
        }
    }
    lines
}

/// The lines of the grid, if none is too wide.
fn fitting(all: &[&Summary], room: Room, look: &Look) -> Option<std::vec::IntoIter<String>> {
    let grid = grid(all, room);
    let lines: Vec<String> = grid.lines().map(|line| line.trim_end().to_owned()).collect();
    let fits = lines.iter().all(|line| line.width() <= look.columns());
    fits.then(|| lines.into_iter())
}

fn grid(all: &[&Summary], room: Room) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let headings = room.headings();
    table.set_header([""; WORDS].iter().chain(headings));
    table.add_rows(all.iter().map(|summary| row(summary, room)));
    for (index, column) in table.column_iter_mut().enumerate() {
        let right = match index {
            0..WORDS => 1,
            last if last + 1 == WORDS + headings.len() => 0,
            _ => 2,
        };
        column.set_padding((if index == 0 { 2 } else { 0 }, right));
        if index >= WORDS {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(summary: &Summary, room: Room) -> Row {
    let cell = &summary.cell;
    let words = [step(cell), act(cell.act), cell.temperature.to_string()];
    Row::from(words.into_iter().chain(room.figures(summary)))
}

/// A cell where no grid fits: `p50 216 (207–230)`, each figure by its name.
fn paragraph(summary: &Summary, look: &Look) -> Vec<String> {
    let cell = &summary.cell;
    let words = format!("{}, {}, {}", step(cell), act(cell.act), cell.temperature);
    let mut lines = wrapped(&words, "  ", look.columns());
    let latency = &summary.latency;
    let mut figures = vec![
        format!("p50 {}", quantile(&latency.p50)),
        format!("p90 {}", value(&latency.p90)),
        format!("max {}", maximum(latency.max)),
        format!("n {}", latency.n),
        format!("err {}", latency.failed),
    ];
    let ratio = ratio(summary);
    figures.extend((!ratio.is_empty()).then(|| format!("{ratio} warm")));
    lines.extend(flowing(&figures, ", ", "    ", look.columns()));
    lines
}
