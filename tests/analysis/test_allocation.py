"""Splitting a sum: solved by hand, never beaten by trying everything, exact to the cent, the same in any order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from analysis.allocation import Offer, best, returned, shared, spent, treated

D = Decimal


def offer(key: str, people: int, cost: str, order: str, *response: str, share: str = "0.5") -> Offer:
    low, expected, high = (D(one) for one in response)
    return Offer(key, people, D(cost), D(order), (low, expected, high), D(share))


# a: one contact adds 0.10 x 20 = 2.00 for 1.00; b: 0.05 x 30 = 1.50 for 0.50; c: 0.01 x 40 = 0.40 for 0.50, a loss
HAND = (
    offer("a", 100, "1.00", "20", "0.05", "0.10", "0.20", share="0.7"),
    offer("b", 40, "0.50", "30", "0.01", "0.05", "0.10", share="0.2"),
    offer("c", 500, "0.50", "40", "0.00", "0.01", "0.02", share="0.1"),
)


@pytest.mark.parametrize(
    ("budget", "contacts", "cost", "net"),
    [
        ("10", [0, 20, 0], "10.00", "20.00"),  # b first: it returns 3 for 1; 20 x (1.50 - 0.50)
        ("20", [0, 40, 0], "20.00", "40.00"),
        ("50.75", [30, 40, 0], "50.00", "70.00"),  # 30.75 left for a: 30 whole contacts at 1.00 net
        ("20.50", [0, 40, 0], "20.00", "40.00"),  # not enough for one of a
        ("120", [100, 40, 0], "120.00", "140.00"),
        ("9999", [100, 40, 0], "120.00", "140.00"),  # c would lose: the rest stays
        ("0.49", [0, 0, 0], "0", "0"),
        (None, [100, 40, 0], "120.00", "140.00"),
    ],
)
def test_solved_by_hand(budget, contacts, cost, net):
    made = best(HAND, None if budget is None else D(budget))
    assert (made, spent(HAND, made), returned(HAND, made)) == (contacts, D(cost), D(net))


def test_low_and_high_case_by_hand():
    """Low: a 100 x (1.00 - 1.00) + b 40 x (0.30 - 0.50); high: a 100 x (4 - 1) + b 40 x (3 - 0.50)."""
    assert [returned(HAND, [100, 40, 0], case) for case in range(3)] == [D(-8), D(140), D(400)]


def test_shares_are_kept_up_to_the_people_there_are():
    assert shared(HAND, D(100)) == [70, 40, 20]
    assert shared(HAND, D("11.11")) == [7, 4, 2]  # 7.777, 2.222 and 1.111 to spend


def test_what_just_pays():
    assert [one.break_even for one in HAND] == [D("0.05"), D("0.5") / D(30), D("0.0125")]
    at_it = replace(HAND[2], response=(D(0), D("0.0125"), D(1)))
    assert at_it.gain() == at_it.cost and not at_it.pays and best([at_it], None) == [0]
    assert offer("x", 3, "1", "0", "0.1", "0.2", "0.3").break_even is None


def test_what_is_left_of_a_contact_buys_no_crumbs_elsewhere():
    cheap = offer("d", 1000, "0.01", "1", "0.00", "0.011", "0.02")  # pays, but least
    assert best([*HAND, cheap], D("50.75")) == [30, 40, 0, 0]
    assert best([*HAND, cheap], D("20.50")) == [0, 40, 0, 50]  # nobody of a: the money goes on


def test_what_costs_nothing_comes_first_and_takes_no_money():
    free = offer("free", 9, "0", "5", "0.1", "0.2", "0.3")
    assert best([*HAND, free], D("0.20")) == [0, 0, 0, 9] and shared([free], D(0)) == [9]
    assert best([replace(free, order=D(0))], None) == [0]  # nothing to gain: nobody is bothered


@pytest.mark.parametrize(
    ("people", "control", "contacted"),
    [(10, "0.2", 8), (1, "0.5", 0), (3, "0.5", 1), (7, "0", 7), (7, "1", 0), (156, "0.2", 125), (0, "0.2", 0)],
)
def test_who_is_contacted(people, control, contacted):
    assert treated(people, D(control)) == contacted


def random_offers(seed: int) -> list[Offer]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(3):
        low, middle, high = sorted(D(int(n)) / 1000 for n in rng.integers(0, 120, 3))
        cost, order = D(int(rng.integers(1, 300))) / 100, D(int(rng.integers(0, 9000))) / 100
        made.append(Offer(f"k{i}", int(rng.integers(0, 9)), cost, order, (low, middle, high), D("0.333")))
    return made


@pytest.mark.parametrize("seed", range(60))
def test_no_other_split_returns_more(seed):
    """Against every split there is: only whole contacts that are left over can keep it from the very best."""
    offers = random_offers(seed)
    budget = D(int(np.random.default_rng(seed).integers(0, 2500))) / 100
    made = best(offers, budget)
    every = itertools.product(*(range(one.people + 1) for one in offers))
    most = max(returned(offers, one) for one in every if spent(offers, one) <= budget)
    assert spent(offers, made) <= budget
    slack = max((one.gain() for one in offers if one.pays), default=D(0))
    assert most - slack <= returned(offers, made) <= most
    full = best(offers, None)
    everything = itertools.product(*((0, one.people) for one in offers))
    assert returned(offers, full) == max(returned(offers, one) for one in everything)


@pytest.mark.parametrize("seed", range(20))
def test_order_and_unit_do_not_matter(seed):
    offers, budget = random_offers(seed), D("7.77")
    made = dict(zip([o.key for o in offers], best(offers, budget), strict=True))
    turned = offers[::-1]
    if len({o.gain() / o.cost for o in offers}) == len(offers):
        assert dict(zip([o.key for o in turned], best(turned, budget), strict=True)) == made
    dearer = [replace(o, cost=o.cost * 1000, order=o.order * 1000) for o in offers]
    assert best(dearer, budget * 1000) == list(made.values())
    assert returned(dearer, list(made.values())) == returned(offers, list(made.values())) * 1000
