"""A report of kept results is equal to the byte to one computed anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis.kept import Kept
from analysis.kept_keys import Inputs
from analysis.run import Run, run
from dataset import opening, sample
from dataset.settings import Settings
from dataset.tables import Dataset
from report import exports, metrics, outline, pages, quarto
from report.fonts import Fonts
from report.pages import Report
from report.release import _models
from tests.analysis.released import released
from tests.report.conftest import SVG

Made = tuple[Run, Dataset, Settings]


class Builder:
    """Builds the same shop again and again; `steps`: what the last build read and computed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.steps = folder, list[str]()
        sample.write(folder / "shop", customers=600, seed=1)

    def build(
        self, kept_only: Any = lambda name: True, previous: Path | None = None, as_of: date | None = None
    ) -> Made:
        room = self.folder / f"room{len(list(self.folder.iterdir()))}"
        room.mkdir()
        self.steps.clear()
        asked = Settings(currency="EUR", budget=900.0, include_customers=True, as_of=as_of)
        with Kept(self.folder / "kept", Inputs(f"data {as_of}", {}), pytest.fail) as kept:
            got = kept.get
            kept.get = lambda name: got(name) if kept_only(name) else None  # type: ignore[method-assign]
            dataset, settings = kept.read(
                lambda: opening.open_data(str(self.folder / "shop"), "thelook", None, asked, room), asked, self._step
            )
            settings = replace(settings, previous=previous)
            done = run(outline.analyses(), dataset, settings, self._step, at_once=2, kept=kept)
            kept.finish()
        return done, dataset, settings

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield


def numbers(made: Made, folder: Path) -> dict[str, bytes]:
    """metrics.json, the models and the exports."""
    exports.write(folder, made[0].results, made[2])
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return files | {name: text.encode() for name, text in (_models(made[0]) | {"m": metrics.text(*made)}).items()}


def shown(made: Made, folder: Path, fonts: Fonts) -> dict[str, bytes | str]:
    """Pages, charts and the Quarto project."""
    report = Report.of(*made)
    report.svgs.update(dict.fromkeys(report.figures, SVG))
    files = pages.render(report, fonts) | {name: pages.for_print(name, report) for name in ("deck", "appendix")}
    quarto.write(folder, report, fonts, {})
    files |= {f"quarto/{path.name}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return files | {name: str(pages.spec(drawn)) for name, drawn in report.figures.items()}


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("builds"))


def test_every_file_is_the_same(builder: Builder, tmp_path: Path, fonts: Fonts) -> None:
    first = builder.build()
    assert len(builder.steps) > 30
    again = builder.build()
    assert builder.steps == []
    for place, files in enumerate((numbers, lambda *told: shown(*told, fonts))):
        one, other = files(first, tmp_path / f"first{place}"), files(again, tmp_path / f"again{place}")
        assert len(one) > 30 and one.keys() == other.keys()
        assert [name for name in one if one[name] != other[name]] == []


def test_what_is_computed_from_kept_results_is_the_same(builder: Builder, tmp_path: Path) -> None:
    first = builder.build()
    for half in (0, 1):
        made = builder.build(lambda name, half=half: len(name) % 2 == half)
        assert 5 < len(builder.steps) < 30
        assert numbers(made, tmp_path / f"half{half}") == numbers(first, tmp_path / f"first{half}")


def test_a_comparison_is_kept_by_the_release_it_is_made_with(builder: Builder, tmp_path: Path) -> None:
    builder.build()
    then = builder.build(as_of=date(2025, 10, 1))
    assert "customers" in builder.steps
    earlier = released(tmp_path / "earlier", *then)
    compared = builder.build(previous=earlier)
    assert {"versus_last", "experiment"} <= set(builder.steps) and not {"customers", "rfm", "clv"} & set(builder.steps)
    assert "versus_last" in compared[0].results
    again = builder.build(previous=earlier)
    assert builder.steps == [] and metrics.text(*again) == metrics.text(*compared)
