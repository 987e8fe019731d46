"""The figures of chances: what the title speaks of is in colour, what failed is not in the deck, and alt texts tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.chances import BOOSTED
from analysis.finding import Result
from analysis.run import run
from dataset import opening, sample
from dataset.settings import Settings
from report.figure import BAR, SLOTS, Style, figures
from report.pages import Report

STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])
NAMES = ("propensity", "churn")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The built-in shop without events, large enough for both."""
    folder = tmp_path_factory.mktemp("shop")
    sample.write(folder / "shop", customers=2500, seed=1, events=False)
    dataset, settings = opening.open_data(str(folder / "shop"), "thelook", None, Settings(currency="EUR"), folder)
    yield Report.of(run(NAMES, dataset, settings), dataset, settings)
    dataset.engine.close()


@pytest.fixture(params=NAMES)
def result(request: pytest.FixtureRequest, made: Report) -> Result:
    return made.run.results[request.param]


def drawing(result: Any, name: str) -> Any:
    (found,) = (f for f in figures(type(result).__name__.lower()) if f.name == name)
    return found


def test_the_slides_show_what_their_titles_say(made: Report) -> None:
    tenths = drawing(made.run.results["propensity"], "tenths").draw(made.run.results["propensity"], STYLE)
    colours = list(tenths.data[0].marker.color)
    assert colours == [STYLE.accent] + [BAR] * (len(colours) - 1)
    churn = made.run.results["churn"]
    bars = drawing(churn, "groups").draw(churn, STYLE).data[0]
    (spoken,) = (at for at, colour in enumerate(bars.marker.color) if colour == STYLE.accent)
    assert bars.x[spoken] == pytest.approx(churn.findings["vip_chance"].value)
    assert list(bars.x) == sorted(bars.x, reverse=True)


def test_bars_are_the_observed_shares_and_dots_the_predicted(result: Any) -> None:
    figure = drawing(result, "tenths").draw(result, STYLE)
    np.testing.assert_allclose(figure.data[0].y, result.tenths.frame["actual"])
    np.testing.assert_allclose(figure.data[1].y, result.tenths.frame["predicted"])


def test_curves_run_from_corner_to_corner(result: Any) -> None:
    roc = drawing(result, "roc").draw(result, STYLE).data[0]
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert (np.diff(roc.y) >= 0).all()
    precision = drawing(result, "precision").draw(result, STYLE).data[0]
    assert precision.y[-1] == pytest.approx(result.findings["base_rate"].value, rel=0.2)
    assert sum(result.histogram.frame["people"]) == result.findings["auc"].n


def test_a_failed_model_has_no_slide(made: Report, result: Any) -> None:
    name = type(result).__name__.lower()
    assert name in pages_of(made)
    failed = replace(result, frame=None, model=None, groups_ahead=None)
    for figure in figures(name):
        assert (figure.draw(failed, STYLE) is None) == (figure.name in ("tenths", "groups")), figure.name


def pages_of(made: Report) -> list[str]:
    from report.pages import Page

    return Page("deck", False, made).slides


def test_trees_have_no_coefficients(result: Any) -> None:
    assert result.findings["model"].value != BOOSTED
    assert drawing(result, "coefficients").draw(replace(result, coefficients=None), STYLE) is None


@pytest.mark.parametrize("narrow", [False, True])
def test_alternatives_tell_the_numbers(result: Any, narrow: bool) -> None:
    style = replace(STYLE, slot=replace(STYLE.slot, width=440)) if narrow else STYLE
    for figure in figures(type(result).__name__.lower()):
        assert figure.draw(result, style) is not None
        told = figure.alt(result, style)
        assert told.endswith(".") and any(c.isdigit() for c in told) and "nan" not in told, told


def test_names_in_exports_are_those_of_the_chances(made: Report, tmp_path: Path) -> None:
    from report import exports

    written = exports.write(tmp_path, made.run.results, made.settings)
    assert {"propensity_thresholds.csv", "churn_thresholds.csv"} <= set(written)
    table = pd.read_csv(tmp_path / "customers.csv", dtype={"customer_id": str})
    assert table["propensity_7d"].notna().all() and table["churn_90d"].isna().any()
    active = table["recency_days"] <= 365
    assert (table["churn_90d"].notna() == active).all()
    assert round(table["churn_90d"].sum()) == made.run.results["churn"].findings["expected"].value
    assert made.settings.snapshot > date(2025, 1, 1)
