"""The visits to the built-in shop: what each visitor views, puts in the cart and buys, around the orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.sample.shop import (
    BANDS,
    BEFORE_FIRST,
    DAY,
    DAY_SHARES,
    DAYS,
    END,
    MONTH_OF_DAY,
    START,
    TRAFFIC_SHARES,
    Chunk,
    Ints,
    Tastes,
    draw,
    generator,
    inverse,
    time_of_day,
)
from dataset.sample.truth import Truth

HOME, VIEW, CART, PURCHASE = 0, 1, 2, 3
ANONYMOUS = -1
NOTHING = -1
BROWSERS = ("Chrome", "Safari", "Firefox", "Other")
BROWSER_SHARES = (0.52, 0.28, 0.14, 0.06)
# Seconds between two acts of a visit; means of further views beside the bought lines and of a visit without an order.
PACE = (12, 90)
VIEWS_BESIDE = 1.0
VIEWS_BROWSING = 1.4
HOME_SHARE = 0.35
BROWSED_BEFORE = 0.40
FURTHER_VISITS = 0.5


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of a chunk by time of their end; person and order: index in the chunk, or ANONYMOUS, NOTHING."""

    person: Ints
    order: Ints
    end: Ints
    browser: Ints
    source: Ints
    key: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts by visit and sequence (from 1); at: seconds since 1970; product NOTHING for home and purchase."""

    visit: Ints
    sequence: Ints
    kind: Ints
    product: Ints
    at: Ints


def visits(chunk: Chunk, seed: int, truth: Truth, tastes: Tastes) -> tuple[Visits, Acts]:
    """Every order's visit, browsing before some, those of registered lookers and one of each anonymous visitor."""
    rng = generator(seed, chunk.number, 2)
    found = _all_visits(rng, chunk, truth)
    acts = [_home(rng, found), _buying(rng, chunk, found, truth), _browsing(rng, found, truth, tastes)]
    visit, kind, product = (np.concatenate(column) for column in zip(*acts, strict=True))
    by_visit = np.argsort(visit * 4 + kind, kind="stable")
    visit, kind, product = visit[by_visit], kind[by_visit], product[by_visit]
    count = np.bincount(visit, minlength=len(found.person))
    sequence = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count) + 1
    pace = rng.integers(*PACE, len(found.person))
    at = found.end[visit] - pace[visit] * (count[visit] - sequence)
    return found, Acts(visit, sequence, kind, product, at)


def _all_visits(rng: np.random.Generator, chunk: Chunk, truth: Truth) -> Visits:
    parts = (_of_orders(chunk), _before_orders(rng, chunk), _of_lookers(rng, chunk), _anonymous(rng, chunk, truth))
    person, order, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_end = np.argsort(end, kind="stable")
    n = len(end)
    return Visits(
        person[by_end],
        order[by_end],
        end[by_end],
        draw(rng, inverse(BROWSER_SHARES), n),
        draw(rng, inverse(TRAFFIC_SHARES), n),
        rng.integers(0, 256, (n, 16), dtype=np.uint8),
    )


def _of_orders(chunk: Chunk) -> tuple[Ints, Ints, Ints]:
    return chunk.orders.person, np.arange(len(chunk.orders.at)), chunk.orders.at


def _before_orders(rng: np.random.Generator, chunk: Chunk) -> tuple[Ints, Ints, Ints]:
    """Someone who orders looked around some days before; only once registered."""
    orders = np.flatnonzero(rng.random(len(chunk.orders.at)) < BROWSED_BEFORE)
    end = chunk.orders.at[orders] - rng.integers(1, 11, len(orders)) * DAY + rng.integers(-3600, 3600, len(orders))
    person = chunk.orders.person[orders]
    known = end - BEFORE_FIRST >= chunk.people.registered_at[person]
    return person[known], np.full(int(known.sum()), NOTHING), end[known]


def _of_lookers(rng: np.random.Generator, chunk: Chunk) -> tuple[Ints, Ints, Ints]:
    """A first visit two hours after registering, and further ones over the weeks after."""
    lookers = np.flatnonzero(~chunk.people.buyer)
    again = np.repeat(lookers, rng.poisson(FURTHER_VISITS, len(lookers)))
    days = 1 + rng.exponential(30.0, len(again)).astype(np.int64)
    later = chunk.people.registered_at[again] + BEFORE_FIRST + days * DAY + rng.integers(-3600, 3600, len(again))
    person = np.concatenate([lookers, again[later < END]])
    end = np.concatenate([chunk.people.registered_at[lookers] + BEFORE_FIRST, later[later < END]])
    return person, np.full(len(person), NOTHING), end


def _anonymous(rng: np.random.Generator, chunk: Chunk, truth: Truth) -> tuple[Ints, Ints, Ints]:
    n = int(chunk.people.buyer.sum()) * (truth.visitors_per_buyer - 1 - truth.lookers_per_buyer)
    end = START + draw(rng, DAY_SHARES, n) * DAY + time_of_day(rng, n)
    return np.full(n, ANONYMOUS), np.full(n, NOTHING), end


def _home(rng: np.random.Generator, found: Visits) -> tuple[Ints, Ints, Ints]:
    visit = np.flatnonzero(rng.random(len(found.person)) < HOME_SHARE)
    return visit, np.full(len(visit), HOME), np.full(len(visit), NOTHING)


def _buying(rng: np.random.Generator, chunk: Chunk, found: Visits, truth: Truth) -> tuple[Ints, Ints, Ints]:
    """Most bought lines are viewed and put in the cart; then one purchase."""
    buying = np.flatnonzero(found.order != NOTHING)
    of_order = np.empty(len(buying), dtype=np.int64)
    of_order[found.order[buying]] = buying
    visit = of_order[chunk.lines.order]
    viewed = rng.random(len(visit)) >= truth.view_skipped
    carted = rng.random(len(visit)) >= truth.cart_skipped
    acts = (
        (visit[viewed], VIEW, chunk.lines.product[viewed]),
        (visit[carted], CART, chunk.lines.product[carted]),
        (buying, PURCHASE, np.full(len(buying), NOTHING)),
    )
    return (
        np.concatenate([a[0] for a in acts]),
        np.repeat([a[1] for a in acts], [len(a[0]) for a in acts]),
        np.concatenate([a[2] for a in acts]),
    )


def _browsing(rng: np.random.Generator, found: Visits, truth: Truth, tastes: Tastes) -> tuple[Ints, Ints, Ints]:
    """Products looked at beside the bought ones; without an order at least one, and sometimes the last is carted."""
    idle = found.order == NOTHING
    views = rng.poisson(np.where(idle, VIEWS_BROWSING, VIEWS_BESIDE)) + idle
    visit = np.repeat(np.arange(len(views)), views)
    month = MONTH_OF_DAY[np.clip((found.end - START) // DAY, 0, DAYS - 1)][visit]
    product = tastes.products(rng, 0, BANDS, month)
    last = np.cumsum(views) - 1
    share = np.where(found.person == ANONYMOUS, truth.carted_visits[1], truth.carted_visits[0])
    carted = np.flatnonzero(idle & (rng.random(len(views)) < share))
    return (
        np.concatenate([visit, carted]),
        np.repeat([VIEW, CART], [len(visit), len(carted)]),
        np.concatenate([product, product[last[carted]]]),
    )
