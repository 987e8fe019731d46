"""Dearer alternatives: the most valuable offers, how large the price steps are, and in which categories."""

from __future__ import annotations

from babel.numbers import format_percent

from analysis.up_sell import UpSell
from report.chart import Chart, bar
from report.figure import BAR, Figure, Style, axis_names, real
from report.figures.offers import bars, by_category, by_offer


def offers(up_sell: UpSell, style: Style) -> Chart | None:
    """The most valuable offers; none when the slide is that of cross-selling."""
    return None if up_sell.beside else bars(up_sell.offers, style)


def steps(up_sell: UpSell, style: Style) -> Chart:
    """A bar a price step of five percent: customers."""
    frame = up_sell.steps.frame
    count, at = real(frame["customers"]), list(range(len(frame)))
    figure = Chart(
        bar(
            x=at,
            y=count,
            text=[style.text(int(c), "count") if c else "" for c in count],
            textposition="outside",
            textangle=0,
            constraintext="none",
            cliponaxis=False,
            hoverinfo="text",
            hovertext=[
                f"{name}: {style.text(int(c), 'count', compact=False)} customers, {style.text(v, 'money')} assumed"
                for name, c, v in zip(_names(up_sell, style), count, frame["value"], strict=True)
            ],
            marker={"color": BAR},
        )
    )
    every = 2 if style.narrow else 1
    ends = [_percent(low, style) for low in real(frame["low"])] + [_percent(frame["high"].iloc[-1], style)]
    marks = [edge - 0.5 for edge in range(len(ends))]
    figure.update_layout(bargap=0.06, margin={"t": 30, "b": 52})
    figure.update_xaxes(
        tickmode="array",
        tickvals=marks[::every],
        ticktext=ends[::every],
        range=[-0.7, len(frame) - 0.3],
        tickangle=0,
    )
    figure.update_yaxes(visible=False, range=[0, max(*count, 1) * 1.12])
    axis_names(figure, "how much dearer the offer is than what they hold", "customers", left=0)
    return figure


def _percent(share: float, style: Style) -> str:
    return format_percent(round(share, 4), locale=style.settings.locale)


def _names(up_sell: UpSell, style: Style) -> list[str]:
    frame = up_sell.steps.frame
    return [f"{_percent(a, style)} to {_percent(b, style)}" for a, b in zip(frame["low"], frame["high"], strict=True)]


def _alt_steps(up_sell: UpSell, style: Style) -> str:
    rows = zip(_names(up_sell, style), up_sell.steps.frame["customers"], strict=True)
    listed = "; ".join(f"{name}: {style.text(int(c), 'count')}" for name, c in rows)
    return f"Bars of customers by how much dearer the product offered is than the one they hold. {listed}."


FIGURES = (
    by_offer("offers", offers, "slide", "The most valuable offers of a dearer product"),
    Figure(
        "steps",
        steps,
        "page_low",
        _alt_steps,
        lambda up_sell: up_sell.steps,
        ("low", "high", "customers", "value"),
        "Customers by how much dearer the product offered is",
    ),
    by_category("Expected value (assumed) of offers of a dearer product, by category"),
)
