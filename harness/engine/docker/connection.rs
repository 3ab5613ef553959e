//! How an engine is reached: a socket, a port with or without TLS, or a machine by `ssh`.

use std::path::Path;

use bollard::{API_DEFAULT_VERSION, Docker};

use super::TIMEOUT;
use super::failure::failed;
use super::tunnel::Tunnel;
use crate::engine::EngineError;

/// What addresses are spoken, in words.
pub const SPOKEN: &str = "unix:///path/to/socket, tcp://host:port or ssh://user@host";

/// The files of a folder of certificates.
const TLS: [&str; 3] = ["key.pem", "cert.pem", "ca.pem"];

/// Whether an address is of a kind that is spoken; whether anybody answers is another
/// question.
#[must_use]
pub fn is_spoken(address: &str) -> bool {
    ["unix://", "tcp://", "http://", "ssh://"].iter().any(|kind| address.starts_with(kind))
}

/// Where nothing has been asked yet, and what leads there for as long as it is kept.
pub(super) async fn open(
    address: &str,
    tls: Option<&Path>,
    private: &Path,
) -> Result<(Docker, Option<Tunnel>), EngineError> {
    let version = API_DEFAULT_VERSION;
    let mut tunnel = None;
    let connected = if let (Some(folder), Some(host)) = (tls, address.strip_prefix("tcp://")) {
        let [key, certificate, authority] = TLS.map(|name| folder.join(name));
        let address = format!("https://{host}");
        Docker::connect_with_ssl(&address, &key, &certificate, &authority, TIMEOUT, version)
    } else if address.starts_with("ssh://") {
        let opened = tunnel.insert(Tunnel::open(address, private).await?);
        Docker::connect_with_unix(&opened.address(), TIMEOUT, version)
    } else if address.starts_with("unix://") {
        Docker::connect_with_unix(address, TIMEOUT, version)
    } else if is_spoken(address) {
        Docker::connect_with_http(address, TIMEOUT, version)
    } else {
        return Err(EngineError::Refused {
            doing: format!("connect to `{address}`"),
            message: format!("this kind of address is not supported: use {SPOKEN}"),
        });
    };
    Ok((connected.map_err(|e| failed(&format!("connect to {address}"), e))?, tunnel))
}
