//! Bodies: read to their end, counted against a limit, and kept only as far as
//! somebody needs them, so that what an instance sends costs no memory.

use bytes::{Buf, Bytes, BytesMut};

use super::head::{Framing, Request};
use super::{Connection, LARGEST_HEAD, MAX_HEAD};
use crate::adapter::client::{Head, Onward, Pieces};
use crate::adapter::wire::Sink;
use crate::clock::Clock;

/// How a chunk begins that stands for trailers: one official client sends them so, as
/// text at the end of what it streams.
const TRAILER: &[u8] = b"Lambda-Runtime-Function-Error-";

/// How much of a body there may be, and how much of it is wanted, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// A longer body is an error.
    pub(crate) most: usize,
    /// What is beyond this is read and forgotten,
    pub(crate) kept: usize,
    /// but for so much of its end.
    pub(crate) end: usize,
}

/// A body, as far as it was read.
#[derive(Debug)]
pub(crate) struct Body {
    /// Its beginning, as much as was to be kept.
    pub(crate) kept: BytesMut,
    /// Its end, if there is more of it: as much as was to be kept, or up to twice that.
    pub(crate) end: BytesMut,
    /// All its bytes.
    pub(crate) length: usize,
    /// When the first of them was read, of a streamed one: nanoseconds since the run's
    /// epoch.
    pub(crate) first_byte: Option<u64>,
    /// The error that a streamed reply ended with; none for a good end.
    pub(crate) failure: Option<Failure>,
    keep: Keep,
    /// Of a streamed one, to stamp its first byte.
    clock: Option<Clock>,
    /// Its latest chunk, if that may stand for trailers.
    chunk: BytesMut,
    /// All of that chunk, as long as that is not decided: trailers do not go on.
    aside: BytesMut,
    /// Where a streamed one goes on to.
    onward: Onward,
}

/// How a function tells that it failed within a stream: in trailers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(crate) kind: String,
    /// `Lambda-Runtime-Function-Error-Body`: base64.
    pub(crate) body: String,
}

impl Failure {
    /// Takes a line of trailers; whether it tells of a failure.
    fn take(&mut self, line: &str) -> bool {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let field = if name.eq_ignore_ascii_case("lambda-runtime-function-error-type") {
            &mut self.kind
        } else if name.eq_ignore_ascii_case("lambda-runtime-function-error-body") {
            &mut self.body
        } else {
            return false;
        };
        value.trim().clone_into(field);
        true
    }

    /// That of a chunk that stands for trailers.
    fn of_chunk(chunk: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(chunk.strip_prefix(TRAILER).map(|_| chunk)?);
        let (mut failure, mut told) = (Self::default(), false);
        text.lines().for_each(|line| told |= failure.take(line));
        told.then_some(failure)
    }
}

impl Body {
    /// One of which nothing was read yet.
    pub(crate) fn new(keep: Keep) -> Self {
        let (kept, end, chunk, aside, first_byte, failure, clock) = Default::default();
        let onward = Onward::default();
        Self { kept, end, length: 0, first_byte, failure, keep, clock, chunk, aside, onward }
    }

    /// The same, of which what comes goes on to a client, which is told first what it is.
    pub(crate) async fn going_on(mut self, to: Option<Pieces>, content_type: Option<&str>) -> Self {
        if to.is_none() {
            return self;
        }
        self.onward = Onward::of(to);
        let named =
            |kind: &str| ("content-type".to_owned(), Bytes::copy_from_slice(kind.as_bytes()));
        let fields = content_type.map(named).into_iter().collect();
        self.onward.head(Head { status: None, fields }).await;
        self
    }

    /// All of it, where all was kept.
    pub(crate) fn whole(self) -> Bytes {
        if self.kept.len() == self.length { self.kept.freeze() } else { Bytes::new() }
    }

    fn take_end(&mut self, piece: &[u8]) {
        let most = self.keep.end;
        self.end.extend_from_slice(&piece[piece.len().saturating_sub(most)..]);
        if self.end.len() > 2 * most {
            self.end.advance(self.end.len() - most);
        }
    }

    /// Takes what is to go on: not yet where it may turn out to stand for trailers.
    fn take_onward(&mut self, piece: &[u8]) {
        if !self.onward.is_wanted() {
            return;
        }
        let may_be = TRAILER.starts_with(&self.chunk) || self.chunk.starts_with(TRAILER);
        if may_be && self.aside.len() + piece.len() <= LARGEST_HEAD {
            self.aside.extend_from_slice(piece);
        } else {
            self.is_data();
            self.onward.take(piece);
        }
    }

