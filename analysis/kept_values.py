"""How a result is written down and read back, equal to the bit: a tree in JSON, columns of numbers and text in Parquet.

value.json    the tree; what is no JSON of its own is an object whose key says what it is: {"date": "2024-12-31"}
100.parquet   the columns of 100 rows, named 0, 1, 2 ... in the order in which the tree speaks of them
long0.parquet a long table, likewise: it is read where it lies
SHA256SUMS    the hash of each file, as sha256sum writes and checks it

Nothing that is read is run: only dataclasses of this project are made, of the types it has for results.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.long_table import LongTable

LONG = "long"
TREE, SUMS = "value.json", "SHA256SUMS"
KIND = "customer-deck result 1"
ROOT = Path(__file__).parent
MODULE = re.compile(r"analysis\.[a-z_0-9]+|dataset\.tables")
NUMBERS = "iufb"  # kinds of numpy's types that Parquet has as they are
TIMES = "mM"  # those that go as whole numbers: Parquet does not have all their units
SUM = re.compile(r"([0-9a-f]{64})  ([0-9a-z]+\.(?:json|parquet))")


class Damaged(Exception):
    """What lies there is not what was written."""


def files(value: object, key: str) -> Iterator[tuple[str, bytes | Path]]:
    """The files that hold a value, one after the other: they are large. A path: of a file to copy. key: what it depends
    on.

    Raises TypeError for what has no place in a result.
    """
    columns: dict[int, list[pa.Array]] = {}
    long: list[Path] = []

    def keep(column: pa.Array | Path) -> list[int]:
        if isinstance(column, Path):
            long.append(column)
            return [len(long) - 1]
        same = columns.setdefault(len(column), [])
        same.append(column)
        return [len(column), len(same) - 1]

    told = {"kind": KIND, "key": key, "value": _tree(value, keep)}
    sums = ""
    made: Iterator[tuple[str, bytes | Path]] = chain(
        [(TREE, json.dumps(told, allow_nan=False, separators=(",", ":")).encode())],
        ((f"{rows}.parquet", _parquet(same)) for rows, same in columns.items()),
        ((f"{LONG}{at}.parquet", path) for at, path in enumerate(long)),
    )
    for name, content in made:
        sums += f"{_hash(content)}  {name}\n"
        yield name, content
    yield SUMS, sums.encode()


def value(folder: Path, key: str) -> Any:
    """The value whose files lie in a folder. Raises Damaged, which says why."""
    try:
        sums = (folder / SUMS).read_bytes()
        listed = [SUM.fullmatch(line) for line in sums.decode("ascii").splitlines()]
        found = {line[2]: _checked(folder / line[2], line[1]) for line in listed if line is not None}
        if TREE not in found or len(found) < len(listed):
            raise Damaged(f"{SUMS} is not a list of its files")
        parts = {name.partition(".")[0]: content for name, content in found.items() if name != TREE}
        columns = {name: _columns(content) for name, content in parts.items() if isinstance(content, bytes)}
        told = json.loads(found[TREE])  # type: ignore[arg-type]
        if (told["kind"], told["key"]) != (KIND, key):
            raise Damaged("it is another result")

        def at(place: list[int]) -> Any:
            return columns[str(place[0])][place[1]] if len(place) == 2 else parts[f"{LONG}{place[0]}"]

        return _value(told["value"], at)
    except OSError as reason:
        raise Damaged(f"{Path(str(reason.filename)).name} cannot be read: {reason.strerror}") from None
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, pa.ArrowException) as reason:
        raise Damaged(f"it is not what a build writes: {type(reason).__name__}") from None


def _checked(path: Path, known: str) -> bytes | Path:
    content = path if path.name.startswith(LONG) else path.read_bytes()
    if _hash(content) != known:
        raise Damaged(f"{path.name} was altered")
    return content


def _hash(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parquet(columns: list[pa.Array]) -> bytes:
    """Columns of one length. Without dictionaries and statistics, which take long to make and serve no reader here."""
    import pyarrow.parquet as pq

    into = BytesIO()
    table = pa.table(columns, names=[str(at) for at in range(len(columns))])
    pq.write_table(table, into, compression="lz4", use_dictionary=False, write_statistics=False, store_schema=False)
    return into.getvalue()


def _columns(content: bytes) -> list[pa.ChunkedArray]:
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(content)).columns


# To the tree

Keep = Callable[[pa.Array | Path], list[int]]


def _tree(value: object, keep: Keep) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}  # type: ignore[arg-type]
    if kind is tuple:
        return [_tree(each, keep) for each in value]  # type: ignore[attr-defined]
    if kind in (list, frozenset):
        each: Any = value if kind is list else sorted(value, key=repr)  # type: ignore[call-overload]
        return {kind.__name__: [_tree(one, keep) for one in each]}
    if kind is Decimal:
        return {"decimal": str(value)}
    if kind is date:
        return {"date": value.isoformat()}  # type: ignore[attr-defined]
    if isinstance(value, np.generic):
        return {"scalar": _tree(np.asarray(value), keep)}
    if isinstance(value, np.ndarray):
        return {"array": _array(value, keep)}
    if isinstance(value, pd.DataFrame):
        return {"frame": _frame(value, keep)}
    if isinstance(value, LongTable):
        return {"long": [keep(value.path), value.rows, *value.again]}
    if kind is dict:
        return {"dict": [[_tree(key, keep), _tree(one, keep)] for key, one in value.items()]}  # type: ignore[attr-defined]
    if is_dataclass(value) and MODULE.fullmatch(kind.__module__):
        told = {field.name: _tree(getattr(value, field.name), keep) for field in fields(value)}
        return {"made": f"{kind.__module__}.{kind.__qualname__}", "of": told}
    raise TypeError(f"a {kind.__module__}.{kind.__qualname__} has no place in a result that is kept")


def _array(values: np.ndarray, keep: Keep) -> dict[str, Any]:
    """Shape and order are kept, as sums over a table of numbers depend on how it lies."""
    order: Literal["F", "C"] = "F" if values.flags.f_contiguous and not values.flags.c_contiguous else "C"
    told: dict[str, Any] = {"type": values.dtype.str, "shape": list(values.shape), "order": order}
    flat = values.ravel(order=order)
    if values.dtype == object:
        return told | {"objects": _objects(flat, keep)}
    return told | {"at": keep(_numbers(flat))}


def _numbers(flat: np.ndarray) -> pa.Array:
    if flat.dtype.kind in TIMES:
        flat = flat.view(np.int64)
    elif flat.dtype.kind not in NUMBERS or flat.dtype.itemsize > 8 or flat.dtype == np.float16:
        raise TypeError(f"an array of {flat.dtype} has no place in a result that is kept")
    return pa.array(np.ascontiguousarray(flat), from_pandas=False)


def _objects(values: np.ndarray, keep: Keep) -> dict[str, Any]:
    """Texts and gaps as a column; anything else piece by piece."""
    if len(values) and all(one is None or type(one) is str for one in values):
        return {"at": keep(pa.array(values, type=pa.large_string(), from_pandas=False))}
    return {"each": [_tree(one, keep) for one in values]}


def _frame(frame: pd.DataFrame, keep: Keep) -> dict[str, Any]:
    if frame.attrs:
        raise TypeError("a frame with attributes of its own has no place in a result that is kept")
    told = [_column(frame.iloc[:, at], keep) for at in range(frame.shape[1])]
    return {"names": _index(frame.columns, keep), "columns": told, "index": _index(frame.index, keep)}


def _column(column: pd.Series | pd.Index, keep: Keep) -> dict[str, Any]:
    """One column of a frame: text, categories, or an array of numpy's."""
    kind, values = column.dtype, column.array
    if isinstance(values, pd.Categorical):
        categories = _index(values.categories, keep)
        return {"codes": _array(values.codes, keep), "categories": categories, "ordered": values.ordered}
    if isinstance(kind, pd.StringDtype) and kind.na_value is not pd.NA:
        text = pa.array(values, type=pa.large_string(), from_pandas=True)
        return {"text": kind.storage, "at": keep(text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text)}
    if isinstance(kind, np.dtype):
        return {"array": _array(np.asarray(column), keep)}
    raise TypeError(f"a column of {kind} has no place in a result that is kept")


