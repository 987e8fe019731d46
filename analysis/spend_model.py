"""The model behind `spend_90d`: a Tweedie regression with log link on what is known of a customer, and its level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis import gains
from analysis.customers import SCALE, whole
from analysis.finding import Skip
from analysis.sampled import mixed
from analysis.threads import heard

KIND = "customer-deck spend 1"
DIGITS = 10  # parameters are rounded to so many decimals before anything is predicted: what is kept is what was used
FOLDS = 5
BLOCK = 100_000  # customers scored together
SAMPLE = 50_000  # customers a model is fitted on, about; all are scored
POWERS = (1.2, 1.5, 1.8)  # between one (spend grows with the number of orders) and two (with their size)
ALPHAS = (0.01, 0.1)
EPSILON = float(np.finfo(float).eps)
RARE = 0.02  # countries of a smaller share of customers are taken together
# Measure -> whether its logarithm (of one more) is taken, as its tail is long
MEASURES = {
    "recency": True,
    "tenure": True,
    "orders": True,
    "net": True,
    "items": True,
    "returns": False,
    "age": False,
    "income": True,
    "children": False,
}
MONEY = ("net", "income")


@dataclass(frozen=True, slots=True)
class Feature:
    """One measure in the model: weight x z, z = (g(x / scale) - mean) / deviation; unknown x / scale is `fill`.

    g: ln(1 + x) where `log`, else x itself.
    """

    name: str
    log: bool
    scale: float
    fill: float
    mean: float
    deviation: float
    weight: float

    def part(self, values: np.ndarray) -> np.ndarray:
        """What the measure adds to the logarithm of spend."""
        known = np.where(np.isnan(values), self.fill, values / self.scale)
        return ((np.log1p(known) if self.log else known) - self.mean) / self.deviation * self.weight


@dataclass(frozen=True, slots=True)
class Model:
    """Spend = level(exp(intercept + sum of parts + weight of the country)) x unit.

    unit: money, the mean spend of who it was fitted on. countries: weight of each country with its own; other: of all
    others. level: (score, spend) pairs in units, rising; straight lines from (0, 0) between, the last ratio beyond.
    """

    power: float
    alpha: float
    intercept: float
    features: tuple[Feature, ...]
    countries: Mapping[str, float]
    other: float
    unit: float
    level: tuple[tuple[float, float], ...]
    snapshot: date = date.min
    currency: str = ""

    def score(self, people: pd.DataFrame) -> np.ndarray:
        """The logarithm of spend in units, before its level is set: what customers are ranked by.

        Summed column by column and rounded, so that equal customers get equal scores wherever they stand.
        """
        parts = (people.iloc[first : first + BLOCK] for first in range(0, max(len(people), 1), BLOCK))
        return np.concatenate([self.scored(measured(part), part["country"]) for part in parts])

    def scored(self, measures: Mapping[str, np.ndarray], country: pd.Series) -> np.ndarray:
        """The same of people so measured."""
        found = np.full(len(country), self.intercept)
        for feature in self.features:
            found += feature.part(measures[feature.name])
        if self.countries:
            named = country.cat
            weights = [self.countries.get(str(name), self.other) for name in named.categories]
            found += np.array([*weights, self.countries.get("", self.other)])[named.codes.to_numpy()]
        return np.round(found, DIGITS)

    def spend(self, scores: np.ndarray) -> np.ndarray:
        """Expected spend (money) at scores."""
        return levelled(np.exp(np.minimum(scores, 50)), self.level) * self.unit

    def json(self) -> dict[str, Any]:
        """All that predicts a customer as of `snapshot`; no customer is in it."""
        told = asdict(self) | {"snapshot": self.snapshot.isoformat(), "level": [list(pair) for pair in self.level]}
        return {"kind": KIND, **told}


@dataclass(frozen=True, slots=True)
class Training:
    """Customers to fit on, in an order that depends on what they are only.

    people: as Customers.frame. table: measures and country (a place in `names`). spent: money, at least 0. unit: its
    mean. fold: 0 to 4.
    """

    people: pd.DataFrame
    table: pd.DataFrame
    names: tuple[str, ...]
    scales: Mapping[str, float]
    spent: np.ndarray
    unit: float
    fold: np.ndarray

    def part(self, rows: np.ndarray) -> Training:
        """Some of the customers; measured by the same yardstick."""
        people, table = (frame.iloc[rows].reset_index(drop=True) for frame in (self.people, self.table))
        return Training(people, table, self.names, self.scales, self.spent[rows], self.unit, self.fold[rows])


class Fits:
    """Models fitted on all customers of a training but those of some folds, each once."""

    def __init__(self, data: Training):
        self.data, self._measured = data, measured(data.people)
        self._laid: dict[frozenset[int], Laid] = {}
        self._made: dict[tuple[frozenset[int], float, float], Model] = {}

    def kept(self, without: frozenset[int]) -> np.ndarray:
        """The customers of no fold of `without` (bool)."""
        return ~np.isin(self.data.fold, list(without))

    def bare(self, power: float, alpha: float, without: frozenset[int] = frozenset()) -> Model:
        """The model on customers of the other folds, its level not set."""
        key = (without, power, alpha)
        if key not in self._made:
            if without not in self._laid:
                self._laid[without] = laid_out(self.data, self.kept(without))
            self._made[key] = self._laid[without].fitted(power, alpha)
        return self._made[key]

    def scores(self, power: float, alpha: float, without: frozenset[int] = frozenset()) -> np.ndarray:
        """The score of each customer of the other folds by a model that did not see their fold either; else NaN."""
        score = np.full(len(self.data.spent), np.nan)
        for at in np.unique(self.data.fold[self.kept(without)]).tolist():
            here = self.data.fold == at
            score[here] = self.of(self.bare(power, alpha, without | {at}), here)
        return score

    def of(self, model: Model, here: np.ndarray) -> np.ndarray:
        """The scores of some of the customers (bool) by a model."""
        measures = {name: values[here] for name, values in self._measured.items()}
        return model.scored(measures, self.data.people["country"][here])


@dataclass(frozen=True, slots=True)
class Choice:
    """Power and strength of shrinkage (alpha), and how each pair ranked held-out customers. tried: a row a pair."""

    power: float
    alpha: float
    tried: pd.DataFrame


def measured(people: pd.DataFrame) -> dict[str, np.ndarray]:
    """What is measured of each customer (float64, NaN unknown): days, orders, money, items, what is on file."""
    gross, net = people["gross"].to_numpy(), people["net"].to_numpy()
    back = np.divide(gross - net, gross, out=np.zeros(len(people)), where=gross > 0)
    measures = {
        "recency": people["recency_days"].to_numpy(dtype=float),
        "tenure": people["tenure_days"].to_numpy(dtype=float),
        "orders": people["orders"].to_numpy(dtype=float),
        "net": np.maximum(net, 0),
        "items": np.maximum(people["units"].to_numpy(dtype=float), 0) / people["orders"].to_numpy(),
        "returns": np.clip(back, 0, 1),
    }
    on_file = {name: people[name].to_numpy(dtype=float) for name in ("age", "income", "children") if name in people}
    return measures | {name: np.maximum(values, 0) for name, values in on_file.items()}


def training(people: pd.DataFrame, spent: np.ndarray, seed: int) -> Training:
    """About SAMPLE of the customers, and which fold each is in, by a hash of what they did.

    Customers alike in days, orders and units share a fold, wherever they stand and whatever the currency's unit. Raises
    Skip when customers are too alike to be held out.
    """
    drawn = _drawn(people, seed)
    kept = drawn < SAMPLE / max(len(people), SAMPLE)
    rows = people[kept].reset_index(drop=True)
    table = pd.DataFrame(measured(rows)) if len(rows) else pd.DataFrame()
    scales = dict.fromkeys(measured(rows), 1.0)
    scales |= {name: _mean(people[name].to_numpy(dtype=float)) for name in MONEY if name in people}
    table = table.loc[:, table.notna().any()]
    for name in table.columns.intersection(list(MONEY)):
        table[name] /= scales[name]
    names: tuple[str, ...] = ()
    if len(rows["country"].cat.categories):
        table["country"], found = pd.factorize(_countries(rows), sort=True)
        names = tuple(found)
    fold = (drawn[kept] * 2**32).astype(np.uint64) % np.uint64(FOLDS)
    money = np.maximum(np.nan_to_num(spent), 0)
    made = Training(rows, table, names, scales, money[kept], _mean(money, above=-1), fold.astype(np.int8))
    if not all(made.spent[made.fold == at].any() for at in range(FOLDS)):
        raise Skip("customers are too alike for some of them to be held out")
    first = [whole(made.spent), *(pd.factorize(table[c], sort=True)[0] for c in table)]
    return made.part(np.lexsort(first[::-1]))


def choose(fits: Fits) -> Choice:
    """The pair of power and alpha whose predictions of held-out customers have the best Gini. Raises Skip if none."""
    rows = []
    for power in POWERS:
        for alpha in ALPHAS:
            try:
                score = fits.scores(power, alpha)
            except _Unstable:
                continue
            rows.append((power, alpha, gains.gini(score, fits.data.spent)))
    tried = pd.DataFrame(rows, columns=["power", "alpha", "gini"])
    if tried["gini"].isna().all():
        raise Skip("no model of spend could be fitted")
    best = tried.loc[tried["gini"].round(6).idxmax()]
    return Choice(float(best["power"]), float(best["alpha"]), tried.assign(chosen=tried.index == best.name))


def fitted(fits: Fits, choice: Choice, without: frozenset[int] = frozenset()) -> Model:
    """The model on customers of the other folds, its level from predictions of folds that were held out."""
    kept, data = fits.kept(without), fits.data
    try:
        bare = fits.bare(choice.power, choice.alpha, without)
        level = _level(np.exp(fits.scores(choice.power, choice.alpha, without)[kept]), data.spent[kept] / data.unit)
    except _Unstable:
        raise Skip("no model of spend could be fitted") from None
    return Model(**_fields(bare) | {"level": level})


def held_out(fits: Fits, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """Score and spend of each customer by a model, and a level, that saw no customer of their fold."""
    score, spend = np.empty(len(fits.data.spent)), np.empty(len(fits.data.spent))
    for at in range(FOLDS):
        here = fits.data.fold == at
        model = fitted(fits, choice, frozenset({at}))
        score[here] = fits.of(model, here)
        spend[here] = model.spend(score[here])
    return score, spend


def levelled(scores: np.ndarray, level: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Spend at scores (both in units) along the pairs of `level`."""
    at, spend = np.array([(0.0, 0.0), *level]).T
    return np.where(scores > at[-1], scores * (spend[-1] / at[-1]), np.interp(scores, at, spend))


