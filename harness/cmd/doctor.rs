//! `doctor`: what is here, what is missing, what to type.

use super::{Failure, runtime};
use crate::cli::Doctor;
use crate::functions;
use crate::provision::Surroundings;
use crate::provision::doctor::{self, Finding};

/// The longest line, in characters, where words allow it.
const WIDTH: usize = 100;

/// Prints a line a finding. Succeeds whatever is found: it was asked to look.
pub(super) fn run(args: &Doctor) -> Result<(), Failure> {
    let functions = functions::load(&args.functions_file).map_err(Failure::Usage)?;
    let around = Surroundings::read();
    let findings = runtime(false)?.block_on(doctor::inspect(&around, &functions));
    print!("{}", table(&findings));
    Ok(())
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

/// Words after a beginning, further lines indented to its end.
fn wrapped(beginning: &str, words: &str) -> String {
    let indent = beginning.chars().count();
    let mut text = beginning.to_owned();
    let mut column = indent;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            text += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text.push('\n');
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
