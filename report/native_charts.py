"""Plotly figures as PowerPoint's own charts: bars, stacked bars, lines and points, with the figure's values to edit.

The chart's plot area lies where the figure has it; what plotly writes or draws at a place of the axes (annotations,
labels of an axis with gaps, bands) becomes text and shapes at that place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from numbers import Real
from typing import TYPE_CHECKING, Any

from report import arial
from report.figure import GREY, HAIRLINE, INK, Drawn

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_SHAPES = 12
MOST_POINTS = 2_000
LINE = 1.2  # of a label, in ems
COLOUR = re.compile(r"rgba?\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Run:
    """Words of a label in one colour and weight."""

    text: str
    colour: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place: lines of runs; x, y: its upper left corner in pixels of the slot."""

    lines: tuple[tuple[Run, ...], ...]
    x: float
    y: float
    width: float
    height: float
    size: float
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Outline:
    """A line, or a filled polygon without one, at a place in pixels; colour: CSS."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 0.0
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One row of the chart's sheet. colours: one a point. labels: by point. whiskers: minus and plus by point."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    colours: tuple[str, ...]
    edges: tuple[str, ...] = ()
    labels: dict[int, tuple[Run, ...]] = field(default_factory=dict)
    side: str = "right"
    whiskers: dict[int, tuple[float, float]] = field(default_factory=dict)
    whisker: str = INK
    stroke: str = INK
    line: float = 0.0
    dashed: bool = False
    marker: float = 0.0


@dataclass(frozen=True, slots=True)
class Native:
    """A chart PowerPoint can draw. kind: "bar" (lying), "column" or "points".

    box: left, top, width and height of the plot area in pixels of the slot. names: of the categories.
    """

    kind: str
    box: tuple[float, float, float, float]
    value: tuple[float, float]
    across: tuple[float, float]
    series: tuple[Series, ...]
    names: tuple[str, ...] = ()
    named: bool = False
    stacked: bool = False
    gap: int = 50
    overlap: int = 0
    under: tuple[Outline, ...] = ()
    labels: tuple[Label, ...] = ()
    dots: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a figure: the ends of its range, and which pixels they lie at."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def native(drawn: Drawn) -> Native | None:
    """The figure as a chart of PowerPoint; None where it has none: a picture then."""
    figure = drawn.wide
    traces = list(figure.data)
    if not traces or not all(_plottable(t) for t in traces) or not _shapes_known(figure):
        return None
    bars = [t for t in traces if t.type == "bar"]
    return _bars(drawn, bars) if bars else _points(drawn)


def _plottable(trace: Any) -> bool:
    """Whether a trace is of a kind that is known here and all its places are numbers."""
    if trace.type not in ("bar", "scatter") or trace.x is None or trace.y is None:
        return False
    places = [*trace.x, *trace.y]
    return bool(places) and all(isinstance(v, Real) and math.isfinite(v) for v in places)


def _shapes_known(figure: go.Figure) -> bool:
    shapes = figure.layout.shapes
    return len(shapes) <= MOST_SHAPES and all(s.type in ("line", "rect") for s in shapes)


# Bars


def _bars(drawn: Drawn, bars: list[Any]) -> Native | None:
    figure, lying = drawn.wide, bars[0].orientation == "h"
    rows = _values(bars[0], lying)[0]
    count = len(rows)
    if any(_values(t, lying)[0] != rows for t in bars):
        return None
    floats = [t for t in bars if t.base is not None]
    if floats and (len(bars) > 1 or not _floating(floats[0], lying)):
        return None
    if rows != [float(at) for at in range(count)] or (t := figure.layout.barmode) not in (None, "stack", "overlay"):
        return None
    whiskers, dots = _over(figure, lying)
    if whiskers is None:
        return None
    values = [_values(t, lying)[1] for t in bars]
    if len(bars) > 1 and t != "stack" and all(b.offset is None for b in bars):
        return None
    spread = _range(figure.layout.xaxis if lying else figure.layout.yaxis, [v for row in values for v in row])
    along = _range(figure.layout.yaxis if lying else figure.layout.xaxis, [-0.5, count - 0.5], pad=False)
    ticks = _ticks(figure.layout.yaxis if lying else figure.layout.xaxis)
    named = [at for at, _ in ticks] == rows
    frame = _frame(drawn, spread if lying else along, along if lying else spread, wraps=lying and named)
    x, y = frame
    made, used = list[Series](), set[int]()
    for order, (trace, row) in enumerate(zip(bars, values, strict=True)):
        labels, noted = _point_labels(figure, trace, row, lying, order == len(bars) - 1)
        used |= noted
        of = whiskers if order == 0 else {}
        ends = {at: (max(0.0, row[at] - low), max(0.0, high - row[at])) for at, (low, high) in of.items() if at < count}
        ends |= _errors(trace, lying)
        colours, edges = _colours(trace, count), _edges(trace, count)
        made.append(
            Series(_name(drawn, order, len(bars)), tuple(rows), tuple(row), colours, edges, labels, whiskers=ends)
        )
    if floats:
        made = _waterfall(floats[0], lying, made[0])
    cells = (-0.5, count - 0.5)
    if lying:
        top, bottom = sorted(y.at(c) for c in cells)
        box = (x.start, top, x.end - x.start, bottom - top)
    else:
        left, right = sorted(x.at(c) for c in cells)
        box = (left, y.end, right - left, y.start - y.end)
    names = tuple(_plain(text) for _, text in ticks) if named else _row_names(drawn, count)
    stacked = figure.layout.barmode == "stack" or bool(floats)
    gap, overlap = _gap(figure, bars, stacked)
    labels_ = [
        *_heading(drawn),
        *_annotations(figure, x, y, drawn.slot.text, used),
        *_axis_labels(drawn, x, y, lying, named),
    ]
    return Native(
        "bar" if lying else "column", box, spread, along, tuple(made), names, named, stacked, gap, overlap,
        tuple(_shapes(figure, x, y)), tuple(labels_), dots,
    )  # fmt: skip


def _floating(trace: Any, lying: bool) -> bool:
    """Whether every bar that begins away from zero lies above it: only such can stand on an unseen one."""
    return all(
        min(base, base + value) >= 0 for base, value in zip(_bases(trace), _values(trace, lying)[1], strict=True)
    )


def _bases(trace: Any) -> list[float]:
    count = len(trace.x)
    return [float(trace.base)] * count if isinstance(trace.base, (int, float)) else [float(b) for b in trace.base]


def _waterfall(trace: Any, lying: bool, series: Series) -> list[Series]:
    """Floating bars as two stacked ones: what they stand on, unseen, and their length."""
    ends = list(zip(_bases(trace), _values(trace, lying)[1], strict=True))
    foot = tuple(min(base, base + value) for base, value in ends)
    unseen = Series("Starts at", series.x, foot, ("rgba(255,255,255,0)",) * len(foot))
    return [unseen, replace(series, y=tuple(abs(value) for _, value in ends), whiskers={}, labels={})]


def _values(trace: Any, lying: bool) -> tuple[list[float], list[float]]:
    """Rows and lengths of a bar trace."""
    rows, lengths = (trace.y, trace.x) if lying else (trace.x, trace.y)
    return [float(v) for v in rows], [float(v) for v in lengths]


def _over(figure: go.Figure, lying: bool) -> tuple[dict[int, tuple[float, float]] | None, tuple[Series, ...]]:
    """Whiskers by row and series of dots drawn over bars; None for whiskers when something else is."""
    whiskers: dict[int, tuple[float, float]] = {}
    dots: list[Series] = []
    for trace in (t for t in figure.data if t.type == "scatter"):
        along, across = ([float(v) for v in p] for p in ((trace.y, trace.x) if lying else (trace.x, trace.y)))
        if trace.mode == "lines" and len(along) == 2 and along[0] == along[1] == int(along[0]):
            whiskers[int(along[0])] = (min(across), max(across))
        elif trace.mode == "markers" and not lying and along == [float(at) for at in range(len(along))]:
            size = float(trace.marker.size or 8)
            dots.append(Series("", tuple(along), tuple(across), _colours(trace, len(along)), marker=size))
        else:
            return None, ()
    return whiskers, tuple(dots)


def _point_labels(
    figure: go.Figure, trace: Any, row: Sequence[float], lying: bool, last: bool
) -> tuple[dict[int, tuple[Run, ...]], set[int]]:
    """What stands at the end of each bar: its text, and the annotations right there, whose places are told."""
    colour = (trace.textfont.color if isinstance(trace.textfont.color, str) else None) or INK
    texts = trace.text if isinstance(trace.text, (tuple, list)) else ()
    labels = {at: _lines(t, colour)[0] for at, t in enumerate(texts) if _plain(t).strip()}
    used: set[int] = set()
    over = trace.base is not None or any(t.type == "scatter" for t in figure.data) or _errors(trace, lying)
    if not last or labels or over:
        return labels, used
    for place, note in enumerate(figure.layout.annotations):
        if (note.xref or "x") != "x" or (note.yref or "y") != "y":
            continue
        along, across = (note.y, note.x) if lying else (note.x, note.y)
        anchor = (note.xanchor == "left") if lying else (note.xanchor == "center" and note.yanchor == "bottom")
        at = int(along) if float(along) == int(along) else -1
        if anchor and 0 <= at < len(row) and abs(float(across) - max(row[at], 0.0)) < 1e-9 and "<br>" not in note.text:
            labels[at] = _lines(note.text, note.font.color or INK)[0]
            used.add(place)
    return labels, used


def _errors(trace: Any, lying: bool) -> dict[int, tuple[float, float]]:
    """Minus and plus of a trace's own whiskers, of those bars that have them."""
    bars = trace.error_x if lying else trace.error_y
    if bars is None or bars.array is None:
        return {}
    minus = bars.arrayminus if bars.arrayminus is not None else bars.array
    both = enumerate(zip(minus, bars.array, strict=True))
    return {at: (float(a), float(b)) for at, (a, b) in both if a is not None and b is not None}


