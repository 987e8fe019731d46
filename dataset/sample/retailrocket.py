"""The built-in shop as RetailRocket writes it: events, item properties and category tree; ids are numbers.

A unit bought is one transaction row, a millisecond after the one before. Cancelled orders end in the cart; that an
order came back cannot be said here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dataset.sample.catalogue import CATEGORIES, PRODUCTS, SUBCATEGORIES
from dataset.sample.files import Files, ids, named
from dataset.sample.shop import CANCELLED, DAY, START, Chunk, Ints
from dataset.sample.visits import ANONYMOUS, CART, VIEW, Acts, Visits

EVENTS = ("view", "addtocart", "transaction")
TRANSACTION = 2
FIRST_ANONYMOUS = 50_000_000
FIRST_SUBCATEGORY = 101
# When the properties of the items were listed: before the first event, and once more.
LISTED = (START - 7 * DAY, START + 360 * DAY)


def once(files: Files) -> None:
    """category_tree, item_properties_part1 and _part2: category, availability and price (property 790) of each item."""
    parents = [CATEGORIES.index(category) + 1 for _, category in SUBCATEGORIES]
    keys = [*range(1, len(CATEGORIES) + 1), *(FIRST_SUBCATEGORY + i for i in range(len(parents)))]
    files.add("category_tree", pa.table({
        "categoryid": pa.array(keys),
        "parentid": pa.array([*[None] * len(CATEGORIES), *parents], pa.int64()),
    }))  # fmt: skip
    for part, listed in enumerate(LISTED, start=1):
        files.add(f"item_properties_part{part}", _properties(listed))


def _properties(listed: int) -> pa.Table:
    names = [part for part, _ in SUBCATEGORIES]
    rows = [
        (listed * 1000, i + 1, key, value)
        for i, p in enumerate(PRODUCTS)
        for key, value in (
            ("categoryid", str(FIRST_SUBCATEGORY + names.index(p.subcategory))),
            ("available", "1"),
            ("790", f"n{p.price // 100}.{p.price % 100:02d}0"),
        )
    ]
    return pa.table(
        dict(zip(("timestamp", "itemid", "property", "value"), map(list, zip(*rows, strict=True)), strict=True))
    )


def each(files: Files, chunk: Chunk, visited: tuple[Visits, Acts] | None) -> None:
    """The events of one chunk, by time."""
    assert visited is not None, "RetailRocket is nothing but events"
    visits, acts = visited
    visitor = np.where(
        visits.person == ANONYMOUS,
        FIRST_ANONYMOUS + files.rows["events"] + np.arange(len(visits.person)),
        visits.person + chunk.first_person + 1,
    )
    seen = np.flatnonzero((acts.kind == VIEW) | (acts.kind == CART))
    order, product, at = _bought(chunk)
    none = np.full(len(seen), -1)
    rows = [
        np.concatenate([acts.at[seen] * 1000, at]),
        np.concatenate([visitor[acts.visit[seen]], chunk.orders.person[order] + chunk.first_person + 1]),
        np.concatenate([acts.kind[seen] - VIEW, np.full(len(order), TRANSACTION)]),
        np.concatenate([acts.product[seen], product]) + 1,
        np.concatenate([none, order + chunk.first_order + 1]),
    ]
    by_time = np.argsort(rows[0], kind="stable")
    when, who, kind, item, transaction = (column[by_time] for column in rows)
    files.add("events", pa.table({
        "timestamp": ids(when),
        "visitorid": ids(who),
        "event": named(EVENTS, kind),
        "itemid": ids(item),
        "transactionid": pa.array(transaction, mask=transaction == -1),
    }))  # fmt: skip


def _bought(chunk: Chunk) -> tuple[Ints, Ints, Ints]:
    """(order, product, milliseconds) of each unit of the orders that were not cancelled."""
    order = np.repeat(chunk.lines.order, chunk.lines.quantity)
    product = np.repeat(chunk.lines.product, chunk.lines.quantity)
    starts = np.searchsorted(order, np.arange(len(chunk.orders.at)))
    at = chunk.orders.at[order] * 1000 + np.arange(len(order)) - starts[order]
    earned = chunk.orders.fate[order] != CANCELLED
    return order[earned], product[earned], at[earned]
