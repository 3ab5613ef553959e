//! `compare.xml`: a test case a row that decides, for what shows test results (JUnit).
//!
//! No instant stands in it: the same comparison gives the same bytes.

use maud::{Markup, PreEscaped, html};

use crate::compare::{BudgetRow, BudgetVerdict, Comparison, Missing, Row, Side, Verdict};
use crate::report::build::budgets;
use crate::report::build::comparison::answer::{answer, warning};
use crate::report::build::comparison::caveats::caveat;
use crate::report::build::comparison::names::Names;
use crate::report::build::comparison::words::{lacks, line, metric, name, remark};

const DECLARATION: PreEscaped<&str> = PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

/// How a test ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Passed,
    Failed,
    Errored,
    Skipped,
}

struct Case {
    class: String,
    name: String,
    status: Status,
    kind: &'static str,
    text: String,
}

/// The report. Regressed rows and cells that are gone are failures, rows that could not
/// be judged are errors, and what could not be told is skipped; so is all of it where the
/// comparison is advisory.
pub(in crate::report) fn report(comparison: &Comparison) -> String {
    let names = Names::of(comparison);
    let rows = comparison.worst_first();
    let gated = rows.iter().filter(|row| row.gated).map(|row| of_row(comparison, row, &names));
    let missing = comparison.missing.iter().map(|m| of_missing(comparison, m, &names));
    let budgets = comparison.budgets.iter().map(|row| of_budget(comparison, row));
    let cases: Vec<Case> = gated.chain(missing).chain(budgets).collect();
    let of = |status| cases.iter().filter(|case| case.status == status).count();
    let (failed, errors, skipped) = (of(Status::Failed), of(Status::Errored), of(Status::Skipped));
    let suite = xml(&format!("{}cold starts", warning(comparison)));
    let report = html! {
        (DECLARATION)
        testsuites name="coldstart compare" tests=(cases.len()) skipped=(skipped) failures=(failed) errors=(errors) {
            "\n"
            testsuite name=(suite) tests=(cases.len()) skipped=(skipped) errors=(errors) failures=(failed) {
                "\n"
                @for case in &cases { (element(case)) "\n" }
                system-out { (output(comparison, &names)) }
                "\n"
            }
            "\n"
        }
        "\n"
    };
    report.into_string()
}

/// The answer, and the rows that do not decide.
fn output(comparison: &Comparison, names: &Names) -> String {
    let rows = comparison.worst_first();
    let told = rows.iter().filter(|r| !r.gated);
    let told = told.map(|r| format!("- {}: {}\n", names.row(r), line(r)));
    let mut out = format!("{}\n", answer(comparison, names));
    out.extend(
        comparison.advisory.iter().map(|why| format!("- advisory: {}\n", remark(&caveat(why)))),
    );
    out.extend(told);
    allowed(&out)
}

fn element(case: &Case) -> Markup {
    let Case { class, name, status, kind, text } = case;
    html! {
        testcase name=(xml(name)) classname=(xml(class)) {
            @match status {
                Status::Passed => system-out { (xml(text)) },
                Status::Failed => failure message=(xml(text)) type=(kind) {},
                Status::Errored => error message=(xml(text)) type=(kind) {},
                Status::Skipped => skipped message=(xml(text)) type=(kind) {},
            }
        }
    }
}

fn of_row(comparison: &Comparison, row: &Row, names: &Names) -> Case {
    let [_, conditions, step] = names.place(&row.function, row.cell.as_ref());
    let parts = [conditions.as_str(), &step, metric(row.metric)];
    let title: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let (status, kind) = match row.verdict {
        Verdict::Regressed => (unless_advisory(comparison, Status::Failed), "regressed"),
        Verdict::Invalid => (unless_advisory(comparison, Status::Errored), "invalid"),
        Verdict::Inconclusive => (Status::Skipped, "inconclusive"),
        Verdict::Improved | Verdict::Unchanged => (Status::Passed, ""),
    };
    Case { class: name(&row.function), name: title.join(" "), status, kind, text: line(row) }
}

fn of_budget(comparison: &Comparison, row: &BudgetRow) -> Case {
    let (status, kind) = match row.verdict {
        BudgetVerdict::Over => (unless_advisory(comparison, Status::Failed), "over budget"),
        BudgetVerdict::Unclear => (Status::Skipped, "inconclusive"),
        BudgetVerdict::Under => (Status::Passed, ""),
    };
    let title = format!("budget: {}", budgets::name(row, &comparison.budgets));
    Case { class: name(&row.function), name: title, status, kind, text: budgets::line(row) }
}

fn of_missing(comparison: &Comparison, missing: &Missing, names: &Names) -> Case {
    let [_, conditions, step] = names.place(&missing.function, missing.cell.as_ref());
    let status = match missing.lacks {
        Side::Head => unless_advisory(comparison, Status::Failed),
        Side::Base => Status::Skipped,
    };
    let title = match missing.cell {
        Some(_) => format!("{conditions} {step}"),
        None => "all of it".to_owned(),
    };
    let text = lacks(missing);
    Case { class: name(&missing.function), name: title, status, kind: "missing", text }
}

fn unless_advisory(comparison: &Comparison, status: Status) -> Status {
    if comparison.advisory.is_empty() { status } else { Status::Skipped }
}

/// Foreign text on a line, of characters that XML allows.
fn xml(text: &str) -> String {
    allowed(&crate::words::plain(text))
}

/// The text without what no XML may hold.
fn allowed(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
