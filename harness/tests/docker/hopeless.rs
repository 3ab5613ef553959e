//! What does not answer, on the real engine: given up in time, and with its last words.

use std::time::Duration;

use coldstart::drive::{Driver, RunEnd, Stop, Targets};
use coldstart::platform::TargetSpec;
use coldstart::sample::Outcome;
use coldstart::spec::factor::Network;
use coldstart::spec::plan::{self, Plan};
use coldstart::spec::scenario;
use libtest_mimic::Trial;
use tokio::sync::watch;

use crate::bench::Tested;
use crate::subject::TrialSubject;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        TrialSubject::trial(
            "what_never_asks_is_tried_and_then_given_up_after_three_of_its_time_limits",
            "rust",
            never_asks,
        ),
        TrialSubject::trial("a_trace_is_kept_with_the_line_of_its_error", "python", trace),
    ]
}

/// A call, a surge and two hundred more, as the default scenario has them.
const SCENARIO: &str = r#"
name = "t"
rounds = 20
controls = false
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
[[pattern]]
name = "surge"
steps = [{ name = "out", burst = 2 }, { name = "steady", sequence = 200 }]
"#;

fn never_asks(subject: &TrialSubject) -> Tested {
    let scenario = scenario::parse(SCENARIO, "t.toml")?;
    let plan = Plan::new(&scenario, 1, 7);
    let (mut targets, function) = (Targets::default(), 0);
    let of = plan::TrialSubject::Function { function, combination: 0, pattern: 0 };
    targets.add(0, of, subject.sleeping("60000", Duration::from_secs(2)));
    let (engine, platform) = (subject.bench.engine.clone(), subject.platform.clone());
    let driver = Driver::new(engine, platform, plan, targets, None);
    let mut samples = Vec::new();
    let mut told = Vec::new();
    let ended = subject.bench.wait(async {
        let cause = driver.try_one(driver.targets().of(0, of)).await?;
        assert!(cause.is_some_and(|cause| cause.contains("within 2s: it never asked")));
        let (_sender, mut stop) = watch::channel(Stop::No);
        let rows = |_: &plan::Trial, done: coldstart::drive::TrialResult| {
            samples.extend(done.samples);
            told.extend(done.given_up);
            Ok(())
        };
        anyhow::Ok(driver.run(&mut stop, rows).await?)
    })?;
    assert_eq!(ended, RunEnd::GivenUp);
    let waits = samples.iter().filter(|s| matches!(s.outcome, Outcome::TimedOut { .. }));
    assert!(waits.count() <= 4, "two waits, of two instances at most: {samples:?}");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].to_string().contains("never asked"), "{told:?}");
    Ok(())
}

const DEEP: &str = "import sys
print('starting', flush=True)
def a(n):
    if n == 0:
        raise ValueError('the table `orders` does not exist: run the migration first')
    b(n - 1)
def b(n):
    a(n)
a(60)
";

fn trace(subject: &TrialSubject) -> Tested {
    let image = subject.bench.derive("python", &["python3", "-c", DEEP])?;
    let mut function = subject.function.clone();
    // Its end is waited for, not its answer: a busy machine takes its time.
    function.timeout = Duration::from_secs(120);
    let target = subject.made(TargetSpec::plain(function, image, Network::Bridge, "runc"));
    let visit = subject.invoke(&target);
    assert!(matches!(visit.outcome, Outcome::Crashed { .. }), "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    let error = "ValueError: the table `orders` does not exist: run the migration first";
    assert!(cause.contains("code 1") && cause.ends_with(error), "{cause}");
    assert!(cause.contains("Traceback (most recent call last):"), "{cause}");
    Ok(())
}
