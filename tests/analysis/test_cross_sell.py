"""Cross-selling: solved by hand, told again by pandas, under what must not change it, and in every branch."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis import cross_sell, customers
from analysis.cross_sell import CrossSell
from analysis.finding import PLACE, Skip
from analysis.run import run
from dataset import opening
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset
from report import exports
from report.figure import SLOTS, Style, finished
from report.figures.cross_sell import FIGURES
from report.number import text

ROOT = Path(analysis.__file__).parent
SHARED = Path(__file__).resolve().parents[3] / "shared/data/online_retail"
TITLE = 105
PRICE = {"tent": 100, "mat": 20, "lamp": 30, "POST": 7}
PRODUCTS = [("tent", "Tent", "Camp", None), ("mat", "Mat", "Camp", None), ("lamp", "Lamp", "Light", None)]
Pairs = list[tuple[str, str, bool]]


def baskets(pairs: Pairs) -> Any:
    """What the basket analysis says of these pairs: any numbers (nine of ninety orders); strong as told."""
    rows = [(a, b, 9, 0.1, 0.5, 0.25, 3.0, strong) for a, b, strong in pairs]
    columns = ["a", "b", "orders", "support", "confidence_ab", "confidence_ba", "lift", "strong"]
    return SimpleNamespace(pairs=SimpleNamespace(frame=pd.DataFrame(rows, columns=columns)))


def compute(made: tuple[Dataset, Settings], pairs: Pairs) -> CrossSell:
    dataset, settings = made
    lines, products = (
        Relation(dataset.engine, name, ROOT) if name in dataset.tables else None for name in ("lines", "products")
    )
    assert lines is not None
    people = customers.compute(lines, None, settings)
    return cross_sell.compute(lines, products, people, baskets(pairs), dataset, settings)


def value(found: CrossSell, name: str) -> float:
    got = found.findings[name].value
    assert got is not None
    return float(got)  # type: ignore[arg-type]


def bought(customer: str, *products: str, day: int = 1) -> list[tuple[Any, ...]]:
    at = str(date(2024, 1, 1) + timedelta(days=day))
    return [(f"{customer}-{day}", customer, at, PRICE[p], "sale", p, 1, "FR") for p in products]


def by_hand() -> list[tuple[Any, ...]]:
    """Of sixteen with a tent two bought the mat with it, five later, one before: eight are without.

    Six have the mat alone; nobody came back for a tent but one.
    """
    lines = [line for i in range(2) for line in bought(f"s{i}", "tent", "mat")]
    lines += [line for i in range(5) for line in bought(f"l{i}", "tent") + bought(f"l{i}", "mat", day=5)]
    lines += bought("b", "mat") + bought("b", "tent", day=5)
    lines += [line for i in range(8) for line in bought(f"t{i}", "tent")]
    return lines + [line for i in range(6) for line in bought(f"m{i}", "mat")]


PAIR: Pairs = [("mat", "tent", True)]

# By hand


def test_by_hand(shop):
    found = compute(shop(by_hand(), products=PRODUCTS), PAIR)
    (row,) = found.offers.frame.to_dict("records")
    names = ("has", "offer", "category", "price", "buyers", "bought", "share", "first", "later", "without", "customers")
    assert [row[n] for n in names] == ["tent", "mat", "Camp", 20, 16, 8, 0.5, 13, 5, 8, 8]
    assert row["later_share"] == pytest.approx(5 / 13) and row["confidence"] == 0.25 and row["lift"] == 3
    assert row["value"] == pytest.approx(0.03 * 20 * 8) == pytest.approx(value(found, "value"))
    assert found.findings["value"].interval == pytest.approx((2.4, 9.6))
    assert found.customers.frame["customer_id"].tolist() == [f"t{i}" for i in range(8)]
    assert found.customers.frame["expected_value"].tolist() == pytest.approx([0.6] * 8)
    assert value(found, "customer_share") == 8 / 22 and value(found, "unasked") == pytest.approx(5 / 13)
    assert value(found, "value_unasked") == pytest.approx(5 / 13 * 20 * 8)
    assert found.findings["value_unasked"].interval == pytest.approx((0.17706 * 160, 0.64481 * 160), rel=1e-3)


def test_only_strong_pairs_count(shop):
    with pytest.raises(Skip, match="no two products"):
        compute(shop(by_hand(), products=PRODUCTS), [("mat", "tent", False)])


def test_both_directions_where_customers_came_back_both_ways(shop):
    more = [line for i in range(5) for line in bought(f"x{i}", "mat") + bought(f"x{i}", "tent", day=9)]
    found = compute(shop(by_hand() + more, products=PRODUCTS), PAIR)
    got = found.offers.frame.set_index("offer")["customers"].to_dict()
    assert got == {"mat": 8, "tent": 6}


def test_an_offer_does_not_beat_what_it_sold_unasked(shop):
    made = {r: shop(by_hand(), products=PRODUCTS, settings={"cross_sell_response": r}) for r in (0.5, 0.51)}
    assert len(compute(made[0.5], PAIR).offers.frame) == 1
    with pytest.raises(Skip, match="come back for the other"):
        compute(made[0.51], PAIR)


def test_a_customer_counts_once(shop):
    """With a lamp (30) that five of the tents' buyers came back for, too: it brings more a buyer than the mat."""
    more = [line for i in range(5) for line in bought(f"l{i}", "lamp", day=7)]
    found = compute(shop(by_hand() + more, products=PRODUCTS), [*PAIR, ("lamp", "tent", True)])
    frame = found.offers.frame.set_index("offer")
    assert frame["without"].to_dict() == {"lamp": 11, "mat": 8}
    assert frame["customers"].to_dict() == {"lamp": 11, "mat": 0} and value(found, "offers") == 1
    assert found.customers.frame["offer"].astype(str).tolist() == ["lamp"] * 11
    assert set(found.customers.frame["customer_id"]) == {"s0", "s1", "b", *(f"t{i}" for i in range(8))}


