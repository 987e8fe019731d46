"""What the findings of one analysis share: population, window, source, and what is said when a number is undefined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from analysis.finding import Finding, Unit
from dataset.settings import Settings

SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Ground:
    """The common ground of an analysis' findings; `no_money` is why amounts are unknown, "" when they are known."""

    population: str
    n: int
    window: tuple[date, date]
    source: str
    no_money: str = ""

    def of(
        self,
        value: float | int | Decimal | date | str | None,
        unit: Unit,
        claim: str,
        definition: str,
        why: str = "",
        *,
        leading: bool = False,
        money: bool = False,
        population: str = "",
        n: int | None = None,
        window: tuple[date, date] | None = None,
    ) -> Finding:
        """A measured finding; undefined for the reason `why` when None or a share outside [0, 1].

        money: rests on amounts though its unit is not money, so unknown amounts leave it unknown.
        """
        if self.no_money and (money or unit == "money"):
            value, why = None, self.no_money
        elif unit == "share" and value is not None and not 0 <= value <= 1:  # type: ignore[operator]
            value = None
        return Finding(
            value=value,
            unit=unit,
            claim=claim,
            definition=definition,
            population=population or self.population,
            n=self.n if n is None else n,
            window=window or self.window,
            source=self.source,
            reason=why if value is None else "",
            leading=leading,
        )


def until(settings: Settings) -> date:
    """The day from which events are left out: visits after the last sale count unless the user looks at a day."""
    return settings.as_of or date.max


def over(numerator: float | int | Decimal | None, denominator: float | int | Decimal | None) -> float | None:
    """A quotient; None where it has no meaning: an unknown part, or a denominator that is not positive."""
    if numerator is None or denominator is None or denominator <= 0:
        return None
    return float(Decimal(numerator) / Decimal(denominator))


def noun(count: int | float | Decimal | None, one: str, many: str = "") -> str:
    """The noun that fits a count: order, orders."""
    return one if count == 1 else many or f"{one}s"


def small(count: int) -> str:
    """A count of up to twelve in words, for claims, which hold no digit."""
    return SMALL[count]


def only_row(table: pa.Table) -> Mapping[str, object]:
    """The single row of a query that reduces everything, as a mapping; decimals stay exact."""
    return table.to_pylist()[0]


def frame(table: pa.Table) -> pd.DataFrame:
    """A small table for pages and figures: decimals become the nearest float, text and dates stay objects."""
    columns: dict[str, object] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_decimal(column.type):
            columns[name] = pd.Series([None if v is None else float(v) for v in column.to_pylist()], dtype="float64")
        elif pa.types.is_string(column.type) or pa.types.is_date(column.type):
            columns[name] = pd.Series(column.to_pylist(), dtype="object")
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)
