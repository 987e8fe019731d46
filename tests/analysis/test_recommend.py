"""Offers: by hand, against a plain recomputation, and what may not change them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import recommend_lists as lists
from analysis import recommend_trial
from analysis import similar as similar_module
from analysis.finding import PLACE
from analysis.goods import goods
from analysis.intervals import paired
from analysis.plan import ROOT
from analysis.recommend import MOST_BOUGHT, Recommend
from analysis.recommend_trial import BESTSELLERS, OF_CATEGORY, SIMILAR, foretold, held_out, trial
from analysis.run import Run, run
from analysis.similar import Histories, bought, histories
from dataset.engine import Relation
from dataset.opening import open_data
from dataset.settings import Settings, load
from report.number import text

REAL = Path(__file__).parents[3] / "shared" / "data"
TITLE = 105


def tastes(seed: int, customers: int = 120, groups: int = 8, own: float = 0.9) -> pd.DataFrame:
    """Customers of a few tastes, five products each; `own`: how often they buy of their own taste."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for customer in range(customers):
        for order in range(int(rng.integers(1, 5))):
            day = date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 300)))
            for _ in range(int(rng.integers(1, 4))):
                group = customer % groups if rng.random() < own else int(rng.integers(0, groups))
                product = f"p{group * 5 + int(rng.integers(0, 5)):02d}"
                rows.append((f"o{customer}-{order}", f"c{customer:03d}", str(day), 10.0, "sale", product, 1, "FR"))
    names = ["order_id", "customer_id", "ordered_at", "amount", "kind", "product_id", "quantity", "country"]
    return pd.DataFrame(rows, columns=names)


def catalogue(lines: pd.DataFrame, per_category: int = 5) -> list[tuple[Any, ...]]:
    ids = sorted(set(lines["product_id"].dropna()))
    return [(p, f"Product {p}", f"Category {at // per_category}", 10) for at, p in enumerate(ids)]


@pytest.fixture
def recommended(shop) -> Callable[..., Recommend]:
    def compute(lines: Any, **tables: Any) -> Any:
        done = run(["recommend"], *shop(lines, **tables))
        assert "recommend" in done.results, done.skipped["recommend"]
        return done.results["recommend"]

    return compute


@pytest.fixture
def who_bought_what(shop) -> Callable[..., Histories]:
    def compute(lines: Any, products: Any = None, **tables: Any) -> Histories:
        dataset, settings = shop(lines, products=products, **tables)
        relations = [Relation(dataset.engine, name, ROOT) for name in ("lines", "products")]
        known = dataset.engine.value("select count(distinct customer_id) from lines where kind = 'sale'")
        sold = goods(relations[0], relations[1] if products else None, dataset, settings)
        return histories(bought(relations[0], sold, dataset, settings, known), sold)

    return compute


def plain(found: Recommend) -> list[tuple[Any, ...]]:
    frame = found.recommended.frame.astype(dict.fromkeys(("customer_id", "product_id", "name", "why", "kind"), str))
    return [tuple(row) for row in frame.itertuples(index=False)]


# By hand


HAND = [
    ("o1", "a", "2024-01-01", 9, "sale", "p", 2, "FR"),
    ("o1", "a", "2024-01-01", 9, "sale", "p", 1, "FR"),
    ("o2", "a", "2024-02-01", 9, "sale", "p", 1, "FR"),
    ("o3", "a", "2024-03-01", 9, "sale", "q", 1, "FR"),
    ("o3", "a", "2024-03-01", 3, "sale", "POST", 1, "FR"),
    ("o4", "b", "2024-01-05", 9, "sale", "q", 1, "FR"),
    ("o5", None, "2024-01-05", 9, "sale", "r", 1, "FR"),
    ("c1", "a", "2024-03-02", -9, "refund", "r", -1, "FR"),
    ("o6", "c", "2024-01-05", 9, "sale", None, 1, "FR"),
    ("o7", "b", "2024-01-06", 9, "cancelled", "p", 1, "FR"),
]


