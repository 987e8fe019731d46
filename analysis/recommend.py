"""What to offer each customer next, and whether that is better than what sells best anyway."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis import memory
from analysis import recommend_lists as lists
from analysis.customers import Customers
from analysis.finding import Finding, Result, Skip, Table, Unit
from analysis.goods import goods
from analysis.ground import noun
from analysis.long_table import LongTable, arrow, written
from analysis.recommend_lists import DUE, KINDS, NONE, OF_CATEGORY, SIMILAR, Offers, Rhythm, Shelves
from analysis.recommend_trial import BESTSELLERS, LEAST, METHODS, Trial, trial
from analysis.recommend_trial import OF_CATEGORY as CATEGORY_METHOD
from analysis.recommend_trial import SIMILAR as SIMILAR_METHOD
from analysis.similar import ONE, Histories, Similar, bought, histories, similar
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_array

SOURCE = "analysis/recommend.py"
LONG = True  # and nothing waits for it but its exports: begun early, it is not what all wait for at the end
HEAT = 20
BINS = 20
EXAMPLES = 5
SOLD = "products ever sold, fees and postage left out"
MOST_BOUGHT = "bought by most customers"


@dataclass(frozen=True, slots=True)
class Recommend(Result):
    """Up to five products for every known customer.

    recommended: customer_id, rank (int8, 1 is best), product_id, name, score, why, kind; by customer_id and rank, the
    offers of a customer in one block. score: sum of cosines with what was bought (similar), share of its buyers who
    bought it again (due again), share of customers who bought it (both kinds of bestseller). why: the name of the
    product bought that adds most, of the product due, of the category, or MOST_BOUGHT.
    methods: what the trial says of each way to choose; None where too few came back. kinds: offers by kind.
    examples: the most frequent offers. scores: histogram of the cosine sums, of the similar products of every customer.
    heat: cosine of each pair of the twenty products with most buyers (long). rhythms: products bought again and again.
    better: similar products are offered, as they beat bestsellers beyond chance; else bestsellers are. ahead: they hit
    at least as often. due: products are offered again to somebody.
    """

    findings: Mapping[str, Finding]
    recommended: LongTable
    methods: Table | None
    kinds: Table
    examples: Table
    scores: Table | None
    heat: Table
    rhythms: Table | None
    better: bool
    ahead: bool
    due: bool


class _Tally:
    """What is counted of the offers while they are made, some customers at once.

    kinds: offers of each kind. whom: customers with any offer of each kind, and with any at all. product: offers of
    each. pairs: reason and product of similar ones as one number, and the offers of it. others: of each product, offers
    that are neither similar nor due. scores: of the five most similar products of each customer, in parts of ONE. both:
    buyers of both of the products with most buyers.
    """

    def __init__(self, products: int) -> None:
        kinds, top = len(KINDS), min(HEAT, products)
        self.kinds, self.whom = np.zeros(kinds, dtype=np.int64), np.zeros(kinds + 1, dtype=np.int64)
        self.product, self.others = np.zeros((2, products), dtype=np.int64)
        self.pairs, self.both = np.empty((2, 0), dtype=np.int64), np.zeros((top, top), dtype=np.int64)
        self.scores: list[np.ndarray] = []

    @property
    def offers(self) -> int:
        return int(self.kinds.sum())

    def add(self, made: Offers, near: Offers, heat: csr_array) -> None:
        """Count a block: its offers, the similar products of its customers, and the most bought of what they have."""
        rows = [made.row[made.kind == kind] for kind in range(len(KINDS))]
        self.kinds += [len(each) for each in rows]
        self.whom += [_different(each) for each in (*rows, made.row)]
        size = len(self.product)
        self.product += np.bincount(made.product, minlength=size)
        similar = made.kind == KINDS.index(SIMILAR)
        self.others += np.bincount(made.product[~similar & (made.kind != KINDS.index(DUE))], minlength=size)
        codes, counts = np.unique(made.why[similar] * size + made.product[similar], return_counts=True)
        codes, at = np.unique(np.concatenate([self.pairs[0], codes]), return_inverse=True)
        counts = np.concatenate([self.pairs[1], counts])
        self.pairs = np.stack([codes, np.bincount(at, counts, len(codes)).astype(np.int64)])
        score = np.rint(near.score * ONE).astype(np.int64)
        self.scores.append(score.astype(np.min_scalar_type(score.max(initial=0))))
        self.both += (heat.T @ heat).toarray()


@dataclass(frozen=True, slots=True)
class _Made:
    """All that findings and tables are told from."""

    bought: Histories
    model: Similar
    rhythm: Rhythm
    tried: Trial | None
    tally: _Tally


def compute(
    customers: Customers, lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings
) -> Recommend:
    """Fit, try on the last orders, offer; raises Skip where there is nothing to choose from."""
    sold = goods(lines, products, dataset, settings)
    known = histories(bought(lines, sold, dataset, settings, len(customers.frame)), sold)
    if not known.pairs:
        raise Skip("no sale to a known customer names its product")
    if len(sold) < 2:
        raise Skip("only one product is sold: there is nothing else to offer")
    tried = trial(known, settings.seed)
    model = similar((block.matrix() for block in known.blocks()), LEAST)
    made = _Made(known, model, lists.rhythm(known, lambda block: (block.days, block.last)), tried, _Tally(len(sold)))
    memory.given_back()
    recommended = written(_offered(made, customers.frame["customer_id"], settings))
    memory.given_back()
    if not made.tally.offers:
        raise Skip("every customer has bought every product: there is nothing else to offer")
    return Recommend(
        findings=_findings(made, customers),
        recommended=recommended,
        methods=None if tried is None else _methods(tried, len(known.products)),
        kinds=_kinds(made.tally),
        examples=_examples(made),
        scores=_scores(made.tally.scores),
        heat=_heat(made),
        rhythms=_rhythms(made),
        better=tried is not None and tried.better,
        ahead=tried is not None and tried.lead()[0] >= 0,
        due=bool(made.tally.kinds[KINDS.index(DUE)]),
    )


def _offered(made: _Made, ids: pd.Series, settings: Settings) -> Iterator[pa.Table]:
    """The lists of all customers, some customers at once."""
    shelf = lists.shelves(made.model, made.bought.products, made.bought.customers)
    pays = made.tried is not None and made.tried.due_pays
    day = np.datetime64(settings.snapshot, "D").astype(np.int64)
    told = _told(made.bought.products, shelf)
    for block in made.bought.blocks():
        due = lists.nothing()
        if pays:
            due = lists.due(block, made.rhythm, block.last, np.broadcast_to(day, block.last.shape))
        history = block.matrix()
        near = lists.by_similarity(made.model, history)
        found = _list(due, near, history, shelf, made.tried)
        made.tally.add(found, near, history[:, made.model.order[:HEAT]])
        yield arrow(told(found, ids.iloc[block.start : block.start + block.customers]))


def _list(due: Offers, near: Offers, history: csr_array, shelf: Shelves, tried: Trial | None) -> Offers:
    """What is due, then what is similar where that beats bestsellers, then the bestsellers of the favourite category
    where those are not beaten by bestsellers, then bestsellers."""
    made = lists.together([due, near] if tried is not None and tried.better else [due])
    if tried is None or (tried.better and not tried.worse(CATEGORY_METHOD)):
        made = lists.together([made, lists.of_category(history, made, shelf)])
    return lists.together([made, lists.bestsellers(history, made, shelf)])


def _told(products: pd.DataFrame, shelf: Shelves) -> Callable[[Offers, pd.Series], pd.DataFrame]:
    """Says offers to customers (by place in `ids`) with ids, names and reasons, by customer and rank."""
    product, named = _coded(products["product_id"]), _coded(products["name"])
    whys = _coded(pd.Series([*products["name"], *shelf.names, MOST_BOUGHT], dtype="object"))
    kinds = pd.CategoricalDtype(list(KINDS))

    def told(found: Offers, ids: pd.Series) -> pd.DataFrame:
        start = np.searchsorted(found.row, np.arange(len(ids)))
        place = np.where(found.kind == KINDS.index(OF_CATEGORY), len(products) + found.why, found.why)
        return pd.DataFrame(
            {
                "customer_id": ids.take(found.row).array,
                "rank": (np.arange(len(found.row)) - start[found.row] + 1).astype(np.int8),
                "product_id": product.take(found.product),
                "name": named.take(found.product),
                "score": np.round(found.score, 6),
                "why": whys.take(np.where(found.why == NONE, len(whys) - 1, place)),
                "kind": pd.Categorical.from_codes(found.kind, dtype=kinds),
            },
            copy=False,
        )

    return told


def _coded(texts: pd.Series) -> pd.Categorical:
    return pd.Categorical(texts, categories=sorted(set(texts)))


def _methods(tried: Trial, catalogue: int) -> Table:
    rows = []
    for name in sorted(tried.hits, key=lambda name: (-int(tried.hits[name].sum()), METHODS.index(name))):
        rate, (low, high) = tried.rate(name)
        hits, covered = int(tried.hits[name].sum()), tried.covered[name]
        rows.append((name, tried.tested, hits, rate, low, high, covered, covered / catalogue))
    columns = ["method", "customers", "hits", "rate", "low", "high", "products", "coverage"]
    labels = (
        "Five offers by",
        "Customers tested",
        "Hits",
        "Hit rate",
        "from",
        "to",
        "Products offered",
        "Of catalogue",
    )
    units: dict[str, Unit] = dict(zip(columns[1:], ("count", "count", *["share"] * 3, "count", "share"), strict=True))  # type: ignore[arg-type]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "The last order held out: whose five offers held a product that was new to them in it",
        dict(zip(columns, labels, strict=True)),
        SOURCE,
        units,
        note="Fitted without the last order of anybody who bought on several days. Products bought before are neither "
        "offered nor counted. Places that a method cannot fill go to bestsellers. Intervals: Wilson, 95 percent.",
    )


def _kinds(tally: _Tally) -> Table:
    counts, whom = tally.kinds, tally.whom[:-1]
    frame = pd.DataFrame({"kind": KINDS, "offers": counts, "customers": whom, "share": counts / counts.sum()})
    return Table(
        frame[frame["offers"] > 0].reset_index(drop=True),
        "What is offered, by the reason",
        {"kind": "Reason", "offers": "Offers", "customers": "Customers", "share": "Of all offers"},
        SOURCE,
        {"offers": "count", "customers": "count", "share": "share"},
    )


def _different(row: np.ndarray) -> int:
    """How many different ones; rows are sorted."""
    return int(np.count_nonzero(np.diff(row, prepend=-1)))


def _examples(made: _Made) -> Table:
    """The offers made most often: with what they go with, where it is a product; each product once."""
    names, tally = made.bought.products["name"].to_numpy(), made.tally
    why, product = np.divmod(tally.pairs[0], len(names))
    counts = tally.pairs[1]
    if not len(counts):
        product = np.flatnonzero(tally.others)
        why, counts = np.full(len(product), NONE), tally.others[product]
    rows: list[tuple[str | None, str, int]] = []
    taken: set[int] = set()
    for at in np.argsort(-counts, kind="stable"):
        of, to = int(why[at]), int(product[at])
        if to not in taken and of not in taken:
            rows.append((None if of == NONE else str(names[of]), str(names[to]), int(counts[at])))
            taken |= {to} if of == NONE else {to, of}
        if len(rows) == EXAMPLES:
            break
    return Table(
        pd.DataFrame(rows, columns=["bought", "offered", "customers"]),
        "The most frequent offers",
        {"bought": "Bought", "offered": "Offered", "customers": "To customers"},
        SOURCE,
        {"customers": "count"},
    )


def _scores(parts: list[np.ndarray]) -> Table | None:
    """Similar products by the sum of cosines; the last bar holds all above. parts: in parts of ONE."""
    if not any(len(part) for part in parts):
        return None
    most = max(int(part.max(initial=0)) for part in parts) / ONE
    width = _round(max(float(np.quantile(np.concatenate(parts), 0.99, overwrite_input=True)) / ONE, 1e-6) / BINS)
    bins = min(BINS, int(most // width) + 1)
    count = sum(
        np.bincount(np.minimum((part / ONE / width).astype(np.int64), bins - 1), minlength=bins) for part in parts
    )
    low = np.arange(bins) * width
    return Table(
        pd.DataFrame({"low": low, "high": [*low[1:], most], "offers": count}),
        "Similar products by score",
        {"low": "Score from", "high": "to", "offers": "Offers"},
        SOURCE,
        {"low": "ratio", "high": "ratio", "offers": "count"},
        note="Score: sum of the cosines of a product with each product the customer bought, over the five best of "
        "every customer. The last row holds all above.",
    )


def _round(width: float) -> float:
    """The next larger of one, two or five times a power of ten."""
    size = 10.0 ** math.floor(math.log10(width))
    return next(size * f for f in (1, 2, 5, 10) if size * f >= width * (1 - 1e-9))


def _heat(made: _Made) -> Table:
    """Cosine of each pair of the products with most buyers; below LEAST buyers of both none."""
    count = min(HEAT, len(made.bought.products))
    names, both = made.bought.products["name"].to_numpy()[made.model.order[:count]], made.tally.both
    buyers = np.diag(both).astype(float)
    cosine = both / np.maximum(np.sqrt(np.outer(buyers, buyers)), 1)
    at, to = np.divmod(np.arange(count * count), count)
    frame = pd.DataFrame(
        {
            "place": at,
            "with_place": to,
            "product": names[at],
            "with": names[to],
            "both": both.ravel(),
            "cosine": cosine.ravel(),
        }
    )
    return Table(
        frame[frame["place"] != frame["with_place"]].reset_index(drop=True),
        f"Similarity of the {count} products with most buyers" if count > 1 else "Similarity",
        {"product": "Product", "with": "With", "both": "Customers who bought both", "cosine": "Cosine"},
        SOURCE,
        {"both": "count", "cosine": "ratio"},
        note="Cosine: customers who bought both / root of (buyers of the one x buyers of the other).",
    )


def _rhythms(made: _Made) -> Table | None:
    found = made.rhythm
    if not len(found.product):
        return None
    names = made.bought.products["name"].to_numpy()[found.product]
    frame = pd.DataFrame(
        {"product": names, "buyers": found.buyers, "again": found.again, "share": found.share, "gap": found.gap}
    )
    sort = np.lexsort((found.product, -found.share))
    return Table(
        frame.iloc[sort].reset_index(drop=True),
        "Products bought again and again",
        {
            "product": "Product",
            "buyers": "Buyers",
            "again": "Bought it on several days",
            "share": "Of its buyers",
            "gap": "Median days between",
        },
        SOURCE,
        {"buyers": "count", "again": "count", "share": "share", "gap": "days"},
        note="At least thirty customers and a third of its buyers bought it on several days. It is due again from one "
        "median gap after the customer's last purchase of it until two.",
    )


def _findings(made: _Made, customers: Customers) -> dict[str, Finding]:
    told = partial(Finding, window=customers.window, source=SOURCE)
    found = _of_lists(
        made, partial(told, population=customers.findings["customers"].population, n=made.bought.customers)
    )
    if made.tried is not None:
        found |= _of_trial(made.tried, len(made.bought.products), told)
    return {"headline": _headline(made.tried, found)} | found


def _headline(tried: Trial | None, found: Mapping[str, Finding]) -> Finding:
    if tried is None:
        return _again(
            found["customers"],
            "Bestsellers are offered to {value} customers: too few came back to show that anything is better.",
        )
    low, high = tried.lead()[1]
    if low > 0:
        return _again(
            found["hit_rate"],
            "Offer similar products: five of them hit {value} of next orders, five bestsellers only "
            "{recommend.bestsellers_hit_rate}.",
        )
    if high < 0:
        return _again(
            found["bestsellers_hit_rate"],
            "Bestsellers are the better offer: five hit {value} of next orders, five similar products "
            "{recommend.hit_rate}.",
        )
    return _again(
        found["bestsellers_hit_rate"],
        "Offer bestsellers, nothing is shown to beat them: five hit {value} of next orders, similar products "
        "{recommend.hit_rate}.",
    )


def _again(finding: Finding, claim: str) -> Finding:
    return Finding(
        finding.value, finding.unit, claim, finding.definition, finding.population, finding.n, finding.window,
        finding.source, finding.kind, finding.interval, finding.reason, leading=True,
    )  # fmt: skip


def _of_lists(made: _Made, measured: Any) -> dict[str, Finding]:
    """Whom something is offered, and what."""
    tally, size = made.tally, len(made.bought.products)
    whom, due = int(tally.whom[-1]), int(tally.whom[KINDS.index(DUE)])
    near, covered = int(tally.kinds[KINDS.index(SIMILAR)]), int(np.count_nonzero(tally.product))
    return {
        "customers": measured(
            whom,
            "count",
            f"{{value}} {noun(whom, 'customer gets', 'customers get')} up to five offers each.",
            "known customers with at least one product to offer; who bought every product gets no offer",
        ),
        "coverage": measured(
            covered / size,
            "share",
            "{value} of the catalogue is offered to somebody.",
            "products offered to at least one customer / products ever sold, fees and postage left out",
            n=size,
            population=SOLD,
        ),
        "similar_share": measured(
            near / tally.offers,
            "share",
            "{value} of all offers rest on what the same customers buy.",
            "offers of similar products / all offers",
            n=tally.offers,
            population="offers to known customers",
        ),
        "due": measured(
            due,
            "count",
            f"{{value}} {noun(due, 'customer is', 'customers are')} due to buy something again."
            if due
            else "No customer is offered a product again ({value}).",
            "customers with at least one product offered that they bought before and that is due again",
        ),
    }


def _of_trial(tried: Trial, catalogue: int, told: Any) -> dict[str, Finding]:
    """What the held-out last orders say."""
    of = "customers who came back and bought something new on their last day"
    estimated = partial(told, population=of, n=tried.tested, kind="estimated", leading=True)
    measured = partial(told, population=of, n=tried.tested)
    meant = "customers whose last order, held out, has one of five offers new to them / customers tested"
    words = {SIMILAR_METHOD: "hit_rate", CATEGORY_METHOD: "category_hit_rate", BESTSELLERS: "bestsellers_hit_rate"}
    found: dict[str, Finding] = {}
    for method in tried.hits:
        rate, interval = tried.rate(method)
        claim = f"Five {method} hold a product of the next order for {{value}} of customers."
        found[words[method]] = estimated(rate, "share", claim, meant, interval=interval)
    gap, interval = tried.lead()
    ahead = gap >= 0
    ends = interval if ahead else (-interval[1], -interval[0])
    found["difference"] = estimated(
        abs(gap),
        "share",
        f"Of all customers tested, {{value}} more are hit by {SIMILAR_METHOD if ahead else BESTSELLERS}.",
        "difference of the two hit rates, in parts of all customers tested; interval for the same customers "
        "(Agresti and Min)",
        interval=ends,
    )
    found["tested"] = measured(
        tried.tested, "count", "The offers were tried on the last order of {value} customers.", of
    )
    for key, method in (("tested_coverage", SIMILAR_METHOD), ("bestsellers_coverage", BESTSELLERS)):
        found[key] = measured(
            tried.covered[method] / catalogue,
            "share",
            f"In the trial, {method} reach {{value}} of the catalogue.",
            "different products offered to the customers tested / products ever sold",
            n=catalogue,
            population=SOLD,
        )
    if tried.due_offered:
        found["due_hit_rate"] = told(
            tried.due_bought / tried.due_offered,
            "share",
            "Of products due again, {value} were in the next order.",
            "products due on the day of the last order that were bought on it / products due on it",
            population="products due for customers on the day of their last order",
            n=tried.due_offered,
        )
    return found
