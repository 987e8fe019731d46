"""What the test of chances says: how they rank and how they are calibrated, whether that is enough, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from analysis import chance_measures as measures_of
from analysis import chances, gains, sampled
from analysis.chance_measures import Estimate
from analysis.chance_people import Who
from analysis.chances import BOOSTED, LOGISTIC, Boosted, Calibrated, Cases, Logistic, Parts, Past
from analysis.customers import placed
from analysis.finding import Skip, Table, Unit
from analysis.threads import one_thread
from dataset.settings import Settings

MEASURED, FITTED = "analysis/chance_measures.py", "analysis/chances.py"
TENTH = 0.1
OFF = 0.1  # the part of the observed share by which the mean chance may miss it however many people there are
SLOPE = (0.8, 1.25)
LIKE = (0.75, 4 / 3)  # mean chance today over that in the test
POINTS = 100
# What a contact is worth is assumed, in shares of the mean net revenue of an order.
COST, EFFECT = 0.01, 0.1
BINS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of yes and no about the days to come, in words.

    does, did: what a yes is, ahead and behind. fewer, more: how a test misses. scarce, short: why nothing is said.
    """

    name: str
    column: str
    horizon: timedelta
    does: str
    did: str
    fewer: str
    more: str
    scarce: str
    short: str

    @property
    def source(self) -> str:
        return f"analysis/{self.name}.py"


