"""What the first seven analyses say, on shops of every shape: full sentences, true nouns, titles that fit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from analysis.finding import PLACE
from analysis.run import Run, run
from dataset.tables import Account, Reason
from report.number import text

NAMES = ("quality", "kpis", "months", "kpi_tree", "funnel", "lifecycle", "mix")
TITLE = 105
EVENTS = [
    (c, k, f"2024-01-0{i + 1}")
    for c in "abx"
    for i, k in enumerate(("view", "cart", "purchase"))
    if (c, k) != ("x", "purchase")
]
ORDERS = [("o1", "a", "2024-01-01", "2024-01-03", "2024-01-09", None, "Complete")]
PRODUCTS = [("p1", "A product with quite a long name for a title", "Outerwear & Coats", 10), ("p2", "Pen", "Paper", 1)]
ACCOUNTS = (
    Account("lines.csv", 1234567, 1234000, (Reason("rejected", "no date", 500), Reason("excluded", "repeat", 67))),
)


def shapes(random_lines) -> dict[str, dict[str, Any]]:
    one = [("o1", "a", "2024-01-01", 10, "sale", "p1", 1, "FR")]
    big = random_lines(1).assign(amount=lambda f: f["amount"] * 1000)
    unpriced = random_lines(2).assign(amount=None)
    return {
        "big": {"lines": big, "events": EVENTS, "orders": ORDERS, "products": PRODUCTS, "accounts": ACCOUNTS},
        "one_order": {"lines": one, "products": PRODUCTS, "accounts": (Account("a", 1, 1),)},
        "one_month": {"lines": random_lines(3).query("ordered_at < '2023-02-06'"), "events": EVENTS[:3]},
        "no_money": {"lines": unpriced, "no_money": "no prices in the files", "products": PRODUCTS, "events": EVENTS},
        "nobody_known": {"lines": random_lines(4).assign(customer_id=None), "products": PRODUCTS},
        "falling": {
            "lines": [(f"o{i}", "a", f"2024-0{i}-01", 100 - 10 * i, "sale", "p1", 1, "FR") for i in range(1, 8)]
        },
        "negative": {"lines": [*one, ("c1", "a", "2023-12-31", -50, "refund", "p1", -1, "FR")], "products": PRODUCTS},
        "no_loss": {"lines": one, "events": [("a", k, "2024-01-01") for k in ("view", "cart", "purchase")]},
        "not_shipped": {"lines": one, "orders": [("o1", "a", "2024-01-01", None, None, None, "Processing")]},
    }


SHAPES = (
    "big",
    "one_order",
    "one_month",
    "no_money",
    "nobody_known",
    "falling",
    "negative",
    "no_loss",
    "not_shipped",
)


@pytest.fixture(params=SHAPES)
def said(request, shop, random_lines) -> tuple[Run, dict[str, str]]:
    """A run over one shape, and every claim of a known finding as it is read."""
    tables = shapes(random_lines)[request.param]
    dataset, settings = shop(**tables)
    done = run(NAMES, dataset, settings)

    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, f"{key} is cited, but unknown: {finding.reason}"
        return text(finding.value, finding.unit, settings, compact=True, signed="change" in key)

    known = {key: f for key, f in done.findings.items() if f.value is not None}
    return done, {
        key: PLACE.sub(lambda m, key=key: shown(key if m[1] == "value" else m[1]), f.claim) for key, f in known.items()
    }


def check_claims_are_sentences(said: dict[str, str]) -> None:
    for key, claim in said.items():
        assert claim.endswith(".") and ".." not in claim and "  " not in claim, (key, claim)
        assert claim[0].isupper() or not claim[0].isalpha(), (key, claim)


def check_one_is_singular(said: dict[str, str]) -> None:
    for key, claim in said.items():
        assert not re.search(
            r"(?<![\d.,−])1 (?:[a-z]+ )?(?:orders|customers|visitors|buyers|rows|products|units|lines)\b", claim
        ), (
            key,
            claim,
        )


def check_titles_fit(said: dict[str, str]) -> None:
    for key, claim in said.items():
        if key.endswith(".headline"):
            assert len(claim) <= TITLE, (len(claim), claim)


def check_what_is_unknown_says_why(done: Run) -> None:
    for key, finding in done.findings.items():
        assert finding.value is not None or not any(c.isdigit() for c in finding.reason), (key, finding.reason)


def test_claims(said):
    done, claims = said
    check_claims_are_sentences(claims)
    check_one_is_singular(claims)
    check_titles_fit(claims)
    check_what_is_unknown_says_why(done)
