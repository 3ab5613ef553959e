//! The configuration of an instance for an OCI runtime: what Docker's default is for the
//! same image, and what is asked for besides. Pure.
//!
//! Written as JSON by hand: a crate for it is some fifteen crates more for a file of which
//! we write a part and read nothing (decision 0089).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::user::User;
use crate::engine::{InstanceSpec, LAUNCHER, SOCKET};
use crate::spec::factor::{Factors, Network};
use crate::spec::function::{OPEN_FILES, TMP};

/// The version of the specification that configurations are written by.
pub(super) const SPECIFICATION: &str = "1.0.2";
/// What Docker leaves to every container.
pub(super) const CAPABILITIES: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

/// Where programs are looked for where the image does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const MASKED: [&str; 11] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

const READ_ONLY: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// What of this machine goes into a configuration.
#[derive(Debug)]
pub(super) struct Machine {
    /// Its name, which a container on its network has too.
    pub(super) hostname: String,
    /// Which system calls may be made: long, and the same for every instance.
    pub(super) seccomp: Box<RawValue>,
    /// Whether swap can be limited.
    pub(super) limits_swap: bool,
    /// Whether cgroups are of version 2 alone: then a container sees its own for the root.
    pub(super) unified: bool,
    /// The most open files of a process.
    pub(super) open_files: u64,
}

/// What of an instance is known besides what was asked.
pub(super) struct Made<'a> {
    pub(super) id: &'a str,
    /// The folder of the files that it has of its own.
    pub(super) folder: &'a Path,
    pub(super) user: &'a User,
    /// The processors that it may see; none for all.
    pub(super) processors: Option<String>,
    /// Its network namespace, where one was made for it.
    pub(super) network: Option<&'a Path>,
}

/// The name of the cgroup of an instance, in every hierarchy.
pub(super) fn cgroup(id: &str) -> String {
    format!("/coldstart-{id}")
}

/// The name of an instance as it knows itself.
pub(super) fn hostname<'a>(id: &'a str, network: Network, machine: &'a Machine) -> &'a str {
    match network {
        Network::Host => &machine.hostname,
        Network::Bridge | Network::None => id.get(..12).unwrap_or(id),
    }
}

/// A configuration.
#[derive(Debug, Serialize)]
pub(super) struct Configuration<'a> {
    #[serde(flatten)]
    rest: Value,
    linux: Linux<'a>,
}

#[derive(Debug, Serialize)]
struct Linux<'a> {
    #[serde(flatten)]
    rest: Value,
    seccomp: &'a RawValue,
}

/// The configuration.
///
/// # Errors
/// When there is nothing to start.
pub(super) fn config<'a>(
    spec: &InstanceSpec,
    made: &Made<'_>,
    machine: &'a Machine,
) -> Result<Configuration<'a>, String> {
    let network = spec.factors.network;
    let host = network == Network::Host;
    let mut linux = json!({
        "cgroupsPath": cgroup(made.id),
        "namespaces": namespaces(network, made.network, machine.unified),
        "maskedPaths": MASKED,
        "readonlyPaths": READ_ONLY,
        "resources": resources(spec, made.processors.as_deref(), machine),
    });
    if !host {
        linux["sysctl"] = json!({
            "net.ipv4.ip_unprivileged_port_start": "0",
            "net.ipv4.ping_group_range": "0 2147483647",
        });
    }
    let rest = json!({
        "ociVersion": SPECIFICATION,
        "process": process(spec, made, machine)?,
        "root": { "path": "rootfs", "readonly": spec.launch.is_read_only() },
        "hostname": hostname(made.id, network, machine),
        "mounts": mounts(spec, made.folder),
    });
    Ok(Configuration { rest, linux: Linux { rest: linux, seccomp: &machine.seccomp } })
}

fn process(spec: &InstanceSpec, made: &Made<'_>, machine: &Machine) -> Result<Value, String> {
    let User { uid, gid, groups } = made.user;
    let files = if spec.launch.lambda { u64::from(OPEN_FILES) } else { machine.open_files };
    // Of who is not root the kernel takes the rest when it is executed.
    let has: &[&str] = if *uid == 0 { &CAPABILITIES } else { &[] };
    let folder = spec.launch.workdir.as_ref().unwrap_or(&spec.image.workdir);
    Ok(json!({
        "terminal": false,
        "user": { "uid": uid, "gid": gid, "additionalGids": groups },
        "args": arguments(spec)?,
        "env": environment(spec, hostname(made.id, spec.factors.network, machine)),
        "cwd": if folder.is_empty() { "/" } else { folder },
        "capabilities": { "bounding": CAPABILITIES, "effective": has, "permitted": has },
        "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": files, "hard": files }],
        "oomScoreAdj": 0,
    }))
}

