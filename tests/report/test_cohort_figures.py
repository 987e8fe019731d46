"""The drawings of the cohorts: what the slide's title speaks of is what the chart shows; nothing where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.cohorts import Cohorts
from dataset import opening
from dataset.settings import Settings
from report.figure import SLOTS, Slot, Style, figures
from report.figures.cohorts import CELLS_TITLE, _every, _round_marks, spread
from report.pages import Report

FIGURES = {figure.name: figure for figure in figures("cohorts")}
STYLE = Style(Settings(currency="EUR"), SLOTS["slide"])


@pytest.fixture(scope="module")
def cohorts(report: Report) -> Cohorts:
    made = report.run.results["cohorts"]
    assert isinstance(made, Cohorts)
    return made


def without(cohorts: Cohorts, **changed: Any) -> Cohorts:
    return replace(cohorts, **changed)


def cut(table: Any, rows: pd.Series) -> Any:
    return replace(table, frame=table.frame[rows])


def test_the_slide_shows_the_shares_its_title_says(cohorts: Cohorts) -> None:
    assert cohorts.proof != "value" and cohorts.compared is not None
    drawn = FIGURES["again"].draw(cohorts, STYLE)
    assert drawn is not None
    older, newest = drawn.data[-2:]
    assert newest.y[-1] == pytest.approx(cohorts.findings["second_newest"].value)
    assert older.y[-1] == pytest.approx(cohorts.findings["second_older"].value)
    assert newest.line.color == STYLE.accent != older.line.color
    labels = " ".join(str(a.text) for a in drawn.layout.annotations)
    assert "newest" in labels and "before" in labels
    assert FIGURES["worth"].draw(cohorts, STYLE) is None


def test_when_revenue_differs_the_slide_shows_revenue(cohorts: Cohorts) -> None:
    frame = pd.DataFrame({"group": ["older"] * 3 + ["newest"] * 3, "day": [0, 1, 2] * 2, "value": [5, 6, 7, 1, 2, 3.0]})
    worth = without(cohorts, proof="value", worth=replace(cohorts.curves, frame=frame))
    drawn = FIGURES["worth"].draw(worth, STYLE)
    assert drawn is not None and [list(t.y) for t in drawn.data] == [[5, 6, 7], [1, 2, 3]]
    assert "newest cohorts: €3.00 after 2 days" in FIGURES["worth"].alt(worth, STYLE)
    assert FIGURES["again"].draw(worth, STYLE) is None


def test_the_heatmap_has_a_cell_for_each_mature_age(cohorts: Cohorts) -> None:
    cells = cohorts.cells.frame.query("age > 0")
    name = "retention_long" if len(cohorts.retention.frame) > 14 else "retention"
    drawn = FIGURES[name].draw(cohorts, Style(STYLE.settings, SLOTS[FIGURES[name].slot]))
    assert drawn is not None and len(drawn.layout.shapes) == len(cells)
    assert all(shape.type == "rect" for shape in drawn.layout.shapes)
    other = {"retention", "retention_long"} - {name}
    assert FIGURES[other.pop()].draw(cohorts, STYLE) is None
    dark = max(zip(cells["share"], drawn.layout.shapes, strict=True), key=lambda pair: pair[0])[1]
    assert dark.fillcolor == STYLE.accent


def test_a_long_heatmap_says_its_scale(cohorts: Cohorts) -> None:
    frame = pd.DataFrame(
        [(f"c{i}", a, 10, 5, (i + a) / 100) for i in range(30) for a in range(1, 30 - i)],
        columns=["cohort", "age", "customers", "active", "share"],
    )
    many = without(
        cohorts, cells=replace(cohorts.cells, frame=frame), retention=replace(cohorts.retention, frame=frame)
    )
    drawn = FIGURES["retention_long"].draw(many, Style(STYLE.settings, SLOTS["page_tall"]))
    assert drawn is not None and drawn.data[0].mode == "markers"
    assert "darkest: 29.0%" in " ".join(str(a.text) for a in drawn.layout.annotations)
    assert "percent" in CELLS_TITLE


def test_the_layers_of_the_base_add_up_to_revenue(cohorts: Cohorts) -> None:
    assert cohorts.base is not None
    drawn = FIGURES["base"].draw(cohorts, STYLE)
    whole = cohorts.base.frame[~cohorts.base.frame["partial"].astype(bool)]
    totals = np.sum([list(trace.y) for trace in drawn.data], axis=0)  # type: ignore[union-attr]
    np.testing.assert_allclose(totals, whole.groupby("start")["revenue"].sum())


def test_bands_of_weeks_are_labelled_by_their_first_day(cohorts: Cohorts) -> None:
    assert cohorts.base is not None
    bands = dict.fromkeys(cohorts.base.frame["band"])
    names = {band: f"the five weeks from {i} January 2011" for i, band in enumerate(bands, 1)}
    weeks = replace(cohorts.base, frame=cohorts.base.frame.assign(band=cohorts.base.frame["band"].map(names)))
    drawn = FIGURES["base"].draw(without(cohorts, base=weeks), STYLE)
    assert drawn is not None
    labels = [str(a.text) for a in drawn.layout.annotations]
    assert labels[: len(bands)] == [f"from {i} January 2011" for i in range(1, len(bands) + 1)]


def test_the_newest_lines_are_named_above_and_not_among_the_others(cohorts: Cohorts) -> None:
    drawn = FIGURES["value"].draw(cohorts, STYLE)
    assert drawn is not None
    accent = [a for a in drawn.layout.annotations if a.font.color == STYLE.accent]
    assert len(accent) == 1 and accent[0].text.startswith("in colour: ") and accent[0].yref == "paper"


def test_one_cohort_is_drawn_to_its_heights(cohorts: Cohorts) -> None:
    assert cohorts.life is not None and cohorts.life_of
    drawn = FIGURES["life"].draw(cohorts, STYLE)
    assert drawn is not None and len(drawn.data) == 3
    shares = cohorts.life.frame["share"].iloc[1:]
    np.testing.assert_allclose(np.array(drawn.data[0].y) / max(drawn.data[0].y), shares / shares.max())
    assert any(cohorts.life_of in str(a.text) for a in drawn.layout.annotations)


def test_nothing_to_draw_is_nothing(cohorts: Cohorts) -> None:
    none = cohorts.cells.frame["age"] < 0
    bare = without(
        cohorts, cells=cut(cohorts.cells, none),
        retention=replace(cohorts.retention, frame=cohorts.retention.frame.head(0)),
        value=None, base=None, life=None, compared=None, worth=None,
        curves=cut(cohorts.curves, cohorts.curves.frame["day"] < 2), life_of="",
    )  # fmt: skip
    for figure in FIGURES.values():
        assert figure.draw(bare, STYLE) is None, figure.name
        assert isinstance(figure.alt(bare, STYLE), str)


def test_a_phone_gets_the_same_curves(cohorts: Cohorts) -> None:
    phone = Style(STYLE.settings, Slot(440, 357, 14))
    for figure in FIGURES.values():
        wide, narrow = figure.draw(cohorts, STYLE), figure.draw(cohorts, phone)
        assert (wide is None) == (narrow is None) and (wide is None or len(wide.data) == len(narrow.data)), figure.name


def test_labels_are_moved_apart() -> None:
    assert spread([1.0, 1.05, 3.0], 0.2) == pytest.approx([1.0, 1.2, 3.0])
    assert spread([1.0, 1.0], 0.5) == [1.0, 1.5]


@pytest.mark.parametrize(("least", "every"), [(0.1, 1), (5, 6), (12, 12), (12.1, 24), (70, 72)])
def test_labels_of_any_number_of_periods(least: float, every: int) -> None:
    assert _every(least) == every


def test_goods_given_away_have_an_axis() -> None:
    assert _round_marks(0.0) == [0.0] and _round_marks(10.0) == [0.0, 5.0, 10.0]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Six customers over ten days: a section of the appendix, but no slide."""
    from analysis.run import run

    folder = tmp_path_factory.mktemp("small")
    rows = [f"5{i:05d},1,Tea,1,{date(2024, 1, 1 + i)} 10:00:00,2.50,{i % 6 + 1},France" for i in range(10)]
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    (folder / "transactions.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    dataset, settings = opening.open_data(
        str(folder / "transactions.csv"), "online_retail", None, Settings(currency="EUR"), Path(folder)
    )
    yield Report.of(run(("kpis", "cohorts"), dataset, settings), dataset, settings)
    dataset.engine.close()


def test_without_a_chart_there_is_no_slide_but_a_section(small: Report) -> None:
    from report import pages

    assert "cohorts" in small.run.results
    assert 'id="cohorts"' not in pages.for_print("deck", small)
    section = pages.for_print("appendix", small)
    assert 'id="cohorts"' in section and "Five lenses" in section
    assert "Concentration of revenue, " not in section.split("Five lenses")[1].split("</table>")[0]


def test_the_lenses_lead_to_what_the_report_has(report: Report) -> None:
    from report import pages

    lenses = pages.for_print("appendix", report).split("Five lenses")[1].split("</table>")[0]
    assert "Cohorts compared" in lenses and 'href="#pareto"' in lenses and 'href="#cohorts"' in lenses
    for absent in {"kpi_tree", "migration"} - report.run.results.keys():
        assert f'href="#{absent}"' not in lenses
