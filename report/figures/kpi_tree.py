"""What changed between two periods: bridges whose bars are the changes themselves, from nothing to the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import plotly.graph_objects as go

from analysis.drivers import UNITS
from analysis.finding import Table, Unit
from analysis.kpi_tree import KpiTree
from report.figure import BAR, GREY, HAIRLINE, INK, LIGHT, Figure, Style, named_rows, real, ticks, width, years

LEAST_SPAN = 0.02  # of the amount before: the axis is never shorter, so that next to no change looks like it


class Step(NamedTuple):
    """One row of a bridge: its name, what it adds, and what is shown when pointed at."""

    name: str
    change: float
    hover: str
    leads: bool = False


def bridge(tree: KpiTree, style: Style) -> go.Figure | None:
    """The drivers' parts of the change, those the title names in colour."""
    frame = tree.parts.frame[tree.parts.frame["key"] != "total"]
    column, unit = _column(tree), _unit(tree)
    steps = [
        Step(
            driver,
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


def by_customers(tree: KpiTree, style: Style) -> go.Figure | None:
    """The change of sales to known customers, by who bought."""
    if tree.groups is None:
        return None
    return _bridge_of(tree, tree.groups, "group", style)


def by_category(tree: KpiTree, style: Style) -> go.Figure | None:
    """The change of sales by category, the largest first, the rest together."""
    if tree.categories is None or len(tree.categories.frame) < 3:
        return None
    return _bridge_of(tree, tree.categories, "category", style)


def gross(tree: KpiTree, style: Style) -> go.Figure | None:
    """A line of what was sold before refunds (orders without money), the periods compared marked."""
    frame = tree.gross.frame
    whole = frame[~frame["partial"].astype(bool)]
    if len(whole) < 3 or not whole["compared"].any():
        return None
    column = "gross" if tree.measure == "net" else "orders"
    values, at = real(whole[column]), [int(i) for i in whole.index]
    hover = [f"{p}: {style.text(v, _unit(tree), False)}" for p, v in zip(whole["period"], values, strict=True)]
    figure = go.Figure(
        go.Scatter(x=at, y=values, mode="lines", line={"color": BAR, "width": 2}, hoverinfo="text", hovertext=hover)
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


def _bridge_of(tree: KpiTree, table: Table, names: str, style: Style) -> go.Figure:
    frame, most = table.frame[table.frame["key"] != "total"], 8
    changes = real(frame["money_change"])
    steps = [
        Step(style.name(str(n).split(":")[0]), c, f"<b>{style.name(n)}</b><br>{style.text(c, 'money', False, True)}")
        for n, c in zip(frame[names], changes, strict=True)
    ]
    if len(steps) > most + 1:
        rest = sum(changes[most:])
        steps = [
            *steps[:most],
            Step("All other", rest, f"<b>All other</b><br>{style.text(rest, 'money', False, True)}"),
        ]
    before, after = (sum(real(frame[c])) for c in ("before", "after"))
    return _bridge(steps, (tree.before, before), (tree.after, after), "money", style)


def _bridge(
    steps: Sequence[Step], before: tuple[str, float], after: tuple[str, float], unit: Unit, style: Style
) -> go.Figure:
    """Rows from top to bottom: the period before, each step where the last one ended, the period after.

    The axis starts at the amount before, so that every bar is a change and all are on one scale.
    """
    ends, at = [0.0], 0.0
    for step in steps:
        at += step.change
        ends.append(at)
    names = [_capital(before[0]), *(s.name for s in steps), _capital(after[0])]
    last = len(names) - 1
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=list(range(1, last + 1)),
        x=[*(s.change for s in steps), ends[-1]],
        base=[*ends[:-1], 0.0],
        marker={"color": [*(_colour(s, style) for s in steps), GREY]},
        hoverinfo="text",
        hovertext=[*(s.hover for s in steps), f"<b>{after[0]}</b><br>{style.text(after[1], unit, False)}"],
    )
    for row, end in enumerate(ends[:-1]):
        figure.add_shape(
            type="line", x0=end, x1=end, y0=row - 0.33 if row else row - 0.3, y1=row + 1.33, layer="below",
            line={"color": HAIRLINE, "width": 1},
        )  # fmt: skip
    texts = [style.text(s.change, unit, signed=True) for s in steps]
    total = f"<b>{style.text(after[1], unit)}</b> ({style.text(ends[-1], unit, signed=True)})"
    labels = [(0, 0.0, True, style.text(before[1], unit), INK)]
    labels += [
        (i + 1, ends[i + 1], s.change >= 0, texts[i], style.accent if s.leads else INK) for i, s in enumerate(steps)
    ]
    labels.append((last, ends[-1], ends[-1] >= 0, total, INK))
    for row, x, right, text, colour in labels:
        figure.add_annotation(
            x=x,
            y=row,
            text=text,
            xanchor="left" if right else "right",
            xshift=6 if right else -6,
            font={"color": colour},
        )
    text_width = {text: width(re.sub("<[^>]*>", "", text)) * style.slot.text * 1.05 + 14 for *_, text, _ in labels}
    sized = [(x, right, text_width[text]) for _, x, right, text, _ in labels]
    room = style.slot.width - max(width(n) for n in names) * style.slot.text - 24
    low, high = min(ends), max(ends)
    high = max(high, low + LEAST_SPAN * abs(before[1]))
    figure.update_xaxes(visible=False, range=_fitted(low, high, sized, room))
    named_rows(figure, names)
    figure.update_layout(bargap=0.36)
    return figure


def _fitted(low: float, high: float, labels: Sequence[tuple[float, bool, float]], room: float) -> tuple[float, float]:
    """The range of an axis `room` pixels long that holds low to high and the labels (place, to its right, pixels)."""
    span = (high - low) or 1.0
    scale = room / span  # pixels a unit
    for _ in range(40):
        left = max(0.0, *(w - (x - low) * scale for x, right, w in labels if not right), 0.0)
        over = max(0.0, *(w - (high - x) * scale for x, right, w in labels if right), 0.0)
        scale = (scale + max(room - left - over, room * 0.1) / span) / 2
    return low - left / scale, high + over / scale


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _colour(step: Step, style: Style) -> str:
    if step.leads:
        return style.accent
    return BAR if step.change >= 0 else LIGHT


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
    return f"A bridge from {tree.before}, {before}, to {tree.after}, {after}. {listed}."


def _alt_of(table: Table | None, names: str, style: Style) -> str:
    if table is None:
        return ""
    frame = table.frame[table.frame["key"] != "total"].head(8)
    listed = "; ".join(
        f"{style.name(n)}: {style.text(c, 'money', signed=True)}"
        for n, c in zip(frame[names], frame["money_change"], strict=True)
    )
    return f"A bridge of the change in sales before refunds. {listed}."


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
        "by_customers",
        by_customers,
        "page",
        lambda tree, style: _alt_of(tree.groups, "group", style),
        lambda tree: tree.groups or tree.parts,
        ("group", "money_change"),
        "The change of sales to known customers, before refunds, by who bought",
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
        lambda tree, style: f"A line of what was sold before refunds over {len(tree.gross.frame)} periods.",
        lambda tree: tree.gross,
        ("period", "gross", "orders"),
        "What was sold before refunds, by complete period; the periods compared are marked",
    ),
)
