"""What changed since the last report: its key figures, its customers' segments, and what it claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from analysis import kpis as key_figures
from analysis import previous
from analysis.alignment import Alignment
from analysis.churn import Churn
from analysis.claims_then import HELD, Claim, compared
from analysis.clusters import Clusters
from analysis.clv import Clv
from analysis.clv_check import ClvCheck
from analysis.cohorts import Cohorts
from analysis.finding import Finding, Result, Skip, Table
from analysis.funnel import Funnel
from analysis.ground import Ground, noun, over
from analysis.kpi_tree import KpiTree
from analysis.kpis import Kpis
from analysis.lifecycle import Lifecycle
from analysis.migration import NEW, RANKS, Migration
from analysis.mix import Mix
from analysis.months import Months
from analysis.pareto import Pareto
from analysis.previous import Release
from analysis.propensity import Propensity
from analysis.quality import Quality
from analysis.rfm import Rfm, key
from analysis.spend_90d import Spend
from analysis.value_at_risk import ValueAtRisk
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/versus_last.py"
NONE = "there is no earlier release to compare with"
OTHER = "the last release is of other data: not one of its customers is among those of this report"
ABSENT = "Gone from the data"
# Totals and averages by how much they changed; shares by points.
FIGURES = ("net", "gross", "refunds", "orders", "units", "buyers", "visitors", "order_value", "revenue_per_buyer",
           "orders_per_customer", "refund_rate", "repeat_share", "active_90d", "conversion")  # fmt: skip
ADDED = ("net", "orders", "buyers")


@dataclass(frozen=True, slots=True)
class VersusLast(Result):
    """figures: (key, label) of the kpis known in both reports, in order.

    claims: (analysis, status, key of the quote or ""). kpis: figure, then, now, change (of shares: in points).
    segments: segment, then, left, came, now; moves: from, to, customers; None where either report has no segments, and
    why: "" where both have.
    """

    findings: Mapping[str, Finding]
    day: date
    figures: tuple[tuple[str, str], ...]
    claims: tuple[tuple[str, str, str], ...]
    kpis: Table
    segments: Table | None
    moves: Table | None
    why: str


def compute(
    lines: Relation,
    kpis: Kpis,
    rfm: Rfm | None,
    months: Months | None,
    kpi_tree: KpiTree | None,
    funnel: Funnel | None,
    lifecycle: Lifecycle | None,
    pareto: Pareto | None,
    clusters: Clusters | None,
    migration: Migration | None,
    cohorts: Cohorts | None,
    clv: Clv | None,
    clv_check: ClvCheck | None,
    spend_90d: Spend | None,
    propensity: Propensity | None,
    churn: Churn | None,
    value_at_risk: ValueAtRisk | None,
    alignment: Alignment | None,
    mix: Mix | None,
    quality: Quality | None,
    settings: Settings,
) -> VersusLast:
    """Compare with settings.previous; raises Skip without one, with other money or other customers."""
    if settings.previous is None:
        raise Skip(NONE)
    last = previous.read(settings.previous)
    if last.currency != settings.currency:
        there, here = (code or "no named currency" for code in (last.currency, settings.currency))
        raise Skip(f"the last release is in another currency: {there}, and this report in {here}")
    people = last.customers()
    if people is not None and rfm is not None and not people["customer_id"].isin(rfm.frame["customer_id"]).any():
        raise Skip(OTHER)
    results: dict[str, Result | None] = {
        "kpis": kpis, "months": months, "kpi_tree": kpi_tree, "funnel": funnel, "lifecycle": lifecycle,
        "pareto": pareto, "rfm": rfm, "clusters": clusters, "migration": migration, "cohorts": cohorts, "clv": clv,
        "clv_check": clv_check, "spend_90d": spend_90d, "propensity": propensity, "churn": churn,
        "value_at_risk": value_at_risk, "alignment": alignment, "mix": mix, "quality": quality,
    }  # fmt: skip
    ground = _ground(last, kpis, settings)
    figures = tuple(name for name in FIGURES if _both(name, last, kpis))
    claims = compared(last.findings, _now(results), ground)
    moves, why = _moves(people, rfm)
    findings = _figures(figures, last, kpis, ground) | _restated(lines, last, settings, ground)
    findings |= _of_moves(moves, people, ground) | _of_claims(claims, ground)
    return VersusLast(
        findings={"headline": _headline(findings, kpis, ground)} | findings | {"day": _day(last, ground)},
        day=last.snapshot,
        figures=tuple((name, key_figures.LABELS[name]) for name in figures),
        claims=tuple((claim.analysis, claim.status, claim.quote) for claim in claims),
        kpis=_kpi_table(figures, findings, kpis),
        segments=None if moves is None else _segment_table(moves),
        moves=None if moves is None else _move_table(moves),
        why=why,
    )


def _ground(last: Release, kpis: Kpis, settings: Settings) -> Ground:
    """What is compared: this report's sales, from the last report's day to this one's."""
    n = int(kpis.findings["orders"].value)  # type: ignore[arg-type]
    window = (last.snapshot, max(last.snapshot, settings.snapshot - timedelta(days=1)))
    return Ground("orders with at least one kept sale, in this report", n, window, SOURCE)


