"""Who moved between segments: the flow around the best, sizes over time, and every move as cells and as a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from analysis.migration import BEST, NEW, RANKS, Migration
from report.figure import BAR, GREY, INK, LIGHT, Figure, Style, mixed, plain, real, ticks, width, years

BAND = 10  # pixels a node is wide
STEPS = 24  # points of a band's edge
BEST_NAME = " and ".join(name for name in RANKS if name in BEST)
THEN, NOW = "three months ago", "now"


@dataclass(frozen=True, slots=True)
class Node:
    """A row at one side of a flow; without customers a heading for those below it."""

    name: str
    customers: int
    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class Band:
    """Customers who went from one node to another; bands leave and arrive in the order in which they are given."""

    origin: str
    to: str
    customers: int
    colour: str


def flow(migration: Migration, style: Style) -> go.Figure | None:
    """Who lost and who gained the best standing: those who joined above, those who left below, in colour."""
    moves = _moves(migration)
    stayed = sum(n for (a, b), n in moves.items() if a in BEST and b in BEST)
    joined = {a: n for a in (NEW, *RANKS[::-1]) if a not in BEST and (n := _between(moves, {a}, BEST))}
    lost = {b: n for b in RANKS if b not in BEST and (n := _between(moves, BEST, {b}))}
    if not (stayed or joined or lost):
        return None
    left, right = list[Node](), list[Node]()
    gained, gone = sum(joined.values()), sum(lost.values())
    if joined:
        left.append(Node("", 0, f"<b>{style.text(gained, 'count')} gained it</b>", INK))
        left += [_node(a, n, BAR, style) for a, n in joined.items()]
    if stayed or lost:
        left.append(_node(BEST_NAME, stayed + gone, INK, style))
    if stayed or joined:
        right.append(_node(BEST_NAME, stayed + gained, INK, style))
    if lost:
        right.append(Node("", 0, f"<b>{style.text(gone, 'count')} lost it</b>", style.accent))
        right += [_node(b, n, style.accent, style) for b, n in lost.items()]
    bands = [Band(a, BEST_NAME, n, BAR) for a, n in joined.items()]
    bands += [Band(BEST_NAME, BEST_NAME, stayed, LIGHT)] if stayed else []
    bands += [Band(BEST_NAME, b, n, style.tint) for b, n in lost.items()]
    return _drawn(left, right, bands, style)


def moves(migration: Migration, style: Style) -> go.Figure | None:
    """Every move of the last three months; those who lost the best standing in colour."""
    counts = _moves(migration)
    then = {name: _between(counts, {name}, set(RANKS)) for name in (*RANKS, NEW)}
    now = {name: _between(counts, {*RANKS, NEW}, {name}) for name in RANKS}
    bands = [
        Band(a, b, n, style.tint if a in BEST and b not in BEST else LIGHT if a == b else mixed(BAR, LIGHT, 0.5))
        for (a, b), n in counts.items()
        if n
    ]
    left, right = ([_node(name, n, INK, style) for name, n in side.items() if n] for side in (then, now))
    return _drawn(left, right, bands, style)


def matrix(migration: Migration, style: Style) -> go.Figure | None:
    """A cell a pair of segment then (row) and now (column): the darker, the larger the share of its row."""
    counts, figure = _moves(migration), go.Figure()
    origins = [*RANKS, NEW]
    total = {a: _between(counts, {a}, set(RANKS)) for a in origins}
    places = [(origins.index(a), RANKS.index(b), n, n / total[a] if total[a] else 0.0) for (a, b), n in counts.items()]
    for row, column, count, share in places:
        same = row == column
        figure.add_shape(
            type="rect",
            x0=column - 0.48,
            x1=column + 0.48,
            y0=row - 0.45,
            y1=row + 0.45,
            line={"width": 1.5 if same else 0, "color": INK},
            layer="below",
            fillcolor=mixed("#f1f4f7", style.accent, share),
        )
        text = style.text(count, "count")
        if count and not style.narrow:
            text += f" · {style.text(share, 'share')}"
        figure.add_annotation(x=column, y=row, text=text, font={"color": "#ffffff" if share > 0.55 else INK})
    figure.add_scatter(
        x=[column for _, column, _, _ in places],
        y=[row for row, _, _, _ in places],
        mode="markers",
        marker={"opacity": 0, "size": 30},
        hoverinfo="text",
        hovertext=[
            f"{origins[row]} to {RANKS[column]}: {style.text(count, 'count', compact=False)} customers"
            for row, column, count, _ in places
        ],
    )
    figure.update_xaxes(
        range=[-0.5, len(RANKS) - 0.5],
        side="top",
        tickmode="array",
        tickvals=list(range(len(RANKS))),
        ticktext=[name.replace(" ", "<br>") for name in RANKS],
        tickfont={"color": INK},
        tickangle=0,
    )
    figure.update_yaxes(
        range=[len(origins) - 0.5, -0.5],
        tickmode="array",
        tickvals=list(range(len(origins))),
        ticktext=[name.replace(" ", "<br>") if style.narrow else name for name in origins],
        tickfont={"color": INK},
    )
    figure.update_layout(margin={"t": 44})
    return figure


def over_time(migration: Migration, style: Style) -> go.Figure | None:
    """Customers by segment at each month end, stacked, the best below and in colour, named at the right."""
    frame = migration.over_time.frame
    sizes = {name: real(frame.loc[frame["segment"] == name, "customers"]) for name in RANKS}
    days = list(dict.fromkeys(frame["day"]))
    colours = dict(zip(RANKS, (style.accent, style.tint, "#8d97a2", BAR, "#bcc4cc", LIGHT), strict=True))
    figure, at = go.Figure(), list(range(len(days)))
    labels, below = list[tuple[float, str, str]](), 0.0
    for name in RANKS:
        figure.add_scatter(
            x=at,
            y=sizes[name],
            mode="lines",
            stackgroup="all",
            line={"color": "#ffffff", "width": 1},
            fillcolor=colours[name],
            hoverinfo="text",
            hovertext=[
                f"{style.text(day, 'date')}<br>{name}: {style.text(n, 'count', compact=False)}"
                for day, n in zip(days, sizes[name], strict=True)
            ],
        )
        last = sizes[name][-1]
        labels.append((below + last / 2, f"{name} {style.text(int(last), 'count')}", colours[name]))
        below += last
    room = style.slot.height - 50
    heights = _apart([y / below * room for y, _, _ in labels], style.slot.text * 1.25, room)
    for height, (_, text, colour) in zip(heights, labels, strict=True):
        best = colour in (style.accent, style.tint)
        figure.add_annotation(
            x=at[-1],
            y=height / room * below,
            text=text,
            xanchor="left",
            xshift=6,
            font={"color": style.accent if best else GREY},
        )
    starts = [day.replace(day=1) for day in days]
    figure.update_xaxes(**ticks(starts, "month", style) | {"range": [-0.02, at[-1]]})
    years(figure, starts)
    figure.update_yaxes(
        range=[0, max(sum(column) for column in zip(*sizes.values(), strict=True)) * 1.02],
        tickmode="array",
        tickvals=[0, below],
        ticktext=["0", style.text(int(below), "count")],
    )
    figure.update_layout(margin={"r": _room([t for _, t, _ in labels], style), "t": 8, "b": 42})
    return figure


def _moves(migration: Migration) -> dict[tuple[str, str], int]:
    """Customers by segment then and segment now, in the order of RANKS, New last."""
    frame = migration.moves.frame
    rows = zip(frame["from"], frame["to"], frame["customers"], strict=True)
    return {(str(a), str(b)): int(n) for a, b, n in rows}


def _between(
    moves: dict[tuple[str, str], int], origins: set[str] | frozenset[str], to: set[str] | frozenset[str]
) -> int:
    return sum(n for (a, b), n in moves.items() if a in origins and b in to)


def _node(name: str, customers: int, colour: str, style: Style) -> Node:
    return Node(name, customers, f"{plain(name)} {style.text(customers, 'count')}", colour)


def _drawn(left: Sequence[Node], right: Sequence[Node], bands: Sequence[Band], style: Style) -> go.Figure:
    """Nodes at both sides, bands between them in their order; a row has the height of its node and of its label."""
    figure, line = go.Figure(), style.slot.text * 1.5
    top, height = line * 1.4, style.slot.height - 8
    total = max(sum(n.customers for n in left), sum(n.customers for n in right), 1)
    scale = (height - top - line * max(len(left), len(right))) / total
    tops: list[dict[str, float]] = []
    for x, nodes in ((0, left), (1, right)):
        tops.append(_placed(figure, x, nodes, scale, line, top))
    for band in bands:
        tall = band.customers * scale
        _add_band(figure, band, tops[0][band.origin], tops[1][band.to], tall, style)
        tops[0][band.origin] += tall
        tops[1][band.to] += tall
    for x, text in ((0, THEN), (1, NOW)):
        figure.add_annotation(
            x=x, y=line / 2, text=text, xanchor="right" if x == 0 else "left", xshift=-14 if x == 0 else 14,
            font={"color": GREY},
        )  # fmt: skip
    rooms = [_room([THEN, *(n.label for n in left)], style), _room([NOW, *(n.label for n in right)], style)]
    figure.update_layout(margin={"l": rooms[0] + BAND, "r": rooms[1] + BAND, "t": 4, "b": 4, "pad": 0})
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(visible=False, range=[height, 0])
    return figure


def _placed(
    figure: go.Figure, x: int, nodes: Sequence[Node], scale: float, line: float, top: float
) -> dict[str, float]:
    """Draw one side's nodes and labels from top to bottom; where each node begins, in pixels from above."""
    found = {}
    for node in nodes:
        tall = node.customers * scale
        found[node.name] = top + line / 2
        figure.add_annotation(
            x=x,
            y=top + (line + tall) / 2,
            text=node.label,
            xanchor="right" if x == 0 else "left",
            xshift=-14 if x == 0 else 14,
            font={"color": node.colour if not node.customers else INK},
        )
        if node.customers:
            figure.add_shape(
                type="rect",
                xsizemode="pixel",
                xanchor=x,
                x0=-BAND if x == 0 else 0,
                x1=0 if x == 0 else BAND,
                y0=found[node.name],
                y1=found[node.name] + tall,
                line={"width": 0},
                fillcolor=node.colour,
            )
        top += line + tall
    return found


