"""What a build says while it runs: a bar on a terminal, numbered lines elsewhere; on standard error."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress


class Steps:
    """Announces the steps of a build and how long each took. `total` is only for the bar's length."""

    def __init__(self, total: int) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.started = time.perf_counter()
        self.number, self._lock = 0, threading.Lock()
        self._bar: Progress | None = None
        if self.console.is_terminal:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Steps:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the build began."""
        return time.perf_counter() - self.started

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: named when it begins on a bar, with its seconds when it has ended in lines."""
        started = time.perf_counter()
        if self._bar:
            self._bar.update(self._task, description=name)
        yield
        with self._lock:  # two may end at the same time
            self.number += 1
        if self._bar:
            self._bar.advance(self._task)
        else:
            self.say(f"{self.number:2d} {name} {time.perf_counter() - started:.1f} s")

    def say(self, line: str) -> None:
        """One line for the user."""
        self.console.print(line, markup=False)
