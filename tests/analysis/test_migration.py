"""Segments over time: a hand-solved case, equal to a report made on that day, pandas, and what must not change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.finding import PLACE, Skip
from analysis.ground import Ground
from analysis.history import days_of, months_before
from analysis.migration import BEST, MOST, NEW, RANKS, Move, _headline, _over_time
from analysis.rfm import SEGMENTS, key, refusal
from analysis.run import run
from dataset import opening
from dataset.settings import Settings

from .test_rfm import by_the_book, ranked

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail"
DAY = timedelta(days=1)


def busy(seed: int, orders: int = 300, unit: int = 100_000) -> pd.DataFrame:
    """Ten months of a growing shop: orders over two months, early refunds, unknown amounts, lines of no order.

    unit: what amounts are whole fives of; by default they have five decimals, so that millionths are rounded.
    """
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(orders), rng.integers(1, 4, orders))
    hours = rng.integers(0, 300 * 24, orders)
    placed = pd.Timestamp("2023-06-10") + pd.to_timedelta(hours, unit="h")
    kind = rng.choice(["sale", "returned", "refund", "cancelled"], len(of), p=[0.75, 0.08, 0.12, 0.05])
    amount = rng.integers(1, 4_000_000, len(of)) * 5 * np.where(kind == "refund", -1, 1)
    people = (rng.random(orders) * (hours + 1500) / 8700 * orders / 4).astype(int)
    return pd.DataFrame(
        {
            "order_id": [None if rng.random() < 0.02 else f"o{i}" for i in of],
            "customer_id": [None if p % 9 == 0 else f"c{p}" for p in people[of]],
            "ordered_at": placed[of] + pd.to_timedelta(rng.choice([0, 0, 0, 35], len(of)), unit="D"),
            "amount": [None if rng.random() < 0.05 else str(Decimal(int(a)) / unit) for a in amount],
            "kind": kind,
        }
    )


def on(day: date, settings: Settings) -> Settings:
    """As `--as-of` sets them."""
    return replace(settings, snapshot=day, as_of=day)


def sizes_of(over_time: pd.DataFrame, day: date) -> dict[str, tuple[int, float]]:
    here = over_time[over_time["day"] == day]
    return {s: (n, net) for s, n, net in zip(here["segment"], here["customers"], here["net"], strict=True)}


def segments_of(rfm) -> dict[str, tuple[int, float]]:
    frame = rfm.segments.frame
    return {s: (n, net) for s, n, net in zip(frame["segment"], frame["customers"], frame["net"], strict=True)}


def matrix_of(migration) -> dict[tuple[str, str], tuple[int, float]]:
    frame = migration.moves.frame
    rows = zip(frame["from"], frame["to"], frame["customers"], frame["net"], strict=True)
    return {(a, b): (n, round(net, 4)) for a, b, n, net in rows if n}


def orders_of(customer: str, days: list[str], amount: str) -> list[tuple[str, str, str, str]]:
    return [(f"{customer}{day}", customer, day, amount) for day in days]


# Five customers on 2 April score 1 to 5 each; six on 2 July score 1, 2, 3, 3, 4, 5 (p = 1/12, 3/12, ... 11/12).
HAND = [
    *orders_of("a", [f"2024-03-{d}" for d in (26, 27, 28, 29, 30)], "100.00"),  # 5 5 5 VIP, then 3 4 4
    *orders_of("b", [f"2024-03-{d}" for d in (17, 18, 19, 20)], "100.00"),  # 4 4 4 VIP, then 3 3 3
    *orders_of("c", ["2024-03-08", "2024-03-09", "2024-03-10"], "100.00"),  # 3 3 3 Potential Loyalist, then 2 3 3
    *orders_of("d", ["2024-02-09", "2024-02-10"], "100.00"),  # 2 2 2 Dormant, then 1 2 2
    *orders_of("e", ["2024-01-10"], "100.00"),  # 1 1 1 Dormant, then 5 5 5
    *orders_of("e", [f"2024-06-{d}" for d in range(20, 28)], "1000.00"),
    *orders_of("e", ["2024-07-01"], "1000.00"),
    *orders_of("f", ["2024-06-15"], "10.00"),  # new: 4 1 1
]


def test_by_hand(shop, computed):
    made = computed("migration", shop(HAND))
    assert matrix_of(made) == {
        ("VIP", "Potential Loyalist"): (2, 900.0),
        ("Potential Loyalist", "At Risk"): (1, 300.0),
        ("Dormant", "Dormant"): (1, 200.0),
        ("Dormant", "VIP"): (1, 9100.0),
        (NEW, "Regular"): (1, 10.0),
    }
    values = {k: f.value for k, f in made.findings.items()}
    wanted = {
        "since": date(2024, 4, 2), "best_then": 2, "best_now": 1, "best_kept_share": 0, "best_left": 2,
        "best_left_share": 1, "best_left_net": Decimal(900), "best_joined": 1, "best_joined_net": Decimal(9100),
        "best_joined_new": 0, "rose": 1, "fell": 3, "stayed": 1, "rose_share": 0.2, "fell_share": 0.6,
        "stayed_share": 0.2, "rose_net": Decimal(9100), "fell_net": Decimal(1200), "stayed_net": Decimal(200),
        "left": 1, "left_share": pytest.approx(1 / 3), "left_net": Decimal(300), "back": 1, "new_customers": 1,
        "new_share": pytest.approx(1 / 6), "customers_change": 0.2, "vip_change": -0.5, "dormant_change": -0.5,
        "potential_loyalist_change": 1, "loyal_change": None, "regular_change": None, "at_risk_change": None,
        "bar_then": 4, "bar": 5, "best_silent_share": 1.0, "best_left_bought": 0,
        "best_share": pytest.approx(1 / 6), "best_share_then": 0.4,
    }  # fmt: skip
    assert {k: values[k] for k in wanted} == wanted
    assert set(values) == {*wanted, "headline"}
    assert made.findings["headline"].value == 2
    rows = made.sizes.frame.set_index("segment")[["then", "left", "came", "new", "now", "change"]]
    assert rows.loc["VIP"].tolist() == [2, 2, 1, 0, 1, -1]
    assert rows.loc["Regular"].tolist() == [0, 0, 0, 1, 1, 1]
    assert rows.loc["Dormant"].tolist() == [2, 1, 0, 0, 1, -1]
    assert made.steps.frame["customers"].tolist() == [1, 1, 3, 1]


@pytest.mark.parametrize("seed", range(3))
def test_every_month_end_is_the_report_of_that_day(shop, seed):
    dataset, settings = shop(busy(seed))
    done = run(["migration"], dataset, settings)
    over_time = done.results["migration"].over_time.frame
    days = list(dict.fromkeys(over_time["day"]))
    assert len(days) >= 9
    assert days[-1] + DAY == settings.snapshot
    assert all((day + DAY).day == 1 for day in days[:-1])
    for day in days:
        then = run(["rfm"], dataset, on(day + DAY, settings)).results["rfm"]
        assert sizes_of(over_time, day) == {k: v for k, v in segments_of(then).items() if k in RANKS}
    first = months_before(days[0] + DAY, 1)
    assert not run(["rfm"], dataset, on(first, settings)).results


@pytest.mark.parametrize("seed", range(3))
def test_moves_join_the_two_reports_by_customer(shop, seed):
    dataset, settings = shop(busy(seed))
    made = run(["migration", "rfm"], dataset, settings).results
    since = months_before(settings.snapshot, 3)
    then = run(["rfm"], dataset, on(since, settings)).results["rfm"].frame
    now = made["rfm"].frame.merge(then, on="customer_id", how="left", suffixes=("", "_then"))
    now["net"] = made["customers"].frame["net"].fillna(0)
    now["segment_then"] = now["segment_then"].astype(object).fillna(NEW)
    wanted = now.groupby(["segment_then", "segment"], observed=True)["net"].agg(["size", "sum"])
    assert matrix_of(made["migration"]) == {
        pair: (size, pytest.approx(net, abs=0.01)) for pair, size, net in wanted.itertuples(name=None)
    }
    assert (now["segment_then"] == NEW).any() and len(then) > 20


def test_pandas_agrees_on_a_month_end(shop, computed):
    lines = busy(7).assign(order_id=lambda f: f["order_id"].fillna("none"))
    over_time = computed("migration", shop(lines)).over_time.frame
    day = pd.Timestamp("2023-12-01")
    known = lines[lines["customer_id"].notna() & (lines["ordered_at"] < day)]
    sales = known[known["kind"] == "sale"].groupby("customer_id")
    money = known[known["kind"].isin(["sale", "refund"])].assign(amount=lambda f: f["amount"].astype(float).fillna(0))
    people = pd.DataFrame(
        {
            "recency": (day - sales["ordered_at"].max().dt.normalize()).dt.days,
            "orders": sales["order_id"].nunique(),
            "net": money.groupby("customer_id")["amount"].sum().reindex(sales.groups).round(4),
        }
    )
    triples = zip(ranked(-people["recency"]), ranked(people["orders"]), ranked(people["net"]), strict=True)
    people["segment"] = [by_the_book(*t) for t in triples]
    found = sizes_of(over_time, date(2023, 11, 30))
    for name in RANKS:
        mine = people[people["segment"] == name]
        assert found[name] == (len(mine), pytest.approx(mine["net"].sum(), abs=0.01))


@pytest.mark.skipif(not REAL.exists(), reason="the real data is not here")
def test_online_retail_at_three_month_ends_is_the_report_of_the_next_day(tmp_path):
    dataset, settings = opening.open_data(str(REAL), "auto", None, Settings(), tmp_path)
    over_time = run(["migration"], dataset, settings).results["migration"].over_time.frame
    for day in (date(2011, 3, 31), date(2011, 6, 30), date(2011, 9, 30)):
        then = run(["rfm"], dataset, on(day + DAY, settings)).results["rfm"]
        assert sizes_of(over_time, day) == segments_of(then)
        assert sum(n for n, _ in sizes_of(over_time, day).values()) > 1500
    last = run(["rfm"], dataset, settings).results["rfm"]
    assert sizes_of(over_time, date(2011, 12, 9)) == segments_of(last)
    dataset.engine.close()


def test_parts_make_the_whole(shop, computed):
    made = shop(busy(4))
    migration, customers = computed("migration", made), computed("customers", made)
    sizes, steps = migration.sizes.frame, migration.steps.frame
    assert (sizes["then"] - sizes["left"] + sizes["came"] + sizes["new"] == sizes["now"]).all()
    assert (sizes["now"] - sizes["then"] == sizes["change"]).all()
    assert sizes["left"].sum() == sizes["came"].sum()
    everyone = len(customers.frame)
    assert sizes["now"].sum() == steps["customers"].sum() == migration.moves.frame["customers"].sum() == everyone
    shares = (sizes["share_then"], sizes["share_now"], steps["share"])
    assert [s.sum() for s in shares] == pytest.approx([1, 1, 1])
    assert migration.over_time.frame.groupby("day")["share"].sum().to_numpy() == pytest.approx(1)
    value = {k: f.value for k, f in migration.findings.items()}
    assert value["best_then"] - value["best_left"] + value["best_joined"] == value["best_now"]
    assert value["rose"] + value["fell"] + value["stayed"] + value["new_customers"] == everyone
    assert list(sizes["segment"]) == list(RANKS) and set(RANKS) == set(SEGMENTS)
    for name, then, now in zip(sizes["segment"], sizes["then"], sizes["now"], strict=True):
        assert value[f"{key(name)}_change"] == pytest.approx(now / then - 1)


def test_shuffled_rows_and_relabelled_ids_change_nothing(shop, computed):
    lines = busy(5)
    rng = np.random.default_rng(1)
    names = dict(zip(lines["customer_id"].dropna().unique(), rng.permutation(900_000)[:99].astype(str), strict=False))
    changed = lines.sample(frac=1, random_state=3).assign(
        customer_id=lambda f: f["customer_id"].map(names), order_id=lambda f: "z" + f["order_id"]
    )
    assert changed["customer_id"].nunique() == lines["customer_id"].nunique()
    first, second = (computed("migration", shop(frame)) for frame in (lines, changed))
    assert first.findings == second.findings
    for name in ("over_time", "moves", "sizes", "steps"):
        pd.testing.assert_frame_equal(getattr(first, name).frame, getattr(second, name).frame)


def test_amounts_in_another_unit_move_nobody(shop, computed):
    lines = busy(6, unit=100)
    thousand = lines.assign(amount=[None if pd.isna(a) else str(Decimal(a) * 1000) for a in lines["amount"]])
    first, second = (computed("migration", shop(frame)) for frame in (lines, thousand))
    assert (first.moves.frame["customers"] == second.moves.frame["customers"]).all()
    assert (first.over_time.frame["customers"] == second.over_time.frame["customers"]).all()
    np.testing.assert_allclose(second.over_time.frame["net"], first.over_time.frame["net"] * 1000, atol=0.1)


def test_later_dates_keep_the_segments_where_month_ends_correspond(shop, computed):
    lines = busy(8).assign(ordered_at=lambda f: f["ordered_at"] - pd.Timedelta(days=365))
    later = lines.assign(ordered_at=lines["ordered_at"] + pd.Timedelta(days=28))
    first, second = (computed("migration", shop(frame)).over_time.frame for frame in (lines, later))
    assert sizes_of(first, date(2023, 1, 31)) == sizes_of(second, date(2023, 2, 28)) != {}
    assert sizes_of(first, first["day"].max()) == sizes_of(second, second["day"].max())


def test_doubling_every_customer_doubles_every_move(shop, computed):
    lines = busy(9)
    twin = lines.assign(customer_id="twin" + lines["customer_id"], order_id="twin" + lines["order_id"])
    first, second = (computed("migration", shop(frame)) for frame in (lines, pd.concat([lines, twin])))
    assert (second.moves.frame["customers"] == 2 * first.moves.frame["customers"]).all()
    np.testing.assert_allclose(second.moves.frame["net"], 2 * first.moves.frame["net"])
    assert second.findings["best_left_share"].value == first.findings["best_left_share"].value


def test_a_split_line_moves_nobody(shop, computed):
    halves = [(o, c, d, str(Decimal(a) / 2)) for o, c, d, a in HAND for _ in range(2)]
    first, second = (computed("migration", shop(lines)) for lines in (HAND, halves))
    assert first.findings == second.findings


def test_an_order_over_two_months_counts_once_in_the_first(shop, computed):
    longer = [*HAND, ("a2024-03-30", "a", "2024-04-01", "0.00"), ("a2024-03-29", "a", "2024-05-01", "0.00")]
    frames = [computed("migration", shop(lines)).over_time.frame for lines in (HAND, longer)]
    assert sizes_of(frames[0], date(2024, 3, 31)) == sizes_of(frames[1], date(2024, 3, 31))
    dataset, settings = shop(longer)
    then = run(["rfm", "customers"], dataset, on(date(2024, 6, 1), settings)).results
    assert then["customers"].frame["orders"].tolist() == [5, 4, 3, 2, 1]
    assert sizes_of(frames[1], date(2024, 5, 31)) == segments_of(then["rfm"])


def test_a_refund_before_the_first_sale_counts_once_there_is_one(shop, computed):
    early = [*HAND, ("r", "f", "2024-02-01", "-5.00", "refund"), ("q", "never", "2024-02-01", "-5.00", "refund")]
    moves = matrix_of(computed("migration", shop(early)))
    assert moves[(NEW, "Regular")] == (1, 5.0)
    assert sum(n for n, _ in moves.values()) == 6


def test_a_report_on_the_first_of_a_month_ends_with_that_month_end(shop, computed):
    made = computed("migration", shop(HAND, settings={"as_of": date(2024, 8, 1), "snapshot": date(2024, 8, 1)}))
    assert list(dict.fromkeys(made.over_time.frame["day"]))[-2:] == [date(2024, 6, 30), date(2024, 7, 31)]
    assert made.findings["since"].value == date(2024, 5, 1)


def test_a_long_life_shows_its_last_two_years(shop, computed):
    day = date(2030, 1, 15)
    made = computed("migration", shop(HAND, settings={"as_of": day, "snapshot": day})).over_time
    days = list(dict.fromkeys(made.frame["day"]))
    assert (len(days), days[0], days[-1]) == (MOST, date(2027, 12, 31) + timedelta(days=31), date(2030, 1, 14))
    assert made.note.startswith("The last 24 month ends.")
    assert not _over_time([{"day": day}], cut=False).note.startswith("The last 24")


@pytest.mark.parametrize(
    ("lines", "settings", "reason"),
    [
        (HAND[:5] + HAND[-11:], {}, "fewer than five customers"),
        ([line for line in HAND if line[1] not in "ab"], {}, "fewer than five customers"),
        ([line for line in HAND if line[1] != "d"], {}, "could not be put into segments yet"),
        (HAND, {"no_money": "no prices"}, "no prices"),
        ([(o, None, d, a) for o, _, d, a in HAND], {}, "no sale names its customer"),
    ],
)
def test_skips_with_the_reason(shop, lines, settings, reason):
    assert reason in run(["migration"], *shop(lines, settings=settings)).skipped["migration"]


def test_months_before_any_known_amount_are_left_out(shop, computed):
    lines = [(o, c, d, None if d < "2024-03-29" else a) for o, c, d, a in HAND]
    days = set(computed("migration", shop(lines)).over_time.frame["day"])
    assert min(days) == date(2024, 3, 31)
    assert min(computed("migration", shop(HAND)).over_time.frame["day"]) == date(2024, 3, 31)
    later = [(o, c, d, None if d < "2024-06-01" else a) for o, c, d, a in HAND]
    assert "migration" in run(["migration"], *shop(later)).skipped


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((5, False, True), None),
        ((4, False, True), "fewer than five"),
        ((9, True, True), "one day"),
        ((9, False, False), "no amount"),
    ],
)
def test_when_customers_cannot_be_scored(given, wanted):
    found = refusal(*given)
    assert found is None if wanted is None else isinstance(found, Skip) and wanted in found.reason


def test_a_new_bar_for_frequent_customers_is_said(shop, computed):
    """Three of five have one order, the others two: score 2 and 5. Then a third has two as well: score 4."""
    few = [
        *orders_of("a", ["2024-01-10", "2024-01-11"], "9.00"),
        *orders_of("b", ["2024-01-12", "2024-01-13"], "8.00"),
        *(line for i, c in enumerate("cde") for line in orders_of(c, [f"2024-01-1{i}"], "7.00")),
    ]
    same = computed("migration", shop([*few, *orders_of("c", ["2024-05-01"], "1.00")]))
    assert not same.bar_moved and same.findings["bar"].value == same.findings["bar_then"].value == 2
    assert same.findings["bar"].claim == "A frequent customer has at least {value} orders, as three months ago."
    all_twice = [line for c in "cde" for line in orders_of(c, ["2024-05-01"], "1.00")]
    nobody = computed("migration", shop([*few, *all_twice]))
    assert nobody.bar_moved and nobody.findings["bar"].value is None
    more = computed("migration", shop([*few, *all_twice, *orders_of("a", ["2024-05-02"], "1.00")]))
    assert (
        more.findings["bar"].claim == "The bar for frequent customers rose from {migration.bar_then} to {value} orders."
    )
    first = computed("migration", shop([*few[::2], *few[5:], *few[1::2][2:], *orders_of("a", ["2024-05-01"], "1.00")]))
    assert first.findings["bar_then"].value is None and first.findings["bar"].value == 2
    assert first.findings["bar"].claim.endswith("orders; nobody was one three months ago.")


def test_days_to_look_at():
    assert days_of(date(2024, 1, 1), date(2024, 3, 5)) == [date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 5)]
    assert days_of(date(2024, 1, 31), date(2024, 3, 1)) == [date(2024, 2, 1), date(2024, 3, 1)]
    assert days_of(date(2024, 1, 3), date(2024, 1, 4)) == [date(2024, 1, 4)]


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (date(2024, 5, 31), date(2024, 2, 29)),
        (date(2024, 2, 1), date(2023, 11, 1)),
        (date(2023, 3, 31), date(2022, 12, 31)),
    ],
)
def test_three_months_before(day, wanted):
    assert months_before(day, 3) == wanted


def test_a_move_is_a_rise_or_a_fall_by_the_printed_ranking():
    steps = {(a, b): Move(a, b, 1, 0).step for a in RANKS for b in RANKS}
    assert steps[("At Risk", "Regular")] == steps[("Dormant", "At Risk")] == steps[("Loyal", "VIP")] == "rose"
    assert steps[("Regular", "At Risk")] == steps[("VIP", "Loyal")] == "fell"
    assert {steps[(a, a)] for a in RANKS} == {"stayed"}
    assert Move(NEW, "VIP", 1, 0).step == "new"


TITLES = [
    ([("Dormant", "Dormant", 7)], "No customer was VIP or Loyal three months ago, and not one of 7 customers is now."),
    ([("Dormant", "Dormant", 7), (NEW, "VIP", 1)], "No customer was VIP or Loyal three months ago; 1 customer is now."),
    ([("Dormant", "VIP", 7)], "No customer was VIP or Loyal three months ago; 7 customers are now."),
    ([("VIP", "At Risk", 1)], "X VIP or Loyal customer three months ago: 1 dropped out, and nobody joined."),
    (
        [("VIP", "Loyal", 29), ("Regular", "Loyal", 1)],
        "X VIP or Loyal customers three months ago: 0 dropped out, and X joined.",
    ),
    (
        [("VIP", "Loyal", 24), ("VIP", "At Risk", 6), (NEW, "VIP", 2)],
        "X VIP and Loyal customers dropped out in three months, X joined: 0.8125 of all now, X then.",
    ),
    (
        [("VIP", "VIP", 30)],
        "No VIP or Loyal customer dropped out in three months, nobody joined: 1.0 of all now, X then.",
    ),
    (
        [("Loyal", "Dormant", 30)],
        "X VIP and Loyal customers dropped out in three months, nobody joined: 0.0 of all now, X then.",
    ),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_who_bought_nothing_since_and_who_dropped_out_although_they_bought(shop, computed, seed):
    made = shop(busy(seed, 150))
    migration = computed("migration", made)
    since = migration.findings["since"].value
    then = run(["rfm"], made[0], replace(made[1], snapshot=since)).results["rfm"].frame.set_index("customer_id")
    done = run(["rfm", "customers"], *made).results
    now = done["rfm"].frame.set_index("customer_id")["segment"]
    last = done["customers"].told.set_index("customer_id")["last_sale"]
    best = then.index[then["segment"].isin(BEST)]
    silent = [c for c in best if last[c] < pd.Timestamp(since)]
    left = [c for c in best if now[c] not in BEST]
    assert migration.findings["best_silent_share"].value == pytest.approx(len(silent) / len(best))
    assert migration.findings["best_left_bought"].value == len([c for c in left if c not in silent])
    assert migration.findings["best_left_bought"].n == len(left)
    assert migration.findings["best_share"].value == pytest.approx(now.isin(BEST).mean())
    assert migration.findings["best_share_then"].value == pytest.approx(len(best) / len(then))


@pytest.mark.parametrize(("moves", "title"), TITLES)
def test_titles(moves, title):
    old = sum(n for a, _, n in moves if a != NEW)
    ground = Ground("customers", old, (date(2024, 1, 1), date(2024, 3, 31)), "analysis/migration.sql")
    everyone = replace(ground, n=sum(n for _, _, n in moves))
    found = _headline([Move(a, b, n, 0) for a, b, n in moves], ground, everyone)
    said = PLACE.sub(lambda place: str(found.value) if place[1] == "value" else "X", found.claim)
    assert said == title
    said = PLACE.sub(lambda place: "12.3%" if "share" in place[1] or place[1] == "value" else "12.3k", found.claim)
    assert len(said) <= 105


@pytest.mark.parametrize("seed", range(3))
def test_claims_are_whole_sentences_that_can_be_filled(shop, seed):
    done = run(["migration"], *shop(busy(seed, 90 + 30 * seed)))
    findings = {k: f for k, f in done.findings.items() if k.startswith("migration.")}
    assert len(findings) == 39
    for finding in findings.values():
        assert finding.claim.endswith(".") and ".." not in finding.claim and "  " not in finding.claim
        assert set(PLACE.findall(finding.claim)) <= {"value", *findings}
        assert (finding.value is None) == bool(finding.reason)
        if finding.value == 1 and finding.unit == "count":
            assert "{value} customers" not in finding.claim
