"""What the customers of today are expected to order and to bring, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from analysis import btyd, total_order
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
    """What is expected of each customer, rows as people.

    expected: of each distinct history. of: the history of each customer. spend: expected sales of a purchase day; None
    where it is not known.
    """

    expected: Ahead
    of: np.ndarray
    spend: np.ndarray | None

    @property
    def alive(self) -> np.ndarray:
        """P(still a customer)."""
        return self.expected.alive[self.of]

    @property
    def orders(self) -> Mapping[int, np.ndarray]:
        """Days ahead -> expected purchase days."""
        return Each(self.expected.orders, self.of)

    @property
    def value(self) -> Mapping[int, np.ndarray] | None:
        """Days ahead -> expected sales, those of the year discounted; None where spend is not known."""
        if self.spend is None:
            return None
        return Each({**self.expected.orders, YEAR: self.expected.year}, self.of, self.spend)


class Each(Mapping[int, np.ndarray]):
    """Days ahead -> a quantity of each customer, made when it is asked for: kept it would take a column a day."""

    def __init__(self, found: Mapping[int, np.ndarray], of: np.ndarray, times: np.ndarray | None = None):
        self._found, self._of, self._times = found, of, times

    def __getitem__(self, days: int) -> np.ndarray:
        each = self._found[days][self._of]
        return each if self._times is None else each * self._times

    def __iter__(self) -> Iterator[int]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True, slots=True)
class Draws:
    """Log parameters of both models (samples x parameters): the estimates first, draws from their covariance, refits.

    spend: None where it is not known. refits: how many of the last rows are fits to customers drawn anew.
    """

    orders: np.ndarray
    spend: np.ndarray | None
    refits: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How totals move with the parameters: by quantity, draws x cells, as a factor of the estimate.

    by_covariance, by_customers: which rows of `factor` are draws from the covariance, and which are refits.
    """

    factor: Mapping[str, np.ndarray]
    by_covariance: slice
    by_customers: slice


@dataclass(frozen=True, slots=True)
class Basis:
    """What is expected of each customer and how it moves, for analyses that look at other groups; rows as the people.

    amounts: mean sales of their repeat purchase days, NaN unknown.
    """

    model: Model
    drawn: Draws
    rows: Histories
    amounts: np.ndarray
    made: Worth

    def only(self, here: np.ndarray) -> Basis:
        """The same of some of the customers (bool a customer)."""
        made, rows = self.made, self.rows
        kept = Worth(made.expected, made.of[here], None if made.spend is None else made.spend[here])
        part, of = np.unique(rows.of[here], return_inverse=True)
        counted = np.bincount(of, minlength=len(part)).astype(float)
        few = Histories(rows.x[part], rows.recency[part], rows.age[part], counted, of)
        return Basis(self.model, self.drawn, few, self.amounts[here], kept)

    def spread(self, days: Sequence[int], cell: np.ndarray | None = None, cells: int = 1) -> Spread:
        """Follow a sample of customers through draws of the parameters.

        days: how far ahead. cell: the group of each customer (0 ... cells - 1); None: all are one. Each draw of
        parameters moves a total by the factor by which it moves the sampled customers of that cell, who stand for the
        others by how likely they were to be sampled.
        """
        cell = np.zeros(len(self.made.of), dtype=np.int64) if cell is None else cell
        chosen, odds = _sampled(self.made, cell, cells)
        factor = {}
        for name, values in _followed(self, chosen, days).items():
            sums = np.zeros((len(values), cells))
            for one in range(cells):
                here = cell[chosen] == one
                sums[:, one] = (values[:, here] / odds[here]).sum(axis=1)
            factor[name] = np.divide(sums[1:], sums[:1], out=np.ones_like(sums[1:]), where=sums[:1] > 0)
        return Spread(factor, *_parts(self.drawn))

    def while_customers(self) -> np.ndarray:
        """Expected value of the next year, discounted, of each customer if still one; spend must be known."""
        if self.made.spend is None:
            raise ValueError("spend is not known")
        return discounted(self.model.orders, self.rows)[self.rows.of] * self.made.spend

    def quieter(self, limit: float) -> tuple[float, float]:
        """95 % interval of how many of these customers have a P(still a customer) below `limit`."""
        from scipy.special import logit

        rows, again = self.rows, self.rows.x > 0  # who bought once is certain to be one
        (x, of_x), (age, of_age), (recency, of_recency) = (
            np.unique(part[again], return_inverse=True) for part in (rows.x, rows.age, rows.recency)
        )
        often, weight, counts = x[of_x], rows.weight[again], []
        for r, alpha, a, b in np.exp(self.drawn.orders):  # btyd.alive_at, by the logarithms of distinct values
            gap = np.log(alpha + age)[of_age] - np.log(alpha + recency)[of_recency]
            odds = np.log(a / (b + x - 1))[of_x] + (r + often) * gap
            counts.append(float(weight[odds > -logit(limit)].sum()))
        return _widest(np.array(counts[1:]), counts[0], *_parts(self.drawn))


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
    weight = (1 + rate) ** -np.arange(1.0, months + 1)
    x, age, of = btyd.pairs(rows.x, rows.age)
    total = np.zeros(len(x))
    for step, less in enumerate(weight - np.append(weight[1:], 0.0), 1):
        total += btyd.while_alive_at(np.log(model.values), month * step, x, age) * less
    return total[of]


