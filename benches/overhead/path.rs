//! The measuring path, from the instant to the reply.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use coldstart::adapter::runtime_api::RuntimeApi;
use coldstart::adapter::{self, Adapter as _, Answer, Asked};
use coldstart::clock::Clock;
use coldstart::drive::burst;
use coldstart::engine::Listener;
use coldstart::engine::fake::FakeEngine;
use coldstart::platform::{Platform, Target, TargetSpec};
use coldstart::probe::machine::Reading;
use coldstart::sample::Mark;
use coldstart::spec::factor::Network;
use coldstart::spec::function;
use criterion::Criterion;

const EVENT: &str = r#"{"order":{"id":7}}"#;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One warm invocation over loopback: event out, reply in, with a client that
/// does nothing. The floor of every warm figure.
pub(crate) fn round_trip(c: &mut Criterion) {
    let runtime = runtime();
    let _context = runtime.enter();
    let listener =
        runtime.block_on(Listener::tcp([127, 0, 0, 1].into())).expect("a free port on loopback");
    let address = listener.address().to_owned();
    let api = RuntimeApi::serve(listener, Clock::start(), Default::default(), Default::default());
    thread::spawn(move || client(&address));
    let event = adapter::Event::with_nonce(EVENT);
    let invoke = || {
        runtime.block_on(async {
            let asked = Asked {
                function: "f",
                event: &event,
                limit: std::time::Duration::ZERO,
                keep: 4096,
                request: None,
                client: None,
            };
            let answered = api.invoke(asked).answer.await.expect("an answer");
            assert!(matches!(answered.answer, Answer::Response(_)), "{answered:?}");
            api.prepare();
        });
    };
    c.bench_function("runtime API round trip over loopback", |b| b.iter(invoke));
}

/// A function that answers every event at once, until the server goes away.
fn client(address: &str) -> Option<()> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    loop {
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";
        stream.get_mut().write_all(next.as_bytes()).ok()?;
        let id = response(&mut stream)?;
        let reply = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        stream.get_mut().write_all(reply.as_bytes()).ok()?;
        response(&mut stream)?;
    }
}

/// Reads one response; returns the request id that it carries.
fn response(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|n| *n > 0)?;
        match line.trim_end().split_once(": ") {
            Some(("Lambda-Runtime-Aws-Request-Id", value)) => id = value.to_owned(),
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some(id)
}

/// From the intended instant to the begin of the last of a burst.
pub(crate) fn release(c: &mut Criterion) {
    let runtime = runtime();
    let clock = Clock::start();
    for n in [4, 50] {
        c.bench_function(&format!("last of a burst of {n} begins after the instant"), |b| {
            b.iter_custom(|times| {
                let late = |_| {
                    let at = clock.now() + 8_000_000;
                    let begun = runtime
                        .block_on(burst::burst(clock, at, n, |_| async move { clock.now() }));
                    begun.into_iter().max().unwrap_or(at) - at
                };
                Duration::from_nanos((0..times).map(late).sum())
            });
        });
    }
}

/// The release of a burst of 50 cold starts through the whole platform, on the
/// simulated engine in real time: from the first dispatch to the last. Printed as
/// quantiles, because what counts is the tail; so criterion does not run it.
pub(crate) fn width(_: &mut Criterion) {
    const NAME: &str = "release width of a burst of 50 cold starts, simulated engine";
    let (options, filters): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    if !filters.is_empty() && !filters.iter().any(|filter| NAME.contains(filter)) {
        return;
    }
    let bursts = if options.iter().any(|option| option == "--test") { 2 } else { 200 };
    let runtime = runtime();
    let clock = runtime.block_on(async { Clock::start() });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let function = function::load(&file).expect("functions.toml").remove(0);
    let making = TargetSpec::plain(function, "image".to_owned(), Network::Bridge, "fake");
    let target = Arc::new(Target::new(making, "bench", 0));
    let mut widths: Vec<u64> = (0..bursts)
        .map(|_| {
            // A new engine a burst: removing fifty instances takes seconds.
            let engine = Arc::new(FakeEngine::new(clock, 7, BTreeMap::new()));
            let platform: Platform<_> = Platform::new(engine, clock, "bench".to_owned());
            let platform = Arc::new(platform);
            let visits = runtime.block_on(async {
                platform.prepare(&target, 50).await;
                let at = clock.now() + 10_000_000;
                burst::burst(clock, at, 50, |_| {
                    let (platform, target) = (platform.clone(), target.clone());
                    async move { platform.invoke(target.invocation(at)).await }
                })
                .await
            });
            let begun = visits.iter().filter_map(|v| v.marks.get(Mark::Dispatched));
            let (first, last) = begun.fold((u64::MAX, 0), |(f, l), at| (f.min(at), l.max(at)));
            last - first
        })
        .collect();
    widths.sort_unstable();
    let us = |share: f64| widths[(share * (bursts - 1) as f64).round() as usize] as f64 / 1e3;
    println!(
        "{NAME}, {bursts} bursts: p50 {:.0} us, p99 {:.0} us, max {:.0} us",
        us(0.5),
        us(0.99),
        us(1.0)
    );
}

pub(crate) fn clock(c: &mut Criterion) {
    let _runtime = runtime();
    let clock = Clock::start();
    c.bench_function("reading the clock", |b| b.iter(|| black_box(clock.now())));
}

/// The machine's counters: read before and after every trial.
pub(crate) fn reading(c: &mut Criterion) {
    c.bench_function("reading the machine's counters", |b| b.iter(Reading::now));
}
