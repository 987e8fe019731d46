"""Seed 001's files: JSON objects with repeated empty keys that hold `/firstname/Brad`, and a JSON array in one cell."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from dataset import csv_file
from dataset.casting import REJECT_LIMIT
from dataset.errors import DataError, counted
from dataset.reading import Part, Raw, Reader, kind
from dataset.tables import Note


def json_rows(reader: Reader, table: str, path: Path, zone: str) -> Raw:
    """A raw table from a file that may be JSON-ish; any other is read as usual.

    Rows that are no JSON object are left out with a note, or DataError E_JSON when they are many.
    """
    if kind(path) != ".csv":
        return reader.read(table, [path])
    notes: list[Note] = []
    text = csv_file.prepare(path, reader.engine.folder, notes)
    with text.path.open(encoding="utf-8") as lines:
        head = lines.read(64).lstrip()
    if head.startswith(("[", "{")):
        notes = [n for n in notes if n.code != "W_NO_FINAL_NEWLINE"]  # its last bracket shows that JSON is whole
        whole = text.path.read_text(encoding="utf-8")
        if head.startswith("["):
            return _table(reader, table, path, _array(path, whole), notes)
        return _objects(
            reader, table, path, [(i, [line]) for i, line in enumerate(whole.splitlines(), 1) if line.strip()], notes
        )
    records = list(csv_file.records(text)) if len(text.header) == 1 else []
    if text.header and text.header[0].startswith(("[", "{")):  # no header: its first record stands in its place
        records.insert(0, (1, [text.header[0]]))
    if len(records) == 1 and records[0][1][0].lstrip().startswith("["):
        return _table(reader, table, path, _array(path, records[0][1][0]), notes)
    if records and sum(fields[0].lstrip().startswith("{") for _, fields in records) * 2 > len(records):
        return _objects(reader, table, path, records, notes)
    return reader.read(table, [path])


def _array(path: Path, text: str) -> list[dict[str, object]]:
    try:
        found = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as reason:
        why = "nested too deep" if isinstance(reason, RecursionError) else reason
        raise DataError("E_JSON", f"is not valid JSON: {why}", file=path) from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise DataError("E_JSON", "is not a JSON array of objects", file=path)
    return found


def _objects(reader: Reader, table: str, path: Path, records: list[tuple[int, list[str]]], notes: list) -> Raw:
    rows: list[dict[str, object]] = []
    broken: list[int] = []
    for line, fields in records:
        try:
            row = json.loads(fields[0], object_pairs_hook=_pairs, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            broken.append(line)
    if len(broken) > REJECT_LIMIT * len(records):
        what = f"is no JSON object here; {len(broken)} of {len(records)} rows cannot be read"
        raise DataError("E_JSON", what, file=path, row=broken[0], hint="Repair these rows")
    if broken:
        what = f"{counted(len(broken), 'row')} could not be read as JSON, first row {broken[0]}"
        reader.note("W_ROWS_REJECTED", len(broken), f"{path.name}: {what}")
    return _table(reader, table, path, rows, notes)


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose empty keys hold `/key/value`."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key == "" and isinstance(value, str) and value.startswith("/"):
            key, _, value = value[1:].partition("/")
        found[key] = value
    return found


def _table(reader: Reader, table: str, path: Path, rows: list[dict[str, object]], notes: list) -> Raw:
    reader.notes.extend(notes)
    if not rows:
        raise DataError("E_NO_ROWS", "holds no rows", file=path)
    names = list(dict.fromkeys(key for row in rows for key in row if key))
    columns = {n: pa.array([_text(row.get(n)) for row in rows], pa.string()) for n in names}
    return reader.arrow(f"raw_{table}", pa.table(columns), (Part(path.name, len(rows), 0),))


def _text(value: object) -> str | None:
    """A value as text; a lone surrogate, which no text may hold, becomes a question mark."""
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")
