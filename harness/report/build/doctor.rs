//! What a machine has and lacks.

use serde_json::json;

use crate::provision::doctor::Finding;
use crate::report::document::{Block, Entry};
use crate::report::listing::Sheet;
use crate::text::sanitize::printable;

/// A line a finding. Findings in a row that have one cure show it once.
#[must_use]
pub fn findings(found: &[Finding]) -> Sheet {
    let next = found.iter().skip(1).map(|next| next.cure.as_ref()).chain([None]);
    let entry = |(finding, next): (&Finding, Option<&String>)| {
        let cure = finding.cure.as_ref().filter(|cure| next != Some(cure));
        Entry {
            mark: if finding.ok { "ok" } else { "missing" },
            cure: cure.map(|cure| printable(cure, usize::MAX)),
            ..Entry::new(&finding.what, vec![finding.detail.clone()])
        }
    };
    Sheet {
        name: "findings",
        columns: "ok what detail cure".into(),
        rows: found.iter().map(|finding| json!(finding)).collect(),
        heading: String::new(),
        told: Block::Entries(found.iter().zip(next).map(entry).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::form::{FORMS, Printed};
    use crate::report::listing::Listing;
    use crate::report::look::Look;

    fn finding(what: &str, detail: &str, cure: Option<&str>) -> Finding {
        let (what, detail) = (what.to_owned(), detail.to_owned());
        Finding { ok: cure.is_none(), what, detail, cure: cure.map(str::to_owned) }
    }

    fn text(found: &[Finding], look: Look) -> String {
        let listing = Listing { sheets: vec![findings(found)] };
        FORMS[0].print(&Printed::Listing(&listing), &look).unwrap()
    }

    #[test]
    fn a_cure_in_common_is_shown_once() {
        let found = [
            finding("base `one`", "not here yet", Some("get it")),
            finding("two", "not here yet", Some("get it")),
            finding("disk", "12 GiB free", None),
        ];
        insta::assert_snapshot!(text(&found, Look::default()), @r"
        missing  base `one`  not here yet
        missing  two         not here yet
                             -> get it
        ok       disk        12 GiB free
        ");
    }

    #[test]
    fn no_line_is_too_long_and_no_word_is_lost() {
        let detail = "some words ".repeat(40);
        let text = text(&[finding("engine", &detail, Some(&detail))], Look::default());
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("                 ")), "{text}");
        assert_eq!(text.matches("some words").count() + text.matches("some\n").count(), 80);
    }

    #[test]
    fn on_a_narrow_terminal_details_stand_below() {
        let findings = [
            finding("base `one`", "not here, and no registry answers", Some("get it some way")),
            finding("disk", "12 GiB free", None),
        ];
        let look = Look { width: 40, terminal: true, ..Look::default() };
        insta::assert_snapshot!(text(&findings, look), @r#"
        missing  base `one`
                 not here, and no registry
                 answers
                 -> get it some way
        ok       disk
                 12 GiB free
        "#);
        let text = text(&findings, look);
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
    }
}
