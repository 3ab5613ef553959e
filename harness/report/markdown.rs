//! `report.md`: the whole report as GitHub-flavoured Markdown.

use std::fmt::Write;

use super::environment::{self, FUNCTION_COLUMNS, Fact, MEANINGS};
use super::findings::Findings;
use super::notes::{Kind, notes};
use super::words::{
    act, answer, conditions, groups, maximum, members, place, plain, quantile, ratio,
};
use super::words::{split, step, title};
use super::{controls, resources, throughput};
use crate::chart::Chart;
use crate::stats::Summary;
use crate::store::Run;

/// Heading of the table.
pub(super) const COLUMNS: [&str; 12] = [
    "function",
    "step",
    "act",
    "",
    "n",
    "err",
    "p50 (95 %)",
    "p90 (95 %)",
    "p95 (95 %)",
    "p99 (95 %)",
    "max",
    "/ warm",
];

/// The page.
pub(super) fn page(
    run: &Run,
    summaries: &[Summary],
    findings: &Findings,
    charts: &[Chart],
) -> String {
    let mut text = format!("# {}\n\n", escape(&title(run)));
    let _ = write!(text, "**{}**\n\n{}\n\n", escape(&answer(run, summaries)), escape(&place(run)));
    text += &table(run, summaries);
    text += &trust(run, summaries, findings);
    text += "\n## To know\n\n";
    for note in notes(run, summaries, findings) {
        let quote = note.quote.map_or_else(String::new, |q| format!(": {}", code(&q)));
        let mark = if note.kind == Kind::Warning { "**warning:** " } else { "" };
        let _ = writeln!(text, "- {mark}{}{quote}", escape(&note.text));
    }
    text += "\n## Charts\n";
    for chart in charts {
        // Names of charts are ours; titles hold names of functions.
        let (title, name) = (escape(&chart.title), &chart.name);
        let _ = write!(text, "\n![{title}](charts/{name}.svg)\n\n{}\n", escape(&chart.caption));
    }
    text += "\n## Repeat it\n\n";
    text += &listed(&environment::repeat(run));
    text += "\n## Functions\n\n";
    text += &grid(&FUNCTION_COLUMNS, &environment::functions(run));
    text += "\n## Environment\n\n";
    text += &listed(&environment::facts(run));
    text += "\n## What the figures mean\n\n";
    for (name, meaning) in MEANINGS {
        let _ = writeln!(text, "- **{}**: {meaning}", escape(name));
    }
    text
}

/// Throughput, controls, machine and resources: a section each, as far as there is
/// something to say.
fn trust(run: &Run, summaries: &[Summary], findings: &Findings) -> String {
    let mut text = String::new();
    let rates = throughput::rows(run, findings);
    if !rates.is_empty() {
        text += "\n## Throughput\n\n";
        text += &told(&throughput::lines(run, findings));
        let _ = writeln!(text, "\n{}\n", throughput::MEANING);
        text += &grid(&throughput::COLUMNS, &rates);
    }
    let facts = controls::facts(run, findings);
    if !facts.is_empty() {
        text += "\n## Controls\n\n";
        text += &told(&facts);
        text += &told(&controls::excesses(run, summaries, findings));
    }
    let _ = write!(text, "\n## Machine\n\n{}\n", escape(&findings.machine.verdict()));
    let used = resources::rows(run, findings);
    if !used.is_empty() {
        text += "\n## Resources\n\n";
        text += &grid(&resources::COLUMNS, &used);
    }
    text
}

/// The table of cells, and below it where the time of each cold one goes.
pub(super) fn table(run: &Run, summaries: &[Summary]) -> String {
    let mut text = "Milliseconds.\n\n".to_owned();
    text += &grid(&COLUMNS, &rows(run, summaries));
    text += "\nWhere the time goes, ms, in the row nearest the median:\n\n";
    for (summary, split) in splits(run, summaries) {
        let cell = &summary.cell;
        let name =
            format!("{} {} {}", plain(&cell.function), conditions(run, &cell.factors), step(cell));
        let _ = writeln!(text, "- {}: {split}", escape(&name));
    }
    text
}

/// A row a cell, as text.
pub(super) fn rows(run: &Run, summaries: &[Summary]) -> Vec<[String; 12]> {
    let groups = groups(run, summaries);
    groups.iter().flat_map(|group| members(summaries, group)).map(|s| row(run, s)).collect()
}

/// Every cold cell with its split, in the table's order.
pub(super) fn splits<'a>(run: &Run, summaries: &'a [Summary]) -> Vec<(&'a Summary, String)> {
    let groups = groups(run, summaries);
    let all = groups.iter().flat_map(|group| members(summaries, group));
    all.filter_map(|s| Some((s, split(run, s)?))).collect()
}

fn row(run: &Run, summary: &Summary) -> [String; 12] {
    let Summary { cell, latency, .. } = summary;
    [
        format!("{}, {}", plain(&cell.function), conditions(run, &cell.factors)),
        step(cell),
        act(cell.act),
        cell.temperature.to_string(),
        latency.n.to_string(),
        latency.failed.to_string(),
        quantile(&latency.p50),
        quantile(&latency.p90),
        quantile(&latency.p95),
        quantile(&latency.p99),
        maximum(latency.max),
        ratio(summary),
    ]
}

/// A Markdown table; every cell is escaped.
pub(super) fn grid<const N: usize>(columns: &[&str; N], rows: &[[String; N]]) -> String {
    let mut text = grid_row(columns);
    text += &format!("| {} |\n", ["---"; N].join(" | "));
    text.extend(rows.iter().map(grid_row));
    text
}

/// One line of such a table, its end included.
pub(super) fn grid_row<T: AsRef<str>, const N: usize>(cells: &[T; N]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| escape(c.as_ref())).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Facts in our own words.
pub(super) fn told(facts: &[Fact]) -> String {
    let told = |(name, text): &Fact| format!("- **{}**: {}\n", escape(name), escape(text));
    facts.iter().map(told).collect()
}

/// Facts in foreign words.
pub(super) fn listed(facts: &[Fact]) -> String {
    facts.iter().map(|(name, text)| format!("- {}: {}\n", escape(name), code(text))).collect()
}

/// Text in which nothing is markup: neither Markdown nor HTML.
pub(super) fn escape(text: &str) -> String {
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
pub(super) fn code(text: &str) -> String {
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
