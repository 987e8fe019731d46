"""One command as a whole: its seconds and its peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROCESSES = Path("/proc")
EVERY = 1.0  # seconds: to look four times as often made a build half a second longer


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall-clock seconds; peak memory (MB) resident in the largest process, and of all processes together.

    together: what the command and all it started hold at one time, shared pages counted once; looked at once a
    second.
    """

    seconds: float
    megabytes: float
    together: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.megabytes:,.0f} MB"


def command(*arguments: str) -> Measured:
    """Run a Python command line in the project's folder; raises when it fails."""
    return program(sys.executable, *arguments)


def program(*arguments: str) -> Measured:
    """Run a program in the project's folder; raises when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    held: list[float] = []
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, held, ended))
    watch.start()
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    ended.set()
    watch.join()
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{said[-2000:]}")
    return Measured(time.perf_counter() - started, usage.ru_maxrss / 1024, max(held, default=0.0))


def _watch(pid: int, held: list[float], ended: threading.Event) -> None:
    """Note once a second what a process and those below it hold (MB), until it has ended."""
    while not ended.wait(EVERY):
        held.append(sum(map(_proportional, _family(pid))) / 1024)


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = entry.read_text().rpartition(")")[2].split()
            below.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    family = [pid]
    for one in family:
        family += below.get(one, [])
    return family


def _proportional(pid: int) -> int:
    """The kB a process holds, pages it shares divided among those that share them."""
    with suppress(OSError):
        for line in (PROCESSES / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
