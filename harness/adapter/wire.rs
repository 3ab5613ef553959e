//! What comes over a connection, as both directions of HTTP read it: bodies by length and in
//! chunks, and lines. Everything that comes in is bounded.

use std::future::Future;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::engine::Stream;

/// The most that is read at a time, and so the most of a body that waits to be taken.
pub(super) const MAX_PIECE: usize = 16 * 1024;

/// A connection. What it holds of what came in is never more than `most` and [`MAX_PIECE`]
/// bytes together, whatever comes.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// What came in and was not taken yet.
    pub(super) buffer: BytesMut,
    most: usize,
}

/// What a body is poured into.
pub(super) trait Sink: Send {
    /// Takes the next of it.
    ///
    /// # Errors
    /// When it is more than may come.
    fn take(&mut self, piece: &[u8]) -> Result<(), String>;

    /// Hands on what was taken, where somebody waits for it as it comes.
    fn pass_on(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

impl Wire {
    /// `most` bytes at most wait for what they belong to: the longest head or line.
    pub(super) fn new(stream: Box<dyn Stream>, most: usize) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(4096), most }
    }

    /// Reads more, at most until `most` bytes wait; false when there is no more, the
    /// connection broke, or as many wait already.
    pub(super) async fn fill(&mut self) -> bool {
        let room = self.most.saturating_sub(self.buffer.len()).min(MAX_PIECE);
        if room == 0 {
            return false;
        }
        let mut stream = (&mut self.stream).take(room as u64);
        matches!(stream.read_buf(&mut self.buffer).await, Ok(1..))
    }

    /// Writes; false when the connection broke.
    pub(super) async fn write(&mut self, mut message: impl Buf) -> bool {
        // As one packet, whatever it is made of.
        let written = self.stream.write_all_buf(&mut message).await;
        written.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Reads so many bytes of a body.
    pub(super) async fn pour(&mut self, length: usize, body: &mut impl Sink) -> Result<(), String> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() {
                self.buffer.reserve(left.min(MAX_PIECE));
                if !self.fill().await {
                    let had = length - left;
                    return Err(format!("the connection closed after {had} of {length} bytes"));
                }
            }
            let piece = left.min(self.buffer.len());
            body.take(&self.buffer[..piece])?;
            self.buffer.advance(piece);
            body.pass_on().await;
            left -= piece;
        }
        Ok(())
    }

    /// Reads a body up to the end of the connection.
    pub(super) async fn pour_all(&mut self, body: &mut impl Sink) -> Result<(), String> {
        loop {
            body.take(&self.buffer)?;
            self.buffer.clear();
            body.pass_on().await;
            self.buffer.reserve(MAX_PIECE);
            if !self.fill().await {
                return Ok(());
            }
        }
    }

    /// Reads the size of the next chunk: 0 is the last, before its trailers.
    pub(super) async fn chunk_size(&mut self) -> Result<usize, String> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.advance(start);
                    return usize::try_from(size).map_err(|e| e.to_string());
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < self.most => {
                    if !self.fill().await {
                        return Err("the connection closed within a chunked body".to_owned());
                    }
                }
                _ => return Err("a chunk without a valid size".to_owned()),
            }
        }
    }

    /// Reads the end of a chunk.
    pub(super) async fn chunk_end(&mut self) -> Result<(), String> {
        match self.line().await?.trim_ascii().is_empty() {
            true => Ok(()),
            false => Err("a chunk that is longer than it says".to_owned()),
        }
    }

    /// Takes a line, end included.
    pub(super) async fn line(&mut self) -> Result<BytesMut, String> {
        let mut seen = 0;
        loop {
            if let Some(end) = self.buffer[seen..].iter().position(|byte| *byte == b'\n') {
                return Ok(self.buffer.split_to(seen + end + 1));
            }
            seen = self.buffer.len();
            if !self.fill().await {
                return Err("a chunked body without an end".to_owned());
            }
        }
    }
}