def _both(name: str, last: Release, kpis: Kpis) -> bool:
    then, now = last.findings.get(f"kpis.{name}"), kpis.findings.get(name)
    known = then is not None and now is not None and then.value is not None and now.value is not None
    return known and then.unit == now.unit  # type: ignore[union-attr]


def _now(results: Mapping[str, Result | None]) -> dict[str, Finding]:
    """The findings of this report by full key; a headline without a value stands for an analysis not made."""
    return {
        f"{name}.{key}": finding
        for name, result in results.items()
        for key, finding in (result.findings.items() if result is not None else {"absent": _absent()}.items())
    }


def _absent() -> Finding:
    day = date(2000, 1, 1)
    return Finding(
        None, "count", "Not made: {value}.", "not made", "no earlier report", 0, (day, day), SOURCE, reason="not made"
    )


def _figures(figures: Sequence[str], last: Release, kpis: Kpis, ground: Ground) -> dict[str, Finding]:
    """Of each figure what it was and by how much it changed; of the totals also what came in."""
    found: dict[str, Finding] = {}
    for name in figures:
        then, now = last.findings[f"kpis.{name}"].value, kpis.findings[name].value
        label = key_figures.LABELS[name]
        unit = kpis.findings[name].unit
        found[f"{name}_before"] = ground.of(
            then, unit, f"{label} in the last report: {{value}}.", f"kpis.{name} as the last report said it"
        )
        points = unit == "share"
        gap = _decimal(now) - _decimal(then)
        change = float(gap) if points else over(gap, _decimal(then))
        claim = f"{label}: {{value}} against the last report."
        found[f"{name}_change"] = ground.of(
            change,
            "points" if points else "ratio",
            claim,
            f"kpis.{name} now - then" + ("" if points else " / then"),
            "it was nothing or less in the last report",
        )
        if name in ADDED:
            found |= _added(name, _decimal(now) - _decimal(then), ground)
    return found


def _added(name: str, more: Decimal, ground: Ground) -> dict[str, Finding]:
    what = {"net": "net revenue", "orders": "orders", "buyers": "customers"}[name]
    value = more if name == "net" else int(more)
    claim = f"Since the last report {what} grew by {{value}}."
    if more < 0:
        claim = f"Total {what} changed by {{value}} since the last report: earlier sales are told otherwise now."
    unit = "money" if name == "net" else "count"
    return {f"{name}_added": ground.of(value, unit, claim, f"{what} in this report - in the last one")}  # type: ignore[arg-type]