def test_who_bought_what_by_hand(who_bought_what):
    """Sales of goods to known customers: each product once, its days, and its last day before the customer's last."""
    (found,) = who_bought_what(HAND, non_products=frozenset({"POST"})).blocks()
    assert found.products["product_id"].tolist() == ["p", "q", "r"] and found.customers == 3
    day = [(date(2024, m, d) - date(1970, 1, 1)).days for m, d in ((1, 1), (2, 1), (3, 1), (1, 5))]
    rows = [found.customer, found.product, found.days, found.first, found.last]
    assert [r.tolist() for r in rows] == [
        [0, 0, 1], [0, 1, 1], [2, 1, 1], [day[0], day[2], day[3]], [day[1], day[2], day[3]],
    ]  # fmt: skip
    assert found.before.tolist()[0] == day[1] and (found.before[1:] < 0).all()
    known, new = held_out(found)
    assert known.tolist() == [True, False, True] and new.tolist() == [False, True, False]
    assert found.last_day().tolist() == [day[2], day[3], 0]


def test_with_too_few_to_try_the_favourite_category_comes_first(recommended):
    """a bought two products of Paper and none of Glass: the other of Paper, then what most bought."""
    lines = [
        ("1", "a", "2024-01-01", 1, "sale", "p1"), ("1", "a", "2024-01-01", 1, "sale", "p2"),
        ("2", "b", "2024-01-02", 1, "sale", "g1"), ("3", "c", "2024-01-03", 1, "sale", "g1"),
        ("3", "c", "2024-01-03", 1, "sale", "g2"), ("4", "d", "2024-01-03", 1, "sale", "p3"),
        ("5", "e", "2024-01-04", 1, "sale", None),
    ]  # fmt: skip
    products = [(p, p.upper(), {"p": "Paper", "g": "Glass"}[p[0]], 1) for p in ("p1", "p2", "p3", "g1", "g2")]
    found = recommended(lines, products=products)
    of = {c: [r[2:4] + r[5:] for r in plain(found) if r[0] == c] for c in "abcde"}
    paper, most = "Paper", MOST_BOUGHT
    assert of["a"] == [
        ("p3", "P3", paper, lists.OF_CATEGORY),
        ("g1", "G1", most, lists.BESTSELLER),
        ("g2", "G2", most, lists.BESTSELLER),
    ]  # fmt: skip
    assert [o[0] for o in of["b"]] == ["g2", "p1", "p2", "p3"] and of["b"][0][2:] == ("Glass", lists.OF_CATEGORY)
    assert [o[0] for o in of["e"]] == ["g1", "g2", "p1", "p2", "p3"] and {o[3] for o in of["e"]} == {lists.BESTSELLER}
    assert found.methods is None and not found.better
    assert [r[4] for r in plain(found) if r[0] == "e"] == [0.4, 0.2, 0.2, 0.2, 0.2]


def rhythm_lines(customers: int = 40, gap: int = 30) -> pd.DataFrame:
    """Coffee every thirty days by all, a machine once; the last coffee `at` days before the end is what differs."""
    rows = []
    for customer in range(customers):
        for time in range(3):
            day = date(2024, 1, 1) + timedelta(days=gap * time)
            rows.append((f"{customer}-{time}", f"c{customer:02d}", str(day), 5.0, "sale", "coffee"))
        rows.append((f"{customer}-m", f"c{customer:02d}", "2024-01-01", 99.0, "sale", "machine"))
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount", "kind", "product_id"])


def test_rhythm_and_what_is_due_by_hand(who_bought_what):
    """Coffee every thirty days: due from the thirtieth day after the last to the sixtieth; a machine never."""
    found = who_bought_what(rhythm_lines())
    rhythm, (block,) = lists.rhythm(found, lambda block: (block.days, block.last)), found.blocks()
    assert found.products["product_id"][rhythm.product].tolist() == ["coffee"]
    assert rhythm.gap.tolist() == [30] and rhythm.again.tolist() == [40] and rhythm.share.tolist() == [1]
    for later, due in ((29, 0), (30, 40), (60, 40), (61, 0)):
        made = lists.due(block, rhythm, block.last, block.last_day()[block.customer] + later)
        assert len(made.row) == due, later
    few = who_bought_what(rhythm_lines(29))
    assert not len(lists.rhythm(few, lambda block: (block.days, block.last)).product)


# Against a plain recomputation


def of_customers(lines: pd.DataFrame, settings: Settings) -> dict[str, dict[str, list[date]]]:
    """customer -> product -> days, of sales."""
    found: dict[str, dict[str, list[date]]] = {}
    for row in lines[(lines["kind"] == "sale") & lines["customer_id"].notna()].itertuples():
        theirs = found.setdefault(row.customer_id, {})
        if row.product_id is not None:
            theirs.setdefault(row.product_id, []).append(pd.Timestamp(row.ordered_at).date())
    return found


