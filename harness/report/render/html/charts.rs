//! The charts of a page: which drawings it has room for, and their figures as tables.
//! Must not know what is in a chart.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{inline, table};
use crate::chart::{Chart, in_a_page};
use crate::report::document::{Block, Cell, Column, Document, Row, Table};
use crate::words::{DASH, counted, shortened};

/// Bytes of drawings that a page holds at most, where it has no bound itself; the others
/// stay in their files.
const MOST_BYTES: usize = 3_200_000;

/// Rows of a chart's figures that are shown, of a folded one fewer.
const ROWS: usize = 200;
const FOLDED_ROWS: usize = 24;

/// Longest caption, in characters.
const LONGEST_CAPTION: usize = 1000;

/// The drawings that a page holds, by the names of their charts.
#[derive(Default)]
pub(super) struct Drawings<'a> {
    shown: BTreeMap<&'a str, Shown>,
}

#[derive(Default)]
struct Shown {
    folded: bool,
    wide: bool,
    narrow: bool,
    /// What it can be zoomed into, as the script reads it.
    zoom: Option<String>,
}

impl<'a> Drawings<'a> {
    /// Those in sight first, their narrow forms, what they can be zoomed into, and what is
    /// folded: as many as there is room for. `rest` are the bytes of the page without them.
    pub(super) fn of(document: &'a Document, rest: usize) -> Self {
        let mut charts: Vec<(&Chart, Shown)> = Vec::new();
        for section in document.sections() {
            find(&section.blocks, false, &mut charts);
        }
        let all = document.most_bytes.map_or(MOST_BYTES, |most| most.saturating_sub(rest));
        // Of too many that can be zoomed into, which shows more than the drawing, that has half.
        let can_zoom = charts.iter().any(|(chart, _)| chart.zoom.is_some());
        let for_zoom = if can_zoom { all / 2 } else { 0 };
        let mut left = all - for_zoom;
        wide(&mut charts, false, &mut left);
        left += for_zoom;
        zoomed(&mut charts, &mut left);
        wide(&mut charts, false, &mut left);
        for (chart, shown) in charts.iter_mut().filter(|(_, shown)| shown.wide) {
            let narrow = chart.narrow.as_ref();
            shown.narrow = narrow.is_some_and(|narrow| fits(narrow.len(), &mut left));
        }
        wide(&mut charts, true, &mut left);
        Self { shown: charts.into_iter().map(|(chart, shown)| (&*chart.name, shown)).collect() }
    }

    /// Whether there is anything to zoom into.
    pub(super) fn zooms(&self) -> bool {
        self.shown.values().any(|shown| shown.zoom.is_some())
    }

    /// A chart below what there is to see, and its figures, all of which are in a file.
    /// The SVG is ours and escapes what it is given.
    pub(super) fn figure(&self, chart: &Chart, whole: &str) -> Markup {
        let none = Shown::default();
        let shown = self.shown.get(&*chart.name).unwrap_or(&none);
        let narrow = chart.narrow.as_ref().filter(|_| shown.narrow);
        let zoom = shown.zoom.as_ref();
        html! {
            figure id={ "chart-" (chart.name) } data-title=[zoom.map(|_| &chart.title)]
                data-whole=[zoom.map(|_| whole)] data-zoom=[zoom] {
                (caption(&chart.caption))
                @match narrow {
                    Some(narrow) => {
                        div.on-wide { (inline(&chart.svg)) }
                        div.on-narrow { (inline(narrow)) }
                    }
                    None if shown.wide => {
                        div.scroll role="region" tabindex="0" aria-label={ "Chart: " (chart.title) } {
                            (inline(&chart.svg))
                        }
                    }
                    None => p {
                        "The drawing has no room on this page: "
                        a href={ "charts/" (chart.name) ".svg" } { (chart.title) } "."
                    },
                }
                (data(chart, if shown.folded { FOLDED_ROWS } else { ROWS }, whole))
            }
        }
    }
}

/// Whether so many bytes are left, which then are not.
fn fits(bytes: usize, left: &mut usize) -> bool {
    let fits = bytes <= *left;
    *left -= if fits { bytes } else { 0 };
    fits
}

