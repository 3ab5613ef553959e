//! A document as GitHub-flavoured Markdown: as a page, and as a comment of bounded length
//! in which what is for few is folded.

use std::fmt::Write;

use crate::report::document::{
    Block, Column, Document, Fact, Importance, Kind, Note, Row, Section, Table, terms,
};
use crate::words::{counted, plain};

/// Bytes that a comment does not reach: one on GitHub holds 65,536 characters.
const LIMIT: usize = 60_000;
/// Bytes that lists leave for what comes after them: headings, and how to repeat it.
const KEPT: usize = 9_000;
/// Most bytes of a table in sight, of a folded one, and of a list.
const OPEN: usize = 22_000;
const FOLDED: usize = 8_000;
const LIST: usize = 4_000;

/// The whole document.
pub(in crate::report) fn page(document: &Document) -> String {
    write(document, String::new(), None)
}

/// For a pull request or the summary of a step. A bot finds its own by the marker.
pub(in crate::report) fn comment(document: &Document, marker: &str) -> String {
    write(document, format!("{marker}\n"), Some(document.whole))
}

fn write(document: &Document, text: String, whole: Option<&'static str>) -> String {
    let mut page = Page { text, whole, folded: false };
    page.head(document);
    document.sections().for_each(|section| page.section(section));
    if whole.is_none() {
        let _ = write!(page.text, "\n{}\n", escape(&document.footer));
    }
    page.text
}

struct Page {
    text: String,
    /// Where everything is that is left out here; none where nothing may be.
    whole: Option<&'static str>,
    /// Whether what is written now is folded.
    folded: bool,
}

impl Page {
    fn head(&mut self, document: &Document) {
        let level = if self.whole.is_some() { "##" } else { "#" };
        let _ = writeln!(self.text, "{level} {}", escape(&document.title));
        for banner in &document.banners {
            let _ = write!(self.text, "\n**{}**\n", escape(banner));
        }
        let _ = write!(self.text, "\n**{}**\n", escape(&document.answer));
        if !document.place.is_empty() {
            let _ = write!(self.text, "\n{}\n", escape(&document.place));
        }
    }

    fn section(&mut self, section: &Section) {
        let Section { heading, importance, blocks, .. } = section;
        match self.whole {
            Some(_) if *importance == Importance::Detail => self.fold(heading, blocks),
            Some(_) => self.open(&format!("### {heading}"), blocks),
            None => self.open(&format!("## {heading}"), blocks),
        }
    }

    fn open(&mut self, heading: &str, blocks: &[Block]) {
        let _ = write!(self.text, "\n{heading}\n");
        self.blocks(blocks);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks.iter().filter(|block| block.says()) {
            self.block(block);
        }
    }

    fn fold(&mut self, summary: &str, blocks: &[Block]) {
        let _ = write!(self.text, "\n<details><summary>{}</summary>\n", escape(summary));
        self.folded = true;
        self.blocks(blocks);
        self.folded = false;
        self.text += "\n</details>\n";
    }

    fn block(&mut self, block: &Block) {
        // A terminal has strips in place of charts.
        if !matches!(block, Block::Strips(_) | Block::Folded(..)) {
            self.text.push('\n');
        }
        match block {
            Block::Heading(heading) => self.text += &format!("### {heading}\n"),
            Block::Paragraph(text) => self.text += &format!("{}\n", escape(text)),
            Block::Link(text, path) => self.text += &format!("[{text}]({path})\n"),
            Block::Facts(facts) => self.text.extend(facts.iter().map(told)),
            Block::Quoted(facts) => self.text.extend(facts.iter().map(quoted)),
            Block::Terms(text) => self.text.extend(terms(text).map(term)),
            Block::Entries(entries) => {
                self.text.extend(entries.iter().map(|entry| told(&entry.fact())));
            }
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => {
                // Names of charts are ours; titles hold names of functions.
                let (title, name) = (escape(&chart.title), &chart.name);
                let caption = escape(&chart.caption);
                self.text += &format!("![{title}](charts/{name}.svg)\n\n{caption}\n");
            }
            Block::Strips(_) => {}
            Block::Notes(what, notes) => self.lines(notes.iter().map(note), LIST, what),
            Block::Folded(summary, blocks) => self.fold(summary, blocks),
        }
    }

