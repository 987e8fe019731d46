"""How the segments' sizes changed since the last report."""

from __future__ import annotations

from analysis.finding import Table
from analysis.versus_last import VersusLast
from report.chart import Chart
from report.figure import BAR, GREY, Figure, Style, named_rows, real


def segments(versus: VersusLast, style: Style) -> Chart | None:
    """A row a segment: customers in the last report (grey) and now (colour), joined."""
    if versus.segments is None:
        return None
    frame = versus.segments.frame
    then, now, names = real(frame["then"]), real(frame["now"]), list(frame["segment"])
    figure, rows = Chart(), list(range(len(names)))
    for row, (a, b) in enumerate(zip(then, now, strict=True)):
        figure.add_scatter(
            x=[a, b], y=[row, row], mode="lines", line={"color": BAR, "width": 3}, hoverinfo="skip", showlegend=False
        )
    hover = [
        f"<b>{name}</b><br>last report {style.text(int(a), 'count')}<br>now {style.text(int(b), 'count')}"
        for name, a, b in zip(names, then, now, strict=True)
    ]
    same = {"hovertext": hover, "hoverinfo": "text", "y": rows, "mode": "markers"}
    figure.add_scatter(x=then, marker={"color": BAR, "size": 11}, **same)
    figure.add_scatter(x=now, marker={"color": style.accent, "size": 13}, **same)
    most = max([*then, *now, 1.0])
    for row, (a, b) in enumerate(zip(then, now, strict=True)):
        change = style.text(int(b - a), "count", signed=True)
        words = f"{style.text(int(b), 'count')}{' now' if row == 0 else ''}"
        grown = "no change" if a == b else change
        figure.add_annotation(
            x=max(a, b), y=row, xanchor="left", xshift=12, text=f"{words} <span style='color:{GREY}'>({grown})</span>"
        )
    figure.update_layout(margin={"r": 150, "t": 4, "b": 4}, showlegend=False)
    figure.update_xaxes(visible=False, range=[0, most * 1.02])
    named_rows(figure, names)
    return figure


def _table(versus: VersusLast) -> Table:
    assert versus.segments is not None  # asked for of a drawn figure only
    return versus.segments


def _alt(versus: VersusLast, style: Style) -> str:
    rows = _table(versus).frame.itertuples(index=False)
    told = "; ".join(f"{r.segment}: {style.text(r.then, 'count')}, now {style.text(r.now, 'count')}" for r in rows)
    return f"Customers by segment in the last report and now. {told}."


FIGURES = (
    Figure(
        "segments",
        segments,
        "slide_steps",
        _alt,
        _table,
        ("segment", "then", "left", "came", "now"),
        "Customers by segment, last report and this one",
    ),
)
