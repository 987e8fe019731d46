"""The budget: solved by hand from raw orders, exact to the cent, the same in other units, honest when nothing pays."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import experiment
from analysis.budget import BY_RETURN, BY_SHARES, EVERYBODY, NOTHING, Budget
from analysis.finding import PLACE, Skip
from analysis.run import Run, run
from report.figure import SLOTS, Style, finished
from report.figures.budget import FIGURES
from report.number import text
from tests.analysis.test_playbook import SMALL

D = Decimal
MODELS = ("clusters", "clv_check", "clv", "spend_90d", "churn", "propensity", "value_at_risk")


@pytest.fixture(autouse=True)
def with_draw(monkeypatch):
    """Without any model or draw: the budget rests on orders and on what is assumed."""

    def refused() -> Any:
        raise Skip("not asked for")

    for name in MODELS:
        monkeypatch.setattr(f"analysis.{name}.compute", refused)
    drawn = experiment.compute
    monkeypatch.setattr("analysis.experiment.compute", refused)
    return lambda: monkeypatch.setattr("analysis.experiment.compute", drawn)


def shop_lines() -> pd.DataFrame:
    """Ten customers with two orders of 100.00 each, twenty with one of 30.00, two days apart."""
    rows = [(f"a{i}-{k}", f"a{i:02}", f"2024-01-{k + 1:02}", 100) for i in range(10) for k in range(2)]
    rows += [(f"b{i}", f"b{i:02}", "2024-01-03", 30) for i in range(20)]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


# Of the ten, eight are contacted: one order leaves 100 x 0.4 = 40; at 2 % that is 0.80 a contact, low 0.40, high 1.60.
# Of the twenty, fifteen: one order leaves 12; at 5 % that is 0.60, at low 0.12, at high 1.20.
BOOK = (
    SMALL.replace("segment = 'VIP'", "orders = 2")
    .replace("segment <> 'VIP'", "orders = 1")
    .replace("cost = 1.50", "cost = 0.50")
    .replace("cost = 0\n", "cost = 0.25\n")
    .replace("{ low = 0, expected = 0, high = 0.01 }", "{ low = 0.01, expected = 0.05, high = 0.1 }")
    .replace(
        "control_share = 0.2\nresponse = { low = 0.01, expected = 0.05",
        "control_share = 0.25\nresponse = { low = 0.01, expected = 0.05",
    )
)


def ran(shop, tmp_path: Path, lines: Any = None, book: str = BOOK, **settings: Any) -> tuple[Run, Any]:
    path = tmp_path / "book.toml"
    path.write_text(book, encoding="utf-8")
    lines = shop_lines() if lines is None else lines
    dataset, made = shop(
        lines, settings={"playbook": path, "margin": 0.4, **settings}, no_money=settings.get("no_money", "")
    )
    return run(("budget",), dataset, made), made


@pytest.fixture
def budget(shop, tmp_path):
    return lambda *a, **k: ran(shop, tmp_path, *a, **k)[0].results["budget"]


def value(made: Budget, name: str) -> Any:
    return made.findings[name].value


def test_without_a_sum_everybody_is_contacted_whom_it_pays_to_contact(budget):
    """best: 8 x 0.80 - 8 x 0.50 = 2.40; rest: 15 x 0.60 - 15 x 0.25 = 5.25."""
    made = budget()
    assert (value(made, "best_contacts"), value(made, "rest_contacts"), value(made, "contacts")) == (8, 15, 23)
    assert value(made, "spend") == D("7.75") and value(made, "margin_added") == D("15.4")
    assert (value(made, "best_net"), value(made, "rest_net"), value(made, "net")) == (D("2.4"), D("5.25"), D("7.65"))
    assert (value(made, "net_low"), value(made, "net_high")) == (D("-2.75"), D("23.05"))
    assert made.findings["net"].interval == (-2.75, 23.05)
    assert float(value(made, "roi")) == pytest.approx(7.65 / 7.75)
    assert float(value(made, "best_break_even")) == 0.5 / 40 and float(value(made, "rest_break_even")) == 0.25 / 12
    assert not made.given and "unspent" not in made.findings


def test_a_given_sum_is_split_best_return_first(budget):
    """rest adds 2.40 for each 1.00, best 1.60: 3.75 for all of rest, 2.25 left for four of best; 0.25 stays."""
    made = budget(budget=6.0)
    assert (value(made, "rest_contacts"), value(made, "best_contacts")) == (15, 4)
    assert (value(made, "rest_spend"), value(made, "best_spend"), value(made, "unspent")) == (
        D("3.75"),
        D("2"),
        D("0.25"),
    )
    assert value(made, "net") == D("5.25") + D("1.2")
    assert "too little" in made.findings["unspent"].claim and made.given


def test_by_the_playbooks_shares_the_same_sum_returns_less(budget):
    """0.75 x 6 = 4.50, capped at the eight of best (4.00); 0.25 x 6 = 1.50: six of rest. 8 x 0.30 + 6 x 0.35."""
    made = budget(budget=6.0)
    assert value(made, "net_by_shares") == D("4.5") and value(made, "difference") == D("6.45") - D("4.5")
    options = made.options.frame.set_index("option")
    assert list(options.index) == [BY_RETURN, BY_SHARES, EVERYBODY, NOTHING]
    assert list(options["net_expected"]) == [6.45, 4.5, 7.65, 0.0] and list(options["spend"]) == [5.75, 5.5, 7.75, 0.0]


@pytest.mark.parametrize("cents", [1, 24, 25, 49, 333, 575, 600, 774, 775, 776, 123_457])
def test_not_a_cent_is_lost(budget, cents):
    made = budget(budget=cents / 100)
    spent = sum((value(made, f"{key}_spend") for key in ("best", "rest")), D(0))
    assert spent == value(made, "spend") and spent + value(made, "unspent") == D(cents) / 100
    assert spent <= D("7.75") and value(made, "unspent") >= 0
    net = sum((value(made, f"{key}_net") for key in ("best", "rest")), D(0))
    assert net == value(made, "net") == value(made, "margin_added") - spent


def test_an_action_that_loses_gets_nothing_and_it_says_so(budget):
    dear = BOOK.replace("cost = 0.50", "cost = 0.90")
    made = budget(book=dear)
    assert (value(made, "best_contacts"), value(made, "best_spend"), value(made, "best_net")) == (0, 0, 0)
    assert value(made, "idle") == 1 and made.findings["idle"].claim.startswith("One action costs more")
    row = made.split.frame.set_index("key").loc["best"]
    assert row["if_all"] == pytest.approx(8 * (0.8 - 0.9)) and not np.signbit(row["net"])
    rich = budget(book=dear, budget=1000.0)
    assert value(rich, "spend") == D("3.75") and "nobody is left" in rich.findings["unspent"].claim


def test_when_nothing_pays_nobody_is_contacted(budget):
    made = budget(margin=0.01)
    assert (
        value(made, "headline") == 0 == value(made, "contacts") and "no action pays" in made.findings["headline"].claim
    )
    assert value(made, "roi") is None and made.findings["roi"].reason == "nothing is spent"
    assert FIGURES[0].draw(made, Style(None, SLOTS["slide"])) is None  # type: ignore[arg-type]
    small = budget(budget=0.1)
    assert value(small, "headline") == 0 and "not pay for a single contact" in small.findings["headline"].claim


def test_what_an_order_cannot_pay_has_no_break_even(budget):
    made = budget(book=BOOK.replace("cost = 0.50", "cost = 41"))
    assert value(made, "best_break_even") is None and "not even" in made.findings["best_break_even"].reason


def test_return_is_net_of_cost_over_ninety_days(budget):
    """The sources' mistake: a return that forgets the cost, and a lifetime's revenue as one year's."""
    made = budget()
    gross = float(value(made, "margin_added") / value(made, "spend"))
    assert float(value(made, "roi")) == pytest.approx(gross - 1)
    assert (
        "ninety days" in made.findings["net"].definition
        and "lifetime is not counted" in made.findings["net"].definition
    )
    first, last = made.findings["net"].window
    assert (last - first).days == 89


