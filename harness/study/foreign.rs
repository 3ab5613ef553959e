//! A platform of somebody else, known by a URL and nothing else: a call is a request, and whether
//! an instance had served before is told by what the answer says of it, or by how long it took.
//!
//! Each call has a connection of its own: one that stood idle between two calls may have been
//! closed by anybody, and that is no matter of instances.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::header::HeaderName;
use hyper::{HeaderMap, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::clock::Clock;
use crate::sample::Temperature;
use crate::serve::{
    Call, Done, End, Functions, NotReserved, NotUpdated, Platform, Reason, Report, Status,
};
use crate::text::sanitize::printable;

/// What is read of an answer, in bytes.
const MOST: usize = 6 << 20;
/// Characters of what names an instance.
const SHOWN: usize = 100;
/// When another try is worth it, of a call that was refused.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How an answer tells whether its instance had served before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// This header names the instance: a name that was never seen is a cold start.
    Header(HeaderName),
    /// This member of its JSON does: a name, or a JSON pointer.
    Field(String),
    /// By nothing that it says: one that took longer is a cold start.
    Longer(Duration),
}

impl Sign {
    /// A header of the answer.
    ///
    /// # Errors
    /// When it is no name of one.
    pub fn header(name: &str) -> Result<Self, String> {
        let name = HeaderName::from_bytes(name.as_bytes());
        Ok(Self::Header(name.map_err(|_| "no name of a header".to_owned())?))
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "by a new `{name}` in the answer's head"),
            Self::Field(name) => write!(f, "by a new `{name}` in the answer's JSON"),
            Self::Longer(time) => {
                write!(f, "by its time alone: more than {} ms", time.as_secs_f64() * 1e3)
            }
        }
    }
}

/// A platform behind a URL, of which one function is called.
#[derive(Clone)]
pub struct Foreign(Arc<Inner>);

struct Inner {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    url: Uri,
    sign: Sign,
    timeout: Duration,
    clock: Clock,
    /// The instances that answered so far.
    seen: Mutex<BTreeSet<String>>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    head: HeaderMap,
    body: Bytes,
}

impl Foreign {
    /// Of a URL that is asked by GET.
    ///
    /// # Errors
    /// When it is no URL of a web server, or this machine's certificates cannot be read.
    pub fn of(url: &str, sign: Sign, timeout: Duration) -> Result<Self, String> {
        let url: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let is_web = matches!(url.scheme_str(), Some("http" | "https"));
        if !is_web || url.host().is_none_or(str::is_empty) {
            return Err(format!("`{url}`: write it with its scheme, as in https://host/path"));
        }
        if url.authority().is_some_and(|of| of.as_str().contains('@')) {
            return Err("a URL with a password would be kept in the result: leave it out".into());
        }
        let https = HttpsConnectorBuilder::new();
        let https = match url.scheme_str() {
            // Of certificates nothing is known then, nor needed.
            Some("http") => https.with_tls_config(without_roots()?),
            _ => https
                .with_native_roots()
                .map_err(|error| format!("this machine's certificates cannot be read: {error}"))?,
        };
        let connector = https.https_or_http().enable_http1().build();
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_max_idle_per_host(0).build(connector);
        let (clock, seen) = (Clock::start(), Mutex::default());
        Ok(Self(Arc::new(Inner { client, url, sign, timeout, clock, seen })))
    }

    async fn asked(&self, request: uuid::Uuid) -> Done {
        let began = self.0.clock.now();
        let answer = tokio::time::timeout(self.0.timeout, self.exchanged()).await;
        let took = Duration::from_nanos(self.0.clock.now().saturating_sub(began));
        let unavailable = |why: String| Done::without(End::Unavailable(why));
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => return unavailable(why),
            Err(_) => return unavailable(format!("no answer within {:?}", self.0.timeout)),
        };
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let (reason, retry_after) = (Reason::Account, RETRY_AFTER);
            return Done::without(End::Throttled { reason, retry_after });
        }
        if !answer.status.is_success() {
            return unavailable(format!("status {}", answer.status));
        }
        match self.temperature(&answer, took) {
            Ok(temperature) => {
                let report = Report {
                    request,
                    duration: took,
                    billed: Duration::ZERO,
                    memory: None,
                    used: None,
                    init: None,
                    waited: Duration::ZERO,
                    temperature,
                    status: Status::Success,
                };
                let done = Done::without(End::Response(answer.body));
                Done { report: Some(report), ..done }
            }
            Err(why) => unavailable(why),
        }
    }

    async fn exchanged(&self) -> Result<Answer, String> {
        let request = Request::get(self.0.url.clone()).body(Empty::new());
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.0.client.request(request).await.map_err(|error| causes(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MOST).collect().await;
        let body = body.map_err(|error| format!("its answer broke off: {error}"))?.to_bytes();
        Ok(Answer { status: head.status, head: head.headers, body })
    }

    fn temperature(&self, answer: &Answer, took: Duration) -> Result<Temperature, String> {
        let name = match &self.0.sign {
            Sign::Longer(than) if took > *than => return Ok(Temperature::Cold),
            Sign::Longer(_) => return Ok(Temperature::Warm),
            Sign::Header(name) => {
                let value = answer.head.get(name).map(|value| value.as_bytes());
                let value = value.filter(|value| !value.is_empty());
                let value = value.map(|value| String::from_utf8_lossy(value).into_owned());
                value.ok_or_else(|| format!("its answer has no header `{name}`"))?
            }
            Sign::Field(name) => field(&answer.body, name)?,
        };
        let name = printable(&name, SHOWN);
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(if seen.insert(name) { Temperature::Cold } else { Temperature::Warm })
    }
}

/// What an answer's JSON has of a name: of an object's member, or where a pointer leads.
fn field(body: &[u8], name: &str) -> Result<String, String> {
    let whole: Value = serde_json::from_slice(body)
        .map_err(|error| format!("its answer is not JSON, which is to have `{name}`: {error}"))?;
    let found = if name.starts_with('/') { whole.pointer(name) } else { whole.get(name) };
    match found {
        None | Some(Value::Null) => Err(format!("its answer has no `{name}`")),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
    }
}

/// For a server that is not asked for any certificate.
fn without_roots() -> Result<rustls::ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// An error with what it is of: the client's own word is `connection error` alone.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

impl Platform for Foreign {
    fn functions(&self) -> Functions {
        Vec::new().into()
    }

    fn clock(&self) -> Clock {
        self.0.clock
    }

    fn reserve(&self, _: &str, _: Option<u32>) -> Result<(), NotReserved> {
        Err(NotReserved::NotFound)
    }

    async fn update(&self, _: &str, _: Option<String>) -> Result<u32, NotUpdated> {
        Err(NotUpdated::NotFound)
    }

    async fn call(&self, call: Call) -> Done {
        self.asked(call.request).await
    }
}

#[cfg(test)]
mod tests;
