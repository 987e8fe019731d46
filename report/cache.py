"""Where results, drawn charts, printed pages and made fonts are kept between builds. Deleting it is always safe."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

KEPT_DAYS = 30
RESULTS, MOST_BYTES = "results", 2 << 30  # of results, which hold customers: those used last
HALF = ".tmp-"  # what is being written, or was when its build was killed


def folder() -> Path | None:
    """$XDG_CACHE_HOME/customer-deck, ~/.cache/customer-deck, or customer-deck-UID among temporary files.

    The first that can be written and is this user's. Among temporary files, where all users write, it must also be a
    true folder that no other user can reach. None when there is none. Ask before tempfile.tempdir is changed.
    """
    told = os.environ.get("XDG_CACHE_HOME", "")
    try:
        path = (Path(told) if os.path.isabs(told) else Path.home() / ".cache") / "customer-deck"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_uid == os.geteuid() and os.access(path, os.W_OK | os.X_OK):
            return path
    except (OSError, RuntimeError):
        pass
    try:
        path = Path(tempfile.gettempdir()) / f"customer-deck-{os.geteuid()}"
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700
    return path if own else None


def prune(path: Path) -> None:
    """Remove what no build has used for a month, and results beyond their bound, those used longest ago first."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for kind in ("charts", "pdf"):
        for entry in os.scandir(path / kind) if (path / kind).is_dir() else ():
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)
    for half in (path / "fonts").glob(f"{HALF}*"):
        if half.stat().st_mtime < time.time() - 86_400:
            shutil.rmtree(half, ignore_errors=True)
    _prune_results(path / RESULTS, oldest)


def _prune_results(path: Path, oldest: float) -> None:
    there = [e for e in os.scandir(path) if e.is_dir(follow_symlinks=False)] if path.is_dir() else []
    used = {entry.path: entry.stat(follow_symlinks=False).st_mtime for entry in there}
    total = 0
    for entry in sorted(used, key=lambda entry: -used[entry]):
        half = os.path.basename(entry).startswith(HALF)
        total += 0 if half else sum(file.stat().st_size for file in os.scandir(entry))
        if used[entry] < (time.time() - 86_400 if half else oldest) or total > MOST_BYTES:
            shutil.rmtree(entry, ignore_errors=True)
