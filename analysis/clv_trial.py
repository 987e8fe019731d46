"""The lifetime model on trial: fitted on the purchases until a day, held against those of the days after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis import btyd, gains, rival_models
from analysis.btyd import WEEK, Fitted, Histories, Unidentified
from analysis.customers import SCALE
from analysis.purchase_days import Days

EPOCH = date(1970, 1, 1)
WEEKS = {52: "year", 39: "nine months", 26: "half-year", 13: "quarter", 8: "eight weeks"}
LEAST = 8  # weeks after the split, and before
SHARES = (0.1, 0.2)

ONCE = "MBG/NBD"
MODEL, NOBODY, RATE, MEAN = "BG/NBD", "NBD: nobody leaves", "Past purchase rate", "Mean of all customers"
VALUE_MODEL, VALUE_RATE = "BG/NBD and Gamma-Gamma", "Past spend rate"


@dataclass(frozen=True, slots=True)
class Split:
    """Days since 1970: the first of the data, the first of the holdout, and the day after its last."""

    origin: int
    cut: int
    until: int

    @property
    def weeks(self) -> float:
        """Length of the holdout."""
        return (self.until - self.cut) / WEEK

    @property
    def words(self) -> str:
        """The holdout as a claim says it after "last"."""
        days = self.until - self.cut
        return next((word for weeks, word in WEEKS.items() if abs(days - 7 * weeks) <= 3), f"{days} days")


@dataclass(frozen=True, slots=True)
class Trial:
    """A model fitted on the days before the split, and what each customer did afterwards.

    frame: histories (frequency, recency, T, spend), a row a customer who bought before the split. rows: the distinct
    ones. orders: BG/NBD; NBD where BG/NBD is not identified, for the reason `no_orders`. nobody: NBD. spend:
    Gamma-Gamma; None with `no_spend` saying why. bought: purchase days in the holdout (int64), brought: sales (whole
    units of SCALE). foretold, worth: what the model expects of both (float64; worth in money, empty without spend).
    """

    split: Split
    frame: pd.DataFrame
    rows: Histories
    orders: Fitted
    no_orders: str
    nobody: Fitted
    spend: Fitted | None
    no_spend: str
    bought: np.ndarray
    brought: np.ndarray
    foretold: np.ndarray
    worth: np.ndarray

    @property
    def x(self) -> np.ndarray:
        return self.frame["frequency"].to_numpy().astype(np.int64)

    @property
    def money(self) -> np.ndarray:
        """Sales in the holdout, in units of money."""
        return self.brought / SCALE


def split(days: Days, until: date, calibration_end: date | None) -> Split | None:
    """Where the trial begins: the day after `calibration_end`, else the longest of WEEKS that is at most a third of the
    days, or eight weeks where they are at most half; None when the data are too short for that."""
    if not len(days.day):
        return None
    origin, end = int(days.first.min()), number(until)
    if calibration_end is not None:
        cut = number(calibration_end + timedelta(days=1))
        return Split(origin, cut, end) if origin + 7 <= cut <= end - 7 else None
    span = end - origin
    weeks = next((w for w in WEEKS if 7 * w * 3 <= span), LEAST)
    return Split(origin, end - 7 * weeks, end) if 7 * weeks * 2 <= span else None


def number(day: date) -> int:
    """A day as days since 1970."""
    return (day - EPOCH).days


def day(number: int | np.integer) -> date:
    """A number of days since 1970 as the day."""
    return EPOCH + timedelta(days=int(number))


def trial(days: Days, split: Split, no_money: str = "", spent: bool = True) -> Trial:
    """Fit on the days before the split and hold against those after; raises Unidentified when these are too few."""
    frame = days.histories(split.cut)
    rows = btyd.histories(frame)
    nobody, no_orders = rival_models.fit_nbd(rows), ""
    try:
        orders = btyd.fit_orders(rows)
    except Unidentified as why:
        if rows.weight.sum() < btyd.LEAST or rows.weight[rows.x > 0].sum() < btyd.LEAST_REPEAT:
            raise
        orders, no_orders = nobody, str(why)
    bought, brought = days.afterwards(split.cut, split.until)
    foretold = btyd.expected(orders, split.weeks, rows.x, rows.recency, rows.age)[rows.of]
    spend, no_spend = _spend(frame, no_money) if spent else (None, "not looked at")
    worth = np.empty(0)
    if spend is not None:
        x, mean = frame["frequency"].to_numpy().astype(float), frame["spend"].to_numpy()
        worth = foretold * btyd.expected_spend(spend, x, mean)
    return Trial(split, frame, rows, orders, no_orders, nobody, spend, no_spend, bought, brought, foretold, worth)


def _spend(frame: pd.DataFrame, no_money: str) -> tuple[Fitted | None, str]:
    known = btyd.spenders(frame)
    if no_money or not known.any():
        return None, no_money or "no repeat purchase has an amount above nothing"
    try:
        x, mean = frame["frequency"].to_numpy()[known].astype(float), frame["spend"].to_numpy()[known]
        return btyd.fit_spend(x, mean), ""
    except Unidentified as why:
        return None, str(why)


Told = dict[str, Callable[[], np.ndarray]]  # of each way to foretell, what it foretells; made when it is asked for


def naive(made: Trial, mbg: Fitted | None = None) -> Told:
    """Purchases in the holdout by other models, and without one: each customer's own rate so far; everybody's rate."""

    def rate() -> np.ndarray:
        age = made.frame["T"].to_numpy()
        return np.divide(made.x, age, out=np.zeros(len(age)), where=age > 0) * made.split.weeks

    def mean() -> np.ndarray:
        x = made.x
        return np.full(len(x), float(x.sum()) / max(_lived(made), 1 / WEEK) * made.split.weeks)

    others: dict[str, Callable[[], np.ndarray]] = {} if mbg is None else {ONCE: lambda: expected_by_mbg(made, mbg)}
    others |= {} if made.no_orders else {NOBODY: lambda: expected_if_nobody_leaves(made)}
    return others | {RATE: rate, MEAN: mean}


def _lived(made: Trial) -> float:
    """The weeks all customers have been such together."""
    return float((made.rows.weight * made.rows.age).sum())


def expected_by_mbg(made: Trial, mbg: Fitted) -> np.ndarray:
    """Purchase days in the holdout by MBG/NBD."""
    rows = made.rows
    return rival_models.expected(mbg, made.split.weeks, rows.x, rows.recency, rows.age)[rows.of]


def expected_if_nobody_leaves(made: Trial) -> np.ndarray:
    """Purchase days in the holdout by NBD."""
    rows = made.rows
    return btyd.expected(made.nobody, made.split.weeks, rows.x, rows.recency, rows.age)[rows.of]


def naive_value(made: Trial) -> Told:
    """Sales in the holdout without a model: repeat sales so far by the week; everybody's."""

    def spent() -> np.ndarray:
        return made.x * np.nan_to_num(made.frame["spend"].to_numpy())

    def rate() -> np.ndarray:
        age = made.frame["T"].to_numpy()
        return np.divide(spent(), age, out=np.zeros(len(age)), where=age > 0) * made.split.weeks

    def mean() -> np.ndarray:
        each = float(np.sort(spent()).sum()) / max(_lived(made), 1 / WEEK)
        return np.full(len(made.frame), each * made.split.weeks)

    return {VALUE_RATE: rate, MEAN: mean}


