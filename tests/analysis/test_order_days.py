"""What each did on every day: the same as the reduction of customers, and orders that stretch over days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis import customers, outcomes, pieces
from analysis.order_days import OrderDays, sums

from .test_customers import random_lines
from .test_outcomes import lines_of


@pytest.mark.parametrize("day", [date(2024, 3, 1), date(2024, 6, 1), date(2030, 1, 1)])
def test_features_are_those_of_customers_sql(shop, day):
    lines = lines_of(shop(random_lines(5)))
    wanted, numbers, _ = customers._bought(lines, day)
    known = outcomes.features(lines, None, day)
    pd.testing.assert_frame_equal(known.drop(columns="customer"), wanted, check_exact=True)
    assert known["customer"].tolist() == numbers.tolist()


def test_an_order_of_several_days_counts_once_where_it_began_and_once_in_each_window(shop):
    rows = [
        ("o1", "ann", "2024-01-01", "1", "sale"),
        ("o1", "ann", "2024-01-03", "2", "sale"),
        ("o1", "ann", "2024-01-05", "4", "sale"),
        ("o1", "ann", "2024-01-06", "-1", "refund"),
        ("o2", "ann", "2024-01-03", "8", "sale"),
    ]
    lines = lines_of(shop(rows))
    known = outcomes.features(lines, None, date(2024, 1, 10))
    assert known["orders"].tolist() == [2] and known["net"].tolist() == [14.0]
    for first, until, orders in ((1, 10, 2), (2, 10, 2), (4, 10, 1), (5, 6, 1), (6, 10, 0), (2, 3, 0)):
        window = date(2024, 1, first), date(2024, 1, until)
        assert outcomes.ordered(lines, known, *window).tolist() == [orders]


def test_it_is_read_once_a_shop(shop):
    one, other = lines_of(shop(random_lines(6))), lines_of(shop(random_lines(7)))
    assert OrderDays.of(one) is OrderDays.of(one)
    assert OrderDays.of(one) is not OrderDays.of(other)


def test_numbers_of_ids(shop):
    known = OrderDays.of(
        lines_of(shop([("o1", "b", "2024-01-01", "1", "sale"), ("o2", "a", "2024-01-01", "1", "sale")]))
    )
    assert known.ids.to_pylist() == ["a", "b"]
    assert known.numbers(pd.Series(["b", "c", "a"], dtype="str").array._pa_array).tolist() == [1, -1, 0]
    assert not len(known.added)


def test_sums_are_those_of_numpy():
    rng = np.random.default_rng(4)
    start = np.append(0, np.sort(rng.choice(np.arange(1, 5000), 2000, replace=False)))
    for values in (rng.random(5000) < 0.5, rng.integers(-(2**31), 2**31, 5000), np.full(5000, 2**31 - 1, np.int32)):
        found = sums(values, start)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, np.add.reduceat(values.astype(np.int64), start))
    assert sums(np.zeros(0), start[:0]).tolist() == []


def test_a_customer_of_two_countries_is_told_by_those_known_on_the_day(shop):
    rows = [("o1", "ann", "2024-01-01", "1", "sale"), ("o2", "ann", "2024-01-03", "1", "sale")]
    frame = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount", "kind"])
    for countries, settled in ((["Peru", "Chile"], False), (["Peru", "Peru"], True)):
        lines = lines_of(shop(frame.assign(country=countries)))
        assert OrderDays.of(lines).settled is settled
        told = [outcomes.features(lines, None, date(2024, 1, day))["country"][0] for day in (2, 4)]
        assert told == ["Peru", min(countries)]


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_blocks_of_any_size_tell_the_same(shop, most):
    rows = OrderDays.of(lines_of(shop(random_lines(8))))
    day, until = date(2024, 4, 1), date(2024, 7, 1)
    pd.testing.assert_frame_equal(rows.features(day, most=most), rows.features(day))
    pd.testing.assert_frame_equal(rows.outcome(day, until, most=most), rows.outcome(day, until))


def test_an_answer_is_read_in_pieces_of_any_size():
    answer = pa.table({"a": pa.array(range(10)), "b": pa.array([None, "x"] * 5)})

    def made(piece):
        return {"a": piece["a"].to_numpy(), "b": piece["b"]}

    for most in (1, 3, 100):
        found = pieces.read(answer, made, most)
        assert found["a"].tolist() == list(range(10)) and found["b"].to_pylist() == [None, "x"] * 5
    assert pieces.read(answer.slice(0, 0), made)["a"].tolist() == []
