"""What the customers of today are expected to order and to bring, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from analysis import btyd
from analysis.btyd import Fitted, Histories

KIND = "customer-deck clv 1"
DAYS = (30, 90, 365)
YEAR = 365
MONTH = YEAR / 12 / btyd.WEEK  # weeks
RATE = 0.10  # a year; value in the next year is discounted by the month, 30 and 90 days are not
DRAWS, REFITS, LEAST_DRAWS = 200, 60, 40
RESAMPLED = 20_000  # customers drawn anew for a refit; of more, an even part is, and its spread scaled down
SAMPLE = 1_500  # customers on whom the draws are followed, likelier the more they are worth


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of each distinct history.

    alive: P(still a customer). orders: days ahead -> expected purchase days. year: those of the next year, discounted.
    """

    alive: np.ndarray
    orders: Mapping[int, np.ndarray]
    year: np.ndarray


@dataclass(frozen=True, slots=True)
class Model:
    """The fitted models; spend is None where it could not be told. unit: of v."""

    orders: Fitted
    spend: Fitted | None
    snapshot: date
    unit: str

    def json(self) -> dict[str, Any]:
        """The parameters and the covariance of their logarithms; no customer is in it."""
        told = {"kind": KIND, "snapshot": self.snapshot.isoformat(), "currency": self.unit, "time": "weeks"}
        return told | {
            name: {
                "parameters": {key: fit[key] for key in fit.names},
                "covariance_of_logs": fit.covariance.tolist(),
                "log_likelihood": fit.log_likelihood,
                "customers": fit.n,
            }
            for name, fit in (("bg_nbd", self.orders), ("gamma_gamma", self.spend))
            if fit is not None
        }


@dataclass(frozen=True, slots=True)
class Worth:
    """What is expected of each customer, rows as people; value is None where spend is not known.

    alive: P(still a customer). orders, value: days ahead -> expected purchase days; expected sales, those of the year
    discounted. spend: expected sales of a purchase day.
    """

    alive: np.ndarray
    orders: Mapping[int, np.ndarray]
    value: Mapping[int, np.ndarray] | None
    spend: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How totals move with the parameters: by quantity, draws x cells, as a factor of the estimate.

    by_covariance, by_customers: which rows of `factor` are draws from the covariance, and which are refits.
    """

    factor: Mapping[str, np.ndarray]
    by_covariance: slice
    by_customers: slice


def ahead(model: Fitted, rows: Histories) -> Ahead:
    """Expectations of each distinct history, in closed form; Unidentified where they cannot be computed."""
    alive = btyd.alive(model, rows.x, rows.recency, rows.age)
    weeks = np.array([[d / btyd.WEEK] for d in DAYS])
    found = btyd.while_alive(model, weeks, rows.x, rows.age) * alive
    year = discounted(model, rows) * alive
    if not (np.isfinite(found).all() and np.isfinite(year).all()):
        raise btyd.Unidentified("what the model expects cannot be computed at its estimates")
    return Ahead(alive, dict(zip(DAYS, found, strict=True)), year)


def discounted(
    model: Fitted, rows: Histories, month: float = MONTH, months: int = 12, rate: float = (1 + RATE) ** (1 / 12) - 1
) -> np.ndarray:
    """Expected purchase days of those still customers, each month's discounted from its end to today.

    month: in weeks. rate: a month. What lifetimes' customer_lifetime_value sums, without its loop over customers.
    """
    steps = np.arange(1, months + 1)[:, None]
    until = btyd.while_alive(model, month * steps, rows.x, rows.age)
    weight = (1 + rate) ** -steps.astype(float)
    return (until * (weight - np.vstack([weight[1:], np.zeros((1, 1))]))).sum(axis=0)


def worth(expected: Ahead, spend: Fitted | None, rows: Histories, amounts: np.ndarray) -> Worth:
    """Each customer's expectations; amounts: mean sales of their repeat purchase days, NaN unknown."""
    orders = {days: found[rows.of] for days, found in expected.orders.items()}
    if spend is None:
        return Worth(expected.alive[rows.of], orders, None, None)
    each = btyd.expected_spend(spend, rows.x[rows.of], amounts)
    value = {days: (expected.year[rows.of] if days == YEAR else orders[days]) * each for days in DAYS}
    return Worth(expected.alive[rows.of], orders, value, each)


def spread(
    model: Model, rows: Histories, amounts: np.ndarray, made: Worth, cell: np.ndarray, cells: int, seed: int
) -> Spread:
    """Follow a sample of customers through draws of the parameters.

    cell: the group of each customer (0 ... cells - 1). Each draw of parameters moves a total by the factor by which it
    moves the sampled customers of that cell, who stand for the others by how likely they were to be sampled.
    """
    rng = np.random.default_rng(seed)
    logs, refits = _parameters(model, rows, amounts, rng)
    chosen, odds = _sampled(made, cell, cells)
    at = rows.of[chosen]
    told = _followed(logs, model, rows, at, amounts[chosen], made, chosen)
    factor = {}
    for name, values in told.items():
        sums = np.zeros((len(values), cells))
        for one in range(cells):
            here = cell[chosen] == one
            sums[:, one] = (values[:, here] / odds[here]).sum(axis=1)
        factor[name] = np.divide(sums[1:], sums[:1], out=np.ones_like(sums[1:]), where=sums[:1] > 0)
    drawn = len(logs[0]) - 1 - refits
    return Spread(factor, slice(0, drawn), slice(drawn, drawn + refits))


