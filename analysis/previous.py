"""What an earlier release said: its numbers and claims, its customers' segments, who was treated and who was not."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.assignment import CONTROL, TREATMENT
from analysis.experiment_design import STRATA
from analysis.finding import PLACE, Unit
from analysis.rfm import SEGMENTS
from dataset.errors import DataError, shown

METRICS, MANIFEST = "metrics.json", "MANIFEST.json"
CUSTOMERS, ASSIGNMENTS = "exports/customers.parquet", "exports/experiment_assignments.parquet"
MOST_BYTES = {METRICS: 64 << 20, MANIFEST: 16 << 20, CUSTOMERS: 8 << 30, ASSIGNMENTS: 8 << 30}
MOST_ROWS = 100_000_000
MOST_FINDINGS, MOST_TEXT = 20_000, 2_000
UNITS: tuple[Unit, ...] = get_args(Unit)
KEY = re.compile(r"[a-z][a-z_0-9]{0,99}\.[a-z_0-9]{1,99}")
ACTION = re.compile(r"[a-z][a-z_0-9]{0,59}")
TEXT, NUMBER, DAY = "text", "number", "day"
HINT = "Name the folder of a release as it was published: site/releases/..., or site/current"


@dataclass(frozen=True, slots=True)
class Said:
    """One finding as it was: its value (None: not known), unit and claim."""

    value: int | float | Decimal | date | str | None
    unit: Unit
    claim: str


@dataclass(frozen=True, slots=True)
class Release:
    """An earlier release; customers and assignments are read when asked for."""

    folder: Path
    snapshot: date
    currency: str
    findings: Mapping[str, Said]
    hashes: Mapping[str, str]

    def customers(self) -> pd.DataFrame | None:
        """customer_id (str), segment (category of rfm.SEGMENTS); None when the release holds no segments."""
        frame = self._frame(CUSTOMERS, {"customer_id": TEXT, "segment": TEXT}, optional=("segment",))
        if frame is None or "segment" not in frame:
            return None
        if not frame["segment"].isin(SEGMENTS).all():
            raise _wrong(self.folder / CUSTOMERS, "a segment is not one of the report's")
        return frame.assign(segment=pd.Categorical(frame["segment"], categories=list(SEGMENTS)))

    def assignments(self) -> pd.DataFrame | None:
        """customer_id (str), action, segment, arm (categories), share (float64); None when there was no experiment."""
        columns = {"customer_id": TEXT, "action": TEXT, "segment": TEXT, "arm": TEXT, "share": NUMBER, "day": DAY}
        frame, path = self._frame(ASSIGNMENTS, columns), self.folder / ASSIGNMENTS
        if frame is None:
            return None
        frame = frame.astype({"action": "category", "segment": "category", "arm": "category"})
        if not set(frame["arm"].cat.categories) <= {TREATMENT, CONTROL}:
            raise _wrong(path, f"an arm is neither {TREATMENT} nor {CONTROL}")
        if any(not ACTION.fullmatch(name) for name in frame["action"].cat.categories):
            raise _wrong(path, "an action has no proper key")
        if not set(frame["segment"].cat.categories) <= set(STRATA):
            raise _wrong(path, "a segment is not one of the report's")
        share = frame["share"].to_numpy()
        if not ((share > 0) & (share < 1)).all():
            raise _wrong(path, "a share of control is not between nought and one")
        if (frame.groupby("action", observed=True)["share"].nunique() > 1).any():
            raise _wrong(path, "an action has two shares of control")
        if len(frame) and (pd.to_datetime(frame["day"]).dt.date != self.snapshot).any():
            raise _wrong(path, "it was drawn on another day than that of its release")
        return frame.drop(columns="day")

    def _frame(self, name: str, types: Mapping[str, str], optional: tuple[str, ...] = ()) -> pd.DataFrame | None:
        """Columns of a table of the release; None when it is absent. A customer has one row."""
        path = self.folder / name
        if name not in self.hashes and not path.exists():
            return None
        _as_published(path, name, self.hashes)
        table = _parquet(path, types, optional)
        made = {c: _column(table[c], types[c], path) for c in table.column_names}
        if pd.Index(made["customer_id"]).has_duplicates:
            raise _wrong(path, "a customer is there twice")
        return pd.DataFrame(made, copy=False)


def read(release: Path) -> Release:
    """An earlier release by its folder.

    Raises DataError E_PREVIOUS that says which file, or entry, is not what a build writes.
    """
    folder = Path(os.path.realpath(release)) if "\0" not in str(release) else release
    if not os.path.isdir(folder):
        raise DataError("E_PREVIOUS", "there is no such release", file=release, hint=HINT)
    hashes = _hashes(folder / MANIFEST)
    _as_published(folder / METRICS, METRICS, hashes)
    told = _json(folder / METRICS)
    try:
        snapshot = date.fromisoformat(told["snapshot"])
        currency, entries = told["currency"], told["findings"]
    except (KeyError, TypeError, ValueError):
        raise _wrong(folder / METRICS, "it lacks a proper snapshot, currency or findings") from None
    if not (isinstance(currency, str) and re.fullmatch("([A-Z]{3})?", currency)):
        raise _wrong(folder / METRICS, f"currency is {shown(currency)!r}")
    if not isinstance(entries, dict) or len(entries) > MOST_FINDINGS:
        raise _wrong(folder / METRICS, "findings are not what a report has")
    findings = {key: _said(key, entry, folder / METRICS) for key, entry in entries.items()}
    return Release(folder, snapshot, currency, findings, hashes)


def checked(release: Path) -> Release:
    """The release, every file of it that a comparison needs read once; raises DataError E_PREVIOUS."""
    found = read(release)
    found.customers()
    found.assignments()
    return found


def before(release: Path, snapshot: date) -> None:
    """Refuse a release that is not of an earlier day than the report's; raises DataError E_PREVIOUS."""
    day = read(release).snapshot
    if day >= snapshot:
        raise DataError(
            "E_PREVIOUS",
            f"the release looks at customers on {day}, which is not before this report's day, {snapshot}",
            file=release,
            hint="Name an earlier release, or leave it out",
        )


