"""What stands in a model's file, entry by entry: read only where it is what a build writes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dataset.errors import DataError, shown

Model = TypeVar("Model")


class Nonsense(Exception):
    """An entry of the file is not what it should be."""


def told(path: Path, model: Callable[[object], Model]) -> Model:
    """The model that a JSON file holds; `model` makes it of the content, or raises Nonsense.

    Raises FileNotFoundError, and DataError E_MODEL that says which entry is not what a build writes.
    """
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except (OSError, ValueError, RecursionError) as reason:
        raise DataError("E_MODEL", f"cannot be read as JSON: {shown(reason)}", file=path) from None
    try:
        return model(content)
    except Nonsense as why:
        raise DataError(
            "E_MODEL",
            f"this is not what a build wrote: {why}",
            file=path,
            hint="Take the file of the release as it was published",
        ) from None


def table(entry: object, where: str, keys: Sequence[str]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Nonsense(f"{where} must be an object with {', '.join(keys)}")
    if missing := [key for key in keys if key not in entry]:
        raise Nonsense(f"{where} lacks {', '.join(missing)}")
    if unknown := sorted(set(entry) - set(keys)):
        raise Nonsense(f"{where} has an unknown entry {shown(unknown[0])!r}")
    return entry


def listed(entry: object, where: str) -> list[Any]:
    if not isinstance(entry, list):
        raise Nonsense(f"{where} must be a list")
    return entry


def texts(entry: object, where: str, count: int) -> tuple[str, ...]:
    found = listed(entry, where)
    if len(found) != count or any(not isinstance(text, str) or not text.strip() or len(text) > 120 for text in found):
        raise Nonsense(f"{where} must be {count} texts of at most 120 characters, one a centre")
    return tuple(found)


def matrix(entry: object, where: str, rows: int | None) -> np.ndarray:
    lines = [listed(line, f"each row of {where}") for line in listed(entry, where)]
    if not lines or not lines[0] or len({len(line) for line in lines}) != 1:
        raise Nonsense(f"{where} must be rows of numbers, all of one length")
    if rows is not None and len(lines) != rows:
        raise Nonsense(f"{where} has {len(lines)} rows for {rows} features")
    return np.array([[number(value, f"a number of {where}") for value in line] for line in lines])


def number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e15:
        raise Nonsense(f"{where} is {shown(value)!r}, not a number of this size")
    return float(value)


def day(value: object) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Nonsense(f"snapshot is {shown(value)!r}, not a day such as 2024-12-31") from None
