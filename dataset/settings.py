"""What a user may say about a report without touching code: report.toml and the command line."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from dataset.errors import DataError, shown

ZONES = available_timezones() - {"localtime", "Factory", "posixrules"}  # those the engine knows too
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
NOT_IN_THE_FILE = ("assign", "previous", "engine", "snapshot", "no_money")
LEAST_SHARE, LEAST_MONEY, MOST_MONEY = 1e-9, 0.01, 10**15
LOGO_TYPES = (".svg", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Settings:
    """One report's settings; `snapshot`, `currency`, `zone` and `no_money` are completed from the data.

    snapshot: the day the customers are looked at, exclusive end of the window (last sale + 1 day, or `as_of`).
    calibration_end: the last day the lifetime model is fitted on when it is tried on the days after; None: by rule.
    currency: ISO 4217 code, or "" when neither the data nor the user names one.
    assign: the release whose clusters customers are put into; None: clusters of this data.
    previous: the release this one is compared with; None: nothing to compare with.
    playbook: the file that says what to do with each segment; None: the house's own.
    minimum_support: the least share of orders that a pair of products is looked for in.
    cross_sell_response, up_sell_response: assumed share of the customers offered a product who buy it.
    budget: what may be spent on the actions, in the report's currency; None: no budget is split. margin: assumed share
    of revenue that remains after the goods are paid.
    engine: where the reductions run, as --engine says ("": CUSTOMER_DECK_ENGINE, or DuckDB); never with a password.
    no_money: why amounts are unknown ("no prices in ..."), "" when they are known.
    """

    title: str = "Customer report"
    organisation: str = ""
    currency: str = ""
    zone: str = ""
    locale: str = "en_GB"
    as_of: date | None = None
    calibration_end: date | None = None
    accent: str = "#0b57a4"
    logo: Path | None = None
    include_customers: bool = False
    seed: int = 20240229
    minimum_support: float = 0.01
    cross_sell_response: float = 0.03
    up_sell_response: float = 0.03
    budget: float | None = None
    margin: float = 0.3
    playbook: Path | None = None
    assign: Path | None = None
    previous: Path | None = None
    engine: str = ""
    snapshot: date = date.min
    no_money: str = ""

    def complete(self, snapshot: date, currency: str, zone: str, no_money: str) -> Settings:
        """The settings with what the data told; what the user said stays."""
        return replace(
            self,
            snapshot=self.as_of or snapshot,
            currency=self.currency or currency,
            zone=self.zone or zone,
            no_money=no_money,
        )


USER_KEYS = tuple(f.name for f in fields(Settings) if f.name not in NOT_IN_THE_FILE)


def load(path: Path | None, **overrides: object) -> Settings:
    """Read report.toml (none: the defaults), then apply what the command line says.

    Raises DataError E_CONFIG that names the key and what is allowed.
    """
    found: dict[str, object] = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError("E_CONFIG", "there is no such settings file", file=path) from None
        except (OSError, ValueError, RecursionError) as reason:
            why = "nested too deep" if isinstance(reason, RecursionError) else shown(reason)
            raise DataError("E_CONFIG", f"cannot be read as TOML: {why}", file=path) from None
        unknown = sorted(set(found) - set(USER_KEYS))
        if unknown:
            raise DataError(
                "E_CONFIG", f"unknown setting {', '.join(unknown)}", file=path, hint=f"known: {', '.join(USER_KEYS)}"
            )
    found |= {key: value for key, value in overrides.items() if value is not None}
    return _checked(found, path)


def _checked(found: dict[str, object], path: Path | None) -> Settings:
    def refuse(key: str, why: str) -> DataError:
        return DataError("E_CONFIG", f"{key} = {shown(repr(found[key]), 80)}: {why}", file=path)

    for key, kind in {
        "title": str,
        "organisation": str,
        "currency": str,
        "zone": str,
        "locale": str,
        "accent": str,
    }.items():
        if key in found and not isinstance(found[key], kind):
            raise refuse(key, "must be text in quotes")
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in str(found.get(key, ""))):
            raise refuse(key, "must be one line of text, without control characters")
    if found.get("currency") and found["currency"] not in list_currencies():
        raise refuse("currency", "not an ISO 4217 code such as EUR, USD, GBP")
    if (zone := found.get("zone")) and zone not in ZONES:
        raise refuse("zone", "not an IANA time zone such as Europe/Berlin")
    if "locale" in found:
        try:
            Locale.parse(str(found["locale"]))
        except (UnknownLocaleError, ValueError):
            raise refuse("locale", "not a known locale such as en_GB or de_DE") from None
    if "accent" in found and not COLOUR.fullmatch(str(found["accent"])):
        raise refuse("accent", "must be a colour such as #0b57a4")
    for key in ("as_of", "calibration_end"):
        if key in found and type(found[key]) is not date:
            raise refuse(key, "must be a date, written 2024-12-31 without quotes")
    if "include_customers" in found and not isinstance(found["include_customers"], bool):
        raise refuse("include_customers", "must be true or false")
    if "seed" in found and not (type(found["seed"]) is int and 0 <= found["seed"] < 2**32):
        raise refuse("seed", "must be a whole number from 0, below 2^32")
    for key in ("minimum_support", "cross_sell_response", "up_sell_response", "margin"):
        if key in found and not (type(found[key]) in (int, float) and 0 < found[key] <= 1):  # type: ignore[operator]
            raise refuse(key, "must be a share above 0, at most 1")
        if key in found and found[key] < LEAST_SHARE:  # type: ignore[operator]
            raise refuse(key, f"is too small: the least is {LEAST_SHARE:.9f}")
    if "budget" in found and not (type(found["budget"]) in (int, float) and 0 < found["budget"] <= MOST_MONEY):  # type: ignore[operator]
        raise refuse("budget", f"must be an amount of money above 0, at most {MOST_MONEY:,}")
    if found.get("budget", LEAST_MONEY) < LEAST_MONEY:  # type: ignore[operator]
        raise refuse("budget", f"is too small: the least is {LEAST_MONEY}")
    if "playbook" in found:
        found["playbook"] = _beside(found["playbook"], path)
        if not os.path.isfile(found["playbook"]):  # type: ignore[arg-type]
            raise refuse("playbook", "must be an existing file")
    if "logo" in found:
        logo = _beside(found["logo"], path)
        if logo.suffix.lower() not in LOGO_TYPES or not os.path.isfile(logo):
            raise refuse("logo", f"must be an existing file ending in {', '.join(LOGO_TYPES)}")
        found["logo"] = logo
    return Settings(**found)  # type: ignore[arg-type]


def _beside(name: object, path: Path | None) -> Path:
    """A file named in report.toml, which lies beside it unless its path is absolute."""
    named = Path(str(name))
    return named if path is None or named.is_absolute() else path.parent / named
