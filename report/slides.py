"""Reads the rendered deck and appendix into plain data, so that other formats derive from the one template a slide.

What it does not know becomes Text: no word of a page is lost. Parsed by lxml (python-pptx brings it), which takes the
megabytes of pictures within a printed page as they are; tinyhtml5 reads them letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

BLANKS = re.compile(r"[ \t\r\n\f]+")
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
INLINE = frozenset(
    ("a", "abbr", "b", "br", "code", "data", "em", "i", "img", "small", "span", "strong", "sub", "sup", "time", "wbr")
)
UNSEEN = frozenset(("script", "style", "template", "noscript", "head"))
VALUES = ("figure-value", "figure-number")
FILLED = re.compile(r"width: *([\d.]+)%")


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; role: its class on the page ("point", "beside", "because", "note", ...), "" without."""

    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a slide or section; aside: what stands quietly beside it."""

    text: str
    level: int = 3
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of sentences; role: its class ("so-what", "checks", ...)."""

    texts: tuple[str, ...]
    role: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Pairs of value and label; a value may be "". role: the class of their list.

    shares: of the bars drawn beside some values (0 to 1), None where there is none; empty without any.
    """

    figures: tuple[tuple[str, str], ...]
    role: str = ""
    shares: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text; lines within a cell end by a line feed. numeric: columns set right; strong: rows of totals."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: tuple[bool, ...] = ()
    strong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and what they mean."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A statement with its line feeds and indentation."""

    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure by its name, `analysis-figure`; title: its caption in the appendix.

    instead: what stands in its place when it could not be drawn.
    """

    name: str
    alt: str = ""
    title: str = ""
    instead: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """A bar filled so far: always within the shares of key figures."""

    share: float


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that stand together; role: the class of their box ("side", "stack", "steps", "item", ...)."""

    role: str
    blocks: tuple[Block, ...]


Block = Text | Heading | Lines | KeyFigures | Grid | Terms | Code | Chart | Gauge | Group


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide; name: its analysis. band: what the first slide says of the report. sign: whose report it is."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    source: str
    page: int
    band: tuple[str, ...] = ()
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the appendix; name: its id on the page, "cover" for what comes before the contents."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


def slides(deck: str) -> tuple[Slide, ...]:
    """The slides of a printed deck, by `report.pages.for_print`."""
    found = [section for section in _parsed(deck).iter("section") if _role(section) == "slide"]
    return tuple(_slide(section, at) for at, section in enumerate(found, 1))


def sections(appendix: str) -> tuple[Section, ...]:
    """The sections of a printed appendix in order; its table of contents, which repeats their headings, is left out."""
    main = _parsed(appendix).find(".//main")
    return tuple(_section(part) for part in main if part.tag in ("section", "div"))


def flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks in the order of reading, with groups opened."""
    for block in blocks:
        if isinstance(block, Group):
            yield from flat(block.blocks)
        else:
            yield block


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """Every text of the blocks in the order of reading; of a chart its title, its alternative and what replaces it."""
    for block in flat(blocks):
        match block:
            case Text() | Code():
                yield block.text
            case Heading():
                yield from (block.text, block.aside)
            case Lines():
                yield from block.texts
            case KeyFigures():
                yield from (text for pair in block.figures for text in pair)
            case Terms():
                yield from (text for pair in block.pairs for text in pair)
            case Grid():
                yield from (block.caption, *block.header, *(cell for row in block.rows for cell in row))
            case Chart():
                yield from (block.title, block.alt, *texts(block.instead))


def _parsed(html: str) -> Any:
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    return etree.fromstring(html.encode("utf-8", "replace"), parser)


def _slide(section: Any, at: int) -> Slide:
    """A slide from its element: the title is its h2, or the h1 of a deck that says nothing."""
    title = next(iter(section.iterfind("h2")), section.find("h1"))
    band, footer = section.find("h1"), section.find("footer")
    body = [child for child in section if child is not title and child is not band and child is not footer]
    return Slide(
        section.get("id", ""),
        _words(title),
        tuple(block for child in body for block in _children(child)),
        "" if footer is None else _of_class(footer, "from"),
        int((footer is not None and _of_class(footer, "page-number")) or at),
        () if band is None or band is title else tuple(_words(part) for part in band),
        "" if footer is None else _of_class(footer, "sign"),
    )


def _children(element: Any) -> tuple[Block, ...]:
    """The blocks of a slide's body; another element beside it is a block itself."""
    return _blocks(element) if _role(element) == "body" else _made(element)


