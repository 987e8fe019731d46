"""What changed between two periods: waterfalls whose bars are the changes alone, and end in the net change."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

import pandas as pd
from babel.numbers import format_decimal, get_decimal_symbol, parse_decimal

from analysis.drivers import OF_KNOWN, UNITS, Part
from analysis.finding import Table, Unit
from analysis.kpi_tree import KpiTree
from report.chart import Chart, scatter
from report.figure import BAR, GREY, HAIRLINE, INK, Figure, Style, named_rows, real, ticks, width, years
from report.number import COMPACT_FROM, MINUS, decimal, rounded

LEAST_SPAN = 0.02  # of the amount before: the axis is never shorter, so that next to no change looks like it
MOST_ROWS = 8  # of categories in a waterfall; the rest is one
DIGITS = re.compile(r"\d(?:[\d.,’'\s\u00a0\u202f٬٫]*\d)?")


class Step(NamedTuple):
    """One row of a waterfall: its name, what it adds, what is shown when pointed at, whether the title names it."""

    name: str
    change: float
    hover: str
    leads: bool = False


def bridge(tree: KpiTree, style: Style) -> Chart | None:
    """The drivers' parts of the change, those the title names in bold; None where too few orders make them chance."""
    if tree.few:
        return None
    frame = tree.parts.frame[tree.parts.frame["key"] != "total"]
    column, unit = _column(tree), _unit(tree)
    steps = [
        Step(
            _named(key, driver, change),
            change,
            f"<b>{driver}</b><br>{style.text(before, UNITS[key], compact=False)} → "
            f"{style.text(after, UNITS[key], compact=False)}<br>part: {style.text(change, unit, False, True)}",
            key in tree.leads,
        )
        for key, driver, before, after, change in zip(
            frame["key"], frame["driver"], frame["before"], frame["after"], real(frame[column]), strict=True
        )
    ]
    before, after = (float(a) for a in tree.amounts)
    return _bridge(steps, (tree.before, before), (tree.after, after), unit, style)


def by_category(tree: KpiTree, style: Style) -> Chart | None:
    """The change of sales by category, the largest first, the rest together; None where the table is as short."""
    if tree.categories is None or len(tree.categories.frame) <= MOST_ROWS + 2:
        return None
    return _bridge_of(tree, tree.categories, "category", style)


def gross(tree: KpiTree, style: Style) -> Chart | None:
    """A line of what was sold before refunds, the periods compared marked."""
    return _over_time(tree, "gross", style) if tree.measure == "net" else None


def orders(tree: KpiTree, style: Style) -> Chart | None:
    """The same of orders, where there is no money."""
    return _over_time(tree, "orders", style) if tree.measure == "orders" else None


def _over_time(tree: KpiTree, column: str, style: Style) -> Chart | None:
    frame = tree.gross.frame
    whole = _complete(tree)
    if len(whole) < 3 or not whole["compared"].any():
        return None
    values, at = real(whole[column]), [int(i) for i in whole.index]
    hover = [f"{p}: {style.text(v, _unit(tree), False)}" for p, v in zip(whole["period"], values, strict=True)]
    figure = Chart(
        scatter(x=at, y=values, mode="lines", line={"color": BAR, "width": 2}, hoverinfo="text", hovertext=hover)
    )
    compared = [i for i, c in enumerate(whole["compared"]) if c]
    figure.add_scatter(
        x=[at[i] for i in compared],
        y=[values[i] for i in compared],
        mode="markers",
        hoverinfo="skip",
        marker={
            "size": 12,
            "color": [style.accent if whole["compared"].iloc[i] == "after" else GREY for i in compared],
        },
    )
    sides: tuple[tuple[str, str, str, Literal["left", "right"]], ...] = (
        ("before", tree.before, GREY, "right"),
        ("after", tree.after, style.accent, "left"),
    )
    for which, name, colour, anchor in sides:
        places = [at[i] for i in compared if whole["compared"].iloc[i] == which]
        if places:
            x = max(places) if anchor == "right" else min(places)
            figure.add_annotation(
                x=x, y=1, yref="paper", yanchor="bottom", text=_capital(name), xanchor=anchor, font={"color": colour}
            )
    starts = list(frame["start"])
    figure.update_layout(margin={"r": width(tree.after) * style.slot.text, "t": 28})
    figure.update_xaxes(**ticks(starts, tree.gross_grain, style))
    years(figure, starts)
    highest = max(*values, 1e-9)
    figure.update_yaxes(
        range=[0, highest * 1.12], tickmode="array", tickvals=[0, highest],
        ticktext=["0", style.text(highest, _unit(tree))],
    )  # fmt: skip
    return figure


