"""What to do for whom: the playbook's actions, each with the customers its trigger selects and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import action_people, playbook, trigger
from analysis.action_people import UNEXPECTED, Expected
from analysis.churn import Churn
from analysis.clusters import Clusters
from analysis.clv import Clv
from analysis.customers import NO_AMOUNT, SCALE, Customers, totals, whole
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import noun, small
from analysis.playbook import Plan, Playbook
from analysis.propensity import Propensity
from analysis.rfm import Rfm, window_shoppers
from analysis.spend_90d import Spend
from analysis.value_at_risk import ValueAtRisk
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/actions.py"
POPULATION = "known customers with at least one sale"
ROWS = 7  # of the slide
MUCH = Decimal("0.1")  # share of revenue with customers who have probably gone from which the slide says so
NOBODY = "no customer is selected"
ALIKE = "interval: as far as the total of all customers missed when tried, so rather narrow for a part of them"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the slide.

    place: by priority, among the actions with somebody to act on. segment: "" where segments are not known. why: text
    with {finding} places. who: customers or visitors.
    """

    place: int
    plan: Plan
    segment: str
    why: str
    who: str


@dataclass(frozen=True, slots=True)
class Actions(Result):
    """The plans of the playbook and whom they select.

    plans: one row an action in order of priority: key, name, segment, priority, goal, trigger, strategy, actions,
    channel, campaign, kpi, budget_share, control_share, customers, visitors, revenue, revenue_share, expected_value,
    value_at_risk (net revenue to date of the high-value customers who have probably gone), order_value, response_low,
    response, response_high, cost; money NaN where it is not known. frame: customer_id, action (category in order of
    priority, NaN of who is not selected); rows as customers.frame. visitors: who looked but never bought and is
    selected. columns: what triggers may name, and whether it is known here. rows: of the slide. others: actions with
    somebody to act on that have no row there.
    """

    findings: Mapping[str, Finding]
    plans: Table
    frame: pd.DataFrame
    visitors: int
    columns: Table
    rows: tuple[Row, ...]
    others: tuple[Row, ...]
    playbook: Playbook

    def json(self) -> dict[str, Any]:
        """The plan for other programs: texts of the playbook, numbers of this report."""
        numbers = (
            "customers",
            "visitors",
            "revenue",
            "revenue_share",
            "expected_value",
            "value_at_risk",
            "order_value",
        )
        plans = []
        for plan, row in zip(self.playbook.plans, self.plans.frame.to_dict("records"), strict=True):
            texts = {name: getattr(plan, name) for name in ("key", "name", "segment", "priority", "goal", "strategy")}
            more = {name: getattr(plan, name) for name in ("channel", "campaign", "kpi")}
            assumed = {name: float(getattr(plan.response, name)) for name in playbook.ORDERED}
            plans.append(
                texts
                | {"trigger": plan.trigger.text, "actions": list(plan.actions)}
                | more
                | {"budget_share": float(plan.budget_share), "control_share": float(plan.control_share)}
                | {name: None if row[name] != row[name] else row[name] for name in numbers}
                | {"assumed": {"response": assumed, "cost": float(plan.cost)}}
            )
        return {"decision": self.playbook.decision, "criteria": list(self.playbook.criteria), "segments": plans}


@dataclass(frozen=True, slots=True)
class _Group:
    """Who one plan selects: known customers (bool, rows as Customers.frame), visitors, and what is known of them."""

    plan: Plan
    here: np.ndarray
    visitors: int
    net: Decimal | None
    share: float | None
    expected: float | None
    within: tuple[float, float] | None
    risk: Decimal | None
    order_value: float | None

    @property
    def customers(self) -> int:
        return int(self.here.sum())

    @property
    def people(self) -> int:
        return self.customers + self.visitors

    @property
    def noun(self) -> str:
        return noun(self.people, "customer" if self.customers else "visitor")


