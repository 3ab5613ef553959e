//! The charts of a page: which go where, how many are shown at once, and their figures
//! as tables. Must not know what is in a chart.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};

use super::parts::Table;
use crate::chart::Chart;
use crate::report::words::{counted, shortened};

/// Bytes of drawings that a page holds at most; the others stay in their files.
const MOST_BYTES: usize = 3_200_000;

/// Charts on a page beyond which those of further conditions are folded.
const MANY: usize = 12;

/// Rows of a chart's figures that are shown, of a folded one fewer.
const ROWS: usize = 200;
const FOLDED_ROWS: usize = 24;

/// Longest caption, in characters.
const LONGEST_CAPTION: usize = 1000;

/// The charts of a page, each of which is shown once.
pub(in crate::report) struct Figures<'a> {
    charts: Vec<Placed<'a>>,
    /// Sections that were shown already.
    shown: BTreeSet<&'static str>,
    /// Where all the figures of a chart are.
    rest: &'static str,
}

struct Placed<'a> {
    chart: &'a Chart,
    folded: bool,
    wide: bool,
    narrow: bool,
}

impl<'a> Figures<'a> {
    /// Charts in their order; where the whole of their figures is.
    pub(in crate::report) fn new(charts: &'a [Chart], rest: &'static str) -> Self {
        let mut seen = BTreeSet::new();
        let placed = charts.iter().map(|chart| {
            let folded = !seen.insert(chart.kind) && charts.len() > MANY;
            Placed { chart, folded, wide: false, narrow: false }
        });
        let mut charts: Vec<Placed> = placed.collect();
        spend(&mut charts);
        Self { charts, shown: BTreeSet::new(), rest }
    }

    /// The charts of a section, those of further conditions folded where there are many.
    pub(in crate::report) fn of(&mut self, section: &'static str) -> Markup {
        self.shown.insert(section);
        let found: Vec<&Placed> =
            self.charts.iter().filter(|c| c.chart.section == section).collect();
        self.figures(&found)
    }

    /// Those of sections that have not been shown and are not yet to come.
    pub(in crate::report) fn others(&self, to_come: &[&str]) -> Markup {
        let is_other = |c: &&Placed<'a>| {
            !self.shown.contains(c.chart.section) && !to_come.contains(&c.chart.section)
        };
        self.figures(&self.charts.iter().filter(is_other).collect::<Vec<_>>())
    }

    fn figures(&self, found: &[&Placed]) -> Markup {
        let (folded, shown): (Vec<&Placed>, Vec<&Placed>) = found.iter().partition(|c| c.folded);
        html! {
            @for chart in shown { (self.figure(chart)) }
            @if !folded.is_empty() {
                details.rest {
                    summary { (counted(folded.len() as u64, "chart")) " of other conditions" }
                    @for chart in folded { (self.figure(chart)) }
                }
            }
        }
    }

    /// A chart below what there is to see. The SVG is ours and escapes what it is given.
    fn figure(&self, placed: &Placed) -> Markup {
        let chart = placed.chart;
        let narrow = chart.narrow.as_ref().filter(|_| placed.narrow);
        html! {
            figure id={ "chart-" (chart.name) } {
                (caption(&chart.caption))
                @match narrow {
                    Some(narrow) => {
                        div.on-wide { (PreEscaped(inline(&chart.svg))) }
                        div.on-narrow { (PreEscaped(inline(narrow))) }
                    }
                    None if placed.wide => {
                        div.scroll role="region" tabindex="0" aria-label={ "Chart: " (chart.title) } {
                            (PreEscaped(inline(&chart.svg)))
                        }
                    }
                    None => p { a href={ "charts/" (chart.name) ".svg" } { (chart.title) } },
                }
                (self.data(placed))
            }
        }
    }

    /// The figures of a chart: all, or as many as can be read, evenly chosen.
    fn data(&self, placed: &Placed) -> Markup {
        let Chart { name, title, data, .. } = placed.chart;
        let all = data.rows.len();
        let shown = thinned(all, if placed.folded { FOLDED_ROWS } else { ROWS });
        let row = |i: usize| data.rows[i].iter().map(String::as_str).collect();
        let table = Table {
            id: &format!("{name}-figures"),
            caption: html! { "Figures of: " (title) },
            columns: data.columns.iter().map(String::as_str).collect(),
            rows: shown.iter().map(|i| row(*i)).collect(),
            sortable: false,
            name: 0,
        };
        html! {
            @if all > 0 {
                details.data {
                    summary { "The figures (" (counted(all as u64, "row")) ")" }
                    @if shown.len() < all {
                        p.soft {
                            "Shown are " (shown.len()) " of " (all) " rows, evenly chosen; the rest is in "
                            (self.rest) "."
                        }
                    }
                    (table.markup())
                }
            }
        }
    }
}

/// What there is to see first, then how to read it.
fn caption(text: &str) -> Markup {
    let text = shortened(text, LONGEST_CAPTION);
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    html! { figcaption { b { (text[..end]) } (text[end..]) } }
}

/// Decides which drawings the page holds: those in sight first, then their narrow
/// forms, then what is folded.
fn spend(charts: &mut [Placed]) {
    let mut left = MOST_BYTES;
    let mut take = |bytes: usize| {
        let fits = bytes <= left;
        left -= if fits { bytes } else { 0 };
        fits
    };
    charts.iter_mut().filter(|c| !c.folded).for_each(|c| c.wide = take(c.chart.svg.len()));
    for c in charts.iter_mut().filter(|c| !c.folded && c.wide) {
        c.narrow = c.chart.narrow.as_ref().is_some_and(|narrow| take(narrow.len()));
    }
    charts.iter_mut().filter(|c| c.folded).for_each(|c| c.wide = take(c.chart.svg.len()));
}

/// Which rows are shown: at most so many, at even distances, the first and the last
/// among them.
fn thinned(all: usize, most: usize) -> Vec<usize> {
    if all <= most {
        return (0..all).collect();
    }
    (0..most).map(|i| i * (all - 1) / (most - 1)).collect()
}

/// An SVG document as a part of a page: without what comes before its element.
fn inline(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |at| &svg[at..])
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
