//! A root file system from Debian packages, where no registry answers.

use std::path::Path;

use super::command::{self, REACHED, installed};
use super::packages::{self, Family};
use super::{ProvisionError, Surroundings};
use crate::observer::{Observer, Work};
use crate::spec::function::Base;
use crate::system::child;

/// The program that makes it.
pub(super) const PROGRAM: &str = "mmdebstrap";

/// The most that is read of what apt lists, in bytes.
const LISTED: usize = 1 << 20;

/// What makes the image, the mirror aside: its digest is part of the image's tag.
///
/// Only what is essential, and what was asked for. Manuals go, their folders
/// stay: packages that link alternatives fail without them.
pub(super) fn recipe(base: &Base) -> Vec<String> {
    let options = [
        "--variant=essential",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=force-unsafe-io",
        "--aptopt=Acquire::Languages \"none\"",
        "--aptopt=APT::Install-Recommends \"false\"",
        // They are this machine's, not the image's.
        "--customize-hook=rm -f \"$1/etc/hostname\" \"$1/etc/resolv.conf\"",
    ];
    let mut recipe: Vec<String> = options.map(str::to_owned).to_vec();
    recipe.push(format!("--include={}", base.packages.join(",")));
    recipe.push(base.suite.clone());
    recipe
}

/// Makes the archive. Only with consent, and as root.
pub(super) async fn bootstrap(
    base: &Base,
    archive: &Path,
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<(), ProvisionError> {
    let doing = format!("bootstrap the base image `{}`", base.name);
    let log = around.make_state()?.join(format!("bootstrap-{}.log", base.name));
    let mut failure = None;
    // This machine's own mirrors first; without one the program takes Debian's.
    for mirror in mirrors().await.into_iter().map(Some).chain([None]) {
        let from = mirror.clone().unwrap_or_else(|| "Debian".to_owned());
        let what = format!("bootstrapping base `{}` ({}) from {from}", base.name, base.suite);
        let work = Work::begin(observer, &what);
        let mut command = vec![PROGRAM.to_owned()];
        command.extend(recipe(base));
        command.push(archive.display().to_string());
        command.extend(mirror);
        // An interrupt reaches it: it removes its temporary folder.
        match command::run(&doing, &command, &log, REACHED, &work).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                work.debug(&format!("{from} did not do: {error}"));
                failure = Some(error);
            }
        }
    }
    Err(failure.unwrap_or_else(|| ProvisionError::failed(doing, "no mirror is known")))
}

/// Installs the program where it is missing.
pub(super) async fn prepare(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<(), ProvisionError> {
    if installed(PROGRAM) {
        return Ok(());
    }
    let _lock = super::lock::take(around, observer).await?;
    if installed(PROGRAM) {
        return Ok(());
    }
    // Not every relative of Debian has Debian's keys.
    packages::install(&[PROGRAM, "debian-archive-keyring"], around, observer).await
}

/// Whether this machine can: the program is there, or can be installed.
pub(super) fn possible() -> bool {
    installed(PROGRAM) || packages::family() == Family::Debian
}

/// Where this machine gets Debian's packages from; nothing on another system.
async fn mirrors() -> Vec<String> {
    let format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
    let mut list = tokio::process::Command::new("apt-get");
    list.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let output = child::output(&mut list, LISTED).await;
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    mirrors_from(&text)
}

fn mirrors_from(targets: &str) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    let own = targets.lines().filter_map(|line| line.strip_prefix("Debian Debian "));
    for mirror in own {
        let mirror = mirror.trim().trim_end_matches('/').to_owned();
        if !mirrors.contains(&mirror) {
            mirrors.push(mirror);
        }
    }
    mirrors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_of_debian_is_told_from_others() {
        let targets = "Ubuntu Ubuntu http://mirror.lan/ubuntu/\n\
                       Debian Debian http://mirror.lan/debian/\n\
                       Debian Debian http://mirror.lan/debian/\n\
                       Debian Debian-Security http://mirror.lan/security/\n";
        assert_eq!(mirrors_from(targets), ["http://mirror.lan/debian"]);
        assert_eq!(mirrors_from(""), [""; 0]);
    }
}
