"""A release on disk, as a build writes what a later one reads: numbers, exports, manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.run import Run
from dataset.settings import Settings
from dataset.tables import Dataset
from report import exports, metrics, publish


def released(folder: Path, run: Run, dataset: Dataset, settings: Settings) -> Path:
    """Write the files a comparison reads; the folder."""
    folder.mkdir(parents=True)
    exports.write(folder / "exports", run.results, settings)
    (folder / "metrics.json").write_text(metrics.text(run, dataset, settings), encoding="utf-8")
    publish.write_manifest(folder, settings.snapshot)
    return folder


def rewritten(release: Path, **entries: Any) -> None:
    """Change entries of metrics.json as a build would have written them, manifest included."""
    path = release / "metrics.json"
    told = json.loads(path.read_text(encoding="utf-8")) | entries
    path.write_text(json.dumps(told), encoding="utf-8")
    signed_again(release)


def signed_again(release: Path) -> None:
    """List the files as they are now."""
    (release / "MANIFEST.json").unlink()
    told = json.loads((release / "metrics.json").read_text(encoding="utf-8"))
    from datetime import date

    try:
        day = date.fromisoformat(str(told["snapshot"]))
    except (KeyError, TypeError, ValueError):
        day = date(2024, 1, 1)
    publish.write_manifest(release, day)
