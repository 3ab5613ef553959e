//! The little of HTTP/1.1 that the Runtime API needs, from the server's side.
//!
//! Parsing is `httparse`; reading, limits and chunked bodies are ours, because
//! the instant at which the last byte was read is what is measured. Everything
//! that comes in is bounded.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::engine::Stream;

/// The largest request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// `Coldstart-Main-Ns`.
    pub(super) main_ns: Option<u64>,
    /// `Coldstart-Ready-Ns`.
    pub(super) ready_ns: Option<u64>,
    /// `Coldstart-Replied-Ns`.
    pub(super) replied_ns: Option<u64>,
    /// The client will close the connection after this request.
    pub(super) close: bool,
    body: Body,
    /// The client waits for `100 Continue` before it sends the body.
    expects_continue: bool,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    Length(usize),
    Chunked,
}

/// A connection from an instance.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(4096) }
    }

    /// Reads more; false when there is no more, or the connection broke.
    pub(super) async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..))
    }

    /// Reads the head of the next request; none when the client is done.
    pub(super) async fn request(&mut self) -> Result<Option<Request>, String> {
        loop {
            let parsed = parse(&self.buffer)?;
            let length = parsed.as_ref().map_or(self.buffer.len(), |(_, length)| *length);
            if length > MAX_HEAD {
                return Err(format!("a request head over {MAX_HEAD} bytes"));
            }
            if let Some((request, length)) = parsed {
                self.buffer.advance(length);
                return Ok(Some(request));
            }
            if !self.fill().await {
                return match self.buffer.len() {
                    0 => Ok(None),
                    n => Err(format!("the connection closed within a request head of {n} bytes")),
                };
            }
        }
    }

    /// Reads the body of a request whose head was read, at most `most` bytes.
    pub(super) async fn body(&mut self, request: &Request, most: usize) -> Result<Bytes, String> {
        if request.expects_continue {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        match request.body {
            Body::Length(length) if length > most => {
                Err(format!("a body of {length} bytes, more than the {most} that are allowed"))
            }
            Body::Length(length) => self.take(length).await,
            Body::Chunked => self.chunks(most).await,
        }
    }

    async fn take(&mut self, length: usize) -> Result<Bytes, String> {
        while self.buffer.len() < length {
            if !self.fill().await {
                let had = self.buffer.len();
                return Err(format!("the connection closed after {had} of {length} bytes"));
            }
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn chunks(&mut self, most: usize) -> Result<Bytes, String> {
        let mut body = BytesMut::new();
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                break;
            }
            if body.len() + size > most {
                return Err(format!("a body of more than the {most} bytes that are allowed"));
            }
            body.extend_from_slice(&self.take(size).await?);
            self.take(2).await?;
        }
        // Trailers, up to the empty line.
        while self.line().await? > 2 {}
        Ok(body.freeze())
    }

    async fn chunk_size(&mut self) -> Result<usize, String> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.advance(start);
                    return usize::try_from(size).map_err(|e| e.to_string());
                }
                Ok(httparse::Status::Partial) if self.buffer.len() <= MAX_HEAD => {
                    if !self.fill().await {
                        return Err("the connection closed within a chunked body".to_owned());
                    }
                }
                _ => return Err("a chunk without a valid size".to_owned()),
            }
        }
    }

    /// Drops a line and tells its length, end included.
    async fn line(&mut self) -> Result<usize, String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                self.buffer.advance(end + 1);
                return Ok(end + 1);
            }
            if self.buffer.len() > MAX_HEAD || !self.fill().await {
                return Err("a chunked body without an end".to_owned());
            }
        }
    }

    /// Writes; false when the connection broke.
    pub(super) async fn write(&mut self, message: &[u8]) -> bool {
        self.stream.write_all(message).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Replies without a body; false when the connection broke.
    pub(super) async fn reply(&mut self, status: u16, reason: &str) -> bool {
        let head = format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n\r\n");
        self.write(head.as_bytes()).await
    }
}

/// An event as it goes on the wire: the reply to a `next`.
pub(super) fn event(id: &str, function: &str, deadline_ms: u64, event: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: application/json\r\n\
         Lambda-Runtime-Aws-Request-Id: {id}\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:local:000000000000:function:{function}\r\n\
         Content-Length: {}\r\n\r\n{event}",
        event.len()
    )
    .into_bytes()
}

/// Parses a head; none when it is not complete yet. Returns its length too.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes).map_err(|e| e.to_string())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let mut request = Request {
        method: head.method.unwrap_or("").to_owned(),
        path: head.path.unwrap_or("").to_owned(),
        main_ns: None,
        ready_ns: None,
        replied_ns: None,
        close: head.version == Some(0),
        body: Body::Length(0),
        expects_continue: false,
    };
    for header in head.headers.iter() {
        request.header(header.name, std::str::from_utf8(header.value).unwrap_or(""))?;
    }
    Ok(Some((request, length)))
}

impl Request {
    fn header(&mut self, name: &str, value: &str) -> Result<(), String> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("content-length") {
            let length =
                value.parse().map_err(|_| format!("the content length `{value}` is no number"))?;
            self.body = Body::Length(length);
        } else if is("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(format!("the transfer encoding `{value}`"));
            }
            self.body = Body::Chunked;
        } else if is("connection") {
            self.close |= value.eq_ignore_ascii_case("close");
        } else if is("expect") {
            self.expects_continue = value.eq_ignore_ascii_case("100-continue");
        } else if is("coldstart-main-ns") {
            self.main_ns = value.parse().ok();
        } else if is("coldstart-ready-ns") {
            self.ready_ns = value.parse().ok();
        } else if is("coldstart-replied-ns") {
            self.replied_ns = value.parse().ok();
        }
        Ok(())
    }
}
