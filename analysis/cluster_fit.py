"""How many clusters there are, and where: K-means on the leading components, chosen on a sample of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.cluster_model import DIGITS, MEASURES, Feature, Model
from analysis.finding import Skip
from analysis.threads import heard, one_thread
from dataset.settings import Settings

SAMPLE, JUDGED, MIXED = 20_000, 4_000, 4_000  # customers to choose k on; to measure silhouettes on; for the mixture
CANDIDATES = range(3, 9)
BESIDE = 2  # shown beside the candidates, never chosen: two groups say little more than large and small
NEAR = 0.01  # silhouettes so close are alike: the fewer clusters win
EXPLAINED = 0.6  # variance the components must hold together (Hair et al., Multivariate Data Analysis: sixty percent)
STARTS = 10
ROWS = 500  # whose distances to all others are held at a time
RESTARTS = 5
MONEY = ("monetary", "order_value", "engagement", "income")
LEAST_KNOWN = 2 / 3  # of customers, for a measure to be a feature


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, not named yet.

    choice: clusters, silhouette, davies_bouldin, inertia, chosen; two to eight. mixture: components, bic; one to eight.
    explained: the share of variance of each component, all of them. left_out: measure -> why it is no feature.
    stability: mean adjusted Rand index with the groups of other random starts.
    """

    model: Model
    choice: pd.DataFrame
    mixture: pd.DataFrame
    explained: np.ndarray
    left_out: Mapping[str, str]
    stability: float


def fit(measures: Mapping[str, np.ndarray], order: np.ndarray, settings: Settings) -> Fit:
    """Standardise, find the leading components, choose k by silhouette on a sample, fit it on these customers.

    measures: name -> a value a customer (float64, NaN unknown). order: customers sorted by what they are, so that the
    rows' order changes nothing. Raises Skip when customers differ too little. Numbers do not depend on threads.
    """
    with one_thread():
        features, left_out = _features(measures, order)
        standard = np.column_stack([f.standardised(measures[f.name])[order] for f in features])
        explained, axes = _components(standard)
        model = Model(tuple(features), axes, axes[:0], (), (), settings.snapshot, settings.currency)
        place = np.ascontiguousarray(model.placed(measures)[:, order].T)
        sample = spread(place, SAMPLE)
        choice, start = _choice(sample, settings.seed)
        mixture = _mixture(spread(place, MIXED), settings.seed)
        model = replace(model, centres=_all(place, start))
        return Fit(model, choice, mixture, explained, left_out, _stability(sample, model, settings.seed))


