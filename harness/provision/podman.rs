//! podman's service as an engine of our own: where Docker is not to be had and podman is. All
//! that it keeps lies in one folder.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use super::daemon::{arguments_of, end, is_program, read_pid};
use super::{ProvisionError, Surroundings, command};
use crate::engine::docker::DockerEngine;
use crate::observer::Observer;

/// Its program.
pub(super) const PODMAN: &str = "podman";
/// The OCI runtime where the machine has both versions of cgroups: crun takes it for one of
/// version 2, which has no controllers there.
const FOR_BOTH_CGROUPS: &str = "runc";

/// The packages that bring it, its networks and an OCI runtime.
pub(super) fn packages() -> [&'static str; 4] {
    let runtime = if has_both_cgroups() { FOR_BOTH_CGROUPS } else { "crun" };
    ["podman", "netavark", runtime, "nftables"]
}

fn has_both_cgroups() -> bool {
    Path::new("/sys/fs/cgroup/unified").is_dir()
}

/// How long it may take to answer after it was started.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// How often it is asked. This is provisioning: nothing is measured.
const AGAIN: Duration = Duration::from_millis(100);

/// Its bridge, which the machine's own podman has not, and addresses on it.
const BRIDGE: &str = "coldstart1";
const SUBNET: &str = "10.89.255.0/24";
const GATEWAY: &str = "10.89.255.1";
/// By what podman knows the network that instances get which name none.
const NETWORK_ID: &str = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";