def _restated(lines: Relation, last: Release, settings: Settings, ground: Ground) -> dict[str, Finding]:
    """The last report's totals told again from today's data: what came to be known of its time since."""
    try:
        then = key_figures.compute(lines, replace(settings, snapshot=last.snapshot, as_of=last.snapshot), None)
    except Skip:
        return {}
    found = {}
    for name, what in (("net", "net revenue"), ("orders", "orders")):
        before, again = last.findings.get(f"kpis.{name}"), then.findings[name].value
        if before is None or before.value is None or again is None:
            continue
        gap = _decimal(again) - _decimal(before.value)
        claim = f"Of the last report's time the data still tell the same {what} (difference {{value}})."
        if gap:
            fewer = "less" if name == "net" else "fewer"
            claim = f"Of the last report's time the data now tell {'more' if gap > 0 else fewer} {what}: {{value}}."
        found[f"{name}_restated"] = ground.of(
            gap if name == "net" else int(gap),
            "money" if name == "net" else "count",
            claim,
            f"kpis.{name} as of the last report's day from today's data - as that report said it",
        )
    return found


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _moves(people: pd.DataFrame | None, rfm: Rfm | None) -> tuple[pd.DataFrame | None, str]:
    """from, to, customers: a row a pair that somebody went; or why that cannot be told."""
    if rfm is None:
        return None, "this report has no segments"
    if people is None:
        return None, "the last release holds no segments of customers"
    both = people.merge(rfm.frame[["customer_id", "segment"]], on="customer_id", how="outer", suffixes=("_then", ""))
    origin = pd.Categorical(both["segment_then"].astype(object).fillna(NEW), categories=[*RANKS, NEW])
    to = pd.Categorical(both["segment"].astype(object).fillna(ABSENT), categories=[*RANKS, ABSENT])
    counts = pd.crosstab(origin, to, dropna=False).reindex(index=[*RANKS, NEW], columns=[*RANKS, ABSENT], fill_value=0)
    rows = [(a, b, int(counts.loc[a, b])) for a in counts.index for b in counts.columns]
    return pd.DataFrame([row for row in rows if row[2]], columns=["from", "to", "customers"]), ""


def _of_moves(moves: pd.DataFrame | None, people: pd.DataFrame | None, ground: Ground) -> dict[str, Finding]:
    if moves is None or people is None:
        return {}
    rank = {name: place for place, name in enumerate(RANKS)}
    steps = np.array([_step(rank.get(a), rank.get(b)) for a, b in zip(moves["from"], moves["to"], strict=True)])
    count = {step: int(moves["customers"][steps == step].sum()) for step in ("rose", "fell", "stayed", "new", "absent")}
    there = count["rose"] + count["fell"] + count["stayed"]
    told = Ground("customers of the last report who are in this one", there, ground.window, SOURCE)
    same = "customers of both reports"
    found = {
        "moved_share": told.of(
            over(count["rose"] + count["fell"], there),
            "share",
            "{value} of the last report's customers are in another segment now.",
            f"{same} whose segment differs / {same}",
            "no customer is in both reports",
        ),
        "rose": told.of(
            count["rose"],
            "count",
            f"{{value}} {noun(count['rose'], 'customer')} rose to a better segment since the last report.",
            f"{same} whose segment is better now: {' > '.join(RANKS)}",
        ),
        "fell": told.of(
            count["fell"],
            "count",
            f"{{value}} {noun(count['fell'], 'customer')} fell to a lesser segment since the last report.",
            f"{same} whose segment is lesser now: {' > '.join(RANKS)}",
        ),
        "new_customers": told.of(
            count["new"],
            "count",
            f"{{value}} {noun(count['new'], 'customer is', 'customers are')} in this report and were not in the last.",
            "customers of this report who were not in the last",
        ),
        "absent_customers": told.of(
            count["absent"],
            "count",
            f"{{value}} {noun(count['absent'], 'customer')} of the last report cannot be found in these data."
            if count["absent"]
            else "Every customer of the last report is in these data ({value} are absent).",
            "customers of the last report without a sale in this one",
        ),
    }
    for name in RANKS:
        then, now = (int(moves["customers"][moves[side] == name].sum()) for side in ("from", "to"))
        found[f"{key(name)}_before"] = told.of(
            then, "count", f"{name} in the last report: {{value}}.", f"customers who were {name} in the last report"
        )
        found[f"{key(name)}_change"] = told.of(
            now - then, "count", f"{name}: {{value}} customers against the last report.", "customers now - then"
        )
    return found


def _step(then: int | None, now: int | None) -> str:
    if then is None or now is None:
        return "new" if then is None else "absent"
    return "rose" if now < then else "fell" if now > then else "stayed"


