//! What clients of the Runtime API do, each in its own way, on the real engine: `odd.py`.

use std::time::Duration;

use coldstart::platform::{Invocation, Target, TargetSpec, Visit};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::Network;
use coldstart::spec::function::Function;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::bench::Tested;
use crate::subject::TrialSubject;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |what, test| TrialSubject::trial(what, "python", test);
    vec![
        of("whatever_clients_do_oddly_is_served_cold_and_warm", served),
        of("what_fails_is_told_in_the_functions_words_and_its_instance_lives_on", failing),
        of("what_a_function_is_told_is_as_on_aws_lambda", told),
    ]
}

/// An image whose oddness is a variable.
struct Odd<'a> {
    subject: &'a TrialSubject<'a>,
    image: String,
}

impl<'a> Odd<'a> {
    fn new(subject: &'a TrialSubject<'a>) -> Result<Self, libtest_mimic::Failed> {
        let lines = "COPY odd.py /odd.py\nCMD [\"python3\", \"/odd.py\"]";
        let image =
            subject.bench.build_of("python", lines, &[("odd.py", include_bytes!("odd.py"))])?;
        Ok(Self { subject, image })
    }

    fn target(&self, odd: &str, env: &[(&str, &str)]) -> Target {
        let mut function = Function::of_image("odd", &self.image, r#"{"a":1}"#, 0);
        // A busy machine takes its time.
        function.timeout = Duration::from_secs(30);
        function.env.insert("ODD".to_owned(), odd.to_owned());
        function.env.extend(env.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let image = self.image.clone();
        self.subject.made(TargetSpec::plain(function, image, Network::Bridge, "runc"))
    }

    /// Two calls of it, and their replies.
    fn twice(&self, target: &Target) -> [Visit; 2] {
        [(); 2].map(|()| {
            let now = self.subject.platform.clock().now();
            let invocation = Invocation { keep: 1 << 16, ..target.invocation(now) };
            self.subject.bench.wait(self.subject.platform.invoke(invocation))
        })
    }
}

const COLD_AND_WARM: [Temperature; 2] = [Temperature::Cold, Temperature::Warm];

fn served(subject: &TrialSubject) -> Tested {
    let odd = Odd::new(subject)?;
    let proxy = ("http_proxy", "http://127.0.0.1:1");
    for (what, env) in [
        ("stream", &[][..]),
        ("stream-of-ten-mebibytes", &[]),
        ("largest", &[]),
        ("close-in-a-list", &[]),
        ("close-each", &[]),
        ("continue", &[]),
        ("empty", &[]),
        ("binary", &[]),
        ("many-fields", &[]),
        ("answers-twice", &[]),
        ("asks-for-health", &[]),
        ("asks-to-be-restored", &[]),
        ("registers", &[]),
        ("hears", &[]),
        ("several", &[]),
        ("absolute", &[]),
        ("old", &[]),
        ("by-a-library", &[proxy]),
    ] {
        let visits = odd.twice(&odd.target(what, env));
        for (visit, temperature) in visits.iter().zip(COLD_AND_WARM) {
            assert!(visit.outcome.is_ok(), "{what}: {:?}", visit.outcome);
            assert_eq!(visit.temperature, temperature, "{what}");
            assert_eq!(visit.why_cold, None, "{what}");
            let streamed = visit.marks.get(Mark::FirstByte);
            assert_eq!(streamed.is_some(), what.starts_with("stream"), "{what}");
            assert!(streamed <= visit.marks.get(Mark::Responded), "{what}");
        }
    }
    Ok(())
}

fn failing(subject: &TrialSubject) -> Tested {
    let odd = Odd::new(subject)?;
    for (what, kind, cause) in [
        ("stream-with-error-trailers", "function_error", "Function.NoStock: out of stock"),
        ("stream-with-error-as-chunk", "function_error", "Runtime.StreamError: out of stock"),
        ("error", "function_error", "Function.NoStock: out of stock"),
        ("error-with-trace", "function_error", "Function.NoStock: out of stock"),
        ("error-by-header", "function_error", "Function.NoStock"),
        ("error-without-message", "function_error", "Function.NoStock"),
        ("error-over-the-limit", "function_error", "Function.NoStock: "),
        ("error-beyond-ascii", "function_error", "Function.AusverkauftÄ•"),
        ("one-byte-too-many", "wrong_reply", "6291557 bytes"),
        ("endless-chunk", "wrong_reply", "more than the 6291556"),
        ("cannot-start", "init_error", "Runtime.NoStock"),
        ("cannot-start-with-trace", "init_error", "Runtime.NoStock: no handler"),
        ("exits", "crashed", "code 42"),
    ] {
        let lives = kind == "function_error";
        let visits = odd.twice(&odd.target(what, &[]));
        for (index, visit) in visits.iter().enumerate() {
            assert_eq!(visit.outcome.kind(), kind, "{what}: {:?}", visit.outcome);
            let told = visit.outcome.cause().unwrap();
            assert!(told.contains(cause), "{what}: {told}");
            let warm = index == 1 && lives;
            assert_eq!(visit.temperature == Temperature::Warm, warm, "{what}");
            let why = format!("the one before it failed ({kind})");
            assert_eq!(visit.why_cold, (index == 1 && !lives).then_some(why), "{what}");
        }
        let started = visits[0].marks.between(Mark::StartCalled, Mark::Ready);
        assert_eq!(started.is_some(), kind != "init_error", "{what}: its start is a figure");
    }
    let visits = odd.twice(&odd.target("fails-when-warm", &[]));
    let kinds = visits.each_ref().map(|visit| visit.outcome.kind());
    assert_eq!(kinds, ["ok", "crashed"]);
    Ok(())
}

fn told(subject: &TrialSubject) -> Tested {
    let odd = Odd::new(subject)?;
    let [visit, _] = odd.twice(&odd.target("shows-environment", &[("TZ", "Europe/Berlin")]));
    let env: Value = serde_json::from_slice(&visit.reply)?;
    assert_eq!(env["TZ"], "Europe/Berlin");
    assert_eq!([&env["AWS_REGION"], &env["AWS_DEFAULT_REGION"]], ["us-east-1"; 2]);
    assert_eq!(env["AWS_LAMBDA_LOG_GROUP_NAME"], "/aws/lambda/odd");
    let host = env["AWS_LAMBDA_RUNTIME_API"].as_str().and_then(|api| api.split(':').next());
    assert_eq!([env["NO_PROXY"].as_str(), env["no_proxy"].as_str()], [host; 2]);
    let mut ids = Vec::new();
    for visit in odd.twice(&odd.target("shows-headers", &[])) {
        let headers: Value = serde_json::from_slice(&visit.reply)?;
        let text = |name: &str| headers[name].as_str().unwrap_or_default().to_owned();
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:odd";
        assert_eq!(text("lambda-runtime-invoked-function-arn"), arn);
        assert!(text("lambda-runtime-trace-id").starts_with("Root=1-"), "{headers}");
        // Of 30 s those are left since the event was given, start or no start.
        let deadline: i64 = text("lambda-runtime-deadline-ms").parse()?;
        let left = deadline - headers["now"].as_i64().unwrap();
        assert!((29_000..=30_002).contains(&left), "{left}");
        ids.push(text("lambda-runtime-aws-request-id"));
    }
    assert_ne!(ids[0], ids[1]);
    Ok(())
}
