"""What becomes of an order: how many reach each step, how long it takes, and how it changed."""

from __future__ import annotations

from analysis.lifecycle import Lifecycle
from report.chart import Chart
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, named_rows, plain, ranked, real, ticks, width, years


def steps(lifecycle: Lifecycle, style: Style) -> Chart | None:
    """A bar a step, with the count and its share of all orders."""
    frame = lifecycle.steps.frame
    counts = real(frame["orders"])
    if not counts or not any(counts[1:]):
        return None
    names = [style.name(s) for s in frame["step"]]
    shares = [style.text(c / counts[0], "share") for c in counts]
    texts = [
        f"{style.text(int(c), 'count')} {'' if i == 0 else '· ' + s}"
        for i, (c, s) in enumerate(zip(counts, shares, strict=True))
    ]
    hover = [
        f"<b>{n}</b><br>{style.text(int(c), 'count', compact=False)} orders" for n, c in zip(names, counts, strict=True)
    ]
    return ranked(names, counts, texts, hover, [BAR] * len(names), style)


def durations(lifecycle: Lifecycle, style: Style) -> Chart | None:
    """A line from the median to the slowest tenth a step: the median in colour."""
    frame = lifecycle.durations.frame.dropna(subset=["median", "p90"])
    if frame.empty:
        return None
    names, median, p90 = [style.name(s) for s in frame["step"]], real(frame["median"]), real(frame["p90"])
    rows, figure = list(range(len(names))), Chart()
    for row in rows:
        figure.add_scatter(
            x=[median[row], p90[row]],
            y=[row, row],
            mode="lines",
            hoverinfo="skip",
            line={"color": HAIRLINE, "width": 7},
        )
    for values, colour, side in ((p90, BAR, "middle right"), (median, style.accent, "middle left")):
        figure.add_scatter(
            x=values,
            y=rows,
            mode="markers+text",
            marker={"color": colour, "size": 13},
            textposition=side,
            cliponaxis=False,
            text=[
                "" if colour == BAR and v == m else f"\u00a0\u00a0{style.text(v, 'days')}\u00a0\u00a0"
                for v, m in zip(values, median, strict=True)
            ],
            textfont={"color": GREY if colour == BAR else style.accent},
            hoverinfo="text",
            hovertext=[f"{n}: {style.text(v, 'days')}" for n, v in zip(names, values, strict=True)],
        )
    room = max(width(style.text(v, "days")) for v in p90) * style.slot.text + 24
    figure.update_layout(margin={"r": room, "t": 30})
    highest = max(*p90, *median, 0.1)
    figure.update_xaxes(visible=False, range=[-highest * (0.62 if style.narrow else 0.14), highest * 1.03])
    named_rows(figure, names)
    figure.add_annotation(
        text="<b>median</b>",
        x=median[0],
        y=1,
        yref="paper",
        yanchor="bottom",
        xanchor="right",
        font={"color": style.accent},
        yshift=4,
    )
    if p90 != median:
        figure.add_annotation(
            text="nine in ten within",
            x=max(p90[0], median[0]),
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="left",
            font={"color": GREY},
            yshift=4,
            xshift=6,
        )
    return figure


def by_month(lifecycle: Lifecycle, style: Style) -> Chart | None:
    """Lines of the share of orders that reached each step, by month of creation, named at their end."""
    frame = lifecycle.by_month.frame
    if len(frame) < 3:
        return None
    figure = Chart()
    named = (("shipped", GREY), ("delivered", style.accent), ("returned", BAR))
    steps = [(step, colour) for step, colour in named if frame[step].notna().any()]
    at = list(range(len(frame)))
    ends: list[tuple[float, str, str]] = []
    for column, colour in steps:
        values = real(frame[column])
        figure.add_scatter(
            x=at,
            y=values,
            mode="lines",
            line={"color": colour, "width": 2.5},
            hoverinfo="text",
            hovertext=[
                f"{plain(p)}<br>{column}: {style.text(v, 'share')}"
                for p, v in zip(frame["period"], values, strict=True)
            ],
        )
        ends.append((values[-1], column, colour))
    for y, (value, name, colour) in zip(_apart([e[0] for e in ends], 0.075), ends, strict=True):
        figure.add_annotation(
            x=at[-1],
            y=y,
            text=f"{name} {style.text(value, 'share')}",
            xanchor="left",
            xshift=8,
            font={"color": INK if colour == BAR else colour},
        )
    figure.update_layout(margin={"r": 128, "l": 46})
    figure.update_xaxes(**ticks(list(frame["start"]), "month", style))
    years(figure, list(frame["start"]))
    figure.update_yaxes(
        range=[-0.02, 1.04],
        tickmode="array",
        tickvals=[0, 0.5, 1],
        ticktext=[style.text(v, "share").replace(".0", "").replace(",0", "") for v in (0.0, 0.5, 1.0)],
    )
    return figure


def _apart(values: list[float], least: float) -> list[float]:
    """The same heights, moved up where two would touch."""
    placed: dict[int, float] = {}
    floor = float("-inf")
    for i in sorted(range(len(values)), key=lambda i: values[i]):
        floor = placed[i] = max(values[i], floor + least)
    return [placed[i] for i in range(len(values))]


def _alt_steps(lifecycle: Lifecycle, style: Style) -> str:
    frame = lifecycle.steps.frame
    listed = "; ".join(f"{s}: {style.text(o, 'count')}" for s, o in zip(frame["step"], frame["orders"], strict=True))
    return f"Bars of orders that reached each step. {listed}."


def _alt_durations(lifecycle: Lifecycle, style: Style) -> str:
    frame = lifecycle.durations.frame
    rows = zip(frame["step"], frame["median"], frame["p90"], strict=True)
    listed = "; ".join(
        f"{s}: median {style.text(m, 'days')}, nine in ten within {style.text(p, 'days')}" for s, m, p in rows
    )
    return f"Durations between steps. {listed}."


def _alt_by_month(lifecycle: Lifecycle, style: Style) -> str:
    frame = lifecycle.by_month.frame
    return f"Lines of the share of orders shipped, delivered and returned, over {len(frame)} months of creation."


FIGURES = (
    Figure(
        "steps",
        steps,
        "slide_low",
        _alt_steps,
        lambda lifecycle: lifecycle.steps,
        ("step", "orders", "share_of_created"),
        "Orders that reached each step",
    ),
    Figure(
        "durations",
        durations,
        "slide_low",
        _alt_durations,
        lambda lifecycle: lifecycle.durations,
        ("step", "median", "p90"),
        "Days between steps",
    ),
    Figure(
        "by_month",
        by_month,
        "page",
        _alt_by_month,
        lambda lifecycle: lifecycle.by_month,
        ("period", "shipped", "delivered", "returned"),
        "Share of each month’s orders that were shipped, delivered and returned",
    ),
)