def _gap(figure: go.Figure, bars: Sequence[Any], stacked: bool) -> tuple[int, int]:
    """Gap between categories and overlap of their bars, in percent of a bar's width."""
    own = [float(t.width) for t in bars if isinstance(t.width, (int, float))]
    if len(bars) > 1 and not stacked:
        taken = 0.74
        each = taken / len(bars)
        return round((1 - taken) / each * 100), -5
    bargap = figure.layout.bargap if figure.layout.bargap is not None else 0.34
    bar = own[0] if own else 1 - float(bargap)
    return round((1 - bar) / bar * 100), 100 if stacked else 0


def _row_names(drawn: Drawn, count: int) -> tuple[str, ...]:
    """Names of the categories for the chart's sheet: the first column of the drawn numbers where it fits."""
    frame = drawn.table.frame
    first = next((c for c in drawn.columns if c in frame), None)
    if first is None or len(frame) != count:
        return tuple(str(at + 1) for at in range(count))
    return tuple(str(value) for value in frame[first])


def _name(drawn: Drawn, order: int, count: int) -> str:
    """What a series is called in the chart's sheet: the label of its column in the drawn numbers."""
    labels = [drawn.table.labels.get(c, c) for c in drawn.columns[1:]]
    return str(labels[order]) if order < len(labels) and (count > 1 or len(labels) > 0) else drawn.title


