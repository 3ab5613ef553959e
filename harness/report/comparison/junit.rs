//! `compare.xml`: a test case a row that decides, for what shows test results.
//!
//! No instant stands in it: the same comparison gives the same bytes.

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::answer::{answer, warning};
use super::words::{Names, lacks, line, metric, name, remark};
use crate::compare::{Comparison, Missing, Row, Side, Verdict};

/// The report. Regressed rows and cells that are gone are failures, rows that could
/// not be judged are errors, and what could not be told is skipped; so is all of it
/// where the comparison does not fail the build.
///
/// # Errors
/// When it cannot be written as XML.
pub(super) fn report(comparison: &Comparison) -> Result<String> {
    let names = Names::of(comparison);
    let suite_name = xml(&format!("{}cold starts", warning(comparison)));
    let mut suite = TestSuite::new(suite_name);
    let rows = comparison.worst_first();
    for row in rows.iter().filter(|row| row.gated) {
        suite.add_test_case(of_row(comparison, row, &names));
    }
    for missing in &comparison.missing {
        suite.add_test_case(of_missing(comparison, missing, &names));
    }
    let told =
        rows.iter().filter(|r| !r.gated).map(|r| format!("- {}: {}\n", names.row(r), line(r)));
    let mut out = format!("{}\n", answer(comparison, &names));
    out.extend(comparison.advisory.iter().map(|why| format!("- advisory: {}\n", remark(why))));
    out.extend(told);
    suite.set_system_out(allowed(&out));
    let mut report = Report::new("coldstart compare");
    report.add_test_suite(suite);
    report.to_string().context("cannot write compare.xml")
}

fn of_row(comparison: &Comparison, row: &Row, names: &Names) -> TestCase {
    let [_, conditions, step] = names.place(&row.function, row.cell.as_ref());
    let parts = [conditions.as_str(), &step, metric(row.metric)];
    let title: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = line(row);
    let (status, kind) = match row.verdict {
        Verdict::Regressed => (failed(comparison, NonSuccessKind::Failure), "regressed"),
        Verdict::Invalid => (failed(comparison, NonSuccessKind::Error), "invalid"),
        Verdict::Inconclusive => (TestCaseStatus::skipped(), "inconclusive"),
        Verdict::Improved | Verdict::Unchanged => (TestCaseStatus::success(), ""),
    };
    let mut case = case(&row.function, &title.join(" "), status, kind, &text);
    // What passed tells its figures too.
    if kind.is_empty() {
        case.set_system_out(xml(&text));
    }
    case
}

fn of_missing(comparison: &Comparison, missing: &Missing, names: &Names) -> TestCase {
    let [_, conditions, step] = names.place(&missing.function, missing.cell.as_ref());
    let status = match missing.lacks {
        Side::Head => failed(comparison, NonSuccessKind::Failure),
        Side::Base => TestCaseStatus::skipped(),
    };
    let title = match missing.cell {
        Some(_) => format!("{conditions} {step}"),
        None => "all of it".to_owned(),
    };
    case(&missing.function, &title, status, "missing", lacks(missing.lacks))
}

/// A failure, unless the comparison does not fail the build.
fn failed(comparison: &Comparison, kind: NonSuccessKind) -> TestCaseStatus {
    if comparison.advisory.is_empty() {
        TestCaseStatus::non_success(kind)
    } else {
        TestCaseStatus::skipped()
    }
}

fn case(
    function: &str,
    title: &str,
    mut status: TestCaseStatus,
    kind: &str,
    text: &str,
) -> TestCase {
    status.set_type(kind).set_message(xml(text));
    let mut case = TestCase::new(xml(title), status);
    case.set_classname(xml(&name(function)));
    case
}

/// Foreign text on a line, of characters that XML allows.
fn xml(text: &str) -> String {
    allowed(&crate::report::words::plain(text))
}

/// The text without what no XML may hold and the library lets through.
fn allowed(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
