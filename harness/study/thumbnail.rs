//! From an object that comes into a bucket to what a function makes of it and puts into another:
//! as long as a person waits who has uploaded a picture and wants to see it small.
//!
//! All instants are of the run's own clock: the buckets, the queue and the pool are in this
//! process, and so is who uploads. It begins when the last byte of the upload was given to the
//! kernel, and ends when the other bucket has the whole object, which is before the function is
//! told so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::ns;
use crate::clock::Clock;
use crate::sample::Temperature;
use crate::serve::around::{Around, Calling};
use crate::serve::trigger::{Deliver, Delivery};
use crate::serve::{Call, Done, End, Platform};
use crate::stats::LatencySummary;

/// What is read of an answer's head, in bytes.
const HEAD: u64 = 16 << 10;
/// The name of what hears of objects of the other bucket: no function has it.
pub const HEARS: &str = "/hears";

/// One upload, and what came of it. Times are in nanoseconds, and those of the parts add up to
/// the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Which round.
    pub round: u32,
    /// Whether it came after a pause in which nothing was kept.
    pub after_pause: bool,
    /// Whether the function's instance had never served; none where it was not called.
    pub cold: Option<bool>,
    /// When the function's call came, in nanoseconds since the run's epoch: the `intended` of its
    /// row.
    pub called: Option<u64>,
    /// From the upload's last byte until its bucket has it, and has made the event of it.
    pub stored_ns: Option<u64>,
    /// From then until the event is on disk, and is called for.
    pub queued_ns: Option<u64>,
    /// From then until an instance has it: a start, where there is none.
    pub waited_ns: Option<u64>,
    /// From then until the other bucket has what the function made.
    pub made_ns: Option<u64>,
    /// From the upload's last byte until then.
    pub ns: Option<u64>,
    /// Why there is nothing.
    pub cause: Option<String>,
}

/// What is heard of an object.
#[derive(Debug)]
pub enum Heard {
    /// It came, and the function is to be told.
    Came(String, u64),
    /// What the function made of it came.
    Made(String, u64),
    /// The function's call is over.
    Over(String, Box<Over>),
}

/// A call of the function that is over.
#[derive(Debug)]
pub struct Over {
    /// When it came.
    called: u64,
    done: Done,
}

/// Where it is told.
pub type Hear = mpsc::UnboundedSender<Heard>;

/// Takes events of both buckets: those of the first it hands on, those of the other it stamps.
#[must_use]
pub fn hearing(clock: Clock, hear: Hear, on: Deliver) -> Deliver {
    Arc::new(move |function: Arc<str>, event: Bytes| -> Delivery {
        let (at, key) = (clock.now(), key(&event));
        if &*function == HEARS {
            // Who waits for it may have given up.
            let _ = hear.send(Heard::Made(key, at));
            return Box::pin(std::future::ready(Ok(())));
        }
        let _ = hear.send(Heard::Came(key, at));
        on(function, event)
    })
}

/// The key of an object that an event tells of.
fn key(event: &[u8]) -> String {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    let key = event.pointer("/Records/0/s3/object/key").and_then(Value::as_str);
    key.unwrap_or_default().to_owned()
}

/// A platform of whose calls is told what became of them.
pub type Heeded<P> = Around<P, Hear>;

impl Calling for Hear {
    async fn call(&self, platform: &impl Platform, call: Call) -> Done {
        let (key, called) = (key(&call.event), call.arrived);
        let done = platform.call(call).await;
        let over = Over { called, done: done.clone() };
        let _ = self.send(Heard::Over(key, Box::new(over)));
        done
    }
}

/// What is uploaded, and where to.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Where the buckets listen.
    pub at: SocketAddr,
    /// The bucket.
    pub bucket: String,
    /// How its keys end.
    pub suffix: String,
    /// What it is.
    pub bytes: Bytes,
}

/// The event of the functions that make thumbnails of what it holds.
const EVENT: &str = include_str!("../../functions/thumbnail/event.json");

/// A picture, for who has none at hand: the one in the event of those functions that get it that
/// way.
///
/// # Errors
/// Never, unless the file that was bundled is wrong, which a test would show.
pub fn brought_along() -> Result<Bytes, String> {
    let event: Value = serde_json::from_str(EVENT).map_err(|error| error.to_string())?;
    let picture = event["picture"].as_str().ok_or("no `picture` in the event")?;
    Ok(STANDARD.decode(picture).map_err(|error| error.to_string())?.into())
}

/// How often, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Rounds.
    pub rounds: u32,
    /// Uploads of a round that come at once after another.
    pub warm: u32,
    /// Before each round: longer than an instance is kept.
    pub pause: Duration,
    /// The longest that anything is waited for.
    pub limit: Duration,
}

/// Uploads in rounds: after a pause, and at once again.
pub async fn uploads(
    clock: Clock,
    picture: &Picture,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    asked: Asked,
    told: impl Fn(&Upload),
) -> Vec<Upload> {
    let mut all = Vec::new();
    for round in 1..=asked.rounds {
        tokio::time::sleep(asked.pause).await;
        for number in 0..=asked.warm {
            let key = format!("in/{round:05}-{number:03}{}", picture.suffix);
            let begun = Upload { round, after_pause: number == 0, ..Upload::default() };
            let upload = upload(clock, (picture, &key), heard, (asked.limit, begun)).await;
            told(&upload);
            all.push(upload);
        }
    }
    all
}

