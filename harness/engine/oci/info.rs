//! What this machine is and offers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};
use strum::VariantArray;

use super::config::{Machine, SPECIFICATION};
use super::{runtimes, seccomp};
use crate::engine::EngineInfo;
use crate::probe::cgroup::{self, Version};
use crate::spec::factor::HEARD;
use crate::spec::factor::{
    Capabilities, CpuQuota, CpuRule, EngineKind, LogDriver, MemoryLimit, Network, OciRuntime,
    StartFrom,
};

/// The most open files where there is no limit: Docker's own figure.
const OPEN_FILES: u64 = 1_048_576;

/// Reads what a configuration needs to know.
///
/// # Errors
/// When the profile of system calls is broken.
pub(super) fn machine() -> Result<Machine, String> {
    let system = rustix::system::uname();
    let kernel = system.release().to_string_lossy();
    Ok(Machine {
        hostname: system.nodename().to_string_lossy().into_owned(),
        seccomp: seccomp::dockers(std::env::consts::ARCH, &kernel)?.written()?,
        limits_swap: limits_swap(),
        unified: cgroup::version() == Version::V2,
        open_files: getrlimit(Resource::Nofile).maximum.unwrap_or(OPEN_FILES),
    })
}

/// In version 1 it can be switched off; version 2 limits it by itself.
fn limits_swap() -> bool {
    let has = |at: &cgroup::Hierarchy| at.point.join("memory.memsw.limit_in_bytes").exists();
    cgroup::version() == Version::V2 || cgroup::hierarchies().iter().any(has)
}

/// What it says of itself.
pub(super) async fn describe(
    found: &BTreeMap<String, PathBuf>,
    machine: &Machine,
    state: &Path,
) -> EngineInfo {
    let names = runtimes::in_order(found);
    let runtime = match names.first().and_then(|name| Some((name, found.get(name)?))) {
        Some((name, path)) => format!("{name} {}", runtimes::version(path).await),
        None => "unknown".to_owned(),
    };
    let version = if machine.unified { "cgroupfs v2" } else { "cgroupfs v1" };
    EngineInfo {
        kind: EngineKind::Oci.to_string(),
        version: runtime.clone(),
        api_version: SPECIFICATION.to_owned(),
        oci_runtime: runtime,
        oci_programs: programs(found),
        storage_driver: "overlay".to_owned(),
        cgroups: version.to_owned(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
        address: state.display().to_string(),
        offers: offers(names),
        callback: None,
        daemons: BTreeMap::new(),
    }
}

fn programs(found: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    let file = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
    found.iter().filter_map(|(name, path)| Some((name.clone(), file(path)?))).collect()
}

fn offers(runtimes: Vec<String>) -> Capabilities {
    Capabilities::default()
        .with::<Network>(Network::VARIANTS.iter().map(ToString::to_string).collect())
        .with::<OciRuntime>(runtimes.into_iter().collect())
        .with::<StartFrom>(true.into())
        .with::<CpuQuota>(true.into())
        .with::<CpuRule>(true.into())
        .with::<MemoryLimit>(true.into())
        .with::<LogDriver>([HEARD].into_iter().collect())
}
