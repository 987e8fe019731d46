"""Up-selling: solved by hand, told again by pandas, under what must not change it, and in every branch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis import customers, up_sell
from analysis.finding import PLACE, Skip
from analysis.up_sell import UpSell
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset
from report.figure import SLOTS, Style, finished
from report.figures.up_sell import FIGURES
from report.number import text

ROOT = Path(analysis.__file__).parent
TITLE = 105
PRICE = {"cup": 10, "mug": 12, "pot": 16, "urn": 17, "pen": 5, "nib": 5.4, "odd": 14}
PRODUCTS = [
    ("cup", "Cup", "Coffee", None), ("mug", "Mug", "Coffee", None), ("pot", "Pot", "Coffee", None),
    ("urn", "Urn", "Coffee", None), ("pen", "Pen", "Paper", None), ("nib", "Nib", "Paper", None),
    ("odd", "Odd", None, None),
]  # fmt: skip


def compute(made: tuple[Dataset, Settings]) -> UpSell:
    dataset, settings = made
    lines, products = (
        Relation(dataset.engine, name, ROOT) if name in dataset.tables else None for name in ("lines", "products")
    )
    assert lines is not None
    people = customers.compute(lines, None, settings)
    return up_sell.compute(lines, products, people, None, dataset, settings)


def value(found: UpSell, name: str) -> float:
    got = found.findings[name].value
    assert got is not None
    return float(got)  # type: ignore[arg-type]


def bought(customer: str, *products: str, day: int = 1) -> list[tuple[Any, ...]]:
    """An order of a customer: one unit each at its price."""
    at = str(date(2024, 1, 1) + timedelta(days=day))
    return [(f"{customer}-{day}", customer, at, PRICE[p], "sale", p, 1, "FR") for p in products]


def by_hand() -> list[tuple[Any, ...]]:
    """Ten buyers of the cup: five took the pot then (three) or later (two), one had it before, one has the mug."""
    lines = [line for i in range(3) for line in bought(f"s{i}", "cup", "pot")]
    lines += [line for i in range(2) for line in bought(f"l{i}", "cup") + bought(f"l{i}", "pot", day=9)]
    lines += bought("before", "pot") + bought("before", "cup", day=9)
    lines += bought("m", "cup", "mug")
    lines += [line for i in range(3) for line in bought(f"c{i}", "cup", "odd")]
    return lines + [line for i in range(6) for line in bought(f"p{i}", "pen", "nib")]


# By hand


def test_by_hand(shop):
    """The cup leads to the pot (sixty percent dearer); the mug to nothing, nor the pen to a nib an eighth dearer."""
    found = compute(shop(by_hand(), products=PRODUCTS))
    (row,) = found.offers.frame.to_dict("records")
    assert (row["has"], row["offer"], row["category"], row["buyers"], row["bought"], row["later"]) == (
        "cup", "pot", "Coffee", 10, 5, 2,
    )  # fmt: skip
    assert (row["share"], row["step"], row["step_share"], row["customers"]) == (0.5, 6, 0.6, 3)
    assert row["value"] == pytest.approx(0.03 * 6 * 3)
    assert found.customers.frame["customer_id"].tolist() == ["c0", "c1", "c2"]  # m holds the mug, dearer than the cup
    assert found.customers.frame["expected_value"].tolist() == pytest.approx([0.18] * 3)
    assert found.steps.frame["customers"].tolist() == [0] * 9 + [3]
    assert value(found, "value") == pytest.approx(0.54) and value(found, "value_in_addition") == pytest.approx(1.44)
    assert found.findings["value"].interval == pytest.approx((0.27, 1.08))
    assert value(found, "customer_share") == 3 / 16 and value(found, "median_step") == 0.6


def test_just_beyond_the_step_is_no_offer(shop):
    lines = [(*line[:3], 17 if line[5] == "pot" else line[3], *line[4:]) for line in by_hand()]
    with pytest.raises(Skip, match="no dearer product"):
        compute(shop(lines, products=PRODUCTS))


def test_fewer_than_the_assumed_response_is_no_offer(shop):
    """Half of the buyers took the step: an offer is not assumed to do better than that."""
    assert len(compute(shop(by_hand(), products=PRODUCTS, settings={"up_sell_response": 0.5})).offers.frame) == 1
    with pytest.raises(Skip, match="no dearer product"):
        compute(shop(by_hand(), products=PRODUCTS, settings={"up_sell_response": 0.51}))


def test_twice_the_response_is_everybody_at_most(shop):
    found = compute(shop(by_hand(), products=PRODUCTS, settings={"up_sell_response": 0.5}))
    assert value(found, "value_high") == 2 * value(found, "value") == pytest.approx(18)
    more = [line for i in range(40) for line in bought(f"x{i}", "cup", "pot")]
    found = compute(shop(by_hand() + more, products=PRODUCTS, settings={"up_sell_response": 0.8}))
    assert value(found, "value_high") == pytest.approx(value(found, "value") / 0.8)


def test_what_most_bought_is_offered(shop):
    """Six took the pot, seven the mug: the mug is offered, and the smaller step when as many took both."""
    base = [line for i in range(5) for line in bought(f"c{i}", "cup")]
    pots = [line for i in range(6) for line in bought(f"a{i}", "cup", "pot")]
    for mugs, offer in ((7, "mug"), (6, "mug"), (5, "pot")):
        lines = base + pots + [line for i in range(mugs) for line in bought(f"b{i}", "cup", "mug")]
        offers = compute(shop(lines, products=PRODUCTS)).offers.frame
        assert offers.set_index("has").loc["cup", "offer"] == offer


def test_a_customer_counts_once(shop):
    """Of two offers open to one customer, that which brings most a buyer: pens lead to a step of two, cups of six."""
    price = PRICE | {"nib": 7}
    lines = by_hand() + [line for i in range(2) for line in bought(f"c{i}", "pen", day=3)]
    lines += [line for i in range(2) for line in bought(f"n{i}", "pen")]
    lines = [(*line[:3], price[line[5]], *line[4:]) for line in lines]
    found = compute(shop(lines, products=PRODUCTS))
    got = found.customers.frame.set_index("customer_id")["offer"]
    assert got.to_dict() == {"c0": "pot", "c1": "pot", "c2": "pot", "n0": "nib", "n1": "nib"}
    assert found.offers.frame["customers"].sum() == 5 == value(found, "customers")


def test_who_holds_very_many_of_a_category_tells_nothing(shop):
    """A trader who bought everything is no evidence; five others who did are."""
    many = [(f"x{i}", f"X {i}", "Coffee", None) for i in range(60)]
    everything = [("t", "trader", "2024-01-02", 1000 + i, "sale", f"x{i}", 1, "FR") for i in range(60)]
    found = compute(shop(by_hand() + everything, products=PRODUCTS + many))
    assert found.offers.frame["has"].tolist() == ["cup"]
    pairs = [line for trader in "abcde" for line in [(trader + o, trader, *rest) for o, _, *rest in everything]]
    with_more = compute(shop(by_hand() + pairs, products=PRODUCTS + many))
    assert with_more.offers.frame["has"].tolist() == ["cup"]


def test_fees_refunds_and_unknown_customers_are_left_out(shop):
    extra = [
        ("r", "c0", "2024-01-05", -16, "refund", "pot", -1, "FR"),
        ("x", "c1", "2024-01-05", 16, "cancelled", "pot", 1, "FR"),
        ("y", "c2", "2024-01-05", 16, "returned", "pot", 1, "FR"),
        ("z", None, "2024-01-05", 10, "sale", "cup", 1, "FR"),
    ]
    found = compute(shop(by_hand() + extra, products=PRODUCTS))
    assert found.customers.frame["customer_id"].tolist() == ["c0", "c1", "c2"]
    with pytest.raises(Skip, match="no dearer product"):
        compute(shop(by_hand(), products=PRODUCTS, non_products=frozenset({"pot"})))


# Told again


def told_again(lines: pd.DataFrame, products: pd.DataFrame, day: date, response: float) -> pd.DataFrame:
    """One row a customer with an offer, found by loops over pandas frames."""
    sale = lines[
        (lines["kind"] == "sale") & lines["product_id"].notna() & (pd.to_datetime(lines["ordered_at"]) < str(day))
    ]
    paid = sale[sale["amount"].notna() & (sale["quantity"] > 0)].groupby("product_id")[["amount", "quantity"]].sum()
    price = (paid["amount"] / paid["quantity"]).round(6)
    price = price[price > 0]
    category = products.dropna(subset="category").set_index("product_id")["category"]
    goods = [p for p in price.index if p in category.index]
    known = sale[sale["customer_id"].notna() & sale["product_id"].isin(goods)]
    first = (
        known.assign(day=pd.to_datetime(known["ordered_at"]).dt.date)
        .groupby(["customer_id", "product_id"])["day"]
        .min()
    )
    of = {c: f.droplevel(0).to_dict() for c, f in first.groupby(level=0)}
    offers = {}
    for a in goods:
        buyers = [h for h in of.values() if a in h]
        steps = []
        for b in goods:
            step = round(price[b] / price[a] - 1, 9)
            if category[a] != category[b] or not 0.1 <= step <= 0.6:
                continue
            took = sum(1 for h in buyers if b in h and h[b] >= h[a])
            if took >= 5 and took / len(buyers) >= response:
                steps.append((-took, step, b))
        if steps:
            took, _, b = min(steps)
            offers[a] = (round(-took / len(buyers) * (price[b] - price[a]), 9), b, price[b] - price[a])
    rows = []
    for customer, held in of.items():
        dearest: dict[str, list[str]] = {}
        for p in held:
            best = dearest.setdefault(category[p], [p])
            if price[p] > price[best[0]]:
                dearest[category[p]] = [p]
            elif price[p] == price[best[0]] and p != best[0]:
                best.append(p)
        open_ = [(-offers[p][0], p, *offers[p][1:]) for top in dearest.values() for p in top if p in offers]
        if open_:
            _, has, offer, step = min(open_)
            rows.append((customer, has, offer, step * response))
    return pd.DataFrame(rows, columns=["customer_id", "has", "offer", "expected"]).sort_values("customer_id")


@pytest.fixture
def random_shop(random_lines) -> Callable[[int], tuple[pd.DataFrame, pd.DataFrame]]:
    """Lines of goods with a list price each, and the products in three categories, some in none."""

    def make(seed: int, orders: int = 900) -> tuple[pd.DataFrame, pd.DataFrame]:
        lines = random_lines(seed, orders)
        number = lines["customer_id"].str[1:].astype("float64") % 80
        lines["customer_id"] = number.map(lambda n: None if np.isnan(n) else f"c{n:.0f}").astype(object)
        lines["customer_id"] = lines["customer_id"].where(lines["customer_id"].notna(), None)
        number = lines["product_id"].str[1:].astype("float64").fillna(0)
        lines["amount"] = ((5 + number**1.3).round(2) * lines["quantity"]).round(2) * np.sign(lines["amount"])
        ids = [f"p{i}" for i in range(25)]
        category = [None if i == 7 else "ABC"[i % 3] for i in range(25)]
        return lines, pd.DataFrame({"product_id": ids, "name": ids, "category": category})

    return make


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("response", [0.03, 0.2])
def test_told_again_by_pandas(shop, random_shop, seed, response):
    lines, products = random_shop(seed)
    dataset, settings = shop(lines, products=products, settings={"up_sell_response": response})
    found = compute((dataset, settings))
    wanted = told_again(lines, products, settings.snapshot, response)
    got = found.customers.frame.sort_values("customer_id")
    assert len(wanted) > 20
    assert (
        got[["customer_id", "has", "offer"]].astype(str).to_numpy().tolist() == wanted.iloc[:, :3].to_numpy().tolist()
    )
    assert got["expected_value"].to_numpy() == pytest.approx(wanted["expected"].to_numpy(), abs=1e-5)
    assert value(found, "value") == pytest.approx(wanted["expected"].sum(), abs=1e-3)
    for table in filter(None, (found.offers, found.steps, found.categories)):
        assert table.frame["customers"].sum() == len(wanted)
        assert table.frame["value"].sum() == pytest.approx(value(found, "value"), abs=1e-3)


# What must not change it, or only so

CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "shuffled": lambda f: f.sample(frac=1, random_state=3),
    "relabelled": lambda f: f.assign(
        customer_id=f["customer_id"].map(lambda c: f"x{int(c[1:]) * 7919 % 100_003}", na_action="ignore")
    ),
    "later": lambda f: f.assign(ordered_at=f["ordered_at"] + pd.Timedelta(days=28)),
    "thousandfold": lambda f: f.assign(amount=(f["amount"] * 1000).round(2)),
    "split": lambda f: pd.concat([f.assign(quantity=f["quantity"] / 2, amount=f["amount"] / 2)] * 2),
}
UNCHANGED = ("has", "offer", "buyers", "bought", "later", "customers")


@pytest.mark.parametrize("change", CHANGES)
def test_what_must_not_change_it(shop, random_shop, change):
    lines, products = random_shop(5)
    before, after = (compute(shop(f, products=products)) for f in (lines, CHANGES[change](lines)))
    unit = 1000 if change == "thousandfold" else 1
    old, new = (r.offers.frame.sort_values("has", ignore_index=True) for r in (before, after))
    assert new[list(UNCHANGED)].to_numpy().tolist() == old[list(UNCHANGED)].to_numpy().tolist()
    assert new["value"].to_numpy() == pytest.approx(old["value"].to_numpy() * unit, rel=1e-6, abs=1e-5)
    for name, finding in before.findings.items():
        if finding.unit != "name":
            scale = unit if finding.unit == "money" else 1
            assert value(after, name) == pytest.approx(value(before, name) * scale, rel=1e-6), name
    if change == "shuffled":
        pd.testing.assert_frame_equal(after.customers.frame, before.customers.frame)
        assert after.findings == before.findings


def test_every_customer_twice(shop, random_shop):
    lines, products = random_shop(5)
    again = lines.assign(customer_id=lines["customer_id"] + "b", order_id=lines["order_id"] + "b")
    once, twice = (
        compute(shop(f, products=products, settings={"up_sell_response": 0.2}))
        for f in (lines, pd.concat([lines, again]))
    )
    pairs = once.offers.frame.merge(twice.offers.frame, on=["has", "offer"])
    assert len(pairs) > 3
    assert (pairs["buyers_y"] == 2 * pairs["buyers_x"]).all() and (pairs["bought_y"] == 2 * pairs["bought_x"]).all()
    assert pairs["share_y"].to_numpy() == pytest.approx(pairs["share_x"].to_numpy())


# Every branch, and when less may be said


@pytest.mark.parametrize("few", [1, 3])
@pytest.mark.parametrize("times", [1, 123456])
def test_claims(shop, few, times):
    lines = [line for line in by_hand() if line[1] not in ("c0", "c1")[: 3 - few]]
    dataset, settings = shop([(*x[:3], x[3] * times, *x[4:]) for x in lines], products=PRODUCTS)
    found = compute((dataset, settings)).findings

    def shown(key: str) -> str:
        return text(found[key].value, found[key].unit, settings, compact=True)

    for key, finding in found.items():
        said = PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1].split(".")[1]), finding.claim)
        assert said.endswith(".") and "  " not in said and not re.search(r"(?<![\d.,])1 customers", said), said
        assert key != "headline" or len(said) <= TITLE, said
    assumed = {k for k, f in found.items() if f.kind == "assumed"}
    assert assumed == {"headline", "value", "value_low", "value_high", "response", "top_value", "value_in_addition"}
    assert "assumed" in found["headline"].claim


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"products": None}, "no category"),
        ({"products": [(p, n, None, None) for p, n, *_ in PRODUCTS]}, "no category"),
        ({"lines": [(*x[:3], None, *x[4:]) for x in by_hand()]}, "no price"),
        ({"lines": [(*x[:5], None, *x[6:]) for x in by_hand()]}, "names its product"),
        ({"lines": [(*x[:3], None, *x[4:]) for x in by_hand()], "settings": {"no_money": "no prices"}}, "no prices"),
        ({"lines": [x for x in by_hand() if x[1][0] not in "cm"]}, "already holds"),
        ({"lines": by_hand()[:6]}, "no dearer product"),
    ],
)
def test_skips_say_why(shop, change, why):
    given = {"lines": by_hand(), "products": PRODUCTS} | change
    with pytest.raises(Skip, match=why):
        compute(shop(**given))


def test_figures(shop, random_shop):
    lines, products = random_shop(1)
    dataset, settings = shop(lines, products=products)
    found = compute((dataset, settings))
    style = Style(settings, SLOTS["slide"])
    drawn = {f.name: finished(f.draw(found, style), style) for f in FIGURES}
    assert all(drawn.values())
    assert sum(drawn["steps"].data[0].y) == value(found, "customers")  # type: ignore[union-attr]
    assert all("assumed" in f.alt(found, style) for f in FIGURES if f.name != "steps")
    beside = replace(found, beside=True)
    assert FIGURES[0].draw(beside, style) is None
    assert found.categories is not None
    one = replace(found, categories=replace(found.categories, frame=found.categories.frame.head(1)))
    assert next(f for f in FIGURES if f.name == "categories").draw(one, style) is None


def test_no_pair_of_a_category_at_all_is_a_reason(shop):
    with pytest.raises(Skip, match="no dearer product"):
        compute(shop(bought("a", "cup"), products=PRODUCTS))


def test_ids_that_hold_other_ids(shop):
    """Bars and arrows in an id make no other product of it."""
    ids = {"cup": "x|mug|y", "pot": "x>mug~1", "odd": "|"}
    lines = [(*line[:5], ids.get(line[5], line[5]), *line[6:]) for line in by_hand()]
    products = [(ids.get(row[0], row[0]), *row[1:]) for row in PRODUCTS]
    plain, found = compute(shop(by_hand(), products=PRODUCTS)), compute(shop(lines, products=products))
    assert found.customers.frame["customer_id"].tolist() == plain.customers.frame["customer_id"].tolist()
    assert found.offers.frame.drop(columns=["has", "offer"]).equals(plain.offers.frame.drop(columns=["has", "offer"]))
