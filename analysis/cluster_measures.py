"""What is measured of each customer before groups are sought: what they did, and what is on file of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis import total_order
from analysis.customers import ATTRIBUTES, Customers, whole
from dataset.engine import Relation
from dataset.settings import Settings


def measured(customers: Customers, lines: Relation, settings: Settings) -> dict[str, np.ndarray]:
    """What is measured of each customer (float64, rows as customers.frame; NaN unknown)."""
    people = customers.frame
    recency, orders, net = (people[c].to_numpy(dtype=float) for c in ("recency_days", "orders", "net"))
    measures = {
        "recency": recency,
        "frequency": orders,
        "monetary": net,
        "order_value": net / orders,
        "tenure": people["tenure_days"].to_numpy(dtype=float),
        "engagement": orders * net / (recency + 1),
        "items": people["units"].to_numpy(dtype=float) / orders,
        "products": _products(people, lines, settings),
        "returns": _returns(customers, lines, settings),
    }
    measures |= {name: people[name].to_numpy(dtype=float) for name in ATTRIBUTES if name in people}
    return {name: values for name, values in measures.items() if not np.isnan(values).all()}


def _returns(customers: Customers, lines: Relation, settings: Settings) -> np.ndarray:
    """The share of gross revenue given back; where refunds name no customer, how often what was bought comes back."""
    people = customers.frame
    if customers.after != "after refunds":
        return _rates(people, lines, settings)
    gross, net = people["gross"].to_numpy(), people["net"].to_numpy()
    share = np.divide(gross - net, gross, out=np.full(len(people), np.nan), where=gross > 0)
    return np.clip(share, 0, 1)


def _products(people: pd.DataFrame, lines: Relation, settings: Settings) -> np.ndarray:
    """Different products (float64; NaN of who bought none with a name), as the customers of `people` are in order."""
    found = lines.query("clusters.sql", snapshot=settings.snapshot)
    values = np.full(len(people), np.nan)
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
