"""Months: a case solved by hand, a pandas oracle on random lines, edges of the calendar, and what must not change."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from analysis.periods import grain_of, partial_periods, period_key, periods

# January to April 2024, from the first day; S is 21 April, so April is partial.
LINES = [
    ("o1", "a", "2024-01-01", 100),
    ("o2", "b", "2024-01-31", 50),
    ("o3", "a", "2024-02-01", 30),
    ("o3", "a", "2024-03-02", 20),  # the order counts in February, its money where the line lies
    ("c1", "b", "2024-02-10", -10),
    ("o5", None, "2024-03-05", 7),
    ("o6", "c", "2024-03-31", 60, "sale"),
    ("o7", "d", "2024-03-31", 90, "returned"),
    ("o8", "a", "2024-04-20", 500),
]
PRODUCTS = [("p", "Pen", "Paper", 1), ("q", "Ink", None, 1)]


def test_by_hand(shop, computed):
    result = computed("months", shop(LINES))
    table = result.months.frame.set_index("period")
    assert list(table.index) == ["2024-01", "2024-02", "2024-03", "2024-04"] and result.grain == "month"
    assert list(table["net"]) == [150, 20, 87, 500]
    assert list(table["gross"]) == [150, 30, 177, 500] and list(table["refunds"]) == [0, 10, 90, 0]
    assert list(table["orders"]) == [2, 1, 2, 1]
    assert list(table["buyers"]) == [2, 1, 2, 1] and list(table["new_buyers"]) == [2, 0, 1, 0]
    assert list(table["new_net"]) == [150, 0, 60, 0] and list(table["returning_net"]) == [0, 20, 20, 500]
    assert list(table["unknown_net"]) == [0, 0, 7, 0]
    assert list(table["order_value"]) == [75, 50, 33.5, 500]
    assert list(table["partial"]) == [False, False, False, True]
    found = {key: f.value for key, f in result.findings.items()}
    assert (found["best_month"], found["best_month_net"]) == ("April 2024", 500)
    assert (found["last_complete_month"], found["last_complete_net"]) == ("March 2024", 87)
    assert found["change_previous"] == pytest.approx(67 / 20) and found["change_year"] is None
    assert found["returning_share"] == pytest.approx(40 / 250)
    assert result.findings["headline"].claim == (
        "Net revenue was {value} in {months.last_complete_month}, the last complete month."
    )
    assert result.findings["change_previous"].claim.endswith("was above the month before ({value}), from few orders.")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas(shop, computed, random_lines, seed):
    made = shop(random_lines(seed))
    table = computed("months", made).months.frame.set_index("period")
    lines = random_lines(seed)
    lines = lines[(lines["ordered_at"] < pd.Timestamp(made[1].snapshot)) & (lines["kind"] != "cancelled")]
    lines["period"] = lines["ordered_at"].dt.strftime("%Y-%m")
    money = lines.pivot_table(index="period", columns="kind", values="amount", aggfunc="sum", fill_value=0)
    assert list(table["net"]) == pytest.approx(list(money["sale"] + money["refund"]))
    assert list(table["gross"]) == pytest.approx(list(money["sale"] + money["returned"]))
    sales = lines[lines["kind"] == "sale"]
    assert list(table["orders"]) == list(sales.groupby("period")["order_id"].nunique())
    assert list(table["buyers"]) == list(sales.groupby("period")["customer_id"].nunique())
    first = sales.groupby("customer_id")["period"].min()
    assert list(table["new_buyers"]) == list(first.value_counts().reindex(table.index, fill_value=0))
    kept = lines[lines["kind"].isin(["sale", "refund"])]
    new = kept[kept["customer_id"].map(first) == kept["period"]].groupby("period")["amount"].sum()
    assert list(table["new_net"]) == pytest.approx(list(new.reindex(table.index, fill_value=0)))
    again = kept[kept["customer_id"].map(first) < kept["period"]].groupby("period")["amount"].sum()
    assert list(table["returning_net"]) == pytest.approx(list(again.reindex(table.index, fill_value=0)))
    parts = table["new_net"] + table["returning_net"] + table["unknown_net"] + table["early_net"]
    assert list(parts) == pytest.approx(list(table["net"]))


def test_totals_agree_with_the_key_figures(shop, computed, random_lines):
    made = shop(random_lines(4))
    table, kpis = computed("months", made).months.frame, computed("kpis", made).findings
    assert table["net"].sum() == pytest.approx(float(kpis["net"].value))
    assert table["orders"].sum() == kpis["orders"].value
    assert table["new_buyers"].sum() == kpis["buyers"].value


def test_shuffled_and_relabelled(shop, computed, random_lines):
    lines = random_lines(5)
    other = lines.sample(frac=1, random_state=3).assign(customer_id=lambda f: "x" + f["customer_id"])
    one, two = (computed("months", shop(data)) for data in (lines, other))
    pd.testing.assert_frame_equal(one.months.frame, two.months.frame)


def test_scaled_amounts_scale_money_only(shop, computed, random_lines):
    lines = random_lines(6)
    one, two = (computed("months", shop(data)).findings for data in (lines, lines.assign(amount=lines["amount"] * 4)))
    assert two["last_complete_net"].value == 4 * one["last_complete_net"].value
    for key in ("best_month", "change_previous", "change_year", "returning_share"):
        assert two[key].value == one[key].value


def test_doubled_customers_keep_shares(shop, computed, random_lines):
    lines = random_lines(7)
    twins = lines.assign(customer_id="x" + lines["customer_id"], order_id="x" + lines["order_id"])
    one, two = (computed("months", shop(data)) for data in (lines, pd.concat([lines, twins])))
    assert list(two.months.frame["orders"]) == list(2 * one.months.frame["orders"])
    assert two.findings["returning_share"].value == one.findings["returning_share"].value


def test_a_month_without_sales_is_there(shop, computed):
    lines = [("o1", "a", "2024-01-01", 10), ("o2", "a", "2024-04-30", 5)]
    table = computed("months", shop(lines)).months.frame
    assert list(table["net"]) == [10, 0, 0, 5] and list(table["orders"]) == [1, 0, 0, 1]
    assert table["order_value"].isna().tolist() == [False, True, True, False]


def test_change_is_undefined_after_a_month_at_zero(shop, computed):
    lines = [("o1", "a", "2024-01-01", 10), ("o2", "a", "2024-04-30", 5)]
    findings = computed("months", shop(lines)).findings
    assert findings["change_previous"].value is None and findings["change_previous"].reason
    assert "the last complete month" in findings["headline"].claim


def test_the_same_month_a_year_before(shop, computed):
    lines = [(f"o{i}-{k}", "a", f"{2023 + i // 12}-{i % 12 + 1:02d}-01", 100 + i) for i in range(13) for k in range(30)]
    lines += [("end", "a", "2024-01-31", 240)]
    findings = computed("months", shop(lines)).findings
    assert findings["change_year"].value == pytest.approx(0.2)
    assert "was above the same month a year before" in findings["change_year"].claim
    assert findings["headline"].claim == (
        "Net revenue rose to {value} in {months.last_complete_month}, "
        "{months.change_year} on the same month a year before."
    )


def test_negative_month(shop, computed):
    lines = [("o1", "a", "2024-01-01", 10), ("c1", "a", "2024-03-30", -50), ("o2", "a", "2024-03-31", 5)]
    findings = computed("months", shop(lines)).findings
    assert findings["headline"].claim.startswith("Refunds exceeded sales in") and findings["headline"].value == -45


def test_without_money_orders_move(shop, computed):
    lines = [(f"o{i}", "a", f"2024-0{m}-0{i % 3 + 1}", None, "sale") for i, m in enumerate([1, 1, 2, 3, 3, 3])]
    result = computed("months", shop([*lines, ("o9", "b", "2024-04-30", None, "sale")], no_money="no prices"))
    assert result.measure == "orders" and result.findings["best_month"].value == "March 2024"
    assert result.findings["best_month_net"].value == 3
    assert result.months.frame["net"].isna().all()
    assert result.findings["returning_share"].value == pytest.approx(4 / 7)


def test_categories_and_products_over_time(shop, computed):
    lines = [
        ("o1", "a", "2024-01-01", 10, "sale", "p"),
        ("o2", "a", "2024-01-02", 5, "sale", "q"),
        ("o3", "a", "2024-01-02", 900, "sale", "POST"),
        ("o4", "a", "2024-04-30", 30, "sale", "p"),
        ("o4", "a", "2024-04-30", 3, "returned", "p"),
    ]
    result = computed("months", shop(lines, products=PRODUCTS, non_products=frozenset({"POST"})))
    rows = result.categories.frame[["period", "category", "net"]].to_numpy().tolist()
    assert rows == [["2024-01", "Paper", 10], ["2024-01", "Unknown", 5], ["2024-04", "Paper", 30]]
    assert list(result.products.frame["name"]) == ["Pen", "Ink", "Pen"]


def test_products_of_one_name_are_told_apart(shop, computed):
    lines = [(f"o{i}", "a", "2024-01-01", 10, "sale", product) for i, product in enumerate("pqr")]
    products = [("p", "Pen", None), ("q", "Pen", None), ("r", "Ink", None)]
    result = computed("months", shop(lines, products=products))
    assert list(result.products.frame["name"]) == ["Pen (p)", "Pen (q)", "Ink"]


@pytest.mark.parametrize(
    "first, last, grain, key",
    [
        (date(2024, 1, 1), date(2024, 3, 31), "month", "2024-01"),
        (date(2024, 1, 1), date(2024, 2, 29), "week", "2024-W01"),
        (date(2024, 12, 30), date(2024, 12, 30), "day", "2024-12-30"),
        (date(2024, 12, 30), date(2025, 1, 25), "week", "2025-W01"),
    ],
)
def test_grain(first, last, grain, key):
    assert grain_of(first, last) == grain
    assert period_key(periods(first, last, grain)[0], grain) == key


def test_one_day(shop, computed):
    result = computed("months", shop([("o1", "a", "2024-02-29", 10)]))
    assert result.grain == "day" and list(result.months.frame["partial"]) == [False]
    assert result.findings["best_month"].claim == "All sales fall on {value}."
    assert result.findings["headline"].claim == (
        "Net revenue was {value} on {months.last_complete_month}, the only day in the data."
    )


def test_a_shop_closed_at_weekends_completes_its_month(shop):
    """31 August and 1 September 2024 are a weekend: a shop that never sells then has a whole August."""
    days = [d for i in range(86) if (d := date(2024, 6, 6) + timedelta(days=i)).weekday() < 5]
    assert days[-1] == date(2024, 8, 30)
    starts = periods(days[0], days[-1], "month")
    assert partial_periods(starts, days, date(2024, 8, 31), "month") == {date(2024, 6, 1)}
    with_saturday = [*days, date(2024, 8, 3)]
    assert date(2024, 8, 1) in partial_periods(starts, sorted(with_saturday), date(2024, 8, 31), "month")


def test_as_of_after_the_last_sale_completes_the_month(shop, computed):
    lines = [("o1", "a", "2024-01-01", 10), ("o2", "a", "2024-03-30", 5)]
    result = computed("months", shop(lines, settings={"snapshot": date(2024, 4, 1)}))
    assert not result.months.frame["partial"].any()
    assert result.findings["last_complete_net"].value == Decimal(5)


def test_refunds_of_who_had_not_bought_yet_are_of_neither(shop, computed):
    """b is refunded before a first purchase, c never buys: both lower the whole, not what returning buyers bring."""
    lines = [
        ("o1", "a", "2024-01-01", 100),
        ("r1", "b", "2024-01-05", -10),
        ("o2", "b", "2024-02-01", 50),
        ("o3", "a", "2024-02-02", 40),
        ("r2", "c", "2024-02-03", -20),
        ("o4", "a", "2024-03-31", 60),
    ]
    result = computed("months", shop(lines))
    table = result.months.frame
    assert list(table["early_net"]) == [-10, -20, 0]
    assert list(table["new_net"]) == [100, 50, 0] and list(table["returning_net"]) == [0, 40, 60]
    assert result.findings["returning_share"].value == pytest.approx(100 / 220)


def test_what_is_said_of_a_month_counts_that_month(shop, computed):
    found = computed("months", shop(LINES)).findings
    february, march, april = (
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 3, 1), date(2024, 3, 31)),
        date(2024, 4, 1),
    )
    assert (found["best_month_net"].n, found["best_month_net"].window) == (1, (april, date(2024, 4, 20)))
    for key in ("last_complete_month", "last_complete_net", "headline"):
        assert (found[key].n, found[key].window) == (2, march)
    assert (found["change_previous"].n, found["change_previous"].window) == (3, (february[0], march[1]))
    assert found["returning_share"].window == (date(2024, 1, 1), march[1])
    assert (found["best_month"].n, found["best_month"].population) == (6, "orders with at least one kept sale")


@pytest.mark.parametrize("orders, start", [(29, "Net revenue was {value}"), (30, "Net revenue rose to {value}")])
def test_a_change_from_few_orders_is_no_title(shop, computed, orders, start):
    lines = [(f"o{m}-{k}", "a", f"2024-0{m}-01", 10 * m) for m in (1, 2, 3) for k in range(orders)]
    found = computed("months", shop([*lines, ("e", "a", "2024-03-31", 1)])).findings
    assert found["headline"].claim.startswith(start)
    assert ("from few orders" in found["change_previous"].claim) == (orders < 30)
