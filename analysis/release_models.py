"""The models of a published release, read back from its folder models/: each as its analysis had it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis import chance_people, chances, cluster_model, clv_worth, rfm, spend_model
from analysis.btyd import Fitted
from analysis.model_file import Nonsense, day, listed, matrix, number, table, told
from dataset.errors import DataError, shown

FOLDER = "models"
ORDERS, SPEND = ("r", "alpha", "a", "b"), ("p", "q", "v")


@dataclass(frozen=True, slots=True)
class Models:
    """What a release keeps; None of what was not made, or is not kept. currency: of all that count money."""

    rfm: rfm.Model | None
    clusters: cluster_model.Model | None
    clv: clv_worth.Model | None
    spend_90d: spend_model.Model | None
    propensity: chances.Calibrated | None
    churn: chances.Calibrated | None

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.__slots__ if getattr(self, name) is None)

    @property
    def by_visits(self) -> bool:
        """Whether the chance to buy soon rests on what people looked at, not on what they ordered."""
        return self.propensity is not None and not _names(self.propensity) <= set(chance_people.CUSTOMER)

    @property
    def currencies(self) -> set[str]:
        found = (self.rfm, self.clusters, self.spend_90d)
        return {one.currency for one in found if one is not None} | ({self.clv.unit} if self.clv else set())


def read(release: Path) -> Models:
    """The models of a release, by its folder. Raises DataError E_MODEL where there is none, or one is damaged."""
    readers: Mapping[str, Callable[[object], Any]] = {
        "rfm": _rfm,
        "clusters": cluster_model.made,
        "clv": _lifetime,
        "spend_90d": _spend,
        "propensity": _chance,
        "churn": _chance,
    }
    found = {name: _read(release / FOLDER / f"{name}.json", make) for name, make in readers.items()}
    if not any(found.values()):
        raise DataError(
            "E_MODEL",
            "there are no models to score by",
            file=release,
            hint="Name a published release: the folder that holds deck.html, or site/current",
        )
    return Models(**found)


def _names(model: chances.Calibrated) -> set[str]:
    return {feature.name for feature in model.model.features}


def _read(path: Path, make: Callable[[object], Any]) -> Any:
    try:
        return told(path, make)
    except FileNotFoundError:
        return None


def _rfm(content: object) -> rfm.Model:
    entries = _entries(content, rfm.KIND, ("snapshot", "currency", "steps", "rules", "segments"))
    names = ("recency_days", "orders", "net")
    steps = {}
    for name, found in table(entries["steps"], "steps", names).items():
        rows = [table(row, f"a step of {name}", ("score", "from", "to")) for row in listed(found, name)]
        steps[name] = tuple(
            (_one_of(row["score"], range(1, 6)), number(row["from"], "from"), number(row["to"], "to")) for row in rows
        )
        scores = [score for score, _, _ in steps[name]]
        if not scores or scores != sorted(set(scores)):
            raise Nonsense(f"the scores of {name} must rise")
    threes = {"".join(map(str, np.add(three, 1))): tuple(int(s) + 1 for s in three) for three in np.ndindex(5, 5, 5)}
    segments = table(entries["segments"], "segments", tuple(threes))
    named = {threes[key]: _one_of(segments[key], rfm.SEGMENTS) for key in threes}
    return rfm.Model(steps, named, day(entries["snapshot"]), _text(entries["currency"], "currency"))  # type: ignore[arg-type]


def _spend(content: object) -> spend_model.Model:
    keys = ("power", "alpha", "intercept", "features", "countries", "other", "unit", "level", "snapshot", "currency")
    entries = _entries(content, spend_model.KIND, keys)
    features = []
    for entry in listed(entries["features"], "features"):
        own = table(entry, "a feature", ("name", "log", "scale", "fill", "mean", "deviation", "weight"))
        name = _one_of(own["name"], spend_model.MEASURES)
        numbers = _numbers(own, ("scale", "fill", "mean", "deviation", "weight"))
        if own["log"] is not spend_model.MEASURES[name] or numbers["fill"] < 0:
            raise Nonsense(f"{name} is not measured so")
        features.append(spend_model.Feature(name=name, log=own["log"], **numbers))
    _each_once([feature.name for feature in features])
    if not isinstance(entries["countries"], dict):
        raise Nonsense("countries must be an object")
    level = _pairs(entries["level"], "level")
    if level[0][0] < 0 or level[-1][0] <= 0:
        raise Nonsense("level must begin at or above nought")
    return spend_model.Model(
        features=tuple(features),
        countries={name: number(weight, "a country") for name, weight in entries["countries"].items()},
        level=level,
        snapshot=day(entries["snapshot"]),
        currency=_text(entries["currency"], "currency"),
        **_numbers(entries, ("power", "alpha", "intercept", "other", "unit")),
    )


def _chance(content: object) -> chances.Calibrated:
    entries = _entries(content, chances.KIND, ("snapshot", "horizon_days", "intercept", "features", "line", "pairs"))
    names = {str(entry.get("name")) for entry in listed(entries["features"], "features") if isinstance(entry, dict)}
    measures = chance_people.CUSTOMER if names <= set(chance_people.CUSTOMER) else chance_people.VISITOR
    features = []
    for entry in entries["features"]:
        own = table(entry, "a feature", ("name", "log", "scale", "mean", "deviation", "weight"))
        name = _one_of(own["name"], measures)
        if own["log"] is not measures[name].log:
            raise Nonsense(f"{name} is not measured so")
        numbers = _numbers(own, ("scale", "mean", "deviation", "weight"))
        features.append(chances.Feature(name=name, log=own["log"], **numbers))
    _each_once([feature.name for feature in features])
    line = [number(value, "line") for value in listed(entries["line"], "line")]
    if len(line) != 2:
        raise Nonsense("line must be two numbers")
    return chances.Calibrated(
        chances.Logistic(number(entries["intercept"], "intercept"), tuple(features)),
        (line[0], line[1]),
        _pairs(entries["pairs"], "pairs") if entries["pairs"] else (),
        day(entries["snapshot"]),
        int(number(entries["horizon_days"], "horizon_days")),
    )


def _lifetime(content: object) -> clv_worth.Model:
    keys = ("snapshot", "currency", "time", "bg_nbd")
    spend = isinstance(content, dict) and "gamma_gamma" in content
    entries = _entries(content, clv_worth.KIND, (*keys, "gamma_gamma") if spend else keys)
    if entries["time"] != "weeks":
        raise Nonsense(f"time is {shown(entries['time'])!r}, not 'weeks'")
    orders = _fitted(entries["bg_nbd"], ORDERS)
    sizes = _fitted(entries["gamma_gamma"], SPEND) if spend else None
    if sizes is not None and sizes["q"] <= 1:
        raise Nonsense("q must be above one")
    return clv_worth.Model(orders, sizes, day(entries["snapshot"]), _text(entries["currency"], "currency"))


def _fitted(entry: object, names: tuple[str, ...]) -> Fitted:
    own = table(entry, "a fit", ("parameters", "covariance_of_logs", "log_likelihood", "customers"))
    values = _numbers(table(own["parameters"], "parameters", names), names)
    if min(values.values()) <= 0:
        raise Nonsense("parameters must be above nought")
    likelihood, customers = (number(own[key], key) for key in ("log_likelihood", "customers"))
    covariance = matrix(own["covariance_of_logs"], "covariance_of_logs", None)
    return Fitted(names, np.array([values[name] for name in names]), covariance, likelihood, int(customers))


def _entries(content: object, kind: str, keys: tuple[str, ...]) -> dict[str, Any]:
    entries = table(content, "the file", ("kind", *keys))
    if entries["kind"] != kind:
        raise Nonsense(f"kind is {shown(entries['kind'])!r}, not {kind!r}")
    return entries


def _numbers(entries: Mapping[str, Any], keys: Sequence[str]) -> dict[str, float]:
    found = {key: number(entries[key], key) for key in keys}
    if min(found.get(key, 1.0) for key in ("scale", "deviation", "unit")) <= 0:
        raise Nonsense("scale, deviation and unit must be above nought")
    return found


def _pairs(entry: object, where: str) -> tuple[tuple[float, float], ...]:
    rows = [[number(value, where) for value in listed(row, where)] for row in listed(entry, where)]
    if not rows or any(len(row) != 2 for row in rows) or [row[0] for row in rows] != sorted(row[0] for row in rows):
        raise Nonsense(f"{where} must be pairs of numbers that rise")
    return tuple((at, value) for at, value in rows)


def _one_of(value: Any, known: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in known:
        raise Nonsense(f"{shown(value)!r} is not known; known are {', '.join(map(str, known))}")
    return value


def _each_once(names: list[str]) -> None:
    if not names or len(set(names)) < len(names):
        raise Nonsense("features must be there, each once")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise Nonsense(f"{where} must be text")
    return value
