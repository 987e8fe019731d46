"""What customers will be worth: by segment and how sure, by share of customers, and who is still one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.clv import Clv
from analysis.clv_tables import EVERYONE, QUIET, TIMES
from analysis.finding import Table, Unit
from report.chart import Chart, bar
from report.figure import BAR, GREY, INK, LIGHT, Figure, Style, mixed, named_rows, plain, real, width

FIFTH = 0.2


def segments(clv: Clv, style: Style) -> Chart | None:
    """A bar a segment, expected value of the next year, with its 95 % interval as a whisker; the first in colour."""
    return None if clv.segments is None else _whiskers(clv.segments, "segment", style)


def clusters(clv: Clv, style: Style) -> Chart | None:
    """The same by cluster."""
    return None if clv.clusters is None else _whiskers(clv.clusters, "cluster", style)


def curve(clv: Clv, style: Style) -> Chart | None:
    """Share of customers, the most valuable first, against their share of expected value; the first fifth marked."""
    if clv.curve is None:
        return None
    x, y = real(clv.curve.frame["share_of_customers"]), real(clv.curve.frame["share_of_value"])
    at = min(range(len(x)), key=lambda i: abs(x[i] - FIFTH))
    figure = Chart()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": LIGHT, "width": 1}, hoverinfo="skip")
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": style.accent, "width": 3},
        hoverinfo="text",
        hovertext=[
            f"{style.text(a, 'share')} of customers: {style.text(b, 'share')} of value"
            for a, b in zip(x, y, strict=True)
        ],
    )
    figure.add_scatter(x=[x[at]], y=[y[at]], mode="markers", marker={"color": style.accent, "size": 12})
    figure.add_annotation(
        x=x[at],
        y=y[at],
        xanchor="left",
        yanchor="top",
        xshift=10,
        align="left",
        text=f"<b>{style.text(y[at], 'share')}</b> of expected value<br>from the best {style.text(x[at], 'share')}",
    )
    figure.add_annotation(
        x=0.62, y=0.56, text="if all were worth the same", font={"color": GREY}, xanchor="left", yanchor="top"
    )
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    named = [style.text(t, "share") for t in ticks]
    figure.update_xaxes(
        range=[-0.01, 1.02],
        tickvals=ticks,
        ticktext=[f"{n} of customers" if t == 1 and not style.narrow else n for t, n in zip(ticks, named, strict=True)],
    )
    figure.update_yaxes(range=[0, 1.04], tickvals=ticks, ticktext=named)
    figure.update_layout(margin={"l": 52, "b": 30, "r": 52})
    return figure


def chances(clv: Clv, style: Style) -> Chart | None:
    """A bar a tenth of P(still a customer): how many customers have that chance."""
    frame = clv.chances.frame
    count = real(frame["customers"])
    named = [f"{style.text(low, 'share')}–{style.text(high, 'share')}" for low, high in _ends(frame)]
    figure = Chart(
        bar(
            x=list(range(len(frame))),
            y=count,
            text=[style.text(c, "count") for c in count],
            textposition="outside",
            textangle=0,
            constraintext="none",
            cliponaxis=False,
            marker={"color": [BAR] * (len(frame) - 1) + [style.accent]},
            hoverinfo="text",
            hovertext=[
                f"chance {n}: {style.text(c, 'count', compact=False)}" for n, c in zip(named, count, strict=True)
            ],
        )
    )
    edges = [0, 0.2, 0.4, 0.6, 0.8, 1]
    figure.update_xaxes(
        range=[-0.6, 9.7], tickvals=[10 * e - 0.5 for e in edges], ticktext=[style.text(e, "share") for e in edges]
    )
    figure.update_yaxes(visible=False, range=[0, max(*count, 1) * 1.12])
    figure.update_layout(margin={"b": 28})
    return figure


def grid(clv: Clv, style: Style) -> Chart | None:
    """A cell a class of purchase days and of days since the last: the darker, the likelier still a customer."""
    frame = clv.grid.frame
    times, since = [t for _, _, t in TIMES], [s for _, _, s in QUIET]
    figure = Chart()
    for row in frame.itertuples():
        x, y = since.index(row.since), times.index(row.times)
        figure.add_shape(
            type="rect",
            x0=x - 0.48,
            x1=x + 0.48,
            y0=y - 0.46,
            y1=y + 0.46,
            line={"width": 0},
            layer="below",
            fillcolor=mixed("#f1f4f7", style.accent, row.alive),
        )
        figure.add_annotation(
            x=x, y=y, text=style.text(row.alive, "share"), font={"color": "#ffffff" if row.alive > 0.55 else INK}
        )
    figure.add_scatter(
        x=[since.index(s) for s in frame["since"]],
        y=[times.index(t) for t in frame["times"]],
        mode="markers",
        marker={"opacity": 0, "size": 30},
        hoverinfo="text",
        hovertext=[
            f"{r.times} purchase days, last {r.since} ago: {style.text(r.alive, 'share')} of "
            f"{style.text(r.customers, 'count', compact=False)} customers"
            for r in frame.itertuples()
        ],
    )
    figure.update_xaxes(
        range=[-0.5, len(since) - 0.5],
        tickvals=list(range(len(since))),
        ticktext=[s.replace(" or less", "<br>or less").replace(" a year", "<br>a year") for s in since],
        tickfont={"size": style.slot.text - 2},
    )
    figure.update_yaxes(range=[-0.5, len(times) - 0.5], tickvals=list(range(len(times))), ticktext=times)
    figure.update_layout(margin={"l": 86, "b": 48})
    return figure


def _whiskers(table: Table, what: str, style: Style) -> Chart | None:
    frame = _groups(table, what)
    main, unit = _main(frame)
    if frame.empty or not (frame[main] > 0).any():
        return None
    value, low, high = (real(frame[c]) for c in (main, "low", "high"))
    texts = [
        f"\u00a0{style.text(v, unit)}" + ("" if style.narrow else f" ({style.text(a, unit)} to {style.text(b, unit)})")
        for v, a, b in zip(value, low, high, strict=True)
    ]
    rows = list(range(len(frame)))
    figure = Chart(
        bar(
            orientation="h",
            x=value,
            y=rows,
            marker={"color": [style.accent if row == 0 else BAR for row in rows]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [b - v for v, b in zip(value, high, strict=True)],
                "arrayminus": [v - a for v, a in zip(value, low, strict=True)],
                "color": INK,
                "thickness": 1.5,
                "width": 5,
            },
            hoverinfo="text",
            hovertext=[
                f"<b>{plain(r[what])}</b><br>{style.text(r['customers'], 'count', compact=False)} customers, "
                f"{style.text(r['alive'], 'share')} still customers<br>next year:{t}"
                for r, t in zip(frame.to_dict("records"), texts, strict=True)
            ],
        )
    )
    for row, text in enumerate(texts):
        figure.add_annotation(x=high[row], y=row, text=text, xanchor="left", xshift=4)
    named_rows(figure, [style.name(n) + _each(at, each, style) for at, (n, each) in enumerate(_names(frame, what))])
    room = max(width(t) for t in texts) * style.slot.text + 14
    figure.update_xaxes(visible=False, range=[0, max(high) * 1.015])
    figure.update_layout(margin={"r": room, "t": 4, "b": 4})
    return figure


def _groups(table: Table | None, what: str) -> pd.DataFrame:
    """The groups without all customers."""
    return pd.DataFrame() if table is None else table.frame[table.frame[what] != EVERYONE]


def _names(frame: pd.DataFrame, what: str) -> list[tuple[str, float | None]]:
    """Each group, and what one of its customers is worth on average."""
    each = real(frame["each"]) if "each" in frame else [None] * len(frame)
    return list(zip(frame[what], each, strict=True))


def _each(at: int, each: float | None, style: Style) -> str:
    """What one customer of a group is worth, below its name; what the number is, in the first row."""
    if each is None:
        return ""
    return f'<br><span style="color:{GREY}">{style.text(each, "money")}{" a customer" if at == 0 else ""}</span>'


def _main(frame: pd.DataFrame) -> tuple[str, Unit]:
    """The column that is drawn, and its unit: value, or orders where value is not known."""
    return ("value_365", "money") if "value_365" in frame else ("orders_365", "count")


def _ends(frame: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(real(frame["low"]), real(frame["high"]), strict=True))


def _alt_groups(what: str) -> Callable[[Clv, Style], str]:
    def told(clv: Clv, style: Style) -> str:
        frame = _groups(getattr(clv, f"{what}s"), what)
        main, unit = _main(frame)
        listed = "; ".join(
            f"{r[what]}: {style.text(r[main], unit)}, {style.text(r['low'], unit)} to {style.text(r['high'], unit)}"
            for r in frame.to_dict("records")
        )
        return f"Bars with intervals of what is expected in the next year, by {what}. {listed}."

    return told


def _alt_curve(clv: Clv, style: Style) -> str:
    if clv.curve is None:
        return ""
    rows = [r for r in clv.curve.frame.itertuples() if round(r.share_of_customers * 100) in (10, 20, 50)]
    listed = "; ".join(
        f"the best {style.text(r.share_of_customers, 'share')} bring {style.text(r.share_of_value, 'share')}"
        for r in rows
    )
    return f"A curve of expected value by share of customers, the most valuable first: {listed}."


def _alt_chances(clv: Clv, style: Style) -> str:
    frame = clv.chances.frame
    listed = "; ".join(
        f"{style.text(low, 'share')} to {style.text(high, 'share')}: {style.text(c, 'count')}"
        for (low, high), c in zip(_ends(frame), frame["customers"], strict=True)
    )
    return f"Bars of customers by the chance that they still are. {listed}."


def _alt_grid(clv: Clv, style: Style) -> str:
    listed = "; ".join(
        f"{r.times} purchase days, last {r.since} ago: {style.text(r.alive, 'share')}"
        for r in clv.grid.frame.itertuples()
    )
    return f"Grid of the chance to be still a customer. {listed}."


COLUMNS = ("customers", "alive", "orders_365", "value_365", "low", "high")

FIGURES = (
    Figure(
        "segments",
        segments,
        "slide",
        _alt_groups("segment"),
        lambda clv: clv.segments,
        ("segment", *COLUMNS),
        "Expected value of the next year by segment, with 95 % intervals",
    ),
    Figure(
        "clusters",
        clusters,
        "page",
        _alt_groups("cluster"),
        lambda clv: clv.clusters,
        ("cluster", *COLUMNS),
        "Expected value of the next year by cluster, with 95 % intervals",
    ),
    Figure(
        "curve",
        curve,
        "page",
        _alt_curve,
        lambda clv: clv.curve,
        ("share_of_customers", "share_of_value"),
        "Expected value by share of customers, the most valuable first",
    ),
    Figure(
        "chances",
        chances,
        "page_low",
        _alt_chances,
        lambda clv: clv.chances,
        ("low", "high", "customers"),
        "Customers by the chance that they still are",
    ),
    Figure(
        "grid",
        grid,
        "page",
        _alt_grid,
        lambda clv: clv.grid,
        ("times", "since", "customers", "alive"),
        "Chance to be still a customer, by purchase days (rows) and days since the last (columns)",
    ),
)
