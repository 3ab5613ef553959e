"""A real `sshd` on the loopback, and an `ssh` that knows nobody else."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from swarm import Failed, run

STARTS_WITHIN = 20.0
SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowStreamLocalForwarding yes
"""
CLIENT = """
Host *
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
"""


class Reached:
    """For as long as it is held: keys made for it, and a port of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="coldstart-ssh-", dir="/tmp"))
        self.server: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> "Reached":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise Failed("sshd is missing: apt-get install --no-install-recommends openssh-server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name)
        known = (self.folder / "host.pub").read_text()
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {known}")
        (self.folder / "client").write_text(CLIENT.format(folder=self.folder))
        (self.folder / "server").write_text(SERVER.format(folder=self.folder, port=self.port))
        # By its name, as the program calls it; with these files and no others.
        (self.folder / "bin").mkdir()
        client = self.folder / "bin/ssh"
        client.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/client "$@"\n')
        client.chmod(0o755)
        # Where it puts who is not known yet.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with open(self.folder / "log", "wb") as log:
            self.server = subprocess.Popen([program, "-D", "-e", "-f", self.folder / "server"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        begun = time.monotonic()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.server.poll() is not None or time.monotonic() - begun > STARTS_WITHIN:
                    said = (self.folder / "log").read_text(errors="replace")
                    raise Failed(f"sshd does not start: {said}") from None
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        if self.server:
            self.server.terminate()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def env(self) -> dict[str, str]:
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def address(self, path: Path) -> str:
        """Of an engine's socket on the machine that is reached."""
        return f"ssh://root@127.0.0.1:{self.port}{path}"
