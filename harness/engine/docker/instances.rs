//! Containers: create, start, remove, list, and what they wrote.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, HostConfig,
    HostConfigLogConfig,
};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use futures_util::StreamExt;

use super::failure::{failed, has_status};
use crate::engine::{EngineError, Found, InstanceId, InstanceSpec, LABEL_FUNCTION, LABEL_RUN};
use crate::functions::Limits;
use crate::scenario::Network;

/// The most that is kept of what an instance wrote, in bytes.
const OUTPUT: usize = 2048;

pub(super) async fn create(
    docker: &Docker,
    spec: &InstanceSpec,
) -> Result<InstanceId, EngineError> {
    create_body(docker, &spec.image, body(spec)).await
}

/// Creates a container without a name: names cost a look-up and can clash.
pub(super) async fn create_body(
    docker: &Docker,
    image: &str,
    body: ContainerCreateBody,
) -> Result<InstanceId, EngineError> {
    match docker.create_container(None::<CreateContainerOptions>, body).await {
        Ok(created) => Ok(InstanceId(created.id)),
        Err(e) => Err(failed(&format!("create an instance of {image}"), e)),
    }
}

fn body(spec: &InstanceSpec) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        env: Some(spec.env.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        labels: Some(spec.labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
        host_config: Some(host_config(spec.network, spec.limits)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(network: Network, limits: Limits) -> HostConfig {
    let memory = i64::try_from(limits.memory).unwrap_or(i64::MAX);
    HostConfig {
        memory: Some(memory),
        // The same figure: no swap beyond it.
        memory_swap: Some(memory),
        nano_cpus: limits.cpus.map(|cores| (cores * 1e9).round() as i64),
        network_mode: Some(network.to_string()),
        log_config: Some(log_config()),
        ..HostConfig::default()
    }
}

/// What functions write is hostile: bounded on the engine's disk too.
pub(super) fn log_config() -> HostConfigLogConfig {
    let bounds = [("max-size", "1m"), ("max-file", "1")];
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(bounds.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
    }
}

pub(super) async fn start(docker: &Docker, id: &InstanceId) -> Result<(), EngineError> {
    match docker.start_container(&id.0, None::<StartContainerOptions>).await {
        Ok(()) => Ok(()),
        Err(e) => Err(failed(&format!("start instance {}", id.short()), e)),
    }
}

pub(super) async fn remove(docker: &Docker, id: &InstanceId) -> Result<(), EngineError> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match docker.remove_container(&id.0, Some(options)).await {
        Ok(()) => Ok(()),
        Err(e) if has_status(&e, 404) => Ok(()),
        // "Removal already in progress": somebody else does it.
        Err(e) if has_status(&e, 409) => Ok(()),
        Err(e) => Err(failed(&format!("remove instance {}", id.short()), e)),
    }
}

pub(super) async fn output(docker: &Docker, id: &InstanceId) -> Result<String, EngineError> {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail("50").build();
    let mut pieces = Box::pin(docker.logs(&id.0, Some(options)));
    let mut last: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| failed(&format!("read the output of {}", id.short()), e))?;
        last.extend_from_slice(piece.as_ref());
        last.drain(..last.len().saturating_sub(OUTPUT));
    }
    Ok(text_of_the_end(&last))
}

/// Text of at most [`OUTPUT`] bytes. A character that the cut went through is
/// dropped, and so is what grew when broken bytes were replaced.
fn text_of_the_end(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut from = text.len().saturating_sub(OUTPUT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].to_owned()
}

pub(super) async fn list(docker: &Docker, run: Option<&str>) -> Result<Vec<Found>, EngineError> {
    let label = run.map_or_else(|| LABEL_RUN.to_owned(), |run| format!("{LABEL_RUN}={run}"));
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let found = docker.list_containers(Some(options)).await;
    let found = found.map_err(|e| failed("list the instances", e))?;
    Ok(found.into_iter().filter_map(read).collect())
}

fn read(summary: ContainerSummary) -> Option<Found> {
    let labels = summary.labels.unwrap_or_default();
    let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
    Some(Found {
        id: InstanceId(summary.id?),
        run: label(LABEL_RUN),
        function: label(LABEL_FUNCTION),
        running: summary.state == Some(ContainerSummaryStateEnum::RUNNING),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_the_end_of_what_was_written() {
        let text = text_of_the_end("é".repeat(2000).as_bytes());
        assert!(text.len() <= OUTPUT && text.chars().all(|c| c == 'é'));
        assert!(text_of_the_end(&vec![0xff; OUTPUT]).len() <= OUTPUT);
    }

    #[test]
    fn no_quota_and_no_swap_unless_asked() {
        let config = host_config(Network::Bridge, Limits { memory: 1 << 27, cpus: None });
        assert_eq!(config.memory, config.memory_swap);
        assert_eq!(config.nano_cpus, None);
        let config = host_config(Network::Host, Limits { memory: 1 << 27, cpus: Some(0.5) });
        assert_eq!(config.nano_cpus, Some(500_000_000));
        assert_eq!(config.network_mode.as_deref(), Some("host"));
    }
}
