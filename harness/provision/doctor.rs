//! What is there and what is not: findings with cures. Changes nothing.

use std::sync::Arc;

use serde::Serialize;

use super::command::{installed, is_root};
use super::contained::Container;
use super::daemon::DAEMON;
use super::engine::{Startable, look};
use super::packages::{self, Family};
use super::{Surroundings, bases, bootstrap, daemon};
use crate::clock::Clock;
use crate::engine::docker::DockerEngine;
use crate::engine::oci::{self, OciEngine};
use crate::engine::{Engine, EngineInfo};
use crate::probe::exec_trace::netlink::Listener;
use crate::probe::socket_trace::SocketTrace;
use crate::probe::{cgroup_moves, page_cache};
use crate::provision::images;
use crate::spec::function::Function;
use crate::store::Origin;
use crate::system::maker::Life;
use crate::text::units::{format_ns, format_size};

/// Images, logs and a run's results need about this much, in bytes.
const DISK: u64 = 3 << 30;

/// What to type for images that are not here yet. Without consent it would do
/// where a registry answers, which is not known before it is asked.
const GET_IMAGES: &str = "`coldstart build --provision` gets and builds what is missing";

/// One fact about this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether a run can do with it as it is.
    pub ok: bool,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub detail: String,
    /// What to type, when it is not ok.
    pub cure: Option<String>,
}

impl Finding {
    fn new(ok: bool, what: impl Into<String>, detail: impl Into<String>, cure: &str) -> Self {
        let cure = (!ok && !cure.is_empty()).then(|| cure.to_owned());
        Self { ok, what: what.into(), detail: detail.into(), cure }
    }
}

/// Looks at everything that a run needs.
pub async fn inspect(around: &Surroundings, functions: &[Function]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut folders = Vec::new();
    match look(around).await {
        Ok(engine) => {
            findings.push(engine_finding(&engine).await);
            findings.extend(means());
            findings
                .extend(Container::look(&engine).await.map(|container| of_container(&container)));
            findings.extend(image_findings(&engine, functions).await);
            folders.extend(engine.data_root().await.ok());
            // Those of the engine, and those that are made without it.
            if let Ok(all) = OciEngine::new(Arc::new(engine), &around.state, &[]) {
                findings.extend(left_over(&all).await);
            }
        }
        Err(absent) => {
            let cure = absent.cure(is_root(), packages::family(), Startable::here());
            findings.push(Finding::new(false, "engine", absent.missing(), &cure));
            findings.extend(means());
        }
    }
    findings.push(private(around));
    findings.push(without_daemon().await);
    findings.extend([kernel_events(), socket_events(), page_cache(), cgroup_moves().await]);
    folders.push(existing(&around.state));
    findings.extend(folders.iter().filter_map(|folder| disk(folder)));
    findings
}

/// What of the machine a container is kept from.
fn of_container(container: &Container) -> Finding {
    let detail = container.told().unwrap_or_else(|| "it has all of the machine".to_owned());
    Finding::new(true, "container", detail, "")
}

/// A run does without, and says which phases are merged.
fn kernel_events() -> Finding {
    let detail = match Listener::subscribe() {
        Ok(_) => "heard: a start is split process by process".to_owned(),
        Err(reason) => format!("not heard, so phases of the engine are merged: {reason}"),
    };
    Finding::new(true, "kernel events", detail, "")
}

/// A run does without: what listens is then tried again and again.
fn socket_events() -> Finding {
    let detail = match SocketTrace::start(Clock::start()) {
        Ok(_) => "heard: what listens is ready by the kernel's own stamp".to_owned(),
        Err(reason) => {
            format!("not heard, so what listens is ready as a loop of 1 ms finds it: {reason}")
        }
    };
    Finding::new(true, "socket events", detail, "")
}

/// A run does without, unless a cold page cache is asked for.
fn page_cache() -> Finding {
    let detail = match page_cache::can_evict().and_then(|()| page_cache::can_drop_host()) {
        Ok(()) => "can be made cold".to_owned(),
        Err(reason) => format!("cannot be made cold: {reason}"),
    };
    Finding::new(true, "page cache", detail, "")
}

/// A run does without; it is a part of every start that comes alone.
async fn cgroup_moves() -> Finding {
    let detail = match tokio::task::spawn_blocking(cgroup_moves::waits).await {
        Ok(Ok(wait)) if cgroup_moves::is_free(wait) => "wait for nothing".to_owned(),
        Ok(Ok(wait)) => format!(
            "wait {} after a quiet time, within every start that comes alone: `--cgroup-moves \
             favordynmods` measures without",
            format_ns(wait.as_nanos() as f64)
        ),
        Ok(Err(reason)) => format!("how long they wait is not known: {reason}"),
        Err(error) => format!("how long they wait is not known: {error}"),
    };
    Finding::new(true, "moves between cgroups", detail, "")
}

