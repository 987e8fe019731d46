"""One row a customer: hand-solved, against a pandas recomputation, and what must not change the numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.customers import exact, whole
from analysis.run import run
from dataset.engine import Engine
from dataset.settings import Settings
from dataset.tables import Dataset

LINES = [
    ("o1", "ann", "2024-01-01 09:00", "10.00"),
    ("o1", "ann", "2024-01-01 09:00", "5.50"),
    ("o2", "ann", "2024-01-03 23:59", "4.50"),
    ("r1", "ann", "2024-01-05 10:00", "-2.00", "refund"),
    ("o3", "bob", "2024-01-02 00:00", "1.00"),
    ("r2", "bob", "2024-01-04 00:00", "-3.00", "refund"),
    ("o4", "cid", "2024-01-10 12:00", "7.00"),
    ("o5", "cid", "2024-01-10 13:00", "9.00", "returned"),
    ("o6", "dan", "2024-01-06 12:00", "9.00", "returned"),
    ("r3", "eve", "2024-01-07 12:00", "-1.00", "refund"),
    ("o7", "fay", "2024-01-08 12:00", "8.00", "cancelled"),
    ("o8", None, "2024-01-09 12:00", "100.00"),
]


def random_lines(seed: int, n: int = 400, customers: int = 40) -> pd.DataFrame:
    """Lines of random customers, orders, days and amounts in cents; a tenth are refunds."""
    rng = np.random.default_rng(seed)
    order = rng.integers(0, n // 2, n)
    kind = rng.choice(["sale", "refund", "returned", "cancelled"], n, p=[0.8, 0.1, 0.05, 0.05])
    cents = rng.integers(1, 20_000, n) * np.where(kind == "refund", -1, 1)
    owner = rng.zipf(1.7, n) % customers
    return pd.DataFrame(
        {
            "order_id": [f"o{c}-{o}" for c, o in zip(owner, order % 7, strict=True)],
            "customer_id": [f"c{c:03d}" for c in owner],
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300 * 1440, n), unit="min"),
            "amount": [str(Decimal(int(c)) / 100) for c in cents],
            "kind": kind,
            "quantity": rng.integers(1, 5, n),
        }
    )


def oracle(lines: pd.DataFrame, snapshot: date) -> pd.DataFrame:
    """The same reduction by pandas groupbys on exact decimals."""
    lines = lines[pd.to_datetime(lines["ordered_at"]) < pd.Timestamp(snapshot)].assign(
        money=lines["amount"].map(Decimal), day=pd.to_datetime(lines["ordered_at"]).dt.normalize()
    )
    sales = lines[lines["kind"] == "sale"].groupby("customer_id")
    made = pd.DataFrame({"orders": sales["order_id"].nunique(), "units": sales["quantity"].sum()})
    made["recency_days"] = (pd.Timestamp(snapshot) - sales["day"].max()).dt.days
    made["tenure_days"] = (pd.Timestamp(snapshot) - sales["day"].min()).dt.days
    made["net"] = lines[lines["kind"].isin(["sale", "refund"])].groupby("customer_id")["money"].sum()
    made["gross"] = lines[lines["kind"].isin(["sale", "returned"])].groupby("customer_id")["money"].sum()
    return made.sort_index()


def test_hand_solved(shop, computed):
    customers = computed("customers", shop(LINES))
    frame = customers.told.set_index("customer_id")
    assert list(frame.index) == ["ann", "bob", "cid"]
    assert frame["orders"].tolist() == [2, 1, 1]
    assert frame["recency_days"].tolist() == [8, 9, 1]
    assert frame["tenure_days"].tolist() == [10, 9, 1]
    assert frame["net"].tolist() == [18.0, -2.0, 7.0]
    assert frame["gross"].tolist() == [20.0, 1.0, 16.0]
    assert frame["order_value"].tolist() == [9.0, -2.0, 7.0]
    assert frame["units"].tolist() == [3.0, 1.0, 1.0]
    assert frame.loc["ann", "first_sale"] == pd.Timestamp("2024-01-01")
    assert frame.loc["ann", "last_sale"] == pd.Timestamp("2024-01-03")
    assert customers.window == (date(2024, 1, 1), date(2024, 1, 10))


def test_findings_are_exact(shop, computed):
    findings = computed("customers", shop(LINES)).findings
    assert findings["customers"].value == 3
    assert findings["orders"].value == 4
    assert findings["net"].value == Decimal("23.00")
    assert findings["negative_customers"].value == 1
    assert findings["once_share"].value == pytest.approx(2 / 3)


def test_note_counts_buyers_below_zero_and_those_with_refunds_only(shop):
    done = run(["customers"], *shop(LINES))
    assert [(n.code, n.count) for n in done.notes] == [("W_NEGATIVE_CUSTOMERS", 2)]
    assert "1 of them without any sale" in done.notes[0].text


def test_no_note_without_negative_customers(shop):
    assert run(["customers"], *shop(LINES[:3])).notes == []


@pytest.mark.parametrize("seed", range(4))
def test_pandas_agrees(shop, computed, seed):
    lines = random_lines(seed)
    made = shop(lines, settings={"snapshot": date(2024, 9, 1)})
    customers, wanted = computed("customers", made), oracle(lines, date(2024, 9, 1))
    frame = customers.frame.set_index("customer_id")
    assert list(frame.index) == list(wanted.index)
    for column in ("orders", "recency_days", "tenure_days", "units"):
        assert frame[column].tolist() == wanted[column].tolist()
    for column in ("net", "gross"):
        assert frame[column].tolist() == [float(v) for v in wanted[column]]
    assert customers.findings["net"].value == wanted["net"].sum()
    assert customers.findings["orders"].value == wanted["orders"].sum()


def test_shuffled_rows_change_nothing(shop, computed):
    lines = random_lines(7)
    first, second = (computed("customers", shop(frame)) for frame in (lines, lines.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.findings == second.findings


def test_split_line_changes_no_order_and_no_money(shop, computed):
    whole_line = [("o1", "ann", "2024-01-01", "10.00"), ("o2", "bob", "2024-01-02", "3.00")]
    halves = [("o1", "ann", "2024-01-01", "5.00"), ("o1", "ann", "2024-01-01", "5.00"), whole_line[1]]
    first, second = (computed("customers", shop(lines)).frame for lines in (whole_line, halves))
    pd.testing.assert_frame_equal(first.drop(columns="units"), second.drop(columns="units"))


def test_shifted_dates_change_only_dates(shop, computed):
    lines = random_lines(8)
    later = lines.assign(ordered_at=lines["ordered_at"] + pd.Timedelta(days=17))
    first, second = (computed("customers", shop(frame)).told for frame in (lines, later))
    dates = ["first_sale", "last_sale"]
    pd.testing.assert_frame_equal(first.drop(columns=dates), second.drop(columns=dates))
    assert (second["last_sale"] - first["last_sale"] == pd.Timedelta(days=17)).all()


def test_dropping_a_customer_takes_exactly_that_revenue(shop, computed):
    lines = random_lines(9)
    every = computed("customers", shop(lines))
    gone = every.frame.iloc[3]
    rest = computed("customers", shop(lines[lines["customer_id"] != gone["customer_id"]]))
    left = every.findings["net"].value - rest.findings["net"].value
    assert left == exact(np.array([gone["net"]]))


def test_relabelled_customers_keep_their_numbers(shop, computed):
    lines = random_lines(10)
    relabelled = lines.assign(customer_id="z" + lines["customer_id"], order_id="z" + lines["order_id"])
    first, second = (computed("customers", shop(frame)).frame for frame in (lines, relabelled))
    pd.testing.assert_frame_equal(first.drop(columns="customer_id"), second.drop(columns="customer_id"))


def test_an_order_with_its_full_refund_leaves_net(shop, computed):
    lines = [*LINES[:3], ("o9", "ann", "2024-01-03", "6.00"), ("r9", "ann", "2024-01-03", "-6.00", "refund")]
    first, second = (computed("customers", shop(rows)).findings for rows in (LINES[:3], lines))
    assert first["net"].value == second["net"].value
    assert second["orders"].value == first["orders"].value + 1


def test_ids_stay_text(shop, computed):
    ids = ["007", "7", "1e5", "NA", "9007199254740993"]
    frame = computed("customers", shop([(f"o{i}", i, "2024-01-01", "1.00") for i in ids])).frame
    assert sorted(frame["customer_id"]) == sorted(ids)
    assert str(frame["customer_id"].dtype) == "str"


def test_unknown_money_is_not_zero(shop, computed):
    lines = [("o1", "ann", "2024-01-01", None, "sale"), ("o2", "bob", "2024-01-02", None, "sale")]
    customers = computed("customers", shop(lines, settings={"no_money": "no prices in events.csv"}))
    assert customers.frame["net"].isna().all()
    assert customers.findings["net"].value is None
    assert customers.findings["net"].reason == "no prices in events.csv"
    assert customers.findings["negative_customers"].value is None


def test_country_comes_from_the_file_when_no_line_names_one(shop, computed):
    made = shop(LINES[:3] + LINES[4:5], customers=[("ann", "France"), ("bob", "Spain"), ("zoe", "Peru")])
    assert computed("customers", made).frame["country"].tolist() == ["France", "Spain"]


def test_orders_per_customer(shop, computed):
    counts = {"a": 1, "b": 1, "c": 4, "d": 9}
    lines = [(f"o{c}{i}", c, f"2024-01-{i + 1:02d}", "1.00") for c, k in counts.items() for i in range(k)]
    frame = computed("customers", shop(lines)).orders_per_customer.frame
    assert frame["orders"].tolist() == ["1", "2", "3", "4", "5+"]
    assert frame["customers"].tolist() == [2, 0, 0, 1, 1]
    assert frame["share"].sum() == 1


@pytest.mark.parametrize(
    ("orders", "start"),
    [
        ((2, 2), "No customer stopped"),
        ((1, 1), "No customer has ordered twice"),
        ((1, 1, 2), "Most customers have not"),
        ((1, 2), "As many"),
        ((1, 2, 2), "Most customers ordered more"),
    ],
)
def test_headline_follows_the_share_of_single_orders(shop, computed, orders, start):
    lines = [(f"o{c}{i}", f"c{c}", f"2024-01-{i + 1:02d}", "1.00") for c, k in enumerate(orders) for i in range(k)]
    assert computed("customers", shop(lines)).findings["headline"].claim.startswith(start)


def test_skips_without_a_known_buyer(shop):
    lines = [("o1", None, "2024-01-01", "1.00"), ("r1", "ann", "2024-01-01", "-1.00", "refund")]
    done = run(["customers"], *shop(lines))
    assert done.skipped == {"customers": "no sale names its customer"}


def test_columns_are_compact(shop, computed):
    kinds = {str(t) for t in computed("customers", shop(LINES)).frame.dtypes}
    assert kinds <= {"str", "category", "int32", "float64", "datetime64[s]"}


def test_whole_and_exact():
    money = np.array([0.1, 0.2, np.nan, -0.3])
    assert whole(money).tolist() == [100_000, 200_000, 0, -300_000]
    assert exact(money) == 0


SHARED = Path(__file__).parents[2].parent / "shared"
ONLINE_RETAIL = SHARED / "data" / "online_retail" / "online_retail.csv.gz"

# As published and recomputed in notes: sales of known customers, not cancelled, with positive quantity and price.
UCI = """
create table lines as
select "InvoiceNo" as order_id, split_part("CustomerID", '.', 1) as customer_id, "StockCode" as product_id,
    cast("InvoiceDate" as timestamp) as ordered_at, cast("Quantity" as decimal(18, 3)) as quantity,
    cast("UnitPrice" as decimal(18, 4)) as unit_price,
    cast("Quantity" as decimal(18, 0)) * cast("UnitPrice" as decimal(18, 4)) as amount,
    case when "InvoiceNo" like 'C%' or cast("Quantity" as decimal(18, 0)) < 0 then 'refund' else 'sale' end as kind,
    "Country" as country
from read_csv($file, all_varchar = true, header = true)
where "CustomerID" is not null and ("UnitPrice" not in ('0', '0.0', '0.00') or "InvoiceNo" like 'C%')
"""


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="the public data sets are not beside this repository")
def test_published_figures_of_online_retail(tmp_path):
    engine = Engine(tmp_path, readable=(ONLINE_RETAIL.parent,))
    engine.run(UCI, file=str(ONLINE_RETAIL))
    settings = Settings().complete(date(2011, 12, 10), "GBP", "Europe/London", "")
    dataset = Dataset(layout="online_retail", engine=engine, tables=("lines",))
    customers = run(["customers"], dataset, settings).results["customers"]
    frame = customers.frame.set_index("customer_id")  # type: ignore[attr-defined]
    assert len(frame) == 4338
    assert customers.findings["orders"].value == 18_532
    assert exact(frame["gross"].to_numpy()).quantize(Decimal("0.01")) == Decimal("8911407.90")
    assert frame["gross"].nlargest(2).round(2).to_dict() == {"14646": 280_206.02, "18102": 259_657.30}
    engine.close()
