"""What a result depends on, as a hash: the data, the code that made it, the settings it can see, and versions."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dataset import database, opening
from dataset.engine import reductions
from dataset.engines.chosen import chosen
from dataset.errors import DataError
from dataset.settings import Settings

PROJECT = Path(__file__).parent.parent
ROOT = PROJECT / "analysis"
FORMAT = 1
PACKAGES = ("duckdb", "pandas", "numpy", "scipy", "scikit-learn", "lifetimes", "pyarrow", "sqlglot", "babel")
# Settings that are only about how a report looks: no analysis reads them, which a test holds.
LOOKS = ("title", "organisation", "locale", "accent", "logo")
READ = ("zone", "as_of", "currency", "engine")  # those that reading sees
PLAYBOOK = PROJECT / "templates" / "playbook.toml"
# What a later report reads of an earlier release.
OF_A_RELEASE = (
    "MANIFEST.json", "metrics.json", "models/clusters.json", "exports/customers.parquet",
    "exports/experiment_assignments.parquet",
)  # fmt: skip
IMPORT = re.compile(r"^\s*(?:from +(analysis[\w.]*) +import +(\([^)]*\)|.*)|import +(analysis\.[\w.]+))", re.MULTILINE)
SQL = re.compile(r"[\w/]+\.sql")
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The raw data by content. key: of the files, how they are read, and the code that reads them."""

    key: str
    stamps: Mapping[Path, tuple[int, ...]]

    def as_they_were(self) -> bool:
        """Whether nobody has written to the files since they were hashed."""
        return all(_stamp(path) == stamp for path, stamp in self.stamps.items())


def inputs(data: str, layout: str, mapping: Path | None, settings: Settings) -> Inputs | None:
    """The key of DATA; "" is the built-in shop. None for what has no content to hash, or cannot be read.

    A database says nothing of what has changed in it: its rows are asked for anew each time. A pipe is read only once.
    Of another engine than DuckDB neither version nor tables are known: what it answers is not kept.
    """
    path = Path(data).resolve()
    lasting = (path.is_file() or path.is_dir()) and (mapping is None or mapping.is_file())
    if data and (database.is_url(data) or not lasting):
        return None
    try:
        if chosen(settings.engine).kind != "duckdb":
            return None
        files = opening.files(data, layout, mapping) if data else []
        if data and not files:
            return None
        stamps = {file: _stamp(file) for file in files}
        with ThreadPoolExecutor() as pool:
            hashes = list(pool.map(hashed, files))
        read = {"files": [[_name(f, path), seen] for f, seen in zip(files, hashes, strict=True)], "layout": layout}
    except (OSError, DataError):
        return None
    seen = {key: told(key, settings) for key in (READ if data else ("seed", *READ))}
    code = folder(PROJECT / "dataset", (".py", ".sql"))
    return Inputs(digest(read | {"settings": seen, "code": code} | versions()), stamps)


def of_analysis(name: str, settings: Settings) -> dict[str, object]:
    """The code of an analysis, and of the settings those that its code names."""
    code = reached(name)
    return {
        "analysis": name,
        "code": {path: hashlib.sha256(content).hexdigest() for path, content in sorted(code.items())},
        "settings": {key: told(key, settings) for key in settings_seen(name)},
    }


def told(key: str, settings: Settings) -> object:
    """A setting as far as a result can depend on it: a file or a release by its `content`, the rest as text."""
    value = getattr(settings, key)
    value = PLAYBOOK if key == "playbook" and value is None else value
    return content(value) if isinstance(value, Path) else None if value is None else f"{type(value).__name__} {value}"


def content(path: Path) -> object:
    """A file or an earlier release: its name and the hashes of what is read of it; None where nothing is."""
    real = path.resolve()
    if not real.is_dir():
        return [real.name, hashed(real) if real.is_file() else None]
    return [real.name, {name: hashed(real / name) for name in OF_A_RELEASE if (real / name).is_file()}]


@cache
def reached(name: str) -> Mapping[str, bytes]:
    """The files of analysis/ that an analysis is made of: its module, what that imports, and the SQL they name.

    Found in the text: an import or a file that only a comment names counts too; better once too often than too rarely.
    """
    found: dict[str, bytes] = {}
    wanted = [f"{name}.py"]
    while wanted:
        file = wanted.pop()
        if file in found or not (ROOT / file).is_file():
            continue
        found[file] = (ROOT / file).read_bytes()
        text = found[file].decode("utf-8")
        wanted += reductions(ROOT, text) if file.endswith(".sql") else [*imported(text), *_named(text)]
    return found


def imported(text: str) -> list[str]:
    """The files that the import statements of a module may mean."""
    found = []
    for base, names, plain in IMPORT.findall(text):
        parts = [base or plain, *(f"{base}.{name}" for name in WORD.findall(names))]
        found += [f"{part.removeprefix('analysis.').replace('.', '/')}.py" for part in parts]
    return found


def _named(text: str) -> list[str]:
    return [file.removeprefix("analysis/") for file in SQL.findall(text)]


@cache
def settings_seen(name: str) -> tuple[str, ...]:
    """The settings that some code of an analysis names as `.setting`, no method; those about looks are not for it."""
    words = set(re.findall(rb"\.(\w+)\b(?!\()", b"\n".join(reached(name).values())))
    return tuple(f.name for f in fields(Settings) if f.name not in LOOKS and f.name.encode() in words)


@cache
def versions() -> dict[str, object]:
    """What computes: the format of what is kept, Python, the machine and the packages."""
    return {"format": FORMAT, "python": platform.python_version(), "machine": platform.machine()} | {
        name: _version(name) for name in PACKAGES
    }


def folder(path: Path, endings: Iterable[str] = ("",)) -> str:
    """The hash of all files below a folder whose names end so."""
    there = sorted(p for p in path.rglob("*") if p.name.endswith(tuple(endings)) and "__pycache__" not in p.parts)
    return digest([[p.relative_to(path).as_posix(), hashed(p)] for p in there if p.is_file()])


def hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(told: object) -> str:
    """One hash of what JSON can say."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _name(file: Path, data: Path) -> str:
    """Where a file lies in DATA; its bare name when that is the file itself, or it lies elsewhere."""
    real = file.resolve()
    return real.relative_to(data).as_posix() if real != data and real.is_relative_to(data) else file.name


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
