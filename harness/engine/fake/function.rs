//! A simulated function: a client of the Runtime API with scripted faults, or, where it is
//! told a port alone, a server.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::{Fault, Script};
use crate::clock::Clock;
use crate::spec::function::EVENT_NONCE;

const ROOT: &str = "/2018-06-01/runtime";

/// One simulated process.
pub(super) struct Process {
    pub(super) clock: Clock,
    pub(super) port: Option<mpsc::UnboundedSender<DuplexStream>>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) script: Script,
    pub(super) factor: f64,
    pub(super) nonce: String,
}

/// Where connections to a port of an instance go.
type Door = mpsc::UnboundedSender<DuplexStream>;
/// Requests that a server which is not ready yet answers so.
const NOT_YET: u64 = 3;

/// An event that was asked for and came.
struct Event {
    id: String,
    body: String,
}

impl Process {
    /// Runs until it ends; returns its exit code. `open` is told where it listens.
    pub(super) async fn run(self, open: impl Fn(u16, Door)) -> i64 {
        let main = self.clock.now();
        if self.script.fault == Fault::ExitsAtOnce {
            return 1;
        }
        sleep(self.script.init.mul_f64(self.factor) + self.init_sleep()).await;
        if self.script.fault == Fault::NeverAsks {
            return std::future::pending().await;
        }
        let port = self.env.get("PORT").and_then(|port| port.parse().ok());
        if let (None, Some(port)) = (&self.port, port) {
            return self.serve(port, open, main).await;
        }
        let Some(mut api) = self.connect() else { return 1 };
        if let Some(code) = self.instead_of_asking(&mut api).await {
            return code;
        }
        let mut invocation = 0;
        let mut stamps = self.stamps(main);
        while let Some(event) = api.next(&std::mem::take(&mut stamps)).await {
            invocation +=
                if invocation > 0 && self.script.fault == Fault::Miscounts { 2 } else { 1 };
            if self.answer(&mut api, &event, invocation).await.is_none() {
                return 1;
            }
        }
        0
    }

    /// The same wish that the real functions honour.
    fn init_sleep(&self) -> Duration {
        let told = ["COLDSTART_INIT_SLEEP_MS", "COLDSTART_INIT_WORK_MS"].into_iter();
        let ms = told.filter_map(|name| self.env.get(name)?.parse::<u64>().ok()).sum();
        Duration::from_millis(ms)
    }