/// Entrypoint and command, merged as Docker merges what was asked with the image's.
fn arguments(spec: &InstanceSpec) -> Result<Vec<&str>, String> {
    let (launch, image) = (&spec.launch, &spec.image);
    let (entrypoint, own) = match launch.entrypoint.is_empty() {
        true => (&image.entrypoint, &image.command[..]),
        false => (&launch.entrypoint, &[][..]),
    };
    let command = if launch.command.is_empty() { own } else { &launch.command };
    let all: Vec<&str> = entrypoint.iter().chain(command).map(String::as_str).collect();
    if all.is_empty() {
        return Err("no command specified, neither by the image nor by the function".to_owned());
    }
    let launcher = spec.launcher.as_ref().map(|_| LAUNCHER);
    Ok(launcher.into_iter().chain(all).collect())
}

fn environment(spec: &InstanceSpec, hostname: &str) -> Vec<String> {
    let own = [("PATH", PATH), ("HOSTNAME", hostname)];
    let mut all: BTreeMap<&str, &str> = own.into_iter().collect();
    let given = spec.image.env.iter().chain(&spec.env);
    all.extend(given.map(|(name, value)| (name.as_str(), value.as_str())));
    all.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn namespaces(network: Network, made: Option<&Path>, unified: bool) -> Vec<Value> {
    let mut all = ["mount", "uts", "ipc", "pid"].map(|kind| json!({ "type": kind })).to_vec();
    match (network, made) {
        (Network::Host, _) => {}
        (_, Some(path)) => all.push(json!({ "type": "network", "path": path })),
        (_, None) => all.push(json!({ "type": "network" })),
    }
    if unified {
        all.push(json!({ "type": "cgroup" }));
    }
    all
}

fn resources(spec: &InstanceSpec, processors: Option<&str>, machine: &Machine) -> Value {
    let factors = &spec.factors;
    let mut memory = json!({ "limit": factors.memory });
    if machine.limits_swap {
        // The same figure: no swap beyond it.
        memory["swap"] = json!(factors.memory);
    }
    let mut all = json!({
        "devices": [{ "allow": false, "access": "rwm" }],
        "memory": memory,
        "cpu": cpu(factors, processors),
    });
    if let Some(most) = spec.processes {
        all["pids"] = json!({ "limit": most });
    }
    all
}

/// Docker's period of a quota in cores, in microseconds.
const PERIOD: u64 = 100_000;

fn cpu(factors: &Factors, processors: Option<&str>) -> Value {
    let cores = factors.cpus.map(|cpus| (u64::from(cpus.thousandths()) * PERIOD / 1_000, PERIOD));
    let by_rule = factors.throttled_from_start().map(|time| (time.quota, time.period));
    let mut cpu = json!({});
    if let Some((quota, period)) = cores.or(by_rule) {
        (cpu["quota"], cpu["period"]) = (json!(quota), json!(period));
    }
    if let Some(processors) = processors {
        cpu["cpus"] = json!(processors);
    }
    cpu
}

fn mounts(spec: &InstanceSpec, folder: &Path) -> Vec<Value> {
    let mount = |to: &str, kind: &str, options: &[&str]| json!({ "destination": to, "type": kind, "source": kind, "options": options });
    let plain = ["nosuid", "noexec", "nodev"];
    let mut all = vec![
        mount("/proc", "proc", &plain),
        mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount(
            "/dev/pts",
            "devpts",
            &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        mount("/sys", "sysfs", &[&plain[..], &["ro"]].concat()),
        mount("/sys/fs/cgroup", "cgroup", &[&plain[..], &["ro"]].concat()),
        mount("/dev/mqueue", "mqueue", &plain),
        mount("/dev/shm", "tmpfs", &[&plain[..], &["mode=1777", "size=67108864"]].concat()),
    ];
    if spec.launch.lambda {
        let size = format!("size={TMP}");
        all.push(mount("/tmp", "tmpfs", &["rw", "exec", "nosuid", "nodev", "mode=1777", &size]));
    }
    let bind = |from: &Path, to: &str, access: &str| {
        let options = ["rbind", "rprivate", access];
        json!({ "destination": to, "type": "bind", "source": from, "options": options })
    };
    for name in FILES {
        all.push(bind(&folder.join(name), &format!("/etc/{name}"), "rw"));
    }
    all.extend(spec.socket.iter().map(|file| bind(file, SOCKET, "rw")));
    all.extend(spec.launcher.iter().map(|file| bind(file, LAUNCHER, "ro")));
    all
}

/// Files that every container has of its own, and that its image may have nothing of.
pub(super) const FILES: [&str; 3] = ["resolv.conf", "hostname", "hosts"];

#[cfg(test)]
mod tests;
