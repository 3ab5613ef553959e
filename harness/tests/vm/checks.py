"""What must hold of what was done in the machine: marks, resources, states; never times."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

# What is known of a cold start, whoever makes it.
MARKS = {
    "intended", "dispatched", "create_called", "created", "start_called", "oci_create", "exec",
    "main", "ready_self", "ready", "start_returned", "sent", "responded",
}  # fmt: skip
# What only a daemon's has.
DAEMON = {"shim", "oci_start"}
ENGINES = ("docker", "oci")


def wrong(out: Path) -> list[str]:
    """Everything that does not hold."""
    found = []
    for file in sorted(out.glob("*.code")):
        if (code := file.read_text().strip()) != "0" and file.stem not in MAY_FAIL:
            found.append(f"{file.stem}: exit {code}")
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            found += [f"{name}: {text}" for text in check(out)]
        except (OSError, KeyError, TypeError, ValueError) as error:
            found.append(f"{name}: cannot be told: {error!r}")
    return found


# Every start of it fails, which is what is looked at.
MAY_FAIL = {f"memory-{engine}" for engine in ENGINES}


def rows(out: Path, run: str, file: str = "samples") -> list[Row]:
    return [json.loads(line) for line in (out / run / f"{file}.jsonl").open()]


def starts(out: Path, run: str, engine: str, **factors: object) -> list[Row]:
    """Cold starts of what is measured, in an engine, under such factors."""
    asked = {"engine": engine, **factors}
    return [
        row
        for row in rows(out, run)
        if row["cell"]["temperature"] == "cold"
        and "control" not in row["cell"]
        and all(row["cell"]["factors"].get(key) == value for key, value in asked.items())
    ]


def the_machine(out: Path) -> Iterator[str]:
    if (kind := (out / "cgroups").read_text().strip()) != "cgroup2fs":
        yield f"its cgroups are {kind}"
    if not {"cpu", "memory", "pids"} <= set((out / "controllers").read_text().split()):
        yield "controllers are missing"
    if not (engine := (out / "engine").read_text().strip()).endswith(" systemd 2"):
        yield f"its engine is {engine}"


def every_start(out: Path) -> Iterator[str]:
    for run in ("quick", "networks", "ahead", "runtimes", "moves", "quota", "rule", "cold"):
        for row in rows(out, run):
            if row["outcome"]["kind"] != "ok":
                yield f"{run}: {row['cell']}: {row['outcome']}"


def moves_between_cgroups(out: Path) -> Iterator[str]:
    if "moves between cgroups" not in (told := (out / "doctor.log").read_text()):
        yield f"doctor does not say how long they wait: {told}"
    for engine in ENGINES:
        for setting in ("as-is", "favordynmods"):
            if not starts(out, "moves", engine, cgroup_moves=setting):
                yield f"{engine} has no start with {setting}"


def marks(out: Path) -> Iterator[str]:
    for run in ("quick", "networks"):
        for engine in ENGINES:
            found = starts(out, run, engine)
            if not found:
                yield f"{run}: {engine} has no start"
            for row in found:
                expected = MARKS | (DAEMON if engine == "docker" else set())
                if missing := expected - row["marks"].keys():
                    yield f"{run}: {engine} {row['cell']['factors']['network']}: no {missing}"
                if engine == "oci" and (more := DAEMON & row["marks"].keys()):
                    yield f"{run}: {engine} has {more}"


def warm_ones_and_controls(out: Path) -> Iterator[str]:
    found = rows(out, "quick")
    warm = [row for row in found if row["cell"]["temperature"] == "warm"]
    if not warm:
        yield "nothing was warm"
    controls = [row["cell"] for row in found if "control" in row["cell"]]
    nulls = {cell["factors"]["engine"] for cell in controls if "container" in cell["control"]}
    if nulls != set(ENGINES):
        yield f"null containers are of {nulls}"


def what_was_used(out: Path) -> Iterator[str]:
    for run in ("quick", "networks", "ahead", "runtimes", "cold"):
        for engine in ENGINES:
            for row in starts(out, run, engine):
                used = row.get("resources") or {}
                # What was used by its exec is read too late in most starts here, and then left
                # out: the processor is emulated.
                told = 0 < used.get("cpu_system_ns", 1) <= used.get("cpu_ns", 1)
                if not (used.get("peak_memory", 0) > 0 and used.get("oom_kills") == 0 and told):
                    yield f"{run}: {engine}: {used}"


def created_ahead(out: Path) -> Iterator[str]:
    docker = starts(out, "ahead", "docker")
    if any("created" == row["cell"]["factors"].get("start_from") for row in docker):
        yield "a daemon has created something ahead"
    bundle = starts(out, "ahead", "oci", start_from="bundle")
    created = starts(out, "ahead", "oci", start_from="created")
    if not (docker and bundle and created):
        yield f"starts are {len(docker)}, {len(bundle)} and {len(created)}"
    if any("create_called" in row["marks"] for row in created):
        yield "what was created ahead was created within its start"


def both_runtimes(out: Path) -> Iterator[str]:
    for runtime in ("runc", "crun"):
        if not starts(out, "runtimes", "oci", runtime=runtime):
            yield f"{runtime} has no start"


def a_quota_of_processor_time(out: Path) -> Iterator[str]:
    for engine in ENGINES:
        used = [row.get("resources", {}) for row in starts(out, "quota", engine)]
        kept = [u for u in used if u.get("throttled_periods", 0) > 0 and u["throttled_us"] > 0]
        if not kept:
            yield f"{engine}: it was never throttled: {used}"
        ruled = starts(out, "rule", engine)
        if not ruled or any("throttled" not in row["marks"] for row in ruled):
            yield f"{engine}: no quota was set by memory"


def memory_that_runs_out(out: Path) -> Iterator[str]:
    # It is tried before anything is measured, and refused.
    for engine in ENGINES:
        told = (out / f"memory-{engine}.log").read_text()
        if "ran out of memory" not in told or (out / f"memory-{engine}.code").read_text() != "4\n":
            yield f"{engine}: {told[-300:]}"


def images_out_of_memory(out: Path) -> Iterator[str]:
    trials = {row["trial"]: row.get("resident") for row in rows(out, "cold", "trials")}
    for engine in ENGINES:
        for state in ("image-cold", "host-cold"):
            found = starts(out, "cold", engine, page_cache=state)
            if not found:
                yield f"{engine} has no start of {state}"
            for resident in (trials[row["trial"]] for row in found):
                if not resident or resident["resident"] > resident["bytes"] / 100:
                    yield f"{engine}: {state}: {resident}"


def explained_starts(out: Path) -> Iterator[str]:
    for engine in ENGINES:
        found = json.loads((out / f"why-{engine}" / "explain.json").read_text())
        [function] = found["functions"]
        if not function["starts"]["plain"]:
            yield f"{engine}: no start was ready"
        used = [phase["user"] + phase["system"] for phase in function["phases"]]
        if not used or sum(used) == 0:
            yield f"{engine}: no phase has used a processor"
        names = {module["name"] for module in function["modules"]["modules"]}
        if "json" not in names:
            yield f"{engine}: modules are {sorted(names)}"


def nothing_is_left(out: Path) -> Iterator[str]:
    yield from (out / "left").read_text().split("\n")[:-1]


CHECKS: list[Callable[[Path], Iterator[str]]] = [
    the_machine,
    every_start,
    moves_between_cgroups,
    marks,
    warm_ones_and_controls,
    what_was_used,
    created_ahead,
    both_runtimes,
    a_quota_of_processor_time,
    memory_that_runs_out,
    images_out_of_memory,
    explained_starts,
    nothing_is_left,
]