async fn upload(
    clock: Clock,
    (picture, key): (&Picture, &str),
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    (limit, mut upload): (Duration, Upload),
) -> Upload {
    let mut instants = Instants::default();
    let all = async { tokio::try_join!(put(clock, picture, key), over(key, heard, &mut instants)) };
    match tokio::time::timeout(limit, all).await {
        Ok(Ok((last_byte, ()))) => instants.last_byte = Some(last_byte),
        Ok(Err(why)) => upload.cause = Some(why),
        Err(_) => {
            let why = format!("nothing came of it within {} s", limit.as_secs_f64());
            upload.cause = Some(why);
        }
    }
    instants.tell(&mut upload);
    upload
}

/// When what happened.
#[derive(Default)]
struct Instants {
    last_byte: Option<u64>,
    came: Option<u64>,
    called: Option<u64>,
    given: Option<u64>,
    made: Option<u64>,
    cold: Option<bool>,
}

impl Instants {
    fn tell(&self, upload: &mut Upload) {
        let Self { last_byte, came, called, given, made, cold } = *self;
        let between = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?));
        (upload.cold, upload.called) = (cold, called);
        if upload.cause.is_some() {
            return;
        }
        upload.stored_ns = between(last_byte, came);
        upload.queued_ns = between(came, called);
        upload.waited_ns = between(called, given);
        upload.made_ns = between(given, made);
        upload.ns = between(last_byte, made);
    }
}

/// Waits until the function's call for an object is over, and hears what happens meanwhile; or
/// why nothing came of it.
async fn over(
    key: &str,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    instants: &mut Instants,
) -> Result<(), String> {
    loop {
        match heard.recv().await {
            // Of one that was given up before.
            Some(Heard::Came(of, _) | Heard::Made(of, _) | Heard::Over(of, _)) if of != key => {}
            Some(Heard::Came(_, at)) => instants.came = Some(at),
            Some(Heard::Made(_, at)) => instants.made = instants.made.or(Some(at)),
            Some(Heard::Over(_, over)) => {
                let Over { called, done } = *over;
                instants.called = Some(called);
                if let Some(report) = &done.report {
                    instants.given = Some(called + ns(report.waited));
                    instants.cold = Some(report.temperature == Temperature::Cold);
                }
                return ended(&done.end, instants.made.is_some());
            }
            None => return Err("the buckets are gone".to_owned()),
        }
    }
}

fn ended(end: &End, is_made: bool) -> Result<(), String> {
    match end {
        End::Response(_) if is_made => Ok(()),
        End::Response(answer) => {
            let answer = String::from_utf8_lossy(answer);
            Err(format!("the function answered, and the other bucket got nothing: {answer}"))
        }
        End::Failed(document) => Err(String::from_utf8_lossy(document).into_owned()),
        End::Throttled { .. } => Err("its call was refused".to_owned()),
        End::NotFound => Err("there is no such function".to_owned()),
        End::Stopping => Err("the platform stops".to_owned()),
        End::Unavailable(why) => Err(why.clone()),
    }
}

/// Uploads an object; when its last byte was given to the kernel.
async fn put(clock: Clock, picture: &Picture, key: &str) -> Result<u64, String> {
    let Picture { at, bucket, bytes, .. } = picture;
    let failed = |error: std::io::Error| format!("the upload failed: {error}");
    let mut stream = TcpStream::connect(at).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let head = format!(
        "PUT /{bucket}/{key} HTTP/1.1\r\nHost: {at}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        bytes.len()
    );
    // In one piece: what is late is the picture's end.
    let whole = [head.as_bytes(), bytes].concat();
    stream.write_all(&whole).await.map_err(failed)?;
    let last_byte = clock.now();
    let mut answer = Vec::new();
    stream.take(HEAD).read_to_end(&mut answer).await.map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let line = answer.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some("200") => Ok(last_byte),
        _ => Err(format!("the upload was refused: {line}")),
    }
}

/// A part of an upload, or all of it.
pub type Part = fn(&Upload) -> Option<u64>;

/// The parts, in the order of time, which add up to the whole.
pub const PARTS: [(&str, Part); 4] = [
    ("stored", |upload| upload.stored_ns),
    ("queued", |upload| upload.queued_ns),
    ("waited", |upload| upload.waited_ns),
    ("made", |upload| upload.made_ns),
];

/// What uploads took that met an instance which had never served, or one that had, each with its
/// round: all of it, or a part, in nanoseconds.
#[must_use]
pub fn taken(uploads: &[Upload], cold: bool, part: Part) -> Vec<(u32, u64)> {
    let are = uploads.iter().filter(|upload| upload.cold == Some(cold));
    are.filter_map(|upload| Some((upload.round, part(upload)?))).collect()
}

/// The same in figures; none of none.
#[must_use]
pub fn summary(uploads: &[Upload], cold: bool, part: Part) -> Option<LatencySummary> {
    super::summed(&taken(uploads, cold, part))
}

#[cfg(test)]
mod tests;
