"""Who the customers are: segments by share of customers and of revenue, and the score grid behind them."""

from __future__ import annotations

import re

import pandas as pd

from analysis.rfm import Rfm
from report.chart import Chart, scatter
from report.figure import INK, LIGHT, Figure, Style, axis_names, mixed, paired, plain, real


def segments(rfm: Rfm, style: Style) -> Chart | None:
    """Two bars a segment: share of customers light, share of revenue dark, what the title speaks of in colour."""
    frame = _buyers(rfm)
    if frame.empty:
        return None
    spoken = [_key(s) in _spoken(rfm) for s in frame["segment"]]
    names = [style.name(s) for s in frame["segment"]]
    return paired(names, real(frame["share_customers"]), real(frame["share_net"]), spoken, _hover(frame, style), style)


def heatmap(rfm: Rfm, style: Style) -> Chart | None:
    """A cell a pair of recency and frequency score: the darker, the more customers; drawn as shapes."""
    frame = rfm.heatmap.frame
    if frame.empty:
        return None
    counts = {(int(r), int(f)): int(c) for r, f, c in zip(frame["r"], frame["f"], frame["customers"], strict=True)}
    most, figure = max(counts.values()), Chart()
    for (r, f), count in counts.items():
        share = count / most
        figure.add_shape(
            type="rect",
            x0=f - 0.48,
            x1=f + 0.48,
            y0=r - 0.46,
            y1=r + 0.46,
            line={"width": 0},
            layer="below",
            fillcolor=mixed("#f1f4f7", style.accent, share),
        )
        figure.add_annotation(
            x=f, y=r, text=style.text(count, "count"), font={"color": "#ffffff" if share > 0.55 else INK}
        )
    figure.add_scatter(
        x=[f for _, f in counts],
        y=[r for r, _ in counts],
        mode="markers",
        marker={"opacity": 0, "size": 30},
        hoverinfo="text",
        hovertext=[
            f"recency {r}, frequency {f}: {style.text(c, 'count', compact=False)} customers"
            for (r, f), c in counts.items()
        ],
    )
    figure.update_xaxes(range=[0.5, 5.5], tickvals=[1, 2, 3, 4, 5], ticktext=["1 rare", "2", "3", "4", "5 often"])
    figure.update_yaxes(range=[0.5, 5.5], tickvals=[1, 2, 3, 4, 5], ticktext=["1 long ago", "2", "3", "4", "5 recent"])
    figure.update_layout(margin={"l": 86, "b": 28})
    return figure


def values(rfm: Rfm, style: Style) -> Chart | None:
    """Customers by segment against their mean value: bubbles at median recency and orders, sized by revenue."""
    frame = _buyers(rfm)
    if frame.empty or "median_recency" not in frame:
        return None
    x, y, size = real(frame["median_recency"]), real(frame["median_orders"]), real(frame["share_net"])
    figure = Chart(
        scatter(
            x=x,
            y=y,
            mode="markers",
            hoverinfo="text",
            hovertext=_hover(frame, style),
            cliponaxis=False,
            marker={
                "size": [max(0.0, s) for s in size],
                "sizemode": "area",
                "sizeref": max(*size, 1e-9) / 3200,
                "sizemin": 4,
                "color": style.tint,
                "opacity": 1,
                "line": {"color": style.accent, "width": 1.2},
            },
        )
    )
    for i, name in enumerate(frame["segment"]):
        radius = 40 * (max(0.0, size[i]) / max(*size, 1e-9)) ** 0.5
        figure.add_annotation(x=x[i], y=y[i], text=style.name(name), yshift=radius + 12)
    room = (max(x) - min(x) or 1) * 0.16
    tall = (max(y) - min(y) or 1) * 0.28
    figure.update_xaxes(range=[max(x) + room, min(x) - room], showline=True, linecolor=LIGHT, nticks=5)
    figure.update_yaxes(range=[min(y) - tall, max(y) + tall], nticks=4)
    figure.update_layout(margin={"l": 44, "b": 54, "t": 28})
    axis_names(figure, "median days since the last order (recent on the right)", "median orders", below=-28, left=-38)
    return figure


def _buyers(rfm: Rfm) -> pd.DataFrame:
    """The segments with revenue: visitors who never bought have no bar here."""
    frame = rfm.segments.frame
    return frame[frame["share_net"].notna() & (frame["customers"] > 0)]


def _key(segment: object) -> str:
    return re.sub(r"[^a-z]+", "_", str(segment).lower())


def _spoken(rfm: Rfm) -> set[str]:
    """The segments whose name the headline says."""
    claim = rfm.findings["headline"].claim
    return {_key(s) for s in rfm.segments.frame["segment"] if str(s) in claim}


def _hover(frame: pd.DataFrame, style: Style) -> list[str]:
    rows = zip(
        frame["segment"], frame["customers"], frame["share_customers"], frame["net"], frame["share_net"], strict=True
    )
    return [
        f"<b>{plain(s)}</b><br>customers: {style.text(c, 'count', compact=False)} ({style.text(cs, 'share')})"
        f"<br>revenue: {style.text(n, 'money', compact=False)} ({style.text(ns, 'share')})"
        for s, c, cs, n, ns in rows
    ]


def _alt(rfm: Rfm, style: Style) -> str:
    frame = _buyers(rfm)
    rows = zip(frame["segment"], frame["share_customers"], frame["share_net"], strict=True)
    listed = "; ".join(
        f"{s}: {style.text(c, 'share')} of customers, {style.text(n, 'share')} of revenue" for s, c, n in rows
    )
    return f"Bars by segment. {listed}."


def _alt_heatmap(rfm: Rfm, style: Style) -> str:
    frame = rfm.heatmap.frame
    rows = zip(frame["r"], frame["f"], frame["customers"], strict=True)
    listed = "; ".join(f"recency {r}, frequency {f}: {style.text(c, 'count')}" for r, f, c in rows if c)
    return f"Grid of customers by recency score (rows) and frequency score (columns). {listed}."


def _alt_values(rfm: Rfm, style: Style) -> str:
    frame = _buyers(rfm)
    rows = zip(frame["segment"], frame["median_recency"], frame["median_orders"], strict=True)
    return "Segments by recency and orders, sized by revenue. " + "; ".join(
        f"{s}: median recency {style.text(r, 'days')}, median orders {style.text(o, 'ratio')}" for s, r, o in rows
    )


FIGURES = (
    Figure(
        "segments",
        segments,
        "slide",
        _alt,
        lambda rfm: rfm.segments,
        ("segment", "customers", "share_customers", "share_net"),
        "Segments by share of customers and of revenue",
    ),
    Figure(
        "heatmap",
        heatmap,
        "page",
        _alt_heatmap,
        lambda rfm: rfm.heatmap,
        ("r", "f", "customers"),
        "Customers by recency score (rows) and frequency score (columns)",
    ),
    Figure(
        "values",
        values,
        "page",
        _alt_values,
        lambda rfm: rfm.segments,
        ("segment", "median_recency", "median_orders", "share_net"),
        "Segments by recency and orders; area: revenue",
    ),
)
