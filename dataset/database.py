"""Rows from a database by one query: DuckDB and SQLite files, PostgreSQL and others by their ADBC driver. Read-only."""

from __future__ import annotations

import re
import sqlite3
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import duckdb
import pyarrow as pa

from dataset.errors import DataError, shown
from dataset.reading import Part, Raw, Reader

SCHEME = re.compile(r"([a-z][a-z0-9+]*)://", re.I)
ADBC = {"postgresql": "adbc_driver_postgresql.dbapi", "postgres": "adbc_driver_postgresql.dbapi"}
BATCH = 50_000


def is_url(text: str) -> bool:
    """Whether DATA is a database URL rather than a path."""
    return SCHEME.match(text) is not None


def redacted(url: str) -> str:
    """The URL without user, password and options: scheme, host, port and database."""
    parts = urlsplit(url)
    host = (parts.hostname or "") + (f":{parts.port}" if _port(parts) else "")
    return f"{parts.scheme}://{host}{parts.path}"


def read(reader: Reader, url: str, query: str, named_in: Path) -> Raw:
    """Run the query; its answer as a raw table. Raises DataError E_SOURCE that holds no secret."""
    try:
        scheme, label = urlsplit(url).scheme.lower(), redacted(url)
    except ValueError:
        scheme = ""
    if not scheme or not is_url(url):
        raise DataError(
            "E_CONFIG", "source is no database URL such as postgresql://host/shop or sqlite:///shop.db", file=named_in
        )
    try:
        match scheme:
            case "duckdb":
                rows = _duckdb(_path(url, named_in), query)
            case "sqlite":
                rows = _sqlite(_path(url, named_in), query)
            case _:
                rows = _adbc(scheme, url, query)
        raw = reader.arrow("raw_source", rows, (Part(label, 0, 0),))
    except (OSError, duckdb.Error, sqlite3.Error, ImportError, pa.ArrowException) as reason:
        raise _failed(url, named_in, reason) from None
    except Exception as reason:
        if not type(reason).__module__.startswith("adbc_driver_manager"):
            raise
        raise _failed(url, named_in, reason) from None
    count = int(reader.engine.value("select count(*) from raw_source"))
    if not count:
        raise DataError("E_NO_ROWS", f"the query on {label} answers with no rows", file=named_in)
    return Raw(raw.engine, raw.table, raw.columns, (Part(label, count, 0),))


def _failed(url: str, named_in: Path, reason: Exception) -> DataError:
    said = shown(
        without_secrets(str(reason).splitlines()[0] if str(reason) else type(reason).__name__, url), 200
    ).rstrip(".! ")
    what = f"{redacted(url)} cannot be read: {said}"
    return DataError("E_SOURCE", what, file=named_in, hint="Check that it runs, who may log in, and the query")


def without_secrets(text: str, url: str) -> str:
    """A message with what the URL holds beside host and database crossed out."""
    parts = urlsplit(url)
    secrets = [parts.password, parts.username, parts.query, url, *(value for _, value in parse_qsl(parts.query))]
    known = {form for secret in filter(None, secrets) for form in (secret, unquote(secret))}
    for secret in sorted(known, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)" if len(secret) < 4 else re.escape(secret), "***", text)
    return text


def _path(url: str, named_in: Path) -> Path:
    """The file a duckdb:/// or sqlite:/// URL names; relative ones lie beside the mapping."""
    path = Path(
        url.split("://", 1)[1].removeprefix("/")
        if not url.split("://", 1)[1].startswith("//")
        else url.split("://", 1)[1][1:]
    )
    path = path if path.is_absolute() else named_in.parent / path
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name}")
    return path


def _duckdb(path: Path, query: str) -> pa.Table:
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as source:
        if (answer := source.sql(query)) is None:
            raise duckdb.InvalidInputException("the query gives no table")
        return answer.to_arrow_table()


def _sqlite(path: Path, query: str) -> pa.Table:
    source = sqlite3.connect(f"file:{path.as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro", uri=True)
    try:
        source.set_authorizer(_only_reading)
        cursor = source.execute(query)
        if cursor.description is None:
            raise sqlite3.OperationalError("the query gives no table")
        names = [d[0] for d in cursor.description]
        batches = []
        while rows := cursor.fetchmany(BATCH):
            texts = [
                pa.array([None if v is None else str(v) for v in column], pa.string())
                for column in zip(*rows, strict=True)
            ]
            batches.append(pa.RecordBatch.from_arrays(texts, names))
        return pa.Table.from_batches(batches, pa.schema([(n, pa.string()) for n in names]))
    finally:
        source.close()


def _only_reading(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _adbc(scheme: str, url: str, query: str) -> pa.Table:
    try:
        driver = import_module(ADBC.get(scheme, f"adbc_driver_{scheme}.dbapi"))
    except ImportError:
        raise ImportError(f"no driver for {scheme}: install adbc-driver-{scheme}") from None
    with driver.connect(url) as source, source.cursor() as cursor:
        cursor.execute("set transaction read only") if scheme in ADBC else None
        cursor.execute(query)
        return _plain(cursor.fetch_arrow_table())


def _plain(table: pa.Table) -> pa.Table:
    """The driver's own types (numeric arrives as opaque text) as plain ones."""
    columns = [c.cast(c.type.storage_type) if isinstance(c.type, pa.BaseExtensionType) else c for c in table.columns]
    return pa.table(columns, names=table.column_names)


def _port(parts) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None
