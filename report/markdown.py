"""Text as Pandoc's Markdown that says this text and nothing else: no link, no formula, no shortcode, no raw block."""

from __future__ import annotations

import re

# Angle brackets become entities: Quarto looks for comments and shortcodes in the source before Pandoc parses it.
ENTITIES = {"<": "&lt;", ">": "&gt;"}
MARKUP = re.compile(
    r"""(?P<start>^\(?(?:[0-9]{1,9}|[a-zA-Z]|[ivxlcdmIVXLCDM]+)|^table|(?<!.))"""  # at the start of a text:
    r"""(?P<after>[-+:%=.)])"""  # a list, a title, a caption
    r"""|(?P<sign>[\\`*_{}\[\]~^$@&#|"']"""  # wherever it stands
    r"""|-(?=-)|(?<=-)-|\.(?=\.)|(?<=\.)\.|=(?==)|(?<==)=|:(?=\S))"""  # beside its like: dashes; an address, a fence
    r"""|[<>]""",
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
    if found["after"]:
        return f"{found['start']}\\{found['after']}"
    return ENTITIES.get(found[0]) or f"\\{found[0]}"