def _bridge_of(tree: KpiTree, table: Table, names: str, style: Style) -> Chart:
    frame = table.frame[table.frame["key"] != "total"]
    changes = real(frame["money_change"])
    steps = [
        Step(style.name(str(n).split(":")[0]), c, f"<b>{style.name(n)}</b><br>{style.text(c, 'money', False, True)}")
        for n, c in zip(frame[names], changes, strict=True)
    ]
    if len(steps) > MOST_ROWS + 1:
        rest = sum(changes[MOST_ROWS:])
        steps = [
            *steps[:MOST_ROWS],
            Step("All other", rest, f"<b>All other</b><br>{style.text(rest, 'money', False, True)}"),
        ]
    before, after = (sum(real(frame[c])) for c in ("before", "after"))
    return _bridge(steps, (tree.before, before), (tree.after, after), "money", style)


def _bridge(
    steps: Sequence[Step], before: tuple[str, float], after: tuple[str, float], unit: Unit, style: Style
) -> Chart:
    """Rows from top to bottom: each step where the last one ended, then the net change from the start again.

    Only changes are bars, all on one scale; the totals of the two periods are text above, so that no bar stands for
    one. Rises are in the accent and to the right, falls dark grey and to the left.
    """
    ends, at = [0.0], 0.0
    for step in steps:
        at += step.change
        ends.append(at)
    last, changes = len(steps), [*(s.change for s in steps), ends[-1]]
    said = _one_precision([*changes], [before[1], after[1]], unit, style)
    bold = [*(s.leads for s in steps), True]
    names = [_wrapped(n, b) for n, b in zip([*(s.name for s in steps), "Net change"], bold, strict=True)]
    figure = Chart()
    figure.add_bar(
        orientation="h",
        y=list(range(last + 1)),
        x=changes,
        base=[*ends[:-1], 0.0],
        marker={"color": [style.accent if c >= 0 else GREY for c in changes]},
        hoverinfo="text",
        hovertext=[*(s.hover for s in steps), f"<b>Net change</b><br>{style.text(ends[-1], unit, False, True)}"],
    )
    for row, end in enumerate(ends[1:-1]):
        figure.add_shape(
            type="line", x0=end, x1=end, y0=row - 0.3, y1=row + 1.3, layer="below",
            line={"color": HAIRLINE, "width": 1},
        )  # fmt: skip
    figure.add_shape(
        type="line", x0=0, x1=0, y0=-0.5, y1=last + 0.5, layer="below", line={"color": BAR, "width": 1}
    )  # where the earlier period stands
    figure.add_shape(
        type="line", x0=0, x1=1, xref="paper", y0=last - 0.5, y1=last - 0.5, line={"color": HAIRLINE, "width": 1}
    )
    stops = [*ends[1:], ends[-1]]
    labels = [
        (row, stops[row], changes[row] >= 0, f"<b>{said(c)}</b>" if bold[row] else said(c))
        for row, c in enumerate(changes)
    ]
    for row, x, right, text in labels:
        figure.add_annotation(
            x=x, y=row, text=text, xanchor="left" if right else "right", xshift=6 if right else -6, font={"color": INK}
        )
    sized = [(x, right, _wide(text, style) + 14) for _, x, right, text in labels]
    room = style.slot.width - max(_wide(n, style) for n in names) - 24
    low, high = min(ends), max(ends)
    high = max(high, low + LEAST_SPAN * abs(before[1]))
    figure.update_xaxes(visible=False, range=_fitted(low, high, sized, room))
    named_rows(figure, names)
    _totals(figure, before, after, unit, style)
    figure.update_layout(bargap=0.36)
    return figure


def _totals(figure: Chart, before: tuple[str, float], after: tuple[str, float], unit: Unit, style: Style) -> None:
    """The two periods and their amounts as a line of text over the rows, or two where one is too narrow."""
    first, second = (f"<b>{style.text(a, unit)}</b> in {_the(name)}" for name, a in (before, after))
    fits = _wide(f"From {first} to {second}", style) < style.slot.width - 16
    text = f"From {first}{' ' if fits else '<br>'}to {second}"
    figure.update_layout(
        title={
            "text": text,
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"l": 6, "t": 6}, "font": {"size": style.slot.text, "color": GREY},
        },
        margin={"t": style.slot.text * (2 if fits else 3.4)},
    )  # fmt: skip


def _one_precision(
    changes: Sequence[float], totals: Sequence[float], unit: Unit, style: Style
) -> Callable[[float], str]:
    """How all changes of one chart are written: with the digits and the word for thousand of the largest.

    No cents beside thousands: where a total is a thousand or more, no change has them.
    """
    most = max(map(abs, changes), default=0.0)
    if max(map(abs, totals), default=0.0) >= 1_000:
        most = max(most, 1_000.0)
    locale, shown = style.settings.locale, style.text(most, unit)
    digits = (DIGITS.search(shown) or re.match("", ""))[0]  # type: ignore[index]
    places = len(digits.rpartition(get_decimal_symbol(locale))[2]) if get_decimal_symbol(locale) in digits else 0
    written = parse_decimal(digits, locale=locale) if digits else Decimal(1)
    scales = (Decimal(10) ** n for n in range(19))
    scale = next((k for k in scales if abs(decimal(most) / k - written) * 20 <= written), Decimal(1))
    # Where the locale has no word for thousand, three digits end in noughts.
    step = 10 ** (int(math.log10(most)) - 2) if unit == "money" and scale == 1 and most >= COMPACT_FROM else 1

    def text(change: float) -> str:
        short = rounded(decimal(change) / scale / step, places) * step
        sign = "+" if short > 0 else MINUS if short < 0 else ""
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return sign + DIGITS.sub(lambda _: format_decimal(abs(short), pattern, locale=locale), shown, count=1)

    return text


