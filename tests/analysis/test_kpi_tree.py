"""What changed: cases solved by hand, pandas on random shops and on the raw file, and what must not change it."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.comparison import who_came
from analysis.finding import PLACE
from analysis.kpi_tree import KpiTree
from analysis.periods import comparable, following, period_name
from analysis.plan import ROOT
from analysis.run import run
from dataset import opening
from dataset.engine import Relation
from dataset.settings import Settings

RETAIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail" / "online_retail.csv.gz"
KINDS = ("sale", "returned")

# Two complete months, one started. January: a and b buy, three orders, 120. February: a, c and d, three orders, 240.
LINES = [
    ("o1", "a", "2024-01-01", 60, "sale", "p", 2),
    ("o2", "a", "2024-01-20", 20, "sale", "q", 1),
    ("o3", "b", "2024-01-31", 40, "sale", "q", 2),
    ("o4", None, "2024-01-31", 7, "sale", "p", 1),
    ("o5", "a", "2024-02-01", 100, "sale", "p", 2),
    ("o6", "c", "2024-02-02", 100, "sale", "q", 4),
    ("o7", "d", "2024-02-29", 40, "sale", "p", 1),
    ("r1", "a", "2024-02-29", -30, "refund", "p", 1),
    ("o8", None, "2024-02-29", 2, "sale", "p", 1),
    ("o9", "a", "2024-03-01", 500, "sale", "p", 1),
]
PRODUCTS = [("p", "Pen", "Paper", 1), ("q", "Ink", "Liquid", 1)]


def parts_of(tree: KpiTree, table: str = "parts") -> dict[str, float]:
    frame = getattr(tree, table).frame
    return dict(zip(frame["key"], frame["money_change"], strict=True))


def test_by_hand(shop: Any, computed: Any) -> None:
    tree: KpiTree = computed("kpi_tree", shop(LINES, products=PRODUCTS))
    assert (tree.grain, tree.before, tree.after) == ("month", "January 2024", "February 2024")
    assert tree.amounts == (127, 212)
    weight = (240 - 120) / math.log(2)
    wanted = {
        "buyers": weight * math.log(3 / 2),
        "frequency": weight * math.log(2 / 3),
        "order_value": weight * math.log(2),
    }
    parts = parts_of(tree)
    assert {k: parts[k] for k in wanted} == pytest.approx(wanted, abs=0.01)
    assert (parts["unknown"], parts["refunds"], parts["total"]) == (-5, -30, 85)
    assert tree.findings["change"].value == 85 and tree.findings["relative_change"].value == pytest.approx(85 / 127)
    assert tree.findings["left_out"].value == "March 2024"
    assert (
        tree.findings["headline"].claim
        == "Net revenue rose by {value} on the month before, from too few orders to say why."
    )
    assert tree.leads == ()
    assert tree.findings["tree"].value == "buyers, orders per buyer and order value" and tree.few


def test_by_hand_who_bought_and_what(shop: Any, computed: Any) -> None:
    lines = [*LINES, ("o0", "c", "2023-12-31", 1, "sale", "q", 1), ("o10", "e", "2024-02-02", 9, "returned", "q", 1)]
    tree = computed("kpi_tree", shop(lines, products=PRODUCTS))
    groups = tree.groups.frame.set_index("key")
    assert groups["money_change"].to_dict() == {
        "first": 40, "both": 20, "later_only": 100, "earlier_only": -40, "other": 9, "total": 129,
    }  # fmt: skip
    assert groups["customers"].to_dict() == {
        "first": 1, "both": 1, "later_only": 1, "earlier_only": 1, "other": 1, "total": 5,
    }  # fmt: skip
    assert groups["group"].to_dict() == {
        "first": "First purchase in February 2024",
        "both": "Bought in both",
        "later_only": "Bought in February 2024, not in January 2024, but earlier",
        "earlier_only": "Bought in January 2024, not in February 2024",
        "other": "Only goods that all came back",
        "total": "All known customers",
    }
    categories = tree.categories.frame.set_index("category")
    assert categories["before"].to_dict() == {"Paper": 67, "Liquid": 60, "All": 127}
    assert categories["after"].to_dict() == {"Paper": 142, "Liquid": 109, "All": 251}
    assert tree.findings["top_category"].value == "Paper" and tree.findings["change_by_top_category"].value == 75
    assert (tree.findings["gross_before"].value, tree.findings["gross"].value) == (127, 251)
    volume = 67 * (142 / 67 - 1) / math.log(142 / 67) * math.log(9 / 6)
    assert categories.loc["Paper", "volume_change"] == pytest.approx(volume, abs=0.01)


def test_fees_have_a_line_of_their_own(shop: Any, computed: Any) -> None:
    lines = [*LINES, ("o5", "a", "2024-02-01", 8, "sale", "POST", 1)]
    tree = computed("kpi_tree", shop(lines, products=PRODUCTS, non_products=frozenset({"POST"})))
    fees = tree.categories.frame.set_index("category").loc["Postage and fees"]
    assert fees["money_change"] == 8 and math.isnan(fees["mix_change"])
    check_sums(tree)


def visits(month: int, people: int) -> list[tuple[str, str, str]]:
    return [("abcd"[i] if i < 4 else f"v{i}", "view", f"2024-0{month}-15") for i in range(people)]


def test_with_visits_traffic_conversion_and_spend(shop: Any, computed: Any) -> None:
    tree = computed("kpi_tree", shop(LINES, events=[*visits(1, 10), *visits(2, 20)]))
    weight = (240 - 120) / math.log(2)
    parts = parts_of(tree)
    assert parts["visitors"] == pytest.approx(weight * math.log(2), abs=0.01)
    assert parts["conversion"] == pytest.approx(weight * math.log((3 / 20) / (2 / 10)), abs=0.01)
    assert parts["spend"] == pytest.approx(weight * math.log((240 / 3) / (120 / 2)), abs=0.01)
    assert tree.findings["conversion"].value == 3 / 20 and tree.findings["visitors_before"].value == 10
    check_sums(tree)


@pytest.mark.parametrize("year", [None, date(2023, 10, 1)])
def test_visitors_of_three_periods_are_counted_at_once(shop: Any, random_lines: Any, year: date | None) -> None:
    rng, lines = np.random.default_rng(7), random_lines(7)
    moments = pd.Timestamp("2023-08-01") + pd.to_timedelta(rng.integers(0, 560 * 24, 3000), unit="h")
    people = [f"c{i}" if i < 60 else None for i in rng.integers(0, 65, 3000)]
    events = pd.DataFrame({"customer_id": people, "kind": "view", "at": moments})
    lines["ordered_at"] += pd.Timedelta(days=300)
    dataset, settings = shop(lines, events=events)
    starts = [date(2024, 7, 1), date(2024, 10, 1)]
    came = who_came(Relation(dataset.engine, "events", ROOT), year, *starts, "quarter", settings)
    expected = {}
    for start in [*([year] if year else []), *starts]:
        first, end = pd.Timestamp(start), pd.Timestamp(following(start, "quarter"))
        here = set(events.loc[events["at"].between(first, end, inclusive="left"), "customer_id"].dropna())
        sold = lines["ordered_at"].between(first, end, inclusive="left") & (lines["kind"] == "sale")
        expected[start] = len(here), len(here & set(lines.loc[sold, "customer_id"].dropna()))
    assert came == expected and all(0 < buyers < visitors for visitors, buyers in came.values())


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([("x", "view", "2024-01-10"), ("y", "view", "2024-02-10")], "missing among their visitors"),
        (visits(2, 20), "No visit is recorded in one of the periods"),
    ],
)
def test_visits_that_do_not_hold_the_buyers_are_left_aside(shop: Any, computed: Any, events: Any, why: str) -> None:
    tree = computed("kpi_tree", shop(LINES, events=events))
    assert set(parts_of(tree)) == {"buyers", "frequency", "order_value", "unknown", "refunds", "total"}
    assert why in tree.levels.note


def test_where_most_sales_name_nobody_orders_stand_for_buyers(shop: Any, computed: Any) -> None:
    tree = computed("kpi_tree", shop([(o, None, *rest) for o, _, *rest in LINES]))
    assert set(parts_of(tree)) == {"orders", "order_value", "refunds", "total"} and tree.groups is None
    assert tree.findings["orders"].value == 4 and "names no customer" in tree.levels.note
    check_sums(tree)


def test_without_money_orders_change(shop: Any, computed: Any) -> None:
    unpriced = [(o, c, day, None, *rest) for o, c, day, _, *rest in LINES if rest[0] == "sale"]
    tree = computed(
        "kpi_tree",
        shop([*unpriced, ("o7", "d", "2024-02-28", None), ("o71", "d", "2024-02-28", None)], no_money="no prices"),
    )
    changes = dict(zip(tree.parts.frame["key"], tree.parts.frame["orders_change"], strict=True))
    assert changes == {"buyers": 1, "frequency": 0, "unknown_orders": 0, "total": 1} and tree.measure == "orders"
    assert (tree.groups, tree.categories) == (None, None)
    assert tree.findings["headline"].claim.startswith("Orders rose by {value}")


SKIPS = {
    "one day": ([("o1", "a", "2024-01-01", 5)], {}, "no two complete weeks"),
    "an empty month": ([("o1", "a", "2024-01-01", 5), ("o2", "a", "2024-03-31", 5)], {}, "nothing was sold in one"),
    "free goods": (
        [("o1", "a", "2024-01-01", 0), ("o2", "a", "2024-02-29", 5)],
        {},
        "nothing was sold for money in one of the last two complete months",
    ),
    "nobody known": (
        [("o1", None, "2024-01-01", None, "sale"), ("o2", None, "2024-02-29", None, "sale")],
        {"no_money": "no prices"},
        "no prices",
    ),
}


@pytest.mark.parametrize("case", SKIPS)
def test_nothing_honest_to_say_is_said(shop: Any, case: str) -> None:
    lines, more, why = SKIPS[case]
    assert why in run(["kpi_tree"], *shop(lines, **more)).skipped["kpi_tree"]


def days(first: str, last: str) -> list[date]:
    return [day.date() for day in pd.date_range(first, last)]


@pytest.mark.parametrize(
    ("first", "last", "grain", "periods"),
    [
        ("2023-01-01", "2023-12-31", "quarter", ["Q3 2023", "Q4 2023"]),
        ("2023-01-02", "2024-02-10", "month", ["December 2023", "January 2024"]),
        ("2022-12-01", "2024-01-05", "quarter", ["Q3 2023", "Q4 2023"]),
        ("2024-01-01", "2024-02-29", "month", ["January 2024", "February 2024"]),
        ("2024-01-02", "2024-02-29", "week", ["week of 12 February 2024", "week of 19 February 2024"]),
        ("2024-01-01", "2024-01-14", "week", ["week of 1 January 2024", "week of 8 January 2024"]),
        ("2024-01-01", "2024-01-13", None, []),
    ],
)
def test_which_periods_are_compared(first: str, last: str, grain: str | None, periods: list[str]) -> None:
    there = days(first, last)
    found = comparable(there, there[-1] + pd.Timedelta(days=1).to_pytimedelta())
    assert [period_name(s, found[0]) for s in found[1][-2:]] == periods if found else grain is None
    assert (found[0] if found else None) == grain


def monthly(values: dict[str, int]) -> list[tuple[Any, ...]]:
    return [(f"o{d}{i}", f"c{i}", d, v) for d, v in values.items() for i in range(30)]


def test_the_same_quarter_a_year_before(shop: Any, computed: Any) -> None:
    starts = ["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01", "2024-03-31"]
    tree = computed("kpi_tree", shop(monthly(dict(zip(starts, (10, 20, 30, 40, 50, 5), strict=True)))))
    assert (tree.before, tree.after) == ("Q4 2023", "Q1 2024")
    assert list(tree.levels.frame["period"]) == ["2023-Q1", "2023-Q4", "2024-Q1"]
    assert tree.findings["year_change"].value == 30 * (55 - 10)
    weight = (30 * 55 - 30 * 10) / math.log(55 / 10)
    wanted = {"buyers": 0, "frequency": weight * math.log(2), "order_value": weight * math.log(55 / 20), "total": 1350}
    assert parts_of(tree, "year") == pytest.approx(wanted, abs=0.01)
    assert tree.findings["headline"].claim == (
        "Net revenue rose by {value} on the quarter before: more orders per buyer outweighed smaller orders."
    )
    check_sums(tree)


def check_sums(tree: KpiTree) -> None:
    """All that is printed adds up, in whole cents."""

    def cents(values: Any) -> list[int]:
        return [0 if math.isnan(v) else round(v * 100) for v in values]

    for table in (tree.parts, tree.year):
        if table is not None:
            frame = table.frame
            *each, whole = cents(frame["money_change"])
            assert sum(each) == whole == cents(frame["after"])[-1] - cents(frame["before"])[-1]
    found = {k: f.value for k, f in tree.findings.items()}
    assert found["net_after"] - found["net_before"] == found["change"]
    parts = dict(zip(tree.parts.frame["key"], cents(tree.parts.frame["money_change"]), strict=True))
    sales = sum(v for k, v in parts.items() if k not in ("unknown", "refunds", "total"))
    for table, of in ((tree.groups, sales), (tree.categories, sales + parts.get("unknown", 0))):
        if table is None:
            continue
        of = cents(table.frame["money_change"])[-1] if table is tree.groups and "orders" in parts else of
        for column in ("before", "after", "money_change"):
            *each, whole = cents(table.frame[column])
            assert sum(each) == whole
        assert cents(table.frame["money_change"])[-1] == of
    if tree.categories is not None:
        effects = ["volume_change", "mix_change", "price_change"]
        frame = tree.categories.frame[tree.categories.frame["key"] == "goods"]
        for row in frame.itertuples(index=False):
            assert sum(cents(getattr(row, e) for e in effects)) == cents([row.money_change])[0]
        for e in effects:
            assert sum(cents(frame[e])) == cents(tree.categories.frame[e])[-1]


def expected(lines: pd.DataFrame, before: str, after: str, by_orders: bool = False) -> dict[str, float]:
    """The parts from the raw lines (order, customer, at, amount, kind), by the formulas alone.

    by_orders: over all orders, as if each line named its customer, and without the buyers.
    """
    lines = lines[lines["kind"] != "cancelled"]
    if by_orders:
        lines = lines.assign(customer_id="anyone")
    starts = lines[lines["kind"] == "sale"].groupby("order_id").agg(at=("at", "min"), customer=("customer_id", "first"))
    levels = []
    for period in (before, after):
        here = lines[lines["at"].dt.strftime("%Y-%m") == period]
        known = here["customer_id"].notna()
        gross = here["kind"].isin(KINDS)
        net = here["kind"].isin(("sale", "refund"))
        sales = here.loc[gross & known, "amount"].sum()
        buyers = here.loc[known & (here["kind"] == "sale"), "customer_id"].nunique()
        orders = starts.loc[starts["at"].dt.strftime("%Y-%m") == period, "customer"].notna().sum()
        levels.append(
            {
                "sales": sales,
                "unknown": here.loc[gross & ~known, "amount"].sum(),
                "refunds": here.loc[net, "amount"].sum() - here.loc[gross, "amount"].sum(),
                "buyers": buyers,
                "frequency": orders / buyers,
                "orders": orders,
                "order_value": sales / orders,
            }
        )
    one, two = levels
    weight = (two["sales"] - one["sales"]) / math.log(two["sales"] / one["sales"])
    keys = ("orders", "order_value") if by_orders else ("buyers", "frequency", "order_value")
    logs = {k: weight * math.log(two[k] / one[k]) for k in keys}
    return logs | {k: two[k] - one[k] for k in ("unknown", "refunds") if not by_orders or k == "refunds"}


def with_time(lines: pd.DataFrame) -> pd.DataFrame:
    """Every day has a sale, so that the periods are those of the calendar; a few lines of each kind besides."""
    kept = lines[lines["ordered_at"] < "2023-04-01"].reset_index(drop=True)
    few = kept["customer_id"].isna() & (kept.index % 6 > 0)
    kept["customer_id"] = kept["customer_id"].mask(few, "c2")  # buyers are told where nearly all sales name one
    fill = pd.DataFrame({"ordered_at": pd.date_range("2023-01-01", "2023-03-31"), "amount": 3.25, "kind": "sale"})
    fill = fill.assign(
        order_id=[f"f{i}" for i in range(len(fill))], customer_id="c1", product_id="p1", quantity=1, country="FR"
    )
    return pd.concat([kept, fill], ignore_index=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas(shop: Any, computed: Any, random_lines: Any, seed: int) -> None:
    lines = with_time(random_lines(seed, 600))
    categories = [(f"p{i}", f"P{i}", "ABC"[i % 3], 1) for i in range(25)]
    tree = computed("kpi_tree", shop(lines, products=categories))
    wanted = expected(lines.rename(columns={"ordered_at": "at"}), "2023-02", "2023-03")
    parts = parts_of(tree)
    assert {k: parts[k] for k in wanted} == pytest.approx(wanted, abs=0.011)
    check_sums(tree)
    months = run(["months"], *shop(lines)).findings
    assert tree.findings["net_after"].value == months["months.last_complete_net"].value
    table = run(["months"], *shop(lines)).results["months"].months.frame.set_index("period")
    newness = tree.newness.frame.set_index("key")
    for column, period in (("before", "2023-02"), ("after", "2023-03")):
        assert newness.loc["first", column] == pytest.approx(table.loc[period, "new_net"])
        assert newness.loc["earlier", column] == pytest.approx(table.loc[period, "returning_net"])
        assert newness.loc["first", f"buyers_{column}"] == table.loc[period, "new_buyers"]
    assert tree.findings["relative_change"].value == pytest.approx(months["months.change_previous"].value, abs=1e-6)


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not RETAIL.exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    dataset, settings = opening.open_data(str(RETAIL), "auto", None, Settings(), tmp_path_factory.mktemp("retail"))
    yield run(["kpi_tree"], dataset, settings).results["kpi_tree"]
    dataset.engine.close()


def test_online_retail_is_what_its_raw_file_says(retail: KpiTree) -> None:
    rows = pd.read_csv(RETAIL, dtype={"InvoiceNo": str, "CustomerID": str}, usecols=lambda name: name != "Description")
    cancelled = rows["InvoiceNo"].str.startswith("C")
    sale = ~cancelled & (rows["Quantity"] > 0) & (rows["UnitPrice"] > 0)
    lines = rows.assign(
        order_id=rows["InvoiceNo"],
        customer_id=rows["CustomerID"],
        at=pd.to_datetime(rows["InvoiceDate"]),
        amount=rows["Quantity"] * rows["UnitPrice"],
        kind=sale.map({True: "sale", False: "refund"}),
    )[sale | cancelled | (rows["Quantity"] < 0)]
    wanted = expected(lines, "2011-10", "2011-11", by_orders=True)
    parts = parts_of(retail)
    assert (retail.before, retail.after) == ("October 2011", "November 2011")
    assert {k: parts[k] for k in wanted} == pytest.approx(wanted, abs=0.011)
    check_sums(retail)
    known = lines[(lines["kind"] == "sale") & lines["customer_id"].notna()]
    month = known["at"].dt.strftime("%Y-%m")
    first = known.groupby("customer_id")["at"].min().dt.strftime("%Y-%m")
    spent = {m: known[month == m].groupby("customer_id")["amount"].sum() for m in ("2011-10", "2011-11")}
    both = pd.concat(spent, axis=1)
    new = both.index.map(first) == "2011-11"
    groups = {
        "first": both.loc[new, "2011-11"].sum(),
        "later_only": both.loc[~new & both["2011-10"].isna(), "2011-11"].sum(),
        "both": (both["2011-11"] - both["2011-10"]).sum(),
        "earlier_only": -both.loc[both["2011-11"].isna(), "2011-10"].sum(),
    }
    assert {k: parts_of(retail, "groups")[k] for k in groups} == pytest.approx(groups, abs=0.011)
    paid = lines[lines["customer_id"].notna()].assign(month=lines["at"].dt.strftime("%Y-%m"))
    for key, period in (("first_time_before", "2011-10"), ("first_time", "2011-11")):
        newcomers = first.index[first == period]
        value = paid.loc[(paid["month"] == period) & paid["customer_id"].isin(newcomers), "amount"].sum()
        assert float(retail.findings[key].value) == pytest.approx(value, abs=0.011)  # type: ignore[arg-type]
        assert retail.findings[key].n == len(newcomers)
    assert retail.findings["headline"].claim.endswith("on the month before, mainly because of more orders.")


def quarters(first: int, last: int) -> list[tuple[Any, ...]]:
    """Forty buyers a quarter from autumn on, all of them new in each; amounts of the last two quarters."""
    starts = ["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01", "2023-12-31"]
    amounts = [10, 10, first, last, last]
    return [
        (f"o{day}{i}", f"c{min(day, '2023-10-01')}{i}", day, amount)
        for day, amount in zip(starts, amounts, strict=True)
        for i in range(40)
    ]


def test_first_time_buyers_are_set_against_those_of_the_period_before(shop: Any, computed: Any) -> None:
    tree = computed("kpi_tree", shop(quarters(60, 20)))
    assert (tree.before, tree.after) == ("Q3 2023", "Q4 2023")
    found = {k: tree.findings[k].value for k in ("first_time_before", "first_time")}
    assert found == {"first_time_before": 40 * 60, "first_time": 40 * 40}  # fewer, though all of it is new
    assert tree.findings["change_by_first"].value == 40 * 40
    assert (tree.findings["first_time_buyers_before"].value, tree.findings["first_time_buyers"].value) == (40, 40)
    assert tree.findings["first_time"].claim == (
        "First-time buyers brought {value} net, those of the quarter before {kpi_tree.first_time_before}."
    )


def test_first_time_by_hand_with_refunds(shop: Any, computed: Any) -> None:
    lines = [
        *LINES,
        ("r2", "c", "2024-02-20", -5, "refund", "q", 1),
        ("r3", "x", "2024-02-20", -3, "refund", "q", 1),
        ("r4", "d", "2024-01-20", -2, "refund", "q", 1),
    ]
    frame = computed("kpi_tree", shop(lines, products=PRODUCTS)).newness.frame.set_index("key")
    assert frame["before"].to_dict() == {"first": 120, "earlier": 0, "other": -2, "total": 118}
    assert frame["after"].to_dict() == {"first": 135, "earlier": 70, "other": -3, "total": 202}
    assert frame["buyers_before"].to_dict() == {"first": 2, "earlier": 0, "other": 0, "total": 2}
    assert frame["buyers_after"].to_dict() == {"first": 2, "earlier": 1, "other": 0, "total": 3}


def test_known_customers_whose_goods_all_came_back(shop: Any, computed: Any) -> None:
    days = ("2024-01-01", "2024-02-29")
    lines = [
        *((f"n{i}", None, day, 10) for i, day in enumerate(days)),
        *((f"o{i}", "a", day, 50, "returned") for i, day in enumerate(days)),
    ]
    tree = computed("kpi_tree", shop(lines))
    assert list(tree.groups.frame["key"]) == ["other", "total"] and tree.newness is None
    assert set(parts_of(tree)) == {"orders", "order_value", "refunds", "total"}
    assert not {"first_time", "change_by_other"} & tree.findings.keys()


def named_of(nameless: float) -> list[tuple[Any, ...]]:
    """Two months of forty orders of known customers for 100 each, and one of nobody's for so many times as much."""
    return [
        *((f"o{m}{i}", f"c{i}", f"2024-0{m}-01", 100) for m in (1, 2) for i in range(40)),
        *((f"n{m}", None, day, 4000 * nameless) for m, day in ((1, "2024-01-31"), (2, "2024-02-29"))),
    ]


