"""Who moved: the segments at each month end by the same rules, and who rose or fell in the last three months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from analysis.customers import SCALE, Customers, totals
from analysis.finding import Finding, Result, Skip, Table
from analysis.ground import Ground, noun, over
from analysis.history import NOT_YET, State, days_of, facts, months_before, states
from analysis.rfm import SEGMENTS, Rfm, key
from dataset.engine import Relation
from dataset.settings import Settings

SOURCE = "analysis/migration.sql"
POPULATION = "known customers with a sale more than three months ago"
EVERYONE = "known customers with at least one sale"
MONTHS = 3
MOST = 25  # days shown: the report's own and at most 24 month ends
FEW = 30  # VIP and Loyal customers then; below, the title counts them

# From best to worst: a customer who moves up this list rose, one who moves down fell.
RANKS = ("VIP", "Loyal", "Potential Loyalist", "Regular", "At Risk", "Dormant")
NEW = "New customers"
BEST, GONE = frozenset(RANKS[:2]), frozenset(RANKS[-2:])
RELATIVE = (
    "Scores compare the customers of one day with each other: on any day about two fifths of them score 4 or 5, so "
    "sizes are partly fixed, and a customer also falls when others buy later, more often or for more. Customers with "
    "equally many orders share a score and can change segment all at once."
)
AMONG = "scores rank customers against each other"


@dataclass(frozen=True, slots=True)
class Move:
    """How many customers went from one segment (or New) to another, and their net revenue to date.

    money: whole millionths.
    """

    origin: str
    to: str
    customers: int
    money: int

    @property
    def step(self) -> str:
        """rose, fell, stayed or new, by RANKS."""
        if self.origin == NEW:
            return "new"
        up = RANKS.index(self.origin) - RANKS.index(self.to)
        return "rose" if up > 0 else "fell" if up < 0 else "stayed"


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who made some of the moves; money: their exact net revenue to date."""

    customers: int
    money: Decimal

    @classmethod
    def of(cls, moves: Iterable[Move]) -> Group:
        """All customers of these moves."""
        found = list(moves)
        return cls(sum(m.customers for m in found), Decimal(sum(m.money for m in found)) / SCALE)


@dataclass(frozen=True, slots=True)
class Silent:
    """VIP and Loyal customers of then who bought nothing since, and those who dropped out although they bought."""

    silent: int
    left_bought: int


@dataclass(frozen=True, slots=True)
class Migration(Result):
    """over_time: one row a day and segment: day (the last one counted), segment, customers, share, net.

    moves: one row a pair: from, to, customers, net (to date), from three months before the snapshot to the snapshot.
    sizes: a segment's way from then to now: then - left + came + new = now. steps: who rose, fell, stayed, is new.
    bar_moved: a high score in frequency takes another number of orders now than then, so many may move at once.
    """

    findings: Mapping[str, Finding]
    over_time: Table
    moves: Table
    sizes: Table
    steps: Table
    bar_moved: bool


def compute(lines: Relation, customers: Customers, rfm: Rfm, settings: Settings) -> Migration:
    """Score the customers as of each day; raises Skip when they could not be scored three months ago."""
    first, since = customers.window[0], months_before(settings.snapshot, MONTHS)
    known = facts(lines, settings.snapshot, since, first)
    if known.customers != len(rfm.frame):
        raise RuntimeError("the customers of migration.sql are not those of customers.sql")
    shown = days_of(first, settings.snapshot)
    rows: list[dict[str, object]] = []
    then = now = None
    for state in states(known, sorted({*shown[-MOST:], since})):
        rows += _sizes_on(state) if state.day in shown else []
        then, now = (state if state.day == since else then), state
    if then is None or now is None:
        raise Skip("three months before the report's day the customers could not be put into segments yet")
    moves = _moves(then.code, now)
    return Migration(
        findings=_findings(moves, since, _silent(then.code, now, since, customers), customers, settings)
        | _bar(then, now, since, settings),
        over_time=_over_time(rows, cut=len(shown) > MOST),
        moves=_move_table(moves),
        sizes=_size_table(moves),
        steps=_step_table(moves),
        bar_moved=then.frequent != now.frequent,
    )


def _sizes_on(state: State) -> list[dict[str, object]]:
    """One row a segment, in the order of RANKS."""
    day, place = state.day - timedelta(days=1), state.code + 1  # NOT_YET first
    counts = np.bincount(place, minlength=len(SEGMENTS) + 1)
    money, everyone = totals(state.money, place, len(counts)), int(counts[1:].sum())
    return [
        {
            "day": day,
            "segment": name,
            "customers": int(counts[at]),
            "share": int(counts[at]) / everyone,
            "net": money[at] / SCALE,
        }
        for name, at in ((name, SEGMENTS.index(name) + 1) for name in RANKS)
    ]