def _index(index: pd.Index, keep: Keep) -> dict[str, Any]:
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "name": _tree(index.name, keep)}
    if type(index) is not pd.Index:
        raise TypeError(f"a {type(index).__name__} has no place in a result that is kept")
    return {"of": _column(index, keep), "name": _tree(index.name, keep)}


# And back

At = Callable[[list[int]], Any]


def _value(tree: Any, at: At) -> Any:
    if isinstance(tree, list):
        return tuple(_value(each, at) for each in tree)
    if not isinstance(tree, dict):
        return tree
    if "made" in tree:
        return _class(tree["made"])(**{name: _value(each, at) for name, each in tree["of"].items()})
    ((kind, told),) = tree.items()
    match kind:
        case "float":
            return float(told)
        case "list":
            return [_value(each, at) for each in told]
        case "frozenset":
            return frozenset(_value(each, at) for each in told)
        case "decimal":
            return Decimal(told)
        case "date":
            return date.fromisoformat(told)
        case "scalar":
            return _value(told, at)[()]
        case "array":
            return _to_array(told, at)
        case "frame":
            return _to_frame(told, at)
        case "long":
            return LongTable(at(told[0]), told[1], tuple(told[2:]))
        case "dict":
            return {_value(key, at): _value(one, at) for key, one in told}
    raise ValueError(kind)