def plain_trial(people: dict[str, dict[str, list[date]]], least: int) -> dict[str, int]:
    """Hits of similar products and of bestsellers, customer by customer, with floats."""
    history, new = {}, {}
    for customer, theirs in people.items():
        days = sorted({d for ds in theirs.values() for d in ds})
        held = days[-1] if len(days) > 1 else date.max
        history[customer] = {p for p, ds in theirs.items() if min(ds) < held}
        new[customer] = set(theirs) - history[customer]
    buyers: dict[str, set[str]] = {}
    for customer, had in history.items():
        for p in had:
            buyers.setdefault(p, set()).add(customer)
    every = sorted({p for theirs in people.values() for p in theirs})
    count = {p: len(buyers.get(p, ())) for p in every}

    def cosine(p: str, q: str) -> float:
        both = len(buyers.get(p, set()) & buyers.get(q, set()))
        return round(both / (count[p] * count[q]) ** 0.5, 5) if p != q and both >= least else 0.0

    table = {p: {q: cosine(p, q) for q in every} for p in every}
    best = sorted(every, key=lambda p: (-count[p], p))
    hits = {SIMILAR: 0, BESTSELLERS: 0, "tested": 0}
    for customer, had in history.items():
        if not (had and new[customer]):
            continue
        score = {p: sum(table[i][p] for i in had) for p in every if p not in had}
        near = sorted((p for p in score if score[p] > 0), key=lambda p: (-round(score[p], 4), -count[p], p))[:5]
        filled = (near + [p for p in best if p not in had and p not in near])[:5]
        hits[SIMILAR] += bool(set(filled) & new[customer])
        hits[BESTSELLERS] += bool(set([p for p in best if p not in had][:5]) & new[customer])
        hits["tested"] += 1
    return hits


@pytest.mark.parametrize("seed", range(4))
def test_the_trial_against_a_plain_recomputation(who_bought_what, seed):
    lines = tastes(seed)
    tried = trial(who_bought_what(lines), 1)
    assert tried is not None
    wanted = plain_trial(of_customers(lines, Settings()), recommend_trial.LEAST)
    assert tried.tested == wanted["tested"] > 40
    assert abs(int(tried.hits[BESTSELLERS].sum()) - wanted[BESTSELLERS]) == 0
    assert abs(int(tried.hits[SIMILAR].sum()) - wanted[SIMILAR]) <= 1  # scores equal in four places may swap


@pytest.mark.parametrize("name", ["adventureworks", "online_retail"])
def test_the_trial_on_real_data(tmp_path, name):
    """The published layouts: adventureworks' bestsellers win, online_retail's similar products do."""
    if not (REAL / name).is_dir():
        pytest.skip("the data is not there")
    dataset, settings = open_data(str(REAL / name), name, None, load(None), tmp_path)
    try:
        done = run(["recommend"], dataset, settings)
    finally:
        dataset.engine.close()
    found: Any = done.results["recommend"]
    customers = done.results["customers"].frame["customer_id"]  # type: ignore[attr-defined]
    offers = found.recommended.frame
    assert offers["customer_id"].nunique() == len(customers) == (17_416 if name == "adventureworks" else 4_338)
    assert len(offers) == 5 * len(customers)
    wins = name == "online_retail"
    assert found.better is wins and found.ahead is wins
    rate, best = (float(found.findings[k].value) for k in ("hit_rate", "bestsellers_hit_rate"))
    assert (rate, best) == pytest.approx((0.2266, 0.1403) if wins else (0.3704, 0.4762), abs=5e-4)


# What the lists promise


def check_lists(found: Recommend, lines: pd.DataFrame, products: int) -> None:
    frame, had = found.recommended.frame, of_customers(lines, Settings())
    assert (
        frame.groupby("customer_id", observed=True)["rank"].apply(lambda r: list(r) == list(range(1, len(r) + 1))).all()
    )
    assert not frame.duplicated(["customer_id", "product_id"]).any()
    assert frame["customer_id"].is_monotonic_increasing
    for row in frame.itertuples():
        assert (row.product_id in had[row.customer_id]) == (row.kind == lists.DUE)
        if row.kind == lists.SIMILAR:
            assert str(row.why).removeprefix("Product ") in had[row.customer_id]
    sizes = frame.groupby("customer_id", observed=True).size()
    for customer, theirs in had.items():
        assert sizes.get(customer, 0) >= min(5, products - len(theirs))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("own", [0.9, 0.0])
