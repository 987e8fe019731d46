"""Puts one release together in a folder: pages, figures, exports, metrics, PDFs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from analysis.run import Run
from dataset.settings import Settings
from dataset.tables import Dataset
from report import metrics, pages, quarto_program
from report.ahead import Ahead
from report.fonts import Fonts
from report.pages import Which
from report.pdf import Press, Printing

EXPORTS = "exports"
DOCUMENTS: tuple[Which, ...] = ("deck", "appendix")


def compose(
    folder: Path,
    run: Run,
    dataset: Dataset,
    settings: Settings,
    ahead: Ahead,
    fonts: Fonts,
    kept: Path,
    formats: Iterable[str],
    renderer: quarto_program.Program | None = None,
) -> None:
    """Write the whole release into `folder`; all else is made while the appendix, which takes longest, is printed.

    kept: the cache folder. formats: of html, pdf, pptx and quarto. renderer: renders the Quarto project.
    Raises DataError, OSError; RuntimeError: a template's fault.
    """
    formats = set(formats)
    ahead.export(folder / EXPORTS, run.results)
    report = pages.Report(run, dataset, settings, ahead.drawn, pdf="pdf" in formats, pptx="pptx" in formats)
    if "quarto" in formats:
        report = replace(report, quarto="project" if renderer is None else "rendered")
    charts, paper = report.specs(), ahead.paper
    with ExitStack() as stack:
        waiting = "pdf" in formats and paper.drawing  # charts are new, and so are the pages they are on
        presses = {
            name: stack.enter_context(Press(fonts, two=name == "appendix")) if waiting else None for name in DOCUMENTS
        }
        svgs = paper.draw(charts)
        report.svgs.update(svgs)

        def printing(name: Which) -> Printing:
            page, press = pages.for_print(name, report), presses[name]
            return stack.enter_context(Printing(page, folder / f"{name}.pdf", folder, fonts, kept, press))

        documents = [printing("appendix")] if "pdf" in formats else []
        if "html" in formats:
            _write(folder, pages.render(report, fonts))
            fonts.copy(folder / "assets")
        _write(folder, {"metrics.json": metrics.text(run, dataset, settings)})
        _write(folder, _models(run))
        _write(folder, {f"figures/{name}.svg": svg for name, svg in svgs.items() if svg is not None})
        pngs = paper.png(charts)
        _write(folder, {f"figures/{name}.png": png for name, png in pngs.items()})
        documents += [printing("deck")] if "pdf" in formats else []
        if "pptx" in formats:
            from report import slides_pptx

            slides_pptx.write(folder / "deck.pptx", report, pngs)
        if "quarto" in formats:
            from report import quarto

            quarto.write(folder / quarto.FOLDER, report, fonts, pngs)
            if renderer is not None:
                quarto_program.render(renderer, folder / quarto.FOLDER, settings.snapshot)
        ahead.finish()
        for document in documents:
            document.finish()


def _models(run: Run) -> dict[str, str]:
    """The parameters of each result that has a model, as JSON."""
    models = {name: getattr(result, "model", None) for name, result in run.results.items()}
    return {
        f"models/{name}.json": json.dumps(model.json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        for name, model in models.items()
        if model is not None
    }


def _write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