async fn engine_finding(engine: &DockerEngine) -> Finding {
    match engine.describe().await {
        Ok(info) => Finding::new(true, "engine", described(&info), ""),
        Err(error) => Finding::new(false, "engine", error.to_string(), "restart it"),
    }
}

fn described(info: &EngineInfo) -> String {
    format!(
        "{} {} at {}, API {}, {}, storage {}, cgroups {}",
        info.kind,
        info.version,
        info.address,
        info.api_version,
        info.oci_runtime,
        info.storage_driver,
        info.cgroups
    )
}

/// The means to get what is missing. None of them is needed when nothing is.
fn means() -> [Finding; 4] {
    let told = |program: &str| match (installed(program), packages::family()) {
        (true, _) => "installed",
        (false, Family::Debian) => "not installed: `--provision` does that when it is needed",
        (false, Family::Other) => "not installed",
    };
    let user = if is_root() { "root" } else { "not root: nothing can be installed or started" };
    [
        Finding::new(true, "user", user, ""),
        Finding::new(true, DAEMON, told(DAEMON), ""),
        Finding::new(true, bootstrap::PROGRAM, told(bootstrap::PROGRAM), ""),
        Finding::new(true, "registry", "not asked before an image is missing", ""),
    ]
}

/// Instances that carry our label. A run can be done with them there.
async fn left_over(engine: &impl Engine) -> Option<Finding> {
    let found = engine.instances(None).await.ok()?;
    let left = found.iter().filter(|found| found.life() == Life::Dead).count();
    let others = found.len() - left;
    let mut parts = Vec::new();
    if left > 0 {
        parts.push(format!("{left} of killed runs (`coldstart clean` removes them)"));
    }
    if others > 0 {
        parts.push(format!("{others} of runs that live, or may"));
    }
    let detail = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
    Some(Finding::new(true, "instances", detail, ""))
}

async fn image_findings(engine: &DockerEngine, functions: &[Function]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for base in functions.iter().flat_map(Function::bases) {
        let what = format!("base `{}`", base.name);
        if findings.iter().any(|f| f.what == what) {
            continue;
        }
        let found = bases::present(engine, base).await.ok().flatten();
        let detail = found.as_ref().map_or_else(|| "not here yet".to_owned(), origin);
        findings.push(Finding::new(found.is_some(), what, detail, GET_IMAGES));
    }
    for function in functions {
        let found = images::present(engine, function).await;
        let detail = found.clone().unwrap_or_else(|| "not built yet".to_owned());
        let what = format!("function `{}`", function.name);
        findings.push(Finding::new(found.is_some(), what, detail, GET_IMAGES));
    }
    findings
}

/// Where a base came from, without the digest that `functions.toml` pins.
fn origin(image: &bases::BaseImage) -> String {
    let name = image.reference.split('@').next().unwrap_or_default();
    let how = match image.origin {
        Origin::Pulled => "pulled",
        Origin::Bootstrapped => "bootstrapped",
        Origin::Fake => "simulated",
    };
    format!("{name}, {how}")
}

/// A run does without, unless it is asked for.
async fn without_daemon() -> Finding {
    let detail = match oci::found().await {
        Ok(runtimes) => format!("`--engine oci` can be had: {runtimes}"),
        Err(reason) => format!("`--engine oci` cannot be had: {reason}"),
    };
    Finding::new(true, "OCI runtimes", detail, "")
}

fn private(around: &Surroundings) -> Finding {
    let detail = match daemon::private_pid(around) {
        Some(pid) => format!("runs, process {pid}: `coldstart clean --engine` stops it"),
        None => "not running".to_owned(),
    };
    Finding::new(true, "private engine", detail, "")
}

/// The folder, or the nearest above it that exists.
fn existing(folder: &std::path::Path) -> String {
    let there = folder.ancestors().find(|f| f.exists());
    there.map_or_else(|| "/".to_owned(), |f| f.display().to_string())
}

fn disk(folder: &str) -> Option<Finding> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let detail = format!("{} free under {folder}", format_size(free));
    let cure = format!("make room: images and results need about {}", format_size(DISK));
    Some(Finding::new(free >= DISK, "disk", detail, &cure))
}
