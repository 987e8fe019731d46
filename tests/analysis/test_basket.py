"""Baskets: hand-solved shops, recounting in pandas, planted affinities, what must not matter, what must not break."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import together
from analysis.basket import Basket
from analysis.bundles import COLUMNS, bundles, varied
from analysis.finding import PLACE
from analysis.intervals import wilson
from analysis.run import Run, run
from dataset.opening import open_data
from dataset.sample.catalogue import PRODUCTS
from dataset.sample.shop import KEPT, chunks
from dataset.sample.truth import TRUTH
from dataset.settings import Settings
from report.number import text
from tests.analysis.test_claims import (
    check_claims_are_sentences,
    check_one_is_singular,
    check_titles_fit,
    check_what_is_unknown_says_why,
)  # fmt: skip

RETAIL = Path(__file__).resolve().parents[3] / "shared/data/online_retail"
CYCLES = Path(__file__).resolve().parents[3] / "shared/data/adventureworks"
MEASURES = [
    "orders",
    "orders_a",
    "orders_b",
    "support",
    "confidence_ab",
    "confidence_ba",
    "lift",
    "lift_low",
    "leverage",
]
NAMES = [("A", "Lamp", "Light", 20), ("B", "Bulb", "Light", 2), ("C", "Rug", "Floor", 20), ("D", "Mat", "Floor", 4)]


def orders_of(baskets: dict[str, int], prices: dict[str, float] | None = None) -> list[tuple[Any, ...]]:
    """Lines of so many orders of each basket ("AB": products A and B), a customer each, over two months."""
    prices = prices or {p: price for p, _, _, price in NAMES}
    found, number = [], 0
    for basket, times in baskets.items():
        for _ in range(times):
            number += 1
            day = f"2024-{1 + number % 2:02d}-{1 + number % 28:02d}"
            found += [(f"o{number}", f"c{number}", day, prices.get(p, 5), "sale", p, 1, "FR") for p in basket]
    return found


HAND = {"AB": 60, "A": 40, "B": 50, "C": 300, "D": 290, "CD": 30, "ABC": 20, "BD": 10}


def pairs_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(["a", "b"]).sort_index()


def test_by_hand(shop, computed):
    found = computed("basket", shop(orders_of(HAND), products=NAMES))
    pairs = pairs_of(found.pairs.frame)
    assert pairs.index.tolist() == [("A", "B"), ("A", "C"), ("B", "C"), ("C", "D")]
    pair = pairs.loc[("A", "B")]
    assert (pair["orders"], pair["orders_a"], pair["orders_b"]) == (80, 120, 140)
    assert pair["support"] == 80 / 800 and pair["confidence_ab"] == 80 / 120 and pair["confidence_ba"] == 80 / 140
    assert pair["lift"] == pytest.approx((80 / 800) / (120 / 800 * 140 / 800))
    assert pair["leverage"] == pytest.approx(80 / 800 - 120 / 800 * 140 / 800)
    assert (pair["name_a"], pair["name_b"], pair["category_a"]) == ("Lamp", "Bulb", "Light")
    assert found.pairs.frame.query("strong")[["a", "b"]].to_numpy().tolist() == [["A", "B"]]
    values = {key: finding.value for key, finding in found.findings.items()}
    assert (values["least"], values["items"], values["looked"], values["capped"]) == (20, 4, 6, 0)
    assert values["single_share"] == 680 / 800 and values["pairs"] == 4 and values["strong"] == 1
    assert found.findings["strong"].n == 800
    assert (values["bundle_first"], values["bundle_second"], values["bundle_attach"]) == ("Lamp", "Bulb", 80 / 120)
    assert (values["bundle_orders"], values["bundle_room"], values["bundle_beyond"]) == (80, 40, 59)
    assert values["bundle_beat"] == wilson(80, 120)[1]
    told = [found.findings[key] for key in ("bundle_attach", "bundle_beat", "headline")]
    assert {(f.n, f.population) for f in told} == {(120, "orders with the first product of the bundle")}


def test_categories_by_hand(shop, computed):
    found = computed("basket", shop(orders_of(HAND), products=NAMES)).categories.frame.iloc[0]
    assert (found["a"], found["b"], found["orders"]) == ("Floor", "Light", 30)
    assert (found["orders_a"], found["orders_b"]) == (650, 180)
    assert found["lift"] == pytest.approx(30 * 800 / (650 * 180))


def test_bundles_by_hand(shop, computed):
    offer = computed("basket", shop(orders_of(HAND), products=NAMES)).bundles.frame.iloc[0]
    assert (offer["first"], offer["second"], offer["orders"], offer["orders_first"]) == ("Lamp", "Bulb", 80, 120)
    assert (offer["price_first"], offer["price_second"], offer["price"]) == (20, 2, 22)
    assert (offer["attach_low"], offer["attach_high"]) == wilson(80, 120)


def test_rules_are_the_pairs_both_ways(shop, computed):
    found = computed("basket", shop(orders_of(HAND), products=NAMES))
    rules = found.rules.frame
    assert len(rules) == 2 * len(found.pairs.frame)
    rule = rules.set_index(["left_id", "right_id"]).loc[("B", "A")]
    assert (rule["left"], rule["right"], rule["confidence"]) == ("Bulb", "Lamp", 80 / 140)
    assert (rule["orders_left"], rule["orders_right"]) == (140, 120)


def test_a_longer_rule_must_beat_the_shorter_ones(shop, computed):
    """Who buys A and B adds C nearly always; D is no likelier for A and B than for A alone."""
    baskets = {"ABC": 90, "ABCD": 30, "AB": 10, "A": 100, "B": 100, "C": 60, "AC": 40, "BC": 40, "AD": 60, "E": 3000}
    found = computed("basket", shop(orders_of(baskets)))
    rules = found.longer.frame.set_index(["left_id", "right_id"])
    assert ("A + B", "C") in rules.index and not any(right == "D" for _, right in rules.index)
    rule = rules.loc[("A + B", "C")]
    assert (rule["orders"], rule["orders_left"], rule["orders_right"], rule["items"]) == (120, 130, 260, 2)
    assert rule["lift"] == pytest.approx(120 / 130 / (260 / 3530))
    assert rule["lift_low"] < rule["lift"] < rule["lift_high"]


def test_what_is_no_kept_product_is_left_out(shop, computed):
    plain = orders_of(HAND)
    more = [
        *[(f"o{i}", None, "2024-01-05", 5, kind, "D", 1) for i in range(1, 61) for kind in ("cancelled", "returned")],
        *[(f"o{i}", None, "2024-01-05", -5, "refund", "D", 1) for i in range(1, 61)],
        *[(f"o{i}", None, "2024-01-05", 3, "sale", "POST", 1) for i in range(1, 200)],
        *[(f"o{i}", None, "2024-01-05", 3, "sale", None, 1) for i in range(1, 200)],
        *[(None, None, "2024-01-05", 3, "sale", p, 1) for p in "AD" for _ in range(50)],
        *[(f"o{i}", None, "2024-03-05", 3, "sale", "D", 1) for i in range(1, 61)],
    ]
    settings = {"snapshot": pd.Timestamp("2024-03-01").date()}
    ours = computed("basket", shop([*plain, *more], settings=settings, non_products=frozenset({"POST", "DOT"})))
    expected = computed("basket", shop(plain, settings=settings))
    pd.testing.assert_frame_equal(ours.pairs.frame[["a", "b", *MEASURES]], expected.pairs.frame[["a", "b", *MEASURES]])


def recounted(lines: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Orders of all pairs of products of the sale lines, by joining in pandas."""
    held = lines[(lines["kind"] == "sale") & lines["product_id"].notna()][["order_id", "product_id"]].drop_duplicates()
    both = held.merge(held, on="order_id").query("product_id_x < product_id_y")
    counts = both.groupby(["product_id_x", "product_id_y"]).size().rename("orders").reset_index()
    one = held["product_id"].value_counts()
    counts["orders_a"], counts["orders_b"] = (one[counts[f"product_id_{side}"]].to_numpy() for side in "xy")
    orders = held["order_id"].nunique()
    counts["lift"] = counts["orders"] * orders / (counts["orders_a"] * counts["orders_b"])
    counts["support"] = counts["orders"] / orders
    return counts.rename(columns={"product_id_x": "a", "product_id_y": "b"}), orders