def compute(
    lines: Relation,
    events: Relation | None,
    customers: Customers | None,
    rfm: Rfm | None,
    clusters: Clusters | None,
    clv: Clv | None,
    spend_90d: Spend | None,
    churn: Churn | None,
    propensity: Propensity | None,
    value_at_risk: ValueAtRisk | None,
    settings: Settings,
) -> Actions:
    """Select the customers of each action; raises Skip when there is neither a known customer nor a visitor."""
    book = playbook.read(settings.playbook)
    visits = window_shoppers(lines, settings) if events is not None else None
    looked = int(visits["visitors"]) if visits else 0
    if customers is None and not looked:
        raise Skip("no sale names its customer, and no visit is known")
    ahead = action_people.expected(clv, spend_90d)
    known: action_people.Known = {}
    if customers is not None:
        known = action_people.columns(customers, rfm, clusters, clv, ahead, churn, propensity)
    ids = pd.Series([], dtype="str") if customers is None else customers.frame["customer_id"]
    place = action_people.matched(book, known, len(ids))
    at = action_people.visitors_plan(book) if looked else -1
    groups = _groups(book, place, (at, looked), customers, ahead, value_at_risk)
    window = customers.window if customers else (visits["first_day"], settings.snapshot - timedelta(days=1))  # type: ignore[index]
    told = _Told(window, settings.no_money, ahead, value_at_risk is not None, len(ids), looked)
    findings = told.findings(groups)
    busy = [group for group in groups if group.people]
    rows = [_row(at, group, rfm is not None) for at, group in enumerate(busy, 1)]
    keys = [plan.key for plan in book.plans]
    return Actions(
        findings=findings,
        plans=_plans(groups),
        frame=pd.DataFrame(
            {"customer_id": ids, "action": pd.Categorical.from_codes(place, dtype=pd.CategoricalDtype(keys))},
            copy=False,
        ),
        visitors=looked if at >= 0 else 0,
        columns=_columns(known),
        rows=tuple(rows[:ROWS]),
        others=tuple(rows[ROWS:]),
        playbook=book,
    )


