"""Where everything of a campaign lies, and the engine of its own."""

import fcntl
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

# The longest that a program may take to end, in seconds: its own limits are shorter.
LIMIT = 300.0


class Unusable(Exception):
    """The campaign cannot go on, through no fault of the program that is tried."""


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class World:
    """A campaign's folder, the program, and the engine."""

    def __init__(self, program: str, work: str):
        self.program = program
        self.work = Path(work)
        self.repository = self.work / "repo"
        self.functions = self.repository / "functions" / "functions.toml"
        self.state = self.work / "state"
        self.runtime = self.work / "runtime"
        self.temporary = self.work / "tmp"
        for folder in (self.state, self.runtime, self.temporary, self.work / "home"):
            folder.mkdir(mode=0o700, exist_ok=True)

    def env(self, temporary: Path | None = None) -> dict[str, str]:
        """Of a driver: nothing of the caller's but where programs are."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work / "home"),
            "LANG": "C.UTF-8",
            "TMPDIR": str(temporary or self.temporary),
            "XDG_STATE_HOME": str(self.state),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "COLDSTART_PROVISION": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def alone(self) -> None:
        """Hides the machine's own engine, and makes the network of one machine."""
        names = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
        if names != ["lo"] or os.getppid() != 1:
            raise Unusable("this is not in namespaces of its own: type harness/tests/faults/run")
        subprocess.run(["mount", "-t", "tmpfs", "faults", "/run"], check=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            # SIOCSIFFLAGS: up and running.
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))

    def start_engine(self) -> None:
        """As anybody does: by the program itself."""
        arguments = ["build", "--functions-file", str(self.functions), "--provision"]
        done = self.run(arguments)
        if done.returncode != 0:
            raise Unusable(f"the engine does not start: {done.stderr}")

    def run(
        self, arguments: list[str], temporary: Path | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The program, to its end; one that does not come is made, and is exit status -9."""
        with subprocess.Popen(
            [self.program, *arguments],
            env=self.env(temporary),
            cwd=cwd or self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            try:
                out, err = process.communicate(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                err += f"\nit hung: it had not ended after {LIMIT} s"
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def kill_engine(self) -> None:
        """The daemon alone, as the kernel does when memory is out."""
        pid = int((self.engine_folder / "docker.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            time.sleep(0.01)

    @property
    def engine_folder(self) -> Path:
        """Of the engine that the program starts."""
        return self.state / "coldstart" / "engine"

    def ask(self, method: str, path: str, body: object = None):
        """The engine, past the program."""
        connection = Connection(self.engine_folder / "docker.sock")
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse().read()
        finally:
            connection.close()
        return json.loads(answer) if answer.strip() else None

    def containers(self, builders: bool = False) -> list[str]:
        """Every container of the engine, by id: all are ours, labelled or not. Those that
        its builder left when it was killed only where they are asked for."""
        every = self.ask("GET", "/containers/json?all=1")
        return [c["Id"] for c in every if builders or not is_builders(c)]


def is_builders(container: dict) -> bool:
    """Whether an engine's own builder made it for a step that runs nothing, and was killed
    before it removed it: it never ran, no client was told its name, and none labelled it."""
    unlabelled = "coldstart.run" not in (container["Labels"] or {})
    return unlabelled and container["State"] == "created" and "#(nop)" in container["Command"]
