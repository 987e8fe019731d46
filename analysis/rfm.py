"""Which customers are which: scores 1-5 for recency, frequency and money, and segments by the first rule that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis import total_order
from analysis.customers import NO_AMOUNT, SCALE, Customers, whole
from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import only_row, until
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Note

SOURCE = "analysis/rfm.py"
KIND = "customer-deck rfm 1"
POPULATION = "known customers with at least one sale"
LEAST = 5
SCORES = np.arange(1, 6)
WINDOW_SHOPPERS = "Window Shoppers"
QUIET = 0.15  # share of revenue with At Risk customers from which it is the headline

Rule = Callable[[int, int, int], bool]

# The first rule that fits names the segment; the text is printed in the report.
RULES: tuple[tuple[str, str, Rule], ...] = (
    ("VIP", "r ≥ 4 and f ≥ 4 and m ≥ 4", lambda r, f, m: r >= 4 and f >= 4 and m >= 4),
    ("Loyal", "r ≥ 4 and (f ≥ 4 or m ≥ 4)", lambda r, f, m: r >= 4 and (f >= 4 or m >= 4)),
    ("Potential Loyalist", "r ≥ 3 and f ≥ 3", lambda r, f, m: r >= 3 and f >= 3),
    ("At Risk", "r ≤ 2 and (f ≥ 3 or m ≥ 3)", lambda r, f, m: r <= 2 and (f >= 3 or m >= 3)),
    ("Dormant", "r ≤ 2 and f ≤ 2 and m ≤ 2", lambda r, f, m: r <= 2 and f <= 2 and m <= 2),
    ("Regular", "all others", lambda r, f, m: True),
)
SEGMENTS = tuple(name for name, _, _ in RULES)


@dataclass(frozen=True, slots=True)
class Rfm(Result):
    """Scores and segments.

    frame: customer_id, r, f, m (int8, 5 is best), segment (category in the order of RULES); rows as customers.frame.
    segments: one row a segment in the order of RULES, Window Shoppers last where visits are known.
    cuts: score -> lowest and highest value of each measure. heatmap: r x f -> customers, net.
    tied: all customers have the same recency, orders and money. model: what later customers are scored by.
    """

    findings: Mapping[str, Finding]
    frame: pd.DataFrame
    segments: Table
    rules: Table
    cuts: Table
    heatmap: Table
    tied: bool
    notes: tuple[Note, ...] = ()
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """Where each score begins and ends, and the segment of each three scores: what later customers are scored by.

    steps: of recency_days, orders and net each (score, lowest, highest), the scores that somebody has, rising.
    segments: of the scores r, f, m, the name.
    """

    steps: Mapping[str, tuple[tuple[int, float, float], ...]]
    segments: Mapping[tuple[int, int, int], str]
    snapshot: date
    currency: str

    def json(self) -> dict[str, Any]:
        """Steps and rules as of `snapshot`; no customer is in it."""
        return {
            "kind": KIND,
            "snapshot": self.snapshot.isoformat(),
            "currency": self.currency,
            "steps": {
                name: [{"score": s, "from": low, "to": high} for s, low, high in found]
                for name, found in self.steps.items()
            },
            "rules": [{"segment": name, "rule": text} for name, text, _ in RULES],
            "segments": {"".join(map(str, scores)): name for scores, name in self.segments.items()},
        }


@dataclass(frozen=True, slots=True)
class Score:
    """One measure scored: `of` the score of each customer (int8), `lowest` and `highest` value by score (NaN: none)."""

    of: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    distinct: int


@dataclass(frozen=True, slots=True)
class Scored:
    """Customers scored on one day; `code`: the place in SEGMENTS of each (int8)."""

    recency: Score
    frequency: Score
    monetary: Score
    code: np.ndarray


def compute(customers: Customers, events: Relation | None, lines: Relation, settings: Settings) -> Rfm:
    """Score and segment the customers; raises Skip with fewer than five, a single day or no money."""
    frame = customers.frame
    if settings.no_money:
        raise Skip(settings.no_money)
    days = (frame["tenure_days"].to_numpy().max(), frame["recency_days"].to_numpy().min())
    why_not = refusal(len(frame), days[0] == days[1], not np.isnan(frame["net"].to_numpy()).all())
    if why_not:
        raise why_not
    money = whole(frame["net"].to_numpy())
    made = scored(frame["recency_days"].to_numpy(), frame["orders"].to_numpy(), money)
    visits = None if events is None else window_shoppers(lines, settings)
    segments = _segments(frame, money, made.code, visits["visitors"] if visits else None)
    tied = max(made.recency.distinct, made.frequency.distinct, made.monetary.distinct) == 1
    return Rfm(
        findings=_findings(segments, customers, tied, visits),
        frame=_frame(frame, made),
        segments=_segment_table(segments),
        rules=_rules(),
        cuts=_cuts(made),
        heatmap=_heatmap(made, money),
        tied=tied,
        notes=_notes(tied),
        model=_model(made, settings),
    )


def refusal(customers: int, one_day: bool, priced: bool) -> Skip | None:
    """Why so many customers cannot be scored; None when they can. priced: an amount of one of them is known."""
    if not priced:
        return Skip(NO_AMOUNT)
    if customers < LEAST:
        return Skip("fewer than five customers cannot be put into fifths", "W_TOO_FEW_CUSTOMERS")
    if one_day:
        return Skip("every purchase falls on one day: nobody is more recent than another", "W_MODEL_SKIPPED")
    return None


def scored(recency_days: np.ndarray, orders: np.ndarray, money: np.ndarray) -> Scored:
    """The scores and segments of customers as they are on one day; money in whole millionths."""
    recency, frequency, monetary = score(recency_days, least_is_best=True), score(orders), score(money)
    code = segment_codes()[recency.of - 1, frequency.of - 1, monetary.of - 1]
    return Scored(recency, frequency, monetary, code)


def segments_of(people: pd.DataFrame) -> np.ndarray:
    """The place in SEGMENTS (int8) of each of the customers of any day, given as Customers.frame."""
    return _scored_of(people).code


def scores_of(people: pd.DataFrame) -> pd.DataFrame:
    """segment (category), r, f, m of each of the customers of any day, given as Customers.frame."""
    made = _scored_of(people)
    return pd.DataFrame(
        {
            "segment": pd.Categorical.from_codes(made.code, categories=list(SEGMENTS)),
            "r": made.recency.of,
            "f": made.frequency.of,
            "m": made.monetary.of,
        },
        copy=False,
    )


def _scored_of(people: pd.DataFrame) -> Scored:
    days, orders = people["recency_days"].to_numpy(), people["orders"].to_numpy()
    return scored(days, orders, whole(people["net"].to_numpy()))


def score(values: np.ndarray, least_is_best: bool = False) -> Score:
    """Scores 1-5 by average percentile rank: p = (average rank - 1/2) / n, score = floor(5 p) + 1.

    Computed once per distinct value and in whole numbers: equal values score the same in any order of the rows.
    """
    distinct, counts = np.unique(values, return_counts=True)
    ranked = np.cumsum(counts[::-1])[::-1] if least_is_best else np.cumsum(counts)
    scores = (5 * (2 * ranked - counts)) // (2 * len(values)) + 1  # 2 * ranked - counts = 2 * (average rank - 1/2)
    found = [distinct[scores == s] for s in SCORES]
    begins = np.flatnonzero(np.diff(scores, prepend=0))  # a score is one stretch of the distinct values
    return Score(
        of=scores[begins].astype(np.int8)[total_order.stretch(values, distinct[begins])],
        lowest=np.array([f[0] if len(f) else np.nan for f in found], dtype=float),
        highest=np.array([f[-1] if len(f) else np.nan for f in found], dtype=float),
        distinct=len(distinct),
    )


def segment(r: int, f: int, m: int) -> str:
    """The name of the first rule that fits three scores."""
    return next(name for name, _, fits in RULES if fits(r, f, m))


def key(name: str) -> str:
    """A segment's name as findings spell it: Potential Loyalist -> potential_loyalist."""
    return name.lower().replace(" ", "_")


