"""Small random shops of any shape: every analysis computes or says why not, and every claim can be filled."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from analysis.finding import PLACE
from analysis.plan import analyses
from analysis.run import run

PLAIN = (int, float, Decimal, date, str)


def lines_of(rng: np.random.Generator, money: str) -> list[tuple[Any, ...]]:
    """Up to forty lines with gaps everywhere: a day or a year, unknown customers and countries, some or no amounts."""
    customers, days = int(rng.integers(1, 15)), int(rng.choice([1, 30, 500]))
    found = []
    for _ in range(rng.integers(1, 41)):
        kind = str(rng.choice(["sale", "refund", "returned", "cancelled"], p=[0.7, 0.15, 0.1, 0.05]))
        amount = Decimal(int(rng.integers(0, 5000))) / 100 * (-1 if kind == "refund" else 1)
        unknown = money == "none" or (money == "some" and rng.random() < 0.4)
        found.append(
            (
                f"o{rng.integers(0, 20)}",
                None if rng.random() < 0.1 else f"c{rng.integers(0, customers)}",
                str(date(2024, 1, 1) + timedelta(days=int(rng.integers(0, days)))),
                None if unknown else str(amount),
                kind,
                f"p{rng.integers(0, 9)}",
                int(rng.integers(1, 4)),
                None if rng.random() < 0.3 else "United Kingdom",
            )
        )
    return found


def events_of(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    kinds = [str(k) for k in rng.choice(["view", "cart", "purchase"], 20)]
    return [
        (f"c{rng.integers(0, 20)}", k, str(date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 300))))) for k in kinds
    ]


@pytest.mark.parametrize("money", ["all", "some", "none"])
@pytest.mark.parametrize("seed", range(15))
def test_every_analysis_speaks_or_says_why_not(shop, seed, money):
    rng = np.random.default_rng(seed)
    tables = {"events": events_of(rng)} if seed % 2 else {}
    without = "no prices in the files" if money == "none" else ""
    done = run(analyses(), *shop(lines_of(rng, money), **tables, settings={"no_money": without}, no_money=without))
    assert set(done.results) | set(done.skipped) == set(analyses())
    assert all(done.skipped.values())
    known = {key for key, finding in done.findings.items() if finding.value is not None}
    for key in known:
        assert isinstance(done.findings[key].value, PLAIN), key
        assert set(PLACE.findall(done.findings[key].claim)) <= known | {"value"}, key
