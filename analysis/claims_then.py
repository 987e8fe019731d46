"""Which sentences of an earlier report no longer hold as they were said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from analysis.finding import PLACE, Finding
from analysis.ground import Ground
from analysis.previous import Said

SOURCE = "analysis/claims_then.py"
# In these the names in a sentence are periods, which move on with every report: only the words are compared.
OF_PERIODS = ("months", "kpi_tree", "cohorts", "migration")
HELD, CHANGED, SILENT = "holds", "changed", "no longer said"


@dataclass(frozen=True, slots=True)
class Claim:
    """The headline of one analysis, then against now; then: the findings that quote it, by key, the quote first."""

    analysis: str
    status: str
    then: Mapping[str, Finding]

    @property
    def quote(self) -> str:
        """The key of the finding that quotes what was said; "" where it holds."""
        return next(iter(self.then), "")


def compared(then: Mapping[str, Said], now: Mapping[str, Finding], ground: Ground) -> list[Claim]:
    """Each headline of then by what became of it, in the order of `now`, then those of analyses no longer made.

    now: findings of the analyses compared, by full key. A sentence holds when it still has the same words, and the
    same names in it (products, countries, segments); its numbers may differ.
    """
    names = list(dict.fromkeys(key.split(".")[0] for key in now))
    found = []
    for name in names:
        key = f"{name}.headline"
        if key in then and _sayable(key, then):
            status = _status(key, then, now)
            quoted = {} if status == HELD else _quoted(key, then, ground)
            found.append(Claim(name, status, quoted))
    return found


def _sayable(key: str, then: Mapping[str, Said]) -> bool:
    """Whether the sentence was printed: its own value and all others in it were known."""
    places = [key if place == "value" else place for place in PLACE.findall(then[key].claim)]
    return all(place in then and then[place].value is not None for place in places)


def _status(key: str, then: Mapping[str, Said], now: Mapping[str, Finding]) -> str:
    if key not in now or now[key].value is None:
        return SILENT
    if then[key].claim != now[key].claim:
        return CHANGED
    if key.split(".")[0] in OF_PERIODS:
        return HELD
    places = [key if place == "value" else place for place in PLACE.findall(then[key].claim)]
    renamed = any(place in now and then[place].unit == "name" and then[place].value != now[place].value
                  for place in places)  # fmt: skip
    return CHANGED if renamed else HELD


def _quoted(key: str, then: Mapping[str, Said], ground: Ground) -> dict[str, Finding]:
    """What was said, as findings of this report: the sentence, and each other number in it."""
    said = then[key]
    others = [place for place in PLACE.findall(said.claim) if place != "value"]
    claim = PLACE.sub(lambda m: m[0] if m[1] == "value" else f"{{versus_last.{_key(m[1])}}}", said.claim)
    quote = partial(_as_it_was, then, ground)
    made = {_key(key): quote(key, f"Then: {claim}")}
    return made | {_key(place): quote(place, "The earlier report said {value}.") for place in others}


def _as_it_was(then: Mapping[str, Said], ground: Ground, key: str, claim: str) -> Finding:
    said = then[key]
    return ground.of(said.value, said.unit, claim, f"what the earlier report said as {key}")


def _key(full: str) -> str:
    return f"was_{full.replace('.', '__')}"
