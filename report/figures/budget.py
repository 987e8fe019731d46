"""What each action returns after it is paid, with its low and high case."""

from __future__ import annotations

from typing import Any

from analysis.budget import Budget
from report.chart import Chart, bar
from report.figure import BAR, GREY, INK, LIGHT, Figure, Style, named_rows, real, width


def returns(budget: Budget, style: Style) -> Chart | None:
    """A bar an action, net return expected, whiskers from the low to the high case; those that get nothing say so."""
    frame = budget.split.frame
    if not frame["contacts"].any():
        return None
    rows = frame.to_dict("records")
    net, low, high = (real(frame[name]) for name in ("net", "net_low", "net_high"))
    paid = [count > 0 for count in frame["contacts"]]
    figure = Chart(
        bar(
            orientation="h",
            y=list(range(len(rows))),
            x=net,
            marker={"color": [style.accent if one else BAR for one in paid]},
            hoverinfo="text",
            hovertext=[_hover(row, style) for row in rows],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [b - n if one else None for n, b, one in zip(net, high, paid, strict=True)],
                "arrayminus": [n - a if one else None for n, a, one in zip(net, low, paid, strict=True)],
                "color": INK,
                "thickness": 1.5,
                "width": 7,
            },
        )
    )
    texts = [_label(row, at == 0, style) for at, row in enumerate(rows)]
    for at, text in enumerate(texts):
        figure.add_annotation(x=max(high[at], net[at], 0.0), y=at, text=text, xanchor="left", xshift=10, align="left")
    least, most = min(0.0, *low, *net), max(*high, *net, 0.0) or 1.0
    if least < 0:
        figure.add_shape(
            type="line", x0=0, x1=0, xref="x", y0=0, y1=1, yref="y domain", line={"color": LIGHT, "width": 1}
        )
    named_rows(figure, [_name(row, at == 0, style) for at, row in enumerate(rows)])
    room = max(width(line) for text in texts for line in text.split("<br>")) * style.slot.text + 20
    figure.update_xaxes(visible=False, range=[least * 1.04, most])
    figure.update_layout(margin={"r": room, "t": 4, "b": 4})
    return figure


def _label(row: dict[Any, Any], first: bool, style: Style) -> str:
    if not row["contacts"]:
        why = f"would lose {style.text(-row['if_all'], 'money')}" if row["if_all"] < 0 else "the budget is spent"
        return "gets nothing" if style.narrow else f"gets nothing: {why}"
    net, low, high = (style.text(row[name], "money") for name in ("net", "net_low", "net_high"))
    if style.narrow:
        return net
    return f"{net}{' net' if first else ''}<br>{low} to {high}"


def _name(row: dict[Any, Any], first: bool, style: Style) -> str:
    """The action, and below it what it gets."""
    spend = f"{style.text(row['spend'], 'money')}{' to spend' if first else ''}"
    return f'{style.name(row["name"])}<br><span style="color:{GREY}">{spend}</span>'


def _hover(row: dict[Any, Any], style: Style) -> str:
    return (
        f"<b>{style.name(row['name'])}</b><br>{style.text(row['contacts'], 'count', compact=False)} contacted for "
        f"{style.text(row['spend'], 'money', compact=False)}<br>net {style.text(row['net'], 'money', compact=False)}"
        f"<br>low {style.text(row['net_low'], 'money')}, high {style.text(row['net_high'], 'money')}"
    )


def _alt(budget: Budget, style: Style) -> str:
    listed = "; ".join(
        f"{row['name']}: {style.text(row['spend'], 'money')} spent, {style.text(row['net'], 'money')} net "
        f"({style.text(row['net_low'], 'money')} to {style.text(row['net_high'], 'money')})"
        for row in budget.split.frame.to_dict("records")
    )
    return f"Bars of the net return of each action under assumed responses, low to high. {listed}."


FIGURES = (
    Figure(
        "returns",
        returns,
        "slide",
        _alt,
        lambda budget: budget.split,
        ("name", "contacts", "spend", "net_low", "net", "net_high"),
        "Net return of each action in ninety days, under assumed response, cost and margin (low to high)",
    ),
)