    /// What was put aside stands for nothing but itself.
    fn is_data(&mut self) {
        self.onward.take(&self.aside);
        self.aside.clear();
    }

    /// Keeps of a chunk its beginning, and if that is as of trailers the rest.
    fn take_chunk(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            let is_trailer = self.chunk.starts_with(TRAILER);
            let most = if is_trailer { MAX_HEAD } else { TRAILER.len() };
            let room = most.saturating_sub(self.chunk.len()).min(piece.len());
            if room == 0 {
                return;
            }
            self.chunk.extend_from_slice(&piece[..room]);
            piece = &piece[room..];
        }
    }
}

impl Sink for Body {
    fn take(&mut self, piece: &[u8]) -> Result<(), String> {
        let room = self.keep.kept.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.length += piece.len();
        if self.keep.end > 0 {
            self.take_end(&piece[room..]);
        }
        if let Some(clock) = self.clock {
            self.first_byte.get_or_insert_with(|| clock.now());
            self.take_chunk(piece);
            self.take_onward(piece);
        }
        Ok(())
    }

    async fn pass_on(&mut self) {
        self.onward.send().await;
    }
}

impl Connection {
    /// Reads the body of a request whose head was read.
    pub(crate) async fn body(&mut self, request: &Request, keep: Keep) -> Result<Body, String> {
        let mut body = Body::new(keep);
        self.read(request, &mut body).await?;
        Ok(body)
    }

    /// The same, of which that is left which was read before it failed.
    pub(crate) async fn read(&mut self, request: &Request, body: &mut Body) -> Result<(), String> {
        let most = body.keep.most;
        if let Framing::Length(length) = request.framing
            && length > most
        {
            return Err(format!("a body of {length} bytes, more than the {most} that are allowed"));
        }
        if request.expects_continue {
            self.write(&b"HTTP/1.1 100 Continue\r\n\r\n"[..]).await;
        }
        body.clock = request.streamed.then_some(self.clock);
        match request.framing {
            Framing::Length(length) => self.wire.pour(length, body).await?,
            Framing::Chunked => self.chunks(body).await?,
        }
        if body.failure.is_none() {
            body.failure = Failure::of_chunk(&body.chunk);
        }
        if body.failure.is_none() {
            body.is_data();
            body.pass_on().await;
        }
        Ok(())
    }

    async fn chunks(&mut self, body: &mut Body) -> Result<(), String> {
        loop {
            let size = self.wire.chunk_size().await?;
            if size == 0 {
                break;
            }
            // Never added up before it is compared: a size is any number at all.
            if size > body.keep.most - body.length {
                let most = body.keep.most;
                return Err(format!("a body of more than the {most} bytes that are allowed"));
            }
            body.chunk.clear();
            // There is one after it.
            body.is_data();
            self.wire.pour(size, body).await?;
            self.wire.chunk_end().await?;
        }
        body.failure = self.trailers().await?;
        Ok(())
    }

    /// Reads the trailers, up to the empty line.
    async fn trailers(&mut self) -> Result<Option<Failure>, String> {
        let (mut failure, mut told) = (Failure::default(), false);
        let mut left = LARGEST_HEAD;
        loop {
            let line = self.trailer(&mut left).await?;
            let line = String::from_utf8_lossy(&line);
            match line.trim_end() {
                "" => return Ok(told.then_some(failure)),
                line => told |= failure.take(line),
            }
        }
    }

    /// Takes a line of trailers, of a long one its beginning: a stack trace may be in it.
    async fn trailer(&mut self, left: &mut usize) -> Result<BytesMut, String> {
        let mut line = BytesMut::new();
        loop {
            let end = self.wire.buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let length = end.unwrap_or(self.wire.buffer.len());
            *left = left.checked_sub(length).ok_or("trailers without an end")?;
            let room = (MAX_HEAD - line.len()).min(length);
            line.extend_from_slice(&self.wire.buffer[..room]);
            self.wire.buffer.advance(length);
            if end.is_some() {
                return Ok(line);
            }
            if !self.wire.fill().await {
                return Err("a chunked body without an end".to_owned());
            }
        }
    }
}