@pytest.mark.parametrize("seed", range(4))
def test_equals_pandas_on_random_shops(shop, computed, random_lines, seed):
    lines = random_lines(seed, orders=5000)
    found = computed("basket", shop(lines))
    expected, orders = recounted(lines)
    assert found.findings["strong"].n == orders
    expected = pairs_of(expected[expected["orders"] >= found.findings["least"].value])
    ours = pairs_of(found.pairs.frame)
    assert len(ours) > 30 and ours.index.tolist() == expected.index.tolist()
    for name in ("orders", "orders_a", "orders_b", "lift", "support"):
        assert ours[name].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=1e-12)


@pytest.mark.parametrize(
    ("minimum", "needed"), [(0.5, 40), (0.06, 39), (0.01, 20), (0.001, 20)], ids=["halved", "met", "found", "least"]
)
def test_support_falls_to_what_the_data_carry(shop, computed, monkeypatch, minimum, needed):
    monkeypatch.setattr(together, "ENOUGH", 3)
    baskets = {"AB": 300, "CD": 200, "AC": 45, "BD": 25, "E": 70}
    found = computed("basket", shop(orders_of(baskets), settings={"minimum_support": minimum}))
    levels = [max(20, -(-round(minimum * 640 / 2**k * 1e6) // 10**6)) for k in range(5)]
    counts = sorted(baskets[k] for k in ("AB", "CD", "AC", "BD"))
    expected = next((level for level in levels if sum(c >= level for c in counts) >= 3), levels[-1])
    assert found.findings["least"].value == expected == needed
    assert len(found.pairs.frame) == sum(c >= expected for c in counts)


@pytest.fixture(scope="module")
def bought() -> dict[int, pd.DataFrame]:
    return {seed: planted_lines(seed, 5_000) for seed in range(20)}


def planted_lines(seed: int, customers: int) -> pd.DataFrame:
    """The kept lines of the built-in shop."""
    frames = []
    for chunk in chunks(customers, seed, TRUTH):
        kept = chunk.orders.fate[chunk.lines.order] == KEPT
        order, product = chunk.lines.order[kept], chunk.lines.product[kept]
        frames.append(
            pd.DataFrame(
                {
                    "order_id": [f"o{o}" for o in order],
                    "customer_id": [f"c{p}" for p in chunk.orders.person[order]],
                    "product_id": [PRODUCTS[p].name for p in product],
                    "ordered_at": pd.to_datetime(chunk.orders.at[order], unit="s"),
                    "amount": [PRODUCTS[p].price / 100 for p in product],
                    "kind": "sale",
                }
            )
        )
    return pd.concat(frames)


PLANTED = {tuple(sorted((pair.trigger, pair.partner))) for pair in TRUTH.affinities}


def test_every_planted_affinity_is_found_and_hardly_another(shop, computed, bought):
    found = {}
    for seed, lines in bought.items():
        pairs = computed("basket", shop(lines)).pairs.frame.query("strong")
        found[seed] = set(zip(pairs["a"], pairs["b"], strict=True))
    assert all(pairs >= PLANTED for pairs in found.values())
    false, told = sum(len(pairs - PLANTED) for pairs in found.values()), sum(map(len, found.values()))
    assert false / told <= 0.05, (false, told)


def test_without_holding_them_against_pairs_of_like_prices_there_are_false_ones(shop, computed, bought, monkeypatch):
    """Why prices are looked at: what is held against chance alone names pairs that nobody planted."""
    monkeypatch.setattr("analysis.association.lift_of_alike", lambda counts, price: np.ones(len(counts.a)))
    pairs = computed("basket", shop(bought[0])).pairs.frame.query("strong")
    assert len(set(zip(pairs["a"], pairs["b"], strict=True)) - PLANTED) >= 2


def same(one: Basket, other: Basket, columns: list[str] | None = None) -> None:
    columns = columns or [c for c in one.pairs.frame if c not in ("name_a", "name_b")]
    pd.testing.assert_frame_equal(one.pairs.frame[columns], other.pairs.frame[columns])


@pytest.fixture
def plain(bought) -> pd.DataFrame:
    return bought[0].reset_index(drop=True)


def test_shuffled_lines(shop, computed, plain):
    shuffled = plain.sample(frac=1, random_state=1)
    one, other = computed("basket", shop(plain)), computed("basket", shop(shuffled))
    same(one, other)
    assert one.findings == other.findings
    pd.testing.assert_frame_equal(one.rules.frame, other.rules.frame)
    pd.testing.assert_frame_equal(one.bundles.frame, other.bundles.frame)


def test_relabelled_customers_and_orders(shop, computed, plain):
    other = plain.assign(customer_id="x" + plain["customer_id"].str[::-1], order_id=plain["order_id"].str[::-1] + "y")
    same(computed("basket", shop(plain)), computed("basket", shop(other)))


def test_money_in_another_unit(shop, computed, plain):
    other = plain.assign(amount=plain["amount"] * 1000)
    same(computed("basket", shop(plain)), computed("basket", shop(other)))


def test_later_days(shop, computed, plain):
    other = plain.assign(ordered_at=plain["ordered_at"] + pd.Timedelta(days=28))
    same(computed("basket", shop(plain)), computed("basket", shop(other)))


def test_a_line_split_in_two(shop, computed, plain):
    half = plain.assign(amount=plain["amount"] / 2, quantity=0.5)
    same(computed("basket", shop(plain.assign(quantity=1))), computed("basket", shop(pd.concat([half, half]))))


def test_every_customer_twice(shop, computed, plain):
    twin = plain.assign(order_id="t" + plain["order_id"], customer_id="t" + plain["customer_id"])
    one = pairs_of(computed("basket", shop(plain)).pairs.frame)
    two = pairs_of(computed("basket", shop(pd.concat([plain, twin]))).pairs.frame).loc[one.index]
    for name in ("support", "confidence_ab", "confidence_ba", "lift", "leverage"):
        assert two[name].to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-12)
    assert (two["orders"] == 2 * one["orders"]).all()


def test_another_name_changes_labels_only(shop, computed):
    lines = orders_of(HAND)
    renamed = [("A", "Desk lamp", "Light", 20), *NAMES[1:]]
    one, other = (computed("basket", shop(lines, products=products)) for products in (NAMES, renamed))
    same(one, other)
    assert other.pairs.frame.iloc[0]["name_a"] == "Desk lamp"


def reason(shop, lines: list[tuple[Any, ...]], **more: Any) -> str:
    return run(["basket"], *shop(lines, **more)).skipped["basket"]


def test_nothing_is_said_where_nothing_can_be(shop):
    assert reason(shop, orders_of({"A": 90})) == "no order holds two different products"
    assert reason(shop, orders_of({"A": 90, "B": 90})) == "no order holds two different products"
    assert reason(shop, orders_of({"AA": 90})) == "no order holds two different products"
    assert reason(shop, orders_of({"AB": 19})) == "no two products were bought together in enough orders"
    assert reason(shop, [("o1", "a", "2024-01-01", 5, "sale", None)]) == "no sale names a product"
    assert reason(shop, orders_of({"AP": 90}), non_products=frozenset("P")) == "no order holds two different products"
    assert reason(shop, orders_of({"P": 90}), non_products=frozenset("P")) == "no sale names a product"


def test_one_basket_of_five_thousand_products(shop):
    lines = [("o1", "a", "2024-01-01", 5, "sale", f"p{i}", 1) for i in range(5_000)]
    assert reason(shop, lines) == "no two products were bought together in enough orders"


def test_many_huge_baskets_are_cut_and_counted(shop, computed, monkeypatch):
    monkeypatch.setattr(together, "WORK", 500)
    monkeypatch.setattr(together, "HUGE", 3)
    huge = [(f"h{o}", "a", "2024-01-01", 5, "sale", p, 1) for o in range(30) for p in "ABCDEFG"]
    found = computed("basket", shop([*orders_of(HAND), *huge]))
    pairs = pairs_of(found.pairs.frame)
    assert found.findings["capped"].value == 30
    assert [(note.code, note.count) for note in found.notes] == [("W_HUGE_ORDERS", 30)]
    assert pairs.loc[("C", "D")]["orders"] == 30 + 30 and ("E", "F") not in pairs.index
    assert pairs.loc[("A", "B")]["orders"] == 80  # of a huge order only the three that sell best: C, D and B
    assert (pairs.loc[("B", "C")]["orders"], pairs.loc[("B", "C")]["orders_a"]) == (20 + 30, 140 + 30)


def test_orders_are_whole_while_pairs_are_few(shop, computed):
    huge = [(f"h{o}", "a", "2024-01-01", 5, "sale", f"p{i:03}", 1) for o in range(20) for i in range(450)]
    found = computed("basket", shop([*orders_of(HAND), *huge]))
    assert found.findings["capped"].value == 0 and len(found.pairs.frame) > 450 * 449 // 2


def test_without_prices(shop, computed):
    lines = [(*line[:3], None, *line[4:]) for line in orders_of(HAND)]
    settings = {"no_money": "no prices in the files"}
    found = computed("basket", shop(lines, settings=settings, no_money="no prices in the files"))
    assert found.findings["strong"].value == 1 and found.bundles.frame["price"].isna().all()
    assert found.categories is None and found.longer is None


def test_no_product_too_often():
    pairs = pd.DataFrame([("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("e", "f")], columns=["a", "b"])
    pairs["strong"] = [True, True, True, False, True]
    assert varied(pairs, 9).to_numpy()[:, :2].tolist() == [["a", "b"], ["a", "c"], ["e", "f"]]
    assert len(varied(pairs, 2)) == 2


def test_bundles_of_nothing():
    pairs = pd.DataFrame({name: [] for name in ("a", "b", "leverage", "orders", "orders_a", "orders_b")})
    empty = bundles(pairs.assign(strong=pd.Series(dtype=bool)), pd.Series(dtype=float), 10)
    assert empty.empty and tuple(empty.columns) == COLUMNS


LONG = "Hand-thrown stoneware teapot with bamboo handle and a lid of walnut"
SHAPES: dict[str, dict[str, Any]] = {
    "hand": {"lines": orders_of(HAND), "products": NAMES},
    "one_pair": {"lines": orders_of({"AB": 20})},
    "none_strong": {"lines": orders_of({"AB": 25, "A": 25, "B": 25, "C": 25})},
    "seldom": {"lines": orders_of({"AB": 30, "A": 70, "B": 90, "C": 3000}), "products": NAMES},
    "long_names": {"lines": orders_of(HAND), "products": [(p, f"{LONG} {p}", c, x) for p, _, c, x in NAMES]},
    "dotted": {"lines": orders_of(HAND), "products": [(p, f"{n} - 30 oz.", c, x) for p, n, c, x in NAMES]},
}


@pytest.fixture(params=SHAPES)
def said(request, shop) -> tuple[Run, dict[str, str]]:
    dataset, settings = shop(**SHAPES[request.param])
    done = run(["basket"], dataset, settings)
    assert "basket" in done.results, done.skipped

    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, f"{key} is cited, but unknown: {finding.reason}"
        return text(finding.value, finding.unit, settings, compact=True)

    known = {k: f for k, f in done.findings.items() if f.value is not None and k.startswith("basket.")}
    return done, {
        key: PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1]), f.claim) for key, f in known.items()
    }


def test_claims(said):
    done, claims = said
    check_claims_are_sentences(claims)
    check_one_is_singular(claims)
    check_titles_fit(claims)
    check_what_is_unknown_says_why(done)


@pytest.mark.parametrize(
    ("shape", "title"),
    [
        ("hand", "66.7% of orders with Lamp hold Bulb too."),
        ("seldom", "30.0% of orders with Lamp hold Bulb too: offer them together."),
        ("none_strong", "0 pairs of products are bought together clearly more often than chance."),
        ("long_names", "1 pair of products is bought together clearly more often than chance."),
    ],
)
def test_titles(shop, shape, title):
    dataset, settings = shop(**SHAPES[shape])
    findings = run(["basket"], dataset, settings).findings

    def shown(key: str) -> str:
        return text(findings[key].value, findings[key].unit, settings, compact=True)

    claim = findings["basket.headline"].claim
    assert PLACE.sub(lambda m: shown("basket.headline" if m[1] == "value" else m[1]), claim) == title


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Basket, pd.DataFrame]:
    if not RETAIL.exists():
        pytest.skip("online_retail is not here")
    dataset, settings = open_data(str(RETAIL), "online_retail", None, Settings(), tmp_path_factory.mktemp("retail"))
    found = run(["basket"], dataset, settings).results["basket"]
    lines = dataset.engine.arrow("select order_id, product_id, kind from lines").to_pandas()
    lines = lines[~lines["product_id"].isin(dataset.non_products)]
    dataset.engine.close()
    assert isinstance(found, Basket)
    return found, lines


def test_online_retail_equals_a_matrix_product(retail):
    from scipy.sparse import csr_matrix

    found, lines = retail
    held = lines[(lines["kind"] == "sale") & lines["product_id"].notna()]
    order, product = (pd.factorize(held[name], sort=True) for name in ("order_id", "product_id"))
    matrix = csr_matrix((np.ones(len(held)), (order[0], product[0])))
    matrix.data[:] = matrix.data > 0
    both = (matrix.T @ matrix).toarray()
    place = {name: i for i, name in enumerate(product[1])}
    pairs = found.pairs.frame
    a, b = pairs["a"].map(place).to_numpy(), pairs["b"].map(place).to_numpy()
    assert found.findings["strong"].n == len(order[1])
    assert (pairs["orders"] == both[a, b]).all() and (pairs["orders_a"] == both[a, a]).all()
    assert pairs["lift"].to_numpy() == pytest.approx(both[a, b] * len(order[1]) / both[a, a] / both[b, b], rel=1e-12)
    upper = np.triu(both, 1)
    assert len(pairs) == (upper >= found.findings["least"].value).sum()


def test_online_retail_shows_sets_and_no_postage(retail):
    found, _ = retail
    offers = found.bundles.frame
    names = [f"{row.first} + {row.second}" for row in offers.itertuples()]
    assert sum("JUMBO" in name for name in names) >= 2
    assert any("REGENCY TEACUP" in row.first and "REGENCY TEACUP" in row.second for row in offers.itertuples())
    assert pd.concat([offers["first_id"], offers["second_id"]]).value_counts().max() <= 2
    fees = {"POST", "DOT", "M", "D", "C2", "BANK CHARGES", "AMAZONFEE"}
    assert not fees & {*found.pairs.frame["a"], *found.pairs.frame["b"]}
    assert len(found.longer.frame) > 0


def test_adventureworks_has_the_pairs_its_source_counted(tmp_path):
    """32 pairs at one percent, top lift 15.88: products 530 and 541. (Their 650 orders with both are 743 in this data;
    the other two pairs the source prints, 715 + 723 and 680 + 682, are products nobody bought.)"""
    if not CYCLES.exists():
        pytest.skip("adventureworks is not here")
    dataset, settings = open_data(str(CYCLES), "adventureworks", None, Settings(), tmp_path)
    pairs = run(["basket"], dataset, settings).results["basket"].pairs.frame  # type: ignore[attr-defined]
    often = pairs[pairs["support"] >= 0.01].sort_values("lift", ascending=False)
    assert len(often) == 32
    assert often.iloc[0][["a", "b", "orders", "strong"]].tolist() == ["530", "541", 743, True]
    assert often.iloc[0]["lift"] == pytest.approx(15.88, abs=0.005)
    sold = dataset.engine.rows("select product_id from lines where product_id in ('715', '723', '680', '682')")
    assert sold == []
    dataset.engine.close()


def test_twos_and_threes_of_longer_rules_rest_on_pairs(retail):
    found, _ = retail
    strong = found.pairs.frame.query("strong")
    named = {*strong["a"], *strong["b"]}
    rules = found.longer.frame
    assert set(rules["items"]) <= {2, 3}
    assert all(
        set(left.split(" + ")) | {right} <= named
        for left, right in zip(rules["left_id"], rules["right_id"], strict=True)
    )
    pairs = {(row.a, row.b): row.orders for row in found.pairs.frame.itertuples()}
    for row in rules[rules["items"] == 2].itertuples():
        left = row.left_id.split(" + ")
        assert row.orders_left == pairs[tuple(sorted(left))]
        assert all(row.orders <= pairs[pair] for pair in combinations(sorted([*left, row.right_id]), 2))
