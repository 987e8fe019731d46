"""Text and blocks of a page as Pandoc's Markdown.

A text is written so that it says itself and nothing else: no link, no formula, no shortcode, no raw block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from report.slides import Block, Chart, Code, Grid, Group, Heading, KeyFigures, Lines, Terms, Text, flat

Pictures = Mapping[str, int]  # the charts there is a picture of, and their widths in per cent
WIDE = 66  # per cent of a slide's width for a chart with a column beside it
PAIRS = {"pair": (50, 50), "sixty-forty": (62, 38)}  # two boxes side by side on the page, their widths in per cent
ROLE = re.compile(r"[a-z][a-z-]*")  # a class of the page
# Angle brackets become entities: Quarto looks for comments and shortcodes in the source before Pandoc parses it.
ENTITIES = {"<": "&lt;", ">": "&gt;"}
MARKUP = re.compile(
    r"""(?P<start>^(?:table|\(?(?:[0-9]{1,9}|[a-z]|[ivxlcdm]+))?)(?P<mark>(?:(?<=table):|(?<!table)[-+:%=.)])(?=\s|$))"""
    r"""|[\\`*_{}\[\]~^$@&#|"'<>]"""  # wherever it stands
    r"""|-(?=-)|(?<=-)-|\.(?=\.)|(?<=\.)\.|=(?==)|(?<==)=|:(?=\S)|^%""",  # beside its like; an address, a fence
    re.IGNORECASE,
)
# Controls, ends of lines, halves of characters, and what turns a line round, in a source as on a page.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+")


def plain(text: object) -> str:
    """A text in one line, without what cannot be seen; runs of blanks are one."""
    return re.sub(" {2,}", " ", UNSEEN.sub(" ", str(text))).strip(" ")


def escaped(text: object) -> str:
    """Any text for a paragraph, heading, list item or cell; Pandoc reads `plain(text)` from it, blanks may be hard."""
    return MARKUP.sub(_escaped, plain(text))


def quoted(text: object) -> str:
    """Any text as a YAML string that Pandoc reads as Markdown."""
    said = escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'


def _escaped(found: re.Match[str]) -> str:
    if found["mark"]:
        return f"{found['start']}\\{found['mark']}"
    return ENTITIES.get(found[0]) or f"\\{found[0]}"


def page(blocks: Iterable[Block], pictures: Pictures) -> str:
    """Blocks of a page one below the other; groups open."""
    return "\n\n".join(made for made in (_made(block, pictures) for block in flat(blocks)) if made)


def slide(blocks: Sequence[Block], pictures: Pictures) -> str:
    """The body of a slide: what has a box of its own on the page has a fenced block of its class here."""
    made = _beside(blocks, pictures) or [_boxed(block, pictures) for block in blocks]
    return "\n\n".join(part for part in made if part)


def _beside(blocks: Sequence[Block], pictures: Pictures) -> list[str]:
    """Two columns where the page has them: a chart and what stands beside it."""
    sides = [block for block in blocks if isinstance(block, Group) and block.role == "side"]
    others = [block for block in blocks if block not in sides]
    if not (sides and others):
        return []
    return [_columns(((WIDE, slide(others, pictures)), (100 - WIDE, slide(sides, pictures))))]


def _boxed(block: Block, pictures: Pictures) -> str:
    """One block of a slide; a group's members are columns where they stand side by side on the page."""
    if not isinstance(block, Group):
        return _made(block, pictures)
    parts = [slide((part,), pictures) for part in block.blocks]
    if block.role in PAIRS and len(parts) == 2:
        return _columns(tuple(zip(PAIRS[block.role], parts, strict=True)))
    return _fenced(block.role, "\n\n".join(part for part in parts if part))


def _columns(columns: Sequence[tuple[int, str]]) -> str:
    parts = (f'::: {{.column width="{width}%"}}\n\n{body}\n\n:::' for width, body in columns)
    return _fenced("columns", "\n\n".join(parts), colons=4)


def _fenced(role: str, body: str, colons: int = 3) -> str:
    """A fenced block; without a class of the page, only its body."""
    if not (body and ROLE.fullmatch(role)):
        return body
    fence = ":" * colons
    return f"{fence} {{.{role}}}\n\n{body}\n\n{fence}"


def _made(block: Block, pictures: Pictures) -> str:
    match block:
        case Text():
            return _span(escaped(block.text), block.role)
        case Heading():
            aside = f" {_span(escaped(block.aside), 'aside')}" if block.aside else ""
            return f"{'#' * block.level} {escaped(block.text)}{aside}"
        case Lines():
            mark = "1." if block.ordered else "-"
            return "\n".join(f"{mark} {escaped(text)}" for text in block.texts)
        case KeyFigures():
            return "\n\n".join(_key_figure(value, label) for value, label in block.figures)
        case Grid():
            return _table(block)
        case Terms():
            return "\n\n".join(f"{escaped(word)}\n\n:   {escaped(meaning)}" for word, meaning in block.pairs)
        case Code():
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", block.text)), 3)
            return f'{fence} {{.sql shortcodes="false"}}\n{_lines(block.text)}\n{fence}'
        case Chart():
            return _picture(block, pictures)
        case Group():
            return page(block.blocks, pictures)


def _span(said: str, role: str) -> str:
    return f"[{said}]{{.{role}}}" if said and ROLE.fullmatch(role) else said


def _key_figure(value: str, label: str) -> str:
    """A large number with what it is of below."""
    parts = [_span(f"**{escaped(value)}**", "value") if value else "", _span(escaped(label), "label")]
    return "\\\n".join(part for part in parts if part)


def _picture(chart: Chart, pictures: Pictures) -> str:
    """A chart's picture as wide as on the page, its title as caption; what stands in its place when it has none."""
    width = pictures.get(chart.name)
    if width is None:
        return page(chart.instead, pictures) or _span(escaped(chart.alt), "note")
    alt = escaped(chart.alt).replace("\n", " ")
    return f'![{escaped(chart.title)}](figures/{chart.name}.png){{fig-alt="{alt}" width="{width}%"}}'


def _table(grid: Grid) -> str:
    """A pipe table whose columns are about as wide as what they hold."""
    columns = max((len(row) for row in (grid.header, *grid.rows)), default=0)
    if not columns:
        return ""
    rows = [[_cell(cell) for cell in (*row, *[""] * (columns - len(row)))] for row in (grid.header, *grid.rows)]
    strong = {at + 1 for at in grid.strong}
    rows = [[f"**{cell}**" if at in strong and cell else cell for cell in row] for at, row in enumerate(rows)]
    numeric = (*grid.numeric, *[False] * columns)
    rule = ["-" * (_wide(column) - right) + ":" * right for column, right in zip(zip(*rows, strict=True), numeric)]
    made = "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
    return f"{made}\n\n: {escaped(grid.caption)}" if grid.caption else made


def _cell(text: str) -> str:
    return " · ".join(escaped(line) for line in text.split("\n") if plain(line))


def _wide(cells: Iterable[str]) -> int:
    """Dashes a column of a table gets: its longest word must fit, a long text may break."""
    return min(48, max(4, *(len(cell) + 1 for cell in cells)))


def _lines(text: str) -> str:
    """A statement as it is, without characters that cannot be seen."""
    return "\n".join(UNSEEN.sub(" ", line) for line in text.replace("\t", "    ").split("\n"))