def _silent(then: np.ndarray, now: State, since: date, customers: Customers) -> Silent:
    """Of the VIP and Loyal customers then, those without a sale since, and those of the left who did buy."""
    best = [SEGMENTS.index(name) for name in BEST]
    were, bought = np.isin(then, best), customers.frame["recency_days"].to_numpy() <= (now.day - since).days
    left = were & ~np.isin(now.code, best)
    return Silent(int(np.count_nonzero(were & ~bought)), int(np.count_nonzero(left & bought)))


def _moves(then: np.ndarray, now: State) -> list[Move]:
    """Every pair of a segment then (New last) and a segment now, in the order of RANKS."""
    width, here = len(SEGMENTS) + 1, np.flatnonzero(now.code != NOT_YET)
    pair = (then[here] + 1) * np.int64(width) + now.code[here] + 1
    count = np.bincount(pair, minlength=width**2)
    money = totals(now.money[here], pair, width**2)
    codes = {name: SEGMENTS.index(name) for name in RANKS}
    return [
        Move(origin, to, int(count[at]), money[at])
        for origin, before in {**codes, NEW: NOT_YET}.items()
        for to, at in ((to, (before + 1) * width + codes[to] + 1) for to in RANKS)
    ]


def _over_time(rows: list[dict[str, object]], cut: bool) -> Table:
    return Table(
        frame=pd.DataFrame(rows),
        title="Segments at each month end",
        labels={
            "day": "At the end of",
            "segment": "Segment",
            "customers": "Customers",
            "share": "Share of customers",
            "net": "Net revenue to date",
        },
        source=SOURCE,
        units={"day": "date", "customers": "count", "share": "share", "net": "money"},
        note=("The last 24 month ends. " if cut else "")
        + "Each row holds only what was known at the end of that day; the last is the report's own. "
        + RELATIVE,
    )


def _move_table(moves: Sequence[Move]) -> Table:
    columns = {
        "from": pd.Categorical([m.origin for m in moves], categories=[*RANKS, NEW]),
        "to": [m.to for m in moves],
        "customers": [m.customers for m in moves],
        "net": [m.money / SCALE for m in moves],
    }
    return Table(
        frame=pd.DataFrame(columns),
        title="From the segment of three months ago (rows) to that of now",
        labels={"from": "Three months ago", "to": "Now", "customers": "Customers", "net": "Net revenue to date"},
        source=SOURCE,
        units={"customers": "count", "net": "money"},
        note=f"{NEW} had not bought yet. Ranked {' > '.join(RANKS)}.",
    )


def _size_table(moves: Sequence[Move]) -> Table:
    rows = [_size_row(rank, name, moves) for rank, name in enumerate(RANKS, 1)]
    return Table(
        frame=pd.DataFrame(rows),
        title="Segments three months ago and now",
        labels={
            "rank": "Rank",
            "segment": "Segment",
            "then": "Three months ago",
            "left": "Went to others",
            "came": "Came from others",
            "new": "New customers",
            "now": "Now",
            "change": "Change",
            "share_then": "Share then",
            "share_now": "Share now",
        },
        source=SOURCE,
        units={
            **dict.fromkeys(("then", "left", "came", "new", "now", "change"), "count"),
            **dict.fromkeys(("share_then", "share_now"), "share"),
        },
        note=RELATIVE,
    )


def _size_row(rank: int, name: str, moves: Sequence[Move]) -> dict[str, object]:
    then, now = _size(name, moves)
    kept = Group.of(m for m in moves if m.origin == m.to == name).customers
    new = Group.of(m for m in moves if m.origin == NEW and m.to == name).customers
    everyone = Group.of(moves).customers
    old = Group.of(m for m in moves if m.origin != NEW).customers
    return {
        "rank": rank,
        "segment": name,
        "then": then,
        "left": then - kept,
        "came": now - kept - new,
        "new": new,
        "now": now,
        "change": now - then,
        "share_then": then / old,
        "share_now": now / everyone,
    }


def _size(name: str, moves: Sequence[Move]) -> tuple[int, int]:
    """Customers of a segment then and now."""
    return (
        Group.of(m for m in moves if m.origin == name).customers,
        Group.of(m for m in moves if m.to == name).customers,
    )


