"""How a value is printed: in the reader's locale for pages, in machine form for data elements and metrics.json."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_decimal_symbol,
)
from babel.units import format_unit

from analysis.finding import Unit
from dataset.settings import Settings

MISSING = "–"
MINUS = "−"  # as wide as the plus
COMPACT_FROM = 10_000
THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)
TWO_DIGITS = Context(prec=2, rounding=ROUND_HALF_UP)
LONG = Context(prec=60, rounding=ROUND_HALF_UP)
DIGITS = re.compile(r"0(?:\.[0#]+)?(?![#0,.])")
ENGLISH = {"K": "k", "M": "m", "B": "bn", "T": "tn"}


def text(value: Any, unit: Unit | str, settings: Settings, compact: bool = False, signed: bool = False) -> str:
    """The value as a reader sees it; an absent one (None, NaN, NaT) is a dash.

    unit: count | money | share | points (a difference of shares) | ratio | days | date | name. compact: three digits of
    money or of a large count, for slides, and short dates. signed: a ratio or share as a percent change with its sign,
    other numbers with a plus above nothing. Rounds once, half up.
    Raises ValueError for an infinite number.
    """
    if absent(value):
        return MISSING
    if isinstance(value, date):
        return format_date(value, "medium" if compact else "long", _locale(settings.locale))
    if unit in ("name", "date") or isinstance(value, str):
        return str(value)
    return _written(str(decimal(value)), unit, settings, compact, signed)


def raw(value: Any) -> str:
    """The value in machine form: plain decimals, ISO dates, text as it is; empty when absent."""
    if absent(value):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    number = decimal(value)
    return format(number if number else abs(number), "f")


def absent(value: Any) -> bool:
    """True for None, NaN, NaT and pandas' NA: none of them equals itself."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | Decimal) and math.isnan(value)


def decimal(value: Any) -> Decimal:
    """The number as written: a float by its shortest digits, so that 0.675 rounds as it reads."""
    value = value.item() if hasattr(value, "item") else value
    number = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else int(value))
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


@lru_cache(maxsize=1 << 15)  # the same numbers stand on paper, on the screen and in charts
def _written(number: str, unit: str, settings: Settings, compact: bool, signed: bool) -> str:
    with localcontext(LONG):
        return _number(Decimal(number), unit, settings, compact, signed).replace("-", MINUS)


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _number(number: Decimal, unit: str, settings: Settings, compact: bool, signed: bool) -> str:
    if signed and unit in ("ratio", "share"):
        return _change(number, settings)
    if unit in ("count", "money"):
        shown = (_count if unit == "count" else _money)(number, settings, compact)
        return f"+{shown}" if signed and number > 0 and re.search("[1-9]", shown) else shown
    if unit == "points":
        return _points(number, settings, signed)
    return {"share": _share, "ratio": _ratio, "days": _days}[unit](number, settings)


def rounded(number: Decimal, places: int) -> Decimal:
    """Half up to so many decimal places; zero has no sign."""
    short = number.quantize(Decimal(1).scaleb(-places), context=LONG)
    return short if short else abs(short)


def _count(number: Decimal, settings: Settings, compact: bool) -> str:
    if compact and abs(number) >= 1_000_000:
        return _shortened(number, settings, "")
    return format_decimal(rounded(number, 0), locale=_locale(settings.locale))


def _money(number: Decimal, settings: Settings, compact: bool) -> str:
    places = get_currency_precision(settings.currency) if settings.currency else 2
    if compact and abs(number) >= 100:
        if abs(number) >= COMPACT_FROM:
            return _shortened(number, settings, settings.currency)
        places = 0
    return _amount(rounded(number, places), settings, settings.currency)


def _amount(number: Decimal, settings: Settings, currency: str) -> str:
    """A rounded amount with its own number of decimals, as the locale writes money (or a plain number)."""
    places = max(0, -int(number.as_tuple().exponent))
    if not currency:
        return _plain(number, settings)
    pattern = _locale(settings.locale).currency_formats["standard"].pattern
    return format_currency(
        number, currency, _fixed(pattern, places), locale=_locale(settings.locale), currency_digits=False
    )


