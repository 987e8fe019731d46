"""Buy till you die: how often customers come back and what they spend, as BG/NBD and Gamma-Gamma; time in weeks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.order_days import OrderDays, number
from analysis.purchase_days import WEEK, Days
from analysis.threads import heard
from dataset.engine import Relation

_ONE_AT_A_TIME = threading.Lock()  # where what a library prints is caught
LEAST = 200  # customers: of twenty shops of ten customers four fits converged, of two hundred nineteen
# Repeat buyers: only they tell of leaving and of spend; ten of them for each of four parameters, the usual least of
# events a parameter (Peduzzi et al. 1996). Whether that was enough, the standard errors say then.
LEAST_REPEAT = 40
LOWEST, HIGHEST = 1e-3, 1e3  # of r, a, b and of p, q: beyond, customers are all alike or none is
FEW = 20_000  # histories to look for the maximum on, before it is found on all
STEP = 1e-4  # of a log parameter, for the Hessian
SETTLED = 1e-7  # a Newton step so small changes no printed digit
Z95 = 1.959963984540054

VAGUE = 2.0  # standard error of a log parameter beyond which its 95 % interval spans three powers of ten
NOT_LEFT = "the data do not tell customers who left from customers who only pause"
OUT_OF_RANGE = "the estimates lie outside any sensible range: the data do not tell how customers differ"


class Slope(Protocol):
    """A likelihood to be searched."""

    def __call__(self, logs: np.ndarray, valued: bool = True) -> tuple[float, np.ndarray]:
        """Mean negative log-likelihood (NaN unless `valued`: it costs most) and its gradient in the log parameters."""
        ...


class Unidentified(Exception):
    """The data do not tell the parameters apart; `str` says why, in words for the report."""


@dataclass(frozen=True, slots=True)
class Histories:
    """The distinct purchase histories.

    x: repeat purchase days (int64). recency, age: weeks from the first purchase to the last, and to the end (float64;
    t_x and T of the papers). weight: customers with that history (float64). of: for each row of the frame, its history.
    """

    x: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    weight: np.ndarray
    of: np.ndarray


@dataclass(frozen=True, slots=True)
class Fitted:
    """Estimates at the maximum of a likelihood, and how sure they are.

    names: of the parameters. values: float64, in that order. covariance: of their logarithms. log_likelihood: at the
    maximum. n: customers it rests on.
    """

    names: tuple[str, ...]
    values: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    n: int

    def interval(self, name: str) -> tuple[float, float]:
        """95 % interval: exp(log estimate ± 1.96 standard errors)."""
        at = self.names.index(name)
        half = Z95 * float(np.sqrt(self.covariance[at, at]))
        return float(self.values[at] * np.exp(-half)), float(self.values[at] * np.exp(half))

    def error(self, name: str) -> float:
        """The standard error, from that of the logarithm (delta method)."""
        at = self.names.index(name)
        return float(self.values[at] * np.sqrt(self.covariance[at, at]))

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.names.index(name)])


def purchases(lines: Relation, until: date) -> pd.DataFrame:
    """One row a known customer with a sale before the day `until`, by customer_id; purchases of one day are one.

    frequency (int32: purchase days after the first), recency and T (float64: weeks from the first purchase day to the
    last, and to the day before `until`), spend (float64: mean sales of a repeat purchase day; NaN without one).
    """
    people = pd.Series(OrderDays.of(lines).buyers(until).to_pandas(), dtype="str", name="customer_id")
    return pd.concat([people, bought(lines, until)], axis=1)


def bought(lines: Relation, until: date) -> pd.DataFrame:
    """The same without the ids."""
    return Days.of(lines, until).histories(number(until))


def histories(frame: pd.DataFrame) -> Histories:
    """The distinct rows of (frequency, recency, T), in that order, with how many customers have each."""
    x = frame["frequency"].to_numpy()
    recency, age = (np.rint(frame[c].to_numpy() * WEEK).astype(np.int32) for c in ("recency", "T"))
    wide, long = int(recency.max(initial=0)) + 1, int(age.max(initial=0)) + 1
    history = x.astype(np.int64)
    for length, part in ((wide, recency), (long, age)):
        history *= length
        history += part
    code, of, weight = np.unique(history, return_inverse=True, return_counts=True)
    rest, age = np.divmod(code, long)
    x, recency = np.divmod(rest, wide)
    return Histories(x, recency / WEEK, age / WEEK, weight.astype(float), of.astype(np.int32))


# How often: BG/NBD


class _Orders:
    """The BG/NBD likelihood of weighted histories: what does not depend on the parameters is laid out once.

    The logarithms of alpha + T and of the gamma functions are taken once a distinct T, t_x and x.
    """

    def __init__(self, rows: Histories, weight: np.ndarray | None = None):
        again = rows.x > 0
        self.x, self.at_x = np.unique(rows.x[again], return_inverse=True)
        self.age, self.at_age = np.unique(rows.age[again], return_inverse=True)
        self.recency, self.at_recency = np.unique(rows.recency[again], return_inverse=True)
        self.once, self.at_once = np.unique(rows.age[~again], return_inverse=True)
        self.again, self.row_x = again, rows.x[again].astype(float)
        self.weigh(rows.weight if weight is None else weight)

    def weigh(self, weight: np.ndarray) -> None:
        """Count each history so many times."""
        self.total, w = float(weight.sum()), weight[self.again]
        self.w, self.w_x = w, np.bincount(self.at_x, w, len(self.x))
        self.w_age = np.bincount(self.at_age, w, len(self.age))
        self.w_age_x = np.bincount(self.at_age, w * self.row_x, len(self.age))
        self.w_once = np.bincount(self.at_once, weight[~self.again], len(self.once))

    def __call__(self, logs: np.ndarray, valued: bool = True) -> tuple[float, np.ndarray]:
        """As Slope says (Fader, Hardie and Lee 2005, eq. 6)."""
        from scipy.special import expit, gammaln, psi

        r, alpha, a, b = np.exp(logs)
        log_age, log_recency = np.log(alpha + self.age), np.log(alpha + self.recency)
        gap = log_age[self.at_age] - log_recency[self.at_recency]
        often = r + self.row_x
        odds = (logs[2] - np.log(b + self.x - 1))[self.at_x] + often * gap  # of having left at the last purchase
        left = self.w * expit(odds)
        value = np.nan
        if valued:
            by_x = (
                gammaln(r + self.x) - gammaln(r) + gammaln(a + b) - gammaln(a + b + self.x)
                + gammaln(b + self.x) - gammaln(b) + r * logs[1]
            )  # fmt: skip
            value = (
                (self.w_x * by_x).sum()
                - (log_age * (r * self.w_age + self.w_age_x)).sum()
                + (self.w * np.logaddexp(0, odds)).sum()
                + r * (self.w_once * (logs[1] - np.log(alpha + self.once))).sum()
            )
        left_x = np.bincount(self.at_x, left, len(self.x))
        both = psi(a + b) - psi(a + b + self.x)
        d_r = (
            (self.w_x * (psi(r + self.x) - psi(r) + logs[1])).sum()
            - (log_age * self.w_age).sum()
            + (left * gap).sum()
            + (self.w_once * (logs[1] - np.log(alpha + self.once))).sum()
        )
        moved = left * often
        d_alpha = (
            r / alpha * (self.w_x.sum() + self.w_once.sum())
            - (self.w_once * r / (alpha + self.once)).sum()
            - ((r * self.w_age + self.w_age_x - np.bincount(self.at_age, moved, len(self.age)))
               / (alpha + self.age)).sum()
            - (np.bincount(self.at_recency, moved, len(self.recency)) / (alpha + self.recency)).sum()
        )  # fmt: skip
        d_a = (self.w_x * both).sum() + left_x.sum() / a
        d_b = (self.w_x * (both + psi(b + self.x) - psi(b))).sum() - (left_x / (b + self.x - 1)).sum()
        slope = np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])
        return -value / self.total, -slope / self.total


def log_likelihood(rows: Histories, r: float, alpha: float, a: float, b: float) -> float:
    """The BG/NBD log-likelihood of all customers at these parameters (alpha in weeks)."""
    return -_Orders(rows)(np.log([r, alpha, a, b]))[0] * float(rows.weight.sum())


def fit_orders(rows: Histories) -> Fitted:
    """BG/NBD by maximum likelihood: r, alpha (weeks), a, b (Fader, Hardie and Lee 2005).

    Raises Unidentified when the data do not tell the parameters: to converge is not yet to say anything.
    """
    n, repeat = int(rows.weight.sum()), int(rows.weight[rows.x > 0].sum())
    if n < LEAST:
        raise Unidentified("fewer than two hundred known customers do not tell the parameters of a lifetime model")
    if repeat == 0:
        raise Unidentified("no customer came back on a later day, so nothing tells how long customers stay")
    if repeat < LEAST_REPEAT:
        raise Unidentified("fewer than forty customers came back on a later day: too few to tell how long they stay")
    start = _start(rows)
    few = _even(rows, FEW)
    found = _fit(("r", "alpha", "a", "b"), _Orders(rows), start, n, _Orders(few) if len(few.x) < len(rows.x) else None)
    if not found["alpha"] <= 100 * rows.age.max():
        raise Unidentified(OUT_OF_RANGE)
    return found


def fit_by(rows: Histories, likelihood: Callable[[Histories], Slope]) -> Fitted:
    """r, alpha, a, b by another likelihood of histories, looked for and refused as those of BG/NBD."""
    few = _even(rows, FEW)
    rough = likelihood(few) if len(few.x) < len(rows.x) else None
    return _fit(("r", "alpha", "a", "b"), likelihood(rows), _start(rows), int(rows.weight.sum()), rough)


def gained(rows: Histories, model: Fitted) -> float:
    """By how much the log-likelihood of the estimates exceeds that of the values the search began at."""
    return model.log_likelihood - log_likelihood(rows, *np.exp(_start(rows)))


def _even(rows: Histories, most: int) -> Histories:
    """About so many histories, evenly over all of them: those who came back thinned, weights raised in return."""
    again = np.flatnonzero(rows.x > 0)
    every = -(-len(again) // most)
    kept = np.r_[np.flatnonzero(rows.x == 0), again[::every]]
    weight = np.where(rows.x[kept] > 0, rows.weight[kept] * every, rows.weight[kept])
    return Histories(rows.x[kept], rows.recency[kept], rows.age[kept], weight, rows.of[:0])


def refit_orders(rows: Histories, fitted: Fitted, weights: np.ndarray) -> np.ndarray:
    """Log parameters for each row of weights (samples x histories), from the estimates on; NaN where none is found."""
    slope, inverse = _Orders(rows, weights[0]), fitted.covariance * fitted.n
    found = []
    for weight in weights:
        slope.weigh(weight)
        found.append(_again(slope, np.log(fitted.values), inverse))
    return np.array(found)


def _start(rows: Histories) -> np.ndarray:
    return np.log([0.9, max(float(rows.age.max()) / 4, 1 / WEEK), 0.9, 1.9])


def alive(model: Fitted, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """P(still a customer | history); one for who bought once (Fader, Hardie and Lee 2005; Hardie, note 021)."""
    return alive_at(np.log(model.values), x, recency, age)


def alive_at(logs: np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """P(still a customer) at log parameters, shape (..., 4) against histories of the last axis."""
    from scipy.special import expit

    r, alpha, a, b = (part[..., None] for part in np.moveaxis(np.exp(logs), -1, 0))
    odds = np.log(a / (b + np.maximum(x, 1) - 1)) + (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
    return np.where(x > 0, expit(-odds), 1.0)


def expected(
    model: Fitted, weeks: float | np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray
) -> np.ndarray:
    """Expected purchase days in the next so many weeks given the history (Fader, Hardie and Lee 2005, eq. 10)."""
    return while_alive(model, weeks, x, age) * alive(model, x, recency, age)


def while_alive(model: Fitted, weeks: float | np.ndarray, x: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Expected purchase days of those still customers, computed once a distinct pair of x and T."""
    count, ages, of = pairs(x, age)
    return while_alive_at(np.log(model.values), weeks, count, ages)[..., of]