def _step_table(moves: Sequence[Move]) -> Table:
    everyone = Group.of(moves).customers
    names = {"rose": "Rose", "stayed": "Stayed", "fell": "Fell", "new": NEW}
    rows = []
    for step, name in names.items():
        group = Group.of(m for m in moves if m.step == step)
        share = group.customers / everyone
        rows.append({"step": name, "customers": group.customers, "share": share, "net": float(group.money)})
    return Table(
        frame=pd.DataFrame(rows),
        title="Who rose and who fell in three months, and what they have brought",
        labels={
            "step": "Move",
            "customers": "Customers",
            "share": "Share of customers",
            "net": "Net revenue to date",
        },
        source=SOURCE,
        units={"customers": "count", "share": "share", "net": "money"},
        note=f"Rose or fell: to a better or worse segment, ranked {' > '.join(RANKS)}.",
    )


def _findings(
    moves: Sequence[Move], since: date, silent: Silent, customers: Customers, settings: Settings
) -> dict[str, Finding]:
    window = (since, settings.snapshot - timedelta(days=1))
    old = Group.of(m for m in moves if m.origin != NEW)
    ground = Ground(POPULATION, old.customers, window, SOURCE)
    everyone = replace(ground, population=EVERYONE, n=len(customers.frame))
    return {
        "headline": _headline(moves, ground, everyone),
        "since": ground.of(
            since,
            "date",
            "Moves are counted from {value}.",
            "the report's day less three calendar months; then = before this day, now = before the report's day",
        ),
        **_of_best(moves, ground, customers.after),
        **_of_silent(moves, silent, ground, everyone),
        **_of_steps(moves, old.customers, ground, customers.after),
        **_of_gone(moves, ground, customers.after),
        **_of_new(moves, everyone),
        **_changes(moves, everyone),
    }


def _best(moves: Sequence[Move]) -> tuple[Group, Group, Group, Group]:
    """VIP and Loyal customers then and now, those who left and those who joined."""
    return (
        Group.of(m for m in moves if m.origin in BEST),
        Group.of(m for m in moves if m.to in BEST),
        Group.of(m for m in moves if m.origin in BEST and m.to not in BEST),
        Group.of(m for m in moves if m.origin not in BEST and m.to in BEST),
    )


def _headline(moves: Sequence[Move], ground: Ground, everyone: Ground) -> Finding:
    """The title: how many dropped out of the best customers and how many joined, and what share the best are."""
    then, now, left, joined = _best(moves)
    of_then = replace(ground, population="customers VIP or Loyal three months ago", n=then.customers)
    if not then.customers and not now.customers:
        claim = (
            f"No customer was VIP or Loyal three months ago, "
            f"and not one of {{value}} {noun(ground.n, 'customer')} is now."
        )
        return ground.of(ground.n, "count", claim, "distinct customers with a sale before the window")
    if not then.customers:
        are = "customer is" if now.customers == 1 else "customers are"
        claim = f"No customer was VIP or Loyal three months ago; {{value}} {are} now."
        return ground.of(now.customers, "count", claim, "customers VIP or Loyal now")
    joined_too = "{migration.best_joined} joined" if joined.customers else "nobody joined"
    if then.customers < FEW:
        claim = f"{{migration.best_then}} VIP or Loyal {noun(then.customers, 'customer')} three months ago: {{value}} "
        return of_then.of(
            left.customers,
            "count",
            f"{claim}dropped out, and {joined_too}.",
            "customers VIP or Loyal then and in another segment now",
        )
    gone = "{migration.best_left} VIP and Loyal customers" if left.customers else "No VIP or Loyal customer"
    return everyone.of(
        now.customers / everyone.n,
        "share",
        f"{gone} dropped out in three months, {joined_too}: {{value}} of all now, {{migration.best_share_then}} then.",
        f"customers VIP or Loyal now / all customers; {AMONG}",
    )


