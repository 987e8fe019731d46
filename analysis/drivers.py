"""What drove a change, in words: which parts matter, which lead, and which work against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.finding import Unit

LEVEL = 0.005  # a change (or part) below this share of what was sold before is called level (too small)
SMALL = 0.05  # a part below this share of the largest is called too small to matter
FEW = 30  # orders of a period; below, the title gives no reasons
AGAINST = 0.25  # a part that works against the change is told from this share of the leading one
BESIDE = 0.5  # a second part in the direction of the change is told from this share of the leading one
OFFSET = 0.8  # two opposite parts offset each other when the smaller is at least this share of the larger

LONGEST = 105  # characters of a title, {value} standing for as long a number

# Key -> label, and what a title calls its rise and its fall in their effect on revenue.
WORDS = {
    "visitors": ("Visitors", "more visitors", "fewer visitors"),
    "conversion": ("Conversion", "higher conversion", "lower conversion"),
    "spend": ("Spend per buyer", "higher spend per buyer", "lower spend per buyer"),
    "buyers": ("Buyers", "more buyers", "fewer buyers"),
    "frequency": ("Orders per buyer", "more orders per buyer", "fewer orders per buyer"),
    "order_value": ("Order value", "larger orders", "smaller orders"),
    "orders": ("Orders", "more orders", "fewer orders"),
    "unknown": ("Anonymous sales", "more anonymous sales", "fewer anonymous sales"),
    "unknown_orders": ("Anonymous orders", "more anonymous orders", "fewer anonymous orders"),
    "refunds": ("Refunds", "lower refunds", "higher refunds"),
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


@dataclass(frozen=True, slots=True)
class Part:
    """What one driver adds to the change: before, after are its own levels, units its part in whole cents (orders)."""

    key: str
    before: float
    after: float
    units: int

    @property
    def label(self) -> str:
        return WORDS[self.key][0]

    @property
    def words(self) -> str:
        """What moved, as a title says it; for a part above or below nothing."""
        return WORDS[self.key][1 if self.units > 0 else 2]


def matters(part: Part, parts: Sequence[Part], base: int) -> bool:
    """Whether a part is worth a word, beside the largest part and what was sold before (in the same whole units)."""
    most = max(abs(p.units) for p in parts)
    return part.units != 0 and abs(part.units) >= max(SMALL * most, LEVEL * base)


def leading(parts: Sequence[Part], base: int) -> tuple[Part | None, Part | None, Part | None]:
    """The part that leads the change, a second one in its direction, and the largest against it, if they matter.

    Of a level change: the two largest opposite parts, the larger first.
    """
    change = sum(p.units for p in parts)
    ranked = sorted((p for p in parts if matters(p, parts, base)), key=lambda p: (-abs(p.units), p.key))
    if not level(change, base):
        ranked = sorted(ranked, key=lambda p: p.units * change < 0)  # those in the change's direction first
    lead = ranked[0] if ranked and (level(change, base) or ranked[0].units * change > 0) else None
    if lead is None:
        return None, None, None
    same = [p for p in ranked[1:] if p.units * lead.units > 0 and abs(p.units) >= BESIDE * abs(lead.units)]
    against = [p for p in ranked if p.units * lead.units < 0 and abs(p.units) >= AGAINST * abs(lead.units)]
    return lead, same[0] if same else None, against[0] if against else None


def level(change: int, base: int) -> bool:
    """Whether a change is too small to be called one."""
    return abs(change) < LEVEL * base


def headline(what: str, than: str, parts: Sequence[Part], base: int, orders: int) -> tuple[str, tuple[Part, ...]]:
    """The title's sentence, and the drivers it names.

    {value} is the size of the change, or where it is level the amount of the last period. what: "Net revenue" or
    "Orders". than: "on the month before". base: sold in the period before, in whole units. orders: those of the period
    with fewer.
    """
    change = sum(p.units for p in parts)
    moved = "held at" if level(change, base) else "rose by" if change > 0 else "fell by"
    start = f"{what} {moved} {{value}} {than}"
    if orders < FEW:
        return f"{start}, from {'few orders' if level(change, base) else 'too few orders to say why'}.", ()
    lead, beside, against = leading(parts, base)
    if level(change, base):
        return _level(start, lead, against)
    if lead is None:
        return f"{start}, from many small moves.", ()
    if against is not None and abs(against.units) > abs(lead.units):
        return f"{start}: several {'gains' if change > 0 else 'losses'} outweighed {against.words}.", (against,)
    if beside is not None:
        both = f"{start}: {_together(lead, beside)}"
        full = f"{both}, despite {against.words}." if against is not None else f"{both}."
        if len(full) <= LONGEST:
            return full, (lead, beside, *((against,) if against is not None else ()))
    if against is not None:
        full = f"{start}: {lead.words} outweighed {against.words}."
        if len(full) <= LONGEST:
            return full, (lead, against)
    why = "mainly because of" if 2 * abs(lead.units) >= abs(change) else "led by"
    return f"{start}, {why} {lead.words}.", (lead,)


def _level(start: str, lead: Part | None, against: Part | None) -> tuple[str, tuple[Part, ...]]:
    if lead is None:
        return f"{start}, and nothing behind it moved much.", ()
    if against is None:
        return f"{start}, in spite of {lead.words}.", (lead,)
    if abs(against.units) >= OFFSET * abs(lead.units):
        return f"{start}: {lead.words} offset {against.words}.", (lead, against)
    return f"{start}: {lead.words}, offset by several others.", (lead,)


def _together(one: Part, other: Part) -> str:
    """Two drivers, the shorter first; "more" is said once."""
    first, second = sorted((one.words, other.words), key=len)
    shared = first.split()[0] + " "
    return f"{first} and {second.removeprefix(shared)}"