def test_order_value_is_that_of_all_orders_or_says_whose(shop: Any, computed: Any) -> None:
    little = computed("kpi_tree", shop(named_of(0.05)))
    assert set(parts_of(little)) == {"buyers", "frequency", "order_value", "unknown", "total"}
    claim = little.findings["order_value"].claim
    assert little.findings["order_value"].value == 100 and claim.startswith("Order value of known customers in ")
    assert little.levels.labels["order_value"] == "Order value of known customers"
    assert (little.findings["order_value"].n, little.findings["change_by_order_value"].n) == (40, 80)
    assert little.findings["order_value"].population == "orders of the period of known customers"
    assert little.findings["unknown"].claim.startswith("Sales without a customer in ")
    much = computed("kpi_tree", shop(named_of(0.2)))
    assert set(parts_of(much)) == {"orders", "order_value", "total"}
    assert much.findings["order_value"].value == pytest.approx(4800 / 41) and much.findings["order_value"].n == 41
    assert much.findings["order_value"].claim.startswith("Order value in ") and much.groups is not None
    everywhere = run(["kpis"], *shop(named_of(0.2))).findings["kpis.order_value"].value
    assert everywhere == pytest.approx(much.findings["order_value"].value)  # both months are alike


def test_levels_stand_on_their_own_period(shop: Any, computed: Any) -> None:
    tree = computed("kpi_tree", shop(LINES, events=[*visits(1, 10), *visits(2, 20)]))
    found = tree.findings
    assert (found["visitors"].n, found["conversion_before"].n, found["spend"].n) == (20, 10, 3)
    assert found["visitors"].population == "visitors of the period"
    assert found["conversion_before"].window == (date(2024, 1, 1), date(2024, 1, 31))