def segment_codes() -> np.ndarray:
    """The place in RULES for each of the 125 triples of scores (int8, indexed by score - 1)."""
    codes = np.empty((5, 5, 5), dtype=np.int8)
    for r, f, m in np.ndindex(5, 5, 5):
        codes[r, f, m] = SEGMENTS.index(segment(r + 1, f + 1, m + 1))
    return codes


def _model(made: Scored, settings: Settings) -> Model:
    measures = (("recency_days", made.recency, 1), ("orders", made.frequency, 1), ("net", made.monetary, SCALE))
    steps = {
        name: tuple(
            (int(s), _plain(one.lowest[s - 1] / scale), _plain(one.highest[s - 1] / scale))
            for s in SCORES
            if not np.isnan(one.lowest[s - 1])
        )
        for name, one, scale in measures
    }
    threes = [(r + 1, f + 1, m + 1) for r, f, m in np.ndindex(5, 5, 5)]
    return Model(steps, {three: segment(*three) for three in threes}, settings.snapshot, settings.currency)


def _plain(value: float) -> float:
    """A number as it is written: days and orders without a decimal point."""
    return int(value) if value == int(value) else float(value)


def _frame(people: pd.DataFrame, made: Scored) -> pd.DataFrame:
    columns = {
        "customer_id": people["customer_id"],
        "r": made.recency.of,
        "f": made.frequency.of,
        "m": made.monetary.of,
        "segment": pd.Categorical.from_codes(made.code, dtype=pd.CategoricalDtype(list(SEGMENTS))),
    }
    return pd.DataFrame(columns, copy=False)


