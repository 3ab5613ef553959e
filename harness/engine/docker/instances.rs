//! Containers: create, start, remove, list, and what they wrote.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, HealthConfig, HostConfig,
    HostConfigLogConfig, Mount, MountType, NetworkSettings, ResourcesUlimits,
};
use bollard::query_parameters::{
    CreateContainerOptions, KillContainerOptions, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use futures_util::StreamExt;

use super::failure::{failed, has_status, refused};
use super::identity::{Brand, Identity};
use super::info;
use crate::engine::processors::processors;
use crate::engine::{
    EngineError, InstanceId, InstanceSource, InstanceSpec, InstanceState, LABEL_FUNCTION,
    LABEL_MAKER, LABEL_RUN, LAUNCHER, ListedInstance, OUTPUT, SOCKET,
};
use crate::spec::factor::{Factors, LOG_DRIVER};
use crate::spec::function::{Launch, OPEN_FILES, TMP, USER};
use crate::system::maker::Maker;

/// How often a list that cannot be read is asked for again, and when.
const PASSING: u32 = 250;
const AGAIN: Duration = Duration::from_millis(20);

/// The most lines that are asked for; of them at most [`OUTPUT`] is kept.
const LINES: &str = "1000";

pub(super) async fn create(
    docker: &Docker,
    spec: &InstanceSpec,
    turn: usize,
) -> Result<InstanceId, EngineError> {
    let InstanceSource::Image(image) = &spec.source else {
        let doing = format!("create an instance of `{}`", spec.source.name());
        return Err(refused(&doing, "it is a program, and this engine runs images".to_owned()));
    };
    let mut body = body(image, spec);
    if let (Some(visible), Some(host)) =
        (spec.factors.visible_processors(), body.host_config.as_mut())
    {
        host.cpuset_cpus = processors(visible, turn);
    }
    create_body(docker, image, body).await
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

fn body(image: &str, spec: &InstanceSpec) -> ContainerCreateBody {
    let workdir = &spec.launch.workdir;
    let (entrypoint, command) = words(spec);
    ContainerCreateBody {
        image: Some(image.to_owned()),
        env: Some(spec.env.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        labels: Some(spec.labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
        cmd: command,
        entrypoint,
        working_dir: workdir.clone(),
        user: spec.launch.lambda.then(|| USER.to_owned()),
        // What it asks is asked within a start that is timed.
        healthcheck: Some(no_health_check()),
        host_config: Some(HostConfig {
            mounts: mounts(spec),
            readonly_rootfs: spec.launch.is_read_only().then_some(true),
            tmpfs: spec.launch.lambda.then(lambda_tmp),
            ulimits: spec.launch.lambda.then(|| vec![open_files()]),
            ..host_config(&spec.factors, spec.processes)
        }),
        ..ContainerCreateBody::default()
    }
}

/// Entrypoint and command; none for the image's own. Where extensions come first, all of it
/// is an argument of what starts them.
fn words(spec: &InstanceSpec) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let Launch { command, entrypoint, .. } = &spec.launch;
    // An empty list would take away what the image says.
    let some = |words: &Vec<String>| (!words.is_empty()).then(|| words.clone());
    if spec.launcher.is_none() {
        return (some(entrypoint), some(command));
    }
    let image = &spec.image;
    let own = if entrypoint.is_empty() { &image.command } else { &Vec::new() };
    let command = if command.is_empty() { own } else { command };
    let entrypoint = if entrypoint.is_empty() { &image.entrypoint } else { entrypoint };
    (Some([&[LAUNCHER.to_owned()], &entrypoint[..]].concat()), Some(command.clone()))
}

/// What of this machine is found in a container. Not by `binds`: an engine that does not see
/// these files would make folders of their names, where it runs.
fn mounts(spec: &InstanceSpec) -> Option<Vec<Mount>> {
    let mount = |file: &PathBuf, target: &str, read_only| Mount {
        typ: Some(MountType::BIND),
        source: Some(file.display().to_string()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Mount::default()
    };
    let socket = spec.socket.as_ref().map(|file| mount(file, SOCKET, false));
    let launcher = spec.launcher.as_ref().map(|file| mount(file, LAUNCHER, true));
    let mounts: Vec<_> = socket.into_iter().chain(launcher).collect();
    (!mounts.is_empty()).then_some(mounts)
}

fn no_health_check() -> HealthConfig {
    HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }
}

/// What can be written to on AWS Lambda, and run from there too.
fn lambda_tmp() -> HashMap<String, String> {
    HashMap::from([("/tmp".to_owned(), format!("rw,exec,nosuid,nodev,mode=1777,size={TMP}"))])
}

fn open_files() -> ResourcesUlimits {
    let most = Some(i64::from(OPEN_FILES));
    ResourcesUlimits { name: Some("nofile".to_owned()), soft: most, hard: most }
}

fn host_config(factors: &Factors, processes: Option<u32>) -> HostConfig {
    let memory = i64::try_from(factors.memory).unwrap_or(i64::MAX);
    let time = factors.throttled_from_start();
    let microseconds = |of: u64| i64::try_from(of).unwrap_or(i64::MAX);
    HostConfig {
        memory: Some(memory),
        // The same figure: no swap beyond it.
        memory_swap: Some(memory),
        pids_limit: processes.map(i64::from),
        nano_cpus: factors.cpus.map(|cpus| i64::from(cpus.thousandths()) * 1_000_000),
        cpu_period: time.map(|time| microseconds(time.period)),
        cpu_quota: time.map(|time| microseconds(time.quota)),
        network_mode: Some(factors.network.to_string()),
        runtime: Some(factors.runtime.clone()),
        log_config: Some(log_config(&factors.log_driver)),
        ..HostConfig::default()
    }
}

/// What functions write is hostile: bounded on the engine's disk too.
/// Drivers that write elsewhere have bounds of their own, or none.
pub(super) fn log_config(driver: &str) -> HostConfigLogConfig {
    let bounds: &[(&str, &str)] = match driver {
        "json-file" => &[("max-size", "1m"), ("max-file", "1")],
        // It would compress the files before the last, and refuses to where there are none.
        "local" => &[("max-size", "1m"), ("max-file", "1"), ("compress", "false")],
        _ => &[],
    };
    HostConfigLogConfig {
        typ: Some(driver.to_owned()),
        config: Some(bounds.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
    }
}

/// The log driver of a container that is not measured.
pub(super) fn default_log_config() -> HostConfigLogConfig {
    log_config(LOG_DRIVER)
}

pub(super) async fn start(docker: &Docker, id: &InstanceId) -> Result<(), EngineError> {
    match docker.start_container(&id.0, None::<StartContainerOptions>).await {
        Ok(()) => Ok(()),
        Err(e) => Err(failed(&format!("start instance {}", id.short()), e)),
    }
}

pub(super) async fn inspect(
    docker: &Docker,
    id: &InstanceId,
) -> Result<InstanceState, EngineError> {
    let found = docker.inspect_container(&id.0, None).await;
    let found = found.map_err(|e| failed(&format!("inspect instance {}", id.short()), e))?;
    let state = found.state.unwrap_or_default();
    // An engine says 0 for a process that has ended.
    let pid = state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
    let address = found.network_settings.and_then(address);
    Ok(InstanceState { pid, address, out_of_memory: state.oom_killed.unwrap_or(false) })
}

/// The address on the one network that an instance has; none on the host's, or when it
/// has ended.
fn address(settings: NetworkSettings) -> Option<IpAddr> {
    let endpoints = settings.networks.unwrap_or_default().into_values();
    endpoints.filter_map(|endpoint| endpoint.ip_address?.parse().ok()).next()
}

pub(super) async fn remove(
    docker: &Docker,
    brand: Brand,
    id: &InstanceId,
) -> Result<(), EngineError> {
    if brand == Brand::Podman {
        // A forced removal asks first, and waits ten seconds. What cannot be killed has ended.
        let _ = docker.kill_container(&id.0, None::<KillContainerOptions>).await;
    }
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
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LINES).build();
    let mut pieces = Box::pin(docker.logs(&id.0, Some(options)));
    let mut last: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| failed(&format!("read the output of {}", id.short()), e))?;
        last.extend_from_slice(piece.as_ref());
        last.drain(..last.len().saturating_sub(OUTPUT));
    }
    Ok(text_of_the_end(&last))
}

/// All that an instance wrote, as far as the engine keeps it, at most so many bytes from its
/// beginning.
pub(super) async fn whole_output(
    docker: &Docker,
    id: &InstanceId,
    most: usize,
) -> Result<Vec<u8>, EngineError> {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
    let mut pieces = Box::pin(docker.logs(&id.0, Some(options)));
    let mut all: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| failed(&format!("read the output of {}", id.short()), e))?;
        all.extend_from_slice(piece.as_ref());
        if all.len() >= most {
            all.truncate(most);
            break;
        }
    }
    Ok(all)
}

