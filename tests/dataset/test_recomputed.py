"""The headline of random data, layout by layout, against plain loops over Decimal: to the cent, and every row accounted for."""

# ruff: noqa: E501

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from dataset.tables import Dataset
from tests.dataset.opened import EVENT, ITEM, ORDER, PROPERTY, START, STATUSES, UCI, look, opened, table

SEEDS = (1, 2, 3)


def cents(amounts: Iterable[Decimal]) -> str:
    return str(sum(amounts, start=Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP) + Decimal(0))


def adds_up(dataset: Dataset) -> None:
    """Rows: each file's. Money: the reconciliation's steps lead from one total to the others."""
    assert all(a.rows == a.used + a.rejected + a.excluded for a in dataset.accounts)
    steps = dict(dataset.reconciliation)
    assert cents([steps["Net revenue"]]) == dataset.values["net"]
    assert cents([steps.get("Gross sales", steps["Net revenue"])]) == dataset.values["gross"]


def day(random: random.Random) -> str:
    return f"20{random.randint(21, 24)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"


@pytest.mark.parametrize("seed", SEEDS)
def test_invoice_lines(tmp_path: Path, seed: int) -> None:
    """Sales, C invoices, negative quantities, zero and negative prices, unknown customers, unreadable rows."""
    dice = random.Random(seed)
    rows = []
    for i in range(400):
        quantity = dice.choice([1, 2, 3, 12, 144, -1, -6, 0])
        price = dice.choice(["0.1", "1.05", "2.333", "19.99", "0", "-3.00", "1234.565", "?" if i % 50 == 7 else "4"])
        customer = dice.choice(["", "007", "7", "NA", *map(str, range(12340, 12360))])
        rows.append(
            [
                dice.choice(["", "", "", "C"]) + str(500_000 + i // 3),
                f"{10_000 + i % 9}",
                "X",
                str(quantity),
                day(dice),
                price,
                customer,
                "France",
            ]
        )
    sold = [r for r in rows if r[5] != "?" and not r[0].startswith("C") and int(r[3]) > 0 and Decimal(r[5]) > 0]
    back = [r for r in rows if r[5] != "?" and (r[0].startswith("C") or int(r[3]) < 0)]
    dataset = opened(tmp_path, "online_retail", {"t.csv": table(UCI, [",".join(r) for r in rows])})
    worth = {id(r): abs(int(r[3]) * Decimal(r[5])) for r in sold + back}
    values = dataset.values
    assert values["lines"] == sum(r[5] != "?" for r in rows)
    assert values["orders"] == len({r[0] for r in sold})
    assert values["buyers"] == len({r[6] for r in sold} - {""})
    assert values["gross"] == cents(worth[id(r)] for r in sold)
    assert values["refunds"] == cents(worth[id(r)] for r in back)
    assert values["net"] == cents([*(worth[id(r)] for r in sold), *(-worth[id(r)] for r in back)])
    assert values["net_known"] == cents([*(worth[id(r)] for r in sold if r[6]), *(-worth[id(r)] for r in back if r[6])])
    assert values["last_date"] == max(r[4] for r in sold)
    total = dict(dataset.reconciliation)["Raw total: quantity times price over every readable row"]
    assert total == sum(int(r[3]) * Decimal(r[5]) for r in rows if r[5] != "?")
    running = [
        amount
        for label, amount in dataset.reconciliation
        if not label.startswith(("Gross", "Refunds", "Raw")) or "positive" in label
    ]
    assert sum(running) == total, "net, and what lies between net and the raw total"
    adds_up(dataset)


@pytest.mark.parametrize("seed", SEEDS)
def test_items(tmp_path: Path, seed: int) -> None:
    """Statuses, items repeated exactly or with another price, orders that are not on file."""
    dice = random.Random(seed)
    items = [
        [
            str(i),
            str(i // 2),
            str(i // 2 % 30),
            str(i % 9 + 1),
            str(i),
            dice.choice([*STATUSES, "Lost"]),
            day(dice),
            "",
            "",
            "",
            dice.choice(["9.99", "0.005", "120", "0"]),
        ]
        for i in range(300)
    ]
    again = [dice.choice(items) for _ in range(9)] + [[*dice.choice(items)[:10], "77.77"] for _ in range(5)]
    files = look(order_items=table(ITEM, [",".join(r) for r in items + again]), orders=None, users=None, products=None)
    dataset = opened(tmp_path, "thelook", files)
    price = {r[0]: Decimal(r[10]) for r in items}
    gross = [r for r in items if r[5] not in ("Cancelled", "Lost")]
    net = [r for r in gross if r[5] != "Returned"]
    values = dataset.values
    assert values["items"] == len(items)
    assert values["gross"] == cents(price[r[0]] for r in gross)
    assert values["returned"] == cents(price[r[0]] for r in gross if r[5] == "Returned")
    assert values["net"] == cents(price[r[0]] for r in net)
    assert values["all_statuses"] == cents(price.values())
    assert values["orders"] == len({r[1] for r in net})
    assert values["buyers"] == len({r[2] for r in net})
    steps = [amount for label, amount in dataset.reconciliation if not label.startswith(("Gross", "Net"))]
    assert cents(steps) == values["net"], "from the raw total, status by status, to net"
    adds_up(dataset)


def test_items_take_place_and_customer_from_their_order(tmp_path: Path) -> None:
    """The order's time counts; a blank customer is the order's."""
    items = ["1,1,,5,1,Complete,2024-05-05 10:00:00,,,,10.00", "2,1,8,5,1,Complete,2024-05-06 10:00:00,,,,10.00"]
    files = look(
        order_items=table(ITEM, items),
        orders=table(ORDER, ["1,8,Complete,F,2024-05-04 09:00:00,,,,2"]),
        users=None,
        products=None,
    )
    dataset = opened(tmp_path, "thelook", files)
    assert [(r[0], str(r[1])) for r in dataset.engine.rows("select customer_id, ordered_at from lines")] == [
        ("8", "2024-05-04 09:00:00")
    ] * 2


@pytest.mark.parametrize("seed", SEEDS)
def test_events(tmp_path: Path, seed: int) -> None:
    """The price of each purchase: the latest at or before it, looked up one by one."""
    dice = random.Random(seed)
    events = sorted(
        {
            (
                START + dice.randint(0, 10**7),
                dice.randint(1, 30),
                dice.choice(["view", "addtocart", "transaction"]),
                dice.randint(1, 12),
            )
            for _ in range(400)
        }
    )
    prices = {
        (START + dice.randint(-(10**6), 10**7), dice.randint(1, 10)): dice.choice(
            ["n12.000", "n7.560", "n0.480", "15.000", "n", "n-4.000"]
        )
        for _ in range(80)
    }
    log = [
        f"{at},{visitor},{kind},{item},{i if kind == 'transaction' else ''}"
        for i, (at, visitor, kind, item) in enumerate(events)
    ]
    files = {
        "events.csv": table(EVENT, log),
        "item_properties_1.csv": table(PROPERTY, [f"{at},{item},790,{value}" for (at, item), value in prices.items()]),
    }
    dataset = opened(tmp_path, "retailrocket", files)

    def price(at: int, item: int) -> Decimal | None:
        known = [
            (when, value)
            for (when, what), value in prices.items()
            if what == item and when <= at and value[0] == "n" and value[1:2].isdigit()
        ]
        return Decimal(max(known)[1][1:]) if known else None

    bought = [(at, visitor, price(at, item)) for at, visitor, kind, item in events if kind == "transaction"]
    assert dataset.values["gmv"] == cents(p for *_, p in bought if p is not None)
    assert dataset.values["unpriced_lines"] == sum(p is None for *_, p in bought)
    assert dataset.values["transactions"] == dataset.values["orders"] == len(bought)
    assert dataset.values["buyers"] == len({visitor for _, visitor, _ in bought})
    assert dataset.values["visitors"] == len({visitor for _, visitor, *_ in events})
    adds_up(dataset)


@pytest.mark.parametrize("seed", SEEDS)
def test_mapped_orders(tmp_path: Path, seed: int) -> None:
    """Quantities and prices in the German way, kinds in words, orders without a number."""
    dice = random.Random(seed)
    rows = []
    for i in range(300):
        amount = Decimal(dice.randint(1, 999_999_99)) / 100
        kind = dice.choice(["Verkauf", "sale", "sale", "SALE", "refund", "cancelled"])
        rows.append((dice.choice(["", f"a{i // 2}"]), f"k{dice.randint(1, 40)}", day(dice), amount, kind))
    text = table(
        "nr;kunde;tag;betrag;art",
        [
            f"{nr};{who};{when[8:]}.{when[5:7]}.{when[:4]};{f'{amount:,.2f}'.translate(str.maketrans(',.', '.,'))} €;{kind}"
            for nr, who, when, amount, kind in rows
        ],
    )
    columns = {"order_id": "nr", "customer_id": "kunde", "timestamp": "tag", "amount": "betrag", "kind": "art"}
    mapping = {
        "file": "s.csv",
        "columns": columns,
        "decimal": ",",
        "thousands": ".",
        "date_format": "%d.%m.%Y",
        "currency": "EUR",
    }
    dataset = opened(tmp_path, "generic", {"s.csv": text}, mapping)
    sold = [r for r in rows if r[4].lower() == "sale"]
    back = [r for r in rows if r[4] == "refund"]
    assert dataset.values["gross"] == cents(r[3] for r in sold)
    assert dataset.values["refunds"] == cents(r[3] for r in back)
    assert dataset.values["orders"] == len({r[0] or (r[1], r[2]) for r in sold})
    assert dataset.values["buyers"] == len({r[1] for r in sold})
    steps = [amount for label, amount in dataset.reconciliation if not label.startswith(("Gross", "Net"))]
    assert cents(steps) == dataset.values["net"], "from the raw total, step by step, to net"
    assert dataset.currency == "EUR"
    adds_up(dataset)


def test_pennies_are_exact(tmp_path: Path) -> None:
    """Twenty thousand times ten cents: binary floats drift, decimals do not; half cents are rounded once, up."""
    rows = [f"o{i // 5},c{i % 97},2024-01-{1 + i % 28:02d},0.10" for i in range(20_000)] + [
        "x,x,2024-01-01,0.0025",
        "y,y,2024-01-01,0.0025",
    ]
    columns = {"order_id": "o", "customer_id": "c", "timestamp": "w", "amount": "a"}
    dataset = opened(tmp_path, "generic", {"s.csv": table("o,c,w,a", rows)}, {"file": "s.csv", "columns": columns})
    assert dataset.values["gross"] == "2000.01"