def pairs(x: np.ndarray, age: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct pairs of x and T, and of each history its pair."""
    ages, at = np.unique(age, return_inverse=True)
    code, of = np.unique(np.asarray(x, dtype=np.int64) * len(ages) + at, return_inverse=True)
    count, place = np.divmod(code, len(ages))
    return count, ages[place], of


def while_alive_at(logs: np.ndarray, weeks: float | np.ndarray, x: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Expected purchase days of those still customers: (a + b + x - 1) / (a - 1) * (1 - 2F1), which t_x does not enter.

    The hypergeometric function is taken in the form (1 + z)^(1 - a) 2F1(a + b - 1 - r, a - 1; a + b + x - 1;
    z / (1 + z)), z = t / (alpha + T): its numerators do not grow with x, so nothing overflows (Pfaff, twice); where
    a is huge it does, and the published form is taken, which then does not. NaN where neither can be computed.
    logs: shape (..., 4) against histories of the last axis; weeks: one number, or a column of them.
    """
    from scipy.special import hyp2f1

    r, alpha, a, b = (part[..., None] for part in np.moveaxis(np.exp(logs), -1, 0))
    a = np.where((np.abs(a - 1) < 1e-6) | (np.abs(a + b - 1) < 1e-6), a + 2e-6, a)  # the limit, where it is 0 / 0
    z = weeks / (alpha + age)
    c, w = a + b + x - 1, z / (1 + z)
    with np.errstate(all="ignore"):
        rest = (1 + z) ** (1 - a) * hyp2f1(a + b - 1 - r, a - 1, c, w)
        if not (known := np.isfinite(rest)).all():
            rest = np.where(known, rest, (1 + z) ** -(r + x) * hyp2f1(r + x, b + x, c, w))
        return c / (a - 1) * (1 - rest)


def reference(rows: Histories) -> np.ndarray:
    """r, alpha, a, b by the package lifetimes on the same weighted histories; raises Unidentified when it fails."""
    import contextlib
    import io

    silent = contextlib.redirect_stdout(io.StringIO())  # it prints when it fails
    with _ONE_AT_A_TIME, heard(UserWarning, RuntimeWarning), silent, np.errstate(all="ignore"):
        from lifetimes import BetaGeoFitter
        from lifetimes.utils import ConvergenceError

        some = rows.age > 0
        try:
            made = BetaGeoFitter().fit(
                rows.x[some], rows.recency[some], rows.age[some], weights=rows.weight[some].astype(np.int64)
            )
        except (ConvergenceError, ValueError, np.linalg.LinAlgError):
            raise Unidentified("a second, independent fit of the model did not converge") from None
        return np.asarray(made.params_[["r", "alpha", "a", "b"]], dtype=float)


# How much: Gamma-Gamma


class _Spend:
    """The Gamma-Gamma likelihood of repeat buyers: x purchases of mean value m (Fader and Hardie 2013, eq. 1a)."""

    def __init__(self, x: np.ndarray, m: np.ndarray, weight: np.ndarray | None = None):
        self.x, self.at_x = np.unique(x, return_inverse=True)
        self.row_x, self.m, self.log_m = x.astype(float), m, np.log(m)
        self.weigh(np.ones(len(x)) if weight is None else weight)

    def weigh(self, weight: np.ndarray) -> None:
        """Count each customer so many times."""
        self.w, self.total = weight, float(weight.sum())
        self.w_x = np.bincount(self.at_x, weight, len(self.x))
        self.sum_log = float((weight * self.log_m).sum())
        self.sum_x_log = float((weight * self.row_x * (self.log_m + np.log(self.row_x))).sum())

    def __call__(self, logs: np.ndarray, valued: bool = True) -> tuple[float, np.ndarray]:
        """As Slope says, in p, q, v; here the value costs nothing."""
        from scipy.special import gammaln, psi

        p, q, v = np.exp(logs)
        spent = self.row_x * self.m + v
        log_spent, inverse = np.log(spent), self.w / spent
        by_x = np.bincount(self.at_x, self.w * log_spent, len(self.x))
        all_log, all_x_log = by_x.sum(), (self.x * by_x).sum()
        px = p * self.x
        value = (
            (self.w_x * (gammaln(px + q) - gammaln(px))).sum()
            + self.total * (q * logs[2] - gammaln(q))
            + p * self.sum_x_log - self.sum_log - p * all_x_log - q * all_log
        )  # fmt: skip
        d_p = (self.w_x * self.x * (psi(px + q) - psi(px))).sum() + self.sum_x_log - all_x_log
        d_q = (self.w_x * psi(px + q)).sum() + self.total * (logs[2] - psi(q)) - all_log
        d_v = self.total * q / v - ((p * self.row_x + q) * inverse).sum()
        return -value / self.total, -np.array([d_p * p, d_q * q, d_v * v]) / self.total


def spenders(frame: pd.DataFrame) -> np.ndarray:
    """Which rows of `purchases` tell of spend: repeat buyers whose repeat purchases cost something (bool)."""
    return (frame["frequency"].to_numpy() > 0) & (np.nan_to_num(frame["spend"].to_numpy()) > 0)


def fit_spend(x: np.ndarray, spend: np.ndarray) -> Fitted:
    """Gamma-Gamma by maximum likelihood: p, q, v (v in the unit of spend; Fader and Hardie 2013).

    Fitted on spend over its mean, so that the unit changes nothing; without a penalty. Raises Unidentified when too few
    came back, when spend does not vary or varies so much that it has no mean (q <= 1).
    """
    if len(spend) < LEAST_REPEAT:
        raise Unidentified(
            "fewer than forty customers paid for a purchase on a later day: too few to tell what they spend"
        )
    mean = float(spend.mean())
    if np.ptp(spend) <= 1e-6 * mean:
        raise Unidentified("every customer who came back spends the same, so nothing tells how spend differs")
    every = -(-len(spend) // FEW)
    rough = _Spend(x[::every], spend[::every] / mean) if every > 1 else None
    scaled = _fit(("p", "q", "v"), _Spend(x, spend / mean), np.log([2.1, 2.9, 1.1]), len(spend), rough)
    if scaled["q"] <= 1:
        raise Unidentified("spend differs so much between customers that its expected value has no bound")
    value = scaled.values * np.array([1, 1, mean])
    return Fitted(
        scaled.names, value, scaled.covariance, scaled.log_likelihood - len(spend) * float(np.log(mean)), scaled.n
    )


def refit_spend(x: np.ndarray, spend: np.ndarray, fitted: Fitted, weights: np.ndarray) -> np.ndarray:
    """Log parameters for each row of weights (samples x customers), from the estimates on; NaN where none is found."""
    mean = float(spend.mean())
    unit = np.log([1, 1, mean])
    slope, inverse = _Spend(x, spend / mean), fitted.covariance * fitted.n
    found = []
    for weight in weights:
        slope.weigh(weight)
        found.append(_again(slope, np.log(fitted.values) - unit, inverse) + unit)
    return np.array(found)


def expected_spend(model: Fitted, x: np.ndarray, spend: np.ndarray) -> np.ndarray:
    """Expected spend of a purchase day given x earlier ones of that mean; the average of all where none is known."""
    return expected_spend_at(np.log(model.values), x, spend)


def expected_spend_at(logs: np.ndarray, x: np.ndarray, spend: np.ndarray) -> np.ndarray:
    """The same at log parameters, shape (..., 3): the mean of prior and own spend, by p x and q - 1 (eq. 5)."""
    p, q, v = (part[..., None] for part in np.moveaxis(np.exp(logs), -1, 0))
    known = np.where(np.isnan(spend), 0, x)
    return p * (v + known * np.nan_to_num(spend)) / (p * known + q - 1)


# Both


def _fit(names: tuple[str, ...], slope: Slope, start: np.ndarray, n: int, rough: Slope | None = None) -> Fitted:
    """The maximum by L-BFGS and Newton steps, with its covariance; refused unless it is identified.

    rough: the likelihood of a part of the data, from whose maximum the way to that of all is short.
    """
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):
        made = minimize(rough or slope, start, jac=True, method="L-BFGS-B", bounds=[(-15, 15)] * len(start))
        logs, hessian = _polished(slope, made.x, rough or slope)
        if not np.isfinite(logs).all() or np.any(np.abs(logs - start) < 1e-8):
            raise Unidentified("the likelihood is flat: the data do not tell the parameters of the model")
        values = np.exp(logs)
        outside = (values < LOWEST) | (values > np.where(np.arange(len(names)) == _scale(names), np.inf, HIGHEST))
        if outside.any():
            raise Unidentified(NOT_LEFT if not outside[:2].any() and "a" in names else OUT_OF_RANGE)
        if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 0:
            raise Unidentified(NOT_LEFT if "a" in names else "several sets of parameters fit as well")
        covariance = np.linalg.inv(hessian) / n
        if (vague := np.sqrt(np.diag(covariance)) > VAGUE).any():
            raise Unidentified(NOT_LEFT if not vague[:2].any() and "a" in names else OUT_OF_RANGE)
        return Fitted(names, values, covariance, float(-slope(logs)[0] * n), n)


def _scale(names: tuple[str, ...]) -> int:
    """The parameter that carries the unit: weeks, or money over its mean."""
    return 1 if "alpha" in names else 2


def _polished(slope: Slope, logs: np.ndarray, rough: Slope) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps from where L-BFGS stopped, as long as they are small, and the Hessian there.

    The steps take the Hessian of `rough` first: it need not be exact to lead to where the gradient vanishes.
    """
    for near in (rough, slope):
        hessian = _hessian(near, logs)
        for _ in range(6):
            if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 0:
                return logs, hessian
            step = np.linalg.solve(hessian, slope(logs, False)[1])
            if np.abs(step).max() > 1:
                return logs, hessian
            logs = logs - step
            if np.abs(step).max() < SETTLED:
                break
    return logs, hessian


def _hessian(slope: Slope, logs: np.ndarray) -> np.ndarray:
    """Second derivatives of the mean negative log-likelihood, by central differences of its gradient."""
    steps = STEP * np.eye(len(logs))
    rows = [(slope(logs + step, False)[1] - slope(logs - step, False)[1]) / (2 * STEP) for step in steps]
    return (np.array(rows) + np.array(rows).T) / 2


def _again(slope: Slope, logs: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """The maximum near an earlier one: quasi-Newton steps that begin with its inverse Hessian."""
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):
        root = np.linalg.cholesky(inverse)

        def turned(z: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = slope(logs + root @ z)
            return value, root.T @ gradient

        made = minimize(turned, np.zeros(len(logs)), jac=True, method="BFGS", options={"gtol": 1e-5})
    found = logs + root @ made.x
    return found if np.isfinite(found).all() and np.abs(found).max() < 15 else np.full(len(logs), np.nan)
