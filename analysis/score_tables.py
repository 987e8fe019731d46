"""The models of a release as small tables, by which an engine scores customers: analysis/scores_*.sql read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from analysis import btyd, chance_people, cluster_model, clv_worth, rfm, spend_model
from analysis.btyd import Histories
from analysis.chances import Calibrated, Logistic
from analysis.clv_worth import YEAR
from analysis.customers import SCALE

ENDLESS = 1e300  # beyond every score
SCORES = range(1, 6)
# What the SQL calls a measure whose own name is a word of SQL
CALLED = {"interval": "gap"}
Tables = Mapping[str, pa.Table]
Line = tuple[float, float, float, float, float]


def segments(model: rfm.Model) -> Tables:
    """rfm_steps: where each score begins, null of one nobody had; rfm_segments: a row three scores."""
    steps: dict[str, float | None] = {f"{letter}{score}": None for letter in "rfm" for score in SCORES}
    for letter, name in zip("rfm", ("recency_days", "orders", "net"), strict=True):
        for score, low, high in model.steps[name]:
            steps[f"{letter}{score}"] = high if letter == "r" else round(low * SCALE) if letter == "m" else low
        steps[f"{letter}1"] = min(score for score, _, _ in model.steps[name])
    threes = np.array(list(model.segments), dtype=np.int32).T
    named = dict(zip("rfm", threes, strict=True)) | {"segment": list(model.segments.values())}
    return {"rfm_steps": _row(steps), "rfm_segments": pa.table(named)}


def clusters(model: cluster_model.Model) -> Tables:
    """cluster_scales: of each measure its scale, and what stands for an unknown one. cluster_centres: a row a cluster.

    With z = (g - mean) / deviation and p = z·axes, |p - c|² = |p|² - 2 p·c + |c|²: a constant, and a weight a measure.
    """
    own = {feature.name: feature for feature in model.features}
    scales = {f"{name}_scale": own[name].scale if name in own else 1.0 for name in cluster_model.MEASURES}
    fills = {f"{name}_fill": own[name].fill if name in own else 0.0 for name in cluster_model.MEASURES}
    pulls = dict(zip(own, -2 * model.axes @ model.centres.T, strict=True))
    constant = (model.centres**2).sum(axis=1)
    weights = {name: np.zeros(len(constant)) for name in cluster_model.MEASURES}
    for feature in model.features:
        weights[feature.name] = pulls[feature.name] / feature.deviation
        constant = constant - weights[feature.name] * feature.mean
    places = np.arange(len(constant), dtype=np.int32)
    centres = {"cluster": places, "name": list(model.names), "constant": constant} | weights
    return {"cluster_scales": _row(scales | fills), "cluster_centres": pa.table(centres)}


def spend(model: spend_model.Model) -> Tables:
    """spend_model: intercept, and of each measure weight, scale and fill. spend_countries, spend_level: lines."""
    measures = spend_model.MEASURES
    row = dict.fromkeys(measures, 0.0) | {f"{name}_scale": 1.0 for name in measures}
    row |= {f"{name}_fill": 0.0 for name in measures}
    row |= {"intercept": model.intercept, "unit": model.unit, "other": model.other if model.countries else 0.0}
    for feature in model.features:
        name, weight = feature.name, feature.weight / feature.deviation
        row |= {name: weight, f"{name}_scale": feature.scale, f"{name}_fill": feature.fill}
        row["intercept"] -= weight * feature.mean
    kinds = pa.schema({"country": pa.string(), "weight": pa.float64()})
    countries = {"country": list(model.countries), "weight": list(model.countries.values())}
    points = [(0.0, 0.0), *model.level]
    at, value = points[-1]
    beyond = (at, ENDLESS, at, value, value / at)
    return {
        "spend_model": _row(row),
        "spend_countries": pa.table(countries, schema=kinds),
        "spend_level": _lines([*_between(points), beyond]),
    }


def chances(models: Mapping[str, Calibrated], within: Mapping[str, float]) -> Tables:
    """chance_models: a row a model, of those who bought in the last `within` days; chance_lines: logits by score."""
    rows = [_chance(model, chance_people.CUSTOMER) | {"within": within[name]} for name, model in models.items()]
    found = [_calibration(model) for model in models.values()]
    names = [name for name, lines in zip(models, found, strict=True) for _ in lines]
    return {
        "chance_models": pa.Table.from_pylist(rows).append_column("name", pa.array(list(models))),
        "chance_lines": _lines([line for lines in found for line in lines]).append_column("name", pa.array(names)),
    }


def visits(model: Calibrated) -> Tables:
    """visit_model: one row; visit_lines: logits by score."""
    return {
        "visit_model": _row(_chance(model, chance_people.VISITOR)),
        "visit_lines": _lines(_calibration(model)),
    }


def lifetimes(model: clv_worth.Model, pairs: pa.Table) -> Tables:
    """lifetime_model: parameters, null where spend is not told. lifetimes_ahead: purchase days ahead, a row a pair."""
    parameters: dict[str, float | None] = {name: model.orders[name] for name in model.orders.names}
    parameters |= {name: None if model.spend is None else model.spend[name] for name in ("p", "q", "v")}
    x, age = pairs["frequency"].to_numpy().astype(np.int64), pairs["age_days"].to_numpy() / btyd.WEEK
    rows = Histories(x, age, age, np.ones(len(x)), np.arange(len(x)))
    weeks = np.array([[90 / btyd.WEEK], [YEAR / btyd.WEEK]])
    soon, year = btyd.while_alive(model.orders, weeks, x, age)
    found = {"orders_90": soon, "orders_365": year, "orders_year": clv_worth.discounted(model.orders, rows)}
    ahead = {name: pa.array(values, from_pandas=True) for name, values in found.items()}
    return {
        "lifetime_model": _row(parameters),
        "lifetimes_ahead": pa.table({name: pairs[name] for name in pairs.column_names} | ahead),
    }


def _chance(model: Calibrated, measures: Iterable[str]) -> dict[str, float]:
    """Intercept, and of each measure weight / deviation, scale and mean; of no feature, nought."""
    assert isinstance(model.model, Logistic)
    own = {feature.name: feature for feature in model.model.features}
    row = {"intercept": model.model.intercept}
    for name in measures:
        said, feature = CALLED.get(name, name), own.get(name)
        row[said] = feature.weight / feature.deviation if feature else 0.0
        row[f"{said}_scale"] = feature.scale if feature else 1.0
        row[f"{said}_mean"] = feature.mean if feature else 0.0
    return row


def _calibration(model: Calibrated) -> list[Line]:
    if not model.pairs:
        intercept, slope = model.line
        return [(-ENDLESS, ENDLESS, 0.0, intercept, slope)]
    (first, low), (last, high) = model.pairs[0], model.pairs[-1]
    level = (-ENDLESS, first, first, low, 0.0)
    return [level, *_between(model.pairs), (last, ENDLESS, last, high, 0.0)]


def _between(points: Sequence[tuple[float, float]]) -> list[Line]:
    """The lines between points whose places differ."""
    return [
        (at, until, at, value, (then - value) / (until - at))
        for (at, value), (until, then) in pairwise(points)
        if until > at
    ]


def _lines(found: Sequence[Line]) -> pa.Table:
    """Straight lines: from start until before `until`, value + (score - anchor) x slope."""
    names = ("start", "until", "anchor", "value", "slope")
    return pa.table({name: list(column) for name, column in zip(names, zip(*found, strict=True), strict=True)})


def _row(values: Mapping[str, float | None]) -> pa.Table:
    return pa.table({name: pa.array([value], pa.float64()) for name, value in values.items()})
