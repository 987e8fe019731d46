"""What the customers of today will be worth: who still is one, how often they will order, what they will bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import btyd, clv_tables, clv_worth
from analysis.btyd import Histories, Unidentified
from analysis.clusters import Clusters
from analysis.clv_check import ClvCheck
from analysis.clv_tables import SAYS, SURE, Cells
from analysis.clv_worth import DAYS, YEAR, Basis, Model, Spread, Worth
from analysis.customers import NO_AMOUNT, Customers, exact
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.rfm import Rfm, key
from analysis.threads import one_blas_thread
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE, FITTED, WORTH = "analysis/clv.py", "analysis/btyd.py", "analysis/clv_worth.py"
POPULATION = "known customers with at least one sale"
FEW = 20_000  # distinct histories up to which lifetimes fits them a second time
AGREED = 3  # digits in which the two fits must agree
HOW = "BG/NBD on distinct purchase days, in weeks since the first purchase"


@dataclass(frozen=True, slots=True)
class Clv(Result):
    """Lifetime value of the customers of today.

    frame: customer_id, p_alive, orders_90, orders_365, value_90, value_365 (float64, value NaN where spend is not
    known); rows as customers.frame. parameters: with 95 % intervals. segments, clusters: expected value by group, the
    most first, all customers last; None without groups. tenths: customers by expected value, best tenth first; curve:
    share of customers against share of value; both None without spend. chances: customers by P(alive). grid: mean
    P(alive) by purchases and days since. basis: what other groups of these customers are told from. why: why there is
    no value, "" when there is.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame
    parameters: Table
    segments: Table | None
    clusters: Table | None
    tenths: Table | None
    curve: Table | None
    chances: Table
    grid: Table
    model: Model
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True)
class _Fits:
    """Both models on the histories: digits to which lifetimes agrees (None: not asked), correlation of x and spend."""

    model: Model
    people: pd.DataFrame
    rows: Histories
    digits: int | None
    correlation: float | None
    why: str


@one_blas_thread()
def compute(
    clv_check: ClvCheck,
    customers: Customers,
    rfm: Rfm | None,
    clusters: Clusters | None,
    lines: Relation,
    settings: Settings,
) -> Clv:
    """Fit both models to all customers at the snapshot and look ahead.

    Raises Skip when nothing is identified, or when the trial of the model says that it is not to be believed here.
    """
    people = btyd.bought(lines, settings.snapshot)
    try:
        fits = _fitted(people, clv_check, settings)
        if not clv_check.orders_passed:
            raise Unidentified(f"it did not pass its trial: {clv_check.why}")
        expected = clv_worth.ahead(fits.model.orders, fits.rows)
    except Unidentified as why:
        raise Skip(str(why)) from None
    amounts, rows = people["spend"].to_numpy(), fits.rows
    made = clv_worth.worth(expected, fits.model.spend, rows, amounts)
    cells = Cells.of(made, rfm, clusters)
    drawn = clv_worth.draws(fits.model, rows, amounts, settings.seed)
    basis = Basis(fits.model, drawn, rows, amounts, made)
    moved = basis.spread(DAYS, cells.cell, cells.count)
    segments = clv_tables.groups("segment", cells.segment, made, moved, cells, "Expected value by segment")
    grouped = clv_tables.groups("cluster", cells.cluster, made, moved, cells, "Expected value by cluster")
    curve, tenths = clv_tables.curve(made), clv_tables.tenths(made)
    return Clv(
        findings=_findings(fits, made, moved, cells, (segments, grouped), customers, settings),
        frame=_frame(customers.frame["customer_id"], made),
        parameters=clv_tables.parameters(fits.model),
        segments=segments,
        clusters=grouped,
        tenths=tenths,
        curve=curve,
        chances=clv_tables.chances(made.alive),
        grid=clv_tables.grid(people, made.alive),
        model=fits.model,
        basis=basis,
        why=fits.why,
    )


