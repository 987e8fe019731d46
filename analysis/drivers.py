"""What drove a change, in words: which parts matter, which lead, and which work against them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.finding import Unit

LEVEL = 0.005  # a change (or part) below this share of what was sold before is called level (too small)
SMALL = 0.05  # a part below this share of the largest is called too small to matter
FEW = 30  # orders of a period; below, the title gives no reasons
BESIDE = 0.5  # a part from this share of the largest is always named
MOST = 0.8  # of the change: drivers are named until together they make at least this share, and at most its inverse
AGAINST = 0.5  # what works against the change is outweighed from this share of what it is named after, else despite

LONGEST = 104  # characters of a title, {value} standing for a number of up to nine and the full stop not printed

# Key -> label, and what a title calls its rise and its fall in their effect on revenue.
WORDS = {
    "visitors": ("Visitors", "more visitors", "fewer visitors"),
    "conversion": ("Conversion", "higher conversion", "lower conversion"),
    "spend": ("Spend per buyer", "higher spend per buyer", "lower spend per buyer"),
    "buyers": ("Buyers", "more buyers", "fewer buyers"),
    "frequency": ("Orders per buyer", "more orders per buyer", "fewer orders per buyer"),
    "order_value": ("Order value", "larger orders", "smaller orders"),
    "orders": ("Orders", "more orders", "fewer orders"),
    "unknown": ("Sales without a customer", "more sales without a customer", "fewer sales without a customer"),
    "unknown_orders": (
        "Orders without a customer",
        "more orders without a customer",
        "fewer orders without a customer",
    ),
    "refunds": ("Refunds", "lower refunds", "more refunds"),
}
UNITS: dict[str, Unit] = {
    "visitors": "count",
    "conversion": "share",
    "spend": "money",
    "buyers": "count",
    "frequency": "ratio",
    "order_value": "money",
    "orders": "count",
    "unknown": "money",
    "unknown_orders": "count",
    "refunds": "money",
}
OF_KNOWN = " of known customers"  # said of the order value where it leaves out the orders that name nobody


@dataclass(frozen=True, slots=True)
class Part:
    """What one driver adds to the change: before, after are its own levels, units its part in whole cents (orders).

    known: it is over known customers only, though some sales name no customer.
    """

    key: str
    before: float
    after: float
    units: int
    known: bool = False

    @property
    def label(self) -> str:
        return WORDS[self.key][0] + self._whose

    @property
    def words(self) -> str:
        """What moved, as a title says it; for a part above or below nothing."""
        return WORDS[self.key][1 if self.units > 0 else 2] + self._whose

    @property
    def _whose(self) -> str:
        return OF_KNOWN if self.known and self.key == "order_value" else ""


def matters(part: Part, parts: Sequence[Part], base: int) -> bool:
    """Whether a part is worth a word, beside the largest part and what was sold before (in the same whole units)."""
    most = max(abs(p.units) for p in parts)
    return part.units != 0 and abs(part.units) >= max(SMALL * most, LEVEL * base)


def level(change: int, base: int) -> bool:
    """Whether a change is too small to be called one."""
    return abs(change) < LEVEL * base


def leading(parts: Sequence[Part], base: int) -> tuple[list[Part], list[Part]]:
    """The drivers to name: those in the direction of the change, and those against it; each the largest first.

    All from half the largest on, and further ones until those named add up to most of the change. Of a level change
    the largest part gives the direction, and further ones are named until both sides are about the same.
    """
    ranked = sorted((p for p in parts if matters(p, parts, base)), key=lambda p: (-abs(p.units), p.key))
    change, flat = sum(p.units for p in parts), level(sum(p.units for p in parts), base)
    up = (ranked[0].units if ranked else 0) > 0 if flat else change > 0
    sides = [[p for p in ranked if (p.units > 0) == up], [p for p in ranked if (p.units > 0) != up]]
    if not sides[0]:
        return [], []
    least = sides[0][0].units if flat else ranked[0].units
    named = [max(1, sum(abs(p.units) >= BESIDE * abs(least) for p in sides[0])), 0]
    named[1] = sum(abs(p.units) >= BESIDE * abs(least) for p in sides[1])
    while True:
        told = [sum(abs(p.units) for p in side[:n]) for side, n in zip(sides, named, strict=True)]
        made, wanted = (told[0], told[1]) if flat else (told[0] - told[1], abs(change))
        short = 0 if made < MOST * wanted else 1 if made * MOST > wanted else None
        if short is None or named[short] == len(sides[short]):
            return sides[0][: named[0]], sides[1][: named[1]]
        named[short] += 1


def headline(what: str, grain: str, parts: Sequence[Part], base: int, orders: int) -> tuple[str, tuple[Part, ...]]:
    """The title's sentence, and the drivers it names.

    {value} is the size of the change, or where it is level the amount of the last period. what: "Net revenue" or
    "Orders". base: sold in the period before, in whole units. orders: those of the period with fewer.
    """
    change, flat = sum(p.units for p in parts), level(sum(p.units for p in parts), base)
    moved = "held at" if flat else "rose by" if change > 0 else "fell by"
    start = f"{what} {moved} {{value}} {'compared with' if flat else 'on'} the {grain} before"
    short = f"{what} {moved} {{value}}" if flat else f"{what} {moved} {{value}} on the {grain}"
    if orders < FEW:
        return f"{start}, from {'few orders' if flat else 'too few orders to say why'}.", ()
    along, against = leading(parts, base)
    if not along:
        return f"{start}, {'and nothing behind it moved much' if flat else 'from many small moves'}.", ()
    said = _level(along, against) if flat else _why(along, against, change)
    fitting = ((f"{s}{why}.", named) for why, named in said for s in (start, short) if len(s) + len(why) < LONGEST)
    return next(fitting)


def _why(along: list[Part], against: list[Part], change: int) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """What a title may say of the drivers, the fullest first; the last always fits."""
    lead, (ours, theirs) = along[0], ("gains", "losses") if change > 0 else ("losses", "gains")
    if not against:
        why = "mainly because of" if 2 * abs(lead.units) >= abs(change) else "led by"
        yield (f": {_together(along)}", tuple(along)) if len(along) > 1 else (f", {why} {lead.words}", (lead,))
        yield f": several {ours}, led by {lead.words}", (lead,)
        return
    told = [sum(abs(p.units) for p in side) for side in (along, against)]
    but = " outweighed " if told[1] >= AGAINST * told[0] else ", despite "
    yield f": {_together(along)}{but}{_together(against)}", (*along, *against)
    if len(against) > 1:
        yield f": {_together(along)}{but}several {theirs}", tuple(along)
    if len(along) > 1:
        yield f": several {ours}{but}{_together(against)}", tuple(against)
        yield f": several {ours}, led by {lead.words}{but}other moves", (lead,)
    yield f": {lead.words}{but}other moves", (lead,)


def _level(along: list[Part], against: list[Part]) -> Iterator[tuple[str, tuple[Part, ...]]]:
    if not against:
        yield f", in spite of {_together(along)}", tuple(along)
    elif sum(abs(p.units) for p in against) >= MOST * sum(abs(p.units) for p in along):
        yield f": {_together(along)} offset {_together(against)}", (*along, *against)
    yield f": {along[0].words}, offset by several others", (along[0],)


def _together(named: Sequence[Part]) -> str:
    """Drivers in a list, the shortest first; "more" is said once."""
    words = sorted((p.words for p in named), key=len)
    said = [w.removeprefix(b.split()[0] + " ") for b, w in pairwise(words)]
    return listed([words[0], *said])


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
