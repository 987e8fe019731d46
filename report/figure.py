"""What a figure is: a drawing of one result at the exact size of its slot, in the house's colours and type."""

from __future__ import annotations

import html
import importlib
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from babel.dates import format_date

from analysis.finding import Result, Table, Unit
from dataset.errors import shown
from dataset.settings import Settings
from report import number
from report.chart import Chart, bar
from report.fonts import FAMILY

INK, GREY, BAR, LIGHT, HAIRLINE = "#1b2128", "#56606b", "#a3acb6", "#d3d9df", "#d5dade"
NAME = 32  # characters of a name in a chart
LEAST_ROWS = 4
UNDRAWN = ("So", "Sk", "Co", "Cn", "Cs")  # emoji and the like: the report's typeface has no sign for them
# Advance widths of Source Sans Regular in thousandths of an em: from blank to tilde, and some signs beyond.
ADVANCES = (
    200, 289, 425, 497, 497, 824, 609, 249, 303, 303, 418, 497, 249, 311, 249, 350, 497, 497, 497, 497, 497, 497, 497,
    497, 497, 497, 249, 249, 497, 497, 497, 425, 847, 544, 588, 571, 615, 527, 494, 617, 652, 263, 480, 579, 486, 727,
    647, 664, 566, 664, 569, 534, 536, 645, 515, 786, 513, 476, 539, 303, 350, 303, 497, 500, 542, 504, 553, 456, 555,
    496, 292, 504, 544, 246, 247, 495, 255, 829, 547, 542, 555, 555, 347, 419, 338, 544, 467, 718, 446, 467, 425, 303,
    241, 303, 497,
)  # fmt: skip
NARROW = {"−": 497, "€": 497, "£": 497, "–": 480, "’": 249, "·": 249, "\u00a0": 200, "\u2060": 200}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a figure; CSS pixels (96 to the inch), text in the same: 16 px are 12 pt on paper."""

    width: int
    height: int
    text: int = 16


SLOTS = {
    "slide": Slot(752, 480),
    "slide_titled": Slot(752, 446),
    "slide_low": Slot(752, 200),
    "slide_steps": Slot(752, 244),
    "slide_spark": Slot(260, 60),
    "slide_half": Slot(564, 330),
    "page": Slot(658, 340, 14),
    "page_tall": Slot(658, 620, 14),
    "page_low": Slot(658, 220, 14),
    "page_half": Slot(322, 260, 14),
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a drawing needs beside its result: how numbers are written, which colours, how much room."""

    settings: Settings
    slot: Slot

    @property
    def accent(self) -> str:
        """The one colour, dark enough to be read as text on white."""
        return readable(self.settings.accent)

    @property
    def tint(self) -> str:
        """The accent, lighter: the same thing, less of it."""
        return mixed(self.accent, "#ffffff", 0.62)

    @property
    def narrow(self) -> bool:
        """True on a phone: fewer labels fit."""
        return self.slot.width < 500

    def text(self, value: Any, unit: Unit, compact: bool = True, signed: bool = False) -> str:
        """A number as the reader's locale writes it, safe inside a plotly label."""
        return html.escape(number.text(value, unit, self.settings, compact=compact, signed=signed), quote=False)

    def period(self, start: date, grain: str, year: bool) -> str:
        """A period on a time axis: the short month with its year below where asked, or the day it starts."""
        if grain == "month":
            shown_year = f"<br>{start.year}" if year else ""
            return format_date(start, "LLL", self.settings.locale).rstrip(".") + shown_year
        return format_date(start, "d MMM", self.settings.locale)

    def name(self, text: object) -> str:
        """A name from the data: shortened, controls dropped, and never markup."""
        return plain(text, 22 if self.narrow else NAME)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an analysis.

    draw(result, style): a plotly figure, or None when there is nothing to draw. slot: a key of SLOTS.
    alt(result, style): what the figure shows, for who cannot see it. table(result), columns: the drawn numbers.
    title: its caption in the appendix.
    """

    name: str
    draw: Callable[[Any, Style], Chart | None]
    slot: str
    alt: Callable[[Any, Style], str]
    table: Callable[[Any], Table]
    columns: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure that was drawn, at its slot and for a narrow screen; `name` is `analysis-figure`."""

    name: str
    title: str
    alt: str
    table: Table
    columns: tuple[str, ...]
    wide: Chart
    narrow: Chart
    slot: Slot


