"""How sales moved: net by period, new against returning buyers, categories over time."""

from __future__ import annotations

from datetime import date

from analysis.finding import Unit
from analysis.months import Months
from report.chart import Chart, bar
from report.figure import BAR, GREY, INK, LIGHT, Figure, Style, apart, plain, real, ticks, width, years


def net(months: Months, style: Style) -> Chart | None:
    """Bars of net revenue (orders without money) by period: the last complete one in colour, a partial one hollow."""
    frame = months.months.frame
    if len(frame) < 2:
        return None
    values, last = real(frame[months.measure]), _last_complete(months)
    partial = [bool(p) for p in frame["partial"]]
    best = max((i for i in range(len(values)) if not partial[i]), key=lambda i: values[i], default=-1)
    first = next((i for i, p in enumerate(partial) if not p), 0)
    texts = [style.text(v, _unit(months)) for v in frame[months.measure]]
    figure = Chart(
        bar(
            x=list(range(len(values))),
            y=values,
            hoverinfo="text",
            hovertext=_hover(months, style),
            marker={
                "color": ["#ffffff" if p else style.accent if i == last else BAR for i, p in enumerate(partial)],
                "line": {
                    "color": [GREY if p else "rgba(0,0,0,0)" for p in partial],
                    "width": [1.2 if p else 0 for p in partial],
                },
            },
        )
    )
    for i, (anchor, x, y) in _labels(values, texts, (last, best, first), style).items():
        colour = style.accent if i == last else INK if i == best else GREY
        figure.add_annotation(
            x=x, y=y, text=texts[i], xanchor=anchor, yanchor="bottom", yshift=3, font={"color": colour}
        )
    figure.update_xaxes(**ticks(_starts(months), months.grain, style))
    years(figure, _starts(months))
    figure.update_yaxes(visible=False, range=[min(0.0, *values), max(*values, 1e-9) * 1.1])
    figure.update_layout(bargap=0.26, margin={"t": 52 if any(partial) else 26, "r": 28})
    if any(partial):
        figure.add_annotation(
            text=f"hollow bar: {months.grain} not complete",
            x=0,
            xref="paper",
            xanchor="left",
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=28,
            font={"color": GREY},
        )
    return figure


def _labels(
    values: list[float], texts: list[str], first: tuple[int, ...], style: Style
) -> dict[int, tuple[str, float, float]]:
    """Where values are written, by bar: anchor, place, height. Over every bar when all fit, else over those of `first`.

    A label is centred, or leans to the side where it stands lowest over the bars it reaches; it meets no other label.
    The first of `first` always gets one.
    """
    count = len(values)
    if len(apart(list(enumerate(texts)), style, count)) == count:
        return {i: ("center", i, max(v, 0.0)) for i, v in enumerate(values)}
    step, top = (style.slot.width - 32) / count, max(*values, 1e-9)
    placed: dict[int, tuple[str, float, float]] = {}
    taken: list[tuple[float, float, float]] = []
    for i in dict.fromkeys(i for i in first if i >= 0):
        height, wide = max(values[i], 0.0), (width(texts[i]) * style.slot.text + 6) / step
        spots = []
        for anchor, x, left in (
            ("center", i, i - wide / 2),
            ("right", i + 0.4, i + 0.4 - wide),
            ("left", i - 0.4, i - 0.4),
        ):
            right = left + wide
            y = max([height, *(v for j, v in enumerate(values) if left < j + 0.37 and right > j - 0.37)])
            inside = left >= -0.5 - 4 / step and right <= count - 0.5 + 28 / step
            met = any(left < b and right > a and abs(y - other) < top * 0.07 for a, b, other in taken)
            if inside and not met and y <= height + top * 0.12:
                spots.append((y, anchor, x, left))
        if not spots and i == first[0]:
            spots.append((max(values[max(0, i - 1) : i + 2]), "center", i, i - wide / 2))
        if spots:
            y, anchor, x, left = min(spots, key=lambda spot: spot[0])
            placed[i] = (anchor, x, y)
            taken.append((left, left + wide, y))
    return placed


def trend(months: Months, style: Style) -> Chart | None:
    """The same bars without a word, for the summary: the last complete one in colour."""
    frame = months.months.frame
    if len(frame) < 4:
        return None
    values, last = real(frame[months.measure]), _last_complete(months)
    figure = Chart(
        bar(
            x=list(range(len(values))),
            y=values,
            hoverinfo="text",
            hovertext=_hover(months, style),
            marker={"color": [style.accent if i == last else LIGHT for i in range(len(values))]},
        )
    )
    figure.update_layout(bargap=0.3, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, range=[min(0.0, *values), max(*values, 1e-9)])
    return figure


