"""What is said of AdventureWorks' files."""

# ruff: noqa: C408, E501

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataset.opened import Files, said, table, with_cell

LINE = "OrderDate,StockDate,OrderNumber,ProductKey,CustomerKey,TerritoryKey,OrderLineItem,OrderQuantity"
LINES = [
    f"0{1 + i % 6}/1{i % 9}/2017,01/01/2017,SO{i // 2},{1 + i % 2},{i // 4},{1 + i % 2},{1 + i % 2},{1 + i % 3}"
    for i in range(30)
]


def aw(**files: str | bytes | None) -> dict[str, str | bytes]:
    """Thirty lines of fifteen orders and what goes with them, some files written anew; None leaves one out."""
    found: dict[str, str | bytes | None] = {
        "Sales_2017": table(LINE, LINES), "Products": table("ProductKey,ProductSubcategoryKey,ProductName,ProductPrice", ["1,1,Bike,100.00", "2,1,Bell,5.25"]),
        "Product_Subcategories": table("ProductSubcategoryKey,SubcategoryName,ProductCategoryKey", ["1,Road Bikes,1"]),
        "Product_Categories": table("ProductCategoryKey,CategoryName", ["1,Bikes"]), "Territories": table("SalesTerritoryKey,Region,Country", ["1,West,France", "2,East,Germany"]),
        "Customers": table("CustomerKey,FirstName,AnnualIncome,TotalChildren", [f'{i},A,"$90,000 ",2' for i in range(9)]),
        "Returns": table("ReturnDate,TerritoryKey,ProductKey,ReturnQuantity", ["3/14/2017,1,1,1"]), **files,
    }  # fmt: skip
    return {f"AdventureWorks_{name}.csv": content for name, content in found.items() if content is not None}


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        pytest.param(
            aw(),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="clean",
        ),
        pytest.param(
            aw(),
            dict(layout="auto"),
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="layout told",
        ),
        pytest.param(
            aw(Products=None),
            {},
            "E_FILE_MISSING AdventureWorks_Products.csv: this file is missing. The folder holds AdventureWorks_Customers.csv, AdventureWorks_Product_Categories.csv, AdventureWorks_Product_Subcategories.csv, AdventureWorks_Returns.csv, AdventureWorks_Sales_2017.csv, AdventureWorks_Territories.csv",
            id="no products",
        ),
        pytest.param(
            aw(Sales_2017=None),
            {},
            "E_FILE_MISSING AdventureWorks_Sales.csv: this file is missing. The folder holds AdventureWorks_Customers.csv, AdventureWorks_Product_Categories.csv, AdventureWorks_Product_Subcategories.csv, AdventureWorks_Products.csv, AdventureWorks_Returns.csv, AdventureWorks_Territories.csv",
            id="no sales",
        ),
        pytest.param(
            aw(Customers=None, Product_Categories=None, Product_Subcategories=None, Territories=None, Returns=None),
            {},
            "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 0.00",
            id="only sales and products",
        ),
        pytest.param(
            aw(Products=table("ProductKey,ProductSubcategoryKey,ProductName,ProductPrice", ["1,1,Bike,100.00"])),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3000.00, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses\n"
                "W_UNPRICED_LINES 15 AdventureWorks_Sales_2017.csv: 15 lines of products without a price; their money is unknown"
            ),
            id="product without a price",
        ),
        pytest.param(
            aw(
                Products=table(
                    "ProductKey,ProductSubcategoryKey,ProductName,ProductPrice", ["1,1,Bike,100.00", "2,1,Bell,?"]
                )
            ),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3000.00, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses\n"
                "W_UNPRICED_LINES 15 AdventureWorks_Sales_2017.csv: 15 lines of products without a price; their money is unknown"
            ),
            id="price that is none",
        ),
        pytest.param(
            aw(
                Products=table(
                    "ProductKey,ProductSubcategoryKey,ProductName,ProductPrice",
                    ["1,1,Bike,100.00", "2,1,Bell,5.25", "2,1,Bell,6.00"],
                )
            ),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_KEY_CONFLICT 1 AdventureWorks_Products.csv: 1 row with the product_id of an earlier row, but other content; the first row counts\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="same product twice",
        ),
        pytest.param(
            aw(Sales_2017=table(LINE, [*LINES, LINES[0]])),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_DUPLICATE_ROWS 1 AdventureWorks_Sales_2017.csv: 1 row repeats another exactly; left out\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="line twice",
        ),
        pytest.param(
            aw(Sales_2016=table(LINE, [r.replace("2017,", "2016,").replace("SO", "SP") for r in LINES])),
            {},
            (
                "until 2017-06-18, 60 lines, 30 orders, 8 buyers, gross 6315.00, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="sales of two years",
        ),
        pytest.param(
            aw(Sales_2017=table(LINE, with_cell(LINES, 0, 4, ""))),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Sales_2017.csv: 1 line without a customer (net 100.00): in revenue, not in the customer analyses"
            ),
            id="customer blank",
        ),
        pytest.param(
            aw(Sales_2017=table(LINE, with_cell(LINES, 0, 7, "x"))),
            {},
            (
                "until 2017-06-18, 29 lines, 15 orders, 8 buyers, gross 3057.50, refunds 100.00\n"
                "W_ROWS_REJECTED 1 AdventureWorks_Sales_2017.csv: 1 row could not be read: OrderQuantity is not a number (1 row, first in row 2)\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="quantity that is none",
        ),
        pytest.param(
            aw(
                Customers='CustomerKey,FirstName,AnnualIncome,TotalChildren\r\n7,ANDR\u00c9,"$90,000 ",2\r\n'.encode(
                    "cp1252"
                )
            ),
            {},
            (
                "until 2017-06-18, 30 lines, 15 orders, 8 buyers, gross 3157.50, refunds 100.00\n"
                "W_ENCODING 1 AdventureWorks_Customers.csv is Windows-1252 (or Latin-1), not UTF-8; it was converted\n"
                "W_UNKNOWN_CUSTOMER 1 AdventureWorks_Returns.csv: 1 line without a customer (net -100.00): in revenue, not in the customer analyses"
            ),
            id="Windows-1252",
        ),
        pytest.param(
            aw(Sales_2017=table(LINE.replace("OrderQuantity", "Pieces"), LINES)),
            {},
            "E_COLUMN_MISSING AdventureWorks_Sales_2017.csv, column OrderQuantity: this column is missing. There is: OrderDate, StockDate, OrderNumber, ProductKey, CustomerKey, TerritoryKey, OrderLineItem, Pieces. Is OrderDate meant?",
            id="column missing",
        ),
    ],
)
def test_files(tmp_path: Path, files: Files, more: dict, expected: str) -> None:
    """Lines are priced by Products; a return names neither order nor customer."""
    assert said(tmp_path, more.pop("layout", "adventureworks"), files, **more) == expected