def window_shoppers(lines: Relation, settings: Settings) -> Mapping[str, Any] | None:
    """Visitors who looked but never bought, first_day and last_day of all visits; None without a visit."""
    row: Mapping[str, Any] = only_row(
        lines.query("rfm_window_shoppers.sql", snapshot=settings.snapshot, until=until(settings))
    )
    return row if row["first_day"] else None


def _segments(frame: pd.DataFrame, money: np.ndarray, code: np.ndarray, shoppers: int | None) -> pd.DataFrame:
    """One row a segment, with exact revenue; money in millionths inside, in currency outside."""
    n, everyone = len(frame), len(frame) + (shoppers or 0)
    earned = np.maximum(money, 0)
    total, mean = int(earned.sum()), int(money.sum()) / n
    rows = [_segment_row(frame, money, earned, code == place) for place in range(len(SEGMENTS))]
    made = pd.DataFrame(rows, index=list(SEGMENTS))
    made["share_customers"] = made["customers"] / n
    made["share_visitors"] = made["customers"] / everyone
    made["share_net"] = made["earned"] / total if total else np.nan
    made["index_net"] = made["mean_net"] / (mean / SCALE) * 100 if mean > 0 else np.nan
    if shoppers is not None:
        made.loc[WINDOW_SHOPPERS, ["customers", "share_visitors"]] = [shoppers, shoppers / everyone]
        made["customers"] = made["customers"].astype(int)
    return made.rename_axis("segment").reset_index()


def _segment_row(frame: pd.DataFrame, money: np.ndarray, earned: np.ndarray, here: np.ndarray) -> dict[str, float]:
    there = int(here.sum())
    net = int(money[here].sum())
    row = {"customers": there, "net": net / SCALE, "exact": net, "earned": int(earned[here].sum())}
    row["mean_net"] = net / SCALE / there if there else np.nan
    own = {column: frame[column].to_numpy()[here] for column in MEDIANS if column in frame}
    own["order_value"] = own["net"] / own["orders"]
    return row | {median: _median(own[column]) for column, median in MEDIANS.items()}


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


MEDIANS = {
    "recency_days": "median_recency",
    "orders": "median_orders",
    "net": "median_net",
    "order_value": "median_order_value",
}