def test_refunds_and_cancelled_orders_are_no_purchase(shop):
    extra = [
        ("r", "t0", "2024-01-09", -20, "refund", "mat", -1, "FR"),
        ("x", "t1", "2024-01-09", 20, "cancelled", "mat", 1, "FR"),
        ("y", None, "2024-01-09", 100, "sale", "tent", 1, "FR"),
    ]
    found = compute(shop(by_hand() + extra, products=PRODUCTS), PAIR)
    assert value(found, "customers") == 8


def test_ids_with_signs_of_the_text_searched_stay_apart(shop):
    """Products called `tent|mat` or `tent>mat` are found in no offer of the tent and the mat."""
    odd = [(*x[:5], {"mat": "tent>mat", "tent": "x|tent"}.get(x[5], x[5]), *x[6:]) for x in by_hand()]
    odd = [(f"odd{x[0]}", f"odd{x[1]}", *x[2:]) for x in odd]
    found = compute(shop(by_hand() + odd), PAIR)
    assert value(found, "customers") == 8


# Told again


def told_again(lines: pd.DataFrame, strong: pd.DataFrame, response: float) -> pd.DataFrame:
    """One row a customer with an offer, by loops over sets."""
    sale = lines[lines["kind"] == "sale"].dropna(subset="product_id")
    paid = sale[sale["amount"].notna() & (sale["quantity"] > 0)].astype({"amount": float, "quantity": float})
    sums = paid.groupby("product_id")[["amount", "quantity"]].sum()
    price = sums["amount"] / sums["quantity"]
    known = sale.dropna(subset="customer_id")
    known = known.assign(day=pd.to_datetime(known["ordered_at"]).dt.normalize())
    first = known.groupby(["product_id", "customer_id"])["day"].min()
    holders = {p: first.loc[p].to_dict() for p in {*strong["a"], *strong["b"]} & set(known["product_id"])}
    offers = []
    for pair in strong.itertuples():
        for has, offer in ((pair.a, pair.b), (pair.b, pair.a)):
            left, right = holders.get(has, {}), holders.get(offer, {})
            both = left.keys() & right.keys()
            later = sum(1 for c in both if right[c] > left[c])
            if later < 5 or len(both) / len(left) < response or not price[offer] > 0:
                continue
            worth = round(later / (len(left) - len(both) + later) * price[offer], 9)
            offers.append((-worth, has, offer))
    got: dict[str, tuple[str, str, float]] = {}
    for _, has, offer in sorted(offers):
        for customer in holders[has].keys() - holders[offer].keys():
            got.setdefault(customer, (has, offer, price[offer] * response))
    rows = [(c, *found) for c, found in sorted(got.items())]
    return pd.DataFrame(rows, columns=["customer_id", "has", "offer", "expected"])


@pytest.fixture
def random_shop(random_lines) -> Callable[..., pd.DataFrame]:
    """Lines of few customers with many orders, so that they come back."""

    def make(seed: int, orders: int = 700) -> pd.DataFrame:
        lines = random_lines(seed, orders)
        number = lines["customer_id"].str[1:].astype("float64") % 80
        lines["customer_id"] = [None if np.isnan(n) else f"c{n:.0f}" for n in number]
        return lines

    return make