# Lines and points


def _points(drawn: Drawn) -> Native | None:
    figure = drawn.wide
    traces = list(figure.data)
    if any(t.stackgroup or (t.fill and t.fill != "toself") or t.mode == "text" for t in traces):
        return None
    bands = [t for t in traces if t.fill == "toself"]
    links = [t for t in traces if _links(t, traces)]
    drawn_lines = [t for t in traces if t.fill != "toself" and t not in links]
    total = sum(len(t.x) for t in drawn_lines)
    if not drawn_lines or len(bands) > 4 or total > MOST_POINTS or any(_invisible(t) for t in drawn_lines):
        return None
    across = _range(figure.layout.xaxis, [float(v) for t in drawn_lines for v in t.x])
    up = _range(figure.layout.yaxis, [float(v) for t in drawn_lines for v in t.y])
    x, y = _frame(drawn, across, up)
    lines = [_line(drawn, t, order, len(drawn_lines)) for order, t in enumerate(drawn_lines)]
    made = tuple(part for line in lines for part in _by_colour(line))
    whiskers = [end for t in drawn_lines for end in _across(t, x, y)]
    bands_ = [*(_band(t, x, y) for t in bands), *(_link(t, x, y) for t in links)]
    under = [*bands_, *_shapes(figure, x, y), *whiskers]
    labels = [
        *_heading(drawn),
        *_annotations(figure, x, y, drawn.slot.text, set()),
        *_axis_labels(drawn, x, y, False, False),
    ]
    box = (x.start, min(y.start, y.end), x.end - x.start, abs(y.end - y.start))
    return Native("points", box, up, across, made, under=tuple(under), labels=tuple(labels))