def _segment_table(segments: pd.DataFrame) -> Table:
    columns = ["segment", "customers", "share_customers", "share_visitors", "net", "share_net", "index_net", "mean_net"]
    return Table(
        frame=segments.filter([*columns, *MEDIANS.values()]),
        title="Segments",
        labels={
            "segment": "Segment",
            "customers": "Customers",
            "share_customers": "Share of customers",
            "share_visitors": "Share of customers and visitors",
            "net": "Net revenue",
            "share_net": "Share of customer revenue",
            "index_net": "Revenue per customer, average = 100",
            "mean_net": "Revenue per customer",
            "median_recency": "Median days since the last sale",
            "median_orders": "Median orders",
            "median_net": "Median revenue",
            "median_order_value": "Median order value",
        },
        units={
            "customers": "count",
            "share_customers": "share",
            "share_visitors": "share",
            "net": "money",
            "share_net": "share",
            "index_net": "ratio",
            "mean_net": "money",
            "median_recency": "days",
            "median_orders": "ratio",
            "median_net": "money",
            "median_order_value": "money",
        },
        source=SOURCE,
        note="In shares of customer revenue, customers who were refunded more than they bought count as zero.",
    )


def _rules() -> Table:
    return Table(
        frame=pd.DataFrame({"segment": SEGMENTS, "rule": [text for _, text, _ in RULES]}),
        title="Segment rules, the first that fits",
        labels={"segment": "Segment", "rule": "Rule"},
        source=SOURCE,
        note="r, f and m are the scores for recency, frequency (orders) and money (net revenue); 5 is best.",
    )


def _cuts(made: Scored) -> Table:
    recency, frequency, monetary = made.recency, made.frequency, made.monetary
    columns = {
        "score": SCORES,
        "recency_from": recency.lowest,
        "recency_to": recency.highest,
        "orders_from": frequency.lowest,
        "orders_to": frequency.highest,
        "net_from": monetary.lowest / SCALE,
        "net_to": monetary.highest / SCALE,
    }
    return Table(
        frame=pd.DataFrame(columns),
        title="What each score means",
        labels={
            "score": "Score",
            "recency_from": "Days since the last sale, from",
            "recency_to": "to",
            "orders_from": "Orders, from",
            "orders_to": "to",
            "net_from": "Net revenue, from",
            "net_to": "to",
        },
        units={
            "score": "count",
            "recency_from": "days",
            "recency_to": "days",
            "orders_from": "count",
            "orders_to": "count",
            "net_from": "money",
            "net_to": "money",
        },
        source=SOURCE,
        note="Score of a measure: p = (average rank − 1/2) / n, score = whole part of 5p, plus 1; the best rank last. "
        "A score nobody has stays empty: equal customers always share one score.",
    )


def _heatmap(made: Scored, money: np.ndarray) -> Table:
    cell = (made.recency.of.astype(np.int16) - 1) * 5 + made.frequency.of - 1
    customers = np.bincount(cell, minlength=25)
    net = [int(money[cell == c].sum()) / SCALE if customers[c] else 0.0 for c in range(25)]
    return Table(
        frame=pd.DataFrame({"r": np.repeat(SCORES, 5), "f": np.tile(SCORES, 5), "customers": customers, "net": net}),
        title="Customers by recency and frequency score",
        labels={"r": "Recency score", "f": "Frequency score", "customers": "Customers", "net": "Net revenue"},
        units={"r": "count", "f": "count", "customers": "count", "net": "money"},
        source=SOURCE,
    )


def _notes(tied: bool) -> tuple[Note, ...]:
    text = "all customers have the same recency, orders and revenue: they share one score and one segment"
    return (Note("W_SCORES_TIED", 1, text),) if tied else ()


# What the people of a segment have in common, as a claim says it; scores compare customers with each other only.
TRAITS = {
    "VIP": "high in recency, orders and revenue",
    "Loyal": "recent, and high in orders or revenue",
    "Potential Loyalist": "fairly recent and fairly frequent",
    "At Risk": "at least mid-range in orders or revenue, but among the least recent",
    "Dormant": "low in recency, orders and revenue",
    "Regular": "not covered by any other rule",
}


# The same where at least half of the segment has a single order: frequency then tells nothing.
ONE_ORDER = {
    "Potential Loyalist": "recent enough, but mostly with a single order",
    "At Risk": "among the least recent, and mostly with a single order",
}