def _of_best(moves: Sequence[Move], ground: Ground, after: str) -> dict[str, Finding]:
    then, now, left, joined = _best(moves)
    new = Group.of(m for m in moves if m.origin == NEW and m.to in BEST)
    nobody = "no customer was VIP or Loyal three months ago"
    were = "customer was" if then.customers == 1 else "customers were"
    are = "customer is" if now.customers == 1 else "customers are"
    of_then = replace(ground, population="customers VIP or Loyal three months ago", n=then.customers)
    of_now = replace(ground, population="customers VIP or Loyal now", n=now.customers)
    return {
        "best_then": ground.of(
            then.customers,
            "count",
            f"{{value}} {were} VIP or Loyal three months ago.",
            "customers VIP or Loyal by what was known three months ago",
        ),
        "best_now": of_now.of(
            now.customers, "count", f"{{value}} {are} VIP or Loyal now.", "customers VIP or Loyal now"
        ),
        "best_kept_share": of_then.of(
            over(then.customers - left.customers, then.customers),
            "share",
            "{value} of the VIP and Loyal customers of three months ago still are.",
            "customers VIP or Loyal then and now / customers VIP or Loyal then",
            nobody,
        ),
        "best_left": of_then.of(
            left.customers,
            "count",
            f"{{value}} {noun(left.customers, 'customer')} dropped out of VIP or Loyal in three months.",
            "customers VIP or Loyal then and in another segment now",
        ),
        "best_left_share": of_then.of(
            over(left.customers, then.customers),
            "share",
            "{value} of the VIP and Loyal customers of three months ago no longer are.",
            "customers VIP or Loyal then and in another segment now / customers VIP or Loyal then",
            nobody,
        ),
        "best_left_net": of_then.of(
            left.money,
            "money",
            f"Customers who dropped out of VIP or Loyal in three months have brought {{value}} to date, {after}.",
            "sales + refunds to date of customers VIP or Loyal then and in another segment now",
        ),
        "best_joined": of_now.of(
            joined.customers,
            "count",
            f"{{value}} {noun(joined.customers, 'customer')} joined VIP or Loyal in three months.",
            "customers VIP or Loyal now and not then, new customers included",
        ),
        "best_joined_net": of_now.of(
            joined.money,
            "money",
            f"Customers who joined VIP or Loyal in three months have brought {{value}} to date, {after}.",
            "sales + refunds to date of customers VIP or Loyal now and not then",
        ),
        "best_joined_new": of_now.of(
            new.customers,
            "count",
            f"{{value}} {'customer' if new.customers == 1 else 'customers'} of the last three months "
            f"{'is' if new.customers == 1 else 'are'} VIP or Loyal already.",
            "customers VIP or Loyal now whose first sale lies in the window",
        ),
    }


def _of_silent(moves: Sequence[Move], silent: Silent, ground: Ground, everyone: Ground) -> dict[str, Finding]:
    """What VIP and Loyal customers did, whatever the others did: scores rank customers against each other."""
    then, now, left, _ = _best(moves)
    nobody = "no customer was VIP or Loyal three months ago"
    of_then = replace(ground, population="customers VIP or Loyal three months ago", n=then.customers)
    of_left = replace(ground, population="customers VIP or Loyal three months ago and not now", n=left.customers)
    return {
        "best_silent_share": of_then.of(
            over(silent.silent, then.customers),
            "share",
            "{value} of the VIP and Loyal customers of three months ago have bought nothing since.",
            "customers VIP or Loyal then without a sale since / customers VIP or Loyal then",
            nobody,
        ),
        "best_left_bought": of_left.of(
            silent.left_bought,
            "count",
            "Of those who dropped out, {value} did buy in these months: others overtook them.",
            "customers VIP or Loyal then, in another segment now, with a sale since",
        ),
        "best_share": everyone.of(
            over(now.customers, everyone.n),
            "share",
            "{value} of customers are VIP or Loyal.",
            "customers VIP or Loyal now / all customers",
        ),
        "best_share_then": ground.of(
            over(then.customers, ground.n),
            "share",
            "{value} of customers were VIP or Loyal three months ago.",
            "customers VIP or Loyal then / customers with a sale before the window",
        ),
    }


def _of_steps(moves: Sequence[Move], old: int, ground: Ground, after: str) -> dict[str, Finding]:
    found = {}
    for step, went, other in (
        ("rose", "rose to a better segment", "better"),
        ("fell", "fell to a worse segment", "worse"),
        ("stayed", "stayed in the same segment", "same"),
    ):
        group = Group.of(m for m in moves if m.step == step)
        of = (
            f"customers in a {other} segment now than then"
            if other != "same"
            else "customers in one segment then and now"
        )
        found[step] = ground.of(
            group.customers, "count", f"{{value}} {noun(group.customers, 'customer')} {went} in three months.", of
        )
        found[f"{step}_share"] = ground.of(
            over(group.customers, old),
            "share",
            f"{{value}} of the customers of three months ago {went}.",
            f"{of} / customers with a sale before the window",
        )
        found[f"{step}_net"] = ground.of(
            group.money,
            "money",
            f"Customers who {went} in three months have brought {{value}} to date, {after}.",
            f"sales + refunds to date of {of}",
        )
    return found