def figures(analysis: str) -> tuple[Figure, ...]:
    """The figures of an analysis; none when it has no figure file."""
    if not (Path(__file__).parent / "figures" / f"{analysis}.py").exists():
        return ()
    return importlib.import_module(f"report.figures.{analysis}").FIGURES


def drawings(analysis: str, result: Result, settings: Settings) -> Iterator[Drawn]:
    """Every figure of a result that has something to draw, in a fixed order."""
    for figure in figures(analysis):
        slot = SLOTS[figure.slot]
        style = Style(settings, slot)
        wide = finished(figure.draw(result, style), style)
        phone = replace(style, slot=Slot(440, round(slot.height * 1.05)))
        narrow = finished(figure.draw(result, phone), phone)
        if wide is not None and narrow is not None:
            name = f"{analysis}-{figure.name}"
            alt, table = figure.alt(result, style), figure.table(result)
            yield Drawn(name, figure.title, alt, table, figure.columns, wide, narrow, slot)


def finished(figure: Chart | None, style: Style) -> Chart | None:
    """The figure in the house's layout: our type, no grid, no legend, no buttons, the slot's size."""
    if figure is None:
        return None
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "tickfont": {"color": GREY},
        "title": {"text": ""},
        "automargin": True,
    }
    figure.update_layout(
        template={
            "layout": {
                "font": {"family": f"{FAMILY}, sans-serif", "size": style.slot.text, "color": INK},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "showlegend": False,
                "margin": {"l": 4, "r": 4, "t": 8, "b": 4, "pad": 4},
                "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": BAR, "font": {"color": INK}, "align": "left"},
                "dragmode": False,
                "bargap": 0.34,
                "xaxis": axis,
                "yaxis": axis,
                "annotationdefaults": {"showarrow": False},
            }
        },
        width=style.slot.width,
        height=style.slot.height,
        autosize=False,
    )
    return figure


def ranked(
    names: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    hover: Sequence[str],
    colours: Sequence[str],
    style: Style,
) -> Chart:
    """Horizontal bars, the first on top, each named on the left and labelled at its end; no axis."""
    figure = Chart(
        bar(
            orientation="h",
            x=list(values),
            y=list(range(len(names))),
            text=[f"\u00a0{t}" for t in texts],
            textposition="outside",
            cliponaxis=False,
            textfont={"color": INK},
            hovertext=list(hover),
            hoverinfo="text",
            marker={"color": list(colours)},
            textangle=0,
            constraintext="none",
        )
    )
    room = max((len(t) for t in texts), default=0) * style.slot.text * 0.52 + 14
    figure.update_layout(margin={"r": room, "t": 4, "b": 4})
    low = min(0.0, *values) if values else 0.0
    figure.update_xaxes(visible=False, range=[low, max(*values, 0.0) or 1.0] if len(values) > 1 else None)
    named_rows(figure, names)
    return figure


def paired(
    names: Sequence[str],
    customers: Sequence[float],
    revenue: Sequence[float],
    spoken: Sequence[bool],
    hover: Sequence[str],
    style: Style,
) -> Chart:
    """Two horizontal bars a group: share of customers light, share of revenue dark; those spoken of in colour."""
    rows, figure = list(range(len(names))), Chart()
    strong = [style.accent if told else GREY for told in spoken]
    light = [style.tint if told else LIGHT for told in spoken]
    pairs = ((customers, "customers", -0.37, light, GREY), (revenue, "revenue", 0.01, strong, INK))
    for shares, what, offset, colours, ink in pairs:
        texts = [
            "\u00a0" + style.text(s, "share") + (f" of {what}" if row == 0 else "") for row, s in enumerate(shares)
        ]
        figure.add_bar(
            orientation="h",
            y=rows,
            x=[max(0.0, s) for s in shares],
            width=0.36,
            offset=offset,
            marker={"color": colours},
            text=texts,
            textposition="outside",
            cliponaxis=False,
            constraintext="none",
            textangle=0,
            textfont={"color": ink},
            hoverinfo="text",
            hovertext=list(hover),
        )
    figure.update_layout(barmode="overlay", margin={"r": 120})
    figure.update_xaxes(visible=False)
    named_rows(figure, names)
    return figure


