"""Finds Quarto and has it render a project, away from the user's home and without a network: all or nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from dataset.errors import DataError, shown

LEAST = (1, 4)
GET = "Get Quarto 1.4 or newer from https://quarto.org/docs/download/, or set QUARTO_PATH"
NOT_NOW = "--no-render writes the project without rendering it"
RENDERED = "rendered"  # the project's output folder
OUTPUTS = {
    "deck.html": b"<!",
    "deck.pptx": b"PK",
    "appendix.html": b"<!",
    "appendix.pdf": b"%PDF",
}  # and their first bytes
SECONDS, ANSWER = 600, 60
# What an installation of Quarto is told by its environment; all else that a user has set stays outside.
KEPT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "CONDA_PREFIX", "DENO_DOM_PLUGIN",
    "QUARTO_BIN_PATH", "QUARTO_SHARE_PATH", "QUARTO_DENO", "QUARTO_DENO_DOM", "QUARTO_PANDOC", "QUARTO_TYPST",
    "QUARTO_DART_SASS", "QUARTO_ESBUILD",
)  # fmt: skip
NOWHERE = "http://127.0.0.1:9"  # the proxy of whoever would fetch something
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Program:
    """A Quarto that can render the project."""

    path: Path
    version: str


def find() -> Program:
    """The program QUARTO_PATH names, else the one of PATH, else the one beside this Python.

    Raises DataError E_QUARTO when there is none, it does not answer, or it is too old.
    """
    path = _path()
    with tempfile.TemporaryDirectory(prefix="customer-deck-") as room:
        code, said = _run([str(path), "--version"], Path(room), Path(room), ANSWER, {})
    found = re.search(r"^(\d+)\.(\d+)\S*", said, re.MULTILINE)
    if code or not found:
        raise _fault(f"{shown(path)} --version does not say a version{_because(said)}", GET)
    if (int(found[1]), int(found[2])) < LEAST:
        raise _fault(f"{shown(path)} is Quarto {shown(found[0], 20)}, which is too old", GET)
    return Program(path, shown(found[0], 20))


def render(program: Program, project: Path, day: date, seconds: float = SECONDS) -> None:
    """Render a project into its folder `rendered`; day: the date documents carry.

    Done on a copy in the system's temporary folder: Quarto passes over whatever lies below a folder whose name begins
    with a dot, as that of an unfinished release does. Raises DataError E_QUARTO, and then nothing was written.
    """
    with tempfile.TemporaryDirectory(prefix="customer-deck-", dir=os.environ.get("TMPDIR") or "/tmp") as made:
        room = Path(made).resolve()
        copy = room / "project"
        shutil.copytree(project, copy)
        stamp = {"SOURCE_DATE_EPOCH": str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))}
        fonts = {"TYPST_FONT_PATHS": str(copy / "fonts")}
        command = [str(program.path), "render", str(copy), "--to", "all", "--no-execute"]
        code, said = _run(command, copy, room, seconds, stamp | fonts)
        said = said.replace(f"{copy}{os.sep}", "").replace(str(copy), "the project")
        if code:
            raise _fault(f"Quarto {program.version} could not render the report{_because(said)}", NOT_NOW)
        for name, beginning in OUTPUTS.items():
            if not _begins(copy / RENDERED / name, beginning):
                raise _fault(f"Quarto {program.version} ended well but made no {name}{_because(said)}", NOT_NOW)
        (project / RENDERED).mkdir()
        for name in OUTPUTS:
            shutil.copyfile(copy / RENDERED / name, project / RENDERED / name)


def _path() -> Path:
    told = os.environ.get("QUARTO_PATH", "")
    if told:
        path = Path(told) / "quarto" if Path(told).is_dir() else Path(told)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise _fault(f"QUARTO_PATH is {shown(told)}, where there is no program", GET)
        return path.absolute()
    found = shutil.which("quarto") or shutil.which("quarto", path=str(Path(sys.prefix) / "bin"))
    if found is None:
        raise _fault("no Quarto was found by QUARTO_PATH, on PATH or beside this Python", GET)
    return Path(found).absolute()


def _run(command: list[str], folder: Path, room: Path, seconds: float, more: dict[str, str]) -> tuple[int, str]:
    """Run to the end: exit code, and all that was said. What takes too long ends, with whatever it has started."""
    with tempfile.TemporaryFile(dir=room) as said:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=_environment(room) | more, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as wrong:
            raise _fault(f"{shown(command[0])} does not start: {wrong.strerror}", GET) from None
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise _fault(f"{shown(command[0])} had not ended after {seconds:g} seconds", NOT_NOW) from None
        finally:
            _end(process)
        said.seek(0)
        return code, COLOUR.sub("", said.read().decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(room: Path) -> dict[str, str]:
    """A home of its own, no network, one language and zone."""
    own = {name: str(room) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    away = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
    same = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    return {name: os.environ[name] for name in KEPT if name in os.environ} | own | away | same


def _begins(path: Path, beginning: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(64).lstrip().startswith(beginning)


def _because(said: str) -> str:
    """Quarto's own words: from its first line of error on, else its last lines."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    at = next((at for at, line in enumerate(lines) if line.upper().startswith("ERROR")), len(lines) - 3)
    told = " ".join(lines[max(at, 0) :][:6])
    return f": {shown(told, 400)}" if told else ""


def _fault(what: str, hint: str) -> DataError:
    return DataError("E_QUARTO", what, hint=hint)
