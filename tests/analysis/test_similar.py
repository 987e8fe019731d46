"""Item-item cosine: by hand, against a dense recomputation, and the same whatever the blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analysis import similar as module
from analysis.similar import NEIGHBOURS, ONE, Similar, similar, sparse


def matrix_of(rows: list[list[int]], columns: int) -> Any:
    row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    return sparse(row, np.array([c for r in rows for c in sorted(r)], dtype=np.int64), (len(rows), columns))


def random_matrix(seed: int, rows: int = 60, columns: int = 25) -> Any:
    rng = np.random.default_rng(seed)
    chance = 0.5 * rng.random(columns) ** 2 + 0.02
    return matrix_of([np.flatnonzero(rng.random(columns) < chance).tolist() for _ in range(rows)], columns)


def dense(model: Similar) -> np.ndarray:
    """Its similarities, columns in the order of the matrix."""
    return model.to.toarray()[np.ix_(model.place, model.place)]


def test_by_hand():
    """Two of three buyers of the second bought the first: cosine 2 / root 6; nobody bought the first and the third."""
    model = similar([matrix_of([[0, 1], [0, 1], [1, 2], [2]], 3)])
    assert model.order.tolist() == [1, 0, 2] and model.buyers.tolist() == [3, 2, 2]
    wanted = np.array([[0, 2 / math.sqrt(6), 0], [2 / math.sqrt(6), 0, 1 / math.sqrt(6)], [0, 1 / math.sqrt(6), 0]])
    assert dense(model).tolist() == np.rint(wanted * ONE).astype(int).tolist()


def test_the_offer_by_hand():
    """Who bought the third product is offered the second, and after it nothing; the reason is the third."""
    bought = matrix_of([[0, 1], [0, 1], [1, 2], [2]], 3)
    model = similar([bought])
    row, column, score = model.best(bought, 5)
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == [(0, 2), (1, 2), (2, 0), (3, 1)]
    assert score.tolist() == [round(ONE / math.sqrt(6))] * 2 + [
        round(2 * ONE / math.sqrt(6)),
        round(ONE / math.sqrt(6)),
    ]
    assert model.why(bought, row, column).tolist() == [1, 1, 1, 2]


def test_too_few_buyers_of_both_count_as_none():
    bought = matrix_of([[0, 1], [0, 1], [1, 2], [2]], 3)
    assert dense(similar([bought], least=2))[1].tolist() == [round(2 * ONE / math.sqrt(6)), 0, 0]
    assert similar([bought], least=3).to.nnz == 0


def oracle(bought: np.ndarray, least: int, most: int) -> np.ndarray:
    """Whole cosines of each product with its nearest, from the dense matrix: the textbook, product by product."""
    buyers = bought.sum(axis=0)
    both = bought.T @ bought
    found = np.zeros(both.shape, dtype=np.int64)
    for at in range(len(both)):
        cosine = [
            0 if at == to or both[at, to] < least else round(both[at, to] / math.sqrt(buyers[at] * buyers[to]) * ONE)
            for to in range(len(both))
        ]
        nearest = sorted(range(len(both)), key=lambda to: (-cosine[to], -buyers[to], to))[:most]
        found[at, nearest] = [cosine[to] for to in nearest]
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("least", "most"), [(1, NEIGHBOURS), (2, 4)])
@pytest.mark.parametrize("few", [0, module.FEW])
def test_against_the_dense_matrix(monkeypatch, seed, least, most, few):
    monkeypatch.setattr(module, "FEW", few)
    bought = random_matrix(seed)
    plain = bought.toarray().astype(np.int64)
    model, wanted = similar([bought], least, most), oracle(plain, least, most)
    assert dense(model).tolist() == wanted.tolist()
    row, column, score = model.best(bought, 5)
    why, buyers, at = model.why(bought, row, column), plain.sum(axis=0), 0
    for customer, had in enumerate(plain):
        sums = np.where(had > 0, 0, had @ wanted)
        best = sorted(np.flatnonzero(sums > 0), key=lambda c: (-sums[c], -buyers[c], c))[:5]
        here = slice(at, at + len(best))
        assert (row[here] == customer).all() and column[here].tolist() == [int(c) for c in best]
        assert score[here].tolist() == [int(sums[c]) for c in best]
        for c, reason in zip(best, why[here], strict=True):
            assert reason == min(np.flatnonzero(had), key=lambda i, c=c: (-wanted[i, c], -buyers[i], i))
        at += len(best)
    assert at == len(row)


@pytest.mark.parametrize("name", ["CELLS", "ENTRIES", "ROOM"])
@pytest.mark.parametrize("few", [0, module.FEW])
def test_blocks_change_nothing(monkeypatch, name, few):
    monkeypatch.setattr(module, "FEW", few)
    bought = random_matrix(7)
    whole = similar([bought])
    lists = whole.best(bought, 5)
    monkeypatch.setattr(module, name, {"CELLS": 50, "ENTRIES": 40, "ROOM": ONE * 25 * 25 * 6}[name])
    again = similar([bought[:11], bought[11:11], bought[11:]])
    assert again.to.toarray().tolist() == whole.to.toarray().tolist()
    for one, other in zip(again.best(bought, 5), lists, strict=True):
        assert one.tolist() == other.tolist()
    assert again.why(bought, lists[0], lists[1]).tolist() == whole.why(bought, lists[0], lists[1]).tolist()


def test_equal_scores_go_to_the_product_with_more_buyers():
    """The last two products are equally near to the first; the second of them sells more."""
    bought = matrix_of([[0], [0, 1], [0, 2, 3], [2, 3], [3], [3], [1, 3]], 4)
    model = similar([bought])
    scores = dense(model)[0]
    assert scores[1] == scores[2] != 0
    _row, column, _ = model.best(matrix_of([[0]], 4), 5)
    assert column.tolist().index(1) < column.tolist().index(2) and model.buyers.tolist() == [5, 3, 2, 2]


def test_nobody_bought_anything():
    bought = matrix_of([[], []], 2)
    model = similar([bought])
    assert [len(c) for c in model.best(bought, 5)] == [0, 0, 0] and model.to.nnz == 0
