"""A table of a row a customer or more, which lies in a Parquet file rather than in memory."""

# pyarrow.compute makes its functions when it is imported, where pyright does not see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BLOCK = 50_000  # rows, or customers, looked at at once


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class LongTable:
    """The rows of a Parquet file, as they were written block by block.

    again: the columns of text that comes again and again, held once each in what is read.
    """

    path: Path
    rows: int
    again: tuple[str, ...] = ()

    def blocks(self, *columns: str) -> Iterator[pa.Table]:
        """The blocks as they were written, of these columns or of all; text of `again` as dictionaries."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, read_dictionary=list(self.again)) as file:
            for at in range(file.num_row_groups):
                yield file.read_row_group(at, columns=list(columns) or None, use_threads=False)

    @property
    def frame(self) -> pd.DataFrame:
        """All of it, for those who have room."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, read_dictionary=list(self.again)) as file:
            return file.read().to_pandas()


def written(blocks: Iterable[pa.Table]) -> LongTable:
    """Write at least one block of the same columns to a file that goes when nobody holds the table any more."""
    handle, name = tempfile.mkstemp(prefix="rows-", suffix=".parquet")
    path, rows, again, writer = Path(name), 0, [], None
    try:
        with os.fdopen(handle, "wb") as file, ExitStack() as stack:
            for block in blocks:
                block = block.unify_dictionaries()
                if writer is None:
                    writer, again = parquet(file, block.schema), coded(block.schema)
                    stack.callback(writer.close)
                writer.write_table(block, row_group_size=max(len(block), 1))
                rows += len(block)
        made = LongTable(path, rows, tuple(again))
    except BaseException:
        path.unlink()
        raise
    weakref.finalize(made, path.unlink, missing_ok=True)
    return made


def in_blocks(rows: int, block: Callable[[slice], pd.DataFrame]) -> Iterator[pa.Table]:
    """The rows of a table, some at once: what `block` says of each slice; one block of none where there are no rows."""
    for start in range(0, max(rows, 1), BLOCK):
        yield arrow(block(slice(start, min(start + BLOCK, rows))))


def arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame with text as text (once each, where the frame has it so), midnights as days and NaN as absent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if is_coded(column.type) and pa.types.is_large_string(column.type.value_type):
            column = column.cast(pa.dictionary(column.type.index_type, pa.string()))
        if pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type):
            column = column.cast(pa.string())
        if (
            pa.types.is_timestamp(column.type)
            and pc.all(pc.equal(pc.floor_temporal(column, unit="day"), column)).as_py()
        ):
            column = column.cast(pa.date32())
        table = table.set_column(place, field.name, column)
    return table


def parquet(file: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """Writes columns as they are; what reads them finds plain text, whether it stood in a dictionary or not."""
    import pyarrow.parquet as pq

    return pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=coded(schema), store_schema=False)


def coded(schema: pa.Schema) -> list[str]:
    """The columns of text that comes again and again: they alone are worth a dictionary in a file."""
    return [field.name for field in schema if is_coded(field.type)]


def is_coded(kind: pa.DataType) -> bool:
    """Whether values of a type stand in a dictionary, once each."""
    import pyarrow as pa

    return pa.types.is_dictionary(kind)
