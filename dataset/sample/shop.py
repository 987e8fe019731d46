"""The people, orders and lines of the built-in shop: a chunk of buyers at a time, in numpy, from its own generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dataset.sample.catalogue import CATEGORIES, CITIES, FAMILY_NAMES, GIVEN_NAMES, PRODUCTS, STREETS
from dataset.sample.truth import DAY, DAYS, FIRST_DAY, Truth

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHUNK = 20_000
START = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp())
END = START + DAYS * DAY
NEVER = np.iinfo(np.int64).min
KEPT, CANCELLED, RETURNED = 0, 1, 2
STATUSES = ("Complete", "Shipped", "Processing", "Cancelled", "Returned")

DATES = [FIRST_DAY + timedelta(days=i) for i in range(DAYS)]
MONTH_OF_DAY = np.array([12 * (d.year - FIRST_DAY.year) + d.month - 1 for d in DATES])
MONTHS = int(MONTH_OF_DAY[-1]) + 1
# New people: growth over the period, by calendar month, by weekday from Monday.
GROWTH = 1.25
PEOPLE_BY_MONTH = (0.92, 0.90, 0.97, 1.02, 1.06, 1.00, 0.88, 0.86, 0.98, 1.05, 1.22, 1.24)
PEOPLE_BY_WEEKDAY = (1.04, 1.00, 0.98, 0.97, 0.92, 0.96, 1.13)
# Hours of the day from midnight; nothing happens before six.
HOURS = (0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 6, 6, 7, 6, 5, 5, 5, 6, 7, 9, 10, 9, 5, 2)
# What of a category is wanted in which calendar month.
SEASON: dict[str, tuple[float, ...]] = {
    "Garden": (0.5, 0.7, 1.2, 1.6, 1.7, 1.4, 1.1, 0.9, 0.8, 0.6, 0.5, 0.4),
    "Camping": (0.7, 0.7, 0.8, 1.0, 1.3, 1.5, 1.5, 1.3, 0.9, 0.8, 0.8, 0.9),
    "Outdoor Wear": (1.1, 1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.9, 1.2, 1.3, 1.2, 1.1),
    "Light & Decor": (0.9, 0.8, 0.8, 0.8, 0.8, 0.7, 0.8, 0.9, 1.1, 1.2, 1.6, 1.7),
}
SHARE_OF_CATEGORY = {
    "Coffee & Tea": 1.3,
    "Kitchen": 1.25,
    "Tableware": 1.1,
    "Garden": 0.85,
    "Camping": 0.8,
    "Outdoor Wear": 0.8,
}
# The prices looked for fall into bands; how near in log price a product must be.
BANDS = 40
BAND_EDGES = np.linspace(np.log(300), np.log(90_000), BANDS + 1)
PRICE_REACH = 0.45
MOST_UNITS = 12
# Seconds from registering to the end of the first visit at least.
BEFORE_FIRST = 7_200
TRAFFIC = ("Search", "Organic", "Email", "Display", "Social")
TRAFFIC_SHARES = (0.44, 0.24, 0.12, 0.10, 0.10)
PRICES = np.array([p.price for p in PRODUCTS], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class People:
    """The registered of a chunk, by time of registration: columns of equal length, indices into catalogue.py."""

    buyer: NDArray[np.bool_]
    registered_at: Ints
    city: Ints
    given: Ints
    family: Ints
    street: Ints
    house: Ints
    age: Ints
    source: Ints


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of a chunk by time; person: index into People; times in seconds since 1970, NEVER when not so."""

    person: Ints
    fate: Ints
    status: Ints
    at: Ints
    shipped_at: Ints
    delivered_at: Ints
    returned_at: Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a chunk by order, then product: one row an order and product, quantity in units."""

    order: Ints
    product: Ints
    quantity: Ints


@dataclass(frozen=True, slots=True)
class Chunk:
    """One part of the shop; first_person and first_order count those of the chunks before."""

    number: int
    first_person: int
    first_order: int
    people: People
    orders: Orders
    lines: Lines


def chunks(customers: int, seed: int, truth: Truth) -> Iterator[Chunk]:
    """The shop, CHUNK buyers at a time; a full chunk is the same in a shop of any size."""
    tastes = Tastes(truth)
    people = orders = 0
    for number, done in enumerate(range(0, customers, CHUNK)):
        chunk = _chunk(number, people, orders, min(CHUNK, customers - done), seed, truth, tastes)
        yield chunk
        people += len(chunk.people.buyer)
        orders += len(chunk.orders.at)


def generator(seed: int, chunk: int, part: int) -> np.random.Generator:
    """The random numbers of one part (0 orders, 1 people, 2 visits) of one chunk."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(chunk, part))))


