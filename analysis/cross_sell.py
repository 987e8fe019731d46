"""Who bought one product of a strong pair and not the other: what to offer to whom, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import offers as priced
from analysis.basket import Basket
from analysis.customers import Customers
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import goods
from analysis.ground import noun
from analysis.intervals import wilson
from analysis.long_table import LongTable
from analysis.offers import LEAST, NO_PRICE, Told
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "analysis/cross_sell.sql"
MOST = 200  # the strongest pairs: more make no better offers
EVERYBODY = "known customers with at least one sale"
POPULATION = "known customers who bought one product of a strong pair and not the other"
NOTE = (
    "A pair is strong by the rules of the basket analysis. It is offered in a direction in which at least five "
    "customers came back for the other product on a later day, and in which at least as large a share of the buyers as "
    "the assumed response bought it at all. Who could be offered several products counts with one: that with the "
    "largest share of who came back × price. The expected value (assumed) is the assumed response × price × customers: "
    "one unit each, at the average paid for a unit."
)


@dataclass(frozen=True, slots=True)
class CrossSell(Result):
    """Offers of what is often bought together with what a customer holds; a customer is in one offer at most.

    offers: has, name_has, offer, name_offer, category (of the offer; None unknown), price, orders (with both),
    confidence (share of orders with the one that hold the other), lift, buyers (of the one), bought (both), share
    (bought / buyers), first (buyers who did not have the other by the day they bought the one), later (of them, who
    bought it afterwards), later_share, without (buyers who never bought the other), customers (of them, those for whom
    it is the best offer), value (assumed); most valuable first.
    customers: customer_id, has, name_has, offer, name_offer, price, expected_value: for the exports, never printed.
    categories: category of the offer, customers, value; None where none is known.
    """

    findings: Mapping[str, Finding]
    offers: Table
    customers: LongTable
    categories: Table | None


def compute(
    lines: Relation,
    products: Relation | None,
    customers: Customers,
    basket: Basket,
    dataset: Dataset,
    settings: Settings,
) -> CrossSell:
    """Take the strong pairs both ways, keep those that sell, find who gets what; raises Skip where none is left."""
    if settings.no_money:
        raise Skip(settings.no_money)
    strong = basket.pairs.frame[basket.pairs.frame["strong"].astype(bool)].head(MOST)
    if strong.empty:
        raise Skip("no two products are bought together so often that one calls for the other")
    response = settings.cross_sell_response
    sold = goods(lines, products, dataset, settings).set_index("product_id")
    chosen = _chosen(_counted(lines, _directed(strong, sold), settings), response)
    got = lines.query(
        "cross_sell.sql",
        snapshot=settings.snapshot,
        products=priced.in_text(_ids(chosen)),
        offers=priced.in_pairs(_pairs(chosen)),
    )
    at = _offered(got, chosen)
    if not len(at):
        raise Skip("every customer who bought one product of a strong pair bought the other as well")
    chosen["customers"] = np.bincount(at, minlength=len(chosen))
    offers = priced.valued(chosen, chosen["price"], response)
    listed = priced.people(got["customer_id"], offers, at, "price", response)
    del got, at
    offers = offers.sort_values(["value", "without", "has", "offer"], ascending=[False, False, True, True])
    given = offers[offers["customers"] > 0].reset_index(drop=True)
    return CrossSell(
        findings=_findings(
            given, len(strong), round(strong["orders"].iloc[0] / strong["support"].iloc[0]), customers, response
        ),
        offers=_offers(offers.reset_index(drop=True)),
        customers=listed,
        categories=priced.by_category(given, SOURCE, "Offers by category of the product offered"),
    )


def _directed(strong: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    """Each pair both ways: has, offer, orders, confidence, lift, and what is known of both; offers with a price."""
    ways = []
    for has, offer, confidence in (("a", "b", "confidence_ab"), ("b", "a", "confidence_ba")):
        way = strong[[has, offer, "orders", confidence, "lift"]].set_axis(
            ["has", "offer", "orders", "confidence", "lift"], axis=1
        )
        ways.append(way)
    both = pd.concat(ways, ignore_index=True)
    both["name_has"], both["name_offer"] = both["has"].map(sold["name"]), both["offer"].map(sold["name"])
    both["category"] = both["offer"].map(sold["category"])
    both["price"] = both["offer"].map(sold["price"]).astype("float64")
    both = both[both["price"] > 0]
    if both.empty:
        raise Skip(NO_PRICE)
    return both


def _counted(lines: Relation, ways: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """With known customers: buyers of the one, who bought both, who the other later, and who never the other."""
    found = lines.query(
        "cross_sell_pairs.sql",
        snapshot=settings.snapshot,
        products=priced.in_text(_ids(ways)),
        pairs=priced.in_pairs(_pairs(ways)),
    ).to_pandas()
    itself = found["has"] == found["offer"]
    ways = ways.merge(
        found[~itself].rename(columns={"customers": "bought"}), on=["has", "offer"], how="left", validate="one_to_one"
    )
    ways["buyers"] = ways["has"].map(found[itself].set_index("has")["customers"]).fillna(0).astype("int64")
    for column in ("bought", "later"):
        ways[column] = ways[column].fillna(0).astype("int64")
    ways["without"] = ways["buyers"] - ways["bought"]
    ways["first"] = ways["without"] + ways["later"]
    ways["share"] = (ways["bought"] / ways["buyers"]).fillna(0.0)
    return ways.assign(later_share=(ways["later"] / ways["first"]).fillna(0.0))


def _chosen(ways: pd.DataFrame, response: float) -> pd.DataFrame:
    """The directions in which customers come back by themselves; those that then bring most a buyer first."""
    seen = ways[(ways["later"] >= LEAST) & (ways["share"] >= response)]
    if seen.empty:
        raise Skip("in no strong pair did enough known buyers of one product come back for the other")
    worth = np.round(seen["later_share"] * seen["price"], 9)
    return seen.assign(worth=worth).sort_values(
        ["worth", "has", "offer"], ascending=[False, True, True], ignore_index=True
    )


def _offered(got: pa.Table, chosen: pd.DataFrame) -> np.ndarray:
    """The row of `chosen` that each customer is offered."""
    ids = pd.Index(_ids(chosen))
    ways = [ids.get_indexer(chosen[side]) for side in ("has", "offer")]
    row = np.full((len(ids), len(ids)), -1)
    row[*ways] = np.arange(len(chosen))
    return row[priced.places(got["has"], ids), priced.places(got["offer"], ids)]


def _ids(ways: pd.DataFrame) -> list[str]:
    return sorted({*ways["has"], *ways["offer"]})


def _pairs(ways: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(ways["has"], ways["offer"], strict=True))


def _offers(offers: pd.DataFrame) -> Table:
    labels = {
        "name_has": "Bought",
        "name_offer": "Offer",
        "price": "Price of the offer",
        "lift": "Lift",
        "share": "Share of buyers (measured)",
        "later_share": "Came back for it (measured)",
        "without": "Buyers without it",
        "customers": "Customers offered it",
        "value": "Expected value (assumed)",
    }
    units: dict[str, Unit] = {
        "price": "money",
        "orders": "count",
        "confidence": "share",
        "lift": "ratio",
        "buyers": "count",
        "bought": "count",
        "share": "share",
        "first": "count",
        "later": "count",
        "later_share": "share",
        "without": "count",
        "customers": "count",
        "value": "money",
    }
    columns = ["has", "name_has", "offer", "name_offer", "category", "price", "orders", "confidence", "lift"]
    people = ["buyers", "bought", "share", "first", "later", "later_share", "without", "customers"]
    frame = offers[[*columns, *people, "value"]]
    return Table(frame, "What to offer to whom, the most valuable first", labels, SOURCE, units, NOTE)


def _findings(
    offers: pd.DataFrame, pairs: int, orders: int, customers: Customers, response: float
) -> dict[str, Finding]:
    """pairs: strong ones looked at. orders: all with a product."""
    many = int(offers["customers"].sum())
    told = partial(Finding, population=POPULATION, n=many, window=customers.window, source=SOURCE)
    what = "what often goes with what they bought"
    found = priced.findings("cross_sell", offers, response, "price of the offer", what, "Most valuable offer", told)
    total = found["value"]
    return {
        "headline": Finding(
            total.value,
            "money",
            f"Offering {{cross_sell.customers}} {noun(many, 'customer')} the missing half of a pair is worth {{value}} "
            "at an assumed response of {cross_sell.response}.",
            total.definition,
            POPULATION,
            many,
            customers.window,
            SOURCE,
            "assumed",
            total.interval,
            leading=True,
        ),
        **found,
        "customer_share": told(
            many / len(customers.frame),
            "share",
            "{value} of customers bought one product of a strong pair and not the other.",
            "known customers with an offer / known customers",
            n=len(customers.frame),
            population=EVERYBODY,
        ),
        "top_share": told(
            float(offers["later_share"].iloc[0]),
            "share",
            "Measured: {value} of those who bought {cross_sell.top_has} only came back for {cross_sell.top_offer} "
            "unasked.",
            "customers who bought the offer on a later day than the product held / buyers of the latter without the "
            "offer until then",
            n=int(offers["first"].iloc[0]),
            population="known buyers of the product held, without the offer by the day of its purchase",
        ),
        "top_attach": told(
            float(offers["confidence"].iloc[0]),
            "share",
            "{value} of orders with {cross_sell.top_has} hold {cross_sell.top_offer} as well.",
            "orders with both / orders with the product held",
            n=round(float(offers["orders"].iloc[0] / offers["confidence"].iloc[0])),
            population="orders with the product held",
        ),
        "unasked": _unasked(offers, told),
        "value_unasked": _value_unasked(offers, told),
        "pairs": told(
            pairs,
            "count",
            f"{{value}} strong {noun(pairs, 'pair')} of products {noun(pairs, 'is', 'are')} looked at.",
            "strong pairs of the basket analysis, the strongest two hundred at most",
            n=pairs,
            population="strong pairs of the basket analysis",
        ),
        "top_lift": told(
            float(offers["lift"].iloc[0]),
            "ratio",
            "{cross_sell.top_has} and {cross_sell.top_offer} share an order {value} times as often as by chance.",
            "lift of the pair with the largest expected value: share of orders with both / product of their shares",
            n=orders,
            population="orders with a product",
        ),
    }


def _unasked(offers: pd.DataFrame, told: Told) -> Finding:
    """How many came back by themselves, beside the response that is assumed."""
    first, later = int(offers["first"].sum()), int(offers["later"].sum())
    return told(
        later / first,
        "share",
        "Unasked, {value} came back for the other product; {cross_sell.response} is assumed of the offer.",
        "customers who bought the offer on a later day than the product held / buyers of the latter without the offer "
        "until then; summed over the offers",
        n=first,
        population="buyers of a product offered another, once in each offer",
    )


def _value_unasked(offers: pd.DataFrame, told: Told) -> Finding:
    """What the offers would bring at the rate customers came back by themselves: the measure of what is assumed.

    Interval: Wilson's limits of each offer's rate, put together as those of independent ones (Zou and Donner 2008).
    """
    at_stake = (offers["price"] * offers["customers"]).to_numpy()
    rate = offers["later_share"].to_numpy()
    ends = np.array([wilson(int(k), int(n)) for k, n in zip(offers["later"], offers["first"], strict=True)])
    down, up = (float(np.sqrt((((rate - ends[:, side]) * at_stake) ** 2).sum())) for side in (0, 1))
    value = round(float((rate * at_stake).sum()), 6)
    return told(
        Decimal(str(value)),
        "money",
        "At the rate at which customers came back unasked, the same offers bring {value}.",
        "for each offer: share of the buyers without it who bought it later, measured x price x customers offered; "
        "interval: of the offers as if each had buyers of its own, so rather narrow",
        kind="estimated",
        interval=(value - down, value + up),
        leading=True,
    )
