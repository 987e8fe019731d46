"""Can the figures be trusted: where every raw row went, what money is at stake, what the data do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import Ground, frame, noun, only_row, over
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

SOURCE = "analysis/quality.sql"
ACCOUNTS = "analysis/quality.py"
NOT_EARNED_SOURCE = "analysis/quality_not_earned.sql"
COVERAGE = "analysis/lifecycle_months.sql"
NO_SALE = "there is no sale before the report's last day"
EVENTS = ("shipped", "delivered", "returned", "cancelled")
NEARLY = Decimal("0.9995")  # a share of rows above this is said by what is missing
NOT_EARNED = 0.1  # share of the money ordered from which orders not earned belong into the title


@dataclass(frozen=True, slots=True)
class Quality(Result):
    """accounts: file, rows, used, rejected, excluded. reasons: file, fate, why, rows, money. remarks: code, count,
    text.

    reconciliation: label, amount, running (exact), total (a subtotal of the rows above); None without money.
    coverage: period, start, event, orders, share (of the month's orders that have the event); None without orders.
    """

    accounts: Table
    reasons: Table
    remarks: Table
    reconciliation: Table | None
    coverage: Table | None
    findings: Mapping[str, Finding]


def compute(dataset: Dataset, lines: Relation, settings: Settings, orders: Relation | None) -> Quality:
    """The account of the raw rows and what the kept lines cover up to the snapshot. Skips without any line."""
    row: Mapping[str, Any] = only_row(lines.query("quality.sql", snapshot=settings.snapshot))
    if row["first_day"] is None:
        raise Skip("there is no sale or refund before the report's last day")
    later: Mapping[str, Any] = only_row(lines.query("quality_later.sql", snapshot=settings.snapshot))
    steps = _steps(dataset, settings)
    window = (row["first_day"], row["last_day"])
    findings = _rows(dataset, window) | _unknown(row, window, settings)
    kept = row["kept_lines"] + later["kept_lines"]
    findings["unexplained"] = _unexplained(row["net"] + later["net"], steps, kept, window, settings)
    findings["not_earned_share"] = _not_earned(lines, window, settings)
    findings["headline"] = _headline(dataset, window, findings["not_earned_share"])
    return Quality(
        accounts=_accounts(dataset),
        reasons=_reasons(dataset),
        remarks=_notes(dataset),
        reconciliation=_reconciliation(steps, later["net"]),
        coverage=_coverage(orders, settings),
        findings=findings,
    )


def _rows(dataset: Dataset, window: tuple[Any, Any]) -> dict[str, Finding]:
    rows, used = _total(dataset, "rows"), _total(dataset, "used")
    rejected, excluded = _total(dataset, "rejected"), _total(dataset, "excluded")
    ground = Ground("rows of the raw files", rows, window, ACCOUNTS)
    notes = sum(n.count > 0 for n in dataset.notes)
    at_stake = [abs(r.money) for a in dataset.accounts for r in a.reasons if r.money is not None]
    return {
        "rows": ground.of(rows, "count", f"The raw files hold {{value}} {noun(rows, 'row')}.", "rows of all raw files"),
        "used_share": ground.of(
            over(used, rows),
            "share",
            "{value} of raw rows were read and placed.",
            "used rows / all raw rows",
            "the files hold no row",
        ),
        "rejected": ground.of(
            rejected,
            "count",
            f"{{value}} raw {noun(rejected, 'row')} could not be read.",
            "raw rows that are malformed or lack a needed value",
        ),
        "excluded": ground.of(
            excluded,
            "count",
            f"{{value}} raw {noun(excluded, 'row')} {noun(excluded, 'was', 'were')} set aside by rule.",
            "readable raw rows that are no part of the figures, such as repeats and entries that are no sales",
        ),
        "money_at_stake": ground.of(
            sum(at_stake, Decimal(0)) if at_stake and not dataset.no_money else None,
            "money",
            "Rows that are not used as they stand carry {value}, where their amount is known.",
            "sum of the absolute amounts of rejected and excluded rows, reason by reason",
            dataset.no_money or "no row that was left out has a known amount",
        ),
        "notes": ground.of(
            notes,
            "count",
            f"{{value}} {noun(notes, 'remark was', 'remarks were')} made on reading the data, listed in the appendix.",
            "kinds of irregularity found on reading, before any analysis",
        ),
    }


def _unknown(row: Mapping[str, Any], window: tuple[Any, Any], settings: Settings) -> dict[str, Finding]:
    ground = Ground("orders with at least one kept sale", row["orders"], window, SOURCE, settings.no_money)
    nothing = not row["unknown_gross"]
    return {
        "unknown_customer_share": ground.of(
            over(row["unknown_gross"], row["gross"]),
            "share",
            "Every sale names its customer: {value} of gross revenue comes without one."
            if nothing
            else "{value} of gross revenue cannot be tied to a known customer.",
            "gross revenue of lines without a customer / gross revenue",
            "nothing was sold for money",
            money=True,
            population="sale and returned lines",
            n=row["gross_lines"],
        ),
        "unknown_customer_revenue": ground.of(
            row["unknown_gross"],
            "money",
            "Gross revenue of {value} cannot be tied to a known customer.",
            "gross revenue of lines without a customer",
            population="sale and returned lines",
            n=row["gross_lines"],
        ),
        "unknown_order_share": ground.of(
            over(row["unknown_orders"], row["orders"]),
            "share",
            "{value} of orders cannot be tied to a known customer.",
            "orders without a customer / orders with at least one kept sale",
            "no order holds a kept sale",
        ),
        "unpriced_lines": Ground("kept sale lines", row["sale_lines"], window, SOURCE).of(
            row["unpriced"],
            "count",
            f"{{value}} sale {noun(row['unpriced'], 'line has', 'lines have')} no known price.",
            "kept sale lines whose amount is unknown; they count as orders and units, never as revenue",
        ),
        "first_day": ground.of(
            row["first_sale_day"], "date", "The sales begin on {value}.", "day of the first sale", NO_SALE
        ),
        "last_day": ground.of(
            row["last_sale_day"], "date", "The last sale is on {value}.", "day of the last sale", NO_SALE
        ),
    }


def _not_earned(lines: Relation, window: tuple[Any, Any], settings: Settings) -> Finding:
    row: Mapping[str, Any] = only_row(lines.query("quality_not_earned.sql", snapshot=settings.snapshot))
    return Ground("sale, returned and cancelled lines", row["lines"], window, NOT_EARNED_SOURCE, settings.no_money).of(
        over(row["not_earned"], row["ordered"]),
        "share",
        "{value} of raw money is of orders not earned: cancelled, or not yet complete.",
        "amounts of cancelled lines / amounts of sale, returned and cancelled lines",
        "nothing was ordered for money",
        money=True,
    )


def _headline(dataset: Dataset, window: tuple[Any, Any], not_earned: Finding) -> Finding:
    """The title: how many raw rows were placed, and what became of the others, or of money that was not earned."""
    rows, used = _total(dataset, "rows"), _total(dataset, "used")
    rejected, excluded, left = _total(dataset, "rejected"), _total(dataset, "excluded"), rows - used
    fates = ["{quality.rejected} could not be read"] if rejected else []
    fates += [f"{{quality.excluded}} {noun(excluded, 'was', 'were')} set aside by rule"] if excluded else []
    ground = Ground("rows of the raw files", rows, window, ACCOUNTS)
    share, rest, aside = over(used, rows), " and ".join(fates), ""
    if not_earned.value is not None and not_earned.value > NOT_EARNED:  # type: ignore[operator]
        rest = "{quality.not_earned_share} of raw money was not earned"
        aside = ", {quality.excluded} set aside" if excluded >= rejected else ", {quality.rejected} unreadable"
    if share is not None and left and share > NEARLY:
        return ground.of(
            left,
            "count",
            f"All but {{value}} of {{quality.rows}} raw rows were read and placed; {rest}.",
            "raw rows that were rejected or excluded",
        )
    claim = (
        f"{{value}} of {{quality.rows}} raw rows were read and placed{aside if left else ''}; {rest}."
        if rest
        else "{value} of raw rows were read and placed: not one was unreadable or set aside."
    )
    return ground.of(share, "share", claim, "used rows / all raw rows", "the reading kept no account of its rows")


def _total(dataset: Dataset, what: str) -> int:
    return sum(getattr(account, what) for account in dataset.accounts)


def _accounts(dataset: Dataset) -> Table:
    labels = {"file": "File", "rows": "Rows", "used": "Used", "rejected": "Rejected", "excluded": "Excluded"}
    rows = [[getattr(a, key) for key in labels] for a in dataset.accounts]
    return Table(
        pd.DataFrame(rows, columns=list(labels)),
        "Where every raw row went",
        labels,
        ACCOUNTS,
        dict.fromkeys(("rows", "used", "rejected", "excluded"), "count"),
        "Rejected: could not be read. Excluded: readable, set aside by rule.",
    )


def _reasons(dataset: Dataset) -> Table:
    labels = {"file": "File", "fate": "Fate", "why": "Reason", "rows": "Rows", "money": "Money at stake"}
    rows = [(a.file, r.fate, r.why, r.rows, r.money) for a in dataset.accounts for r in a.reasons]
    rows.sort(key=lambda r: (r[0], r[1] != "rejected", -r[3], r[2]))
    table = pd.DataFrame(rows, columns=list(labels))
    return Table(table, "Why rows are not used", labels, ACCOUNTS, {"rows": "count", "money": "money"})


def _notes(dataset: Dataset) -> Table:
    labels = {"code": "Code", "count": "Count", "text": "Remark"}
    rows = [(n.code, n.count, n.text) for n in dataset.notes]
    return Table(
        pd.DataFrame(rows, columns=list(labels)), "Remarks about the data", labels, ACCOUNTS, {"count": "count"}
    )


def _steps(dataset: Dataset, settings: Settings) -> list[tuple[str, Decimal, Decimal, bool]]:
    """Label, amount, running sum, and whether the row is a subtotal: its amount is what the rows above add up to."""
    steps: list[tuple[str, Decimal, Decimal, bool]] = []
    running = Decimal(0)
    for label, amount in () if settings.no_money else dataset.reconciliation:
        total = not steps or amount == running
        running = amount if total else running + amount
        steps.append((label, amount, running, total))
    return steps


def _reconciliation(steps: list[tuple[str, Decimal, Decimal, bool]], later: Decimal) -> Table | None:
    if not steps:
        return None
    labels = {"label": "Step", "amount": "Amount", "running": "Sum so far", "total": "Subtotal"}
    note = "Amounts on or after the snapshot are in these steps, not in the report's figures." if later else ""
    return Table(
        pd.DataFrame(steps, columns=list(labels)),
        "From raw money to net revenue",
        labels,
        ACCOUNTS,
        {"amount": "money", "running": "money"},
        note,
    )


def _unexplained(
    net: Decimal,
    steps: list[tuple[str, Decimal, Decimal, bool]],
    kept: int,
    window: tuple[Any, Any],
    settings: Settings,
) -> Finding:
    """What the steps from raw money fail to explain of the net revenue of all lines: nothing, when the books agree."""
    gaps = [net - running for _, _, running, _ in steps]
    gap = min(gaps, key=abs, default=None)
    return Ground("kept sale and refund lines", kept, window, ACCOUNTS, settings.no_money).of(
        gap,
        "money",
        "The steps from raw money to net revenue leave {value} unexplained.",
        "net revenue of all lines - the nearest sum of the reconciliation",
        "the reading states no reconciliation",
    )


def _coverage(orders: Relation | None, settings: Settings) -> Table | None:
    if orders is None:
        return None
    months = frame(orders.query("lifecycle_months.sql", snapshot=settings.snapshot))
    months["period"] = [f"{s:%Y-%m}" for s in months["start"]]
    long = months.melt(["period", "start", "orders"], list(EVENTS), "event", "reached")
    long["share"] = long["reached"] / long["orders"]
    long["place"] = long["event"].map({name: i for i, name in enumerate(EVENTS)})
    long = long.sort_values(["start", "place"]).reset_index(drop=True)
    labels = {
        "period": "Month",
        "start": "First day",
        "event": "Event",
        "orders": "Orders",
        "share": "Share of orders with it",
    }
    units: dict[str, Any] = {"start": "date", "orders": "count", "share": "share"}
    return Table(long[list(labels)], "How much of each order's life is recorded", labels, COVERAGE, units)