def test_everything_that_is_assumed_says_so(budget):
    made = budget(budget=6.0)
    assert {finding.kind for finding in made.findings.values()} == {"assumed"}
    for name in ("headline", "net", "margin_added", "roi", "best_net", "difference"):
        low, high = made.findings[name].interval
        assert low <= float(value(made, name)) <= high and low < high, name


def test_who_is_contacted_is_who_was_drawn(shop, tmp_path, with_draw):
    """As many as the experiment treats: its arms, not the share of them."""
    with_draw()
    done, _ = ran(shop, tmp_path)
    frame, made = done.results["experiment"].frame, done.results["budget"]
    for key in ("best", "rest"):
        treated = int(((frame["action"] == key) & (frame["arm"] == "treatment")).sum())
        assert value(made, f"{key}_contacts") == treated > 0
    assert value(made, "spend") == sum(
        value(made, f"{key}_contacts") * cost for key, cost in (("best", D("0.5")), ("rest", D("0.25")))
    )


def numbers(made: Budget) -> dict[str, Any]:
    return {key: found.value for key, found in made.findings.items()}


def test_order_of_rows_and_names_of_customers_do_not_matter(budget):
    lines = shop_lines()
    plain = numbers(budget(lines, budget=6.0))
    assert numbers(budget(lines.sample(frac=1, random_state=1), budget=6.0)) == plain
    assert numbers(budget(lines.assign(customer_id="z" + lines["customer_id"].str[::-1]), budget=6.0)) == plain