def inverse(weights: NDArray[np.float64] | tuple[float, ...]) -> Floats:
    """Cumulated shares, to draw an index by searchsorted."""
    total = np.cumsum(np.asarray(weights, dtype=np.float64))
    return total / total[-1]


def draw(rng: np.random.Generator, cumulated: Floats, n: int) -> Ints:
    return np.searchsorted(cumulated, rng.random(n), side="right").astype(np.int64)


def time_of_day(rng: np.random.Generator, n: int) -> Ints:
    """Seconds after midnight, busiest in the evening."""
    return draw(rng, HOUR_SHARES, n) * 3600 + rng.integers(0, 3600, n)


DAY_SHARES = inverse(
    np.array(
        [
            (1 + (GROWTH - 1) * i / DAYS) * PEOPLE_BY_MONTH[d.month - 1] * PEOPLE_BY_WEEKDAY[d.weekday()]
            for i, d in enumerate(DATES)
        ]
    )
)
HOUR_SHARES = inverse(HOURS)
CITY_SHARES = inverse(tuple(float(city[-1]) for city in CITIES))


class Tastes:
    """What is bought when, at which price: cumulated shares of the products by (returned, band, month).

    The last band has no price in mind: it is what visitors look at.
    """

    def __init__(self, truth: Truth) -> None:
        popularity = np.array([SHARE_OF_CATEGORY.get(p.category, 1.0) * (p.rank + 1.0) ** -0.9 for p in PRODUCTS])
        in_category = np.array([CATEGORIES.index(p.category) for p in PRODUCTS])
        by_month = _category_by_month(truth)[:, in_category] * popularity
        centres = (BAND_EDGES[:-1] + BAND_EDGES[1:]) / 2
        distance = (np.log(PRICES) - centres[:, None]) / PRICE_REACH
        near = np.vstack([np.exp(-0.5 * distance**2) + 1e-9, np.ones(len(PRODUCTS))])
        back = np.ones((2, len(PRODUCTS)))
        back[1] = [dict(truth.return_weights).get(p.category, 1.0) for p in PRODUCTS]
        weights = back[:, None, None] * near[None, :, None] * by_month[None, None]
        shares = np.cumsum(weights, axis=-1)
        shares /= shares[..., -1:]
        self.shape = shares.shape
        self.flat = (shares.reshape(-1, len(PRODUCTS)) + np.arange(shares.size // len(PRODUCTS))[:, None]).ravel()

    def products(self, rng: np.random.Generator, returned: Ints | int, band: Ints | int, month: Ints) -> Ints:
        row = (returned * self.shape[1] + band) * self.shape[2] + month
        drawn = np.searchsorted(self.flat, row + rng.random(len(month)), side="right") - row * len(PRODUCTS)
        return np.minimum(drawn, len(PRODUCTS) - 1).astype(np.int64)


def _category_by_month(truth: Truth) -> Floats:
    """(months, categories): drift over the period times the season."""
    age = np.arange(MONTHS) / (MONTHS - 1)
    drift = dict(truth.drift)
    return np.column_stack(
        [drift.get(c, 1.0) ** age * np.array(SEASON.get(c, (1.0,) * 12))[np.arange(MONTHS) % 12] for c in CATEGORIES]
    )


def _chunk(
    number: int, first_person: int, first_order: int, buyers: int, seed: int, truth: Truth, tastes: Tastes
) -> Chunk:
    rng = generator(seed, number, 0)
    orders, value = _orders(rng, buyers, truth)
    lines = _lines(rng, orders, value, truth, tastes)
    people, place = _people(generator(seed, number, 1), buyers, orders, truth)
    orders = replace(orders, person=place[orders.person])
    return Chunk(number, first_person, first_order, people, orders, lines)


def _orders(rng: np.random.Generator, buyers: int, truth: Truth) -> tuple[Orders, Floats]:
    """The orders by time, and the value in cents each is to have."""
    person, day = _sales(rng, buyers, truth)
    beside = [(KEPT, person, day)]
    for kind, rate in ((RETURNED, truth.returned_per_sale), (CANCELLED, truth.cancelled_per_sale)):
        chosen = np.flatnonzero(rng.random(len(person)) < rate)
        beside.append((kind, person[chosen], day[chosen] + rng.integers(1, 15, len(chosen))))
    fate = np.concatenate([np.full(len(who), kind, dtype=np.int64) for kind, who, _ in beside])
    person = np.concatenate([who for _, who, _ in beside])
    day = np.concatenate([when for _, _, when in beside])
    at = START + day * DAY + time_of_day(rng, len(day))
    mean_value = rng.gamma(truth.q, 1 / truth.v, buyers)
    value = rng.gamma(truth.p * SPREAD_DRAWN, size=len(at)) / mean_value[person] * 100 / SPREAD_DRAWN
    shipped, delivered, returned = _lifecycle(rng, np.minimum(day, DAYS - 1), at, fate, truth)
    there = np.flatnonzero((at < END) & ((fate != RETURNED) | (returned < END)))
    there = there[np.lexsort((person[there], at[there]))]
    shipped, delivered, returned = (np.where(t < END, t, NEVER) for t in (shipped, delivered, returned))
    status = np.select(
        [fate == CANCELLED, fate == RETURNED, delivered != NEVER, shipped != NEVER], [3, 4, 0, 1], default=2
    )
    columns = (person, fate, status, at, shipped, delivered, returned)
    return Orders(*(c[there] for c in columns)), value[there]


def _sales(rng: np.random.Generator, buyers: int, truth: Truth) -> tuple[Ints, Ints]:
    """(buyer, day) of each kept order: BG/NBD from the first order on; dropping out after a repeat order only."""
    rate = np.maximum(rng.gamma(truth.r, 1 / truth.alpha, buyers), 1e-12)
    leave = rng.beta(truth.a, truth.b, buyers)
    first = draw(rng, DAY_SHARES, buyers)
    start = first + rng.random(buyers)
    found = [(np.arange(buyers), first)]
    active, time = np.arange(buyers), start
    while len(active):
        time = time + rng.standard_exponential(len(active)) / rate[active]
        inside = time < DAYS
        active, time = active[inside], time[inside]
        found.append((active, np.floor(time).astype(np.int64)))
        stays = rng.random(len(active)) >= leave[active]
        active, time = active[stays], time[stays]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _lifecycle(rng: np.random.Generator, day: Ints, at: Ints, fate: Ints, truth: Truth) -> tuple[Ints, Ints, Ints]:
    """Shipped, delivered and returned times, whether or not they lie within the period."""
    n = len(at)
    slow = rng.random(n) < np.array(truth.slow_share_by_month)[MONTH_OF_DAY[day] % 12]
    quick_days = 1.2 + 3.7 * rng.beta(2.0, 2.0, n)
    slow_days = 5.1 + np.minimum(rng.gamma(2.0, 1.2, n), 12.0)
    travel = np.where(slow, slow_days, quick_days) * DAY
    shipped = at + (travel * rng.uniform(0.2, 0.5, n)).astype(np.int64)
    delivered = at + travel.astype(np.int64)
    kept_days = 2.0 + np.minimum(rng.gamma(2.0, 4.0, n), 38.0)
    returned = delivered + (kept_days * DAY).astype(np.int64)
    never = np.int64(np.iinfo(np.int64).max)
    cancelled = fate == CANCELLED
    return (
        np.where(cancelled, never, shipped),
        np.where(cancelled, never, delivered),
        np.where(fate == RETURNED, returned, never),
    )


def _lines(rng: np.random.Generator, orders: Orders, value: Floats, truth: Truth, tastes: Tastes) -> Lines:
    """What is in each order: products near the price sought, cheap ones several times, and partners."""
    count = 1 + rng.poisson(max(truth.lines_per_order - 1, 0.0), len(value))
    order = np.repeat(np.arange(len(value)), count)
    wanted = np.repeat(value * VALUE_DRAWN / count, count) * np.exp(rng.normal(-0.08, 0.4, len(order)))
    band = np.clip(np.searchsorted(BAND_EDGES, np.log(np.maximum(wanted, 1.0))) - 1, 0, BANDS - 1)
    month = MONTH_OF_DAY[(orders.at - START) // DAY][order]
    product = tastes.products(rng, (orders.fate == RETURNED).astype(np.int64)[order], band, month)
    quantity = np.clip(np.rint(wanted / PRICES[product]), 1, MOST_UNITS).astype(np.int64)
    more_orders, more_products = _partners(rng, order, product, truth)
    order, product = np.concatenate([order, more_orders]), np.concatenate([product, more_products])
    quantity = np.concatenate([quantity, np.ones(len(more_orders), dtype=np.int64)])
    return _merged(order, product, quantity)


def _partners(rng: np.random.Generator, order: Ints, product: Ints, truth: Truth) -> tuple[Ints, Ints]:
    names = [p.name for p in PRODUCTS]
    added: list[tuple[Ints, Ints]] = []
    for pair in truth.affinities:
        triggered = np.unique(order[product == names.index(pair.trigger)])
        partner = names.index(pair.partner)
        without = np.setdiff1d(triggered, order[product == partner], assume_unique=False)
        bought = without[rng.random(len(without)) < pair.probability]
        added.append((bought, np.full(len(bought), partner, dtype=np.int64)))
    return np.concatenate([a[0] for a in added]), np.concatenate([a[1] for a in added])


def _merged(order: Ints, product: Ints, quantity: Ints) -> Lines:
    """One line for each order and product, in that order."""
    key = order * len(PRODUCTS) + product
    by_key = np.argsort(key, kind="stable")
    key = key[by_key]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    units = np.add.reduceat(quantity[by_key], starts)
    return Lines(key[starts] // len(PRODUCTS), key[starts] % len(PRODUCTS), units)


def _people(rng: np.random.Generator, buyers: int, orders: Orders, truth: Truth) -> tuple[People, Ints]:
    """The registered by time, and where each buyer stands among them. Lookers register on a day of their own."""
    n = buyers + buyers * truth.lookers_per_buyer
    first = np.full(n, END, dtype=np.int64)
    np.minimum.at(first, orders.person, orders.at)
    lookers = n - buyers
    first[buyers:] = START + draw(rng, DAY_SHARES, lookers) * DAY + time_of_day(rng, lookers)
    early = rng.exponential(2.0, n).astype(np.int64) * DAY
    registered = first - BEFORE_FIRST - early
    registered = np.where(registered < START, first - BEFORE_FIRST, registered)
    by_time = np.argsort(registered, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[by_time] = np.arange(n)
    people = People(
        buyer=by_time < buyers,
        registered_at=registered[by_time],
        city=draw(rng, CITY_SHARES, n),
        given=rng.integers(0, len(GIVEN_NAMES), n),
        family=rng.integers(0, len(FAMILY_NAMES), n),
        street=rng.integers(0, len(STREETS), n),
        house=rng.integers(1, 140, n),
        age=np.clip(np.rint(18 + 62 * rng.beta(1.8, 2.6, n)), 18, 80).astype(np.int64),
        source=draw(rng, inverse(TRAFFIC_SHARES), n),
    )
    return people, place


# Set so that the value of an order and its spread come out as promised, although whole units are bought, equal lines
# merged and partners added.
VALUE_DRAWN = 0.865
SPREAD_DRAWN = 1.1
