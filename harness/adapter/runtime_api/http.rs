//! The little of HTTP/1.1 that the Runtime API needs, from the server's side.
//!
//! Parsing is `httparse`; reading, limits and chunked bodies are ours, because
//! the instant at which the last byte was read is what is measured. Everything
//! that comes in is bounded.

use bytes::Buf;

use self::head::Unread;
use self::shed::Shed;
use crate::adapter::wire::Wire;
use crate::clock::Clock;
use crate::engine::Stream;

mod body;
mod head;
mod shed;

pub(super) use body::{Body, Failure, Keep};
pub(super) use head::Request;

/// The most that is held of a request head, and the largest trailer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The largest request head, in bytes: that of AWS Lambda.
const LARGEST_HEAD: usize = 1024 * 1024;

/// A connection from an instance.
pub(super) struct Connection {
    wire: Wire,
    clock: Clock,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>, clock: Clock) -> Self {
        Self { wire: Wire::new(stream, MAX_HEAD), clock }
    }

    /// Waits while the client is owed an answer: what it sends meanwhile is kept for
    /// later. Returns when it hangs up, or, with true, when it sends more than is kept.
    pub(super) async fn hung_up(&mut self) -> bool {
        while self.wire.fill().await {}
        self.wire.buffer.len() >= MAX_HEAD
    }

    /// Reads the head of the next request; none when the client is done.
    pub(super) async fn request(&mut self) -> Result<Option<Request>, String> {
        let mut shed = Shed::default();
        loop {
            match head::parse(&self.wire.buffer)? {
                Ok((request, length)) => {
                    self.wire.buffer.advance(length);
                    return Ok(Some(request));
                }
                Err(Unread::Partial) if self.wire.buffer.len() < MAX_HEAD => {}
                Err(Unread::Partial | Unread::Crowded) => {
                    shed.shed(&mut self.wire.buffer)?;
                    continue;
                }
            }
            let from = self.wire.buffer.len();
            if !self.wire.fill().await {
                return match self.wire.buffer.len() {
                    0 => Ok(None),
                    n => Err(format!("the connection closed within a request head of {n} bytes")),
                };
            }
            shed.pass(&mut self.wire.buffer, from)?;
        }
    }

    /// Writes; false when the connection broke.
    pub(super) async fn write(&mut self, message: impl Buf) -> bool {
        self.wire.write(message).await
    }

    /// Replies without a body; false when the connection broke.
    pub(super) async fn reply(&mut self, status: u16, reason: &str) -> bool {
        self.reply_with(status, reason, "", "").await
    }

    /// Replies with fields, each of which ends its line, and a body; false when the
    /// connection broke.
    pub(super) async fn reply_with(
        &mut self,
        status: u16,
        reason: &str,
        fields: &str,
        body: &str,
    ) -> bool {
        let length = body.len();
        let message =
            format!("HTTP/1.1 {status} {reason}\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
        self.write(message.as_bytes()).await
    }
}

#[cfg(test)]
mod tests;
