"""What is said of pairs and bundles: how many belong together, which lead, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from analysis.association import FALSE
from analysis.finding import Finding
from analysis.ground import Ground, noun
from analysis.together import LEAST, Together

SOURCE = "analysis/basket.sql"
POPULATION = "orders with a product"
STRONG = "pairs of frequent products bought together more than twice as often as by chance, and as pairs of like prices"
TITLE = 105
OFFER, HALF = ": offer them together", 0.5  # who mostly add it already need no offer
NONE = "no two products are bought together clearly more often than chance"


def findings(
    found: Together, pairs: pd.DataFrame, bundles: pd.DataFrame, window: tuple[date, date]
) -> dict[str, Finding]:
    """Every finding of `basket`; pairs: named, the strong first. bundles: as analysis.bundles."""
    ground = Ground(POPULATION, found.orders, window, SOURCE)
    estimated = partial(Finding, population=POPULATION, n=found.orders, window=window, source=SOURCE, kind="estimated")
    made = _of_counts(found, int(pairs["strong"].sum()), ground)
    made |= _of_the_top(pairs, estimated, ground)
    made |= _of_the_bundle(bundles, estimated, ground)
    made["headline"] = _headline(made, bundles, int(pairs["strong"].sum()))
    return made


def _of_counts(found: Together, strong: int, ground: Ground) -> dict[str, Finding]:
    test = (
        f"{STRONG}; in {LEAST} orders or more; false discovery rate of five percent over all pairs of frequent products"
    )
    return {
        "strong": ground.of(
            strong,
            "count",
            f"{{value}} of {{basket.looked}} pairs of frequent products {noun(strong, 'belongs', 'belong')} together."
            if strong
            else "{value} pairs of products are bought together clearly more often than chance.",
            test,
        ),
        "false_share": Finding(
            value=FALSE,
            unit="share",
            claim="At most {value} of the pairs said to belong together are expected to be so by luck.",
            definition="rate at which false discoveries are held (Benjamini and Hochberg)",
            population="pairs of frequent products looked at",
            n=found.family,
            window=ground.window,
            source="analysis/association.py",
            kind="assumed",
        ),
        "looked": ground.of(
            found.family,
            "count",
            f"{{value}} {noun(found.family, 'pair')} of frequent products {noun(found.family, 'was', 'were')} tested.",
            "pairs of products that are each in as many orders as a pair needs, bought together or not",
        ),
        "items": ground.of(
            found.items,
            "count",
            f"{{value}} products are in {{basket.least}} {noun(found.least, 'order')} or more.",
            "products in as many orders as a pair needs",
        ),
        "pairs": ground.of(
            len(found.pairs),
            "count",
            f"{{value}} {noun(len(found.pairs), 'pair')} of products {noun(len(found.pairs), 'is', 'are')} "
            "in {basket.least} orders or more.",
            "pairs of products in one order that reach the least number of orders",
        ),
        "least": ground.of(
            found.least,
            "count",
            f"A pair needs {{value}} {noun(found.least, 'order')} with both to be told.",
            "orders with both: the minimum support, but never fewer than twenty",
        ),
        "support": ground.of(
            found.least / found.orders if found.least <= found.orders else None,
            "share",
            "That is {value} of orders with a product.",
            "least number of orders of a pair / orders with a product; halved from the minimum of the settings until "
            "a hundred pairs reach it, four times at most",
            "the least number of orders is more than there are",
        ),
        "single_share": ground.of(
            found.single / found.orders,
            "share",
            "{value} of orders hold a single product.",
            "orders with one product, however many units / orders with a product",
        ),
        "capped": ground.of(
            found.capped,
            "count",
            f"{{value}} huge {noun(found.capped, 'order')} {noun(found.capped, 'was', 'were')} cut to best-selling "
            "products."
            if found.capped
            else "{value} orders were cut: all their products are looked at.",
            "orders with so many products that only the best-selling ones are looked at when pairs are counted",
        ),
    }


def _of_the_top(pairs: pd.DataFrame, estimated: Any, ground: Ground) -> dict[str, Finding]:
    """The strong pair with the highest lift."""
    top: Mapping[str, Any] = pairs.iloc[0] if pairs["strong"].any() else {}
    name = partial(ground.of, unit="name", why="" if len(top) else NONE)
    return {
        "top_a": name(top.get("name_a"), claim="In the pair with the highest lift, {value} is one.", definition=TOP),
        "top_b": name(
            top.get("name_b"), claim="In the pair with the highest lift, {value} is the other.", definition=TOP
        ),
        "top_lift": estimated(
            value=float(top["lift"]) if len(top) else None,
            unit="ratio",
            claim="{basket.top_a} and {basket.top_b} are in one order {value} times as often as chance would have it.",
            definition="orders with both x orders / (orders with one x orders with the other), of the strong pair with "
            "the highest; interval of 95 % from the standard error of its logarithm, orders taken as independent",
            interval=(float(top["lift_low"]), float(top["lift_high"])) if len(top) else None,
            reason="" if len(top) else NONE,
        ),
    }


TOP = "of the strong pair with the highest lift"
BUNDLE = (
    "of the strong pair with most orders beyond chance times orders without the second; the first is the one whose "
    "buyers add the other oftener"
)


def _of_the_bundle(bundles: pd.DataFrame, estimated: Any, ground: Ground) -> dict[str, Finding]:
    """The first bundle."""
    best: Mapping[str, Any] = bundles.iloc[0] if len(bundles) else {}
    why = "" if len(best) else NONE
    name, interval = partial(ground.of, unit="name", why=why), None
    if len(best):
        interval = (float(best["attach_low"]), float(best["attach_high"]))
    attach = partial(estimated, unit="share", interval=interval, reason=why)
    if len(best):
        attach = partial(attach, population="orders with the first product of the bundle", n=int(best["orders_first"]))
    share = "orders with both / orders with the first, " + BUNDLE + "; interval: orders taken as independent"
    return {
        "bundle_first": name(best.get("first"), claim="In the first bundle to try, {value} leads.", definition=BUNDLE),
        "bundle_second": name(
            best.get("second"), claim="To the first bundle to try, {value} is added.", definition=BUNDLE
        ),
        "bundle_orders": ground.of(
            int(best["orders"]) if len(best) else None,
            "count",
            "{value} orders hold both.",
            f"orders with both, {BUNDLE}",
            why,
        ),
        "bundle_beyond": ground.of(
            int(best["beyond"]) if len(best) else None,
            "count",
            "Chance would have brought {value} fewer such orders.",
            f"orders with both less those that chance would bring, {BUNDLE}",
            why,
        ),
        "bundle_room": ground.of(
            int(best["room"]) if len(best) else None,
            "count",
            "{value} orders with {basket.bundle_first} went without the other.",
            f"orders with the first less orders with both, {BUNDLE}",
            why,
        ),
        "bundle_attach": attach(
            value=float(best["attach"]) if len(best) else None,
            claim="{value} of orders with {basket.bundle_first} hold {basket.bundle_second} too.",
            definition=share,
        ),
        "bundle_beat": attach(
            value=interval[1] if interval else None,
            claim="A bundle pays only where clearly more than {value} of the first product’s buyers take both.",
            definition=f"upper end of the 95 % interval (Wilson) of {share}",
        ),
    }


def _headline(made: Mapping[str, Finding], bundles: pd.DataFrame, strong: int) -> Finding:
    """The first bundle and how many add it already; the number of strong pairs where names are long or none is."""
    attach, count = made["bundle_attach"], made["strong"]
    room = TITLE - len("100.0 % of orders with  hold  too")
    names = len(f"{made['bundle_first'].value}{made['bundle_second'].value}")
    if bundles.empty or names > room:
        claim = (
            f"{{value}} {noun(strong, 'pair')} of products {noun(strong, 'is', 'are')} "
            "bought together clearly more often than chance."
        )
        return Finding(
            value=count.value,
            unit="count",
            claim=claim,
            definition=count.definition,
            population=count.population,
            n=count.n,
            window=count.window,
            source=count.source,
        )
    offer = OFFER if bundles.iloc[0]["attach"] < HALF and names + len(OFFER) <= room else ""
    return Finding(
        value=attach.value,
        unit="share",
        claim=f"{{value}} of orders with {{basket.bundle_first}} hold {{basket.bundle_second}} too{offer}.",
        definition=attach.definition,
        population=attach.population,
        n=attach.n,
        window=attach.window,
        source=attach.source,
        kind="estimated",
        interval=attach.interval,
    )
