//! Functions as people deploy them, with their packages from the registries: built, started
//! cold, called warm, and failing. Only where they are asked for: `-- --ignored _is_built_`, or
//! those on official clients alone, `-- --ignored client_`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use coldstart::engine::ImageStore;
use coldstart::observer::Lines;
use coldstart::platform::{Invocation, Target, Visit};
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, images, launcher};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::function::{Function, ReplyCheck};
use coldstart::store::FunctionRecord;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::bench::{Bench, Tested, all_functions};
use crate::subject::{TrialSubject, ok};

/// What a function is, which says how it fails and what else is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It gives the event back, and fails where it is asked to.
    Echo,
    /// It takes orders, and no bad one.
    Order,
    /// It makes pictures smaller.
    Thumbnail,
}

/// The functions; a package that each says it has; what it is; and how it tells that its
/// event is a bad one, which is a status where its reply has one.
const DEPLOYED: [(&str, &str, Kind, &str); 20] = [
    ("python_lambda", "awslambdaric", Kind::Echo, FAILS),
    ("node_lambda", "aws-lambda-ric", Kind::Echo, FAILS),
    ("rust_lambda", "lambda_runtime", Kind::Echo, FAILS),
    ("jvm_lambda", "aws-lambda-java-runtime-interface-client", Kind::Echo, FAILS),
    ("go_lambda", "github.com/aws/aws-lambda-go", Kind::Echo, FAILS),
    ("python_api", "fastapi", Kind::Order, "422"),
    ("python_api_lambda", "mangum", Kind::Order, "422"),
    ("node_api", "express", Kind::Order, "422"),
    ("node_api_lambda", "web adapter", Kind::Order, "422"),
    ("python_thumbnail", "pillow", Kind::Thumbnail, "cannot identify image file"),
    ("node_thumbnail", "sharp", Kind::Thumbnail, "unsupported image format"),
    ("python_heavy", "pandas", Kind::Order, "a price is negative"),
    ("node_heavy", "@aws-sdk/client-dynamodb", Kind::Order, "a price is negative"),
    ("rust_api", "axum", Kind::Order, "422"),
    ("rust_api_lambda", "lambda_http", Kind::Order, "422"),
    ("jvm_api", "javalin", Kind::Order, "400"),
    ("jvm_api_lambda", "web adapter", Kind::Order, "400"),
    ("rust_thumbnail", "image", Kind::Thumbnail, "format could not be determined"),
    ("jvm_thumbnail", "java-runtime-interface-client", Kind::Thumbnail, "of no known kind"),
    ("jvm_heavy", "hibernate-validator", Kind::Order, "a price is negative"),
];
const FAILS: &str = "the event asks for a failure";

/// How long a build may take from nothing, on a machine with other work.
const LONGEST: Duration = Duration::from_secs(15 * 60);

