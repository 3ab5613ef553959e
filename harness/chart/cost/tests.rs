use super::super::ChartSpec;
use super::super::tests::wide;
use crate::cost::{Architecture, COLD_SHARE, Prices, Question, prices};
use crate::report::tests::synthetic;
use crate::store::Run;

fn asked(mut run: Run, change: impl Fn(&mut Prices)) -> Run {
    let mut prices = Prices::builtin().unwrap();
    change(&mut prices);
    let (text, architecture) = (prices::BUILTIN.to_owned(), Architecture::X86);
    run.cost = Some(Question { cold_share: COLD_SHARE, architecture, prices, text });
    run
}

fn chart(change: impl Fn(&mut Prices)) -> Option<ChartSpec> {
    wide(&asked(synthetic::four(20), change), "cost")
}

#[test]
fn where_each_function_is_as_dear_as_the_machine() {
    let chart = chart(|_| ()).unwrap();
    insta::assert_snapshot!(chart.caption, @"An always-on m5.large at $0.0960 an hour is cheaper for: python from 0.29 % of its use on (129/s); node from 0.43 % of its use on (128/s); rust from 0.10 % of its use on (130/s); jvm from 0.36 % of its use on (129/s).");
    assert_eq!(chart.data.rows[0][0], "python");
    assert_eq!(chart.data.rows.len(), 4);
}

#[test]
fn nobody_asked_or_no_machine_or_no_price_and_there_is_no_chart() {
    assert!(wide(&synthetic::four(20), "cost").is_none());
    assert!(chart(|prices| prices.machines.clear()).is_none());
    assert!(chart(|prices| prices.machines[0].hour = 0.0).is_none());
    let free = chart(|prices| {
        prices.lambda.request = 0.0;
        prices.lambda.x86.gb_second = 0.0;
    });
    assert!(free.is_none());
}

#[test]
fn extreme_prices_are_drawn_within_the_field() {
    for factor in [1e-9, 1e-3, 1e3, 1e6] {
        let chart = chart(|prices| prices.machines[0].hour *= factor);
        let fine = chart.is_none_or(|chart| {
            chart.canvas.strokes.iter().all(|stroke| !format!("{stroke:?}").contains("NaN"))
        });
        assert!(fine, "{factor}");
    }
}
