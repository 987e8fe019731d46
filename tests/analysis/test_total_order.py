"""Rows by several columns: numpy's own order, whatever the columns hold."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import total_order


@pytest.mark.parametrize("seed", range(5))
def test_it_is_numpys_order(seed):
    rng = np.random.default_rng(seed)
    n = 2000
    columns = [
        rng.integers(0, 2, n).astype(bool),
        rng.integers(-3, 4, n),
        np.where(rng.random(n) < 0.3, np.nan, np.round(rng.normal(size=n), 1)),
        np.where(rng.random(n) < 0.5, -0.0, 0.0),
        rng.choice([-np.inf, -1e-300, 1e300, np.inf], n),
    ]
    np.testing.assert_array_equal(total_order.by(columns), np.lexsort(columns[::-1]))


def test_many_distinct_values_in_many_columns():
    rng = np.random.default_rng(9)
    columns = [rng.integers(0, 2, 5000), *(rng.normal(size=5000) for _ in range(8))]
    np.testing.assert_array_equal(total_order.by(columns), np.lexsort(columns[::-1]))


@pytest.mark.parametrize("distinct", [2, 900, 1900, 10**6])
def test_a_column_that_tells_most_apart_leaves_the_others_to_the_equal(distinct):
    rng = np.random.default_rng(distinct)
    first, second, third = (rng.integers(0, most, 2000) for most in (distinct, 3 * distinct, 3))
    later = np.where(rng.random(2000) < 0.2, np.nan, rng.integers(0, 3, 2000))
    for columns in ([first, third, later], [third, second, later, first], [first, second, third, later]):
        np.testing.assert_array_equal(total_order.by(columns), np.lexsort(columns[::-1]))


@pytest.mark.parametrize("most", [1, 7, 2**40, 2**61])
def test_equal_numbers_keep_their_order(most):
    codes = np.random.default_rng(1).integers(0, most, 3000)
    np.testing.assert_array_equal(total_order.stable(codes), np.argsort(codes, kind="stable"))


def test_no_row():
    assert total_order.by([np.empty(0)]).tolist() == []


def test_stretches_are_those_of_a_search():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 50, 1000)
    begins = np.array([values.min(), 7, 20, 49])
    np.testing.assert_array_equal(total_order.stretch(values, begins), np.searchsorted(begins, values, "right") - 1)
    assert total_order.stretch(values, begins[:1]).tolist() == [0] * 1000


def test_whole_numbers_far_apart_and_near_are_ranked_alike():
    rng = np.random.default_rng(4)
    near = rng.integers(-20, 20, 3000)
    far = near.astype(np.int64) * 2**40
    np.testing.assert_array_equal(total_order.by([near, far]), np.lexsort([near]))
    np.testing.assert_array_equal(total_order.by([far]), total_order.by([near]))
