//! Debian packages: whether this machine has them, and installing them.

use super::command::{self, SPARED};
use super::{ProvisionError, Surroundings};
use crate::observer::{Observer, Work};

/// What `/etc/os-release` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Debian itself, Ubuntu, or one that says it is like them.
    Debian,
    /// Something else.
    Other,
}

/// The family of this machine.
pub(super) fn family() -> Family {
    let read = |file: &str| std::fs::read_to_string(file).ok();
    let text = read("/etc/os-release").or_else(|| read("/usr/lib/os-release"));
    family_of(&text.unwrap_or_default())
}

fn family_of(os_release: &str) -> Family {
    let named = os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(key.trim(), "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim().trim_matches(['"', '\'']).split(' '))
        .any(|id| matches!(id, "debian" | "ubuntu"));
    if named { Family::Debian } else { Family::Other }
}

/// Installs packages with apt. Only with consent, and as root.
pub(super) async fn install(
    packages: &[&str],
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<(), ProvisionError> {
    let names = packages.join(" ");
    let doing = format!("install {names}");
    let log = around.make_state()?.join("apt.log");
    let update = ["apt-get", "update"].map(str::to_owned);
    // A failed update is no reason to stop: one dead source among many fails it,
    // and the lists may be good enough.
    let lists = Work::begin(observer, "updating the lists of apt");
    let updated = command::run("update the lists of apt", &update, &log, SPARED, &lists).await;
    drop(lists);
    if let Err(error) = updated {
        observer.warn(&error.to_string());
    }
    // Somebody else may hold apt's lock on a machine that has just booted.
    let options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
    let install: Vec<String> = ["apt-get", "install"]
        .into_iter()
        .chain(options)
        .chain(packages.iter().copied())
        .map(str::to_owned)
        .collect();
    let work = Work::begin(observer, &format!("installing {names} with apt"));
    command::run(&doing, &install, &log, SPARED, &work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n";
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\n";
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        let fedora = "ID=fedora\nPRETTY_NAME=\"not debian\"\n";
        assert_eq!(family_of(debian), Family::Debian);
        assert_eq!(family_of(ubuntu), Family::Debian);
        assert_eq!(family_of(mint), Family::Debian);
        assert_eq!(family_of(fedora), Family::Other);
        assert_eq!(family_of(""), Family::Other);
    }
}
