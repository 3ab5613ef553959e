"""Where an engine runs: a folder, a bridge, a mount namespace; and their end."""

import fcntl
import hashlib
import ipaddress
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import certificates
import images
import rules
from engines import Engine, bridge_of

# Its name is what a killed run leaves; the paths of sockets in it may not be long.
KIND = "coldstart-engine-"
# The file that notes its addresses.
SUBNET = "subnet"
STARTS_WITHIN = 60.0
STOPS_WITHIN = 30.0


class Unusable(Exception):
    """There is no engine, through no fault of the command."""


class Place:
    """A folder that is held as long as the engine is used."""

    def __init__(self, folder: Path, lock: int):
        self.folder = folder
        self.lock = lock
        self.process: subprocess.Popen[bytes] | None = None
        # Of an engine apart: who holds its network, its address, and this machine's there.
        self.network: subprocess.Popen[bytes] | None = None
        self.address = self.callback = ""

    @classmethod
    def new(cls) -> "Place":
        folder = Path(tempfile.mkdtemp(prefix=KIND, dir="/tmp"))
        place = cls.held(folder)
        if place is None:
            raise Unusable(f"{folder} is held by somebody else")
        return place

    @classmethod
    def held(cls, folder: Path) -> "Place | None":
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return cls(folder, lock)

    @classmethod
    def sweep(cls) -> None:
        """Removes what killed runs have left."""
        for folder in Path("/tmp").glob(f"{KIND}*"):
            mine = folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == 0
            if mine and (place := cls.held(folder)):
                place.remove()

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        # A second interrupt would leave half of it.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.stop()
        self.remove()

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def bridge(self) -> str:
        return bridge_of(self.folder)

    def start(self, engine: Engine, root: Path) -> None:
        """Starts the engine, and waits until it answers."""
        self.share(root)
        network = str(free_subnet(self.folder))
        (self.folder / SUBNET).write_text(network)
        if engine.bridge:
            make_bridge(root, self.bridge, network)
            network = self.bridge
            rules.rename(self.folder)
        enter: list[object] = []
        if engine.apart:
            enter = self.go_apart(root, network)
            network = self.address
            certificates.make(self.folder / "certificates", self.address)
        command, variables = engine.command(self.folder, network)
        inside = Path(__file__).parent / "inside"
        hidden = " ".join(engine.hidden)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*enter, "unshare", "--mount", "--propagation", "unchanged", inside, root,
                 self.folder, hidden, *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # Helpers of some engines write where they are.
                cwd=self.folder,
                # An interrupt from the terminal is the command's first.
                start_new_session=True,
                env={**os.environ, **variables},
            )  # fmt: skip
        begun = time.monotonic()
        while not images.answers(self.socket):
            over = self.process.poll() is not None
            if over or time.monotonic() - begun > STARTS_WITHIN:
                last = (self.folder / "log").read_text(errors="replace").splitlines()[-10:]
                raise Unusable("the engine does not start:\n" + "\n".join(last))
            time.sleep(0.05)
        self.note_namespace()

    def stand_in(self, root: Path) -> None:
        """Puts the packages' files over the machine's, for commands that enter them."""
        self.share(root)
        inside = Path(__file__).parent / "inside"
        ready = "touch %s; exec sleep infinity" % (self.folder / "ready")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "unchanged", inside, root, self.folder, "",
             "sh", "-c", ready],
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        while not (self.folder / "ready").exists():
            if self.process.poll() is not None:
                raise Unusable(f"the files of {root} cannot stand in for the machine's")
            time.sleep(0.01)
        self.note_namespace()

    def enter(self) -> list[str]:
        """What a command begins with that meets these files."""
        assert self.process is not None, "something stands in"
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt"]

    def share(self, root: Path) -> None:
        """Has what is mounted in the folder seen outside."""
        check_layout()
        for part in ("data", "exec", "networks"):
            (self.folder / part).mkdir()
        run("mount", "--bind", self.folder, self.folder)
        run("mount", "--make-shared", self.folder)
        # By its programs a bridge and rules are removed again.
        (self.folder / "root").write_text(str(root))

    def note_namespace(self) -> None:
        """Notes by what its processes are found."""
        assert self.process is not None, "it was started"
        (self.folder / "namespace").write_text(os.readlink(f"/proc/{self.process.pid}/ns/mnt"))

    def go_apart(self, root: Path, subnet: str) -> list[object]:
        """Makes a network that one cable leads to; what a command in it begins with."""
        self.network = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], start_new_session=True
        )
        own = os.readlink("/proc/self/ns/net")
        space = f"/proc/{self.network.pid}/ns/net"
        while os.readlink(space) == own:
            time.sleep(0.01)
        (self.folder / "network").write_text(os.readlink(space))
        hosts = ipaddress.ip_network(subnet)
        self.callback, self.address = str(hosts[1]), str(hosts[2])
        bits = hosts.prefixlen
        ip = ("chroot", root, "ip")
        enter: list[object] = ["nsenter", f"--net={space}"]
        # A process is known to it by what /proc says.
        words = ("link", "add", self.bridge, "type", "veth",
                 "peer", "name", "uplink", "netns", self.network.pid)  # fmt: skip
        seeing = 'mount -t proc proc "$0/proc" && exec chroot "$0" ip "$@"'
        run("unshare", "--mount", "sh", "-c", seeing, root, *words)
        run(*ip, "address", "add", f"{self.callback}/{bits}", "dev", self.bridge)
        run(*ip, "link", "set", self.bridge, "up")
        run(*enter, *ip, "link", "set", "lo", "up")
        run(*enter, *ip, "address", "add", f"{self.address}/{bits}", "dev", "uplink")
        run(*enter, *ip, "link", "set", "uplink", "up")
        run(*enter, *ip, "route", "add", "default", "via", self.callback)
        return enter

    def stop(self) -> None:
        """Ends the engine, which ends its containers."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def remove(self) -> None:
        """Ends what is left of processes, and removes everything else."""
        begun = time.monotonic()
        while (left := self.processes()) and time.monotonic() - begun < STOPS_WITHIN:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        # Those of containers are below it.
        while any(is_below(point, self.folder) for point in mount_points()):
            run("umount", "--recursive", "--lazy", self.folder)
        if self.network is not None:
            self.network.wait()
        bridge = Path("/sys/class/net") / self.bridge
        # A killed run may have come no further than its folder.
        known = self.folder / "root"
        root = Path(known.read_text()) if known.exists() else None
        if root is not None:
            rules.remove(self.folder, root, self.bridge)
        if root is not None and bridge.exists():
            try:
                run("chroot", root, "ip", "link", "delete", self.bridge)
            except Unusable:
                # The kernel ends a cable some time after the network at its other end.
                if bridge.exists():
                    raise
        shutil.rmtree(self.folder)
        os.close(self.lock)

    def processes(self) -> list[int]:
        """The engine's own, by their namespaces, and its containers', by their root."""
        spaces = {}
        for kind, name in (("mnt", "namespace"), ("net", "network")):
            file = self.folder / name
            if file.exists() and file.read_text():
                spaces[kind] = file.read_text()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                named = spaces.items()
                own = any(os.readlink(entry / "ns" / kind) == name for kind, name in named)
                mounts = (entry / "mountinfo").read_text(errors="replace")
            except OSError:
                continue
            roots = [line for line in mounts.splitlines() if line.split()[4] == "/"]
            if own or any(f"upperdir={self.folder}/" in line for line in roots):
                found.append(int(entry.name))
        return found


def check_layout() -> None:
    """The packages' /usr stands in for the machine's: its other folders must lead there."""
    for link in ("/bin", "/sbin", "/lib"):
        if not Path(link).is_symlink():
            raise Unusable(f"{link} is no link into /usr: this needs a newer system")


def run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unusable(f"{' '.join(str(word) for word in command)}: {done.stderr.strip()}")


def make_bridge(root: Path, name: str, subnet: str) -> None:
    """By the program that the packages bring."""
    gateway = f"{ipaddress.ip_network(subnet)[1]}/{subnet.split('/')[1]}"
    ip = ("chroot", root, "ip")
    # Of its own: else it is that of one of its ports, and another with each that comes or goes.
    # Who has heard the one before asks in vain for seconds.
    own = hashlib.sha256(name.encode()).digest()[:5]
    hardware = ":".join(f"{byte:02x}" for byte in (0x02, *own))
    run(*ip, "link", "add", name, "address", hardware, "type", "bridge")
    run(*ip, "address", "add", gateway, "dev", name)
    run(*ip, "link", "set", name, "up")


def free_subnet(folder: Path) -> ipaddress.IPv4Network:
    """One that no route of this machine leads to, and that is no other engine's."""
    # There is no route to those whose bridge is there only while a container is on it.
    noted = [file.read_text() for file in Path("/tmp").glob(f"{KIND}*/{SUBNET}")]
    taken = [ipaddress.ip_network(text) for text in noted if text]
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        fields = line.split()
        address, mask = (int.from_bytes(bytes.fromhex(f), "little") for f in (fields[1], fields[7]))
        if mask:
            taken.append(ipaddress.ip_network((address, bin(mask).count("1")), strict=False))
    # Who looks at the same moment begins somewhere else.
    first = hashlib.sha256(folder.name.encode()).digest()[0]
    for third in range(256):
        subnet = ipaddress.IPv4Network(f"10.213.{(first + third) % 256}.0/24")
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise Unusable("no subnet of 10.213.0.0/16 is free")


def mount_points() -> list[Path]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [Path(line.split()[4]) for line in lines]


def is_below(point: Path, folder: Path) -> bool:
    return point == folder or folder in point.parents
