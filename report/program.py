"""Starts a module of this project as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


def start(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, **pipes: Any
) -> subprocess.Popen[bytes]:
    """Run `python -m module`. environment: in place of this process' own. pipes: as of Popen.

    Its standard input stays open as long as this process lives: it can be told more, and end when that is closed.
    """
    environment = os.environ if environment is None else environment
    path = os.pathsep.join(filter(None, (str(PROJECT), environment.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        executable=_python(),
        env={**environment, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        **pipes,
    )


def ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit code, once it has ended."""
    code = process.wait()
    if process.stdin is not None:
        process.stdin.close()
    return code


def end_with_parent() -> None:
    """End this process when the one that started it is gone, and says no more."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _python() -> str:
    """The interpreter that runs here; by way of /proc where rights were dropped that reaching it by name takes."""
    return sys.executable if os.access(sys.executable, os.X_OK) else "/proc/self/exe"
