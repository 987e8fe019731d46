"""Mix: a case solved by hand, a pandas oracle on random lines, and what must not change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.run import run

# Order, customer, day, amount, kind, product, quantity, country.
LINES = [
    ("o1", "a", "2024-01-01", 60, "sale", "p", 3, "FR"),
    ("o1", "a", "2024-01-01", 30, "sale", "q", 1, "FR"),
    ("o2", "b", "2024-01-02", 30, "sale", "p", 1, "DE"),
    ("o3", None, "2024-01-03", 15, "sale", "r", 2, "DE"),
    ("o3", None, "2024-01-03", 200, "sale", "POST", 1, "DE"),
    ("o4", "b", "2024-01-03", 99, "returned", "r", 1, None),
    ("c1", "b", "2024-01-03", -5, "refund", "q", -1, "DE"),
    ("o5", "b", "2024-01-04", 1, "sale", "s", 1, "DE"),
    ("c2", "b", "2024-01-04", -11, "refund", "s", -1, "DE"),
    ("o6", "b", "2024-01-04", 7, "cancelled", "t", 1, "DE"),
]
PRODUCTS = [("p", "Pen", "Paper", 1), ("q", "Quill", "Paper", 1), ("r", "Rubber", "Desk", 1), ("s", None, None, 1)]


def hand(shop, computed, **more):
    return computed("mix", shop(LINES, products=PRODUCTS, non_products=frozenset({"POST"}), **more))


def rows(table, *columns) -> list:
    return table.frame[list(columns)].to_numpy().tolist()


def test_by_hand(shop, computed):
    mix = hand(shop, computed)
    assert rows(mix.products, "name", "net", "gross", "units") == [
        ["Pen", 90, 90, 4],
        ["Quill", 25, 30, 1],
        ["Rubber", 15, 114, 2],
        ["s", -10, 1, 1],
    ]
    assert rows(mix.categories, "name", "net", "gross", "units") == [
        ["Paper", 115, 120, 5],
        ["Desk", 15, 114, 2],
        ["Unknown", -10, 1, 1],
    ]
    assert rows(mix.countries, "name", "net", "gross", "orders", "customers") == [
        ["DE", 230, 246, 3, 1],
        ["FR", 90, 90, 1, 1],
        ["Unknown", 0, 99, 0, 0],
    ]
    found = {key: f.value for key, f in mix.findings.items()}
    assert found["top_product"] == "Pen" and found["top_product_share"] == pytest.approx(90 / 120)
    assert found["top_category"] == "Paper" and found["top_category_share"] == pytest.approx(115 / 120)
    assert found["top_country"] == "DE" and found["top_country_share"] == pytest.approx(230 / 320)
    # 90 + 25 = 115 of 130 above zero reach four fifths (104); Pen alone does not.
    assert (found["products_sold"], found["products_for_most"], found["tail_share"]) == (4, 2, 0.5)
    assert mix.findings["headline"].claim == (
        "{value} of {mix.products_sold} products bring four fifths of revenue; "
        "{mix.top_category} leads with {mix.top_category_share}."
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas(shop, computed, random_lines, seed):
    lines = random_lines(seed)
    products = pd.DataFrame({"product_id": [f"p{i}" for i in range(20)], "name": "n", "category": list("abcd") * 5})
    made = shop(lines, products=products, non_products=frozenset({"p3"}))
    mix = computed("mix", made)
    lines = lines[lines["ordered_at"] < pd.Timestamp(made[1].snapshot)]
    sales, kept = lines[lines["kind"] == "sale"], lines[lines["kind"].isin(["sale", "refund"])]
    goods = mix.products.frame.set_index("product_id")
    expected = kept.groupby("product_id")["amount"].sum()
    assert set(goods.index) == set(sales["product_id"].dropna()) - {"p3"}
    assert list(goods["net"]) == pytest.approx(list(expected[goods.index]))
    assert list(goods["units"]) == list(sales.groupby("product_id")["quantity"].sum()[goods.index])
    countries = mix.countries.frame.set_index("name")
    by_country = sales.assign(country=sales["country"].fillna("Unknown")).groupby("country")
    assert list(countries["customers"]) == list(by_country["customer_id"].nunique()[countries.index])
    assert list(countries["orders"]) == list(by_country["order_id"].nunique()[countries.index])
    category = products.set_index("product_id")["category"]
    named = sales[sales["product_id"].notna() & (sales["product_id"] != "p3")]
    named = named.assign(category=named["product_id"].map(category).fillna("Unknown")).groupby("category")
    categories = mix.categories.frame.set_index("name")
    assert list(categories["units"]) == list(named["quantity"].sum()[categories.index])
    positive = np.sort(goods["net"][goods["net"] > 0])[::-1]
    most = int(np.searchsorted(np.cumsum(positive), 0.8 * positive.sum()) + 1)
    assert mix.findings["products_for_most"].value == most


def test_shuffled_scaled_and_doubled(shop, computed, random_lines):
    lines = random_lines(4)
    twins = lines.assign(customer_id="x" + lines["customer_id"], order_id="x" + lines["order_id"])
    others = [
        lines.sample(frac=1, random_state=1),
        lines.assign(amount=lines["amount"] * 4),
        pd.concat([lines, twins]),
    ]
    one = computed("mix", shop(lines))
    for data in others:
        two = computed("mix", shop(data))
        for key, finding in one.findings.items():
            assert two.findings[key].value == (
                pytest.approx(finding.value) if key.endswith("_share") else finding.value
            )
    assert list(two.products.frame["units"]) == list(2 * one.products.frame["units"])


def test_a_new_name_is_only_a_label(shop, computed):
    one = hand(shop, computed)
    renamed = [("p", "Pencil", "Paper", 1), *PRODUCTS[1:]]
    two = computed("mix", shop(LINES, products=renamed, non_products=frozenset({"POST"})))
    assert two.findings["top_product"].value == "Pencil"
    assert two.findings["top_product_share"].value == one.findings["top_product_share"].value


def test_without_money_units_rank(shop, computed):
    lines = [("o1", "a", "2024-01-01", None, "sale", "p", 3), ("o2", "b", "2024-01-02", None, "sale", "q", 1)]
    mix = computed("mix", shop(lines, no_money="no prices"))
    assert mix.measure == "units" and mix.products.frame["net"].isna().all()
    assert list(mix.products.frame["share"]) == [0.75, 0.25]
    assert mix.findings["headline"].claim == "{value} of {mix.products_sold} products bring four fifths of units."


def test_without_products(shop, computed):
    lines = [("o1", "a", "2024-01-01", 10, "sale", None, 1, "FR"), ("o2", "a", "2024-01-01", 30, "sale", None, 1, "DE")]
    mix = computed("mix", shop(lines))
    assert mix.products is None and mix.categories is None
    assert mix.findings["products_sold"].reason == "no sale names its product"
    assert mix.findings["headline"].claim == "The largest country, {mix.top_country}, brings {value} of net revenue."


def test_neither_products_nor_countries_is_skipped(shop):
    done = run(["mix"], *shop([("o1", "a", "2024-01-01", 10)]))
    assert done.skipped["mix"] == "the data name neither products nor countries"


def test_refunds_outweigh_sales(shop, computed):
    lines = [("c1", "a", "2024-01-01", -30, "refund", "p"), ("o1", "a", "2024-01-02", 10, "sale", "p")]
    mix = computed("mix", shop(lines))
    for key in ("top_product_share", "products_for_most", "tail_share"):
        assert mix.findings[key].value is None and mix.findings[key].reason


def test_one_country(shop, computed):
    mix = computed("mix", shop([("o1", "a", "2024-01-01", 10, "sale", None, 1, "FR")]))
    assert mix.findings["top_country"].claim == mix.findings["headline"].claim == "The only country is {value}."
    assert mix.findings["top_country_share"].reason == "all net revenue is from one country"


def test_the_first_of_equals_is_not_the_largest(shop, computed):
    lines = [(f"o{p}", "a", "2024-01-01", amount, "sale", p) for p, amount in (("p", 30), ("q", 30), ("r", 1))]
    mix = computed("mix", shop(lines))
    for key in ("top_product", "top_product_share"):
        assert mix.findings[key].reason == "no product stands out: several share the first place"


def test_shares_are_of_lines(shop, computed):
    found = hand(shop, computed).findings
    assert found["top_product_share"].n == 7 and found["top_country_share"].n == 8


@pytest.mark.parametrize("unknown, claim", [(40, "The largest known category is {value}."), (90, None)])
def test_unknown_category_leads(shop, computed, unknown, claim):
    """A category is named beside a larger unknown one; where most is unknown, none is."""
    products = [("p", "Pen", "Paper", 1), ("q", "Ash tray", "Desk", 1), ("s", None, None, 1)]
    lines = [("o1", "a", "2024-01-01", 30, "sale", "p"), ("o2", "a", "2024-01-01", 20, "sale", "q")]
    mix = computed("mix", shop([*lines, ("o3", "a", "2024-01-01", unknown, "sale", "s")], products=products))
    top = mix.findings["top_category"]
    assert (
        top.claim == claim
        if claim
        else top.reason == "for most of the net revenue from goods the category is not known"
    )
    assert "leads with" not in mix.findings["headline"].claim
