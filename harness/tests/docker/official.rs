//! The functions on official clients, with their packages from the registries: built,
//! started cold, called warm, and failing. Only where they are asked for: `-- --ignored`.

use std::time::{Duration, Instant};

use coldstart::observer::Lines;
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, images};
use coldstart::sample::{Mark, Outcome, Temperature};
use coldstart::spec::function::Function;
use coldstart::store::FunctionRecord;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested, all_functions};
use crate::subject::{TrialSubject, ok};

/// The functions, and the package that each says it has.
const OFFICIAL: [(&str, &str); 5] = [
    ("python_lambda", "awslambdaric"),
    ("node_lambda", "aws-lambda-ric"),
    ("rust_lambda", "lambda_runtime"),
    ("jvm_lambda", "aws-lambda-java-runtime-interface-client"),
    ("go_lambda", "github.com/aws/aws-lambda-go"),
];

/// How long a build may take from nothing, on a machine with other work.
const LONGEST: Duration = Duration::from_secs(15 * 60);

pub(crate) fn trials() -> Vec<Trial> {
    let one = |(name, package): (&'static str, &'static str)| {
        let what = format!("{name}_is_built_and_cold_and_warm_and_fails_as_itself");
        let test = Trial::test(what, move || Bench::with(|bench| measured(bench, name, package)));
        // It compiles for minutes, and what runs beside it would be too late.
        test.with_ignored_flag(true)
    };
    OFFICIAL.into_iter().map(one).collect()
}

/// Its image, made now unless it is there.
fn built(bench: &Bench, name: &str) -> Result<(Function, FunctionRecord), Failed> {
    let mut all = all_functions().map_err(|error| format!("{error:#}"))?;
    all.retain(|function| function.name == name);
    let say = Lines(|text: &str| eprintln!("{text}"));
    let around = Surroundings::read();
    let bases = Bases::new(&around, Consent::from_flag(false), &say);
    let begun = Instant::now();
    let mut records = bench
        .wait(images::ensure(&*bench.engine, &all, &bases, &bench.run))
        .map_err(|error| format!("{error:#}"))?;
    assert!(begun.elapsed() < LONGEST, "{name} took {:?} to build", begun.elapsed());
    Ok((all.pop().ok_or("no such function")?, records.pop().ok_or("no record")?))
}

fn measured(bench: &Bench, name: &str, package: &str) -> Tested {
    let (function, record) = built(bench, name)?;
    assert!(function.optional && record.version.contains(package), "{}", record.version);
    TrialSubject::of(bench, &function, &record, |subject| {
        is_cold_then_warm(subject)?;
        fails_as_itself(subject)
    })
}

/// By the proof that its replies carry, and without stamps of its own.
fn is_cold_then_warm(subject: &TrialSubject) -> Tested {
    let target = subject.target(subject.function.clone());
    let cold = subject.invoke(&target);
    ok(&cold)?;
    assert_eq!((cold.temperature, cold.dropped_marks), (Temperature::Cold, 0));
    assert!(cold.marks.get(Mark::Ready).is_some() && cold.marks.get(Mark::Main).is_none());
    for count in 2..6 {
        let warm = subject.invoke(&target);
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
        assert_eq!(warm.proof.map(|proof| proof.invocation), Some(count));
    }
    assert!(subject.platform.warnings().is_empty(), "{:?}", subject.platform.warnings());
    Ok(())
}

/// An error of the handler is the function's, with its message.
fn fails_as_itself(subject: &TrialSubject) -> Tested {
    let event = r#"{"fail":true}"#.to_owned();
    let target = subject.target(Function { event, ..subject.function.clone() });
    let failed = subject.invoke(&target);
    let cause = failed.outcome.cause().unwrap_or_default();
    assert!(!matches!(failed.outcome, Outcome::Ok), "{:?}", failed.outcome);
    assert!(cause.contains("the event asks for a failure"), "{cause}");
    assert!(failed.marks.get(Mark::Ready).is_some(), "how long it took to be ready is a figure");
    Ok(())
}
