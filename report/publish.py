"""Publishing: a release appears whole or not at all, and `current` always points at a whole one.

OUT/releases/<id>/   the releases, never changed after they appear; <id> = snapshot and hash of the manifest
OUT/current          a link to the newest, moved in one step
OUT/index.html       the archive page; OUT/archive.json its order
OUT/.lock            held while a build runs
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dataset.errors import DataError, shown
from dataset.settings import Settings
from report import exports, number

MANIFEST = "MANIFEST.json"
FORMAT = 1
TEMPORARY = ".tmp-"
GENERATOR = '<meta name="generator" content="customer-deck">'
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
PRIVATE = frozenset(f"exports/{name}" for name in exports.PRIVATE)
SOURCES = "quarto/"
# Headline figures of a release on the archive page: key in the metrics' values, label, unit.
HEADLINES = (("buyers", "Customers", "count"), ("orders", "Orders", "count"), ("net", "Net revenue", "money"))
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOLCK,
)  # fmt: skip


class Busy(Exception):
    """Another build holds this output folder. Exit code 75."""


@dataclass(frozen=True, slots=True)
class Site:
    """An output folder whose lock is held, and the folder in which a release is put together."""

    out: Path
    staged: Path

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder beside the staged release for the build's own files; gone at its end or the next build's start."""
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=self.out / "releases"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, snapshot: date, named: bool = False) -> Path:
        """Turn what was staged into the current release; the release. A release of equal content is used again.

        named: the pages name customers.
        """
        write_manifest(self.staged, snapshot, named)
        name = _place(self.out / "releases", self.staged, snapshot)
        _make_current(self.out, name)
        return self.out / "releases" / name


def last_before(out: Path, snapshot: date) -> Path | None:
    """The newest release that looks at customers on an earlier day than `snapshot`; None without one.

    So a report built again finds the release it was compared with the first time.
    """
    dated = [(day, name) for name in _order(out) if (day := _dated(name)) is not None and day < snapshot]
    newest = max((day for day, _ in dated), default=None)
    return next((out / "releases" / name for day, name in dated if day == newest), None)


