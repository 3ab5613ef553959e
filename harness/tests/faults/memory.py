"""How much memory the driver takes, whatever a function sends."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from driver import Driver, Ended
from left import Left, look
from world import World

LIMIT = 64 * 1024 * 1024
# Bytes that any harm comes to.
LITTLE = 4096
# Of a run whose functions answer nothing for some seconds, in seconds: as controls, each of
# fifteen starts waits for its whole time limit of 4 s before all are given up.
LONG = 90.0

# What `hostile.rs` can do, in an instance.
HARMS = [
    "silence", "endless-method", "endless-path", "endless-headers", "endless-header-name",
    "endless-header-value", "wrapping-chunk", "wrapping-chunk-first", "endless-chunks",
    "endless-chunk-size", "endless-chunk-extension", "endless-trailers", "endless-trailer",
    "endless-length", "endless-error", "sixteen-replies", "sixteen-errors", "sixteen-unknown",
    "thousand-connections", "after-next", "requests-after-next", "second-next",
    "sixteen-after-next", "endless-requests", "endless-connections", "endless-stderr",
    "endless-stderr-line", "much-stderr-then-crash", "largest-reply", "largest-reply-of-chunks",
]  # fmt: skip
# These need no network to do it. The others must have sent something to prove anything.
WITHOUT = ("silence", "stderr")

# Of these, one of each kind: what once took most, and a fine one.
WORST = ["wrapping-chunk", "sixteen-replies", "sixteen-after-next", "endless-stderr"]
# Not in an instance: while its version is asked, and as a control.
ELSEWHERE = [
    ("version", "much-version"),
    ("process", "endless-stderr"),
    ("process", "endless-stderr-line"),
]

FUNCTION = """
[[function]]
name = "hostile"
context = "hostile"
files = ["Dockerfile", "hostile"]
version-command = ["/hostile", "{version}"]
memory = "256MiB"
timeout = "4s"
event = '{{"hello":"Grüße"}}'
{process}
"""


@dataclass
class Verdict:
    """What one hostile function came to."""

    harm: str
    peak: int
    # Bytes that came from the instances.
    sent: int
    took: float
    left: Left
    ending: str

    def is_fine(self) -> bool:
        """Whether every limit holds."""
        return self.peak < LIMIT and not self.left and not self.ending


def tried(world: World, only: list[str] | None, part: bool) -> list[Verdict]:
    """Each harm once: nothing in it is drawn."""
    every = [("instance", harm) for harm in HARMS] + ELSEWHERE
    if part:
        every = [("instance", harm) for harm in WORST]
    named = [(where, harm, f"memory {where} {harm}") for where, harm in every]
    chosen = [n for n in named if only is None or any(text in n[2] for text in only)]
    return [one(world, where, harm) for where, harm, _ in chosen]


def one(world: World, where: str, harm: str) -> Verdict:
    """A run with a function that does that harm."""
    folder = world.work / "harm"
    temporary = folder / "tmp"
    context = folder / "hostile"
    context.mkdir(parents=True)
    temporary.mkdir()
    shutil.copy(world.work / "hostile", context / "hostile")
    command = f'["/hostile", "{harm if where == "instance" else "silence"}"]'
    (context / "Dockerfile").write_text(f"FROM scratch\nCOPY hostile /\nCMD {command}\n")
    (folder / "functions.toml").write_text(functions(where, harm))
    driver = Driver(world, arguments(folder, where), folder, folder, temporary)
    before = received()
    peak = watched(driver)
    ended, sent = driver.ended(), received() - before
    verdict = Verdict(f"{where} {harm}", peak, sent, ended.took, look(world, temporary), "")
    verdict.ending = ill(where, verdict, ended)
    sign = "fine" if verdict.is_fine() else "WRONG"
    what = f"{peak / 2**20:.1f} MiB, {sent} bytes came, {ended.took:.1f} s, {last(ended)}"
    print(f"  {sign}: memory {where} {harm}: {what}", file=sys.stderr)
    world.run(["clean"], temporary)
    shutil.rmtree(folder)
    return verdict


def last(ended: Ended) -> str:
    """The beginning of the last line of what a driver said."""
    return "".join(ended.said.strip().splitlines()[-1:])[:300]


def ill(where: str, verdict: Verdict, ended: Ended) -> str:
    """What is wrong with how a driver ended, or with the harm."""
    if "panicked at" in ended.said:
        return f"a panic: {ended.said.split('panicked at')[1].splitlines()[:2]}"
    if verdict.peak > 8 * LIMIT:
        # It was ended by us.
        return ""
    if ended.status not in (0, 4) or ended.took > LONG:
        return f"exit status {ended.status} after {ended.took:.1f} s: {last(ended)}"
    needs = where == "instance" and not any(without in verdict.harm for without in WITHOUT)
    return f"no harm was done: {verdict.sent} bytes came" if needs and verdict.sent < LITTLE else ""


def functions(where: str, harm: str) -> str:
    """A functions file with the harm in its place."""
    version = harm if where == "version" else "--version"
    process = f'process = ["hostile", "{harm}"]' if where == "process" else ""
    null = 'null = "hostile"\n' if where == "process" else ""
    return null + FUNCTION.format(version=version, process=process)


def arguments(folder: Path, where: str) -> list[str]:
    scenario = Path(__file__).parent / "hostile.toml"
    typed = ["run", str(scenario), "--functions-file", str(folder / "functions.toml")]
    typed += ["--out", str(folder / "out")]
    return typed if where == "process" else [*typed, "--no-controls"]


def watched(driver: Driver) -> int:
    """The most that the driver held, in bytes, by the kernel's account. One that takes
    far too much is ended: it would take all there is."""
    peak = 0
    while driver.is_running():
        peak = max(peak, high_water(driver.process.pid))
        if peak > 8 * LIMIT:
            driver.process.kill()
        driver.wait_until(driver.age() + 0.02)
    return peak


def received() -> int:
    """Bytes that the bridge of this namespace had from instances so far."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return sum(int(one.split(":")[1].split()[0]) for one in lines if "docker0:" in one)


def high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    line = next((one for one in status.splitlines() if one.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024
