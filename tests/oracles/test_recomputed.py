"""The printed numbers against a second way to them: pandas on the raw files, written from the definitions alone.

Nothing of `analysis` is used to make an expected value. Real data is compared with figures published about it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.finding import Finding
from analysis.run import Run, run
from dataset import opening, sample
from dataset.settings import Settings
from report import outline

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
KIND = {"Cancelled": "cancelled", "Returned": "returned"}
DAY = pd.Timedelta(days=1)
SEGMENTS = ("vip", "loyal", "potential_loyalist", "at_risk", "dormant", "regular")


def opened(data: Path, folder: Path, names: tuple[str, ...] = ()) -> Iterator[Run]:
    """The analyses of DATA, run as `build.py` runs them."""
    dataset, settings = opening.open_data(str(data), "auto", None, Settings(), folder)
    yield run(names or outline.analyses(), dataset, settings)
    dataset.engine.close()


# The built-in shop, from its raw files


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    sample.write(folder / "shop", customers=400, seed=7)
    return folder / "shop"


@pytest.fixture(scope="module")
def printed(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Finding]]:
    for done in opened(raw, tmp_path_factory.mktemp("engine")):
        small = {"clv", "value_at_risk", "alignment", "propensity", "churn", "basket", "cross_sell", "versus_last"}
        assert set(done.skipped) <= small  # too few customers, no report before
        yield done.findings


@pytest.fixture(scope="module")
def expected(raw: Path) -> dict[str, Any]:
    items, orders, users, products, events = (
        pd.read_csv(raw / f"{name}.csv", low_memory=False)
        for name in ("order_items", "orders", "users", "products", "events")
    )
    lines = pd.DataFrame(
        {
            "order": items["order_id"],
            "customer": items["user_id"],
            "product": items["product_id"],
            "category": items["product_id"].map(products.set_index("id")["category"]),
            "country": items["user_id"].map(users.set_index("id")["country"]),
            "at": time(items["created_at"]),
            "cents": (items["sale_price"] * 100).round().astype("int64"),
            "kind": items["status"].map(KIND).fillna("sale"),
        }
    )
    rows = sum(len(table) for table in (items, orders, users, products, events))
    unused = int((events["event_type"] == "home").sum())  # of no product: neither seen, carted nor bought
    read = {"quality.rows": rows, "quality.excluded": unused, "quality.used_share": 1 - unused / rows}
    return read | of_lines(lines) | of_orders(orders) | of_visits(events, set(lines["customer"].astype(str)))


def time(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts.str.slice(0, 19), format="%Y-%m-%d %H:%M:%S")


def of_lines(lines: pd.DataFrame) -> dict[str, Any]:
    """Key figures, months, mix, concentration and segments of lines that all name a customer."""
    sold, back = lines[lines["kind"] == "sale"], lines[lines["kind"] == "returned"]
    snapshot = sold["at"].max().normalize() + DAY
    net, returned = int(sold["cents"].sum()), int(back["cents"].sum())
    people = pd.DataFrame(
        {
            "recency": -(snapshot - sold.groupby("customer")["at"].max().dt.normalize()).dt.days,
            "orders": sold.groupby("customer")["order"].nunique(),
            "net": sold.groupby("customer")["cents"].sum(),
            "first": sold.groupby("customer")["at"].min(),
            "last": sold.groupby("customer")["at"].max(),
        }
    )
    since = snapshot - 90 * DAY
    active = people["last"] >= since
    found: dict[str, Any] = {
        "kpis.buyers": len(people),
        "kpis.orders": sold["order"].nunique(),
        "kpis.units": len(sold),
        "kpis.gross": (net + returned) / 100,
        "kpis.refunds": returned / 100,
        "kpis.net": net / 100,
        "kpis.refund_rate": returned / (net + returned),
        "kpis.order_value": net / 100 / sold["order"].nunique(),
        "kpis.revenue_per_buyer": net / 100 / len(people),
        "kpis.orders_per_customer": people["orders"].mean(),
        "kpis.repeat_share": (people["orders"] >= 2).mean(),
        "kpis.active_90d": active.mean(),
        "kpis.new_buyers_share_90d": (people["first"] >= since).sum() / active.sum(),
        "customers.once_share": (people["orders"] == 1).mean(),
        "customers.net": net / 100,
        "quality.last_day": (snapshot - DAY).date(),
        "quality.unknown_customer_share": 0,
    }
    return found | of_months(sold, people) | of_mix(sold) | of_revenue(people)


def of_months(sold: pd.DataFrame, people: pd.DataFrame) -> dict[str, Any]:
    month = sold["at"].dt.to_period("M")
    net = sold.groupby(month)["cents"].sum()
    end = sold["at"].max().normalize()
    last = end.to_period("M") if (end + DAY).day == 1 else end.to_period("M") - 1
    year = (month > last - 12) & (month <= last)
    again = year & (sold["customer"].map(people["first"].dt.to_period("M")) < month)
    return {
        "months.last_complete_month": last.strftime("%B %Y"),
        "months.last_complete_net": net[last] / 100,
        "months.change_previous": net[last] / net[last - 1] - 1,
        "months.change_year": net[last] / net[last - 12] - 1,
        "months.best_month": net.idxmax().strftime("%B %Y"),
        "months.best_month_net": net.max() / 100,
        "months.returning_share": sold.loc[again, "cents"].sum() / sold.loc[year, "cents"].sum(),
    }


def of_mix(sold: pd.DataFrame) -> dict[str, Any]:
    product = sold.groupby("product")["cents"].sum().sort_values(ascending=False)
    most = int((product.cumsum() < 0.8 * product.sum()).sum()) + 1
    found: dict[str, Any] = {
        "mix.products_sold": len(product),
        "mix.products_for_most": most,
        "mix.tail_share": 1 - most / len(product),
        "mix.top_product_share": product.iloc[0] / product.sum(),
        "pareto.product_top_20_share": product.iloc[: -(-len(product) // 5)].sum() / product.sum(),
    }
    for what in ("category", "country"):
        net = sold.groupby(what)["cents"].sum()
        found |= {f"mix.top_{what}": net.idxmax(), f"mix.top_{what}_share": net.max() / net.sum()}
    return found


def of_revenue(people: pd.DataFrame) -> dict[str, Any]:
    """Concentration and RFM segments."""
    net, n = np.sort(people["net"].to_numpy())[::-1], len(people)
    brought = net.cumsum() / net.sum()
    found: dict[str, Any] = {
        "pareto.top_10_share": brought[-(-n // 10) - 1],
        "pareto.top_20_share": brought[-(-n // 5) - 1],
        "pareto.customers_for_80": (int((brought < 0.8).sum()) + 1) / n,
        # half the relative mean absolute difference of all pairs, the definition without a curve
        "pareto.gini": np.abs(net[:, None] - net[None, :]).mean() / 2 / net.mean(),
    }
    scored = {c: (5 * (people[c].rank() - 0.5) / n).astype(int) + 1 for c in ("recency", "orders", "net")}
    names = pd.Series([segment(*scores) for scores in zip(*scored.values(), strict=True)], index=people.index)
    for name in SEGMENTS:
        here = names == name
        found |= {
            f"rfm.{name}": int(here.sum()),
            f"rfm.{name}_revenue": people.loc[here, "net"].sum() / 100,
            f"rfm.{name}_revenue_share": people.loc[here, "net"].sum() / net.sum(),
        }
    return found


def segment(r: int, f: int, m: int) -> str:
    if min(r, f, m) >= 4:
        return "vip"
    if r >= 4 and max(f, m) >= 4:
        return "loyal"
    if r >= 3 and f >= 3:
        return "potential_loyalist"
    if r <= 2:
        return "at_risk" if max(f, m) >= 3 else "dormant"
    return "regular"


def of_orders(orders: pd.DataFrame) -> dict[str, Any]:
    created, shipped, delivered, returned = (
        time(orders[f"{step}_at"]) for step in ("created", "shipped", "delivered", "returned")
    )
    found: dict[str, Any] = {
        "lifecycle.created": len(orders),
        "lifecycle.shipped_share": shipped.notna().mean(),
        "lifecycle.delivered_share": delivered.notna().mean(),
        "lifecycle.cancelled_share": (orders["status"] == "Cancelled").mean(),
        "lifecycle.return_rate": returned[delivered.notna()].notna().mean(),
    }
    for key, first, then in (
        ("to_ship", created, shipped), ("in_transit", shipped, delivered), ("to_deliver", created, delivered),
        ("to_return", delivered, returned),
    ):  # fmt: skip
        days = (then - first).dropna() / DAY
        found |= {f"lifecycle.days_{key}": days.median(), f"lifecycle.days_{key}_p90": days.quantile(0.9)}
    days = (delivered - created).dropna() / DAY
    return found | {"lifecycle.slow_orders": int((days > 5).sum()), "lifecycle.slow_share": (days > 5).mean()}


def of_visits(events: pd.DataFrame, buyers: set[str]) -> dict[str, Any]:
    """A session is its customer's once it names one; otherwise a visitor of its own."""
    named = events.dropna(subset="user_id").groupby("session_id")["user_id"].first().astype("int64").astype(str)
    visitor = events["session_id"].map(named).fillna("session " + events["session_id"])
    seen = events.assign(visitor=visitor, at=time(events["created_at"]))
    seen = seen[seen["event_type"] != "home"]
    steps = {kind: seen[seen["event_type"] == kind] for kind in ("product", "cart", "purchase")}
    viewed, carted, bought = (set(step["visitor"]) for step in steps.values())
    in_order = [steps["product"].groupby("visitor")["at"].min()]
    for _, then in pairwise(steps):
        after = steps[then][steps[then]["at"] >= steps[then]["visitor"].map(in_order[-1])]
        in_order.append(after.groupby("visitor")["at"].min())
    everyone = set(seen["visitor"])
    return {
        "kpis.visitors": len(everyone),
        "kpis.conversion": len(buyers & everyone) / len(everyone),
        "funnel.viewers": len(viewed),
        "funnel.view_to_cart": len(viewed & carted) / len(viewed),
        "funnel.cart_to_purchase": len(carted & bought) / len(carted),
        "funnel.view_to_purchase": len(viewed & bought) / len(viewed),
        "funnel.bought_without_cart": len(bought - carted),
        "funnel.view_to_cart_in_order": len(in_order[1]) / len(viewed),
        "funnel.cart_to_purchase_in_order": len(in_order[2]) / len(in_order[1]),
        "funnel.view_to_purchase_in_order": len(in_order[2]) / len(viewed),
        "rfm.window_shoppers": len(everyone - bought - buyers),
    }


