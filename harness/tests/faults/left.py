"""What a driver left behind, counted by looking and not by asking it."""

import fcntl
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from world import World

# The engine's own. A container's processes are told by their control group.
ENGINE = ("dockerd", "containerd", "docker-", "runc")
# How long the kernel and the engine may take to end what was ended, in seconds.
PATIENCE = 5.0


@dataclass
class Left:
    """Things that a driver made and that are still there."""

    containers: list[str] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

    def only(self, kinds: tuple[str, ...]) -> "Left":
        """Of those kinds alone."""
        return Left(**{kind: getattr(self, kind) for kind in kinds})

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def __str__(self) -> str:
        return "; ".join(f"{kind} {', '.join(of)}" for kind, of in vars(self).items() if of)


KINDS = ("containers", "temporary", "locks", "processes")
WITHOUT_AN_ENGINE = ("temporary", "locks", "processes")


def look(world: World, temporary: Path, kinds: tuple[str, ...] = KINDS) -> Left:
    """What is left now that no driver runs, after a little patience."""
    begun = time.monotonic()
    while True:
        left = Left(
            world.containers() if "containers" in kinds else [],
            things(temporary) + things(world.runtime) + things(world.state / "coldstart"),
            held(temporary) + held(world.runtime) + held(world.state / "coldstart"),
            processes(),
        ).only(kinds)
        if not left or time.monotonic() - begun > PATIENCE:
            return left
        time.sleep(0.1)


def sweep(world: World, temporary: Path) -> None:
    """Removes it all by other means than the program's: the next try is another."""
    for container in world.containers():
        world.ask("DELETE", f"/containers/{container}?force=1")
    for process in processes():
        os.kill(int(process.split()[0]), signal.SIGKILL)
    for folder in (temporary, world.runtime, world.state / "coldstart"):
        for name in things(folder):
            shutil.rmtree(folder / name, ignore_errors=True)


def things(folder: Path) -> list[str]:
    """What is in a folder, but for the engine, its logs, and locks that nobody holds."""
    if not folder.is_dir():
        return []
    names = {"engine", "lock"} if folder.name == "coldstart" else set()
    found = [path for path in folder.iterdir() if path.name not in names]
    return [path.name for path in found if path.suffix != ".log" and not only_locks(path)]


def only_locks(path: Path) -> bool:
    """A lock's file may stay, as nobody can remove it without a race, and the folder of
    locks with it."""
    if path.is_symlink() or not path.is_dir():
        return path.suffix == ".lock" and path.is_file()
    inside = list(path.iterdir())
    return bool(inside) and all(only_locks(one) for one in inside)


def held(folder: Path) -> list[str]:
    """Files and folders that somebody has locked."""
    if not folder.is_dir():
        return []
    found = []
    for top in [folder, *(path for path in folder.iterdir() if path.name != "engine")]:
        inside = [] if top == folder else top.rglob("*")
        found += [path.name for path in [top, *inside] if is_held(path)]
    return found


def is_held(path: Path) -> bool:
    """Whether it is locked by any process."""
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return False
    opened = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def processes() -> list[str]:
    """Of this namespace, but for its first, this one, the engine's and the containers'."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in (1, os.getpid()):
            continue
        try:
            name = (entry / "comm").read_text().strip()
            contained = "/docker/" in (entry / "cgroup").read_text()
            is_dead = not (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        is_engine = name.startswith(ENGINE)
        if not (is_engine or contained or is_dead):
            found.append(f"{entry.name} ({name})")
    return found
