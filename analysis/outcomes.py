"""What was known of each customer on a day, and what they did afterwards: the two halves of every prediction."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.customers import on_file, placed
from analysis.order_days import OrderDays
from dataset.engine import Relation


def features(lines: Relation, filed: pa.Table | None, day: date, named: bool = True) -> pd.DataFrame:
    """Who bought before `day`, as Customers.frame on that day: nothing on or after it is read.

    filed: what is on file of customers. Columns: those of Customers.frame, with age, income and children where on file;
    and `customer`, their numbers. A line whose order was returned later is known as returned from the start: lines do
    not say when. named: with their ids, and the days of their first and last sale.
    """
    known = OrderDays.of(lines).features(day, named)
    return on_file(known, known["customer"].to_numpy(), filed)


def outcome(lines: Relation, start: date, end: date, named: bool = True) -> pd.DataFrame:
    """What each known customer did from `start` until before `end`; who did nothing has no row.

    Columns: customer (int32), customer_id (str, sorted; if named), net (float64 nearest to the exact sum of sales and
    refunds, NaN where no amount is known), orders (int32).
    """
    return OrderDays.of(lines).outcome(start, end, named)


def ordered(lines: Relation, people: pd.DataFrame, start: date, end: date) -> np.ndarray:
    """Orders (int32) of each of `people` from `start` until before `end`."""
    known = OrderDays.of(lines)
    numbers = people["customer"].to_numpy() if "customer" in people else known.numbers(pa.array(people["customer_id"]))
    return np.append(known.ordered(start, end), 0)[numbers].astype(np.int32)


def of_each(people: pd.DataFrame, found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Net (float64) and orders (int32) of each of `people` in an outcome; zero of who did nothing.

    Matched by number where people have one, else by id.
    """
    if "customer" in people:
        place = placed(people["customer"].to_numpy(), found["customer"].to_numpy())
    else:
        place = pd.Index(found["customer_id"]).get_indexer(pd.Index(people["customer_id"]))
    net, orders = (np.append(found[c].to_numpy(), 0)[place] for c in ("net", "orders"))
    return net, orders.astype(np.int32)