/// Starts it, unless it runs, and waits until it answers.
pub(super) async fn start(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<DockerEngine, ProvisionError> {
    around.check_socket_paths()?;
    around.make_state()?;
    let folder = around.podman();
    let failed = |what: String| {
        let log = log(&folder);
        let message = format!("{what}; the end of {}:{}", log.display(), command::tail(&log));
        ProvisionError::failed("start a private podman", message)
    };
    let mut child: Option<Child> = None;
    if private_pid(around).is_none() {
        observer.info(&format!("starting a private podman in {}", folder.display()));
        child = Some(spawn(around).map_err(|e| failed(e.to_string()))?);
    }
    let address = format!("unix://{}", around.podman_socket().display());
    let begun = Instant::now();
    loop {
        let last = match DockerEngine::connect(&address).await {
            Ok(engine) => return Ok(engine),
            Err(error) => error,
        };
        if let Some(Ok(Some(status))) = child.as_mut().map(Child::try_wait) {
            return Err(failed(format!("{PODMAN} ended: {status}")));
        }
        if begun.elapsed() > STARTS_WITHIN {
            // Not one that may answer later, when nobody expects it.
            let _ = child.as_mut().map(Child::kill);
            return Err(failed(format!("{last} after {} s", STARTS_WITHIN.as_secs())));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn spawn(around: &Surroundings) -> std::io::Result<Child> {
    let folder = around.podman();
    for part in ["data", "run", "networks"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("networks/podman.json"), network())?;
    let config = folder.join("containers.conf");
    let plain_runtime = has_both_cgroups() && command::installed(FOR_BOTH_CGROUPS);
    let [nft, iptables] = ["nft", "iptables"].map(command::installed);
    fs::write(&config, configuration(&folder, plain_runtime, firewall(nft, iptables)))?;
    let out = File::create(log(&folder))?;
    let err = out.try_clone()?;
    let path = std::env::var("PATH").unwrap_or_default();
    let child = Command::new(PODMAN)
        .args(arguments(around))
        // Its helpers live where only root's path leads.
        .env("PATH", format!("{path}:/usr/sbin:/usr/bin:/sbin:/bin"))
        .env("CONTAINERS_CONF", config)
        .env("PODMAN_IGNORE_CGROUPSV1_WARNING", "1")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        // Some of its helpers write where they are.
        .current_dir(&folder)
        // A group of its own: an interrupt from the terminal must not reach it.
        .process_group(0)
        .spawn()?;
    fs::write(pid_file(&folder), format!("{}\n", child.id()))?;
    Ok(child)
}

fn arguments(around: &Surroundings) -> Vec<String> {
    let folder = around.podman();
    let mut words = vec![
        format!("--root={}", folder.join("data").display()),
        format!("--runroot={}", folder.join("run").display()),
    ];
    words.extend(["system", "service", "--time=0"].map(str::to_owned));
    words.push(format!("unix://{}", around.podman_socket().display()));
    words
}

/// What is said here is of this one alone.
fn configuration(folder: &Path, plain_runtime: bool, firewall: &str) -> String {
    // It would ask for more than this process may.
    let limit = |name: &str, of: Resource| {
        let most = getrlimit(of).maximum.map_or(1 << 20, |most| most.min(1 << 20));
        format!("\"{name}={most}:{most}\"")
    };
    let limits = [limit("nofile", Resource::Nofile), limit("nproc", Resource::Nproc)].join(", ");
    let folder = folder.display();
    let runtime = match plain_runtime {
        true => format!("runtime = \"{FOR_BOTH_CGROUPS}\"\n"),
        false => String::new(),
    };
    format!(
        "[containers]\ndefault_ulimits = [{limits}]\n\
         [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n{runtime}\
         tmp_dir = \"{folder}/run/libpod\"\n\
         [network]\nnetwork_backend = \"netavark\"\nnetwork_config_dir = \"{folder}/networks\"\n\
         default_subnet = \"{SUBNET}\"\n{firewall}"
    )
}

/// How rules are set: newer networks of podman take `nft` where nobody says, older ones know
/// `iptables` alone. Without either, instances reach this machine and no further.
fn firewall(nft: bool, iptables: bool) -> &'static str {
    match (nft, iptables) {
        (true, _) => "",
        (false, true) => "firewall_driver = \"iptables\"\n",
        (false, false) => "firewall_driver = \"none\"\n",
    }
}

/// podman's own network, but for its bridge: the machine's podman may have one.
fn network() -> String {
    let network = serde_json::json!({
        "name": "podman",
        "id": NETWORK_ID,
        "driver": "bridge",
        "network_interface": BRIDGE,
        "subnets": [{ "subnet": SUBNET, "gateway": GATEWAY }],
        "ipv6_enabled": false,
        "internal": false,
        "dns_enabled": false,
        "ipam_options": { "driver": "host-local" },
    });
    network.to_string()
}

fn log(folder: &Path) -> PathBuf {
    folder.join("podman.log")
}

fn pid_file(folder: &Path) -> PathBuf {
    folder.join("podman.pid")
}

/// The process id of our own podman, when it runs.
fn private_pid(around: &Surroundings) -> Option<i32> {
    let pid = read_pid(&pid_file(&around.podman()))?;
    let ours = format!("unix://{}", around.podman_socket().display());
    let arguments = arguments_of(pid);
    (is_program(&arguments, PODMAN) && arguments.contains(&ours)).then_some(pid)
}

/// Stops our own podman, whose containers are gone or somebody's. False when it does not run.
///
/// # Errors
/// When it does not end.
pub async fn stop_private(around: &Surroundings) -> Result<bool, ProvisionError> {
    let Some(pid) = private_pid(around) else { return Ok(false) };
    end("podman", pid, || private_pid(around).is_some()).await?;
    // Nobody listens there any more.
    let _ = fs::remove_file(around.podman_socket());
    let _ = fs::remove_file(pid_file(&around.podman()));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_told_is_in_its_own_folder_and_its_runtime_fits_the_machine() {
        let around = Surroundings::within(Path::new("/own"));
        let text = configuration(&around.podman(), true, firewall(false, true));
        assert!(text.contains("network_config_dir = \"/own/state/podman/networks\""), "{text}");
        assert!(text.contains("runtime = \"runc\"") && text.contains("\"nofile="), "{text}");
        assert!(text.ends_with("firewall_driver = \"iptables\"\n"), "{text}");
        let text = configuration(&around.podman(), false, firewall(true, true));
        assert!(!text.contains("runtime") && !text.contains("firewall"), "{text}");
        let words = arguments(&around);
        assert!(words[0].starts_with("--root=/own/state/podman"), "{words:?}");
        assert_eq!(words.last().unwrap(), "unix:///own/state/podman/podman.sock");
        assert!(network().contains(BRIDGE) && BRIDGE.len() <= 15);
    }

    #[tokio::test]
    async fn another_process_is_not_ours_and_there_is_nothing_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let around = Surroundings::within(folder.path());
        fs::create_dir_all(around.podman()).unwrap();
        fs::write(pid_file(&around.podman()), std::process::id().to_string()).unwrap();
        assert_eq!(private_pid(&around), None, "this test is no engine");
        assert!(!stop_private(&around).await.unwrap());
    }

    /// It takes what is installed, and no network but its own bridge.
    #[tokio::test]
    #[ignore = "starts podman: needs root and podman, as in harness/tests/engines"]
    async fn it_starts_is_found_again_and_stops() {
        use crate::engine::Engine;
        use crate::observer::Lines;
        let folder = tempfile::tempdir().unwrap();
        let around = Surroundings::within(folder.path());
        let engine = start(&around, &Lines(|line: &str| eprintln!("{line}"))).await.unwrap();
        assert_eq!(engine.describe().await.unwrap().kind, "podman");
        let found = super::super::engine::find(
            &around,
            super::super::Consent::Withheld,
            &Lines(|line: &str| panic!("{line}")),
        );
        assert_eq!(found.await.unwrap().address(), engine.address());
        assert!(stop_private(&around).await.unwrap());
        assert!(!stop_private(&around).await.unwrap());
    }
}