/// The drawings that are folded, or those that are not.
fn wide(charts: &mut [(&Chart, Shown)], folded: bool, left: &mut usize) {
    let missing = charts.iter_mut().filter(|(_, of)| of.folded == folded && !of.wide);
    missing.for_each(|(chart, shown)| shown.wide = fits(chart.svg.len(), left));
}

/// What can be zoomed into has equal shares, and who needs less leaves the rest to the others.
fn zoomed(charts: &mut [(&Chart, Shown)], left: &mut usize) {
    let mut zooms: Vec<_> = charts
        .iter_mut()
        .filter(|(_, shown)| !shown.folded)
        .filter_map(|(chart, shown)| Some((chart.zoom.as_ref()?, shown)))
        .collect();
    zooms.sort_by_key(|(zoom, _)| zoom.bytes());
    let mut others = zooms.len();
    for (zoom, shown) in zooms {
        shown.zoom = zoom.json(*left / others);
        let taken = shown.zoom.as_deref().map_or(0, in_a_page);
        (*left, others) = (left.saturating_sub(taken), others - 1);
    }
}

fn find<'a>(blocks: &'a [Block], folded: bool, found: &mut Vec<(&'a Chart, Shown)>) {
    for block in blocks {
        match block {
            Block::Chart(chart) => found.push((chart, Shown { folded, ..Shown::default() })),
            Block::Folded(_, blocks) => find(blocks, true, found),
            _ => {}
        }
    }
}

/// The figures of a chart: all, or as many as can be read, evenly chosen.
fn data(chart: &Chart, most: usize, whole: &str) -> Markup {
    let all = chart.data.rows.len();
    let shown = thinned(all, most);
    html! {
        @if all > 0 {
            details.data {
                summary { "The figures (" (counted(all as u64, "row")) ")" }
                @if shown.len() < all {
                    p.soft {
                        "Shown are " (shown.len()) " of " (all) " rows, evenly chosen; the rest is in "
                        (whole) "."
                    }
                }
                (figures(chart, &shown))
            }
        }
    }
}

fn figures(chart: &Chart, shown: &[usize]) -> Markup {
    let id = format!("{}-figures", chart.name);
    let mut columns: Vec<Column> = chart.data.columns.iter().map(|c| Column::new(c)).collect();
    if let Some(first) = columns.first_mut() {
        first.names = true;
    }
    let row = |at: &usize| {
        Row::from(chart.data.rows[*at].iter().map(|text| cell(text)).collect::<Vec<_>>())
    };
    let rows = shown.iter().map(row).collect();
    let table = Table::new(&id, format!("Figures of: {}", chart.title), &columns, rows);
    table::markup(&table, shown.len())
}

/// Charts give text alone: what begins like a figure is one.
fn cell(text: &str) -> Cell {
    let bare = text.trim_start_matches(['-', '+', '<', '[', '(', '.']);
    let is_figure =
        matches!(text, "" | "failed" | DASH) || bare.starts_with(|c: char| c.is_ascii_digit());
    if is_figure { Cell::Figure(text.to_owned()) } else { Cell::Text(text.to_owned()) }
}

/// What there is to see first, then how to read it.
fn caption(text: &str) -> Markup {
    let text = shortened(text, LONGEST_CAPTION);
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    html! { figcaption { b { (text[..end]) } (text[end..]) } }
}

/// Which rows are shown: at most so many, at even distances, the first and the last
/// among them.
fn thinned(all: usize, most: usize) -> Vec<usize> {
    if all <= most {
        return (0..all).collect();
    }
    (0..most).map(|i| i * (all - 1) / (most - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_thinned_evenly_and_keep_both_ends() {
        assert_eq!(thinned(3, 5), [0, 1, 2]);
        let rows = thinned(100_000, 200);
        assert_eq!((rows.len(), rows[0], rows[199]), (200, 0, 99_999));
        assert!(rows.windows(2).all(|w| w[0] < w[1]));
        assert!(thinned(0, 5).is_empty());
    }
}
