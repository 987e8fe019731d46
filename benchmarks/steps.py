"""build.py with each step measured: `python -m benchmarks.steps FILE ARGUMENTS...`, a JSON row a step in FILE."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from report.steps import Steps

PROCESS = Path("/proc/self")


def cpu() -> float:
    """Processor seconds of this process; the browser's are its own."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """The most memory (MB) held since it was asked last."""
    (line,) = (row for row in (PROCESS / "status").read_text().splitlines() if row.startswith("VmHWM"))
    (PROCESS / "clear_refs").write_text("5")
    return int(line.split()[1]) / 1024


def main(file: Path) -> None:
    import build
    from analysis import run as running
    from report import ahead

    plain_run, plain_ahead = running.run, ahead.Ahead
    running.run = lambda *given: plain_run(*given[:5])  # one at a time, or steps could not be told apart
    ahead.Ahead = lambda *given: plain_ahead(*given[:2], None)  # type: ignore[assignment, misc]
    rows: list[tuple[Any, ...]] = []
    plain = Steps.step

    @contextmanager
    def measured(self: Steps, name: str) -> Iterator[None]:
        started, used, _ = time.perf_counter(), cpu(), peak()
        with plain(self, name):
            yield
        rows.append((name, time.perf_counter() - started, cpu() - used, peak()))

    Steps.step = measured  # type: ignore[method-assign]
    try:
        build.app(standalone_mode=False)
    finally:
        file.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    made = Path(sys.argv.pop(1))
    main(made)
