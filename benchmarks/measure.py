"""One command as a whole process: its seconds and its peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall-clock seconds and the peak resident memory (MB) of the largest process."""

    seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s {self.megabytes:7.0f} MB"


def command(*arguments: str) -> Measured:
    """Run a Python command line in the project's folder; raises when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{said[-2000:]}")
    return Measured(time.perf_counter() - started, usage.ru_maxrss / 1024)


def middle(runs: int, *arguments: str) -> Measured:
    """The median run by seconds."""
    return sorted((command(*arguments) for _ in range(runs)), key=lambda m: m.seconds)[runs // 2]
