"""What is said of RetailRocket's event log, item properties and category tree."""

# ruff: noqa: C408, E501

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dataset.settings import Settings
from tests.dataset.opened import (
    EVENT,
    EVENTS,
    PRICES,
    PROPERTY,
    START,
    Files,
    invoices,
    rocket,
    said,
    table,
    with_cell,
    with_column,
)


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            rocket(),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="clean",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 0, lambda v, i: str(int(v) // 1000))),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_EPOCH_UNIT 1 events.csv: timestamp counts seconds since 1970, not milliseconds, and is read so"
            ),
            id="seconds",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 0, lambda v, i: v + "000")),
            {},
            "E_EPOCH_UNIT events.csv, column timestamp, row 2: times are in microseconds since 1970, milliseconds are expected. Divide by 1,000 until they are milliseconds",
            id="microseconds",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 0, lambda v, i: f"2015-05-01 10:00:{i:02d}")),
            {},
            "until 2015-05-01, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="ISO times",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "-5")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: timestamp is not a date that can be (1 row, first in row 5)"
            ),
            id="negative time",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "0")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: timestamp is not a date that can be (1 row, first in row 5)"
            ),
            id="time zero",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: timestamp is not a date that can be (1 row, first in row 5)"
            ),
            id="blank time",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "1430000003000.0")),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="time with decimals",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "1430000003")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: timestamp is not a date that can be (1 row, first in row 5)"
            ),
            id="one in seconds",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "1430000003000000")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: timestamp is not a date that can be (1 row, first in row 5)"
            ),
            id="one in microseconds",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 0, "4000000000000")),
            {},
            (
                "until 2096-10-02, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_LATE_SALES 1 1 sale from 2096-10-02 on, 29,746 days after the sale before: wrong dates? Every recency counts from the last sale; as_of sets another day"
            ),
            id="one of 2096",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 1, "")),
            {},
            (
                "until 2015-04-25, 14 lines, 14 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 events.csv: 1 row could not be read: visitorid is blank (1 row, first in row 5)"
            ),
            id="blank visitor",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 1, "NA")),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 10 buyers, gross 180.00, refunds 0.00",
            id="visitor NA",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 1, lambda v, i: str(10**30 + int(v)))),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="visitors above 2^64",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 3, "")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 167.00, refunds 0.00\n"
                "W_UNPRICED_LINES 1 events.csv: 1 of 15 purchases have no known price; their money is unknown"
            ),
            id="blank item",
        ),
        pytest.param(
            rocket(with_cell(with_cell(EVENTS, 3, 2, "TRANSACTION"), 2, 2, " AddToCart ")),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="kinds in other spellings",
        ),
        pytest.param(
            rocket(with_cell(with_cell(EVENTS, 0, 2, "purchase"), 1, 2, "")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_UNKNOWN_EVENT 2 events.csv: 2 events of unknown kind ('purchase', blank), left out"
            ),
            id="unknown kinds",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 2, lambda v, i: "click")),
            {},
            "E_EVENT events.csv, column event: no row is one of view, addtocart, transaction. There is 'click'",
            id="only unknown kinds",
        ),
        pytest.param(
            rocket([*EVENTS, *EVENTS[:10]]),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_DUPLICATE_ROWS 10 events.csv: 10 events repeated to the millisecond, counted once"
            ),
            id="repeated",
        ),
        pytest.param(
            rocket(with_column(EVENTS, 4, lambda v, i: "")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_TRANSACTION_ID 15 events.csv: 15 transactions without an id (then visitor and second make the order), 0 other events with one"
            ),
            id="transactions without an id",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 0, 4, "99")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_TRANSACTION_ID 1 events.csv: 0 transactions without an id (then visitor and second make the order), 1 other events with one"
            ),
            id="view with an id",
        ),
        pytest.param(
            rocket(with_cell(EVENTS, 3, 4, "7")),
            {},
            (
                "until 2015-04-25, 15 lines, 14 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_SHARED_ORDER 1 events.csv: 1 transaction id used by several visitors, each one order"
            ),
            id="id of two visitors",
        ),
        pytest.param(
            rocket([e for e in EVENTS if "transaction" not in e]),
            {},
            (
                "0 lines, 0 orders, 0 buyers, gross 0.00, refunds 0.00\n"
                "W_NO_PURCHASES 1 events.csv: nobody bought anything; only the funnel can be told"
            ),
            id="no purchases",
        ),
        pytest.param(
            rocket([e for e in EVENTS if "addtocart" not in e]),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="no carts",
        ),
        pytest.param(
            rocket(EVENTS[3:4]),
            {},
            "until 2015-04-25, 1 lines, 1 orders, 1 buyers, gross 13.00, refunds 0.00",
            id="one event",
        ),
        pytest.param(
            {**rocket(), "events.csv": table(EVENT.rsplit(",", 1)[0], [e.rsplit(",", 1)[0] for e in EVENTS])},
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="no column of transaction ids",
        ),
        pytest.param(
            {name: content for name, content in rocket().items() if name != "events.csv"},
            {},
            "E_FILE_MISSING events.csv: this file is missing. There is category_tree.csv, item_properties.csv",
            id="no events file",
        ),
        pytest.param(
            {**rocket(), "events_2.csv": table(EVENT, EVENTS)},
            {},
            "E_LAYOUT several event logs lie here: events.csv, events_2.csv. Name the one that is meant",
            id="two event logs",
        ),
        pytest.param(
            {"events.csv": table(PROPERTY, PRICES), "item_properties.csv": table(EVENT, EVENTS)},
            {},
            "E_COLUMN_MISSING events.csv, column visitorid: this column is missing. There is: timestamp, itemid, property, value",
            id="events and properties swapped",
        ),
    ],
)
def test_events(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """What an event's oddities do."""
    assert said(tmp_path, more.pop("layout", "retailrocket"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            rocket(prices=None),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, no money\n"
                "W_UNPRICED_LINES 15 events.csv: 15 of 15 purchases have no known price; their money is unknown"
            ),
            id="no properties",
        ),
        pytest.param(
            rocket(prices=[]),
            {},
            "E_NO_ROWS item_properties.csv: has a header but no rows",
            id="header only",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is n",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "nNaN")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is nNaN",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n-5.000")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is n-5.000",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "12.5")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is 12.5",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "ninf")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is ninf",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n12.000 n13.000")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is n12.000 n13.000",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is blank",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n99999999999999999")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 item_properties.csv: 1 value of property 790 not a price such as n12.000, left out\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is n99999999999999999",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n0.000")),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="790 is n0.000",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 3, "n5.5")),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 157.50, refunds 0.00",
            id="790 is n5.5",
        ),
        pytest.param(
            rocket(prices=with_cell(PRICES, 3, 0, str(START + 10**9))),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 141.00, refunds 0.00\n"
                "W_UNPRICED_LINES 3 events.csv: 3 of 15 purchases have no known price; their money is unknown"
            ),
            id="stated after the purchase",
        ),
        pytest.param(
            rocket(prices=[*PRICES, f"{START - 50_000},3,790,n20.000"]),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 201.00, refunds 0.00",
            id="raised before the purchase",
        ),
        pytest.param(
            rocket(prices=[*PRICES, f"{START - 100_000},3,790,n99.000"]),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_PRICE_CONFLICT 1 item_properties.csv: 1 time an item has two prices at the same moment; the lower one counts"
            ),
            id="two prices at one moment",
        ),
        pytest.param(
            rocket(prices=[f"{START - 100_000},3,790,n99.000", *PRICES]),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_PRICE_CONFLICT 1 item_properties.csv: 1 time an item has two prices at the same moment; the lower one counts"
            ),
            id="two prices at one moment, other order",
        ),
        pytest.param(
            rocket(prices=[*PRICES, PRICES[3]]),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="same price twice",
        ),
        pytest.param(
            rocket(**{"item_properties_part2.csv": table(PROPERTY + ",x", [p + ",1" for p in PRICES])}),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="column more in one part",
        ),
        pytest.param(
            rocket(prices=with_column(PRICES, 0, lambda v, i: str(int(v) // 1000))),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_EPOCH_UNIT 1 item_properties.csv: timestamp counts seconds since 1970, not milliseconds, and is read so"
            ),
            id="in seconds",
        ),
        pytest.param(
            rocket(prices=with_column(PRICES, 0, lambda v, i: v + "000")),
            {},
            "E_EPOCH_UNIT item_properties.csv, column timestamp, row 2: times are in microseconds since 1970, milliseconds are expected. Divide by 1,000 until they are milliseconds",
            id="in microseconds",
        ),
    ],
)
def test_prices(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """The price is the latest property 790 that starts with n, at or before the purchase."""
    assert said(tmp_path, more.pop("layout", "retailrocket"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            rocket(tree=None),
            {},
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="none",
        ),
        pytest.param(
            rocket(tree=[]),
            {},
            "E_NO_ROWS category_tree.csv: has a header but no rows",
            id="header only",
        ),
        pytest.param(
            rocket(tree=["1,3", "3,2", "2,1", "4,4", "5,99", "6,"]),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_CATEGORY_TREE 5 category_tree.csv: 5 categories whose parents are missing, several, or lead in a circle"
            ),
            id="circle",
        ),
        pytest.param(
            rocket(tree=["1,", "2,1", "2,7", "7,"]),
            {},
            (
                "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00\n"
                "W_CATEGORY_TREE 1 category_tree.csv: 1 categories whose parents are missing, several, or lead in a circle"
            ),
            id="two parents",
        ),
        pytest.param(
            rocket(tree=[",", "1,"]),
            {},
            "E_NULL category_tree.csv, column categoryid, row 2: categoryid is blank; 1 of 2 rows cannot be read (50%). Repair the file, or say in a mapping how it is written",
            id="blank category",
        ),
        pytest.param(
            rocket(tree=None, **{"category_tree.csv": "hello\nworld\n"}),
            {},
            "E_COLUMN_MISSING category_tree.csv, column categoryid: this column is missing. There is: hello",
            id="no tree",
        ),
    ],
)
def test_category_trees(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """A tree of any shape ends."""
    assert said(tmp_path, more.pop("layout", "retailrocket"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            rocket(),
            dict(layout="auto"),
            "until 2015-04-25, 15 lines, 15 orders, 9 buyers, gross 180.00, refunds 0.00",
            id="told",
        ),
        pytest.param(
            {**rocket(), **invoices()},
            dict(layout="auto"),
            "E_LAYOUT in: several data sets lie here: retailrocket (events.csv); online_retail (transactions.csv). Name the file or give --layout",
            id="two data sets",
        ),
        pytest.param(
            {"z.csv": "a,b\n1,2\n"},
            dict(layout="auto"),
            "E_LAYOUT in: the layout cannot be told from the files. There is: z.csv (a, b). Give --layout, or describe the columns in a mapping.json",
            id="unknown columns",
        ),
        pytest.param(
            {},
            dict(layout="auto"),
            "E_LAYOUT in: the layout cannot be told from the files. There is: no data file. Give --layout, or describe the columns in a mapping.json",
            id="no file",
        ),
        pytest.param(
            rocket(),
            dict(layout="rocket"),
            "E_CONFIG there is no layout 'rocket'. There is: retailrocket, thelook, online_retail, adventureworks, generic, auto. Is retailrocket meant?",
            id="unknown layout",
        ),
        pytest.param(
            rocket(),
            dict(settings=Settings(as_of=date(2000, 1, 1))),
            "E_CONFIG there is no sale before as_of 2000-01-01. The last sale is on 2015-04-25",
            id="day before all sales",
        ),
    ],
)
def test_layouts_told(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """The layout is told from the columns; what fits none or two is refused."""
    assert said(tmp_path, more.pop("layout", "retailrocket"), files, **more) == expected
