"""Programs of Kubernetes, built once from the modules that the Go proxy serves, and kept."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from swarm import Failed, run

VERSION = "v1.37.2"
KUBERNETES = "k8s.io/kubernetes"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coldstart" / "kubernetes"
# What stores objects is built as what serves them was released with it.
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    **{
        name: f"{KUBERNETES}/cmd/{name}"
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubectl",
            "kubelet",
        )
    },
}
# What holds the namespaces of a pod.
PAUSE = """package main

import ("os"; "os/signal"; "syscall")

func main() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	<-told
}
"""
# It says its version by what the linker is told; the symbols are half of it.
SAYS = "k8s.io/component-base/version"


def built() -> Path:
    """The folder that has them."""
    kept = KEPT / VERSION
    if kept.is_dir():
        return kept
    if shutil.which("go") is None:
        raise Failed("go is missing, 1.21 or newer: apt-get install --no-install-recommends golang-go")
    KEPT.mkdir(parents=True, exist_ok=True)
    print(f"building Kubernetes {VERSION}: some gigabytes, and many minutes, once", flush=True)
    with tempfile.TemporaryDirectory(prefix=f"{VERSION}.", dir=KEPT) as folder:
        unfinished = Path(folder) / "bin"
        build(Path(folder), unfinished)
        try:
            unfinished.rename(kept)
        except OSError:
            # Whoever was faster has made the same.
            if not kept.is_dir():
                raise
    return kept


def build(folder: Path, into: Path) -> None:
    """Everything of it but what is built goes with the folder."""
    own = {
        "GOWORK": "off",
        "GOFLAGS": "-modcacherw -buildvcs=false -trimpath",
        # A newer one than that of the packages is a module, too.
        "GOTOOLCHAIN": "auto",
        "CGO_ENABLED": "0",
        "GOCACHE": os.environ.get("GOCACHE") or str(folder / "cache"),
        "GOMODCACHE": os.environ.get("GOMODCACHE") or str(folder / "modules"),
    }
    more = {"cwd": folder, "env": {**os.environ, **own}}
    told = json.loads(run("go", "mod", "download", "-json", f"{KUBERNETES}@{VERSION}", **more))
    of_it = json.loads(run("go", "mod", "edit", "-json", told["GoMod"], **more))
    (folder / "go.mod").write_text(module(of_it))
    # The rest is looked up where every module's sum is published.
    shutil.copy(Path(told["Dir"]) / "go.sum", folder / "go.sum")
    _, minor, _ = VERSION.split(".")
    said = {"gitVersion": VERSION, "gitMajor": "1", "gitMinor": minor}
    linked = " ".join(["-s -w", *(f"-X {SAYS}.{name}={text}" for name, text in said.items())])
    # One after the other: each is linked with most of what a machine has.
    (folder / "pause").mkdir()
    (folder / "pause/main.go").write_text(PAUSE)
    for name, package in (PROGRAMS | {"pause": "./pause"}).items():
        print(f"building {name}", flush=True)
        run("nice", "go", "build", "-mod=mod", "-ldflags", linked, "-o", into / name, package, **more)


def module(of_it: dict) -> str:
    """A module that needs what Kubernetes' own does. What that takes from folders beside it, which
    are not in what is served, was published under the same number."""
    published = "v0." + VERSION.split(".", 1)[1]
    beside = [one["Old"]["Path"] for one in of_it["Replace"] if "Version" not in one["New"]]
    needed = {one["Path"]: one["Version"] for one in of_it["Require"]}
    needed |= dict.fromkeys(beside, published) | {KUBERNETES: VERSION}
    lines = ["module cluster", f"go {of_it['Go']}"]
    lines += [f"require {path} {version}" for path, version in needed.items()]
    lines += [f"replace {path} => {path} {published}" for path in beside]
    return "\n".join(lines) + "\n"
