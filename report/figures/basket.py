"""What belongs together: the strongest pairs by lift, and categories that are bought together."""

from __future__ import annotations

import html

from analysis.basket import Basket
from report.chart import Chart
from report.figure import BAR, GREY, NAME, Figure, Style, plain, ranked, real, width

ROOM = 420  # pixels for two names
NARROW = 13  # characters of each on a phone


def pairs(basket: Basket, style: Style) -> Chart | None:
    """A bar a strong pair: its lift, and beside it the orders it rests on."""
    frame = basket.top.frame
    if frame.empty:
        return None
    names = [_pair(one, other, style) for one, other in zip(frame["name_a"], frame["name_b"], strict=True)]
    texts = [f"{_times(row.lift, style)}× · {style.text(row.orders, 'count')}" for row in frame.itertuples()]
    hover = [
        f"<b>{plain(row.name_a, 120)}</b><br><b>{plain(row.name_b, 120)}</b><br>lift: {style.text(row.lift, 'ratio')} "
        f"({style.text(row.lift_low, 'ratio')} to {style.text(row.lift_high, 'ratio')})<br>"
        f"orders with both: {style.text(row.orders, 'count')}"
        for row in frame.itertuples()
    ]
    figure = ranked(names, real(frame["lift"]), texts, hover, _colours(basket, style), style)
    figure.update_traces(width=min(0.66, 0.06 * max(len(frame), 4)))
    figure.update_layout(margin={"t": 30})
    figure.add_annotation(
        text="times as often as by chance · orders with both",
        x=1,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        xshift=figure.looks["margin"]["r"],
        yshift=2,
        font={"color": GREY},
    )
    return figure


def _times(lift: float, style: Style) -> str:
    """How many times: whole from ten on."""
    return style.text(round(lift), "count") if lift >= 10 else style.text(lift, "ratio")


def _colours(basket: Basket, style: Style) -> list[str]:
    """The accent for the pair the title names, the first bundle; for all where there is none."""
    frame = basket.top.frame
    if basket.bundles is None or basket.bundles.frame.empty:
        return [style.accent] * len(frame)
    best = basket.bundles.frame.iloc[0]
    named = {best["first_id"], best["second_id"]}
    return [style.accent if {a, b} == named else BAR for a, b in zip(frame["a"], frame["b"], strict=True)]


def _pair(one: str, other: str, style: Style) -> str:
    """Two names, cut to a like length where they would not fit."""
    for most in range(NARROW if style.narrow else NAME, NARROW, -1):
        both = f"{plain(one, most)} + {plain(other, most)}"
        if width(html.unescape(both)) * style.slot.text <= ROOM:
            return both
    return f"{plain(one, NARROW)} + {plain(other, NARROW)}"


def _alt(basket: Basket, style: Style) -> str:
    listed = "; ".join(
        f"{plain(row.name_a)} and {plain(row.name_b)}: {style.text(row.lift, 'ratio')} times, "
        f"{style.text(row.orders, 'count')} orders"
        for row in basket.top.frame.itertuples()
    )
    return f"Bars of the pairs of products with the highest lift. {listed}."


FIGURES = (
    Figure(
        "pairs",
        pairs,
        "slide",
        _alt,
        lambda basket: basket.top,
        ("name_a", "name_b", "lift", "orders"),
        "Pairs that belong together, by how many times as often as chance would have it",
    ),
)
