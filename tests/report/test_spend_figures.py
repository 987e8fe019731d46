"""Charts of expected spend: none of the future when the test failed, labels that tell lines apart, alternatives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from analysis.spend_90d import Spend
from dataset.settings import Settings
from report.figure import SLOTS, Style
from report.figures import spend_90d
from report.pages import Report

STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])
NARROW = replace(STYLE, slot=replace(SLOTS["slide"], width=440))


@pytest.fixture
def spend(report: Report) -> Spend:
    result = report.run.results["spend_90d"]
    assert isinstance(result, Spend)
    return result


def test_a_model_that_failed_has_no_slide(spend: Spend) -> None:
    passed = replace(spend, frame=spend.deciles.frame)
    assert spend_90d.gains(passed, STYLE) is not None
    assert spend_90d.gains(replace(spend, frame=None), STYLE) is None
    assert spend_90d.held_out(replace(spend, frame=None), STYLE) is not None
    assert all(figure.slot.startswith("page") for figure in spend_90d.FIGURES if figure.name != "gains")


@pytest.mark.parametrize("style", [STYLE, NARROW])
def test_lines_are_named_apart(spend: Spend, style: Style) -> None:
    frame = spend.curves.frame.assign(other=spend.curves.frame["model"], past_spend=spend.curves.frame["model"])
    labels = {**spend.curves.labels, "other": "Lifetime value"}
    curves = replace(spend.curves, frame=frame, labels=labels)
    figure = spend_90d.gains(replace(spend, frame=frame, curves=curves), style)
    assert figure is not None
    named = [a for a in figure.layout.annotations if ": " in a.text]
    heights = sorted(a.y for a in named)
    assert len(named) == 3 and {"lifetime value"} < {a.text.split(":")[0].removeprefix("<b>") for a in named}
    assert min(b - a for a, b in pairwise(heights)) >= 0.07


def test_every_group_has_its_dot_and_its_whiskers(spend: Spend) -> None:
    figure = spend_90d.deciles(spend, STYLE)
    assert figure is not None
    groups = len(spend.deciles.frame)
    assert len(figure.data) == groups + 2
    assert list(figure.data[-1].y) == pytest.approx(list(spend.deciles.frame["predicted"]))
    assert figure.layout.yaxis.type == "log"


def test_groups_that_spent_nothing_draw_nothing(spend: Spend) -> None:
    nothing = spend.deciles.frame.assign(predicted=0.0, actual=0.0, low=0.0, high=0.0)
    assert spend_90d.deciles(replace(spend, deciles=replace(spend.deciles, frame=nothing)), STYLE) is None
    assert spend_90d.segments(replace(spend, segments_later=None), STYLE) is None


def test_alternatives_name_the_numbers(spend: Spend) -> None:
    for figure in spend_90d.FIGURES:
        told = figure.alt(spend, STYLE)
        assert told.endswith(".") and any(c.isdigit() for c in told), figure.name
