//! One command in a fresh container, its output, and nothing left behind.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{LogsOptionsBuilder, WaitContainerOptions};
use futures_util::StreamExt;

use super::failure::{failed, refused};
use super::identity::Brand;
use super::instances;
use crate::engine::{EngineError, InstanceId, LABEL_MAKER, LABEL_RUN};
use crate::spec::function::PROCESSES;
use crate::system::maker::Maker;
use crate::text::sanitize::last_words;

/// The most that is kept of the output, in bytes.
const OUTPUT: usize = 64 * 1024;

/// The most that is told of the output of a command that failed, in characters.
const WORDS: usize = 2_000;

/// A command that takes longer is taken for stuck.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn run(
    docker: &Docker,
    brand: Brand,
    image: &str,
    run: &str,
    command: &[String],
    env: &BTreeMap<String, String>,
) -> Result<String, EngineError> {
    let doing = format!("run `{}` in {image}", command.join(" "));
    let id = instances::create_body(docker, image, body(image, run, command, env)).await?;
    let outcome = tokio::time::timeout(LIMIT, finish(docker, &id, &doing)).await;
    // Before the outcome is looked at: it goes whatever happened.
    let removed = instances::remove(docker, brand, &id).await;
    let stuck = || refused(&doing, format!("not done after {} s", LIMIT.as_secs()));
    let (status, output) = outcome.map_err(|_| stuck())??;
    removed?;
    if status != 0 {
        return Err(refused(&doing, format!("exit status {status}: {}", output.trim_end())));
    }
    Ok(output)
}

pub(super) fn body(
    image: &str,
    run: &str,
    command: &[String],
    env: &BTreeMap<String, String>,
) -> ContainerCreateBody {
    let variables = env.iter().map(|(name, value)| format!("{name}={value}"));
    ContainerCreateBody {
        image: Some(image.to_owned()),
        env: Some(variables.collect()),
        entrypoint: Some(command.to_vec()),
        cmd: Some(Vec::new()),
        labels: Some(HashMap::from([
            (LABEL_RUN.to_owned(), run.to_owned()),
            (LABEL_MAKER.to_owned(), Maker::own().to_string()),
        ])),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            pids_limit: Some(i64::from(PROCESSES)),
            log_config: Some(instances::default_log_config()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

async fn finish(
    docker: &Docker,
    id: &InstanceId,
    doing: &str,
) -> Result<(i64, String), EngineError> {
    instances::start(docker, id).await?;
    let status = wait(docker, id, doing).await?;
    let output = match status {
        0 => collect(docker, id, doing).await?,
        // What went wrong is at the end.
        _ => last_words(&instances::output(docker, id).await?, WORDS),
    };
    Ok((status, output))
}

async fn wait(docker: &Docker, id: &InstanceId, doing: &str) -> Result<i64, EngineError> {
    let mut ends = Box::pin(docker.wait_container(&id.0, None::<WaitContainerOptions>));
    match ends.next().await {
        Some(Ok(end)) => Ok(end.status_code),
        // bollard's way to say that the status was not zero.
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(e)) => Err(failed(doing, e)),
        None => Err(EngineError::Gone(format!("{doing}: the wait was cut short"))),
    }
}

async fn collect(docker: &Docker, id: &InstanceId, doing: &str) -> Result<String, EngineError> {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
    let mut pieces = Box::pin(docker.logs(&id.0, Some(options)));
    let mut output: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        output.extend_from_slice(piece.map_err(|e| failed(doing, e))?.as_ref());
        if output.len() >= OUTPUT {
            output.truncate(OUTPUT);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}
