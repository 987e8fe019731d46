"""How large is the business: revenue, orders, customers and what each is worth, lagging and leading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import Ground, noun, only_row, over, until
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/kpis.sql"
RECENT = 90  # days; the claims say "ninety"
NAMELESS = "before refunds, which name no customer"

LABELS = {
    "visitors": "Visitors",
    "buyers": "Buyers",
    "conversion": "Conversion",
    "orders": "Orders",
    "units": "Units",
    "gross": "Gross revenue",
    "refunds": "Refunds",
    "net": "Net revenue",
    "net_known": "Net revenue of known customers",
    "refund_rate": "Refund rate",
    "order_value": "Average order value",
    "revenue_per_buyer": "Revenue per buyer (average ticket size)",
    "orders_per_customer": "Orders per customer",
    "repeat_share": "Repeat buyers",
    "active_90d": "Active in the last ninety days",
    "new_buyers_share_90d": "New among the active",
}


@dataclass(frozen=True, slots=True)
class Kpis(Result):
    """kpis: one row a figure (key, label, timing lagging | leading); the values are the findings of the same key."""

    kpis: Table
    findings: Mapping[str, Finding]


def compute(lines: Relation, settings: Settings, events: Relation | None) -> Kpis:
    """The shop's key figures up to the snapshot; visitors and conversion only with events. Skips without a sale."""
    since = settings.snapshot - timedelta(days=RECENT)
    row: Mapping[str, Any] = only_row(lines.query("kpis.sql", snapshot=settings.snapshot, since=since))
    if not row["sale_lines"]:
        raise Skip("there is no sale before the report's last day")
    ground = Ground(
        population="orders with at least one kept sale",
        n=row["orders"],
        window=(row["first_day"], row["last_day"]),
        source=SOURCE,
        no_money=settings.no_money,
    )
    findings = _visits(events, settings, row["buyers"], ground) if events else {}
    findings |= _volume(row, ground) | _money(row, ground) | _habits(row, ground, settings)
    findings["headline"] = _headline(row, ground)
    return Kpis(kpis=_table(findings), findings=findings)


def _visits(events: Relation, settings: Settings, buyers: int, ground: Ground) -> dict[str, Finding]:
    row: Mapping[str, Any] = only_row(
        events.query("kpis_visitors.sql", snapshot=settings.snapshot, until=until(settings))
    )
    visitors = row["visitors"]
    if not visitors:
        return {}
    strangers = buyers > 0 and not row["converted"]
    window: tuple[date, date] = (row["first_day"], row["last_day"])
    ground = Ground("visitors with at least one event", visitors, window, "analysis/kpis_visitors.sql")
    return {
        "visitors": ground.of(
            visitors,
            "count",
            f"{{value}} {noun(visitors, 'visitor')} came to the shop.",
            "distinct visitors in the events",
        ),
        "conversion": ground.of(
            None if strangers else over(row["converted"], visitors),
            "share",
            "{value} of visitors bought.",
            "visitors with a kept sale / all visitors",
            "no buyer is found among the visitors: the events and the orders name people differently",
            leading=True,
        ),
    }


