"""The chance that somebody does a thing within some days: two models, of which one is chosen, and their calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis import sampled, total_order
from analysis.chance_measures import Estimate, difference, expit, line, log_losses
from analysis.customers import SCALE, whole
from analysis.finding import Skip

KIND = "customer-deck chance 1"
DIGITS = 10  # parameters and scores are rounded to so many decimals: what is kept is what was used
LEAST = 50  # yeses, and noes, in each of training, calibration and test
ENOUGH = {"calibration": 200, "training": 500}  # of both, before earlier days are added no more
MOST_DAYS = 6  # days a part is gathered from at most
TABLED = 100_000  # whole numbers below are looked up rather than computed
BLOCK = 100_000  # people scored together
SAMPLE = 200_000  # people a model is fitted on
ISOTONIC = 1000  # yeses, and noes, from which calibration is isotonic rather than Platt's
GROUPS = 20  # of people by score, for isotonic calibration
SHRINK = 0.01  # penalty of the logistic regression, as a part of the information in the outcomes
MATTERS = 0.01  # part of the log loss that boosting must save, for sure
LOGISTIC, BOOSTED = "logistic regression", "histogram gradient boosting"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of people: how it reads, whether its logarithm (of one more) is taken, whether it is money."""

    label: str
    log: bool = True
    money: bool = False


@dataclass(frozen=True, slots=True)
class Cases:
    """People as known on a day (or on several), and whether each did the thing from then.

    people: measures (float64, NaN unknown), `group` (int8). yes: bool. drawn: of some day some people only, at random.
    """

    people: pd.DataFrame
    yes: np.ndarray
    days: tuple[date, ...]
    drawn: bool = False

    @property
    def least(self) -> int:
        """The number of the rarer outcome."""
        found = int(np.count_nonzero(self.yes))
        return min(found, len(self.yes) - found)

    @property
    def rate(self) -> float:
        return float(self.yes.mean())


@dataclass(frozen=True, slots=True)
class Parts:
    """Cases apart in time: training before calibration before test; `recent`: training and calibration for today."""

    training: Cases
    calibration: Cases
    test: Cases
    recent: tuple[Cases, Cases]


Rows = np.ndarray | slice


@dataclass(frozen=True, slots=True)
class People:
    """Those a question is asked of, as known on a day, in a total order.

    customer: their numbers (int32; -1 of who has none). group: of each (int8). of: the measures of some, with customer
    and group, made when asked for: of many, all at once would be many columns of all.
    """

    customer: np.ndarray
    group: np.ndarray
    of: Callable[[Rows], pd.DataFrame]

    def __len__(self) -> int:
        return len(self.group)

    def chance(self, model: Calibrated) -> np.ndarray:
        """The chance of each (float64), so many at a time."""
        parts = (self.of(slice(first, first + BLOCK)) for first in range(0, max(len(self), 1), BLOCK))
        return np.concatenate([model.chance(part) for part in parts])


Known = Callable[[date], People]
Happened = Callable[[pd.DataFrame, date], np.ndarray]


@dataclass(frozen=True, slots=True)
class Past:
    """Where cases come from: who was known on a day, the cases of a day, the days there are, the latest first.

    scarce, short: why nothing can be said when too few did it, or the days are too few.
    """

    known: Known
    cases: Callable[[date], Cases]
    days: tuple[date, ...]
    scarce: str
    short: str

    @classmethod
    def of(
        cls,
        known: Known,
        happened: Happened,
        until: date,
        first: date,
        horizon: timedelta,
        scarce: str,
        short: str,
        seed: int,
    ) -> Past:
        """Days one horizon apart, back from `until` - horizon to `first`; each is reduced once.

        happened: what they did from a day. Of more than sampled.MOST so many are drawn.
        """

        @cache
        def cases(day: date) -> Cases:
            everyone = known(day)
            rows = sampled.stand_ins(len(everyone), seed + day.toordinal())
            drawn = len(rows) < len(everyone)
            people = everyone.of(rows if drawn else slice(None)).reset_index(drop=True)
            return Cases(people, happened(people, day), (day,), drawn)

        days = (until - horizon * back for back in range(1, 3 * MOST_DAYS + 1))
        return cls(known, cases, tuple(day for day in days if day >= first), scarce, short)

    def taken(self, left: list[date], enough: int, spare: int) -> Cases:
        """Cases of the latest days in `left`, which are taken from it, until there are `enough` of both outcomes.

        spare: days to leave once LEAST are there. Raises Skip when they are not to be had.
        """
        found: Cases | None = None
        while left and (found is None or len(found.days) < MOST_DAYS):
            day = self.cases(left.pop(0))
            found = day if found is None else joined((found, day))
            if found.least >= enough or (found.least >= LEAST and len(left) <= spare):
                break
        if found is None or found.least < LEAST:
            raise Skip(self.scarce)
        return found


