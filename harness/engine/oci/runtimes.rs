//! The OCI runtimes of this machine: by name where programs are looked for, or by path.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::spec::factor::Network;
use crate::system::child;
use crate::text::sanitize::printable_line;

/// Those that are looked for where none is named; the first that is there is the default.
const KNOWN: [&str; 4] = ["runc", "crun", "youki", "runsc"];
/// Those that are compatible in all that an instance is started under, the one first that takes
/// least of a start (`results/engines`).
pub(super) const BY_SHARE: [&str; 2] = ["crun", "runc"];
/// Where system programs are that a user's own search may leave out.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// The most that is read of what one prints of its version.
const PRINTED: usize = 4096;
/// How long it may take to print that.
const LIMIT: Duration = Duration::from_secs(10);

/// Runtimes by the names that they are asked for.
pub(super) fn find(asked: &[String]) -> BTreeMap<String, PathBuf> {
    let names = KNOWN.into_iter().chain(asked.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), path_of(name)?))).collect()
}

/// Their names, the default one first: what was asked for is none.
pub(super) fn in_order(found: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let known = KNOWN.into_iter().filter(|name| found.contains_key(*name)).map(str::to_owned);
    let others = found.keys().filter(|name| !KNOWN.contains(&name.as_str())).cloned();
    known.chain(others).collect()
}

/// What is said where there is none.
pub(super) fn missing() -> String {
    format!(
        "no OCI runtime is found: looked for {}; install one, such as `apt-get install runc`, or \
         name one by its path with --runtimes",
        KNOWN.join(", ")
    )
}

fn path_of(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(std::path::absolute(name).ok()?).filter(|path| is_program(path));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether a runtime is one of a kind, by the beginning of its file's name.
pub(super) fn is_a(runtime: &Path, kind: &str) -> bool {
    let name = runtime.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(kind))
}

/// What a runtime is told besides, whatever it is to do, to start what the others start: one
/// that has a kernel of its own has a network of its own, too, and lets nobody out to a socket
/// of this machine.
pub(super) fn options(runtime: &Path, network: Network) -> &'static [&'static str] {
    match (is_a(runtime, "runsc"), network) {
        (false, _) => &[],
        (true, Network::None) => &["--network=host", "--host-uds=all"],
        (true, Network::Host | Network::Bridge) => &["--network=host"],
    }
}

/// Whether a runtime leaves nothing but what is in the container's cgroup and in the folders
/// that it was given: others are asked to remove what they made.
pub(super) fn leaves_nothing(runtime: &Path) -> bool {
    let name = runtime.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| ["runc", "crun"].contains(&name))
}

/// The version of a runtime, as far as it tells.
pub(super) async fn version(runtime: &Path) -> String {
    let mut command = Command::new(runtime);
    command.arg("--version");
    let printed = tokio::time::timeout(LIMIT, child::output(&mut command, PRINTED)).await;
    let Ok(Ok(printed)) = printed else { return "unknown".to_owned() };
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let line = text.lines().next().unwrap_or_default();
    let version = line.split_once("version").map_or(line, |(_, version)| version);
    match printable_line(version.trim_matches([' ', ':']), 60) {
        version if version.is_empty() => "unknown".to_owned(),
        version => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_found_by_its_path_and_what_is_no_program_is_none() {
        let home = tempfile::tempdir().unwrap();
        let (program, text) = (home.path().join("own"), home.path().join("text"));
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        std::fs::write(&text, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let asked = [&program, &text, &home.path().to_owned(), &home.path().join("none")];
        let asked = asked.map(|path| path.display().to_string());
        let found = find(&asked);
        assert_eq!(found.get(&asked[0]), Some(&program));
        assert!(asked[1..].iter().all(|name| !found.contains_key(name)), "{found:?}");
        assert_eq!(in_order(&found).last(), Some(&asked[0]));
        assert!(path_of("no such runtime").is_none());
    }

    #[test]
    fn what_a_runtime_is_told_besides_goes_by_its_name() {
        let of = |path, network| options(Path::new(path), network);
        assert_eq!(of("/usr/sbin/runc", Network::None), [""; 0]);
        assert_eq!(of("/opt/runsc-2025", Network::Host), ["--network=host"]);
        assert_eq!(of("runsc", Network::None), ["--network=host", "--host-uds=all"]);
    }

    #[tokio::test]
    async fn whatever_a_runtime_prints_of_its_version_is_one_line() {
        let home = tempfile::tempdir().unwrap();
        let of = async |script: &str| {
            let program = home.path().join("runtime");
            std::fs::write(&program, format!("#!/bin/sh\n{script}")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            version(&program).await
        };
        assert_eq!(of("echo warning >&2; echo runc version 1.1.5; echo spec: 1").await, "1.1.5");
        assert_eq!(of("echo 'crun version: 1.8'").await, "1.8");
        assert_eq!(of("exit 1").await, "unknown");
        assert_eq!(version(Path::new("/no/such/runtime")).await, "unknown");
    }
}
