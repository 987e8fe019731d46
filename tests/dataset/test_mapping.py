"""What is said of a mapping, and of the table it describes."""

# ruff: noqa: C408, E501

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from dataset.settings import Settings
from tests.dataset.opened import MAPPING, ORDERS, SALES, Files, mapped, said, sales, table, with_cell, with_column

TOML = """file = "sales.csv"
[columns]
customer_id = "cust"
order_id = "ord"
timestamp = "when"
amount = "amt"
"""
UNITS = {
    "file": "sales.csv",
    "columns": {"customer_id": "cust", "order_id": "ord", "timestamp": "when", "unit_price": "amt", "quantity": "q"},
}


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            sales(),
            dict(mapping=MAPPING),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="clean",
        ),
        pytest.param(
            {**sales(), "mapping.toml": TOML},
            {},
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="TOML",
        ),
        pytest.param(
            {**sales(), "mapping.toml": TOML + "["},
            {},
            "E_CONFIG mapping.toml: cannot be read: Invalid initial character for a key part (at end of document)",
            id="bad TOML",
        ),
        pytest.param(
            sales(),
            dict(mapping="{"),
            "E_CONFIG mapping.json: cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            id="bad JSON",
        ),
        pytest.param(
            sales(),
            dict(mapping="[]"),
            "E_CONFIG mapping.json: is not an object of keys and values",
            id="array",
        ),
        pytest.param(
            sales(),
            dict(mapping='{"file": "a", "file": "b"}'),
            "E_CONFIG mapping.json: cannot be read: key file is given twice",
            id="key twice",
        ),
        pytest.param(
            sales(),
            dict(mapping="[" * 100_000),
            "E_CONFIG mapping.json: cannot be read: nested too deep",
            id="nested too deep",
        ),
        pytest.param(
            sales(),
            {},
            "E_CONFIG the generic layout needs a mapping. Put mapping.json beside the data, or give --mapping FILE",
            id="none",
        ),
        pytest.param(
            sales(),
            dict(mapping={"file": "sales.csv"}),
            "E_CONFIG mapping.json: columns must give, for our names, the names in the table",
            id="no columns",
        ),
        pytest.param(
            sales(),
            dict(mapping={"file": "sales.csv", "columns": {"customer_id": "cust", "amount": "amt"}}),
            "E_CONFIG mapping.json: columns lacks timestamp",
            id="no timestamp",
        ),
        pytest.param(
            sales(),
            dict(
                mapping={"file": "sales.csv", "columns": {"customer_id": "cust", "timestamp": "when", "quantity": "q"}}
            ),
            "E_CONFIG mapping.json: columns needs amount, or quantity and unit_price",
            id="no amount",
        ),
        pytest.param(
            sales(),
            dict(mapping={"file": "sales.csv", "columns": {"timestamp": "when", "amount": "amt"}}),
            "E_CONFIG mapping.json: columns needs customer_id or order_id",
            id="neither customer nor order",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped({"amount": ["amt"]})),
            "E_CONFIG mapping.json: columns must give, for our names, the names in the table",
            id="column of two names",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped({"price": "amt2"})),
            "E_CONFIG mapping.json: unknown column 'price'. There is: customer_id, order_id, timestamp, amount, quantity, unit_price, product_id, product_name, category, currency, country, kind. Is unit_price meant?",
            id="unknown column",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped({"order_id": "cust"})),
            "E_CONFIG mapping.json: customer_id and order_id are both read from column 'cust'",
            id="same column twice",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(decimals=",")),
            "E_CONFIG mapping.json: unknown key 'decimals'. There is: layout, columns, file, source, query, date_format, timezone, decimal, thousands, encoding, delimiter, currency, amount_suffix. Is decimal meant?",
            id="unknown key",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(layout="thelook")),
            "E_CONFIG mapping.json: layout is 'thelook'; a mapping is for generic",
            id="other layout",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(timezone="Mars/Base")),
            "E_CONFIG mapping.json: timezone 'Mars/Base' is no IANA time zone such as Europe/Berlin",
            id="unknown time zone",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(timezone="../../etc/passwd")),
            "E_CONFIG mapping.json: timezone '../../etc/passwd' is no IANA time zone such as Europe/Berlin",
            id="time zone that is a path",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(timezone="Europe")),
            "E_CONFIG mapping.json: timezone 'Europe' is no IANA time zone such as Europe/Berlin",
            id="time zone that is a folder",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(timezone="a" * 400)),
            "E_CONFIG mapping.json: timezone 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' is no IANA time zone such as Europe/Berlin",
            id="time zone of 400 signs",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(timezone="localtime")),
            "E_CONFIG mapping.json: timezone 'localtime' is no IANA time zone such as Europe/Berlin",
            id="time zone of the machine",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(date_format="%Q")),
            "E_CONFIG mapping.json: date_format '%Q' is none. It is made of codes such as %d/%m/%Y %H:%M:%S",
            id="date format of unknown codes",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(date_format="%d/%m/%Y")),
            "E_DATE_PARSE sales.csv, column when, row 2: when is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="date format that fits no row",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(date_format="%Y'; drop table typed; --")),
            "E_DATE_PARSE sales.csv, column when, row 2: when is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="date format with SQL",
        ),
        pytest.param(
            sales(with_column(ORDERS, 2, lambda v, i: f"{v[8:10]}.{v[5:7]}.{v[:4]}")),
            dict(mapping=mapped(date_format="%d.%m.%Y")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="date format that fits",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(decimal=",", thousands=",")),
            "E_CONFIG mapping.json: decimal and thousands are the same sign",
            id="decimal and thousands alike",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(decimal=";")),
            "E_CONFIG mapping.json: decimal must be . or ,",
            id="unknown decimal",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(thousands="1")),
            "E_CONFIG mapping.json: thousands '1' is no sign between thousands: one of , . ' _ or a blank",
            id="thousands a digit",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(delimiter="||")),
            "E_CONFIG mapping.json: delimiter must be one sign, and no quote or line end",
            id="delimiter of two signs",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(delimiter='"')),
            "E_CONFIG mapping.json: delimiter must be one sign, and no quote or line end",
            id="delimiter a quote",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(delimiter=";")),
            "E_COLUMN_MISSING sales.csv, column cust: this column is missing. There is: ord,cust,when,amt",
            id="wrong delimiter",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(encoding="martian")),
            "E_CONFIG mapping.json: encoding 'martian' is no known encoding such as utf-8, latin-1, cp1252",
            id="unknown encoding",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(encoding="rot13")),
            "E_CONFIG mapping.json: encoding 'rot13' is no known encoding such as utf-8, latin-1, cp1252",
            id="encoding that is none of text",
        ),
        pytest.param(
            {"sales.csv": table(SALES, with_cell(ORDERS, 1, 1, "é")).encode("latin-1")},
            dict(mapping=mapped(encoding="latin-1")),
            "until 2024-09-18, 40 lines, 40 orders, 8 buyers, gross 1200.00, refunds 0.00",
            id="Latin-1 declared",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 1, 1, "é")),
            dict(mapping=mapped(encoding="ascii")),
            "E_ENCODING sales.csv: cannot be read as ascii: 'ascii' codec can't decode byte 0xc3 in position 53: ordinal not in range(128)",
            id="ASCII declared wrongly",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(currency="XQZ")),
            "E_CONFIG mapping.json: currency 'XQZ' is no ISO 4217 code such as EUR, USD, GBP",
            id="unknown currency",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(source="duckdb:///x.duckdb", query="select 1")),
            "E_CONFIG mapping.json: file and source are both given",
            id="file and source",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(query="select 1")),
            "E_CONFIG mapping.json: a query needs a source",
            id="query without source",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file=None, source="duckdb:///x.duckdb")),
            "E_CONFIG mapping.json: a source needs a query",
            id="source without query",
        ),
    ],
)
def test_mappings(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """A mapping is checked key by key before the data is looked at."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            sales(),
            dict(mapping=mapped(file=["sales.csv"])),
            "E_CONFIG mapping.json: file must be text",
            id="list",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="sale.csv")),
            "E_FILE_MISSING mapping.json: no file 'sale.csv'. There is: sales.csv, mapping.json. Is sales.csv meant?",
            id="misspelt",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="part-*.csv")),
            "E_FILE_MISSING mapping.json: no file 'part-*.csv'. There is: sales.csv, mapping.json",
            id="pattern that fits none",
        ),
        pytest.param(
            {"part-1.csv": table(SALES, ORDERS[:20]), "part-2.csv": table(SALES, ORDERS[20:]), ".part-3.csv": "x"},
            dict(mapping=mapped(file="part-*.csv")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="pattern",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="**.csv")),
            "E_CONFIG mapping.json: file '**.csv' is no name or pattern of files",
            id="no pattern",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file=".")),
            "E_CONFIG mapping.json: file '.' is no name or pattern of files",
            id="the folder itself",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="../../etc/passwd")),
            "E_PATH mapping.json: file '../../etc/passwd' leaves the folder of the mapping",
            id="outside",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="/etc/*")),
            "E_PATH mapping.json: file '/etc/*' leaves the folder of the mapping",
            id="absolute",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="a\0b")),
            "E_FILE_MISSING mapping.json: no file 'a b'. There is: sales.csv, mapping.json",
            id="NUL",
        ),
        pytest.param(
            sales(),
            dict(mapping=mapped(file="a" * 5000)),
            "E_CONFIG mapping.json: file 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' is no name or pattern of files",
            id="5,000 signs",
        ),
        pytest.param(
            {"sal[es].csv": table(SALES, ORDERS)},
            dict(mapping=mapped(file="sal[es].csv")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="brackets",
        ),
        pytest.param(
            {"sal*.csv": table(SALES, ORDERS), "salx.csv": "no"},
            dict(mapping=mapped(file="sal*.csv")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="star",
        ),
        pytest.param(
            {"s'; drop table x; --.csv": table(SALES, ORDERS)},
            dict(mapping=mapped(file="s'; drop table x; --.csv")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="quote and SQL",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(file="*.csv"), prepare=lambda raw: (raw / "x.csv").symlink_to("/etc/passwd")),
            "E_PATH mapping.json: file '*.csv' leads out of the folder of the mapping",
            id="link out",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(), prepare=lambda raw: os.mkfifo(raw / "sales.csv")),
            "E_FILE_TYPE sales.csv: is no regular file",
            id="FIFO",
        ),
        pytest.param(
            {},
            dict(mapping=mapped(), prepare=lambda raw: (raw / "sales.csv").mkdir()),
            "E_FILE_TYPE sales.csv: is a folder, not a table",
            id="folder",
        ),
        pytest.param(
            {"sales.pkl": b"\x80\x04x"},
            dict(mapping=mapped(file="sales.pkl")),
            "E_FILE_TYPE sales.pkl: is not a kind of file that is read. Read are .csv, .csv.gz, .tsv, .txt, .parquet, .xlsx",
            id="pickle",
        ),
    ],
)
def test_file_names(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """The file named is found beside the mapping and nowhere else."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            sales(header='"o""rd;",cust,when,amt'),
            dict(mapping=mapped({"order_id": 'o"rd;'})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="quotes",
        ),
        pytest.param(
            sales(header='"or\nd",cust,when,amt'),
            dict(mapping=mapped({"order_id": "or\nd"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="line end",
        ),
        pytest.param(
            sales(header='"ord""; drop table x;--",cust,when,amt'),
            dict(mapping=mapped({"order_id": 'ord"; drop table x;--'})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="SQL",
        ),
        pytest.param(
            sales(header="_row,cust,when,amt"),
            dict(mapping=mapped({"order_id": "_row"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="_row",
        ),
        pytest.param(
            sales(header="rowid,cust,when,amt"),
            dict(mapping=mapped({"order_id": "rowid"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="rowid",
        ),
        pytest.param(
            sales(header="reject,cust,when,amt"),
            dict(mapping=mapped({"order_id": "reject"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="reject",
        ),
        pytest.param(
            sales(header="select,cust,when,amt"),
            dict(mapping=mapped({"order_id": "select"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="select",
        ),
        pytest.param(
            sales(header="quantity,name,fate,unit_price"),
            dict(
                mapping=mapped(
                    {"order_id": "quantity", "customer_id": "name", "timestamp": "fate", "amount": "unit_price"}
                )
            ),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="our own names",
        ),
        pytest.param(
            sales(header="订单,客户,时间,金额"),
            dict(mapping=mapped({"customer_id": "客户", "order_id": "订单", "timestamp": "时间", "amount": "金额"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="Chinese",
        ),
        pytest.param(
            sales(header="ORD,Cust,WHEN,AMT"),
            dict(mapping=MAPPING),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="other case",
        ),
        pytest.param(
            sales([r + ",9" for r in ORDERS], SALES + ",amt %"),
            dict(mapping=MAPPING),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="alike but for a sign",
        ),
        pytest.param(
            sales([r + ",9" for r in ORDERS], SALES + ",amt ($)"),
            dict(mapping=mapped({"amount": "amt ($)"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 360.00, refunds 0.00",
            id="alike but for a sign, the other",
        ),
        pytest.param(
            sales([r + ",9" for r in ORDERS], "ord,cust,when,amt %,amt $"),
            dict(mapping=MAPPING),
            "E_COLUMN_DUPLICATE sales.csv, column amt: could be either of amt % and amt $. Rename or remove one",
            id="neither exact",
        ),
        pytest.param(
            sales(header="ord,cust,when,amount"),
            dict(mapping=MAPPING),
            "E_COLUMN_MISSING sales.csv, column amt: this column is missing. There is: ord, cust, when, amount. Is amount meant?",
            id="missing",
        ),
        pytest.param(
            {"part-1.csv": table(SALES, ORDERS[:20]), "part-2.csv": table("ord,cust,when,amount_cents", ORDERS[20:])},
            dict(mapping=mapped(file="part-*.csv")),
            "E_COLUMN_MISSING part-2.csv, column amt: this column is missing. There is: ord, cust, when, amount_cents",
            id="missing in a part",
        ),
    ],
)
def test_column_names(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Columns may be called anything."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {"sales.csv": table(SALES, ORDERS).replace(".50", ",50").replace(",50", ",50")},
            dict(mapping=MAPPING),
            "E_CSV_STRUCTURE sales.csv, row 2: has 5 fields where the header has 4. Repair or remove the row",
            id="comma undeclared",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: f'"{v.replace(".", ",")}"')),
            dict(mapping=MAPPING),
            "E_AMOUNT_PARSE sales.csv, column amt, row 2: amt is not an amount; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="comma quoted, undeclared",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: f'"{v.replace(".", ",")}"')),
            dict(mapping=mapped(decimal=",")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="comma declared",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: f'"1.2{v.replace(".", ",")}"')),
            dict(mapping=mapped(decimal=",", thousands=".")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 49200.00, refunds 0.00",
            id="1.234,50",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: "1.2" + v[:2])),
            dict(mapping=MAPPING),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 49.18, refunds 0.00\n"
                "W_AMOUNT_SCALE 40 sales.csv, amt: every amount has three digits behind the point: if these are thousands, say so in the mapping"
            ),
            id="three decimals everywhere",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: v + " EUR")),
            dict(mapping=mapped(amount_suffix=" EUR")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="suffix",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 3, 3, "0")),
            dict(mapping=MAPPING),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1186.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 sales.csv: 1 purchase of amount zero, counted as purchases"
            ),
            id="zero",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: "-" + v)),
            dict(mapping=MAPPING),
            "E_NO_PURCHASES sales.csv: no row is a sale: there is nothing to report",
            id="all negative",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 3, 3, "1e30")),
            dict(mapping=MAPPING),
            (
                "until 2024-09-18, 39 lines, 39 orders, 7 buyers, gross 1186.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 sales.csv: 1 row could not be read: amt is not an amount (1 row, first in row 5)"
            ),
            id="1e30",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: "0.005")),
            dict(mapping=MAPPING),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 0.20, refunds 0.00\n"
                "W_AMOUNT_SCALE 40 sales.csv, amt: every amount has three digits behind the point: if these are thousands, say so in the mapping"
            ),
            id="half cents",
        ),
        pytest.param(
            sales([r + ",2" for r in ORDERS], SALES + ",q"),
            dict(mapping=UNITS),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 2400.00, refunds 0.00",
            id="quantity and price",
        ),
        pytest.param(
            sales([r + ",1" for r in ORDERS[1:]] + [ORDERS[0] + ",0"], SALES + ",q"),
            dict(mapping=UNITS),
            (
                "until 2024-09-18, 40 lines, 39 orders, 7 buyers, gross 1189.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 sales.csv: 1 row left out: no price or no quantity: nothing was sold (worth 0.00)"
            ),
            id="quantity zero",
        ),
        pytest.param(
            sales([r + ",0.333" for r in ORDERS], SALES + ",q"),
            dict(mapping=UNITS),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 399.60, refunds 0.00",
            id="a third",
        ),
        pytest.param(
            sales([r + ",1000000000" for r in ORDERS], SALES + ",q"),
            dict(mapping=UNITS),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200000000000.00, refunds 0.00",
            id="a thousand million",
        ),
        pytest.param(
            sales([r + ",1" for r in ORDERS[1:]] + [ORDERS[0] + ",500000000000"], SALES + ",q"),
            dict(mapping=UNITS),
            (
                "until 2024-09-18, 39 lines, 39 orders, 7 buyers, gross 1189.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 sales.csv: 1 row could not be read: quantity times unit_price is larger than an amount can be (1 row, first in row 41)"
            ),
            id="too many",
        ),
        pytest.param(
            sales([r + ",1" for r in ORDERS[1:]] + ["o0,c0,2024-01-10,-10,-1"], SALES + ",q"),
            dict(mapping=UNITS),
            "until 2024-09-18, 40 lines, 39 orders, 7 buyers, gross 1189.50, refunds 10.00",
            id="negative both",
        ),
        pytest.param(
            sales(),
            dict(
                mapping={"file": "sales.csv", "columns": {"customer_id": "cust", "timestamp": "when", "amount": "amt"}}
            ),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="no orders",
        ),
        pytest.param(
            sales(),
            dict(mapping={"file": "sales.csv", "columns": {"order_id": "ord", "timestamp": "when", "amount": "amt"}}),
            (
                "until 2024-09-18, 40 lines, 40 orders, 0 buyers, gross 1200.00, refunds 0.00\n"
                "W_UNKNOWN_CUSTOMER 40 sales.csv: 40 lines without a customer (net 1200.00): in revenue, not in the customer analyses"
            ),
            id="no customers",
        ),
        pytest.param(
            sales([f"{r},{'EUR' if i % 3 else ''}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"})),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00\n"
                "W_CURRENCY 14 sales.csv: 14 rows without a currency, taken as EUR as the others are"
            ),
            id="currency blank in places",
        ),
        pytest.param(
            sales([f"{r},{'EUR' if i % 3 else 'NULL'}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"})),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00\n"
                "W_CURRENCY 14 sales.csv: 14 rows without a currency, taken as EUR as the others are"
            ),
            id="currency NULL in places",
        ),
        pytest.param(
            sales([f"{r},{'EUR' if i % 3 else ' eur'}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="currency in other case",
        ),
        pytest.param(
            sales([f"{r},{'EUR' if i % 3 else 'JPY'}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"})),
            "E_CURRENCY_MIXED sales.csv, column ccy, row 3: amounts in several currencies (JPY, EUR) cannot be added up. Convert them to one currency first, or report each apart",
            id="currency of two",
        ),
        pytest.param(
            sales([f"{r},{'EUR'}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"}, currency="USD")),
            "E_CURRENCY_MIXED sales.csv: the mapping says USD, the data EUR. Set the mapping's currency to what the amounts are in",
            id="currency against the mapping",
        ),
        pytest.param(
            sales([f"{r},{'Z9!'}" for i, r in enumerate(ORDERS)], SALES + ",ccy"),
            dict(mapping=mapped({"currency": "ccy"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="currency that is none",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: "$" + v)),
            dict(mapping=mapped(currency="EUR")),
            "E_CURRENCY_MIXED sales.csv: the mapping says EUR, the data USD. Set the mapping's currency to what the amounts are in",
            id="sign against the mapping",
        ),
        pytest.param(
            sales(with_column(ORDERS, 3, lambda v, i: "$" + v)),
            dict(mapping=mapped(currency="CAD")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="dollar of Canada",
        ),
    ],
)
def test_amounts(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Amounts, quantities and currencies as the mapping declares them."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            sales([r + "," + ("Refund" if i % 3 == 0 else " SALE ") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            "until 2024-09-18, 40 lines, 26 orders, 7 buyers, gross 780.00, refunds 420.00",
            id="refunds as positive amounts",
        ),
        pytest.param(
            sales([r + "," + ("cancelled" if i % 3 == 0 else "sale") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            "until 2024-09-18, 40 lines, 26 orders, 7 buyers, gross 780.00, refunds 0.00",
            id="cancelled",
        ),
        pytest.param(
            sales([r + "," + ("sale" if i % 3 else "zork") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            (
                "until 2024-09-18, 40 lines, 26 orders, 7 buyers, gross 780.00, refunds 0.00\n"
                "W_UNKNOWN_STATUS 14 sales.csv: 14 rows left out: kind of unknown meaning (worth 420.00)"
            ),
            id="unknown word",
        ),
        pytest.param(
            sales([r + "," + ("zork") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            "E_NO_PURCHASES sales.csv: no row is a sale: there is nothing to report",
            id="only unknown words",
        ),
        pytest.param(
            sales([r + "," + ("" if i % 3 else "sale") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="blank in places",
        ),
        pytest.param(
            sales([r + "," + ("sale") for i, r in enumerate(with_cell(ORDERS, 3, 3, "-5"))], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            (
                "until 2024-09-18, 40 lines, 39 orders, 7 buyers, gross 1186.50, refunds 5.00\n"
                "W_NEGATIVE_AMOUNT 1 sales.csv: 1 row of kind sale or returned with a negative amount: refunds"
            ),
            id="negative sale",
        ),
        pytest.param(
            sales(
                [r + "," + ("returned" if i == 3 else "sale") for i, r in enumerate(with_cell(ORDERS, 3, 3, "-5"))],
                SALES + ",k",
            ),
            dict(mapping=mapped({"kind": "k"})),
            (
                "until 2024-09-18, 40 lines, 39 orders, 7 buyers, gross 1186.50, refunds 5.00\n"
                "W_NEGATIVE_AMOUNT 1 sales.csv: 1 row of kind sale or returned with a negative amount: refunds"
            ),
            id="negative return",
        ),
        pytest.param(
            sales([r + "," + ("returned" if i == 3 else "sale") for i, r in enumerate(ORDERS)], SALES + ",k"),
            dict(mapping=mapped({"kind": "k"})),
            "until 2024-09-18, 40 lines, 39 orders, 7 buyers, gross 1200.00, refunds 13.50",
            id="returned",
        ),
    ],
)
def test_kinds(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """A kind column decides; what it says and the amount does not fit is noted."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            sales(with_cell(ORDERS, 3, 2, "2024-03-31 02:30:00")),
            dict(mapping=mapped(timezone="Europe/Berlin")),
            (
                "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00\n"
                "W_DST 1 sales.csv: 1 time in when within a clock change of Europe/Berlin, so without or with two meanings; kept as written"
            ),
            id="hour that was skipped",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 3, 2, "2024-10-27 02:30:00")),
            dict(mapping=mapped(timezone="Europe/Berlin")),
            (
                "until 2024-10-27, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00\n"
                "W_DST 1 sales.csv: 1 time in when within a clock change of Europe/Berlin, so without or with two meanings; kept as written"
            ),
            id="hour that came twice",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 3, 2, "2024-03-31 03:30:00")),
            dict(mapping=mapped(timezone="Europe/Berlin")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="just after the change",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 39, 2, "2024-12-31 23:30:00")),
            dict(mapping=mapped(timezone="America/New_York"), settings=Settings(zone="Europe/Berlin")),
            "until 2025-01-01, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="other zone asked",
        ),
        pytest.param(
            sales(with_column(ORDERS, 2, lambda v, i: v + " +0200")),
            dict(mapping=mapped(date_format="%Y-%m-%d %H:%M:%S %z")),
            "until 2024-09-18, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="offset in the format",
        ),
        pytest.param(
            sales(with_cell(ORDERS, 3, 2, "2042-03-31 12:00:00")),
            dict(mapping=MAPPING),
            (
                "until 2042-03-31, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00\n"
                "W_LATE_SALES 1 1 sale from 2042-03-31 on, 6,403 days after the sale before: wrong dates? Every recency counts from the last sale; as_of sets another day"
            ),
            id="one sale years later",
        ),
        pytest.param(
            sales([*ORDERS[:37], *(r.replace("2024-", "2042-") for r in ORDERS[37:])]),
            dict(mapping=MAPPING),
            "until 2042-04-13, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="three sales years later, of forty",
        ),
        pytest.param(
            sales(with_column(ORDERS, 2, lambda v, i: "2024-05-05")),
            dict(mapping=MAPPING),
            "until 2024-05-05, 40 lines, 40 orders, 7 buyers, gross 1200.00, refunds 0.00",
            id="one day",
        ),
        pytest.param(
            sales(),
            dict(mapping=MAPPING, settings=Settings(as_of=date(2020, 1, 1))),
            "E_CONFIG there is no sale before as_of 2020-01-01. The last sale is on 2024-09-18",
            id="day before all sales",
        ),
    ],
)
def test_times(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Times are local to the zone; clock changes are noted."""
    assert said(tmp_path, more.pop("layout", "generic"), files, **more) == expected
