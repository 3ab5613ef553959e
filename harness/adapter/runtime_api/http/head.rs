//! The head of a request: which of it we need, and what is refused.

use super::MAX_HEAD;

/// Header fields that a head may have.
const MAX_FIELDS: usize = 64;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// `Coldstart-Main-Ns`.
    pub(crate) main_ns: Option<u64>,
    /// `Coldstart-Ready-Ns`.
    pub(crate) ready_ns: Option<u64>,
    /// `Coldstart-Replied-Ns`.
    pub(crate) replied_ns: Option<u64>,
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(crate) error_type: Option<String>,
    /// The client will close the connection after this request.
    pub(crate) close: bool,
    pub(super) framing: Framing,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    length: Option<usize>,
}

/// How a body tells its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
}

/// Parses a head; none when it is not complete yet. Returns its length too.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(bytes).map_err(|e| e.to_string())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    if length > MAX_HEAD {
        return Err(format!("a request head over {MAX_HEAD} bytes"));
    }
    let mut request = Request {
        method: head.method.unwrap_or("").to_owned(),
        path: head.path.unwrap_or("").to_owned(),
        main_ns: None,
        ready_ns: None,
        replied_ns: None,
        error_type: None,
        close: head.version == Some(0),
        framing: Framing::Length(0),
        expects_continue: false,
        length: None,
    };
    for field in head.headers.iter() {
        request.field(field.name, std::str::from_utf8(field.value).unwrap_or(""))?;
    }
    request.settle();
    Ok(Some((request, length)))
}

impl Request {
    fn field(&mut self, name: &str, value: &str) -> Result<(), String> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("content-length") {
            self.content_length(value)?;
        } else if is("transfer-encoding") {
            if self.framing == Framing::Chunked || !value.eq_ignore_ascii_case("chunked") {
                return Err(format!("the transfer encoding `{value}`"));
            }
            self.framing = Framing::Chunked;
        } else if is("connection") {
            self.close |= value.split(',').any(|t| t.trim().eq_ignore_ascii_case("close"));
        } else if is("expect") {
            self.expects_continue = value.eq_ignore_ascii_case("100-continue");
        } else if is("coldstart-main-ns") {
            self.main_ns = value.parse().ok();
        } else if is("coldstart-ready-ns") {
            self.ready_ns = value.parse().ok();
        } else if is("coldstart-replied-ns") {
            self.replied_ns = value.parse().ok();
        } else if is("lambda-runtime-function-error-type") {
            self.error_type = Some(value.to_owned());
        }
        Ok(())
    }

    fn content_length(&mut self, value: &str) -> Result<(), String> {
        // A number's own parser takes a sign.
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let length = value.parse().ok().filter(|_| digits);
        let length =
            length.ok_or_else(|| format!("the content length `{value}` is not a number"))?;
        match self.length.replace(length) {
            Some(other) => Err(format!("two content lengths, {other} and {length}")),
            None => Ok(()),
        }
    }

    /// Chunks win over a length. Who sends both is not to be trusted with where the
    /// next request begins, so there is none (RFC 9112, 6.3).
    fn settle(&mut self) {
        match (self.framing, self.length) {
            (Framing::Chunked, Some(_)) => self.close = true,
            (Framing::Length(_), Some(length)) => self.framing = Framing::Length(length),
            (_, None) => {}
        }
    }
}
