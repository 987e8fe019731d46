"""Prints a long page in two processes side by side, as one PDF that reads as if one process had printed it.

Each lays out and paints one half of the sections, and makes a PDF of all pages in which those of the other are empty:
numbers of pages, names, bookmarks and tags agree. The first then puts what the second painted in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple, Protocol

CUT = "<!-- a page begins -->"
FIRST_SHARE = 0.46  # of the sections' tags: it also lays out the front, and joins
LINK = re.compile(r'href="#([^"]*)"')
COUNTERS = {"figure": "chart-title numbered", "table": "<caption"}  # of the style sheet, and what raises each
VARIANT = {"pdf_variant": "pdf/ua-1"}

Finish = Callable[[Any, Any], None]


class Other(Protocol):
    """The way to the other process."""

    def tell(self, what: Any) -> None: ...

    def told(self) -> Any: ...


class Parts(NamedTuple):
    """A page cut in three: its front, which lists the pages of what follows, and the sections in two halves."""

    front: str
    first: str
    second: str

    @property
    def linked(self) -> set[str]:
        """The names that something on the page leads to."""
        return {name for part in self for name in LINK.findall(part)}


class Uneven(Exception):
    """The front, with its numbers in place, takes more or fewer pages than it seemed to."""


@dataclass
class Elsewhere:
    """A page the other process paints, with what WeasyPrint asks its own pages for."""

    width: float
    height: float
    bleed: dict[str, float]
    anchors: dict[str, tuple[float, ...]]
    bookmarks: list[tuple[Any, ...]]
    links: tuple[()] = ()
    forms: dict[None, list[Any]] = field(default_factory=dict)
    _page_box: Any = None

    def beside(self, page: Any) -> Elsewhere:
        """This page in the document of `page`."""
        self._page_box = page._page_box.copy_with_children([])
        return self

    def paint(self, stream: Any, scale: float = 1) -> None:
        """Leave it empty."""


class Laid(NamedTuple):
    """What a process tells of its pages once they are laid out. links: how many are on them."""

    pages: list[Elsewhere]
    links: int

    @classmethod
    def of(cls, pages: list[Any]) -> Laid:
        told = [Elsewhere(page.width, page.height, page.bleed, page.anchors, page.bookmarks) for page in pages]
        return cls(told, sum(len(page.links) for page in pages))


def cut(html: str) -> Parts | None:
    """The page in three, if its template says where pages begin."""
    head, *parts = html.split(CUT)
    if len(parts) < 3:
        return None
    front, *sections = parts
    size = [section.count("<") for section in sections]
    middle = min(range(1, len(sections)), key=lambda at: abs(sum(size[:at]) - FIRST_SHARE * sum(size)))
    first, second = "".join(sections[:middle]), "".join(sections[middle:])
    so_far = " ".join(f"{name} {first.count(raised_by)}" for name, raised_by in COUNTERS.items())
    further = head.replace("</head>", f"<style>.appendix {{ counter-reset: {so_far} }}</style></head>")
    return Parts(head + front, head + first, further + second)


def lead(parts: Parts, read: Callable[[str], Any], finish: Finish, target: str, other: Other) -> int:
    """Print front and first half, and with them what `follow` paints in the other process; the number of pages.

    read: a page as WeasyPrint has it, of its HTML. finish: what else is to be done to a PDF. Raises Uneven, OSError.
    """
    fronts = read(_with_pages(parts.front, {})).render(**VARIANT).pages
    with _numbered_after(lambda: len(fronts)):
        first = read(parts.first).render(**VARIANT)
    before = Laid.of([*fronts, *first.pages])
    other.tell(before)
    second: Laid = other.told()
    pages: dict[str, int] = {}
    for at, page in enumerate([*before.pages, *second.pages], 1):
        pages = dict.fromkeys(page.anchors, at) | pages  # an element on two pages begins on the first
    front = read(_with_pages(parts.front, pages)).render(**VARIANT)
    if len(front.pages) != len(fronts):
        raise Uneven
    ours = [*front.pages, *first.pages]
    whole = front.copy([*ours, *(page.beside(ours[0]) for page in second.pages)])

    def join(document: Any, pdf: Any) -> None:
        finish(document, pdf)
        pdf.join(other.told())

    _next_pdf(len(whole.pages), 0)
    whole.write_pdf(target, finisher=join, **VARIANT)
    return len(whole.pages)


def follow(page: Any, finish: Finish, other: Other) -> None:
    """Paint the second half for the process that runs `lead`."""
    before: Callable[[], Laid] = cache(other.told)
    with _numbered_after(lambda: len(before().pages)):
        second = page.render(**VARIANT)
    other.tell(Laid.of(second.pages))
    pages, links = before()
    whole = second.copy([*(page.beside(second.pages[0]) for page in pages), *second.pages])
    whole.make_bookmark_tree = lambda *_, **__: []  # the first makes one for all pages

    def hand_over(document: Any, pdf: Any) -> None:
        finish(document, pdf)
        other.tell(pdf.painted(len(pages), links))

    _next_pdf(len(whole.pages), 1)
    whole.write_pdf(finisher=hand_over, **VARIANT)


def _with_pages(front: str, pages: dict[str, int]) -> str:
    """The front, told the page that each of its links leads to."""
    return LINK.sub(lambda link: f'{link[0]} data-page="{pages.get(link[1], 0)}"', front)


@contextmanager
def _numbered_after(pages_before: Callable[[], int]) -> Iterator[None]:
    """Number pages on from those before, whose count is asked for when all is laid out but the margins."""
    from weasyprint import layout

    made = layout.make_margin_boxes

    def numbered(context: Any, page: Any, state: tuple[Any, ...]) -> Any:
        quotes, counters, *rest = state
        return made(context, page, (quotes, counters | {"page": [pages_before() + context.current_page]}, *rest))

    layout.make_margin_boxes = numbered
    try:
        yield
    finally:
        layout.make_margin_boxes = made


def _next_pdf(pages: int, turn: int) -> None:
    """Have WeasyPrint make one half of a PDF when it makes one next."""
    import pydyf

    from report.half_pdf import Half

    pydyf.PDF = partial(Half, pages, turn)
