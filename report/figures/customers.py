"""How often customers come: orders per customer."""

from __future__ import annotations

from analysis.customers import Customers
from report.chart import Chart, bar
from report.figure import BAR, Figure, Style, plain, real


def orders(customers: Customers, style: Style) -> Chart | None:
    """A bar for one order, two, three, four and more; one order in colour."""
    frame = customers.orders_per_customer.frame
    counts, at = real(frame["customers"]), list(range(len(frame)))
    texts = [
        f"{style.text(int(c), 'count')} · {style.text(s, 'share')}" for c, s in zip(counts, frame["share"], strict=True)
    ]
    figure = Chart(
        bar(
            x=at,
            y=counts,
            text=texts,
            textposition="outside",
            cliponaxis=False,
            textangle=0,
            constraintext="none",
            hoverinfo="text",
            hovertext=[f"{plain(o)} orders: {t}" for o, t in zip(frame["orders"], texts, strict=True)],
            marker={"color": [style.accent if i == 0 else BAR for i in at]},
        )
    )
    figure.update_xaxes(
        tickmode="array",
        tickvals=at,
        ticktext=[plain(o) + (" order" if o == "1" else " orders") for o in frame["orders"]],
    )
    figure.update_yaxes(visible=False, range=[0, max(*counts, 1) * 1.12])
    return figure


def _alt(customers: Customers, style: Style) -> str:
    frame = customers.orders_per_customer.frame
    rows = zip(frame["orders"], frame["customers"], strict=True)
    return (
        "Bars of customers by number of orders. " + "; ".join(f"{o}: {style.text(c, 'count')}" for o, c in rows) + "."
    )


FIGURES = (
    Figure(
        "orders",
        orders,
        "page_low",
        _alt,
        lambda customers: customers.orders_per_customer,
        ("orders", "customers", "share"),
        "Customers by number of orders",
    ),
)
