"""What we ask for: the first thirty days, the three months after and always; only steps a finding supports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.basket import Basket
from analysis.budget import Budget
from analysis.cross_sell import CrossSell
from analysis.customers import Customers
from analysis.experiment import Experiment
from analysis.finding import PLACE, Finding, Result, Skip, said
from analysis.funnel import Funnel
from analysis.kpis import Kpis
from analysis.lifecycle import Lifecycle
from analysis.mix import Mix
from analysis.pareto import Pareto
from analysis.quality import Quality
from analysis.rfm import Rfm
from analysis.trust import Trust

FIRST, THEN, ALWAYS = "first thirty days", "one to three months", "ongoing"
HORIZONS = (FIRST, THEN, ALWAYS)
MOST = 2  # steps a horizon


@dataclass(frozen=True, slots=True)
class Step:
    """One recommended step: when, what (text with {finding} places, full keys) and the finding it rests on."""

    horizon: str
    action: str
    because: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When a step is recommended: its finding exists and is `worth` acting on.

    title: the slide's, when the step comes first; its {value} is that of `speaks_of`, or else of `because`. unless: not
    when this finding exists; needs: only when that one does. fallback: only when the horizon has no other step.
    """

    horizon: str
    because: str
    worth: Callable[[float], bool]
    action: str
    title: str = ""
    speaks_of: str = ""
    unless: str = ""
    needs: str = ""
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Recommendations(Result):
    """Steps in the order of HORIZONS, heaviest first, at most two a horizon; `headline` speaks of the first."""

    findings: Mapping[str, Finding]
    steps: tuple[Step, ...]


def some(value: float) -> bool:
    return value > 0


def always(value: float) -> bool:
    return True


# In order of weight within a horizon; the thresholds are the writer's judgement and printed nowhere as facts.
RULES = (
    Rule(
        FIRST,
        "kpis.orders",
        always,
        "Bring prices into the data: what was paid for the orders ({kpis.orders}) is not known.",
        "Bring prices into the data first: what was paid is not known (orders: {value}).",
        unless="kpis.net",
    ),
    Rule(
        FIRST,
        "experiment.harmed",
        some,
        "Stop the actions that harmed: {experiment.harmed} of {experiment.tested} tested.",
        "Stop first what harmed: {value} of {experiment.tested} tested actions.",
    ),
    Rule(
        FIRST,
        "budget.net",
        some,
        "Release {budget.spend} for the action plan: {budget.contacts} people are contacted, {budget.left_alone} "
        "left alone to compare with.",
        "We ask for {value}: as assumed it returns {budget.net} net in ninety days, tested by control groups.",
        speaks_of="budget.spend",
        needs="experiment.testable",
    ),
    Rule(
        FIRST,
        "budget.net",
        some,
        "Release {budget.spend} for the action plan: {budget.contacts} people are contacted, {budget.left_alone} "
        "left alone to compare with.",
        "We ask for {value}: as assumed it returns {budget.net} net in ninety days; only large effects will show.",
        speaks_of="budget.spend",
        unless="experiment.testable",
    ),
    Rule(
        FIRST,
        "budget.net",
        some,
        "Release {budget.spend} for the action plan: {budget.contacts} people are contacted.",
        "We ask for {value}: as assumed it returns {budget.net} net in ninety days.",
        speaks_of="budget.spend",
        unless="budget.left_alone",
    ),
    Rule(
        FIRST,
        "rfm.at_risk_revenue_share",
        lambda share: share >= 0.05,
        "Win back At Risk customers ({rfm.at_risk}), who brought {rfm.at_risk_revenue}: the most valuable first.",
        "Win back At Risk customers first: they brought {value} of customer revenue.",
        unless="budget.contacts",
    ),
    Rule(
        FIRST,
        "quality.unknown_customer_share",
        lambda share: share >= 0.05,
        "Ask who is buying at every checkout: {quality.unknown_customer_share} of gross revenue has no known customer.",
        "Get to know the customers first: {value} of gross revenue has no known customer.",
    ),
    Rule(
        FIRST,
        "lifecycle.slow_share",
        lambda share: share >= 0.1,
        "Find what holds orders up: {lifecycle.slow_share} of deliveries take more than five days.",
        "Deliver faster first: {value} of deliveries take more than five days.",
    ),
    Rule(
        FIRST,
        "funnel.cart_to_purchase",
        lambda share: share < 0.5,
        "Remind visitors of what they left in the cart: {funnel.cart_to_purchase} of those with a cart also bought.",
        "Rescue carts first: {value} of visitors with a cart also bought.",
    ),
    Rule(
        FIRST,
        "quality.rejected",
        some,
        "Repair the source of the raw rows that could not be read ({quality.rejected}).",
        "Repair the data first: rows that could not be read number {value}.",
    ),
    Rule(
        FIRST,
        "kpis.net",
        always,
        "Check the totals of this report against the books: net revenue is {kpis.net}.",
        "Check the totals first: net revenue of {value} should match the books.",
        fallback=True,
    ),
    Rule(
        THEN,
        "experiment.worked",
        some,
        "Go on with what worked: {experiment.worked} of {experiment.tested} tested actions.",
    ),
    Rule(
        THEN,
        "experiment.small",
        some,
        "After ninety days judge all actions as one: uplifts below {experiment.all_detectable} do not show.",
        unless="experiment.testable",
    ),
    Rule(
        THEN,
        "experiment.testable",
        some,
        "Read the control groups as tests end: keep what paid, stop the rest.",
    ),
    Rule(
        THEN,
        "cross_sell.unasked",
        some,
        "Test the other half of a pair on {cross_sell.customers} customers, {cross_sell.top_offer} first.",
    ),
    Rule(
        THEN,
        "basket.bundle_beat",
        some,
        "Try {basket.bundle_first} with {basket.bundle_second} as a bundle: {basket.bundle_attach} take both today.",
    ),
    Rule(
        THEN,
        "pareto.top_20_share",
        lambda share: share >= 0.6,
        "Give the top fifth of customers, who bring {pareto.top_20_share} of customer revenue, a reason to stay.",
    ),
    Rule(
        THEN,
        "lifecycle.return_rate",
        lambda share: share >= 0.1,
        "Cut returns, {lifecycle.return_rate} of delivered orders: start with the products returned most.",
    ),
    Rule(
        THEN,
        "customers.once_share",
        lambda share: share >= 0.5,
        "Build a path to the second order: {customers.once_share} of customers bought once only.",
    ),
    Rule(
        THEN,
        "kpis.refund_rate",
        lambda share: share >= 0.05,
        "Look into refunds, which take back {kpis.refund_rate} of gross revenue.",
    ),
    Rule(
        THEN,
        "rfm.potential_loyalist",
        some,
        "Invite Potential Loyalist customers ({rfm.potential_loyalist}) to their next order with a personal offer.",
    ),
    Rule(
        THEN,
        "mix.tail_share",
        lambda share: share >= 0.5,
        "Review the long tail: {mix.tail_share} of products bring only the last fifth of revenue.",
    ),
    Rule(
        THEN,
        "kpis.orders",
        always,
        "Collect a longer history before larger decisions; orders so far: {kpis.orders}.",
        fallback=True,
    ),
    Rule(
        ALWAYS,
        "kpis.repeat_share",
        always,
        "Watch the share of customers who order again, {kpis.repeat_share} today, at every refresh of this report.",
    ),
    Rule(
        ALWAYS,
        "trust.refused",
        some,
        "Try the models that failed ({trust.refused}) again with each refresh; until then decide without them.",
    ),
    Rule(
        ALWAYS,
        "rfm.window_shoppers",
        some,
        "Measure what turns visitors who never bought ({rfm.window_shoppers}) into customers.",
    ),
    Rule(
        ALWAYS,
        "rfm.vip_revenue_share",
        some,
        "Keep an eye on VIP customers ({rfm.vip}), who bring {rfm.vip_revenue_share} of customer revenue.",
    ),
    Rule(
        ALWAYS,
        "kpis.orders",
        always,
        "Rebuild this report after every data refresh and compare the number of orders, {kpis.orders} today.",
        fallback=True,
    ),
)


