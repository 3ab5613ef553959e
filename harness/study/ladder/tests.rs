use super::*;
use crate::cost::{Architecture, Prices};
use crate::pool::PolicyChoice;
use crate::replay::played::Tariff;
use crate::study::tests::Keeps;

fn asked() -> Climb {
    Climb { rounds: 3, warm: 2, pause: Duration::from_secs(2) }
}

#[tokio::test(start_paused = true)]
async fn rungs_take_turns_and_each_round_begins_with_the_next() {
    // One pool of instances for all, and all are gone after a pause: what is always on is cold too.
    let platform = Keeps::new(Duration::from_secs(1), 9);
    let rungs = [Rung::AlwaysOn, Rung::ToZero, Rung::Pooled].map(|rung| (rung, "f".into()));
    let shots = climb(&platform, &rungs, "{}", asked(), |_| {}).await;
    let mut turns: Vec<(u32, Rung)> = shots.iter().map(|shot| (shot.round, shot.rung)).collect();
    turns.dedup();
    let [first, second, third] = [Rung::AlwaysOn, Rung::ToZero, Rung::Pooled];
    let expected = [first, second, third, second, third, first, third, first, second];
    assert_eq!(turns.iter().map(|(_, rung)| *rung).collect::<Vec<_>>(), expected);
    let count = |rung| shots.iter().filter(|shot| shot.rung == rung).count();
    assert_eq!([first, second, third].map(count), [6, 3, 9]);
    let cold = |rung| shots.iter().filter(|shot| shot.rung == rung && shot.cold).count();
    assert_eq!([second, third].map(cold), [3, 3]);
    assert_eq!(super::rungs(&shots), [first, second, third]);
    assert_eq!(summary(&shots, Rung::ToZero, Which::Warm), None);
    let pooled = |which| summary(&shots, Rung::Pooled, which).unwrap();
    assert_eq!((pooled(Which::Cold).n, pooled(Which::Warm).n), (3, 6));
    assert!(pooled(Which::Cold).min > pooled(Which::Warm).max);
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_in_no_figure_and_says_why() {
    let full = Keeps::new(Duration::from_secs(1), 0);
    let shots = climb(&full, &[(Rung::Pooled, "f".into())], "{}", asked(), |_| {}).await;
    assert_eq!(shots.len(), 9);
    assert!(shots.iter().all(|shot| shot.ns.is_none() && shot.cause.is_some()), "{shots:?}");
    assert_eq!(summary(&shots, Rung::Pooled, Which::Cold), None);
    let tariff = tariff();
    let hours = hours(&shots, &question(&tariff, &[60]));
    assert!(hours.iter().all(|hour| hour.cost.is_none() && hour.cold.is_none()), "{hours:?}");
}

fn tariff() -> Tariff {
    Tariff { prices: Prices::builtin().unwrap(), architecture: Architecture::X86 }
}

fn question<'a>(tariff: &'a Tariff, rates: &'a [u32]) -> Question<'a> {
    let policy = PolicyChoice::Fixed { keep: Duration::from_secs(600) };
    Question { memory: 1 << 30, policy, tariff, rates, seed: 1 }
}

/// On every rung a call's handler takes 100 ms, and a start 400, 300 of them billed.
fn shots() -> Vec<Shot> {
    let ms = |ms: u64| Some(ms * 1_000_000);
    let shot = |rung, cold: bool| Shot {
        rung,
        round: 1,
        cold,
        ns: ms(if cold { 500 } else { 100 }),
        handler_ns: ms(100),
        init_ns: if cold { ms(300) } else { None },
        cause: None,
    };
    vec![
        shot(Rung::Process, true),
        shot(Rung::Process, false),
        shot(Rung::AlwaysOn, false),
        shot(Rung::ToZero, true),
        shot(Rung::Pooled, true),
        shot(Rung::Pooled, false),
    ]
}

fn near(of: Option<f64>, to: f64) {
    let of = of.unwrap();
    assert!((of - to).abs() <= to.abs() * 0.05 + 1e-9, "{of}, and not {to}");
}

#[test]
fn an_hour_of_what_stays_costs_the_same_however_often_it_is_called_and_of_what_does_not_by_call() {
    let tariff = tariff();
    let all = hours(&shots(), &question(&tariff, &[1, 60, 3_600]));
    assert_eq!(all.len(), 12);
    let of = |rung| all.iter().filter(|hour| hour.rung == rung).collect::<Vec<_>>();
    let lambda = tariff.prices.lambda.rates(Architecture::X86).gb_second;
    let request = tariff.prices.lambda.request;
    for rung in [Rung::Process, Rung::AlwaysOn] {
        let hours = of(rung);
        assert!(hours.iter().all(|hour| hour.cost == hours[0].cost && hour.cold == Some(0.0)));
        near(hours[2].idle_gb_s, 3_600.0 - 360.0);
    }
    let machine = machine(&question(&tariff, &[1])).unwrap();
    near(of(Rung::Process)[0].cost, machine.hour);
    for hour in of(Rung::ToZero) {
        near(hour.cost, f64::from(hour.calls) * (request + lambda * 0.4));
        assert_eq!((hour.cold, hour.idle_gb_s), (Some(1.0), Some(0.0)));
    }
    // Kept for ten minutes, of which an hour has six: a call in an hour finds nothing by
    // exp(-1/6), one a second always something.
    let pooled = of(Rung::Pooled);
    near(pooled[0].cold, libm::exp(-1.0 / 6.0));
    near(pooled[0].idle_gb_s, 3_600.0 * (1.0 - libm::exp(-1.0 / 6.0)));
    near(pooled[0].cost, request + lambda * (0.1 + 0.3 * libm::exp(-1.0 / 6.0)));
    assert!(pooled[2].cold < Some(0.01), "{pooled:?}");
}

#[test]
fn more_calls_than_one_instance_can_take_need_another() {
    let tariff = tariff();
    let all = hours(&shots(), &question(&tariff, &[36_000, 36_001]));
    let of: Vec<_> = all.iter().filter(|hour| hour.rung == Rung::AlwaysOn).collect();
    near(of[0].idle_gb_s, 0.0);
    near(of[1].idle_gb_s, 3_600.0);
    near(of[1].cost, of[0].cost.unwrap() * 2.0);
}
