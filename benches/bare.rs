//! What the harness costs on top of the engine: cold starts through the driver,
//! interleaved with a bare loop that makes the same three Engine API calls
//! (create, start, remove) with blocking sockets and nothing else.
//!
//! `cargo bench --bench bare`; it prints both medians and their ratio. Not a
//! criterion benchmark, because criterion runs one side and then the other, and
//! an engine drifts. `COLDSTART_BARE_ROUNDS` sets the rounds (default 40).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{Engine, LABEL_FUNCTION, LABEL_RUN};
use coldstart::factors::Network;
use coldstart::functions::{self, Function};
use coldstart::images;
use coldstart::platform::{Making, Platform, Target};
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, engine};
use coldstart::sample::Mark;
use serde_json::json;

/// The function with the fastest start shows the driver's cost best.
const FUNCTION: &str = "rust";
/// The id that everything made here is labelled with.
const RUN: &str = "bench-bare";

fn main() -> Result<()> {
    let test = std::env::args().any(|a| a == "--test");
    let rounds = match std::env::var("COLDSTART_BARE_ROUNDS") {
        Ok(text) => text.parse().context("COLDSTART_BARE_ROUNDS is no number")?,
        Err(_) if test => 1,
        Err(_) => 40,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let function = functions::select(&functions::load(&file)?, &[FUNCTION.to_owned()])?.remove(0);
    let mut sides = match runtime.block_on(Sides::new(function)) {
        Ok(sides) => sides,
        Err(error) => {
            eprintln!("skipped, nothing was measured: {error:#}");
            return Ok(());
        }
    };
    let (mut harness, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        // Mirrored order: neither side always comes after the other.
        for side in [round % 2, (round + 1) % 2] {
            let took = if side == 0 { runtime.block_on(sides.harness())? } else { sides.bare()? };
            // The first round is "first ever", and not counted.
            if round > 0 {
                if side == 0 { &mut harness } else { &mut bare }.push(took);
            }
        }
    }
    let (harness, bare) = (median(harness), median(bare));
    println!(
        "cold {FUNCTION} through the bridge, {rounds} rounds: driver {:.2} ms, bare loop {:.2} ms, \
         driver over bare {:+.2} %",
        harness * 1e3,
        bare * 1e3,
        (harness / bare - 1.0) * 100.0
    );
    Ok(())
}

fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    let middle = took.len() / 2;
    let upper = took[middle].as_secs_f64();
    if took.len() % 2 == 1 { upper } else { (upper + took[middle - 1].as_secs_f64()) / 2.0 }
}

/// Both ways to start the same image.
struct Sides {
    platform: Platform<DockerEngine>,
    target: Target,
    socket: UnixStream,
    gateway: IpAddr,
    image: String,
    function: Function,
}

impl Sides {
    async fn new(function: Function) -> Result<Self> {
        let consent = Consent::from_flag(false);
        let say = |text: &str| eprintln!("{text}");
        let around = Surroundings::read();
        let engine = Arc::new(engine::find(&around, consent, &say).await?);
        let bases = Bases::new(&around, consent, &say);
        let of = std::slice::from_ref(&function);
        let image = images::ensure(engine.as_ref(), of, &bases, RUN).await?.remove(0).digest;
        let address = engine.describe().await?.address;
        let Some(path) = address.strip_prefix("unix://") else {
            bail!("the bare loop speaks to a Unix socket, and the engine is at {address}");
        };
        let gateway: SocketAddr = engine.listen(Network::Bridge).await?.address().parse()?;
        let runtime = engine.describe().await?.offers.default_runtime().to_owned();
        let making = Making::plain(function.clone(), image.clone(), Network::Bridge, &runtime);
        let target = Target::new(making, RUN, 0);
        let platform = Platform::new(engine, Clock::start(), RUN.to_owned());
        let socket = UnixStream::connect(path)?;
        Ok(Self { platform, target, socket, gateway: gateway.ip(), image, function })
    }

    /// One cold start through the driver; the removal is not timed.
    async fn harness(&mut self) -> Result<Duration> {
        let intended = self.platform.clock().now();
        let visit = self.platform.invoke(&self.target, intended).await;
        if !visit.outcome.is_ok() {
            bail!("{:?}", visit.outcome);
        }
        self.platform.clear().await?;
        let latency = visit.marks.between(Mark::Intended, Mark::Responded);
        Ok(Duration::from_nanos(latency.context("a mark is missing")?))
    }

    /// The same start by hand; the removal is not timed.
    fn bare(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let listener = TcpListener::bind((self.gateway, 0))?;
        let body = json!({
            "Image": self.image,
            "Env": [
                format!("AWS_LAMBDA_RUNTIME_API={}", listener.local_addr()?),
                format!("AWS_LAMBDA_FUNCTION_NAME={}", self.function.name),
                "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
                format!("AWS_LAMBDA_FUNCTION_MEMORY_SIZE={}", self.function.limits.memory >> 20),
            ],
            "Labels": { LABEL_RUN: RUN, LABEL_FUNCTION: self.function.name },
            "HostConfig": {
                "Memory": self.function.limits.memory,
                "MemorySwap": self.function.limits.memory,
                "NetworkMode": "bridge",
                "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "max-file": "1" } },
            },
        });
        self.request("POST", "/containers/create", &body.to_string())?;
        let created: serde_json::Value = serde_json::from_slice(&read(&mut self.socket)?.1)?;
        let id = created["Id"].as_str().context("the engine created nothing")?.to_owned();
        self.request("POST", &format!("/containers/{id}/start"), "")?;
        let answered = self.answer(&listener);
        let took = begun.elapsed();
        read(&mut self.socket)?;
        self.request("DELETE", &format!("/containers/{id}?force=true&v=true"), "")?;
        read(&mut self.socket)?;
        answered.map(|()| took)
    }

    fn request(&mut self, method: &str, path: &str, body: &str) -> Result<()> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        Ok(self.socket.write_all((head + body).as_bytes())?)
    }

    /// Hands the instance its event and reads its reply.
    fn answer(&self, listener: &TcpListener) -> Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        read(&mut stream)?;
        let event = &self.function.event;
        let head = format!(
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nContent-Length: {}\r\n\r\n{event}",
            event.len()
        );
        stream.write_all(head.as_bytes())?;
        let (first, reply) = read(&mut stream)?;
        if !first.contains("/response") || !String::from_utf8_lossy(&reply).contains(event) {
            bail!("a wrong reply: {first}");
        }
        Ok(())
    }
}

/// Reads one message, request or response: its first line and its body.
fn read(stream: &mut impl Read) -> Result<(String, Vec<u8>)> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            bail!("the connection closed");
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
        match line.trim_end().to_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((first, body))
}