def _named(key: str, driver: str, change: float) -> str:
    """A driver's name in a row; of refunds which way they went, as fewer are a rise."""
    return _capital(Part(key, 0, 0, -1 if change < 0 else 1).words) if key == "refunds" and change else driver


def _wrapped(name: str, bold: bool) -> str:
    """A long driver's name on two lines."""
    lines = name.replace(OF_KNOWN, f"<br>{OF_KNOWN.strip()}").replace(" without a customer", "<br>without a customer")
    return f"<b>{lines}</b>" if bold else lines


def _wide(text: str, style: Style) -> float:
    """The width of a label in pixels, of its widest line."""
    bold = 1.05 if "<b>" in text else 1
    return max(width(re.sub("<[^>]*>", "", line)) for line in text.split("<br>")) * style.slot.text * bold


def _complete(tree: KpiTree) -> pd.DataFrame:
    """The periods that the line over time is drawn over."""
    return tree.gross.frame[~tree.gross.frame["partial"].astype(bool)]


def _fitted(low: float, high: float, labels: Sequence[tuple[float, bool, float]], room: float) -> tuple[float, float]:
    """The range of an axis `room` pixels long that holds low to high and the labels (place, to its right, pixels)."""
    span = (high - low) or 1.0
    scale = room / span  # pixels a unit
    for _ in range(40):
        left = max(0.0, *(w - (x - low) * scale for x, right, w in labels if not right), 0.0)
        over = max(0.0, *(w - (high - x) * scale for x, right, w in labels if right), 0.0)
        scale = (scale + max(room - left - over, room * 0.1) / span) / 2
    return low - left / scale, high + over / scale


def _the(period: str) -> str:
    """A period as it stands after "in"."""
    return f"the {period}" if period.startswith("week") else period


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _column(tree: KpiTree) -> str:
    return "money_change" if tree.measure == "net" else "orders_change"


def _unit(tree: KpiTree) -> Unit:
    return "money" if tree.measure == "net" else "count"


def _alt(tree: KpiTree, style: Style) -> str:
    frame = tree.parts.frame[tree.parts.frame["key"] != "total"]
    unit = _unit(tree)
    listed = "; ".join(
        f"{d}: {style.text(c, unit, signed=True)}" for d, c in zip(frame["driver"], frame[_column(tree)], strict=True)
    )
    before, after = (style.text(a, unit) for a in tree.amounts)
    whole = style.text(tree.amounts[1] - tree.amounts[0], unit, signed=True)
    return f"A waterfall of the change from {tree.before}, {before}, to {tree.after}, {after}. {listed}. Net: {whole}."


def _alt_of(table: Table | None, names: str, style: Style) -> str:
    if table is None:
        return ""
    frame = table.frame[table.frame["key"] != "total"].head(MOST_ROWS)
    listed = "; ".join(
        f"{style.name(n)}: {style.text(c, 'money', signed=True)}"
        for n, c in zip(frame[names], frame["money_change"], strict=True)
    )
    return f"A waterfall of the change in sales before refunds. {listed}."


def _alt_over_time(tree: KpiTree, what: str) -> str:
    return f"A line of {what} over {len(_complete(tree))} complete periods; those compared are marked."


FIGURES = (
    Figure(
        "bridge",
        bridge,
        "slide",
        _alt,
        lambda tree: tree.parts,
        ("driver", "money_change", "orders_change"),
        "What changed between the two periods",
    ),
    Figure(
        "by_category",
        by_category,
        "page",
        lambda tree, style: _alt_of(tree.categories, "category", style),
        lambda tree: tree.categories or tree.parts,
        ("category", "money_change"),
        "The change of sales before refunds, by category",
    ),
    Figure(
        "gross",
        gross,
        "page_low",
        lambda tree, style: _alt_over_time(tree, "what was sold before refunds"),
        lambda tree: tree.gross,
        ("period", "gross"),
        "What was sold before refunds, by complete period; the periods compared are marked",
    ),
    Figure(
        "orders",
        orders,
        "page_low",
        lambda tree, style: _alt_over_time(tree, "orders"),
        lambda tree: tree.gross,
        ("period", "orders"),
        "Orders by complete period; the periods compared are marked",
    ),
)
