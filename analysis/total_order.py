"""Rows sorted by what they hold, by several columns at once: only rows that are equal in all may change places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 2**62


def by(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The rows in order of the first column, then the second and so on; NaN last: np.lexsort, the first column first.

    Each column becomes the ranks of its values, and ranks of all are packed into one whole number a row. Where a column
    tells most rows apart, those after it are only looked at of the rows still equal.
    """
    code, many = np.zeros(len(columns[0]), dtype=np.int64), 1
    for place, column in enumerate(columns, 1):
        rank, count = _ranks(_whole(column))
        if many * count >= MOST:
            code, many = _ranks(code)
            if many == len(code):  # nobody is equal any more
                break
        code, many = code * count + rank, many * count
        if 2 * count > len(code) and place < len(columns):
            order = stable(code)
            told = code[order]
            as_next = told[1:] == told[:-1]
            equal = np.append(as_next, False) | np.insert(as_next, 0, False)
            rows = order[equal]
            if len(rows):
                order[equal] = rows[by([told[equal], *(later[rows] for later in columns[place:])])]
            return order
    return stable(code)


def stretch(values: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """The stretch (int8) each value lies in; begins: where the few stretches begin, rising, the first at the least."""
    found = np.zeros(len(values), dtype=np.int8)
    for begin in begins[1:]:  # few comparisons of all at once are faster than a search for each
        found += values >= begin
    return found


def _ranks(column: np.ndarray) -> tuple[np.ndarray, int]:
    """The place of each whole number among the distinct ones, and how many these are."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    if high - low > 4 * len(column):
        values, rank = np.unique(column, return_inverse=True)
        return rank, len(values)
    there = np.zeros(high - low + 1, dtype=bool)
    there[column - low] = True
    return (np.cumsum(there) - 1)[column - low], int(np.count_nonzero(there))


def stable(codes: np.ndarray) -> np.ndarray:
    """The rows in order of whole numbers from nought on; of equal ones the first first.

    Number and row are packed into one: to sort numbers is ten times as fast as to sort rows by them.
    """
    bits = max(1, len(codes).bit_length())
    if len(codes) and int(codes.max()) >= 2 ** (62 - bits):
        return np.argsort(codes, kind="stable")
    return np.sort((codes.astype(np.int64) << bits) | np.arange(len(codes))) & ((1 << bits) - 1)


def _whole(column: np.ndarray) -> np.ndarray:
    """Whole numbers (int64) in the order of the column's values."""
    if column.dtype.kind != "f":
        return column.astype(np.int64)
    bits = np.where(np.isnan(column), np.nan, column.astype(np.float64) + 0.0).view(np.int64)  # no nought below nought
    return bits ^ ((bits >> 63) & np.int64(2**63 - 1))