def _shortened(number: Decimal, settings: Settings, currency: str) -> str:
    """Three significant digits with the locale's word for thousand or million; in full where it has none."""
    short = THREE_DIGITS.create_decimal(number)
    if currency:
        shown = format_compact_currency(short, currency, locale=_locale(settings.locale), fraction_digits=2)
    else:
        shown = format_compact_decimal(short, locale=_locale(settings.locale), fraction_digits=2)
    whole = rounded(short, 0)
    if re.sub(r"\D", "", shown) == str(abs(whole)):
        return _amount(whole, settings, currency)
    shown = _three_digits(shown, get_decimal_symbol(_locale(settings.locale)))
    if settings.locale.startswith("en") and not settings.locale.endswith("US"):
        shown = re.sub(r"(?<=\d)[KMBT](?!\w)", lambda found: ENGLISH[found[0]], shown)
    return shown


def _three_digits(shown: str, point: str) -> str:
    """A shortened number with the zeros that babel leaves out: 1m -> 1.00m."""

    def filled(found: re.Match[str]) -> str:
        whole, tail = found[1], found[2] or ""
        places = max(3 - len(whole), 0)
        return f"{whole}{point}{tail.ljust(places, '0')}" if places else whole

    return re.sub(rf"(\d+)(?:{re.escape(point)}(\d+))?", filled, shown, count=1)


def _share(number: Decimal, settings: Settings) -> str:
    """Percent with one decimal, two below one percent; what is not quite none or all never prints as it."""
    percent = number * 100
    if percent in (0, 100):
        return _percent(number, 0, settings)
    if abs(percent) < Decimal("0.1"):
        return ("<" if percent > 0 else ">") + _percent(Decimal("0.001").copy_sign(percent), 1, settings)
    if Decimal("99.9") < percent < 100 and rounded(percent, 1) == 100:
        return ">" + _percent(Decimal("0.999"), 1, settings)
    return _percent(number, 2 if abs(rounded(percent, 2)) < 1 else 1, settings)


def _change(number: Decimal, settings: Settings) -> str:
    places = 1 if abs(number) < 10 else 0
    shown = _percent(number, places, settings)
    return f"+{shown}" if rounded(number, places + 2) > 0 else shown


def _points(number: Decimal, settings: Settings, signed: bool) -> str:
    """Percentage points with one decimal, two below one."""
    points = number * 100
    short = rounded(points, 2 if abs(rounded(points, 2)) < 1 else 1)
    return f"{'+' if signed and short > 0 else ''}{_plain(short, settings)} points"


def _percent(number: Decimal, places: int, settings: Settings) -> str:
    pattern = _fixed(_locale(settings.locale).percent_formats[None].pattern, places)
    return format_percent(rounded(number, places + 2), format=pattern, locale=_locale(settings.locale))


def _ratio(number: Decimal, settings: Settings) -> str:
    """Two decimals; a small one keeps two digits rather than print as nothing."""
    if number and not rounded(number, 2):
        return _plain(TWO_DIGITS.create_decimal(number), settings)
    return _plain(rounded(number, 2), settings)


def _days(number: Decimal, settings: Settings) -> str:
    places = 0 if abs(number) >= 100 else 1
    short = rounded(number, places)
    if number and not short:
        return "<" + _in_days(Decimal("0.1"), settings)
    return _in_days(int(short) if number == int(number) or not places else short, settings)


def _in_days(number: Decimal | int, settings: Settings) -> str:
    """With the locale's word for days; the SI sign where it has none."""
    places = 0 if isinstance(number, int) else 1
    pattern = _fixed(_locale(settings.locale).decimal_formats[None].pattern, places)
    for length in ("long", "short", "narrow"):
        shown = format_unit(number, "duration-day", length, pattern, locale=_locale(settings.locale))
        if "duration-day" not in shown:
            return shown
    return format_decimal(number, locale=_locale(settings.locale)) + " d"


def _plain(number: Decimal, settings: Settings) -> str:
    """A rounded number in the locale's form, with its own number of decimals."""
    places = max(0, -int(number.as_tuple().exponent))
    pattern = _fixed(_locale(settings.locale).decimal_formats[None].pattern, places)
    return format_decimal(number, format=pattern, locale=_locale(settings.locale))


def _fixed(pattern: str, places: int) -> str:
    """A locale's number pattern with exactly so many decimals."""
    return DIGITS.sub("0" + ("." + "0" * places if places else ""), pattern, count=1)
