//! The format of the recipes in `harness/docs/ADDING.md`: this file, and one line of a table
//! for a file of a comparison, one of another for a value of `--format`.

use super::*;
use crate::analysis::Analysis;
use crate::report::form::{Form, Kept, Printed};
use crate::report::listing::{Listing, scenarios};
use crate::report::tests::synthetic as runs;

/// The line in `FILES`.
const FILE: File = ("compare.tsv", |found| Ok(tabs(found)));

/// The line in `FORMS`.
static FORM: Form = Form {
    name: "page",
    about: "For a browser",
    kept: Kept::Lines(&["html"]),
    write: |of, _| Ok(html::page(&of.document(&of.charts()?))),
};

/// A line a row, in columns by tabs.
fn tabs(found: &Comparison) -> String {
    let line = |row: &crate::compare::Row| format!("{}\t{}\n", row.function, row.verdict);
    found.rows.iter().map(line).collect()
}

#[test]
fn a_file_more_of_a_comparison_is_a_file_and_a_line() {
    let found = synthetic::passed();
    let files = written(&[FILE], &found).unwrap();
    assert!(file(&files, "compare.tsv").starts_with("python\tunchanged\n"));
}

#[test]
fn a_value_more_of_format_is_a_file_and_a_line() {
    let (run, found) = (runs::four(2), synthetic::passed());
    let listing = Listing { sheets: vec![scenarios("benches", Vec::new())] };
    let analysis = Analysis::of(&run);
    let all = [Printed::Run(&analysis), Printed::Comparison(&found), Printed::Listing(&listing)];
    for (of, part) in all.iter().zip(["Cold starts", "What was compared", "none"]) {
        let page = FORM.print(of, &Look::default()).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(part), "{page}");
    }
}