SOME: Pairs = [("p1", "p2", True), ("p1", "p9", True), ("p3", "p8", True), ("p10", "p20", True), ("p4", "p5", False)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("response", [0.03, 0.3])
def test_told_again_by_pandas(shop, random_shop, seed, response):
    lines = random_shop(seed)
    found = compute(shop(lines, settings={"cross_sell_response": response}), SOME)
    wanted = told_again(lines, baskets(SOME[:4]).pairs.frame, response)
    check_told_again(found, wanted)
    assert len(wanted) > 10


def check_told_again(found: CrossSell, wanted: pd.DataFrame) -> None:
    got = found.customers.frame.sort_values("customer_id")
    assert (got[["customer_id", "has", "offer"]].astype(str).to_numpy() == wanted.iloc[:, :3].to_numpy()).all()
    assert got["expected_value"].to_numpy() == pytest.approx(wanted["expected"].to_numpy(), abs=1e-5)
    assert value(found, "value") == pytest.approx(wanted["expected"].sum(), abs=1e-2)
    for table in filter(None, (found.offers, found.categories)):
        assert table.frame["customers"].sum() == len(wanted) == value(found, "customers")
        assert table.frame["value"].sum() == pytest.approx(value(found, "value"), abs=1e-3)


@pytest.mark.skipif(not SHARED.exists(), reason="the data set is not here")
def test_told_again_on_online_retail(tmp_path):
    dataset, settings = opening.open_data(str(SHARED), "online_retail", None, Settings(), tmp_path)
    done = run(["cross_sell"], dataset, settings)
    pairs: Any = done.results["basket"]
    strong = pairs.pairs.frame.query("strong").head(cross_sell.MOST)
    sql = "select customer_id, product_id, ordered_at, quantity, amount, kind from lines where product_id is not null"
    lines = dataset.engine.arrow(sql).to_pandas()
    found: Any = done.results["cross_sell"]
    check_told_again(found, told_again(lines, strong, 0.03))
    assert len(strong) == cross_sell.MOST and not {"POST", "DOT"} & {*strong["a"], *strong["b"]}
    dataset.engine.close()


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
UNCHANGED = ["has", "offer", "buyers", "bought", "first", "later", "without", "customers"]


@pytest.mark.parametrize("change", CHANGES)
def test_what_must_not_change_it(shop, random_shop, change):
    lines = random_shop(5)
    before, after = (compute(shop(f), SOME) for f in (lines, CHANGES[change](lines)))
    unit = 1000 if change == "thousandfold" else 1
    assert after.offers.frame[UNCHANGED].to_numpy().tolist() == before.offers.frame[UNCHANGED].to_numpy().tolist()
    old, new = (r.offers.frame["value"].to_numpy() for r in (before, after))
    assert new == pytest.approx(old * unit, rel=1e-6, abs=1e-4)
    for name, finding in before.findings.items():
        if finding.unit != "name":
            scale = unit if finding.unit == "money" else 1
            assert value(after, name) == pytest.approx(value(before, name) * scale, rel=1e-6), name
    if change == "shuffled":
        pd.testing.assert_frame_equal(after.customers.frame, before.customers.frame)
        assert after.findings == before.findings


def test_every_customer_twice(shop, random_shop):
    """All counts of people double where the offers stay: many customers each, so that none is let in by the second."""
    lines = random_shop(5, orders=1400)
    again = lines.assign(customer_id=lines["customer_id"] + "b", order_id=lines["order_id"] + "b")
    once, twice = (compute(shop(f), SOME) for f in (lines, pd.concat([lines, again])))
    counts = ["buyers", "bought", "first", "later", "without", "customers"]
    assert once.offers.frame[["has", "offer"]].equals(twice.offers.frame[["has", "offer"]])
    assert (twice.offers.frame[counts] == 2 * once.offers.frame[counts]).all(axis=None)
    assert value(twice, "value") == pytest.approx(2 * value(once, "value"))
    assert value(twice, "unasked") == pytest.approx(value(once, "unasked"))


# Every branch, and when less may be said


@pytest.mark.parametrize("few", [1, 8])
@pytest.mark.parametrize("times", [1, 123456])
@pytest.mark.parametrize("response", [0.03, 0.4])
def test_claims(shop, few, times, response):
    lines = [x for x in by_hand() if x[1] not in [f"t{i}" for i in range(8 - few)]]
    lines = [(*x[:3], x[3] * times, *x[4:]) for x in lines]
    dataset, settings = shop(lines, products=PRODUCTS, settings={"cross_sell_response": response})
    found = compute((dataset, settings), PAIR).findings

    def shown(key: str) -> str:
        return text(found[key].value, found[key].unit, settings, compact=True)

    for key, finding in found.items():
        said = PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1].split(".")[1]), finding.claim)
        assert said.endswith(".") and "  " not in said and not re.search(r"(?<![\d.,])1 customers", said), said
        assert key != "headline" or len(said) <= TITLE, said
    assumed = {k for k, f in found.items() if f.kind == "assumed"}
    assert assumed == {"headline", "value", "value_low", "value_high", "response", "top_value"}
    assert "assumed" in found["unasked"].claim and "assumed" in found["headline"].claim


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lines": [(*x[:3], None, *x[4:]) for x in by_hand()]}, "no price"),
        ({"lines": [(*x[:3], None, *x[4:]) for x in by_hand()], "settings": {"no_money": "no prices"}}, "no prices"),
        ({"lines": [x for x in by_hand() if x[1][0] not in "tb" and x[1][0] != "s"]}, "bought the other as well"),
        ({"lines": [x for x in by_hand() if x[1][0] != "l"]}, "come back for the other"),
        ({"lines": [(x[0], None if x[1] != "b" else "b", *x[2:]) for x in by_hand()]}, "come back for the other"),
    ],
)
def test_skips_say_why(shop, change, why):
    given = {"lines": by_hand(), "products": PRODUCTS} | change
    with pytest.raises(Skip, match=why):
        compute(shop(**given), PAIR)


