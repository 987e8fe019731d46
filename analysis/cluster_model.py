"""The parameters of clusters: how a customer's measures become a place among the centres; kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from analysis.model_file import Nonsense, day, listed, matrix, number, table, texts, told
from dataset.errors import DataError, shown

FILE = "models/clusters.json"
KIND = "customer-deck clusters 1"
DIGITS = 10  # parameters are rounded to so many decimals before anything is assigned: what is kept is what was used
BLOCK = 50_000  # customers placed at a time
Rows = np.ndarray | slice
MEASURES = (
    "recency",
    "frequency",
    "monetary",
    "order_value",
    "tenure",
    "engagement",
    "items",
    "products",
    "returns",
    "age",
    "income",
    "children",
)


class Measures(Mapping[str, np.ndarray]):
    """Name -> a value a customer (float64; NaN unknown), made when asked for: kept it would take many columns."""

    def __init__(self, made: Mapping[str, Callable[[Rows], np.ndarray]], count: int):
        self._made, self.count = made, count

    def __getitem__(self, name: str) -> np.ndarray:
        return self._made[name](slice(None))

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def of(self, rows: Rows) -> dict[str, np.ndarray]:
        """Those of some customers."""
        return {name: made(rows) for name, made in self._made.items()}


@dataclass(frozen=True, slots=True)
class Feature:
    """How one measure is standardised: z = (ln(1 + max(x, 0) / scale) - mean) / deviation; unknown x is `fill`."""

    name: str
    scale: float
    fill: float
    mean: float
    deviation: float

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """z of each value (float64)."""
        known = np.where(np.isnan(values), self.fill, values)
        return (np.log1p(np.maximum(known, 0) / self.scale) - self.mean) / self.deviation


@dataclass(frozen=True, slots=True)
class Model:
    """Clusters in the space of the leading principal components of standardised features.

    axes: features x components. centres: clusters x components. names, rules: of the clusters, in the order of centres;
    what they are called, and the text of the rule that named them.
    """

    features: tuple[Feature, ...]
    axes: np.ndarray
    centres: np.ndarray
    names: tuple[str, ...]
    rules: tuple[str, ...]
    snapshot: date
    currency: str

    def placed(self, measures: Mapping[str, np.ndarray]) -> np.ndarray:
        """Where each customer lies: components x customers (float64).

        Summed measure by measure, so that a customer's place does not depend on who else is there.
        """
        place = np.zeros((self.axes.shape[1], len(next(iter(measures.values())))))
        for feature, weights in zip(self.features, self.axes, strict=True):
            z = feature.standardised(measures[feature.name])
            for own, weight in zip(place, weights, strict=True):
                own += z * weight
        return place

    def nearest(self, place: np.ndarray) -> np.ndarray:
        """The cluster whose centre is nearest (int8) of customers so placed; of two as near the first."""
        best, least = np.zeros(place.shape[1], dtype=np.int8), np.full(place.shape[1], np.inf)
        for cluster, centre in enumerate(self.centres):
            distance = sum((own - at) ** 2 for own, at in zip(place, centre, strict=True))
            closer = distance < least
            best[closer], least[closer] = cluster, distance[closer]
        return best

    def assigned(self, measures: Measures) -> np.ndarray:
        """The cluster of each customer (int8), so many customers at a time that their places stay at hand."""
        parts = (measures.of(slice(first, first + BLOCK)) for first in range(0, measures.count, BLOCK))
        return np.concatenate([self.nearest(self.placed(part)) for part in parts])

    def json(self) -> dict[str, Any]:
        """What a later build needs to put customers into these clusters; no customer is in it."""
        return {
            "kind": KIND,
            "snapshot": self.snapshot.isoformat(),
            "currency": self.currency,
            "features": [asdict(feature) for feature in self.features],
            "axes": self.axes.tolist(),
            "centres": self.centres.tolist(),
            "names": list(self.names),
            "rules": list(self.rules),
        }


def read(release: Path) -> Model:
    """The clusters of a published release (its folder, or the JSON file itself).

    Raises DataError E_MODEL that says which entry is not what a build writes.
    """
    path = release / FILE if release.is_dir() else release
    try:
        return told(path, made)
    except FileNotFoundError:
        raise DataError(
            "E_MODEL",
            "there are no clusters to assign to",
            file=path,
            hint="Name a release made with the analysis clusters: the folder that holds deck.html, or site/current",
        ) from None


def made(content: object) -> Model:
    entries = table(
        content, "the file", ("kind", "snapshot", "currency", "features", "axes", "centres", "names", "rules")
    )
    if entries["kind"] != KIND:
        raise Nonsense(f"kind is {shown(entries['kind'])!r}, not {KIND!r}")
    features = tuple(_feature(entry, at) for at, entry in enumerate(listed(entries["features"], "features"), 1))
    if len({feature.name for feature in features}) < max(len(features), 1):
        raise Nonsense("features must be there, each once")
    axes = matrix(entries["axes"], "axes", len(features))
    centres = matrix(entries["centres"], "centres", None)
    if axes.shape[1] != centres.shape[1]:
        raise Nonsense(f"axes have {axes.shape[1]} components and centres {centres.shape[1]}")
    if len(np.unique(centres, axis=0)) < len(centres) or not 2 <= len(centres) <= 20:
        raise Nonsense(f"centres must be two to twenty, all different; there are {len(centres)}")
    names, rules = (texts(entries[key], key, len(centres)) for key in ("names", "rules"))
    if len(set(names)) < len(names):
        raise Nonsense("two clusters have one name")
    if not isinstance(entries["currency"], str):
        raise Nonsense("currency must be text")
    return Model(features, axes, centres, names, rules, day(entries["snapshot"]), entries["currency"])


def _feature(entry: object, at: int) -> Feature:
    where = f"feature {at}"
    own = table(entry, where, ("name", "scale", "fill", "mean", "deviation"))
    if own["name"] not in MEASURES:
        raise Nonsense(f"{where} is named {shown(own['name'])!r}; known are {', '.join(MEASURES)}")
    scale, fill, mean, deviation = (
        number(own[key], f"{key} of {own['name']}") for key in ("scale", "fill", "mean", "deviation")
    )
    if scale <= 0 or deviation <= 0:
        raise Nonsense(f"scale and deviation of {own['name']} must be above zero")
    return Feature(own["name"], scale, fill, mean, deviation)
