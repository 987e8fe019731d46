"""Where drawn charts, printed pages and made fonts are kept between builds. Deleting the folder is always safe."""

from __future__ import annotations

import os
import time
from pathlib import Path

KEPT_DAYS = 30


def folder() -> Path | None:
    """$XDG_CACHE_HOME/customer-deck, or ~/.cache/customer-deck; None when it cannot be written or is another user's."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    try:
        path = (Path(told) if os.path.isabs(told) else Path.home() / ".cache") / "customer-deck"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine = path.stat().st_uid == os.geteuid()
    except (OSError, RuntimeError):
        return None
    return path if mine and os.access(path, os.W_OK | os.X_OK) else None


def prune(path: Path) -> None:
    """Remove charts and pages that no build has used for a month."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for kind in ("charts", "pdf"):
        for entry in os.scandir(path / kind) if (path / kind).is_dir() else ():
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)
