"""The chart of pairs: what it draws, how it cuts long names, and when there is nothing to draw."""

from __future__ import annotations

import html
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from dataset.settings import Settings
from report.figure import BAR, SLOTS, Style, width
from report.figures.basket import FIGURES, NARROW, ROOM

STYLE = Style(Settings(), SLOTS["slide"])
(PAIRS,) = FIGURES


def basket(names: list[tuple[str, str]]) -> Any:
    frame = pd.DataFrame(names, columns=["name_a", "name_b"])
    frame["lift"] = [20.0 - i for i in range(len(names))]
    frame["lift_low"], frame["lift_high"], frame["orders"] = frame["lift"] - 1, frame["lift"] + 1, 1234
    return SimpleNamespace(top=SimpleNamespace(frame=frame), bundles=None)


def test_a_bar_a_pair_with_its_lift_and_orders():
    figure = PAIRS.draw(basket([("Lamp", "Bulb"), ("Rug", "Mat")]), STYLE)
    assert figure is not None
    assert list(figure.data[0].x) == [20.0, 19.0]
    assert list(figure.layout.yaxis.ticktext) == ["Lamp + Bulb", "Rug + Mat"]
    assert [text.strip("\u00a0") for text in figure.data[0].text] == ["20× · 1,234", "19× · 1,234"]
    assert "lift: 20.00 (19.00 to 21.00)" in figure.data[0].hovertext[0]


def test_the_pair_of_the_title_stands_out():
    drawn = basket([("Lamp", "Bulb"), ("Rug", "Mat")])
    drawn.top.frame[["a", "b"]] = [("1", "2"), ("3", "4")]
    drawn.bundles = SimpleNamespace(frame=pd.DataFrame([{"first_id": "4", "second_id": "3"}]))
    figure = PAIRS.draw(drawn, STYLE)
    assert figure is not None
    assert list(figure.data[0].marker.color) == [BAR, STYLE.accent]


def test_nothing_to_draw_without_a_strong_pair():
    assert PAIRS.draw(basket([]), STYLE) is None


@pytest.mark.parametrize("name", ["W" * 200, "SET OF 3 WOODEN STOCKING DECORATIONS", "<b>Tea & cake</b> of the house"])
def test_long_names_are_cut_until_both_fit(name):
    (label,) = PAIRS.draw(basket([(name, name)]), STYLE).layout.yaxis.ticktext
    shown = html.unescape(label)
    assert width(shown) * STYLE.slot.text <= ROOM or max(map(len, shown.split(" + "))) == NARROW
    assert "<" not in label


def test_the_text_says_what_is_drawn():
    said = PAIRS.alt(basket([("Lamp", "Bulb")]), STYLE)
    assert said == "Bars of the pairs of products with the highest lift. Lamp and Bulb: 20.00 times, 1,234 orders."
