//! A connection to an instance: requests go out, answers are read to their end.
//!
//! Parsing is `httparse`; reading and limits are ours, because the instant at which the last
//! byte was read is what is measured. Everything that comes in is bounded.

use std::path::Path;

use bytes::{Buf, BytesMut};

use crate::adapter::client::Onward;
use crate::adapter::wire::{Sink, Wire};
use crate::engine::{Caller, Evidence, Stream};

/// The largest head of an answer, or trailer, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The status of a server that goes on in another protocol: nobody asks for one.
const SWITCHING: u16 = 101;
/// Header fields that a head may have.
pub(super) const MAX_FIELDS: usize = 128;

/// A connection.
pub(super) struct Line {
    wire: Wire,
    caller: Caller,
    evidence: Option<Evidence>,
    /// A request went out on it.
    pub(super) was_used: bool,
    /// No other can.
    pub(super) is_done: bool,
}

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The connection is of no use after it.
    pub(super) closes: bool,
    /// `Coldstart-Main-Ns`.
    pub(super) main_ns: Option<u64>,
    /// `Coldstart-Ready-Ns`.
    pub(super) ready_ns: Option<u64>,
    /// `Coldstart-Replied-Ns`.
    pub(super) replied_ns: Option<u64>,
    framing: Framing,
}

/// How a body tells its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    /// By the end of the connection.
    Close,
}

/// How much of a body is kept, how long it may be, and where it goes on to.
pub(super) struct Keep {
    pub(super) keep: usize,
    pub(super) most: usize,
    pub(super) onward: Onward,
}

/// A body, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Its beginning, as much as was to be kept.
    pub(super) kept: BytesMut,
    /// All its bytes.
    pub(super) length: usize,
    keep: usize,
    most: usize,
    onward: Onward,
}

impl Sink for Body {
    fn take(&mut self, piece: &[u8]) -> Result<(), String> {
        let room = self.keep.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.length += piece.len();
        self.onward.take(piece);
        self.fits(0)
    }

    async fn pass_on(&mut self) {
        self.onward.send().await;
    }
}

impl Body {
    /// Whether so many bytes more are allowed.
    fn fits(&self, more: usize) -> Result<(), String> {
        match more > self.most.saturating_sub(self.length) || self.length > self.most {
            true => Err(format!("more than the {} bytes that are allowed", self.most)),
            false => Ok(()),
        }
    }
}

impl Line {
    pub(super) fn new(stream: Box<dyn Stream>, caller: Caller) -> Self {
        let wire = Wire::new(stream, MAX_HEAD);
        Self { wire, caller, evidence: None, was_used: false, is_done: false }
    }

    /// Who is at its other end: looked up once.
    pub(super) fn evidence(&mut self, processes: Option<&Path>) -> Evidence {
        self.evidence.get_or_insert_with(|| self.caller.evidence(processes)).clone()
    }

    /// Writes; false when the connection broke.
    pub(super) async fn write(&mut self, message: &[u8]) -> bool {
        self.wire.write(message).await
    }

    /// Waits while nothing is asked. Returns when the other end hangs up, or, with true,
    /// when it sends what it was not asked for.
    pub(super) async fn is_over(&mut self) -> bool {
        !self.wire.buffer.is_empty() || self.wire.fill().await
    }

    /// Reads the head of the answer, past those that only say that one will come; none where
    /// the connection is closed instead. `raw` is given it as it came, where that is wanted.
    pub(super) async fn head(
        &mut self,
        mut raw: Option<&mut BytesMut>,
    ) -> Result<Option<Head>, String> {
        loop {
            if let Some((head, length)) = parse(&self.wire.buffer)? {
                match &mut raw {
                    Some(raw) => **raw = self.wire.buffer.split_to(length),
                    None => self.wire.buffer.advance(length),
                }
                match head.status {
                    SWITCHING => return Err("it goes on in another protocol".to_owned()),
                    100..=199 => continue,
                    _ => return Ok(Some(head)),
                }
            }
            if self.wire.buffer.len() >= MAX_HEAD {
                return Err(format!("it answered with a head over {MAX_HEAD} bytes"));
            }
            if !self.wire.fill().await {
                return match self.wire.buffer.len() {
                    0 => Ok(None),
                    n => Err(format!("it closed the connection within a head of {n} bytes")),
                };
            }
        }
    }

