"""Funnel: a case solved by hand, a pandas oracle on random visits, and what must not change."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

LINES = [("o1", "a", "2024-01-31", 10)]
EVENTS = [
    # a: the whole way. b: carted before looking, then bought. c: only looked. d: bought without a cart.
    ("a", "view", "2024-01-01 10:00"),
    ("a", "cart", "2024-01-01 10:00"),
    ("a", "purchase", "2024-01-02"),
    ("b", "cart", "2024-01-01"),
    ("b", "view", "2024-01-02"),
    ("b", "purchase", "2024-01-03"),
    ("c", "view", "2024-01-05"),
    ("c", "view", "2024-01-06"),
    ("d", "purchase", "2024-01-07"),
    (None, "view", "2024-01-07"),
    ("late", "view", "2024-02-01"),  # after the last sale
]
RATES = (
    "view_to_cart",
    "cart_to_purchase",
    "view_to_purchase",
    "view_to_cart_in_order",
    "cart_to_purchase_in_order",
    "view_to_purchase_in_order",
)


def test_by_hand(shop, computed):
    funnel = computed("funnel", shop(LINES, EVENTS, settings={"as_of": date(2024, 2, 1)}))
    steps = funnel.steps.frame.set_index("step")
    assert list(steps["visitors"]) == [4, 3, 2, 3]
    assert list(steps["in_order"]) == [4, 3, 1, 1]
    assert list(steps["rate_from_first"]) == [1, 3 / 4, 2 / 4, 3 / 4]
    assert list(steps["rate_from_previous"]) == pytest.approx([1, 3 / 4, 2 / 3, 2 / 2])
    found = {key: funnel.findings[key].value for key in RATES}
    assert found == pytest.approx(
        {
            "view_to_cart": 2 / 3,
            "cart_to_purchase": 1,
            "view_to_purchase": 2 / 3,
            "view_to_cart_in_order": 1 / 3,
            "cart_to_purchase_in_order": 1,
            "view_to_purchase_in_order": 1 / 3,
        }
    )
    assert funnel.findings["bought_without_cart"].value == 1
    assert funnel.findings["headline"].value == pytest.approx(1 / 3)
    assert "before the cart" in funnel.findings["headline"].claim
    assert [d.isoformat() for d in funnel.findings["visitors"].window] == ["2024-01-01", "2024-01-07"]


def test_carts_before_the_view_and_after_the_purchase_are_looked_at_one_by_one(shop, computed):
    days = {"view": "2024-01-10", "purchase": "2024-01-20"}
    around = [("cart", "2024-01-09"), *days.items(), ("cart", "2024-01-21")]
    events = [(visitor, *act) for visitor in ("on", "off") for act in around]
    events += [("on", "cart", "2024-01-15"), ("edge", "cart", "2024-01-20")]
    events += [("edge", *act) for act in around]
    funnel = computed("funnel", shop(LINES, events))
    assert list(funnel.steps.frame.set_index("step")["in_order"]) == [3, 3, 3, 2]


def random_events(seed: int, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": [f"v{i}" for i in rng.integers(0, 60, rows)],
            "kind": rng.choice(["view", "cart", "purchase"], rows, p=[0.6, 0.25, 0.15]),
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, rows), unit="h"),
        }
    )


def in_order(visit: pd.DataFrame) -> tuple[bool, bool]:
    """Walk one visitor's events by time, views before carts before purchases at the same moment."""
    reached = 0
    place = visit["kind"].map({"view": 0, "cart": 1, "purchase": 2})
    for kind in place.loc[visit.assign(place=place).sort_values(["at", "place"]).index]:
        reached += kind == reached
    return reached >= 2, reached >= 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas(shop, computed, seed):
    events = random_events(seed)
    funnel = computed("funnel", shop(LINES, events))
    who = {kind: set(part["customer_id"]) for kind, part in events.groupby("kind")}
    walks = [in_order(visit) for _, visit in events.groupby("customer_id")]
    steps = funnel.steps.frame
    assert list(steps["visitors"]) == [
        events["customer_id"].nunique(),
        *(len(who[k]) for k in ("view", "cart", "purchase")),
    ]
    assert list(steps["in_order"])[2:] == [sum(w[0] for w in walks), sum(w[1] for w in walks)]
    assert funnel.findings["view_to_cart"].value == pytest.approx(len(who["view"] & who["cart"]) / len(who["view"]))
    assert funnel.findings["bought_without_cart"].value == len(who["purchase"] - who["cart"])


def test_shuffling_and_relabelling_change_nothing(shop, computed):
    events = random_events(4)
    other = events.sample(frac=1, random_state=1).assign(customer_id=lambda e: "x" + e["customer_id"])
    first, second = (computed("funnel", shop(LINES, e)) for e in (events, other))
    assert {k: f.value for k, f in first.findings.items()} == {k: f.value for k, f in second.findings.items()}


def test_doubled_visitors_double_counts_and_keep_rates(shop, computed):
    events = random_events(5)
    twice = pd.concat([events, events.assign(customer_id="twin" + events["customer_id"])])
    one, two = (computed("funnel", shop(LINES, e)).findings for e in (events, twice))
    assert all(two[key].value == pytest.approx(one[key].value) for key in RATES)
    assert all(two[key].value == 2 * one[key].value for key in ("visitors", "viewers", "carters", "purchasers"))


def test_without_carts_or_purchases(shop, computed):
    funnel = computed("funnel", shop(LINES, [("a", "view", "2024-01-01")]))
    assert all(funnel.findings[key].value is None and funnel.findings[key].reason for key in RATES)
    assert funnel.findings["headline"].claim.startswith("The events record no purchase")


def test_loss_at_the_checkout(shop, computed):
    events = [(v, kind, "2024-01-01") for v in "abc" for kind in ("view", "cart")] + [("a", "purchase", "2024-01-02")]
    headline = computed("funnel", shop(LINES, events)).findings["headline"]
    assert "at the checkout" in headline.claim and headline.value == pytest.approx(2 / 3)


def test_visits_after_the_last_sale_count_unless_the_user_looks_at_a_day(shop, computed):
    funnel = computed("funnel", shop(LINES, EVENTS))
    assert funnel.findings["visitors"].value == 5 and funnel.findings["viewers"].value == 4
    assert [d.isoformat() for d in funnel.findings["visitors"].window] == ["2024-01-01", "2024-02-01"]
