"""Quality: the account of the raw rows, the reconciliation's arithmetic, coverage, and honest titles."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dataset.tables import Account, Note, Reason

LINES = [
    ("o1", "a", "2024-01-01", "70.00"),
    ("o2", None, "2024-01-05", "30.00"),
    ("o2", None, "2024-01-05", "10.00", "returned"),
    ("c1", "a", "2024-01-06", "-5.00"),
    ("o3", "b", "2024-01-10", None, "sale"),
]
ACCOUNTS = (
    Account("a.csv", 10, 7, (Reason("rejected", "no date", 1), Reason("excluded", "a repeat", 2, Decimal("-12.50")))),
    Account("b.csv", 10, 9, (Reason("excluded", "no sale", 1, Decimal("2.00")),)),
)
STEPS = (
    ("Raw total", Decimal("127.50")),
    ("Rows that repeat another", Decimal("-12.50")),
    ("Bad debt", Decimal("-5.00")),
    ("Gross sales", Decimal("110.00")),
    ("Refunds", Decimal("-15.00")),
    ("Net revenue", Decimal("95.00")),
)
ORDERS = [
    ("o1", "a", "2024-01-01", "2024-01-02", None, None, "Shipped"),
    ("o2", "a", "2024-01-03", None, None, None, "Cancelled"),
    ("o3", "a", "2024-02-03", "2024-02-05", "2024-02-06", None, "Complete"),
]


def test_by_hand(shop, computed):
    notes = (Note("W_X", 3, "three odd rows"), Note("W_Y", 0, "nothing"))
    quality = computed("quality", shop(LINES, accounts=ACCOUNTS, reconciliation=STEPS, notes=notes))
    found = {key: f.value for key, f in quality.findings.items()}
    assert (found["rows"], found["used_share"], found["rejected"], found["excluded"]) == (20, 0.8, 1, 3)
    assert found["money_at_stake"] == Decimal("14.5") and found["notes"] == 1
    assert found["unknown_customer_share"] == pytest.approx(40 / 110)
    assert found["unknown_customer_revenue"] == 40
    assert found["unknown_order_share"] == pytest.approx(1 / 3)
    assert found["unpriced_lines"] == 1
    assert (found["first_day"], found["last_day"]) == (date(2024, 1, 1), date(2024, 1, 10))
    assert found["unexplained"] == 0
    assert quality.findings["headline"].claim == (
        "{value} of {quality.rows} raw rows were read and placed; {quality.rejected} could not be read and "
        "{quality.excluded} were set aside by rule."
    )
    assert quality.accounts.frame.to_numpy().tolist() == [["a.csv", 10, 7, 1, 2], ["b.csv", 10, 9, 0, 1]]
    assert list(quality.reasons.frame["why"]) == ["no date", "a repeat", "no sale"]
    assert quality.coverage is None


def test_counts_are_of_the_lines_they_are_over(shop, computed):
    found = computed("quality", shop(LINES, reconciliation=STEPS, settings={"snapshot": date(2024, 1, 5)})).findings
    assert found["unexplained"].n == 4  # two sales before the snapshot's day and on it, a refund and a sale after
    assert computed("quality", shop(LINES)).findings["unknown_customer_share"].n == 4


@pytest.mark.parametrize(
    "cancelled, accounts, claim",
    [
        (20, (Account("a", 5, 5),), "{value} of raw rows were read and placed: not one was unreadable or set aside."),
        (
            200,
            (Account("a", 5, 5),),
            "{value} of {quality.rows} raw rows were read and placed; "
            "{quality.not_earned_share} of raw money was not earned.",
        ),
        (
            200,
            (Account("a", 4, 3, (Reason("excluded", "x", 1),)),),
            "{value} of {quality.rows} raw rows were read and placed, {quality.excluded} set aside; "
            "{quality.not_earned_share} of raw money was not earned.",
        ),
    ],
)
def test_money_not_earned_is_named_when_it_is_much(shop, computed, cancelled, accounts, claim):
    lines = [
        ("o1", "a", "2024-01-02", 800),
        ("c1", "a", "2024-01-02", -30),
        ("o2", "b", "2024-01-01", cancelled, "cancelled"),
    ]
    found = computed("quality", shop(lines, accounts=accounts)).findings
    assert found["not_earned_share"].value == pytest.approx(cancelled / (800 + cancelled))
    assert found["headline"].claim == claim


def test_every_row_is_accounted_for(shop, computed):
    frame = computed("quality", shop(LINES, accounts=ACCOUNTS)).accounts.frame
    assert (frame["rows"] == frame["used"] + frame["rejected"] + frame["excluded"]).all()


def test_reconciliation_runs_to_net(shop, computed):
    frame = computed("quality", shop(LINES, reconciliation=STEPS)).reconciliation.frame
    assert list(frame["running"]) == [Decimal(v) for v in ("127.50", "115.00", "110.00", "110.00", "95.00", "95.00")]
    assert list(frame["total"]) == [True, False, False, True, False, True]


def test_an_unexplained_cent_shows(shop, computed):
    steps = (("Gross sales", Decimal("110.00")), ("Refunds", Decimal("-14.99")))
    assert computed("quality", shop(LINES, reconciliation=steps)).findings["unexplained"].value == Decimal("-0.01")


def test_lines_beyond_the_snapshot_do_not_break_the_books(shop, computed):
    quality = computed("quality", shop(LINES, reconciliation=STEPS, settings={"snapshot": date(2024, 1, 5)}))
    assert quality.findings["unexplained"].value == 0
    assert "on or after the snapshot" in quality.reconciliation.note


def test_coverage(shop, computed):
    frame = computed("quality", shop([("o1", "a", "2024-03-01", 1)], orders=ORDERS)).coverage.frame
    assert list(frame.columns) == ["period", "start", "event", "orders", "share"]
    assert frame[["period", "event", "orders", "share"]].to_numpy().tolist() == [
        ["2024-01", "shipped", 2, 0.5],
        ["2024-01", "delivered", 2, 0],
        ["2024-01", "returned", 2, 0],
        ["2024-01", "cancelled", 2, 0.5],
        ["2024-02", "shipped", 1, 1],
        ["2024-02", "delivered", 1, 1],
        ["2024-02", "returned", 1, 0],
        ["2024-02", "cancelled", 1, 0],
    ]


@pytest.mark.parametrize(
    "accounts, value, claim",
    [
        ((Account("a", 5, 5),), 1, "{value} of raw rows were read and placed: not one was unreadable or set aside."),
        (
            (Account("a", 10_000, 9_999, (Reason("rejected", "x", 1),)),),
            1,
            "All but {value} of {quality.rows} raw rows were read and placed; {quality.rejected} could not be read.",
        ),
        (
            (Account("a", 4, 3, (Reason("excluded", "x", 1),)),),
            0.75,
            "{value} of {quality.rows} raw rows were read and placed; {quality.excluded} was set aside by rule.",
        ),
    ],
)
def test_titles(shop, computed, accounts, value, claim):
    headline = computed("quality", shop(LINES, accounts=accounts)).findings["headline"]
    assert (headline.value, headline.claim) == (value, claim)


def test_without_money(shop, computed):
    made = shop(
        [("o1", "a", "2024-01-01", None, "sale")], no_money="no prices", reconciliation=STEPS, accounts=ACCOUNTS
    )
    quality = computed("quality", made)
    assert quality.reconciliation is None
    for key in ("unknown_customer_share", "unknown_customer_revenue", "money_at_stake", "unexplained"):
        assert quality.findings[key].reason == "no prices"
    assert quality.findings["unknown_order_share"].value == 0


def test_shuffled_relabelled_scaled(shop, computed, random_lines):
    lines = random_lines(1)
    other = lines.sample(frac=1, random_state=1).assign(
        customer_id="x" + lines["customer_id"], amount=lines["amount"] * 4
    )
    one, two = (computed("quality", shop(data)).findings for data in (lines, other))
    assert two["unknown_customer_revenue"].value == 4 * one["unknown_customer_revenue"].value
    for key in ("unknown_customer_share", "unknown_order_share", "unpriced_lines", "first_day", "last_day"):
        assert two[key].value == one[key].value


@pytest.mark.parametrize("seed", [2, 3])
def test_against_pandas(shop, computed, random_lines, seed):
    made = shop(random_lines(seed))
    lines = random_lines(seed)
    lines = lines[lines["ordered_at"].dt.date < made[1].snapshot]
    gross = lines[lines["kind"].isin(["sale", "returned"])]
    unknown = gross[gross["customer_id"].isna()]["amount"].sum()
    orders = lines[lines["kind"] == "sale"].drop_duplicates("order_id")
    found = computed("quality", made).findings
    assert float(found["unknown_customer_revenue"].value) == pytest.approx(unknown)
    assert found["unknown_customer_share"].value == pytest.approx(unknown / gross["amount"].sum())
    assert found["unknown_order_share"].value == pytest.approx(orders["customer_id"].isna().mean())
