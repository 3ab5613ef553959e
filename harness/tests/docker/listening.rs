//! Web servers of every kind, on the real engine: found when they listen, by the kernel's
//! word and by trying, asked, and told what is wrong with them.

use std::sync::Arc;
use std::time::Duration;

use coldstart::adapter::http::Shared;
use coldstart::clock::Clock;
use coldstart::drive::{Driver, RunEnd, Stop, Targets};
use coldstart::engine::InstanceSource;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::process::ProcessEngine;
use coldstart::platform::{Invocation, KeepAlive, Platform, Target, TargetSpec, Visit};
use coldstart::probe::socket_trace::SocketTrace;
use coldstart::sample::{Mark, Outcome, ReadinessSource, Temperature};
use coldstart::spec::factor::{Factors, Network};
use coldstart::spec::function::{Function, HttpRequest, Method, ReplyCheck};
use coldstart::spec::{plan, scenario};
use libtest_mimic::{Failed, Trial};
use tokio::sync::watch;

use crate::bench::{Bench, Tested};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_web_server_is_cold_and_warm_on_bridge_and_host", cold_and_warm),
        Bench::trial("a_web_server_is_ready_by_the_kernels_word_or_by_trying", both_sources),
        Bench::trial("a_web_server_may_end_its_answers_as_it_likes", endings),
        Bench::trial("a_web_server_that_is_not_ready_yet_is_asked_again", not_yet),
        Bench::trial("a_web_server_proves_its_temperature_where_it_can", proof),
        Bench::trial("a_web_server_that_cannot_be_reached_is_told_where_it_listens", elsewhere),
        Bench::trial("a_web_server_that_never_listens_is_given_up_in_time", never),
        Bench::trial("web_servers_share_the_hosts_network_at_once", several),
        Bench::trial("the_null_function_listens_as_a_process_and_in_a_container", null),
    ]
}

const SERVER: &str = include_str!("server.py");

/// The server's image, and a platform that hears the kernel or does not.
struct Web<'a> {
    bench: &'a Bench,
    image: String,
    platform: Platform<ProcessEngine<DockerEngine>>,
}

impl<'a> Web<'a> {
    fn new(bench: &'a Bench, shared: Shared) -> Result<Self, Failed> {
        let image = bench.derive("python", &["python3", "-c", SERVER])?;
        let engine = Arc::new(ProcessEngine::new(bench.engine.clone()));
        let platform = Platform::new(engine, Clock::start(), bench.run.clone()).sharing(shared);
        Ok(Self { bench, image, platform })
    }

    fn with(bench: &'a Bench, test: impl FnOnce(&Self) -> Tested) -> Tested {
        let web = Self::new(bench, Shared::default())?;
        test(&web)?;
        Ok(bench.wait(web.platform.clear())?)
    }

    fn function(&self, mode: &str) -> Function {
        let plain = Function::of_image("web", &self.image, r#"{"a":1}"#, 0);
        let mut function = plain.listening(HttpRequest::default());
        function.env.insert("MODE".to_owned(), mode.to_owned());
        // A busy machine takes its time.
        Function { timeout: Duration::from_secs(60), ..function }
    }

    fn target(&self, function: Function, network: Network) -> Target {
        let plain = TargetSpec::plain(function, self.image.clone(), network, "runc");
        self.made(plain)
    }

    fn made(&self, making: TargetSpec) -> Target {
        let making = TargetSpec { keep_alive: KeepAlive::Fixed(Duration::from_secs(60)), ..making };
        let (run, key) = (&self.bench.run, self.platform.clock().now() as usize);
        Target::new(making, run, key)
    }

    async fn call(&self, target: &Target) -> (Visit, String) {
        let now = self.platform.clock().now();
        let invocation = Invocation { keep: 400, ..target.invocation(now) };
        let mut visit = self.platform.invoke(invocation).await;
        self.platform.vouch(&mut visit).await;
        let reply = String::from_utf8_lossy(&visit.reply).into_owned();
        (visit, reply)
    }

    /// A cold call and a warm one, both good.
    async fn twice(&self, mode: &str, network: Network) -> [(Visit, String); 2] {
        let target = self.target(self.function(mode), network);
        let both = [self.call(&target).await, self.call(&target).await];
        for (visit, _) in &both {
            assert!(visit.outcome.is_ok(), "{mode} on {network}: {visit:#?}");
        }
        assert_eq!(both[0].0.temperature, Temperature::Cold);
        assert_eq!(both[1].0.temperature, Temperature::Warm);
        assert_eq!(self.platform.warnings(), [""; 0], "{mode} on {network}");
        both
    }

    /// Why a call fails.
    async fn fails(&self, mode: &str, network: Network) -> Outcome {
        let short = Function { timeout: Duration::from_secs(8), ..self.function(mode) };
        self.call(&self.target(short, network)).await.0.outcome
    }
}

fn cold_and_warm(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        bench.wait(async {
            for network in [Network::Bridge, Network::Host] {
                let [(cold, hello), (warm, _)] = web.twice("plain", network).await;
                assert_eq!(hello, "hello from /");
                let marks = &cold.marks;
                assert!(marks.get(Mark::Ready).is_none() && cold.readiness.is_some());
                let listening = marks.get(Mark::Listening).unwrap();
                let order = [marks.get(Mark::StartCalled), Some(listening), marks.get(Mark::Sent)];
                assert!(order.is_sorted() && marks.get(Mark::Sent) < marks.get(Mark::Responded));
                assert!(warm.marks.get(Mark::Listening).is_none());
                assert_eq!(cold.id, warm.id);
            }
        });
        Ok(())
    })
}

