"""What the layouts share: running their SQL, duplicate rows, keys, and data without a single sale."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from dataset.engine import Engine, identifier
from dataset.errors import DataError, counted
from dataset.headline import cents
from dataset.reading import Raw, Reader
from dataset.tables import Reason


def run_file(engine: Engine, path: Path, **names: str) -> None:
    """Run the statements of an SQL file, each ended by a semicolon at a line's end; `names` stand for others in it."""
    text = path.read_text(encoding="utf-8")
    for name, column in names.items():
        text = text.replace(name, column)
    for statement in text.split(";\n"):
        if statement.strip():
            engine.run(statement)


def duplicates(reader: Reader, raw: Raw, table: str, money: str, units: str = "") -> None:
    """Note rows that repeat another in every raw column, with the money at stake; without a line key they are kept.

    A file that writes one row a unit (`units` is 1 on every row, copies directly follow each other) has none.
    """
    columns = ", ".join(identifier(c) for c in raw.columns)
    suspects = _suspects(raw)
    if not len(suspects):
        return
    raw.engine.connection.register("suspects", pa.table({"mark": suspects}))
    raw.engine.run(
        f"""create table repeated as select max(_row) as _row, count(*) - 1 as extra, max(_row) - min(_row) + 1 as span
            from {identifier(raw.table)} where {_mark(raw)} in (select mark from suspects)
            group by {columns} having count(*) > 1"""
    )
    raw.engine.connection.unregister("suspects")
    extra, adjacent = raw.engine.rows("select coalesce(sum(extra), 0), bool_and(span = extra + 1) from repeated")[0]
    if not extra or (units and adjacent and raw.engine.value(f"select bool_and({units} = 1) from {identifier(table)}")):
        return
    stake = raw.engine.value(
        f"""select coalesce(sum(extra * value), 0) from repeated
            join (select _row, {money} as value from {identifier(table)} where reject is null) as worth using (_row)"""
    )
    what = f"{_repeats(extra)} (worth {cents(stake)})"
    reader.note("W_DUPLICATE_ROWS", int(extra), f"{raw.label}: {what}; there is no line key, so they are kept")


def _mark(raw: Raw) -> str:
    """SQL of a hash that equal rows share: of the columns that are no text where there are enough, else of all."""
    short = [c for c, kind in raw.columns.items() if kind != "VARCHAR"]
    return f"hash({', '.join(map(identifier, short if len(short) >= 4 else raw.columns))})"


def _suspects(raw: Raw) -> np.ndarray:
    """The hashes that several rows have."""
    return _several(raw.engine, f"select {_mark(raw)} from {identifier(raw.table)}", raw.rows)


def _several(engine: Engine, sql: str, most: int) -> np.ndarray:
    """The whole numbers a query answers several times; `most` rows at most.

    Eight bytes a row in memory: grouping takes several times that, grouping by all columns fifty times.
    """
    found, at = np.empty(0, np.uint64), 0
    for batch in engine.connection.sql(sql).to_arrow_reader(1 << 17):
        numbers = batch.column(0).to_numpy()
        found = found if at else np.empty(most, numbers.dtype)
        found[at : at + len(numbers)] = numbers
        at += len(numbers)
    found = found[:at]
    if (found[1:] > found[:-1]).all():
        return found[:0]
    found.sort()
    return np.unique(found[1:][found[1:] == found[:-1]])


def _repeats(count: int) -> str:
    return f"{counted(count, 'row')} {'repeats' if count == 1 else 'repeat'} another exactly"


def unique(
    reader: Reader, raw: Raw, typed: str, key: str, table: str, money: str = "", number: str = ""
) -> list[Reason]:
    """Create `table` with one row a key (the first); copies are excluded and noted, differing ones as conflicts.

    number: the column of the whole number that the key is the text of, if `typed` has it.
    """
    engine = raw.engine
    mark = number if number in engine.columns(typed) else f"hash({key})"
    suspects = _several(engine, f"select {mark} from {identifier(typed)} where reject is null", raw.rows)
    view = f"create view {identifier(table)} as select * from {identifier(typed)} where reject is null"
    copies = identifier(f"{table}_copies")
    if not len(suspects):
        engine.run(view)
        return []
    engine.connection.register("suspects", pa.table({"mark": suspects}))
    engine.run(
        f"""create table {copies} as
            with suspected as (
                select _row, {key} from {identifier(typed)}
                where reject is null and {mark} in (select mark from suspects)
            )
            select t._row, k.first_row from suspected as t
            join (select {key}, min(_row) as first_row from suspected group by {key}) as k using ({key})
            where t._row <> k.first_row"""
    )
    engine.connection.unregister("suspects")
    if not engine.value(f"select count(*) from {copies}"):
        engine.run(view)
        return []
    engine.run(f"{view} and _row not in (select _row from {copies})")
    compared = ", ".join(identifier(c) for c in engine.columns(typed) if c not in ("_row", "reject"))
    stake = f"coalesce(sum(t.{money}), 0)" if money else "cast(0 as decimal(18, 6))"
    rows = engine.rows(
        f"""select hash(({_prefixed("t", compared)})) = hash(({_prefixed("f", compared)})), count(*), {stake}
            from {copies} as c join {identifier(typed)} as t on t._row = c._row
            join {identifier(typed)} as f on f._row = c.first_row group by 1"""
    )
    reasons: list[Reason] = []
    for same, count, worth in rows:
        at_stake = f" (worth {cents(worth)})" if money else ""
        if same:
            reader.note("W_DUPLICATE_ROWS", count, f"{raw.label}: {_repeats(count)}{at_stake}; left out")
            reasons.append(Reason("excluded", "repeats another row exactly", count, Decimal(worth) if money else None))
        else:
            what = f"{counted(count, 'row')} with the {key} of an earlier row, but other content{at_stake}"
            reader.note("W_KEY_CONFLICT", count, f"{raw.label}: {what}; the first row counts")
            reasons.append(
                Reason(
                    "excluded", f"same {key} as an earlier row, other content", count, Decimal(worth) if money else None
                )
            )
    return reasons


def _prefixed(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{c}" for c in columns.split(", "))


def no_sales(raw: Raw) -> None:
    """Raise DataError E_NO_PURCHASES when no line is a sale."""
    if not raw.engine.value("select count(*) from (select 1 from lines where kind = 'sale' limit 1) as found"):
        raise DataError("E_NO_PURCHASES", "no row is a sale: there is nothing to report", file=raw.label)


def refunded(engine: Engine) -> Decimal:
    """The refund lines' money, zero or less."""
    return Decimal(engine.value("select coalesce(sum(amount), 0) from lines where kind = 'refund'"))


def unknown_customers(reader: Reader, raw: Raw, lines: str = "") -> None:
    """Note the lines that no customer is known for, with their money; `lines` came of `raw` (all did unless named)."""
    count = f"count(*), coalesce(sum(amount), 0) from {lines} where customer_id is null"
    whole = "cast(coalesce(sum(lines), 0) as bigint), coalesce(sum(amount), 0) from days where unknown"
    rows, money = raw.engine.rows(f"select {count if lines else whole}")[0]
    what = f"{counted(rows, 'line')} without a customer (net {cents(money)}): in revenue, not in the customer analyses"
    reader.note("W_UNKNOWN_CUSTOMER", rows, f"{raw.label}: {what}")