    fn connect(&self) -> Option<Api> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.port.as_ref()?.send(theirs).ok()?;
        Some(Api { stream: ours })
    }

    fn stamps(&self, main: u64) -> String {
        let clock = |at| self.clock.monotonic(at);
        let (main, ready) = match self.script.fault {
            Fault::ForeignClock => (42, 43),
            _ => (clock(main), clock(self.clock.now())),
        };
        format!("Coldstart-Main-Ns: {main}\r\nColdstart-Ready-Ns: {ready}\r\n")
    }

    /// Faults that come before the first `next`; the exit code where it ends.
    async fn instead_of_asking(&self, api: &mut Api) -> Option<i64> {
        match self.script.fault {
            Fault::InitError => {
                let report =
                    r#"{"errorMessage":"no \u001b[31mconfiguration","errorType":"Config"}"#;
                api.post(&format!("{ROOT}/init/error"), report).await;
                Some(1)
            }
            Fault::Garbage => {
                api.send("\u{0}\u{1}\u{2} this is not HTTP\r\n\r\n").await;
                std::future::pending().await
            }
            Fault::WrongPath => {
                api.post("/health", "{}").await;
                std::future::pending().await
            }
            _ => None,
        }
    }

    /// What it answers to an event; none where it crashes.
    async fn reply(&self, event: &str, invocation: u64) -> Option<String> {
        sleep(self.script.invoke.mul_f64(self.factor)).await;
        let echo = match self.script.fault {
            Fault::CrashesOnEvent => return None,
            Fault::NeverAnswers => return std::future::pending().await,
            Fault::WrongEcho => r#"{"another":"event"}"#.to_owned(),
            Fault::GuessedEcho => without_nonce(event),
            _ => event.to_owned(),
        };
        let count = if self.script.fault == Fault::NotCold { invocation + 6 } else { invocation };
        Some(match self.script.fault {
            Fault::NotJson => "sorry \u{1b}[2J".to_owned(),
            Fault::Huge => "x".repeat(10_000_000),
            _ => format!(r#"{{"instance":"{}","invocation":{count},"echo":{echo}}}"#, self.nonce),
        })
    }

    /// Listens, and answers one request after another, of one connection after another.
    async fn serve(&self, port: u16, open: impl Fn(u16, Door), main: u64) -> i64 {
        let mut stamps = self.stamps(main);
        let (door, mut connections) = mpsc::unbounded_channel();
        open(port, door);
        let (mut invocation, mut asked) = (0, 0);
        while let Some(stream) = connections.recv().await {
            let mut client = Api { stream };
            while let Some((_, body)) = client.receive().await {
                asked += 1;
                let not_yet = self.script.fault == Fault::NotYet && asked <= NOT_YET;
                let (status, reply) = match self.script.fault {
                    Fault::Garbage => {
                        client.send("\u{0}\u{1}\u{2} this is not HTTP\r\n\r\n").await;
                        break;
                    }
                    Fault::WrongPath => ("404 Not Found", "no such path".to_owned()),
                    _ if not_yet => ("503 Service Unavailable", String::new()),
                    _ => {
                        invocation += 1;
                        let event = if body.is_empty() { "null" } else { body.as_str() };
                        let Some(reply) = self.reply(event, invocation).await else { return 1 };
                        ("200 OK", reply)
                    }
                };
                // With the first answer.
                let (length, stamps) = (reply.len(), std::mem::take(&mut stamps));
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{stamps}");
                let answer = format!("{head}\r\n{reply}");
                if client.send(&answer).await.is_none() {
                    break;
                }
            }
        }
        0
    }

    async fn answer(&self, api: &mut Api, event: &Event, invocation: u64) -> Option<()> {
        let reply = self.reply(&event.body, invocation).await?;
        if self.script.fault == Fault::FunctionError {
            let report = r#"{"errorMessage":"sold out","errorType":"Stock"}"#;
            return api.post(&format!("{ROOT}/invocation/{}/error", event.id), report).await;
        }
        let path = format!("{ROOT}/invocation/{}/response", event.id);
        api.post(&path, &reply).await?;
        if self.script.fault == Fault::Twice {
            api.post(&path, &reply).await?;
        }
        Some(())
    }
}

/// What can be known of an event without reading it.
fn without_nonce(event: &str) -> String {
    let object: Option<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(event).ok();
    let mut object = object.unwrap_or_default();
    object.remove(EVENT_NONCE);
    serde_json::to_string(&object).unwrap_or_default()
}

/// The client's side of a connection. Every call is none when it broke.
struct Api {
    stream: DuplexStream,
}

impl Api {
    async fn next(&mut self, headers: &str) -> Option<Event> {
        let path = format!("{ROOT}/invocation/next");
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: fake\r\n{headers}\r\n")).await?;
        let (head, body) = self.receive().await?;
        let id = head.lines().find_map(|l| l.strip_prefix("Lambda-Runtime-Aws-Request-Id: "))?;
        Some(Event { id: id.to_owned(), body })
    }

    async fn post(&mut self, path: &str, body: &str) -> Option<()> {
        let length = body.len();
        self.send(&format!("POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await?;
        self.receive().await.map(drop)
    }

    async fn send(&mut self, text: &str) -> Option<()> {
        self.stream.write_all(text.as_bytes()).await.ok()
    }

    async fn receive(&mut self) -> Option<(String, String)> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: "));
                if body.len() >= length.unwrap_or("0").parse().ok()? {
                    return Some((head.to_owned(), body.to_owned()));
                }
            }
            if self.stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
    }
}
