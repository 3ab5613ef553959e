"""One try of one fault: where it happens, and what is drawn for it."""

import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from build import git
from driver import Driver
from rows import Rows, is_run, read
from world import World

VERBS = ("run", "gate")
# So many plans; each is made once on the simulated engine.
PLANS = 4
PAGE = 4096


@dataclass
class Takes:
    """What an undisturbed measurement takes."""

    # Seconds to the first file of its folder, and in all.
    prepared: float
    all: float
    # Bytes on disk.
    size: int

    def sooner(self, share: float) -> "Takes":
        """For moments that come sooner than these would."""
        return Takes(self.prepared * share, self.all * share, self.size)


class Attempt:
    """One try."""

    def __init__(self, world: World, verb: str, draw: str, folder: Path, takes: Takes):
        self.world, self.verb, self.folder, self.takes = world, verb, folder, takes
        self.rng = random.Random(draw)
        self.plan_seed = self.rng.randint(1, PLANS)
        self.work, self.temporary = folder / "work", folder / "tmp"
        self.out = folder / "results" / "out"
        self.mounted: list[Path] = []
        self.at: list[float] = []
        self.prepared = 0.0
        # Whether its pages were there before its folder was not.
        self.had_all = False
        for made in (self.temporary, self.out.parent):
            made.mkdir(parents=True)
        git(world.repository, "clone", "--quiet", str(world.repository), str(self.work))
        if self.rng.random() < 0.5:
            self.build_anew(draw)

    def build_anew(self, salt: str) -> None:
        """An image that is not there yet, so that building it can be interrupted."""
        (self.work / "functions" / "plain" / "salt").write_text(f"{salt}\n")
        git(self.work, "commit", "--quiet", "--all", "--message", "Salt")

    @property
    def functions(self) -> Path:
        """The functions file of this try."""
        return self.work / "functions" / "functions.toml"

    def arguments(self, into: Path | None) -> list[str]:
        """What is typed."""
        own = [self.verb, str(self.work / f"{self.verb}.toml"), "--seed", str(self.plan_seed)]
        own += ["--functions-file", "functions/functions.toml"]
        own += ["--base", "HEAD", "--head", "HEAD"] if self.verb == "gate" else []
        return own + (["--out", str(into)] if into else [])

    def start(self, into: Path | None = Path("out")) -> Driver:
        """A driver, into this try's folder or one of the default name."""
        arguments = self.arguments(into and self.out)
        return Driver(self.world, arguments, self.work, self.folder, self.temporary)

    def first_record(self) -> Path:
        """There as soon as measuring begins."""
        return self.out / ("base/run.json" if self.verb == "gate" else "run.json")

    def moment(self) -> float:
        """Seconds after the start: half of them while it prepares."""
        most = self.rng.choice([self.takes.prepared, self.takes.all])
        return self.noted(self.rng.uniform(0, most))

    def moment_after_the_folder(self) -> float:
        """Seconds from its first file on."""
        measuring = self.takes.all - self.takes.prepared
        return self.noted(self.rng.uniform(0, measuring))

    def pause(self) -> float:
        """Seconds between two signals: from at once to longer than a trial."""
        return self.noted(10 ** self.rng.uniform(-3, -0.3))

    def noted(self, seconds: float) -> float:
        """For the person who tries it again."""
        self.at.append(seconds)
        return seconds

    def too_little(self) -> int:
        """Bytes, fewer than the results take."""
        return self.rng.randint(1, max(self.takes.size // PAGE - 1, 1)) * PAGE

    def mount(self, folder: Path, options: str) -> None:
        """A disk of its own, and a small one."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "faults", str(folder)], check=True)
        self.mounted.append(folder)

    def folders(self) -> list[Path]:
        """Every run's folder that there is, wherever it is by now."""
        places = [self.out, self.folder / "renamed", *(self.work / "results").glob("*")]
        sides = [side for place in places for side in (place, place / "base", place / "head")]
        return [folder for folder in sides if is_run(folder)]

    def plan(self, folder: Path) -> Rows:
        """What must be in a run's folder in the end."""
        made = self.world.work / "plans" / f"{self.verb}-{self.plan_seed}"
        if not made.exists():
            arguments = [*self.arguments(made), "--engine", "fake"]
            self.world.run(arguments, cwd=self.work).check_returncode()
        return read(made / folder.name if folder.name in ("base", "head") else made)

    def end(self, evidence: Path | None) -> None:
        """Leaves no trace, but what a person wants to look at."""
        if evidence:
            shutil.rmtree(evidence, ignore_errors=True)
            ignore = shutil.ignore_patterns("work", "tmp", "*.sock")
            shutil.copytree(self.folder, evidence, ignore=ignore, symlinks=True)
        for mounted in self.mounted:
            subprocess.run(["umount", "--lazy", str(mounted)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of the blocks that its files take."""
    files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // PAGE) * PAGE for size in files)