def _links(trace: Any, traces: Sequence[Any]) -> bool:
    """Whether a trace is a line between two points that others mark: a shape says as much."""
    if trace.mode != "lines" or trace.fill or len(trace.x) != 2:
        return False
    marked = {(x, y) for t in traces if "markers" in (t.mode or "") for x, y in zip(t.x, t.y, strict=True)}
    return all(point in marked for point in zip(trace.x, trace.y, strict=True))


def _link(trace: Any, x: Axis, y: Axis) -> Outline:
    points = tuple((x.at(float(a)), y.at(float(b))) for a, b in zip(trace.x, trace.y, strict=True))
    return Outline(points, trace.line.color or HAIRLINE, float(trace.line.width or 2))


def _invisible(trace: Any) -> bool:
    return trace.mode == "markers" and trace.marker.opacity == 0


def _line(drawn: Drawn, trace: Any, order: int, count: int) -> Series:
    mode = trace.mode or "lines"
    x, y = [float(v) for v in trace.x], [float(v) for v in trace.y]
    if trace.line.shape == "hv":
        x, y = _steps(x, y)
    colour = trace.line.color or INK
    colours = _colours(trace, len(x)) if "markers" in mode else (colour,) * len(x)
    marker = trace.marker.size if isinstance(trace.marker.size, (int, float)) else 8
    labels = {
        at: _lines(t, trace.textfont.color or INK)[0] for at, t in enumerate(trace.text or ()) if _plain(t).strip()
    }
    side = "left" if "left" in str(trace.textposition or "") else "right"
    return Series(
        f"{drawn.title} {order + 1}" if count > 1 else drawn.title, tuple(x), tuple(y), colours,
        _edges(trace, len(x)), labels if "text" in mode else {}, side, _errors(trace, False), INK, colour,
        float(trace.line.width or 2) if "lines" in mode else 0.0,
        bool(trace.line.dash and trace.line.dash != "solid"), float(marker) if "markers" in mode else 0.0,
    )  # fmt: skip


def _by_colour(series: Series) -> Iterator[Series]:
    """A series of points as one a colour: LibreOffice paints all points of a series alike; the line between apart."""
    if len(set(series.colours)) > 1 and series.line:
        yield replace(series, marker=0.0, labels={}, whiskers={}, colours=(series.stroke,) * len(series.x))
        series = replace(series, line=0.0)
    for colour in dict.fromkeys(series.colours):
        kept = [at for at, c in enumerate(series.colours) if c == colour]
        yield replace(
            series,
            x=tuple(series.x[at] for at in kept),
            y=tuple(series.y[at] for at in kept),
            colours=(colour,) * len(kept),
            edges=tuple(series.edges[at] for at in kept if series.edges),
            labels={new: series.labels[at] for new, at in enumerate(kept) if at in series.labels},
            whiskers={new: series.whiskers[at] for new, at in enumerate(kept) if at in series.whiskers},
        )


def _across(trace: Any, x: Axis, y: Axis) -> Iterator[Outline]:
    """Whiskers that lie, with their ends, as lines: LibreOffice draws none of points."""
    colour, wide = trace.error_x.color or INK, float(trace.error_x.thickness or 1.5)
    half = float(trace.error_x.width or 0) / 2
    for at, (minus, plus) in _errors(trace, True).items():
        left, right, level = x.at(trace.x[at] - minus), x.at(trace.x[at] + plus), y.at(trace.y[at])
        yield Outline(((left, level), (right, level)), colour, wide)
        for end in (left, right):
            yield Outline(((end, level - half), (end, level + half)), colour, wide)