def _fitted(people: pd.DataFrame, clv_check: ClvCheck, settings: Settings) -> _Fits:
    """Both models; Unidentified where how often people come back is not, `why` where only what they spend is not."""
    rows = btyd.histories(people)
    orders = clv_check.full or btyd.fit_orders(rows)
    digits = _agreement(rows, orders.values) if len(rows.x) < FEW else None
    known = btyd.spenders(people)
    x, spend = people["frequency"].to_numpy()[known], people["spend"].to_numpy()[known]
    failed = "" if clv_check.passed else clv_check.why
    fit, why, correlation = None, settings.no_money or failed, None
    if not why and not people["spend"].notna().any():
        why = NO_AMOUNT
    if not why:
        try:
            fit = btyd.fit_spend(x, spend)
        except Unidentified as reason:
            why = str(reason)
    if not why and np.ptp(x) > 0:
        correlation = float(np.clip(np.corrcoef(x, spend)[0, 1], -1, 1))
    return _Fits(Model(orders, fit, settings.snapshot, settings.currency), people, rows, digits, correlation, why)


def _agreement(rows: Histories, values: np.ndarray) -> int:
    """To how many digits lifetimes finds the same parameters; refused when to fewer than three."""
    apart = float(np.abs(btyd.reference(rows) / values - 1).max())
    digits = int(-np.log10(max(apart, 1e-15)))
    if digits < AGREED:
        raise Unidentified("two independent fits of the model do not agree")
    return min(digits, 6)


def _frame(ids: pd.Series, made: Worth) -> pd.DataFrame:
    """One row a customer: chances, orders and money to the millionth."""
    columns: dict[str, Any] = {"customer_id": ids, "p_alive": np.round(made.alive, 6)}
    columns |= {f"orders_{days}": np.round(made.orders[days], 6) for days in (90, YEAR)}
    for days in (90, YEAR):
        columns[f"value_{days}"] = np.full(len(ids), np.nan) if made.value is None else np.round(made.value[days], 6)
    return pd.DataFrame(columns, copy=False)


def _findings(
    fits: _Fits,
    made: Worth,
    moved: Spread,
    cells: Cells,
    groups: tuple[Table | None, Table | None],
    customers: Customers,
    settings: Settings,
) -> dict[str, Finding]:
    n = len(made.of)
    window = (customers.window[0], settings.snapshot - timedelta(days=1))
    told = partial(Finding, population=POPULATION, n=n, window=window)
    found = _of_parameters(fits, told)
    found |= _of_orders(fits, made, moved, cells, told)
    found |= _of_value(fits, made, moved, cells, told)
    for at, table in enumerate(groups):
        found |= _of_groups(table, ("segment", "cluster")[at], fits.why, told)
    return {"headline": _headline(found, fits.why, told)} | found


BRIEF = {
    False: "expected orders x expected sales of one (BG/NBD, Gamma-Gamma), at ten percent a year, no new customers",
    True: "expected purchase days (BG/NBD) of all customers, no new ones",
}


def _headline(found: Mapping[str, Finding], why: str, told: Any) -> Finding:
    main = found[f"orders_{YEAR}" if why else f"value_{YEAR}"]
    what = "order {value} times" if why else "bring {value}"
    name = "orders" if why else "value"
    claim = (
        f"The customers of today are expected to {what} in the next year, "
        f"{{clv.{name}_365_low}} to {{clv.{name}_365_high}}."
    )
    return told(
        main.value,
        main.unit,
        claim,
        BRIEF[bool(why)] + "; 95 % interval",
        source=WORTH,
        kind="estimated",
        interval=main.interval,
        leading=True,
    )


