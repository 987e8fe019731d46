"""The wiring: parameter names decide what runs first, what is skipped and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis import plan
from analysis import run as wiring

LINES = [("o1", "ann", "2024-01-01", "1.00")]

HEAD = """
from dataclasses import dataclass, field
from analysis.finding import Result, Skip
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset, Note
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """house(name=source, ...): a folder of analyses of its own, in place of the real one."""

    def build(**modules: str) -> None:
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(HEAD + source, encoding="utf-8")
            monkeypatch.delitem(sys.modules, f"analysis.{name}", raising=False)

    import analysis

    monkeypatch.setattr(plan, "ROOT", tmp_path)
    monkeypatch.setattr(analysis, "__path__", [str(tmp_path)])
    before = set(sys.modules)
    yield build
    for name in set(sys.modules) - before:
        if name.startswith("analysis."):
            del sys.modules[name]


def module(name: str, parameters: str, body: str = "", fields: str = "") -> str:
    """The source of an analysis that returns an empty result."""
    return f"""
@dataclass(frozen=True, slots=True)
class {name.capitalize()}(Result):
    findings: dict
    {fields}

def compute({parameters}) -> {name.capitalize()}:
    {body}
    return {name.capitalize()}({{}})
"""


def needing(name: str) -> str:
    return f"from analysis.{name} import {name.capitalize()}\n"


def test_what_is_needed_runs_first_and_once(house, shop):
    house(
        base=module("base", "lines: Relation, settings: Settings, dataset: Dataset"),
        left=needing("base") + module("left", "base: Base"),
        right=needing("base") + needing("left") + module("right", "base: Base, left: Left"),
    )
    steps: list[str] = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        steps.append(name)
        yield

    done = wiring.run(["right", "left"], *shop(LINES), step)
    assert steps == ["base", "left", "right"] == list(done.results)


def test_unknown_parameter_names_what_is_known(house, shop):
    house(base=module("base", "line: Relation"))
    with pytest.raises(LookupError, match=r"wants 'line'.*settings, dataset.*lines, orders.*analyses base"):
        wiring.run(["base"], *shop(LINES))


def test_unknown_analysis_names_what_there_is(house, shop):
    house(base=module("base", "lines: Relation"))
    with pytest.raises(LookupError, match="no analysis 'bass'; there are base"):
        wiring.run(["bass"], *shop(LINES))


def test_absent_table_skips_it_and_everything_below(house, shop):
    house(
        visits=module("visits", "events: Relation"),
        rates=needing("visits") + module("rates", "visits: Visits"),
        talk=needing("rates") + module("talk", "rates: Rates"),
    )
    done = wiring.run(["talk"], *shop(LINES))
    assert done.results == {}
    assert done.skipped == {
        "visits": "needs events, which this data does not have",
        "rates": "needs visits: needs events, which this data does not have",
        "talk": "needs rates: needs visits: needs events, which this data does not have",
    }


def test_optional_absent_inputs_arrive_as_none(house, shop):
    house(
        visits=module("visits", "events: Relation"),
        talk=needing("visits")
        + module("talk", "visits: Visits | None, events: Relation | None", "assert visits is None and events is None"),
    )
    assert list(wiring.run(["talk"], *shop(LINES)).results) == ["talk"]


def test_a_circle_is_named(house, shop):
    house(
        hen=module("hen", "egg: 'Egg'") + "\nfrom analysis.egg import Egg\n",
        egg="class Egg(Result): ...\n\ndef compute(hen: 'Hen') -> Egg: ...\n\nfrom analysis.hen import Hen\n",
    )
    with pytest.raises(LookupError, match="in a circle: hen -> egg -> hen"):
        wiring.run(["hen"], *shop(LINES))


def test_skip_keeps_its_reason_and_becomes_a_note_with_a_code(house, shop):
    house(
        mute=module("mute", "lines: Relation", "raise Skip('nothing to say')"),
        few=module("few", "lines: Relation", "raise Skip('too few', 'W_TOO_FEW_CUSTOMERS', 3)"),
    )
    done = wiring.run(["mute", "few"], *shop(LINES))
    assert done.skipped == {"mute": "nothing to say", "few": "too few"}
    assert [(n.code, n.count, n.text) for n in done.notes] == [("W_TOO_FEW_CUSTOMERS", 3, "few: too few")]


def test_notes_of_results_are_collected(house, shop):
    noted = "notes: tuple = (Note('W_ODD', 2, 'odd rows'),)"
    house(odd=module("odd", "lines: Relation", fields=noted), even=module("even", "lines: Relation"))
    assert [n.code for n in wiring.run(["odd", "even"], *shop(LINES)).notes] == ["W_ODD"]


def test_findings_carry_their_full_key(shop):
    done = wiring.run(["customers"], *shop(LINES))
    assert done.findings["customers.customers"].value == 1


def test_an_internal_fault_is_not_swallowed(house, shop):
    house(broken=module("broken", "lines: Relation", "raise ZeroDivisionError"))
    with pytest.raises(ZeroDivisionError):
        wiring.run(["broken"], *shop(LINES))


def test_two_run_side_by_side_and_say_the_same(house, shop):
    meet = "import threading\nMEETING = threading.Barrier(2, timeout=20)\n"
    house(
        base=meet + module("base", "lines: Relation"),
        left=needing("base") + module("left", "base: Base", "import analysis.base; analysis.base.MEETING.wait()"),
        right=needing("base") + module("right", "base: Base", "import analysis.base; analysis.base.MEETING.wait()"),
        last=needing("left") + needing("right") + module("last", "left: Left, right: Right", "raise Skip('empty')"),
    )
    told: list[str] = []
    done = wiring.run(["last"], *shop(LINES), made=lambda name, result: told.append(name), at_once=2)
    assert list(done.results) == ["base", "left", "right"]
    assert sorted(told[1:3]) == ["left", "right"] and told[::3] == ["base", "last"]
    assert done.skipped == {"last": "empty"}


def test_what_most_wait_for_comes_first(house, shop):
    house(
        alone=module("alone", "lines: Relation"),
        base=module("base", "lines: Relation"),
        child=needing("base") + module("child", "base: Base"),
    )
    steps: list[str] = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        steps.append(name)
        yield

    done = wiring.run(["alone", "child"], *shop(LINES), step)
    assert steps == ["base", "alone", "child"]
    assert list(done.results) == ["alone", "base", "child"]  # in the order asked for, whatever ran first


def test_what_takes_long_comes_before_what_others_wait_for(house, shop):
    house(
        base=module("base", "lines: Relation"),
        child=needing("base") + module("child", "base: Base"),
        slow=module("slow", "lines: Relation") + "LONG = True\n",
    )
    told: list[str] = []
    wiring.run(["child", "slow"], *shop(LINES), made=lambda name, _: told.append(name))
    assert told == ["slow", "base", "child"]


def test_a_fault_ends_the_run_and_nothing_waits_for_it(house, shop):
    house(
        broken=module("broken", "lines: Relation", "raise ZeroDivisionError"),
        after=needing("broken") + module("after", "broken: Broken"),
        other=module("other", "lines: Relation"),
    )
    with pytest.raises(ZeroDivisionError):
        wiring.run(["after", "other"], *shop(LINES), at_once=2)


def test_a_fault_of_who_is_told_is_not_swallowed(house, shop):
    def told(name: str, result: object) -> None:
        raise KeyError(name)

    house(base=module("base", "lines: Relation"))
    with pytest.raises(KeyError, match="base"):
        wiring.run(["base"], *shop(LINES), made=told)