def compute(
    quality: Quality | None,
    kpis: Kpis | None,
    funnel: Funnel | None,
    lifecycle: Lifecycle | None,
    mix: Mix | None,
    customers: Customers | None,
    pareto: Pareto | None,
    rfm: Rfm | None,
    basket: Basket | None,
    cross_sell: CrossSell | None,
    experiment: Experiment | None,
    budget: Budget | None,
    trust: Trust | None,
) -> Recommendations:
    """Choose the steps the findings support; raises Skip when none does."""
    known = said(
        quality=quality,
        kpis=kpis,
        funnel=funnel,
        lifecycle=lifecycle,
        mix=mix,
        customers=customers,
        pareto=pareto,
        rfm=rfm,
        basket=basket,
        cross_sell=cross_sell,
        experiment=experiment,
        budget=budget,
        trust=trust,
    )
    chosen = tuple(rule for horizon in HORIZONS for rule in _supported(horizon, known))
    first = next((rule for rule in chosen if rule.title), None)
    if first is None:
        raise Skip("no finding supports a step")
    return Recommendations(
        findings={"headline": replace(known[first.speaks_of or first.because], claim=first.title)},
        steps=tuple(Step(rule.horizon, rule.action, rule.because) for rule in chosen),
    )


def _supported(horizon: str, known: Mapping[str, Finding]) -> list[Rule]:
    """The heaviest rules of one horizon whose finding is worth it and whose every place can be filled."""
    found = [rule for rule in RULES if rule.horizon == horizon and _holds(rule, known)]
    return [rule for rule in found if not rule.fallback][:MOST] or found[:1]


def _holds(rule: Rule, known: Mapping[str, Finding]) -> bool:
    needed = {rule.because, rule.needs, *PLACE.findall(rule.action), *PLACE.findall(rule.title)} - {"value", ""}
    return needed <= known.keys() and rule.unless not in known and rule.worth(float(known[rule.because].value))  # type: ignore[arg-type]
