"""Which engines there are, and how each is started."""

import hashlib
import ipaddress
import json
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Engine:
    """An engine of a suite of Debian."""

    about: str
    suite: str
    packages: tuple[str, ...]
    # From its folder and its bridge: the command, and variables it gets.
    command: Callable[[Path, str], tuple[list[str], dict[str, str]]]
    # Whether a bridge is to be made for it, and its chains are to have names of their own.
    bridge: bool = True
    # Mount points that it must not see.
    hidden: tuple[str, ...] = ()
    # Whether it has a network of its own, and is reached over TCP.
    apart: bool = False
    # This machine's address as its containers see it, where that is none of the bridge.
    callback: str = ""


def docker(containerd: bool) -> Callable[[Path, str], tuple[list[str], dict[str, str]]]:
    """Docker, with its own image store or with containerd's."""

    def command(folder: Path, bridge: str) -> tuple[list[str], dict[str, str]]:
        config = folder / "daemon.json"
        config.write_text(json.dumps({"features": {"containerd-snapshotter": containerd}}))
        return [
            "dockerd",
            f"--config-file={config}",
            f"--host=unix://{folder}/docker.sock",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/docker.pid",
            f"--bridge={bridge}",
            # Of this machine alone, which has both or has not.
            "--ip6tables=false",
            "--ip-forward=false",
        ], {}

    return command