def _findings(
    segments: pd.DataFrame, customers: Customers, tied: bool, visits: Mapping[str, Any] | None
) -> dict[str, Finding]:
    n = len(customers.frame)
    measured = partial(Finding, population=POPULATION, n=n, window=customers.window, source=SOURCE)
    rows: dict[str, dict[str, Any]] = segments.set_index("segment").to_dict("index")
    found = {"headline": _headline(rows, n, tied, measured)}
    for name in SEGMENTS:
        found |= _of_segment(name, rows[name], customers.after, measured)
    if visits:
        found |= _of_shoppers(visits, n, customers)
    return found


def _of_segment(name: str, row: Mapping[str, Any], after: str, measured: Callable[..., Finding]) -> dict[str, Finding]:
    count, rule = int(row["customers"]), next(text for segment, text, _ in RULES if segment == name)
    trait = ONE_ORDER.get(name, TRAITS[name]) if row["median_orders"] == 1 else TRAITS[name]
    claim = f"{{value}} {'customer is' if count == 1 else 'customers are'} {name}: {trait}."
    if count == 0:
        claim = f"No customer fits the {name} rule ({{value}})."
    known = pd.notna(row["share_net"])
    return {
        key(name): measured(count, "count", claim, f"customers whose first fitting rule is {name}: {rule}"),
        f"{key(name)}_customer_share": measured(
            float(row["share_customers"]),
            "share",
            f"{name} customers are {{value}} of all customers.",
            f"{name} customers / all customers",
        ),
        f"{key(name)}_revenue": measured(
            Decimal(int(row["exact"])) / SCALE,
            "money",
            f"{name} customers brought {{value}} {after}.",
            f"sales + refunds of {name} customers",
        ),
        f"{key(name)}_revenue_share": measured(
            float(row["share_net"]) if known else None,
            "share",
            f"{name} customers brought {{value}} of customer revenue.",
            f"net revenue of {name} customers / net revenue of all customers; who was refunded more counts as zero",
            reason="" if known else "no customer brought any revenue",
        ),
    }


def _of_shoppers(visits: Mapping[str, Any], n: int, customers: Customers) -> dict[str, Finding]:
    shoppers: int = visits["visitors"]
    seen, window = n + shoppers, (visits["first_day"], visits["last_day"])
    measured = partial(Finding, population="visitors in events and known customers", n=seen, source=SHOPPERS)
    claim = f"{{value}} {'visitor has' if shoppers == 1 else 'visitors have'} looked but never bought."
    return {
        key(WINDOW_SHOPPERS): measured(
            shoppers, "count", claim, "distinct visitors in events without a purchase event or a sale", window=window
        ),
        f"{key(WINDOW_SHOPPERS)}_customer_share": measured(
            shoppers / seen,
            "share",
            "{value} of the people seen have looked but never bought.",
            "visitors without a purchase / (visitors without a purchase + customers)",
            window=(min(window[0], customers.window[0]), max(window[1], customers.window[1])),
        ),
    }


SHOPPERS = "analysis/rfm_window_shoppers.sql"


def _headline(rows: Mapping[str, Mapping[str, Any]], n: int, tied: bool, measured: Callable[..., Finding]) -> Finding:
    """The most telling sentence: ties first, then much revenue At Risk, then who carries the revenue."""
    if tied:
        claim = "All {value} customers look alike: same recency, same orders, same revenue."
        return measured(n, "count", claim, "distinct customers with at least one sale")
    share = {name: float(rows[name]["share_net"]) for name in SEGMENTS}
    if np.isnan(share["VIP"]):
        claim = "{value} customers are segmented, but together they brought no revenue."
        return measured(n, "count", claim, "distinct customers with at least one sale")
    if share["At Risk"] >= QUIET:
        name = "At Risk"
        claim = "At Risk customers brought {value} of customer revenue, and their last purchases are among the oldest."
    else:
        name = max(SEGMENTS, key=lambda segment: share[segment])
        share_key = f"rfm.{key(name)}_customer_share"
        claim = f"{name} customers bring {{value}} of customer revenue and are {{{share_key}}} of customers."
    definition = f"net revenue of {name} customers / net revenue of all customers; who was refunded more counts as zero"
    return measured(share[name], "share", claim, definition)
