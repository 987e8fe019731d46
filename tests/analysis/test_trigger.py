"""Trigger rules: what is allowed, what is not, what an unknown value matches, and who comes first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import trigger
from analysis.trigger import COLUMNS, RuleError, parse

PEOPLE = {
    "segment": np.array(["VIP", "At Risk", "At Risk", "Dormant", None], dtype=object),
    "orders": np.array([9, 3, 2, 1, 1]),
    "net": np.array([900.0, 300.0, np.nan, -5.0, 0.0]),
    "p_alive": np.array([0.9, 0.2, np.nan, 0.5, 1.0]),
    "high_value": np.array([True, True, False, False, False]),
}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("segment = 'VIP'", [1, 0, 0, 0, 0]),
        ("segment <> 'VIP'", [0, 1, 1, 1, 0]),
        ("segment in ('VIP', 'Dormant')", [1, 0, 0, 1, 0]),
        ("segment not in ('VIP')", [0, 1, 1, 1, 0]),
        ("segment is null", [0, 0, 0, 0, 1]),
        ("not high_value", [0, 0, 1, 1, 1]),
        ("high_value is true and p_alive < 0.5", [0, 1, 0, 0, 0]),
        ("p_alive < 0.5 or orders = 1", [0, 1, 0, 1, 1]),
        ("coalesce(net, 1000) > 500", [1, 0, 1, 0, 0]),
        ("net / orders >= 100", [1, 1, 0, 0, 0]),
        ("net between 0 and 300", [0, 1, 0, 0, 1]),
        ("-net > 2 + 2", [0, 0, 0, 1, 0]),
        ("orders / 2 = 1.5", [0, 1, 0, 0, 0]),
        ("net / (orders - 1) > 0", [1, 1, 0, 0, 0]),  # a division by nought matches nobody, and fails nobody
        ("net / (orders - 1) / 2 > 0", [1, 1, 0, 0, 0]),  # nor within another one
        ("net / (9999999999 * 9999999999 * 9999999999 * 9999999999) > 0", [1, 1, 0, 0, 0]),
        ("churn_90d > 0", [0, 0, 0, 0, 0]),  # not known here
        ("not churn_90d > 0", [0, 0, 0, 0, 0]),
        ("churn_90d is null", [1, 1, 1, 1, 1]),
        ("SEGMENT = 'VIP' -- the best", [1, 0, 0, 0, 0]),
        ("true", [1, 1, 1, 1, 1]),
    ],
)
def test_who_matches(rule, matches):
    found = trigger.first(PEOPLE, 5, [parse(rule)])
    assert [int(place == 0) for place in found] == matches


@pytest.mark.parametrize("block", [1, 2, trigger.BLOCK])
def test_the_first_rule_that_is_true_wins(monkeypatch, block):
    monkeypatch.setattr(trigger, "BLOCK", block)
    rules = [parse(text) for text in ("p_alive < 0.5", "segment = 'At Risk'", "orders >= 1")]
    assert list(trigger.first(PEOPLE, 5, rules)) == [2, 0, 1, 2, 2]
    assert list(trigger.first(PEOPLE, 5, rules[:2])) == [-1, 0, 1, -1, -1]
    assert list(trigger.first(PEOPLE, 5, [])) == [-1] * 5
    assert list(trigger.first({}, 0, rules)) == []


@pytest.mark.parametrize(
    "rule",
    [
        "net > (select 1)",
        "exists (select 1)",
        "segment in (select 'VIP')",
        "net in (orders)",
        "sum(net) > 1",
        "row_number() over () = 1",
        "getenv('HOME') = 'x'",
        "read_csv('x') = 'x'",
        "abs(net) > 1",
        "case when high_value then true end",
        "cast(net as varchar) = '1'",
        "net::text = '1'",
        "segment like 'V%'",
        "segment || 'x' = 'VIPx'",
        "people.net > 1",
        "main.people.net > 1",
        "row = 1",
        'segment = "VIP"',
        "net > $1",
        "net > ?",
        "net > :limit",
        "net > @x",
        "[1] = [1]",
        "{'a': 1} = 1",
        "orders = 1; drop table lines",
        "orders = 1 union select 1",
        "orders = 1 order by net",
        "1",
        "'VIP'",
        "net",
        "null",
        "",
        "*",
        "segment = null",
        "high_value = 1",
        "high_value > 0",
        "segment = 1",
        "net = 'many'",
        "coalesce(net, 'x') = 1",
        "segment is true",
        "(segment) = ('Vip')",
        "coalesce(segment, 'Nobody') = 'VIP'",
        "-segment = 1",
        "not net",
        "segment and high_value",
        "net between 1 and segment",
        "net > 1 -- \n; select 1",
        "attach 'x'",
        "pragma version",
        "country <> '\x07'",
        "country <> '\x1b[31m'",
        "country <> '\x00'",
        "net > " + "(" * 300 + "1" + ")" * 300,
    ],
)
def test_what_a_rule_may_not_be(rule):
    with pytest.raises(RuleError) as fault:
        parse(rule)
    assert str(fault.value) and "sqlglot" not in fault.value.what and "\n" not in fault.value.what


def test_a_message_is_all_that_is_said(capfd, caplog):
    for rule in ("segment = E'VIP'", "b'a' = segment", "x'41' = segment"):
        with pytest.raises(RuleError):
            parse(rule)
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_numbers_beyond_any_size_neither_match_nor_fail():
    assert list(trigger.first(PEOPLE, 5, [parse("net * 1e300 * 1e300 > 1")])) == [0, 0, -1, -1, -1]
    assert list(trigger.first(PEOPLE, 5, [parse("orders > 99999999999999999999999999999999999999999")])) == [-1] * 5


def test_the_engine_that_runs_rules_reads_no_file():
    """Even a rule that came past the check has no way out: files are out of reach."""
    past = trigger.Trigger("x", "(select count(*) from read_text('/etc/hostname')) > 0", frozenset())
    with pytest.raises(RuleError, match="cannot be computed"):
        trigger.first(PEOPLE, 5, [past])


def test_the_text_that_is_printed_is_the_rule_that_runs():
    rule = parse("r >= 4 AND (f >= 4 or m>=4)")
    assert rule.text == "r >= 4 AND (f >= 4 or m>=4)" and rule.columns == {"r", "f", "m"}


def test_ranks_are_shares_from_the_top_and_equal_values_share_theirs():
    values = np.array([30.0, 10.0, np.nan, 30.0, 20.0])
    np.testing.assert_allclose(trigger.rank(values), [0.25, 0.875, np.nan, 0.25, 0.625])
    groups = np.array([0, 0, 0, 1, 1])
    np.testing.assert_allclose(trigger.rank(values, groups), [0.25, 0.75, np.nan, 0.25, 0.75])
    doubled = trigger.rank(np.repeat(values, 2))
    np.testing.assert_allclose(doubled[::2], trigger.rank(values))


def test_every_column_is_described_and_can_be_asked_about():
    for name, (kind, meaning) in COLUMNS.items():
        assert meaning and kind in ("number", "text", "truth")
        assert parse(f"{name} is null").columns == {name}
    frame = pd.DataFrame({name: pd.Series([None] * 2, dtype=object) for name in COLUMNS})
    assert list(trigger.first({}, len(frame), [parse(f"{name} is not null") for name in COLUMNS])) == [-1, -1]