def test_no_page_speaks_of_the_method_where_it_prints_the_source(retail: KpiTree) -> None:
    assert "Divisia" not in retail.findings["headline"].definition and "Divisia" in retail.parts.note
    text = " ".join(f.claim + f.definition for f in retail.findings.values())
    assert not any(word in text for word in ("won back", "lapsed", "did not buy again", "nonymous"))


CATEGORIES = [(f"p{i}", f"P{i}", "ABC"[i % 3], 1) for i in range(25)]


def compared(shop: Any, computed: Any, lines: pd.DataFrame, products: Any = CATEGORIES) -> KpiTree:
    return computed("kpi_tree", shop(lines, products=products))


def same(one: KpiTree, two: KpiTree) -> bool:
    tables = ("levels", "parts", "groups", "categories")
    for name in tables:
        pd.testing.assert_frame_equal(getattr(one, name).frame, getattr(two, name).frame)
    return {k: f.value for k, f in one.findings.items()} == {k: f.value for k, f in two.findings.items()}


def test_shuffled_relabelled_and_renamed(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(4, 400))
    one = compared(shop, computed, lines)
    other = lines.sample(frac=1, random_state=1).assign(
        customer_id="x" + lines["customer_id"], order_id="y" + lines["order_id"]
    )
    assert same(one, compared(shop, computed, other, [(i, "New name", c, p) for i, _, c, p in reversed(CATEGORIES)]))


