"""How far orders get from placing to delivery and back, where they are lost, and how long each step takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import Ground, frame, noun, only_row, over
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/lifecycle.sql"
TIMES = "analysis/lifecycle_times.sql"
MONTHS = "analysis/lifecycle_months.sql"
STEPS = ("created", "shipped", "delivered", "returned")
UNRECORDED = {
    "shipped": "no shipping time is recorded",
    "delivered": "no delivery time is recorded",
    "returned": "no return is recorded",
}
BACK = "told by the time of a return or, where not one is recorded, by the status of the order"
# Key in the SQL, row label, finding, how the claims say it.
DURATIONS = (
    ("to_ship", "Created to shipped", "days_to_ship", "shipped", "placing to dispatch"),
    ("in_transit", "Shipped to delivered", "days_in_transit", "delivered", "dispatch to delivery"),
    ("to_deliver", "Created to delivered", "days_to_deliver", "delivered", "placing to delivery"),
    ("to_return", "Delivered to returned", "days_to_return", "returned", "delivery to return"),
)
Times = Mapping[str, Mapping[str, Any]]  # of each step that is recorded: orders, median, p90 (days)
UNTIMED = {"orders": 0, "median": None, "p90": None}


@dataclass(frozen=True, slots=True)
class Lifecycle(Result):
    """steps: step, orders, share_of_created, rate_from_previous, lost (orders of the step above that never reach it).

    Steps that the data never record are not among them. durations: step, orders, median, p90. by_month: period, start,
    orders, then the share of that month's orders that were created, shipped, delivered, returned (all three NaN where
    never recorded), cancelled.
    """

    steps: Table
    durations: Table
    by_month: Table
    findings: Mapping[str, Finding]


def compute(orders: Relation, settings: Settings) -> Lifecycle:
    """The lifecycle of the orders created before the snapshot, as far as the data record it.

    Skips without an order, and when no order has a time but that of its creation. Returns without any time of a return
    are told by the status of the order.
    """
    row: dict[str, Any] = dict(only_row(orders.query("lifecycle.sql", snapshot=settings.snapshot)))
    if not row["created"]:
        raise Skip("no order before the report's last day has a creation time")
    if not (row["shipped"] or row["delivered"] or row["returned"]):
        raise Skip("no shipping or delivery time is recorded")
    timed = orders.query("lifecycle_times.sql", snapshot=settings.snapshot).to_pylist()
    times = {time.pop("step"): time for time in timed}
    by_status = not row["returned"]
    if by_status:
        row |= {"returned": row["called_returned"], "delivered_and_returned": row["delivered_and_called_returned"]}
    ground = Ground("orders created before the snapshot", row["created"], (row["first_day"], row["last_day"]), SOURCE)
    findings = _reached(row, ground) | _slow(row, ground) | _times(times, ground)
    findings["headline"] = _headline(row, times, ground)
    months = frame(orders.query("lifecycle_months.sql", snapshot=settings.snapshot))
    if by_status:
        months["returned"] = months["called_returned"]
    return Lifecycle(_steps(row), _durations(times), _by_month(months, row), findings)


def _reached(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    delivered = Ground("delivered orders", row["delivered"], ground.window, SOURCE)
    verbs = {
        "created": f"{_were(row['created'])} created, cancelled ones included",
        "shipped": f"{_were(row['shipped'])} shipped",
        "delivered": f"{_were(row['delivered'])} delivered",
        "returned": "came back",
    }
    counts = {
        step: ground.of(
            row[step] or None,
            "count",
            f"{{value}} {_orders(row[step])} {verbs[step]}.",
            f"orders with the time they were {step}" if step != "returned" else f"orders that came back, {BACK}",
            UNRECORDED.get(step, ""),
        )
        for step in STEPS
    }
    return counts | {
        "shipped_share": ground.of(
            over(row["shipped"] or None, row["created"]),
            "share",
            "{value} of orders were shipped.",
            "shipped / created orders",
            UNRECORDED["shipped"],
        ),
        "delivered_share": ground.of(
            over(row["delivered"] or None, row["created"]),
            "share",
            "{value} of orders were delivered.",
            "delivered / created orders",
            UNRECORDED["delivered"],
        ),
        "return_rate": delivered.of(
            over(row["delivered_and_returned"], row["delivered"]) if row["returned"] else None,
            "share",
            "{value} of delivered orders came back.",
            f"delivered orders that came back, {BACK} / delivered orders",
            UNRECORDED["returned"] if row["delivered"] else UNRECORDED["delivered"],
        ),
        "cancelled_share": ground.of(
            over(row["cancelled"], row["created"]) if row["named"] else None,
            "share",
            "{value} of orders were cancelled.",
            "orders of status cancelled / created orders",
            "no status of an order is recorded",
        ),
        "out_of_order": ground.of(
            row["out_of_order"],
            "count",
            f"{{value}} {_orders(row['out_of_order'])} {_were(row['out_of_order'])} recorded as reaching "
            "a step before the one above it.",
            "orders with a step dated before the step above; their negative times are left out of the durations",
        ),
    }


def _times(times: Times, ground: Ground) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for key, _, name, verb, way in DURATIONS:
        time = times.get(key, UNTIMED)
        timed = Ground(f"orders with both times, {way}", time["orders"], ground.window, TIMES)
        why = f"no order is recorded as {verb} with both times"
        found[name] = timed.of(
            time["median"],
            "days",
            f"The median {verb} order took {{value}} from {way}.",
            f"median time from {way}",
            why,
        )
        found[f"{name}_p90"] = timed.of(
            time["p90"],
            "days",
            f"Nine in ten {verb} orders took no longer than {{value}} from {way}.",
            f"ninetieth percentile of the time from {way}",
            why,
        )
    return found


def _slow(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    delivered = Ground("orders with creation and delivery time", row["to_deliver_orders"], ground.window, SOURCE)
    return {
        "slow_orders": delivered.of(
            row["slow"] if row["to_deliver_orders"] else None,
            "count",
            f"{{value}} delivered {_orders(row['slow'])} took more than five days to arrive.",
            "orders delivered more than five days after they were created",
            UNRECORDED["delivered"],
        ),
        "slow_share": delivered.of(
            over(row["slow"], row["to_deliver_orders"]),
            "share",
            "{value} of delivered orders took more than five days to arrive.",
            "orders delivered more than five days after they were created / orders with creation and delivery time",
            UNRECORDED["delivered"],
        ),
    }


def _headline(row: Mapping[str, Any], times: Times, ground: Ground) -> Finding:
    """The title: the time to delivery, what is slow and what comes back; else how far orders get."""
    if not row["to_deliver_orders"]:
        return _undelivered(row, ground)
    slow = "{lifecycle.slow_share} took over five days" if row["slow"] else "not one took over five days"
    back = " and {lifecycle.return_rate} came back" if row["delivered_and_returned"] else " and not one came back"
    delivered = Ground("orders with creation and delivery time", row["to_deliver_orders"], ground.window, TIMES)
    return delivered.of(
        times["to_deliver"]["median"],
        "days",
        f"Delivered orders took a median of {{value}}; {slow}{back if row['returned'] else ''}.",
        "median time from placing to delivery",
    )


def _undelivered(row: Mapping[str, Any], ground: Ground) -> Finding:
    reached = next(step for step in ("delivered", "shipped", "returned") if row[step])
    rest = "" if row["delivered"] else "; no delivery time is recorded"
    claim = f"{{value}} of orders {'were ' + reached if reached != 'returned' else 'came back'}{rest}."
    return ground.of(over(row[reached], row["created"]), "share", claim, f"{reached} / created orders")


def _steps(row: Mapping[str, Any]) -> Table:
    recorded = [step for step in STEPS if row[step]]
    reached = [int(row[step]) for step in recorded]
    above = [row["created"], *reached[:-1]]
    table = pd.DataFrame({"step": [s.capitalize() for s in recorded], "orders": reached})
    table["share_of_created"] = [over(r, row["created"]) for r in reached]
    table["rate_from_previous"] = pd.Series([over(r, a) for r, a in zip(reached, above, strict=True)], dtype="float64")
    table["lost"] = [max(a - r, 0) for r, a in zip(reached, above, strict=True)]
    labels = {
        "step": "Step",
        "orders": "Orders",
        "share_of_created": "Share of created orders",
        "rate_from_previous": "Share of the step before",
        "lost": "Did not reach it",
    }
    units: dict[str, Unit] = {
        "orders": "count",
        "share_of_created": "share",
        "rate_from_previous": "share",
        "lost": "count",
    }
    missing = [UNRECORDED[step].capitalize() for step in STEPS if not row[step]]
    note = ". ".join(["Orders still under way and cancelled ones are among those that did not reach a step", *missing])
    return Table(table, "From placing to delivery and back", labels, SOURCE, units, f"{note}.")


def _durations(times: Times) -> Table:
    rows = [(label, *times.get(key, UNTIMED).values()) for key, label, *_ in DURATIONS]
    table = pd.DataFrame(rows, columns=["step", "orders", "median", "p90"]).astype({"median": float, "p90": float})
    labels = {"step": "Step", "orders": "Orders", "median": "Median", "p90": "Ninetieth percentile"}
    return Table(table, "How long each step takes", labels, TIMES, {"orders": "count", "median": "days", "p90": "days"})


def _by_month(months: pd.DataFrame, row: Mapping[str, Any]) -> Table:
    shares = ("created", "shipped", "delivered", "returned", "cancelled")
    months["created"] = months["orders"]
    for name in shares:
        recorded = row["named"] if name == "cancelled" else row[name]
        months[name] = months[name].astype("float64") / months["orders"] if recorded else float("nan")
    months.insert(0, "period", [f"{s:%Y-%m}" for s in months["start"]])
    labels = {"period": "Month", "start": "First day", "orders": "Orders"} | {s: s.capitalize() for s in shares}
    return Table(
        months[list(labels)],
        "Lifecycle by month of creation",
        labels,
        MONTHS,
        {"start": "date", "orders": "count", **dict.fromkeys(shares, "share")},
        "The last months still lack the steps that lie ahead of their orders.",
    )


def _orders(count: int) -> str:
    return noun(count, "order")


def _were(count: int) -> str:
    return noun(count, "was", "were")
