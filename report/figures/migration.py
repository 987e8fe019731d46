"""Who moved between segments: the flow around the best, sizes over time, and every move as cells and as a flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from analysis.migration import BEST, NEW, RANKS, Migration
from report.chart import Chart
from report.figure import BAR, GREY, INK, LIGHT, Figure, Slot, Style, mixed, plain, real, ticks, width, years

BAND = 10  # pixels a node is wide
MONTH = 42  # pixels in which a month can be written
STEPS = 24  # points of a band's edge
BEST_NAME = " and ".join(name for name in RANKS if name in BEST)
TAG = re.compile("<[^>]*>")
THEN, NOW = "three months ago", "now"


@dataclass(frozen=True, slots=True)
class Node:
    """A row at one side of a flow; without customers a heading for those below it."""

    name: str
    customers: int
    label: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Customers who went from one node to another; bands leave and arrive in the order in which they are given.

    said: what is written on it after the count, where it is tall enough.
    """

    origin: str
    to: str
    customers: int
    colour: str
    said: str = ""


def flow(migration: Migration, style: Style) -> Chart | None:
    """Who gained and who lost the best standing: those who joined above, those who left below."""
    moves = _moves(migration)
    stayed = _between(moves, BEST, BEST)
    joined = {a: n for a in (NEW, *RANKS[::-1]) if a not in BEST and (n := _between(moves, {a}, BEST))}
    lost = {b: n for b in RANKS if b not in BEST and (n := _between(moves, BEST, {b}))}
    gained, gone = sum(joined.values()), sum(lost.values())
    if not (stayed or gained or gone):
        return None
    spoken = _spoken(migration)
    strong = {what: style.accent if what == spoken else BAR for what in ("joined", "lost")}
    soft = {what: style.tint if what == spoken else LIGHT for what in ("joined", "lost")}
    left, right = list[Node](), list[Node]()
    if joined:
        left.append(Node("", 0, _heading(gained, "joined", spoken == "joined", style)))
        left += [_node(a, n, strong["joined"], style, style.narrow) for a, n in joined.items()]
    if stayed or lost:
        left.append(_node(BEST_NAME, stayed + gone, INK, style, style.narrow))
    if stayed or joined:
        right.append(_node(BEST_NAME, stayed + gained, INK, style, style.narrow))
    if lost:
        right.append(Node("", 0, _heading(gone, "dropped out", spoken == "lost", style)))
        right += [_node(b, n, strong["lost"], style, style.narrow) for b, n in lost.items()]
    bands = [Band(a, BEST_NAME, n, soft["joined"]) for a, n in joined.items()]
    bands += [Band(BEST_NAME, BEST_NAME, stayed, LIGHT, "still are")] if stayed else []
    bands += [Band(BEST_NAME, b, n, soft["lost"]) for b, n in lost.items()]
    return _drawn(left, right, bands, style, 2.3 if style.narrow else 1.5)


def moves(migration: Migration, style: Style) -> Chart | None:
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
    return _drawn(left, right, bands, style, 1.15)


def matrix(migration: Migration, style: Style) -> Chart | None:
    """A cell a pair of segment then (row) and now (column): the darker, the larger the share of its row."""
    counts, figure = _moves(migration), Chart()
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
        ticktext=[name.replace(" ", "<br>") if len(name) > 8 else name for name in RANKS],
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


def over_time(migration: Migration, style: Style) -> Chart | None:
    """Customers by segment at each month end, stacked, the best below and in colour, named at the right."""
    frame = migration.over_time.frame
    sizes = {name: real(frame.loc[frame["segment"] == name, "customers"]) for name in RANKS}
    days = list(dict.fromkeys(frame["day"]))
    colours = dict(zip(RANKS, (style.accent, style.tint, "#8d97a2", BAR, "#bcc4cc", LIGHT), strict=True))
    figure, at = Chart(), list(range(len(days)))
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
    side = _room([text for _, text, _ in labels], style)
    few = replace(style, slot=Slot(0, 0)) if len(days) * MONTH > style.slot.width - side else style
    figure.update_xaxes(**ticks(starts, "month", few) | {"range": [-0.02, at[-1]]})
    years(figure, starts)
    figure.update_yaxes(
        range=[0, max(sum(column) for column in zip(*sizes.values(), strict=True)) * 1.02],
        tickmode="array",
        tickvals=[below],
        ticktext=[style.text(int(below), "count")],
    )
    figure.update_layout(margin={"r": side, "t": 8, "b": 42})
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


def _spoken(migration: Migration) -> str:
    """What the headline speaks of first: those who joined the best, or those who dropped out."""
    return "joined" if migration.findings["headline"].claim.startswith("No ") else "lost"


