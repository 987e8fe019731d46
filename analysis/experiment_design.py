"""How each action can be tried: its arms, how often such customers buy anyway, and the uplift that would show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis import action_people, assignment, outcomes, sample_size
from analysis.intervals import wilson
from analysis.playbook import Playbook
from analysis.rfm import SEGMENTS, refusal, segments_of
from analysis.uplift import Difference
from dataset.engine import Relation

HORIZON = 90  # days in which a customer buys, or does not
WEEKS = math.ceil(HORIZON / 7)
OWN, SEGMENT, ALL = "the action", "its segments", "everybody"
YEAR = 52  # weeks: a test that takes longer is too small
LEAST = 20  # customers of its segments a quarter ago; fewer tell no rate of their own
UNSEGMENTED = ("One order", "Several orders")  # strata where the data carry no segments
STRATA = (*SEGMENTS, *UNSEGMENTED)
READY, FILLS, SMALL, NO_CONTROL, NOBODY, UNMEASURED = (
    "can be tested now", "can be tested within a year", "too small alone", "no control group", "nobody selected",
    "not measured",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """Customers as they were a quarter before the snapshot: of each stratum how many, and how many bought since.

    of: customer (the number, or customer_id) -> place in STRATA then (int8). counts, buyers: by place in STRATA.
    selected: key of an action -> the same two of the customers whom its trigger selects then, what models tell being
    unknown.
    """

    of: pd.Series
    counts: np.ndarray
    buyers: np.ndarray
    day: date
    selected: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Design:
    """One action as an experiment; sizes in customers.

    baseline: share who buy within HORIZON anyway, of `base` customers a quarter ago; within: its 95 % interval. whose:
    of whom it is taken, the first of OWN, SEGMENT and ALL with enough. entering: customers a week who newly come under
    it, at least. detectable: the smallest uplift in points that the arms show. needed: both arms together, to show
    `response`. weeks: until the outcome of such a test is known; None where that passes a year. pool: keys of actions
    to try it with.
    """

    key: str
    name: str
    treatment: int
    control: int
    share: float
    response: float
    entering: float = 0.0
    baseline: float | None = None
    base: int = 0
    within: tuple[float, float] = (0.0, 1.0)
    whose: str = OWN
    detectable: float | None = None
    needed: int | None = None
    weeks: int | None = None
    status: str = UNMEASURED
    pool: tuple[str, ...] = ()

    @property
    def customers(self) -> int:
        return self.treatment + self.control


def past(
    lines: Relation, snapshot: date, segmented: bool, playbook: Playbook, known: frozenset[str] = frozenset()
) -> Past | None:
    """The customers of a quarter ago and who bought since; None where they could not be put into strata then.

    known: columns that triggers find now. An action is not told of then when its rule, or one before it, asks now for
    what was not known then: by another measure it selects other people, who buy at another rate.
    """
    day = snapshot - timedelta(days=HORIZON)
    people = outcomes.features(lines, None, day, named=False)
    if people.empty:
        return None
    if segmented:
        days = people["tenure_days"].to_numpy().max(), people["recency_days"].to_numpy().min()
        if refusal(len(people), days[0] == days[1], not people["net"].isna().all()):
            return None
    place = strata(people, segments_of(people) if segmented else None)
    _, orders = outcomes.of_each(people, outcomes.outcome(lines, day, snapshot, named=False))
    told = action_people.earlier(people, segmented)
    plan = action_people.matched(playbook, told, len(people))
    asked = [bool(one.trigger.columns & (known - told.keys())) for one in playbook.plans]

    def counted(here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return tuple(np.bincount(place[rows], minlength=len(STRATA)) for rows in (here, here & (orders > 0)))  # type: ignore[return-value]

    counts, buyers = counted(np.ones(len(people), dtype=bool))
    selected = {one.key: counted(plan == at) for at, one in enumerate(playbook.plans) if not any(asked[: at + 1])}
    of = pd.Series(place, index=pd.Index(people["customer"], name="customer"))
    return Past(of, counts, buyers, day, selected)


def strata(people: pd.DataFrame, segments: np.ndarray | None) -> np.ndarray:
    """The place in STRATA (int8) of each customer: the segment, or the number of orders where there are none."""
    if segments is not None:
        return segments.astype(np.int8)
    return (len(SEGMENTS) + (people["orders"].to_numpy() > 1)).astype(np.int8)


def designed(
    plan: Mapping[str, object], people: pd.DataFrame, place: np.ndarray, left_alone: np.ndarray, then: Past | None
) -> Design:
    """The design of one plan; people: those selected, as Past.of has them; place: their strata, left_alone: control."""
    control = int(left_alone.sum())
    share, response = float(plan["control_share"]), float(plan["response"])  # type: ignore[arg-type]
    made = Design(str(plan["key"]), str(plan["name"]), len(place) - control, control, share, response)
    if not len(place):
        return replace(made, status=NOBODY)
    if then is None:
        return made
    baseline, base, whose = _baseline(made.key, np.bincount(place, minlength=len(STRATA)), then)
    made = replace(
        made,
        baseline=baseline,
        base=base,
        within=wilson(round(baseline * base), base),
        whose=whose,
        entering=_entering(people, place, then),
        detectable=sample_size.detectable(baseline, made.treatment, made.control),
    )
    return _timed(made) if 0 < share < 1 else replace(made, status=NO_CONTROL)


def _baseline(key: str, now: np.ndarray, then: Past) -> tuple[float, int, str]:
    """How often customers like these bought: the rates of their strata, weighted by how many of each there are now.

    Taken of those the trigger selects then, else of all in the strata: a rule picks the best or the rest of a segment.
    """
    here = now > 0
    for whose, (counts, buyers) in (
        (OWN, then.selected.get(key, (np.zeros_like(then.counts),) * 2)),
        (SEGMENT, (then.counts, then.buyers)),
    ):
        base = int(counts[here].sum())
        if base >= LEAST and counts[here].all():
            return float(math.fsum(buyers[here] / counts[here] * now[here]) / now.sum()), base, whose
    return float(then.buyers.sum() / then.counts.sum()), int(then.counts.sum()), ALL


def _entering(people: pd.DataFrame, place: np.ndarray, then: Past) -> float:
    """Customers a week who newly came: of another stratum a quarter ago, or no customer yet."""
    before = then.of.reindex(pd.Index(people[then.of.index.name or "customer_id"])).to_numpy()
    return float((before != place).sum()) / (HORIZON / 7)


def _timed(made: Design) -> Design:
    """How many it needs to show the assumed response, and how long that takes."""
    arms = sample_size.needed(made.baseline or 0.0, made.response, made.share)
    if arms is None:
        return replace(made, status=SMALL)
    weeks = _weeks(sum(arms), made.customers, made.entering)
    status = SMALL if weeks is None else READY if sum(arms) <= made.customers else FILLS
    return replace(made, needed=sum(arms), weeks=weeks, status=status)


def _weeks(needed: int, there: int, entering: float) -> int | None:
    if needed <= there:
        return WEEKS
    weeks = math.ceil((needed - there) / entering + HORIZON / 7) if entering else YEAR + 1
    return weeks if weeks <= YEAR else None


def pooled(designs: Sequence[Design]) -> list[Design]:
    """With the actions that each too small one is to be tried with: as few as can be, those most alike in baseline.

    Together they show whether the actions bring more than nothing, not which of them does.
    """
    tried = [d for d in designs if d.baseline is not None and d.status in (READY, FILLS, SMALL)]
    found = []
    for design in designs:
        pool: tuple[str, ...] = ()
        if design.status == SMALL:
            near = sorted((d for d in tried if d is not design), key=lambda d: _unlike(design, d))
            fits = (near[:n] for n in range(1, len(near) + 1) if _enough([design, *near[:n]]))
            pool = tuple(d.key for d in next(fits, []))
        found.append(replace(design, pool=pool))
    return found


def detectable_in_all(designs: Sequence[Design]) -> Difference | None:
    """The smallest uplift that shows when all actions are judged as one, at their mean baseline.

    Its interval: what would show with all baselines at either end of theirs.
    """
    known = [d for d in designs if d.baseline is not None and min(d.treatment, d.control) > 0]
    if len(known) < 2:
        return None
    arms = [(d.treatment, d.control) for d in known]

    def at(rates: Sequence[float]) -> float | None:
        mean = math.fsum(r * d.customers for r, d in zip(rates, known, strict=True)) / sum(d.customers for d in known)
        return sample_size.detectable_in_all(mean, arms)

    found = at([d.baseline or 0.0 for d in known])
    if found is None:
        return None
    ends = [end for side in (0, 1) if (end := at([d.within[side] for d in known])) is not None]
    return Difference(found, (min(found, *ends), max(found, *ends)))


def _unlike(one: Design, other: Design) -> tuple[float, str]:
    return abs((one.baseline or 0.0) - (other.baseline or 0.0)), other.key


def _enough(together: Sequence[Design]) -> bool:
    """Whether a test of several actions as one shows their mean assumed response within a year."""
    there = sum(d.customers for d in together)

    def mean(values: Sequence[float]) -> float:
        return sum(v * d.customers for v, d in zip(values, together, strict=True)) / there

    arms = sample_size.needed(
        mean([d.baseline or 0.0 for d in together]),
        mean([d.response for d in together]),
        mean([d.share for d in together]),
    )
    return arms is not None and _weeks(sum(arms), there, sum(d.entering for d in together)) is not None


def drawn(customer_ids: pd.Series, action: pd.Series, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Who is left alone (bool) among customers of these actions (NaN: none); each by the hash of the own id alone."""
    alone = np.zeros(len(customer_ids), dtype=bool)
    for key, share in shares.items():
        here = (action == key).to_numpy()
        alone[here] = assignment.control(customer_ids[here].tolist(), key, seed, share)
    return alone
