//! Which engine speaks Docker's interface: its brand, its version, and its own id.

use bollard::Docker;
use bollard::models::{SystemInfo, SystemVersion};
use strum::Display;

use super::failure::failed;
use crate::engine::EngineError;

/// Who speaks Docker's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Brand {
    Docker,
    Podman,
}

impl Brand {
    pub(super) fn of(version: &SystemVersion) -> Self {
        let parts = version.components.iter().flatten();
        match parts.into_iter().any(|part| part.name.starts_with("Podman")) {
            true => Self::Podman,
            false => Self::Docker,
        }
    }
}

/// What does not change as long as an engine is the same one.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) brand: Brand,
    /// The same however it is reached.
    pub(super) key: String,
    /// Whether it may only remove one instance at a time.
    pub(super) takes_turns: bool,
    /// Of an engine on another machine: its kernel.
    pub(super) elsewhere: Option<String>,
    /// Whether its images are in containerd's store, and not in one of its own.
    pub(super) has_snapshots: bool,
}

/// What such an engine says of its storage.
const SNAPSHOTTER: &str = "io.containerd.snapshotter";

pub(super) async fn ask(docker: &Docker, address: &str) -> Result<Identity, EngineError> {
    let doing = format!("ask the engine at {address} which it is");
    let version = docker.version().await.map_err(|e| failed(&doing, e))?;
    let info = docker.info().await.map_err(|e| failed(&doing, e))?;
    Ok(identity(&version, info, address))
}

fn identity(version: &SystemVersion, info: SystemInfo, address: &str) -> Identity {
    let brand = Brand::of(version);
    let storage = info.driver_status.iter().flatten().flatten();
    let has_snapshots = storage.into_iter().any(|word| word.starts_with(SNAPSHOTTER));
    let kernel = rustix::system::uname();
    let kernel = kernel.release().to_string_lossy();
    let elsewhere = info.kernel_version.filter(|theirs| !theirs.is_empty() && *theirs != kernel);
    let id = info.id.filter(|id| !id.is_empty());
    let key = match brand {
        Brand::Docker => id,
        // It says another one whenever it is asked.
        Brand::Podman => None,
    };
    let takes_turns = brand == Brand::Docker && may_lock_up(&version.version);
    let key = key.unwrap_or_else(|| address.to_owned());
    Identity { brand, key, takes_turns, elsewhere, has_snapshots }
}

/// Whether it is older than 20.10.27; a version that cannot be read may be.
fn may_lock_up(version: &Option<String>) -> bool {
    let version = version.as_deref().unwrap_or_default();
    let digits = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let parts: Option<Vec<u32>> = version.splitn(3, '.').map(digits).collect();
    parts.is_none_or(|parts| parts < vec![20, 10, 27])
}

#[cfg(test)]
mod tests {
    use bollard::models::SystemVersionComponents;

    use super::*;

    fn version(component: &str, version: &str) -> SystemVersion {
        let component =
            SystemVersionComponents { name: component.to_owned(), ..Default::default() };
        let (components, version) = (Some(vec![component]), Some(version.to_owned()));
        SystemVersion { components, version, ..SystemVersion::default() }
    }

    #[test]
    fn only_engines_that_may_lock_up_take_turns() {
        let old = ["20.10.24+dfsg1", "20.10.5", "19.03.15", "", "dev", "20.10.26-ce"];
        assert!(old.iter().all(|version| may_lock_up(&Some((*version).to_owned()))));
        let new = ["20.10.27", "23.0.1", "26.1.5+dfsg1", "28.5.2", "29.0.0-rc.1"];
        assert!(!new.iter().any(|version| may_lock_up(&Some((*version).to_owned()))));
        let podman = identity(&version("Podman Engine", "5.4.2"), SystemInfo::default(), "a");
        assert!(podman.brand == Brand::Podman && !podman.takes_turns);
    }

    #[test]
    fn containerds_store_is_known_by_what_is_said_of_the_storage() {
        let of = |word: &str| {
            let status = vec![vec!["driver-type".to_owned(), word.to_owned()]];
            let info = SystemInfo { driver_status: Some(status), ..SystemInfo::default() };
            identity(&version("Engine", "26.1.5"), info, "a").has_snapshots
        };
        assert!(of("io.containerd.snapshotter.v1") && !of("extfs"));
    }

    #[test]
    fn an_engine_with_another_kernel_is_on_another_machine() {
        let of = |kernel: Option<String>| {
            let info = SystemInfo { kernel_version: kernel, ..SystemInfo::default() };
            identity(&version("Engine", "26.1.5"), info, "a").elsewhere
        };
        let own = rustix::system::uname().release().to_string_lossy().into_owned();
        assert_eq!((of(Some(own)), of(None)), (None, None));
        assert_eq!(of(Some("4.4.0-no".to_owned())).as_deref(), Some("4.4.0-no"));
    }

    #[test]
    fn an_engine_is_the_same_one_however_it_is_reached() {
        let info = || SystemInfo { id: Some("an-id".to_owned()), ..SystemInfo::default() };
        let key = |name, address| identity(&version(name, "20.10.24"), info(), address).key;
        assert_eq!(key("Engine", "unix:///a.sock"), "an-id");
        assert_eq!(key("Engine", "unix:///a.sock"), key("Engine", "tcp://127.0.0.1:2375"));
        assert_eq!(key("Podman Engine", "unix:///a.sock"), "unix:///a.sock");
    }
}
