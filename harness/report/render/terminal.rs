//! A document for a terminal: no borders, as wide as it is told, what matters most and
//! no more.

use crate::report::document::{Badge, Block, Document, Fact, Importance, Kind, Note, Section};
use crate::report::look::{Look, wrapped};
use crate::words::counted;

mod entries;
mod strips;
mod table;

/// The mark of what is to be acted on.
const WARNING: &str = "warning: ";

/// The text; its sections of the first importance, each after an empty line.
pub(in crate::report) fn text(document: &Document, look: &Look) -> String {
    let writer = Writer { look, whole: document.whole };
    let mut lines = writer.head(document);
    let key = document.sections().filter(|section| section.importance == Importance::Key);
    lines.extend(key.flat_map(|section| writer.section(section)));
    let lines = lines.iter().skip_while(|line| line.is_empty());
    lines.map(|line| harmless(line) + "\n").collect()
}

/// A line that is no workflow command where this is printed in a step: foreign text
/// may stand at its beginning.
fn harmless(line: &str) -> String {
    // Of the first kind only the beginning of a line counts; names of functions have it within.
    let line = match line.trim_start().starts_with("::") {
        true => line.replacen("::", ": :", 1),
        false => line.to_owned(),
    };
    line.replace("##[", "## [")
}

struct Writer<'a> {
    look: &'a Look,
    whole: &'static str,
}

impl Writer<'_> {
    fn wrap(&self, text: &str, indent: &str) -> Vec<String> {
        wrapped(text, indent, self.look.columns())
    }

    fn bold(&self, text: &str) -> Vec<String> {
        self.wrap(text, "").iter().map(|line| self.look.heading(line)).collect()
    }

    fn head(&self, document: &Document) -> Vec<String> {
        let Document { title, banners, badge, answer, place, .. } = document;
        let mut lines = self.bold(title);
        let alarm = |line: &String| self.look.alarm(line);
        for banner in banners {
            lines.extend(self.wrap(banner, "").iter().map(alarm));
        }
        if !place.is_empty() {
            lines.extend(self.wrap(place, "").iter().map(|line| self.look.faint(line)));
        }
        lines.push(String::new());
        lines.extend(self.bold(answer).into_iter().filter(|line| !line.is_empty()));
        lines.extend(
            badge.iter().map(|Badge { text, outcome, .. }| format!("outcome: {outcome} ({text})")),
        );
        lines
    }

    fn section(&self, section: &Section) -> Vec<String> {
        let mut lines = Vec::new();
        for block in section.blocks.iter().filter(|block| block.says()) {
            let written = self.block(block);
            let apart = matches!(block, Block::Table(_)) && !lines.is_empty();
            lines.extend((apart && !written.is_empty()).then(String::new));
            lines.extend(written);
        }
        if lines.is_empty() {
            return lines;
        }
        let heading = self.bold(&section.heading).into_iter().filter(|line| !line.is_empty());
        [String::new()].into_iter().chain(heading).chain(lines).collect()
    }

    fn block(&self, block: &Block) -> Vec<String> {
        match block {
            Block::Heading(heading) => self.bold(heading),
            Block::Paragraph(text) => self.wrap(text, "  "),
            Block::Link(text, path) => self.wrap(&format!("{text}: {path}"), "  "),
            Block::Facts(facts) => facts.iter().flat_map(|fact| self.fact(fact)).collect(),
            Block::Quoted(facts) => facts.iter().flat_map(quoted).collect(),
            Block::Entries(entries) => entries::lines(entries, self.look),
            Block::Table(table) if table.importance == Importance::Key => {
                table::lines(table, self.look)
            }
            Block::Strips(strips) => strips::lines(strips, self.look),
            Block::Notes(_, notes) => self.notes(notes),
            Block::Folded(summary, blocks) => self.folded(summary, blocks),
            Block::Table(_) | Block::Chart(_) | Block::Terms(_) => Vec::new(),
        }
    }

    fn fact(&self, (name, text): &Fact) -> Vec<String> {
        self.wrap(&format!("{name}: {text}"), "  ")
    }

    /// That all is well only where all is wanted.
    fn notes(&self, notes: &[Note]) -> Vec<String> {
        let shown = notes.iter().filter(|note| self.look.all || note.kind != Kind::Well);
        shown.flat_map(|note| self.note(note)).collect()
    }

    fn note(&self, note: &Note) -> Vec<String> {
        if note.kind != Kind::Warning {
            return self.wrap(&note.whole(), "  ");
        }
        let lines = self.wrap(&format!("{WARNING}{}", note.whole()), "  ");
        lines.iter().map(|line| self.look.warning(line, WARNING)).collect()
    }

    /// How many rows there are that nobody asked for, and where.
    fn folded(&self, summary: &str, blocks: &[Block]) -> Vec<String> {
        let rows = |block: &Block| match block {
            Block::Table(table) => table.rows.len() as u64,
            _ => 0,
        };
        match blocks.iter().map(rows).sum() {
            0 => Vec::new(),
            n => self.wrap(&format!("{summary}: {}, see {}", counted(n, "row"), self.whole), "  "),
        }
    }
}

/// Not wrapped: it is to be copied.
fn quoted((name, text): &Fact) -> [String; 2] {
    [format!("  # {name}"), format!("  {text}")]
}

#[cfg(test)]
mod tests;
