"""What belongs together: the strongest pairs by lift, and categories that are bought together."""

from __future__ import annotations

import plotly.graph_objects as go

from analysis.basket import Basket
from report.figure import Figure, Style, plain, ranked, real

MOST = 15
WIDE, NARROW = 25, 13  # characters of each of two names


def pairs(basket: Basket, style: Style) -> go.Figure | None:
    """A bar a strong pair: its lift, and beside it the orders it rests on."""
    frame = basket.pairs.frame.query("strong").head(MOST)
    if frame.empty:
        return None
    most = NARROW if style.narrow else WIDE
    names = [f"{plain(row.name_a, most)} + {plain(row.name_b, most)}" for row in frame.itertuples()]
    texts = [
        f"{style.text(row.lift, 'ratio')}{'×' if style.narrow or at else ' times as often'} · "
        f"{style.text(row.orders, 'count')}{'' if style.narrow or at else ' orders'}"
        for at, row in enumerate(frame.itertuples())
    ]
    hover = [
        f"<b>{plain(row.name_a, 120)}</b><br><b>{plain(row.name_b, 120)}</b><br>lift: {style.text(row.lift, 'ratio')} "
        f"({style.text(row.lift_low, 'ratio')} to {style.text(row.lift_high, 'ratio')})<br>"
        f"orders with both: {style.text(row.orders, 'count')}"
        for row in frame.itertuples()
    ]
    return ranked(names, real(frame["lift"]), texts, hover, [style.accent] * len(frame), style)


def _alt(basket: Basket, style: Style) -> str:
    rows = basket.pairs.frame.query("strong").head(MOST).itertuples()
    listed = "; ".join(
        f"{plain(row.name_a)} and {plain(row.name_b)}: {style.text(row.lift, 'ratio')} times, "
        f"{style.text(row.orders, 'count')} orders"
        for row in rows
    )
    return f"Bars of the pairs of products with the highest lift. {listed}."


FIGURES = (
    Figure(
        "pairs",
        pairs,
        "slide",
        _alt,
        lambda basket: basket.pairs,
        ("name_a", "name_b", "lift", "orders"),
        "Pairs that belong together, by how many times as often as chance would have it",
    ),
)
