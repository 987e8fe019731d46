"""Who the customers are: one row each with recency, orders and money; every analysis of people starts here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import pieces
from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import noun
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Note

SOURCE = "analysis/customers.sql"
POPULATION = "known customers with at least one sale"
NO_AMOUNT = "no amount of a known customer is known"
NAMED = 20
ATTRIBUTES = ("age", "income", "children")
BLOCK = 1 << 16  # amounts looked at together
SCALE = 1_000_000  # money of a customer is counted in whole millionths: sums of them are exact


@dataclass(frozen=True, slots=True)
class Customers(Result):
    """One row a known customer with at least one sale, ordered by customer_id.

    frame: customer_id (str), country (category), recency_days and tenure_days (int32, snapshot - last or first sale
    day), orders (int32), units, gross, net (float64; NaN where no amount of the customer is known); and of ATTRIBUTES
    those on file (float64). It is held as long as the shop is looked at: what follows from it is in `told`.
    orders_per_customer: orders (1, 2, 3, 4, 5+), customers, share.
    biggest: the twenty who brought most, by id; None unless the settings ask for names.
    after: how claims say what is taken off: "after refunds", or before those when not one names its customer.
    numbers: of each customer, the place in the order of all ids, those without a sale among them (int32).
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame
    orders_per_customer: Table
    window: tuple[date, date]
    after: str
    biggest: Table | None = None
    notes: tuple[Note, ...] = ()
    numbers: np.ndarray | None = None

    @property
    def numbered(self) -> pd.DataFrame:
        """`frame` with the numbers as its column `customer`."""
        return self.frame if self.numbers is None else self.frame.assign(customer=self.numbers)

    @property
    def told(self) -> pd.DataFrame:
        """`frame` with first_sale, last_sale (datetime64[s], the day), order_value (net / orders) at their places."""
        frame, today = self.frame.copy(deep=False), np.datetime64(self.window[1] + timedelta(days=1), "s")
        for at, (name, days) in enumerate((("first_sale", "tenure_days"), ("last_sale", "recency_days"))):
            frame.insert(2 + at, name, today - frame[days].to_numpy().astype("timedelta64[D]"))
        frame.insert(frame.columns.get_loc("net") + 1, "order_value", frame["net"] / frame["orders"])
        return frame


def compute(lines: Relation, customers: Relation | None, settings: Settings) -> Customers:
    """Reduce the lines to customers; raises Skip when no known customer ever bought."""
    frame, numbers, refunds_only = _bought(lines, settings.snapshot)
    frame = on_file(frame, numbers, filed(customers))
    if frame.empty:
        raise Skip("no sale names its customer")
    negative = int(np.count_nonzero(frame["net"].to_numpy() < 0))
    first = settings.snapshot - timedelta(days=int(frame["tenure_days"].to_numpy().max()))
    window = (first, settings.snapshot - timedelta(days=1))
    after = _after(lines, frame, settings)
    return Customers(
        findings=_findings(frame, negative, window, after, settings),
        frame=frame,
        orders_per_customer=_orders_per_customer(frame["orders"].to_numpy()),
        window=window,
        after=after,
        biggest=_biggest(frame, settings.snapshot) if settings.include_customers else None,
        notes=_notes(negative, refunds_only),
        numbers=numbers,
    )


def exact(money: np.ndarray) -> Decimal:
    """The sum of amounts given as float64, exact to the millionth; unknown amounts (NaN) are left out."""
    return Decimal(int(whole(money).sum())) / SCALE


def whole(money: np.ndarray) -> np.ndarray:
    """Amounts (float64) as whole millionths (int64), in which sums are exact; unknown amounts count zero."""
    found = np.empty(len(money), dtype=np.int64)
    for first in range(0, len(money), BLOCK):
        part = np.multiply(money[first : first + BLOCK], SCALE, dtype=float)
        part[np.isnan(part)] = 0.0
        found[first : first + BLOCK] = np.rint(part, out=part)
    return found


