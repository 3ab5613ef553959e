//! Finding an engine, or getting one.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::command::{installed, is_root};
use super::daemon::DAEMON;
use super::docker_host::{Named, named};
use super::packages::{self, Family};
use super::podman::{self, PODMAN};
use super::{Consent, HOW_TO_CONSENT, ProvisionError, Surroundings, daemon, lock};
use crate::engine::docker::{self, DockerEngine};
use crate::observer::Observer;

/// The package that brings it, its supervisor and its OCI runtime.
const PACKAGE: &str = "docker.io";
/// And an OCI runtime that takes less time of a start, for what is measured without a daemon.
const QUIET_RUNTIME: &str = "crun";

/// Finds an engine: the one that `DOCKER_HOST` or a context names and no other;
/// else at the standard socket, else our own. Where nothing is named and none
/// answers, one is installed or started, given consent.
///
/// # Errors
/// [`ProvisionError::Missing`] when the named one does not answer, whatever the
/// consent, or when there is none and nothing may be changed.
pub async fn find(
    around: &Surroundings,
    consent: Consent,
    observer: &dyn Observer,
) -> Result<DockerEngine, ProvisionError> {
    match look(around).await {
        Ok(engine) => Ok(engine),
        Err(absent) => {
            absent.check(consent, is_root(), packages::family(), Startable::here())?;
            obtain(around, observer).await
        }
    }
}

/// Finds an engine and changes nothing.
///
/// # Errors
/// Where it looked, and what was there.
pub(super) async fn look(around: &Surroundings) -> Result<DockerEngine, Absent> {
    let mut absent = Absent { named: named(around), ..Absent::default() };
    let addresses = match absent.named.as_ref().map(|named| named.address.clone()) {
        None => our_choice(around),
        Some(Ok(address)) if docker::is_spoken(&address) => vec![address],
        Some(Ok(address) | Err(address)) => {
            absent.unspoken = absent.named.as_ref().is_some_and(|named| named.address.is_ok());
            absent.tried.push(address);
            Vec::new()
        }
    };
    for address in addresses {
        let certificates = absent.named.as_ref().and_then(|named| named.certificates.clone());
        match attempt(&address, certificates.as_deref()).await {
            Ok(engine) => match engine.elsewhere() {
                None => return Ok(engine.called_at(around.callback)),
                Some(_) if around.callback.is_some() || around.any_machine => {
                    return Ok(engine.called_at(around.callback));
                }
                Some(which) => {
                    absent.elsewhere = true;
                    absent.tried.push(format!("{address} (it is {which})"));
                }
            },
            Err(reason) => {
                absent.denied |= reason.contains(DENIED);
                absent.encrypted |= reason.contains(ENCRYPTED);
                absent.mistrusted |= MISTRUSTED.iter().any(|words| reason.contains(words));
                absent.tried.push(format!("{address} ({reason})"));
            }
        }
    }
    Err(absent)
}

const DENIED: &str = "permission denied";
/// How an engine answers who does not speak TLS.
const ENCRYPTED: &str = "to an HTTPS server";

/// How it is told that one of both is not trusted, by the other's certificate or for want of one.
const MISTRUSTED: [&str; 4] =
    ["invalid peer certificate", "received fatal alert", "not valid for name", "certificate"];

/// Where to look when nobody said where.
fn our_choice(around: &Surroundings) -> Vec<String> {
    let sockets = [around.standard_socket.clone(), around.private_socket()];
    // After them, and where it is: most have none, and need not be told so.
    let podman = [around.standard_podman.clone(), around.podman_socket()];
    let sockets = sockets.into_iter().chain(podman.into_iter().filter(|path| path.exists()));
    sockets.map(|path| format!("unix://{}", path.display())).collect()
}

async fn attempt(address: &str, certificates: Option<&Path>) -> Result<DockerEngine, String> {
    if let Some(path) = address.strip_prefix("unix://") {
        // A plain connection first: it tells "not there" from "not allowed".
        UnixStream::connect(path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => "no such socket".to_owned(),
            ErrorKind::PermissionDenied => DENIED.to_owned(),
            ErrorKind::ConnectionRefused => "nobody listens".to_owned(),
            _ => e.to_string(),
        })?;
    }
    DockerEngine::connect_by(address, certificates).await.map_err(|e| e.to_string())
}

/// What could be started, as it is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Startable {
    /// Docker.
    Docker,
    /// podman, and not Docker.
    Podman,
    /// Neither.
    Nothing,
}

impl Startable {
    /// On this machine.
    pub(super) fn here() -> Self {
        match (installed(DAEMON), installed(PODMAN)) {
            (true, _) => Self::Docker,
            (false, true) => Self::Podman,
            (false, false) => Self::Nothing,
        }
    }
}

/// Where no engine was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Absent {
    /// The one engine that was asked for; none where the choice was ours.
    pub(super) named: Option<Named>,
    /// Addresses, each with the reason.
    pub(super) tried: Vec<String>,
    /// Whether one of them is there, and not for us.
    pub(super) denied: bool,
    /// Whether one of them runs on another machine.
    pub(super) elsewhere: bool,
    /// Whether one of them speaks TLS, and was spoken to without.
    pub(super) encrypted: bool,
    /// Whether one of them does not trust us, or is not trusted.
    pub(super) mistrusted: bool,
    /// Whether the one that was asked for is of a kind that nobody here speaks.
    pub(super) unspoken: bool,
}

