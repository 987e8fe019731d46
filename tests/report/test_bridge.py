"""The bridge of a change: bars that start where the last one ended, labels with room, and no drama over nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from analysis.finding import Table
from dataset.settings import Settings
from report.figure import BAR, GREY, LIGHT, SLOTS, Slot, Style, width
from report.figures.kpi_tree import FIGURES, Step, _bridge, _bridge_of, bridge, by_category, by_customers, gross
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


def test_labels_carry_their_sign_and_the_end_its_amount() -> None:
    assert [a.text for a in made([120.0, -20.0], 1000.0).layout.annotations] == [
        "€1,000", "+€120.00", "−€20.00", "<b>€1,100</b> (+€100.00)",
    ]  # fmt: skip


def test_the_title_s_drivers_are_in_colour_and_falls_are_light() -> None:
    colours = list(made([5.0, -2.0, 1.0], 10.0).data[0].marker.color)
    assert colours == [STYLE.accent, LIGHT, BAR, GREY]


def test_many_groups_end_in_one_that_holds_the_rest() -> None:
    frame = pd.DataFrame({"key": [*["goods"] * 12, "total"], "category": [f"C{i}" for i in range(12)] + ["All"]})
    frame = frame.assign(before=1.0, after=3.0, money_change=2.0)
    table = Table(frame, "Made", {}, "made.sql")
    tree: Any = SimpleNamespace(before="Q1 2024", after="Q2 2024")
    figure = _bridge_of(tree, table, "category", STYLE)
    assert list(figure.layout.yaxis.ticktext)[-2:] == ["All other", "Q2 2024"]
    assert list(figure.data[0].x) == [*[2.0] * 8, 8.0, 24.0]


def test_nothing_to_draw() -> None:
    none: Any = SimpleNamespace(groups=None, categories=None)
    assert by_customers(none, STYLE) is None and by_category(none, STYLE) is None
    empty = pd.DataFrame({"partial": [False] * 4, "compared": [""] * 4, "gross": [1.0] * 4})
    short: Any = SimpleNamespace(gross=SimpleNamespace(frame=empty), measure="net")
    assert gross(short, STYLE) is None


def test_the_built_in_shop_draws_what_its_findings_say(report: Report) -> None:
    tree: Any = report.run.results["kpi_tree"]
    bars = bridge(tree, STYLE).data[0]  # type: ignore[union-attr]
    assert bars.x[-1] == pytest.approx(float(tree.findings["change"].value))
    keys = [k for k in tree.parts.frame["key"] if k != "total"]
    assert list(bars.x[:-1]) == pytest.approx([float(tree.findings[f"change_by_{k}"].value) for k in keys])
    accented = {k for k, colour in zip(keys, bars.marker.color, strict=False) if colour == STYLE.accent}
    assert accented == set(tree.leads)
    assert {f.name for f in FIGURES} == {"bridge", "by_customers", "by_category", "gross"}
    for figure in FIGURES:
        assert tree.after in figure.alt(tree, STYLE) or figure.name != "bridge"
        assert len(figure.alt(tree, STYLE)) > 40