def _of_parameters(fits: _Fits, told: Any) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    model, rows = fits.model, fits.rows
    names = {"orders": ("r", "alpha", "a", "b"), "spend": ("p", "q", "v")}
    for which, fit in (("orders", model.orders), ("spend", model.spend)):
        for name in names[which]:
            value = None if fit is None else fit[name]
            paper = (
                "BG/NBD (Fader, Hardie and Lee 2005)" if which == "orders" else "Gamma-Gamma (Fader and Hardie 2013)"
            )
            found[name] = told(
                value,
                "ratio",
                f"The parameter {name} is {{value}}.",
                f"maximum likelihood of {paper}, {SAYS[name]}",
                source=FITTED,
                n=0 if fit is None else fit.n,
                kind="estimated",
                interval=None if fit is None else fit.interval(name),
                reason=fits.why if fit is None else "",
            )
    repeat = float(rows.weight[rows.x > 0].sum() / rows.weight.sum())
    asked = "the second fit is made of fewer than twenty thousand distinct histories only"
    found |= {
        "log_likelihood": told(
            model.orders.log_likelihood,
            "ratio",
            "The log-likelihood of how often customers buy is {value}.",
            "BG/NBD log-likelihood at its maximum, over all customers, time in weeks",
            source=FITTED,
        ),
        "repeat_share": told(
            repeat,
            "share",
            "{value} of customers came back on a later day.",
            "customers with sales on at least two days / all customers",
            source="analysis/outcomes.sql",
        ),
        "agreement": told(
            fits.digits,
            "count",
            "Two independent fits of the model agree to {value} digits.",
            "leading digits in which r, alpha, a and b of lifetimes, fitted to the same histories, are the same",
            source=SOURCE,
            reason="" if fits.digits is not None else asked,
        ),
        "correlation": told(
            fits.correlation,
            "ratio",
            "How often and how much customers buy have a correlation of {value}; the model takes it for nought.",
            "Pearson correlation of repeat purchase days and mean sales of one, over repeat buyers who paid",
            source=SOURCE,
            reason="" if fits.correlation is not None else fits.why or "every repeat buyer came back equally often",
        ),
    }
    return found


def _of_orders(fits: _Fits, made: Worth, moved: Spread, cells: Cells, told: Any) -> dict[str, Finding]:
    n = len(made.of)
    here = cells.totals["alive"]
    low, high = clv_worth.interval(moved, "alive", here)
    once = float(fits.rows.weight[fits.rows.x == 0].sum())
    found = {}
    for name, apart, who, claim in (
        (
            "alive_share",
            0.0,
            "customers; who bought once counts as one",
            "{value} of customers are expected to be customers still.",
        ),
        (
            "repeat_alive_share",
            once,
            "customers with a repeat purchase",
            "{value} of those who came back are expected to be customers still.",
        ),
    ):
        found[name] = told(
            min((float(here.sum()) - apart) / (n - apart), 1.0),
            "share",
            claim,
            f"mean P(still a customer) of {who}; {HOW}; {SURE}",
            source=WORTH,
            n=round(n - apart),
            kind="estimated",
            interval=(max((low - apart) / (n - apart), 0.0), min((high - apart) / (n - apart), 1.0)),
            leading=True,
        )
    for days in DAYS:
        totals = cells.totals[f"orders_{days}"]
        found |= _total("orders", days, float(totals.sum()), clv_worth.interval(moved, f"orders_{days}", totals), told)
    return found


def _of_value(fits: _Fits, made: Worth, moved: Spread, cells: Cells, told: Any) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for days in DAYS:
        if made.value is None:
            found |= _total("value", days, None, None, told, fits.why)
            continue
        totals = cells.totals[f"value_{days}"]
        ends = clv_worth.interval(moved, f"value_{days}", totals)
        found |= _total("value", days, exact(made.value[days]), ends, told)
    share: float | None = None
    within: tuple[float, float] | None = None
    if made.value is not None:
        totals = cells.totals[f"value_{YEAR}"]
        best = np.where(cells.top, totals, 0.0)
        share = min(float(best.sum() / totals.sum()), 1.0)
        low, high = clv_worth.interval(moved, f"value_{YEAR}", best, totals)
        within = (low, min(high, 1.0))
    return found | {
        "top_20_share": told(
            share,
            "share",
            "The most valuable fifth of customers is expected to bring {value} of the year’s value.",
            f"expected value in the next year of the fifth of customers who are worth most / of all; {SURE}",
            source=WORTH,
            kind="estimated",
            interval=within,
            reason=fits.why,
            leading=True,
        )
    }