MODULES = ("quality", "kpis", "months", "funnel", "lifecycle", "mix", "customers", "pareto", "rfm")


@pytest.mark.parametrize("module", MODULES)
def test_the_built_in_shop_is_what_its_raw_files_say(
    module: str, printed: dict[str, Finding], expected: dict[str, Any]
) -> None:
    mine = {key: value for key, value in expected.items() if key.startswith(f"{module}.")}
    assert len(mine) >= 2
    assert not differences(mine, printed)


def differences(expected: dict[str, Any], printed: dict[str, Finding]) -> dict[str, tuple[Any, Any]]:
    """What is printed and what was expected, where they differ."""
    return {
        key: (printed[key].value if key in printed else "absent", value)
        for key, value in expected.items()
        if key not in printed or not same(printed[key].value, value)
    }


def same(value: Any, wanted: Any) -> bool:
    if value is None or isinstance(wanted, str | date):
        return value == wanted
    return math.isclose(float(value), float(wanted), rel_tol=1e-9, abs_tol=1e-9)


# Real data: figures their publishers, or the many who worked with them, state

PUBLISHED: dict[str, dict[str, Any]] = {
    "cdnow/sample_csv": {
        "quality.rows": 6_919,
        "kpis.orders": 6_919 - 223,  # purchases less the further ones of a day
        "kpis.buyers": 2_357,
        "kpis.net": 244_091.94,
        "quality.first_day": date(1997, 1, 1),
        "quality.last_day": date(1998, 6, 30),
    },
    "adventureworks": {
        "kpis.orders": 25_164,
        "kpis.buyers": 17_416,
        "kpis.units": 84_174,
        "kpis.gross": 24_914_586.8193,
        "mix.products_sold": 130,
        "mix.top_category": "Bikes",
    },
    "retail_db": {"lifecycle.created": "absent", "mix.products_sold": 100},  # no order has a time but its creation
    "retailrocket/sample_events.csv.gz": {
        "quality.rows": 9_385,
        "quality.excluded": 3,
        "kpis.buyers": 39,
        "kpis.orders": 40,
        "kpis.units": 46,
        "kpis.visitors": 5_000,
        "kpis.net": None,
    },
    "thelook/thelook_fr_women_2023_2024.csv": {
        "quality.rows": 1_679,
        "lifecycle.created": 1_117,
        "mix.top_country": "France",
        "mix.top_country_share": None,
    },
    "thelook/extract_2025_09": {
        "quality.excluded": 4_000 - 645 - 495 - 507 - 501,
        "quality.money_at_stake": 57_425.43 - 28_591.17,
        "lifecycle.created": 495,
    },
}


