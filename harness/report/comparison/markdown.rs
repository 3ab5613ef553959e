//! The comparison as GitHub-flavoured Markdown, for a comment on a pull request and
//! for the summary of a step.
//!
//! Every list is cut at whole rows, so that the page stays under [`LIMIT`] bytes.

use std::fmt::Write;

use super::answer::{answer, outcome};
use super::words::{Names, lacks, remark};
use super::{facts, rows};
use crate::compare::{Comparison, Row};
use crate::report::markdown::{escape, grid_row, listed, told};
use crate::report::words::counted;
use crate::spec::tolerance::Metric;

/// Bytes that the page does not reach. A comment on GitHub holds 65,536 characters.
const LIMIT: usize = 60_000;

/// Bytes that lists leave for what comes after them: headings, and how to repeat it.
const KEPT: usize = 9_000;

/// By which a bot finds its own comment.
const MARKER: &str = "<!-- coldstart -->";

/// Most bytes of each list.
const ROWS: usize = 22_000;
const ADVISORY_ROWS: usize = 6_000;
const PARTS: usize = 9_000;
const LIST: usize = 4_000;

/// The page.
pub(super) fn page(comparison: &Comparison) -> String {
    let names = Names::of(comparison);
    let mut page = Page { text: format!("{MARKER}\n"), names };
    page.head(comparison);
    page.rows(comparison);
    page.reservations(comparison);
    page.details(comparison);
    page.text
}

struct Page<'a> {
    text: String,
    names: Names<'a>,
}

impl Page<'_> {
    fn head(&mut self, comparison: &Comparison) {
        let warning = super::answer::warning(comparison);
        let title = format!("{warning}cold starts: {}", outcome(comparison));
        let answer = escape(&answer(comparison, &self.names));
        let _ = write!(self.text, "## {}\n\n**{answer}**\n\n", escape(&title));
        self.text += &told(&facts::compared(comparison));
        if !comparison.advisory.is_empty() {
            self.text += "\n**This comparison is advisory: it does not fail the build.**\n\n";
            self.list(comparison.advisory.iter().map(|why| remark(why)), "reason");
        }
    }

    fn rows(&mut self, comparison: &Comparison) {
        let rows: Vec<&Row> = comparison.worst_first().into_iter().filter(|r| r.gated).collect();
        if !rows.is_empty() {
            self.text.push('\n');
            let lines: Vec<_> = rows.iter().map(|row| rows::row(&self.names, row)).collect();
            self.table(&rows::COLUMNS, &lines, ROWS);
        }
        if !comparison.missing.is_empty() {
            self.text += "\n### Cells on one side only\n\n";
            let lines: Vec<String> = comparison
                .missing
                .iter()
                .map(|m| format!("{}: {}", self.names.missing(m), lacks(m.lacks)))
                .collect();
            self.list(lines.into_iter(), "cell");
        }
    }

    fn reservations(&mut self, comparison: &Comparison) {
        let notes = facts::notes(comparison);
        if !notes.is_empty() {
            self.text += "\n### To know\n\n";
            self.list(notes.into_iter(), "note");
        }
    }

    fn details(&mut self, comparison: &Comparison) {
        let worst = comparison.worst_first();
        let advisory: Vec<_> =
            worst.iter().filter(|r| !r.gated).map(|r| rows::row(&self.names, r)).collect();
        self.folded_table("Rows that decide nothing", &rows::COLUMNS, &advisory, ADVISORY_ROWS);
        let parts: Vec<_> = worst
            .iter()
            // The parts of a function's own part are among those of its total.
            .filter(|row| row.metric == Metric::Total)
            .flat_map(|row| row.parts.iter().map(|part| rows::part(&self.names, row, part)))
            .collect();
        self.folded_table("Where it changed", &rows::PART_COLUMNS, &parts, PARTS);
        let limits: Vec<_> = worst.iter().map(|row| rows::limit(&self.names, row)).collect();
        self.folded_table(
            "Margins, and what would have been found",
            &rows::LIMIT_COLUMNS,
            &limits,
            2 * LIST,
        );
        let differ = facts::functions(comparison);
        let heading = "Functions that are not the same on both sides";
        self.folded_table(heading, &facts::FUNCTION_COLUMNS, &differ, LIST);
        self.open("How to read it");
        let facts = facts::READING.map(|(name, text)| (name.to_owned(), text.to_owned()));
        self.text += &told(&facts);
        self.text += "\n</details>\n";
        self.open("How to repeat it");
        self.text += &listed(&facts::repeat(comparison));
        self.text += "\n</details>\n";
    }

    fn open(&mut self, heading: &str) {
        let _ = write!(self.text, "\n<details><summary>{heading}</summary>\n\n");
    }

    fn folded_table<const N: usize>(
        &mut self,
        heading: &str,
        columns: &[&str; N],
        rows: &[[String; N]],
        most: usize,
    ) {
        if rows.is_empty() {
            return;
        }
        self.open(heading);
        self.table(columns, rows, most);
        self.text += "\n</details>\n";
    }

    fn table<const N: usize>(&mut self, columns: &[&str; N], rows: &[[String; N]], most: usize) {
        self.text += &crate::report::markdown::grid(columns, &[]);
        let left_out = self.whole(rows.iter().map(grid_row), most);
        self.left_out(left_out, "row");
    }

    fn list(&mut self, lines: impl Iterator<Item = String>, what: &str) {
        let left_out = self.whole(lines.map(|line| format!("- {}\n", escape(&line))), LIST);
        self.left_out(left_out, what);
    }

    /// Puts as many lines as there is room for, and counts the others.
    fn whole(&mut self, lines: impl Iterator<Item = String>, most: usize) -> u64 {
        let room = LIMIT.saturating_sub(KEPT + self.text.len()).min(most);
        let end = self.text.len() + room;
        let mut left_out = 0;
        for line in lines {
            // After one that does not fit none is put: what is shown is the worst.
            if left_out > 0 || self.text.len() + line.len() > end {
                left_out += 1;
            } else {
                self.text += &line;
            }
        }
        left_out
    }

    fn left_out(&mut self, n: u64, what: &str) {
        if n > 0 {
            let n = counted(n, &format!("more {what}"));
            let _ = write!(self.text, "\n{n} left out here: see `compare.json`.\n");
        }
    }
}