def _steps(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """A line that goes across, then up, with the points of its corners."""
    across, up = [x[0]], [y[0]]
    for before, at, value in zip(y, x[1:], y[1:], strict=False):
        across += [at] if value == before else [at, at]
        up += [value] if value == before else [before, value]
    return across, up


def _band(trace: Any, x: Axis, y: Axis) -> Outline:
    points = tuple((x.at(float(a)), y.at(float(b))) for a, b in zip(trace.x, trace.y, strict=True))
    return Outline(points, trace.fillcolor or "rgba(163,172,182,0.3)", filled=True)


# Places


def _range(axis: Any, values: Sequence[float], pad: bool = True) -> tuple[float, float]:
    if axis.range is not None:
        return float(axis.range[0]), float(axis.range[1])
    low, high = min([0.0, *values]) if pad else min(values), max(values)
    if not pad:
        return low, high
    return low, high + ((high - low) * 0.05 or 1.0)


def _ticks(axis: Any) -> list[tuple[float, str]]:
    if axis.visible is False or axis.tickvals is None or axis.ticktext is None:
        return []
    return [(float(v), str(t)) for v, t in zip(axis.tickvals, axis.ticktext, strict=True)]


def _frame(
    drawn: Drawn, across: tuple[float, float], up: tuple[float, float], wraps: bool = False
) -> tuple[Axis, Axis]:
    """Where the axes lie in the slot: the figure's margins, wider where the labels need it in Arial."""
    figure, slot = drawn.wide, drawn.slot
    margin = {"l": 4.0, "r": 4.0, "t": 8.0, "b": 4.0}
    margin |= {key: float(v) for key in margin if (v := getattr(figure.layout.margin, key)) is not None}
    ups, acrosses = _ticks(figure.layout.yaxis), _ticks(figure.layout.xaxis)
    if ups:
        most = max(_wide(_lines(text, INK), slot.text) for _, text in ups) + 12
        margin["l"] = max(margin["l"] if not wraps else 0.0, min(most, slot.width * 0.42))
    if acrosses:
        margin["b"] = max(margin["b"], max(len(_lines(t, INK)) for _, t in acrosses) * slot.text * LINE + 8)
    y = Axis(*up, slot.height - margin["b"], margin["t"])
    right = slot.width - margin["r"]
    for value, needed in _to_the_right(figure, slot.text):
        share = (value - across[0]) / (across[1] - across[0])
        if share > 0.02:
            right = min(right, margin["l"] + (slot.width - margin["l"] - needed) / share)
    return Axis(*across, margin["l"], max(right, margin["l"] + 0.25 * (slot.width - margin["l"]))), y


def _to_the_right(figure: go.Figure, size: float) -> Iterator[tuple[float, float]]:
    """Values that have a label right of them, and the pixels it takes."""
    for note in figure.layout.annotations:
        if (note.xref or "x") == "x" and note.xanchor == "left" and note.x is not None:
            yield float(note.x), _wide(_lines(note.text, INK), size) + float(note.xshift or 0) + 4
    for trace in figure.data:
        outside = (trace.type == "bar" and trace.orientation == "h") or "right" in str(trace.textposition or "")
        if outside and isinstance(trace.text, (tuple, list)):
            for value, text in zip(trace.x, trace.text, strict=True):
                yield max(0.0, float(value)), _wide(_lines(text, INK), size) + 16


def _axis_labels(drawn: Drawn, x: Axis, y: Axis, lying: bool, named: bool) -> Iterator[Label]:
    """The labels of both axes, but for those PowerPoint writes: the names of all categories."""
    figure, size = drawn.wide, drawn.slot.text
    if not (named and not lying):
        colour = _tick_colour(figure.layout.xaxis)
        for value, text in _ticks(figure.layout.xaxis):
            yield _label(_lines(text, colour), x.at(value), max(y.start, y.end) + 5, size, "center", "top")
    if not (named and lying):
        colour = _tick_colour(figure.layout.yaxis)
        for value, text in _ticks(figure.layout.yaxis):
            yield _label(_lines(text, colour), x.start - 8, y.at(value), size, "right", "middle")


def _tick_colour(axis: Any) -> str:
    return axis.tickfont.color or GREY


def _heading(drawn: Drawn) -> Iterator[Label]:
    """The figure's own title, at the upper left."""
    title = drawn.wide.layout.title
    if title.text:
        left, top = float(title.pad.l or 0), float(title.pad.t or 0)
        size = float(title.font.size or drawn.slot.text)
        yield _label(_lines(title.text, title.font.color or INK), left, top, size, "left", "top")


def _annotations(figure: go.Figure, x: Axis, y: Axis, size: float, used: set[int]) -> Iterator[Label]:
    for place, note in enumerate(figure.layout.annotations):
        if place in used or not _plain(note.text).strip():
            continue
        left = x.start + float(note.x) * (x.end - x.start) if note.xref == "paper" else x.at(float(note.x))
        top = y.start + float(note.y) * (y.end - y.start) if note.yref == "paper" else y.at(float(note.y))
        left, top = left + float(note.xshift or 0), top - float(note.yshift or 0)
        own = float(note.font.size or size)
        yield _label(
            _lines(note.text, note.font.color or INK),
            left,
            top,
            own,
            note.xanchor or "center",
            note.yanchor or "middle",
        )


def _label(lines: tuple[tuple[Run, ...], ...], x: float, y: float, size: float, across: str, up: str) -> Label:
    """A text anchored at a point."""
    wide, high = _wide(lines, size) + 2, len(lines) * size * LINE
    left = x - {"left": 0.0, "center": wide / 2, "right": wide}.get(across, wide / 2)
    top = y - {"top": 0.0, "middle": high / 2, "bottom": high}.get(up, high / 2)
    return Label(lines, left, top, wide, high, size, across if across in ("left", "right") else "center")


def _shapes(figure: go.Figure, x: Axis, y: Axis) -> Iterator[Outline]:
    for shape in figure.layout.shapes:
        across = [_placed(v, shape.xref, x) for v in (shape.x0, shape.x1)]
        up = [_placed(v, shape.yref, y) for v in (shape.y0, shape.y1)]
        if shape.type == "line":
            yield Outline(
                ((across[0], up[0]), (across[1], up[1])), shape.line.color or HAIRLINE, float(shape.line.width or 1)
            )
        elif shape.fillcolor:
            corners = ((0, 0), (1, 0), (1, 1), (0, 1))
            yield Outline(tuple((across[i], up[j]) for i, j in corners), shape.fillcolor, filled=True)
    for axis, line in ((figure.layout.xaxis, y),):
        if axis.showline:
            at = line.start
            yield Outline(((x.start, at), (x.end, at)), axis.linecolor or HAIRLINE, 1.0)


def _placed(value: Any, ref: str | None, axis: Axis) -> float:
    if ref == "paper":
        return axis.start + float(value) * (axis.end - axis.start)
    return axis.at(float(value))


def _wide(lines: Sequence[Sequence[Run]], size: float) -> float:
    return max((sum(arial.width(r.text, size, r.bold) for r in line) for line in lines), default=0.0)


# Colours and words of plotly


def _colours(trace: Any, count: int) -> tuple[str, ...]:
    colour = trace.marker.color
    if isinstance(colour, str):
        return (colour,) * count
    return tuple(str(c) for c in colour) if colour is not None else (INK,) * count


def _edges(trace: Any, count: int) -> tuple[str, ...]:
    """The colour of the line about each point; "" where there is none."""
    colour, wide = trace.marker.line.color, trace.marker.line.width
    if colour is None:
        return ()
    colours = [colour] * count if isinstance(colour, str) else list(colour)
    widths = list(wide) if isinstance(wide, (tuple, list)) else [wide or 0] * count
    return tuple(c if w and rgb(c)[1] > 0 else "" for c, w in zip(colours, widths, strict=True))


def rgb(colour: str) -> tuple[str, float]:
    """A CSS colour as six hexadecimal digits and its opacity."""
    found = COLOUR.fullmatch(colour.strip())
    if found:
        parts = [float(part) for part in found[1].split(",")]
        return "".join(f"{round(c):02X}" for c in parts[:3]), parts[3] if len(parts) > 3 else 1.0
    digits = colour.lstrip("#")
    return (digits if len(digits) == 6 else "000000").upper(), 1.0


class _Words(HTMLParser):
    """Reads plotly's small HTML: b, br and span with a colour."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self.lines: list[list[Run]] = [[]]
        self._style = [(colour, False)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.lines.append([])
            return
        colour, bold = self._style[-1]
        found = re.search(r"color: *(#[0-9a-fA-F]{6}|rgba?\([^)]*\))", dict(attrs).get("style") or "")
        self._style.append((found[1] if found else colour, bold or tag == "b"))

    def handle_endtag(self, tag: str) -> None:
        if tag != "br" and len(self._style) > 1:
            self._style.pop()

    def handle_data(self, data: str) -> None:
        colour, bold = self._style[-1]
        self.lines[-1].append(Run(data, colour, bold))


def _lines(text: Any, colour: str) -> tuple[tuple[Run, ...], ...]:
    reader = _Words(colour)
    reader.feed(str(text))
    reader.close()
    return tuple(tuple(line) for line in reader.lines)


def _plain(text: Any) -> str:
    return "\n".join("".join(run.text for run in line) for line in _lines(text, INK))