def worth(expected: Ahead, spend: Fitted | None, rows: Histories, amounts: np.ndarray) -> Worth:
    """Each customer's expectations; amounts: mean sales of their repeat purchase days, NaN unknown."""
    each = None if spend is None else btyd.expected_spend(spend, rows.x[rows.of], amounts)
    return Worth(expected, rows.of, each)


def _parts(drawn: Draws) -> tuple[slice, slice]:
    """Which rows after the first are draws from the covariance, and which refits."""
    last = len(drawn.orders) - 1
    return slice(0, last - drawn.refits), slice(last - drawn.refits, last)


def draws(model: Model, rows: Histories, amounts: np.ndarray, seed: int) -> Draws:
    """Parameters as they might be: DRAWS from their covariance and up to REFITS of customers drawn anew."""
    rng = np.random.default_rng(seed)
    orders, spend = model.orders, model.spend
    first = [np.log(orders.values)[None], _normal(orders, rng)]
    money = [] if spend is None else [np.log(spend.values)[None], _normal(spend, rng)]
    moved_orders, moved_spend = _bootstrap(model, rows, amounts, rng)
    kept = np.isfinite(moved_orders).all(axis=1) & np.isfinite(moved_spend).all(axis=1)
    first.append(np.log(orders.values) + moved_orders[kept])
    if spend is None:
        return Draws(np.concatenate(first), None, int(kept.sum()))
    money.append(np.log(spend.values) + moved_spend[kept])
    both = np.concatenate(money)
    both[:, 1] = np.maximum(both[:, 1], 0.01)  # q above one: below it spend has no mean
    return Draws(np.concatenate(first), both, int(kept.sum()))


def _normal(fitted: Fitted, rng: np.random.Generator) -> np.ndarray:
    root = np.linalg.cholesky(fitted.covariance)
    return np.log(fitted.values) + rng.standard_normal((DRAWS, len(root))) @ root.T


def _bootstrap(
    model: Model, rows: Histories, amounts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How far the log parameters of both models move when customers are drawn anew (Efron 1979).

    Of more than RESAMPLED customers an even part is drawn anew, and how far they move scaled by the root of its share.
    """
    order = total_order.by([rows.of, amounts])  # by what customers are: the rows' order changes nothing
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
    order = total_order.by([cell, each])
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


def _followed(basis: Basis, chosen: np.ndarray, ahead: Sequence[int]) -> dict[str, np.ndarray]:
    """By quantity, draws x sampled customers; the discount of a customer's year is that of the estimates."""
    rows, drawn, made, at = basis.rows, basis.drawn, basis.made, basis.rows.of[chosen]
    x, age = rows.x[at], rows.age[at]
    told = {"alive": btyd.alive_at(drawn.orders, x, rows.recency[at], age)}
    still = {days: btyd.while_alive_at(drawn.orders, days / btyd.WEEK, x, age) for days in ahead}
    told |= {f"orders_{days}": of * told["alive"] for days, of in still.items()}
    if drawn.spend is None or made.value is None or made.spend is None:
        return told
    spend = btyd.expected_spend_at(drawn.spend, x, basis.amounts[chosen])
    told |= {f"value_{days}": told[f"orders_{days}"] * spend for days in ahead}
    if YEAR in ahead:
        plain = made.orders[YEAR][chosen] * made.spend[chosen]
        discount = np.divide(made.value[YEAR][chosen], plain, out=np.ones(len(at)), where=plain > 0)
        told[f"value_{YEAR}"] *= discount
        told["while_customers"] = still[YEAR] * spend * discount
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
    return _widest(moved, estimate, spread.by_covariance, spread.by_customers)


def _widest(moved: np.ndarray, estimate: float, *parts: slice) -> tuple[float, float]:
    """The wider of the 95 % intervals of the parts of `moved` that hold enough draws, stretched to the estimate."""
    found = []
    for part in parts:
        if len(known := moved[part][np.isfinite(moved[part])]) >= LEAST_DRAWS:
            found.append(np.quantile(known, [0.025, 0.975]))
    low, high = max(found, key=lambda ends: ends[1] - ends[0])
    return min(float(low), estimate), max(float(high), estimate)
