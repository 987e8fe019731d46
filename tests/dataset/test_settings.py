"""What is said of settings that cannot be: each by its key, the value and what is allowed."""

# ruff: noqa: E501

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from dataset.errors import DataError, existing, shown
from dataset.settings import ZONES, Settings, load


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'titel = "x"',
            "unknown setting titel. known: title, organisation, currency, zone, locale, as_of, calibration_end, accent, logo, include_customers, seed, minimum_support, cross_sell_response, up_sell_response, budget, margin, playbook",
        ),
        ("title = ", "cannot be read as TOML: Invalid value (at end of document)"),
        ("title = 5", "title = 5: must be text in quotes"),
        ('currency = "Euro"', "currency = 'Euro': not an ISO 4217 code such as EUR, USD, GBP"),
        ('zone = "Mars/Base"', "zone = 'Mars/Base': not an IANA time zone such as Europe/Berlin"),
        ('zone = "Europe"', "zone = 'Europe': not an IANA time zone such as Europe/Berlin"),
        ('locale = "xx_YY"', "locale = 'xx_YY': not a known locale such as en_GB or de_DE"),
        ('accent = "blue"', "accent = 'blue': must be a colour such as #0b57a4"),
        ('as_of = "2024-12-31"', "as_of = '2024-12-31': must be a date, written 2024-12-31 without quotes"),
        ("as_of = 2024-12-31T10:00:00", "must be a date, written 2024-12-31 without quotes"),
        (
            'calibration_end = "1997-09-30"',
            "calibration_end = '1997-09-30': must be a date, written 2024-12-31 without quotes",
        ),
        ("calibration_end = 1997", "calibration_end = 1997: must be a date, written 2024-12-31 without quotes"),
        ("include_customers = 1", "include_customers = 1: must be true or false"),
        ('seed = "7"', "seed = '7': must be a whole number from 0, below 2^32"),
        ("seed = -1", "seed = -1: must be a whole number from 0, below 2^32"),
        ("seed = 4294967296", "must be a whole number from 0, below 2^32"),
        ("minimum_support = 0", "minimum_support = 0: must be a share above 0, at most 1"),
        ("cross_sell_response = 1.5", "cross_sell_response = 1.5: must be a share above 0, at most 1"),
        ('up_sell_response = "high"', "up_sell_response = 'high': must be a share above 0, at most 1"),
        ("margin = true", "margin = True: must be a share above 0, at most 1"),
        ("margin = 1e-320", "margin = 1e-320: is too small: the least is 0.000000001"),
        ("budget = 1e-300", "budget = 1e-300: is too small: the least is 0.01"),
        ('title = "a\\u0007"', "title = 'a\\x07': must be one line of text, without control characters"),
        ('organisation = "a\\nb"', "must be one line of text, without control characters"),
        ("budget = -5", "budget = -5: must be an amount of money above 0, at most 1,000,000,000,000,000"),
        ("budget = inf", "must be an amount of money above 0, at most 1,000,000,000,000,000"),
        ("budget = " + "9" * 400, "…: must be an amount of money above 0, at most 1,000,000,000,000,000"),
        ("budget = " + "9" * 5000, "…"),
        ("title = " + "[" * 20000, "cannot be read as TOML: nested too deep"),
        ('playbook = "' + "x" * 5000 + '"', "…: must be an existing file"),
        ('logo = "' + "x" * 5000 + '.svg"', "…: must be an existing file ending in .svg, .png, .jpg, .jpeg"),
        ('playbook = "gone.toml"', "must be an existing file"),
        ('logo = "gone.svg"', "logo = 'gone.svg': must be an existing file ending in .svg, .png, .jpg, .jpeg"),
    ],
)
def test_wrong_settings(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "report.toml"
    path.write_text(text)
    with pytest.raises(DataError) as wrong:
        load(path)
    assert str(wrong.value).startswith("E_CONFIG report.toml: ")
    assert str(wrong.value).endswith(expected)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as wrong:
        load(tmp_path / "report.toml")
    assert str(wrong.value) == "E_CONFIG report.toml: there is no such settings file"


def test_what_the_user_says_stays(tmp_path: Path) -> None:
    """The command line over the file, the file over the data, the data over the defaults."""
    (tmp_path / "mark.svg").write_text("<svg/>")
    path = tmp_path / "report.toml"
    path.write_text(
        'title = "Ours"\nzone = "Europe/Berlin"\nas_of = 2024-06-30\ncalibration_end = 2023-12-31\nlogo = "mark.svg"\n'
    )
    found = load(path, title="Mine", currency=None).complete(date(2024, 12, 31), "EUR", "UTC", "")
    assert found == Settings(
        title="Mine",
        zone="Europe/Berlin",
        currency="EUR",
        as_of=date(2024, 6, 30),
        calibration_end=date(2023, 12, 31),
        snapshot=date(2024, 6, 30),
        logo=tmp_path / "mark.svg",
    )


def test_the_engine_knows_every_zone() -> None:
    """A zone that passes the check never fails in a query."""
    known = {name.lower() for (name,) in duckdb.sql("select name from pg_timezone_names()").fetchall()}
    assert not {zone for zone in ZONES if zone.lower() not in known}
    assert ZoneInfo("Europe/Berlin")


def test_names_from_data_are_safe_in_a_line() -> None:
    assert shown("a\nb\x1b[31mc\u202ed") == "a b [31mc d"
    assert shown("x" * 500) == "x" * 119 + "…"
    assert existing("Pric", ["Price", "Date"]) == "There is: Price, Date. Is Price meant?"
    assert existing("zzz", []) == "There is: nothing"
    assert existing("zzz", [str(i) for i in range(25)]).endswith("19 and 5 more")
