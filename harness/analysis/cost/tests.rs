use super::*;
use crate::cost::{Architecture, COLD_SHARE, Prices, prices};
use crate::report::tests::synthetic;

/// A run whose functions took what they took, with the built-in prices.
fn asked(mut run: Run) -> Run {
    run.cost = Some(Question {
        cold_share: COLD_SHARE,
        architecture: Architecture::X86,
        prices: Prices::builtin().unwrap(),
        text: prices::BUILTIN.to_owned(),
    });
    run
}

fn costs(run: &Run) -> Vec<FunctionCost> {
    Cost::of(run, &stats::summarise(&run.samples)).unwrap().functions
}

#[test]
fn nobody_asked_and_nothing_is_computed() {
    let run = synthetic::four(4);
    assert_eq!(Cost::of(&run, &stats::summarise(&run.samples)), None);
}

#[test]
fn a_cold_call_is_billed_from_the_functions_exec_or_else_from_its_containers_start() {
    let mut run = asked(synthetic::four(20));
    let without = costs(&run);
    assert!(without.iter().all(|f| f.init_from == Some(InitFrom::Start)), "{without:?}");
    // 20 ms before its main.
    for sample in &mut run.samples {
        if let Some(main) = sample.marks.get(Mark::Main) {
            sample.marks.set(Mark::Exec, main - 20_000_000);
        }
    }
    let with = costs(&run);
    assert!(with.iter().all(|f| f.init_from == Some(InitFrom::Exec)), "{with:?}");
    let rust = with.iter().find(|f| f.function == "rust").unwrap();
    let ms = rust.cold.unwrap().p50.value.unwrap().ns().unwrap() / 1e6;
    assert!((20.0..23.0).contains(&ms), "{ms}");
    let dearer = without.iter().zip(&with).all(|(a, b)| {
        a.bill.as_ref().unwrap().per_million.value > b.bill.as_ref().unwrap().per_million.value
    });
    assert!(dearer);
}

#[test]
fn the_price_lies_in_its_interval_and_grows_with_the_share() {
    let run = asked(synthetic::four(20));
    let prices = |share: f64| {
        let mut run = run.clone();
        run.cost.as_mut().unwrap().cold_share = share;
        let bills = costs(&run).into_iter().map(|f| f.bill.unwrap().per_million);
        bills.collect::<Vec<_>>()
    };
    for (rare, often) in prices(0.01).into_iter().zip(prices(0.5)) {
        for figure in [rare, often] {
            let (low, high) = figure.interval.unwrap();
            assert!(low <= figure.value && figure.value <= high, "{figure:?}");
        }
        assert!(rare.value < often.value);
    }
}

#[test]
fn without_warm_calls_or_with_failures_alone_there_is_no_price() {
    let mut run = asked(synthetic::four(8));
    run.samples.retain(|s| s.cell.temperature == Temperature::Cold);
    assert!(costs(&run).iter().all(|f| f.bill.is_none() && f.warm.is_none()));
    let mut run = asked(synthetic::four(8));
    let cold = run.samples.iter_mut().filter(|s| s.cell.temperature == Temperature::Cold);
    cold.for_each(|s| s.outcome = crate::sample::Outcome::Crashed { cause: "x".into() });
    let costs = costs(&run);
    assert!(costs.iter().all(|f| f.bill.is_none() && f.cold.is_none()), "{costs:?}");
}
