//! CPU rules, simulated.

use super::*;
use crate::spec::factor::CpuRule;

fn of(samples: &[Sample], rule: CpuRule, memory: u64) -> Vec<&Sample> {
    let under = |s: &&Sample| {
        let Factors { cpu_rule, memory: has, .. } = s.cell.factors;
        cpu_rule == Some(rule) && has == memory << 20 && s.cell.control.is_none()
    };
    samples.iter().filter(under).filter(|s| s.outcome.is_ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn on_demand_starts_are_throttled_once_they_are_ready_and_that_is_stamped() {
    let lists = "engine = [\"fake\"]\ncpu-rule = [\"lambda\", \"lambda-provisioned\"]\n\
                 memory = [\"128MiB\", \"1769MiB\"]\n";
    let scenario = scenario::parse(&format!("{lists}{SCENARIO}"), "t.toml").unwrap();
    // A simulated sleep is one of whole milliseconds.
    let script = Script { invoke: Duration::from_millis(20), ..Script::default() };
    let setup = measuring(scenario, &[script], |engine| engine, |making| making);
    let (_, samples) = run(&setup).await;
    let phase = |rule, memory, wanted: &str| {
        let all = of(&samples, rule, memory);
        let cold = all.iter().find(|s| s.cell.temperature == Temperature::Cold).unwrap();
        let phases = cold.phases();
        phases.iter().find(|(phase, _)| phase.to_string() == wanted).unwrap().1
    };
    for wanted in ["init", "invoke"] {
        let slower = |rule| phase(rule, 128, wanted) > 8 * phase(rule, 1_769, wanted);
        assert_eq!(slower(CpuRule::Lambda), wanted == "invoke");
        assert!(slower(CpuRule::LambdaProvisioned));
    }
    for sample in &samples {
        let is_free = sample.cell.factors.cpu_rule == Some(CpuRule::Lambda)
            && sample.cell.temperature == Temperature::Cold;
        let throttled = sample.marks.get(Mark::Throttled);
        assert_eq!(throttled.is_some(), is_free, "{:?}", sample.cell);
        assert!(throttled.is_none() || sample.marks.ready() <= throttled);
        assert!(throttled <= sample.marks.get(Mark::Sent));
    }
}
