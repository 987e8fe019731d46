"""What single cells mean: amounts, quantities, dates, ids. A value that is none is rejected with its row, never guessed."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataset.opened import INVOICES, Files, invoices, said, with_cell, with_column


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "12.5")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 347.50, refunds 0.00",
            id="price 12.5",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, '"12,50"')),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id='price "12,50"',
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, '"1,234.50"')),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 2791.50, refunds 0.00",
            id='price "1,234.50"',
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, '"1,23"')),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id='price "1,23"',
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1e2")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 522.50, refunds 0.00",
            id="price 1e2",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1.5E-1")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 322.80, refunds 0.00",
            id="price 1.5E-1",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1e400")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 1e400",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "999999999999")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: quantity times unit_price is larger than an amount can be (1 row, first in row 7)"
            ),
            id="price 999999999999",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "9999999999999")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 9999999999999",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "0")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 transactions.csv: 1 line without a price or quantity, left out"
            ),
            id="price 0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "-0.00")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 transactions.csv: 1 line without a price or quantity, left out"
            ),
            id="price -0.00",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "+3.5")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 329.50, refunds 0.00",
            id="price +3.5",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, ".5")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 323.50, refunds 0.00",
            id="price .5",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "5.")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 332.50, refunds 0.00",
            id="price 5.",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "0x10")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 0x10",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1_000")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 1_000",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "１２")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price １２",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "12.345678901")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 347.19, refunds 0.00",
            id="price 12.345678901",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "£5.00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 332.50, refunds 0.00",
            id="price £5.00",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "5.00 GBP")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 5.00 GBP",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "--5")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price --5",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "(5.00)")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_NEGATIVE_PRICE 1 transactions.csv: 1 line with a negative price (-10.00), set apart as bad debt"
            ),
            id="price (5.00)",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1 234.50")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 1 234.50",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "1'234.50")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 1'234.50",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "5%")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price 5%",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "NaN")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price NaN",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "inf")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price inf",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "#N/A")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price #N/A",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: UnitPrice is not an amount (1 row, first in row 7)"
            ),
            id="price blank",
        ),
    ],
)
def test_prices(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """One price of forty, written this way: 2 pieces of it at 1.25 were worth 2.50."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "0")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 transactions.csv: 1 line without a price or quantity, left out"
            ),
            id="quantity 0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "1.5")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 324.38, refunds 0.00",
            id="quantity 1.5",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "-1")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 1.25\n"
                "W_NEGATIVE_QTY 1 transactions.csv: 1 line with a negative quantity on an ordinary invoice: refunds"
            ),
            id="quantity -1",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "0.0001")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ZERO_PRICE 1 transactions.csv: 1 line without a price or quantity, left out"
            ),
            id="quantity 0.0001",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "1e3")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 1572.50, refunds 0.00",
            id="quantity 1e3",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "999999999999999")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: quantity times unit_price is larger than an amount can be (1 row, first in row 7)"
            ),
            id="quantity 999999999999999",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: Quantity is not a number (1 row, first in row 7)"
            ),
            id="quantity blank",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "(6)")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 7.50\n"
                "W_NEGATIVE_QTY 1 transactions.csv: 1 line with a negative quantity on an ordinary invoice: refunds"
            ),
            id="quantity (6)",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "6.0")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 330.00, refunds 0.00",
            id="quantity 6.0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, '"1,000"')),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 1572.50, refunds 0.00",
            id='quantity "1,000"',
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "six")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: Quantity is not a number (1 row, first in row 7)"
            ),
            id="quantity six",
        ),
    ],
)
def test_quantities(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """One quantity of forty, written this way."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices([*INVOICES[:5], "500005,X,X,1000,2011-06-15 10:00:00,2500000.01,12345,France", *INVOICES[6:]]),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 2500000332.50, refunds 0.00\n"
                "W_NON_PRODUCT_CODES 1 transactions.csv: 1 line with 1 stock code of no goods (fees, samples, manual entries): revenue, but no product"
            ),
            id="2.5 thousand million",
        ),
        pytest.param(
            invoices(
                [*INVOICES[:5], "500005,X,X,1,2011-06-15 10:00:00,999999999999.999999,12345,France", *INVOICES[6:]]
            ),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 1000000000322.50, refunds 0.00\n"
                "W_NON_PRODUCT_CODES 1 transactions.csv: 1 line with 1 stock code of no goods (fees, samples, manual entries): revenue, but no product"
            ),
            id="largest amount",
        ),
        pytest.param(
            invoices([*INVOICES[:5], "500005,X,X,1000000,2011-06-15 10:00:00,1000000,12345,France", *INVOICES[6:]]),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: quantity times unit_price is larger than an amount can be (1 row, first in row 7)"
            ),
            id="just too large",
        ),
    ],
)
def test_large_products(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """A product is exact up to the largest amount, and rejected above it."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(with_column(INVOICES, 5, lambda v, i: "£" + v)),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="pound signs",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 5, lambda v, i: "£€"[i % 2] + v)),
            {},
            "E_CURRENCY_MIXED transactions.csv, column UnitPrice, row 2: amounts in several currencies (£, €) cannot be added up. Convert them to one currency first",
            id="pound and euro signs",
        ),
    ],
)
def test_currencies(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Amounts in several currencies are never added up."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v.replace(" ", "T"))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="ISO with T",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v.replace(" ", "T") + "Z")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="ISO in UTC",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + "+02:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="with an offset",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + ("+02:00" if i % 2 else "-05:00"))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="with offsets of two zones",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + ("+02:00" if i % 2 else ""))),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_TIME_ZONE 20 transactions.csv: 20 times in InvoiceDate without a zone among 20 with one, taken as UTC"
            ),
            id="with an offset here and there",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + " UTC")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="zone by name",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + " EST")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="zone by short name",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + " XYZ")),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="zone that is none",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v + ".123456789")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="nanoseconds",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v[:10])),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="days only",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v.replace("-", "/"))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="slashes, year first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v.replace("-", "."))),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="dots, year first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v[:10].replace("-", ""))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="digits only",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: v.replace("-", "").replace(":", "").replace(" ", ""))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="digits and clock",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/2011 10:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="month first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[8:10]}/{v[5:7]}/2011 10:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="day first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/11 10:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="two digits of a year",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/11 10:00:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="two digits, with seconds",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/2011 1:05 PM")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="AM and PM",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[8:10]}.{v[5:7]}.2011 10:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="dots",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[8:10]}-{v[5:7]}-2011 10:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="dashes, day first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"0{1 + i % 9}/0{1 + i % 7}/2011 10:00")),
            {},
            "until 2011-09-06, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="day and month alike",
        ),
        pytest.param(
            invoices(
                with_column(
                    INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/2011" if i < 30 else f"{v[8:10]}/{v[5:7]}/2011"
                )
            ),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 32: this date is day/month/year, the others are month/day/year: rows misread without notice. Write all dates one way, best as 2024-12-31",
            id="month first, then day first",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[5:7]}/{v[8:10]}/2011 10:00" if i < 22 else v)),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 24: InvoiceDate is not a date that can be; 18 of 40 rows cannot be read (45%). Repair the file, or say in a mapping how it is written",
            id="month first, then ISO",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: f"{v[8:10]} Dec 2011")),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="name of the month",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: str(40600 + i))),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="Excel serial numbers",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: str(1300000000000 + i * 86400000))),
            {},
            "until 2011-04-21, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="milliseconds",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: str(1300000000 + i * 86400))),
            {},
            (
                "until 2011-04-21, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_EPOCH_UNIT 1 transactions.csv: InvoiceDate counts seconds since 1970, not milliseconds, and is read so"
            ),
            id="seconds",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: str(1300000000000000 + i))),
            {},
            "E_EPOCH_UNIT transactions.csv, column InvoiceDate, row 2: times are in microseconds since 1970, milliseconds are expected. Divide by 1,000 until they are milliseconds",
            id="microseconds",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: str(1300000000000000000 + i))),
            {},
            "E_EPOCH_UNIT transactions.csv, column InvoiceDate, row 2: times are in nanoseconds since 1970, milliseconds are expected. Divide by 1,000 until they are milliseconds",
            id="nanoseconds since 1970",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 4, lambda v, i: "n/a")),
            {},
            "E_DATE_PARSE transactions.csv, column InvoiceDate, row 2: InvoiceDate is not a date that can be; 40 of 40 rows cannot be read (100%). Repair the file, or say in a mapping how it is written",
            id="no dates",
        ),
    ],
)
def test_date_spellings(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """The same times in every spelling give the same report; what cannot be told is refused."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2011-02-29 10:00:00")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="29 February of no leap year",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2012-02-29 10:00:00")),
            {},
            "until 2012-02-29, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="29 February",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2011-02-21 24:00:00")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="24 hours",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2011-06-30 23:59:60")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="leap second",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "0000-00-00")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="year 0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "0001-01-01")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="year 1",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "1900-01-01")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="1900",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2999-12-31")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="2999",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "infinity")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="infinity",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2011-02-21 (BC) 10:00:00")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="before Christ",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2011")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="year only",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "21/06/2011 10:00")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="other spelling",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceDate is not a date that can be (1 row, first in row 5)"
            ),
            id="blank",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 4, "2055-02-21 10:00:00")),
            {},
            (
                "until 2055-02-21, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_LATE_SALES 1 1 sale from 2055-02-21 on, 15,862 days after the sale before: wrong dates? Every recency counts from the last sale; as_of sets another day"
            ),
            id="far later than all others",
        ),
    ],
)
def test_single_dates(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """One date of forty, written this way."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices(
                with_cell(
                    with_cell(with_cell(with_cell(INVOICES, 0, 6, "NA"), 1, 6, "null"), 2, 6, "None"), 3, 6, "NaN"
                )
            ),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 15 buyers, gross 325.00, refunds 0.00",
            id="NA, null, None and NaN are customers",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 6, lambda v, i: ("007", "7", "07", "1e5", "100000")[i % 5])),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 5 buyers, gross 325.00, refunds 0.00",
            id="007, 7, 07, 1e5, 100000",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 6, lambda v, i: str(2**53 + i % 4))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 4 buyers, gross 325.00, refunds 0.00",
            id="above 2^53",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 6, lambda v, i: "9" * 5000 + str(i % 4))),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 4 buyers, gross 325.00, refunds 0.00",
            id="very long",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 6, lambda v, i: v + ".0")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="all with .0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 6, "12345.0")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 12 buyers, gross 325.00, refunds 0.00",
            id="one with .0",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 0, 6, " 12341 ")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="blanks around",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 0, 6, "\u00a012341\u00a0")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="no-break space",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 0, 6, " ")),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_UNKNOWN_CUSTOMER 1 transactions.csv: 1 line without a customer (net 1.25): in revenue, not in the customer analyses"
            ),
            id="only a blank",
        ),
        pytest.param(
            invoices(with_column(INVOICES, 6, lambda v, i: "")),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 0 buyers, gross 325.00, refunds 0.00\n"
                "W_UNKNOWN_CUSTOMER 40 transactions.csv: 40 lines without a customer (net 325.00): in revenue, not in the customer analyses"
            ),
            id="none at all",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 0, "")),
            {},
            (
                "until 2011-09-18, 39 lines, 39 orders, 11 buyers, gross 308.00, refunds 0.00\n"
                "W_ROWS_REJECTED 1 transactions.csv: 1 row could not be read: InvoiceNo is blank (1 row, first in row 5)"
            ),
            id="blank invoice",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 3, 1, "")),
            {},
            "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00",
            id="blank product",
        ),
    ],
)
def test_ids(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Ids are text: nothing is a number, nothing is missing but a blank."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            invoices([*INVOICES, "C500000,85120A,THING 0,-1,2011-09-18 10:00:00,1.25,12340,France"]),
            {},
            "until 2011-09-18, 41 lines, 40 orders, 11 buyers, gross 325.00, refunds 1.25",
            id="C invoice",
        ),
        pytest.param(
            invoices([*INVOICES, "c500000,85120A,THING 0,-1,2011-09-18 10:00:00,1.25,12340,France"]),
            {},
            "until 2011-09-18, 41 lines, 40 orders, 11 buyers, gross 325.00, refunds 1.25",
            id="c invoice",
        ),
        pytest.param(
            invoices([*INVOICES, "C500000,85120A,THING 0,-1,2011-09-18 10:00:00,1.25,99999,France"]),
            {},
            "until 2011-09-18, 41 lines, 40 orders, 11 buyers, gross 325.00, refunds 1.25",
            id="C invoice of another customer",
        ),
        pytest.param(
            invoices(
                [
                    *INVOICES,
                    "C500000,85120A,THING 0,1,2011-09-18 10:00:00,1.25,12340,France",
                    "C500001,85120A,THING 0,-1,2011-09-18 10:00:00,1.25,12340,France",
                ]
            ),
            {},
            "until 2011-09-18, 42 lines, 40 orders, 11 buyers, gross 325.00, refunds 2.50",
            id="C invoices, one of positive quantity",
        ),
        pytest.param(
            invoices([*INVOICES, "C500000,85120A,THING 0,-1,2010-01-01 10:00:00,1.25,12340,France"]),
            {},
            "until 2011-09-18, 41 lines, 40 orders, 11 buyers, gross 325.00, refunds 1.25",
            id="refund before the sale",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 3, "-2")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 2.50\n"
                "W_NEGATIVE_QTY 1 transactions.csv: 1 line with a negative quantity on an ordinary invoice: refunds"
            ),
            id="negative quantity",
        ),
        pytest.param(
            invoices(with_cell(INVOICES, 5, 5, "-1.25")),
            {},
            (
                "until 2011-09-18, 40 lines, 39 orders, 11 buyers, gross 322.50, refunds 0.00\n"
                "W_NEGATIVE_PRICE 1 transactions.csv: 1 line with a negative price (-2.50), set apart as bad debt"
            ),
            id="negative price",
        ),
        pytest.param(
            invoices(["C" + r for r in INVOICES]),
            {},
            "E_NO_PURCHASES transactions.csv: no row is a sale: there is nothing to report",
            id="only refunds",
        ),
        pytest.param(
            invoices(with_cell(with_cell(INVOICES, 5, 1, "BANK CHARGES"), 6, 1, "POST")),
            {},
            (
                "until 2011-09-18, 40 lines, 40 orders, 11 buyers, gross 325.00, refunds 0.00\n"
                "W_NON_PRODUCT_CODES 1 transactions.csv: 1 line with 1 stock code of no goods (fees, samples, manual entries): revenue, but no product"
            ),
            id="codes of no goods",
        ),
        pytest.param(
            invoices(INVOICES[:1]),
            {},
            "until 2011-01-10, 1 lines, 1 orders, 1 buyers, gross 1.25, refunds 0.00",
            id="one row",
        ),
        pytest.param(
            invoices([*INVOICES, INVOICES[0], INVOICES[7]]),
            {},
            (
                "until 2011-09-18, 42 lines, 40 orders, 11 buyers, gross 339.25, refunds 0.00\n"
                "W_DUPLICATE_ROWS 2 transactions.csv: 2 rows repeat another exactly (worth 14.25); there is no line key, so they are kept"
            ),
            id="lines twice",
        ),
    ],
)
def test_refunds(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """What makes a refund, and what is neither sale nor refund."""
    assert said(tmp_path, more.pop("layout", "online_retail"), files, **more) == expected