@pytest.mark.parametrize("data", PUBLISHED)
def test_real_data_gives_the_published_figures(data: str, tmp_path: Path) -> None:
    if not (REAL / data).exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    wanted = PUBLISHED[data]
    for done in opened(REAL / data, tmp_path, tuple(dict.fromkeys(key.partition(".")[0] for key in wanted))):
        found = {key: (getattr(done.findings.get(key), "value", "absent"), value) for key, value in wanted.items()}
        assert not {key: pair for key, pair in found.items() if not near(*pair)}


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Finding], pd.DataFrame]]:
    """UCI Online Retail: what is printed, and its sales and refunds; refunds and lines of no customer abound."""
    file = REAL / "online_retail" / "online_retail.csv.gz"
    if not file.exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    rows = pd.read_csv(file, dtype={"InvoiceNo": str}, usecols=lambda name: name not in ("Description", "StockCode"))
    cancelled = rows["InvoiceNo"].str.startswith("C")
    sale = ~cancelled & (rows["Quantity"] > 0) & (rows["UnitPrice"] > 0)
    rows = rows.assign(sale=sale, net=rows["Quantity"] * rows["UnitPrice"], at=time(rows["InvoiceDate"]))
    names = ("quality", "kpis", "months", "mix", "customers", "pareto")
    for done in opened(file, tmp_path_factory.mktemp("retail"), names):
        yield done.findings, rows[sale | cancelled | (rows["Quantity"] < 0)]


