"""The playbook: the house's own is whole and covers every segment; a broken one is refused with line, key and hint."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from analysis import playbook
from analysis.playbook import HOUSE, TEXTS, Lines
from analysis.rfm import SEGMENTS, WINDOW_SHOPPERS
from analysis.trigger import COLUMNS
from dataset.errors import DataError

SMALL = """decision = "Whom to write to."
criteria = ["What it brings"]

[[action]]
key = "best"
name = "The best"
segment = "VIP"
priority = 1
goal = "Keep them"
trigger = "segment = 'VIP'"
strategy = "Service"
actions = [
  "One",
  "Two",
]
channel = "Mail"
campaign = "Hello"
kpi = "Orders"
budget_share = 0.75
control_share = 0.2
response = { low = 0.01, expected = 0.02, high = 0.04 }
cost = 1.50

[[action]]
key = "rest"
name = "The rest"
segment = "Dormant"
priority = 2
goal = "Leave them"
trigger = "segment <> 'VIP'"
strategy = "Little"
actions = ["One", "Two"]
channel = "Mail"
campaign = "Hello"
kpi = "Orders"
budget_share = 0.25
control_share = 0.2
response = { low = 0, expected = 0, high = 0.01 }
cost = 0
"""
FAULTS = json.loads((Path(__file__).parent / "playbook_faults.json").read_text(encoding="utf-8"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(DataError) as fault:
        playbook.read(written(tmp_path, text))
    return str(fault.value)


def test_the_house_playbook_has_an_action_for_every_segment_and_shares_that_sum_to_one():
    book = playbook.read()
    assert {plan.segment for plan in book.plans} == {*SEGMENTS, WINDOW_SHOPPERS}
    assert sum(plan.budget_share for plan in book.plans) == Decimal(1)
    assert [plan.priority for plan in book.plans] == list(range(1, len(book.plans) + 1))
    assert book.decision and book.criteria
    for plan in book.plans:
        texts = [plan.name, plan.strategy, plan.channel, plan.kpi]
        assert not any(sign.isdigit() for text in texts for sign in text), texts  # what stands on the slide
        assert 0 < plan.control_share < 1 and plan.response.low < plan.response.high


def test_best_customers_are_offered_no_discount_and_win_back_is_for_the_most_valuable():
    plans = {plan.key: plan for plan in playbook.read().plans}
    assert "no discount" in plans["vip_care"].strategy
    limit = re.search(r"segment_value_rank, segment_net_rank\) <= (0\.\d+)", plans["win_back"].trigger.text)
    assert limit and 0.3 <= float(limit[1]) <= 0.4
    assert plans["low_touch"].cost == min(plan.cost for plan in plans.values())


def test_a_small_playbook_is_read_exactly(tmp_path):
    book = playbook.read(written(tmp_path, SMALL.replace("priority = 1", "priority = 9")))
    assert [plan.key for plan in book.plans] == ["rest", "best"]
    best = book.plans[1]
    assert (best.actions, best.cost, best.budget_share) == (("One", "Two"), Decimal("1.50"), Decimal("0.75"))
    assert (best.response.low, best.response.high) == (Decimal("0.01"), Decimal("0.04"))
    assert best.trigger.text == "segment = 'VIP'" and book.file == "mine.toml"


def test_shares_are_summed_as_written(tmp_path):
    """Ten times a tenth is one, though not in floating point."""
    head, action = SMALL.split("[[action]]", 1)[0], SMALL.split("[[action]]")[2]
    made = [
        action.replace('"rest"', f'"rest_{i}"')
        .replace('"The rest"', f'"Rest {i}"')
        .replace("priority = 2", f"priority = {i}")
        .replace("0.25", "0.1")
        for i in range(1, 11)
    ]
    text = head + "".join(f"[[action]]{one}" for one in made)
    assert len(playbook.read(written(tmp_path, text)).plans) == 10
    short = refused(tmp_path, text.replace("budget_share = 0.1\n", "budget_share = 0.0999\n", 1))
    assert "the budget shares sum to 0.9999, not 1" in short


@pytest.mark.parametrize("case", FAULTS, ids=[case["fault"] for case in FAULTS])
def test_a_fault_is_said_with_line_key_and_what_is_allowed(tmp_path, case):
    """Every message as it is printed stands in playbook_faults.json; its line is that of the key in the file."""
    assert SMALL.count(case["instead of"]) >= 1
    text = SMALL.replace(case["instead of"], case["is"], 1)
    said = refused(tmp_path, text)
    assert said == case["said"]
    assert said.startswith("E_PLAYBOOK mine.toml") and "\n" not in said
    if row := re.search(r"row (\d+)", said):
        line = text.splitlines()[int(row[1]) - 1]
        named = re.search(r"action (?:The )?\w+, (\w+)", said)
        assert line.startswith(named[1] if named else tuple("abcdefghijklmnopqrstuvwxyz[")), (line, said)


def test_there_are_many_kinds_of_faults():
    kinds = {re.sub(r"^E_PLAYBOOK [^:]*: (?:action \w+[^:]*: )?", "", case["said"])[:24] for case in FAULTS}
    assert len(kinds) >= 20


def test_a_missing_or_binary_playbook_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"E_PLAYBOOK none\.toml: there is no such playbook"):
        playbook.read(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as UTF-8 text"):
        playbook.read(tmp_path / "bytes.toml")
    assert "nested too deep" in refused(tmp_path, "a = " + "[" * 100_000)


def test_lines_are_not_mistaken_by_what_looks_like_a_key_in_a_text():
    lines = Lines('[[action]]\ngoal = """\npriority = 3\n[[action]]\n"""\n  "priority" = 4\n[[action]]\npriority=5\n')
    assert (lines.of(0, "priority"), lines.of(1, "priority"), lines.of(1, "absent")) == (6, 8, 7)
    assert Lines("[[action]]\n[action.response]\nlow = 1\n").of(0, "response") == 2
    assert Lines("action = [ { key = 1 } ]\n").of(0, "key") is None


def test_the_readme_of_the_playbook_names_no_column_that_is_not_there():
    """The house's triggers name known columns only, and rely on no model: each column of one has a way round."""
    used = set().union(*(plan.trigger.columns for plan in playbook.read().plans))
    assert used <= set(COLUMNS)
    assert set(TEXTS) == {"name", "goal", "strategy", "channel", "campaign", "kpi"}
    assert HOUSE.read_text(encoding="utf-8").isascii()


def test_a_share_finer_than_can_be_summed_or_printed_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    for wrong in ("budget_share = 1e-999999", "cost = 1e-21"):
        path.write_text(re.sub(rf"{wrong.split()[0]} = [\d.]+", wrong, SMALL, count=1), encoding="utf-8")
        with pytest.raises(DataError, match="of at most 20 decimals") as fault:
            playbook.read(path)
        assert len(str(fault.value)) < 200
