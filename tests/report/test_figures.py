"""Figures: drawn at their slot's size, in the house's type, with names from the data as plain text only."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from dataset.settings import Settings
from report import outline
from report.figure import (
    SLOTS,
    Drawn,
    Slot,
    Style,
    contrast,
    figures,
    finished,
    mixed,
    named_rows,
    plain,
    ranked,
    readable,
    real,
    ticks,
)
from report.figures.months import _labels
from report.pages import Report

STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])


@pytest.fixture(scope="module")
def drawings(report: Report) -> list[Drawn]:
    return list(report.figures.values())


def everything(value: Any) -> list[tuple[str, Any]]:
    """Every key and leaf of nested JSON."""
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in [(key, item), *everything(item)]]
    if isinstance(value, list | tuple):
        return [pair for item in value for pair in everything(item)]
    return []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tea & cake", "Tea &amp; cake"),
        ("<b>bold</b> <a href='x'>", "&lt;b&gt;bold&lt;/b&gt; &lt;a href='x'&gt;"),
        ("%{x} {y}", "%{x} {y}"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("left\u202eright", "left right"),
        ("x" * 40, "x" * 31 + "…"),
        (None, "(no name)"),
        ("\U0001f600", "(no name)"),
        ("tea \U0001f375 cup", "tea cup"),
        (7, "7"),
    ],
)
def test_a_name_is_plain_text(text: object, shown: str) -> None:
    assert plain(text) == shown


def test_a_name_of_a_million_characters_is_short() -> None:
    assert len(plain("w" * 1_000_000)) == 32


# The ratios of pure colours are those of WCAG 2.2; #767676 is its well-known lightest grey that passes on white.
@pytest.mark.parametrize(
    ("colour", "ratio"), [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#ff0000", 4.0)]
)
def test_contrast_is_that_of_wcag(colour: str, ratio: float) -> None:
    assert contrast(colour) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("accent", ["#0b57a4", "#ffff00", "#ffffff", "#e2001a"])
def test_the_accent_can_be_read_on_white(accent: str) -> None:
    assert contrast(readable(accent)) >= 4.5


def test_an_accent_that_can_be_read_stays() -> None:
    assert readable("#0b57a4") == "#0b57a4"


def test_mixing_colours() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#102030", "#ffffff", 0.0) == "#102030"


def test_unknown_numbers_draw_as_nothing() -> None:
    assert real(pd.Series([1, None, float("nan")], dtype=object)) == [1.0, 0.0, 0.0]


def test_equal_names_stay_two_rows() -> None:
    figure = ranked(["Tea", "Tea"], [3.0, 1.0], ["3", "1"], ["", ""], ["#000000"] * 2, STYLE)
    assert list(figure.layout.yaxis.ticktext) == ["Tea", "Tea"]
    assert list(figure.data[0].y) == [0, 1]


@pytest.mark.parametrize(("rows", "lowest"), [(1, 3.5), (4, 3.5), (8, 7.5)])
def test_few_rows_stay_thin(rows: int, lowest: float) -> None:
    figure = go.Figure()
    named_rows(figure, ["a"] * rows)
    assert list(figure.layout.yaxis.range) == [lowest, -0.5]


def months(count: int, first: int = 2024 * 12) -> list[date]:
    return [date((first + i) // 12, (first + i) % 12 + 1, 1) for i in range(count)]


def test_a_year_of_months_is_labelled_whole() -> None:
    axis = ticks(months(13, 2024 * 12 + 11), "month", STYLE)
    assert axis["ticktext"][:3] == ["Dec<br>2024", "Jan<br>2025", "Feb"]
    assert len(axis["ticktext"]) == 13


@pytest.mark.parametrize("count", [1, 19, 36, 120, 400])
def test_labels_of_a_long_axis_do_not_touch(count: int) -> None:
    assert 1 <= len(ticks(months(count), "month", STYLE)["ticktext"]) <= 18


def test_a_long_axis_labels_each_january() -> None:
    assert ticks(months(40, 2023 * 12 + 4), "month", STYLE)["ticktext"][:3] == ["Jul<br>2023", "Oct", "Jan<br>2024"]


def test_nothing_to_draw_stays_nothing() -> None:
    assert finished(None, STYLE) is None


def test_every_figure_has_its_slots_size(drawings: list[Drawn]) -> None:
    assert len(drawings) >= 15
    for drawing in drawings:
        assert (drawing.wide.layout.width, drawing.wide.layout.height) == (drawing.slot.width, drawing.slot.height)


def test_text_on_slides_is_twelve_points(drawings: list[Drawn]) -> None:
    assert all(slot.text == 16 for name, slot in SLOTS.items() if name.startswith("slide"))  # 16 px = 12 pt
    for drawing in drawings:
        made = drawing.wide.to_plotly_json()
        assert made["layout"]["template"]["layout"]["font"]["size"] == drawing.slot.text
        smaller = [v for k, v in everything(made) if k == "size" and isinstance(v, int | float) and 0 < v < 12]
        assert not [v for v in smaller if v > 5 and v != 12], drawing.name


def test_no_figure_interprets_text(drawings: list[Drawn]) -> None:
    for drawing in drawings:
        keys = {key for key, _ in everything(drawing.wide.to_plotly_json())}
        assert not keys & {"hovertemplate", "texttemplate"}, drawing.name


def test_no_figure_hides_its_numbers(drawings: list[Drawn]) -> None:
    for drawing in drawings:
        assert "bdata" not in json.dumps(drawing.wide.to_plotly_json()), drawing.name


def test_the_deck_has_no_pie_radar_or_depth(drawings: list[Drawn]) -> None:
    kinds = {trace.type for drawing in drawings if drawing.slot.text == 16 for trace in drawing.wide.data}
    assert kinds <= {"bar", "scatter"}


def test_every_figure_says_what_it_shows(drawings: list[Drawn]) -> None:
    for drawing in drawings:
        assert len(drawing.alt) > 30 and "nan" not in drawing.alt.lower().split(), drawing.name
        assert not drawing.table.frame.empty, drawing.name


def test_a_partial_month_is_hollow(report: Report) -> None:
    partial = list(report.run.results["months"].months.frame["partial"])  # type: ignore[attr-defined]
    colours = report.figures["months-net"].wide.data[0].marker.color
    assert [c == "#ffffff" for c in colours] == partial


def test_the_curve_marks_the_share_the_finding_says(report: Report) -> None:
    share = report.run.findings["pareto.top_20_share"].value
    marked = report.figures["pareto-curve"].wide.data[-1]
    assert (marked.x[0], marked.y[0]) == (0.2, pytest.approx(share))


def test_a_phone_gets_its_own_drawing(drawings: list[Drawn]) -> None:
    assert all(drawing.narrow.layout.width == 440 for drawing in drawings)
    assert Style(Settings(), Slot(440, 300)).narrow


def test_every_analysis_of_the_outline_may_have_figures() -> None:
    names = [(name, figure.name) for name in outline.analyses() for figure in figures(name)]
    assert len(names) == len(set(names))
    assert figures("no_such_analysis") == ()


def test_labels_over_bars_do_not_meet() -> None:
    values = [10.0, 90.0, 91.0, 92.0] * 6
    placed = _labels(values, ["€1.23m"] * 24, (23, 3, 0), STYLE)
    assert placed[23][2] == 92.0 and 0 not in placed  # the first would stand far over its low bar
    assert _labels([1.0, 2.0], ["a", "b"], (1, 1, 0), STYLE) == {0: ("center", 0, 1.0), 1: ("center", 1, 2.0)}
