//! Every function on the real engine: built, started cold, called warm, in a
//! burst; timed out, killed, refusing to start.

use std::sync::Arc;
use std::time::Duration;

use coldstart::drive::burst;
use coldstart::engine::Engine;
use coldstart::sample::{Mark, Outcome, Temperature};
use coldstart::spec::factor::Network;
use coldstart::store::Origin;
use libtest_mimic::Trial;

use crate::bench::Tested;
use crate::subject::{FUNCTIONS, TrialSubject, ok};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for name in FUNCTIONS {
        let mut each = |what: &str, test: fn(&TrialSubject) -> Tested| {
            trials.push(TrialSubject::trial(&format!("{name}_{what}"), name, test));
        };
        each("is_built_from_a_known_base_and_says_its_version", is_built);
        each("is_cold_once_and_then_warm", is_cold_then_warm);
        each("answers_a_cold_burst_from_as_many_instances", answers_a_burst);
        each("that_is_too_slow_is_killed", is_killed_in_time);
        each("that_ends_is_a_crash", ends);
        each("that_cannot_start_says_why", cannot_start);
    }
    let mut one = |what: &str, test: fn(&TrialSubject) -> Tested| {
        trials.push(TrialSubject::trial(what, "rust", test));
    };
    one("a_function_that_exits_at_once_is_a_crash_with_its_output", exits_at_once);
    one("an_image_that_is_missing_is_named", image_missing);
    one("the_host_network_works_too", host_network);
    trials
}

fn is_built(subject: &TrialSubject) -> Tested {
    let record = &subject.record;
    assert!(record.digest.starts_with("sha256:") && record.size > 0, "{record:?}");
    assert!(record.version.chars().any(|c| c.is_ascii_digit()), "{}", record.version);
    assert!(record.bases.iter().all(|b| b.origin != Origin::Fake && !b.digest.is_empty()));
    assert_eq!(record.bases.len(), subject.function.bases().count());
    Ok(())
}

fn is_cold_then_warm(subject: &TrialSubject) -> Tested {
    let target = subject.target(subject.function.clone());
    let cold = subject.invoke(&target);
    ok(&cold)?;
    assert_eq!(cold.temperature, Temperature::Cold);
    assert_eq!(cold.dropped_marks, 0);
    let order = [
        Mark::Intended,
        Mark::Dispatched,
        Mark::CreateCalled,
        Mark::Created,
        Mark::StartCalled,
        Mark::Main,
        Mark::ReadySelf,
        Mark::Ready,
        Mark::Sent,
        Mark::Responded,
    ];
    let at: Vec<_> = order.iter().map(|m| cold.marks.get(*m)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}");
    assert!(cold.marks.get(Mark::StartReturned).is_some());
    for count in 2..10 {
        let warm = subject.invoke(&target);
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
        let (first, now) = (cold.proof.as_ref().unwrap(), warm.proof.unwrap());
        assert_eq!((&now.nonce, now.invocation), (&first.nonce, count));
    }
    assert!(subject.platform.warnings().is_empty(), "{:?}", subject.platform.warnings());
    Ok(())
}

fn answers_a_burst(subject: &TrialSubject) -> Tested {
    let target = Arc::new(subject.target(subject.function.clone()));
    let clock = subject.platform.clock();
    let at = clock.now() + 10_000_000;
    let visits = subject.bench.wait(burst::burst(clock, at, 3, |_| {
        let (platform, target) = (subject.platform.clone(), target.clone());
        async move { platform.invoke(target.invocation(at)).await }
    }));
    let mut instances = Vec::new();
    for visit in &visits {
        ok(visit)?;
        assert_eq!(visit.marks.get(Mark::Intended), Some(at));
        instances.push(visit.id.clone().unwrap());
    }
    instances.sort();
    instances.dedup();
    assert_eq!(instances.len(), 3);
    Ok(())
}

fn is_killed_in_time(subject: &TrialSubject) -> Tested {
    let visit = subject.invoke(&subject.sleeping("60000", Duration::from_secs(2)));
    assert!(matches!(visit.outcome, Outcome::TimedOut { .. }), "{:?}", visit.outcome);
    assert!(visit.outcome.cause().unwrap().contains("within 2s: it never asked"));
    let left = subject.bench.wait(subject.bench.engine.instances(Some(&subject.bench.run)))?;
    assert!(left.is_empty(), "the instance still lives");
    Ok(())
}

/// Killed from outside while it starts.
fn ends(subject: &TrialSubject) -> Tested {
    let target = subject.sleeping("60000", Duration::from_secs(30));
    let visit = subject.bench.wait(async {
        let kill = async {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let found = subject.bench.engine.instances(Some(&subject.bench.run)).await.unwrap();
                if let Some(found) = found.iter().find(|f| f.running) {
                    return subject.bench.engine.remove(&found.id).await.unwrap();
                }
            }
        };
        tokio::join!(
            subject.platform.invoke(target.invocation(subject.platform.clock().now())),
            kill
        )
        .0
    });
    assert!(matches!(visit.outcome, Outcome::Crashed { .. }), "{:?}", visit.outcome);
    assert!(visit.outcome.cause().unwrap().contains("code 137"), "{:?}", visit.outcome);
    Ok(())
}

fn cannot_start(subject: &TrialSubject) -> Tested {
    let visit = subject.invoke(&subject.sleeping("soon", Duration::from_secs(10)));
    assert!(matches!(visit.outcome, Outcome::InitError { .. }), "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    assert!(cause.contains("COLDSTART_INIT_SLEEP_MS"), "{cause}");
    Ok(())
}

fn exits_at_once(subject: &TrialSubject) -> Tested {
    let image = subject.bench.derive("rust", &["/function", "--version"])?;
    let visit = subject.invoke(&subject.target_of(&image));
    assert!(matches!(visit.outcome, Outcome::Crashed { .. }), "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    assert!(cause.contains("code 0") && cause.contains("it wrote: rustc"), "{cause}");
    Ok(())
}

fn image_missing(subject: &TrialSubject) -> Tested {
    let image = "coldstart-test/no_such_image:1";
    let visit = subject.invoke(&subject.target_of(image));
    assert!(matches!(visit.outcome, Outcome::EngineError { .. }), "{:?}", visit.outcome);
    assert!(visit.outcome.cause().unwrap().contains(image), "{:?}", visit.outcome);
    Ok(())
}

fn host_network(subject: &TrialSubject) -> Tested {
    let target = subject.made(subject.making(Network::Host));
    ok(&subject.invoke(&target))
}
