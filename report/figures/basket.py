"""The pairs that belong together most, by lift, with their orders."""

from __future__ import annotations

import plotly.graph_objects as go

from analysis.basket import Basket
from report.figure import Figure, Style, plain, ranked, real

MOST = 12


def pairs(basket: Basket, style: Style) -> go.Figure | None:
    """The strong pairs by lift, with lift and orders."""
    frame = basket.pairs.frame.query("strong").head(MOST)
    if frame.empty:
        return None
    most = 15 if style.narrow else 24
    names = [f"{plain(r.name_a, most)} + {plain(r.name_b, most)}" for r in frame.itertuples()]
    texts = [f"{style.text(r.lift, 'ratio')} · {style.text(r.orders, 'count')}" for r in frame.itertuples()]
    return ranked(names, real(frame["lift"]), texts, names, [style.accent] * len(frame), style)


def _alt(basket: Basket, style: Style) -> str:
    rows = basket.pairs.frame.query("strong").head(MOST).itertuples()
    listed = "; ".join(f"{plain(r.name_a)} and {plain(r.name_b)}: {style.text(r.lift, 'ratio')}" for r in rows)
    return f"Bars of the strongest pairs of products by lift. {listed}."


FIGURES = (
    Figure(
        "pairs",
        pairs,
        "slide",
        _alt,
        lambda b: b.pairs,
        ("name_a", "name_b", "lift", "orders"),
        "Strongest pairs by lift",
    ),
)
