//! The little of HTTP/1.1 that the Runtime API needs, from the server's side.
//!
//! Parsing is `httparse`; reading, limits and chunked bodies are ours, because
//! the instant at which the last byte was read is what is measured. Everything
//! that comes in is bounded.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::engine::Stream;

mod body;
mod head;

pub(super) use body::{Body, Failure, Keep};
pub(super) use head::Request;

/// The largest request head, and the largest trailer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The most that is read at a time, and so the most of a body that waits to be taken.
const MAX_PIECE: usize = 16 * 1024;

/// A connection from an instance. What it holds of what came in is never more than
/// [`MAX_HEAD`] and [`MAX_PIECE`] bytes together, whatever comes.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(4096) }
    }

    /// Reads more, at most until `most` bytes wait; false when there is no more, the
    /// connection broke, or as many wait already.
    async fn fill(&mut self, most: usize) -> bool {
        let room = most.saturating_sub(self.buffer.len()).min(MAX_PIECE);
        if room == 0 {
            return false;
        }
        let mut stream = (&mut self.stream).take(room as u64);
        matches!(stream.read_buf(&mut self.buffer).await, Ok(1..))
    }

    /// Waits while the client is owed an answer: what it sends meanwhile is kept for
    /// later. Returns when it hangs up, or, with true, when it sends more than is kept.
    pub(super) async fn hung_up(&mut self) -> bool {
        while self.fill(MAX_HEAD).await {}
        self.buffer.len() >= MAX_HEAD
    }

    /// Reads the head of the next request; none when the client is done.
    pub(super) async fn request(&mut self) -> Result<Option<Request>, String> {
        loop {
            if let Some((request, length)) = head::parse(&self.buffer)? {
                self.buffer.advance(length);
                return Ok(Some(request));
            }
            if self.buffer.len() >= MAX_HEAD {
                return Err(format!("a request head over {MAX_HEAD} bytes"));
            }
            if !self.fill(MAX_HEAD).await {
                return match self.buffer.len() {
                    0 => Ok(None),
                    n => Err(format!("the connection closed within a request head of {n} bytes")),
                };
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

/// An event as it goes on the wire, the reply to a `next`; and the event in it.
pub(super) fn event(
    id: &str,
    function: &str,
    deadline_ms: u64,
    event: [&str; 3],
) -> (Bytes, Bytes) {
    let length: usize = event.iter().map(|part| part.len()).sum();
    let mut message = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: application/json\r\n\
         Lambda-Runtime-Aws-Request-Id: {id}\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:local:000000000000:function:{function}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    let begins = message.len();
    message.reserve_exact(length);
    event.iter().for_each(|part| message.push_str(part));
    let message = Bytes::from(message);
    let event = message.slice(begins..);
    (message, event)
}

#[cfg(test)]
mod tests;
