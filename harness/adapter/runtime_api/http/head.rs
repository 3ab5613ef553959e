//! The head of a request: which of it we need, and what is refused.

use super::MAX_HEAD;

/// Header fields that a head may have, but for those that are [shed](super::shed).
const MAX_FIELDS: usize = 64;

/// The fields that are read; all others are of no matter.
pub(super) const FIELDS: [&str; 14] = [
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "expect",
    "coldstart-main-ns",
    "coldstart-ready-ns",
    "coldstart-replied-ns",
    "lambda-runtime-function-error-type",
    "lambda-runtime-function-response-mode",
    "lambda-extension-name",
    "lambda-extension-identifier",
    "lambda-extension-accept-feature",
    "lambda-extension-function-error-type",
];

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without host and query.
    pub(crate) path: String,
    /// `Coldstart-Main-Ns`.
    pub(crate) main_ns: Option<u64>,
    /// `Coldstart-Ready-Ns`.
    pub(crate) ready_ns: Option<u64>,
    /// `Coldstart-Replied-Ns`.
    pub(crate) replied_ns: Option<u64>,
    /// `Lambda-Runtime-Function-Error-Type`, or the extension's.
    pub(crate) error_type: Option<String>,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// The reply is a stream, by `Lambda-Runtime-Function-Response-Mode`.
    pub(crate) streamed: bool,
    /// What an extension says of itself.
    pub(crate) extension: Extension,
    /// The client will close the connection after this request.
    pub(crate) close: bool,
    pub(super) framing: Framing,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    length: Option<usize>,
}

/// The `Lambda-Extension-` fields of a head.
#[derive(Debug, Default)]
pub(crate) struct Extension {
    /// `Name`.
    pub(crate) name: Option<String>,
    /// `Identifier`.
    pub(crate) id: Option<String>,
    /// `Accept-Feature`: a list.
    pub(crate) features: Option<String>,
}

/// How a body tells its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
}

/// Why a head was not read yet.
#[derive(Debug)]
pub(super) enum Unread {
    /// It goes on.
    Partial,
    /// It has more fields than are looked at.
    Crowded,
}

/// A head, and its length in bytes.
pub(super) type Parsed = Result<(Request, usize), Unread>;

/// Parses a head.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(Err(Unread::Partial)),
        Err(httparse::Error::TooManyHeaders) => return Ok(Err(Unread::Crowded)),
        Err(error) => return Err(error.to_string()),
    };
    if length > MAX_HEAD {
        return Err(format!("a request head over {MAX_HEAD} bytes"));
    }
    let mut request = Request::new(&head);
    for field in head.headers.iter() {
        request.field(field.name, &String::from_utf8_lossy(field.value))?;
    }
    request.settle();
    Ok(Ok((request, length)))
}

/// The path of a target in any form: an absolute one has a host before it, and either may
/// have a query behind it.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

fn is_in_list(list: &str, token: &str) -> bool {
    list.split(',').any(|other| other.trim().eq_ignore_ascii_case(token))
}

impl Request {
    fn new(head: &httparse::Request<'_, '_>) -> Self {
        let (main_ns, ready_ns, replied_ns, error_type, content_type, length) = Default::default();
        Self {
            method: head.method.unwrap_or("").to_owned(),
            path: path_of(head.path.unwrap_or("")).to_owned(),
            main_ns,
            ready_ns,
            replied_ns,
            error_type,
            content_type,
            streamed: false,
            extension: Extension::default(),
            // Before 1.1 a connection was for one request, unless it was asked for more.
            close: head.version == Some(0),
            framing: Framing::Length(0),
            expects_continue: false,
            length,
        }
    }

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
            self.close =
                is_in_list(value, "close") || self.close && !is_in_list(value, "keep-alive");
        } else if is("expect") {
            self.expects_continue = value.eq_ignore_ascii_case("100-continue");
        } else if is("coldstart-main-ns") {
            self.main_ns = value.parse().ok();
        } else if is("coldstart-ready-ns") {
            self.ready_ns = value.parse().ok();
        } else if is("coldstart-replied-ns") {
            self.replied_ns = value.parse().ok();
        } else if is("lambda-runtime-function-response-mode") {
            self.streamed = value.eq_ignore_ascii_case("streaming");
        } else {
            self.words(name, value);
        }
        Ok(())
    }

    /// Fields that few requests have, and that are kept as they are.
    fn words(&mut self, name: &str, value: &str) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let field = if is("lambda-runtime-function-error-type")
            || is("lambda-extension-function-error-type")
        {
            &mut self.error_type
        } else if is("content-type") {
            &mut self.content_type
        } else if is("lambda-extension-name") {
            &mut self.extension.name
        } else if is("lambda-extension-identifier") {
            &mut self.extension.id
        } else if is("lambda-extension-accept-feature") {
            &mut self.extension.features
        } else {
            return;
        };
        *field = Some(value.to_owned());
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