def totals(money: np.ndarray, group: np.ndarray, groups: int) -> list[int]:
    """The exact sum of whole amounts in each of the groups 0, 1, ...: halves small enough to be summed as float64."""
    low = np.bincount(group, money & 0xFFFFFF, groups)
    high = np.bincount(group, money >> 24, groups)
    return [(int(above) << 24) + int(below) for above, below in zip(high, low, strict=True)]


def _bought(lines: Relation, today: date) -> tuple[pd.DataFrame, np.ndarray, int]:
    """Who bought before `today`: their frame, their numbers (int32), and how many others only gave back."""
    day, refunds_only = np.datetime64(today, "D"), 0

    def made(piece: pa.RecordBatch) -> dict[str, Any]:
        nonlocal refunds_only
        bought = piece["orders"].to_numpy() > 0
        refunds_only += int(np.count_nonzero(_numbers(piece["net"])[~bought] < 0))
        piece = piece.filter(pa.array(bought))
        tenure, recency = ((day - _numbers(piece[name])).astype(np.int32) for name in ("first_sale", "last_sale"))
        return {
            "customer": piece["customer"].to_numpy(),
            "customer_id": piece["customer_id"].cast(pa.large_string()),
            "country": piece["country"].dictionary_encode(),
            "recency_days": recency,
            "tenure_days": tenure,
            "orders": piece["orders"].to_numpy(),
            "units": _numbers(piece["units"]),
            "gross": nearest(_numbers(piece["gross"])),
            "net": nearest(_numbers(piece["net"])),
        }

    found = pieces.read(lines.query("customers.sql", snapshot=today), made)
    numbers = found.pop("customer")
    found["customer_id"] = texts(found["customer_id"])
    found["country"] = found["country"].unify_dictionaries().combine_chunks().to_pandas()
    return pd.DataFrame(found, copy=False), numbers, refunds_only