def measures(predictions: Told, actual: np.ndarray) -> pd.DataFrame:
    """How near predictions come: method, total, error_change (of the total; NaN where nothing came), mae, rmse (a
    customer), rank (Spearman; 0 for a prediction that orders nobody), capture_10, capture_20."""
    ranked, real = _ranks(actual), float(np.sort(actual).sum())
    rows = []
    for method, told in predictions.items():
        predicted = told()
        total, off = float(np.sort(predicted).sum()), predicted - actual
        off = np.abs(off, out=off)
        off.sort()
        mean, square = float(off.mean()), float(np.sqrt((off**2).mean()))
        del off
        predicted = _rounded(predicted)
        curve = gains.curve(predicted, actual)
        rows.append(
            {
                "method": method,
                "total": total,
                "error_change": total / real - 1 if real > 0 else np.nan,
                "mae": mean,
                "rmse": square,
                "rank": _correlation(_ranks(predicted), ranked),
                "capture_10": curve.capture(0.1),
                "capture_20": curve.capture(0.2),
            }
        )
    return pd.DataFrame(rows)


def _rounded(predicted: np.ndarray) -> np.ndarray:
    """To nine digits, so that predictions equal but for the last bits are tied."""
    return np.round(predicted, 9)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float(np.multiply(one, other, out=one).sum()) / spread if spread > 0 else 0.0