def test_nothing_bought_is_offered_and_every_place_is_filled(recommended, seed, own):
    lines = tastes(seed, own=own)
    lines.loc[lines.index % 17 == 0, "product_id"] = None
    found = recommended(lines, products=catalogue(lines))
    check_lists(found, lines, lines["product_id"].nunique())


def test_fees_are_not_offered(recommended):
    lines = tastes(1)
    post = lines.iloc[::3].assign(product_id="POST")
    found = recommended(pd.concat([lines, post]), non_products=frozenset({"POST"}))
    assert "POST" not in set(found.recommended.frame["product_id"].astype(str))
    assert plain(found) == plain(recommended(lines))


def test_where_bestsellers_are_not_beaten_they_are_offered(recommended):
    lines = tastes(3, own=0.0)
    found = recommended(lines, products=catalogue(lines))
    assert not found.better and set(found.recommended.frame["kind"].astype(str)) == {lists.BESTSELLER}
    assert "bestsellers" in found.findings["headline"].claim.lower()


def test_where_tastes_differ_similar_products_win(recommended):
    lines = tastes(3, customers=300)
    found = recommended(lines, products=catalogue(lines))
    kinds = found.recommended.frame["kind"].astype(str)
    assert found.better and (kinds == lists.SIMILAR).mean() > 0.5
    assert float(found.findings["hit_rate"].value) > float(found.findings["bestsellers_hit_rate"].value)  # type: ignore[arg-type]
    low, high = found.findings["difference"].interval or (0, 0)
    assert 0 < low < float(found.findings["difference"].value) < high  # type: ignore[arg-type]


def test_what_is_due_is_offered_where_it_pays(recommended):
    """Coffee every thirty days beside tastes that nobody can foretell."""
    rng = np.random.default_rng(5)
    rows = []
    for customer in range(120):
        last = 330 - int(rng.integers(30, 60))
        for time in range(5):
            day = date(2024, 1, 1) + timedelta(days=last - 30 * (4 - time))
            for p in ("coffee", f"p{rng.integers(0, 200):03d}"):
                rows.append((f"{customer}-{time}", f"c{customer:03d}", str(day), 5.0, "sale", p))
    lines = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount", "kind", "product_id"])
    found = recommended(lines, settings={"snapshot": date(2024, 1, 1) + timedelta(days=330)})
    first = found.recommended.frame.query("rank == 1")
    assert (first["kind"] == lists.DUE).all() and set(first["product_id"].astype(str)) == {"coffee"}
    assert set(first["score"]) == {1.0} and set(first["why"].astype(str)) == {"coffee"}
    assert found.findings["due"].value == 120 and found.due


def test_unbought_against_a_loop():
    rng = np.random.default_rng(2)
    for _ in range(50):
        rows, size = int(rng.integers(1, 8)), int(rng.integers(1, 12))
        taken = rng.random((rows, size)) < 0.5
        row, place = np.nonzero(taken)
        free, sizes = rng.integers(0, 6, rows), rng.integers(0, size + 1, rows)
        found = lists.unbought(row, place, free, sizes)
        wanted = [(r, p) for r in range(rows) for p in [p for p in range(sizes[r]) if not taken[r, p]][: free[r]]]
        assert list(zip(*(c.tolist() for c in found), strict=True)) == wanted


# What may not change them


def offered(found: Recommend) -> dict[str, list[tuple[Any, ...]]]:
    made: dict[str, list[tuple[Any, ...]]] = {}
    for customer, *rest in plain(found):
        made.setdefault(customer, []).append(tuple(rest))
    return made


def test_the_order_of_rows_changes_nothing(recommended):
    lines = tastes(4)
    before, after = recommended(lines), recommended(lines.sample(frac=1, random_state=3))
    assert plain(before) == plain(after)
    for name in ("methods", "examples", "heat", "scores"):
        pd.testing.assert_frame_equal(getattr(before, name).frame, getattr(after, name).frame)


@pytest.mark.parametrize("change", ["thousandfold", "later", "twice the quantity", "twice a line"])
def test_money_days_and_quantities_change_nothing(recommended, change):
    lines = tastes(5)
    changed = {
        "thousandfold": lambda f: f.assign(amount=f["amount"] * 1000),
        "later": lambda f: f.assign(
            ordered_at=f["ordered_at"].map(lambda d: str(date.fromisoformat(d) + timedelta(28)))
        ),
        "twice the quantity": lambda f: f.assign(quantity=2),
        "twice a line": lambda f: pd.concat([f, f]),
    }[change](lines)
    assert plain(recommended(lines)) == plain(recommended(changed))


