"""Whether a report built again would be the same: by the hash of all it is made of, noted beside the releases.

OUT/.built   which release was made of what, and what it was compared with; believed only of a release as published
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from analysis import kept_keys
from analysis.kept_keys import PROJECT, Inputs
from dataset.settings import Settings
from report import paper, pdf, publish
from report.quarto_program import Program

NOTE = ".built"
CODE = ("analysis", "dataset", "report", "templates")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report is made of. inputs: the raw data; None when they must be read to be known. key: of everything."""

    inputs: Inputs | None
    key: str

    def standing(self, out: Path) -> tuple[Path, datetime] | None:
        """The current release and since when, if this build would make it again; None when it would not, or might not.

        A release is as published when its manifest has the hash of its name and its files have the listed sizes.
        """
        if self.inputs is None:
            return None
        try:
            noted = json.loads((out / NOTE).read_bytes())
            name = os.readlink(out / "current").removeprefix("releases/")
            release = out / "releases" / name
            manifest = (release / publish.MANIFEST).read_bytes()
            listed = json.loads(manifest)
            whole = name[11:21] == hashlib.sha256(manifest).hexdigest()[:10] and all(
                (release / file["path"]).lstat().st_size == file["bytes"] for file in listed["files"]
            )
            before = _before(out, date.fromisoformat(listed["snapshot"]))
            if whole and noted == {"key": self.key, "release": name, "before": before}:
                return release, datetime.fromtimestamp((out / NOTE).stat().st_mtime)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def note(self, out: Path, release: Path, snapshot: date) -> None:
        """Note what the current release was made of; by who holds the site. Without the note it is built again."""
        told = {"key": self.key, "release": release.name, "before": _before(out, snapshot)}
        beside = out / f"{publish.TEMPORARY}{NOTE}"
        with suppress(OSError):
            beside.write_text(json.dumps(told) + "\n", encoding="utf-8")
            os.replace(beside, out / NOTE)


def basis(
    data: str,
    layout: str,
    mapping: Path | None,
    settings: Settings,
    quarto: Program | None = None,
    **asked: object,
) -> Basis:
    """The hash of all that a report is made of: data, settings, code, templates, programs; asked: of the command line.

    The release it is compared with, unless named, is known only when the data are read: see `Basis.standing`.
    """
    inputs = kept_keys.inputs(data, layout, mapping, settings)
    if inputs is None:
        return Basis(None, "")
    programs = [_program(Path(paper.browser_path()))]
    programs += [[quarto.version, *_program(quarto.path)]] if quarto else []
    made_of = {
        "data": inputs.key,
        "settings": {field.name: kept_keys.told(field.name, settings) for field in fields(Settings)},
        "asked": {key: str(value) for key, value in asked.items()},
        "code": [kept_keys.hashed(PROJECT / "build.py"), *(kept_keys.folder(PROJECT / name) for name in CODE)],
        "programs": [sys.version, *sorted(_installed()), str(pdf._pango()), *programs],
    }
    return Basis(inputs, kept_keys.digest(made_of))


def _before(out: Path, snapshot: date) -> object:
    earlier = publish.last_before(out, snapshot)
    return earlier and kept_keys.content(earlier)


def _installed() -> Iterator[str]:
    """Every installed package with its version, as its folder of metadata is named."""
    for path in sys.path:
        with suppress(OSError):
            yield from (name for name in os.listdir(path or ".") if name.endswith((".dist-info", ".egg-info")))


def _program(path: Path) -> list[Any]:
    """A program as known by its file."""
    program = path.resolve()
    return [str(program), program.stat().st_size, program.stat().st_mtime_ns]
