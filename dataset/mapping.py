"""A mapping: how an arbitrary table's columns become order lines. JSON or TOML, checked key by key."""

from __future__ import annotations

import codecs
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.numbers import list_currencies

from dataset.errors import DataError, existing, shown
from dataset.reading import plain_file
from dataset.settings import ZONES

COLUMNS = (
    "customer_id", "order_id", "timestamp", "amount", "quantity", "unit_price", "product_id", "product_name",
    "category", "currency", "country", "kind",
)  # fmt: skip
TEXTS = (
    "file",
    "source",
    "query",
    "date_format",
    "timezone",
    "decimal",
    "thousands",
    "encoding",
    "delimiter",
    "currency",
    "amount_suffix",
)
KEYS = ("layout", "columns", *TEXTS)
THOUSANDS = (",", ".", "'", "’", " ", "\u00a0", "\u202f", "_")
NAMES = ("mapping.json", "mapping.toml")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The checked content of a mapping file; `columns` is our name -> the table's own."""

    path: Path
    columns: dict[str, str]
    file: str = ""
    source: str = ""
    query: str = ""
    date_format: str = ""
    timezone: str = ""
    decimal: str = "."
    thousands: str = ""
    encoding: str = ""
    delimiter: str = ""
    currency: str = ""
    amount_suffix: str = ""

    def files(self, data: Path | None) -> list[Path]:
        """The files `file` names, beside the mapping (or in `data`). Raises DataError E_PATH, E_FILE_MISSING."""
        base = (data if data is not None and data.is_dir() else self.path.parent).resolve()
        if not self.file:
            if data is not None and data.is_file():
                return [data]
            raise self.refuse("neither file nor source is given")
        if Path(self.file).is_absolute() or ".." in Path(self.file).parts:
            raise DataError("E_PATH", f"file {shown(self.file)!r} leaves the folder of the mapping", file=self.path)
        try:
            found = (
                [base / self.file]
                if _named(base, self.file)
                else sorted(p for p in base.glob(self.file) if not p.name.startswith("."))
            )
        except (OSError, ValueError, IndexError):
            raise self.refuse(f"file {shown(self.file)!r} is no name or pattern of files") from None
        found = [p for p in found if not p.is_dir()] or found
        if not found:
            there = [p.name for p in base.iterdir() if p.is_file()]
            raise DataError(
                "E_FILE_MISSING", f"no file {shown(self.file)!r}", file=self.path, hint=existing(self.file, there)
            )
        for path in found:
            if not path.resolve().is_relative_to(base):
                raise DataError(
                    "E_PATH", f"file {shown(self.file)!r} leads out of the folder of the mapping", file=self.path
                )
        return [plain_file(p, base) for p in found]

    def refuse(self, why: str) -> DataError:
        return DataError("E_CONFIG", why, file=self.path)


def load(path: Path) -> Mapping:
    """Read and check a mapping. Raises DataError E_CONFIG that names the key."""
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text, object_pairs_hook=_no_twins)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as reason:
        why = "nested too deep" if isinstance(reason, RecursionError) else shown(reason)
        raise DataError("E_CONFIG", f"cannot be read: {why}", file=path) from None

    def refuse(why: str, hint: str = "") -> DataError:
        return DataError("E_CONFIG", why, file=path, hint=hint)

    if not isinstance(found, dict):
        raise refuse("is not an object of keys and values")
    for key in found:
        if key not in KEYS:
            raise refuse(f"unknown key {shown(key)!r}", existing(key, KEYS))
    if found.get("layout", "generic") != "generic":
        raise refuse(f"layout is {shown(found['layout'])!r}; a mapping is for generic")
    texts = {}
    for key in TEXTS:
        if (value := found.get(key)) is not None:
            if not isinstance(value, str):
                raise refuse(f"{key} must be text")
            texts[key] = value
    columns = _columns(found.get("columns"), refuse)
    for key, ok, why in _values(texts):
        if texts.get(key) and not ok:
            raise refuse(f"{key} {shown(texts[key])!r} {why}")
    if texts.get("file") and texts.get("source"):
        raise refuse("file and source are both given")
    if texts.get("decimal", ".") not in (".", ","):
        raise refuse("decimal must be . or ,")
    if texts.get("thousands", "") and texts["thousands"] == texts.get("decimal", "."):
        raise refuse("decimal and thousands are the same sign")
    if len(texts.get("delimiter", ",")) > 1 or texts.get("delimiter") in ('"', "\n", "\r", "\0"):
        raise refuse("delimiter must be one sign, and no quote or line end")
    return Mapping(path, columns, **texts)


def _values(texts: dict[str, str]) -> Iterator[tuple[str, bool, str]]:
    """(key, whether its value is one of the known, why not)."""
    yield "timezone", texts.get("timezone") in ZONES, "is no IANA time zone such as Europe/Berlin"
    yield "currency", texts.get("currency") in list_currencies(), "is no ISO 4217 code such as EUR, USD, GBP"
    yield "thousands", texts.get("thousands") in THOUSANDS, "is no sign between thousands: one of , . ' _ or a blank"
    yield "encoding", _is_encoding(texts.get("encoding", "")), "is no known encoding such as utf-8, latin-1, cp1252"


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def _named(base: Path, name: str) -> bool:
    """Whether `name` as it stands is in the folder, even if it looks like a pattern."""
    return os.path.lexists(base / name) and (base / name) != base


def _columns(columns: object, refuse) -> dict[str, str]:
    if not isinstance(columns, dict) or not all(isinstance(v, str) and v for v in columns.values()):
        raise refuse("columns must give, for our names, the names in the table")
    for key in columns:
        if key not in COLUMNS:
            raise refuse(f"unknown column {shown(key)!r}", existing(key, COLUMNS))
    seen: dict[str, str] = {}
    for key, name in columns.items():
        if name in seen:
            raise refuse(f"{seen[name]} and {key} are both read from column {shown(name)!r}")
        seen[name] = key
    if "timestamp" not in columns:
        raise refuse("columns lacks timestamp")
    if "amount" not in columns and not {"quantity", "unit_price"} <= columns.keys():
        raise refuse("columns needs amount, or quantity and unit_price")
    if not {"customer_id", "order_id"} & columns.keys():
        raise refuse("columns needs customer_id or order_id")
    return dict(columns)


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [k for k, _ in pairs]
    twins = sorted({k for k in keys if keys.count(k) > 1})
    if twins:
        raise ValueError(f"key {', '.join(twins)} is given twice")
    return dict(pairs)