class _Unstable(Exception):
    """The solver did not reach a minimum."""


@contextmanager
def _stable() -> Iterator[None]:
    from scipy.linalg import LinAlgWarning
    from sklearn.exceptions import ConvergenceWarning

    with heard(ConvergenceWarning, LinAlgWarning, RuntimeWarning) as said:
        try:
            yield
        except (ValueError, np.linalg.LinAlgError) as reason:
            raise _Unstable(str(reason)) from None
    if said:
        raise _Unstable(str(said[0]))


def regression(power: float, alpha: float) -> Any:
    """The Tweedie regression of spend on what was prepared: not fitted yet."""
    from sklearn.linear_model import TweedieRegressor

    return TweedieRegressor(power=power, alpha=alpha, link="log", solver="newton-cholesky", max_iter=200)


@dataclass(frozen=True, slots=True)
class Laid:
    """Customers prepared for a regression.

    features: the measures, without weight. countries: places in `data.names` of those with a column of their own.
    matrix: a column a measure, then one a country, then the others together where there are any. spent: in units.
    """

    data: Training
    features: tuple[Feature, ...]
    countries: tuple[int, ...]
    matrix: np.ndarray
    spent: np.ndarray

    def fitted(self, power: float, alpha: float) -> Model:
        """The model, its level not set."""
        data, made = self.data, regression(power, alpha)
        with _stable():
            made.fit(self.matrix, self.spent)
        weights = np.round(made.coef_, DIGITS).tolist()
        features = tuple(replace(f, weight=weight) for f, weight in zip(self.features, weights, strict=False))
        own, last = weights[len(features) :], len(self.countries)
        countries = {data.names[at]: weight for at, weight in zip(self.countries, own, strict=False)}
        intercept, other = round(float(made.intercept_), DIGITS), own[last] if len(own) > last else 0.0
        return Model(power, alpha, intercept, features, countries, other, data.unit, ((1.0, 1.0),))


