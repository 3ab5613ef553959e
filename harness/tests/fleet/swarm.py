"""Engines of this machine as the nodes of a Swarm: each in namespaces of its own for networks,
mounts and names, with its own folder, socket and bridge. Everything of it goes at its end."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

KIND = "coldstart-fleet-"
STARTS_WITHIN = 60.0


class Failed(Exception):
    """It is not as it must be."""


def run(*command: object, check: bool = True, **more) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        line = " ".join(str(word) for word in command)
        raise Failed(f"{line}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


class Node:
    """One engine."""

    def __init__(self, swarm: "Swarm", number: int):
        self.name = f"n{number}"
        self.address = f"10.214.0.{number}"
        self.folder = swarm.folder / self.name
        self.space = f"{swarm.prefix}{number}"
        self.switch = swarm.switch
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    def docker(self, *words: object, **more) -> str:
        return run("docker", "-H", f"unix://{self.socket}", *words, **more)

    def start(self) -> None:
        self.folder.mkdir()
        run("ip", "netns", "add", self.space)
        inside = ("ip", "-n", self.space)
        run("ip", "-n", self.switch, "link", "add", self.space, "type", "veth",
            "peer", "name", "eth0", "netns", self.space)  # fmt: skip
        run("ip", "-n", self.switch, "link", "set", self.space, "master", "switch", "up")
        run(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")
        # What an engine mounts is of its own machine: so these two are the node's.
        script = (
            f"hostname {self.name} && mount -t tmpfs tmpfs /run && "
            f"mkdir -p /var/lib/coldstart && mount -t tmpfs tmpfs /var/lib/coldstart && "
            f"exec dockerd --data-root {self.folder}/data --exec-root {self.folder}/exec "
            f"--pidfile {self.folder}/pid -H unix://{self.socket} -H unix:///run/docker.sock "
            "--iptables=false --ip-masq=false"
        )
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.space}", "unshare", "--mount", "--uts",
                 "sh", "-c", script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        begun = time.monotonic()
        while subprocess.run(["docker", "-H", f"unix://{self.socket}", "version"],
                             capture_output=True).returncode != 0:  # fmt: skip
            if self.process.poll() is not None or time.monotonic() - begun > STARTS_WITHIN:
                last = (self.folder / "log").read_text(errors="replace").splitlines()[-10:]
                raise Failed(f"{self.name} does not start:\n" + "\n".join(last))
            time.sleep(0.1)

    def kill(self) -> None:
        """As if its machine lost its power: every process that is in its network."""
        for _ in range(20):
            found = run("ip", "netns", "pids", self.space, check=False).split()
            # Helpers of the engine keep the machine's own network, and its mounts.
            found += [pid for pid in processes() if f"{self.folder}/" in command_of(pid)]
            if not found:
                return
            for pid in found:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)

    def remove(self) -> None:
        self.kill()
        if self.process:
            self.process.wait()
        run("ip", "netns", "delete", self.space, check=False)


def processes() -> list[str]:
    return [entry.name for entry in Path("/proc").glob("[0-9]*")]


def command_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


class Swarm:
    """So many nodes, the first of which manages."""

    def __init__(self, count: int):
        self.folder = Path(tempfile.mkdtemp(prefix=KIND, dir="/tmp"))
        self.prefix = f"csf{os.getpid() % 10000}-"
        self.switch = f"{self.prefix}s"
        self.nodes = [Node(self, number) for number in range(1, count + 1)]

    def __enter__(self) -> "Swarm":
        try:
            run("ip", "netns", "add", self.switch)
            run("ip", "-n", self.switch, "link", "add", "switch", "type", "bridge")
            run("ip", "-n", self.switch, "link", "set", "switch", "up")
            for node in self.nodes:
                node.start()
            first, *others = self.nodes
            first.docker("swarm", "init", "--advertise-addr", first.address)
            token = first.docker("swarm", "join-token", "-q", "worker")
            for node in others:
                node.docker("swarm", "join", "--advertise-addr", node.address,
                            "--token", token, f"{first.address}:2377")  # fmt: skip
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for node in self.nodes:
            node.remove()
        run("ip", "netns", "delete", self.switch, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, archive: Path) -> None:
        for node in self.nodes:
            node.docker("load", "-i", archive)


def record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())
