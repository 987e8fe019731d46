"""What is said of files that are not the plain UTF-8 tables they should be: each is read right, with a note, or refused in one line."""

# ruff: noqa: C408, E501

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.dataset.opened import INVOICES, UCI, Files, invoice_cells, invoices, said, table, with_cell, workbook, zipped


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).replace("THING 3", "TH\0NG", 1)},
            {},
            "E_FILE_TYPE transactions.csv, row 5: holds a NUL byte: not a text table, or damaged",
            id="NUL byte",
        ),
        pytest.param(
            {"transactions.csv": ""},
            {},
            "E_NO_ROWS transactions.csv: is empty",
            id="empty",
        ),
        pytest.param(
            {"transactions.csv": "\n\n"},
            {},
            "E_NO_ROWS transactions.csv: has no header",
            id="blank lines only",
        ),
        pytest.param(
            {"transactions.csv": b"\xef\xbb\xbf"},
            {},
            "E_NO_ROWS transactions.csv: is empty",
            id="byte order mark only",
        ),
        pytest.param(
            invoices([]),
            {},
            "E_NO_ROWS transactions.csv: has a header but no rows",
            id="header only",
        ),
        pytest.param(
            {},
            dict(prepare=lambda raw: (raw / "transactions.csv").mkdir()),
            "E_FILE_TYPE transactions.csv: is a folder, not a table",
            id="folder of that name",
        ),
        pytest.param(
            {},
            dict(prepare=lambda raw: os.mkfifo(raw / "transactions.csv")),
            "E_FILE_TYPE transactions.csv: is no regular file",
            id="FIFO",
        ),
        pytest.param(
            {},
            dict(layout="auto", prepare=lambda raw: os.mkfifo(raw / "transactions.csv")),
            "E_FILE_TYPE transactions.csv: is no regular file",
            id="FIFO, layout to be told",
        ),
        pytest.param(
            {},
            dict(prepare=lambda raw: (raw / "transactions.csv").symlink_to("/etc/passwd")),
            "E_PATH transactions.csv: is a link that leads out of the folder. Put the file itself there",
            id="link out of the folder",
        ),
        pytest.param(
            {},
            dict(prepare=lambda raw: (raw / "transactions.csv").symlink_to("gone.csv")),
            "E_FILE_TYPE transactions.csv: is a link that leads nowhere",
            id="link to nowhere",
        ),
        pytest.param(
            {},
            {},
            "E_FILE_MISSING in: holds no CSV, Parquet or XLSX file",
            id="no file",
        ),
        pytest.param(
            {".transactions.csv": "a,b\n1,2\n"},
            {},
            "E_FILE_MISSING in: holds no CSV, Parquet or XLSX file",
            id="only a hidden file",
        ),
        pytest.param(
            {"transactions.csv": b"PK\x03\x04" + b"x" * 100},
            {},
            "E_FILE_TYPE transactions.csv: is a ZIP or Excel file; name an Excel file .xlsx, unpack a ZIP",
            id="ZIP",
        ),
        pytest.param(
            {"transactions.csv": b"%PDF-1.7\n%\xe2\xe3"},
            {},
            "E_FILE_TYPE transactions.csv: is a PDF",
            id="PDF",
        ),
        pytest.param(
            {"transactions.csv": b"\x80\x04\x95abc."},
            {},
            "E_FILE_TYPE transactions.csv: is a Python pickle, which is never opened",
            id="pickle",
        ),
        pytest.param(
            {"transactions.csv": b"SQLite format 3\0" + bytes(100)},
            {},
            "E_FILE_TYPE transactions.csv: is an SQLite database; open it by sqlite:///PATH in a mapping",
            id="SQLite",
        ),
        pytest.param(
            {"transactions.csv": b"PAR1" + bytes(100)},
            {},
            "E_FILE_TYPE transactions.csv: is a Parquet file; name it .parquet",
            id="Parquet called CSV",
        ),
        pytest.param(
            {"transactions.csv": "\n\n<!DOCTYPE html><html>"},
            {},
            "E_FILE_TYPE transactions.csv: is a web page, not a table (a login page saved as data?)",
            id="web page",
        ),
        pytest.param(
            {"transactions.csv": '[{"InvoiceNo": 1}]'},
            {},
            "E_FILE_TYPE transactions.csv: is JSON, not a table",
            id="JSON array",
        ),
        pytest.param(
            {"transactions.csv": '{"InvoiceNo": 1}\n{"InvoiceNo": 2}\n'},
            {},
            "E_FILE_TYPE transactions.csv: is JSON, not a table",
            id="JSON lines",
        ),
        pytest.param(
            {"transactions.xlsx": b"PK\x03\x04" + b"x" * 100},
            {},
            "E_FILE_TYPE transactions.xlsx: cannot be opened as an Excel file: invalid Zip archive: Could not find EOCD",
            id="broken Excel",
        ),
        pytest.param(
            {"transactions.xlsx": table(UCI, INVOICES)},
            {},
            "E_FILE_TYPE transactions.xlsx: cannot be opened as an Excel file: invalid Zip archive: Could not find EOCD",
            id="CSV called Excel",
        ),
        pytest.param(
            {"transactions.xlsx": b"PK"},
            dict(layout="auto"),
            "E_FILE_TYPE transactions.xlsx: cannot be opened as an Excel file: invalid Zip archive: Could not find EOCD",
            id="broken Excel, layout to be told",
        ),
        pytest.param(
            {"transactions.parquet": b"PAR1" + bytes(100)},
            {},
            "E_FILE_TYPE transactions.parquet: is not a whole Parquet file",
            id="Parquet cut off",
        ),
        pytest.param(
            {"transactions.parquet": b""},
            {},
            "E_FILE_TYPE transactions.parquet: is not a whole Parquet file",
            id="empty Parquet",
        ),
        pytest.param(
            invoices([row + ",1" * 4993 for row in INVOICES], UCI + "," + ",".join(f"x{i}" for i in range(4993))),
            {},
            "E_TOO_WIDE transactions.csv: has 5,001 columns; up to 500 are read. Keep those the report needs",
            id="5,000 columns",
        ),
    ],
)
def test_files_that_cannot_be_tables(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Something else under a table's name is refused before a row of it is believed."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {"transactions.csv": "\ufeff" + table(UCI, INVOICES)},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="UTF-8 with mark",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).encode("utf-16")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is UTF-16, not UTF-8; it was converted"
            ),
            id="UTF-16 with mark",
        ),
        pytest.param(
            {"transactions.csv": b"\xfe\xff" + table(UCI, INVOICES).encode("utf-16-be")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is UTF-16, not UTF-8; it was converted"
            ),
            id="UTF-16 big end first",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).encode("utf-16-le")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is UTF-16-LE, not UTF-8; it was converted"
            ),
            id="UTF-16 without mark",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).encode("utf-16")[:-1]},
            {},
            "E_ENCODING transactions.csv: cannot be read as UTF-16: 'utf-16-le' codec can't decode byte 0x0a in position 5124: truncated data",
            id="UTF-16 cut",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).encode("utf-32")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is UTF-32, not UTF-8; it was converted"
            ),
            id="UTF-32",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, with_cell(INVOICES, 3, 2, "CAFÉ")).encode("latin-1")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is Windows-1252 (or Latin-1), not UTF-8; it was converted"
            ),
            id="Latin-1",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, with_cell(INVOICES, 3, 2, "5 €")).encode("cp1252")},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ENCODING 1 transactions.csv is Windows-1252 (or Latin-1), not UTF-8; it was converted"
            ),
            id="euro sign in Windows-1252",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).encode().replace(b"THING 3", b"TH\x81NG", 1)},
            {},
            "E_ENCODING transactions.csv, row 5: is not valid UTF-8 here, and not one other encoding throughout. Save the file again as UTF-8",
            id="byte of no encoding",
        ),
        pytest.param(
            {
                "transactions.csv": table(UCI, with_cell(INVOICES, 3, 2, "CAFÉ")).encode()
                + with_cell(INVOICES, 3, 2, "CAFÉ")[3].encode("latin-1")
                + b"\n"
            },
            {},
            "E_ENCODING transactions.csv, row 42: is not valid UTF-8 here, and not one other encoding throughout. Save the file again as UTF-8",
            id="UTF-8, then Latin-1",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, with_cell(INVOICES, 39, 7, "É")).encode()[:-2]},
            {},
            "E_ENCODING transactions.csv, row 41: is not valid UTF-8 here, and not one other encoding throughout. Save the file again as UTF-8",
            id="UTF-8 cut within a sign",
        ),
    ],
)
def test_encodings(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Every encoding that is certain is read, with a note; what is not certain is refused with its row."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(end="\r\n"),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="CRLF",
        ),
        pytest.param(
            invoices(end="\r"),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="CR",
        ),
        pytest.param(
            {"transactions.csv": "\n" + table(UCI, [*INVOICES[:5], "", "", *INVOICES[5:], ""])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="blank lines",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES)[:-1]},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_NO_FINAL_NEWLINE 1 transactions.csv ends without a line end: its last row may be cut short"
            ),
            id="no final line end",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES))},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="gzip",
        ),
        pytest.param(
            {"transactions.csv": zipped(table(UCI, INVOICES))},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="gzip called CSV",
        ),
        pytest.param(
            {"transactions.csv.gz": table(UCI, INVOICES)},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="CSV called gzip",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES[:20])) + zipped("\n".join(INVOICES[20:]) + "\n")},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="gzip of two members",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES[:20])) + zipped("\n".join(INVOICES[20:]) + "\n")[:-9]},
            {},
            "E_FILE_TRUNCATED transactions.csv.gz: is a gzip file that ends too early. Download it again",
            id="second member cut",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES))[:-20]},
            {},
            "E_FILE_TRUNCATED transactions.csv.gz: is a gzip file that ends too early. Download it again",
            id="gzip cut",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES)) + b"GARBAGE"},
            {},
            "E_FILE_TRUNCATED transactions.csv.gz: is a damaged gzip file (Error -3 while decompressing data: incorrect header check). Download it again",
            id="gzip with something behind",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped("")},
            {},
            "E_NO_ROWS transactions.csv.gz: is empty",
            id="gzip of nothing",
        ),
        pytest.param(
            {"transactions.csv.gz": zipped(table(UCI, INVOICES))[:30]},
            dict(layout="auto"),
            "E_FILE_TRUNCATED transactions.csv.gz: is a gzip file that ends too early. Download it again",
            id="cut gzip, layout to be told",
        ),
    ],
)
def test_line_ends_and_gzip(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """How lines end and whether the file is packed changes nothing."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices([r + ",1" for r in INVOICES], UCI + ",Quantity"),
            {},
            "E_COLUMN_DUPLICATE transactions.csv, column Quantity: two columns have this name",
            id="same name twice",
        ),
        pytest.param(
            invoices([r + ",1" for r in INVOICES], UCI + ",quantity"),
            {},
            "E_COLUMN_DUPLICATE transactions.csv, column quantity: two columns have this name",
            id="twice but for case",
        ),
        pytest.param(
            invoices([r + ",1" for r in INVOICES], UCI + ",Customer ID"),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="exact name wins",
        ),
        pytest.param(
            invoices([r + ",1" for r in INVOICES], UCI.replace("CustomerID", "customer_id") + ",Customer ID"),
            {},
            "E_COLUMN_DUPLICATE transactions.csv, column CustomerID: could be either of customer_id and Customer ID. Rename or remove one",
            id="neither exact",
        ),
        pytest.param(
            invoices([f"{i},{r}" for i, r in enumerate(INVOICES)], "," + UCI),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="blank header cell",
        ),
        pytest.param(
            invoices([r + ",1,2" for r in INVOICES], UCI + ",,"),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="two blank header cells",
        ),
        pytest.param(
            invoices(header=",".join(f'"{name}"' for name in UCI.split(","))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="quoted header",
        ),
        pytest.param(
            invoices(header=UCI.lower()),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="lower case",
        ),
        pytest.param(
            invoices([",".join(r.split(",")[::-1]) for r in INVOICES], ",".join(UCI.split(",")[::-1])),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="other order",
        ),
        pytest.param(
            invoices(header="Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="UCI II spelling",
        ),
        pytest.param(
            invoices(header=UCI.replace("Description", '"Descrip\ntion"')),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="header of two lines",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 5, "?"), UCI.replace("Description", '"Descrip\ntion"')),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 6)"
            ),
            id="row after a header of two lines",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).replace(",", ";")},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="semicolons",
        ),
        pytest.param(
            {"transactions.tsv": table(UCI, INVOICES).replace(",", "\t")},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="tabs",
        ),
        pytest.param(
            {"transactions.txt": table(UCI, INVOICES).replace(",", "|")},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="bars",
        ),
        pytest.param(
            {"transactions.csv": table(UCI, INVOICES).replace(",", "^")},
            {},
            "E_COLUMN_MISSING transactions.csv, column InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID: these columns are missing. There is: InvoiceNo^StockCode^Description^Quantity^InvoiceDate^UnitPr…. Is InvoiceNo^StockCode^Description^Quantity^InvoiceDate^UnitPr… meant?",
            id="unknown delimiter",
        ),
        pytest.param(
            invoices([r + "," for r in INVOICES]),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="delimiter at every row's end",
        ),
        pytest.param(
            invoices([*INVOICES[:9], INVOICES[9] + ",x", *INVOICES[10:]]),
            {},
            "E_CSV_STRUCTURE transactions.csv, row 11: has 9 fields where the header has 8. Repair or remove the row",
            id="too many fields",
        ),
        pytest.param(
            invoices([*INVOICES[:9], "500009,X", *INVOICES[10:]]),
            {},
            "E_CSV_STRUCTURE transactions.csv, row 11: has 2 fields where the header has 8. Repair or remove the row",
            id="too few fields",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 4, 2, '"THING')),
            {},
            "E_CSV_STRUCTURE transactions.csv, row 6: a quote is opened here and not closed properly (unexpected end of data). Double or remove the quote",
            id="quote never closed",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 4, 2, '"THING" big')),
            {},
            "E_CSV_STRUCTURE transactions.csv, row 6: a quote is opened here and not closed properly (',' expected after '\"'). Double or remove the quote",
            id="text after a quote",
        ),
        pytest.param(
            invoices(with_cell(with_cell(INVOICES, 9, 5, "?"), 4, 2, '"A\r\nB\nC"')),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 314.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 13)"
            ),
            id="line ends within quotes",
        ),
        pytest.param(
            {"transactions.csv": "Sales 2011\n" + table(UCI, INVOICES)},
            {},
            "E_CSV_STRUCTURE transactions.csv, row 2: has 8 fields where the header has 1. Repair or remove the row",
            id="title above the header",
        ),
        pytest.param(
            invoices([*INVOICES[:20], UCI, *INVOICES[20:]]),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: Quantity is not a number (1 row, first in row 22)"
            ),
            id="header repeated",
        ),
        pytest.param(
            invoices([*INVOICES, ",,,,,,,"]),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceNo is blank (1 row, first in row 42)"
            ),
            id="blank row of commas",
        ),
        pytest.param(
            invoices([*INVOICES, "TOTAL,,,100,,325.00,,"]),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 42)"
            ),
            id="row of totals",
        ),
        pytest.param(
            invoices([r.rsplit(",", 3)[0] for r in INVOICES], UCI.rsplit(",", 3)[0]),
            {},
            "E_COLUMN_MISSING transactions.csv, column UnitPrice, CustomerID: these columns are missing. There is: InvoiceNo, StockCode, Description, Quantity, InvoiceDate",
            id="columns missing",
        ),
        pytest.param(
            invoices(header=UCI.replace("UnitPrice", "UnitPrize")),
            {},
            "E_COLUMN_MISSING transactions.csv, column UnitPrice: this column is missing. There is: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrize, CustomerID, Country. Is UnitPrize meant?",
            id="column misspelt",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 2, "x" * 1_000_000)),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_TEXT_TRUNCATED 1 transactions.csv: 1 text over 1,000 signs, cut there"
            ),
            id="1 MB cell",
        ),
    ],
)
def test_headers_and_shapes(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """A header is matched by name; a row of another shape is named by its line."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {"a.csv": table(UCI, INVOICES[:20]), "b.csv": table(UCI, INVOICES[20:])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="two parts",
        ),
        pytest.param(
            {
                "a.csv": table(UCI, INVOICES[:20]),
                "b.csv": table(",".join(UCI.split(",")[::-1]), [",".join(r.split(",")[::-1]) for r in INVOICES[20:]]),
            },
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="part of other column order",
        ),
        pytest.param(
            {"a.csv": table(UCI, INVOICES[:20]), "b.csv": table(UCI.replace("CustomerID", "Client"), INVOICES[20:])},
            {},
            "E_COLUMN_MISSING b.csv, column CustomerID: this column is missing. There is: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, Country",
            id="part without a column",
        ),
        pytest.param(
            {"a.csv": table(UCI, INVOICES), "b.csv": table(UCI, INVOICES)},
            {},
            (
                "until 2011-09-18, 80 lines, 40 orders, 11 buyers, gross 650.00, refunds 0.00\n"
                "W_DUPLICATE_ROWS 40 a.csv and 1 more: 40 rows repeat another exactly (worth 325.00); there is no line key, so they are kept"
            ),
            id="same file twice",
        ),
        pytest.param(
            {"a.csv": table(UCI, INVOICES[:20]), "b.csv": table(UCI, with_cell(INVOICES[20:], 5, 5, "?"))},
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 a.csv and 1 more: 1 row could not be read: UnitPrice is not an amount (1 row, first in b.csv, row 7)"
            ),
            id="bad row of the second part",
        ),
        pytest.param(
            {**invoices(), "readme.txt": "hello\n", "customers.csv": "id,name\n1,A\n"},
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_FILE_IGNORED 2 customers.csv, readme.txt: not read, the columns are not those of invoice lines"
            ),
            id="other tables beside",
        ),
        pytest.param(
            {**invoices(), "readme.txt": "hello\n"},
            dict(layout="auto"),
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_FILE_IGNORED 1 readme.txt: not read, the columns are not those of invoice lines"
            ),
            id="other tables beside, layout to be told",
        ),
        pytest.param(
            {**invoices(), "b.xlsx": workbook([UCI.split(","), *invoice_cells()])},
            {},
            "E_FILE_TYPE b.xlsx, transactions.csv: one table in files of different kinds",
            id="CSV and Excel",
        ),
    ],
)
def test_several_files(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Parts are matched by column name; what is no part is passed over with a note."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            {"t.xlsx": workbook([UCI.split(","), *[r.split(",") for r in INVOICES]])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="texts",
        ),
        pytest.param(
            {"t.xlsx": workbook([UCI.split(","), *invoice_cells()[:20]], [UCI.split(","), *invoice_cells()[20:]])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="numbers and times, two sheets",
        ),
        pytest.param(
            {"t.xlsx": workbook([UCI.split(","), *invoice_cells()], [["a", "b"], [1, 2]])},
            {},
            "E_COLUMN_MISSING t.xlsx: sheet Sheet2 has other columns than the first",
            id="sheet of other columns",
        ),
        pytest.param(
            {"t.xlsx": workbook([["Sales of 2011"]], [UCI.split(","), *invoice_cells()])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="sheet of one line",
        ),
        pytest.param(
            {"t.xlsx": workbook([["Sales of 2011"], UCI.split(","), *invoice_cells()])},
            {},
            "E_COLUMN_MISSING t.xlsx, sheet Sheet1, column InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID: these columns are missing. There is: Sales of 2011",
            id="title above the header",
        ),
        pytest.param(
            {"t.xlsx": workbook([])},
            {},
            "E_NO_ROWS t.xlsx: has no rows",
            id="empty",
        ),
        pytest.param(
            {"t.xlsx": workbook([UCI.split(","), *invoice_cells(), [], [" "], [""]])},
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="blank rows at the end",
        ),
        pytest.param(
            {
                "t.xlsx": workbook(
                    [UCI.split(","), *[[*r[:4], 40600 + i, *r[5:]] for i, r in enumerate(invoice_cells())]]
                )
            },
            {},
            "E_DATE_PARSE t.xlsx, sheet Sheet1, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="dates as serial numbers",
        ),
        pytest.param(
            {
                "t.xlsx": workbook(
                    [
                        [],
                        [],
                        UCI.split(","),
                        *[[*r[:5], "#N/A" if i == 3 else r[5], *r[6:]] for i, r in enumerate(invoice_cells())],
                    ]
                )
            },
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 t.xlsx, sheet Sheet1: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="error in a cell, blank lines above",
        ),
    ],
)
def test_spreadsheets(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Every sheet of an Excel file is read; numbers and times as Excel has them."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


def test_a_file_without_permission() -> None:
    """What the user may not read is said so, by name."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("in", "work"):
            (root / name).mkdir()
            (root / name).chmod(0o777)
        (root / "in" / "transactions.csv").touch()
        (root / "in" / "transactions.csv").chmod(0)
        code = (
            "import sys; from pathlib import Path; from dataset.errors import DataError; from dataset.opening import open_data\n"
            "from dataset.settings import Settings; import os; import pyarrow, babel.numbers, python_calamine\n"
            "os.geteuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534))  # root may read everything\n"
            "try: open_data(sys.argv[1] + '/in', 'online_retail', None, Settings(), Path(sys.argv[1] + '/work'))\n"
            "except DataError as wrong: print(wrong)"
        )
        run = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout == "E_FILE_READ transactions.csv: cannot be read: Permission denied\n", run.stderr


ROOT = Path(__file__).parents[2]