def test_customers_by_other_names(recommended):
    lines = tastes(6)
    names = {c: f"x{(int(c[1:]) * 7919) % 1009:04d}" for c in set(lines["customer_id"])}
    before = offered(recommended(lines))
    after = offered(recommended(lines.assign(customer_id=lines["customer_id"].map(names))))
    assert {names[c]: o for c, o in before.items()} == after


def test_products_by_other_names_are_other_labels_only(recommended):
    lines = tastes(6)
    products = catalogue(lines)
    before = recommended(lines, products=products)
    after = recommended(lines, products=[(p, f"New {n}", c, price) for p, n, c, price in products])
    assert before.recommended.frame["product_id"].tolist() == after.recommended.frame["product_id"].tolist()
    assert [n.replace("New ", "") for n in after.recommended.frame["name"].astype(str)] == before.recommended.frame[
        "name"
    ].tolist()


@pytest.mark.parametrize(("lines", "asked"), [(1, 1), (7, 3), (100, 2)])
def test_blocks_of_customers_change_nothing(recommended, monkeypatch, lines, asked):
    """From a block a customer to several blocks a question: lists, trial, rhythms and tables stay."""
    shops = {"tastes": tastes(5), "rhythm": pd.concat([rhythm_lines(), tastes(6)], ignore_index=True)}
    whole = {name: recommended(rows, products=catalogue(rows)) for name, rows in shops.items()}
    monkeypatch.setattr(similar_module, "LINES", lines)
    monkeypatch.setattr(similar_module, "ASKED", asked)
    for name, rows in shops.items():
        found = recommended(rows, products=catalogue(rows))
        assert len(list(found.recommended.blocks())) > 1
        assert plain(found) == plain(whole[name]) and found.findings == whole[name].findings
        for table in ("methods", "kinds", "examples", "scores", "heat", "rhythms"):
            one, other = (getattr(each, table) for each in (found, whole[name]))
            assert (one is None and other is None) or one.frame.equals(other.frame), table


def test_every_customer_twice(recommended, monkeypatch):
    """Shares and lists stay; two buyers of both become four, so every pair counts from one buyer on here."""
    monkeypatch.setattr(recommend_trial, "LEAST", 1)
    monkeypatch.setattr("analysis.recommend.LEAST", 1)
    lines = tastes(7)
    again = lines.assign(customer_id=lines["customer_id"] + "b", order_id=lines["order_id"] + "b")
    once, twice = recommended(lines), recommended(pd.concat([lines, again]))
    assert once.better == twice.better
    for name in ("hit_rate", "bestsellers_hit_rate", "tested_coverage", "similar_share", "coverage"):
        assert once.findings[name].value == twice.findings[name].value, name
    assert twice.findings["tested"].value == 2 * once.findings["tested"].value  # type: ignore[operator]
    before, after = offered(once), offered(twice)
    assert {c: after[c] for c in before} == before == {c: after[c + "b"] for c in before}


def test_what_is_held_out_changes_no_offer_of_the_trial(who_bought_what):
    """Other products on everybody's last day, of the same catalogue: the offers held against them are the same."""
    lines = tastes(8)
    every = pd.DataFrame({"order_id": "all", "ordered_at": "2024-01-01", "amount": 1.0, "kind": "sale",
                          "product_id": sorted(set(lines["product_id"]))}).assign(customer_id=None)  # fmt: skip
    days = lines.groupby("customer_id")["ordered_at"]
    last = (lines["ordered_at"] == days.transform("max")) & (days.transform("min") < days.transform("max"))
    other = lines.assign(product_id=lines["product_id"].where(~last, "p39"))
    one, two = (who_bought_what(pd.concat([f, every])) for f in (lines, other))
    assert all(held_out(block)[1].any() for each in (one, two) for block in each.blocks()) and one.pairs != two.pairs
    everyone = np.arange(one.customers)
    before, after = foretold(one, everyone), foretold(two, everyone)
    for method in (SIMILAR, BESTSELLERS):
        for column in lists.COLUMNS:
            assert getattr(before[method], column).tolist() == getattr(after[method], column).tolist()


