"""Results kept between builds: a rebuild computes only what depends on what has changed.

FOLDER/<name>-<key>/   one result, see analysis/kept_values.py; the key is the hash of all it depends on
FOLDER/.tmp-*          one that is being written; it gets its name when it is whole

Customer ids lie in it: the folder is the owner's alone. What is not as it was written is not used, with a note.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from analysis import kept_keys, kept_values
from analysis.finding import Result, Skip
from analysis.kept_keys import Inputs
from analysis.kept_values import Damaged
from analysis.plan import module, needs, parameters
from analysis.run import Step
from dataset.engine import Engine
from dataset.settings import Settings
from dataset.tables import Dataset

Reading = Callable[[], tuple[Dataset, Settings]]
READING, TEMPORARY = "reading", ".tmp-"


class Kept:
    """What earlier builds left of the same data, and what this one leaves, below `folder`; None: nothing is kept.

    say: is told in a line of what is not used, and why. Results are written in the background: `finish` waits for it.
    """

    def __init__(self, folder: Path | None, inputs: Inputs | None, say: Callable[[str], None]) -> None:
        self.used: list[str] = []
        self._inputs, self._say, self._lock = inputs, say, threading.RLock()
        self._keys: dict[str, str] = {}
        self._facts, self._settings = "", Settings()
        self._engine: Unopened | None = None
        self._folder = _private(folder) if folder is not None and inputs is not None else None
        if folder is not None and inputs is not None and self._folder is None:
            say(f"No result is kept: {folder} cannot be written, or is not yours alone")
        self._writer = ThreadPoolExecutor(1, "kept")

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown(cancel_futures=True)

    def finish(self) -> None:
        """Wait until everything is kept."""
        self._writer.shutdown()

    def read(self, reading: Reading, settings: Settings, step: Step) -> tuple[Dataset, Settings]:
        """The data as an earlier build read it, its tables only when somebody asks for them; else all read now."""

        def read() -> tuple[Dataset, Settings]:
            with step("read the data"):
                made = reading()
            if self._inputs is not None and not self._inputs.as_they_were():
                self._stop("the data was changed while it was read")
            return made

        key = self._inputs.key if self._inputs is not None else ""
        found = self._get(READING, key)
        if found is None:
            dataset, completed = read()
            self._put(READING, key, _facts(dataset) | {"snapshot": completed.snapshot})
            return dataset, completed
        snapshot = found.pop("snapshot")
        self._engine = Unopened(lambda: read()[0].engine)
        dataset = Dataset(engine=cast(Engine, self._engine), **found)
        return dataset, settings.complete(snapshot, dataset.currency, dataset.zone, dataset.no_money)

    def open(self) -> None:
        """Read the tables, if `read` left them for later and nobody has yet."""
        if self._engine is not None:
            self._engine.open()

    def given(self, dataset: Dataset, settings: Settings) -> None:
        """Say what the analyses are given, before the first is asked for."""
        facts = b"".join(cast(bytes, content) for _, content in kept_values.files(_facts(dataset), ""))
        self._facts = hashlib.sha256(facts).hexdigest()
        self._settings, self._keys = settings, {}

    def get(self, name: str) -> Result | Skip | None:
        """What an analysis said: its result, or why it has none. None when that is not kept."""
        found = self._get(name, self.key(name))
        if found is None:
            return None
        return Skip(*found["skip"]) if "skip" in found else found["result"]

    def put(self, name: str, found: Result | Skip) -> Result | Skip:
        """Keep what an analysis said, and hand it back."""
        said = {"skip": (found.reason, found.code, found.count)} if isinstance(found, Skip) else {"result": found}
        self._put(name, self.key(name), said)
        return found

    def key(self, name: str) -> str:
        """The hash of all that an analysis' result depends on, the results it takes among them."""
        with self._lock:
            if name not in self._keys:
                found = parameters(module(name))
                taken = {need: self.key(need) for need in needs(found)}
                taken |= {"dataset": self._facts} if "dataset" in found else {}
                own = kept_keys.of_analysis(name, self._settings)
                self._keys[name] = kept_keys.digest({"data": self._inputs and self._inputs.key, "takes": taken} | own)
            return self._keys[name]

    def _stop(self, why: str) -> None:
        if self._folder is not None:
            self._folder = None
            self._say(f"No more results are kept: {why}")

    def _get(self, name: str, key: str) -> Any:
        if self._folder is None:
            return None
        path = self._folder / f"{name}-{key[:32]}"
        if not os.path.lexists(path):
            return None
        try:
            if not stat.S_ISDIR(path.lstat().st_mode):
                raise Damaged("it is no folder")
            found = kept_values.value(path, key)
            os.utime(path)  # in use: kept for another while
        except (Damaged, OSError) as why:
            self._say(f"What was kept of {name} is not used: {why}")
            _remove(path)
            return None
        self.used.append(name)
        return found

    def _put(self, name: str, key: str, value: object) -> None:
        if self._folder is not None:
            self._writer.submit(self._write, self._folder, f"{name}-{key[:32]}", key, value)

    def _write(self, folder: Path, name: str, key: str, value: object) -> None:
        """Write beside its place, then move there: nobody sees half an entry, and of two builds the first keeps it."""
        try:
            with tempfile.TemporaryDirectory(dir=folder, prefix=TEMPORARY, ignore_cleanup_errors=True) as made:
                new = Path(made) / "new"
                new.mkdir(mode=0o700)
                for file, content in kept_values.files(value, key):
                    with open(new / file, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as into:
                        if isinstance(content, Path):
                            with content.open("rb") as rows:
                                shutil.copyfileobj(rows, into, 1 << 20)
                        else:
                            into.write(content)
                _move(new, folder / name)
        except (OSError, MemoryError, TypeError, pa.ArrowException) as why:
            self._stop(f"{name.rpartition('-')[0]}: {why}")


class Unopened:
    """Stands for an engine until somebody asks it something."""

    def __init__(self, opened: Callable[[], Engine]) -> None:
        self._opened, self._lock = opened, threading.Lock()
        self._engine: Engine | None = None

    def open(self) -> Engine:
        """The engine, with the data read; by one thread while others wait."""
        with self._lock:
            self._engine = self._engine or self._opened()
        return self._engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.open(), name)

    def close(self) -> None:
        """Close it, if anybody asked."""
        if self._engine is not None:
            self._engine.close()


def _facts(dataset: Dataset) -> dict[str, Any]:
    """What reading left beside its tables."""
    return {field.name: getattr(dataset, field.name) for field in fields(dataset) if field.name != "engine"}


def _private(folder: Path) -> Path | None:
    """The folder, made for its owner alone; None when it is another's, no folder, or cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return None
        folder.chmod(0o700)
        return folder if os.access(folder, os.W_OK | os.X_OK) else None
    except OSError:
        return None


def _move(new: Path, place: Path) -> None:
    try:
        os.rename(new, place)
    except OSError as wrong:
        if wrong.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
