"""Where drawn charts, printed pages and made fonts are kept between builds. Deleting the folder is always safe."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

KEPT_DAYS = 30


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
    """Remove charts and pages that no build has used for a month."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for kind in ("charts", "pdf"):
        for entry in os.scandir(path / kind) if (path / kind).is_dir() else ():
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)
