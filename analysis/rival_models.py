"""Two models beside BG/NBD: MBG/NBD, in which customers may leave right after the first purchase, and NBD, in which
nobody ever leaves."""

from __future__ import annotations

import numpy as np

from analysis import btyd
from analysis.btyd import Fitted, Histories


class _Leaving:
    """The MBG/NBD likelihood of weighted histories (Batislam, Denizel and Filiztekin 2007, eq. 3)."""

    def __init__(self, rows: Histories):
        self.x, self.at = np.unique(rows.x, return_inverse=True)
        self.rows, self.total = rows, float(rows.weight.sum())
        self.w_x = np.bincount(self.at, rows.weight, len(self.x))

    def __call__(self, logs: np.ndarray, valued: bool = True) -> tuple[float, np.ndarray]:
        """As btyd.Slope says."""
        from scipy.special import expit, gammaln, psi

        r, alpha, a, b = np.exp(logs)
        x, w, often = self.x, self.rows.weight, r + self.rows.x
        log_age, log_recency = np.log(alpha + self.rows.age), np.log(alpha + self.rows.recency)
        odds = (logs[2] - np.log(b + x))[self.at] + often * (log_age - log_recency)  # of having left
        value = np.nan
        if valued:
            by_x = (
                gammaln(r + x) - gammaln(r) + r * logs[1]
                + gammaln(a + b) - gammaln(a + b + x + 1) + gammaln(b + x + 1) - gammaln(b)
            )  # fmt: skip
            value = (self.w_x * by_x).sum() + (w * (np.logaddexp(0, odds) - often * log_age)).sum()
        left = w * expit(odds)
        left_x = np.bincount(self.at, left, len(x))
        both = psi(a + b) - psi(a + b + x + 1)
        d_r = (self.w_x * (psi(r + x) - psi(r) + logs[1])).sum() - (w * log_age - left * (log_age - log_recency)).sum()
        d_alpha = (
            self.total * r / alpha
            - ((w - left) * often / (alpha + self.rows.age)).sum()
            - (left * often / (alpha + self.rows.recency)).sum()
        )
        d_a = (self.w_x * both).sum() + left_x.sum() / a
        d_b = (self.w_x * (both + psi(b + x + 1) - psi(b))).sum() - (left_x / (b + x)).sum()
        return -value / self.total, -np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b]) / self.total


def fit_mbg(rows: Histories) -> Fitted:
    """MBG/NBD by maximum likelihood: r, alpha (weeks), a, b; raises Unidentified as BG/NBD does."""
    return btyd.fit_by(rows, _Leaving)


def alive(model: Fitted, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """P(still a customer | history); below one also for who bought once."""
    from scipy.special import expit

    r, alpha, a, b = model.values
    odds = np.log(a / (b + x)) + (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
    return expit(-odds)


def expected(model: Fitted, weeks: float, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Expected purchase days in the next so many weeks: those of BG/NBD with b + 1 while a customer."""
    r, alpha, a, b = model.values
    return btyd.while_alive_at(np.log([r, alpha, a, b + 1]), weeks, x, age) * alive(model, x, recency, age)


# Nobody leaves

NOBODY = (1e-12, 2.0)  # a and b of a BG/NBD in which nobody leaves: its formulas are then those of NBD


def fit_nbd(rows: Histories) -> Fitted:
    """NBD by maximum likelihood, as a BG/NBD with a and b such that nobody leaves (Ehrenberg 1959).

    Its likelihood is that of the same histories, so that of BG/NBD may be compared; no covariance (NaN).
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln, psi

    x, at_x = np.unique(rows.x, return_inverse=True)
    age, at_age = np.unique(rows.age, return_inverse=True)
    w_x, w_age = np.bincount(at_x, rows.weight, len(x)), np.bincount(at_age, rows.weight, len(age))
    w_age_x, total = np.bincount(at_age, rows.weight * rows.x, len(age)), float(rows.weight.sum())

    def slope(logs: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean negative log-likelihood and its gradient in log r and log (r / alpha)."""
        r, alpha = np.exp(logs[0]), np.exp(logs[0] - logs[1])
        log_age = np.log(alpha + age)
        value = (w_x * (gammaln(r + x) - gammaln(r))).sum() + total * r * np.log(alpha)
        value -= ((r * w_age + w_age_x) * log_age).sum()
        d_r = (w_x * (psi(r + x) - psi(r))).sum() + total * np.log(alpha) - (w_age * log_age).sum()
        d_alpha = total * r / alpha - ((r * w_age + w_age_x) / (alpha + age)).sum()
        return -value / total, -np.array([d_r * r + d_alpha * alpha, -d_alpha * alpha]) / total

    rate = max(float((w_x * x).sum()), 1.0) / max(float((w_age * age).sum()), 1.0)
    made = minimize(slope, [0.0, np.log(rate)], jac=True, method="L-BFGS-B", bounds=[(-8, 8), (-15, 15)])
    r, alpha = np.exp(made.x[0]), np.exp(made.x[0] - made.x[1])
    values = np.array([r, alpha, *NOBODY])
    return Fitted(("r", "alpha", "a", "b"), values, np.full((4, 4), np.nan), -float(made.fun) * total, int(total))
