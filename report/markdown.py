"""Text and blocks of a page as Pandoc's Markdown.

A text is written so that it says itself and nothing else: no link, no formula, no shortcode, no raw block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from report.slides import Block, Chart, Code, Gauge, Grid, Group, Heading, KeyFigures, Lines, Terms, Text, flat, texts

Pictures = Mapping[str, int]  # the charts there is a picture of, and their widths in per cent
WIDE = 66  # per cent of a slide's width for a chart with a column beside it
SMALL = 50  # per cent of a page: a chart below that stands beside a number and says nothing alone
OPEN = frozenset(("side", "stack", ""))  # groups that are only a place
PAIRS = {"pair": (50, 50), "sixty-forty": (62, 38)}  # two boxes side by side on the page, their widths in per cent
ROLE = re.compile(r"[a-z][a-z0-9-]*")  # a class of the page
# Classes Quarto or reveal.js move, hide or step through.
TAKEN = re.compile(
    r"(aside|notes|columns?|footer|footnotes|logo|hidden|fragment|incremental|smaller|absolute|stack)\b.*"
)
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
    return _parted(_made(block, pictures) for block in flat(blocks))


def slide(blocks: Sequence[Block], pictures: Pictures) -> str:
    """The body of a slide: what has a box of its own on the page has a fenced block of its class here.

    PowerPoint, as Pandoc writes it, has one chart a column, no table beside text, nothing below a chart or table, and
    none within a box: these parts are for the screen, and `rest` has them again.
    """
    columns, below = _laid(blocks)
    if not columns:
        kept, apart = _alone(blocks)
        return _parted((_boxes(kept, pictures), *(on_screen(_boxes(part, pictures)) for part in apart)))
    made = tuple((width, _column(held, pictures, caption=width == WIDE)) for width, held in columns)
    return _parted((_columns(made), on_screen(_boxes(below, pictures))))


def rest(blocks: Sequence[Block], pictures: Pictures) -> list[str]:
    """What PowerPoint leaves out of a slide, in slides of their own; small drawings beside a number are left out."""
    columns, below = _laid(blocks)
    if columns:
        parts = [part for _, held in columns for part in _chunks(held)]
        kept = [part for part, there in parts if there]
        apart = [part for part, there in parts if not there] + _ended(below)
    else:
        alone, apart = _alone(blocks)
        kept = [alone]
    boxed = [block for part in kept for block in part if isinstance(block, Group)]
    within = [[block] for block in flat(boxed) if _heavy(block) and not _small(block, pictures)]
    return [made for made in (_boxes(part, pictures) for part in (*within, *apart)) if made]


def on_screen(body: str) -> str:
    """A part of a slide that PowerPoint does without."""
    return f'::: {{.content-visible when-format="revealjs"}}\n\n{body}\n\n:::' if body else ""


def _laid(blocks: Sequence[Block]) -> tuple[tuple[tuple[int, list[Block]], ...], Sequence[Block]]:
    """The columns of a slide, each with its width in per cent, and what is below them; no columns, and all."""
    side = [block for block in blocks if isinstance(block, Group) and block.role == "side"]
    others = [block for block in blocks if block not in side]
    if side and others:
        return ((WIDE, list(_open(others))), (100 - WIDE, list(_open(side)))), ()
    first = blocks[0] if blocks else None
    if isinstance(first, Group) and len(first.blocks) == len(PAIRS.get(first.role, ())):
        return tuple(
            (width, list(_open((part,)))) for width, part in zip(PAIRS[first.role], first.blocks, strict=True)
        ), blocks[1:]
    return (), blocks


def _open(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a column; groups that are only a place are none."""
    for block in blocks:
        if isinstance(block, Group) and block.role in OPEN:
            yield from _open(block.blocks)
        else:
            yield block


