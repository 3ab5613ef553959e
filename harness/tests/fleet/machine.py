"""This machine as a node of a Kubernetes: a kubelet, and a containerd of its own. Both see folders
of their own where they would write to the machine's, and all of it goes at its end."""

import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

from control_plane import KIND, NODE, ControlPlane, free_ports, held, soon
from swarm import Failed, command_of, processes, run

STOPS_WITHIN = 30.0
STARTS_WITHIN = 120.0
PAUSE = "coldstart-rig.example/pause:1"
# What it changed of this machine, in its folder.
NOTE = "note.json"
# What a kubelet sets for its machine.
SYSCTLS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
# Folders that no flag moves.
FIXED = ("/var/lib/kubelet", "/var/log/containers")
CONTAINERD = """version = 2
root = "{folder}/data"
state = "{folder}/state"
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# Not all that are root may have a process spared that their own would not be.
restrict_oom_score_adj = true
"""


class Machine:
    """For as long as it is held."""

    def __init__(self, plane: ControlPlane):
        self.plane, self.name = plane, NODE
        self.folder = plane.folder / NODE
        self.link = f"csk{os.getpid() % 100000}"
        self.address = "10.212.1.1"
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Machine":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        for program in ("containerd", "ctr", "runc"):
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                raise Failed(f"{program} is missing: apt-get install containerd runc")
        self.folder.mkdir()
        made = [str(one) for path in FIXED for one in missing(Path(path))]
        sysctls = {name: (Path("/proc/sys") / name).read_text() for name in SYSCTLS}
        note = {"link": self.link, "made": made, "sysctls": sysctls}
        (self.folder / NOTE).write_text(json.dumps(note))
        for path in FIXED:
            Path(path).mkdir(parents=True, exist_ok=True)
        # It may not be one of the loopback, and is to be nobody else's.
        run("ip", "link", "add", self.link, "type", "bridge")
        run("ip", "address", "add", f"{self.address}/32", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        config = self.folder / "containerd.toml"
        config.write_text(CONTAINERD.format(folder=self.folder, pause=PAUSE))
        self.begin("containerd", "--config", config)
        soon("containerd answers", lambda: self.ctr("version", check=False), STARTS_WITHIN)
        self.load(pause(self.plane.programs / "pause", self.folder / "pause.tar"))
        self.begin(
            self.plane.programs / "kubelet",
            f"--config={self.configured()}",
            f"--kubeconfig={self.plane.config(f'system:node:{self.name}')}",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
            f"--root-dir={self.folder}/kubelet",
            f"--cert-dir={self.folder}/certificates",
        )
        soon(f"{self.name} is a node", self.is_node, STARTS_WITHIN)

    def configured(self) -> Path:
        path = self.folder / "kubelet.json"
        (port,) = free_ports(1)
        of = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "port": port,
            "healthzPort": 0,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(self.plane.folder / "kubelet.crt")},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "containerRuntimeEndpoint": f"unix://{self.folder}/containerd.sock",
            "cgroupDriver": "cgroupfs",
            # No groups of its own above those of pods.
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            # It is to start on every machine that the tests of engines start on.
            "failCgroupV1": False,
            "failSwapOn": False,
            "localStorageCapacityIsolation": False,
            "evictionHard": {"memory.available": "1Mi", "nodefs.available": "1Mi"},
            "imageGCHighThresholdPercent": 100,
            "makeIPTablesUtilChains": False,
            "podLogsDir": str(self.folder / "logs"),
            "volumePluginDir": str(self.folder / "plugins"),
        }
        path.write_text(json.dumps(of))
        return path

    def begin(self, program: object, *flags: object) -> None:
        """In mounts of its own, over the folders that no flag moves."""
        over = " && ".join(f"mount -t tmpfs tmpfs {path}" for path in FIXED)
        name = Path(str(program)).name
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes.append(subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "slave",
                 "sh", "-c", f'{over} && exec "$0" "$@"', program, *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True,
            ))  # fmt: skip

    def is_node(self) -> bool:
        for process in self.processes:
            if process.poll() is not None:
                name = "containerd" if process is self.processes[0] else "kubelet"
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise Failed(f"{name} ended:\n" + "\n".join(log.splitlines()[-10:]))
        return self.plane.ask("GET", f"/api/v1/nodes/{self.name}").status == 200

    def ctr(self, *words: object, check: bool = True) -> str:
        return run("ctr", "-a", self.folder / "containerd.sock", "-n", "k8s.io", *words, check=check)

    def load(self, archive: Path) -> None:
        self.ctr("images", "import", archive)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # What a pod has begun it ends itself, where it is asked to.
        self.plane.kubectl("delete", "pods", "--all", "--all-namespaces", "--timeout=90s",
                           f"--field-selector=spec.nodeName={self.name}", check=False)  # fmt: skip
        # The kubelet first: it would start again what is ended.
        while len(self.processes) > 1:
            stop(self.processes.pop())
        if self.processes:
            for container in self.ctr("containers", "ls", "-q", check=False).split():
                self.ctr("tasks", "rm", "-f", container, check=False)
                self.ctr("containers", "rm", container, check=False)
            stop(self.processes.pop())
        self.plane.ask("DELETE", f"/api/v1/nodes/{self.name}")
        undo(self.folder)