impl Kind {
    /// How the names of its tests begin.
    fn name(self) -> &'static str {
        match self {
            Self::Echo => "client",
            Self::Order => "order",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// What makes a bad event of a good one.
    fn spoilt(self) -> (&'static str, &'static str) {
        match self {
            Self::Echo => (r#""paid":true"#, r#""fail":true"#),
            Self::Order => ("74.95", "-74.95"),
            // What a JPEG begins with.
            Self::Thumbnail => (r#""/9j/"#, r#""AAAA"#),
        }
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let one = |of: (&'static str, &'static str, Kind, &'static str)| {
        let what =
            format!("{}_{}_is_built_and_cold_and_warm_and_fails_as_itself", of.2.name(), of.0);
        let test = Trial::test(what, move || Bench::with(|bench| deployed(bench, of)));
        // Some compile for minutes, and what runs beside it would be too late.
        test.with_ignored_flag(true)
    };
    DEPLOYED.into_iter().map(one).collect()
}

fn deployed(bench: &Bench, (name, package, kind, cause): (&str, &str, Kind, &str)) -> Tested {
    let (function, record) = built(bench, name)?;
    assert!(function.optional && record.version.contains(package), "{}", record.version);
    TrialSubject::of(bench, &function, &record, |subject| {
        is_cold_then_warm(subject)?;
        if kind == Kind::Thumbnail {
            makes_a_picture(subject)?;
        }
        fails_as_itself(subject, kind, cause)
    })
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

/// Its target as a run has it.
pub(crate) fn target(subject: &TrialSubject, function: Function) -> Result<Target, Failed> {
    let image = subject.bench.wait(subject.bench.engine.image(&subject.record.digest))?;
    let config = image.ok_or("no image")?.config;
    let launcher = match subject.record.extensions.as_slice() {
        [] => None,
        _ => Some(launcher::file(&Surroundings::read())?),
    };
    Ok(subject.changed(|making| {
        making.function = function;
        making.image = Arc::new(config);
        making.launcher = launcher;
    }))
}

/// By the proof that its replies carry, where they do, and without stamps of its own.
fn is_cold_then_warm(subject: &TrialSubject) -> Tested {
    let target = target(subject, subject.function.clone())?;
    let cold = subject.invoke(&target);
    ok(&cold)?;
    assert_eq!((cold.temperature, cold.dropped_marks), (Temperature::Cold, 0));
    assert!(is_ready(&cold) && cold.marks.get(Mark::Main).is_none());
    let proves = subject.function.reply.proves();
    for count in 2..6 {
        let warm = subject.invoke(&target);
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
        assert_eq!(warm.proof.map(|proof| proof.invocation), proves.then_some(count));
    }
    assert!(subject.platform.warnings().is_empty(), "{:?}", subject.platform.warnings());
    Ok(())
}

/// How long that took is a figure.
fn is_ready(visit: &Visit) -> bool {
    visit.marks.get(Mark::Ready).or(visit.marks.get(Mark::Listening)).is_some()
}

/// What it answers is a picture: it takes it, and makes it smaller still.
fn makes_a_picture(subject: &TrialSubject) -> Tested {
    let made = reply(subject, &subject.function.event)?;
    let again = serde_json::json!({ "picture": made["picture"], "width": 32 });
    let smaller = reply(subject, &again.to_string())?;
    assert_eq!((&made["width"], &made["height"]), (&64.into(), &48.into()));
    assert_eq!((&smaller["width"], &smaller["height"]), (&32.into(), &24.into()));
    Ok(())
}

fn reply(subject: &TrialSubject, event: &str) -> Result<Value, Failed> {
    let asked = Function { event: event.to_owned(), ..subject.function.clone() };
    let target = target(subject, Function { reply: ReplyCheck::Any, ..asked })?;
    let now = subject.platform.clock().now();
    let invocation = Invocation { keep: usize::MAX, ..target.invocation(now) };
    let visit = subject.bench.wait(subject.platform.invoke(invocation));
    ok(&visit)?;
    Ok(serde_json::from_slice(&visit.reply)?)
}

/// A bad event is refused in the function's own words, however late it is told.
fn fails_as_itself(subject: &TrialSubject, kind: Kind, words: &str) -> Tested {
    let (good, bad) = kind.spoilt();
    let event = subject.function.event.replace(good, bad);
    assert_ne!(event, subject.function.event, "{good} is not in it");
    let failed = subject.invoke(&target(subject, Function { event, ..subject.function.clone() })?);
    let cause = failed.outcome.cause().unwrap_or_default();
    // A status is in a reply, an error in none.
    let is_status = words.parse::<u16>().is_ok();
    let told = if is_status { "wrong_reply" } else { "function_error" };
    assert_eq!(failed.outcome.kind(), told, "{:?}", failed.outcome);
    assert!(cause.contains(words), "{cause}");
    assert!(is_ready(&failed), "{failed:?}");
    Ok(())
}
