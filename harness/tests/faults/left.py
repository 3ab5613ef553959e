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


LOCK = (".lock", "lock")
KINDS = ("containers", "temporary", "locks", "processes")
WITHOUT_AN_ENGINE = ("temporary", "locks", "processes")


def places(world: World, temporary: Path) -> list[Path]:
    """Where a driver puts what it needs for a while; what it keeps is elsewhere."""
    state = world.state / "coldstart"
    # This namespace's own.
    folders = [temporary, world.runtime, state, state / "run", state / "oci"]
    return [*folders, Path("/run/coldstart")]


def look(
    world: World, temporary: Path, kinds: tuple[str, ...] = KINDS, cleaned: bool = False
) -> Left:
    """What is left now that no driver runs, after a little patience. The files of locks
    that nobody holds may stay until somebody cleans."""
    begun = time.monotonic()
    while True:
        folders = places(world, temporary)
        left = Left(
            world.containers() if "containers" in kinds else [],
            [path.name for folder in folders for path in things(folder, cleaned)],
            [path for folder in folders for path in held(folder)],
            processes(),
        ).only(kinds)
        if not left or time.monotonic() - begun > PATIENCE:
            return left
        time.sleep(0.1)


def sweep(world: World, temporary: Path) -> None:
    """Removes it all by other means than the program's: the next try is another."""
    for container in world.containers(builders=True):
        world.ask("DELETE", f"/containers/{container}?force=1")
    for process in processes():
        os.kill(int(process.split()[0]), signal.SIGKILL)
    for path in [path for folder in places(world, temporary) for path in things(folder, True)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def things(folder: Path, locks: bool) -> list[Path]:
    """What is in a folder, but for the engine and its logs; with what stays until a `clean`?"""
    if not folder.is_dir():
        return []
    # What instances are made in without a daemon stays, empty; what is kept for the next time too.
    kept = {"engine", "run", "oci", "images", "checkouts"} if folder.name == "coldstart" else set()
    if folder.name == "oci" and not locks:
        # What all instances have in common stays until somebody cleans.
        kept = {"places"}
    found = [path for path in folder.iterdir() if path.name not in kept and path.suffix != ".log"]
    return [path for path in found if locks or not is_lock(path)]


def is_lock(path: Path) -> bool:
    """By its name: a socket or a folder of that name is none."""
    return path.is_file() and not path.is_symlink() and (path.suffix or path.name) in LOCK


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
            # Its helpers are itself, by another name.
            program = (entry / "exe").readlink().name
            contained = "/docker/" in (entry / "cgroup").read_text()
            is_dead = not (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        is_engine = name.startswith(ENGINE) or program.startswith(ENGINE)
        if not (is_engine or contained or is_dead):
            found.append(f"{entry.name} ({name})")
    return found