@dataclass(frozen=True, slots=True)
class Report:
    """The test of the chosen model. figures: name -> (estimate, interval). failed: why it may not look ahead, or ""."""

    asked: Asked
    who: Who
    parts: Parts
    kind: str
    chance: np.ndarray
    figures: Mapping[str, Estimate]
    tenths: pd.DataFrame
    groups: pd.DataFrame
    above: pd.DataFrame
    gate: pd.DataFrame
    failed: str
    margin: float

    @property
    def worth(self) -> float:
        """The chance from which a contact pays, under what is assumed."""
        return _worth(self.margin)

    @property
    def levels(self) -> tuple[tuple[str, float], ...]:
        """The thresholds that are spoken of, by key."""
        return _levels(self.margin)

    @property
    def test(self) -> Cases:
        return self.parts.test

    @property
    def window(self) -> tuple[date, date]:
        """First and last day of what was tested on."""
        return min(self.test.days), _last(self.test, self.asked)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days to come. total: expected yeses of n people, with interval. groups: a row each. above: by threshold."""

    n: int
    total: Estimate
    groups: pd.DataFrame
    above: Mapping[str, int]
    window: tuple[date, date]


def made(asked: Asked, who: Who, past: Past, customers: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    """The fields of a result: train, choose, calibrate and test in the past; then, if passed, again up to today."""
    from analysis import chance_findings

    parts = chances.gathered(past)
    with one_thread():
        data, kinds = chances.prepared(parts.training, who.measures), (LOGISTIC, BOOSTED)
        models_of = {kind: chances.model_of(kind, data, settings.seed) for kind in kinds}
        seen = chances.seen(data.features, parts.calibration.people)
        scores = {kind: model.scored(seen) for kind, model in models_of.items()}
        tried = {kind: chances.calibrated(models_of[kind], parts.calibration, scores[kind]) for kind in kinds}
        choice = chances.chosen(tried, parts.calibration, scores)
        seen = chances.seen(data.features, parts.test.people)
        tested = {kind: model.chance_at(model.model.scored(seen)) for kind, model in tried.items()}
        del data, seen, scores
        report = judged(asked, who, parts, choice.kind, tested[choice.kind], settings.margin)
        model, now, frame = tried[choice.kind], None, None
        if not report.failed:
            model = _fit(choice.kind, *parts.recent, who, settings)
            people = past.known(settings.snapshot)
            if not len(people):
                raise Skip(f"there are no {who.population}: nobody to tell a chance of")
            chance = people.chance(model)
            now = ahead(report, people.group, chance, settings.snapshot)
            report = settled(report, now)
            frame = _frame(asked, customers, people.customer, chance)
    if report.failed:
        now, frame = None, None
    readable = not report.failed and isinstance(model.model, Logistic)
    return {
        "findings": chance_findings.findings(report, choice, now),
        "frame": frame,
        "model": chances.dated(model, settings.snapshot, asked.horizon) if readable else None,
        "tenths": tenths(report),
        "groups": groups(report),
        "groups_ahead": None if now is None else groups_ahead(report, now),
        "thresholds": thresholds(report, now),
        "models": models(tested, choice, parts),
        "gate": gate(report),
        "coefficients": coefficients(model, who),
        "histogram": histogram(report),
        "roc": roc(report),
        "precision": precision(report),
        "parts": days(parts, asked),
        "one": who.one,
    }


def _fit(kind: str, training: Cases, calibration: Cases, who: Who, settings: Settings) -> Calibrated:
    return chances.calibrated(chances.fitted(kind, training, who.measures, settings.seed), calibration)


def _worth(margin: float) -> float:
    """Where chance x margin x effect - cost is nought; at most one."""
    return min(1.0, COST / (margin * EFFECT))


def _levels(margin: float) -> tuple[tuple[str, float], ...]:
    return (("20", 0.2), ("worth", _worth(margin)), ("50", 0.5))


def judged(asked: Asked, who: Who, parts: Parts, kind: str, chance: np.ndarray, margin: float) -> Report:
    """Every figure of the test of these chances."""
    yes, base = parts.test.yes, parts.calibration.rate
    _, slope, error = measures_of.line(measures_of.logit(chance), yes)
    half = measures_of.Z * error
    captured, lifted = measures_of.lift(chance, yes, TENTH)
    figures = {
        "auc": measures_of.roc_area(chance, yes),
        "pr": measures_of.precision_area(chance, yes),
        "skill": measures_of.brier_skill(chance, yes, base),
        "slope": (slope, (slope - half, slope + half)),
        "captured": captured,
        "lift": lifted,
        "observed": (float(yes.mean()), measures_of.wilson(float(yes.mean()), len(yes))),
        "ratio": _ratio(chance, yes),
    }
    predicted = float(np.sort(chance).mean())
    gate, failed = _gate(asked, figures, predicted, _room(parts))
    by_group = gains.calibration(chance, yes, parts.test.people["group"].to_numpy())
    return Report(
        asked=asked,
        who=who,
        parts=parts,
        kind=kind,
        chance=chance,
        figures=figures | {"predicted": (predicted, (predicted, predicted))},
        tenths=gains.calibration(chance, yes),
        groups=by_group.assign(place=by_group["group"], group=[who.groups[at] for at in by_group["group"]]),
        above=_above(chance, yes, margin),
        gate=gate,
        failed=failed,
        margin=margin,
    )


def ahead(report: Report, place: np.ndarray, chance: np.ndarray, today: date) -> Ahead:
    """What is expected of all and of each group; intervals reach as far as the test missed by. place: their groups."""
    rows = []
    then = report.test.people["group"].to_numpy()
    for at, name in enumerate(report.who.groups):
        here, before = place == at, then == at
        if here.any():
            ratio = _ratio(report.chance[before], report.test.yes[before]) if before.any() else report.figures["ratio"]
            expected, (low, high) = _expected(chance[here], ratio)
            n = int(here.sum())
            rows.append((name, n, expected / n, low / n, high / n, expected))
    columns = ["group", "people", "chance", "low", "high", "expected"]
    above = {key: int(np.count_nonzero(chance >= level)) for key, level in report.levels}
    window = (today, today + report.asked.horizon - timedelta(days=1))
    total = _expected(chance, report.figures["ratio"])
    return Ahead(len(chance), total, pd.DataFrame(rows, columns=columns), above, window)


def _expected(chance: np.ndarray, ratio: Estimate) -> Estimate:
    """Expected yeses; the interval joins what chance makes of them and what the test missed by, which may be nought."""
    total = float(np.sort(chance).sum())
    random = measures_of.Z**2 * float(np.sort(chance * (1 - chance)).sum())
    low, high = ratio[1]
    down = total - total / max(high, 1.0) if np.isfinite(high) else total
    up = total / min(low, 1.0) - total if low > 0 else len(chance) - total
    return total, (max(0.0, total - (down**2 + random) ** 0.5), min(len(chance), total + (up**2 + random) ** 0.5))


def _ratio(chance: np.ndarray, yes: np.ndarray) -> Estimate:
    """Predicted over observed share, and its interval from that of the observed (infinite where nobody did)."""
    predicted, observed = float(np.sort(chance).mean()), float(yes.mean())
    low, high = measures_of.wilson(observed, len(yes))
    return (
        predicted / observed if observed else np.inf,
        (predicted / high, predicted / low if low else np.inf),
    )


def _room(parts: Parts) -> float:
    """How far mean chance and observed share may part by chance alone: of the test days, and of the calibration days.

    1.96 times the standard error of a difference of two shares, each of its own people.
    """
    variances = [part.rate * (1 - part.rate) / len(part.yes) for part in (parts.test, parts.calibration)]
    return measures_of.Z * sum(variances) ** 0.5


def _gate(asked: Asked, figures: Mapping[str, Estimate], predicted: float, room: float) -> tuple[pd.DataFrame, str]:
    """The criteria a model must meet before it may look ahead, and why it fails ("" when it does not)."""
    low = figures["auc"][1][0]
    observed, room = figures["observed"][0], max(room, OFF * figures["observed"][0])
    least, most = max(0.0, observed - room), min(1.0, observed + room)
    slope, (flat, steep) = figures["slope"]
    criteria = (
        (
            "Area under the ROC curve, low end of its interval",
            "above 0.50",
            f"{low:.3f}",
            low > 0.5,
            "the chances tell people apart no better than a draw",
        ),
        (
            "Mean chance: as far from the observed share as sampling explains, or a tenth of it",
            f"{least:.2%} to {most:.2%}",
            f"{predicted:.2%}, observed {observed:.2%}",
            least <= predicted <= most,
            f"in the test {asked.fewer if predicted > observed else asked.more} than was predicted",
        ),
        (
            "Calibration slope: interval reaches into",
            f"{SLOPE[0]:.2f} to {SLOPE[1]:.2f}",
            f"{slope:.2f} ({flat:.2f} to {steep:.2f})",
            flat <= SLOPE[1] and steep >= SLOPE[0],
            "high and low chances lay too far apart" if slope < 1 else "high and low chances lay too close together",
        ),
    )
    rows = [(what, wanted, found, "yes" if met else "no") for what, wanted, found, met, _ in criteria]
    why = [reason for *_, met, reason in criteria if not met]
    kept = why[:1] if low <= 0.5 else why  # chances that say nothing have no other fault worth telling
    return pd.DataFrame(rows, columns=["criterion", "wanted", "found", "met"]), " and ".join(kept)


def settled(report: Report, now: Ahead) -> Report:
    """The report with the last criterion: that people today are given about the chances that people were in the test.

    Where they are not, today differs from what was tested, or the last days are not all in the data.
    """
    mean, before = now.total[0] / now.n, report.figures["predicted"][0]
    met = LIKE[0] <= mean / before <= LIKE[1]
    row = (
        "Mean chance today / in the test",
        f"{LIKE[0]:.2f} to {LIKE[1]:.2f}",
        f"{mean / before:.2f}",
        "yes" if met else "no",
    )
    gate = pd.concat([report.gate, pd.DataFrame([row], columns=report.gate.columns)], ignore_index=True)
    failed = "" if met else f"{report.who.one}s today do not look like those it was tested on"
    return replace(report, gate=gate, failed=failed)


def gate(report: Report) -> Table:
    return Table(
        report.gate,
        "What the model must meet before it looks ahead",
        {"criterion": "Criterion", "wanted": "Wanted", "found": "Found", "met": "Met"},
        FITTED,
    )


def _above(chance: np.ndarray, yes: np.ndarray, margin: float) -> pd.DataFrame:
    """By threshold, in the test: who is at or above it, mean chance, share who did, and their part of all who did."""
    rows = []
    for key, level in _levels(margin):
        here = chance >= level
        n, did = int(here.sum()), int(np.count_nonzero(yes[here]))
        share = did / n if n else np.nan
        low, high = measures_of.wilson(share, n) if n else (np.nan, np.nan)
        mean = float(np.sort(chance[here]).mean()) if n else np.nan
        worth = n * (share * margin * EFFECT - COST) if n else 0.0
        rows.append((key, level, n, mean, share, low, high, did / int(yes.sum()), worth))
    columns = ["key", "threshold", "people", "predicted", "observed", "low", "high", "found", "worth"]
    return pd.DataFrame(rows, columns=columns)


def _frame(asked: Asked, customers: pd.DataFrame, people: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    """The chance of each customer, row by row as `customers`; NaN of who is not in the population (by number)."""
    there = np.flatnonzero(people >= 0)
    own = np.append(chance[there], np.nan)[placed(customers["customer"].to_numpy(), people[there])]
    return pd.DataFrame({"customer_id": customers["customer_id"], asked.column: own}, copy=False)


# Tables for pages

CHANCE: dict[str, Unit] = {"predicted": "share", "actual": "share", "low": "share", "high": "share"}


def tenths(report: Report) -> Table:
    return _calibration(report, report.tenths, "Tenth", "by tenth of the chance, the highest first")


def groups(report: Report) -> Table:
    return _calibration(report, report.groups.drop(columns="place"), "Group", "by group")


def _calibration(report: Report, frame: pd.DataFrame, group: str, by: str) -> Table:
    return Table(
        frame.rename(columns={"customers": "people"}),
        f"Share that {report.asked.did}, predicted and observed, {by}",
        {
            "group": group,
            "people": f"{report.who.one.capitalize()}s",
            "predicted": "Predicted",
            "actual": "Observed",
            "low": "from",
            "high": "to",
            "within": "Agrees",
        },
        MEASURED,
        {"people": "count", **CHANCE},
        note="Agrees: the mean predicted chance lies in the 95 % interval (Wilson) of the observed share.",
    )


def groups_ahead(report: Report, now: Ahead) -> Table:
    return Table(
        now.groups,
        f"Chance to {report.asked.does}, by group, from now",
        {
            "group": "Group",
            "people": f"{report.who.one.capitalize()}s",
            "chance": "Mean chance",
            "low": "from",
            "high": "to",
            "expected": "Expected number",
        },
        report.asked.source,
        {"people": "count", "chance": "share", "low": "share", "high": "share", "expected": "count"},
        note="Intervals of 95 %: chance, and as far as the same group was missed in the test.",
    )


def thresholds(report: Report, now: Ahead | None) -> Table:
    frame = report.above.drop(columns="key")
    if now is not None:
        frame = frame.assign(ahead=[now.above[key] for key in report.above["key"]])
    return Table(
        frame,
        f"Who has at least a chance to {report.asked.does}: in the test, and now",
        {
            "threshold": "Chance of at least",
            "people": f"{report.who.one.capitalize()}s in the test",
            "predicted": "Mean chance",
            "observed": "Observed",
            "low": "from",
            "high": "to",
            "found": "Of all who did",
            "worth": "Value less cost, in orders",
            "ahead": f"{report.who.one.capitalize()}s now",
        },
        report.asked.source,
        {
            "threshold": "share",
            "people": "count",
            "predicted": "share",
            "observed": "share",
            "low": "share",
            "high": "share",
            "found": "share",
            "worth": "ratio",
            "ahead": "count",
        },
        note=f"Assumed: a contact costs {COST:.0%} of an order’s mean revenue, the margin is {report.margin:.0%} of it "
        f"(report.toml), and {EFFECT:.0%} of the outcomes at stake turn because of the contact. A contact then pays "
        f"from a chance of {report.worth:.1%}: cost / (margin x effect). Only an experiment measures the effect.",
    )


def models(tested: Mapping[str, np.ndarray], choice: chances.Choice, parts: Parts) -> Table:
    rows = []
    base = np.full(len(parts.test.yes), parts.calibration.rate)
    for kind, chance in (*tested.items(), ("the same chance for all", base)):
        yes = parts.test.yes
        area, (low, high) = measures_of.roc_area(chance, yes)
        precise, (least, most) = measures_of.precision_area(chance, yes)
        skill = measures_of.brier_skill(chance, yes, parts.calibration.rate)[0]
        loss = float(np.sort(measures_of.log_losses(chance, yes)).mean())
        rows.append((kind, kind == choice.kind, area, low, high, precise, least, most, skill, loss))
    columns = ["model", "chosen", "auc", "auc_low", "auc_high", "pr", "pr_low", "pr_high", "skill", "loss"]
    labels = ["Model", "Chosen", "ROC area", "from", "to", "PR area", "from", "to", "Squared error saved", "Log loss"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Both models on the days they were tested on",
        dict(zip(columns, labels, strict=True)),
        MEASURED,
        {**dict.fromkeys(columns[2:], "ratio"), "skill": "share"},
        note="Chosen on the calibration days: boosting only where its log loss there is surely smaller by a "
        "hundredth, for its trees cannot be read. Squared error saved: Brier skill against the same chance for all. "
        "ROC area: 0.5 is a draw; PR area: the observed share is a draw. Intervals of 95 % (DeLong; "
        "Boyd).",
    )


def coefficients(model: Calibrated, who: Who) -> Table | None:
    """What each measure does to the odds, the strongest first; None of boosted trees."""
    if isinstance(model.model, Boosted):
        return None
    found = sorted(model.model.features, key=lambda f: (-abs(f.weight), f.name))
    rows = [
        (
            who.measures[f.name].label,
            f.weight,
            float(np.exp(f.weight)),
            2 ** (f.weight / f.deviation) if f.log else np.nan,
        )
        for f in found
    ]
    return Table(
        pd.DataFrame(rows, columns=["measure", "weight", "factor", "doubled"]),
        "What the chance rests on",
        {
            "measure": "Measure",
            "weight": "Coefficient",
            "factor": "Odds times, per standard deviation",
            "doubled": "Odds times, when doubled",
        },
        FITTED,
        {"weight": "ratio", "factor": "ratio", "doubled": "ratio"},
        note="Before calibration; all other measures held as they are; measures that go together share what they say. "
        "Logarithms of one more, except yes and no. Unknown values count as the mean.",
    )


def histogram(report: Report) -> Table:
    """How many were given which chance in the test; bins that hold nobody at either end are left out."""
    counts, _ = np.histogram(report.chance, bins=BINS)
    there = np.flatnonzero(counts)
    kept = slice(int(there[0]), int(there[-1]) + 1)
    frame = pd.DataFrame({"low": BINS[:-1], "high": BINS[1:], "people": counts})[kept].reset_index(drop=True)
    one = report.who.one.capitalize()
    return Table(
        frame,
        "Chances given in the test",
        {"low": "From", "high": "Below", "people": f"{one}s"},
        FITTED,
        {"low": "share", "high": "share", "people": "count"},
    )


def roc(report: Report) -> Table:
    _, found, taken = measures_of.steps(report.chance, report.test.yes)
    false = (taken - found) / max(1, taken[-1] - found[-1])
    x, y = np.append(0.0, false), np.append(0.0, found / found[-1])
    at = np.linspace(0, 1, POINTS + 1)
    frame = pd.DataFrame({"false": at, "true": np.interp(at, x, y)})
    frame.loc[0, "true"] = 0.0
    labels = {"false": "Share of those who did not, taken in", "true": "Share of those who did, found"}
    return Table(frame, "ROC curve", labels, MEASURED, {"false": "share", "true": "share"})


def precision(report: Report) -> Table:
    _, found, taken = measures_of.steps(report.chance, report.test.yes)
    recall, share = found / found[-1], found / taken
    at = np.linspace(0.02, 1, 50)
    place = np.minimum(np.searchsorted(recall, at - 1e-12), len(recall) - 1)
    frame = pd.DataFrame({"recall": at, "precision": share[place]})
    labels = {"recall": "Share of those who did, found", "precision": "Share of those taken in who did"}
    return Table(frame, "Precision and recall", labels, MEASURED, {"recall": "share", "precision": "share"})


def _last(part: Cases, asked: Asked) -> date:
    """The last day of what the cases did."""
    return max(part.days) + asked.horizon - timedelta(days=1)


def days(parts: Parts, asked: Asked) -> Table:
    named = (("training", parts.training), ("calibration", parts.calibration), ("test", parts.test))
    drawn = any(part.drawn for _, part in named)
    rows = [
        (name, min(part.days), _last(part, asked), len(part.days), len(part.yes), int(part.yes.sum()), part.rate)
        for name, part in named
    ]
    columns = ["part", "first", "last", "cuts", "people", "did", "share"]
    labels = ["Part", "First day", "Last day", "Cut-off days", "People", "Did so", "Share"]
    units: dict[str, Unit] = {
        "first": "date",
        "last": "date",
        "cuts": "count",
        "people": "count",
        "did": "count",
        "share": "share",
    }
    return Table(
        pd.DataFrame(rows, columns=columns),
        "On which days the model was trained, calibrated and tested",
        dict(zip(columns, labels, strict=True)),
        FITTED,
        units,
        note="People known on several cut-off days count on each; of each day only what lay before it is known."
        + (f" Of more than {sampled.MOST:,} people on a day, so many were drawn at random." if drawn else ""),
    )