SOON = {30: "thirty days", 90: "ninety days", YEAR: "year"}


def _total(
    name: str, days: int, value: float | Decimal | None, ends: tuple[float, float] | None, told: Any, why: str = ""
) -> dict[str, Finding]:
    """A total over all customers, with the ends of its interval as findings of their own."""
    unit: Unit = "money" if name == "value" else "ratio" if isinstance(value, float) and value < 10 else "count"
    if unit == "count" and value is not None:
        value = round(value)
    verb = "bring {value}" if name == "value" else "order {value} times"
    meant = f"expected purchase days of all customers in the next {SOON[days]}; {HOW}"
    if name == "value":
        rate = "discounted month by month at ten percent a year" if days == YEAR else "not discounted"
        meant = f"{meant} x expected sales of one (Gamma-Gamma), before refunds, {rate}; no new customers"
    estimated = partial(told, source=WORTH, kind="estimated", interval=ends, reason=why, leading=True)
    end = "The {which} end of what customers are expected to {do} in the next {soon} is {{value}}."
    do = "bring" if name == "value" else "order"
    found = {
        f"{name}_{days}": estimated(
            value, unit, f"Customers are expected to {verb} in the next {SOON[days]}.", f"{meant}; {SURE}"
        )
    }
    for at, which in enumerate(("low", "high")):
        found[f"{name}_{days}_{which}"] = estimated(
            None if ends is None else round(ends[at]) if unit == "count" else ends[at],
            unit,
            end.format(which={"low": "lower", "high": "upper"}[which], do=do, soon=SOON[days]),
            f"{which} end of the interval of {name}_{days}; {SURE}",
        )
    return found


def _of_groups(table: Table | None, what: str, why: str, told: Any) -> dict[str, Finding]:
    """Expected value of each segment or cluster in the next year; nothing where value is not known."""
    if table is None or why:
        return {}
    found: dict[str, Finding] = {}
    for at, row in enumerate(table.frame.to_dict("records")[:-1], 1):
        one = key(str(row[what])) if what == "segment" else f"cluster_{at}"
        name = str(row[what]) if what == "segment" else f"{{clv.{one}_name}}"
        if what == "cluster":
            found[f"{one}_name"] = told(
                row[what],
                "name",
                "A cluster is named {value}.",
                "clusters by expected value, the most first",
                source=SOURCE,
            )
        here = partial(
            told, n=int(row["customers"]), population=f"customers of the {what}", kind="estimated", source=WORTH
        )
        here = partial(here, interval=(row["low"], row["high"]), leading=True)
        found[f"{one}_value"] = here(
            float(row[f"value_{YEAR}"]),
            "money",
            f"{name} customers are expected to bring {{value}} in the next year."
            if what == "segment"
            else f"{name}: {{value}} is expected of them in the next year.",
            f"expected value of the {what}'s customers in the next year, discounted; {SURE}",
        )
        found[f"{one}_each"] = here(
            float(row["each"]),
            "money",
            f"{name}: a customer is worth {{value}} in the next year, on average.",
            f"expected value of the {what}'s customers in the next year, discounted / customers; {SURE}",
            interval=(row["low"] / row["customers"], row["high"] / row["customers"]),
        )
    if found and what == "segment":
        first = table.frame.iloc[0]
        found["best_segment"] = told(
            first[what],
            "name",
            "Most is expected of {value} customers.",
            "the segment of most expected value",
            source=SOURCE,
        )
        found["best_segment_share"] = told(
            min(float(first["share"]), 1.0),
            "share",
            f"{first[what]} customers are expected to bring {{value}} of the year’s value.",
            f"expected value in the next year of the segment of most / of all; {SURE}",
            source=WORTH,
            kind="estimated",
            interval=(float(first["share_low"]), min(float(first["share_high"]), 1.0)),
            leading=True,
        )
    return found
