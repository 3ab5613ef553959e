//! `doctor`: what is here, what is missing, what to type.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::stdout::{self, Sheet, wrapped_to as wrapped};
use super::{ExitReason, runtime};
use crate::cli::Doctor;
use crate::terminal;
use coldstart::provision::Surroundings;
use coldstart::provision::doctor::{self, Finding};
use coldstart::report::sheet::Column;
use coldstart::spec::function;

/// What is told of a finding where it is not text.
const COLUMNS: [Column; 4] =
    [("ok", "/ok"), ("what", "/what"), ("detail", "/detail"), ("cure", "/cure")];

/// The longest line, in columns, where words and the terminal allow it.
const WIDEST: usize = 100;
/// Columns of `missing`.
const MARK: usize = 7;
/// Columns that a detail needs beside what it is about.
const LEAST: usize = 30;

/// Prints a line a finding. Succeeds whatever is found: it was asked to look.
pub(super) fn run(args: &Doctor) -> Result<(), ExitReason> {
    let functions = function::load(&args.functions_file).map_err(ExitReason::Usage)?;
    let around = Surroundings::read();
    let findings = runtime(false)?.block_on(doctor::inspect(&around, &functions));
    let rows = findings.iter().map(|finding| json!(finding)).collect();
    let sheet = Sheet { name: "findings", columns: &COLUMNS, rows };
    let look = terminal::look();
    let width = if look.terminal { look.width.min(WIDEST) } else { WIDEST };
    let told = stdout::sheets(args.printed.format, &[sheet], || table(&findings, width))?;
    Ok(stdout::result(&told)?)
}

/// Three columns, long words of the last one wrapped; where that leaves it too little,
/// it stands below. Findings in a row that have one cure show it once.
fn table(findings: &[Finding], width: usize) -> String {
    let what = findings.iter().map(|f| f.what.width()).max().unwrap_or(0);
    let indent = MARK + 2 + what + 2;
    let beside = indent + LEAST <= width;
    let mut text = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let mark = if finding.ok { "ok" } else { "missing" };
        let pad = " ".repeat(what - finding.what.width());
        let beginning = format!("{mark:<MARK$}  {}{pad}  ", finding.what);
        let next = findings.get(index + 1).and_then(|next| next.cure.as_ref());
        let cure = finding.cure.as_ref().filter(|cure| next != Some(cure));
        let arrow = cure.map(|cure| ("-> ", cure));
        let below = " ".repeat(if beside { indent } else { MARK + 2 });
        if beside {
            text += &wrapped(&beginning, &finding.detail, width);
        } else {
            text += &format!("{}\n", beginning.trim_end());
            text += &wrapped(&below, &finding.detail, width);
        }
        if let Some((arrow, cure)) = arrow {
            text += &wrapped(&format!("{below}{arrow}"), cure, width);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &str, detail: &str, cure: Option<&str>) -> Finding {
        let (what, detail) = (what.to_owned(), detail.to_owned());
        Finding { ok: cure.is_none(), what, detail, cure: cure.map(str::to_owned) }
    }

    #[test]
    fn a_cure_in_common_is_shown_once() {
        let text = table(
            &[
                finding("base `one`", "not here yet", Some("get it")),
                finding("two", "not here yet", Some("get it")),
                finding("disk", "12 GiB free", None),
            ],
            WIDEST,
        );
        insta::assert_snapshot!(text, @r"
        missing  base `one`  not here yet
        missing  two         not here yet
                             -> get it
        ok       disk        12 GiB free
        ");
    }

    #[test]
    fn no_line_is_too_long_and_no_word_is_lost() {
        let detail = "some words ".repeat(40);
        let text = table(&[finding("engine", &detail, Some(&detail))], WIDEST);
        assert!(text.lines().all(|line| line.len() <= WIDEST), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("                 ")), "{text}");
        assert_eq!(text.matches("some words").count() + text.matches("some\n").count(), 80);
    }

    #[test]
    fn on_a_narrow_terminal_details_stand_below() {
        let findings = [
            finding("base `one`", "not here, and no registry answers", Some("get it some way")),
            finding("disk", "12 GiB free", None),
        ];
        insta::assert_snapshot!(table(&findings, 40), @r#"
        missing  base `one`
                 not here, and no registry
                 answers
                 -> get it some way
        ok       disk
                 12 GiB free
        "#);
        let text = table(&findings, 40);
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
    }
}
