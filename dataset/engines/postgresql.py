"""PostgreSQL: one session; what it makes is temporary, seen by no other session and gone with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset import database
from dataset.engine import SCHEMA, identifier, taken
from dataset.engines.elsewhere import Elsewhere
from dataset.errors import DataError, shown

LOGIN = "Check the address, who may log in, and PGPASSWORD or ~/.pgpass"
HINTS = {  # by the class of SQLSTATE, or the whole
    "28": LOGIN,
    "08": LOGIN,
    "3D": LOGIN,
    "42501": "The role needs TEMPORARY on the database, USAGE on the schema and SELECT on its tables",
    "25006": "Temporary tables cannot be made on a read-only server: name the primary",
    "53": "The server has too little of what it names; try again, or give it more",
    "57": "The server ended it; try again",
}
BATCH = 100_000
MAY = "select has_schema_privilege(to_regnamespace($1), 'CREATE') as may"


class PostgreSQL(Elsewhere):
    """One session by ADBC; texts are ordered by their bytes, as everywhere."""

    dialect = "postgres"

    def __init__(self, url: str, folder: Path):
        super().__init__(folder)
        from adbc_driver_postgresql import dbapi

        self.url = url
        self.one_at_a_time = RLock()
        with self._told():
            self.session = dbapi.connect(url, autocommit=True)
        self._do("set time zone 'UTC'")

    def ask(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        with self._cursor() as cursor:
            cursor.execute(sql, tuple(parameters.values()))
            return cursor.fetch_arrow_table()

    def make(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        own = identifier(table)
        self._do(f"drop table if exists pg_temp.{own}")
        with self._cursor() as cursor:
            cursor.execute(f"create temporary table {own} as {sql}", tuple(parameters.values()))
        self._do(f"analyze {own}")

    def bring(self, table: str, rows: pa.Table) -> None:
        self._do(f"drop table if exists pg_temp.{identifier(table)}")
        with self._cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="create", temporary=True)
        self._do(f"analyze {identifier(table)}")

    def free(self, target: str) -> None:
        schema = _named(target).rpartition(".")[0] if target.startswith(SCHEMA) else ""
        if not schema:
            hint = "Name a table: tables://schema.table"
            raise DataError("E_TARGET", f"PostgreSQL cannot write {target}", hint=hint)
        may = self.ask(MAY, {"schema": schema})["may"][0].as_py()
        if not may:
            why = "there is no such schema" if may is None else "the role lacks CREATE on the schema"
            raise DataError("E_TARGET", f"{target} cannot be written: {why}")
        if self._there(_named(target)):
            raise taken(target)

    def hand_over(self, sql: str, target: str) -> None:
        self._do(f"create table {_named(target)} as {sql}")

    def show(self, table: str, columns: Mapping[str, str], source: str) -> None:
        casts = ", ".join(self.cast(column, kind) for column, kind in columns.items())
        self._do(f"create temporary view {identifier(table)} as select {casts} from {source}")

    def source(self, table: str, where: str) -> str | None:
        named = f"{identifier(where.removeprefix(SCHEMA))}.{identifier(table)}"
        return named if self._there(named) else None

    def parquet(self, table: str, file: Path) -> str:
        loaded = f"{table}_loaded"
        with pq.ParquetFile(file) as rows, self._cursor() as cursor:
            reader = pa.RecordBatchReader.from_batches(rows.schema_arrow, rows.iter_batches(BATCH))
            cursor.adbc_ingest(loaded, reader, mode="create", temporary=True)
        self._do(f"analyze {identifier(loaded)}")
        return identifier(loaded)

    def close(self) -> None:
        self.session.close()
        super().close()

    def _there(self, named: str) -> bool:
        answer = self.ask("select to_regclass($1) is not null as there", {"named": named})
        return bool(answer["there"][0].as_py())

    def _do(self, statement: str) -> None:
        with self._cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self.one_at_a_time, self._told(), self.session.cursor() as cursor:
            yield cursor

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the server refuses, as one line without a secret; a fault in a statement of ours keeps its traceback."""
        from adbc_driver_manager import Error

        try:
            yield
        except Error as reason:
            state = reason.sqlstate or ("42501" if "permission denied" in str(reason) else "08")
            hint = HINTS.get(state) or HINTS.get(state[:2])
            if hint is None:
                raise
            said = shown(database.without_secrets(str(reason).splitlines()[0], self.url), 200).rstrip(".! ")
            raise DataError("E_ENGINE", f"{database.redacted(self.url)}: {said}", hint=hint) from None


def _named(target: str) -> str:
    return ".".join(identifier(part) for part in target.removeprefix(SCHEMA).split("."))
