"""Whether the campaign sees what it looks for: a look that finds nothing proves nothing
by itself."""

import copy
import fcntl
import os
import subprocess

import left
from rows import Rows, Wrong, check, gone, read, uncounted
from world import Unusable, World


def check_all(world: World) -> None:
    """Plants one of each, and looks.

    Raises `Unusable` when anything is overlooked, or found that is not there."""
    things_left(world)
    rows_wrong(world)


def things_left(world: World) -> None:
    if found := left.look(world, world.temporary):
        raise Unusable(f"before anything was tried, this is there: {found}")
    image = world.ask("GET", "/images/json")[0]["Id"]
    container = world.ask("POST", "/containers/create", {"Image": image})["Id"]
    folder = world.temporary / "coldstart-side-planted"
    folder.mkdir()
    locked = os.open(folder, os.O_RDONLY)
    fcntl.flock(locked, fcntl.LOCK_EX)
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        patience, left.PATIENCE = left.PATIENCE, 0.0
        found = left.look(world, world.temporary)
    finally:
        left.PATIENCE = patience
        sleeper.kill()
        sleeper.wait()
        os.close(locked)
        folder.rmdir()
        world.ask("DELETE", f"/containers/{container}?force=1")
    for kind, planted in vars(found).items():
        if len(planted) != 1:
            raise Unusable(f"of {kind} one was planted, and this is found: {planted}")


def rows_wrong(world: World) -> None:
    folder = world.work / "blind"
    scenario, functions = world.repository / "run.toml", world.functions
    typed = ["run", str(scenario), "--engine", "fake", "--seed", "1", "--out", str(folder)]
    world.run([*typed, "--functions-file", str(functions)]).check_returncode()
    plan = read(folder)

    def expect(what: str, change, found) -> None:
        rows: Rows = copy.deepcopy(plan)
        change(rows)
        if not found(rows):
            raise Unusable(f"{what} is not seen")

    def whole(rows: Rows) -> Wrong:
        return check(rows, plan, True)

    first = plan.samples[0]
    expect("nothing wrong", lambda r: None, lambda r: not whole(r) and not uncounted(r))
    expect("a lost row", lambda r: r.samples.pop(), lambda r: check(r, plan, False).lost)
    expect("a row too few", lambda r: r.samples.pop(), uncounted)
    expect("a row that went", lambda r: r.samples.pop(), lambda r: gone(plan, r))
    expect("a lost trial", drop_a_trial, lambda r: whole(r).lost)
    expect("a doubled row", lambda r: r.samples.append(first), lambda r: whole(r).doubled)
    expect("a doubled trial", lambda r: r.trials.append(r.trials[0]), lambda r: whole(r).doubled)
    expect("a foreign row", lambda r: r.samples[0].update(trial=999), lambda r: whole(r).false)
    crash, early = {"kind": "crashed"}, {**first["marks"], "responded": 0}
    expect("a crash", lambda r: r.samples[0].update(outcome=crash), lambda r: whole(r).false)
    expect("an early answer", lambda r: r.samples[0].update(marks=early), lambda r: whole(r).false)


def drop_a_trial(rows: Rows) -> None:
    """As a record that says that it is complete."""
    last = rows.trials.pop()["trial"]
    rows.samples = [sample for sample in rows.samples if sample["trial"] != last]
