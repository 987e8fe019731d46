"""The canonical tables every layout becomes, and what a read data set carries beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from dataset.engine import Engine

MONEY = "decimal(18, 6)"  # what files of binary floats hold survives; money is rounded once, at display
QUANTITY = "decimal(18, 3)"

# Column -> SQL type. Ids are text, money is decimal, times are local to the report's zone (no offset).
TABLES: dict[str, dict[str, str]] = {
    # One row a line of an order. kind: sale (kept), returned (sold, came back whole: in gross and in refunds, not in
    # net, and no purchase), refund (money given back, amount <= 0), cancelled (never earned). amount: signed, null
    # when no price is known.
    "lines": {
        "order_id": "varchar",
        "customer_id": "varchar",
        "product_id": "varchar",
        "ordered_at": "timestamp",
        "quantity": QUANTITY,
        "unit_price": MONEY,
        "amount": MONEY,
        "kind": "varchar",
        "country": "varchar",
    },
    # One row an order with its lifecycle.
    "orders": {
        "order_id": "varchar",
        "customer_id": "varchar",
        "status": "varchar",
        "created_at": "timestamp",
        "shipped_at": "timestamp",
        "delivered_at": "timestamp",
        "returned_at": "timestamp",
    },
    # One row a person on file; further columns are attributes as the source names them.
    "customers": {
        "customer_id": "varchar",
        "country": "varchar",
        "age": QUANTITY,
        "income": MONEY,
        "children": QUANTITY,
    },
    "products": {"product_id": "varchar", "name": "varchar", "category": "varchar", "price": MONEY},
    # One row a visitor's act. kind: view, cart, purchase.
    "events": {"customer_id": "varchar", "kind": "varchar", "product_id": "varchar", "at": "timestamp"},
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the data a reader must know; code W_..., count of what it concerns."""

    code: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some rows of a file are not used as they stand; money at stake where it is known."""

    fate: str  # rejected | excluded
    why: str
    rows: int
    money: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Where every raw row of one file went: rows == used + rejected + excluded."""

    file: str
    rows: int
    used: int
    reasons: tuple[Reason, ...] = ()

    @property
    def rejected(self) -> int:
        return sum(r.rows for r in self.reasons if r.fate == "rejected")

    @property
    def excluded(self) -> int:
        return sum(r.rows for r in self.reasons if r.fate == "excluded")


@dataclass(slots=True)
class Dataset:
    """What reading left: the tables that are there, and the whole account of how they came about.

    values: the layout's headline figures as metrics.json prints them (counts int, money decimal text).
    reconciliation: (label, amount) steps from the raw money total to net, in reading order; empty without money.
    runs_on: the engine of the reductions, as it may be shown.
    """

    layout: str
    engine: Engine
    tables: tuple[str, ...]
    accounts: tuple[Account, ...] = ()
    notes: tuple[Note, ...] = ()
    values: dict[str, int | str] = field(default_factory=dict)
    reconciliation: tuple[tuple[str, Decimal], ...] = ()
    currency: str = ""
    zone: str = "UTC"
    no_money: str = ""
    non_products: frozenset[str] = frozenset()
    runs_on: str = "DuckDB"
