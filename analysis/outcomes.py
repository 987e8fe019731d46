"""What was known of each customer on a day, and what they did afterwards: the two halves of every prediction."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analysis import customers
from dataset.engine import Relation


def features(lines: Relation, customers_table: Relation | None, day: date) -> pd.DataFrame:
    """Who bought before `day`, as Customers.frame on that day: nothing on or after it is read.

    Columns: those of Customers.frame, with age, income and children where on file. A line whose order was returned
    later is known as returned from the start: lines do not say when.
    """
    return customers.as_of(lines, customers_table, day)[0]


def outcome(lines: Relation, start: date, end: date) -> pd.DataFrame:
    """What each known customer did from `start` until before `end`; who did nothing has no row.

    Columns: customer_id (str, sorted), net (float64 nearest to the exact sum of sales and refunds, NaN where no amount
    is known), orders (int32).
    """
    found = lines.query("outcomes.sql", first=start, until=end)
    columns = {
        "customer_id": pd.Series(found["customer_id"].to_pandas(), dtype="str"),
        "net": customers.nearest(found["net"]),
        "orders": found["orders"].to_numpy(),
    }
    return pd.DataFrame(columns, copy=False)


def of_each(people: pd.DataFrame, found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Net (float64) and orders (int32) of each of `people` in an outcome; zero of who did nothing."""
    place = pd.Index(found["customer_id"]).get_indexer(pd.Index(people["customer_id"]))
    net, orders = (np.append(found[c].to_numpy(), 0)[place] for c in ("net", "orders"))
    return net, orders.astype(np.int32)
