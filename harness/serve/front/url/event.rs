//! A request as an event.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderMap, USER_AGENT};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ask::text;
use super::{Of, forwarded};

/// The route of a URL that has one only.
const ROUTE: &str = "$default";

/// What an event is made from.
pub(super) struct From<'a> {
    pub(super) of: Of<'a>,
    pub(super) peer: SocketAddr,
    pub(super) id: Uuid,
    pub(super) wall_ms: u64,
}

impl From<'_> {
    pub(super) fn event(&self, body: &[u8]) -> Value {
        let headers = &self.of.head.headers;
        let query = self.of.head.uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": ROUTE,
            "rawPath": self.of.path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(),
            "isBase64Encoded": false,
        });
        let cookies = cookies(headers);
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        let parameters = parameters(query);
        if !parameters.is_empty() {
            event["queryStringParameters"] = json!(parameters);
        }
        if !body.is_empty() {
            let words = std::str::from_utf8(body).ok().filter(|_| is_text(headers));
            event["isBase64Encoded"] = words.is_none().into();
            event["body"] = words.map_or_else(|| STANDARD.encode(body), ToOwned::to_owned).into();
        }
        event
    }

    /// By lower-case names; several of a name are joined.
    fn headers(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in self.of.head.headers.iter().filter(|(name, _)| *name != COOKIE) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let joined = all.entry(name.as_str().to_owned()).or_default();
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(&value);
        }
        for (name, value) in forwarded::fields(self.of.head, self.peer) {
            all.entry(name.to_owned()).or_insert(value);
        }
        all
    }

    fn context(&self) -> Value {
        let Of { head, name, path } = self.of;
        let host = forwarded::host(head);
        let domain = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let time = i64::try_from(self.wall_ms).ok();
        let time =
            time.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
        json!({
            "accountId": "anonymous",
            "apiId": name,
            "domainName": domain,
            "domainPrefix": name,
            "http": {
                "method": head.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", head.version),
                "sourceIp": self.peer.ip().to_string(),
                "userAgent": text(&head.headers, USER_AGENT.as_str()).unwrap_or_default(),
            },
            "requestId": self.id.to_string(),
            "routeKey": ROUTE,
            "stage": ROUTE,
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.wall_ms,
        })
    }
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let each = values.flat_map(|value| value.split(';'));
    each.map(str::trim).filter(|cookie| !cookie.is_empty()).map(ToOwned::to_owned).collect()
}

/// Decoded; several values of a name are joined.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        all.entry(name.into_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    all
}

/// Whether a body is passed on as text, by what its client says that it is.
fn is_text(headers: &HeaderMap) -> bool {
    let Some(kind) = text(headers, CONTENT_TYPE.as_str()) else { return true };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = ["application/json", "application/javascript", "application/xml"];
    kind.starts_with("text/")
        || known.contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}
