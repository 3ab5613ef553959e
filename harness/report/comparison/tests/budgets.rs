//! Budgets of head, in every form.

use super::*;
use crate::compare::{BudgetReason, BudgetRow, BudgetVerdict, Comparison, GateOutcome};
use crate::report::render::csv::comparison::csv;
use crate::spec::budget::Limited;

fn budget(function: &str, metric: Limited, limit: f64, verdict: BudgetVerdict) -> BudgetRow {
    let cell = synthetic::row(function, 9.0, 1.0).cell;
    let (value, interval) = (Some(285e6), Some((280e6, Some(291e6))));
    BudgetRow {
        function: function.to_owned(),
        cell,
        metric,
        whole: false,
        limit,
        n: 29,
        failed: 0,
        value,
        interval,
        verdict,
        reason: None,
    }
}

/// Of a comparison that passes: one over, one unclear for each reason, one kept.
pub(crate) fn judged() -> Comparison {
    let mut found = synthetic::passed();
    let failed = Some(BudgetReason::Failed(Some(synthetic::HOSTILE.concat())));
    let few = Some(BudgetReason::TooFew { rounds: 4, needed: 6 });
    let nothing = |row: BudgetRow, reason| BudgetRow { value: None, interval: None, reason, ..row };
    let hostile = budget(synthetic::HOSTILE[0], Limited::Total, 250e6, BudgetVerdict::Over);
    let size = budget("rust", Limited::Size, 300e6, BudgetVerdict::Under);
    found.budgets = vec![
        budget("python", Limited::Total, 250e6, BudgetVerdict::Over),
        budget("node", Limited::Init, 286e6, BudgetVerdict::Unclear),
        nothing(budget("jvm", Limited::Own, 1e9, BudgetVerdict::Unclear), few),
        nothing(hostile, failed),
        BudgetRow { cell: None, interval: None, n: 1, ..size },
    ];
    found.outcome = GateOutcome::Regressed;
    found
}

#[test]
fn what_is_over_is_named_in_every_form() {
    let found = judged();
    let told = "python, total 285 ms (280–291) of 250 ms";
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let files = files(&found).unwrap();
    let page = pictured(&found).unwrap().remove(0);
    let page = String::from_utf8(page.bytes).unwrap();
    for (form, text) in [
        ("text", text(&found)),
        ("markdown", markdown(&found)),
        ("page", page.replace("<wbr>", "")),
    ] {
        assert!(flat(&text).contains(told), "{form}: {text}");
        assert!(text.contains("over budget"), "{form}: {text}");
    }
    let xml = file(&files, "compare.xml");
    assert!(xml.contains("name=\"budget: python, total\""), "{xml}");
    assert!(xml.contains("type=\"over budget\"") && xml.contains("failures=\"2\""), "{xml}");
    let tracked: serde_json::Value =
        serde_json::from_str(&file(&files, "compare.benchmark.json")).unwrap();
    let of = |name: &str| {
        let all = tracked.as_array().unwrap().iter();
        let row = all.filter(|row| row["name"].as_str().unwrap().starts_with(name));
        row.map(|row| row["extra"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };
    assert!(of("python").contains("; over budget (total, 250 ms)"), "{}", of("python"));
    assert!(!of("rust").contains("over budget"), "{}", of("rust"));
    let lines = annotations(&found);
    let line = "::error title=Over budget::python, total: 285 ms (280–291) of 250 ms: \
                over budget";
    assert!(lines.iter().any(|l| l == line), "{lines:?}");
}

#[test]
fn programs_get_every_budget_and_a_sheet_its_columns() {
    let found = judged();
    let document = file(&files(&found).unwrap(), "compare.json");
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let budgets = document["budgets"].as_array().unwrap();
    assert_eq!(budgets.len(), 5);
    assert_eq!(
        (&budgets[0]["limit"], &budgets[0]["high"]),
        (&250_000_000.into(), &291_000_000.into())
    );
    let sheet = csv(&document).unwrap();
    assert!(sheet.lines().next().unwrap().ends_with(",limit,head_low,head_high"), "{sheet}");
    assert_eq!(sheet.lines().count(), 1 + found.rows.len() + 5);
    let without = file(&files(&synthetic::passed()).unwrap(), "compare.json");
    assert!(!without.contains("budget"), "{without}");
}

#[test]
fn the_answer_says_both_what_the_rows_and_what_the_budgets_say() {
    let found = judged();
    let said = markdown(&found);
    for part in [
        "▲ over budget",
        "No cold start got slower by more than its margin",
        "Over budget: python, total",
        "Unclear whether within budget: node, init",
        "4 rounds are too few for an interval: it takes 6",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}
