"""The built-in shop as theLook writes it: users, products, orders, order_items and events; one item row is one unit."""

from __future__ import annotations

import hashlib
import unicodedata

import numpy as np
import pyarrow as pa

from dataset.sample.catalogue import CITIES, FAMILY_NAMES, GIVEN_NAMES, OUTDOOR, PRODUCTS, STREETS
from dataset.sample.files import Files, euros, ids, joined, named, picked, times, uuids
from dataset.sample.shop import PRICES, STATUSES, TRAFFIC, Chunk
from dataset.sample.visits import ANONYMOUS, BROWSERS, CART, HOME, PURCHASE, VIEW, Acts, Visits

EVERY = np.arange(len(PRODUCTS))
EVENTS = {HOME: "home", VIEW: "product", CART: "cart", PURCHASE: "purchase"}
URIS = ("/", "/purchase", *(f"/product/{i + 1}" for i in range(len(PRODUCTS))))
LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", " ": ""})


def once(files: Files) -> None:
    """products: the whole assortment."""
    files.add("products", pa.table({
        "id": ids(EVERY + 1),
        "cost": euros([p.cost for p in PRODUCTS], EVERY),
        "category": [p.category for p in PRODUCTS],
        "name": [p.name for p in PRODUCTS],
        "brand": ["Own label"] * len(PRODUCTS),
        "retail_price": euros([p.price for p in PRODUCTS], EVERY),
        "department": ["Outdoor" if p.category in OUTDOOR else "Home" for p in PRODUCTS],
        "sku": [hashlib.sha256(p.name.encode()).hexdigest()[:32].upper() for p in PRODUCTS],
        "distribution_center_id": ids(EVERY % 3 + 1),
    }))  # fmt: skip


def each(files: Files, chunk: Chunk, visited: tuple[Visits, Acts] | None) -> None:
    """What one chunk adds to every other file."""
    files.add("users", _users(chunk))
    files.add("orders", _orders(chunk))
    files.add("order_items", _order_items(chunk, files.rows["order_items"]))
    if visited:
        files.add("events", _events(chunk, *visited, files.rows["events"]))


def plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names in the letters of an e-mail address."""
    bare = (unicodedata.normalize("NFKD", name.lower().translate(LETTERS)) for name in names)
    return tuple(name.encode("ascii", "ignore").decode() for name in bare)


GIVEN, GENDERS = (tuple(column) for column in zip(*GIVEN_NAMES, strict=True))
COUNTRY, STATE, CITY, POSTAL, LATITUDE, LONGITUDE, _ = (tuple(column) for column in zip(*CITIES, strict=True))


def emails(chunk: Chunk, first: int = 1) -> pa.Array:
    people, number = chunk.people, np.arange(len(chunk.people.buyer)) + chunk.first_person + first
    given, family = picked(plain(GIVEN), people.given), picked(plain(FAMILY_NAMES), people.family)
    return joined(given, pa.scalar("."), family, ids(number), pa.scalar("@example.com"))


def _users(chunk: Chunk) -> pa.Table:
    people = chunk.people
    geometry = [f"POINT({longitude} {latitude})" for longitude, latitude in zip(LONGITUDE, LATITUDE, strict=True)]
    return pa.table({
        "id": ids(np.arange(len(people.buyer)) + chunk.first_person + 1),
        "first_name": named(GIVEN, people.given),
        "last_name": named(FAMILY_NAMES, people.family),
        "email": emails(chunk),
        "age": ids(people.age),
        "gender": named(GENDERS, people.given),
        "state": named(STATE, people.city),
        "street_address": joined(picked(STREETS, people.street), pa.scalar(" "), ids(people.house)),
        "postal_code": named(POSTAL, people.city),
        "city": named(CITY, people.city),
        "country": named(COUNTRY, people.city),
        "latitude": pa.array(np.array(LATITUDE)[people.city]),
        "longitude": pa.array(np.array(LONGITUDE)[people.city]),
        "traffic_source": named(TRAFFIC, people.source),
        "created_at": times(people.registered_at),
        "user_geom": named(geometry, people.city),
    })  # fmt: skip


def _orders(chunk: Chunk) -> pa.Table:
    orders, lines = chunk.orders, chunk.lines
    units = np.bincount(lines.order, weights=lines.quantity, minlength=len(orders.at)).astype(np.int64)
    return pa.table({
        "order_id": ids(np.arange(len(orders.at)) + chunk.first_order + 1),
        "user_id": ids(orders.person + chunk.first_person + 1),
        "status": named(STATUSES, orders.status),
        "gender": named(GENDERS, chunk.people.given[orders.person]),
        "created_at": times(orders.at),
        "returned_at": times(orders.returned_at),
        "shipped_at": times(orders.shipped_at),
        "delivered_at": times(orders.delivered_at),
        "num_of_item": ids(units),
    })  # fmt: skip


def _order_items(chunk: Chunk, rows: int) -> pa.Table:
    orders = chunk.orders
    order = np.repeat(chunk.lines.order, chunk.lines.quantity)
    product = np.repeat(chunk.lines.product, chunk.lines.quantity)
    number = np.arange(len(order)) + rows + 1
    return pa.table({
        "id": ids(number),
        "order_id": ids(order + chunk.first_order + 1),
        "user_id": ids(orders.person[order] + chunk.first_person + 1),
        "product_id": ids(product + 1),
        "inventory_item_id": ids(number),
        "status": named(STATUSES, orders.status[order]),
        "created_at": times(orders.at[order]),
        "shipped_at": times(orders.shipped_at[order]),
        "delivered_at": times(orders.delivered_at[order]),
        "returned_at": times(orders.returned_at[order]),
        "sale_price": euros([int(p) for p in PRICES], product),
    })  # fmt: skip


def _events(chunk: Chunk, visits: Visits, acts: Acts, rows: int) -> pa.Table:
    """An anonymous visitor has no user_id and is told by the session."""
    person = visits.person[acts.visit]
    uri = np.where(acts.kind == HOME, 0, np.where(acts.kind == PURCHASE, 1, acts.product + 2))
    empty = pa.nulls(len(person), pa.string())
    return pa.table({
        "id": ids(np.arange(len(person)) + rows + 1),
        "user_id": pa.array(person + chunk.first_person + 1, mask=person == ANONYMOUS),
        "sequence_number": ids(acts.sequence),
        "session_id": uuids(visits.key).take(pa.array(acts.visit)),
        "created_at": times(acts.at),
        "ip_address": empty,
        "city": empty,
        "state": empty,
        "postal_code": empty,
        "browser": named(BROWSERS, visits.browser[acts.visit]),
        "traffic_source": named(TRAFFIC, visits.source[acts.visit]),
        "uri": named(URIS, uri),
        "event_type": named(tuple(EVENTS.values()), acts.kind),
    })  # fmt: skip