def laid_out(data: Training, rows: np.ndarray) -> Laid:
    """Some of the customers (bool), prepared by what is known of them.

    The median for the unknown, logarithms, mean nought and deviation one; a column a country that is not rare.
    """
    measures = [name for long in (True, False) for name in data.table if MEASURES.get(name) is long]
    features, columns = [], []
    for name in measures:
        values = data.table[name].to_numpy()[rows]
        unknown = np.isnan(values)
        if unknown.all():
            continue
        fill = float(np.median(values[~unknown]))
        seen = np.where(unknown, fill, values)
        seen = np.log1p(seen) if MEASURES[name] else seen
        mean, variance = float(seen.mean()), float(seen.var())
        alike = variance <= len(seen) * EPSILON * variance + (len(seen) * mean * EPSILON) ** 2  # but for rounding
        deviation = 1.0 if alike else variance**0.5
        columns.append((seen - mean) / deviation)
        fill, mean, deviation = (round(value, DIGITS) for value in (fill, mean, deviation))
        features.append(Feature(name, MEASURES[name], data.scales[name], fill, mean, deviation, 0.0))
    countries, others = _own(data.table["country"].to_numpy()[rows]) if "country" in data.table else ((), ())
    return Laid(data, tuple(features), countries, np.column_stack([*columns, *others]), data.spent[rows] / data.unit)


