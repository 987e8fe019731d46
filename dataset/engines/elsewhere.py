"""An engine other than DuckDB: it answers the same statements, with the same types."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset.engine import Engine, identifier
from dataset.engines.dialect import name, translated, type_name


class Elsewhere(Engine):
    """Statements run on another engine. DuckDB beside it holds the same tables, empty: it tells each answer's types.

    So counts, money and days arrive as DuckDB gives them, and what it cannot read is refused before it travels.
    """

    dialect: str

    def __init__(self, folder: Path):
        (folder / "types").mkdir()
        super().__init__(folder / "types")

    @abstractmethod
    def ask(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run a query in the engine's own dialect."""

    @abstractmethod
    def make(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        """Keep a query in the engine's own dialect as a table, in place of one of that name."""

    @abstractmethod
    def show(self, table: str, columns: Mapping[str, str], source: str) -> None:
        """Make a view of a source with these columns and types (as DuckDB calls them)."""

    @abstractmethod
    def source(self, table: str, where: str) -> str | None:
        """As DuckDB's; None where no table of the name lies."""

    @abstractmethod
    def bring(self, table: str, rows: pa.Table) -> None:
        """Make a table of a few rows from here, in place of one brought before."""

    @abstractmethod
    def free(self, target: str) -> None:
        """As DuckDB's; a target is what the engine itself can write."""

    @abstractmethod
    def hand_over(self, sql: str, target: str) -> None:
        """Write the answer of a query in the engine's own dialect to a target."""

    @abstractmethod
    def parquet(self, table: str, file: Path) -> str:
        """A Parquet file of this machine as the source of a view."""

    def arrow(self, sql: str, /, **parameters: object) -> pa.Table:
        kinds = super().arrow(sql, **parameters).schema
        text, names = translated(sql, self.dialect)
        return _as(kinds, self.ask(text, {n: parameters[n] for n in names}))

    def create(self, table: str, sql: str, parameters: Mapping[str, object]) -> None:
        super().create(table, sql, parameters)
        text, names = translated(sql, self.dialect)
        self.make(table, text, {n: parameters[n] for n in names})

    def put(self, table: str, rows: pa.Table) -> None:
        super().put(table, rows.slice(0, 0))
        self.bring(table, rows)

    def write(self, sql: str, target: str) -> None:
        text, _ = translated(sql, self.dialect)
        self.hand_over(text, target)

    def rows(self, sql: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.arrow(sql, **parameters).to_pylist()]

    def columns(self, table: str) -> tuple[str, ...]:
        return tuple(self.types(table))

    def types(self, table: str) -> dict[str, str]:
        """The columns of a table and their types, as DuckDB calls them."""
        return {row[0]: str(row[1]) for row in super().rows(f"describe {identifier(table)}")}

    def note(self, where: str, name: str) -> str:
        return ""

    def described(self, source: str) -> pa.Schema:
        return self.ask(f"select * from {source} limit 0", {}).schema

    def view(self, table: str, columns: Mapping[str, str], source: str) -> None:
        told = ", ".join(f"{identifier(column)} {kind}" for column, kind in columns.items())
        self.run(f"create table {identifier(table)} ({told})")
        self.show(table, columns, source)

    def cast(self, column: str, kind: str) -> str:
        """A column as a type that DuckDB calls so, in the engine's own dialect."""
        own = name(column, self.dialect)
        ordered = ' collate "C"' if self.dialect == "postgres" and kind == "varchar" else ""  # by bytes, as elsewhere
        return f"cast({own} as {type_name(kind, self.dialect)}){ordered} as {own}"


def _as(kinds: pa.Schema, answer: pa.Table) -> pa.Table:
    """The answer in these types; raises pa.ArrowInvalid rather than lose a digit."""
    columns = [c.cast(c.type.storage_type) if isinstance(c.type, pa.BaseExtensionType) else c for c in answer.columns]
    return pa.table([c.cast(kind) for c, kind in zip(columns, kinds.types, strict=True)], names=kinds.names)