def test_methods_and_the_paired_interval():
    """Agresti and Min (2005): half an observation in each cell of 10 and 4 discordant of 50; symmetric; within one."""
    low, high = paired(10, 4, 50)
    gap = 6 / 52
    half = 1.959964 * ((15 / 52 - gap * gap) / 52) ** 0.5
    assert (low, high) == pytest.approx((gap - half, gap + half), abs=1e-6)
    assert paired(4, 10, 50) == pytest.approx((-high, -low)) and paired(0, 0, 5)[0] == -paired(0, 0, 5)[1]
    assert paired(1, 0, 1)[1] <= 1


# When less may be said, and the sentences


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([("1", "a", "2024-01-01", 1, "sale", "p")], "only one product"),
        ([("1", "a", "2024-01-01", 1, "sale", None)], "names its product"),
        ([("1", None, "2024-01-01", 1, "sale", "p"), ("1", None, "2024-01-01", 1, "sale", "q")], "names its customer"),
        ([("1", "a", "2024-01-01", 1, "sale", "p"), ("1", "a", "2024-01-01", 1, "sale", "q")], "every product"),
    ],
)
def test_skipped_with_the_reason(shop, lines, why):
    assert why in run(["recommend"], *shop(lines)).skipped["recommend"]


def test_one_customer_who_bought_thousands_and_orders_of_one_line(recommended):
    rows = [("big", "z", "2024-01-01", 1, "sale", f"p{i:04d}") for i in range(3000)]
    rows += [(f"o{i}", f"c{i:02d}", "2024-01-02", 1, "sale", f"p{i:04d}") for i in range(40)]
    found = recommended(rows)
    sizes = found.recommended.frame.groupby("customer_id", observed=True).size()
    assert sizes.to_dict() == {f"c{i:02d}": 5 for i in range(40)} and found.methods is None


def test_without_money_and_on_one_day(recommended):
    lines = tastes(9)
    unpriced = recommended(lines.assign(amount=None), no_money="no prices in the files")
    assert plain(unpriced) == plain(recommended(lines))
    assert recommended(lines.assign(ordered_at="2024-01-01")).methods is None


def sentences(done: Run, settings: Settings) -> dict[str, str]:
    def shown(key: str) -> str:
        finding = done.findings[key]
        assert finding.value is not None, key
        return text(finding.value, finding.unit, settings, compact=True)

    known = {k: f for k, f in done.findings.items() if k.startswith("recommend.") and f.value is not None}
    return {k: PLACE.sub(lambda m, k=k: shown(k if m[1] == "value" else m[1]), f.claim) for k, f in known.items()}


SHAPES = {
    "win": (lambda: tastes(3, customers=300), "Offer similar products: five of them hit"),
    "unclear": (lambda: tastes(3, own=0.0), "Offer bestsellers, nothing is shown to beat them"),
    "untried": (lambda: tastes(3, customers=12), "Bestsellers are offered to"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_claims(shop, shape):
    lines, begins = SHAPES[shape]
    dataset, settings = shop(lines())
    said = sentences(run(["recommend"], dataset, settings), settings)
    assert begins in said["recommend.headline"]
    for key, sentence in said.items():
        assert sentence.endswith(".") and ".." not in sentence and "None" not in sentence, (key, sentence)
        assert not key.endswith("headline") or len(sentence) <= TITLE, sentence
        assert not re.search(r"(?<![\d.,])1 customers", sentence), sentence


def test_the_claim_where_bestsellers_win(shop, monkeypatch):
    """Similarity turned away from what people buy next: a trial in which bestsellers win."""
    original = foretold

    def worse(known: Histories, testers: np.ndarray) -> dict[str, lists.Offers]:
        made = original(known, testers)
        made[SIMILAR] = lists.chosen(made[BESTSELLERS], made[BESTSELLERS].row < 0)
        return made

    monkeypatch.setattr(recommend_trial, "foretold", worse)
    dataset, settings = shop(tastes(3))
    done = run(["recommend"], dataset, settings)
    assert sentences(done, settings)["recommend.headline"].startswith("Bestsellers are the better offer")
    assert done.results["recommend"].ahead is False  # type: ignore[attr-defined]
    assert OF_CATEGORY not in done.results["recommend"].methods.frame["method"].tolist()  # type: ignore[attr-defined]


def test_an_id_with_a_bar_is_no_fee(who_bought_what):
    lines = [("1", "a", "2024-01-01", 1, "sale", p) for p in ("A", "A|B", "B", "C")]
    found = who_bought_what(lines, non_products=frozenset({"A", "B"}))
    assert found.products["product_id"].tolist() == ["A|B", "C"] and next(found.blocks()).product.tolist() == [0, 1]