def docker_apart(folder: Path, address: str) -> tuple[list[str], dict[str, str]]:
    """Docker in a network of its own, where all chains are its own, too."""
    command, variables = docker(containerd=False)(folder, "")
    ours = ("--bridge=", "--ip6tables=", "--ip-forward=")
    command = [word for word in command if not word.startswith(ours)]
    files = {"cacert": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
    tls = [f"--tls{flag}={folder}/certificates/server/{name}" for flag, name in files.items()]
    return [*command, f"--host=tcp://{address}:{PORT}", "--tlsverify", *tls], variables


# Who has no rights but those over the numbers of users below: nobody of this machine.
USER = 64123
ROOTLESS = """
set -eu
printf 'rootless:x:{user}:{user}::{folder}/home:/bin/sh\\n' >>/etc/passwd
printf 'rootless:x:{user}:\\n' >>/etc/group
for file in /etc/subuid /etc/subgid; do printf 'rootless:6500000:65536\\n' >"$file"; done
mkdir -p {folder}/home {folder}/runtime
chmod 711 {folder}
chown -R {user}:{user} {folder}/home {folder}/runtime {folder}/data {folder}/exec
# The machine's own may be root's alone.
mknod -m 666 {folder}/tun c 10 200
mount --bind {folder}/tun /dev/net/tun
ln -s {folder}/runtime/docker.sock {folder}/docker.sock
exec setpriv --reuid {user} --regid {user} --clear-groups \\
    env HOME={folder}/home XDG_RUNTIME_DIR={folder}/runtime PATH="$PATH" \\
    rootlesskit --state-dir={folder}/runtime/kit --net=slirp4netns --mtu=65520 \\
    --slirp4netns-sandbox=false --slirp4netns-seccomp=false --port-driver=none \\
    --copy-up=/etc --copy-up=/run \\
    dockerd --rootless --config-file={folder}/daemon.json --host=unix://{folder}/runtime/docker.sock \\
    --data-root={folder}/data --exec-root={folder}/runtime/exec --pidfile={folder}/runtime/docker.pid
"""


def docker_rootless(containerd: bool) -> Callable[[Path, str], tuple[list[str], dict[str, str]]]:
    """Docker of a user who is not root: its network is its own, and leads out by slirp4netns."""

    def command(folder: Path, _: str) -> tuple[list[str], dict[str, str]]:
        config = folder / "daemon.json"
        config.write_text(json.dumps({"features": {"containerd-snapshotter": containerd}}))
        config.chmod(0o644)
        return ["sh", "-c", ROOTLESS.format(folder=folder, user=USER)], {}

    return command


# What is written here is nobody's: on the machine it would be everybody's.
PODMAN = """
[containers]
default_ulimits = [{limits}]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
tmp_dir = "{folder}/exec/libpod"
[network]
network_backend = "netavark"
firewall_driver = "nftables"
network_config_dir = "{folder}/networks"
default_subnet = "{subnet}"
"""


def bridge_of(folder: Path) -> str:
    """A name of its own for a bridge: 15 characters at most."""
    return "cs-" + hashlib.sha256(folder.name.encode()).hexdigest()[:8]


def default_network(folder: Path, subnet: str) -> dict[str, object]:
    """podman's own, but for its bridge: several engines would take each other's down."""
    gateway = str(ipaddress.ip_network(subnet)[1])
    return {
        "name": "podman",
        "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
        "driver": "bridge",
        "network_interface": bridge_of(folder),
        "subnets": [{"subnet": subnet, "gateway": gateway}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
    }


def podman(folder: Path, subnet: str) -> tuple[list[str], dict[str, str]]:
    """podman's service of Docker's interface, as root."""
    config = folder / "containers.conf"
    # It would ask for more than this process may.
    own = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    most = {name: resource.getrlimit(kind)[1] for name, kind in own.items()}
    limits = ", ".join(f'"{name}={n}:{n}"' for name, n in most.items())
    config.write_text(PODMAN.format(folder=folder, subnet=subnet, limits=limits))
    network = folder / "networks/podman.json"
    network.write_text(json.dumps(default_network(folder, subnet)))
    return [
        "podman",
        f"--root={folder}/data",
        f"--runroot={folder}/exec",
        # Or what it mounts would not be seen outside.
        "--storage-opt=overlay.skip_mount_home=true",
        "system",
        "service",
        "--time=0",
        f"unix://{folder}/docker.sock",
    ], {"CONTAINERS_CONF": str(config), "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}


PORT = 2376
DOCKER = ("docker.io", "iptables", "iproute2", "ca-certificates")
ROOTLESS_DOCKER = (*DOCKER, "rootlesskit", "slirp4netns", "uidmap", "mount")
# This machine, by slirp4netns: it leads to the loopback.
SLIRP = "10.0.2.2"

ENGINES = {
    "trixie": Engine("Docker of Debian 13", "trixie", DOCKER, docker(containerd=False)),
    "trixie-containerd": Engine(
        "Docker of Debian 13 with containerd's image store",
        "trixie",
        DOCKER,
        docker(containerd=True),
    ),
    "forky": Engine("Docker of Debian 14", "forky", DOCKER, docker(containerd=False)),
    "forky-containerd": Engine(
        "Docker of Debian 14 with containerd's image store",
        "forky",
        DOCKER,
        docker(containerd=True),
    ),
    "trixie-apart": Engine(
        "Docker of Debian 13 in a network of its own, over TCP with TLS",
        "trixie",
        DOCKER,
        docker_apart,
        bridge=False,
        apart=True,
    ),
    "trixie-rootless": Engine(
        "Docker of Debian 13 that does not run as root",
        "trixie",
        ROOTLESS_DOCKER,
        docker_rootless(containerd=False),
        bridge=False,
        callback=SLIRP,
    ),
    "trixie-rootless-containerd": Engine(
        "Docker of Debian 13 that does not run as root, with containerd's image store",
        "trixie",
        ROOTLESS_DOCKER,
        docker_rootless(containerd=True),
        bridge=False,
        callback=SLIRP,
    ),
    "podman": Engine(
        "podman of Debian 13, as root",
        "trixie",
        ("podman", "crun", "runc", "netavark", "nftables", "iproute2", "ca-certificates"),
        podman,
        bridge=False,
        # crun takes a machine with both for one of version 2, which has no controllers here.
        hidden=("/sys/fs/cgroup/unified",),
    ),
}
