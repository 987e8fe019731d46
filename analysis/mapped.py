"""What results hold in long columns lies in a file and is mapped: memory holds only what is being looked at."""

from __future__ import annotations

import mmap
import tempfile
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

LEAST = 1 << 18  # bytes of a column; shorter ones stay in memory
Value = TypeVar("Value")

_maps: WeakValueDictionary[int, mmap.mmap] = WeakValueDictionary()  # by address


def mapped(value: Value) -> Value:
    """The same value, its long columns mapped from a file: arrays, frames and Arrow's columns, in dataclasses or alone.

    The file lies in the temporary folder and has no name: it goes with what is mapped. What is mapped already stays as
    it is, and so does everything where the disk is full. What comes back cannot be written to.
    """
    try:
        with tempfile.TemporaryFile() as file:
            return _mapped(value, file)
    except OSError:
        return value


def let_go() -> None:
    """Take what was looked at out of this process' memory; it comes back from the file when it is looked at again."""
    if hasattr(mmap, "MADV_DONTNEED"):
        for there in _maps.valuerefs():  # a list of its own: another thread may map meanwhile
            if (each := there()) is not None:
                each.madvise(mmap.MADV_DONTNEED)


def _mapped(value: Any, file: Any) -> Any:
    match value:
        case np.ndarray():
            return _array(value, file)
        case pd.DataFrame():
            return _frame(value, file)
        case pa.Array():
            return _column(value, file)
        case pa.ChunkedArray():
            chunks = value.chunks
            laid = [_column(chunk, file) for chunk in chunks]
            same = all(one is other for one, other in zip(laid, chunks, strict=True))
            return value if same else pa.chunked_array(laid, value.type)
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        moved = {name: _mapped(each, file) for name, each in held.items()}
        changed = {name: each for name, each in moved.items() if each is not held[name]}
        return replace(value, **changed) if changed else value
    return value


def _array(array: np.ndarray, file: Any) -> np.ndarray:
    if array.nbytes < LEAST or array.dtype.hasobject or array.ctypes.data in _maps:
        return array
    made = np.frombuffer(_map(np.ascontiguousarray(array), file), array.dtype)
    return made.reshape(array.shape)


def _frame(frame: pd.DataFrame, file: Any) -> pd.DataFrame:
    """Category codes are laid down, categories are not: they are few, or the ids of a frame that is mapped."""
    columns = {name: frame[name] for name in frame}
    moved = {name: _series(column, file) for name, column in columns.items()}
    if all(moved[name] is column for name, column in columns.items()):
        return frame
    return pd.DataFrame(moved, index=frame.index, copy=False)


def _series(series: pd.Series, file: Any) -> pd.Series:
    held = series.array
    if isinstance(held, pd.Categorical):
        codes = held.codes
        made: Any = _array(codes, file)
        if made is codes:
            return series
        made = pd.Categorical.from_codes(made, dtype=held.dtype, validate=False)
    elif isinstance(series.dtype, np.dtype):
        values = series.to_numpy()
        made = _array(values, file)
        if made is values:
            return series
    elif isinstance(held, pd.arrays.ArrowStringArray):
        texts = held.__arrow_array__()
        made = _mapped(texts, file)
        if made is texts:
            return series
        made = pd.array(made, dtype=series.dtype)
    else:
        return series
    return pd.Series(made, index=series.index, copy=False)


def _column(column: pa.Array, file: Any) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        codes, names = column.indices, column.dictionary
        moved_codes, moved_names = _column(codes, file), _column(names, file)
        if moved_codes is codes and moved_names is names:
            return column
        return pa.DictionaryArray.from_arrays(moved_codes, moved_names, ordered=column.type.ordered)
    if column.nbytes < LEAST or column.type.num_fields:
        return column
    parts = [None if part is None else np.frombuffer(part, np.uint8) for part in column.buffers()]
    laid = [None if part is None else _array(part, file) for part in parts]
    if all(one is other for one, other in zip(laid, parts, strict=True)):
        return column
    buffers = [None if part is None else pa.py_buffer(part) for part in laid]
    return pa.Array.from_buffers(column.type, len(column), buffers, column.null_count, column.offset)


def _map(array: np.ndarray, file: Any) -> mmap.mmap:
    """Write an array at the next place where a map may begin, and map it."""
    place = -(-file.seek(0, 2) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
    file.seek(place)
    file.write(array.reshape(-1).view(np.uint8))
    file.flush()
    made = mmap.mmap(file.fileno(), array.nbytes, access=mmap.ACCESS_READ, offset=place)
    _maps[np.frombuffer(made, np.uint8).ctypes.data] = made
    return made