def _ended(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks in parts that end with a chart or table; the last one as it ends."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        parts[-1].append(block)
        if _heavy(block):
            parts.append([])
    return [part for part in parts if part]


def _chunks(column: Sequence[Block]) -> list[tuple[list[Block], bool]]:
    """A column in parts, and whether PowerPoint has the part where it is: the first with a chart, or words alone."""
    parts = _ended(column)
    if len(parts) == 1 and not _heavy(parts[0][-1]):
        return [(parts[0], True)]
    first = next((at for at, part in enumerate(parts) if isinstance(part[-1], Chart)), -1)
    return [(part, at == first) for at, part in enumerate(parts)]


def _alone(blocks: Sequence[Block]) -> tuple[list[Block], list[list[Block]]]:
    """Of a slide without columns what PowerPoint keeps, words or a chart or table with a line above; and all else."""
    parts = _ended(blocks)
    first = parts[0] if parts else []
    if first and _heavy(first[-1]) and len(list(flat(first))) > 2:
        return first[:-1], [first[-1:], *parts[1:]]
    return first, parts[1:]


def _column(held: Sequence[Block], pictures: Pictures, caption: bool) -> str:
    """A column of a slide. caption: words over a chart are its caption in PowerPoint, which would rather part them."""
    made = []
    for part, kept in _chunks(held):
        if not kept:
            made.append(on_screen(_boxes(part, pictures)))
        elif caption and isinstance(part[-1], Chart):
            said = " – ".join(text for text in texts(part[:-1]) if text)
            chart = replace(part[-1], title=said or part[-1].title)
            made += [on_screen(_boxes(part[:-1], pictures)), _made(chart, pictures)]
        else:
            made.append(_boxes(part, pictures))
    return _parted(made)


def _heavy(block: Block) -> bool:
    """Whether a block takes a place of its own in PowerPoint."""
    return isinstance(block, Chart | Grid)


def _small(block: Block, pictures: Pictures) -> bool:
    return isinstance(block, Chart) and pictures.get(block.name, 100) <= SMALL


def _boxes(blocks: Iterable[Block], pictures: Pictures) -> str:
    return _parted(_boxed(block, pictures) for block in blocks)


def _boxed(block: Block, pictures: Pictures) -> str:
    """A block of a slide; a group in a fenced block of its class, and a box without one where it stands among others.

    Headings are bold text: a heading of Markdown would begin a slide within the slide.
    """
    if isinstance(block, Heading):
        return _span(f"**{escaped(block.text)}**", f"h{block.level}") + _aside(block)
    if not isinstance(block, Group):
        return _made(block, pictures)
    return _fenced(block.role or "box", _boxes(block.blocks, pictures))


def _columns(columns: Sequence[tuple[int, str]]) -> str:
    parts = (f'::: {{.column width="{width}%"}}\n\n{body}\n\n:::' for width, body in columns)
    return f":::: {{.columns}}\n\n{_parted(parts)}\n\n::::"


def _fenced(role: str, body: str) -> str:
    """A fenced block; without a class of the page, only its body."""
    return f"::: {{.{role}}}\n\n{body}\n\n:::" if body and _free(role) else body


def _free(role: str) -> bool:
    """Whether a class of the page means nothing else to those who render."""
    return bool(ROLE.fullmatch(role)) and not TAKEN.fullmatch(role)


def _parted(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _aside(heading: Heading) -> str:
    return f" {_span(escaped(heading.aside), 'quiet')}" if heading.aside else ""


def _made(block: Block, pictures: Pictures) -> str:
    match block:
        case Text():
            return _span(escaped(block.text), block.role)
        case Heading():
            return f"{'#' * block.level} {escaped(block.text)}{_aside(block)}"
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
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`*", block.text)))
            return f'{fence} {{.sql shortcodes="false"}}\n{_lines(block.text)}\n{fence}'
        case Chart():
            return _picture(block, pictures)
        case Gauge():  # it only repeats a number
            return ""
        case Group():
            return page(block.blocks, pictures)


def _span(said: str, role: str) -> str:
    return f"[{said}]{{.{role}}}" if said and _free(role) else said


def _key_figure(value: str, label: str) -> str:
    """A large number and what it is of."""
    parts = [_span(f"**{escaped(value)}**", "value") if value else "", _span(escaped(label), "label")]
    return " ".join(part for part in parts if part)


def _picture(chart: Chart, pictures: Pictures) -> str:
    """A chart's picture as wide as on the page, its title as caption; what stands in its place when it has none."""
    width = pictures.get(chart.name)
    if width is None:
        return page(chart.instead, pictures) or _span(escaped(chart.alt), "note")
    alt = escaped(" ".join(chart.alt.split()))  # a hard blank behind the quote would end the attributes
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
    rule = [
        "-" * _wide(column) + ":" if right else ":" + "-" * _wide(column)
        for column, right in zip(zip(*rows, strict=True), numeric, strict=False)
    ]
    made = "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
    return f"{made}\n\n: {escaped(grid.caption)}" if grid.caption else made


def _cell(text: str) -> str:
    return " · ".join(escaped(line) for line in text.split("\n") if plain(line))


def _wide(cells: Iterable[str]) -> int:
    """Dashes a column of a table gets: its longest word fits, a long text breaks."""
    cells = list(cells)
    word = max((len(word) for cell in cells for word in cell.split()), default=0)
    return max(5, min(max(map(len, cells), default=0), 40), min(word, 60)) + 1


def _lines(text: str) -> str:
    """A statement as it is, without characters that cannot be seen."""
    return "\n".join(UNSEEN.sub(" ", line) for line in text.replace("\t", "    ").split("\n"))
