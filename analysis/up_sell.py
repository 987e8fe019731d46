"""Who may be offered something dearer: the step up that buyers of the same product took by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis import offers as priced
from analysis.cross_sell import EVERYBODY, CrossSell
from analysis.customers import Customers
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import goods
from analysis.ground import noun
from analysis.long_table import LongTable
from analysis.offers import LEAST, NO_PRICE
from analysis.similar import Bought, Histories
from analysis.up_sell_steps import then_or_later
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

SOURCE = "analysis/up_sell.sql"
LOW, HIGH = 0.1, 0.6  # the price step, as a part of the cheaper price
CROWD = 50  # products of a category that a customer holds: more say little of any of them
BIN = 0.05
POPULATION = "known customers whose dearest product of a category has a dearer alternative"
NOTE = (
    "Offered is the product of the same category, 10 to 60 % dearer, that most buyers of the one held also bought, "
    "then or later: at least five of them, and at least the assumed response. Price: the average paid for a unit. The "
    "expected value (assumed) is the assumed response × the price step × customers: the dearer product is taken to be "
    "bought instead of the cheaper one, at the next purchase; bought in addition it would bring its whole price. "
    "Categories are those of the data: where they are wide, an alternative need not serve the same purpose."
)


@dataclass(frozen=True, slots=True)
class UpSell(Result):
    """Offers of a dearer product of the same category; a customer is in one offer at most.

    offers: has, name_has, offer, name_offer, category, price_has, price, step (money), step_share, buyers (of the one
    held), bought (of them, who bought the other then or later), later (of these, on a later day), share (bought /
    buyers), customers, value (assumed); most valuable first.
    customers: customer_id, has, name_has, offer, name_offer, price, expected_value: for the exports, never printed.
    steps: low, high, customers, value: offers by price step. categories: category, customers, value.
    beside: whether cross-selling has a slide, which then tells of this too.
    """

    findings: Mapping[str, Finding]
    offers: Table
    customers: LongTable
    steps: Table
    categories: Table | None
    beside: bool


def compute(
    lines: Relation,
    products: Relation | None,
    customers: Customers,
    cross_sell: CrossSell | None,
    dataset: Dataset,
    settings: Settings,
) -> UpSell:
    """Pair the products, pick the offers, find who gets them; raises Skip where a part of that is unknown."""
    if settings.no_money:
        raise Skip(settings.no_money)
    sold = goods(lines, products, dataset, settings)
    _check(sold)
    response, without = settings.up_sell_response, priced.in_text(sorted(dataset.non_products))
    held = Histories.of(lines, sold, dataset, settings, len(customers.frame)).blocks()
    chosen = _chosen(_candidates(held, sold), response)
    got = lines.query(
        "up_sell.sql", snapshot=settings.snapshot, non_products=without, offers=priced.in_text(list(chosen["has"]))
    )
    if not len(got):
        raise Skip("every customer who holds a product already holds the dearest step up from it")
    at = priced.places(got["product_id"], pd.Index(chosen["has"]))
    chosen["customers"] = np.bincount(at, minlength=len(chosen))
    offers = priced.valued(chosen, chosen["step"], response)
    listed = priced.people(got["customer_id"], offers, at, "step", response)
    del got, at
    offers = offers[offers["customers"] > 0].sort_values(["value", "has"], ascending=[False, True], ignore_index=True)
    return UpSell(
        findings=_findings(offers, customers, response),
        offers=_offers(offers),
        customers=listed,
        steps=_steps(offers),
        categories=priced.by_category(offers, SOURCE, "Offers of a dearer product by category"),
        beside=cross_sell is not None,
    )


def _check(sold: pd.DataFrame) -> None:
    if sold.empty:
        raise Skip("no sale names its product")
    if not sold["category"].notna().any():
        raise Skip("the products carry no category")
    if not (sold["price"] > 0).any():
        raise Skip(NO_PRICE)


def _candidates(held: Iterable[Bought], sold: pd.DataFrame) -> pd.DataFrame:
    """Every pair within the price step: has, offer, bought, later, buyers, share, and what is known of both."""
    known = sold.set_index("product_id")
    shelf = pd.factorize(known["category"], sort=True)[0]
    pairs, buyers = then_or_later(held, np.where(np.round(known["price"], 6) > 0, shelf, -1), CROWD)
    pairs["buyers"] = buyers[pairs["has"]].astype(float)
    pairs["share"] = pairs["bought"] / pairs["buyers"]
    ids = known.index.to_numpy()
    pairs["has"], pairs["offer"] = ids[pairs["has"]], ids[pairs["offer"]]
    for side in ("has", "offer"):
        pairs[f"name_{side}"] = pairs[side].map(known["name"])
        pairs[f"price_{side}"] = pairs[side].map(known["price"]).astype("float64")
    pairs["category"] = pairs["has"].map(known["category"])
    pairs["step"] = pairs["price_offer"] - pairs["price_has"]
    pairs["step_share"] = np.round(pairs["step"] / pairs["price_has"], 9)
    return pairs[pairs["step_share"].between(LOW, HIGH)].rename(columns={"price_offer": "price"})


def _chosen(pairs: pd.DataFrame, response: float) -> pd.DataFrame:
    """One offer a product held: what most of its buyers bought; those that sell most by themselves first."""
    seen = pairs[(pairs["bought"] >= LEAST) & (pairs["share"] >= response)]
    if seen.empty:
        raise Skip("no dearer product of a category was bought by enough buyers of a cheaper one")
    best = seen.sort_values(["bought", "step_share", "offer"], ascending=[False, True, True]).drop_duplicates("has")
    worth = np.round(best["share"] * best["step"], 9)
    return best.assign(worth=worth).sort_values(["worth", "has"], ascending=[False, True], ignore_index=True)


def _offers(offers: pd.DataFrame) -> Table:
    labels = {
        "name_has": "Bought",
        "name_offer": "Offer",
        "category": "Category",
        "price": "Price of the offer",
        "step_share": "Step",
        "bought": "Bought both",
        "later": "the dearer later",
        "share": "Share of buyers (measured)",
        "customers": "Customers",
        "value": "Expected value (assumed)",
    }
    units: dict[str, Unit] = {
        "price_has": "money",
        "price": "money",
        "step": "money",
        "step_share": "share",
        "buyers": "count",
        "bought": "count",
        "later": "count",
        "share": "share",
        "customers": "count",
        "value": "money",
    }
    columns = ["has", "name_has", "offer", "name_offer", "category", "price_has", "price", "step", "step_share"]
    frame = offers[[*columns, "buyers", "bought", "later", "share", "customers", "value"]]
    return Table(frame, "Dearer products to offer, the most valuable first", labels, SOURCE, units, NOTE)


def _steps(offers: pd.DataFrame) -> Table:
    """Customers by the price step of their offer, in bins of five percent."""
    count = round((HIGH - LOW) / BIN)
    bins = np.minimum(((offers["step_share"] - LOW) / BIN + 1e-6).astype(int), count - 1)
    sums = offers.groupby(bins)[["customers", "value"]].sum().reindex(range(count), fill_value=0)
    low = np.round(LOW + BIN * np.arange(count), 2)
    frame = pd.DataFrame({"low": low, "high": np.round(low + BIN, 2), **{c: sums[c].to_numpy() for c in sums}})
    units: dict[str, Unit] = {"low": "share", "high": "share", "customers": "count", "value": "money"}
    labels = {"low": "Step from", "high": "to below", "customers": "Customers", "value": "Expected value (assumed)"}
    return Table(
        frame, "Customers by the price step of their offer", labels, SOURCE, units, "The last step includes its end."
    )


def _findings(offers: pd.DataFrame, customers: Customers, response: float) -> dict[str, Finding]:
    many = int(offers["customers"].sum())
    told = partial(Finding, population=POPULATION, n=many, window=customers.window, source=SOURCE)
    found = priced.findings(
        "up_sell", offers, response, "price step", "something dearer", "Most valuable step up", told
    )
    total = found["value"]
    step = float(np.median(np.repeat(offers["step_share"], offers["customers"])))
    return {
        "headline": Finding(
            total.value,
            "money",
            f"A dearer alternative for {{up_sell.customers}} {noun(many, 'customer')} is worth {{value}} at an assumed "
            "response of {up_sell.response}.",
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
        "top_share": told(
            float(offers["share"].iloc[0]),
            "share",
            "Measured: {value} of the buyers of {up_sell.top_has} bought {up_sell.top_offer} too, then or later.",
            "customers who bought the offer on the day of the product held, or later / buyers of the product held",
            n=int(offers["buyers"].iloc[0]),
            population="known buyers of the product held",
        ),
        "customer_share": told(
            many / len(customers.frame),
            "share",
            "{value} of customers hold a product whose buyers also bought a dearer one.",
            "known customers with an offer of a dearer product / known customers",
            n=len(customers.frame),
            population=EVERYBODY,
        ),
        "median_step": told(
            step,
            "share",
            "For half of them the offer costs at least {value} more than what they hold.",
            "median, over customers offered, of (price of the offer - price of the product held) / price of the latter",
        ),
        "value_in_addition": told(
            priced.exact(np.round(response * offers["price"] * offers["customers"], 6).to_numpy()),
            "money",
            "Bought in addition instead of in place of the cheaper one, they would bring {value}, as assumed.",
            "assumed response x price of the offer x customers offered",
            kind="assumed",
            leading=True,
        ),
    }
