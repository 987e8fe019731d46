"""What matters most: the one sentence that leads the report, and the few findings that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.finding import PLACE, Finding, Result, Skip
from analysis.funnel import Funnel
from analysis.kpis import Kpis
from analysis.lifecycle import Lifecycle
from analysis.mix import Mix
from analysis.months import Months
from analysis.pareto import Pareto
from analysis.quality import Quality
from analysis.rfm import QUIET, Rfm

MOST = 4
UNKNOWN = 0.1  # share of revenue without a known customer from which it belongs on the first page

# In order of weight: the claim shown, and the number beside it. The first that exist are taken.
CANDIDATES = (
    ("months.headline", "months.change_previous"),
    ("pareto.headline", "pareto.customers_for_80"),
    ("rfm.headline", "rfm.at_risk_revenue"),
    ("quality.unknown_customer_share", "quality.unknown_customer_revenue"),
    ("lifecycle.headline", "lifecycle.return_rate"),
    ("funnel.headline", "funnel.view_to_purchase"),
    ("mix.headline", "mix.top_category_share"),
    ("kpis.headline", "kpis.repeat_share"),
    ("quality.headline", "quality.rejected"),
)


@dataclass(frozen=True, slots=True)
class Headlines(Result):
    """The summary: `lead` is the title; points are (full finding key, full key of the number beside it or "")."""

    findings: Mapping[str, Finding]
    points: tuple[tuple[str, str], ...]


def compute(
    quality: Quality | None,
    kpis: Kpis | None,
    months: Months | None,
    funnel: Funnel | None,
    lifecycle: Lifecycle | None,
    mix: Mix | None,
    pareto: Pareto | None,
    rfm: Rfm | None,
) -> Headlines:
    """Choose what leads; raises Skip when there is neither money nor an order to speak of."""
    known = said(
        quality=quality, kpis=kpis, months=months, funnel=funnel, lifecycle=lifecycle, mix=mix, pareto=pareto, rfm=rfm
    )
    lead = _lead(known)
    return Headlines(findings={"lead": lead}, points=_points(known, lead))


def said(**results: Result | None) -> dict[str, Finding]:
    """The findings that have a value, by full key (`analysis.finding`), of the results that are there."""
    return {
        f"{name}.{key}": finding
        for name, result in results.items()
        if result is not None
        for key, finding in result.findings.items()
        if finding.value is not None
    }


def _points(known: Mapping[str, Finding], lead: Finding) -> tuple[tuple[str, str], ...]:
    chosen = [pair for pair in CANDIDATES if _sayable(pair[0], known) and _worth(pair[0], known)][:MOST]
    spoken = set(PLACE.findall(lead.claim)) | {place for key, _ in chosen for place in PLACE.findall(known[key].claim)}
    return tuple((key, beside if beside in known and beside not in spoken else "") for key, beside in chosen)


def _sayable(key: str, known: Mapping[str, Finding]) -> bool:
    return key in known and set(PLACE.findall(known[key].claim)) <= known.keys() | {"value"}


def _worth(key: str, known: Mapping[str, Finding]) -> bool:
    return key != "quality.unknown_customer_share" or _number(known, key) >= UNKNOWN


def _lead(known: Mapping[str, Finding]) -> Finding:
    """The answer first: money, and where it comes from; without money, how many bought."""
    if "kpis.net" in known:
        return replace(known["kpis.net"], claim=_money_lead(known))
    if "kpis.conversion" in known:
        claim = "{value} of visitors bought ({kpis.visitors} visitors were seen); what they paid is not known."
        return replace(known["kpis.conversion"], claim=claim)
    if "kpis.orders" in known:
        claim = "Orders in this report: {value}; what customers paid is not known."
        return replace(known["kpis.orders"], claim=claim)
    raise Skip("there is neither money nor an order to speak of")


def _money_lead(known: Mapping[str, Finding]) -> str:
    if _number(known, "kpis.net") < 0:
        return "Refunds exceed sales: net revenue is {value}."
    if _number(known, "rfm.at_risk_revenue_share") >= QUIET:
        return "Net revenue is {value}; {rfm.at_risk_revenue_share} of customer revenue is from customers now At Risk."
    if "pareto.top_20_share" in known:
        return "Net revenue is {value}; the top fifth of customers bring {pareto.top_20_share} of customer revenue."
    if _number(known, "kpis.buyers") > 0:
        return "Net revenue is {value}; known customers: {kpis.buyers}."
    return "Net revenue is {value}; no sale names its customer."


def _number(known: Mapping[str, Finding], key: str) -> float:
    """The value of a number, zero when it is not known."""
    return float(known[key].value) if key in known else 0.0  # type: ignore[arg-type]
