from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dataset.settings import Settings
from report.number import raw, text

POUNDS = Settings(currency="GBP")
NAMELESS = Settings()
GERMAN = Settings(currency="EUR", locale="de_DE")
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "unit", "options", "said"),
    [
        (1407580, "count", {}, "1,407,580"),
        (1407580, "count", {"compact": True}, "1.41m"),
        (11719, "count", {"compact": True}, "11,719"),
        (-2.5, "count", {}, "−3"),
        (np.int64(3), "count", {}, "3"),
        (Decimal("9747747.925"), "money", {}, "£9,747,747.93"),
        (Decimal("9772000"), "money", {"compact": True}, "£9.77m"),
        (Decimal("999999.99"), "money", {"compact": True}, "£1.00m"),
        (41_000, "money", {"compact": True}, "£41.0k"),
        (-897_000, "money", {"compact": True}, "−£897k"),
        (412_345, "money", {"compact": True}, "£412k"),
        (4321.5, "money", {"compact": True}, "£4,322"),
        (24.365, "money", {"compact": True}, "£24.37"),
        (Decimal("-0.004"), "money", {}, "£0.00"),
        (Decimal("-12.5"), "money", {}, "−£12.50"),
        (0.675, "share", {}, "67.5%"),
        (0.0083, "share", {}, "0.83%"),
        (0.0425, "share", {}, "4.3%"),
        (0.0004, "share", {}, "<0.1%"),
        (0.00999, "share", {}, "1.0%"),
        (0, "share", {}, "0%"),
        (1, "share", {}, "100%"),
        (0.99999, "share", {}, ">99.9%"),
        (0.9991, "share", {}, "99.9%"),
        (2.675, "ratio", {}, "2.68"),
        (0.0042, "ratio", {}, "0.0042"),
        (0, "ratio", {}, "0.00"),
        (0.1234, "ratio", {"signed": True}, "+12.3%"),
        (-0.04, "ratio", {"signed": True}, "−4.0%"),
        (-0.0001, "ratio", {"signed": True}, "0.0%"),
        (12.3, "ratio", {"signed": True}, "+1,230%"),
        (4.2, "days", {}, "4.2 days"),
        (1, "days", {}, "1 day"),
        (1.04, "days", {}, "1.0 days"),
        (0.01, "days", {}, "<0.1 days"),
        (0, "days", {}, "0 days"),
        (163.4, "days", {}, "163 days"),
        (date(2024, 12, 3), "date", {}, "3 December 2024"),
        (date(2024, 12, 3), "date", {"compact": True}, "3 Dec 2024"),
        ("WHITE HANGING T-LIGHT", "name", {}, "WHITE HANGING T-LIGHT"),
        (None, "money", {}, "–"),
        (float("nan"), "share", {}, "–"),
        (pd.NaT, "date", {}, "–"),
    ],
)
def test_text_in_english(value: object, unit: str, options: dict[str, bool], said: str) -> None:
    assert text(value, unit, POUNDS, **options) == said


@pytest.mark.parametrize(
    ("value", "unit", "options", "said"),
    [
        (9772000, "money", {"compact": True}, f"9,77{NBSP}Mio.{NBSP}€"),
        (412_345, "money", {"compact": True}, f"412.000{NBSP}€"),
        (8_000_000, "money", {"compact": True}, f"8,00{NBSP}Mio.{NBSP}€"),
        (0.675, "share", {}, f"67,5{NBSP}%"),
        (-0.04, "ratio", {"signed": True}, f"−4,0{NBSP}%"),
        (4.2, "days", {}, "4,2 Tage"),
        (date(2024, 12, 3), "date", {}, "3. Dezember 2024"),
    ],
)
def test_text_in_german(value: object, unit: str, options: dict[str, bool], said: str) -> None:
    assert text(value, unit, GERMAN, **options) == said


def test_points_are_differences_of_shares() -> None:
    said = [text(v, "points", Settings(), signed=s) for v, s in ((0.0553, True), (-0.1, True), (0.004, False))]
    assert said == ["+5.5 points", "−10.0 points", "0.40 points"]


def test_money_of_no_known_currency_is_a_plain_number() -> None:
    assert text(Decimal("-1234.5"), "money", NAMELESS) == "−1,234.50"
    assert text(9_772_000, "money", NAMELESS, compact=True) == "9.77m"


def test_a_currency_keeps_its_own_decimals() -> None:
    assert text(1234.5, "money", Settings(currency="JPY", locale="ja_JP")) == "¥1,235".replace("¥", "￥")


@pytest.mark.parametrize("locale", ["en_US", "fr_FR", "sv_SE", "tr_TR", "ja_JP", "hi_IN", "ar_EG", "de_CH"])
def test_every_unit_prints_in_every_locale(locale: str) -> None:
    settings = Settings(currency="EUR", locale=locale)
    for unit in ("count", "money", "share", "ratio", "days"):
        for compact in (False, True):
            said = text(0.5, unit, settings, compact=compact)
            assert "duration" not in said and any(c.isdigit() for c in said)


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        text(float("inf"), "ratio", POUNDS)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.00"), "0.00"),
        (Decimal("280206.02"), "280206.02"),
        (1e-7, "0.0000001"),
        (np.float64(0.675), "0.675"),
        (7, "7"),
        (date(2011, 12, 10), "2011-12-10"),
        (datetime(2011, 12, 10), "2011-12-10"),
        ("007", "007"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_raw(value: object, form: str) -> None:
    assert raw(value) == form
