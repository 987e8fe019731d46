"""Which products each order holds, and how many orders hold two of them: counted by matrices of some orders at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from analysis import memory
from analysis.similar import FEW, together_of_few
from dataset.engine import Relation

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LINES = 1 << 18  # looked at at once
ASKED = 8  # times as many are asked of the engine at once
KEPT = 1 << 25  # lines: of so many the blocks are kept


@dataclass
class OrderProducts:
    """Orders x products in blocks of about LINES lines, one where the order holds the product; given: what the queries
    are given.

    Only orders with a product count; goods without fees and postage.
    """

    lines: Relation
    given: dict[str, object]

    def __post_init__(self) -> None:
        rows = self.lines.query("basket_products.sql", **self.given)
        self.ids = rows["product_id"].to_numpy(zero_copy_only=False)
        self.sale_lines = rows["sale_lines"].to_numpy()
        self.goods = rows["goods"].to_numpy() > 0
        self.last = int(rows["orders"][0].as_py()) if len(rows) else 0

    def blocks(self) -> Iterator[csr_array]:
        """The orders, some at once."""
        if self.sale_lines.sum() > KEPT:
            yield from self._asked()
            return
        for starts, products in self._kept:
            yield self._matrix(products.astype(np.int32), starts)

    @cached_property
    def _kept(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The blocks in less room."""
        narrow = np.min_scalar_type(len(self.ids))
        return [(block.indptr.astype(np.int32), block.indices.astype(narrow)) for block in self._asked()]

    def _asked(self) -> Iterator[csr_array]:
        step = max(1, self.last * LINES // max(int(self.sale_lines.sum()), LINES))
        for above in range(0, self.last, step * ASKED):
            until = min(above + step * ASKED, self.last)
            block = self._answer(above, until)
            memory.given_back()
            for start in range(0, until - above, step):
                yield block[start : start + step]
            del block

    def _answer(self, above: int, until: int) -> csr_array:
        rows = self.lines.query("basket.sql", above=above, until=until, **self.given)
        order, product = rows["basket"].to_numpy(), rows["product"].to_numpy()
        if not self.goods.all():
            kept = self.goods[product]
            order, product = order[kept], product[kept]
        return ones(order - 1, product, (until - above, len(self.ids)))

    def _matrix(self, products: np.ndarray, starts: np.ndarray) -> csr_array:
        from scipy.sparse import csr_array

        shape = (len(starts) - 1, len(self.ids))
        return csr_array((np.ones(len(products), dtype=np.int32), products, starts), shape=shape)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Orders by the number of their products: none of no product."""
        found = np.zeros(1, dtype=np.int64)
        for block in self.blocks():
            count = np.bincount(np.diff(block.indptr), minlength=len(found))
            count[: len(found)] += found
            found = count
        found[0] = 0
        return found


def ones(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """A matrix with one at each (row, column), however often it is named."""
    from scipy.sparse import csr_array

    bits = int(shape[1]).bit_length()
    keys: np.ndarray = row.astype(np.int32 if bits + int(shape[0]).bit_length() < 32 else np.int64)
    keys <<= bits
    keys |= column
    keys.sort()
    once = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=once[1:])
    if not once.all():
        keys = keys[once]
    starts = np.searchsorted(keys, np.arange(shape[0] + 1, dtype=keys.dtype) << bits)
    keys &= (1 << bits) - 1
    return csr_array((np.ones(len(keys), dtype=np.int32), keys.astype(np.int32, copy=False), starts), shape=shape)


def both(blocks: Iterator[csr_array], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns a < b that rows hold together, and how many rows, of matrices with `size` columns; rows of each column.

    All int64.
    """
    from scipy.sparse import csr_array

    total = np.zeros((size, size), dtype=np.int64) if size <= FEW else csr_array((size, size), dtype=np.int64)
    for block in blocks:
        total = total + (together_of_few(block) if size <= FEW else block.T.tocsr() @ block)
    pairs = csr_array(total).tocoo()
    upper = (pairs.row < pairs.col) & (pairs.data > 0)
    a, b, rows = (each[upper].astype(np.int64) for each in (pairs.row, pairs.col, pairs.data))
    return a, b, rows, total.diagonal().astype(np.int64)
