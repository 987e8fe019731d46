"""The figures of recommendations: what is drawn, in which colour, and when nothing is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analysis.run import run
from dataset.settings import Settings
from report.figure import BAR, SLOTS, Slot, Style, finished
from report.figures.recommend import FIGURES
from tests.analysis.test_recommend import catalogue, tastes

BY_NAME = {figure.name: figure for figure in FIGURES}


def made(shop: Any, lines: pd.DataFrame) -> Any:
    return run(["recommend"], *shop(lines, products=catalogue(lines))).results["recommend"]


def style(name: str, narrow: bool = False) -> Style:
    return Style(Settings(), Slot(440, 300) if narrow else SLOTS[BY_NAME[name].slot])


@pytest.mark.parametrize("wins", [True, False])
def test_what_is_offered_is_in_colour(shop, wins):
    found = made(shop, tastes(3, customers=300) if wins else tastes(3, own=0.0))
    drawn = finished(BY_NAME["hits"].draw(found, style("hits")), style("hits"))
    assert drawn is not None
    (bars,) = drawn.data
    frame = found.methods.frame
    assert list(bars.x) == frame["rate"].tolist() == sorted(frame["rate"], reverse=True)
    coloured = [m for m, c in zip(frame["method"], bars.marker.color, strict=True) if c != BAR]
    assert coloured == ["similar products" if wins else "bestsellers"]
    assert [x - e for x, e in zip(bars.x, bars.error_x.arrayminus, strict=True)] == pytest.approx(frame["low"].tolist())


@pytest.mark.parametrize("narrow", [False, True])
def test_every_figure_is_drawn_and_told(shop, narrow):
    found = made(shop, tastes(3))
    for name, figure in BY_NAME.items():
        drawn = finished(figure.draw(found, style(name, narrow)), style(name, narrow))
        assert drawn is not None and set(figure.columns) <= set(figure.table(found).frame), name
        told = figure.alt(found, style(name))
        assert told.endswith(".") and "nan" not in told and "None" not in told, told


def test_the_grid_is_of_the_twenty_with_most_buyers(shop):
    found = made(shop, tastes(3))
    drawn = BY_NAME["heatmap"].draw(found, style("heatmap"))
    assert drawn is not None and len(drawn.layout.shapes) == 20 * 19 == len(found.heat.frame)
    cells = found.heat.frame.set_index(["place", "with_place"])["cosine"]
    assert all(cells[a, b] == cells[b, a] for a, b in cells.index) and 0 <= cells.min() <= cells.max() <= 1


def test_nothing_is_drawn_of_a_trial_that_was_not_made(shop):
    found = made(shop, tastes(3, customers=12))
    assert BY_NAME["hits"].draw(found, style("hits")) is None
    assert BY_NAME["hits"].alt(found, style("hits")) and BY_NAME["heatmap"].draw(found, style("heatmap")) is not None
