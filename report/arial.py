"""How wide a text is in Arial, the typeface of the PowerPoint file: nothing can be embedded there, and all have it."""

from __future__ import annotations

import math

NAME = "Arial"
# Advance widths in thousandths of an em, from blank to tilde, regular and bold (Liberation Sans, of the same widths).
ADVANCES = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
STRONG = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722,
    611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556,
    611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778,
    556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip
OTHERS = {"−": 584, "€": 556, "£": 556, "–": 556, "’": 222, "·": 333, "\u00a0": 278, "\u202f": 278, "\u2060": 0}
LEADING = 1.2  # of a line, in ems


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line, in the unit of `size`; an unknown character as wide as any."""
    widths = STRONG if bold else ADVANCES
    ems = sum(widths[ord(c) - 32] if " " <= c <= "~" else OTHERS.get(c, 1000 if c > "\u2e7f" else 600) for c in text)
    return ems / 1000 * size


def lines(text: str, size: float, room: float, bold: bool = False) -> int:
    """How many lines a text takes in a measure; a word longer than the measure is broken."""
    return sum(_wrapped(line, size, room, bold) for line in text.split("\n"))


def height(text: str, size: float, room: float, bold: bool = False) -> float:
    """How high a text stands in a measure."""
    return lines(text, size, room, bold) * size * LEADING


def _wrapped(text: str, size: float, room: float, bold: bool) -> int:
    taken, used, space = 1, 0.0, width(" ", size, bold)
    for word in (width(word, size, bold) for word in text.split(" ") if word):
        if used and used + space + word > room:
            taken, used = taken + 1, 0.0
        used += (space if used else 0.0) + word
        if used > room:
            taken += math.ceil(used / room) - 1
            used = used % room
    return taken
