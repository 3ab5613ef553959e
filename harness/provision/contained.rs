//! Whether this program runs in a container of its own image, and what of the machine that keeps from it.
//!
//! What an engine mounts is of its own machine: what it is to mount must be at the same path
//! here and there. Which flags a container needs for what: decision 0100.

use std::fs;
use std::path::Path;

use super::own_image::{CONTAINED, SHARED, STATE};
use crate::engine::Engine;
use crate::spec::factor::{Combination, Network};

/// What a container lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// The machine's networks.
    Network,
    /// The machine's processes.
    Processes,
    /// The machine's cgroups.
    Cgroups,
    /// The folder that it shares with the engine.
    Shared,
    /// That of what is executed.
    State,
}

impl Lack {
    /// The flags of `docker run` that give it.
    fn flags(self) -> String {
        match self {
            Self::Network => "--network host".to_owned(),
            Self::Processes => "--pid host".to_owned(),
            Self::Cgroups => "--cgroupns host -v /sys/fs/cgroup:/sys/fs/cgroup:ro".to_owned(),
            Self::Shared => format!("-v {SHARED}:{SHARED}"),
            Self::State => format!("-v {STATE}:{STATE}"),
        }
    }

    /// What there is not without it.
    fn costs(self) -> &'static str {
        match self {
            Self::Network => "nothing can be measured on the networks `bridge` and `host`",
            Self::Processes => {
                "nothing can be measured on `host`, and phases of the engine are told as one"
            }
            Self::Cgroups => "what instances use is not known",
            Self::Shared => "nothing can be measured without a network",
            Self::State => "no image with external extensions can be measured",
        }
    }
}

/// A container that this program runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    lacks: Vec<Lack>,
}

impl Container {
    /// The one of our own image that this process is in; none anywhere else: a machine may be a
    /// container itself, with an engine in it.
    pub async fn look(engine: &impl Engine) -> Option<Self> {
        std::env::var_os(CONTAINED)?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        // Its address is here where its networks are: it may have networks of its own itself.
        let is_there = engine.listen(Network::Bridge.into()).await.is_ok();
        let has = [
            (Lack::Network, is_there),
            (Lack::Processes, is_first("pid", 0xefff_fffc)),
            (Lack::Cgroups, is_first("cgroup", 0xefff_fffb) && has_cgroups(&mounts)),
            (Lack::Shared, is_shared(&mounts, SHARED)),
            (Lack::State, is_shared(&mounts, STATE)),
        ];
        Some(Self { lacks: has.iter().filter(|(_, has)| !has).map(|(lack, _)| *lack).collect() })
    }

    /// What is not to be had, and the flags that would give it; none where nothing is missing.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let each = |lack: &Lack| format!("without `{}` {}", lack.flags(), lack.costs());
        let told: Vec<String> = self.lacks.iter().map(each).collect();
        (!told.is_empty()).then(|| {
            format!("this container is kept from the machine that it measures: {}", told.join("; "))
        })
    }

    /// Checks that instances on every network can be measured from here.
    ///
    /// # Errors
    /// Names the first combination that cannot, and the flags that it needs.
    pub fn check(&self, combinations: &[Combination]) -> Result<(), String> {
        for combination in combinations {
            let needs: &[Lack] = match combination.network.unwrap_or(Network::Bridge) {
                Network::Bridge => &[Lack::Network],
                // Who calls is told by the process that has the connection.
                Network::Host => &[Lack::Network, Lack::Processes],
                Network::None => &[Lack::Shared],
            };
            let missing: Vec<String> =
                needs.iter().filter(|l| self.lacks.contains(l)).map(|l| l.flags()).collect();
            if !missing.is_empty() {
                return Err(format!(
                    "`{combination}` cannot be measured from this container: start it with `{}`",
                    missing.join(" ")
                ));
            }
        }
        Ok(())
    }
}

/// Whether this process is in the kernel's first namespace of a kind, whose number is the same
/// on every machine (`include/linux/proc_ns.h`).
fn is_first(kind: &str, number: u64) -> bool {
    let link = fs::read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
    link.to_string_lossy() == format!("{kind}:[{number}]")
}

/// Whether a hierarchy of cgroups is mounted from its top.
fn has_cgroups(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ');
        let is_top = fields.nth(3) == Some("/");
        is_top && line.contains(" - cgroup")
    })
}

/// Whether the shared folder is the machine's: mounted, and of that name there too. A volume of
/// the engine's has another. One that is a file system of its own has none.
fn is_shared(mounts: &str, folder: &str) -> bool {
    let name = Path::new(folder).file_name();
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, at) = (fields.next().unwrap_or_default(), fields.next());
        at == Some(folder) && (root == "/" || Path::new(root).file_name() == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_cannot_be_measured_is_refused_with_the_flags_that_it_needs() {
        let on = |network| [Combination::on(network)];
        let bare =
            Container { lacks: vec![Lack::Network, Lack::Processes, Lack::Cgroups, Lack::Shared] };
        let error = bare.check(&on(Network::Host)).unwrap_err();
        assert!(error.starts_with("`host` cannot"), "{error}");
        assert!(error.ends_with("`--network host --pid host`"), "{error}");
        let error = bare.check(&on(Network::None)).unwrap_err();
        assert!(error.ends_with("`-v /run/coldstart:/run/coldstart`"), "{error}");
        let told = bare.told().unwrap();
        assert!(told.contains("`--pid host`") && told.contains("--cgroupns host"), "{told}");
        let some = Container { lacks: vec![Lack::Processes] };
        assert!(some.check(&on(Network::Host)).is_err());
        assert_eq!(some.check(&[on(Network::Bridge), on(Network::None)].concat()), Ok(()));
        assert_eq!(Container { lacks: Vec::new() }.told(), None);
    }

    #[test]
    fn the_machines_own_folder_is_known_from_a_volume() {
        let line = |root: &str| format!("9 1 0:25 {root} {SHARED} rw - tmpfs tmpfs rw\n");
        let is_shared = |mounts: &str| is_shared(mounts, SHARED);
        assert!(is_shared(&line("/coldstart")) && is_shared(&line("/run/coldstart")));
        assert!(!is_shared(&line("/var/lib/docker/volumes/x/_data")) && !is_shared(""));
        let cgroup = |root: &str| format!("9 1 0:25 {root} /sys/fs/cgroup/cpu ro - cgroup c rw\n");
        assert!(has_cgroups(&cgroup("/")) && !has_cgroups(&cgroup("/docker/0123")));
    }
}