def _wrong(path: Path, why: str) -> DataError:
    return DataError("E_PREVIOUS", f"this is not what a build wrote: {why}", file=path, hint=HINT)


def _json(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES[path.name]:
            raise _wrong(path, "the file is absent or far too large")
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as reason:
        raise DataError("E_PREVIOUS", f"cannot be read as JSON: {shown(reason)}", file=path, hint=HINT) from None
    if not isinstance(told, dict):
        raise _wrong(path, "it is not an object")
    return told


def _hashes(path: Path) -> dict[str, str]:
    try:
        return {str(entry["path"]): str(entry["sha256"]) for entry in _json(path)["files"]}
    except (KeyError, TypeError):
        raise _wrong(path, "it does not list the files of a release") from None


def _as_published(path: Path, name: str, hashes: Mapping[str, str]) -> None:
    """Refuse a file that is not the one its manifest lists."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES[name]:
            raise _wrong(path, "the file is absent, no regular file or far too large")
        with path.open("rb") as file:
            there = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as reason:
        raise DataError("E_PREVIOUS", f"cannot be read: {reason.strerror}", file=path, hint=HINT) from None
    if hashes.get(name) != there:
        raise _wrong(path, "it was altered after it was published")


def _said(key: object, entry: object, path: Path) -> Said:
    """One entry of the findings, as strictly as a Finding is made."""
    if not (isinstance(key, str) and KEY.fullmatch(key) and isinstance(entry, dict)):
        raise _wrong(path, f"{shown(key, 60)!r} is no finding")
    unit, claim = entry.get("unit"), entry.get("claim")
    if unit not in UNITS or not isinstance(claim, str) or len(claim) > MOST_TEXT:
        raise _wrong(path, f"{key} has no proper unit or claim")
    if PLACE.findall(claim).count("value") != 1 or any(c.isdigit() for c in PLACE.sub("", claim)):
        raise _wrong(path, f"the claim of {key} is not one")
    return Said(_value(key, entry.get("value"), unit, path), unit, claim)


def _value(key: str, value: object, unit: Unit, path: Path) -> int | float | Decimal | date | str | None:
    """A value as its unit has it; amounts of money are decimal text, days ISO text."""
    wrong = _wrong(path, f"the value of {key} is no {unit}")
    if value is None:
        return None
    if unit == "name":
        if isinstance(value, str) and len(value) <= MOST_TEXT:
            return value
        raise wrong
    try:
        if unit == "date":
            return date.fromisoformat(value)  # type: ignore[arg-type]
        number = Decimal(value[:60] if isinstance(value, str) else repr(value))
    except (TypeError, ValueError, InvalidOperation):
        raise wrong from None
    fits = isinstance(value, int | float | str) and not isinstance(value, bool)
    fits = fits and number.is_finite() and abs(number) < 10**30
    if not fits or (unit == "share" and not 0 <= number <= 1) or (unit == "count" and number != int(number)):
        raise wrong
    return number if isinstance(value, str) else value  # type: ignore[return-value]


def _parquet(path: Path, types: Mapping[str, str], optional: tuple[str, ...]) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise _wrong(path, "it has more rows than a shop has customers")
            there = set(file.schema_arrow.names)
            if absent := [c for c in types if c not in there and c not in optional]:
                raise _wrong(path, f"it lacks the column {absent[0]}")
            return file.read([c for c in types if c in there])
    except (pa.ArrowException, OSError, ValueError) as reason:
        raise DataError("E_PREVIOUS", f"cannot be read as Parquet: {shown(reason)}", file=path, hint=HINT) from None


def _column(column: pa.ChunkedArray, kind: str, path: Path) -> pd.Series | np.ndarray:
    """A column of one of three kinds, complete; anything else is refused."""
    fits = {
        TEXT: pa.types.is_string(column.type) or pa.types.is_large_string(column.type),
        NUMBER: pa.types.is_float64(column.type),
        DAY: pa.types.is_date32(column.type),
    }
    if not fits[kind] or column.null_count:
        raise _wrong(path, f"a column of {kind} is {shown(column.type, 40)}, or has gaps")
    if kind == TEXT:
        return pd.Series(column.to_pandas(), dtype="str")
    values = column.to_numpy()
    if kind == NUMBER and not all(map(math.isfinite, (values.min(), values.max()) if len(values) else ())):
        raise _wrong(path, "a number is not finite")
    return values