    /// Reads the body of the answer whose head was read.
    pub(super) async fn body(
        &mut self,
        head: &Head,
        Keep { keep, most, onward }: Keep,
    ) -> Result<Body, String> {
        let mut body = Body { keep, most, onward, ..Body::default() };
        match head.framing {
            Framing::Length(length) => {
                body.fits(length)?;
                self.wire.pour(length, &mut body).await?;
            }
            Framing::Chunked => self.chunks(&mut body).await?,
            Framing::Close => self.wire.pour_all(&mut body).await?,
        }
        Ok(body)
    }

    async fn chunks(&mut self, body: &mut Body) -> Result<(), String> {
        loop {
            let size = self.wire.chunk_size().await?;
            if size == 0 {
                return self.trailers().await;
            }
            body.fits(size)?;
            self.wire.pour(size, body).await?;
            self.wire.chunk_end().await?;
        }
    }

    async fn trailers(&mut self) -> Result<(), String> {
        let mut left = MAX_HEAD;
        loop {
            let line = self.wire.line().await?;
            if line.trim_ascii().is_empty() {
                return Ok(());
            }
            left = left.checked_sub(line.len()).ok_or("trailers without an end")?;
        }
    }
}

/// Parses a head; none when it is not complete yet. Returns its length too.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let length = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("it answered with what is not HTTP: {error}")),
    };
    let (status, is_old) = (answer.code.unwrap_or(0), answer.version == Some(0));
    let (main_ns, ready_ns, replied_ns) = (None, None, None);
    let framing = Framing::Close;
    let mut head = Head { status, closes: is_old, main_ns, ready_ns, replied_ns, framing };
    let mut stated = None;
    for field in answer.headers.iter() {
        head.field(field.name, std::str::from_utf8(field.value).unwrap_or(""), &mut stated)?;
    }
    head.settle(stated);
    Ok(Some((head, length)))
}

impl Head {
    /// It is of an answer that says how long a body would be, and has none.
    pub(super) fn has_no_body(&mut self) {
        self.closes &= self.framing != Framing::Close;
        self.framing = Framing::Length(0);
    }

    fn field(&mut self, name: &str, value: &str, stated: &mut Option<usize>) -> Result<(), String> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let has = |token: &str| value.split(',').any(|t| t.trim().eq_ignore_ascii_case(token));
        if is("content-length") {
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            let length = value.parse().ok().filter(|_| digits);
            let length =
                length.ok_or_else(|| format!("the content length `{value}` is not a number"))?;
            if stated.replace(length).is_some_and(|other| other != length) {
                return Err("it answered with two content lengths".to_owned());
            }
        } else if is("transfer-encoding") {
            if has("chunked") {
                self.framing = Framing::Chunked;
            }
        } else if is("connection") {
            self.closes = (self.closes && !has("keep-alive")) || has("close");
        } else if is("coldstart-main-ns") {
            self.main_ns = value.parse().ok();
        } else if is("coldstart-ready-ns") {
            self.ready_ns = value.parse().ok();
        } else if is("coldstart-replied-ns") {
            self.replied_ns = value.parse().ok();
        }
        Ok(())
    }

    /// Chunks win over a length; what has neither ends with the connection, but for an answer
    /// that has no body.
    fn settle(&mut self, stated: Option<usize>) {
        if matches!(self.status, 100..=199 | 204 | 304) {
            self.framing = Framing::Length(0);
        } else if let (Framing::Close, Some(length)) = (self.framing, stated) {
            self.framing = Framing::Length(length);
        }
        self.closes |= self.framing == Framing::Close;
    }
}