def _own(country: np.ndarray) -> tuple[tuple[int, ...], tuple[np.ndarray, ...]]:
    """The countries that are not RARE, a column (0 or 1) for each, and one for all others where there are any."""
    count = np.bincount(country)
    rare = count < RARE * len(country)
    own = tuple(np.flatnonzero(~rare).tolist())
    columns = [(country == at).astype(float) for at in own]
    others = rare[country]
    return own, (*columns, others.astype(float)) if others.any() else tuple(columns)


def _level(scores: np.ndarray, spent: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Mean score and mean spend of each tenth of held-out customers, made to rise (isotonic regression)."""
    from sklearn.isotonic import IsotonicRegression

    tenth = gains.tenths(scores)
    groups = [tenth == at for at in sorted(np.unique(tenth), reverse=True)]
    at = np.array([float(np.sort(scores[g]).mean()) for g in groups])
    spend = np.array([float(np.sort(spent[g]).mean()) for g in groups])
    spend = IsotonicRegression().fit_transform(at, spend, sample_weight=[float(g.sum()) for g in groups])
    return tuple((round(float(a), DIGITS), round(float(s), DIGITS)) for a, s in zip(at, spend, strict=True))


def _fields(model: Model) -> dict[str, Any]:
    return {name: getattr(model, name) for name in Model.__slots__}


def _countries(people: pd.DataFrame) -> pd.Series:
    return people["country"].astype(object).where(people["country"].notna(), "").astype(str)


def _mean(values: np.ndarray, above: float = 0) -> float:
    """The mean of amounts above `above`, summed exactly; 1 if there is none."""
    kept = values[values > above]
    total = int(whole(kept).sum())
    return total / SCALE / len(kept) if total else 1.0


def _drawn(people: pd.DataFrame, seed: int) -> np.ndarray:
    """A number in [0, 1) of each customer, by a hash (splitmix64) of days, orders and units."""
    found = np.full(len(people), seed % 2**64, dtype=np.uint64)
    units = np.rint(np.nan_to_num(people["units"].to_numpy(dtype=float)) * 1000)
    for column in (*(people[c].to_numpy() for c in ("recency_days", "tenure_days", "orders")), units):
        found = mixed(found ^ column.astype(np.int64).astype(np.uint64))
    return (found >> np.uint64(11)).astype(float) / 2.0**53
