"""A try, from its fault to what was wrong with it."""

from dataclasses import dataclass, field
from pathlib import Path

from attempt import Attempt
from driver import Ended
from faults import Fault
from left import Left, look
from rows import Rows, Wrong, check, gone, read, uncounted


@dataclass
class Verdict:
    """What one try gave."""

    hits: int
    at: list[float]
    statuses: list[int | None]
    at_once: Left = field(default_factory=Left)
    after: Left = field(default_factory=Left)
    rows: Wrong = field(default_factory=Wrong)
    # Undocumented exit statuses, hangs, folders that came back.
    ending: list[str] = field(default_factory=list)
    took: float = 0.0

    def is_fine(self) -> bool:
        """Whether every limit holds."""
        return not (self.at_once or self.after or self.rows or self.ending)

    def __str__(self) -> str:
        parts = {"at once": self.at_once, "after the cure": self.after, "rows": self.rows}
        said = [f"{name}: {part}" for name, part in parts.items() if part]
        return "; ".join(said + self.ending)


def judge(attempt: Attempt, fault: Fault) -> Verdict:
    """Runs a try, looks, does what the documentation says, and looks again."""
    ends = fault.disturb(attempt)
    hits, statuses = min(ended.hits for ended in ends), [ended.status for ended in ends]
    verdict = Verdict(hits, attempt.at, statuses, took=ends[0].took)
    verdict.ending = [why for ended in ends if (why := undocumented(attempt, fault, ended))]
    verdict.at_once = look(attempt.world, attempt.temporary, fault.acts)
    before = {folder: read(folder) for folder in attempt.folders()}
    verdict.rows = measured(attempt, before, fault, statuses)
    fault.cure(attempt)
    clean(attempt, verdict)
    if attempt.verb == "run":
        for folder, rows in before.items():
            go_on(attempt, folder, rows, verdict)
    return verdict


def undocumented(attempt: Attempt, fault: Fault, ended: Ended) -> str | None:
    """What is wrong with how a driver ended."""
    last = ended.said.strip().splitlines()[-1:]
    if ended.status is None:
        return f"it hung: {last}"
    if "panicked at" in ended.said:
        return f"a panic: {ended.said.split('panicked at')[1].splitlines()[:2]}"
    # A signal that came before its first instruction: nothing was said, nothing made.
    if ended.status < 0 and not ended.said and not attempt.folders():
        return None
    # Nothing happened to who was not hit, or had nothing left to do.
    was_hit = ended.hits >= fault.hits and not attempt.had_all
    if ended.status not in fault.statuses and (was_hit or ended.status != 0):
        return f"exit status {ended.status}: {last}"
    if ended.status == 4 and "error[" not in ended.said:
        return f"exit status 4 without a cause: {last}"
    if ended.hits and fault.gone and attempt.out.exists():
        return f"{attempt.out.name} was made again, exit status {ended.status}"
    return None


def measured(
    attempt: Attempt, found: dict[Path, Rows], fault: Fault, statuses: list[int | None]
) -> Wrong:
    """What is wrong with the rows before anybody went on."""
    wrong = Wrong()
    all_ok = all(status == 0 for status in statuses)
    # A signal that is not handled leaves no time; it is wrong already.
    counts = fault.counts and all(status is not None and status >= 0 for status in statuses)
    for folder, rows in found.items():
        wrong += check(rows, attempt.plan(folder), all_ok)
        wrong.lost += uncounted(rows) if counts else []
    expected = fault.runs * (2 if attempt.verb == "gate" else 1)
    if all_ok and not fault.gone and len(found) < expected:
        wrong.lost.append(f"{len(found)} of {expected} folders")
    return wrong


def clean(attempt: Attempt, verdict: Verdict) -> None:
    """The documented cure."""
    done = attempt.world.run(["clean"], attempt.temporary)
    if done.returncode != 0:
        verdict.ending.append(f"clean: exit status {done.returncode}: {done.stderr.strip()}")
    verdict.after = look(attempt.world, attempt.temporary, cleaned=True)


def go_on(attempt: Attempt, folder: Path, before: Rows, verdict: Verdict) -> None:
    """`run --continue`, after which everything must be there once."""
    if before.is_complete():
        return
    arguments = ["run", "--continue", str(folder), "--functions-file", str(attempt.functions)]
    done = attempt.world.run(arguments, attempt.temporary, attempt.work)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:]
        verdict.ending.append(f"--continue: exit status {done.returncode}: {last}")
        return
    after = read(folder)
    verdict.rows += check(after, attempt.plan(folder), True)
    verdict.rows.lost += gone(before, after)
    if left := look(attempt.world, attempt.temporary):
        verdict.after = left
