//! The charts of a page: which drawings it has room for, and their figures as tables.
//! Must not know what is in a chart.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{inline, table};
use crate::chart::Chart;
use crate::report::document::{Block, Cell, Column, Document, Row, Table};
use crate::words::{DASH, counted, shortened};

/// Bytes of drawings that a page holds at most; the others stay in their files.
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
    zoom: bool,
}

impl<'a> Drawings<'a> {
    /// Those in sight first, then their narrow forms, then what they can be zoomed into, then
    /// what is folded.
    pub(super) fn of(document: &'a Document) -> Self {
        let mut charts: Vec<(&Chart, Shown)> = Vec::new();
        for section in document.sections() {
            find(&section.blocks, false, &mut charts);
        }
        let mut left = MOST_BYTES;
        let mut take = |bytes: usize| {
            let fits = bytes <= left;
            left -= if fits { bytes } else { 0 };
            fits
        };
        let in_sight = |(_, shown): &&mut (_, Shown)| !shown.folded;
        charts.iter_mut().filter(in_sight).for_each(|(c, shown)| shown.wide = take(c.svg.len()));
        for (chart, shown) in charts.iter_mut().filter(|(_, shown)| shown.wide) {
            shown.narrow = chart.narrow.as_ref().is_some_and(|narrow| take(narrow.len()));
        }
        for (chart, shown) in charts.iter_mut().filter(|(_, shown)| shown.wide) {
            shown.zoom = chart.zoom.as_ref().is_some_and(|zoom| take(zoom.len()));
        }
        let folded = charts.iter_mut().filter(|(_, shown)| shown.folded);
        folded.for_each(|(c, shown)| shown.wide = take(c.svg.len()));
        Self { shown: charts.into_iter().map(|(chart, shown)| (&*chart.name, shown)).collect() }
    }

    /// Whether there is anything to zoom into.
    pub(super) fn zooms(&self) -> bool {
        self.shown.values().any(|shown| shown.zoom)
    }

    /// A chart below what there is to see, and its figures, all of which are in a file.
    /// The SVG is ours and escapes what it is given.
    pub(super) fn figure(&self, chart: &Chart, whole: &str) -> Markup {
        let none = Shown::default();
        let shown = self.shown.get(&*chart.name).unwrap_or(&none);
        let narrow = chart.narrow.as_ref().filter(|_| shown.narrow);
        let zoom = chart.zoom.as_ref().filter(|_| shown.zoom);
        html! {
            figure id={ "chart-" (chart.name) } data-title=[zoom.map(|_| &chart.title)] data-zoom=[zoom] {
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
                    None => p { a href={ "charts/" (chart.name) ".svg" } { (chart.title) } },
                }
                (data(chart, if shown.folded { FOLDED_ROWS } else { ROWS }, whole))
            }
        }
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