def sweep() -> None:
    """Removes what killed runs have left."""
    for folder in Path("/tmp").glob(f"{KIND}*"):
        mine = folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
        if mine and (lock := held(folder)) is not None:
            undo(folder / NODE)
            shutil.rmtree(folder)
            os.close(lock)


def undo(folder: Path) -> None:
    """Leaves this machine as it was before there was a node with that folder."""
    begun = time.monotonic()
    while (left := of_node(folder)) and time.monotonic() - begun < STOPS_WITHIN:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)
    for line in Path("/proc/self/mountinfo").read_text().splitlines()[::-1]:
        if (point := line.split()[4]).startswith(f"{folder}/"):
            run("umount", "--lazy", point, check=False)
    if not (folder / NOTE).exists():
        return
    note = json.loads((folder / NOTE).read_text())
    for name, text in note["sysctls"].items():
        (Path("/proc/sys") / name).write_text(text)
    run("ip", "link", "delete", note["link"], check=False)
    shutil.rmtree(folder, ignore_errors=True)
    for path in (*reversed(note["made"]), *groups()):
        # Who else has something there keeps it.
        with contextlib.suppress(OSError):
            os.rmdir(path)


def of_node(folder: Path) -> list[str]:
    """Who held containers, and who was in them."""
    return [pid for pid in processes()
            if f"{folder}/" in command_of(pid) or f"upperdir={folder}/" in root_of(pid)]  # fmt: skip


def root_of(pid: str) -> str:
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
    return "".join(line for line in mounts.splitlines() if line.split()[4] == "/")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def groups() -> list[Path]:
    """Those of containers, the inner first."""
    top = Path("/sys/fs/cgroup")
    return [*top.glob("k8s.io/*/"), *top.glob("*/k8s.io/*/"), *top.glob("k8s.io"), *top.glob("*/k8s.io")]


def missing(path: Path) -> list[Path]:
    """Those folders above and at a path that are not there, the outer first."""
    return [one for one in (*reversed(path.parents), path) if not one.exists()]


def pause(program: Path, to: Path) -> Path:
    """An image of what holds a pod's namespaces, as an archive."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(program, "pause")
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {"architecture": machine, "os": "linux", "config": {"Entrypoint": ["/pause"]},
              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}  # fmt: skip
    manifest = [{"Config": "config.json", "RepoTags": [PAUSE], "Layers": ["layer.tar"]}]
    with tarfile.open(to, "w") as tar:
        for name, data in (
            ("config.json", json.dumps(config).encode()),
            ("layer.tar", layer.getvalue()),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return to
