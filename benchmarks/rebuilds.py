"""A build of some data, and again after each kind of change: what is kept from before is seen here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from benchmarks.measure import ROOT, command

TEMPLATES = ROOT / "templates"


def table(data: Path | None, folder: Path) -> str:
    """Seconds and MB of the first build and of one after each change; data None: the built-in shop."""
    os.environ["XDG_CACHE_HOME"] = str(folder / "kept")
    given = [] if data is None else [str(data.absolute())]
    changes = {
        "the first build, nothing kept": nullcontext(),
        "nothing changed": nullcontext(),
        "a slide's template changed": _changed(TEMPLATES / "slides" / "pareto.html.j2", "<!-- changed -->\n"),
        "the playbook changed": _changed(TEMPLATES / "playbook.toml", "# changed\n"),
    }
    rows = [f"| {data.name if data else 'the built-in shop'} | seconds | MB |", "|---|---|---|"]
    for said, change in changes.items():
        with change:
            took = command("build.py", *given, "--out", str(folder / "site"))
        rows.append(f"| {said} | {took.seconds:.1f} | {took.megabytes:,.0f} |")
    shutil.rmtree(folder / "kept")
    shutil.rmtree(folder / "site")
    return "\n".join((*rows, ""))


@contextmanager
def _changed(path: Path, more: str) -> Iterator[None]:
    """A file with a line more, put back afterwards."""
    before = path.read_bytes()
    path.write_bytes(before + more.encode())
    try:
        yield
    finally:
        path.write_bytes(before)
