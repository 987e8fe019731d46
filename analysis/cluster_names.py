"""What a cluster may be called: by a rule over its medians against the population's, never more than they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

HIGH, LOW = 1.5, 1 / 1.5  # times the population's median
LONGER, SHORTER = 1.25, 0.8  # the same for days since the last sale


@dataclass(frozen=True, slots=True)
class Against:
    """A cluster's medians beside the population's."""

    own: Mapping[str, float]
    all: Mapping[str, float]

    def times(self, measure: str) -> float:
        """The cluster's median over the population's; infinite where only the cluster's is above nothing."""
        own, base = self.own[measure], self.all[measure]
        return own / base if base > 0 else np.inf if own > 0 else 1.0

    @property
    def spends_much(self) -> bool:
        return self.times("monetary") >= HIGH

    @property
    def spends_little(self) -> bool:
        return self.times("monetary") <= LOW

    @property
    def orders_more(self) -> bool:
        return self.own["frequency"] > self.all["frequency"]

    @property
    def longer_ago(self) -> bool:
        return self.times("recency") >= LONGER

    @property
    def new(self) -> bool:
        return self.times("tenure") <= LOW and self.times("recency") <= SHORTER


# The first rule that fits names the cluster; the text is printed beside the name.
RULES: tuple[tuple[str, str, Callable[[Against], bool]], ...] = (
    (
        "Valuable but quiet",
        "revenue at least 1.5 times the median or more orders, last purchase at least 1.25 times as long ago",
        lambda c: (c.spends_much or c.orders_more) and c.longer_ago,
    ),
    (
        "Best customers",
        "revenue at least 1.5 times the median, and more orders",
        lambda c: c.spends_much and c.orders_more,
    ),
    ("Big spenders", "revenue at least 1.5 times the median", lambda c: c.spends_much),
    ("Repeat buyers", "more orders than the median", lambda c: c.orders_more),
    (
        "Newcomers",
        "first purchase at most 2/3 as long ago as the median, last purchase at most 0.8 times",
        lambda c: c.new,
    ),
    ("Lapsed", "last purchase at least 1.25 times as long ago as the median", lambda c: c.longer_ago),
    ("Small spenders", "revenue at most 2/3 of the median", lambda c: c.spends_little),
    ("Middle field", "all others", lambda c: True),
)

# What tells namesakes apart, in this order: less and more of a measure.
DEGREES = {
    "monetary": ("lower revenue", "higher revenue"),
    "recency": ("more recent", "less recent"),
    "frequency": ("fewer orders", "more orders"),
    "order_value": ("smaller orders", "larger orders"),
    "tenure": ("newer", "longer known"),
    "items": ("fewer items an order", "more items an order"),
    "products": ("narrower range", "wider range"),
    "returns": ("fewer returns", "more returns"),
    "income": ("lower income", "higher income"),
    "children": ("fewer children", "more children"),
    "age": ("younger", "older"),
}
LETTERS = "ABCDEFGHIJKLMNOPQRST"


def named(medians: Sequence[Mapping[str, float]], population: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """The name of each cluster, all different, and the text of the rule that gave it."""
    rules = [next((n, text) for n, text, fits in RULES if fits(Against(own, population))) for own in medians]
    names = [name for name, _ in rules]
    for name in dict.fromkeys(names):
        same = [at for at, other in enumerate(names) if other == name]
        if len(same) > 1:
            for at, label in zip(same, _apart([medians[i] for i in same]), strict=True):
                names[at] = f"{name} ({label})"
    return names, [text for _, text in rules]


def _apart(medians: Sequence[Mapping[str, float]]) -> list[str]:
    """How namesakes differ: two by the first measure whose medians lie far apart; more, or alike ones, by letters."""
    if len(medians) == 2:
        one, other = medians
        for measure, (less, more) in DEGREES.items():
            low, high = sorted((one.get(measure, 0), other.get(measure, 0)))
            if high > low and high >= HIGH * low:
                return [less, more] if one[measure] == low else [more, less]
    return [f"group {LETTERS[at]}" for at in range(len(medians))]
