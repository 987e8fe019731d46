"""What is made of results while the next analyses run: their figures, and the exports that need no other result."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from analysis.finding import Result, Skip
from dataset.settings import Settings
from report import pages
from report.exports import EXPORTS, Export
from report.figure import Drawn, drawings
from report.paper import Paper


class Ahead:
    """Is told of each result as it is found. Use as a context manager: what is begun when it is left ends there.

    exports: the folder of the exports, written as soon as what they need is found; None: only when all is.
    """

    def __init__(self, paper: Paper, settings: Settings, exports: Path | None) -> None:
        self.paper, self.settings = paper, settings
        self.drawn: dict[str, Drawn] = {}
        self._folder = exports
        self._found: dict[str, Result | Skip] = {}
        self._waiting = list(EXPORTS)
        self._writer = ThreadPoolExecutor(1, "exports")
        self._writing: list[Future[object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown(cancel_futures=True)

    def made(self, name: str, result: Result | Skip) -> None:
        """Draw the figures of one analysis, have paper begin with them, and write the exports that waited for it."""
        self._found[name] = result
        if not isinstance(result, Skip):
            made = {drawn.name: drawn for drawn in drawings(name, result, self.settings)}
            self.drawn |= made
            self.paper.begin([pages.spec(drawn) for drawn in made.values()])
            pages.get_ready()
        if self._folder is not None:
            results = {known: found for known, found in self._found.items() if not isinstance(found, Skip)}
            ready = [export for export in self._waiting if self._found.keys() >= {*export.needs}]
            self._write(self._folder, results, ready)

    def export(self, folder: Path, results: Mapping[str, Result]) -> None:
        """Begin with the exports that are not written yet: all is found."""
        self._write(folder, results, [*self._waiting])

    def finish(self) -> None:
        """Wait for the exports. Raises what kept one from being written."""
        for writing in self._writing:
            writing.result()

    def _write(self, folder: Path, results: Mapping[str, Result], exports: list[Export]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for export in exports:
            self._waiting.remove(export)
            self._writing.append(self._writer.submit(export.write, folder, results, self.settings))