def _heading(customers: int, what: str, spoken: bool, style: Style) -> str:
    text = f"<b>{style.text(customers, 'count')} {what}</b>"
    return f'<span style="color: {style.accent}">{text}</span>' if spoken else text


def _node(name: str, customers: int, colour: str, style: Style, folded: bool = False) -> Node:
    """A node with its name and count; folded: the last word of a long name on a line of its own."""
    shown = "<br>".join(plain(name).rsplit(" ", 1)) if folded and len(name) > 8 else plain(name)
    return Node(name, customers, f"{shown} {style.text(customers, 'count')}", colour)


def _drawn(left: Sequence[Node], right: Sequence[Node], bands: Sequence[Band], style: Style, leading: float) -> Chart:
    """Nodes at both sides, bands between them in their order; a row is as tall as its node and its label together.

    leading: height of a label in sizes of its type.
    """
    figure, line, height = Chart(), style.slot.text * leading, style.slot.height - 8
    top = style.slot.text * 2.1
    rooms = [_room([THEN, *(n.label for n in left)], style), _room([NOW, *(n.label for n in right)], style)]
    wide = BAND / (style.slot.width - sum(rooms) - 2 * BAND)
    total = max(sum(n.customers for n in left), sum(n.customers for n in right), 1)
    scale = (height - top - line * max(len(left), len(right))) / total
    starts = [_placed(figure, x, nodes, wide, scale, line, top) for x, nodes in ((0, left), (1, right))]
    placed = []
    for band in bands:
        tall = band.customers * scale
        placed.append((band, starts[0][band.origin], starts[1][band.to], tall))
        starts[0][band.origin] += tall
        starts[1][band.to] += tall
    for band, start, end, tall in sorted(placed, key=lambda p: (p[0].colour == style.tint, -p[3])):
        _add_band(figure, band, start, end, tall, style)
        if band.said and tall > style.slot.text * 1.3 and not style.narrow:
            text = f"{style.text(band.customers, 'count')} {band.said}"
            at = start + (end - start) * 0.04 + tall / 2  # the middle of the text, where the band has hardly bent
            figure.add_annotation(x=0.02, y=at, text=text, xanchor="left", font={"color": INK})
    for x, text in ((0, THEN), (1, NOW)):
        _write(figure, x, style.slot.text * 0.75, text, GREY, wide)
    figure.update_layout(margin={"l": rooms[0], "r": rooms[1], "t": 4, "b": 4, "pad": 0})
    figure.update_xaxes(visible=False, range=[-wide, 1 + wide])
    figure.update_yaxes(visible=False, range=[height, 0])
    return figure


def _placed(
    figure: Chart, x: int, nodes: Sequence[Node], wide: float, scale: float, line: float, top: float
) -> dict[str, float]:
    """Draw one side's nodes and labels from top to bottom; where each node begins, in pixels from above."""
    found = {}
    for node in nodes:
        tall = node.customers * scale
        found[node.name] = top + line / 2
        _write(figure, x, top + (line + tall) / 2, node.label, INK, wide)
        if node.customers:
            edges = (-wide, 0) if x == 0 else (1, 1 + wide)
            begin = found[node.name]
            figure.add_shape(
                type="rect",
                x0=edges[0],
                x1=edges[1],
                y0=begin,
                y1=begin + tall,
                line={"width": 0},
                fillcolor=node.colour,
            )
        top += line + tall
    return found


def _write(figure: Chart, x: int, y: float, text: str, colour: str, wide: float) -> None:
    """A label beside the nodes of its side."""
    at, anchor, shift = (-wide, "right", -5) if x == 0 else (1 + wide, "left", 5)
    figure.add_annotation(x=at, y=y, text=text, xanchor=anchor, align=anchor, xshift=shift, font={"color": colour})


def _add_band(figure: Chart, band: Band, start: float, end: float, tall: float, style: Style) -> None:
    """A band whose edges bend smoothly from one node to the other."""
    along = [i / STEPS for i in range(STEPS + 1)]
    upper = [start + (end - start) * t * t * (3 - 2 * t) for t in along]
    figure.add_scatter(
        x=[round(t, 4) for t in along + along[::-1]],
        y=[round(y, 2) for y in upper + [y + tall for y in upper[::-1]]],
        mode="lines",
        fill="toself",
        fillcolor=band.colour,
        line={"color": "#ffffff", "width": 0.8 if tall > 6 else 0.3},
        hoveron="fills",
        hoverinfo="text",
        text=f"{band.origin} to {band.to}: {style.text(band.customers, 'count', compact=False)} customers",
    )


def _room(texts: Sequence[str], style: Style) -> float:
    """Pixels beside a chart that hold the longest of these labels."""
    return max(width(TAG.sub("", line)) for text in texts for line in text.split("<br>")) * style.slot.text * 1.06 + 22


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
        "Customers by segment at each month end and on the report’s day",
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
