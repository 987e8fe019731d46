"""What was known on a day and what came after: by hand, against pandas, and nothing of later days in it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis import outcomes
from analysis.customers import filed
from analysis.plan import ROOT
from dataset.engine import Relation

from .test_customers import LINES, oracle, random_lines

DAY, END = date(2024, 6, 1), date(2024, 8, 30)


def lines_of(made) -> Relation:
    engine = made[0].engine
    return Relation(engine, "lines", ROOT)


def file_of(made) -> Relation:
    engine = made[0].engine
    return Relation(engine, "customers", ROOT)


def test_by_hand(shop):
    lines = lines_of(shop(LINES))
    known = outcomes.features(lines, None, date(2024, 1, 3)).set_index("customer_id")
    assert known.index.tolist() == ["ann", "bob"]
    assert known["net"].tolist() == [15.5, 1.0]
    assert known["recency_days"].tolist() == [2, 1]
    found = outcomes.outcome(lines, date(2024, 1, 3), date(2024, 1, 8))
    assert found["customer_id"].tolist() == ["ann", "bob", "eve"]  # eve has a refund only, dan's order came back
    assert found["net"].tolist() == [2.5, -3.0, -1.0]
    assert found["orders"].tolist() == [1, 0, 0]
    net, orders = outcomes.of_each(known.reset_index(), found)
    assert net.tolist() == [2.5, -3.0] and orders.tolist() == [1, 0]
    assert outcomes.of_each(pd.DataFrame({"customer_id": ["cid", "bob"]}), found)[0].tolist() == [0.0, -3.0]


def test_a_window_without_sales_is_empty(shop):
    found = outcomes.outcome(lines_of(shop(LINES)), date(2030, 1, 1), date(2030, 2, 1))
    assert found.empty
    assert outcomes.of_each(pd.DataFrame({"customer_id": ["ann"]}), found)[0].tolist() == [0.0]


def test_unknown_amounts_stay_unknown(shop):
    found = outcomes.outcome(lines_of(shop([("o1", "a", "2024-01-01", None, "sale")])), date(2024, 1, 1), date.max)
    assert np.isnan(found["net"][0]) and found["orders"][0] == 1


@pytest.mark.parametrize("seed", range(3))
def test_pandas_agrees(shop, seed):
    raw = random_lines(seed)
    lines = lines_of(shop(raw))
    known, wanted = outcomes.features(lines, None, DAY).set_index("customer_id"), oracle(raw, DAY)
    assert known.index.tolist() == wanted.index.tolist()
    for column in ("orders", "recency_days", "tenure_days", "net", "gross"):
        assert known[column].tolist() == [float(v) for v in wanted[column]]
    here = raw[(raw["ordered_at"] >= str(DAY)) & (raw["ordered_at"] < str(END)) & raw["kind"].isin(["sale", "refund"])]
    by = here.assign(money=here["amount"].map(Decimal)).groupby("customer_id")
    found = outcomes.outcome(lines, DAY, END).set_index("customer_id")
    assert found["net"].to_dict() == {k: float(v) for k, v in by["money"].sum().items()}
    sold = here[here["kind"] == "sale"].groupby("customer_id")["order_id"].nunique()
    assert found["orders"].to_dict() == sold.reindex(found.index, fill_value=0).to_dict()


def test_what_comes_later_changes_no_feature(shop):
    """Purchases of the day itself and after are moved, multiplied and given to others: the features stay."""
    raw = random_lines(11)
    later = raw["ordered_at"] >= str(DAY)
    assert later.sum() > 50
    moved = raw.copy()
    moved.loc[later, "ordered_at"] += pd.Timedelta(days=13)
    moved.loc[later, "amount"] = [str(Decimal(a) * 7) for a in raw.loc[later, "amount"]]
    moved.loc[later, "customer_id"] = "someone"
    moved = pd.concat([moved, moved[later].assign(order_id="new", ordered_at=pd.Timestamp(DAY))])
    first, second = (
        outcomes.features(lines_of(shop(frame)), None, DAY).drop(columns="customer")  # their place among all ids
        for frame in (raw, moved)
    )
    pd.testing.assert_frame_equal(first, second)
    earlier = raw.assign(ordered_at=raw["ordered_at"].mask(later, pd.Timestamp(DAY) - pd.Timedelta(minutes=1)))
    third = outcomes.features(lines_of(shop(earlier)), None, DAY).drop(columns="customer")
    assert not first.equals(third)  # the test can fail


def test_days_do_not_overlap(shop):
    """What the days bring one by one is what they bring together, and the past and the window make the whole."""
    raw = random_lines(12)
    lines = lines_of(shop(raw))
    people = outcomes.features(lines, None, date(2025, 1, 1))
    whole = outcomes.of_each(people, outcomes.outcome(lines, date(2000, 1, 1), date(2025, 1, 1)))[0]
    days = [DAY - timedelta(days=30), DAY, END, date(2025, 1, 1)]
    parts = [
        outcomes.of_each(people, outcomes.outcome(lines, a, b))[0]
        for a, b in zip([date(2000, 1, 1), *days], days, strict=False)
    ]
    np.testing.assert_allclose(sum(parts), whole, atol=1e-9)
    np.testing.assert_array_equal(whole, people["net"])


def test_what_is_on_file_joins(shop):
    made = shop(LINES, customers=[{"customer_id": "ann", "country": "France", "age": 40}])
    known = outcomes.features(lines_of(made), filed(file_of(made)), date(2024, 1, 11)).set_index("customer_id")
    assert known["age"]["ann"] == 40 and np.isnan(known["age"]["bob"])
    assert known["country"]["ann"] == "France" and "income" not in known
