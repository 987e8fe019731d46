"""The charts of segment migration: everyone is drawn once, labels stay apart, the title's people are in colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest

from analysis.ground import Ground
from analysis.migration import NEW, RANKS, Move, _headline, _move_table, _over_time
from dataset.settings import Settings
from report.figure import SLOTS, Slot, Style
from report.figures.migration import FIGURES, _alt, _alt_over_time, _apart, flow, matrix, moves, over_time
from report.pages import Report

STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])
PHONE = replace(STYLE, slot=Slot(440, 500))
USUAL = [("VIP", "VIP", 60), ("VIP", "At Risk", 40), (NEW, "Loyal", 9), ("Regular", "Dormant", 500)]


def result(pairs: Sequence[tuple[str, str, int]]) -> Any:
    """Just enough of a Migration, with these customers by pair."""
    counts = {(a, b): n for a, b, n in pairs}
    every = [Move(a, b, counts.get((a, b), 0), 0) for a in (*RANKS, NEW) for b in RANKS]
    ground = Ground("customers", sum(counts.values()), (date(2024, 1, 1), date(2024, 3, 31)), "analysis/migration.sql")
    days = [date(2024, month, 28) for month in (1, 2, 3)]
    rows = [{"day": day, "segment": s, "customers": i * day.month} for day in days for i, s in enumerate(RANKS)]
    return SimpleNamespace(
        moves=_move_table(every),
        findings={"headline": _headline(every, ground, ground)},
        over_time=_over_time(rows, False),
    )


def texts(figure: go.Figure) -> list[str]:
    return [a.text for a in figure.layout.annotations]


def heights(figure: go.Figure) -> list[float]:
    """How tall each band is at its beginning, in the order of drawing."""
    return [round(band.y[-1] - band.y[0], 2) for band in figure.data]


def test_the_flow_draws_who_stayed_came_and_left() -> None:
    figure = flow(result(USUAL), STYLE)
    assert figure is not None
    said = " ".join(texts(figure))
    for label in (
        "VIP and Loyal 100",
        "VIP and Loyal 69",
        "9 joined",
        "40 dropped out",
        "New customers 9",
        "At Risk 40",
    ):
        assert label in said
    assert "60 still are" in said and "Dormant" not in said
    tall = heights(figure)
    assert sorted(t / sum(tall) for t in tall) == pytest.approx([9 / 109, 40 / 109, 60 / 109], abs=0.001)


@pytest.mark.parametrize(
    ("pairs", "coloured"),
    [
        (USUAL, {"VIP and Loyal to At Risk: 40 customers"}),
        ([("VIP", "VIP", 95), ("Regular", "VIP", 5)], {"Regular to VIP and Loyal: 5 customers"}),
        ([("Regular", "VIP", 5), ("Dormant", "Dormant", 9)], {"Regular to VIP and Loyal: 5 customers"}),
    ],
)
def test_whom_the_title_speaks_of_is_in_colour(pairs: list[tuple[str, str, int]], coloured: set[str]) -> None:
    figure = flow(result(pairs), STYLE)
    assert figure is not None
    assert {band.text for band in figure.data if band.fillcolor == STYLE.tint} == coloured


def test_no_flow_without_best_customers() -> None:
    assert flow(result([("Dormant", "Regular", 9)]), STYLE) is None


@pytest.mark.parametrize("style", [STYLE, PHONE])
@pytest.mark.parametrize("draw", [flow, moves])
def test_labels_of_a_flow_keep_their_distance_within_the_slot(report: Report, style: Style, draw: Any) -> None:
    figure = draw(report.run.results["migration"], style)
    for side in (0, 1):
        at = sorted(a.y for a in figure.layout.annotations if round(a.x) == side and "still are" not in a.text)
        assert len(at) >= 4
        assert all(after - before >= style.slot.text * 1.1 for before, after in pairwise(at))
        assert at[0] > 0 and at[-1] < style.slot.height - 8
    for band in figure.data:
        assert min(band.y) >= 0 and max(band.y) <= style.slot.height - 8


def test_every_move_is_a_band() -> None:
    figure = moves(result(USUAL), STYLE)
    assert figure is not None
    assert {band.text for band in figure.data} == {f"{a} to {b}: {n} customers" for a, b, n in USUAL}
    tall = heights(figure)
    assert max(tall) / sum(tall) == pytest.approx(500 / 609, abs=0.001)


def test_the_matrix_has_a_cell_a_pair_and_shares_of_its_row() -> None:
    figure = matrix(result(USUAL), STYLE)
    assert figure is not None
    assert len(figure.layout.shapes) == 42
    assert sum(s.line.width > 0 for s in figure.layout.shapes) == 6
    cells = {(a.x, a.y): a.text for a in figure.layout.annotations}
    assert cells[(0, 0)] == "60 · 60.0%" and cells[(RANKS.index("At Risk"), 0)] == "40 · 40.0%"
    assert cells[(1, 6)] == "9 · 100%" and cells[(5, 5)] == "0"
    assert {a.text for a in matrix(result(USUAL), PHONE).layout.annotations} == {"60", "40", "9", "500", "0"}  # type: ignore[union-attr]


def test_sizes_over_time_are_stacked_and_named_at_the_end() -> None:
    figure = over_time(result(USUAL), STYLE)
    assert figure is not None
    assert [list(area.y) for area in figure.data] == [[i * 1.0, i * 2.0, i * 3.0] for i in range(6)]
    assert texts(figure) == [f"{name} {3 * i}" for i, name in enumerate(RANKS)]
    assert list(figure.layout.xaxis.ticktext) == ["Jan<br>2024", "Feb", "Mar"]


def test_many_months_are_not_all_written(report: Report) -> None:
    written = report.figures["migration-over_time"].wide.layout.xaxis.ticktext
    assert len(report.run.results["migration"].over_time.frame) >= 6 * 20  # type: ignore[attr-defined]
    assert 2 <= len(written) <= 7


def test_labels_are_moved_apart_within_the_chart() -> None:
    assert _apart([5, 6, 50], 10, 100) == [5, 15, 50]
    assert _apart([0, 95, 99, 99], 10, 100) == [5, 80, 90, 100]


def test_what_the_charts_show_is_said() -> None:
    made = result(USUAL)
    assert _alt(made, STYLE) == (
        "Customers by segment three months ago and now. VIP to VIP: 60; VIP to At Risk: 40; Regular to Dormant: 500; "
        "New customers to Loyal: 9."
    )
    assert "31" not in _alt_over_time(made, STYLE) and "28 Mar 2024: VIP 0, Loyal 3" in _alt_over_time(made, STYLE)


def test_the_deck_has_the_flow_and_the_appendix_the_rest(report: Report) -> None:
    slots = {figure.name: figure.slot for figure in FIGURES}
    assert slots == {"flow": "slide", "over_time": "page", "matrix": "page", "moves": "page"}
    assert {f"migration-{name}" for name in slots} <= report.figures.keys()