    fn table<'t>(&mut self, table: &'t Table) {
        if !table.caption.is_empty() {
            let _ = write!(self.text, "{}\n\n", escape(&table.caption));
        }
        let shown = table.shown();
        let titles = shown.iter().map(|at| table.columns[*at].title(true, true));
        self.text += &grid_row(titles);
        self.text += &grid_row(shown.iter().map(|_| "---".to_owned()));
        let cells = |row: &Row| grid_row(shown.iter().map(|at| row.cells[*at].text(true)));
        let mut group = "";
        let line = |row: &'t Row| {
            let is_new = table.names_groups() && row.group != group;
            group = &row.group;
            let name = if is_new { group_row(group, shown.len()) } else { String::new() };
            name + &cells(row)
        };
        let most = if self.folded { FOLDED } else { OPEN };
        self.lines(table.rows.iter().map(line), most, "row");
    }

    /// Puts as many lines as there is room for, and counts the others.
    fn lines(&mut self, lines: impl Iterator<Item = String>, most: usize, what: &str) {
        let Some(whole) = self.whole else { return self.text.extend(lines) };
        let end = self.text.len() + LIMIT.saturating_sub(KEPT + self.text.len()).min(most);
        let mut left_out = 0;
        for line in lines {
            // After one that does not fit none is put: what is shown is the worst.
            if left_out > 0 || self.text.len() + line.len() > end {
                left_out += 1;
            } else {
                self.text += &line;
            }
        }
        if left_out > 0 {
            let n = counted(left_out, &format!("more {what}"));
            let _ = write!(self.text, "\n{n} left out here: see `{whole}`.\n");
        }
    }
}

fn told((name, text): &Fact) -> String {
    format!("- **{}**: {}\n", escape(name), escape(text))
}

fn quoted((name, text): &Fact) -> String {
    format!("- {}: {}\n", escape(name), code(text))
}

fn term((name, meaning): (&str, &str)) -> String {
    format!("- **{}**: {meaning}\n", escape(name))
}

fn note(note: &Note) -> String {
    let quote = note.quote.as_ref().map_or_else(String::new, |quote| format!(": {}", code(quote)));
    let mark = if note.kind == Kind::Warning { "**warning:** " } else { "" };
    format!("- {mark}{}{quote}\n", escape(&note.text))
}

/// A table by itself.
pub(in crate::report) fn table(columns: &[Column], rows: &[Row]) -> String {
    let table = Table::new("", "", columns, rows.to_vec());
    let mut page = Page { text: String::new(), whole: None, folded: false };
    page.table(&table);
    page.text
}

/// The name of the rows below it.
fn group_row(name: &str, columns: usize) -> String {
    let empty = "  |".repeat(columns.saturating_sub(1));
    format!("| **{}** |{empty}\n", escape(name))
}

/// One line of a table, its end included.
pub(in crate::report) fn grid_row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| escape(&cell)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Text in which nothing is markup: neither Markdown nor HTML.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // Not a mention of somebody, nor a link.
            '@' => escaped += "&#64;",
            c => escaped.push(c),
        }
    }
    escaped.replace("://", ":&#47;/").replace("www.", "www&#46;")
}

/// Foreign text word for word: fenced by more backticks than it holds.
pub(in crate::report) fn code(text: &str) -> String {
    let text = plain(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_no_markup() {
        assert_eq!(escape("a|b <i>*x*</i> @you"), "a\\|b &lt;i&gt;\\*x\\*&lt;/i&gt; &#64;you");
        assert_eq!(escape("see http://x"), "see http:&#47;/x");
        assert_eq!(escape("www.x.org"), "www&#46;x.org");
        assert_eq!(escape("\u{1b}[31mred\r\nline"), "\u{fffd}\\[31mred line");
        assert_eq!(code("say ``hi`` <b>"), "``` say ``hi`` <b> ```");
    }
}
