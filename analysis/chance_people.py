"""What is known of customers and visitors on a day, as the measures that a chance rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import memory, outcomes, pieces, rfm, sampled, total_order
from analysis.chances import Known, Measure, People, Rows
from analysis.customers import Customers
from analysis.mapped import mapped
from analysis.order_days import narrow
from dataset.engine import Relation
from dataset.settings import Settings

TOGETHER = timedelta(weeks=3)  # days so far apart are answered from one look at the events
LATELY = timedelta(days=90)
DAY = np.timedelta64(1, "D")
CUSTOMER = {
    "recency": Measure("Days since the last sale"),
    "tenure": Measure("Days since the first sale"),
    "orders": Measure("Orders"),
    "lately": Measure("Orders in the last 90 days"),
    "again": Measure("Ordered more than once", log=False),
    "interval": Measure("Days between orders"),
    "overdue": Measure("Days since the last sale / days between orders"),
    "order_value": Measure("Net revenue per order", money=True),
}
VISITOR = {
    "view_days": Measure("Days since the last view"),
    "views_1": Measure("Views in the last day"),
    "views_7": Measure("Views in the last 7 days"),
    "views_30": Measure("Views in the last 30 days"),
    "sessions": Measure("Sessions in the last 90 days"),
    "carts_left": Measure("Products carted and not bought"),
    "cart_days": Measure("Days since such a cart"),
    "orders": Measure("Orders"),
    "sale_days": Measure("Days since the last sale"),
}
COUNTED = ("views_1", "views_7", "views_30", "sessions", "carts_left", "orders")  # of VISITOR, whole numbers
STAGES = ("Cart left", "Bought before", "Came back", "Looked once")
COUNTS = ("Ordered once", "Ordered twice", "Ordered more often")


@dataclass(frozen=True, slots=True)
class Who:
    """The people a question is asked of: known on a day, measured, grouped; population and `one` in words."""

    known: Known
    measures: Mapping[str, Measure]
    groups: tuple[str, ...]
    population: str
    one: str


def who_ordered(lines: Relation, people: Customers, settings: Settings, within: timedelta | None = None) -> Who:
    """Known customers; with `within`, those whose last sale is not longer ago."""

    def known(day: date) -> People:
        then = people.numbered if day == settings.snapshot else outcomes.features(lines, None, day, named=False)
        kept = None if within is None else np.flatnonzero(then["recency_days"].to_numpy() <= within.days)
        return customers(lines, then, day, kept)

    population = "known customers" if within is None else "customers who bought in the year before"
    return Who(known, CUSTOMER, group_names(people.frame), population, "customer")


def who_looked(events: Relation, settings: Settings) -> Who:
    """Visitors seen in the ninety days before."""
    return Who(
        lambda day: visitors(events, day, settings.snapshot),
        VISITOR,
        STAGES,
        "visitors seen in the ninety days before",
        "visitor",
    )


def customers(lines: Relation, people: pd.DataFrame, day: date, kept: np.ndarray | None = None) -> People:
    """Customers (Customers.frame as of `day`, with their numbers), grouped among all; kept: the places of some."""
    group, lately = groups_of(people), outcomes.ordered(lines, people, day - LATELY, day)
    asked = people[["customer", "recency_days", "tenure_days", "orders", "net"]]
    if kept is not None:
        asked, group, lately = asked.iloc[kept], group[kept], lately[kept]

    def of(rows: Rows) -> pd.DataFrame:
        return measured(asked.iloc[rows], group[rows], lately[rows])

    return People(asked["customer"].to_numpy(), group, of)


def measured(people: pd.DataFrame, group: np.ndarray, lately: np.ndarray) -> pd.DataFrame:
    """The measures of CUSTOMER of people (Customers.frame, with their numbers), and their group.

    lately: their orders of the last ninety days.
    """
    orders = people["orders"].to_numpy(dtype=float)
    recency, tenure = (people[f"{name}_days"].to_numpy(dtype=float) for name in ("recency", "tenure"))
    several = orders > 1
    interval = np.divide(tenure - recency, orders - 1, out=np.full(len(people), np.nan), where=several)
    columns = {
        "customer": people["customer"].to_numpy(),
        "group": group,
        "recency": recency,
        "tenure": tenure,
        "orders": orders,
        "lately": lately.astype(float),
        "again": several.astype(float),
        "interval": interval,
        "overdue": recency / (interval + 1),
        "order_value": np.maximum(people["net"].to_numpy(dtype=float) / orders, 0),
    }
    return pd.DataFrame(columns, copy=False)


def group_names(people: pd.DataFrame) -> tuple[str, ...]:
    """What customers are grouped by: RFM segments where there is money, else how often they ordered."""
    return COUNTS if np.isnan(people["net"].to_numpy(dtype=float)).all() else tuple(rfm.SEGMENTS)


def groups_of(people: pd.DataFrame) -> np.ndarray:
    """The place of each customer (Customers.frame) in `group_names` (int8)."""
    if group_names(people) is COUNTS:
        return (np.minimum(people["orders"].to_numpy(), 3) - 1).astype(np.int8)
    return rfm.segments_of(people)


def visitors(events: Relation, day: date, snapshot: date) -> People:
    """Who was seen in the ninety days before `day`, by the measures of VISITOR and their stage (STAGES).

    snapshot: the last day that is looked back from.
    """
    days = {"day": 1, "week": 7, "month": 30}
    since = {name: day - timedelta(days=back) for name, back in days.items()}
    ago = max((snapshot - day) // TOGETHER + ((snapshot - day) % TOGETHER > timedelta()), 1)
    seen = snapshot - LATELY - ago * TOGETHER

    def made(piece: pa.RecordBatch) -> dict[str, np.ndarray]:
        told = {name: piece[name].to_numpy(zero_copy_only=False) for name in piece.schema.names}
        columns = {"customer": told["customer"]}
        for name, column in (("view_days", "last_view"), ("cart_days", "last_cart"), ("sale_days", "last_sale")):
            columns[name] = (np.datetime64(day, "us") - told[column].astype("datetime64[us]")) / DAY
        return columns | {name: narrow(told[name]) for name in COUNTED}

    found = pieces.read(events.query("propensity.sql", until=day, since=day - LATELY, seen=seen, **since), made)
    group = np.select([found["carts_left"] > 0, found["orders"] > 0, found["sessions"] > 1], [0, 1, 2], 3)
    people = mapped(pd.DataFrame(found | {"group": group.astype(np.int8)}, copy=False))
    del found, group
    memory.given_back()
    if len(people) <= sampled.MOST:
        return People(
            people["customer"].to_numpy(), people["group"].to_numpy(), lambda rows: _counted(people.iloc[rows])
        )
    # who is drawn must not depend on the order of rows
    order = total_order.by([people[name].to_numpy() for name in people]).astype(np.int32)
    customer, group = (people[name].to_numpy()[order] for name in ("customer", "group"))
    return People(customer, group, lambda rows: _counted(people.iloc[order[rows]]))


def _counted(visitors: pd.DataFrame) -> pd.DataFrame:
    """Some of the visitors, counts as float64."""
    return visitors.astype(dict.fromkeys(COUNTED, float))
