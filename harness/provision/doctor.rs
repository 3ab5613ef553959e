//! What is there and what is not: findings with cures. Changes nothing.

use super::command::{installed, is_root};
use super::engine::{DAEMON, look};
use super::packages;
use super::{Surroundings, bases, bootstrap, daemon};
use crate::engine::docker::DockerEngine;
use crate::engine::{Engine, EngineInfo};
use crate::functions::Function;
use crate::images;
use crate::units::format_mib;

/// Images, logs and a run's results need about this much, in bytes.
const DISK: u64 = 3 << 30;

/// One fact about this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    match look(around, &|_| ()).await {
        Ok(engine) => {
            findings.push(engine_finding(&engine).await);
            findings.extend(means());
            findings.extend(left_over(&engine).await);
            findings.extend(image_findings(&engine, functions).await);
            findings.extend(disk(&engine.data_root().await.unwrap_or_default()));
        }
        Err(absent) => {
            let cure = absent.cure(is_root(), packages::family(), installed(DAEMON));
            findings.push(Finding::new(false, "engine", absent.tried.join(", "), &cure));
            findings.extend(means());
        }
    }
    findings.push(private(around));
    findings.extend(disk(&existing(&around.state)));
    findings
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
    let told = |yes: bool| if yes { "installed" } else { "not installed" };
    let user = if is_root() { "root" } else { "not root: nothing can be installed or started" };
    [
        Finding::new(true, "user", user, ""),
        Finding::new(true, DAEMON, told(installed(DAEMON)), ""),
        Finding::new(true, bootstrap::PROGRAM, told(installed(bootstrap::PROGRAM)), ""),
        Finding::new(true, "registry", "unknown until something is pulled", ""),
    ]
}

async fn left_over(engine: &DockerEngine) -> Option<Finding> {
    let found = engine.instances(None).await.ok()?;
    let detail = match found.len() {
        0 => "none".to_owned(),
        n => format!("{n} of runs that were killed, or that still run"),
    };
    Some(Finding::new(found.is_empty(), "left-over instances", detail, "`coldstart clean`"))
}

async fn image_findings(engine: &DockerEngine, functions: &[Function]) -> Vec<Finding> {
    let cure = "`coldstart run` gets it";
    let mut findings: Vec<Finding> = Vec::new();
    for base in functions.iter().flat_map(|f| f.bases.values()) {
        let what = format!("base `{}`", base.name);
        if findings.iter().any(|f| f.what == what) {
            continue;
        }
        let found = bases::present(engine, base).await.ok().flatten();
        let detail = found.as_ref().map_or("missing", |image| image.reference.as_str()).to_owned();
        findings.push(Finding::new(found.is_some(), what, detail, cure));
    }
    for function in functions {
        let found = images::present(engine, function).await;
        let detail = found.clone().unwrap_or_else(|| "missing".to_owned());
        let what = format!("function `{}`", function.name);
        findings.push(Finding::new(found.is_some(), what, detail, "`coldstart run` builds it"));
    }
    findings
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
    let what = format!("disk under {folder}");
    let cure = format!("free {} at least", format_mib(DISK));
    Some(Finding::new(free >= DISK, what, format!("{} free", format_mib(free)), &cure))
}
