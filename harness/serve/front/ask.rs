//! One request: what it is for, and whoever answers that.

use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts as Head;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::fault::Fault;
use super::named::{Found, Named};
use super::reply::Response;
use super::route::Wanted;
use super::url::Of;
use super::{Front, body};
use crate::serve::Platform;

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Asked<'a, P> {
    pub(super) front: &'a Front<P>,
    /// Who asks.
    pub(super) peer: SocketAddr,
    /// What it is known by.
    pub(super) id: Uuid,
}

impl<P: Platform> Asked<'_, P> {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        let authority = head.uri.authority().map(|host| host.as_str());
        let host = authority.or_else(|| text(&head.headers, HOST.as_str()));
        let answered = match Wanted::by(&head.method, host, head.uri.path()) {
            Wanted::Invoke(name) => self.invoke(&head, &name, body).await,
            Wanted::Stream(name) => self.stream(&head, &name, body).await,
            Wanted::Url(name, path) => {
                return self.url(Of { head: &head, name, path }, body).await;
            }
            Wanted::Reserve(name) => self.reserve(&head, &name, body).await,
            Wanted::Unreserve(name) => self.unreserve(&head, &name),
            Wanted::Reserved(name) => self.find(&head, &name).map(|found| self.reserved(&found)),
            Wanted::List => self.list(&head),
            Wanted::Get(name) => self.find(&head, &name).map(|found| self.function(&found)),
            Wanted::Configuration(name) => {
                self.find(&head, &name).map(|found| self.configuration(&found))
            }
            Wanted::Update(name) => self.update(&head, &name, body).await,
            Wanted::Welcome => Ok(self.welcome(host.unwrap_or_default())),
            Wanted::Nothing => Err(Fault::not_served(&head.method, head.uri.path())),
        };
        answered.unwrap_or_else(|fault| fault.response(self.id))
    }

    /// The function that a request means.
    pub(super) fn find(&self, head: &Head, name: &str) -> Result<Found, Fault> {
        let qualifier = query(head, "Qualifier");
        Named::parse(name, qualifier.as_deref())?.find(&self.front.platform.functions())
    }

    /// The event in a request's body.
    pub(super) async fn event(&self, rest: Incoming, most: usize) -> Result<bytes::Bytes, Fault> {
        body::event(body::read(rest, most, self.front.limits.body).await?)
    }
}

/// A header as text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A parameter of a request, decoded.
pub(super) fn query(head: &Head, name: &str) -> Option<String> {
    let pairs = head.uri.query().unwrap_or_default().split('&');
    let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}
