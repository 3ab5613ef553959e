//! GitHub workflow commands: what a check shows beside a change.
//!
//! The form is that of GitHub's "Workflow commands": `%`, CR and LF are escaped in
//! data, `:` and `,` in properties too.

use crate::compare::{BudgetVerdict, Comparison, Side, Verdict};
use crate::report::build::budgets;
use crate::report::build::comparison::answer::warning;
use crate::report::build::comparison::names::Names;
use crate::report::build::comparison::words::{invalid, lacks, line};

/// Most lines: GitHub shows ten of a kind a step.
const MOST: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

struct Annotation {
    level: Level,
    title: &'static str,
    text: String,
}

/// GitHub workflow commands, one a line without its end, at most 10, the gravest first.
#[must_use]
pub fn annotations(comparison: &Comparison) -> Vec<String> {
    let warning = warning(comparison);
    let mut all = found(comparison);
    all.sort_by_key(|a| a.level);
    let left_out = if all.len() > MOST { all.split_off(MOST - 1) } else { Vec::new() };
    if let Some(first) = left_out.first() {
        let text = format!("and {} more: see compare.md", left_out.len());
        all.push(Annotation { level: first.level, title: "Cold starts", text });
    }
    all.iter().map(|a| a.command(&warning)).collect()
}

fn found(comparison: &Comparison) -> Vec<Annotation> {
    let names = Names::of(comparison);
    // What is advisory must not look like a failure.
    let error = if comparison.advisory.is_empty() { Level::Error } else { Level::Warning };
    let off = |(side, why)| Annotation {
        level: Level::Warning,
        title: "Comparison is invalid",
        text: format!("{side}: {why}"),
    };
    let mut all: Vec<Annotation> = invalid(comparison).into_iter().map(off).collect();
    for missing in &comparison.missing {
        let (level, title) = match missing.lacks {
            Side::Head => (error, "Cell is missing"),
            Side::Base => (Level::Notice, "New cell"),
        };
        let text = format!("{}: {}", names.missing(missing), lacks(missing));
        all.push(Annotation { level, title, text });
    }
    for row in &comparison.budgets {
        let (level, title) = match row.verdict {
            BudgetVerdict::Over => (error, "Over budget"),
            BudgetVerdict::Unclear => (Level::Warning, "Budget unclear"),
            BudgetVerdict::Under => continue,
        };
        let text = format!("{}: {}", budgets::name(row, &comparison.budgets), budgets::line(row));
        all.push(Annotation { level, title, text });
    }
    for row in comparison.worst_first() {
        let (level, title) = match (row.verdict, row.gated) {
            (Verdict::Regressed, true) => (error, "Regression"),
            (Verdict::Regressed, false) => (Level::Warning, "Regression that decides nothing"),
            (Verdict::Invalid, true) => (Level::Warning, "Not to be judged"),
            (Verdict::Inconclusive, true) => (Level::Warning, "Inconclusive"),
            _ => continue,
        };
        all.push(Annotation { level, title, text: format!("{}: {}", names.row(row), line(row)) });
    }
    all
}

impl Annotation {
    fn command(&self, warning: &str) -> String {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let title = property(&format!("{warning}{}", self.title));
        format!("::{level} title={title}::{}", data(&self.text))
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
