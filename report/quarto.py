"""Writes the report as a Quarto project, from the rendered pages: sources an analyst can read, change and render."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from report import markdown, quarto_reference, slides
from report.figure import SLOTS, mixed, readable
from report.fonts import FACES, FAMILY, Fonts
from report.pages import TEMPLATES, Report, for_print

FOLDER = "quarto"
SOURCES = ("_quarto.yml", "deck.qmd", "appendix.qmd", "deck.scss", "appendix.scss", "appendix.typ", "README.md")
NAME = re.compile(r"[a-z][a-z0-9_-]*")
PAGE = SLOTS["page"].width  # pixels of text across the appendix's page


def write(folder: Path, report: Report, fonts: Fonts, png: Mapping[str, bytes]) -> None:
    """Write the project: documents, styles, the pictures they show and the report's typeface. png: charts by name."""
    deck, appendix = slides.slides(for_print("deck", report)), slides.sections(for_print("appendix", report))
    blocks = [*(slide.blocks for slide in deck), *(section.blocks for section in appendix)]
    shown = {b.name for part in blocks for b in slides.flat(part) if isinstance(b, slides.Chart)}
    widths = {name: _share(report.figures[name].slot.width) for name in sorted(shown & set(png))}
    made = _environment(report, widths)
    title = next((part.heading for part in appendix if part.name == "cover"), report.settings.title)
    context = {"slides": deck, "sections": appendix, "band": _band(deck, report), "appendix_title": title}
    files: dict[str, str | bytes] = {name: made.get_template(f"{name}.j2").render(context) for name in SOURCES}
    files["reference.pptx"] = quarto_reference.made(readable(report.settings.accent))
    files["fonts/fonts.css"] = _faces(fonts)
    files["fonts/LICENSE.txt"] = fonts.licence
    files |= {f"figures/{name}.png": png[name] for name in widths}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for path in fonts.ttf.values():
        shutil.copyfile(path, folder / "fonts" / path.name)


def _environment(report: Report, widths: markdown.Pictures) -> Environment:
    """Templates in which whatever is printed is escaped as Markdown, unless it is Markdown already."""
    settings = report.settings
    made = Environment(
        loader=FileSystemLoader(TEMPLATES / "quarto"),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    full = dict.fromkeys(widths, 100)
    accent = readable(settings.accent)
    made.globals |= {
        "settings": settings,
        "accent": Markup(accent),
        "tint": Markup(mixed(accent, "#ffffff", 0.9)),
        "family": Markup(FAMILY),
    }
    made.filters |= {
        "quoted": lambda text: Markup(markdown.quoted(text)),
        "slide": lambda slide: Markup(markdown.slide(slide.blocks, full)),
        "rest": lambda slide: [Markup(body) for body in markdown.rest(slide.blocks, widths)],
        "id": lambda part: Markup(f"{{#{part.name}}}" if NAME.fullmatch(part.name) else ""),
        "page": lambda section: Markup(markdown.page(section.blocks, widths)),
    }
    return made


def _finalized(value: Any) -> Markup:
    return value if isinstance(value, Markup) else Markup(markdown.escaped(value))


def _band(deck: tuple[slides.Slide, ...], report: Report) -> str:
    """Whose report it is and of when, as the first slide says beside the title."""
    said = deck[0].band[1:] if deck else ()
    return " · ".join(said or (report.settings.organisation,)).strip(" ·")


def _share(width: int) -> int:
    """A chart's width in per cent of the appendix's page."""
    return min(100, round(100 * width / PAGE))


def _faces(fonts: Fonts) -> str:
    """The typeface as files of the project: nothing is fetched."""
    return (
        "\n".join(
            f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; font-style: {style}; '
            f'src: url("{fonts.ttf[name].name}") format("truetype"); }}'
            for name, (weight, style) in FACES.items()
        )
        + "\n"
    )
