//! What whoever stands between a client and a function says of the client.

use std::net::SocketAddr;

use hyper::header::HOST;
use hyper::http::request::Parts as Head;

use super::super::ask::text;

/// The fields' names and values.
pub(super) fn fields(head: &Head, peer: SocketAddr) -> [(&'static str, String); 3] {
    let port = host(head).rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
    [
        ("x-forwarded-for", peer.ip().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-port", port),
    ]
}

/// The host that a request is for, with its port.
pub(super) fn host(head: &Head) -> &str {
    let authority = head.uri.authority().map(|host| host.as_str());
    authority.or_else(|| text(&head.headers, HOST.as_str())).unwrap_or("localhost")
}