def test_a_split_line_changes_nothing_but_it_is_two(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(5, 400)).assign(quantity=2)
    cents = lines.assign(amount=lines["amount"] * 2)
    halves = pd.concat([lines.assign(quantity=1)] * 2)
    assert same(compared(shop, computed, cents), compared(shop, computed, halves))


def test_amounts_times_a_thousand(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(6, 400))
    one, two = (compared(shop, computed, data) for data in (lines, lines.assign(amount=lines["amount"] * 1000)))
    for table in ("parts", "groups", "categories"):
        once, more = (getattr(t, table).frame["money_change"] * k for t, k in ((one, 1000), (two, 1)))
        assert list(more) == pytest.approx(list(once), abs=20)
    assert two.findings["relative_change"].value == pytest.approx(one.findings["relative_change"].value)
    assert two.findings["headline"].claim == one.findings["headline"].claim and two.leads == one.leads


def test_an_order_and_its_full_refund_move_refunds_alone(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(7, 400))
    back = {"order_id": "z", "customer_id": None, "ordered_at": pd.Timestamp("2023-03-03"), "quantity": 1}
    more = pd.concat(
        [lines, pd.DataFrame([back | {"amount": 40, "kind": "sale"}, back | {"amount": -40, "kind": "refund"}])]
    )
    one, two = (compared(shop, computed, data) for data in (lines, more))
    before, after = parts_of(one), parts_of(two)
    assert after["total"] == before["total"]
    assert (round(after["refunds"] - before["refunds"], 2), round(after["unknown"] - before["unknown"], 2)) == (-40, 40)
    for key in ("buyers", "frequency", "order_value"):
        assert after[key] == before[key]