def _add_band(figure: go.Figure, band: Band, start: float, end: float, tall: float, style: Style) -> None:
    """A band whose edges bend smoothly from one node to the other."""
    along = [i / STEPS for i in range(STEPS + 1)]
    upper = [start + (end - start) * t * t * (3 - 2 * t) for t in along]
    figure.add_scatter(
        x=[round(t, 4) for t in along + along[::-1]],
        y=[round(y, 2) for y in upper + [y + tall for y in upper[::-1]]],
        mode="lines",
        fill="toself",
        fillcolor=band.colour,
        line={"color": "#ffffff", "width": 0.8},
        hoveron="fills",
        hoverinfo="text",
        text=f"{band.origin} to {band.to}: {style.text(band.customers, 'count', compact=False)} customers",
    )


def _room(texts: Sequence[str], style: Style) -> float:
    """Pixels beside a chart that hold the longest of these labels."""
    return max(width(t.replace("<b>", "").replace("</b>", "")) for t in texts) * style.slot.text * 1.06 + 22


def _apart(heights: Sequence[float], least: float, most: float) -> list[float]:
    """The same heights from below, moved up where two would touch, and down again where they would leave the chart."""
    placed = list[float]()
    for height in heights:
        placed.append(max(height, placed[-1] + least) if placed else max(height, least / 2))
    ceiling = most
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - least
    return placed


