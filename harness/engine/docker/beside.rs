//! A container of this program's own image beside it, with what measuring needs of the machine.

use std::collections::HashMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountType,
};
use bollard::query_parameters::{KillContainerOptions, LogsOptionsBuilder, WaitContainerOptions};
use futures_util::StreamExt;

use super::failure::failed;
use super::{DockerEngine, instances};
use crate::engine::{EngineError, InstanceId, LABEL_FLEET, LABEL_MAKER};
use crate::spec::factor::LOG_DRIVER;

/// A program in a container beside this one.
#[derive(Debug)]
pub struct Beside<'a> {
    /// The image, by its id.
    pub image: &'a str,
    /// Of which fleet's run it is.
    pub fleet: &'a str,
    /// The process that asked for it, as a maker is written.
    pub maker: &'a str,
    /// What is typed after the program's name.
    pub words: &'a [&'a str],
    /// Its environment, as `NAME=VALUE`.
    pub env: Vec<String>,
    /// Where the engine's socket is on its machine.
    pub socket: &'a str,
    /// Folders of that machine that are at the same paths within.
    pub shared: &'a [&'a str],
}

/// Between two signals.
const BETWEEN: Duration = Duration::from_millis(300);
/// How long one that is told to end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(40);

/// What a program in a container came to.
#[derive(Debug, Default)]
pub struct Came {
    /// Its exit status.
    pub status: i64,
    /// What it printed: foreign.
    pub out: Vec<u8>,
    /// What it said meanwhile: foreign.
    pub said: Vec<u8>,
}

/// Where every engine's socket is within such a container.
pub const SOCKET_WITHIN: &str = "/var/run/docker.sock";

impl DockerEngine {
    /// Creates and starts one; to be waited for, and removed whatever comes of it.
    ///
    /// # Errors
    /// When the engine refuses: it has no such image, or cannot mount something.
    pub async fn begin_beside(&self, of: &Beside<'_>) -> Result<InstanceId, EngineError> {
        let id = instances::create_body(&self.docker, of.image, body(of)).await?;
        match instances::start(&self.docker, &id).await {
            Ok(()) => Ok(id),
            Err(error) => {
                // What failed to start is told, not what became of removing it.
                let _ = self.end_beside(&id).await;
                Err(error)
            }
        }
    }

    /// Waits until it ends, and reads what it printed.
    ///
    /// # Errors
    /// When the engine is gone.
    pub async fn wait_beside(&self, id: &InstanceId) -> Result<Came, EngineError> {
        let doing = "wait for the program beside this one";
        let mut ends = Box::pin(self.docker.wait_container(&id.0, None::<WaitContainerOptions>));
        let status = match ends.next().await {
            Some(Ok(end)) => end.status_code,
            // bollard's way to say that the status was not zero.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(e)) => return Err(failed(doing, e)),
            None => return Err(EngineError::Gone(format!("{doing}: the wait was cut short"))),
        };
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let mut pieces = Box::pin(self.docker.logs(&id.0, Some(options)));
        let mut came = Came { status, ..Came::default() };
        while let Some(piece) = pieces.next().await {
            came.add(piece.map_err(|e| failed(doing, e))?);
        }
        Ok(came)
    }

    /// Has it end at once and remove its own; waits for that as long as it may take.
    pub async fn stop_beside(&self, id: &InstanceId) {
        // The first time it would end its trial, the second time it does not.
        for _ in 0..2 {
            let signal = Some(KillContainerOptions { signal: "SIGTERM".to_owned() });
            // It may have ended by itself.
            let _ = self.docker.kill_container(&id.0, signal).await;
            tokio::time::sleep(BETWEEN).await;
        }
        // Whoever removes it next need not know how that went.
        let _ = tokio::time::timeout(ENDS_WITHIN, self.wait_beside(id)).await;
    }

    /// Removes it, whether or not it runs.
    ///
    /// # Errors
    /// When the engine refuses, or is gone.
    pub async fn end_beside(&self, id: &InstanceId) -> Result<(), EngineError> {
        instances::remove(&self.docker, self.identity.brand, id).await
    }
}

impl Came {
    pub(super) fn add(&mut self, piece: LogOutput) {
        match piece {
            LogOutput::StdErr { message } => self.said.extend_from_slice(&message),
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                self.out.extend_from_slice(&message);
            }
            LogOutput::StdIn { .. } => {}
        }
    }
}

/// Kept so that all of it can be read again: that is how a run's folder comes back.
pub(super) fn kept_whole() -> HostConfigLogConfig {
    let bounds = [("max-size", "1g"), ("max-file", "1")];
    HostConfigLogConfig {
        typ: Some(LOG_DRIVER.to_owned()),
        config: Some(bounds.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
    }
}

fn body(of: &Beside<'_>) -> ContainerCreateBody {
    let mount = |source: &str, target: &str, read_only| Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Mount::default()
    };
    let cgroups = "/sys/fs/cgroup";
    ContainerCreateBody {
        image: Some(of.image.to_owned()),
        cmd: Some(of.words.iter().map(|word| (*word).to_owned()).collect()),
        env: Some(of.env.clone()),
        labels: Some(HashMap::from([
            (LABEL_FLEET.to_owned(), of.fleet.to_owned()),
            (LABEL_MAKER.to_owned(), of.maker.to_owned()),
        ])),
        host_config: Some(HostConfig {
            network_mode: Some("host".to_owned()),
            pid_mode: Some("host".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::HOST),
            // By `binds`, which makes a folder where it is missing.
            binds: Some(of.shared.iter().map(|folder| format!("{folder}:{folder}")).collect()),
            mounts: Some(vec![
                mount(of.socket, SOCKET_WITHIN, false),
                mount(cgroups, cgroups, true),
            ]),
            log_config: Some(kept_whole()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_what_measuring_needs_of_the_machine_and_no_more() {
        let of = Beside {
            image: "sha256:0",
            fleet: "f",
            maker: "m",
            words: &["fleet", "node"],
            env: vec!["A=b".to_owned()],
            socket: "/run/other.sock",
            shared: &["/run/coldstart"],
        };
        let body = body(&of);
        let host = body.host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("host"));
        assert_eq!(host.pid_mode.as_deref(), Some("host"));
        assert_eq!(host.binds.unwrap(), ["/run/coldstart:/run/coldstart"]);
        assert_eq!((host.privileged, host.cap_add), (None, None));
        let mounts = host.mounts.unwrap();
        assert_eq!(mounts[0].source.as_deref(), Some("/run/other.sock"));
        assert_eq!(mounts[1].read_only, Some(true));
    }
}
