"""What can go wrong while a driver runs, and what it must come to.

Each fault disturbs a driver at a moment that is drawn; nothing here judges."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attempt import PAGE, Attempt
from driver import Driver, Ended
from left import KINDS, WITHOUT_AN_ENGINE


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    # Starts drivers, disturbs them, and waits for their ends.
    disturb: Callable[[Attempt], list[Ended]]
    # Exit statuses that the documentation gives; 0 only with everything measured.
    statuses: frozenset[int]
    # What the driver can still remove by itself, so that none may be left.
    acts: tuple[str, ...] = KINDS
    # How often it must have been hit for the try to count.
    hits: int = 1
    # Whether the driver can still note in the record how many rows it kept.
    counts: bool = True
    # Measurements at a time.
    runs: int = 1
    # Whether the folder is somewhere else by then, or nowhere.
    gone: bool = False
    # What the user has to do before `clean`.
    cure: Callable[[Attempt], None] = lambda attempt: None


def nothing(attempt: Attempt) -> list[Ended]:
    driver = attempt.start()
    driver.wait_for(attempt.first_record())
    attempt.prepared = driver.age()
    driver.hit()
    return [driver.ended()]


def signals(number: signal.Signals, times: int) -> Callable[[Attempt], list[Ended]]:
    """The same one so many times, a random while apart."""

    def disturb(attempt: Attempt) -> list[Ended]:
        driver = attempt.start()
        driver.wait_until(attempt.moment())
        driver.send(number)
        for _ in range(times - 1):
            # Within a trial mostly: the first ends the run after it.
            driver.wait_until(driver.age() + attempt.pause())
            driver.send(number)
        return [driver.ended()]

    return disturb


def engine_killed(attempt: Attempt) -> list[Ended]:
    driver = attempt.start()
    driver.wait_until(attempt.moment())
    if driver.hit():
        attempt.world.kill_engine()
    return [driver.ended()]


def removed(attempt: Attempt) -> list[Ended]:
    def remove(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    return gone(attempt, remove)


def renamed(attempt: Attempt) -> list[Ended]:
    return gone(attempt, lambda folder: folder.rename(attempt.folder / "renamed"))


def gone(attempt: Attempt, how: Callable[[Path], None]) -> list[Ended]:
    """The run's folder is no longer where it was."""
    driver = attempt.start()
    driver.wait_for(attempt.first_record())
    driver.wait_until(driver.age() + attempt.moment_after_the_folder())
    page = "compare.html" if attempt.verb == "gate" else "report.html"
    if driver.hit():
        # Nothing may be left to write by then; whether there is shows in what comes back.
        attempt.had_all = (attempt.out / page).exists()
        how(attempt.out)
    return [driver.ended()]


def full_results(attempt: Attempt) -> list[Ended]:
    """A folder for results with less room than they need."""
    attempt.mount(attempt.out.parent, f"size={attempt.too_little()}")
    return until_full(attempt)


def full_temporary(attempt: Attempt) -> list[Ended]:
    """A folder for temporary files with too little room, or too few files."""
    few = f"nr_inodes={attempt.rng.randint(1, 5)}"
    # A run keeps nothing there but names; a gate its checkouts.
    little = f"size={attempt.rng.randint(1, 600) * PAGE}" if attempt.verb == "gate" else few
    attempt.mount(attempt.temporary, attempt.rng.choice([few, little]))
    return until_full(attempt)


def until_full(attempt: Attempt) -> list[Ended]:
    driver = attempt.start()
    ended = driver.ended()
    ended.hits = int(ended.status != 0)
    return [ended]


def more_room(attempt: Attempt) -> None:
    for mounted in attempt.mounted:
        options = "remount,size=1g,nr_inodes=100000"
        subprocess.run(["mount", "-o", options, str(mounted)], check=True)


def three(attempt: Attempt) -> list[Ended]:
    """Within the same second, into folders of the default name."""
    drivers: list[Driver] = [attempt.start(into=None) for _ in range(3)]
    for driver in drivers:
        driver.hit()
    return [driver.ended() for driver in drivers]


OK, INTERRUPTED, ENVIRONMENT = 0, 130, 4
STOPS = frozenset({OK, INTERRUPTED})
FAILS = frozenset({OK, ENVIRONMENT})


def start_engine(attempt: Attempt) -> None:
    attempt.world.start_engine()


def all_signals() -> list[Fault]:
    found = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for times, how in ((1, "once"), (2, "twice")):
            disturb = signals(number, times)
            found.append(Fault(f"{number.name} {how}", disturb, STOPS, hits=times))
    return found


FAULTS = [
    Fault("success", nothing, frozenset({OK})),
    *all_signals(),
    # It says what it leaves, and leaves it.
    Fault("SIGINT three times", signals(signal.SIGINT, 3), STOPS, (), hits=3, counts=False),
    Fault("SIGKILL", signals(signal.SIGKILL, 1), frozenset({OK, -9}), (), counts=False),
    Fault("engine killed", engine_killed, FAILS, WITHOUT_AN_ENGINE, cure=start_engine),
    Fault("disk full, results", full_results, FAILS, counts=False, cure=more_room),
    # A run may need nothing of it, and then it cannot be hit at all.
    Fault("disk full, TMPDIR", full_temporary, FAILS, hits=0, cure=more_room),
    Fault("folder removed", removed, frozenset({ENVIRONMENT}), gone=True),
    Fault("folder renamed", renamed, frozenset({ENVIRONMENT}), counts=False, gone=True),
    Fault("three at once", three, frozenset({OK}), hits=1, runs=3),
]