def new_and_returning(months: Months, style: Style) -> Chart | None:
    """Stacked bars of buyers by period: returning below, new above, named at the last bar."""
    frame = months.months.frame
    if len(frame) < 2:
        return None
    count, figure = len(frame), Chart()
    parts = (("returning_buyers", "returning", style.accent), ("new_buyers", "new", LIGHT))
    for column, name, colour in parts:
        figure.add_bar(
            x=list(range(count)),
            y=real(frame[column]),
            marker={"color": colour},
            hoverinfo="text",
            hovertext=[
                f"{plain(p)}<br>{name}: {style.text(v, 'count')}"
                for p, v in zip(frame["period"], frame[column], strict=True)
            ],
        )
    years(figure, _starts(months))
    highest = max(real(frame["buyers"]))
    for at, name, colour in ((1.0, "new buyers", GREY), (0.92, "returning buyers", style.accent)):
        figure.add_annotation(
            text=f"<b>{name}</b>",
            x=0,
            xref="paper",
            xanchor="left",
            y=at,
            yref="paper",
            yanchor="top",
            font={"color": colour},
        )
    figure.update_layout(barmode="stack", bargap=0.26)
    figure.update_xaxes(**ticks(_starts(months), months.grain, style))
    figure.update_yaxes(
        range=[0, highest * 1.32], tickmode="array", tickvals=[0, highest], ticktext=["0", style.text(highest, "count")]
    )
    return figure


def categories(months: Months, style: Style) -> Chart | None:
    """One strip of bars a category over the same periods and scale, its name on the left."""
    if months.categories is None or months.categories.frame.empty:
        return None
    frame, periods = months.categories.frame, list(months.months.frame["period"])
    names = list(dict.fromkeys(frame["category"]))
    values = {(str(c), str(p)): v for c, p, v in zip(frame["category"], frame["period"], frame["net"], strict=True)}
    highest = max(real(frame["net"])) or 1.0
    figure = Chart()
    for row, name in enumerate(names):
        heights = [max(0.0, float(values.get((str(name), p)) or 0)) for p in periods]
        figure.add_bar(
            x=list(range(len(periods))),
            y=[h / highest * 0.86 for h in heights],
            base=-row,
            hoverinfo="text",
            marker={"color": style.accent if row == 0 else BAR},
            hovertext=[
                f"{plain(name)}<br>{plain(p)}: {style.text(values.get((str(name), p)), 'money')}" for p in periods
            ],
        )
    figure.update_layout(barmode="overlay", bargap=0.2, margin={"l": 190 if not style.narrow else 150})
    figure.update_xaxes(**ticks(_starts(months), months.grain, style))
    figure.update_yaxes(
        tickmode="array",
        tickvals=[0.3 - row for row in range(len(names))],
        range=[1 - len(names), 1],
        ticktext=[style.name(n) for n in names],
        tickfont={"color": INK},
    )
    return figure


def _starts(months: Months) -> list[date]:
    return list(months.months.frame["start"])


def _unit(months: Months) -> Unit:
    return "money" if months.measure == "net" else "count"


def _last_complete(months: Months) -> int:
    return max((i for i, p in enumerate(months.months.frame["partial"]) if not p), default=-1)


def _hover(months: Months, style: Style) -> list[str]:
    frame = months.months.frame
    shown = zip(frame["period"], frame[months.measure], frame["orders"], frame["buyers"], strict=True)
    return [
        f"<b>{plain(period)}</b><br>{months.measure}: {style.text(value, _unit(months), compact=False)}"
        f"<br>orders: {style.text(orders, 'count')}<br>buyers: {style.text(buyers, 'count')}"
        for period, value, orders, buyers in shown
    ]


def _alt(months: Months, style: Style) -> str:
    frame, unit = months.months.frame, _unit(months)
    listed = "; ".join(
        f"{p}: {style.text(v, unit)}" for p, v in zip(frame["period"], frame[months.measure], strict=True)
    )
    return f"Bars of {months.measure} by {months.grain}. {listed}."


def _alt_buyers(months: Months, style: Style) -> str:
    frame = months.months.frame
    rows = zip(frame["period"], frame["new_buyers"], frame["returning_buyers"], strict=True)
    listed = "; ".join(f"{p}: {style.text(n, 'count')} new, {style.text(r, 'count')} returning" for p, n, r in rows)
    return f"Stacked bars of buyers by {months.grain}. {listed}."


def _alt_categories(months: Months, style: Style) -> str:
    names = (
        ", ".join(style.name(n) for n in dict.fromkeys(months.categories.frame["category"]))
        if months.categories
        else ""
    )
    return f"Strips of bars of net revenue by {months.grain}, one a category: {names}."


FIGURES = (
    Figure(
        "net",
        net,
        "slide",
        _alt,
        lambda months: months.months,
        ("period", "net", "orders", "buyers"),
        "Sales by period",
    ),
    Figure("trend", trend, "slide_spark", _alt, lambda months: months.months, ("period", "net"), "Sales by period"),
    Figure(
        "new_and_returning",
        new_and_returning,
        "page",
        _alt_buyers,
        lambda months: months.months,
        ("period", "buyers", "new_buyers", "returning_buyers"),
        "New and returning buyers by period",
    ),
    Figure(
        "categories",
        categories,
        "page",
        _alt_categories,
        lambda months: months.categories or months.months,
        ("period", "category", "net"),
        "Net revenue by period and category, all on one scale",
    ),
)