def _of_claims(claims: Sequence[Claim], ground: Ground) -> dict[str, Finding]:
    told = replace(ground, population="headline claims of the last report", n=len(claims))
    gone = sum(claim.status != HELD for claim in claims)
    hold = noun(gone, "holds", "hold")
    claim = f"{{value}} of {{versus_last.claims}} headline claims of the last report no longer {hold} as said."
    if not gone:
        claim = "Every headline claim of the last report still holds in its words ({value} do not)."
    found = {
        "claims": told.of(
            len(claims), "count", "Headline claims of the last report compared: {value}.", "headlines then said"
        ),
        "claims_changed": told.of(
            gone,
            "count",
            claim,
            "headlines that are now said in other words, with other names in them, or not at all; numbers may differ",
        ),
    }
    for each in claims:
        found |= each.then
    return found


def _day(last: Release, ground: Ground) -> Finding:
    return ground.of(
        last.snapshot,
        "date",
        "The last report looked at customers on {value}.",
        "snapshot of the release compared with",
    )


def _headline(found: Mapping[str, Finding], kpis: Kpis, ground: Ground) -> Finding:
    """What came in since, and how much of what was said still holds."""
    name = "net" if "net_added" in found else "orders"
    what, more = ("net revenue" if name == "net" else "orders"), found.get(f"{name}_added")
    gone = int(found["claims_changed"].value)  # type: ignore[arg-type]
    held = "every headline claim holds"
    if not found["claims"].value:
        held = "no headline claim can be compared"
    elif gone:
        hold = noun(gone, "holds", "hold")
        held = f"{{versus_last.claims_changed}} of {{versus_last.claims}} headline claims no longer {hold}"
    if more is None or more.value is None:
        day = "Against the last report, of {value}, "
        return ground.of(ground.window[0], "date", f"{day}{held}.", "snapshot of the release compared with")
    verb = "grew" if more.value > 0 else "did not change" if not more.value else "changed"  # type: ignore[operator]
    claim = f"Since {{versus_last.day}} {what} {verb} by {{value}}; {held}."
    if not more.value:
        claim = f"Since {{versus_last.day}} {what} did not change ({{value}}); {held}."
    return replace(more, claim=claim)


def _kpi_table(figures: Sequence[str], found: Mapping[str, Finding], kpis: Kpis) -> Table:
    rows = [
        (key_figures.LABELS[n], *(_plain(v) for v in (
            found[f"{n}_before"].value, kpis.findings[n].value, found[f"{n}_change"].value)))
        for n in figures
    ]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=["figure", "then", "now", "change"]),
        "Key figures, last report and this one",
        {"figure": "Figure", "then": "Last report", "now": "This report", "change": "Change"},
        SOURCE,
        {"then": "ratio", "now": "ratio", "change": "ratio"},
        note="Change: of shares the difference, of all others relative to the last report.",
    )


def _plain(value: object) -> float:
    return np.nan if value is None else float(value)  # type: ignore[arg-type]


def _segment_table(moves: pd.DataFrame) -> Table:
    rows = []
    for name in RANKS:
        left, came = moves[moves["from"] == name], moves[moves["to"] == name]
        stayed = int(left.loc[left["to"] == name, "customers"].sum())
        then, now = int(left["customers"].sum()), int(came["customers"].sum())
        rows.append((name, then, then - stayed, now - stayed, now))
    return Table(
        pd.DataFrame(rows, columns=["segment", "then", "left", "came", "now"]),
        "Segments, last report and this one",
        {"segment": "Segment", "then": "Last report", "left": "Left", "came": "Came", "now": "This report"},
        SOURCE,
        {"then": "count", "left": "count", "came": "count", "now": "count"},
        note="Scores rank the customers of one day against each other, so a customer also changes segment when others "
        "buy later, more often or for more.",
    )


def _move_table(moves: pd.DataFrame) -> Table:
    return Table(
        moves,
        "Moves between segments since the last report",
        {"from": "Last report", "to": "This report", "customers": "Customers"},
        SOURCE,
        {"customers": "count"},
        note=f"Ranked {' > '.join(RANKS)}.",
    )
