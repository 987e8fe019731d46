"""The deck as PowerPoint slides that can be edited: text as text, tables as tables, charts as charts where it has them.

It derives from the rendered deck (`report.slides`): the boxes of a page by their class, measured in Arial and placed as
the page's style does. What a style does not know stands below what came before, smaller where it would not fit.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.finding import Finding
from dataset.settings import Settings
from report import arial, chart_parts, number, slides
from report.arial import LEADING
from report.chart_parts import EMU, PT, Palette, printable
from report.figure import GREY, HAIRLINE, INK, Drawn, mixed, readable
from report.native_charts import Native, native
from report.pages import Page, Report
from report.slides import Block, Chart, Code, Gauge, Grid, Group, Heading, KeyFigures, Lines, Slide, Terms, Text

WIDTH, HEIGHT, SIDE_MARGIN = 1280, 720, 64
BODY, BODY_END = 143, 640
MAIN, SIDE, SIDE_AT = 752, 336, 880
FIT = (1.0, 0.95, 0.9, 0.86, 0.82, 0.78, 0.74, 0.7, 0.66, 0.62)
LEAST = 12  # pixels of type: 9 pt
SLACK = 1.015  # of a measure: kerning and rounding differ from program to program
PALE = "#f3f5f7"
DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
# Pixels of type by the class of a text or key figure on the page, a little less: Arial runs wider.
TYPE = {
    "point": 23, "action": 21, "beside": 17, "told": 17, "because": 16, "note": 12, "figure-number": 44,
    "minor": 26, "ahead": 29, "key-figures": 35,
}  # fmt: skip
QUIET = ("beside", "told", "because", "note")
TEXT, LABEL, SO_WHAT, HEADING, CELL = 17.0, 16.0, 17.5, 17.5, 15.5
Place = tuple[float, float, float]


def write(path: Path, report: Report, pngs: Mapping[str, bytes]) -> None:
    """Write the deck of a report to `path`; the same bytes for the same input.

    pngs: the figures as drawn, by name, for those PowerPoint has no chart for.
    """
    page = Page("deck", True, report)
    Deck(page, pngs).write(path, slides.slides(page.html()))


class Deck:
    """A presentation while it is written."""

    def __init__(self, page: Page, pngs: Mapping[str, bytes]) -> None:
        self.page, self.pngs = page, pngs
        self.figures, self.settings = page.report.figures, page.settings
        self.accent = readable(self.settings.accent)
        self.tint = mixed(self.accent, "#ffffff", 0.9)
        self.paint = Palette(self.accent, INK, GREY)
        self._natives: dict[str, Native | None] = {}

    def write(self, path: Path, read: Sequence[Slide]) -> None:
        """Make all slides, and save them with fixed dates."""
        made = _blank(self.settings, self.accent)
        for slide in read:
            self._slide(made, slide)
        packed = io.BytesIO()
        made.save(packed)
        path.write_bytes(dated(packed.getvalue()))

    def native(self, drawn: Drawn) -> Native | None:
        """The figure as a chart of PowerPoint, made once."""
        if drawn.name not in self._natives:
            self._natives[drawn.name] = native(drawn)
        return self._natives[drawn.name]

    def _slide(self, made: Any, slide: Slide) -> None:
        page = made.slides.add_slide(made.slide_layouts[0])
        board = Board(self, page)
        top = BODY
        if slide.band:
            top += 24
            board.band(slide.band)
        title = page.shapes.title
        title.text_frame.text = printable(slide.title)
        size = next((px for px in (32, 29, 26, 23) if arial.lines(slide.title, px, 1140, True) <= 2), 21)
        title.text_frame.paragraphs[0].runs[0].font.size = _pt(size)
        wide = _even(slide.title, size, 1152, True)
        title.left, title.top, title.width, title.height = (_emu(v) for v in (64, 68 if slide.band else 44, wide, 84))
        for kicker in filter(_kicker, slide.blocks):
            board.kicker(kicker)
        board.body(slide, top)
        board.foot(slide)
        finding = self.page.findings.get(self.page.main(slide.name))
        page.notes_slide.notes_text_frame.text = printable(_notes(slide, finding, self.settings))


@dataclass
class Board:
    """One slide while things are put on it. Each method returns how high in pixels what it puts stands.

    When `dry`, nothing is put: that is how heights are known beforehand.
    """

    deck: Deck
    page: Any
    scale: float = 1.0
    dry: bool = False
    air: float = 0.0  # pixels more a row of a table, where there is room

    # The frame of a slide

    def band(self, words: Sequence[str]) -> None:
        """The coloured strip on top of the first slide."""
        self._panel((0, 0, WIDTH), 40, self.deck.accent)
        said = [(word, order == 0) for order, word in enumerate(words) if word]
        self._text([(f"{word}     ", 15, bold, "#ffffff") for word, bold in said], (SIDE_MARGIN, 10, 1152), joined=True)

    def kicker(self, block: Block) -> None:
        """The few words above a title: which part of the story this is."""
        self._text([(text, 15, False, GREY) for text in slides.texts((block,))], (SIDE_MARGIN, 18, 1152))

    def foot(self, slide: Slide) -> None:
        """The hairline, the source, whose report it is, and the page number."""
        self._rule(SIDE_MARGIN, 651, 1152, HAIRLINE)
        size = next((px for px in (12.0, 11.3, 10.7, 10.0) if arial.lines(slide.source, px, 880) <= 2), 9.4)
        self._text([(slide.source, size, False, GREY)], (SIDE_MARGIN, 659, 890), name="Source")
        self._text([(slide.sign, 12.0, False, GREY)], (960, 659, 200), align="right")
        number_ = self._text([(str(slide.page), 12.0, False, INK)], (1166, 659, 50), align="right", name="Slide number")
        _field(number_)

    def body(self, slide: Slide, top: float) -> None:
        """All blocks between title and foot, at the largest scale at which they fit."""
        room = BODY_END - top
        blocks: Sequence[Block] = [b for b in slide.blocks if not _kicker(b)]
        for scale in FIT:
            self.scale, self.dry = scale, True
            used = self._flow(blocks, (SIDE_MARGIN, top, 1152))
            if used <= room + 1:
                self.air = self._spare(blocks, room - used)
                break
        else:
            blocks = _cut(blocks)
        self.dry = False
        self._flow(blocks, (SIDE_MARGIN, top, 1152))

    def _spare(self, blocks: Sequence[Block], spare: float) -> float:
        """What each row of the slide's tables may be higher, so that no empty band stays below."""
        rows = sum(len(b.rows) + 1 for b in slides.flat(blocks) if isinstance(b, Grid))
        return min(9.0, 0.7 * spare / rows) if rows else 0.0

    # Boxes

    def _flow(self, blocks: Sequence[Block], at: Place, role: str = "body") -> float:
        """Blocks side by side when there is a side column, or below each other."""
        side = next((b for b in blocks if isinstance(b, Group) and b.role == "side"), None)
        if side is not None and role in ("body", "pair"):
            rest = [b for b in blocks if b is not side]
            first = self._down(rest, (at[0], at[1], MAIN))
            return max(first, self._down(side.blocks, (SIDE_AT, at[1], SIDE)))
        return self._down(blocks, at)

    def _down(self, blocks: Iterable[Block], at: Place) -> float:
        x, y, w = at
        used = 0.0
        for order, block in enumerate(blocks):
            used += 12 * self.scale if order and isinstance(block, Heading) else 0.0
            used += self._put(block, (x, y + used, w))
        return used

    def _put(self, block: Block, at: Place) -> float:
        match block:
            case Group():
                return self._group(block, at)
            case Chart():
                return self._chart(block, at)
            case KeyFigures():
                return self._key_figures(block, at)
            case Lines():
                return self._lines(block, at)
            case Grid():
                return self._grid(block, at)
            case Heading():
                return self._heading(block, at)
            case Text():
                return self._paragraph(block, at)
            case Terms():
                return self._terms(block, at)
            case Code():
                return self._text([(block.text, self._px(13), False, INK)], at)
            case Gauge():
                self._gauge(block.share, at, 10, HAIRLINE)
                return 14 * self.scale

    def _group(self, group: Group, at: Place) -> float:
        """A box of the page; those that hold columns by their class."""
        match group.role:
            case "sixty-forty":
                return self._beside(group.blocks, at, (694, 419), 39)
            case "groups" | "steps":
                return self._beside(group.blocks, at, (), 29)
            case "pair" if not any(isinstance(b, Group) and b.role == "side" for b in group.blocks):
                return self._beside(group.blocks, at, (564, 564), 24)
            case "pair":
                return self._flow(group.blocks, at, "pair")
            case "points":
                return self._points(group.blocks, at)
            case "strip":
                return self._strip(group.blocks, at)
            case "lagging" | "leading":
                return self._column(group.blocks, at, group.role)
            case _:
                return self._flow(group.blocks, at, group.role)

    def _beside(self, blocks: Sequence[Block], at: Place, widths: Sequence[float], gap: float) -> float:
        """Columns of these widths, or of equal ones."""
        if not blocks:
            return 0.0
        x, y, w = at
        each = widths if len(widths) == len(blocks) else [(w - gap * (len(blocks) - 1)) / len(blocks)] * len(blocks)
        panels = not widths and all(isinstance(b, Group) and isinstance(b.blocks[0], Heading) for b in blocks)
        panels = panels and w > 1000
        high = 0.0
        for order, (block, wide) in enumerate(zip(blocks, each, strict=True)):
            if panels and isinstance(block, Group):
                high = max(high, self._step(block, (x, y, wide), order == 0))
            else:
                high = max(high, self._put(block, (x, y, wide)))
            x += wide + gap
        return high

    def _step(self, group: Group, at: Place, first: bool) -> float:
        """A column of the recommendations: the first in the accent."""
        x, y, w = at
        self._panel((x, y, w), BODY_END - y - 6, self.deck.tint if first else PALE)
        self._panel((x, y, w), 3, self.deck.accent if first else INK)
        used = 20.0
        for block in group.blocks:
            if isinstance(block, Heading):
                used += self._heading(block, (x + 24, y + used, w - 48), 22, self.deck.accent if first else INK) + 6
            elif isinstance(block, Group):
                for item in block.blocks:
                    inner = item.blocks if isinstance(item, Group) else (item,)
                    used += self._down(inner, (x + 24, y + used, w - 48)) + 16 * self.scale
            else:
                used += self._put(block, (x + 24, y + used, w - 48))
        return used

    def _column(self, blocks: Sequence[Block], at: Place, role: str) -> float:
        """One half of the key figures: what happened, or what it says about tomorrow."""
        x, y, w = at
        leading = role == "leading"
        if leading:
            self._panel((x, y, w), BODY_END - y - 6, self.deck.tint)
        self._panel((x, y, w), 3, self.deck.accent if leading else INK)
        inset = 24 if leading else 0
        used = 18.0
        for block in blocks:
            place = (x + inset, y + used, w - 2 * inset)
            if isinstance(block, Heading):
                used += self._heading(block, place, 19, self.deck.accent if leading else INK) + 8
            else:
                used += self._put(block, place)
        return used

    def _points(self, blocks: Sequence[Block], at: Place) -> float:
        """The points of the summary: two by two when there are four, one below the other otherwise."""
        x, y, w = at
        four = len(blocks) > 3
        high = 0.0
        for order, block in enumerate(blocks):
            inner = list(slides.flat((block,)))
            accent = self.deck.accent if order == 0 else INK
            if four:
                wide, row = 552.0, 230.0 * (1 if self.scale == 1 else self.scale)
                place = (x + (order % 2) * 600, y + (order // 2) * row, wide)
                self._panel(place, 3 if order == 0 else 1, accent)
                used = self._shown(inner, (place[0], place[1] + 16, wide), accent)
                used += self._down(_told(inner), (place[0], place[1] + 16 + used, wide)) + 16
                high = max(high, (order // 2) * row + max(used, row if order < 2 else 0))
            else:
                row = 156.0 * self.scale
                self._panel((x, y + order * row, w), 3 if order == 0 else 1, accent)
                shown = self._shown(inner, (x, y + order * row + 16, 544), accent)
                used = max(shown, self._down(_told(inner), (x + 600, y + order * row + 18, w - 600))) + 16
                high = max(high, order * row + used)
        return high

    def _shown(self, blocks: Sequence[Block], at: Place, accent: str) -> float:
        """The number of a point, and its small chart beside it."""
        values = [value for b in blocks if isinstance(b, KeyFigures) for value, _ in b.figures]
        size = self._px(44)
        for value in values:
            self._text([(value, size, True, accent)], (at[0], at[1], at[2]))
        taken = max((arial.width(value, size, True) for value in values), default=0.0)
        for share in (share for b in blocks if isinstance(b, KeyFigures) for share in b.shares if share is not None):
            self._gauge(share, (at[0] + taken + 28, at[1] + 24 * self.scale, at[2] - taken - 28), 10, HAIRLINE)
        for chart in (b for b in blocks if isinstance(b, Chart)):
            self._chart(chart, (at[0] + taken + 28, at[1] + 2, min(260.0, at[2] - taken - 28)))
        return 64 * self.scale if values else 0.0

    def _strip(self, blocks: Sequence[Block], at: Place) -> float:
        """Key figures side by side below a hairline."""
        x, y, w = at
        self._rule(x, y + 8, w, HAIRLINE)
        pairs = [pair for b in slides.flat(blocks) if isinstance(b, KeyFigures) for pair in b.figures]
        wide = w / max(len(pairs), 1)
        rows = [KeyFigures((pair,), "strip") for pair in pairs]
        return 22 + max(
            (self._key_figures(row, (x + at_ * wide, y + 22, wide - 24)) for at_, row in enumerate(rows)), default=0.0
        )

    # Blocks

    def _key_figures(self, block: KeyFigures, at: Place) -> float:
        x, y, w = at
        if block.role == "ahead":
            return self._ahead(block, at)
        size, used = self._px(TYPE.get(block.role, 35)), 0.0
        if block.role == "minor":
            used += 12 * self.scale
        widest = max((arial.width(value, size, True) for value, _ in block.figures), default=0.0)
        size *= min(1.0, (w / SLACK - 1) / max(widest, 1.0))
        for order, (value, label) in enumerate(block.figures):
            if block.role == "minor":
                self._rule(x, y + used, w, HAIRLINE)
                used += 10 * self.scale
            parts = [(value, size, True, INK)] if value else []
            parts += [(label, self._px(LABEL), False, GREY)] if label else []
            high = self._height(parts, w)
            even = max(_even(label, self._px(LABEL), w), arial.width(value, size, True) + 2)
            self._text(parts, (x, y + used, min(w, even)))
            used += high
            used += 10 * self.scale
            if block.role == "key-figures":
                self._rule(x, y + used, w, HAIRLINE)
                used += 12 * self.scale
            elif order + 1 < len(block.figures):
                used += 2
        return used

    def _ahead(self, block: KeyFigures, at: Place) -> float:
        """Leading figures: the number left, what it is right of it."""
        x, y, w = at
        row = 72 * self.scale
        for order, (value, label) in enumerate(block.figures):
            top = y + order * row
            self._text([(value, self._px(29), True, self.deck.accent)], (x, top + 14 * self.scale, 122))
            said = [(_tied(label), self._px(LABEL), False, INK)]
            share = block.shares[order] if order < len(block.shares) else None
            high = self._height(said, w - 128)
            above = (row - high) / 2 - (5 * self.scale if share is not None else 0)
            self._text(said, (x + 128, top + above, w - 128))
            if share is not None:
                self._gauge(share, (x + 128, top + above + high + 5 * self.scale, w - 128), 6, "#ffffff")
        return row * len(block.figures)

    def _gauge(self, share: float, at: Place, high: float, ground: str) -> None:
        """A bar filled so far."""
        self._panel(at, high * self.scale, ground)
        self._panel((at[0], at[1], at[2] * min(1.0, max(0.002, share))), high * self.scale, self.deck.accent)

    def _lines(self, block: Lines, at: Place) -> float:
        x, y, w = at
        used = (14 if block.role == "so-what" else 4) * self.scale
        if block.role == "checks":
            return used + self._checks(block, (x, y + used, w))
        parts = [
            (_tied(f"{order}. {text}" if block.ordered else text), self._px(SO_WHAT), False, INK)
            for order, text in enumerate(block.texts, 1)
        ]
        used += self._text(parts, (x, y + used, w), after=9 * self.scale)
        return used

    def _checks(self, block: Lines, at: Place) -> float:
        """Each line behind its mark, with a hairline below it."""
        x, y, w = at
        used = 0.0
        for text in block.texts:
            mark, _, said = text.partition(" ")
            open_ = mark != "✓"
            parts = [(_tied(said), self._px(16.5), False, INK)]
            self._text([(mark, self._px(16.5), True, self.deck.accent if open_ else GREY)], (x, y + used + 7, 28))
            used += 7 + self._text(parts, (x + 30, y + used + 7, w - 30)) + 8
            self._rule(x, y + used, w, HAIRLINE)
        return used

    def _heading(self, block: Heading, at: Place, size: float = HEADING, colour: str = INK) -> float:
        size = min(size, 16.0) if block.level > 3 else size
        colour = GREY if block.level > 3 else colour
        parts = [(f"{block.text}  ", self._px(size), True, colour), (block.aside, self._px(size), False, GREY)]
        return self._text([p for p in parts if p[0].strip()], at, joined=True) + 5 * self.scale

    def _paragraph(self, block: Text, at: Place) -> float:
        x, y, w = at
        size = self._px(TYPE.get(block.role, TEXT))
        inset = 12 if block.role == "because" else 0
        part = (block.text, size, False, GREY if block.role in QUIET else INK)
        above = (16 if block.role == "beside" else 4) * self.scale
        high = self._text([part], (x + inset, y + above, _even(block.text, size, w - inset)))
        if inset:
            self._panel((x, y + above + 2, 2), high - 2, "#b9c1c9")
        return high + above + 6 * self.scale

    def _terms(self, block: Terms, at: Place) -> float:
        used = 0.0
        for term, said in block.pairs:
            parts = [(term, self._px(TEXT), True, INK), (said, self._px(TEXT), False, INK)]
            used += self._text(parts, (at[0], at[1] + used, at[2])) + 6 * self.scale
        return used

    def _chart(self, block: Chart, at: Place) -> float:
        """A chart of PowerPoint where it has one, the drawn picture otherwise, the numbers where neither is there."""
        x, y, w = at
        drawn, png = self.deck.figures.get(block.name), self.deck.pngs.get(block.name)
        used = self._heading(Heading(block.title), at) if block.title else 0.0
        if drawn is None:
            return used + self._down(block.instead, (x, y + used, w))
        scale = min(1.0, w / drawn.slot.width) * self.scale
        alt = block.alt or drawn.alt
        chart = self.deck.native(drawn)
        if chart is None and png is None:
            return used + self._down(block.instead, (x, y + used, w))
        if not self.dry:
            size = (drawn.slot.width, drawn.slot.height, scale)
            if chart is not None:
                chart_parts.draw(self.page, chart, block.name, alt, (x, y + used), size, self.deck.paint)
            elif png is not None:
                places = (x, y + used, drawn.slot.width * scale, drawn.slot.height * scale)
                picture = self.page.shapes.add_picture(io.BytesIO(png), *(_emu(v) for v in places))
                picture.name = block.name
                picture._element.nvPicPr.cNvPr.set("descr", printable(alt))
        return used + (drawn.slot.height + 10) * scale

    def _grid(self, block: Grid, at: Place) -> float:
        """A table of PowerPoint: hairlines, the head in grey, columns as wide as they need."""
        x, y, w = at
        used = 0.0
        if block.caption:
            used += self._heading(Heading(block.caption), at)
        head = (block.header,) if block.header else ()
        rows = [*head, *block.rows]
        if not rows:
            return used
        size = self._px(CELL)
        widths = _columns(rows, size, w, len(head))
        heights = [_row_height(row, widths, size, bool(head) and at_ == 0) + self.air for at_, row in enumerate(rows)]
        if not self.dry:
            self._table(block, rows, (x, y + used, w), widths, heights, size)
        return used + sum(heights) + 12 * self.scale

    def _table(
        self,
        block: Grid,
        rows: Sequence[Sequence[str]],
        at: Place,
        widths: Sequence[float],
        heights: Sequence[float],
        size: float,
    ) -> None:
        x, y, w = at
        frame = self.page.shapes.add_table(len(rows), len(widths), *(_emu(v) for v in (x, y, w, sum(heights))))
        frame.name = block.caption or "Table"
        frame._element.nvGraphicFramePr.cNvPr.set(
            "descr", printable(block.caption or f"Table: {', '.join(block.header)}")
        )
        table = frame.table
        table.first_row, table.horz_banding = bool(block.header), False
        table._tbl.tblPr.find("{*}tableStyleId").text = PLAIN_TABLE
        for column, wide in zip(table.columns, widths, strict=True):
            column.width = _emu(wide)
        for order, (cells, high) in enumerate(zip(rows, heights, strict=True)):
            table.rows[order].height = _emu(high)
            head = bool(block.header) and order == 0
            strong = head or (order - bool(block.header)) in block.strong
            for place, text in enumerate(cells):
                numeric = place < len(block.numeric) and block.numeric[place]
                self._cell(table.cell(order, place), text, size, strong, GREY if head else INK, numeric)

    def _cell(self, cell: Any, text: str, size: float, bold: bool, colour: str, numeric: bool) -> None:
        from pptx.enum.text import PP_ALIGN

        above = _emu(3 + self.air / 2)
        cell.margin_left, cell.margin_right, cell.margin_top, cell.margin_bottom = 0, _emu(10), above, above
        for order, line in enumerate(text.split("\n")):
            frame = cell.text_frame
            paragraph = frame.paragraphs[0] if order == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.RIGHT if numeric else PP_ALIGN.LEFT
            _run(paragraph, line, size, bold, colour, self.deck.paint)
        _hairline(cell)

    # Texts and lines

    def _px(self, size: float) -> float:
        return max(LEAST, size * self.scale)

    def _height(self, parts: Sequence[tuple[str, float, bool, str]], w: float, after: float = 0.0) -> float:
        return sum(arial.height(text, size, w / SLACK, bold) + after for text, size, bold, _ in parts)

    def _text(
        self,
        parts: Sequence[tuple[str, float, bool, str]],
        at: Place,
        after: float = 0.0,
        align: str = "left",
        joined: bool = False,
        name: str = "",
    ) -> Any:
        """A text box: a paragraph a part (text, pixels, bold, colour), or all in one; its height, or it when named."""
        x, y, w = at
        if joined:
            size = max((size for _, size, _, _ in parts), default=16.0)
            high = arial.height("".join(text for text, _, _, _ in parts).strip(), size, w, True)
        else:
            high = self._height(parts, w, after)
        if self.dry or not parts:
            return high
        from pptx.enum.text import PP_ALIGN

        box = self.page.shapes.add_textbox(*(_emu(v) for v in (x, y, w, high)))
        frame = box.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.word_wrap = True
        paragraph = None
        for text, size, bold, colour in parts:
            if paragraph is None or not joined:
                paragraph = frame.paragraphs[0] if paragraph is None else frame.add_paragraph()
                paragraph.alignment = PP_ALIGN.RIGHT if align == "right" else PP_ALIGN.LEFT
                paragraph.space_after = _pt(after)
            _run(paragraph, text, size, bold, colour, self.deck.paint)
        if name:
            box.name = name
            return box
        return high

    def _rule(self, x: float, y: float, w: float, colour: str) -> None:
        if self.dry:
            return
        line = self.page.shapes.add_connector(1, *(_emu(v) for v in (x, y, x + w, y)))
        line.line.width = EMU
        self.deck.paint.paint(line.line.color, colour)
        chart_parts.plain(line)

    def _panel(self, at: Place, high: float, colour: str) -> None:
        """A rectangle of one colour, without outline or shadow."""
        if self.dry:
            return
        shape = self.page.shapes.add_shape(1, *(_emu(v) for v in (*at, high)))
        shape.line.fill.background()
        self.deck.paint.fill(shape, colour)
        chart_parts.plain(shape)


def dated(package: bytes) -> bytes:
    """A package of Office with one date in all its parts and in the packages within it, whatever day it is."""
    source, made = zipfile.ZipFile(io.BytesIO(package)), io.BytesIO()
    with source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".xlsx"):
                content = dated(content)
            elif name == "docProps/core.xml":
                content = DATES.sub(rb"\g<1>2000-01-01T00:00:00Z\g<2>", content)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(info, content)
    return made.getvalue()


def _blank(settings: Settings, accent: str) -> Any:
    """An empty wide presentation with one layout: a title, in the colours and the typeface of the report."""
    from pptx import Presentation

    made: Any = Presentation()
    made.slide_width, made.slide_height = _emu(WIDTH), _emu(HEIGHT)
    layouts = made.slide_layouts
    for layout in list(layouts):
        if layout.name != "Title Only":
            layouts.remove(layout)
    for holder in [p for p in layouts[0].placeholders if p.placeholder_format.type != 1]:
        holder._element.getparent().remove(holder._element)
    _title_place(made, accent)
    _theme(made, accent)
    core = made.core_properties
    core.title, core.author, core.last_modified_by = settings.title, settings.organisation, settings.organisation
    core.revision, core.keywords, core.subject, core.comments = 1, "", "", ""
    core.created = core.modified = datetime(2000, 1, 1)
    core.language = settings.locale.replace("_", "-") if settings.locale.startswith("en") else "en"
    return made


def _title_place(made: Any, accent: str) -> None:
    from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN

    for sheet in (made.slide_master, made.slide_layouts[0]):
        for holder in sheet.placeholders:
            holder.left, holder.top, holder.width, holder.height = (_emu(v) for v in (SIDE_MARGIN, 44, 1152, 90))
        title = next(p for p in sheet.placeholders if p.placeholder_format.type == 1)
        frame = title.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.vertical_anchor, frame.auto_size, frame.word_wrap = MSO_ANCHOR.TOP, MSO_AUTO_SIZE.NONE, True
        frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    style = made.slide_master._element.find(".//{*}titleStyle/{*}lvl1pPr")
    style.set("algn", "l")
    style.find("{*}defRPr").set("b", "1")
    style.find("{*}defRPr").set("sz", "2400")


def _theme(made: Any, accent: str) -> None:
    """The theme's colours and typeface: what a user adds looks like the rest."""
    part = next(rel.target_part for rel in made.slide_master.part.rels.values() if rel.reltype.endswith("/theme"))
    colours = {
        "dk1": INK, "lt1": "#ffffff", "dk2": GREY, "lt2": PALE, "accent1": accent, "accent2": "#a3acb6",
        "accent3": GREY, "accent4": "#d3d9df", "accent5": mixed(accent, "#ffffff", 0.62), "accent6": INK,
    }  # fmt: skip
    content = part.blob.decode("utf-8")
    for name, colour in colours.items():
        filled = f'<a:{name}><a:srgbClr val="{colour[1:].upper()}"/></a:{name}>'
        content = re.sub(rf"<a:{name}>.*?</a:{name}>", filled, content, flags=re.S)
    content = re.sub(r'(<a:m(?:aj|in)orFont>\s*<a:latin typeface=")[^"]*"', rf'\g<1>{arial.NAME}"', content)
    part._blob = content.encode("utf-8")


def _even(text: str, size: float, room: float, bold: bool = False) -> float:
    """The measure in which a text's lines are about even: no single word on the last."""
    inner = room / SLACK
    fewest = arial.lines(text, size, inner, bold)
    if fewest == 1:
        return room
    steps = (share / 50 * inner for share in range(20, 50))
    return min(room, SLACK * next((w for w in steps if arial.lines(text, size, w, bold) <= fewest), inner))


def _notes(slide: Slide, finding: Finding | None, settings: Settings) -> str:
    """What a speaker may be asked: what the number of the title means, of whom, when, and where it is from."""
    said = [slide.title, ""]
    if finding is not None:
        first, last = (number.text(day, "date", settings) for day in finding.window)
        said += [
            f"Definition: {finding.definition}.".replace("..", "."),
            f"Population: {finding.population}; n = {number.text(finding.n, 'count', settings)}.",
            f"Window: {first} to {last}.",
            f"Kind: {finding.kind}.",
            f"Source: {finding.source}.",
        ]
    charts = [b.alt for b in slides.flat(slide.blocks) if isinstance(b, Chart) and b.alt]
    return "\n".join([*said, *(f"Chart: {alt}" for alt in charts)])


def _kicker(block: Block) -> bool:
    return isinstance(block, Text) and block.role == "story"


def _told(blocks: Iterable[Block]) -> list[Block]:
    """The sentences of a point."""
    kept = (b for b in blocks if not isinstance(b, KeyFigures | Chart))
    return [replace(b, role="told") if isinstance(b, Text) and b.role == "beside" else b for b in kept]


def _tied(text: str) -> str:
    """A sentence whose last word never stands alone on a line."""
    head, blank, last = text.rpartition(" ")
    return f"{head}\u00a0{last}" if blank and head.count(" ") > 2 and len(last) < 14 else text


def _cut(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with their tables shortened: the last resort when nothing fits."""
    made: list[Block] = []
    for block in blocks:
        if isinstance(block, Group):
            made.append(replace(block, blocks=_cut(block.blocks)))
        elif isinstance(block, Grid) and len(block.rows) > 8:
            made += [replace(block, rows=block.rows[:8]), Text("More rows are in the appendix.", "note")]
        else:
            made.append(block)
    return tuple(made)


def _columns(rows: Sequence[Sequence[str]], size: float, room: float, heads: int) -> list[float]:
    """Widths of a table's columns: as wide as their texts, the long ones sharing what is left."""
    count = max(len(row) for row in rows)
    wide = [10.0] * count
    for order, row in enumerate(rows):
        for place, text in enumerate(row):
            line = max((arial.width(t, size, order < heads) for t in text.split("\n")), default=0.0)
            wide[place] = max(wide[place], line + 14)
    if sum(wide) <= room:
        spare = (room - sum(wide)) / count
        return [w + spare for w in wide]
    fair, left, open_ = list(wide), room, sorted(range(count), key=lambda at: wide[at])
    for done, place in enumerate(open_):
        fair[place] = min(wide[place], left / (count - done))
        left -= fair[place]
    return fair


def _row_height(row: Sequence[str], widths: Sequence[float], size: float, bold: bool) -> float:
    high = (arial.height(text, size, wide - 11, bold) for text, wide in zip(row, widths, strict=False))
    return max(high, default=size * LEADING) + 7


def _run(paragraph: Any, text: str, size: float, bold: bool, colour: str, paint: Palette) -> None:
    made = paragraph.add_run()
    made.text = printable(text)
    made.font.size, made.font.bold = _pt(size), bold
    paint.paint(made.font.color, colour)


def _hairline(cell: Any) -> None:
    """A hairline below a table's cell, and no other."""
    from lxml import etree

    properties = cell._tc.get_or_add_tcPr()
    space = properties.nsmap["a"]
    line = etree.SubElement(properties, f"{{{space}}}lnB")
    line.set("w", str(EMU))
    etree.SubElement(etree.SubElement(line, f"{{{space}}}solidFill"), f"{{{space}}}srgbClr").set(
        "val", HAIRLINE[1:].upper()
    )


def _field(box: Any) -> None:
    """Turn a box's text into the number of its slide, which follows when slides move."""
    run = box.text_frame.paragraphs[0]._p.find("{*}r")
    run.tag = run.tag.replace("}r", "}fld")
    run.set("id", "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}")
    run.set("type", "slidenum")


def _pt(pixels: float) -> Any:
    from pptx.util import Pt

    return Pt(round(pixels * PT * 2) / 2)


def _emu(pixels: float) -> int:
    return round(pixels * EMU)
