//! `doctor`: what is here, what is missing, what to type.

use serde_json::json;

use super::print::{self, Sheet, wrapped};
use super::{Failure, runtime};
use crate::cli::Doctor;
use crate::functions;
use crate::provision::Surroundings;
use crate::provision::doctor::{self, Finding};
use crate::report::sheet::Column;

/// What is told of a finding where it is not text.
const COLUMNS: [Column; 4] =
    [("ok", "/ok"), ("what", "/what"), ("detail", "/detail"), ("cure", "/cure")];

/// Prints a line a finding. Succeeds whatever is found: it was asked to look.
pub(super) fn run(args: &Doctor) -> Result<(), Failure> {
    let functions = functions::load(&args.functions_file).map_err(Failure::Usage)?;
    let around = Surroundings::read();
    let findings = runtime(false)?.block_on(doctor::inspect(&around, &functions));
    let rows = findings.iter().map(|finding| json!(finding)).collect();
    let sheet = Sheet { name: "findings", columns: &COLUMNS, rows };
    print::sheets(args.printed.format, &[sheet], || table(&findings))
}

/// Three columns, long words of the last one wrapped. Findings in a row that have
/// one cure show it once.
fn table(findings: &[Finding]) -> String {
    let what = findings.iter().map(|f| f.what.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let mark = if finding.ok { "ok" } else { "missing" };
        text += &wrapped(&format!("{mark:<7}  {:<what$}  ", finding.what), &finding.detail);
        let next = findings.get(index + 1).and_then(|next| next.cure.as_ref());
        if let Some(cure) = &finding.cure
            && next != Some(cure)
        {
            text += &wrapped(&format!("{:<7}  {:<what$}  -> ", "", ""), cure);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::print::WIDTH;
    use super::*;

    fn finding(what: &str, detail: &str, cure: Option<&str>) -> Finding {
        let (what, detail) = (what.to_owned(), detail.to_owned());
        Finding { ok: cure.is_none(), what, detail, cure: cure.map(str::to_owned) }
    }

    #[test]
    fn a_cure_in_common_is_shown_once() {
        let text = table(&[
            finding("base `one`", "not here yet", Some("get it")),
            finding("two", "not here yet", Some("get it")),
            finding("disk", "12 GiB free", None),
        ]);
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
        let text = table(&[finding("engine", &detail, Some(&detail))]);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("                 ")), "{text}");
        assert_eq!(text.matches("some words").count() + text.matches("some\n").count(), 80);
    }
}