def spread_of(frame: pd.DataFrame) -> float | None:
    """Correlation of frequency and mean spend among repeat buyers; None where either does not vary."""
    known = btyd.spenders(frame)
    x, m = frame["frequency"].to_numpy()[known].astype(float), frame["spend"].to_numpy()[known]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(m) == 0:
        return None
    return _correlation(x, m)


def tracking(days: Days, made: Trial) -> pd.DataFrame:
    """Repeat purchase days by week of those who first bought before the split, actual and expected.

    Weeks end on the day before the split and every seven days from there; the first and the last may be shorter.
    Columns: week (1 the first), start (date), days, holdout (bool), actual, expected (from the first purchase on, as of
    a customer of whom nothing else is known), cumulative_actual, cumulative_expected, foretold (given what each
    customer did before the split; NaN before).
    """
    origin, cut, until = made.split.origin, made.split.cut, made.split.until
    ends = np.unique(np.r_[np.arange(cut, origin, -7), np.arange(cut, until, 7), until])
    bought = np.sort(days.repeats(cut))
    actual = np.searchsorted(bought, ends)
    lags = np.arange(until - origin) / WEEK
    none = np.zeros(len(lags), dtype=np.int64)
    curve = btyd.while_alive_at(np.log(made.orders.values), lags, none, np.zeros(len(lags)))
    births = np.bincount(days.first[days.first < cut] - origin, minlength=until - origin)
    expected = np.array([(births[: e - origin] * curve[: e - origin][::-1]).sum() for e in ends])
    ahead = _ahead(made, (ends[ends > cut] - cut) / WEEK)
    starts = np.r_[origin, ends[:-1]]
    return pd.DataFrame(
        {
            "week": np.arange(1, len(ends) + 1),
            "start": [day(int(s)) for s in starts],
            "days": ends - starts,
            "holdout": ends > cut,
            "actual": np.diff(actual, prepend=0),
            "expected": np.diff(expected, prepend=0),
            "foretold": np.r_[np.full(int((ends <= cut).sum()), np.nan), np.diff(ahead, prepend=0)],
            "cumulative_actual": actual,
            "cumulative_expected": expected,
        }
    )


def _ahead(made: Trial, weeks: np.ndarray) -> np.ndarray:
    """Expected purchase days of all customers from the split until so many weeks after it."""
    rows = made.rows
    living = rows.weight * btyd.alive(made.orders, rows.x, rows.recency, rows.age)
    x, age, of = btyd.pairs(rows.x, rows.age)
    weight = np.bincount(of, living, len(x))
    return np.array([(weight * btyd.while_alive_at(np.log(made.orders.values), w, x, age)).sum() for w in weeks])


def by_frequency(made: Trial, most: int = 7) -> pd.DataFrame:
    """Mean purchase days in the holdout by repeat purchases before it: group (0 ... most+), customers, both means."""
    group = np.minimum(made.x, most)
    names = [f"{g}+" if g == most else str(g) for g in range(most + 1)]
    return _by(made, group, names)


BANDS = (0, 2, 4, 8, 13, 26, 39, 52, 78, 104)


def by_recency(made: Trial) -> pd.DataFrame:
    """The same by full weeks since the last purchase at the split."""
    since = made.frame["T"].to_numpy() - made.frame["recency"].to_numpy()
    group = np.searchsorted(np.array(BANDS), since, side="right") - 1
    return _by(made, group, band_names())


def band_names() -> list[str]:
    """The bands of weeks as they are printed."""
    return [f"{a}–{b}" for a, b in pairwise(BANDS)] + [f"{BANDS[-1]}+"]


def _by(made: Trial, group: np.ndarray, names: list[str]) -> pd.DataFrame:
    count = np.bincount(group, minlength=len(names))
    kept = count > 0
    actual = np.bincount(group, made.bought, len(names))
    order = np.argsort(made.foretold)
    expected = np.bincount(group[order], made.foretold[order], len(names))
    return pd.DataFrame(
        {
            "group": np.array(names, dtype=object)[kept],
            "customers": count[kept],
            "actual": actual[kept] / count[kept],
            "expected": expected[kept] / count[kept],
        }
    )