def _parameters(
    model: Model, rows: Histories, amounts: np.ndarray, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray | None], int]:
    """Log parameters of both models: the estimates first, draws from their covariance, refits; how many refits."""
    orders, spend = model.orders, model.spend
    first = [np.log(orders.values)[None], _normal(orders, rng)]
    money = [] if spend is None else [np.log(spend.values)[None], _normal(spend, rng)]
    moved_orders, moved_spend = _bootstrap(model, rows, amounts, rng)
    kept = np.isfinite(moved_orders).all(axis=1) & np.isfinite(moved_spend).all(axis=1)
    first.append(np.log(orders.values) + moved_orders[kept])
    if spend is None:
        return (np.concatenate(first), None), int(kept.sum())
    money.append(np.log(spend.values) + moved_spend[kept])
    both = np.concatenate(money)
    both[:, 1] = np.maximum(both[:, 1], 0.01)  # q above one: below it spend has no mean
    return (np.concatenate(first), both), int(kept.sum())


def _normal(fitted: Fitted, rng: np.random.Generator) -> np.ndarray:
    root = np.linalg.cholesky(fitted.covariance)
    return np.log(fitted.values) + rng.standard_normal((DRAWS, len(root))) @ root.T


def _bootstrap(
    model: Model, rows: Histories, amounts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How far the log parameters of both models move when customers are drawn anew (Efron 1979).

    Of more than RESAMPLED customers an even part is drawn anew, and how far they move scaled by the root of its share.
    """
    order = np.lexsort((amounts, rows.of))  # by what customers are: the rows' order changes nothing
    every = -(-len(order) // RESAMPLED)
    few = order[::every]
    scale = np.sqrt(len(few) / len(order))
    part, of = np.unique(rows.of[few], return_inverse=True)
    histories = Histories(rows.x[part], rows.recency[part], rows.age[part], np.ones(len(part)), of)
    drawn = rng.multinomial(len(few), np.full(len(few), 1 / len(few)), REFITS).astype(float)
    drawn = np.vstack([np.ones(len(few)), drawn])
    weights = np.array([np.bincount(of, each, len(part)) for each in drawn])
    moved = btyd.refit_orders(histories, model.orders, weights)
    moved_orders = (moved[1:] - moved[0]) * scale
    if model.spend is None:
        return moved_orders, np.zeros((REFITS, 1))
    x, paid = rows.x[rows.of[few]], np.nan_to_num(amounts[few])
    known = (x > 0) & (paid > 0)
    moved = btyd.refit_spend(x[known], paid[known], model.spend, drawn[:, known])
    return moved_orders, (moved[1:] - moved[0]) * scale


def _sampled(made: Worth, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Customers at even steps of worth within each cell, and how likely each was: half by worth, half by head."""
    each = made.orders[YEAR] if made.value is None else made.value[YEAR]
    order = np.lexsort((each, cell))
    total = float(each.sum())
    size = (each / total if total else np.zeros(len(each))) + 1 / len(each)
    counts = np.bincount(cell, minlength=cells)
    ends = np.cumsum(counts)
    chosen, odds = [], []
    for one in range(cells):
        if not counts[one]:
            continue
        here = order[ends[one] - counts[one] : ends[one]]
        up = np.cumsum(size[here])
        many = max(20, int(SAMPLE * up[-1] / 2))
        at = here if counts[one] <= many else here[np.searchsorted(up, (np.arange(many) + 0.5) / many * up[-1])]
        chosen.append(at)
        odds.append(np.ones(len(at)) if counts[one] <= many else size[at])
    return np.concatenate(chosen), np.concatenate(odds)


def _followed(
    logs: tuple[np.ndarray, np.ndarray | None],
    model: Model,
    rows: Histories,
    at: np.ndarray,
    amounts: np.ndarray,
    made: Worth,
    chosen: np.ndarray,
) -> dict[str, np.ndarray]:
    """By quantity, draws x sampled customers; the discount of a customer's year is that of the estimates."""
    x, recency, age = rows.x[at], rows.recency[at], rows.age[at]
    alive = btyd.alive_at(logs[0], x, recency, age)
    told = {"alive": alive}
    for days in DAYS:
        told[f"orders_{days}"] = btyd.while_alive_at(logs[0], days / btyd.WEEK, x, age) * alive
    if logs[1] is None or made.value is None or made.spend is None:
        return told
    spend = btyd.expected_spend_at(logs[1], x, amounts)
    for days in DAYS:
        told[f"value_{days}"] = told[f"orders_{days}"] * spend
    plain = made.orders[YEAR][chosen] * made.spend[chosen]
    told[f"value_{YEAR}"] *= np.divide(made.value[YEAR][chosen], plain, out=np.ones(len(at)), where=plain > 0)
    return told


def interval(spread: Spread, name: str, totals: np.ndarray, of: np.ndarray | None = None) -> tuple[float, float]:
    """95 % interval of a quantity's total: the wider of that from the covariance and that from the refits.

    totals: the estimate by cell. of: total by cell of what it is a share of, moved by the same draws.
    """
    estimate = float(totals.sum())
    moved = (spread.factor[name] * totals).sum(axis=1)
    if of is not None:
        estimate /= float(of.sum())
        moved = moved / (spread.factor[name] * of).sum(axis=1)
    found = []
    for part in (spread.by_covariance, spread.by_customers):
        if len(known := moved[part][np.isfinite(moved[part])]) >= LEAST_DRAWS:
            found.append(np.quantile(known, [0.025, 0.975]))
    low, high = max(found, key=lambda ends: ends[1] - ends[0])
    return min(float(low), estimate), max(float(high), estimate)
