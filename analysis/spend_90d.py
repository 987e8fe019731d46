"""What each customer will spend in the next ninety days, tested on the ninety days that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import btyd, gains, outcomes, rfm, spend_model, spend_report, spend_told
from analysis.customers import NO_AMOUNT, filed
from analysis.finding import Finding, Result, Skip, Table
from analysis.spend_model import Model, Training
from analysis.spend_report import ASKED, Past, Report, Tested
from analysis.threads import one_thread
from dataset.engine import Relation
from dataset.settings import Settings

HORIZON = timedelta(days=90)
LEAST, LEAST_BUYERS = 200, 50
NAMED = 20


@dataclass(frozen=True, slots=True)
class Spend(Result):
    """Expected spend of each customer, and how well the same way of expecting did before.

    frame: customer_id, spend_90d (float64); rows as customers.frame. frame and model are None when the test failed:
    then nothing is said of the future. curves: the gains curves of the test on the later quarter, with `other` where
    another score is best; held_out: those on customers held out. scores: captures and Gini of the model and of simpler
    scores. deciles, deciles_later: predicted and actual spend of tenths of customers held out, and of the later
    quarter. coefficients, tried: the model; gate: what it had to meet. segments, segments_later: by RFM segment,
    expected and tested. biggest: by name, where allowed.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame | None
    model: Model | None
    curves: Table
    held_out: Table
    scores: Table
    deciles: Table
    deciles_later: Table
    segments: Table | None
    segments_later: Table | None
    coefficients: Table
    tried: Table
    gate: Table
    biggest: Table | None


def compute(lines: Relation, customers: Relation | None, settings: Settings) -> Spend:
    """Fit on the quarter before the last, test on the last, fit again on it and look ahead.

    Raises Skip without money, and where fewer than 200 customers were known half a year before the end or fewer than 50
    of those known bought in either quarter. Numbers do not depend on threads or on the order of rows.
    """
    if settings.no_money:
        raise Skip(settings.no_money)
    known = filed(customers)
    before = _learnt(_quarter(lines, known, settings.snapshot - HORIZON * 2), settings.seed)
    later = [_quarter(lines, known, settings.snapshot - HORIZON)]
    if isinstance(before, Skip):
        raise before
    with one_thread():
        lifetime = _lifetime(lines, later[0])
        tested, model = _tested(before, later.pop(), settings, lifetime)
    report = spend_report.judged(tested)
    return _result(tested, report, model, outcomes.features(lines, known, settings.snapshot), settings)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Who was known on `day`, and what each spent in the ninety days from it (float64, below zero as it is)."""

    day: date
    people: pd.DataFrame
    spent: np.ndarray


def _quarter(lines: Relation, known: pa.Table | None, day: date) -> Quarter:
    people = outcomes.features(lines, known, day, named=False)
    spent, _ = outcomes.of_each(people, outcomes.outcome(lines, day, day + HORIZON, named=False))
    if len(people) < LEAST:
        raise Skip("fewer than two hundred customers were known half a year before the end")
    if np.isnan(people["net"]).all():
        raise Skip(NO_AMOUNT)
    if np.count_nonzero(spent > 0) < LEAST_BUYERS:
        raise Skip("of the customers known, fewer than fifty spent anything in a quarter")
    return Quarter(day, people, spent)


def _learnt(quarter: Quarter, seed: int) -> Training | Skip:
    """What a model learns from a quarter; why it cannot, which is only said where the next quarter is no worse."""
    try:
        return spend_model.training(quarter.people, quarter.spent, seed)
    except Skip as skip:
        return skip


def _lifetime(lines: Relation, quarter: Quarter) -> np.ndarray | None:
    """Spend of ninety days that BG/NBD and Gamma-Gamma expect of each of the quarter's customers; None unfitted."""
    known = btyd.bought(lines, quarter.day)
    rows, pays = btyd.histories(known), btyd.spenders(known)
    often = known["frequency"].to_numpy()
    try:
        orders = btyd.fit_orders(rows)
        size = btyd.fit_spend(often[pays], known["spend"].to_numpy()[pays])
    except btyd.Unidentified:
        return None
    expected = btyd.expected(orders, HORIZON.days / btyd.WEEK, rows.x, rows.recency, rows.age)[rows.of]
    spend = expected * btyd.expected_spend(size, often, known["spend"].to_numpy())
    unit = float(np.sort(spend).mean())
    return np.round(spend / unit, spend_model.DIGITS) * unit


def _tested(
    earlier: Training, later: Quarter, settings: Settings, lifetime: np.ndarray | None = None
) -> tuple[Tested, Model]:
    """What the test found, and the model fitted on the later quarter. Power and alpha are those of the earlier one."""
    fits = spend_model.Fits(earlier)
    choice = spend_model.choose(fits)
    before = spend_model.fitted(fits, choice)
    score = before.score(later.people)
    fresh = spend_model.training(later.people, later.spent, settings.seed)
    segment, window = rfm.segments_of(later.people), (later.day, later.day + HORIZON - timedelta(days=1))
    people, spent = later.people[list(ASKED)], np.maximum(np.nan_to_num(later.spent), 0)
    del later  # the largest thing here
    fits = spend_model.Fits(fresh)
    apart, apart_spend = spend_model.held_out(fits, choice)
    return (
        Tested(
            later=Past(people, spent, score, before.spend(score), lifetime),
            held_out=Past(fresh.people, fresh.spent, apart, apart_spend),
            segment=segment,
            window=window,
            tried=choice.tried,
            seed=settings.seed,
        ),
        spend_model.fitted(fits, choice),
    )


def _result(tested: Tested, report: Report, model: Model, now: pd.DataFrame, settings: Settings) -> Spend:
    expected = model.spend(model.score(now))
    ahead = spend_report.ahead(tested, rfm.segments_of(now), expected) if report.passed else None
    window = (settings.snapshot, settings.snapshot + HORIZON - timedelta(days=1))
    frame = pd.DataFrame({"customer_id": now["customer_id"], "spend_90d": expected}, copy=False)
    biggest = spend_told.biggest(now, frame, NAMED) if ahead and settings.include_customers else None
    del now
    return Spend(
        findings=spend_told.findings(tested, report, model, ahead, window),
        frame=frame if ahead else None,
        model=replace(model, snapshot=settings.snapshot, currency=settings.currency) if ahead else None,
        curves=spend_told.curves(tested.later, gains.POINTS, report.best),
        held_out=spend_told.curves(tested.held_out, gains.POINTS),
        scores=report.scores,
        deciles=report.deciles,
        deciles_later=report.deciles_later,
        segments=ahead.segments if ahead else None,
        segments_later=report.segments_later,
        coefficients=spend_told.coefficients(model),
        tried=spend_told.tried(tested.tried),
        gate=report.gate,
        biggest=biggest,
    )
