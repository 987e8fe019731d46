"""The answer of a large query, read piece by piece: it is let go of while its columns are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

PIECE = 65_536  # rows

Columns = Mapping[str, Any]  # of a piece, an array of numpy's or Arrow's each


def read(answer: pa.Table, made: Callable[[pa.RecordBatch], Columns], most: int = PIECE) -> dict[str, Any]:
    """What is made of all rows of an answer, column by column: numpy arrays, or Arrow's in chunks.

    Whoever hands it over must not hold the answer any longer. An empty piece comes first: no answer is without one.
    """
    empty = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in answer.schema], schema=answer.schema)
    left = [empty, *answer.to_batches(max_chunksize=most)][::-1]
    del answer
    found: dict[str, list[Any]] = {}
    while left:
        for name, part in made(left.pop()).items():
            found.setdefault(name, []).append(part)
    return {name: _joined(found.pop(name)) for name in list(found)}


def _joined(parts: list[Any]) -> Any:
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else pa.chunked_array(parts)
