"""Where visitors are lost between the first view and the purchase, in any order and in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import Ground, noun, only_row, over, until
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/funnel.sql"
NO_CART, NO_PURCHASE, NO_VIEW = (
    "the events record no cart",
    "the events record no purchase",
    "the events record no view",
)


@dataclass(frozen=True, slots=True)
class Funnel(Result):
    """steps: Visited, Viewed, Carted, Bought; visitors who did it at all, and who did it after the step before.

    rate_from_first: visitors / all visitors. rate_from_previous: those of the previous step that also did this one, in
    any order. in_order_rate: in_order / in_order of the previous step. All null where the step above is empty.
    """

    steps: Table
    findings: Mapping[str, Finding]


def compute(events: Relation, settings: Settings) -> Funnel:
    """The funnel over distinct visitors, all their events. Skips without an event that names its visitor."""
    row: Mapping[str, Any] = only_row(events.query("funnel.sql", snapshot=settings.snapshot, until=until(settings)))
    if not row["visitors"]:
        raise Skip("no event names its visitor")
    ground = Ground("visitors with at least one event", row["visitors"], (row["first_day"], row["last_day"]), SOURCE)
    findings = _counts(row, ground) | _rates(row, ground)
    findings["headline"] = _headline(row, ground)
    return Funnel(_steps(row), findings)


def _counts(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    def count(key: str, claim: str, definition: str) -> Finding:
        return ground.of(row[key], "count", claim.replace("visitors", noun(row[key], "visitor")), definition)

    skipped = row["purchasers"] - row["carted_and_bought"]
    return {
        "visitors": count("visitors", "{value} visitors came to the shop.", "distinct visitors with any event"),
        "viewers": count("viewers", "{value} visitors looked at a product.", "distinct visitors with a view"),
        "carters": count(
            "carters", "{value} visitors put a product in the cart.", "distinct visitors with a cart event"
        ),
        "purchasers": count("purchasers", "{value} visitors bought.", "distinct visitors with a purchase event"),
        "bought_without_cart": ground.of(
            skipped if row["purchasers"] else None,
            "count",
            f"{{value}} {noun(skipped, 'buyer')} bought without a recorded cart.",
            "visitors with a purchase and no cart event at any time",
            NO_PURCHASE,
            population="visitors with a purchase event",
            n=row["purchasers"],
        ),
    }


def _rates(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    viewers, carters, carted = row["viewers"], row["carters"], row["carted_in_order"]
    no_cart = NO_VIEW if not viewers else NO_CART
    no_purchase = NO_CART if not carters else NO_PURCHASE

    def rate(part: str, whole: int, there: bool, claim: str, definition: str, why: str, population: str) -> Finding:
        value = over(row[part], whole) if there else None
        return ground.of(value, "share", claim, definition, why, population=population, n=whole)

    return {
        "view_to_cart": rate(
            "viewed_and_carted",
            viewers,
            carters > 0,
            "{value} of visitors who looked at a product put one in the cart.",
            "visitors with a view and a cart event, in any order / visitors with a view",
            no_cart,
            "visitors with a view",
        ),
        "cart_to_purchase": rate(
            "carted_and_bought",
            carters,
            row["purchasers"] > 0,
            "{value} of visitors with a cart bought.",
            "visitors with a cart and a purchase event, in any order / visitors with a cart event",
            no_purchase,
            "visitors with a cart event",
        ),
        "view_to_purchase": rate(
            "viewed_and_bought",
            viewers,
            row["purchasers"] > 0,
            "{value} of visitors who looked at a product bought.",
            "visitors with a view and a purchase event, in any order / visitors with a view",
            NO_VIEW if not viewers else NO_PURCHASE,
            "visitors with a view",
        ),
        "view_to_cart_in_order": rate(
            "carted_in_order",
            viewers,
            carters > 0,
            "{value} of visitors who looked at a product put one in the cart afterwards.",
            "visitors with a cart event not before their first view / visitors with a view",
            no_cart,
            "visitors with a view",
        ),
        "cart_to_purchase_in_order": rate(
            "bought_in_order",
            carted,
            row["purchasers"] > 0,
            "{value} of visitors who looked and then filled a cart went on to buy.",
            "visitors with a purchase not before the cart that followed their first view / visitors with such a cart",
            "no visitor put a product in the cart after looking at one" if not carted else NO_PURCHASE,
            "visitors with a cart event after a view",
        ),
        "view_to_purchase_in_order": rate(
            "bought_in_order",
            viewers,
            carters > 0 and row["purchasers"] > 0,
            "{value} of visitors who looked at a product went on to the cart and then bought.",
            "visitors with view, cart and purchase in this order / visitors with a view",
            NO_VIEW if not viewers else no_purchase,
            "visitors with a view",
        ),
    }


def _headline(row: Mapping[str, Any], ground: Ground) -> Finding:
    """The title: the step that loses the larger share of its visitors, by those who never do the next one."""
    viewers, carters = row["viewers"], row["carters"]
    before_cart, at_checkout = viewers - row["viewed_and_carted"], carters - row["carted_and_bought"]
    steeper = (over(before_cart, viewers) or 0.0) >= (over(at_checkout, carters) or 0.0)
    if carters and before_cart and steeper:
        return ground.of(
            over(before_cart, viewers),
            "share",
            "The steepest loss is before the cart: {value} of visitors who looked at a product never filled a cart.",
            "visitors with a view and no cart event / visitors with a view",
            population="visitors with a view",
            n=viewers,
        )
    if carters and at_checkout and row["purchasers"]:
        return ground.of(
            over(at_checkout, carters),
            "share",
            "The steepest loss is at the checkout: {value} of visitors who filled a cart did not buy.",
            "visitors with a cart event and no purchase / visitors with a cart event",
            population="visitors with a cart event",
            n=carters,
        )
    return ground.of(
        over(row["purchasers"], row["visitors"]),
        "share",
        "{value} of visitors bought."
        if row["purchasers"]
        else "The events record no purchase: {value} of visitors bought.",
        "visitors with a purchase event / all visitors",
    )


def _steps(row: Mapping[str, Any]) -> Table:
    steps = pd.DataFrame(
        {
            "step": ["Visited", "Viewed", "Carted", "Bought"],
            "visitors": [row["visitors"], row["viewers"], row["carters"], row["purchasers"]],
            "in_order": [row["visitors"], row["viewers"], row["carted_in_order"], row["bought_in_order"]],
        }
    )
    both = [row["visitors"], row["viewers"], row["viewed_and_carted"], row["carted_and_bought"]]
    above = [row["visitors"], *steps["visitors"][:-1]]
    steps["rate_from_first"] = [over(v, row["visitors"]) for v in steps["visitors"]]
    steps["rate_from_previous"] = pd.Series([over(b, a) for b, a in zip(both, above, strict=True)], dtype="float64")
    ordered = list(steps["in_order"])
    steps["in_order_rate"] = pd.Series(
        [over(o, a) for o, a in zip(ordered, ordered[:1] + ordered, strict=False)], dtype="float64"
    )
    return Table(
        steps,
        "From visit to purchase",
        {
            "step": "Step",
            "visitors": "Visitors, any order",
            "in_order": "Visitors, in order",
            "rate_from_first": "Share of all visitors",
            "rate_from_previous": "Share of the step before, any order",
            "in_order_rate": "Share of the step before, in order",
        },
        SOURCE,
        {
            "visitors": "count",
            "in_order": "count",
            "rate_from_first": "share",
            "rate_from_previous": "share",
            "in_order_rate": "share",
        },
        "In order: not before the step above; events of the same moment count as in order.",
    )