impl Absent {
    /// Whether one may be got; else what to type.
    fn check(
        &self,
        consent: Consent,
        root: bool,
        family: Family,
        startable: Startable,
    ) -> Result<(), ProvisionError> {
        let can = root && (startable != Startable::Nothing || family == Family::Debian);
        if can && consent == Consent::Given && self.named.is_none() {
            return Ok(());
        }
        let missing = self.missing();
        Err(ProvisionError::Missing { missing, cure: self.cure(root, family, startable) })
    }

    /// What was tried, and who said so.
    pub(super) fn missing(&self) -> String {
        let tried = self.tried.join(", ");
        match &self.named {
            Some(Named { by, .. }) if self.elsewhere => {
                format!("the engine that {by} names runs on another machine: {tried}")
            }
            Some(Named { by, .. }) if self.encrypted => {
                format!("the engine that {by} names speaks TLS, and has no certificates: {tried}")
            }
            Some(Named { by, .. }) if self.mistrusted => {
                format!("the engine that {by} names and this user do not trust each other: {tried}")
            }
            Some(Named { by, .. }) if self.unspoken => {
                format!("the engine that {by} names is not supported: {tried}")
            }
            Some(Named { by, .. }) => {
                format!("the engine that {by} names does not answer: {tried}")
            }
            None => format!("no container engine answers: tried {tried}"),
        }
    }

    /// What to type.
    pub(super) fn cure(&self, root: bool, family: Family, startable: Startable) -> String {
        if self.denied && !root {
            return "an engine is there, but not for this user: run this with sudo, or join its \
                    group with `sudo usermod -aG docker $USER` and log in again"
                .to_owned();
        }
        if self.elsewhere && self.named.is_some() {
            return "run coldstart on that machine: instances call the driver back, and their starts \
                    are stamped by the kernel that they run on; or say by which address its \
                    containers reach this one (--callback ADDRESS), and have the engine's phases \
                    merged"
                .to_owned();
        }
        if let (Some(Named { undo, .. }), true) = (&self.named, self.encrypted) {
            return format!(
                "say where ca.pem, cert.pem and key.pem are (`export DOCKER_TLS_VERIFY=1 \
                 DOCKER_CERT_PATH=FOLDER`), or let coldstart look for another engine: {undo}"
            );
        }
        if let (Some(Named { certificates, undo, .. }), true) = (&self.named, self.mistrusted) {
            let folder = certificates.as_ref().map(|folder| folder.display().to_string());
            return format!(
                "in {}, ca.pem must be of who signed the engine's certificate, which must hold the \
                 name or address that is asked, and cert.pem and key.pem of who the engine trusts; \
                 or let coldstart look for another engine: {undo}",
                folder.unwrap_or_else(|| "the folder of certificates".to_owned())
            );
        }
        if let (Some(Named { undo, .. }), true) = (&self.named, self.unspoken) {
            return format!("use {}, or let coldstart look for one: {undo}", docker::SPOKEN);
        }
        if let Some(Named { undo, .. }) = &self.named {
            return format!("start it, or let coldstart look for another one: {undo}");
        }
        let (by_us, by_hand) = match (startable, family) {
            (Startable::Docker, _) => ("start a private one", "`systemctl start docker`"),
            (_, Family::Debian) => {
                ("install and start one", "`apt-get install --no-install-recommends docker.io`")
            }
            (Startable::Podman, Family::Other) => {
                ("start a private podman", "`systemctl start podman.socket`")
            }
            (Startable::Nothing, Family::Other) => {
                return "install Docker or podman by the means of this distribution, start it, and \
                        run this again"
                    .to_owned();
            }
        };
        let as_root = if root { "" } else { ", as root" };
        format!("to let coldstart {by_us}: {HOW_TO_CONSENT}{as_root}; by hand: {by_hand}")
    }
}

/// Installs what is missing, then starts a private engine unless the package
/// has started one.
async fn obtain(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<DockerEngine, ProvisionError> {
    let _lock = lock::take(around, observer).await?;
    // Whoever held the lock before may have done it.
    if let Ok(engine) = look(around).await {
        return Ok(engine);
    }
    if installed(DAEMON) {
        return daemon::start(around, observer).await;
    }
    if packages::family() == Family::Debian {
        match packages::install(&[PACKAGE, QUIET_RUNTIME], around, observer).await {
            Ok(()) => {
                return match started_by_the_package(around).await {
                    Some(engine) => Ok(engine),
                    None => daemon::start(around, observer).await,
                };
            }
            Err(error) if installed(PODMAN) => observer.warn(&error.to_string()),
            Err(error) => {
                observer.warn(&format!("{error}; podman is tried in its place"));
                // What stands in the way of both is told once.
                let podman = packages::install(&podman::packages(), around, observer).await;
                podman.map_err(|_| error)?;
            }
        }
    }
    podman::start(around, observer).await
}

/// Where there is a service manager, it starts the engine that was installed.
async fn started_by_the_package(around: &Surroundings) -> Option<DockerEngine> {
    let managed = Path::new("/run/systemd/system").exists();
    let address = format!("unix://{}", around.standard_socket.display());
    for _ in 0..(if managed { 100 } else { 10 }) {
        if let Ok(engine) = attempt(&address, None).await {
            return Some(engine);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    None
}

#[cfg(test)]
mod tests;