fn both_sources(bench: &Bench) -> Tested {
    let readiness = async |web: &Web<'_>, network| {
        let [(cold, _), _] = web.twice("plain", network).await;
        let readiness = cold.readiness.unwrap();
        let sent = cold.marks.between(Mark::Listening, Mark::Sent).unwrap();
        println!("{network}: {readiness:?}, asked {sent} ns later");
        readiness
    };
    let is_heard = bench.wait(async { SocketTrace::start(Clock::start()).is_ok() });
    for (shared, heard) in [(Shared::default(), is_heard), (Shared::without_kernel_events(), false)]
    {
        let web = Web::new(bench, shared)?;
        bench.wait(async {
            for network in [Network::Bridge, Network::Host] {
                let readiness = readiness(&web, network).await;
                let (source, is_exact) = match heard {
                    true => (ReadinessSource::Kernel, true),
                    false => (ReadinessSource::Connect, false),
                };
                assert_eq!(readiness.source, source, "{network}");
                assert_eq!(readiness.resolution_ns == 0, is_exact, "{network}: {readiness:?}");
            }
        });
        bench.wait(web.platform.clear())?;
    }
    Ok(())
}

fn endings(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        bench.wait(async {
            for network in [Network::Bridge, Network::Host] {
                for mode in ["closes", "old", "chunked", "six"] {
                    let both = web.twice(mode, network).await;
                    assert!(both.iter().all(|(_, reply)| reply == "hello from /"), "{mode}");
                }
            }
        });
        Ok(())
    })
}

fn not_yet(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        bench.wait(async {
            let [(cold, _), _] = web.twice("not_yet", Network::Bridge).await;
            assert!(cold.readiness.unwrap().not_yet > 0, "{cold:#?}");
            let listened = cold.marks.get(Mark::Listening);
            assert!(listened < cold.marks.get(Mark::Sent), "{cold:#?}");
        });
        Ok(())
    })
}

fn proof(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        bench.wait(async {
            let asked = HttpRequest { method: Method::Post, ..HttpRequest::default() };
            let function = web.function("plain").listening(asked);
            let target =
                web.target(Function { reply: ReplyCheck::Proof, ..function }, Network::Bridge);
            for invocation in 1..=3 {
                let (visit, reply) = web.call(&target).await;
                let proof = visit.proof.as_ref();
                assert_eq!(proof.map(|proof| proof.invocation), Some(invocation), "{visit:#?}");
                assert!(reply.contains("\"a\": 1"), "{reply}");
            }
        });
        Ok(())
    })
}

fn elsewhere(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        let check = async |mode: &str, network, kind: &str, parts: &[&str]| {
            let outcome = web.fails(mode, network).await;
            let cause = outcome.cause().unwrap_or_default();
            assert_eq!(outcome.kind(), kind, "{mode}: {cause}");
            for part in parts {
                assert!(cause.contains(part), "`{part}` is not in: {cause}");
            }
        };
        bench.wait(async {
            let alone = ["127.0.0.1:8080 alone", "make it listen on 0.0.0.0", "starting as"];
            check("loopback", Network::Bridge, "timed_out", &alone).await;
            let other = ["never listened on port 8080", "0.0.0.0:3000", "say `port = 3000`"];
            check("elsewhere", Network::Bridge, "timed_out", &other).await;
            let fixed = ["listens on 0.0.0.0:3000", "where PORT says"];
            check("elsewhere", Network::Host, "timed_out", &fixed).await;
            check("six_alone", Network::Bridge, "timed_out", &["for IPv6 alone"]).await;
            // Containers on this bridge have no such address at all.
            match std::net::TcpListener::bind("[::1]:0") {
                Err(reason) => eprintln!("left out, this machine has no ::1: {reason}"),
                Ok(_) => {
                    let alone = ["[::1]:", "for IPv6 alone: make it listen on 0.0.0.0"];
                    check("six_loopback", Network::Host, "timed_out", &alone).await;
                }
            }
            let missing = ["GET / was answered with status 404, expected 200"];
            check("missing", Network::Bridge, "wrong_reply", &missing).await;
        });
        Ok(())
    })
}

