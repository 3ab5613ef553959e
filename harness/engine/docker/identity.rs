//! Which engine speaks Docker's interface: its brand, its version, and its own id.

use bollard::Docker;
use bollard::models::{SystemInfo, SystemVersion};
use strum::Display;

use super::failure::failed;
use crate::engine::EngineError;
use crate::text::sanitize::printable;

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
    /// Of an engine on another machine: its name and its kernel.
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
    let elsewhere = elsewhere(&info, address);
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

/// Which other machine it is on, if it is: one of another kernel or, where it is not reached by
/// a socket of this one, of another name. Machines of a kind have the same kernel.
fn elsewhere(info: &SystemInfo, address: &str) -> Option<String> {
    let own = rustix::system::uname();
    let differs = |theirs: &Option<String>, own: &std::ffi::CStr| {
        theirs.as_deref().is_some_and(|name| !name.is_empty() && name.as_bytes() != own.to_bytes())
    };
    let is_near = address.starts_with("unix://");
    let is_other = differs(&info.kernel_version, own.release())
        || !is_near && differs(&info.name, own.nodename());
    let told = |name: &Option<String>| printable(name.as_deref().unwrap_or("unknown"), 64);
    is_other.then(|| format!("{}, kernel {}", told(&info.name), told(&info.kernel_version)))
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
    fn an_engine_with_another_kernel_or_far_away_with_another_name_is_on_another_machine() {
        let own = rustix::system::uname();
        let [kernel, name] =
            [own.release(), own.nodename()].map(|text| text.to_string_lossy().into_owned());
        let of = |kernel: &str, name: &str, address: &str| {
            let [kernel_version, name] = [kernel, name].map(|text| Some(text.to_owned()));
            elsewhere(&SystemInfo { kernel_version, name, ..SystemInfo::default() }, address)
        };
        let (near, far) = ("unix:///a.sock", "tcp://10.0.0.7:2376");
        assert_eq!((of(&kernel, &name, near), of(&kernel, &name, far)), (None, None));
        assert_eq!((of("", "", far), of(&kernel, "in-a-container", near)), (None, None));
        for (other, name, address) in [
            ("4.4.0-no", &*name, near),
            (&*kernel, "lab-7", far),
            (&*kernel, "lab-7", "ssh://lab-7"),
        ] {
            let told = of(other, name, address).unwrap();
            assert_eq!(told, format!("{name}, kernel {other}"));
        }
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
