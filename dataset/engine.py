"""Where SQL runs: an embedded DuckDB, locked down; the analyses' SQL files run on it unchanged."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dataset.errors import DataError, shown

EngineError = duckdb.Error
PARAMETER = re.compile(r"--.*|\$([a-z_]\w*)")  # not those a comment names
READ = re.compile(r"\b(?:from|join)\s+(\w+)")
REDUCED = "reduced"
SCHEMA = "tables://"  # where tables lie that are no files: tables://schema
# DuckDB's own part of the memory, in MB: the rest is for Python, the models and the pages. What is larger is spilled.
LEAST, SHARE = 400, 1 / 8


class Engine:
    """One DuckDB database in `folder` (temporary, spills there); reads files only below `readable`.

    memory: the MB it may hold; else its SHARE of the machine's. Several threads may ask at once. Whatever is asked
    raises MemoryError when it needs more than there is.
    """

    def __init__(self, folder: Path, readable: tuple[Path, ...] = (), memory: int | None = None):
        self.folder = folder
        self.made: dict[str, dict[str, object]] = {}
        self.making: dict[str, threading.Lock] = {}
        self.readers: dict[str, tuple[Mapping[str, object], int]] = {}
        self.left = threading.Condition()
        self.connection = duckdb.connect()  # the file is attached without a log: nothing in it need survive a crash
        self.local = threading.local()
        self.local.connection = self.connection
        allowed = ", ".join(quoted(str(p)) for p in (folder, *readable))
        self.connection.execute(
            f"""attach {quoted(str(folder / "work.duckdb"))} as work (recovery_mode 'no_wal_writes'); use work;
            pragma disable_checkpoint_on_shutdown; set autoinstall_known_extensions = false;
            set autoload_known_extensions = false;
            set memory_limit = '{memory or _memory()}MB'; set temp_directory = {quoted(str(folder / "spill"))};
            set preserve_insertion_order = true; set global TimeZone = 'UTC'; set enable_progress_bar = false;
            set allowed_directories = [{allowed}]; set enable_external_access = false; set lock_configuration = true;"""
        )

    def run(self, sql: str, /, **parameters: object) -> None:
        """Run one statement for its effect."""
        with enough():
            self._here().execute(sql, _used(sql, parameters))

    def keep(self, table: str, sql: str, /, **parameters: object) -> None:
        """Keep a query's answer as a table until other parameters are given; made once for all threads.

        parameters: all that the answer depends on, those of kept tables it reads among them.
        """
        with self.making.setdefault(table, threading.Lock()):
            if self.made.get(table) == parameters:
                return
            if self.made.pop(table, None) is not None:
                self.run(f"drop table {identifier(table)}")
            self.create(table, sql, _used(sql, parameters))
            self.made[table] = parameters

    def create(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        """Make a table of a query's answer."""
        self.run(f"create table {identifier(table)} as {sql}", **parameters)

    @contextmanager
    def reading(self, tables: Mapping[str, tuple[str, Mapping[str, object]]]) -> Iterator[None]:
        """Keep tables (name -> query, parameters); no other thread makes them with others before this one has read."""
        with self.left:
            self.left.wait_for(
                lambda: all(self.readers.get(t, (used, 0))[0] == used for t, (_, used) in tables.items())
            )
            for table, (_, used) in tables.items():
                self.readers[table] = used, self.readers.get(table, (used, 0))[1] + 1
        try:
            for table, (sql, used) in tables.items():
                self.keep(table, sql, **used)
            yield
        finally:
            with self.left:
                for table in tables:
                    used, count = self.readers.pop(table)
                    if count > 1:
                        self.readers[table] = used, count - 1
                self.left.notify_all()

    def put(self, table: str, rows: pa.Table) -> None:
        """Make a table of a few rows from here, in place of one put before."""
        with enough():
            self._here().register("given", rows)
            try:
                self._here().execute(f"create or replace table {identifier(table)} as select * from given")
            finally:
                self._here().unregister("given")

    def free(self, target: str) -> None:
        """Raise DataError E_TARGET unless `write` can make the target: a Parquet file here, that is not there yet."""
        if "://" in target:
            raise DataError("E_TARGET", f"DuckDB writes no {target}", hint="Name a new Parquet file, or an --engine")
        if os.path.lexists(target):
            raise taken(target)
        if not Path(target).resolve().parent.is_dir():
            raise DataError("E_TARGET", f"there is no folder for {target}", hint="Make it, or name another file")

    def write(self, sql: str, target: str) -> None:
        """Write a query's answer to a target that is free; there when it is whole, readable by its owner alone."""
        place = Path(target).resolve()
        try:
            with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=place.parent) as hidden:
                part = Path(hidden) / place.name
                self.run(f"copy ({sql}) to {quoted(str(part))} (format parquet, compression zstd)")
                part.chmod(0o600)
                part.rename(place)
        except OSError as reason:
            raise DataError("E_TARGET", f"{target} cannot be written: {reason.strerror}") from None
        except duckdb.IOException as reason:
            raise DataError("E_TARGET", f"{target} cannot be written: {shown(reason)}") from None

    def arrow(self, sql: str, /, **parameters: object) -> pa.Table:
        """Run one query; the answer as an Arrow table."""
        with enough():
            return self._here().sql(sql, params=_used(sql, parameters)).to_arrow_table()

    def rows(self, sql: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        """Run one query; the answer as Python rows (small results only)."""
        with enough():
            return self._here().execute(sql, _used(sql, parameters)).fetchall()

    def value(self, sql: str, /, **parameters: object) -> Any:
        """Run one query that answers with a single value."""
        return self.rows(sql, **parameters)[0][0]

    def source(self, table: str, where: str) -> str | None:
        """What stands after `from` to read a canonical table that lies in `where` (a folder here); None without it."""
        folder = Path(where).resolve()
        files = sorted((folder / table).glob("*.parquet")) or [folder / f"{table}.parquet"]
        listed = ", ".join(literal_path(file) for file in files if file.is_file())
        return f"read_parquet([{listed}])" if listed else None

    def note(self, where: str, name: str) -> str:
        """The text of a file beside the tables, "" without one."""
        file = Path(where) / name
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def described(self, source: str) -> pa.Schema:
        """The columns and types of a source: what may stand after `from`, in the engine's own words."""
        return self.arrow(f"select * from {source} limit 0").schema

    def view(self, table: str, columns: Mapping[str, str], source: str) -> None:
        """Make a view of a source with these columns and types."""
        casts = ", ".join(f"cast({identifier(c)} as {kind}) as {identifier(c)}" for c, kind in columns.items())
        self.run(f"create view {identifier(table)} as select {casts} from {source}")

    def columns(self, table: str) -> tuple[str, ...]:
        """The column names of a table."""
        return tuple(r[0] for r in self.rows(f"describe {identifier(table)}"))

    def close(self) -> None:
        self.connection.close()

    def _here(self) -> duckdb.DuckDBPyConnection:
        """This thread's own connection: one runs one statement at a time."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.connection.cursor()
            self.local.connection.execute("use work")
        return self.local.connection


@dataclass(frozen=True, slots=True)
class Relation:
    """A canonical table on its engine; `root` holds the SQL files that `query` runs.

    Beside the canonical tables they may read what `root`/reduced holds: reductions that several files begin with, each
    made when it is first read.
    """

    engine: Engine
    name: str
    root: Path

    def query(self, file: str, **parameters: object) -> pa.Table:
        """Run an SQL file of `root` with its `$name` parameters bound; the answer as an Arrow table."""
        sql = (self.root / file).read_text(encoding="utf-8")
        with self.engine.reading(self._reduced(sql, parameters)):
            return self.engine.arrow(sql, **parameters)

    def keep(self, table: str, file: str, **parameters: object) -> None:
        """Keep the answer of an SQL file of `root` as a table."""
        sql = (self.root / file).read_text(encoding="utf-8")
        with self.engine.reading(self._reduced(sql, parameters)):
            self.engine.keep(table, sql, **parameters)

    def write(self, sql: str, target: str, **parameters: object) -> None:
        """Have the engine write the answer of a statement, whose parameters are those of what it reads, to a target."""
        with self.engine.reading(self._reduced(sql, parameters)):
            self.engine.write(sql, target)

    def _reduced(self, sql: str, parameters: Mapping[str, object]) -> dict[str, tuple[str, dict[str, object]]]:
        """The reductions a statement reads, name -> query and what it depends on; each after those it reads itself."""
        found: dict[str, tuple[str, dict[str, object]]] = {}
        for file in reductions(self.root, sql):
            inner = (self.root / file).read_text(encoding="utf-8")
            below = self._reduced(inner, parameters)
            used = _used(inner, parameters)
            for _, others in below.values():
                used |= others
            found |= below | {Path(file).stem: (inner, used)}
        return found


@contextmanager
def enough() -> Iterator[None]:
    """What the engine cannot hold, even on disk, is a MemoryError; a full disk is DataError E_DISK."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise MemoryError from None
    except duckdb.IOException as reason:
        if os.strerror(errno.ENOSPC) not in str(reason):
            raise
        raise DataError("E_DISK", "the disk is full", hint="Free some of it, or name an --out on another") from None


def taken(target: str) -> DataError:
    """What is said where a target is there already."""
    return DataError("E_TARGET", f"{target} is there already", hint="Name a new one, or remove it first")


def reductions(root: Path, sql: str) -> list[str]:
    """The files below `root` that make the reduced tables a statement reads, in the order it names them."""
    files = (f"{REDUCED}/{name}.sql" for name in dict.fromkeys(READ.findall(sql)))
    return [file for file in files if (root / file).is_file()]


@cache
def _empty() -> duckdb.DuckDBPyConnection:
    """A database with nothing in reach: no file, no extension, no setting. To make one takes ten milliseconds."""
    made = duckdb.connect()
    made.execute(
        "set threads = 1; set autoinstall_known_extensions = false; set autoload_known_extensions = false; "
        "set enable_external_access = false; set lock_configuration = true"
    )
    return made


def answer(sql: str, **tables: pa.Table) -> pa.Table:
    """Ask tables in memory, with nothing else in reach. Raises EngineError."""
    with _empty().cursor() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(sql).to_arrow_table()


def literal_path(path: Path) -> str:
    """A path as an SQL literal in which nothing is a wildcard."""
    return quoted("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))


def identifier(name: str) -> str:
    """A column or table name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A text literal, quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _memory() -> int:
    """How many MB the engine may hold."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    return int(max(there * SHARE, LEAST))


def _used(sql: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Only the parameters the statement names: DuckDB refuses others."""
    wanted = set(PARAMETER.findall(sql)) - {""}
    return {key: value for key, value in parameters.items() if key in wanted}
