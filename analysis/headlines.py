"""What matters most: the one sentence that leads the report, and the few findings that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.budget import Budget
from analysis.clv import Clv
from analysis.cohorts import Cohorts
from analysis.finding import PLACE, Finding, Result, Skip, said
from analysis.funnel import Funnel
from analysis.kpi_tree import KpiTree
from analysis.kpis import Kpis
from analysis.lifecycle import Lifecycle
from analysis.migration import Migration
from analysis.mix import Mix
from analysis.months import Months
from analysis.pareto import Pareto
from analysis.quality import Quality
from analysis.recommendations import Recommendations
from analysis.rfm import QUIET, Rfm
from analysis.spend_90d import Spend
from analysis.value_at_risk import ValueAtRisk

MOST = 4
UNKNOWN = 0.1  # share of revenue without a known customer from which it belongs on the first page

# The argument in four steps, each by the first of its findings that can be told: the claim, and the number beside it.
STEPS = {
    "What changed": (
        ("kpi_tree.headline", "kpi_tree.year_relative_change"),
        ("months.headline", "months.change_previous"),
    ),
    "Who the customers are": (
        ("rfm.headline", "rfm.at_risk_revenue"),
        ("pareto.headline", "pareto.customers_for_80"),
        ("quality.unknown_customer_share", "quality.unknown_customer_revenue"),
    ),
    "What comes next": (
        ("value_at_risk.headline", "value_at_risk.if_customers"),
        ("clv.headline", "clv.alive_share"),
        ("spend_90d.predicted_total", "spend_90d.predicted_low"),
        ("migration.headline", "migration.best_left_net"),
        ("cohorts.headline", ""),
    ),
    "What we ask for": (("recommendations.headline", "budget.roi"),),
}
LAST = "What we ask for"
# What fills the page where a step cannot be told, by weight.
OTHERS = (
    ("months.headline", "months.change_previous"),
    ("pareto.headline", "pareto.customers_for_80"),
    ("quality.unknown_customer_share", "quality.unknown_customer_revenue"),
    ("funnel.headline", "funnel.view_to_purchase"),
    ("lifecycle.headline", "lifecycle.return_rate"),
    ("mix.headline", "mix.top_category_share"),
    ("kpis.headline", "kpis.repeat_share"),
    ("quality.headline", "quality.rejected"),
)


@dataclass(frozen=True, slots=True)
class Headlines(Result):
    """The summary: `lead` is the title; points are (step of the argument, full key, full key beside it or "")."""

    findings: Mapping[str, Finding]
    points: tuple[tuple[str, str, str], ...]


def compute(
    quality: Quality | None,
    kpis: Kpis | None,
    months: Months | None,
    kpi_tree: KpiTree | None,
    funnel: Funnel | None,
    lifecycle: Lifecycle | None,
    mix: Mix | None,
    pareto: Pareto | None,
    rfm: Rfm | None,
    migration: Migration | None,
    cohorts: Cohorts | None,
    clv: Clv | None,
    spend_90d: Spend | None,
    value_at_risk: ValueAtRisk | None,
    budget: Budget | None,
    recommendations: Recommendations | None,
) -> Headlines:
    """Choose what leads; raises Skip when there is neither money nor an order to speak of."""
    known = said(
        quality=quality,
        kpis=kpis,
        months=months,
        kpi_tree=kpi_tree,
        funnel=funnel,
        lifecycle=lifecycle,
        mix=mix,
        pareto=pareto,
        rfm=rfm,
        migration=migration,
        cohorts=cohorts,
        clv=clv,
        spend_90d=spend_90d,
        value_at_risk=value_at_risk,
        budget=budget,
        recommendations=recommendations,
    )
    lead = _lead(known)
    return Headlines(findings={"lead": lead}, points=_points(known, lead))


def _points(known: Mapping[str, Finding], lead: Finding) -> tuple[tuple[str, str, str], ...]:
    """One point a step of the argument that can be told; others fill the page, before the last step."""
    chosen = {step: pair for step, pairs in STEPS.items() if (pair := _first(pairs, known))}
    kept = [(step, *pair) for step, pair in chosen.items()]
    told = set(chosen.values())
    spare = [pair for pair in OTHERS if pair not in told and _tellable(pair[0], known)]
    at = len(kept) - (LAST in chosen)
    kept[at:at] = [("", *pair) for pair in spare[: MOST - len(kept)]]
    spoken = set(PLACE.findall(lead.claim)) | {place for _, key, _ in kept for place in PLACE.findall(known[key].claim)}
    return tuple((step, key, beside if beside in known and beside not in spoken else "") for step, key, beside in kept)


def _first(pairs: tuple[tuple[str, str], ...], known: Mapping[str, Finding]) -> tuple[str, str] | None:
    return next((pair for pair in pairs if _tellable(pair[0], known)), None)


def _tellable(key: str, known: Mapping[str, Finding]) -> bool:
    return _sayable(key, known) and _worth(key, known)


def _sayable(key: str, known: Mapping[str, Finding]) -> bool:
    return key in known and set(PLACE.findall(known[key].claim)) <= known.keys() | {"value"}


def _worth(key: str, known: Mapping[str, Finding]) -> bool:
    if key == "recommendations.headline":
        return known[key].unit in ("money", "share")  # a count beside it would read as the size of what is asked
    return key != "quality.unknown_customer_share" or _number(known, key) >= UNKNOWN


def _lead(known: Mapping[str, Finding]) -> Finding:
    """The answer first: money, and where it comes from; without money, how many bought."""
    if "kpis.net" in known:
        return replace(known["kpis.net"], claim=_money_lead(known))
    if 0 < _number(known, "kpis.conversion") < 1:  # visits of buyers alone tell no conversion
        claim = "{value} of visitors bought ({kpis.visitors} visitors were seen); what they paid is not known."
        return replace(known["kpis.conversion"], claim=claim)
    if "kpis.orders" in known:
        claim = "Orders in this report: {value}; what customers paid is not known."
        return replace(known["kpis.orders"], claim=claim)
    raise Skip("there is neither money nor an order to speak of")


def _money_lead(known: Mapping[str, Finding]) -> str:
    if _number(known, "kpis.net") < 0:
        return "Refunds exceed sales: net revenue was {value}."
    if _number(known, "rfm.at_risk_revenue_share") >= QUIET:
        return "Net revenue was {value}; {rfm.at_risk_revenue_share} of customer revenue is from customers now At Risk."
    if "pareto.top_20_share" in known:
        return "Net revenue was {value}; the top fifth of customers bring {pareto.top_20_share} of customer revenue."
    if _number(known, "kpis.buyers") > 0:
        return "Net revenue was {value}; known customers: {kpis.buyers}."
    return "Net revenue was {value}; no sale names its customer."


def _number(known: Mapping[str, Finding], key: str) -> float:
    """The value of a number, zero when it is not known."""
    return float(known[key].value) if key in known else 0.0  # type: ignore[arg-type]
