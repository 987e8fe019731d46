"""What is said of theLook's files, and of seed 001's JSON-ish ones."""

# ruff: noqa: E501

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.dataset.opened import (
    HEADS,
    ITEM,
    ITEMS,
    ORDER,
    PRODUCT,
    PRODUCTS,
    USER,
    USERS,
    Files,
    look,
    said,
    table,
    with_cell,
    with_column,
)

GOODS = json.dumps([{"id": p + 1, "name": f"N{p}", "category": "C", "retail_price": 9.5} for p in range(5)])
PEOPLE = [f'{{"id": "{u + 1}", "": "/firstname/Brad{u}", "": "/lastname/L", "country": "France"}}' for u in range(10)]


def cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"\n'


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            look(),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="clean",
        ),
        pytest.param(
            look(users=None),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="no users",
        ),
        pytest.param(
            look(orders=None),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="no orders",
        ),
        pytest.param(
            look(products=None),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="no products",
        ),
        pytest.param(
            look(users=None, orders=None, products=None),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="only items",
        ),
        pytest.param(
            look(order_items=None),
            {},
            "E_FILE_MISSING order_items.csv: this file is missing. The folder holds orders.csv, products.csv, users.csv",
            id="no items",
        ),
        pytest.param(
            {name.upper(): content for name, content in look().items()},
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="upper-case names",
        ),
        pytest.param(
            look(order_items=table(ORDER, HEADS), orders=table(ITEM, ITEMS)),
            {},
            "E_COLUMN_MISSING order_items.csv, column sale_price: this column is missing. There is: order_id, user_id, status, gender, created_at, returned_at, shipped_at, delivered_at, num_of_item",
            id="items and orders swapped",
        ),
        pytest.param(
            look(order_items=table(ITEM, [*ITEMS, ITEMS[3]])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_DUPLICATE_ROWS 1 order_items.csv: 1 row repeats another exactly (worth 13.99); left out"
            ),
            id="same item again",
        ),
        pytest.param(
            look(order_items=table(ITEM, [*ITEMS, with_cell(ITEMS, 3, 10, "99.99")[3]])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_KEY_CONFLICT 1 order_items.csv: 1 row with the item_id of an earlier row, but other content (worth 99.99); the first row counts"
            ),
            id="same item id, other price",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 3, 2, "9"))),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 7 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORDER_CUSTOMER 1 order_items.csv: 1 item of another customer than its order; the item's counts"
            ),
            id="item of another customer than its order",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 10, "-5"))),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1879.53, refunds 509.88\n"
                "W_NEGATIVE_PRICE 1 order_items.csv: 1 item with a negative price (worth -5.00), counted as they stand"
            ),
            id="negative price",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 10, "0"))),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1884.53, refunds 509.88\n"
                "W_ZERO_PRICE 1 order_items.csv: 1 item of price zero, counted as sold"
            ),
            id="price zero",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 10, ""))),
            {},
            (
                "until 2024-08-10, 59 lines, 18 orders, 6 buyers, gross 1884.53, refunds 509.88\n"
                "W_ROWS_REJECTED 1 order_items.csv: 1 row could not be read: sale_price is not an amount (1 row, first in row 2)"
            ),
            id="price blank",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 2, ""))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="customer blank",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 1, ""))),
            {},
            (
                "until 2024-08-10, 59 lines, 18 orders, 6 buyers, gross 1884.53, refunds 509.88\n"
                "W_ROWS_REJECTED 1 order_items.csv: 1 row could not be read: order_id is blank (1 row, first in row 2)"
            ),
            id="order blank",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 3, ""))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="product blank",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(ITEMS, 0, 6, ""))),
            {},
            (
                "until 2024-08-10, 59 lines, 18 orders, 6 buyers, gross 1884.53, refunds 509.88\n"
                "W_ROWS_REJECTED 1 order_items.csv: 1 row could not be read: created_at is not a date that can be (1 row, first in row 2)"
            ),
            id="date blank",
        ),
        pytest.param(
            look(
                order_items=table(ITEM, with_column(ITEMS, 5, lambda v, i: f" {v.upper()}\u00a0")),
                orders=table(ORDER, with_column(HEADS, 2, lambda v, i: v.lower())),
            ),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="status in other spellings",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_cell(with_cell(ITEMS, 0, 5, "Chargeback"), 2, 5, "")), orders=None),
            {},
            (
                "until 2024-08-10, 58 lines, 18 orders, 6 buyers, gross 1871.54, refunds 509.88\n"
                "W_UNKNOWN_STATUS 2 order_items.csv: 2 items with a status of unknown meaning ('chargeback', blank; worth 23.98): left out"
            ),
            id="status unknown",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 5, lambda v, i: ""))),
            {},
            "E_NO_PURCHASES order_items.csv: no row is a sale: there is nothing to report",
            id="status blank everywhere",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 5, lambda v, i: "Cancelled")), orders=None),
            {},
            "E_NO_PURCHASES order_items.csv: no row is a sale: there is nothing to report",
            id="all cancelled",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 5, lambda v, i: "Returned")), orders=None),
            {},
            "E_NO_PURCHASES order_items.csv: no row is a sale: there is nothing to report",
            id="all returned",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 10, lambda v, i: "$" + v))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="dollar signs",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 10, lambda v, i: "$€"[i % 2] + v))),
            {},
            "E_CURRENCY_MIXED order_items.csv, column sale_price, row 2: amounts in several currencies ($, €) cannot be added up. Convert them to one currency first",
            id="dollar and euro signs",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 6, lambda v, i: v + " UTC"))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="times in UTC by name",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 6, lambda v, i: v + ("+05:00" if i % 2 else " UTC")))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="times of two zones",
        ),
        pytest.param(
            look(order_items=table(ITEM, with_column(ITEMS, 6, lambda v, i: f"0{1 + i % 9}/0{1 + i % 9}/2024 10:00"))),
            {},
            'E_DATE_AMBIGUOUS order_items.csv, column created_at: day and month cannot be told apart. Write dates as 2024-12-31, or say which in a mapping: "date_format": "%d/%m/%Y"',
            id="day and month alike",
        ),
        pytest.param(
            {**look(order_items=table(ITEM, ITEMS[:30])), "order_items_2.csv": table(ITEM, ITEMS[30:])},
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="items in two files",
        ),
    ],
)
def test_items(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """What an item's oddities do to the report."""
    assert said(tmp_path, more.pop("layout", "thelook"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            look(orders=table(ORDER, [*HEADS, HEADS[0]])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_DUPLICATE_ROWS 1 orders.csv: 1 row repeats another exactly; left out"
            ),
            id="same order again",
        ),
        pytest.param(
            look(orders=table(ORDER, [*HEADS, with_cell(HEADS, 3, 1, "9")[3]])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_KEY_CONFLICT 1 orders.csv: 1 row with the order_id of an earlier row, but other content; the first row counts"
            ),
            id="order of two users",
        ),
        pytest.param(
            look(orders=table(ORDER, with_cell(HEADS, 0, 2, "Cancelled"))),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORDER_STATUS 2 order_items.csv: 2 items of another status than its order; the item's counts"
            ),
            id="order status differs",
        ),
        pytest.param(
            look(
                orders=table(
                    ORDER, with_cell(with_cell(HEADS, 0, 6, "2024-05-02 00:00:00"), 0, 7, "2024-05-01 00:00:00")
                )
            ),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_EVENT_ORDER 1 0 customers who signed up after an order, 1 order with stages in the wrong order; kept as written"
            ),
            id="delivered before shipped",
        ),
        pytest.param(
            look(order_items=table(ITEM, ITEMS[:56])),
            {},
            (
                "until 2024-08-10, 56 lines, 18 orders, 6 buyers, gross 1760.54, refunds 374.90\n"
                "W_ORDERS_WITHOUT_ITEMS 2 orders.csv: 2 orders without items: no revenue"
            ),
            id="orders without items",
        ),
        pytest.param(
            look(orders=table(ORDER, HEADS[:27])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORPHAN_ITEMS 6 order_items.csv: 6 items of orders that orders.csv lacks; kept"
            ),
            id="items without orders",
        ),
        pytest.param(
            look(orders=ORDER + "\n"),
            {},
            "E_NO_ROWS orders.csv: has a header but no rows",
            id="orders, header only",
        ),
        pytest.param(
            look(orders=table(ORDER, with_column(HEADS, 3 + 1, lambda v, i: "9999-01-01"))),
            {},
            "E_DATE_PARSE orders.csv, column created_at, row 2: created_at is not a date that can be; 30 of 30 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="order dates impossible",
        ),
        pytest.param(
            look(users=table(USER, USERS[:5])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORPHAN_CUSTOMERS 5 order_items.csv: 5 customers that users.csv lacks; kept, nothing known of them"
            ),
            id="customers not on file",
        ),
        pytest.param(
            look(users=""),
            {},
            "E_NO_ROWS users.csv: is empty",
            id="users empty",
        ),
        pytest.param(
            look(users=table(USER, with_cell(USERS, 0, 0, ""))),
            {},
            "E_NULL users.csv, column id, row 2: id is blank; 1 of 10 rows cannot be read (10%). Repair the file, or say in a mapping how it is written",
            id="user id blank",
        ),
        pytest.param(
            look(users=table(USER, with_column(USERS, 0, lambda v, i: v + ".0"))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="user ids with .0",
        ),
        pytest.param(
            look(users=table(USER, with_cell(USERS, 0, 8, "2031-01-01 00:00:00"))),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_EVENT_ORDER 1 1 customer who signed up after an order, 0 orders with stages in the wrong order; kept as written"
            ),
            id="signed up after an order",
        ),
        pytest.param(
            look(users=table(USER, with_column(USERS, 7, lambda v, i: "null"))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="country null",
        ),
        pytest.param(
            look(products=table(PRODUCT, PRODUCTS[:4])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORPHAN_PRODUCTS 12 order_items.csv: 12 items of products that products.csv lacks; kept, unnamed"
            ),
            id="products not on file",
        ),
        pytest.param(
            look(products=table(PRODUCT, [*PRODUCTS, with_cell(PRODUCTS, 0, 2, "Other")[0]])),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_KEY_CONFLICT 1 products.csv: 1 row with the product_id of an earlier row, but other content; the first row counts"
            ),
            id="product of two categories",
        ),
        pytest.param(
            look(
                events=table(
                    "id,user_id,session_id,created_at,uri,event_type",
                    [
                        "1,,s1,2024-01-01 00:00:00 UTC,/product/5,product",
                        "2,999,s2,2024-01-01 00:00:00 UTC,/cart,cart",
                        "3,,,2024-01-01 00:00:00 UTC,/cart,cart",
                        "4,1,s,2024-01-01 00:00:00 UTC,/x,home",
                    ],
                )
            ),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="events of unknown visitors",
        ),
        pytest.param(
            look(
                events=table(
                    'id,user_id,session_id,created_at,"u""ri",event_type',
                    ["1,1,s1,2024-01-01 00:00:00 UTC,/product/5,product"],
                )
            ),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="quote in a column name",
        ),
    ],
)
def test_orders_users_products(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """What the other files' oddities do."""
    assert said(tmp_path, more.pop("layout", "thelook"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            look(products=GOODS),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="array",
        ),
        pytest.param(
            look(products=cell(GOODS)),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="array in a cell",
        ),
        pytest.param(
            look(products="products\n" + cell(GOODS)),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="array in a cell below a header",
        ),
        pytest.param(
            look(products="\n".join(json.dumps(row) for row in json.loads(GOODS))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="lines",
        ),
        pytest.param(
            look(products='{"id": 1, "name": "x"}'),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ORPHAN_PRODUCTS 48 order_items.csv: 48 items of products that products.csv lacks; kept, unnamed"
            ),
            id="one object",
        ),
        pytest.param(
            look(products="[]"),
            {},
            "E_NO_ROWS products.csv: holds no rows",
            id="empty",
        ),
        pytest.param(
            look(products="[1, 2]"),
            {},
            "E_JSON products.csv: is not a JSON array of objects",
            id="of numbers",
        ),
        pytest.param(
            look(products=GOODS[:40]),
            {},
            "E_JSON products.csv: is not valid JSON: Expecting ',' delimiter: line 1 column 41 (char 40)",
            id="cut off",
        ),
        pytest.param(
            look(products=GOODS[:-1] + ",]"),
            {},
            "E_JSON products.csv: is not valid JSON: Expecting value: line 1 column 316 (char 315)",
            id="trailing comma",
        ),
        pytest.param(
            look(products="[" * 100_000),
            {},
            "E_JSON products.csv: is not valid JSON: nested too deep",
            id="nested too deep",
        ),
        pytest.param(
            look(products=GOODS.replace("9.5", "NaN", 1).replace("9.5", "Infinity", 1)),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="NaN and Infinity",
        ),
        pytest.param(
            look(products=GOODS.replace("N0", "\\ud800")),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="surrogate",
        ),
        pytest.param(
            look(products=GOODS.replace("N0", "a\\u0000b")),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="NUL",
        ),
        pytest.param(
            look(products=GOODS.replace('"id": 1,', '"id": 7, "id": 1,')),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="key twice",
        ),
        pytest.param(
            look(products=GOODS.replace('"id"', '"no"')),
            {},
            "E_COLUMN_MISSING products.csv, column id: this column is missing. There is: no, name, category, retail_price",
            id="without ids",
        ),
        pytest.param(
            look(products=GOODS.replace('"name"', '"rowid"')),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="names of the engine",
        ),
    ],
)
def test_json_products(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Products as one JSON array, bare or in one cell; whatever else JSON may hold."""
    assert said(tmp_path, more.pop("layout", "thelook"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            look(users="USERS\n" + "".join(map(cell, PEOPLE))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="in cells",
        ),
        pytest.param(
            look(users="".join(map(cell, PEOPLE))),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="in cells without a header",
        ),
        pytest.param(
            look(users="\n".join(PEOPLE) + "\n"),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="bare lines",
        ),
        pytest.param(
            look(users="USERS\n" + "".join(cell(p.replace('"id": "', '"": "/id/')) for p in PEOPLE)),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="ids in paths too",
        ),
        pytest.param(
            look(users="USERS\n" + '"{bad"\n' * 10),
            {},
            "E_JSON users.csv, row 2: is no JSON object here; 10 of 10 rows cannot be read. Repair these rows",
            id="all broken",
        ),
        pytest.param(
            look(
                users="USERS\n"
                + "".join(
                    map(
                        cell,
                        [*PEOPLE, *(p.replace('"id": "', f'"id": "{i}') for i in (1, 2) for p in PEOPLE), '{"id":'],
                    )
                )
            ),
            {},
            (
                "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88\n"
                "W_ROWS_REJECTED 1 users.csv: 1 row could not be read as JSON, first row 32"
            ),
            id="one of thirty broken",
        ),
        pytest.param(
            look(users="USERS\n" + "".join(map(cell, [*PEOPLE[1:], "{"]))),
            {},
            "E_JSON users.csv, row 11: is no JSON object here; 1 of 10 rows cannot be read. Repair these rows",
            id="one of ten broken",
        ),
        pytest.param(
            look(
                users="USERS\n"
                + "".join(cell(p[:-1] + ', "": "/note/a/b", "": "none", "": "/", "": 5}') for p in PEOPLE)
            ),
            {},
            "until 2024-08-10, 60 lines, 18 orders, 6 buyers, gross 1895.52, refunds 509.88",
            id="slashes, no path, no text",
        ),
    ],
)
def test_json_users(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Users as objects with repeated empty keys that hold /firstname/Brad."""
    assert said(tmp_path, more.pop("layout", "thelook"), files, **more) == expected