def _class(name: str) -> Any:
    """A dataclass of the project by its full name, and nothing else."""
    module, _, short = name.rpartition(".")
    if not MODULE.fullmatch(module) or not (ROOT.parent / f"{module.replace('.', '/')}.py").is_file():
        raise ValueError(name)
    found = getattr(importlib.import_module(module), short)
    if not (isinstance(found, type) and is_dataclass(found) and found.__module__ == module):
        raise ValueError(name)
    return found


def _to_array(told: dict[str, Any], at: At) -> np.ndarray:
    kind = np.dtype(told["type"])
    if kind.kind == "O":
        flat = _to_objects(told["objects"], at)
    else:
        flat = np.array(at(told["at"]).to_numpy(), copy=True)
        flat = flat.view(kind) if kind.kind in TIMES else flat
    if flat.dtype != kind:
        raise ValueError(told["type"])
    return flat.reshape(told["shape"], order=told["order"])


def _to_objects(told: dict[str, Any], at: At) -> np.ndarray:
    values = at(told["at"]).to_pylist() if "at" in told else [_value(each, at) for each in told["each"]]
    made = np.empty(len(values), dtype=object)
    for place, one in enumerate(values):  # at once, numpy would take tuples apart
        made[place] = one
    return made


def _to_frame(told: dict[str, Any], at: At) -> pd.DataFrame:
    index = _to_index(told["index"], at)
    columns = dict(enumerate(_to_column(column, at) for column in told["columns"]))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(index)), copy=False)
    frame.index, frame.columns = index, _to_index(told["names"], at)
    return frame


def _to_column(told: dict[str, Any], at: At) -> Any:
    if "codes" in told:
        kind = pd.CategoricalDtype(_to_index(told["categories"], at), told["ordered"])
        return pd.Categorical.from_codes(_to_array(told["codes"], at), dtype=kind)
    if "text" in told:
        return pd.StringDtype(told["text"], np.nan).__from_arrow__(at(told["at"]))
    values = _to_array(told["array"], at)
    return pd.Series(values, dtype=object, copy=False) if values.dtype == object else values


def _to_index(told: dict[str, Any], at: At) -> pd.Index:
    name = _value(told["name"], at)
    if "range" in told:
        return pd.RangeIndex(*told["range"], name=name)
    values = _to_column(told["of"], at)
    return pd.Index(values, dtype=values.dtype, name=name, copy=False)