def gathered(past: Past) -> Parts:
    """The parts, test last in time, each of as many days as it needs; raises Skip without enough days or outcomes."""
    if len(past.days) < 3:
        raise Skip(past.short)
    left = list(past.days)
    test = past.taken(left, LEAST, 2)
    calibration = past.taken(left, ENOUGH["calibration"], 1)
    training = past.taken(left, ENOUGH["training"], 0)
    left = list(past.days)
    again = past.taken(left, ENOUGH["calibration"], 1)
    return Parts(training, calibration, test, (past.taken(left, ENOUGH["training"], 0), again))


def joined(cases: Sequence[Cases]) -> Cases:
    """Cases of several days as one."""
    if len(cases) == 1:
        return cases[0]
    people = pd.concat([one.people for one in cases], ignore_index=True)
    days, drawn = tuple(d for one in cases for d in one.days), any(one.drawn for one in cases)
    return Cases(people, np.concatenate([one.yes for one in cases]), days, drawn)


# Models


@dataclass(frozen=True, slots=True)
class Feature:
    """One measure in the model: weight x z, z = (g(x / scale) - mean) / deviation; z of an unknown one is nought.

    g: ln(1 + x) where `log`, else x itself.
    """

    name: str
    log: bool
    scale: float
    mean: float = 0.0
    deviation: float = 1.0
    weight: float = 0.0

    def of(self, people: pd.DataFrame) -> np.ndarray:
        """g of the measure, rounded so that it does not depend on the unit of money."""
        values = people[self.name].to_numpy(dtype=float)
        if self.log and len(values) and values.min() >= 0 and values.max() < TABLED:  # no NaN: it is not >= 0
            whole_ones = values.astype(np.int64)
            if (whole_ones == values).all():
                return self._g(np.arange(whole_ones.max() + 1, dtype=float))[whole_ones]
        return self._g(values)

    def _g(self, values: np.ndarray) -> np.ndarray:
        values = values / self.scale
        return np.round(np.log1p(np.maximum(values, 0)) if self.log else values, DIGITS)

    def part(self, seen: np.ndarray) -> np.ndarray:
        """What the measure, seen as g, adds to the logit."""
        return np.nan_to_num((seen - self.mean) / self.deviation) * self.weight


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logit = intercept + sum of parts."""

    intercept: float
    features: tuple[Feature, ...]

    def scored(self, seen: Sequence[np.ndarray]) -> np.ndarray:
        """The score of each of people as `seen` by the features."""
        found = np.full(len(seen[0]), self.intercept)
        for feature, values in zip(self.features, seen, strict=True):
            found += feature.part(values)
        return np.round(found, DIGITS)

    def score(self, people: pd.DataFrame) -> np.ndarray:
        return self.scored(seen(self.features, people))


@dataclass(frozen=True, slots=True)
class Boosted:
    """Gradient boosted trees on the same measures; trees are not kept in any file."""

    features: tuple[Feature, ...]
    trees: Any

    def scored(self, seen: Sequence[np.ndarray]) -> np.ndarray:
        """The score of each of people as `seen` by the features: once for all whom no tree tells apart."""
        code, one_by_one = np.zeros(len(seen[0]), dtype=np.int64), False
        for values, cuts in zip(seen, self._cuts(), strict=True):
            if not one_by_one and (many := len(cuts) + 2) > 2:
                place = np.searchsorted(cuts, values)
                place[np.isnan(values)] = many - 1
                one_by_one = code.max(initial=0) > 2**62 // many
                code = code * many + place
        if one_by_one:
            return self._told(np.column_stack(seen))
        _, first, of = np.unique(code, return_index=True, return_inverse=True)
        return self._told(np.column_stack([values[first] for values in seen]))[of]

    def _told(self, matrix: np.ndarray) -> np.ndarray:
        return np.round(self.trees.decision_function(matrix), DIGITS)

    def _cuts(self) -> list[np.ndarray]:
        """The values at which trees split, by feature: at most so large goes left."""
        nodes = np.concatenate([tree.nodes for (tree,) in self.trees._predictors])
        nodes = nodes[nodes["is_leaf"] == 0]
        return [np.unique(nodes["num_threshold"][nodes["feature_idx"] == at]) for at in range(len(self.features))]

    def score(self, people: pd.DataFrame) -> np.ndarray:
        return self.scored(seen(self.features, people))


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A model whose scores are set to the chances that were seen: along a line (Platt) or by groups (isotonic).

    line: logit = intercept + slope x score. pairs: (score, logit), rising, straight between and level beyond; else ().
    """

    model: Logistic | Boosted
    line: tuple[float, float]
    pairs: tuple[tuple[float, float], ...] = ()
    snapshot: date = date.min
    horizon: int = 0

    def logit(self, score: np.ndarray) -> np.ndarray:
        if self.pairs:
            at, logit = np.array(self.pairs).T
            return np.interp(score, at, logit)
        return self.line[0] + self.line[1] * score

    def chance(self, people: pd.DataFrame) -> np.ndarray:
        """The chance of each (float64, strictly between 0 and 1)."""
        return self.chance_at(self.model.score(people))

    def chance_at(self, score: np.ndarray) -> np.ndarray:
        """The chance at each score."""
        return np.round(expit(self.logit(score)), DIGITS + 2)

    def json(self) -> dict[str, Any]:
        """All that gives a chance as of `snapshot`; nobody is in it. Only of a logistic regression."""
        if isinstance(self.model, Boosted):
            raise TypeError("boosted trees are not kept")
        told = {"snapshot": self.snapshot.isoformat(), "horizon_days": self.horizon, **asdict(self.model)}
        return {"kind": KIND, **told, "line": list(self.line), "pairs": [list(pair) for pair in self.pairs]}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What models are fitted on: features that differ among people, their values (n x features; NaN unknown), yes."""

    features: tuple[Feature, ...]
    matrix: np.ndarray
    yes: np.ndarray


def fitted(kind: str, cases: Cases, measures: Mapping[str, Measure], seed: int) -> Logistic | Boosted:
    """A model of one kind on the cases; raises Skip if there is none."""
    return model_of(kind, prepared(cases, measures), seed)


def model_of(kind: str, data: Prepared, seed: int) -> Logistic | Boosted:
    """A model of one kind."""
    return (_logistic if kind == LOGISTIC else _boosted)(list(data.features), data.matrix, data.yes, seed)


def prepared(cases: Cases, measures: Mapping[str, Measure]) -> Prepared:
    """The cases, or an even part of them that keeps the share of yes, for models to be fitted on; raises Skip if none.

    Nothing depends on the order of people. Measures that nobody has, or all alike, are left out.
    """
    features, columns = _measured(cases, measures)
    if not features:
        raise Skip("nothing known of people tells them apart")
    order = total_order.by([cases.yes, *columns])
    if len(order) > SAMPLE:
        order = order[np.linspace(0, len(order) - 1, SAMPLE).round().astype(np.int64)]
    return Prepared(tuple(features), np.column_stack([column[order] for column in columns]), cases.yes[order])


def seen(features: Sequence[Feature], people: pd.DataFrame) -> list[np.ndarray]:
    """People as the features see them: g of each measure."""
    return [feature.of(people) for feature in features]


def calibrated(model: Logistic | Boosted, cases: Cases, score: np.ndarray | None = None) -> Calibrated:
    """The model set to the shares of yes in cases it has not seen; score: theirs, where it is known already."""
    score = model.score(cases.people) if score is None else score
    intercept, slope, _ = line(score, cases.yes, smoothed=True)
    if slope <= 0:  # the score says nothing, or the contrary: everybody gets the share
        intercept, slope, _ = line(np.zeros(len(score)), cases.yes, smoothed=True)
    own = (round(intercept, DIGITS), round(slope, DIGITS))
    isotonic = slope > 0 and cases.least >= ISOTONIC
    return Calibrated(model, own, _stairs(score, cases.yes) if isotonic else ())


@dataclass(frozen=True, slots=True)
class Choice:
    """Which kind of model, and how much smaller the log loss of boosting was where the choice was made."""

    kind: str
    boosted_less: Estimate


def chosen(
    calibrated_models: Mapping[str, Calibrated], cases: Cases, scores: Mapping[str, np.ndarray] | None = None
) -> Choice:
    """Boosting where its log loss on the calibration days is surely smaller, by a hundredth of it; else the regression.

    For the regression can be read, and kept.
    """
    scores = scores or {kind: model.model.score(cases.people) for kind, model in calibrated_models.items()}
    losses = {kind: log_losses(model.chance_at(scores[kind]), cases.yes) for kind, model in calibrated_models.items()}
    less = difference(losses[LOGISTIC], losses[BOOSTED])
    matters = MATTERS * float(np.sort(losses[LOGISTIC]).mean())
    return Choice(BOOSTED if less[1][0] > matters else LOGISTIC, less)


def dated(model: Calibrated, snapshot: date, horizon: timedelta) -> Calibrated:
    return replace(model, snapshot=snapshot, horizon=horizon.days)


def _measured(cases: Cases, measures: Mapping[str, Measure]) -> tuple[list[Feature], list[np.ndarray]]:
    """The measures that differ among people, and the values of each (NaN unknown)."""
    features: list[Feature] = []
    columns: list[np.ndarray] = []
    for name, measure in measures.items():
        if name not in cases.people:
            continue
        values = cases.people[name].to_numpy(dtype=float)
        feature = Feature(name, measure.log, _mean(values) if measure.money else 1.0)
        found = feature.of(cases.people)
        known = np.sort(found[~np.isnan(found)])
        if len(known) and known[-1] - known[0] > 1e-9:
            mean, deviation = round(float(known.mean()), DIGITS), round(float(known.std()), DIGITS)
            features.append(replace(feature, mean=mean, deviation=deviation))
            columns.append(found)
    return features, columns


def _logistic(features: list[Feature], matrix: np.ndarray, yes: np.ndarray, seed: int) -> Logistic:
    from sklearn.linear_model import LogisticRegression

    z = np.nan_to_num((matrix - [f.mean for f in features]) / [f.deviation for f in features])
    share = float(yes.mean())
    strength = 1 / (SHRINK * len(yes) * share * (1 - share))
    made = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200, random_state=seed).fit(z, yes)
    weights = np.round(made.coef_[0], DIGITS).tolist()
    own = tuple(replace(f, weight=w) for f, w in zip(features, weights, strict=True))
    return Logistic(round(float(made.intercept_[0]), DIGITS), own)


def _boosted(features: list[Feature], matrix: np.ndarray, yes: np.ndarray, seed: int) -> Boosted:
    from sklearn.ensemble import HistGradientBoostingClassifier

    made = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.06,
        max_leaf_nodes=8,
        min_samples_leaf=max(20, len(yes) // 100),
        early_stopping=False,
        random_state=seed % 2**32,
    )
    return Boosted(tuple(features), made.fit(matrix, yes))


def _stairs(score: np.ndarray, yes: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Mean score and logit of the share of yes of groups of equal size by score, made to rise (isotonic regression)."""
    from sklearn.isotonic import IsotonicRegression

    rising = np.sort(score)
    ends = np.unique(rising[np.linspace(0, len(score) - 1, GROUPS + 1).round().astype(np.int64)])

    def group(scores: np.ndarray) -> np.ndarray:
        return np.minimum(np.searchsorted(ends, scores, side="right"), len(ends) - 1)

    sizes, found = np.bincount(group(rising)), np.bincount(group(score), weights=yes)
    kept = sizes > 0
    at = np.array([float(one.mean()) for one in np.split(rising, np.cumsum(sizes)[:-1]) if len(one)])
    share = (found[kept] + 0.5) / (sizes[kept] + 1)
    share = IsotonicRegression().fit_transform(at, share, sample_weight=sizes[kept].astype(float))
    odds = np.log(share / (1 - share))
    return tuple((round(float(a), DIGITS), round(float(o), DIGITS)) for a, o in zip(at, odds, strict=True))


def _mean(values: np.ndarray) -> float:
    """The mean of amounts above nought, summed exactly; 1 if there is none."""
    kept = values[values > 0]
    total = int(whole(kept).sum())
    return total / SCALE / len(kept) if total else 1.0
