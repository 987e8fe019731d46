"""The last order of each customer held out: would the offers have foretold what was new in it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis import recommend_lists as lists
from analysis.intervals import paired, wilson
from analysis.recommend_lists import Offers
from analysis.similar import NEVER_BEFORE, PAIR, Bought, Histories, similar, values

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LEAST = 3  # customers who bought both products: fewer are chance
LEAST_TESTED = 30
TESTED = 20_000  # customers drawn for the trial: the interval is then below one point
METHODS = ("similar products", "bestsellers of the favourite category", "bestsellers")
SIMILAR, OF_CATEGORY, BESTSELLERS = METHODS


@dataclass(frozen=True, slots=True)
class Trial:
    """Offers made without the last order of anybody, held against it.

    returned: customers who bought on several days. eligible: of them, who bought a product before and a new one on
    their last day. tested: drawn of those. hits: method -> bool a customer tested, one of five offers was bought.
    covered: method -> different products offered. offered, bought: of products due again, and `new_offered`,
    `new_bought` of the first similar products (or bestsellers, where they are better), how many were in the last order.
    """

    returned: int
    eligible: int
    tested: int
    hits: dict[str, np.ndarray]
    covered: dict[str, int]
    due_offered: int
    due_bought: int
    first_offered: int
    first_bought: int

    def rate(self, method: str) -> tuple[float, tuple[float, float]]:
        """Hit rate at five of a method, with Wilson's interval."""
        hits = int(self.hits[method].sum())
        return hits / self.tested, wilson(hits, self.tested)

    def lead(self) -> tuple[float, tuple[float, float]]:
        """Hit rate of similar products less that of bestsellers, with the interval for the same customers."""
        return self.over_bestsellers(SIMILAR)

    def over_bestsellers(self, method: str) -> tuple[float, tuple[float, float]]:
        """Hit rate of a method less that of bestsellers."""
        ours, theirs = self.hits[method], self.hits[BESTSELLERS]
        only, other = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
        return (only - other) / self.tested, paired(only, other, self.tested)

    @property
    def better(self) -> bool:
        """Whether similar products beat bestsellers beyond chance."""
        return self.lead()[1][0] > 0

    def worse(self, method: str) -> bool:
        """Whether a method is beaten by bestsellers beyond chance, or was not tried."""
        return method not in self.hits or self.over_bestsellers(method)[1][1] < 0

    @property
    def due_pays(self) -> bool:
        """Whether what is due again is bought more often than the first of the new products, beyond chance."""
        if not self.due_offered or not self.first_offered:
            return False
        return wilson(self.due_bought, self.due_offered)[0] > self.first_bought / self.first_offered


def held_out(bought: Bought) -> tuple[np.ndarray, np.ndarray]:
    """Of each pair: known before the customer's last day; and first bought on it, by a customer who was there before.

    Who bought on one day only has nothing to hold out: all of it is known.
    """
    before, several = bought.before != NEVER_BEFORE, np.zeros(bought.customers, dtype=bool)
    several[bought.customer[before]] = True
    new = several[bought.customer] & ~before
    return ~new, new


def trial(bought: Histories, seed: int) -> Trial | None:
    """Fit without the last orders, offer, and look them up; None with fewer than LEAST_TESTED customers to test."""
    there = np.zeros((2, bought.customers), dtype=bool)
    for block in bought.blocks():
        for known, kept in zip(there, (block.before != NEVER_BEFORE, held_out(block)[1]), strict=True):
            known[block.start + block.customer[kept]] = True
    eligible = np.flatnonzero(there.all(axis=0))
    if len(eligible) < LEAST_TESTED:
        return None
    drawn = np.random.default_rng(seed).choice(len(eligible), min(TESTED, len(eligible)), replace=False)
    testers = eligible[np.sort(drawn)]
    tested = _of(bought, testers)
    wanted, made = tested.matrix(held_out(tested)[1]), foretold(bought, testers)
    hits = {name: _hits(each, wanted, len(testers)) for name, each in made.items()}
    return Trial(
        returned=int(there[0].sum()),
        eligible=len(eligible),
        tested=len(testers),
        hits=hits,
        covered={name: len(np.unique(each.product)) for name, each in made.items()},
        **_due(bought, made, hits, wanted),
    )


def _of(bought: Histories, testers: np.ndarray) -> Bought:
    """What the testers bought, as if there were no other customers."""
    parts, place = [], np.full(bought.customers, -1, dtype=np.int32)
    place[testers] = np.arange(len(testers))
    for block in bought.blocks():
        whom = place[block.start + block.customer]
        kept = whom >= 0
        parts.append([whom[kept], *(getattr(block, name)[kept] for name in PAIR[1:])])
    return Bought(0, len(testers), bought.products, *(np.concatenate(each) for each in zip(*parts, strict=True)))


def foretold(bought: Histories, testers: np.ndarray) -> dict[str, Offers]:
    """What each method offers the testers (places of customers, rising), from what was bought before any last day."""
    model = similar((block.matrix(held_out(block)[0]) for block in bought.blocks()), LEAST)
    tested = _of(bought, testers)
    history = tested.matrix(held_out(tested)[0])
    shelf = lists.shelves(model, bought.products, bought.customers)
    near = lists.by_similarity(model, history)
    made = {SIMILAR: lists.together([near, lists.bestsellers(history, near, shelf)])}
    made[BESTSELLERS] = lists.bestsellers(history, lists.nothing(), shelf)
    if shelf.names:
        part = lists.of_category(history, lists.nothing(), shelf)
        made[OF_CATEGORY] = lists.together([part, lists.bestsellers(history, part, shelf)])
    return made


def _hits(made: Offers, wanted: csr_array, rows: int) -> np.ndarray:
    hit = np.zeros(rows, dtype=bool)
    hit[made.row[_found(made, wanted)]] = True
    return hit


def _found(made: Offers, wanted: csr_array) -> np.ndarray:
    return values(wanted, made.row, made.product) > 0


def _due(bought: Histories, made: dict[str, Offers], hits: dict[str, np.ndarray], wanted: csr_array) -> dict[str, int]:
    """How often what was due on the last day was bought on it, and the first of the new products."""
    best = SIMILAR if hits[SIMILAR].sum() > hits[BESTSELLERS].sum() else BESTSELLERS
    first = np.diff(made[best].row, prepend=-1) != 0
    found, size, counts = lists.rhythm(bought, _before), len(bought.products), np.zeros(2, dtype=np.int64)
    for block in bought.blocks() if len(found.product) else ():
        again = _again(block)
        due = lists.due(block, found, block.before, block.last_day()[block.customer])
        bought_again = block.customer[again].astype(np.int64) * size + block.product[again]
        counts += len(due.row), np.isin(due.row * size + due.product, bought_again).sum()
    return {
        "due_offered": int(counts[0]),
        "due_bought": int(counts[1]),
        "first_offered": int(np.sum(first)),
        "first_bought": int(_found(made[best], wanted)[first].sum()),
    }


def _again(block: Bought) -> np.ndarray:
    """Pairs bought on the customer's last day, and before it."""
    return (block.last != block.before) & (block.before != NEVER_BEFORE)


def _before(block: Bought) -> tuple[np.ndarray, np.ndarray]:
    """Days of purchase of each pair before the customer's last day, and the last of them."""
    return np.where(block.before == NEVER_BEFORE, 0, block.days - _again(block)), block.before
