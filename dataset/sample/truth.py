"""What is true of the built-in shop: the numbers an analysis of its files should find again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
DAY = 86_400
DEFAULT_LINES = 1.9


@dataclass(frozen=True, slots=True)
class Affinity:
    """Who buys `trigger` adds `partner` to the same order with this probability (over its chance of being there)."""

    trigger: str
    partner: str
    probability: float


@dataclass(frozen=True, slots=True)
class Truth:
    """The planted figures; money in euro, rates per day, shares in [0, 1].

    r, alpha, a, b: BG/NBD in days; exact for the sale orders (neither cancelled nor returned) on calendar days.
    p, q, v: Gamma-Gamma of a customer's order value. Orders are made of whole units at list prices, so that it holds
    as an approximation (see tests/dataset/test_sample.py for what is recovered).
    cancelled_share: of all orders. returned_share: of the orders delivered; an order comes back whole. Both stand
    beside an order that was kept, so that every buyer has a sale; one in the last weeks that had not yet come back
    on the last day is left out. return_weights: how much likelier units of a category are to be in a returned order.
    slow_share: of deliveries, more than five days after the order; by calendar month, then overall.
    drift: by what the odds of a category are multiplied from the first month to the last, evenly in logarithms.
    view_skipped, cart_skipped: share of bought lines without a view or a cart event in the order's visit.
    carted_visits: share of visits without an order that put something in the cart, of registered and anonymous.
    visitors_per_buyer, lookers_per_buyer: all visitors, and those registered who never buy, for each buyer.
    """

    r: float = 0.55
    alpha: float = 100.0
    a: float = 0.55
    b: float = 1.75
    p: float = 4.0
    q: float = 3.6
    v: float = 55.0
    lines_per_order: float = DEFAULT_LINES
    affinities: tuple[Affinity, ...] = (
        Affinity("Lever Espresso Machine", "Espresso Cup Set", 0.45),
        Affinity("Stoneware Teapot", "Assam Loose Tea 250 g", 0.35),
        Affinity("Cast-Iron Skillet 26 cm", "Skillet Handle Cover", 0.30),
        Affinity("Linen Duvet Cover", "Linen Pillowcase Pair", 0.50),
        Affinity("Galvanised Watering Can", "Vegetable Seed Collection", 0.25),
        Affinity("Two-Person Tent", "Three-Season Sleeping Bag", 0.40),
    )
    cancelled_share: float = 0.04
    returned_share: float = 0.09
    return_weights: tuple[tuple[str, float], ...] = (("Outdoor Wear", 2.5),)
    slow_share_by_month: tuple[float, ...] = (0.20, 0.10, 0.09, 0.09, 0.08, 0.08, 0.08, 0.09, 0.09, 0.10, 0.17, 0.22)
    slow_share: float = 0.12
    drift: tuple[tuple[str, float], ...] = (
        ("Camping", 1.7),
        ("Garden", 1.5),
        ("Outdoor Wear", 1.25),
        ("Tableware", 0.70),
        ("Light & Decor", 0.65),
    )
    view_skipped: float = 0.06
    cart_skipped: float = 0.04
    carted_visits: tuple[float, float] = (0.30, 0.09)
    visitors_per_buyer: int = 5
    lookers_per_buyer: int = 1

    @property
    def order_value(self) -> float:
        """The expected order value of a customer, in euro."""
        return self.p * self.v / (self.q - 1)

    @property
    def returned_per_sale(self) -> float:
        return self.returned_share / (1 - self.returned_share)

    @property
    def cancelled_per_sale(self) -> float:
        return self.cancelled_share / (1 - self.cancelled_share) * (1 + self.returned_per_sale)


TRUTH = Truth()


def truth(lines_per_order: float = DEFAULT_LINES) -> Truth:
    """The truth of a shop whose orders have that many lines: longer orders are worth more in proportion."""
    return replace(TRUTH, lines_per_order=lines_per_order, v=TRUTH.v * lines_per_order / DEFAULT_LINES)
