"""Text that a spreadsheet would run as a formula, and how it is kept from it."""

# pyarrow.compute makes its functions when it is imported, where pyright does not see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

# A spreadsheet runs a cell that begins so (also in full width, also after blanks), unless it is a plain number.
FORMULA = r"^[\t\r]|^[\s\pZ\x{200b}\x{feff}]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{fe62}\x{fe63}\x{fe66}\x{fe6b}]"
NUMBER = r"^[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?%?$"
HARMLESS = np.isin(
    np.arange(256), np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
)


def risky(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of each text whether a spreadsheet would run it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if all(_begins_harmless(chunk) for chunk in column.chunks):
        return pa.chunked_array([np.zeros(len(column), dtype=bool)])
    return pc.and_(pc.match_substring_regex(column, FORMULA), pc.invert(pc.match_substring_regex(column, NUMBER)))


def _begins_harmless(texts: pa.StringArray) -> bool:
    """Whether every text begins with a letter or digit of ASCII, or is empty: no formula does."""
    _, ends, data = texts.buffers()
    if not len(texts) or data is None:
        return True
    at = np.frombuffer(ends, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bool(HARMLESS[np.frombuffer(data, dtype=np.uint8)[at[:-1][np.diff(at) > 0]]].all())


def defused(column: Any) -> Any:
    """A column in which text that a spreadsheet would run gets a leading apostrophe; all else stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        chunks = [
            pa.DictionaryArray.from_arrays(
                chunk.indices, defused(pa.chunked_array([chunk.dictionary])).combine_chunks()
            )
            for chunk in column.unify_dictionaries().chunks
        ]
        return pa.chunked_array(chunks, type=column.type)
    if not pa.types.is_string(column.type):
        return column
    found = risky(column)
    if not pc.any(found).as_py():
        return column
    return pc.if_else(found, pc.binary_join_element_wise("'", column, ""), column)
