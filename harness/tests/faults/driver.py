"""One driver: started, disturbed at a moment, waited for."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from world import LIMIT, World


@dataclass
class Ended:
    """How a driver ended."""

    # Negative for a signal; none when it had to be killed.
    status: int | None
    said: str
    # How often it was disturbed while it ran.
    hits: int
    took: float


class Driver:
    """A driver in a process group of its own, as a shell starts it."""

    def __init__(self, world: World, arguments: list[str], cwd: Path, folder: Path, tmp: Path):
        self.log = folder / f"stderr-{len(list(folder.glob('stderr-*')))}"
        self.begun = time.monotonic()
        with open(self.log, "wb") as err, open(folder / "stdout", "wb") as out:
            self.process = subprocess.Popen(
                [world.program, *arguments],
                cwd=cwd,
                env=world.env(tmp),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.hits = 0

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def wait_until(self, moment: float) -> None:
        """Seconds since it was started; returns early when it ends before."""
        while self.is_running() and (left := moment - self.age()) > 0:
            time.sleep(min(left, 0.005))

    def wait_for(self, path: Path) -> None:
        """Until a file is there, or the driver ended."""
        while self.is_running() and not path.exists():
            time.sleep(0.002)

    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.begun

    def send(self, number: signal.Signals) -> None:
        """As a terminal does what is typed or hung up, to the whole group; else alone."""
        if not self.hit():
            return
        if number in (signal.SIGINT, signal.SIGHUP):
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def hit(self) -> bool:
        """Whether it runs now, when it is disturbed; notes that."""
        self.hits += self.is_running()
        return self.is_running()

    def ended(self) -> Ended:
        """Waits for its end; one that does not come is made."""
        try:
            status = self.process.wait(max(LIMIT - self.age(), 1))
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        said = self.log.read_text(errors="replace")
        return Ended(status, said, self.hits, self.age())