def test_exports_are_for_their_owner_and_name_every_customer_once(shop, tmp_path):
    found = compute(shop(by_hand(), products=PRODUCTS), PAIR)
    written = exports.write(tmp_path, {"cross_sell": found}, Settings())
    assert set(written) == {"cross_sell.csv", "cross_sell.parquet", "cross_sell_offers.csv"}
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in written}
    assert modes["cross_sell.csv"] == modes["cross_sell.parquet"] == 0o600
    rows = pd.read_parquet(tmp_path / "cross_sell.parquet")
    columns = ["customer_id", "has", "name_has", "offer", "name_offer", "price", "expected_value"]
    assert list(rows) == list(pd.read_csv(tmp_path / "cross_sell.csv")) == columns
    assert rows["customer_id"].is_unique and rows["expected_value"].sum() == pytest.approx(value(found, "value"))
    assert "customer_id" not in pd.read_csv(tmp_path / "cross_sell_offers.csv")


def test_nobody_known_is_skipped_with_a_reason(shop):
    done = run(["cross_sell", "up_sell"], *shop([(x[0], None, *x[2:]) for x in by_hand()], products=PRODUCTS))
    assert all("no sale names its customer" in done.skipped[name] for name in ("cross_sell", "up_sell"))


def test_figures(shop):
    more = [line for i in range(5) for line in bought(f"l{i}", "lamp", day=7) + bought(f"l{i}", "mat", day=9)]
    more += [line for i in range(5) for line in bought(f"y{i}", "lamp") + bought(f"y{i}", "mat", day=9)]
    more += bought("z", "lamp")
    dataset, settings = shop(by_hand() + more, products=PRODUCTS)
    found = compute((dataset, settings), [*PAIR, ("lamp", "tent", True), ("lamp", "mat", True)])
    style = Style(settings, SLOTS["slide"])
    drawn = {f.name: finished(f.draw(found, style), style) for f in FIGURES}
    assert all(drawn.values()) and found.categories is not None and len(found.categories.frame) == 2
    assert list(drawn["offers"].data[0].x) == found.offers.frame["value"].tolist()  # type: ignore[union-attr]
    assert all(
        ("assumed" in f.alt(found, style) and "Lamp" in f.alt(found, style)) or f.name == "categories" for f in FIGURES
    )


def test_each_finding_says_of_whom_and_how_many(shop):
    found = compute(shop(by_hand(), products=PRODUCTS), PAIR).findings
    told = {key: found[key].n for key in ("top_share", "top_attach", "top_lift", "pairs", "customer_share")}
    assert told == {"top_share": 13, "top_attach": 36, "top_lift": 90, "pairs": 1, "customer_share": 22}
    assert found["top_attach"].population == "orders with the product held"
    assert found["customer_share"].population == "known customers with at least one sale"


def test_ids_that_hold_other_ids(shop):
    """Bars and arrows in an id make no other product of it."""
    ids = {"tent": "lamp|mat>tent", "mat": "x|lamp|lamp>tent|", "POST": "~1"}
    lines = [(*line[:5], ids.get(line[5], line[5]), *line[6:]) for line in by_hand() + bought("t0", "lamp", day=9)]
    products = [(ids.get(row[0], row[0]), *row[1:]) for row in PRODUCTS]
    plain = compute(shop(by_hand() + bought("t0", "lamp", day=9), products=PRODUCTS), [("mat", "tent", True)])
    found = compute(shop(lines, products=products), [(ids["mat"], ids["tent"], True)])
    assert found.customers.frame["customer_id"].tolist() == plain.customers.frame["customer_id"].tolist()
    assert found.offers.frame.drop(columns=["has", "offer"]).equals(plain.offers.frame.drop(columns=["has", "offer"]))
