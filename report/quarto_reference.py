"""The slide master that Pandoc takes a PowerPoint's layouts, type sizes and colour from."""

from __future__ import annotations

import io
import zipfile
from typing import Any

WIDE, HIGH = 13.333, 7.5  # inches
LEFT, TOP, ACROSS, DOWN = 0.67, 1.55, 12.0, 5.3
TITLE = (LEFT, 0.4, ACROSS, 1.0)
# Layout of python-pptx's own template, named as Pandoc looks for it -> the places of its title and contents, in order.
LAYOUTS = {
    "Title Slide": ((LEFT, 2.6, ACROSS, 1.2), (LEFT, 3.9, ACROSS, 0.8)),
    "Section Header": ((LEFT, 2.6, ACROSS, 1.2), (LEFT, 3.9, ACROSS, 0.8)),
    "Title and Content": (TITLE, (LEFT, TOP, ACROSS, DOWN)),
    "Two Content": (TITLE, (LEFT, TOP, 7.9, DOWN), (8.9, TOP, 3.77, DOWN)),
    "Comparison": (
        TITLE, (LEFT, TOP, 5.85, 0.4), (LEFT, TOP + 0.45, 5.85, DOWN - 0.45),
        (6.82, TOP, 5.85, 0.4), (6.82, TOP + 0.45, 5.85, DOWN - 0.45),
    ),
    "Content with Caption": (TITLE, (LEFT, TOP + 0.9, ACROSS, DOWN - 0.9), (LEFT, TOP, ACROSS, 0.85)),
    "Title Only": (TITLE,),
}  # fmt: skip
SIZES = {"titleStyle": 26, "bodyStyle": 14}  # points
DAY = (1980, 1, 1, 0, 0, 0)


def made(accent: str) -> bytes:
    """The file, of equal bytes for an equal accent, a colour such as #0b57a4."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDE), Inches(HIGH)
    for layout in deck.slide_layouts:
        for shape, place in zip(_content(layout), LAYOUTS.get(layout.name, ()), strict=False):
            shape.left, shape.top, shape.width, shape.height = (Inches(inches) for inches in place)
            _plain(shape)
    for shape, place in zip(_content(deck.slide_master), LAYOUTS["Title and Content"], strict=False):
        shape.left, shape.top, shape.width, shape.height = (Inches(inches) for inches in place)
        _plain(shape)
    _typed(deck.slide_master)
    _coloured(deck.slide_master, accent)
    held = io.BytesIO()
    deck.save(held)
    return _same(held.getvalue())


def _content(page: Any) -> list[Any]:
    """The placeholders for title and contents, without date, footer and number, in the order of their indices."""
    kept = [shape for shape in page.placeholders if shape.placeholder_format.idx < 10]
    return sorted(kept, key=lambda shape: shape.placeholder_format.idx)


def _plain(shape: Any) -> None:
    """A placeholder whose text begins at the top left, in the master's size."""
    body = shape.text_frame._txBody
    box = body.bodyPr
    box.attrib.clear()
    box.set("anchor", "t")
    for name in ("lIns", "rIns", "tIns", "bIns"):
        box.set(name, "0")
    for level in body.iter("{*}lvl1pPr", "{*}lvl2pPr", "{*}lvl3pPr"):
        level.set("algn", "l")
        for run in level.iter("{*}defRPr"):
            run.attrib.pop("sz", None)
            run.attrib.pop("cap", None)


def _typed(master: Any) -> None:
    for style, points in SIZES.items():
        for found in master._element.iter(f"{{*}}{style}"):
            for level in found:
                level.set("algn", "l")
                for run in level.iter("{*}defRPr"):
                    run.set("sz", str(points * 100))
                    if style == "titleStyle":
                        run.set("b", "1")


def _coloured(master: Any, accent: str) -> None:
    """The accent as the theme's first colour."""
    theme = next(part for part in (r.target_part for r in master.part.rels.values()) if "theme" in part.partname)
    found = theme.blob.decode()
    start = found.index("<a:accent1>")
    end = found.index("</a:accent1>")
    theme._blob = f'{found[:start]}<a:accent1><a:srgbClr val="{accent.lstrip("#").upper()}"/>{found[end:]}'.encode()


def _same(file: bytes) -> bytes:
    """The same parts in the same order with one date."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            new.writestr(entry, old.read(name))
    return held.getvalue()
