"""The tables, as text."""

from collections import Counter

from faults import FAULTS
from judge import Verdict
from memory import LIMIT
from memory import Verdict as Hostile

HEAD = ("fault", "tries", "left at once", "left after the cure", "lost", "doubled", "false", "end")


def of_faults(verdicts: dict[tuple[str, str], list[Verdict]]) -> str:
    """A line a fault: in how many tries a limit was broken."""
    order = [fault.name for fault in FAULTS]
    rows = [line(*key, tries) for key, tries in verdicts.items()]
    rows.sort(key=lambda row: (row[0].split(" ", 1)[0], order.index(row[0].split(" ", 1)[1])))
    return aligned([HEAD, *rows]) if rows else ""


def line(verb: str, fault: str, tries: list[Verdict]) -> tuple[str, ...]:
    of_kind = next(one for one in FAULTS if one.name == fault)
    at_once = left([v.at_once for v in tries]) if of_kind.acts else "-"
    # Those whose fault never came in time are told: they are no evidence.
    missed = sum(v.hits < of_kind.hits for v in tries)
    count = f"{len(tries)}" + (f" ({missed} missed)" if missed else "")
    kinds = ("lost", "doubled", "false")
    wrong = [sum(bool(getattr(v.rows, kind)) for v in tries) for kind in kinds]
    ends = sum(bool(v.ending) for v in tries)
    after = left([v.after for v in tries])
    return (f"{verb} {fault}", count, at_once, after, *map(str, wrong), str(ends))


def left(found: list) -> str:
    """In how many tries, and what."""
    kinds = Counter(kind for one in found for kind, of in vars(one).items() if of)
    what = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
    return f"{sum(map(bool, found))}" + (f" ({what})" if what else "")


def of_memory(verdicts: list[Hostile]) -> str:
    """A line a harm."""
    if not verdicts:
        return ""
    head = (
        "hostile function",
        "peak, MiB",
        "came, MiB",
        "seconds",
        f"under {LIMIT // 2**20} MiB",
        "left",
        "end",
    )
    return "\n" + aligned([head, *map(harm, verdicts)])


def harm(verdict: Hostile) -> tuple[str, ...]:
    fits = "yes" if verdict.peak < LIMIT else "NO"
    peak, took = f"{verdict.peak / 2**20:.1f}", f"{verdict.took:.1f}"
    kinds = left([verdict.left]).partition(" ")[2]
    came = f"{verdict.sent / 2**20:.2f}"
    return (verdict.harm, peak, came, took, fits, kinds or "-", verdict.ending or "-")


def aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    padded = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([padded[0], "-" * len(padded[0]), *padded[1:]])