def texts(ids: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Texts of Arrow as pandas has them."""
    return pd.Series(pd.StringDtype("pyarrow", np.nan).__from_arrow__(ids), copy=False)


def _numbers(column: pa.Array) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False)


def nearest(money: np.ndarray) -> np.ndarray:
    """The nearest float64 of each amount: an engine's cast from DECIMAL may miss it by a bit."""
    return np.rint(money * SCALE) / SCALE


def _after(lines: Relation, frame: pd.DataFrame, settings: Settings) -> str:
    """Whether customers' amounts are after refunds: not where the data have refunds and no customer has one."""
    if (frame["gross"] < frame["net"]).any() or (frame["gross"] > frame["net"]).any():
        return "after refunds"
    (row,) = lines.query("customers_refunds.sql", snapshot=settings.snapshot).to_pylist()
    return "before refunds, which name no customer" if row["refunds"] and not row["named"] else "after refunds"


def filed(customers: Relation | None) -> pa.Table | None:
    """What is on file of the customers: customer (their numbers), country (coded), and of ATTRIBUTES what anybody has.

    None without such a table.
    """

    def made(piece: pa.RecordBatch) -> dict[str, Any]:
        told = {name: _numbers(piece[name]) for name in ("customer", *ATTRIBUTES)}
        return {**told, "country": piece["country"].dictionary_encode()}

    if customers is None:
        return None
    found = pieces.read(customers.query("customers_on_file.sql"), made)
    for name in ATTRIBUTES:
        if np.isnan(found[name]).all():
            del found[name]
    return pa.table(found)


def on_file(frame: pd.DataFrame, numbers: np.ndarray, known: pa.Table | None) -> pd.DataFrame:
    """With the attributes on file that anybody has; with the country on file where no line names one.

    numbers: of the customers, as in reduced/everyone.sql. known: what is on file.
    """
    if known is None:
        return frame
    row = placed(numbers, known["customer"].to_numpy())
    found: dict[str, object] = {}
    for name in ATTRIBUTES:
        if name in known.column_names:
            values = np.append(known[name].to_numpy(), np.nan)[row]
            if not np.isnan(values).all():
                found[name] = values
    if not len(frame["country"].cat.categories):
        country = known["country"].unify_dictionaries().combine_chunks().dictionary_decode()
        country = country.take(pa.array(row, mask=row < 0))
        found["country"] = pd.Series(country.to_pandas().to_numpy(), dtype="category")
    return frame.assign(**found)


def placed(numbers: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where each of `numbers` (int32; -1 of nobody) stands among `known` (int32, each once); -1 where it does not."""
    place = np.full(max(numbers.max(initial=-1), known.max(initial=-1)) + 2, -1, dtype=np.int32)
    place[known] = np.arange(len(known), dtype=np.int32)
    return place[numbers]


def _biggest(frame: pd.DataFrame, today: date) -> Table:
    """The customers who brought most, by name: only for reports that may name them."""
    most = frame.sort_values(["net", "customer_id"], ascending=[False, True]).head(NAMED)
    last = np.datetime64(today, "s") - most["recency_days"].to_numpy().astype("timedelta64[D]")
    return Table(
        most[["customer_id", "orders", "net"]].assign(last_sale=last).reset_index(drop=True),
        "Customers who brought most",
        {"customer_id": "Customer", "orders": "Orders", "net": "Net revenue", "last_sale": "Last sale"},
        "analysis/customers.sql",
        {"orders": "count", "net": "money", "last_sale": "date"},
    )


def _orders_per_customer(orders: np.ndarray) -> Table:
    counts = np.bincount(np.minimum(orders, 5), minlength=6)[1:]
    frame = pd.DataFrame(
        {"orders": ["1", "2", "3", "4", "5+"], "customers": counts, "share": counts / counts.sum()},
    )
    return Table(
        frame=frame,
        title="Orders per customer",
        labels={"orders": "Orders", "customers": "Customers", "share": "Share of customers"},
        units={"customers": "count", "share": "share"},
        source=SOURCE,
    )


def _notes(negative_buyers: int, refunds_only: int) -> tuple[Note, ...]:
    count = negative_buyers + refunds_only
    if not count:
        return ()
    people = "one customer was" if count == 1 else f"{count} customers were"
    text = f"{people} refunded more than they bought in this window ({refunds_only} of them without any sale)"
    return (Note("W_NEGATIVE_CUSTOMERS", count, text),)


def _findings(
    frame: pd.DataFrame, negative: int, window: tuple[date, date], after: str, settings: Settings
) -> dict[str, Finding]:
    n, net, orders = len(frame), frame["net"].to_numpy(), frame["orders"].to_numpy()
    unknown = (settings.no_money or NO_AMOUNT) if np.isnan(net).all() else ""
    once = int(np.count_nonzero(orders == 1))
    measured = partial(Finding, population=POPULATION, n=n, window=window, source=SOURCE)
    return {
        "headline": measured(
            once / n, "share", _headline(once / n), "customers with exactly one order / all customers"
        ),
        "customers": measured(
            n,
            "count",
            f"{{value}} known {noun(n, 'customer')} bought at least once.",
            "distinct customers with at least one sale",
        ),
        "orders": measured(
            int(orders.sum()),
            "count",
            "Orders of known customers: {value}.",
            "distinct orders with a sale, of known customers; one order of two customers counts for each",
        ),
        "net": measured(
            None if unknown else exact(net),
            "money",
            f"Known customers brought {{value}} {after}.",
            "sales + refunds (which are negative) of customers with at least one sale",
            reason=unknown,
        ),
        "once_share": measured(
            once / n,
            "share",
            "{value} of customers bought once only.",
            "customers with exactly one order / all customers",
        ),
        "negative_customers": measured(
            None if unknown else negative,
            "count",
            "Customers who got back more than they paid: {value}.",
            "customers with at least one sale whose sales + refunds are below zero",
            reason=unknown,
        ),
    }


def _headline(once: float) -> str:
    if once == 0:
        return "No customer stopped at one order: {value} bought only once."
    if once == 1:
        return "No customer has ordered twice yet: {value} bought only once."
    if once > 0.5:
        return "Most customers have not ordered twice yet: {value} bought only once."
    if once == 0.5:
        return "As many customers ordered once as more often: {value} bought only once."
    return "Most customers ordered more than once: {value} bought only once."
