"""Every fault, many times, and the table. Started by `run`, which says what for."""

import argparse
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import blind
import memory
import table
from attempt import VERBS, Attempt, Takes, size_of
from faults import FAULTS, Fault
from judge import Verdict, judge
from left import sweep
from world import Unusable, World

# A moment that came after the end is drawn again so often.
AGAIN = 5
TARGET = os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[3] / "target"
EVIDENCE = Path(TARGET) / "faults"


@dataclass
class Campaign:
    """What is tried, and what came of it."""

    world: World
    seed: int
    evidence: Path
    takes: dict[str, Takes] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], list[Verdict]] = field(default_factory=dict)

    def attempt(self, verb: str, fault: Fault, number: int) -> None:
        """One try, drawn again until its fault came in time."""
        for drawn in range(AGAIN):
            verdict = self.once(verb, fault, number, drawn)
            if verdict.hits >= fault.hits or not verdict.is_fine():
                break
        self.verdicts.setdefault((verb, fault.name), []).append(verdict)

    def once(self, verb: str, fault: Fault, number: int, drawn: int) -> Verdict:
        """`drawn`: how often it was before, for this try, and came to nothing."""
        folder = self.world.work / "tries" / f"{verb}-{fault.name.replace(' ', '-')}-{number}"
        draw = f"{self.seed}/{verb}/{fault.name}/{number}/{drawn}"
        takes = self.takes.get(verb, Takes(1.0, 5.0, 400_000))
        attempt = Attempt(self.world, verb, draw, folder, takes.sooner(0.8**drawn))
        verdict = judge(attempt, fault)
        if fault.name == "success":
            self.takes[verb] = Takes(attempt.prepared, verdict.took, size_of(attempt.out))
        if not verdict.is_fine():
            sweep(self.world, attempt.temporary)
        attempt.end(None if verdict.is_fine() else self.evidence / folder.name)
        self.tell(verb, fault, number, verdict)
        return verdict

    def tell(self, verb: str, fault: Fault, number: int, verdict: Verdict) -> None:
        """What went wrong, as soon as it has; else that it goes on."""
        at = ", ".join(f"{seconds:.3f} s" for seconds in verdict.at) or "-"
        ends = f"exit status {verdict.statuses} after {verdict.took:.1f} s"
        what = f"{verb} {fault.name}, try {number}, at {at}, {ends}"
        if verdict.is_fine():
            late = "" if verdict.hits >= fault.hits else " (too late)"
            print(f"  fine: {what}{late}", file=sys.stderr)
            return
        print(f"WRONG: {what}: {verdict}", file=sys.stderr)
        again = f"--seed {self.seed} --only '{verb} {fault.name}' --try {number}"
        print(f"       again: harness/tests/faults/run {again}", file=sys.stderr)


def typed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="harness/tests/faults/run", description=__doc__)
    parser.add_argument("places", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--tries", type=int, default=20, metavar="N", help="of each fault [20]")
    parser.add_argument("--seed", type=int, metavar="N", help="of all that is drawn")
    parser.add_argument(
        "--only",
        action="append",
        metavar="TEXT",
        help="what has it in its name, such as 'run SIGINT' or 'memory'; more than once",
    )
    parser.add_argument(
        "--part",
        action="store_true",
        help="each fault once, of run and gate in turns, and a few hostile functions: for CI",
    )
    parser.add_argument("--try", type=int, metavar="N", dest="number", help="that try alone")
    parser.add_argument(
        "--evidence",
        type=Path,
        default=EVIDENCE,
        metavar="FOLDER",
        help="where the folders of tries that went wrong are kept [target/faults]",
    )
    return parser.parse_args()


def wanted(args: argparse.Namespace, seed: int) -> list[tuple[str, Fault]]:
    """The success of each verb first: it tells how long all takes."""
    every = [(verb, fault) for fault in FAULTS for verb in VERBS]
    if args.part:
        # Another half from seed to seed.
        every = [(VERBS[(n + seed) % 2], fault) for n, fault in enumerate(FAULTS)]
    if args.only is None:
        return every
    return [(v, f) for v, f in every if any(text in f"{v} {f.name}" for text in args.only)]


def numbers(args: argparse.Namespace) -> range:
    tries = 1 if args.part else args.tries
    return range(tries) if args.number is None else range(args.number, args.number + 1)


def tried(campaign: Campaign, args: argparse.Namespace) -> None:
    """Each fault once, then each once more: stopped at any time, all are in the table."""
    chosen = wanted(args, campaign.seed)
    for verb in VERBS:
        # How long all takes, where nobody asked for it.
        if any(v == verb for v, _ in chosen) and (verb, FAULTS[0]) not in chosen:
            campaign.once(verb, FAULTS[0], 0, 0)
    for number in numbers(args):
        for verb, fault in chosen:
            campaign.attempt(verb, fault, number)


def main() -> int:
    args = typed()
    world = World(*args.places)
    seed = random.SystemRandom().randrange(1_000_000) if args.seed is None else args.seed
    campaign = Campaign(world, seed, args.evidence)
    hostile: list[memory.Verdict] = []
    begun = time.monotonic()
    # A caller in the background ignores them, and whom it starts would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    world.alone()
    world.start_engine()
    blind.check_all(world)
    try:
        tried(campaign, args)
        hostile = memory.tried(world, args.only, args.part)
    except KeyboardInterrupt:
        print("interrupted: the table is of what was tried", file=sys.stderr)
    print(f"seed {seed}, {time.monotonic() - begun:.0f} s, on {os.cpu_count()} processors\n")
    print(table.of_faults(campaign.verdicts))
    print(table.of_memory(hostile))
    every = [v for verdicts in campaign.verdicts.values() for v in verdicts] + hostile
    return 0 if all(verdict.is_fine() for verdict in every) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unusable as error:
        print(f"the faults cannot be tried: {error}", file=sys.stderr)
        sys.exit(4)