def test_twice_the_customers_are_twice_the_parts(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(9, 900))
    twins = lines.assign(customer_id="x" + lines["customer_id"], order_id="x" + lines["order_id"])
    one, two = (compared(shop, computed, data) for data in (lines, pd.concat([lines, twins])))
    for table in ("parts", "groups", "categories"):
        once, more = (getattr(t, table).frame["money_change"] * k for t, k in ((one, 2), (two, 1)))
        assert list(more) == pytest.approx(list(once), abs=0.03)
    assert two.findings["frequency"].value == one.findings["frequency"].value


def test_four_weeks_later_only_the_dates_differ(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(10, 400))
    weeks = lines[lines["ordered_at"].between("2023-01-09", "2023-02-19 23:59")]
    later = weeks.assign(ordered_at=weeks["ordered_at"] + pd.Timedelta(days=28))
    one, two = (compared(shop, computed, data) for data in (weeks, later))
    assert one.grain == two.grain == "week"
    dated = {"period", "period_before", "left_out"}
    assert {k: f.value for k, f in one.findings.items() if k not in dated} == {
        k: f.value for k, f in two.findings.items() if k not in dated
    }


def test_money_with_six_decimals_still_adds_up_as_printed(shop: Any, computed: Any, random_lines: Any) -> None:
    lines = with_time(random_lines(8, 400))
    odd = lines.assign(amount=[f"{a + 0.003333 * (1 if a > 0 else -1):.6f}" for a in lines["amount"]])
    check_sums(compared(shop, computed, odd))


def test_a_currency_without_cents(shop: Any, computed: Any) -> None:
    tree = computed("kpi_tree", shop(LINES, settings={"currency": "JPY"}))
    assert all(float(v).is_integer() for v in parts_of(tree).values())
    assert parts_of(tree)["total"] == 85


@pytest.mark.parametrize("seed", range(3))
def test_every_place_can_be_filled(shop: Any, random_lines: Any, seed: int) -> None:
    findings = run(["kpi_tree"], *shop(with_time(random_lines(seed, 300)), products=CATEGORIES)).findings
    for key, finding in findings.items():
        assert set(PLACE.findall(finding.claim)) <= findings.keys() | {"value"}, key
        assert finding.kind == "measured"
    assert isinstance(findings["kpi_tree.change"].value, Decimal)