def _section(part: Any) -> Section:
    heading = next((child for child in part if child.tag in HEADINGS), None)
    title = "" if heading is None else _words(heading)
    if heading is not None:
        tail = heading.tail
        part.remove(heading)
        part.text = (part.text or "") + (tail or "")
    return Section(part.get("id") or _role(part), title, _blocks(part))


def _blocks(element: Any) -> tuple[Block, ...]:
    """The blocks within an element; words between them are paragraphs."""
    made: list[Block] = []
    loose = [element.text or ""]
    for child in element:
        if child.tag in INLINE and _role(child) != "gauge":
            loose.append(_spoken(child))
        else:
            made += [*_paragraph("".join(loose)), *_made(child)]
            loose = []
        loose.append(child.tail or "")
    return tuple(_figures([*made, *_paragraph("".join(loose))]))


def _made(element: Any) -> tuple[Block, ...]:
    """What one element is."""
    tag, role = element.tag, _role(element)
    if tag in UNSEEN:
        return ()
    if role == "gauge":
        return _gauge(element)
    if role == "chart-title" or tag in HEADINGS:
        return _heading(element)
    if tag == "p":
        return _paragraph(_spoken(element), role)
    if tag in ("ul", "ol"):
        return _list(element)
    known = {"table": _grid, "dl": _terms, "pre": _code, "figure": _chart}.get(tag)
    if known is not None:
        return known(element)
    inner = _blocks(element)
    if role == "scroll" or not inner:
        return inner
    return (Group(role, inner),)


def _paragraph(text: str, role: str = "") -> tuple[Block, ...]:
    text = _clean(text)
    return (Text(text, role),) if text else ()


def _heading(element: Any) -> tuple[Block, ...]:
    aside = _of_class(element, "timing")
    text = _words(element).removesuffix(aside).rstrip()
    return (Heading(text, HEADINGS.get(element.tag, 3), aside),) if text or aside else ()


def _gauge(element: Any) -> tuple[Block, ...]:
    filled = next((found for part in element.iter() if (found := FILLED.search(part.get("style") or ""))), None)
    return () if filled is None else (Gauge(float(filled[1]) / 100),)


