//! An engine's socket on another machine, forwarded to one of this by `ssh`.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::failure::refused;
use crate::engine::EngineError;
use crate::engine::sockets::KIND;
use crate::system::child::{GivenUp, Group};
use crate::system::private::Temporary;
use crate::text::sanitize::last_words;

/// Where an engine listens that is not said otherwise.
const SOCKET: &str = "/var/run/docker.sock";
/// How long it may take to be there: names, keys, a slow machine.
const WITHIN: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(20);
/// What is told of what it says, in characters.
const SAID: usize = 300;

/// Ends with its drop.
#[derive(Debug)]
pub(super) struct Tunnel {
    _ssh: Group,
    folder: Temporary,
}

/// Where to, by which port, and to which socket.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    host: &'a str,
    port: Option<u16>,
    socket: &'a str,
}

/// `ssh://[user@]host[:port][/path/of/socket]`; none for what is no such address.
fn target(address: &str) -> Option<Target<'_>> {
    let rest = address.strip_prefix("ssh://")?;
    let (host, socket) = match rest.find('/') {
        Some(at) if rest.len() > at + 1 => rest.split_at(at),
        Some(at) => (&rest[..at], SOCKET),
        None => (rest, SOCKET),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, Some(port.parse().ok()?)),
        _ => (host, None),
    };
    // What begins like an option would be taken for one.
    (!host.is_empty() && !host.starts_with('-')).then_some(Target { host, port, socket })
}

impl Tunnel {
    /// Opens one, in a folder; nobody is asked for anything.
    pub(super) async fn open(address: &str, within: &Path) -> Result<Self, EngineError> {
        let doing = format!("reach {address}");
        let to = target(address)
            .ok_or_else(|| refused(&doing, "it is no `ssh://[user@]host[:port]`".to_owned()))?;
        let failed = |e: io::Error| {
            let missing = e.kind() == io::ErrorKind::NotFound;
            let hint = if missing { ": is the program `ssh` installed?" } else { "" };
            refused(&doing, format!("{e}{hint}"))
        };
        let folder = Temporary::create(within, KIND).map_err(failed)?;
        let socket = folder.path().join("engine.sock");
        let mut command = Command::new("ssh");
        command.args(["-nNT", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"]);
        command.args(["-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=30"]);
        if let Some(port) = to.port {
            command.arg("-p").arg(port.to_string());
        }
        command.arg("-L").arg(format!("{}:{}", socket.display(), to.socket)).args(["--", to.host]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut ssh = Group::start(&mut command, GivenUp::Killed).map_err(failed)?;
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            let late = begun.elapsed() > WITHIN;
            let Ok(ended) = tokio::time::timeout(AGAIN, ssh.ended()).await else {
                if late {
                    return Err(refused(&doing, format!("ssh is not there after {WITHIN:?}")));
                }
                continue;
            };
            ended.map_err(failed)?;
            let mut said = Vec::new();
            if let Some(mut stderr) = ssh.stderr() {
                let _ = tokio::time::timeout(AGAIN, stderr.read_to_end(&mut said)).await;
            }
            let said = last_words(&String::from_utf8_lossy(&said), SAID);
            return Err(refused(&doing, format!("ssh ended: {said}")));
        }
        Ok(Self { _ssh: ssh, folder })
    }

    /// The address of the socket on this machine.
    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_dockers_client_reads_them() {
        let of = |host, port, socket| Some(Target { host, port, socket });
        assert_eq!(target("ssh://me@lab"), of("me@lab", None, SOCKET));
        assert_eq!(target("ssh://lab:2222/"), of("lab", Some(2222), SOCKET));
        assert_eq!(target("ssh://lab/run/user/7/d.sock"), of("lab", None, "/run/user/7/d.sock"));
        for none in ["ssh://", "ssh:///x", "ssh://-oProxyCommand=x", "tcp://lab", "ssh://a:99999"] {
            assert_eq!(target(none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn what_is_no_address_of_it_is_said_before_anything_is_started() {
        let folder = tempfile::tempdir().unwrap();
        let error = Tunnel::open("ssh://-x", folder.path()).await.unwrap_err().to_string();
        assert!(error.contains("no `ssh://"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
