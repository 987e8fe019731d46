"""What is measured of each customer before groups are sought: what they did, and what is on file of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analysis import total_order
from analysis.cluster_model import Measures, Rows
from analysis.customers import ATTRIBUTES, Customers, whole
from dataset.engine import Relation
from dataset.settings import Settings

Made = Callable[[Rows], np.ndarray]


def measured(customers: Customers, lines: Relation, settings: Settings) -> Measures:
    """What is measured of each customer (rows as customers.frame)."""
    people = customers.frame

    def told(column: str) -> Made:
        return lambda rows: people[column].to_numpy()[rows].astype(float)

    def products(rows: Rows) -> np.ndarray:
        return np.where(bought[rows] < 0, np.nan, bought[rows])

    recency, orders, net, units = (told(column) for column in ("recency_days", "orders", "net", "units"))
    bought = _products(people, lines, settings)
    made: dict[str, Made] = {
        "recency": recency,
        "frequency": orders,
        "monetary": net,
        "order_value": lambda rows: net(rows) / orders(rows),
        "tenure": told("tenure_days"),
        "engagement": lambda rows: orders(rows) * net(rows) / (recency(rows) + 1),
        "items": lambda rows: units(rows) / orders(rows),
        "products": products,
        "returns": _returns(customers, lines, settings),
    }
    made |= {name: told(name) for name in ATTRIBUTES if name in people}
    every = slice(None)
    return Measures({name: of for name, of in made.items() if not np.isnan(of(every)).all()}, len(people))


def _returns(customers: Customers, lines: Relation, settings: Settings) -> Made:
    """The share of gross revenue given back; where refunds name no customer, how often what was bought comes back."""
    people = customers.frame
    if customers.after != "after refunds":
        rates = _rates(people, lines, settings)
        return lambda rows: rates[rows]

    def share(rows: Rows) -> np.ndarray:
        gross, net = people["gross"].to_numpy()[rows], people["net"].to_numpy()[rows]
        back = np.divide(gross - net, gross, out=np.full(len(gross), np.nan), where=gross > 0)
        return np.clip(back, 0, 1, out=back)

    return share


def _products(people: pd.DataFrame, lines: Relation, settings: Settings) -> np.ndarray:
    """Different products (int32; -1 of who bought none with a name), as the customers of `people` are in order."""
    found = lines.query("clusters.sql", snapshot=settings.snapshot)
    values = np.full(len(people), -1, dtype=np.int32)
    values[found["customer"].to_numpy()] = found["products"].to_numpy()
    return values


def _rates(people: pd.DataFrame, lines: Relation, settings: Settings) -> np.ndarray:
    found = lines.query("clusters_returns.sql", snapshot=settings.snapshot)
    values = pd.Series(found["rate"].to_numpy().astype(float), index=found["customer_id"].to_pandas())
    return values.reindex(pd.Index(people["customer_id"])).to_numpy()


def by_what_they_are(people: pd.DataFrame, measures: Mapping[str, np.ndarray]) -> np.ndarray:
    """The order of customers by revenue, days and then every measure: only equal customers may change places.

    Whole numbers decide first, so that the order stays when amounts are counted in another unit.
    """
    first = [whole(people["net"].to_numpy()), people["recency_days"].to_numpy(), people["tenure_days"].to_numpy()]
    return total_order.by([np.nan_to_num(column, nan=-1.0) for column in (*first, *measures.values())])