def _figures(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with each large number, the label after it and its bar as one."""
    rest = list(blocks)
    while rest:
        block = rest.pop(0)
        if not (isinstance(block, Text) and block.role in VALUES):
            yield block
            continue
        label, shares = "", tuple[float, ...]()
        while rest and (isinstance(rest[0], Gauge) or _is_label(rest[0])):
            found = rest.pop(0)
            label = f"{label} {found.text}".strip() if isinstance(found, Text) else label
            shares = (found.share,) if isinstance(found, Gauge) else shares
        yield KeyFigures(((block.text, label),), block.role, shares)


def _is_label(block: Block) -> bool:
    return isinstance(block, Text) and block.role == "figure-label"


def _list(element: Any) -> tuple[Block, ...]:
    items, role = [item for item in element if item.tag == "li"], _role(element)
    inner = [_blocks(item) for item in items]
    if any(_is_figure(item) for item in inner):
        kept = [item for item in inner if any(_pair(item))]
        shares = tuple(_share(item) for item in kept)
        return (KeyFigures(tuple(_pair(item) for item in kept), role, shares if any(shares) else ()),)
    if any(len(item) > 1 or not isinstance(item[0], Text) for item in inner if item):
        return (Group(role, tuple(Group("item", item) for item in inner if item)),)
    said = tuple(text for item in items if (text := _clean(_spoken(item, between=" "))))
    return (Lines(said, role, element.tag == "ol"),) if said else ()


def _is_figure(item: Sequence[Block]) -> bool:
    """Whether a list's item is one number with words about it, no more."""
    found = list(flat(item))
    numbers = [block for block in found if isinstance(block, KeyFigures)]
    others = [block for block in found if not isinstance(block, KeyFigures | Gauge)]
    return len(numbers) == 1 and all(_is_label(block) for block in others)


def _pair(item: Sequence[Block]) -> tuple[str, str]:
    """Value and label of a list's item."""
    found = list(flat(item))
    values = [value for block in found if isinstance(block, KeyFigures) for value, _ in block.figures]
    said = " ".join(text for text in texts(found) if text and text not in values)
    return " ".join(values), said


def _share(item: Sequence[Block]) -> float | None:
    """How far the bar of a list's item is filled; None without one."""
    bars = [share for b in flat(item) if isinstance(b, KeyFigures) for share in b.shares]
    bars += [b.share for b in flat(item) if isinstance(b, Gauge)]
    return next(iter(bars), None)


def _grid(element: Any) -> tuple[Block, ...]:
    heads = [_cells(row) for row in element.iterfind("thead/tr")]
    rows = [row for row in element.iter("tr") if row.getparent().tag != "thead"]
    header = tuple(_clean(" ".join(parts)) for parts in zip(*heads, strict=False)) if heads else ()
    first = next(element.iter("tr"), ())
    caption = element.find("caption")
    return (
        Grid(
            header,
            tuple(_cells(row) for row in rows),
            "" if caption is None else _words(caption),
            tuple("numeric" in cell.get("class", "").split() for cell in first),
            tuple(at for at, row in enumerate(rows) if "total" in row.get("class", "").split()),
        ),
    )


def _cells(row: Any) -> tuple[str, ...]:
    """The cells of a row; one over several columns is followed by empty ones."""
    cells: list[str] = []
    for cell in row:
        cells += [_cell(cell), *[""] * (int(cell.get("colspan", 1)) - 1)]
    return tuple(cells)


def _cell(cell: Any) -> str:
    return "\n".join(text for text in texts(_blocks(cell)) if text)


def _terms(element: Any) -> tuple[Block, ...]:
    pairs: list[tuple[str, str]] = []
    for part in element.iter("dt", "dd"):
        if part.tag == "dt":
            pairs.append((_words(part), ""))
        else:
            term, said = pairs.pop() if pairs else ("", "")
            pairs.append((term, _clean(f"{said} {_words(part)}")))
    return (Terms(tuple(pairs)),)


def _code(element: Any) -> tuple[Block, ...]:
    return (Code("".join(element.itertext()).strip("\n")),)


def _chart(element: Any) -> tuple[Block, ...]:
    image, title = element.find(".//img"), _of_class(element, "chart-title")
    name = element.get("id", "").removeprefix("figure-")
    rest = tuple(b for b in _blocks(element) if not (isinstance(b, Heading) and title in (b.text, b.aside)))
    drawn = image is not None
    alt = image.get("alt", "") if drawn else ""
    instead = () if drawn else rest
    return (Chart(name, alt, title, instead), *(b for b in rest if drawn and tuple(texts((b,))) != (alt,)))


def _role(element: Any) -> str:
    """The first class of an element."""
    return (element.get("class") or "").split(" ")[0]


def _of_class(element: Any, name: str) -> str:
    found = next((part for part in element.iter() if name in (part.get("class") or "").split()), None)
    return "" if found is None else _words(found)


def _words(element: Any) -> str:
    return _clean(_spoken(element))


def _spoken(element: Any, between: str = "") -> str:
    """All words of an element; an image says its alternative, blocks within are apart. between: after each part."""
    if element.tag in UNSEEN:
        return ""
    if element.tag == "img":
        return element.get("alt") or ""
    parts = [element.text or ""]
    for child in element:
        apart = " " if child.tag not in INLINE or child.tag == "br" else between
        parts += [apart, _spoken(child), apart, child.tail or ""]
    return "".join(parts)


def _clean(text: str) -> str:
    return BLANKS.sub(" ", text).strip(" ")