/// Where the root file system of an instance is mounted while it runs; none where the
/// storage driver does not tell.
pub(super) async fn root_folder(
    docker: &Docker,
    identity: &Identity,
    id: &InstanceId,
) -> Result<Option<PathBuf>, EngineError> {
    let found = docker.inspect_container(&id.0, None).await;
    let found = found.map_err(|e| failed(&format!("inspect instance {}", id.short()), e))?;
    let Some(storage) = found.graph_driver else { return Ok(None) };
    if let Some(merged) = storage.data.get("MergedDir").filter(|path| !path.is_empty()) {
        return Ok(Some(PathBuf::from(merged)));
    }
    if let (Brand::Podman, Some(upper)) = (identity.brand, storage.data.get("UpperDir")) {
        // It tells of the mount only while that is there.
        return Ok(Some(PathBuf::from(upper).with_file_name("merged")));
    }
    // Of containerd's snapshots it is not told: the engine mounts them in a folder of its own.
    let root = PathBuf::from(info::data_root(docker).await?).join("rootfs");
    Ok(identity.has_snapshots.then(|| root.join(storage.name).join(&id.0)))
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

pub(super) async fn list(
    docker: &Docker,
    brand: Brand,
    run: Option<&str>,
) -> Result<Vec<ListedInstance>, EngineError> {
    let label = run.map_or_else(|| LABEL_RUN.to_owned(), |run| format!("{LABEL_RUN}={run}"));
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let mut tries = 0;
    loop {
        match docker.list_containers(Some(options.clone())).await {
            Ok(found) => return Ok(found.into_iter().filter_map(read).collect()),
            // podman has a state between the end and the clean-up of a container that the
            // interface does not know: it passes.
            Err(Error::JsonDataError { .. } | Error::JsonSerdeError { .. })
                if brand == Brand::Podman && tries < PASSING =>
            {
                tries += 1;
                tokio::time::sleep(AGAIN).await;
            }
            Err(e) => return Err(failed("list the instances", e)),
        }
    }
}

fn read(summary: ContainerSummary) -> Option<ListedInstance> {
    let labels = summary.labels.unwrap_or_default();
    let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
    Some(ListedInstance {
        id: InstanceId(summary.id?),
        run: label(LABEL_RUN),
        function: label(LABEL_FUNCTION),
        maker: Maker::parse(&label(LABEL_MAKER)),
        running: summary.state == Some(ContainerSummaryStateEnum::RUNNING),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{CpuRule, EngineKind, Network, PageCache};
    use crate::text::units::Cpus;

    #[test]
    fn output_is_the_end_of_what_was_written() {
        let text = text_of_the_end("é".repeat(OUTPUT).as_bytes());
        assert!(text.len() <= OUTPUT && text.chars().all(|c| c == 'é'));
        assert!(text_of_the_end(&vec![0xff; OUTPUT]).len() <= OUTPUT);
    }

    #[test]
    fn how_an_instance_is_started_reaches_the_engine_and_what_is_not_said_is_the_images() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let mut spec = InstanceSpec {
            image: Default::default(),
            source: InstanceSource::Image("i".into()),
            factors: Factors::of_a_process(),
            processes: None,
            socket: None,
            env: Default::default(),
            launch: Launch::default(),
            launcher: None,
            labels: Default::default(),
        };
        let plain = body("i", &spec);
        assert_eq!((plain.cmd, plain.entrypoint, plain.working_dir), (None, None, None));
        assert_eq!((plain.user, plain.healthcheck), (None, Some(no_health_check())));
        assert_eq!(plain.host_config.unwrap().readonly_rootfs, None);
        spec.launch = Launch {
            command: words(&["app.handler"]),
            entrypoint: words(&["/e", "x y"]),
            workdir: Some("/srv".into()),
            read_only: false,
            lambda: true,
        };
        let started = body("i", &spec);
        assert_eq!(started.cmd, Some(words(&["app.handler"])));
        assert_eq!(started.entrypoint, Some(words(&["/e", "x y"])));
        assert_eq!(started.working_dir.as_deref(), Some("/srv"));
        assert_eq!(started.user.as_deref(), Some("993:990"));
        let host = started.host_config.unwrap();
        assert_eq!(host.readonly_rootfs, Some(true));
        assert!(host.tmpfs.unwrap()["/tmp"].contains("size=536870912"));
        assert_eq!(host.ulimits.unwrap()[0].hard, Some(1_024));
    }

    #[test]
    fn every_factor_reaches_the_engine() {
        let mut factors = Factors {
            engine: EngineKind::Docker,
            daemon: None,
            network: Network::Bridge,
            runtime: "runc".into(),
            start_from: None,
            cpus: None,
            cpu_rule: None,
            memory: 1 << 27,
            page_cache: PageCache::Warm,
            cgroup_moves: None,
            log_driver: "local".into(),
            node: None,
        };
        let config = host_config(&factors, Some(64));
        assert_eq!(config.pids_limit, Some(64));
        assert_eq!(config.memory, config.memory_swap, "no swap");
        assert_eq!((config.nano_cpus, config.cpu_quota), (None, None), "no quota unless asked");
        assert_eq!(config.runtime.as_deref(), Some("runc"));
        let bounded = |config: &HostConfig| {
            config.log_config.clone().unwrap().config.unwrap().contains_key("max-size")
        };
        assert!(bounded(&config));
        let options = config.log_config.unwrap().config.unwrap();
        assert_eq!(options["compress"], "false", "one file alone cannot be compressed");
        factors.cpus = Some(Cpus::from_cores(0.5).unwrap());
        (factors.network, factors.log_driver) = (Network::None, "none".into());
        let config = host_config(&factors, None);
        assert_eq!(config.pids_limit, None);
        assert_eq!(config.nano_cpus, Some(500_000_000));
        assert_eq!(config.network_mode.as_deref(), Some("none"));
        assert!(!bounded(&config));
        let under = |rule| Factors { cpus: None, cpu_rule: Some(rule), ..factors.clone() };
        let config = host_config(&under(CpuRule::LambdaProvisioned), None);
        assert_eq!((config.cpu_quota, config.cpu_period), (Some(1_447), Some(20_000)));
        let config = host_config(&under(CpuRule::Lambda), None);
        assert_eq!((config.cpu_quota, config.nano_cpus), (None, None), "until it is ready");
    }
}