const SINGLE: &str = r#"
name = "t"
rounds = 20
controls = false
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

fn never(bench: &Bench) -> Tested {
    let web = Web::new(bench, Shared::default())?;
    let function = Function { timeout: Duration::from_secs(2), ..web.function("never") };
    let scenario = scenario::parse(SINGLE, "t.toml")?;
    let plan = plan::Plan::new(&scenario, 1, 7);
    let of = plan::TrialSubject::Function { function: 0, combination: 0, pattern: 0 };
    let mut targets = Targets::default();
    targets.add(0, of, web.target(function, Network::Bridge));
    let engine = Arc::new(ProcessEngine::new(bench.engine.clone()));
    let driver = Driver::new(engine, Arc::new(web.platform), plan, targets, None);
    let mut rows = Vec::new();
    let ended = bench.wait(async {
        let (_sender, mut stop) = watch::channel(Stop::No);
        let keep = |_: &plan::Trial, done: coldstart::drive::TrialResult| {
            rows.extend(done.samples);
            Ok(())
        };
        driver.run(&mut stop, keep).await
    })?;
    assert_eq!(ended, RunEnd::GivenUp);
    let waits: Vec<_> = rows.iter().filter_map(|s| s.outcome.cause()).collect();
    assert!(waits.len() <= 3, "{waits:?}");
    assert!(waits[0].contains("it never listened on port 8080"), "{waits:?}");
    assert!(waits[0].contains("starting as never"), "what it wrote: {waits:?}");
    Ok(())
}

fn several(bench: &Bench) -> Tested {
    Web::with(bench, |web| {
        bench.wait(async {
            for network in [Network::Host, Network::Bridge] {
                let target = web.target(web.function("plain"), network);
                web.platform.prepare(&target, 4).await;
                let (a, b, c, d) = tokio::join!(
                    web.call(&target),
                    web.call(&target),
                    web.call(&target),
                    web.call(&target)
                );
                for (visit, _) in [a, b, c, d] {
                    assert!(visit.outcome.is_ok(), "{network}: {visit:#?}");
                    assert_eq!(visit.temperature, Temperature::Cold);
                }
            }
        });
        Ok(())
    })
}

/// As the control does it, and with its own stamps.
fn null(bench: &Bench) -> Tested {
    let (null, record) = bench.function("rust")?;
    Web::with(bench, |web| {
        let asked = HttpRequest { method: Method::Post, ..HttpRequest::default() };
        let function = null.clone().listening(asked);
        let plain =
            |network| TargetSpec::plain(function.clone(), record.digest.clone(), network, "runc");
        let process = TargetSpec {
            source: InstanceSource::Command(function.process.clone()),
            factors: Factors::of_a_process(),
            ..plain(Network::Host)
        };
        bench.wait(async {
            for making in [process, plain(Network::Bridge), plain(Network::Host)] {
                let target = web.made(making);
                let (cold, _) = web.call(&target).await;
                let (warm, _) = web.call(&target).await;
                assert!(cold.outcome.is_ok() && warm.outcome.is_ok(), "{cold:#?} {warm:#?}");
                assert_eq!((cold.dropped_marks, warm.dropped_marks), (0, 0), "{cold:#?}");
                let between = |from, to| cold.marks.between(from, to);
                println!(
                    "{:?}: ready to listening {:?} ns, listening to sent {:?}, to replied {:?}",
                    cold.readiness,
                    between(Mark::ReadySelf, Mark::Listening),
                    between(Mark::Listening, Mark::Sent),
                    between(Mark::Listening, Mark::Replied),
                );
                assert!(cold.marks.get(Mark::Main).is_some(), "{cold:#?}");
                assert_eq!(warm.proof.map(|proof| proof.invocation), Some(2));
            }
        });
        assert!(bench.wait(web.platform.clear()).is_ok());
        Ok(())
    })
}
