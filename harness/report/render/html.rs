//! A document as one page that needs nothing else, neither network nor script.

use maud::{Markup, PreEscaped, html};

use crate::report::document::{
    self, Badge, Block, Document, Entry, Fact, Kind, Note, Section, Tone,
};
use crate::words::{counted, shortened};

use charts::Drawings;

mod charts;
mod shell;
mod table;

/// Most rows of a table and lines of a list, where some may be left out.
const ROWS: usize = 500;
const LINES: usize = 100;

/// Longest name, and longest line of a list, in characters: what is longer attacks, or
/// belongs into a file.
const LONGEST_NAME: usize = 120;
const LONGEST_LINE: usize = 1000;

/// The page.
pub(in crate::report) fn page(document: &Document) -> String {
    // What all but the drawings take is known when it is written.
    let rest =
        document.most_bytes.map_or(0, |_| written(document, Drawings::default(), true).len());
    written(document, Drawings::of(document, rest), false)
}

fn written(document: &Document, drawings: Drawings, zooms: bool) -> String {
    let zooms = zooms || drawings.zooms();
    let writer = Writer { document, drawings };
    shell::page(document, zooms, &writer.header(), &writer.main())
}

struct Writer<'a> {
    document: &'a Document<'a>,
    drawings: Drawings<'a>,
}

impl Writer<'_> {
    fn header(&self) -> Markup {
        let Document { badge, place, .. } = self.document;
        html! {
            @if let Some(badge) = badge { (outcome(badge)) }
            @if !place.is_empty() { p.place { (place) } }
            nav aria-label="Sections" {
                ul { @for s in self.document.sections() {
                    li { a href={ "#" (s.id) } { (s.heading) } }
                } }
            }
        }
    }

    fn main(&self) -> Markup {
        html! { @for section in self.document.sections() { (self.section(section)) } }
    }

    fn section(&self, section: &Section) -> Markup {
        let heading = format!("{}-heading", section.id);
        html! {
            section id=(section.id) aria-labelledby=(heading) {
                h2 id=(heading) { (section.heading) }
                (self.blocks(&section.blocks))
            }
        }
    }

    fn blocks(&self, blocks: &[Block]) -> Markup {
        html! { @for block in blocks.iter().filter(|b| b.says()) { (self.block(block)) } }
    }

    fn block(&self, block: &Block) -> Markup {
        match block {
            Block::Heading(heading) => html! { h3 { (heading) } },
            Block::Paragraph(text) => html! { p { (marked(text)) } },
            Block::Link(text, path) => html! { p { a href=(path) { (text) } } },
            Block::Facts(facts) => told(facts),
            Block::Quoted(facts) => {
                html! { dl { @for (name, text) in facts { dt { (name) } dd { code { (text) } } } } }
            }
            Block::Terms(text) => {
                html! { dl { @for (term, meaning) in document::terms(text) { dt { (term) } dd { (meaning) } } } }
            }
            Block::Entries(entries) => told(&entries.iter().map(Entry::fact).collect::<Vec<_>>()),
            Block::Table(table) => {
                let most = self.most(table.rows.len(), ROWS);
                html! { (table::markup(table, most)) (self.left_out(table.rows.len(), most)) }
            }
            Block::Chart(chart) => self.drawings.figure(chart, self.document.whole),
            // The charts show more.
            Block::Strips(_) => html! {},
            Block::Notes(_, notes) => self.notes(notes),
            Block::Folded(summary, blocks) => {
                html! { details.rest { summary { (summary) } (self.blocks(blocks)) } }
            }
        }
    }

    fn notes(&self, notes: &[Note]) -> Markup {
        let most = self.most(notes.len(), LINES);
        html! {
            ul { @for note in notes.iter().take(most) { li {
                @if note.kind == Kind::Warning { strong { "warning: " } }
                (marked(&shortened(&note.text, LONGEST_LINE)))
                @if let Some(quote) = &note.quote { ": " q { (quote) } }
            } } }
            (self.left_out(notes.len(), most))
        }
    }

    fn most(&self, all: usize, most: usize) -> usize {
        if self.document.bounded { all.min(most) } else { all }
    }

    /// What is not shown, and where it is.
    fn left_out(&self, all: usize, shown: usize) -> Markup {
        html! {
            @if all > shown {
                p.soft {
                    (counted((all - shown) as u64, "more")) " left out here: see "
                    code { (self.document.whole) } "."
                }
            }
        }
    }
}

/// The outcome as a mark, a word and, last, a colour.
fn outcome(badge: &Badge) -> Markup {
    html! {
        p { span class={ "badge " (colour(badge.tone)) } { (badge.text) }
            " outcome: " (badge.outcome) }
    }
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Good => "good",
        Tone::Odd => "odd",
    }
}

fn told(facts: &[Fact]) -> Markup {
    html! {
        ul { @for (name, text) in facts {
            li { b { (shortened(name, LONGEST_NAME)) } ": " (shortened(text, LONGEST_LINE)) }
        } }
    }
}

/// Our own words, with what stands between backticks as code.
fn marked(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    html! { @for (at, part) in parts { @if at % 2 == 1 { code { (part) } } @else { (part) } } }
}

/// An SVG document as a part of a page: without what comes before its element.
fn inline(svg: &str) -> PreEscaped<&str> {
    PreEscaped(svg.find("<svg").map_or(svg, |at| &svg[at..]))
}

#[cfg(test)]
pub(in crate::report) mod tests;
