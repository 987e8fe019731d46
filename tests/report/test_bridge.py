"""The bridge of a change: bars that start where the last one ended, labels with room, and no drama over nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from analysis.finding import Table, Unit
from dataset.settings import Settings
from report.figure import GREY, SLOTS, Slot, Style, figures, width
from report.figures.kpi_tree import (
    FIGURES,
    Step,
    _bridge,
    _bridge_of,
    _one_precision,
    bridge,
    by_category,
    gross,
    orders,
)
from report.outline import CHARTED
from report.pages import Report

STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])
CASES = {
    "rise": ([120.0, -20.0, 5.0], 1000.0),
    "fall": ([-900.0, 100.0, 0.0], 1000.0),
    "below nothing": ([300.0, -5000.0], 2000.0),
    "nothing": ([0.0, 0.0], 500.0),
    "from nothing": ([10.0], 0.0),
}


def made(changes: list[float], before: float, style: Style = STYLE) -> go.Figure:
    steps = [Step(f"Driver {i}", change, "", leads=i == 0) for i, change in enumerate(changes)]
    return _bridge(steps, ("Q1 2024", before), ("Q2 2024", before + sum(changes)), "money", style)


@pytest.mark.parametrize("case", CASES)
def test_each_bar_starts_where_the_last_one_ended(case: str) -> None:
    changes, before = CASES[case]
    bars = made(changes, before).data[0]
    assert list(bars.x) == [*changes, sum(changes)]
    assert list(bars.base) == [*(sum(changes[:i]) for i in range(len(changes))), 0]


@pytest.mark.parametrize("slot", [SLOTS["slide"], SLOTS["page"], Slot(440, 504)])
@pytest.mark.parametrize("case", CASES)
def test_every_label_has_room(case: str, slot: Slot) -> None:
    figure = made(*CASES[case], Style(STYLE.settings, slot))
    low, high = figure.layout.xaxis.range
    room = slot.width - max(width(n) for n in figure.layout.yaxis.ticktext) * slot.text - 24
    for label in figure.layout.annotations:
        at = (label.x - low) / (high - low) * room + label.xshift
        long = width(label.text.replace("<b>", "").replace("</b>", "")) * slot.text
        left, right = (at, at + long) if label.xanchor == "left" else (at - long, at)
        assert left >= 0 and right <= room, label.text


def test_next_to_no_change_looks_like_it() -> None:
    figure = made([1.0, -0.5], 1_000_000.0)
    low, high = figure.layout.xaxis.range
    assert high - low >= 20_000


def labels(figure: go.Figure) -> list[str]:
    return [a.text for a in figure.layout.annotations]


def test_only_changes_are_bars_and_the_totals_are_text() -> None:
    figure = made([120.0, -20.0], 1000.0)
    assert list(figure.layout.yaxis.ticktext) == ["<b>Driver 0</b>", "Driver 1", "<b>Net change</b>"]
    assert max(abs(x) for x in figure.data[0].x) == 120 and len(figure.data) == 1
    assert figure.layout.title.text == "From <b>€1,000</b> in Q1 2024 to <b>€1,100</b> in Q2 2024"
    assert labels(figure) == ["<b>+€120</b>", "−€20", "<b>+€100</b>"]
    narrow = made([1.0], 1000.0, Style(STYLE.settings, Slot(240, 300))).layout.title.text
    assert narrow == "From <b>€1,000</b> in Q1 2024<br>to <b>€1,001</b> in Q2 2024"


PRECISION = [
    ([41_437.13, -9_683.48, -16_262.1, 5_341.1, 0.0], 186_000.0, ["+€41.4k", "−€9.7k", "−€16.3k", "+€5.3k", "€0.0k"]),
    ([404_633.74, -50_116.71, 36_534.55], 1_461_756.25, ["+€405k", "−€50k", "+€37k"]),
    ([-406.44, 103.2, -758.33], 4_746.99, ["−€406", "+€103", "−€758"]),
    ([-46.44, 13.2, -8.335], 74.99, ["−€46.44", "+€13.20", "−€8.34"]),
    ([1_234_567.0, -460_000.0, 999.0], 9e6, ["+€1.23m", "−€0.46m", "€0.00m"]),
    ([2_692.0, -43.7], 1e6, ["+€2,692", "−€44"]),
    ([0.0], 0.0, ["€0.00"]),
]


@pytest.mark.parametrize(("changes", "total", "said"), PRECISION)
def test_one_precision_a_chart(changes: list[float], total: float, said: list[str]) -> None:
    text = _one_precision(changes, [total], "money", STYLE)
    assert [text(c) for c in changes] == said


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "en_US", "de_CH", "sv_SE", "en_IN", "ja_JP"])
def test_one_precision_writes_the_largest_as_the_report_does(locale: str) -> None:
    style = Style(Settings(currency="EUR", locale=locale), SLOTS["slide"])
    units: tuple[Unit, ...] = ("money", "count")
    for most in (41_437.0, 9_683.0, 758.0, 1_234_567.0, 123_456_789.0):
        for unit in units:
            text = _one_precision([most, 1.0], [0.0], unit, style)
            assert text(most) == style.text(most, unit, signed=True)


def test_one_colour_for_up_and_one_for_down_and_the_title_s_drivers_in_bold() -> None:
    rise, fall = made([5.0, -2.0, 1.0], 10.0), made([-5.0, 2.0], 10.0)
    assert list(rise.data[0].marker.color) == [STYLE.accent, GREY, STYLE.accent, STYLE.accent]
    assert list(fall.data[0].marker.color) == [GREY, STYLE.accent, GREY]
    assert [t.startswith("<b>") for t in labels(rise)] == [True, False, False, True]


def test_a_fall_runs_to_the_left_of_a_line_that_marks_its_start() -> None:
    figure = made([-5.0, 2.0], 10.0)
    assert any(s.x0 == s.x1 == 0 and s.y1 - s.y0 == 3 and s.xref != "paper" for s in figure.layout.shapes)
    assert [a.xanchor for a in figure.layout.annotations] == ["right", "left", "right"]


def test_many_groups_end_in_one_that_holds_the_rest() -> None:
    frame = pd.DataFrame({"key": [*["goods"] * 12, "total"], "category": [f"C{i}" for i in range(12)] + ["All"]})
    frame = frame.assign(before=1.0, after=3.0, money_change=2.0)
    table = Table(frame, "Made", {}, "made.sql")
    tree: Any = SimpleNamespace(before="Q1 2024", after="Q2 2024", categories=table)
    figure = _bridge_of(tree, table, "category", STYLE)
    assert list(figure.layout.yaxis.ticktext)[-2:] == ["All other", "<b>Net change</b>"]
    assert list(figure.data[0].x) == [*[2.0] * 8, 8.0, 24.0]
    assert by_category(tree, STYLE) is not None
    tree.categories = Table(frame.iloc[3:], "Made", {}, "made.sql")
    assert by_category(tree, STYLE) is None  # the table says the same in as many rows


def test_too_few_orders_draw_no_slide(report: Report) -> None:
    tree: Any = report.run.results["kpi_tree"]
    assert "kpi_tree" in CHARTED and bridge(tree, STYLE) is not None
    assert bridge(replace(tree, few=True), STYLE) is None
    assert [f.name for f in figures("kpi_tree") if SLOTS[f.slot].text == 16] == ["bridge"]


def test_nothing_to_draw() -> None:
    none: Any = SimpleNamespace(groups=None, categories=None)
    assert by_category(none, STYLE) is None
    empty = pd.DataFrame({"partial": [False] * 4, "compared": [""] * 4, "gross": [1.0] * 4})
    short: Any = SimpleNamespace(gross=SimpleNamespace(frame=empty), measure="net")
    assert gross(short, STYLE) is None


def test_the_built_in_shop_draws_what_its_findings_say(report: Report) -> None:
    tree: Any = report.run.results["kpi_tree"]
    bars = bridge(tree, STYLE).data[0]  # type: ignore[union-attr]
    assert bars.x[-1] == pytest.approx(float(tree.findings["change"].value))
    keys = [k for k in tree.parts.frame["key"] if k != "total"]
    assert list(bars.x[:-1]) == pytest.approx([float(tree.findings[f"change_by_{k}"].value) for k in keys])
    bold = [t.startswith("<b>") for t in bridge(tree, STYLE).layout.yaxis.ticktext]  # type: ignore[union-attr]
    assert {k for k, b in zip(keys, bold, strict=False) if b} == set(tree.leads)
    assert {f.name for f in FIGURES} == {"bridge", "by_category", "gross", "orders"}
    alts = {f.name: f.alt(tree, STYLE) for f in FIGURES}
    assert tree.after in alts["bridge"] and all(len(alt) > 40 for alt in alts.values())
    drawn: Any = gross(tree, STYLE)
    assert f"over {len(drawn.data[0].x)} complete periods" in alts["gross"] and orders(tree, STYLE) is None