def axis_names(figure: Chart, across: str, up: str, below: int = -30, left: int = -50) -> None:
    """What the axes show: one name at the lower right, one at the upper left; below, left: pixels from the corners."""
    same = {"xref": "paper", "yref": "paper", "font": {"color": GREY}}
    figure.add_annotation(text=across, x=1, xanchor="right", y=0, yanchor="top", yshift=below, **same)
    figure.add_annotation(text=up, x=0, xanchor="left", y=1, yanchor="bottom", xshift=left, yshift=4, **same)


def named_rows(figure: Chart, names: Sequence[str]) -> None:
    """Rows 0, 1, ... from top to bottom with these names: two equal names stay two rows, few rows stay thin."""
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=list(names),
        range=[max(len(names), LEAST_ROWS) - 0.5, -0.5],
        tickfont={"color": INK},
    )


@lru_cache(maxsize=50_000)
def width(text: str) -> float:
    """How wide a text is in Source Sans Regular, in ems, kerning apart: enough to keep room for a label."""
    return sum(ADVANCES[ord(c) - 32] if " " <= c <= "~" else NARROW.get(c, 600) for c in text) / 1000


def plain(text: object, most: int = NAME) -> str:
    """A text from the data as plotly shows it: one line, at most `most` characters, no tag, no template."""
    clean = " ".join("".join(c for c in shown(text, 400) if unicodedata.category(c) not in UNDRAWN).split())
    clean = "(no name)" if text is None or not clean else clean
    return html.escape(clean if len(clean) <= most else clean[: most - 1].rstrip() + "…", quote=False)


def ticks(starts: Sequence[date], grain: str, style: Style) -> dict[str, Any]:
    """The time axis over rows 0, 1, ...: as many labels as fit, the year at the first and at each January."""
    most = 7 if style.narrow else 18
    every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, len(starts) + 1) if len(starts) / step <= most)
    by_month = grain == "month" and every <= 12
    offset = (starts[0].month - 1) % every if by_month else 0
    at = [i for i in range(len(starts)) if (i + offset) % every == 0]
    texts = [style.period(starts[i], grain, i == at[0] or starts[i].month == 1) for i in at]
    return {
        "tickmode": "array",
        "tickvals": at,
        "ticktext": texts,
        "range": [-0.55, len(starts) - 0.45],
        "tickangle": 0,
    }


def apart(labels: Sequence[tuple[int, str]], style: Style, bars: int) -> list[int]:
    """Which labels over `bars` bars can be written side by side, those named first before the others."""
    step, taken = (style.slot.width - 32) / max(bars, 1), list[tuple[float, float]]()
    kept = []
    for at, text in labels:
        half = width(text) * style.slot.text / 2 + 3
        left, right = at * step - half, at * step + half
        if at not in kept and all(right <= a or left >= b for a, b in taken):
            taken.append((left, right))
            kept.append(at)
    return kept


def years(figure: Chart, starts: Sequence[date]) -> None:
    """A hairline before each January of a time axis over rows 0, 1, ..."""
    for at, start in enumerate(starts):
        if at and start.month == 1 and starts[at - 1].year < start.year:
            figure.add_shape(
                type="line", x0=at - 0.5, x1=at - 0.5, y0=-0.09, y1=1, yref="paper", layer="below",
                line={"color": HAIRLINE, "width": 1},
            )  # fmt: skip


def real(values: pd.Series) -> list[float]:
    """A column as floats for drawing; unknown becomes 0."""
    return [0.0 if value is None or value != value else float(value) for value in values]


def readable(colour: str) -> str:
    """The colour, darkened until text in it has a contrast of 4.5 with white."""
    while contrast(colour) < 4.5:
        colour = mixed(colour, "#000000", 0.06)
    return colour


def contrast(colour: str) -> float:
    """WCAG contrast ratio of a colour with white."""

    def linear(channel: int) -> float:
        c = channel / 255
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(c) for c in _channels(colour))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with `share` of another in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{math.floor(a + (b - a) * share + 0.5):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