@contextmanager
def site(out: Path, inputs: Sequence[Path] = ()) -> Iterator[Site]:
    """Hold the output folder for one build; what killed builds left in it goes, as does what this one staged.

    Raises Busy when another build runs; DataError E_OUTPUT when the folder is unsafe, full or cannot be written.
    """
    refuse_unsafe(out, inputs)
    out = Path(os.path.abspath(out))
    with _told(out), _locked(out):
        _clean(out)
        staged = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=out / "releases"))
        try:
            yield Site(out, staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def refuse_unsafe(out: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output folder that holds something else; DataError E_OUTPUT says what."""
    real = Path(os.path.realpath(out))
    if real in (Path(real.anchor), Path(os.path.realpath(os.path.expanduser("~")))):
        raise _refusal(out, "is not a folder of its own", "Name a new folder")
    for given in inputs:
        source = Path(os.path.realpath(given))
        if source.is_dir() and real.is_relative_to(source):
            raise _refusal(out, "lies inside the input folder", "Name a folder outside it")
    for path, wanted in ((real, Path.is_dir), (real / "releases", Path.is_dir), (real / "index.html", Path.is_file)):
        if os.path.lexists(path) and not wanted(path):
            raise _refusal(path, "is in the way: it is not a folder" if wanted is Path.is_dir else "is in the way")
    if os.path.lexists(real / "current") and not (real / "current").is_symlink():
        raise _refusal(real / "current", "is in the way: it is not a link")
    if (real / "index.html").is_file() and GENERATOR not in _text(real / "index.html"):
        raise _refusal(
            real / "index.html", "was not made by this program and would be overwritten", "Name a new folder"
        )


def write_manifest(release: Path, snapshot: date, named: bool = False) -> None:
    """List every file of a release with its size and hash, and give files and folders their modes.

    named: the pages name customers; then the sources of an analyst, which nobody serves, are the owner's alone.
    """
    paths = {path.relative_to(release).as_posix(): path for path in _files(release)}
    for name, path in paths.items():
        if path.is_symlink():
            raise RuntimeError(f"a release holds no links: {name}")
        path.chmod(0o600 if name in PRIVATE or (named and name.startswith(SOURCES)) else 0o644)
    names = sorted(paths)
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(_hash, map(paths.__getitem__, names))
    files = [
        {"path": name, "bytes": paths[name].stat().st_size, "sha256": seen}
        for name, seen in zip(names, hashes, strict=True)
    ]
    manifest = {"format": FORMAT, "generator": "customer-deck", "snapshot": snapshot.isoformat(), "files": files}
    path = release / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    path.chmod(0o644)


def verify(release: Path) -> list[str]:
    """What is wrong with a release: absent, altered and unknown files. Nothing: an empty list."""
    try:
        listed = {f["path"]: f for f in json.loads(_text(release / MANIFEST))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{MANIFEST} is absent or cannot be read"]
    there = {path.relative_to(release).as_posix(): path for path in _files(release)}
    problems = [f"{name} is absent" for name in sorted(set(listed) - set(there))]
    problems += [f"{name} is not in the manifest" for name in sorted(set(there) - set(listed) - {MANIFEST})]
    for name in sorted(set(listed) & set(there)):
        path, entry = there[name], listed[name]
        if path.is_symlink() or path.stat().st_size != entry["bytes"] or _hash(path) != entry["sha256"]:
            problems.append(f"{name} was altered")
    return problems


def _place(releases: Path, staged: Path, snapshot: date) -> str:
    """Move the staged release to its name; the name. A broken release of that name is never touched, only avoided."""
    wanted = f"{snapshot.isoformat()}-{_hash(staged / MANIFEST)[:10]}"
    name, again = wanted, 1
    while os.path.lexists(releases / name):
        if not verify(releases / name) and _same(releases / name / MANIFEST, staged / MANIFEST):
            return name
        again += 1
        name = f"{wanted}-{again}"
    _sync(staged)
    os.rename(staged, releases / name)
    _sync_folder(releases)
    return name


def _make_current(out: Path, name: str) -> None:
    """Write the archive beside its place, move the link, then move the archive."""
    order = [name, *(entry for entry in _order(out) if entry != name)]
    new = {"archive.json": json.dumps({"releases": order}, indent=1) + "\n", "index.html": _archive(out, order)}
    for file, text in new.items():
        _write_beside(out / file, text)
    link = out / f"{TEMPORARY}current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"releases/{name}")
    os.replace(link, out / "current")
    for file in new:
        os.replace(_beside(out / file), out / file)
    _sync_folder(out)


def _order(out: Path) -> list[str]:
    """The releases that are there, newest first: as the archive has them, then others of ours by name."""
    try:
        noted = [str(name) for name in json.loads(_text(out / "archive.json"))["releases"]]
    except (OSError, ValueError, KeyError, TypeError):
        noted = []
    there = {p.name for p in (out / "releases").iterdir() if not p.is_symlink() and (p / MANIFEST).is_file()}
    there = {name for name in there if not name.startswith(TEMPORARY)}
    noted = [name for name in dict.fromkeys(noted) if name in there]
    return noted + sorted(there - set(noted), reverse=True)


def _archive(out: Path, order: Sequence[str]) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    releases = [_entry(out / "releases" / name) for name in order]
    return environment.get_template("archive.html.j2").render(releases=releases, labels=[h[1] for h in HEADLINES])


def _entry(release: Path) -> dict[str, Any]:
    """What the archive says of a release, from its metrics.json; dashes where that does not say."""
    try:
        metrics = json.loads(_text(release / "metrics.json"))
    except (OSError, ValueError):
        metrics = {}
    metrics = metrics if isinstance(metrics, dict) else {}
    settings = Settings(currency=str(metrics.get("currency") or ""), locale=str(metrics.get("locale") or "en_GB"))
    figures = [_figure(metrics, key, unit, settings) for key, _, unit in HEADLINES]
    title = shown(metrics.get("title") or "Customer report", 120)
    return {"id": release.name, "title": title, "snapshot": _day(release.name, settings), "figures": figures}


def _figure(metrics: dict[str, Any], key: str, unit: str, settings: Settings) -> str:
    """A headline figure as the report's finding has it, or as the layout's own values do."""
    try:
        found = metrics.get("findings", {}).get(f"kpis.{key}", {}).get("value", metrics.get("values", {}).get(key))
        return number.text(None if found is None else Decimal(str(found)), unit, settings)
    except (AttributeError, ArithmeticError, ValueError):
        return number.MISSING


def _day(name: str, settings: Settings) -> str:
    day = _dated(name)
    return name if day is None else number.text(day, "date", settings)


def _dated(name: str) -> date | None:
    """The snapshot in a release's name."""
    try:
        return date.fromisoformat(name[:10])
    except ValueError:
        return None


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold OUT/.lock; the system lets go of it when this process ends, however it ends.

    The folders are made, whatever the umask; when the build fails, those it made and left empty go again.
    """
    missing = [p for p in (out / "releases", out, *out.parents) if not os.path.lexists(p)]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            os.fchmod(lock, 0o644)
        _take(lock, out)
        try:
            yield
        except BaseException:
            for path in missing:
                _unmake(path)
            raise
    finally:
        os.close(lock)


def _take(lock: int, out: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(lock), os.stat(out / ".lock"))
    except (BlockingIOError, FileNotFoundError):
        held = False
    if not held:  # another build holds it, or has just failed and taken its folder away
        raise Busy(f"another build is writing to {shown(out)}")


def _unmake(folder: Path) -> None:
    if {p.name for p in folder.iterdir()} == {".lock"}:
        (folder / ".lock").unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


@contextmanager
def _told(out: Path) -> Iterator[None]:
    """Say in one line that the disk is full or the output folder cannot be written."""
    try:
        yield
    except OSError as wrong:
        about = Path(wrong.filename) if isinstance(wrong.filename, str) else out
        near = about.is_relative_to(out) or out.is_relative_to(about)
        if wrong.errno not in FULL and not (near and wrong.errno in CLOSED):
            raise
        raise _refusal(about, f"cannot be written: {os.strerror(wrong.errno)}") from None


def _clean(out: Path) -> None:
    """Remove what killed builds left."""
    for folder in (out, out / "releases"):
        for path in folder.glob(f"{TEMPORARY}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        yield from (Path(path) / name for name in (*names, *links))


def _sync(staged: Path) -> None:
    """Bring files and folders to the disk; folders get the mode the site has."""
    for path in _files(staged):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for folder, _, _ in os.walk(staged, topdown=False):
        os.chmod(folder, 0o755)
        _sync_folder(Path(folder))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    return path.with_name(f"{TEMPORARY}{path.name}")


def _write_beside(path: Path, text: str) -> None:
    with _beside(path).open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _refusal(path: Path, what: str, hint: str = "") -> DataError:
    return DataError("E_OUTPUT", f"{shown(path)} {what}", hint=hint)
