//! External extensions, as an image has them, on the real engine: `external.py`.

use std::sync::Arc;

use coldstart::engine::ImageStore;
use coldstart::platform::{Target, Visit};
use coldstart::provision::{Surroundings, launcher};
use coldstart::sample::{Mark, Temperature};
use libtest_mimic::{Failed, Trial};

use crate::bench::Tested;
use crate::subject::TrialSubject;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |what, test| TrialSubject::trial(what, "python", test);
    vec![
        of("a_function_is_started_when_all_extensions_have_registered", registered),
        of("an_extension_that_ends_before_it_registers_ends_the_instance", fails),
        of("an_image_without_extensions_is_started_as_it_is", none),
    ]
}

/// Started only where both extensions have left their file.
const WAITS: &str =
    r#"CMD ["sh", "-c", "test -e /tmp/one -a -e /tmp/two && exec python3 /function/function.py"]"#;

/// The image of the function with such extensions, and a target of it as a run has it.
fn target(subject: &TrialSubject, names: &[&str]) -> Result<Target, Failed> {
    let bench = subject.bench;
    let copy = |name: &&str| format!("COPY external.py /opt/extensions/{name}\n");
    let lines = names.iter().map(copy).collect::<String>() + WAITS;
    let image =
        bench.build_of("python", &lines, &[("external.py", include_bytes!("external.py"))])?;
    assert_eq!(bench.wait(bench.engine.extensions(&image, &bench.run))?, names);
    let found = bench.wait(bench.engine.image(&image))?.unwrap();
    let launcher = launcher::file(&Surroundings::read())?;
    Ok(subject.changed(|making| {
        making.source = coldstart::engine::InstanceSource::Image(found.digest);
        making.image = Arc::new(found.config);
        making.launcher = Some(launcher);
        making.keep_alive =
            coldstart::platform::KeepAlive::Fixed(std::time::Duration::from_secs(60));
    }))
}

fn call(subject: &TrialSubject, target: &Target) -> Visit {
    let now = subject.platform.clock().now();
    subject.bench.wait(subject.platform.invoke(target.invocation(now)))
}

fn registered(subject: &TrialSubject) -> Tested {
    let target = target(subject, &["one", "two"])?;
    for temperature in [Temperature::Cold, Temperature::Warm] {
        let visit = call(subject, &target);
        assert!(visit.outcome.is_ok(), "{:?}", visit.outcome);
        assert_eq!(visit.temperature, temperature);
        let ready = visit.marks.get(Mark::Ready);
        assert_eq!(ready.is_some(), temperature == Temperature::Cold);
    }
    Ok(())
}

fn fails(subject: &TrialSubject) -> Tested {
    let visit = call(subject, &target(subject, &["fails", "one"])?);
    assert_eq!(visit.outcome.kind(), "crashed", "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    for part in ["/opt/extensions/fails ended before it registered", "exit status: 3"] {
        assert!(cause.contains(part), "{cause}");
    }
    assert!(cause.contains("no licence"), "its own words: {cause}");
    Ok(())
}

fn none(subject: &TrialSubject) -> Tested {
    let bench = subject.bench;
    let found = bench.wait(bench.engine.extensions(&subject.record.digest, &bench.run))?;
    assert!(found.is_empty() && subject.record.extensions.is_empty(), "{found:?}");
    Ok(())
}
