"""What is expected of the customers of today, by segment, by cluster, by tenth and by how they have bought so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import btyd, clv_worth, total_order
from analysis.clusters import Clusters
from analysis.clv_worth import DAYS, YEAR, Model, Spread, Worth
from analysis.finding import Table, Unit
from analysis.rfm import Rfm

SOURCE, FITTED = "analysis/clv.py", "analysis/btyd.py"
TOP = 0.2
EVERYONE = "All customers"
ENDS = ("share_low", "share_high")
TIMES = ((0, 0, "1"), (1, 1, "2"), (2, 2, "3"), (3, 4, "4 to 5"), (5, 9, "6 to 10"), (10, 10**9, "11 and more"))
QUIET = ((0, 30, "30 days or less"), (31, 90, "31 to 90"), (91, 180, "91 to 180"), (181, 365, "181 to 365"),
         (366, 10**9, "more than a year"))  # fmt: skip
SURE = (
    f"95 % interval: the wider of {clv_worth.DRAWS} draws from the covariance of the parameters and "
    f"{clv_worth.REFITS} fits to customers drawn anew"
)


@dataclass(frozen=True, slots=True)
class Cells:
    """Customers by segment x cluster x whether among the fifth that is worth most: totals of any group are sums.

    segment, cluster: name and code of each cell, None without. top: of each cell. cell: of each customer. totals: by
    cell, of alive, orders_30 to orders_365 and, where spend is known, value_30 to value_365.
    """

    cell: np.ndarray
    count: int
    segment: tuple[tuple[str, ...], np.ndarray] | None
    cluster: tuple[tuple[str, ...], np.ndarray] | None
    top: np.ndarray
    totals: Mapping[str, np.ndarray]

    @staticmethod
    def of(made: Worth, rfm: Rfm | None, clusters: Clusters | None) -> Cells:
        n = len(made.of)
        each = made.orders[YEAR] if made.value is None else made.value[YEAR]
        top = _best(each, n)
        segment = None if rfm is None else rfm.frame["segment"].cat
        cluster = None if clusters is None else clusters.frame["cluster"].cat
        places = [
            np.zeros(n, np.int64) if g is None else g.codes.to_numpy().astype(np.int64) for g in (segment, cluster)
        ]
        there, cell = np.unique((top * 100 + places[0]) * 100 + places[1], return_inverse=True)

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(cell, values, len(there))

        totals = {"alive": total(made.alive)} | {f"orders_{days}": total(made.orders[days]) for days in DAYS}
        if made.value is not None:
            totals |= {f"value_{days}": total(made.value[days]) for days in DAYS}
        return Cells(
            cell,
            len(there),
            None if segment is None else (tuple(segment.categories), there // 100 % 100),
            None if cluster is None else (tuple(cluster.categories), there % 100),
            there // 10_000 == 1,
            totals,
        )


def _best(each: np.ndarray, n: int) -> np.ndarray:
    """The fifth of customers with most; of equal ones the first."""
    many = round(TOP * n)
    if not many:
        return np.zeros(n, dtype=bool)
    least = np.partition(each, n - many)[n - many]
    top = each > least
    top[np.flatnonzero(each == least)[: many - np.count_nonzero(top)]] = True
    return top


def groups(
    what: str,
    grouping: tuple[tuple[str, ...], np.ndarray] | None,
    made: Worth,
    moved: Spread,
    cells: Cells,
    title: str,
) -> Table | None:
    """One row a group with customers, the one of most value first; all customers last."""
    if grouping is None:
        return None
    names, code = grouping
    main = f"orders_{YEAR}" if made.value is None else f"value_{YEAR}"
    count, quantity = np.bincount(cells.cell, minlength=cells.count), cells.totals
    rows: list[dict[str, Any]] = []
    for at, name in [*enumerate(names), (-1, EVERYONE)]:
        here = np.ones(cells.count, dtype=bool) if at < 0 else code == at
        many = int(count[here].sum())
        if not many:
            continue
        sums = {q: float(by[here].sum()) for q, by in quantity.items()}
        own = np.where(here, quantity[main], 0.0)
        low, high = clv_worth.interval(moved, main, own)
        row = {what: name, "customers": many, "alive": sums["alive"] / many, f"orders_{YEAR}": sums[f"orders_{YEAR}"]}
        if made.value is not None:
            row |= {"value_90": sums["value_90"], f"value_{YEAR}": sums[f"value_{YEAR}"]}
            row |= {
                "each": sums[f"value_{YEAR}"] / many,
                "share": min(sums[main] / float(quantity[main].sum()), 1.0),
            }
            row |= dict(zip(ENDS, clv_worth.interval(moved, main, own, quantity[main]), strict=True))
        rows.append(row | {"low": low, "high": high})
    last = rows.pop()
    frame = pd.DataFrame([*sorted(rows, key=lambda row: -row[main]), last])
    unit: Unit = "ratio" if made.value is None else "money"
    ends = "orders" if made.value is None else "value"
    labels = {
        what: what.capitalize(),
        "customers": "Customers",
        "alive": "Share still customers",
        f"orders_{YEAR}": "Orders in the next year",
        "value_90": "Value in the next 90 days",
        f"value_{YEAR}": "Value in the next year",
        "low": f"{ends.capitalize()} in the next year, from",
        "high": "to",
        "share": "Share of value",
        "each": "Value per customer",
    }
    units: dict[str, Unit] = {"customers": "count", "alive": "share", "share": "share", "low": unit, "high": unit}
    units |= {f"orders_{YEAR}": "count", "value_90": "money", f"value_{YEAR}": "money", "each": "money"}
    if made.value is None:
        units |= {"low": "count", "high": "count"}
    kept = [column for column in labels if column in frame]
    hidden = [column for column in ENDS if column in frame]
    note = (
        f"Expected; {SURE}. The next year is discounted at ten percent a year, ninety days are not. "
        "In this model who bought once is a customer still: one leaves right after a repeat purchase only."
    )
    told = {c: units[c] for c in kept if c in units}
    return Table(frame[[*kept, *hidden]], title, {c: labels[c] for c in kept}, SOURCE, told, note)


def parameters(model: Model) -> Table:
    """Estimates, standard errors and 95 % intervals of both models."""
    rows = []
    for name, fit in (("BG/NBD", model.orders), ("Gamma-Gamma", model.spend)):
        if fit is None:
            continue
        for parameter in fit.names:
            low, high = fit.interval(parameter)
            row = {"model": name, "parameter": parameter, "estimate": fit[parameter], "error": fit.error(parameter)}
            rows.append(row | {"low": low, "high": high, "says": SAYS[parameter]})
    return Table(
        pd.DataFrame(rows),
        "Parameters of the models",
        {
            "model": "Model",
            "parameter": "Parameter",
            "estimate": "Estimate",
            "error": "Standard error",
            "low": "95 % from",
            "high": "to",
            "says": "What it says",
        },
        FITTED,
        {"estimate": "ratio", "error": "ratio", "low": "ratio", "high": "ratio"},
        note="Maximum likelihood; the covariance is the inverse Hessian in the logarithms of the parameters, intervals "
        "are exp(log estimate ± 1.96 standard errors). Time counts in weeks from a customer’s first purchase; "
        "purchases of one day are one; v is in the unit of money.",
    )


SAYS = {
    "r": "shape of the purchase rates: small, customers differ much",
    "alpha": "scale of the purchase rates, in weeks; r / alpha is their mean",
    "a": "of the chance to leave after a purchase, whose mean is a / (a + b)",
    "b": "of the chance to leave after a purchase: the more, the fewer leave",
    "p": "shape of one customer’s spend: large, purchases are alike",
    "q": "shape of spend between customers: small, customers differ much",
    "v": "scale of spend; p v / (q − 1) is its mean",
}


def curve(made: Worth) -> Table | None:
    """Share of customers, the most valuable first, against their share of expected value."""
    if made.value is None:
        return None
    each = np.sort(made.value[YEAR])[::-1]
    up = np.r_[0.0, np.cumsum(each)]
    share = np.linspace(0, 1, 101)
    told = np.interp(share * len(each), np.arange(len(up)), up) / up[-1] if up[-1] > 0 else share
    return Table(
        pd.DataFrame({"share_of_customers": share, "share_of_value": told}),
        "Expected value by share of customers",
        {"share_of_customers": "Share of customers", "share_of_value": "Share of expected value"},
        SOURCE,
        {"share_of_customers": "share", "share_of_value": "share"},
    )


def tenths(made: Worth) -> Table | None:
    """Customers in tenths by expected value of the next year, the best first."""
    if made.value is None:
        return None
    each, n = made.value[YEAR], len(made.of)
    order = total_order.by([-each, made.alive])
    tenth = np.empty(n, dtype=np.int64)
    tenth[order] = np.arange(n) * 10 // n
    count, total = np.bincount(tenth, minlength=10), float(each.sum())
    sums = {
        name: np.bincount(tenth, by, 10) for name, by in (("alive", made.alive), ("o", made.orders[YEAR]), ("v", each))
    }
    frame = pd.DataFrame(
        {
            "tenth": np.arange(1, 11),
            "customers": count,
            "alive": np.minimum(sums["alive"] / np.maximum(count, 1), 1.0),
            "orders_365": sums["o"],
            "value_365": sums["v"],
            "each": sums["v"] / np.maximum(count, 1),
            "share": sums["v"] / total if total else 0.0,
        }
    )
    return Table(
        frame,
        "Expected value by tenth of customers",
        {
            "tenth": "Tenth, most valuable first",
            "customers": "Customers",
            "alive": "Share still customers",
            "orders_365": "Orders in the next year",
            "value_365": "Value in the next year",
            "each": "Value per customer",
            "share": "Share of value",
        },
        SOURCE,
        {
            "tenth": "count",
            "customers": "count",
            "alive": "share",
            "orders_365": "count",
            "value_365": "money",
            "each": "money",
            "share": "share",
        },
    )


def chances(alive: np.ndarray) -> Table:
    """Customers by tenth of P(still a customer); those who bought once, of whom the model says one, are in the last."""
    bins = np.minimum((alive * 10 + 1e-12).astype(np.int64), 9)
    count = np.bincount(bins, minlength=10)
    return Table(
        pd.DataFrame(
            {"low": np.arange(10) / 10, "high": np.arange(1, 11) / 10, "customers": count, "share": count / len(alive)}
        ),
        "Customers by the chance that they still are",
        {"low": "Chance from", "high": "to", "customers": "Customers", "share": "Share of customers"},
        SOURCE,
        {"low": "share", "high": "share", "customers": "count", "share": "share"},
        note="In this model who bought once cannot have left: customers leave right after a repeat purchase only.",
    )


def grid(people: pd.DataFrame, alive: np.ndarray) -> Table:
    """Mean P(still a customer) by purchase days and days since the last one; cells with customers only."""
    x = people["frequency"].to_numpy()
    quiet = np.rint((people["T"].to_numpy() - people["recency"].to_numpy()) * btyd.WEEK)
    rows = []
    for few, many, times in TIMES:
        there = np.flatnonzero((x >= few) & (x <= many))
        own, still = quiet[there], alive[there]
        for early, late, since in QUIET:
            here = (own >= early) & (own <= late)
            if here.any():
                rows.append((times, since, int(here.sum()), min(float(still[here].mean()), 1.0)))
    return Table(
        pd.DataFrame(rows, columns=["times", "since", "customers", "alive"]),
        "Chance to be still a customer, by purchase days and days since the last",
        {"times": "Purchase days", "since": "Days since the last", "customers": "Customers", "alive": "Mean chance"},
        SOURCE,
        {"customers": "count", "alive": "share"},
    )
