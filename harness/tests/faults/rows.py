"""The rows of a run against those of its plan, read by other means than the program's.

The plan comes from the same command on the simulated engine, where nothing fails."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# Where in the plan a row belongs: what the plan says of it, and nothing that was measured.
Place = tuple
PLANNED = ("function", "control", "pattern", "step", "act")


@dataclass
class Wrong:
    """What is wrong with the rows of a run."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def __add__(self, other: "Wrong") -> "Wrong":
        return Wrong(*(vars(self)[name] + vars(other)[name] for name in vars(self)))

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def __str__(self) -> str:
        def of(name: str, what: list[str]) -> str:
            return f"{len(what)} {name}: {what[0]}"

        return "; ".join(of(name, what) for name, what in vars(self).items() if what)


@dataclass
class Rows:
    """The lines of a run's folder. A last line may be cut off, by a kill or a full disk."""

    samples: list[dict]
    trials: list[dict]
    record: dict
    unreadable: list[str]

    def whole(self) -> list[dict]:
        """The samples of the trials that are noted: those of another may be cut short."""
        noted = {trial["trial"] for trial in self.trials}
        return [sample for sample in self.samples if sample["trial"] in noted]

    def is_complete(self) -> bool:
        """By its own account."""
        return self.record.get("complete", False)


def is_run(folder: Path) -> bool:
    """Whether anything was begun there."""
    return (folder / "run.json").is_file()


def read(folder: Path) -> Rows:
    """A run's folder."""
    unreadable: list[str] = []
    samples = lines(folder / "samples.jsonl", unreadable)
    trials = lines(folder / "trials.jsonl", unreadable)
    try:
        record = json.loads((folder / "run.json").read_text())
    except (OSError, ValueError) as error:
        record = {}
        unreadable.append(f"{folder.name}/run.json: {error}")
    return Rows(samples, trials, record, unreadable)


def lines(file: Path, unreadable: list[str]) -> list[dict]:
    """Of a file with a JSON object a line."""
    if not file.is_file():
        unreadable.append(f"{file.name} is not there")
        return []
    found = []
    text = file.read_bytes()
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            if line.endswith(b"\n"):
                unreadable.append(f"{file.name}:{number}: {error}")
    return found


def place(sample: dict) -> Place:
    """Where in the plan it belongs."""
    cell = sample["cell"]
    planned = [json.dumps(cell.get(name)) for name in PLANNED]
    # Which address family a process gets is no part of the plan.
    network = cell["factors"]["network"]
    return (sample["trial"], sample["round"], sample["index"], network, *planned)


def name(row: Place) -> str:
    """For a person."""
    trial, _, index, network, *planned = row
    return f"trial {trial} row {index} ({network} {' '.join(planned)})".replace('"', "")


def check(rows: Rows, plan: Rows, is_whole: bool) -> Wrong:
    """What is wrong by itself: `is_whole` when every row of the plan must be there."""
    wrong = Wrong(false=list(rows.unreadable))
    wanted = {place(sample) for sample in plan.samples}
    found = Counter(place(sample) for sample in rows.samples)
    wrong.doubled = [name(p) for p, count in found.items() if count > 1]
    wrong.doubled += doubled_trials(rows)
    wrong.false += [f"{name(p)} is not of the plan" for p in found if p not in wanted]
    wrong.false += [f"{name(place(s))}: {why}" for s in rows.samples if (why := untrue(s))]
    wrong.false += twice_proved(rows)
    expected = wanted if is_whole or rows.is_complete() else of_noted(rows, wanted)
    wrong.lost = [name(p) for p in sorted(expected) if p not in found]
    return wrong


def doubled_trials(rows: Rows) -> list[str]:
    """Trials that were noted more than once."""
    count = Counter(trial["trial"] for trial in rows.trials)
    return [f"trial {trial}" for trial, times in count.items() if times > 1]


def of_noted(rows: Rows, wanted: set[Place]) -> set[Place]:
    """Places of trials that were noted as run to their end."""
    noted = {trial["trial"] for trial in rows.trials}
    return {p for p in wanted if p[0] in noted}


def untrue(sample: dict) -> str | None:
    """Why a row cannot be true of a function that is well, on an engine that is not gone."""
    outcome = sample["outcome"]
    if outcome["kind"] != "ok":
        return f"{outcome['kind']}, {outcome.get('cause', '')}"
    marks = sample["marks"]
    if not marks["intended"] <= marks["dispatched"] < marks["responded"]:
        return f"answered before it was asked: {marks}"
    is_first = sample["proof"]["invocation"] == 1
    if is_first != (sample["cell"]["temperature"] == "cold"):
        return f"{sample['cell']['temperature']}, but invocation {sample['proof']['invocation']}"
    return None


def twice_proved(rows: Rows) -> list[str]:
    """Rows that show the same proof: one of them is another's."""
    proofs = Counter(json.dumps(s["proof"]) for s in rows.samples if s.get("proof"))
    return [f"two rows with the proof {proof}" for proof, times in proofs.items() if times > 1]


def gone(before: Rows, after: Rows) -> list[str]:
    """Rows of whole trials that were there before a run went on, and are not as they were."""
    now = [json.dumps(sample) for sample in after.samples]
    return [name(place(s)) for s in before.whole() if json.dumps(s) not in now]


def uncounted(rows: Rows) -> list[str]:
    """Rows that the record says were kept, where the driver ended by itself."""
    counts = rows.record.get("counts", {})
    said = counts.get("ok", 0) + counts.get("failed", 0)
    there = len(rows.samples)
    return [] if said == there else [f"{said} rows by its own account, {there} on disk"]
