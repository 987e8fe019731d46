"""How a budget is split over actions, and what it returns once paid: by assumed response, cost and margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis import allocation
from analysis.actions import Actions
from analysis.allocation import Offer, returned, spent
from analysis.assignment import CONTROL, TREATMENT
from analysis.customers import NO_AMOUNT
from analysis.experiment import Experiment
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.ground import noun, small
from dataset.settings import Settings

SOURCE = "analysis/budget.py"
HORIZON = timedelta(days=90)
MEANT = "ninety days, one more order a respondent at the action's average order value; lifetime is not counted"
BY_RETURN, BY_SHARES, EVERYBODY, NOTHING = (
    "Best return first (recommended)",
    "By the playbook's shares",
    "Everybody who is selected",
    "Nobody",
)


@dataclass(frozen=True, slots=True)
class Budget(Result):
    """The split of a sum.

    split: one row an action, the highest net return first: key, name, people (who may be contacted), contacts, spend,
    share, playbook_share, margin (added), net_low, net, net_high, roi, response, break_even (response), if_all (net
    return were all contacted). options: ways to split it, with cost and net return. given: the sum comes from the
    settings; else it is what contacting everybody costs whom it pays to contact.
    """

    findings: Mapping[str, Finding]
    split: Table
    options: Table
    given: bool


def compute(actions: Actions, experiment: Experiment | None, settings: Settings) -> Budget:
    """Split the sum; raises Skip without money, or when nobody can be contacted.

    Who may be contacted are those drawn for treatment; without a draw, as many as the control share leaves.
    """
    frame = actions.plans.frame
    known = frame[frame["order_value"].notna() & (frame["customers"] + frame["visitors"] > 0)]
    if settings.no_money or known.empty:
        raise Skip(settings.no_money or NO_AMOUNT)
    margin = Decimal(str(settings.margin))
    drawn, apart = _drawn(experiment, TREATMENT), _drawn(experiment, CONTROL)
    offers = [_offer(row, margin, drawn.get(row["key"])) for row in known.to_dict("records")]
    if not any(offer.people for offer in offers):
        raise Skip("every customer selected is in a control group")
    given = None if settings.budget is None else Decimal(str(settings.budget))
    contacts = allocation.best(offers, given)
    total = spent(offers, contacts) if given is None else given
    names = dict(zip(frame["key"], frame["name"], strict=True))
    split = _split(offers, contacts, names)
    by_shares = allocation.shared(offers, total)
    alone = sum(apart.get(offer.key, 0) for offer, count in zip(offers, contacts, strict=True) if count)
    told = _Told(offers, contacts, by_shares, total, given is not None, alone, settings)
    return Budget(
        findings=told.findings(),
        split=split,
        options=_options(offers, {BY_RETURN: contacts, BY_SHARES: by_shares}),
        given=given is not None,
    )


def _drawn(experiment: Experiment | None, arm: str) -> dict[str, int]:
    """How many known customers were drawn for an arm, by action."""
    if experiment is None:
        return {}
    arms = experiment.frame
    return {str(key): int(count) for key, count in arms["action"][arms["arm"] == arm].value_counts().items()}


def _offer(row: Mapping[Any, Any], margin: Decimal, drawn: int | None) -> Offer:
    control = _exact(row["control_share"])
    treated = allocation.treated(int(row["customers"]), control) if drawn is None else drawn
    return Offer(
        key=row["key"],
        people=treated + allocation.treated(int(row["visitors"]), control),
        cost=_exact(row["cost"]),
        order=max(_exact(row["order_value"]), Decimal(0)) * margin,
        response=(_exact(row["response_low"]), _exact(row["response"]), _exact(row["response_high"])),
        share=_exact(row["budget_share"]),
    )


def _exact(value: float) -> Decimal:
    return Decimal(str(value))


def _split(offers: Sequence[Offer], contacts: Sequence[int], names: Mapping[str, str]) -> Table:
    total = spent(offers, contacts)
    records = []
    for offer, count in zip(offers, contacts, strict=True):
        cost = count * offer.cost
        net = [offer.net(count, case) for case in range(3)]
        records.append(
            {
                "key": offer.key,
                "name": names[offer.key],
                "people": offer.people,
                "contacts": count,
                "spend": float(cost),
                "share": float(cost / total) if total else float("nan"),
                "playbook_share": float(offer.share),
                "margin": float(count * offer.gain()),
                "net_low": float(net[0]),
                "net": float(net[1]),
                "net_high": float(net[2]),
                "roi": float(net[1] / cost) if cost else float("nan"),
                "response": float(offer.response[1]),
                "break_even": float("nan") if offer.break_even is None else float(offer.break_even),
                "if_all": float(offer.net(offer.people)),
            }
        )
    units: dict[str, Unit] = {
        "people": "count", "contacts": "count", "spend": "money", "share": "share", "playbook_share": "share",
        "margin": "money", "net_low": "money", "net": "money", "net_high": "money", "roi": "ratio",
        "response": "share", "break_even": "share", "if_all": "money",
    }  # fmt: skip
    labels = {
        "name": "Action",
        "people": "May be contacted",
        "contacts": "Contacted",
        "spend": "Spend",
        "share": "Share of the spend",
        "playbook_share": "Share in the playbook",
        "margin": "Added margin",
        "net": "Net return",
        "net_low": "low",
        "net_high": "high",
        "roi": "Net return a unit of spend",
        "response": "Assumed response",
        "break_even": "Response that just pays",
        "if_all": "Net return if all were contacted",
    }
    frame = pd.DataFrame(records)
    order = frame.assign(paid=frame["contacts"] > 0).sort_values(
        ["paid", "net", "if_all", "key"], ascending=[False, False, False, True]
    )
    frame = frame.loc[order.index].reset_index(drop=True)
    note = (
        "Assumed: response, cost of a contact and margin. Measured: people and order values. Added margin = contacted "
        f"x response x order value x margin; net return = added margin - spend. Horizon: {MEANT}. Low and high: every "
        "action at its low (high) response."
    )
    return Table(frame, "Split of the budget over actions", labels, SOURCE, units, note)


def _options(offers: Sequence[Offer], ways: Mapping[str, Sequence[int]]) -> Table:
    """What may be done with the sum, doing nothing included."""
    everybody = {EVERYBODY: [offer.people for offer in offers], NOTHING: [0] * len(offers)}
    records = [
        {
            "option": name,
            "contacts": sum(contacts),
            "spend": float(spent(offers, contacts)),
            **{f"net_{case}": float(returned(offers, contacts, at)) for at, case in enumerate(allocation.CASES)},
        }
        for name, contacts in {**ways, **everybody}.items()
    ]
    labels = {
        "option": "Option",
        "contacts": "Contacted",
        "spend": "Spend",
        "net_expected": "Net return",
        "net_low": "low",
        "net_high": "high",
    }
    money: dict[str, Unit] = dict.fromkeys(("spend", "net_low", "net_expected", "net_high"), "money")
    return Table(
        pd.DataFrame(records),
        "Options: ways to split it, with the net return of ninety days",
        labels,
        SOURCE,
        {"contacts": "count", **money},
        "By assumed response, cost and margin. What customers bring without any action is left out of all of these.",
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the findings are told from. contacts, by_shares: by offer, two ways to split `total`.

    alone: customers in the control arms of the actions that get money.
    """

    offers: Sequence[Offer]
    contacts: Sequence[int]
    by_shares: Sequence[int]
    total: Decimal
    given: bool
    alone: int
    settings: Settings

    def findings(self) -> dict[str, Finding]:
        found = self._of_all() | self._of_shares()
        for offer, count in self._pairs:
            found |= self._of_offer(offer, count)
        return {"headline": self._headline(found)} | found

    def _headline(self, found: Mapping[str, Finding]) -> Finding:
        if not sum(self.contacts):
            claim = "At the assumed response, cost and margin no action pays: nobody is contacted ({value})."
            if any(offer.pays for offer in self.offers):
                claim = "The budget does not pay for a single contact ({value})."
            return self._assumed(0, "count", claim, "people contacted for the budget")
        claim = "Contacting {budget.contacts} people for {budget.spend} returns {value} net, if all is as assumed."
        net = found["net"]
        return self._assumed(net.value, "money", claim, f"added margin - spend, {MEANT}", net.interval)

    def _assumed(
        self, value: Any, unit: Unit, claim: str, definition: str, interval: Any = None, why: str = ""
    ) -> Finding:
        return Finding(
            value,
            unit,
            claim,
            definition,
            population="people the actions select, control groups apart",
            n=sum(offer.people for offer in self.offers),
            window=self._window,
            source=SOURCE,
            kind="assumed",
            interval=interval,
            reason=why if value is None else "",
            leading=True,
        )

    @property
    def _pairs(self) -> list[tuple[Offer, int]]:
        return list(zip(self.offers, self.contacts, strict=True))

    @property
    def _window(self) -> tuple[date, date]:
        return self.settings.snapshot, self.settings.snapshot + HORIZON - timedelta(days=1)

    def _of_all(self) -> dict[str, Finding]:
        spend, made = spent(self.offers, self.contacts), self._assumed
        low, net, high = (returned(self.offers, self.contacts, case) for case in range(3))
        ends = (float(low), float(high))
        idle = sum(1 for offer in self.offers if not offer.pays and offer.people)
        found = {
            "contacts": made(sum(self.contacts), "count", "People contacted: {value}.", "contacts the budget pays for"),
            "spend": made(spend, "money", "The contacts cost {value}.", "contacts x assumed cost of one, summed"),
            "margin_added": made(
                net + spend,
                "money",
                "{value} of margin is added.",
                f"contacted x response x order value x margin, summed; {MEANT}",
                (ends[0] + float(spend), ends[1] + float(spend)),
            ),
            "net": made(
                net, "money", "After the contacts are paid, {value} is left.", f"added margin - spend, {MEANT}", ends
            ),
            "net_low": made(
                low,
                "money",
                "If every response is as low as feared, the balance is {value}."
                if low < 0
                else "Even if every response is as low as feared, {value} is left.",
                "net return when every action has its low response",
            ),
            "net_high": made(
                high,
                "money",
                "If every response is as high as hoped, {value} is left.",
                "net return when every action has its high response",
            ),
            "roi": made(
                net / spend if spend else None,
                "ratio",
                "For each unit of money spent, {value} net comes back, if all is as assumed.",
                "(added margin - spend) / spend",
                (float(low / spend), float(high / spend)) if spend else None,
                "nothing is spent",
            ),
            "margin": made(
                float(self.settings.margin),
                "share",
                "Assumed: {value} of revenue remains after the goods are paid.",
                "the setting margin",
            ),
            "idle": made(
                idle,
                "count",
                f"{small(idle).capitalize()} {noun(idle, 'action costs', 'actions cost')} more than expected back and "
                f"{noun(idle, 'gets', 'get')} nothing ({{value}})."
                if 0 < idle <= 12
                else "Actions that cost more than is expected back and get nothing: {value}.",
                "actions with somebody to contact whose expected added margin does not exceed their cost",
            ),
        }
        if self.alone:
            found["left_alone"] = made(
                self.alone,
                "count",
                f"{{value}} {noun(self.alone, 'customer is', 'customers are')} left alone, to compare with.",
                "customers in the control arms of the actions that get money",
            )
        if self.given:
            left = self.total - spend
            found["given"] = made(self.total, "money", "The budget is {value}.", "the setting budget")
            found["unspent"] = made(
                left,
                "money",
                "{value} of the budget stays unspent: nobody is left whom it pays to contact."
                if all(count == one.people for one, count in self._pairs if one.pays)
                else "{value} of the budget is too little for one more contact.",
                "budget - spend",
            )
        return found

    def _of_shares(self) -> dict[str, Finding]:
        """The same sum by the playbook's shares."""
        ours, theirs = (returned(self.offers, contacts) for contacts in (self.contacts, self.by_shares))
        ends = sorted(
            float(returned(self.offers, self.contacts, case) - returned(self.offers, self.by_shares, case))
            for case in (0, 2)
        )
        more = ours - theirs
        return {
            "net_by_shares": self._assumed(
                theirs,
                "money",
                "Split by the playbook's shares, the same sum would return {value} net.",
                f"net return when each action gets its share of the sum, up to what its people cost; {MEANT}",
            ),
            "difference": self._assumed(
                more,
                "money",
                "Split by the playbook's shares, the same sum returns {value} less."
                if more > 0
                else "Split by the playbook's shares, the same sum returns as much (difference: {value}).",
                "net return of the best split - of the split by the playbook's shares",
                (min(*ends, float(more)), max(*ends, float(more))),
            ),
        }

    def _of_offer(self, offer: Offer, count: int) -> dict[str, Finding]:
        low, net, high = (offer.net(count, case) for case in range(3))
        at, name = offer.key, f"{{actions.{offer.key}_name}}"
        point = offer.break_even
        none = (
            "an order leaves no margin" if point is None else "not even an order from everybody pays for the contacts"
        )
        return {
            f"{at}_contacts": self._assumed(
                count, "count", f"{name}: {{value}} contacted.", "contacts the budget pays for"
            ),
            f"{at}_spend": self._assumed(
                count * offer.cost, "money", f"{name} gets {{value}}.", "contacts x assumed cost of one"
            ),
            f"{at}_net": self._assumed(
                net, "money", f"{name}: {{value}} net.", f"added margin - spend, {MEANT}", (float(low), float(high))
            ),
            f"{at}_break_even": self._assumed(
                None if point is None or point > 1 else point,
                "share",
                f"{name} pays when {{value}} of the contacted place one more order.",
                "cost of a contact / (average order value x margin)",
                why=none,
            ),
        }
