"""The deck as an argument: short on every data set, no number but findings in its prose, a reason for each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.finding import PLACE
from analysis.run import run
from dataset import opening, sample
from dataset.settings import Settings
from report import outline, pages
from report.pages import Page, Report
from report.release import DOCUMENTS

from .conftest import SVG
from .test_pages import Reading

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
FREE = {"data", "figure", "table", "title", "style", "script"}
SHOPS = {
    "shop": "",
    "online_retail": "online_retail",
    "adventureworks": "adventureworks",
    "retailrocket": "retailrocket/sample_events.csv.gz",
}


@pytest.fixture(
    scope="module", params=[name if name == "shop" else pytest.param(name, marks=pytest.mark.slow) for name in SHOPS]
)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Every analysis of one shop, as `build.py` runs them; charts are stand-ins."""
    folder = tmp_path_factory.mktemp(request.param)
    data = REAL / SHOPS[request.param]
    if request.param == "shop":
        data = folder / "shop"
        sample.write(data, customers=1_000, seed=3)
    if not data.exists():
        pytest.skip("the data are not here")
    dataset, settings = opening.open_data(str(data), "auto", None, Settings(), folder)
    made = Report.of(run(outline.analyses(), dataset, settings), dataset, settings)
    made.svgs.update(dict.fromkeys(made.figures, SVG))
    yield made
    dataset.engine.close()


def test_a_deck_is_short_and_ends_with_what_is_asked_and_how_far_to_trust_it(told: Report) -> None:
    slides = Page("deck", False, told).slides
    assert 5 <= len(slides) <= outline.MOST_SLIDES
    assert slides == [name for name in outline.DECK if name in slides]
    assert slides[0] == "headlines" and slides[-1] == "trust"
    assert "recommendations" in slides[-3:]


def test_every_digit_in_prose_is_a_finding(told: Report) -> None:
    for printed in (False, True):
        deck = Reading(pages.for_print("deck", told) if printed else str(Page("deck", False, told).html()))
        for text, inside in deck.texts:
            classes = {c for _, a in inside for c in a.get("class", "").split()}
            if not {tag for tag, _ in inside} & FREE and not classes & {"source", "page-number", "at"}:
                assert not any(c.isdigit() for c in text), text


def test_every_recommendation_names_findings_that_are_known(told: Report) -> None:
    made: Any = told.run.results["recommendations"]
    known = {key for key, finding in told.run.findings.items() if finding.value is not None}
    appendix = Reading(str(Page("appendix", False, told).html())).text().replace("\u200b", "")
    assert made.steps
    for step in made.steps:
        assert {step.because, *PLACE.findall(step.action)} <= known
        assert step.because.split(".")[0] in appendix


def test_every_slide_says_what_part_of_the_story_it_tells(told: Report) -> None:
    deck = Reading(str(Page("deck", False, told).html()))
    parts = [text for text, inside in deck.texts if "story" in inside[-1][1].get("class", "").split()]
    assert parts == [outline.PART[name] for name in Page("deck", False, told).slides[1:]]


def test_no_page_names_a_place_twice(told: Report) -> None:
    for which in DOCUMENTS:
        ids = [a["id"] for _, a in Reading(pages.for_print(which, told)).elements if "id" in a]
        assert len(ids) == len(set(ids))
