"""The only way a number reaches a page: a value with its claim, definition, population, window and source."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

import pandas as pd

from dataset.tables import Note

Unit = Literal["count", "money", "share", "points", "ratio", "days", "date", "name"]
PLACE = re.compile(r"\{([a-z_0-9.]+)\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One number (or date, or name) with all a reader may ask of it.

    value: None only with a `reason`. share: a fraction of one. days: a duration. ratio: any other plain number.
    claim: one sentence with {value} exactly once; other numbers by {analysis.finding}; no bare digit.
    definition: numerator / denominator in words. window: first and last day, both inclusive.
    kind: estimated ones carry their interval (low, high), in the unit of the value.
    leading: true when it tells of the future rather than of the past.
    """

    value: float | int | Decimal | date | str | None
    unit: Unit
    claim: str
    definition: str
    population: str
    n: int
    window: tuple[date, date]
    source: str
    kind: Literal["measured", "estimated", "assumed"] = "measured"
    interval: tuple[float, float] | None = None
    reason: str = ""
    leading: bool = False

    def __post_init__(self) -> None:
        if PLACE.findall(self.claim).count("value") != 1:
            raise ValueError(f"a claim says {{value}} exactly once: {self.claim!r}")
        if any(c.isdigit() for c in PLACE.sub("", self.claim)):
            raise ValueError(f"a claim holds no bare digit: {self.claim!r}")
        if not (self.definition and self.population and self.source):
            raise ValueError(f"a finding has a definition, a population and a source: {self.claim!r}")
        if self.value is None:
            if not self.reason:
                raise ValueError(f"a finding without a value says why: {self.claim!r}")
            return
        if self.unit == "count" and self.value != int(self.value):  # type: ignore[arg-type]
            raise ValueError(f"a count is whole, not {self.value}: {self.claim!r}")
        if self.reason:
            raise ValueError(f"a finding with a value needs no reason for lacking one: {self.claim!r}")
        if self.kind == "estimated" and self.interval is None:
            raise ValueError(f"an estimate has an interval: {self.claim!r}")
        if isinstance(self.value, float | Decimal) and not math.isfinite(self.value):
            raise ValueError(f"a finding is finite: {self.claim!r}")
        if self.unit == "share" and not 0 <= self.value <= 1:  # type: ignore[operator]
            raise ValueError(f"a share lies in [0, 1], not {self.value}: {self.claim!r}")


@dataclass(frozen=True, slots=True)
class Table:
    """A reduced table for pages, figures and exports.

    frame: columns by key. labels: key -> heading. units: key -> how to print it (text when absent).
    """

    frame: pd.DataFrame
    title: str
    labels: Mapping[str, str]
    source: str
    units: Mapping[str, Unit] = field(default_factory=dict)
    note: str = ""


class Result:
    """A marker: what an analysis returns, its own frozen dataclass of Tables and `findings`.

    notes: what a reader must know about the data that only this analysis could see; the run collects them.
    """

    findings: Mapping[str, Finding]
    notes: tuple[Note, ...] = ()


class Skip(Exception):
    """This analysis has nothing honest to say on this data; `code` also makes it a note (W_...)."""

    def __init__(self, reason: str, code: str = "", count: int = 1) -> None:
        super().__init__(reason)
        self.reason, self.code, self.count = reason, code, count


def said(**results: Result | None) -> dict[str, Finding]:
    """The findings that have a value, by full key (`analysis.finding`), of the results that are there."""
    return {
        f"{name}.{key}": finding
        for name, result in results.items()
        if result is not None
        for key, finding in result.findings.items()
        if finding.value is not None
    }