def test_the_order_of_actions_in_the_file_does_not_matter(budget):
    head, first, second = BOOK.split("[[action]]")
    turned = f"{head}[[action]]{second}\n[[action]]{first}"
    assert numbers(budget(book=turned, budget=6.0)) == numbers(budget(budget=6.0))


def test_in_a_thousandth_of_the_unit_all_is_a_thousand_times(budget):
    lines = shop_lines()
    dear = BOOK.replace("cost = 0.50", "cost = 500").replace("cost = 0.25", "cost = 250")
    plain, many = budget(lines, budget=6.0), budget(lines.assign(amount=lines["amount"] * 1000), dear, budget=6000.0)
    for key, found in plain.findings.items():
        times = 1000 if found.unit == "money" else 1
        assert many.findings[key].value == found.value * times, key


def test_twice_the_customers_twice_the_return(budget):
    lines = shop_lines()
    twin = lines.assign(customer_id="t" + lines["customer_id"], order_id="t" + lines["order_id"])
    plain, twice = budget(lines), budget(pd.concat([lines, twin]))
    assert value(twice, "net") == 2 * value(plain, "net") and value(twice, "roi") == value(plain, "roi")


def test_without_money_there_is_no_budget(shop, tmp_path):
    done, _ = ran(shop, tmp_path, shop_lines().assign(amount=None), no_money="no prices")
    assert done.skipped["budget"] == "no prices"
    done, _ = ran(
        shop, tmp_path, book=BOOK.replace("control_share = 0.2\n", "control_share = 1\n").replace("0.25\nres", "1\nres")
    )
    assert "control group" in done.skipped["budget"]


@pytest.mark.parametrize(
    "more", [{}, {"budget": 6.0}, {"budget": 0.1}, {"budget": 1e9}, {"margin": 0.01}, {"margin": 1.0}]
)
def test_claims_are_sentences_and_the_title_fits(shop, tmp_path, more):
    done, settings = ran(shop, tmp_path, **more)
    for key, finding in done.results["budget"].findings.items():
        if finding.value is None:
            assert finding.reason and not any(c.isdigit() for c in finding.reason), key
            continue
        said = {"value": finding} | {p: done.findings[p] for p in PLACE.findall(finding.claim) if p != "value"}
        claim = PLACE.sub(lambda m, s=said: text(s[m[1]].value, s[m[1]].unit, settings, compact=True), finding.claim)
        assert claim.endswith(".") and "  " not in claim and not re.search(r"(?<![\d.,])1 (people|actions)\b", claim), (
            claim
        )
        if key == "headline":
            assert len(claim) <= 105, claim


def test_the_figure_has_a_bar_an_action_with_its_cases(shop, tmp_path):
    done, settings = ran(shop, tmp_path, book=BOOK.replace("cost = 0.50", "cost = 0.90"))
    made: Any = done.results["budget"]
    for slot in (SLOTS["slide"], SLOTS["page_half"]):
        style = Style(settings, slot)
        figure = finished(FIGURES[0].draw(made, style), style)
        assert figure is not None and list(figure.data[0].x) == [5.25, 0.0]
        assert list(figure.data[0].error_x.array) == [9.0, None] and list(figure.data[0].error_x.arrayminus) == [
            7.2,
            None,
        ]
        notes = [note.text for note in figure.layout.annotations]
        assert "gets nothing" in notes[1] and figure.data[0].marker.color[0] != figure.data[0].marker.color[1]
    poor, _ = ran(shop, tmp_path, budget=3.0)
    notes = finished(FIGURES[0].draw(poor.results["budget"], style), style).layout.annotations  # type: ignore[union-attr]
    assert "gets nothing" in notes[1].text
    alt = FIGURES[0].alt(made, Style(settings, SLOTS["slide"]))
    assert "The rest" in alt and "−€1.95" in alt
