"""What the faults need, made before the namespaces that have no network: a repository
with a function that is well, and a function that is not."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent

DOCKERFILE = """FROM scratch
COPY function salt /
CMD ["/function"]
"""

FUNCTIONS = """null = "plain"

[[function]]
name = "plain"
context = "plain"
files = ["Dockerfile", "function", "salt"]
process = ["function"]
version-command = ["/function", "--version"]
memory = "64MiB"
timeout = "60s"
event = '{"hello":"Grüße"}'
"""


def control(root: Path) -> Path:
    """The program of the repository's own control, prepared as its file says."""
    file = root / "functions" / "functions.toml"
    all_of_them = tomllib.loads(file.read_text())
    null = next(f for f in all_of_them["function"] if f["name"] == all_of_them["null"])
    folder = file.parent / null["context"]
    subprocess.run(null["prepare"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / null["process"][0]


def repository(root: Path, folder: Path) -> None:
    """Of one function, which needs nothing to be built but its image."""
    context = folder / "functions" / "plain"
    context.mkdir(parents=True)
    shutil.copy(control(root), context / "function")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "salt").write_text("0\n")
    (folder / "functions" / "functions.toml").write_text(FUNCTIONS)
    for scenario in ("run.toml", "gate.toml"):
        shutil.copy(HERE / scenario, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")


def git(folder: Path, *arguments: str) -> None:
    """Whatever the caller's own configuration says."""
    names = ("AUTHOR", "COMMITTER")
    who = {f"GIT_{n}_{k}": v for n in names for k, v in (("NAME", "x"), ("EMAIL", "x@x"))}
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "-C", folder, *arguments], check=True, env=env)


def hostile(folder: Path) -> None:
    """The function that does harm, as a static program."""
    build = ["rustc", "--edition", "2024", "-O", "-C", "target-feature=+crt-static"]
    build += ["-C", "strip=symbols", "-o", folder / "hostile", HERE / "hostile.rs"]
    subprocess.run(build, check=True)


if __name__ == "__main__":
    repository(Path(sys.argv[1]), Path(sys.argv[2]) / "repo")
    hostile(Path(sys.argv[2]))