def _alt(migration: Migration, style: Style) -> str:
    pairs = (f"{a} to {b}: {style.text(n, 'count')}" for (a, b), n in _moves(migration).items() if n)
    return f"Customers by segment three months ago and now. {'; '.join(pairs)}."


def _alt_over_time(migration: Migration, style: Style) -> str:
    frame = migration.over_time.frame
    days: list[date] = [frame["day"].iloc[0], frame["day"].iloc[-1]]
    told = []
    for day in days:
        here = frame[frame["day"] == day]
        sizes = zip(here["segment"], here["customers"], strict=True)
        told.append(f"{style.text(day, 'date')}: " + ", ".join(f"{s} {style.text(n, 'count')}" for s, n in sizes))
    return f"Stacked areas of customers by segment at each month end. {'; '.join(told)}."


FIGURES = (
    Figure(
        "flow",
        flow,
        "slide",
        _alt,
        lambda migration: migration.moves,
        ("from", "to", "customers"),
        "Who gained and who lost VIP or Loyal standing in three months",
    ),
    Figure(
        "over_time",
        over_time,
        "page",
        _alt_over_time,
        lambda migration: migration.over_time,
        ("day", "segment", "customers"),
        "Customers by segment at each month end",
    ),
    Figure(
        "matrix",
        matrix,
        "page",
        _alt,
        lambda migration: migration.moves,
        ("from", "to", "customers"),
        "From the segment of three months ago (rows) to that of now (columns); share of the row",
    ),
    Figure(
        "moves",
        moves,
        "page",
        _alt,
        lambda migration: migration.moves,
        ("from", "to", "customers"),
        "Every move of three months; customers who lost VIP or Loyal standing in colour",
    ),
)
