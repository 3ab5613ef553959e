//! What the environment says, read once and passed on: tests make their own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::ProvisionError;
use crate::spec::factor::Daemon;
use crate::system::private;

/// The longest path of a socket, in bytes: the kernel's 108 less the final zero.
const SOCKET_PATH: usize = 107;

/// The longest path that an engine makes for a socket below its own folder, as
/// in `/exec/containerd/containerd.sock.ttrpc`, with some to spare.
const SOCKET_BELOW: usize = 45;

/// What the environment says about engines and folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// One of several daemons, where it is that which is looked for: before all that follows.
    pub daemon: Option<Daemon>,
    /// `DOCKER_HOST`.
    pub host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub context: Option<String>,
    /// `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`: the folder of the certificates of `host`.
    pub certificates: Option<PathBuf>,
    /// The client's configuration: `DOCKER_CONFIG`, or `~/.docker`.
    pub config: PathBuf,
    /// Where an engine is by default.
    pub standard_socket: PathBuf,
    /// Where podman is, for root.
    pub standard_podman: PathBuf,
    /// Our own folder for what outlives a run: `$XDG_STATE_HOME/coldstart`, or
    /// `~/.local/state/coldstart`.
    pub state: PathBuf,
    /// Where instances call this machine, where the user said that: of an engine that is on
    /// another, or in a network of its own.
    pub callback: Option<IpAddr>,
    /// Whether the engine may be on another machine all the same: nothing is started then.
    pub any_machine: bool,
}

impl Surroundings {
    /// Reads the environment of this process.
    #[must_use]
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        // Without a home: that of root, who needs it least often.
        let home = PathBuf::from(variable("HOME").unwrap_or_else(|| "/root".to_owned()));
        let config = variable("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
        let certificates =
            variable("DOCKER_CERT_PATH").map_or_else(|| config.clone(), PathBuf::from);
        Self {
            daemon: None,
            host: variable("DOCKER_HOST"),
            context: variable("DOCKER_CONTEXT"),
            certificates: variable("DOCKER_TLS_VERIFY").map(|_| certificates),
            config,
            standard_socket: PathBuf::from("/var/run/docker.sock"),
            standard_podman: PathBuf::from("/run/podman/podman.sock"),
            state: private::state(),
            callback: None,
            any_machine: false,
        }
    }

    /// Those of nobody: no engine is named, and all that is looked for is in a folder of the
    /// caller's own.
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        Self {
            daemon: None,
            host: None,
            context: None,
            config: folder.join("config"),
            standard_socket: folder.join("standard.sock"),
            standard_podman: folder.join("podman.sock"),
            state: folder.join("state"),
            certificates: None,
            callback: None,
            any_machine: false,
        }
    }

    /// The address of the engine that is asked for, where that is not of this machine.
    #[must_use]
    pub fn elsewhere(&self) -> Option<String> {
        let address = super::docker_host::named(self)?.address.ok()?;
        (!address.starts_with("unix://")).then_some(address)
    }

    /// The folder of the certificates of the engine that is asked for, where it speaks TLS.
    #[must_use]
    pub fn certificates(&self) -> Option<PathBuf> {
        super::docker_host::named(self)?.certificates
    }

    /// The folder of our own engine.
    #[must_use]
    pub fn engine(&self) -> PathBuf {
        self.state.join("engine")
    }

    /// The socket of our own engine.
    #[must_use]
    pub fn private_socket(&self) -> PathBuf {
        self.engine().join("docker.sock")
    }

    /// The folder of our own podman, which is started where Docker is not to be had.
    #[must_use]
    pub fn podman(&self) -> PathBuf {
        self.state.join("podman")
    }

    /// The socket of our own podman.
    #[must_use]
    pub fn podman_socket(&self) -> PathBuf {
        self.podman().join("podman.sock")
    }

    /// The pid file of our own engine.
    #[must_use]
    pub fn pid_file(&self) -> PathBuf {
        self.engine().join("docker.pid")
    }

    /// Makes the folder for logs, archives and the lock, which no other user may enter.
    pub(super) fn make_state(&self) -> Result<&Path, ProvisionError> {
        match private::make(&self.state) {
            Ok(_) => Ok(&self.state),
            Err(e) => Err(ProvisionError::failed("make a private folder", e)),
        }
    }

    /// Checks that the sockets of an engine of our own fit into their paths.
    pub(super) fn check_socket_paths(&self) -> Result<(), ProvisionError> {
        let folder = self.engine();
        if folder.as_os_str().len() + SOCKET_BELOW <= SOCKET_PATH {
            return Ok(());
        }
        Err(ProvisionError::failed(
            format!("start an engine in {}", folder.display()),
            "the path is too long for its sockets: set XDG_STATE_HOME to a shorter one",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_too_long_for_sockets_is_refused() {
        let mut surroundings = Surroundings::read();
        surroundings.state = PathBuf::from("/home/u/.local/state/coldstart");
        assert!(surroundings.check_socket_paths().is_ok());
        surroundings.state = PathBuf::from("/").join("x".repeat(80));
        let error = surroundings.check_socket_paths().unwrap_err().to_string();
        assert!(error.contains("XDG_STATE_HOME"), "{error}");
    }
}
