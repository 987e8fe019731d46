"""The playbook: which action is for which customers, read from TOML and refused whole when one key is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from analysis import trigger
from analysis.trigger import LONGEST, TARGETS, RuleError, Trigger
from dataset.errors import DataError, existing, shown

HOUSE = Path(__file__).parent.parent / "templates" / "playbook.toml"
KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
TEXTS = {  # longest text: those with a short one stand in a row of the action slide
    "name": 22, "goal": 90, "strategy": 60, "channel": 40, "campaign": 60, "kpi": 40,
}  # fmt: skip
SENTENCE = 160
SHARES = ("budget_share", "control_share")
ORDERED = ("low", "expected", "high")
KEYS = ("key", "segment", "priority", *TEXTS, "trigger", "actions", *SHARES, "response", "cost")
TOP = ("decision", "criteria", "action")
DECIMALS = 20  # of a share or an amount
LARGEST = 10**9  # a priority or a cost above is a slip


@dataclass(frozen=True, slots=True)
class Response:
    """Assumed share of the contacted who place one more order within ninety days than without the contact."""

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """One action as the playbook has it; shares and cost (of contacting one customer) are exact decimals."""

    key: str
    name: str
    segment: str
    priority: int
    goal: str
    trigger: Trigger
    strategy: str
    actions: tuple[str, ...]
    channel: str
    campaign: str
    kpi: str
    budget_share: Decimal
    control_share: Decimal
    response: Response
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Playbook:
    """file: its name. decision, criteria: what is to be decided, by what. plans: in order of priority."""

    file: str
    decision: str
    criteria: tuple[str, ...]
    plans: tuple[Plan, ...]


Refuse = Callable[..., DataError]


def read(path: Path | None = None) -> Playbook:
    """Read and check a playbook (none: the house's). Raises DataError E_PLAYBOOK: file, line, key, what is allowed."""
    path = path or HOUSE
    text = _text(path)
    try:
        found = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as fault:
        raise _broken(fault, path) from None
    lines = Lines(text)

    def refuse(what: str, hint: str = "", *, action: int | None = None, key: str = "") -> DataError:
        return DataError("E_PLAYBOOK", what, file=path, row=lines.of(action, key), hint=hint)

    for key in found:
        if key not in TOP:
            raise refuse(f"unknown key {shown(key)!r}", existing(key, TOP), key=key)
    rows = found.get("action")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise refuse("has no action", "Write each action below a line [[action]]", key="action")
    plans = [_plan(row, at, refuse) for at, row in enumerate(rows)]
    for name in ("key", "priority", "name"):
        _no_twins([getattr(plan, name) for plan in plans], name, refuse)
    total = sum((plan.budget_share for plan in plans), Decimal(0))
    if total != 1:
        raise refuse(
            f"the budget shares sum to {total.normalize():f}, not 1",
            "There is: " + ", ".join(f"{plan.key} {plan.budget_share:f}" for plan in plans),
            action=0,
            key="budget_share",
        )
    return Playbook(
        file=path.name,
        decision=_sentence(found.get("decision", ""), "decision", refuse, {"key": "decision"}, empty=True),
        criteria=_list(found.get("criteria", []), "criteria", refuse, {"key": "criteria"}, (0, 6)),
        plans=tuple(sorted(plans, key=lambda plan: plan.priority)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError("E_PLAYBOOK", "there is no such playbook", file=path) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise DataError("E_PLAYBOOK", f"cannot be read as UTF-8 text: {shown(fault)}", file=path) from None


def _broken(fault: Exception, path: Path) -> DataError:
    """A file that is no TOML; its parser tells the line within the message."""
    at = re.search(r"\(at line (\d+), column \d+\)", str(fault))
    why = "nested too deep" if isinstance(fault, RecursionError) else shown(re.sub(r" \(at .*\)$", "", str(fault)))
    hint = 'Texts stand in quotes: key = "vip"' if "Invalid value" in why else ""
    return DataError("E_PLAYBOOK", f"is no TOML: {why}", file=path, row=int(at[1]) if at else None, hint=hint)


class Lines:
    """Where keys stand in a TOML text: found by looking at the starts of lines, which the parser does not tell."""

    def __init__(self, text: str) -> None:
        self.found: dict[tuple[int | None, str], int] = {}
        action: int | None = None
        quotes = ""
        for row, line in enumerate(text.splitlines(), 1):
            if not quotes:
                action = self._line(line, row, action)
            for mark in re.findall(r'"""|\'\'\'', line):
                quotes = mark if not quotes else "" if mark == quotes else quotes

    def _line(self, line: str, row: int, action: int | None) -> int | None:
        """Note what starts on this line; the action it belongs to."""
        if re.match(r"\s*\[\[\s*[\"']?action[\"']?\s*\]\]", line):
            action = 0 if action is None else action + 1
            self.found[action, ""] = row
        elif header := re.match(r"\s*\[\s*(?:action\s*\.\s*)?([\w-]+)", line):
            self.found.setdefault((action, header[1]), row)
        elif key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*(?:\.[^=]*)?=", line):
            self.found.setdefault((action, key[1]), row)
        return action

    def of(self, action: int | None, key: str) -> int | None:
        """The line of a key; that of its action's heading, or nothing, when it is not found."""
        return self.found.get((action, key)) or self.found.get((action, ""))


def _plan(row: Mapping[str, Any], at: int, refuse: Refuse) -> Plan:
    """One checked action."""
    for key in row:
        if key not in KEYS:
            raise refuse(f"{_who(row, at)} has an unknown key {shown(key)!r}", existing(key, KEYS), action=at, key=key)
    for key in KEYS:
        if key not in row:
            raise refuse(f"{_who(row, at)} lacks {key}", f"An action has: {', '.join(KEYS)}", action=at)

    def wrong(key: str, why: str, hint: str = "") -> DataError:
        return refuse(f"{_who(row, at)}, {key} = {_value(row[key])}: {why}", hint, action=at, key=key)

    if not isinstance(row["key"], str) or not KEY.fullmatch(row["key"]):
        raise wrong("key", "must be small letters, digits and _, at most thirty, a letter first")
    if row["segment"] not in TARGETS:
        raise wrong("segment", "is no segment", existing(str(row["segment"]), TARGETS))
    if type(row["priority"]) is not int or not 1 <= row["priority"] <= LARGEST:
        raise wrong("priority", "must be a whole number from 1, the first is 1")
    for key, most in TEXTS.items():
        if not isinstance(row[key], str) or not row[key].strip() or len(row[key]) > most or not row[key].isprintable():
            raise wrong(key, f"must be one line of text of at most {most} characters")
    for key in SHARES:
        if not _is_number(row[key], 1):
            raise wrong(key, f"must be a share from 0 to 1, of at most {DECIMALS} decimals")
    if not _is_number(row["cost"], LARGEST):
        raise wrong("cost", f"must be an amount from 0, of at most {DECIMALS} decimals")
    where = {"action": at}
    return Plan(
        key=row["key"],
        segment=row["segment"],
        priority=row["priority"],
        **{key: row[key] for key in TEXTS},
        trigger=_trigger(row, wrong),
        actions=_list(row["actions"], f"{_who(row, at)}, actions", refuse, where | {"key": "actions"}, (2, 4)),
        budget_share=Decimal(row["budget_share"]),
        control_share=Decimal(row["control_share"]),
        cost=Decimal(row["cost"]),
        response=_response(row["response"], wrong),
    )


def _trigger(row: Mapping[str, Any], wrong: Callable[..., DataError]) -> Trigger:
    if not isinstance(row["trigger"], str):
        raise wrong("trigger", f"must be a condition in quotes, at most {LONGEST} characters")
    try:
        return trigger.parse(row["trigger"])
    except RuleError as fault:
        raise wrong("trigger", fault.what, fault.hint) from None


def _response(given: Any, wrong: Callable[..., DataError]) -> Response:
    hint = "Write response = { low = 0.01, expected = 0.02, high = 0.04 }"
    if not isinstance(given, dict) or sorted(given) != sorted(ORDERED):
        raise wrong("response", "must have low, expected and high, and nothing else", hint)
    for key in ORDERED:
        if not _is_number(given[key], 1):
            raise wrong("response", f"{key} must be a share from 0 to 1, of at most {DECIMALS} decimals", hint)
    made = Response(*(Decimal(given[key]) for key in ORDERED))
    if not made.low <= made.expected <= made.high:
        raise wrong("response", "must be ordered, low <= expected <= high", hint)
    return made


def _is_number(value: Any, most: int) -> bool:
    """Whether it is a plain number from 0 to `most`, of at most DECIMALS decimals."""
    if type(value) not in (int, Decimal) or not Decimal(value).is_finite() or not 0 <= value <= most:
        return False
    return int(Decimal(value).as_tuple().exponent) >= -DECIMALS


def _list(given: Any, what: str, refuse: Refuse, where: Mapping[str, Any], size: tuple[int, int]) -> tuple[str, ...]:
    fewest, most = size
    if not isinstance(given, list) or not fewest <= len(given) <= most:
        raise refuse(f"{what} must be a list of {fewest} to {most} texts", **where)
    return tuple(_sentence(text, what, refuse, where) for text in given)


def _sentence(given: Any, what: str, refuse: Refuse, where: Mapping[str, Any], empty: bool = False) -> str:
    if (
        not isinstance(given, str)
        or not (given.strip() or empty)
        or len(given) > SENTENCE
        or not (given or " ").isprintable()
    ):
        raise refuse(f"{what}: {_value(given)} must be one line of text of at most {SENTENCE} characters", **where)
    return given


def _no_twins(values: Sequence[Any], key: str, refuse: Refuse) -> None:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise refuse(
                f"two actions have {key} = {_value(value)}",
                f"There is: {', '.join(map(str, values))}",
                action=at,
                key=key,
            )


def _who(row: Mapping[str, Any], at: int) -> str:
    """An action in a message: by its key, or its place."""
    key = row.get("key")
    return f"action {shown(key, 40)}" if isinstance(key, str) and key else f"action {at + 1}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{shown(k, 40)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, Decimal) else shown(repr(value), 80)
