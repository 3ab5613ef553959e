"""A Kubernetes without machines: what keeps objects, serves them, makes pods of Jobs and finds
nodes for pods. On the loopback, with ports and a folder of its own; all of it goes at its end."""

import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from swarm import Failed, run

KIND = "coldstart-kubernetes-"
STARTS_WITHIN = 120.0
STOPS_WITHIN = 20.0
LOOPBACK = "127.0.0.1"
# The one node that can be a machine.
NODE = "here"
# Who they are to the server, with the rights that it gives them.
USERS = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    f"system:node:{NODE}": "system:nodes",
}


class Answer(NamedTuple):
    """What the server says to a request."""

    status: int
    body: dict[str, Any]
    warnings: list[str]


class ControlPlane:
    """For as long as it is held."""

    def __init__(self, programs: Path):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix=KIND, dir="/tmp"))
        self.lock = held(self.folder)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = 0
        self.tokens = {user: os.urandom(16).hex() for user in USERS}

    def __enter__(self) -> "ControlPlane":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # A second interrupt would leave half of it.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # Who asks before who answers.
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.lock is not None:
            os.close(self.lock)

    def start(self) -> None:
        client, peer, self.port = free_ports(3)
        etcd = f"http://{LOOPBACK}:{client}"
        self.begin(
            "etcd",
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://{LOOPBACK}:{peer}",
            f"--initial-advertise-peer-urls=http://{LOOPBACK}:{peer}",
            f"--initial-cluster=default=http://{LOOPBACK}:{peer}",
            "--unsafe-no-fsync",
        )
        key = self.folder / "accounts.key"
        run("openssl", "genrsa", "-out", key, "2048")
        # How a kubelet knows that it is this server that asks for logs.
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server",
            "-addext", "extendedKeyUsage=clientAuth", "-out", self.folder / "kubelet.crt",
            "-keyout", self.folder / "kubelet.key")  # fmt: skip
        lines = [f'{self.tokens[user]},{user},{user},"{group}"' for user, group in USERS.items()]
        tokens = self.folder / "tokens.csv"
        tokens.write_text("\n".join(lines) + "\n")
        self.begin(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder}/certificates",
            f"--token-auth-file={tokens}",
            "--authorization-mode=Node,RBAC",
            f"--service-account-issuer=https://{LOOPBACK}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--kubelet-client-certificate={self.folder}/kubelet.crt",
            f"--kubelet-client-key={self.folder}/kubelet.key",
            # By its address: no name of a node leads anywhere.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-cluster-ip-range=10.212.0.0/24",
            # Nobody reaches it by a service: an address of the loopback would be none.
            "--endpoint-reconciler-type=none",
        )
        soon("the server answers", lambda: self.answers("kube-apiserver"), STARTS_WITHIN)
        # Each controller with its own rights, which is how clusters are set up.
        accounts = ["--use-service-account-credentials", f"--service-account-private-key-file={key}"]
        for program, more in (("kube-controller-manager", accounts), ("kube-scheduler", [])):
            self.begin(
                program,
                f"--kubeconfig={self.config(f'system:{program}')}",
                "--leader-elect=false",
                "--secure-port=0",
                *more,
            )
        # By one of the controllers, without which there is no pod.
        soon("there are accounts", lambda: self.has_account("default"), STARTS_WITHIN)

    def begin(self, program: str, *flags: str) -> None:
        """They end with who started them, even where that is killed."""
        with open(self.folder / f"{program}.log", "wb") as log:
            self.processes[program] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", self.programs / program, *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                # An interrupt from the terminal is the command's first.
                start_new_session=True,
            )  # fmt: skip

    def config(self, user: str) -> Path:
        """How a client reaches the server as somebody."""
        path = self.folder / f"{user.replace(':', '-')}.json"
        cluster = {
            "server": f"https://{LOOPBACK}:{self.port}",
            "certificate-authority": f"{self.folder}/certificates/apiserver.crt",
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": user}}],
            "current-context": "it",
        }
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path

    def answers(self, needed: str) -> bool:
        if (code := self.processes[needed].poll()) is not None:
            log = (self.folder / f"{needed}.log").read_text(errors="replace")
            raise Failed(f"{needed} ended with {code}:\n" + "\n".join(log.splitlines()[-10:]))
        try:
            return self.ask("GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def has_account(self, namespace: str) -> bool:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        return self.ask("GET", path).status == 200

    def ask(self, method: str, path: str, body: object = None, kind: str = "json") -> Answer:
        context = ssl.create_default_context(cafile=f"{self.folder}/certificates/apiserver.crt")
        server = http.client.HTTPSConnection(LOOPBACK, self.port, timeout=30, context=context)
        headers = {"Authorization": f"Bearer {self.tokens['admin']}"}
        if body is not None:
            headers["Content-Type"] = f"application/{kind}"
        try:
            server.request(method, path, body and json.dumps(body), headers)
            answer = server.getresponse()
            text = answer.read().decode()
            warnings = answer.headers.get_all("Warning") or []
        finally:
            server.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, json.loads(text) if is_json else {"text": text}, warnings)

    def kubectl(self, *words: object, check: bool = True, **more) -> str:
        """As whoever uses it types it."""
        config = self.config("admin")
        own = {"KUBECONFIG": str(config), "HOME": str(self.folder)}
        command = (self.programs / "kubectl", *words)
        return run(*command, check=check, env={**os.environ, **own}, **more)

    def namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        of = {"metadata": {"name": name, "labels": labels or {}}}
        made = self.ask("POST", "/api/v1/namespaces", of)
        if made.status != 201:
            raise Failed(f"there is no namespace {name}: {made.body}")
        soon(f"{name} has an account", lambda: self.has_account(name))

    def node(self, name: str, labels: dict[str, str], taints: list[dict[str, str]]) -> None:
        """A machine that is there for the server alone."""
        has = {"cpu": "2", "memory": "4Gi", "pods": "110"}
        ready = [{"type": "Ready", "status": "True", "reason": "Said", "message": ""}]
        of = {
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints},
            "status": {"capacity": has, "allocatable": has, "conditions": ready},
        }
        made = self.ask("POST", "/api/v1/nodes", of)
        if made.status != 201:
            raise Failed(f"there is no node {name}: {made.body}")


def held(folder: Path) -> int | None:
    """Its lock, which is let go with the process that has it."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    except BlockingIOError:
        os.close(lock)
        return None


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def soon(what: str, holds, within: float = 60.0) -> None:
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > within:
            raise Failed(f"{what}: not within {within:.0f} s")
        time.sleep(0.2)
