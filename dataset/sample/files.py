"""Raw files of the built-in shop, written a chunk at a time: clean CSV (UTF-8, LF) or Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from dataset.sample.shop import NEVER, Ints

Format = Literal["csv", "parquet"]
Writer: TypeAlias = csv.CSVWriter | parquet.ParquetWriter
EURO = pa.decimal128(10, 2)


class Files:
    """The open files of one folder; `add` appends to the file of that name, made at its first rows.

    rows: how many each has so far.
    """

    def __init__(self, out: Path, form: Format) -> None:
        self.out, self.form = out, form
        self.open: dict[str, Writer] = {}
        self.rows: Counter[str] = Counter()
        self.stack = ExitStack()
        out.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Files:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows. Times in UTC get the suffix of the raw files in CSV and stay typed in Parquet."""
        table = _as_text(table) if self.form == "csv" else table
        if name not in self.open:
            self.open[name] = self.stack.enter_context(self._writer(name, table.schema))
        self.open[name].write_table(table)
        self.rows[name] += table.num_rows

    def _writer(self, name: str, schema: pa.Schema) -> Writer:
        path = self.out / f"{name}.{self.form}"
        if self.form == "parquet":
            return parquet.ParquetWriter(path, schema, compression="zstd")
        quoting = "needed" if name in QUOTED else "none"
        return csv.CSVWriter(
            path,
            schema,
            write_options=csv.WriteOptions(quoting_style=quoting, quoting_header="none", batch_size=65_536),
        )


# Files with commas in their values.
QUOTED = ("AdventureWorks_Customers",)


def _as_text(table: pa.Table) -> pa.Table:
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
        elif pa.types.is_timestamp(field.type):
            utc = field.type.tz
            plain = table.column(i).cast(pa.timestamp("s")).cast(pa.string())
            table = table.set_column(i, field.name, joined(plain, pa.scalar(" UTC")) if utc else plain)
    return table


def ids(numbers: Ints) -> pa.Array:
    return pa.array(numbers, pa.int64())


def times(seconds: Ints) -> pa.Array:
    """Times in UTC; NEVER is null."""
    return pa.array(seconds.astype("datetime64[s]"), mask=seconds == NEVER).cast(pa.timestamp("us", tz="UTC"))


def euros(cents: Sequence[int], index: NDArray[np.integer]) -> pa.Array:
    """The amount at each index, as decimals with two places."""
    return pa.array([Decimal(c).scaleb(-2) for c in cents], EURO).take(pa.array(index))


def named(values: Sequence[str], index: NDArray[np.integer]) -> pa.DictionaryArray:
    """The text at each index; equal texts are kept once (repeated ones in a dictionary leave other bytes each time)."""
    texts = {value: i for i, value in enumerate(dict.fromkeys(values))}
    place = np.array([texts[value] for value in values], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place[index]), pa.array(list(texts), pa.string()))


def picked(values: Sequence[str], index: NDArray[np.integer]) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(index))


def joined(*parts: pa.Array | pa.ChunkedArray | pa.Scalar) -> pa.Array | pa.ChunkedArray:
    """Text side by side, row for row."""
    texts = [part.cast(pa.string()) for part in parts]
    return pc.call_function("binary_join_element_wise", [*texts, pa.scalar("")])


def uuids(keys: NDArray[np.uint8]) -> pa.Array:
    """(n, 16) bytes as text of the form 8-4-4-4-12."""
    digits = np.frombuffer(b"".join(f"{i:02x}".encode() for i in range(256)), dtype=np.uint8).reshape(256, 2)
    hexed = digits[keys].reshape(len(keys), 32)
    text = np.full((len(keys), 36), ord("-"), dtype=np.uint8)
    places = [i for i in range(36) if i not in (8, 13, 18, 23)]
    text[:, places] = hexed
    offsets = np.arange(len(keys) + 1, dtype=np.int32) * 36
    return pa.Array.from_buffers(pa.string(), len(keys), [None, pa.py_buffer(offsets), pa.py_buffer(text.tobytes())])