def _groups(
    book: Playbook,
    place: np.ndarray,
    visits: tuple[int, int],
    customers: Customers | None,
    ahead: Expected | None,
    risk: ValueAtRisk | None,
) -> list[_Group]:
    """Who each plan selects; visits: the place of the visitors' plan (-1: none) and how many there are."""
    count = len(book.plans)
    if customers is None:
        return [
            _Group(plan, np.zeros(0, bool), visits[1] if at == visits[0] else 0, None, None, None, None, None, None)
            for at, plan in enumerate(book.plans)
        ]
    frame, net = customers.frame, customers.frame["net"].to_numpy()
    money = whole(net)
    earned = np.maximum(money, 0)
    priced = not np.isnan(net).all()
    orders = frame["orders"].to_numpy()
    of = np.where(place < 0, count, place).astype(np.int64)
    nets, earnings = (totals(amounts, of, count + 1) for amounts in (money, earned))
    every = int(earned.sum())
    risks = totals(money[risk.here], of[risk.here], count + 1) if risk else None
    foretold = np.zeros(count + 1)
    if ahead:
        foretold = np.array([total / SCALE for total in totals(whole(ahead.each), of, count + 1)])
    ends = ahead.interval(of, foretold) if ahead else []
    made = []
    for at, plan in enumerate(book.plans):
        here = place == at
        everyone = at == visits[0] and not here.any()
        bought = int(orders.sum() if everyone else orders[here].sum())
        brought = int(money.sum()) if everyone else nets[at]
        made.append(
            _Group(
                plan=plan,
                here=here,
                visitors=visits[1] if at == visits[0] else 0,
                net=Decimal(nets[at]) / SCALE if priced else None,
                share=earnings[at] / every if priced and every else None,
                expected=float(foretold[at]) if ahead else None,
                within=ends[at] if ahead else None,
                risk=None if risks is None else Decimal(risks[at]) / SCALE,
                order_value=brought / SCALE / bought if priced and bought else None,
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class _Told:
    """What the findings share. customers, visitors: how many there are in all."""

    window: tuple[date, date]
    no_money: str
    ahead: Expected | None
    listed: bool
    customers: int
    visitors: int

    def findings(self, groups: list[_Group]) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        for group in groups:
            found |= self._of_plan(group)
        reached = sum(group.customers for group in groups)
        told: Any = partial(Finding, population=POPULATION, n=self.customers, **self._same())
        busy = [group for group in groups if group.people]
        found["actions"] = told(
            len(busy),
            "count",
            "Actions with somebody to act on: {value}.",
            "actions of the playbook that select anybody",
        )
        found["reached"] = told(
            reached,
            "count",
            "Customers who get an action: {value}.",
            "customers for whom a trigger of the playbook is true",
        )
        found["unplanned"] = told(
            self.customers - reached,
            "count",
            "Customers for whom the playbook has no action: {value}.",
            "customers for whom no trigger of the playbook is true",
        )
        if busy:
            found["first"] = told(
                busy[0].plan.name, "name", "First comes {value}.", "the action of highest priority that selects anybody"
            )
        return {"headline": self._headline(busy, found)} | found

    def _headline(self, busy: list[_Group], found: Mapping[str, Finding]) -> Finding:
        if not busy:
            return replace(found["reached"], claim="The playbook's triggers select nobody ({value} customers).")
        first, count = busy[0], len(busy)
        many = small(count).capitalize() if count <= 12 else "{actions.actions}"
        start = f"{many} {noun(count, 'action')}"
        main = found[f"{first.plan.key}_customers"]
        meant = "those for whom the trigger of the first action is true"
        end = f" who brought {{actions.{first.plan.key}_share}} of revenue" if first.share and first.customers else ""
        return replace(
            main, definition=meant, claim=f"{start}: {{actions.first}} comes first, for {{value}} {first.noun}{end}."
        )

    def _same(self) -> dict[str, Any]:
        return {"window": self.window, "source": SOURCE}

    def _of_plan(self, group: _Group) -> dict[str, Finding]:
        key, name = group.plan.key, f"{{actions.{group.plan.key}_name}}"
        selected = f"whose first true trigger, by priority, is: {group.plan.trigger.text}"
        told: Any = partial(Finding, population=f"customers of the action {key}", n=group.customers, **self._same())
        everyone: Any = partial(Finding, population=POPULATION, n=self.customers, **self._same())
        if group.visitors:
            everyone = partial(everyone, population="customers and visitors", n=self.customers + self.visitors)
        unpriced = "" if group.net is not None else self.no_money or NO_AMOUNT
        worthless = "" if group.share is not None else unpriced or "no customer brought any revenue"
        unexpected = "" if group.expected is not None else self.no_money or UNEXPECTED
        who = group.noun
        found = {
            "name": told(group.plan.name, "name", "The action is called {value}.", "its name in the playbook"),
            "customers": everyone(group.people, "count", f"{name}: {{value}} {who}.", f"{who} {selected}"),
            "people": everyone(
                group.people / everyone.keywords["n"] if everyone.keywords["n"] else None,
                "share",
                f"{name} is for {{value}} of {everyone.keywords['population'].replace('known ', '')}.",
                "those selected / all",
                reason="" if everyone.keywords["n"] else NOBODY,
            ),
            "revenue": told(
                group.net, "money", f"{name}: those selected brought {{value}}.", "net revenue to date", reason=unpriced
            ),
            "share": told(
                group.share,
                "share",
                f"{name}: those selected brought {{value}} of customer revenue.",
                "net revenue to date of those selected / of all customers; who was refunded more counts as zero",
                reason=worthless,
            ),
            "expected": told(
                None if group.expected is None else Decimal(int(whole(np.array([group.expected]))[0])) / SCALE,
                "money",
                f"{name}: {{value}} is expected of those selected in the next ninety days, without any action.",
                "expected sales of the next ninety days, summed over those selected; before refunds",
                kind="estimated",
                interval=group.within,
                reason=unexpected,
                leading=True,
            ),
            "risk": told(
                group.risk,
                "money",
                f"{name}: {{value}} was brought by high-value customers who have probably gone.",
                "net revenue to date of those selected who are in the list of value at risk",
                reason="" if group.risk is not None else "which customers have probably gone is not told here",
            ),
        }
        if self.ahead is not None:
            told_of = found["expected"].definition + ("" if self.ahead.clv else f"; {ALIKE}")
            found["expected"] = replace(found["expected"], source=self.ahead.source, definition=told_of)
        return {f"{key}_{what}": finding for what, finding in found.items()}


def _row(place: int, group: _Group, segmented: bool) -> Row:
    """A row of the slide."""
    segment = group.plan.segment if segmented or not group.customers else ""
    return Row(place, group.plan, segment, _why(group), group.noun)


def _why(group: _Group) -> str:
    """Why now, from what is known of those selected."""
    at = f"actions.{group.plan.key}"
    if not group.customers:
        return f"{{{at}_people}} of all people seen have not bought yet"
    if not group.share:
        return f"{{{at}_people}} of {'people seen' if group.visitors else 'customers'}"
    brought = f"{{{at}_share}} of revenue"
    if group.risk and group.net and group.risk >= group.net * MUCH:
        return f"{brought}; {{{at}_risk}} is from those probably gone"
    if group.expected:
        return f"{brought}; {{{at}_expected}} expected in ninety days"
    return brought


def _plans(groups: list[_Group]) -> Table:
    records = [
        {
            **{name: getattr(g.plan, name) for name in ("key", "name", "segment", "priority", "goal")},
            "trigger": g.plan.trigger.text,
            "strategy": g.plan.strategy,
            "actions": "; ".join(g.plan.actions),
            **{name: getattr(g.plan, name) for name in ("channel", "campaign", "kpi")},
            **{name: float(getattr(g.plan, name)) for name in ("budget_share", "control_share")},
            "customers": g.customers,
            "visitors": g.visitors,
            "revenue": _real(g.net),
            "revenue_share": _real(g.share),
            "expected_value": _real(g.expected),
            "value_at_risk": _real(g.risk),
            "order_value": _real(g.order_value),
            "response_low": float(g.plan.response.low),
            "response": float(g.plan.response.expected),
            "response_high": float(g.plan.response.high),
            "cost": float(g.plan.cost),
        }
        for g in groups
    ]
    units: dict[str, Unit] = {
        "priority": "count", "budget_share": "share", "control_share": "share", "customers": "count",
        "visitors": "count", "revenue": "money", "revenue_share": "share", "expected_value": "money",
        "value_at_risk": "money", "order_value": "money", "response_low": "share", "response": "share",
        "response_high": "share", "cost": "money",
    }  # fmt: skip
    labels = {
        "priority": "Priority",
        "key": "Key",
        "name": "Action",
        "segment": "Segment",
        "customers": "Customers",
        "visitors": "Visitors",
        "revenue": "Net revenue to date",
        "revenue_share": "Share of customer revenue",
        "expected_value": "Expected in ninety days",
        "value_at_risk": "Value at risk",
        "goal": "Goal",
        "trigger": "Trigger",
        "strategy": "Strategy",
        "actions": "Actions",
        "channel": "Channel",
        "campaign": "Campaign",
        "kpi": "KPI",
        "budget_share": "Share of the budget",
        "control_share": "Control group",
        "order_value": "Order value",
        "response_low": "Assumed response, low",
        "response": "expected",
        "response_high": "high",
        "cost": "Assumed cost of a contact",
    }
    return Table(pd.DataFrame(records), "Actions by priority", labels, SOURCE, units)


def _real(value: float | Decimal | None) -> float:
    return float("nan") if value is None else float(value)


def _columns(known: Mapping[str, Any]) -> Table:
    """What a trigger may name, and whether it is known on this data."""
    records = [
        {
            "column": name,
            "kind": kind,
            "meaning": meaning,
            "known": "yes" if name in known else "no: null for everybody",
        }
        for name, (kind, meaning) in trigger.COLUMNS.items()
    ]
    labels = {"column": "Column", "kind": "Kind", "meaning": "Meaning", "known": "Known here"}
    return Table(pd.DataFrame(records), "What a trigger may name", labels, SOURCE)