def _volume(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    buyers, units = row["buyers"], row["units"]
    units = int(units) if units is not None and units == int(units) else units
    return {
        "buyers": ground.of(
            buyers,
            "count",
            f"{{value}} known {noun(buyers, 'customer')} bought at least once."
            if buyers
            else "The data names {value} customers, so orders cannot be tied to people.",
            "distinct known customers with at least one kept sale",
            population="known customers with a sale",
            n=buyers,
        ),
        "orders": ground.of(
            row["orders"],
            "count",
            f"Customers placed {{value}} {noun(row['orders'], 'order')}.",
            "distinct orders with at least one kept sale",
        ),
        "units": ground.of(
            units,
            "count",
            f"The orders hold {{value}} {noun(units, 'unit')}.",
            "sum of the quantities of kept sale lines",
            "no quantity is known",
        ),
        "first_day": ground.of(row["first_sale_day"], "date", "The sales begin on {value}.", "day of the first sale"),
        "last_day": ground.of(row["last_sale_day"], "date", "The last sale is on {value}.", "day of the last sale"),
    }


def _money(row: Mapping[str, Any], ground: Ground) -> dict[str, Finding]:
    gross, refunds, net = money(row)
    known = row["sold_known"] + row["given_back_known"]
    nameless = row["refund_lines"] > 0 and not row["refund_lines_known"]
    ground, orders = _of_lines(row, ground), ground
    return {
        "gross": ground.of(gross, "money", "Gross revenue was {value} before refunds.", "sum of all sale amounts"),
        "refunds": ground.of(
            refunds,
            "money",
            "Refunds and returned goods came to {value}."
            if refunds
            else "Refunds came to {value}: the data record no refund.",
            "money given back, plus the sale amounts of lines that came back whole",
        ),
        "net": ground.of(
            net,
            "money",
            "Net revenue after refunds was {value}."
            if net >= 0
            else "More was refunded than sold, so net revenue was {value}.",
            "gross revenue - refunds",
        ),
        "net_known": ground.of(
            known if row["buyers"] else None,
            "money",
            f"Known customers brought {{value}} {NAMELESS}."
            if nameless
            else "Known customers brought net revenue of {value}.",
            "gross revenue - refunds on the lines that name a customer, refunds of earlier purchases included",
            "no sale names its customer",
            population="lines that name a customer, cancelled ones aside",
            n=row["lines_known"],
        ),
        "refund_rate": ground.of(
            over(refunds, gross),
            "share",
            "{value} of gross revenue was refunded.",
            "refunds / gross revenue",
            "nothing was sold for money" if gross <= 0 else "more was refunded than was sold",
            money=True,
        ),
        "order_value": orders.of(
            over(row["sold"], row["priced_orders"]),
            "money",
            "The average order was worth {value}.",
            "sale amounts of kept lines / orders with a known amount",
            "no order has a known amount",
            population="orders with a known amount",
            n=row["priced_orders"],
        ),
        "revenue_per_buyer": orders.of(
            over(row["priced_net"], row["priced_buyers"]),
            "money",
            f"A known customer brought {{value}} on average, {NAMELESS}."
            if nameless
            else "A known customer brought {value} of net revenue on average.",
            "net revenue of the customers counted / known customers with a sale of known amount",
            "no sale names its customer",
            population="known customers with a sale of known amount",
            n=row["priced_buyers"],
        ),
    }


def _of_lines(row: Mapping[str, Any], ground: Ground) -> Ground:
    """The ground of what is summed over lines: orders that came back whole and refunds without an order included."""
    return replace(ground, population="lines of sales, returns and refunds", n=row["lines"])


def _habits(row: Mapping[str, Any], ground: Ground, settings: Settings) -> dict[str, Finding]:
    buyers, active, unnamed = row["buyers"], row["active_buyers"], "no sale names its customer"
    days = (settings.snapshot - row["first_sale_day"]).days
    people = Ground("known customers with a sale", buyers, ground.window, SOURCE)
    return {
        "orders_per_customer": people.of(
            over(row["buyer_orders"], buyers),
            "ratio",
            "A known customer placed {value} orders on average.",
            "orders of known customers / known customers with a sale",
            unnamed,
        ),
        "repeat_share": people.of(
            over(row["repeat_buyers"], buyers),
            "share",
            "{value} of known customers placed more than one order.",
            "known customers with at least two orders / known customers with a sale",
            unnamed,
            leading=True,
        ),
        "active_90d": people.of(
            over(active, buyers) if days > RECENT else None,
            "share",
            "{value} of known customers bought in the last ninety days.",
            "known customers with a sale in the ninety days before the snapshot / known customers with a sale",
            "the sales cover no more than ninety days" if buyers else unnamed,
            leading=True,
        ),
        "new_buyers_share_90d": people.of(
            over(row["new_buyers"], active) if days > 2 * RECENT else None,
            "share",
            "{value} of those who bought in the last ninety days did so for the first time.",
            "known customers whose first sale lies in the ninety days before the snapshot / those with any sale then",
            "the sales cover too short a time to tell new customers from returning ones"
            if buyers and days <= 2 * RECENT
            else "no known customer bought in the last ninety days",
            leading=True,
            population="known customers with a sale in the last ninety days",
            n=active,
            window=(settings.snapshot - timedelta(days=RECENT), settings.snapshot - timedelta(days=1)),
        ),
    }


def money(row: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """Gross, refunds and net from sold, came_back and given_back (refunds are positive, given_back negative)."""
    gross = row["sold"] + row["came_back"]
    refunds = row["came_back"] - row["given_back"]
    return gross, refunds, gross - refunds


def _headline(row: Mapping[str, Any], ground: Ground) -> Finding:
    """The title: what was earned, from how many orders, and whether customers come back."""
    net, orders = money(row)[2], noun(row["orders"], "order")
    again = "; {kpis.repeat_share} of known customers came back" if row["buyers"] > 1 else ""
    if ground.no_money:
        claim = f"Customers placed {{value}} {orders}{again}."
        return ground.of(row["orders"], "count", claim, "distinct orders with a kept sale")
    start = "Net revenue was" if net >= 0 else "Refunds exceeded sales: net revenue was"
    claim = f"{start} {{value}} from {{kpis.orders}} {orders}{again}."
    return _of_lines(row, ground).of(net, "money", claim, "gross revenue - refunds")


def _table(findings: Mapping[str, Finding]) -> Table:
    rows = [
        {"key": key, "label": label, "timing": "leading" if findings[key].leading else "lagging"}
        for key, label in LABELS.items()
        if key in findings
    ]
    return Table(
        pd.DataFrame(rows),
        "Key figures",
        {"key": "Key", "label": "Figure", "timing": "Lagging or leading"},
        "analysis/kpis.py",
    )