def _of_gone(moves: Sequence[Move], ground: Ground, after: str) -> dict[str, Finding]:
    gone = Group.of(m for m in moves if m.origin not in GONE and m.origin != NEW and m.to in GONE)
    back = Group.of(m for m in moves if m.origin in GONE and m.to not in GONE)
    active = Group.of(m for m in moves if m.origin not in GONE and m.origin != NEW)
    here = replace(ground, population="customers neither At Risk nor Dormant three months ago", n=active.customers)
    away = replace(ground, population="customers At Risk or Dormant three months ago", n=ground.n - active.customers)
    return {
        "left": here.of(
            gone.customers,
            "count",
            f"{{value}} {noun(gone.customers, 'customer')} slipped to At Risk or Dormant in three months.",
            "customers At Risk or Dormant now and in a better segment then",
        ),
        "left_share": here.of(
            over(gone.customers, active.customers),
            "share",
            "{value} of the customers who were neither At Risk nor Dormant slipped there in three months.",
            "customers At Risk or Dormant now and in a better segment then / customers in a better segment then",
            "all customers were At Risk or Dormant three months ago",
        ),
        "left_net": here.of(
            gone.money,
            "money",
            f"Customers who slipped to At Risk or Dormant in three months have brought {{value}} to date, {after}.",
            "sales + refunds to date of customers At Risk or Dormant now and in a better segment then",
        ),
        "back": away.of(
            back.customers,
            "count",
            f"{{value}} {noun(back.customers, 'customer')} came back from At Risk or Dormant in three months.",
            "customers At Risk or Dormant then and in a better segment now",
        ),
    }


def _of_new(moves: Sequence[Move], everyone: Ground) -> dict[str, Finding]:
    new = Group.of(m for m in moves if m.origin == NEW)
    return {
        "new_customers": everyone.of(
            new.customers,
            "count",
            f"{{value}} {noun(new.customers, 'customer')} bought for the first time in the last three months.",
            "customers whose first sale lies in the window",
        ),
        "new_share": everyone.of(
            over(new.customers, everyone.n),
            "share",
            "{value} of all customers bought for the first time in the last three months.",
            "customers whose first sale lies in the window / all customers",
        ),
    }


def _bar(then: State, now: State, since: date, settings: Settings) -> dict[str, Finding]:
    """How many orders make a frequent customer: where that changes, all with as many orders move at once."""
    window = (since, settings.snapshot - timedelta(days=1))
    definition = "the fewest orders of a customer whose frequency score is four or five"
    nobody = "no customer has a frequency score of four or five: too many have equally many orders"
    many = int(np.count_nonzero(then.code != NOT_YET))
    ground = Ground(POPULATION, many, window, SOURCE)
    has = f"A frequent customer has at least {{value}} {noun(now.frequent, 'order')}"
    claim = f"{has}, as three months ago."
    if then.frequent is None:
        claim = f"{has}; nobody was one three months ago."
    elif now.frequent is not None and then.frequent != now.frequent:
        verb = "rose" if now.frequent > then.frequent else "fell"
        claim = f"The bar for frequent customers {verb} from {{migration.bar_then}} to {{value}} orders."
    return {
        "bar_then": ground.of(
            then.frequent,
            "count",
            f"A frequent customer had at least {{value}} {noun(then.frequent, 'order')} three months ago.",
            f"{definition}, three months ago",
            nobody,
        ),
        "bar": replace(ground, population=EVERYONE, n=int(np.count_nonzero(now.code != NOT_YET))).of(
            now.frequent, "count", claim, f"{definition}, now", nobody
        ),
    }


def _changes(moves: Sequence[Move], everyone: Ground) -> dict[str, Finding]:
    """The relative change in size of each segment."""
    old = Group.of(m for m in moves if m.origin != NEW).customers
    found = {
        "customers_change": everyone.of(
            over(everyone.n - old, old),
            "ratio",
            "The number of customers grew in three months ({value})."
            if everyone.n > old
            else "No customer was won in three months ({value}).",
            "customers whose first sale lies in the window / customers with a sale before it",
        )
    }
    for name in RANKS:
        then, now = _size(name, moves)
        verb = "grew" if now > then else "shrank" if now < then else "kept its size"
        found[f"{key(name)}_change"] = everyone.of(
            over(now - then, then),
            "ratio",
            f"The segment {name} {verb} in three months ({{value}}).",
            f"({name} customers now - {name} customers then) / {name} customers then",
            f"no customer was {name} three months ago",
            n=then,
            population=f"customers {name} three months ago",
        )
    return found