def spread(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows, evenly spread over all of them."""
    return rows if len(rows) <= most else rows[(np.arange(most) * (len(rows) / most)).astype(np.int64)]


def quality(place: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Silhouette on an even sample, and Davies-Bouldin index (1979), on rows in a fixed order."""
    return _quality(place, labels, silhouettes(spread(place, JUDGED), [spread(labels, JUDGED)])[0])


def _quality(place: np.ndarray, labels: np.ndarray, silhouette: float) -> tuple[float, float]:
    from sklearn.metrics import davies_bouldin_score

    if np.isnan(silhouette):
        return silhouette, silhouette
    with one_thread():
        return silhouette, float(davies_bouldin_score(place, labels))


def silhouettes(place: np.ndarray, groupings: Sequence[np.ndarray]) -> list[float]:
    """The silhouette (Rousseeuw 1987) of each way to group the same customers; NaN of one group, or of all alone.

    Their distances are taken once for all groupings, some rows at a time.
    """
    counts = [np.bincount(labels) for labels in groupings]
    ends = np.cumsum([0, *map(len, counts)])
    member = np.zeros((len(place), ends[-1]))
    for begin, labels in zip(ends, groupings, strict=False):
        member[np.arange(len(place)), begin + labels] = 1
    lengths, found = np.einsum("ij,ij->i", place, place), np.zeros(len(groupings))
    with one_thread(), np.errstate(divide="ignore", invalid="ignore"):
        for first in range(0, len(place), ROWS):
            rows = np.arange(first, min(first + ROWS, len(place)))
            squared = lengths[rows, None] - 2 * (place[rows] @ place.T) + lengths
            apart = np.sqrt(np.maximum(squared, 0, out=squared), out=squared)
            apart[rows - first, rows] = 0
            sums = apart @ member
            for at, (labels, count) in enumerate(zip(groupings, counts, strict=True)):
                theirs, own = sums[:, ends[at] : ends[at + 1]], (rows - first, labels[rows])
                near = theirs[own] / (count - 1)[labels[rows]]
                theirs = theirs / count
                theirs[own] = np.inf
                theirs[:, count == 0] = np.inf
                other = theirs.min(axis=1)
                found[at] += np.nan_to_num((other - near) / np.maximum(near, other)).sum()
    several = [1 < np.count_nonzero(count) < len(place) for count in counts]
    return [float(total) / len(place) if there else float("nan") for total, there in zip(found, several, strict=True)]


def _features(measures: Mapping[str, np.ndarray], order: np.ndarray) -> tuple[list[Feature], dict[str, str]]:
    """The measures that are known and vary, with their standardisation; and why the others are left out."""
    features, left_out = list[Feature](), dict[str, str]()
    for name in MEASURES:
        if name not in measures:
            left_out[name] = "not in the data"
            continue
        values = measures[name][order]
        known = values[~np.isnan(values)]
        if len(known) < LEAST_KNOWN * len(values):
            left_out[name] = "known of too few customers"
            continue
        above = known[known > 0]
        scale = float(np.median(above)) if name in MONEY and len(above) else 1.0
        bare = Feature(name, scale, float(np.median(known)), 0.0, 1.0)
        logs = bare.standardised(values)
        deviation = round(float(logs.std()), DIGITS)
        if deviation == 0:
            left_out[name] = "the same for all customers"
        else:
            features.append(Feature(name, scale, bare.fill, round(float(logs.mean()), DIGITS), deviation))
    if len(features) < 2:
        raise Skip("customers differ in too little to be told apart")
    return features, left_out


def _components(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of variance of each principal component, and the weights of the fewest that hold EXPLAINED of it."""
    values, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    explained = values / values.sum()
    kept = max(2, int(np.searchsorted(np.cumsum(explained), EXPLAINED - 1e-9) + 1))
    axes = vectors[:, :kept]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(kept)]
    return explained, np.round(axes * np.sign(largest), DIGITS)


def _choice(sample: np.ndarray, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Each k with its figures, and the centres of the chosen one: the fewest whose silhouette is near the best."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(sample, axis=0))
    tried = [k for k in (BESIDE, *CANDIDATES) if k < distinct]
    made = [KMeans(k, init="k-means++", n_init=STARTS, random_state=seed).fit(sample) for k in tried]
    apart = silhouettes(spread(sample, JUDGED), [spread(one.labels_, JUDGED) for one in made])
    rows = [
        (k, *_quality(sample, one.labels_, silhouette), float(one.inertia_))
        for k, one, silhouette in zip(tried, made, apart, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["clusters", "silhouette", "davies_bouldin", "inertia"])
    able = frame[frame["clusters"].isin(CANDIDATES)]
    if able.empty:
        raise Skip("customers differ too little to be told apart")
    near = able[able["silhouette"] >= able["silhouette"].max() - NEAR]
    chosen = int(near["clusters"].min())
    return frame.assign(chosen=frame["clusters"] == chosen), made[tried.index(chosen)].cluster_centers_


def _all(place: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The centres of all these customers, reached from those of the sample."""
    from sklearn.cluster import KMeans

    made = KMeans(len(start), init=start, n_init=1).fit(place)
    return np.round(made.cluster_centers_, DIGITS)


def _stability(sample: np.ndarray, model: Model, seed: int) -> float:
    """How far the groups are those that other random starts find."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    labels, k = model.nearest(sample.T), len(model.centres)
    others = [KMeans(k, n_init=1, random_state=seed + start).fit(sample).labels_ for start in range(1, RESTARTS + 1)]
    return float(np.mean([adjusted_rand_score(labels, other) for other in others]))


def _mixture(sample: np.ndarray, seed: int) -> pd.DataFrame:
    """Gaussian mixtures of one to eight components and their Bayesian information criterion; the least is best."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rows = []
    with heard(ConvergenceWarning):
        for n in [n for n in range(1, CANDIDATES.stop) if n * 10 <= len(sample)]:
            made = GaussianMixture(n, n_init=3, reg_covar=1e-4, random_state=seed).fit(sample)
            rows.append((n, float(made.bic(sample))))
    frame = pd.DataFrame(rows, columns=["components", "bic"])
    return frame.assign(chosen=frame["bic"] == frame["bic"].min())
