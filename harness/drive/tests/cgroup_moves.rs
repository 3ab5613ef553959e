//! What the kernel does when a process is moved between cgroups, trial by trial.

use super::*;
use crate::probe::cgroup_moves;
use crate::probe::host::Host;

const BOTH: &str = r#"
name = "t"
rounds = 1
controls = false
cgroup-moves = ["favordynmods", "as-is"]
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

#[tokio::test(start_paused = true)]
async fn moves_are_favored_in_the_trials_that_ask_for_it_alone() {
    if cgroup_moves::stays(&Host::read().kernel) {
        eprintln!("left out: moves would be favored until this machine restarts");
        return;
    }
    let scenario = scenario::parse(BOTH, "t.toml").unwrap();
    let setup = measuring(scenario, &[Script::default()], |e| e, |making| making);
    let driver = &setup.driver;
    for wanted in [true, false, false, true, true] {
        driver.platform.settle().await.unwrap();
        let combination = usize::from(!wanted);
        let subject = TrialSubject::Function { function: 0, combination, pattern: 0 };
        let trial = driver.plan.trials.iter().find(|t| t.subject == subject).unwrap();
        match driver.trial(trial).await {
            Ok(done) => {
                assert!(done.samples[0].outcome.is_ok(), "{:?}", done.samples[0].outcome);
                assert_eq!(driver.favored.lock().unwrap().is_some(), wanted);
            }
            // An ordinary user, or an old kernel: it is no row, and it is said why.
            Err(error) => {
                let error = error.to_string();
                assert!(wanted && error.contains("favordynmods"), "{error}");
                return;
            }
        }
    }
}
