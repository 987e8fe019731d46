"""Lifecycle: a case solved by hand, a pandas oracle on random orders, and what must not change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.run import run

LINES = [("o1", "a", "2024-03-31", 10)]
ORDERS = [
    ("o1", "a", "2024-01-01", "2024-01-02", "2024-01-04", "2024-01-10", "Returned"),
    ("o2", "b", "2024-01-01", "2024-01-03", "2024-01-08", None, "Complete"),
    ("o3", "b", "2024-02-01", "2024-02-02", None, None, "Shipped"),
    ("o4", "c", "2024-02-02", None, None, None, "Cancelled"),
    ("o5", "c", "2024-04-02", None, None, None, "Processing"),  # after the snapshot
]
EVENTS = ("created", "shipped", "delivered", "returned")


def test_by_hand(shop, computed):
    result = computed("lifecycle", shop(LINES, orders=ORDERS))
    steps = result.steps.frame
    assert list(steps["orders"]) == [4, 3, 2, 1]
    assert list(steps["lost"]) == [0, 1, 1, 1]
    assert list(steps["rate_from_previous"]) == pytest.approx([1, 3 / 4, 2 / 3, 1 / 2])
    durations = result.durations.frame
    assert list(durations["orders"]) == [3, 2, 2, 1]
    assert list(durations["median"]) == pytest.approx([1, 3.5, 5, 6])
    assert list(durations["p90"]) == pytest.approx([1.8, 4.7, 6.6, 6])
    found = {key: f.value for key, f in result.findings.items()}
    assert found["slow_orders"] == 1 and found["slow_share"] == 0.5
    assert found["return_rate"] == 0.5 and found["cancelled_share"] == 0.25
    assert found["headline"] == 5
    months = result.by_month.frame.set_index("period")
    assert list(months.index) == ["2024-01", "2024-02"]
    assert months.loc["2024-02", "orders"] == 2
    assert list(months.loc["2024-02", ["created", "shipped", "delivered", "cancelled"]]) == [1, 0.5, 0, 0.5]


def random_orders(seed: int, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2023-10-01") + pd.to_timedelta(rng.integers(0, 150 * 24, rows), unit="h")
    frame = pd.DataFrame({"order_id": [f"o{i}" for i in range(rows)], "created_at": created})
    above = frame["created_at"]
    for column, chance in (("shipped_at", 0.85), ("delivered_at", 0.8), ("returned_at", 0.2)):
        above = (above + pd.to_timedelta(rng.integers(-6, 120, rows), unit="h")).where(rng.random(rows) < chance)
        frame[column] = above
    return frame.assign(status=np.where(rng.random(rows) < 0.1, "Cancelled", "Complete"))


@pytest.mark.parametrize("seed", [1, 2])
def test_against_pandas(shop, computed, seed):
    orders = random_orders(seed)
    result = computed("lifecycle", shop(LINES, orders=orders))
    assert list(result.steps.frame["orders"]) == [int(orders[f"{e}_at"].notna().sum()) for e in EVENTS]
    pairs = (("created", "shipped"), ("shipped", "delivered"), ("created", "delivered"), ("delivered", "returned"))
    for row, (start, end) in zip(result.durations.frame.itertuples(), pairs, strict=True):
        days = (orders[f"{end}_at"] - orders[f"{start}_at"]).dt.total_seconds() / 86400
        days = days[days >= 0]
        assert row.orders == len(days)
        assert (row.median, row.p90) == pytest.approx((days.quantile(0.5), days.quantile(0.9)))
    by_month = orders.groupby(orders["created_at"].dt.strftime("%Y-%m"))["shipped_at"].apply(lambda s: s.notna().mean())
    assert list(result.by_month.frame["shipped"]) == pytest.approx(list(by_month))


def test_moved_dates_change_nothing_but_dates(shop, computed):
    orders = random_orders(3)
    moved = orders.copy()
    for event in EVENTS:
        moved[f"{event}_at"] += pd.Timedelta(days=17)
    first = computed("lifecycle", shop(LINES, orders=orders)).findings
    second = computed("lifecycle", shop([("o1", "a", "2024-04-17", 10)], orders=moved)).findings
    assert {k: f.value for k, f in first.items()} == {k: f.value for k, f in second.items()}


def test_doubled_orders_keep_shares_and_durations(shop, computed):
    orders = random_orders(4)
    twice = pd.concat([orders, orders.assign(order_id="x" + orders["order_id"])])
    one, two = (computed("lifecycle", shop(LINES, orders=o)).findings for o in (orders, twice))
    assert two["created"].value == 2 * one["created"].value
    for key in ("return_rate", "slow_share", "cancelled_share", "days_to_deliver"):
        assert two[key].value == pytest.approx(one[key].value)


def test_without_any_time_but_the_creation_there_is_nothing_to_say(shop):
    made = shop(LINES, orders=[("o1", "a", "2024-01-01", None, None, None, "Returned")])
    assert run(["lifecycle"], *made).skipped["lifecycle"] == "no shipping or delivery time is recorded"


def test_what_is_never_recorded_is_unknown_not_zero(shop, computed):
    orders = [("o1", "a", "2024-01-01", "2024-01-02", None, None, None), ("o2", "a", "2024-01-01")]
    result = computed("lifecycle", shop(LINES, orders=orders))
    for key in ("delivered", "delivered_share", "returned", "return_rate", "slow_orders", "cancelled_share"):
        assert result.findings[key].value is None and result.findings[key].reason, key
    assert result.findings["headline"].claim == "{value} of orders were shipped; no delivery time is recorded."
    assert list(result.steps.frame["step"]) == ["Created", "Shipped"]
    assert result.by_month.frame["delivered"].isna().all()


def test_returns_without_a_time_are_told_by_the_status(shop, computed):
    orders = [
        ("o1", "a", "2024-01-01", "2024-01-02", "2024-01-04", None, "Returned"),
        ("o2", "b", "2024-01-01", "2024-01-03", "2024-01-08", None, "Complete"),
        ("o3", "b", "2024-01-01", None, None, None, "Returned"),
    ]
    result = computed("lifecycle", shop(LINES, orders=orders))
    assert result.findings["returned"].value == 2 and result.findings["return_rate"].value == 0.5
    assert list(result.by_month.frame["returned"]) == pytest.approx([2 / 3])
    assert result.findings["headline"].claim == (
        "Delivered orders took a median of {value}; {lifecycle.slow_share} took over five days and "
        "{lifecycle.return_rate} came back."
    )


def test_unrecorded_returns_are_not_called_none(shop, computed):
    result = computed("lifecycle", shop(LINES, orders=[(*ORDERS[1][:6], "Complete")]))
    assert result.findings["return_rate"].value is None
    assert "back" not in result.findings["headline"].claim
