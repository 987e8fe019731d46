"""How much to trust this report: which models held up, what the data do not say, and what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.budget import Budget
from analysis.churn import Churn
from analysis.clv import Clv
from analysis.clv_check import ClvCheck
from analysis.cross_sell import CrossSell
from analysis.finding import Finding, Result, Skip, said
from analysis.ground import Ground
from analysis.kpis import Kpis
from analysis.propensity import Propensity
from analysis.quality import Quality
from analysis.spend_90d import Spend
from analysis.up_sell import UpSell

SOURCE = "analysis/trust.py"
MOST_OF_TEN = 6  # groups of customers that must be met in a second test
LITTLE = 0.01  # share of revenue without a customer that is not worth a line


# What is taken as given and what hangs on it, the weightiest first; of each the first that is there.
ASSUMED = (
    ("budget.margin", "propensity.margin", "churn.margin"),
    ("budget.net_low",),
    ("cross_sell.response",),
    ("up_sell.response",),
    ("propensity.contact_cost", "churn.contact_cost"),
    ("propensity.effect", "churn.effect"),
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that had to foretell purchases it had not seen.

    passed: a finding that has a value only when it did. evidence, beside: what the tests found. why: where the reason
    stands when it failed; all by full key.
    """

    what: str
    passed: str
    evidence: str
    why: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one model: whether it held up, what shows it (full keys), and why it did not.

    weak: told, but a second test went against it.
    """

    what: str
    held: bool
    weak: bool
    evidence: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Trust(Result):
    """verdicts: one a model that was tried. gaps, assumed: full keys of findings, the weightiest first."""

    findings: Mapping[str, Finding]
    verdicts: tuple[Verdict, ...]
    gaps: tuple[str, ...]
    assumed: tuple[str, ...]


MODELS = (
    Model("Lifetime value", "clv.alive_share", "clv_check.headline", "clv_check.alpha"),
    Model(
        "Spend of ninety days",
        "spend_90d.predicted_total",
        "spend_90d.deciles_within",
        "spend_90d.predicted_total",
        "spend_90d.deciles_within_later",
    ),
    Model("Purchase within a week", "propensity.expected", "propensity.tenths_within", "propensity.expected"),
    Model("No order in ninety days", "churn.expected", "churn.tenths_within", "churn.expected"),
)
# What a reader should know is missing, and from which value on.
GAPS = (
    ("quality.unknown_customer_share", LITTLE),
    ("quality.unpriced_lines", 0.0),
    ("quality.rejected", 0.0),
    ("quality.not_earned_share", LITTLE),
    ("quality.money_at_stake", 0.0),
    ("quality.notes", 0.0),
)


def compute(
    quality: Quality | None,
    kpis: Kpis | None,
    clv_check: ClvCheck | None,
    clv: Clv | None,
    spend_90d: Spend | None,
    propensity: Propensity | None,
    churn: Churn | None,
    cross_sell: CrossSell | None,
    up_sell: UpSell | None,
    budget: Budget | None,
) -> Trust:
    """Collect what was tested, what is missing and what is assumed; raises Skip when nothing was measured."""
    results = {
        "quality": quality,
        "kpis": kpis,
        "clv_check": clv_check,
        "clv": clv,
        "spend_90d": spend_90d,
        "propensity": propensity,
        "churn": churn,
        "cross_sell": cross_sell,
        "up_sell": up_sell,
        "budget": budget,
    }
    known = said(**results)
    told = {f"{name}.{key}": f for name, r in results.items() if r is not None for key, f in r.findings.items()}
    basis = known.get("quality.used_share") or known.get("kpis.orders")
    if basis is None:
        raise Skip("nothing was measured")
    verdicts = tuple(_verdict(model, known, told) for model in MODELS if model.evidence in known)
    gaps = tuple(key for key, least in GAPS if key in known and float(known[key].value) > least)  # type: ignore[arg-type]
    assumed = [next(key for key in same if key in known) for same in ASSUMED if known.keys() & set(same)]
    held, n = sum(v.held for v in verdicts), len(verdicts)
    tried = Ground("models tried on purchases they had not seen", n, basis.window, SOURCE)
    found = {
        "models": tried.of(
            n,
            "count",
            "Models tried on purchases they had not seen: {value}.",
            "models of what customers will do that this data could put to the test",
        ),
        "held": tried.of(
            held,
            "count",
            "Models that foretold purchases they had not seen within the limits set before: {value}.",
            "models that met every criterion of their gate / models tried",
        ),
        "refused": tried.of(
            n - held,
            "count",
            "Models that failed and tell nothing here: {value}.",
            "models that missed a criterion of their gate / models tried",
        ),
    }
    findings = found | {"headline": _headline(found["held"], n, held, basis)}
    return Trust(findings, verdicts, gaps, tuple(assumed))


def _verdict(model: Model, known: Mapping[str, Finding], findings: Mapping[str, Finding]) -> Verdict:
    held = model.passed in known
    reason = "" if held or model.why not in findings else findings[model.why].reason
    evidence = tuple(key for key in (model.evidence, model.beside) if key in known)
    weak = held and model.beside in known and float(known[model.beside].value) < MOST_OF_TEN  # type: ignore[arg-type]
    return Verdict(model.what, held, weak, evidence, reason)


def _headline(counted: Finding, n: int, held: int, basis: Finding) -> Finding:
    if not n:
        whole = basis.unit == "share"
        told = "{value} of raw rows are in this report" if whole else "This report rests on {value} orders"
        return replace(basis, claim=f"{told}; it counts what happened and forecasts nothing.")
    if held == n:
        return replace(
            counted,
            claim="The one forecast tried ({value}) held up on purchases it had not seen."
            if n == 1
            else "All {value} forecasts held up on purchases they had not seen.",
        )
    if not held:
        claim = "No forecast is made: of {trust.models} models tried, {value} foretold what it had not seen."
        if n == 1:
            claim = "No forecast is made: the model tried did not foretell what it had not seen (held up: {value})."
        return replace(counted, claim=claim)
    claim = "Of {trust.models} models, {value} held up on purchases they had not seen; the others tell nothing here."
    return replace(counted, claim=claim)
