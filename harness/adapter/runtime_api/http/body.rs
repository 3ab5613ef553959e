//! Bodies: read to their end, counted against a limit, and kept only as far as
//! somebody needs them, so that what an instance sends costs no memory.

use bytes::{Buf, BytesMut};

use super::head::{Framing, Request};
use super::{Connection, MAX_HEAD, MAX_PIECE};

/// How much of a body there may be, and how much of it is wanted, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// A longer body is an error.
    pub(crate) most: usize,
    /// What is beyond this is read and forgotten.
    pub(crate) kept: usize,
}

/// A body, as far as it was read.
#[derive(Debug)]
pub(crate) struct Body {
    /// Its beginning, as much as was to be kept.
    pub(crate) kept: BytesMut,
    /// All its bytes.
    pub(crate) length: usize,
    /// The error that a streamed reply ended with; none for a good end.
    pub(crate) failure: Option<Failure>,
    keep: Keep,
}

/// How a function tells that it failed within a stream: in trailers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(crate) kind: String,
    /// `Lambda-Runtime-Function-Error-Body`: base64.
    pub(crate) body: String,
}

impl Body {
    fn take(&mut self, piece: &[u8]) {
        let room = self.keep.kept.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.length += piece.len();
    }
}

impl Connection {
    /// Reads the body of a request whose head was read.
    pub(crate) async fn body(&mut self, request: &Request, keep: Keep) -> Result<Body, String> {
        if let Framing::Length(length) = request.framing
            && length > keep.most
        {
            let most = keep.most;
            return Err(format!("a body of {length} bytes, more than the {most} that are allowed"));
        }
        if request.expects_continue {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        let mut body = Body { kept: BytesMut::new(), length: 0, failure: None, keep };
        match request.framing {
            Framing::Length(length) => self.pour(length, &mut body).await?,
            Framing::Chunked => self.chunks(&mut body).await?,
        }
        Ok(body)
    }

    /// Reads so many bytes of a body.
    async fn pour(&mut self, length: usize, body: &mut Body) -> Result<(), String> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() {
                self.buffer.reserve(left.min(MAX_PIECE));
                if !self.fill(left.min(MAX_PIECE)).await {
                    let had = length - left;
                    return Err(format!("the connection closed after {had} of {length} bytes"));
                }
            }
            let piece = left.min(self.buffer.len());
            body.take(&self.buffer[..piece]);
            self.buffer.advance(piece);
            left -= piece;
        }
        Ok(())
    }

    async fn chunks(&mut self, body: &mut Body) -> Result<(), String> {
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                break;
            }
            // Never added up before it is compared: a size is any number at all.
            if size > body.keep.most - body.length {
                let most = body.keep.most;
                return Err(format!("a body of more than the {most} bytes that are allowed"));
            }
            self.pour(size, body).await?;
            if self.line().await?.as_ref() != b"\r\n" {
                return Err("a chunk that is longer than it says".to_owned());
            }
        }
        body.failure = self.trailers().await?;
        Ok(())
    }

    async fn chunk_size(&mut self) -> Result<usize, String> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.advance(start);
                    return usize::try_from(size).map_err(|e| e.to_string());
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < MAX_HEAD => {
                    if !self.fill(MAX_HEAD).await {
                        return Err("the connection closed within a chunked body".to_owned());
                    }
                }
                _ => return Err("a chunk without a valid size".to_owned()),
            }
        }
    }

    /// Reads the trailers, up to the empty line.
    async fn trailers(&mut self) -> Result<Option<Failure>, String> {
        let (mut failure, mut told) = (Failure::default(), false);
        let mut left = MAX_HEAD;
        loop {
            let line = self.line().await?;
            left = left.checked_sub(line.len()).ok_or("trailers without an end")?;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if line.is_empty() {
                return Ok(told.then_some(failure));
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name.to_ascii_lowercase().as_str() {
                "lambda-runtime-function-error-type" => failure.kind = value.trim().to_owned(),
                "lambda-runtime-function-error-body" => failure.body = value.trim().to_owned(),
                _ => continue,
            }
            told = true;
        }
    }

    /// Takes a line, end included.
    async fn line(&mut self) -> Result<BytesMut, String> {
        let mut seen = 0;
        loop {
            if let Some(end) = self.buffer[seen..].iter().position(|b| *b == b'\n') {
                return Ok(self.buffer.split_to(seen + end + 1));
            }
            seen = self.buffer.len();
            if !self.fill(MAX_HEAD).await {
                return Err("a chunked body without an end".to_owned());
            }
        }
    }
}