def test_refunds_and_sales_of_no_customer_are_counted_once(
    retail: tuple[dict[str, Finding], pd.DataFrame],
) -> None:
    printed, rows = retail
    sold, known = rows[rows["sale"]], rows[rows["CustomerID"].notna()]
    buyers = sold["CustomerID"].dropna().unique()
    net = known[known["CustomerID"].isin(buyers)].groupby("CustomerID")["net"].sum()
    best = net.clip(lower=0).sort_values(ascending=False)
    nobody = sold[sold["CustomerID"].isna()]
    of_uk = rows.loc[rows["Country"] == "United Kingdom", "net"].sum()
    published = {
        "quality.rows": 541_909,
        "kpis.buyers": 4_338,
        "customers.orders": 18_532,
        "kpis.net": 9_747_747.934 + 22_124.12,  # the sum of all rows, less the two lines of bad debt
    }
    wanted = published | {
        "kpis.orders": sold["InvoiceNo"].nunique(),
        "kpis.gross": sold["net"].sum(),
        "kpis.refunds": -rows.loc[~rows["sale"], "net"].sum(),
        "kpis.net_known": known["net"].sum(),
        "kpis.revenue_per_buyer": net.sum() / len(buyers),
        "kpis.order_value": sold["net"].sum() / sold["InvoiceNo"].nunique(),
        "quality.unknown_customer_share": nobody["net"].sum() / sold["net"].sum(),
        "quality.unknown_order_share": nobody["InvoiceNo"].nunique() / sold["InvoiceNo"].nunique(),
        "customers.net": net.sum(),
        "customers.negative_customers": float((net < -1e-6).sum()),
        "pareto.customers_for_80": (int((best.cumsum() < 0.8 * best.sum()).sum()) + 1) / len(best),
        "pareto.top_10_share": best.iloc[: -(-len(best) // 10)].sum() / best.sum(),
        "pareto.top_20_share": best.iloc[: -(-len(best) // 5)].sum() / best.sum(),
        "mix.top_country_share": of_uk / rows["net"].sum(),
    }
    assert not {key: (printed[key].value, x) for key, x in wanted.items() if not near(printed[key].value, float(x))}


def test_only_who_bought_in_an_earlier_month_returns(retail: tuple[dict[str, Finding], pd.DataFrame]) -> None:
    printed, rows = retail
    first = rows[rows["sale"]].groupby("CustomerID")["at"].min().dt.to_period("M")
    month = rows["at"].dt.to_period("M")
    known = rows["CustomerID"].notna() & (month <= "2011-11")  # twelve complete months
    again = known & (rows["CustomerID"].map(first) < month)
    assert near(printed["months.returning_share"].value, float(rows[again]["net"].sum() / rows[known]["net"].sum()))


def test_an_order_with_the_status_returned_came_back(tmp_path: Path) -> None:
    file = REAL / "thelook" / "thelook_fr_women_2023_2024.csv"
    if not file.exists():
        pytest.skip("the public data sets lie beside the project, not in it")
    orders = pd.read_csv(file).drop_duplicates("order_id")
    delivered = orders[orders["delivered_at"].notna()]
    for done in opened(file, tmp_path, ("lifecycle",)):
        rate = done.findings["lifecycle.return_rate"].value
        assert near(rate, float((delivered["order_status"] == "Returned").mean()))


def near(value: Any, wanted: Any) -> bool:
    """Published money has cents at most."""
    if value is None or isinstance(wanted, str | date | int | None):
        return value == wanted
    return not isinstance(value, str) and math.isclose(
        float(value), wanted, rel_tol=1e-9, abs_tol=0.006 if wanted > 1 else 1e-9
    )
