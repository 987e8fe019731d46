"""The built-in shop as Adventure Works writes it: sales by year, customers, products, categories, territories, returns.

Dates have their month first; the price of a line is the product's. Cancelled orders are not there.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from dataset.sample.catalogue import CATEGORIES, CITIES, COUNTRIES, FAMILY_NAMES, PRODUCTS, SUBCATEGORIES
from dataset.sample.files import Files, euros, ids, joined, named
from dataset.sample.shop import CANCELLED, DATES, DAY, RETURNED, START, Chunk, Ints
from dataset.sample.thelook import GENDERS, GIVEN, emails
from dataset.sample.transactions import NAMES
from dataset.sample.truth import FIRST_DAY, LAST_DAY
from dataset.sample.visits import Acts, Visits

EVERY = np.arange(len(PRODUCTS))
FIRST_CUSTOMER, FIRST_PRODUCT, FIRST_ORDER = 11_000, 201, 43_659
TERRITORY = np.array([COUNTRIES.index(city[0]) + 1 for city in CITIES])
COLOURS = ("Natural", "White", "Grey", "Green", "Blue")
EDUCATION = ("Bachelors", "Partial College", "High School", "Partial High School", "Graduate Degree")
OCCUPATIONS = ("Professional", "Management", "Skilled Manual", "Clerical", "Manual")
BIRTHDAYS = [date(1944, 1, 1) + timedelta(days=i) for i in range(64 * 365)]
# Stock came in this long before the day it was sold.
STOCKED = (90, 400)


def short(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def padded(day: date) -> str:
    return f"{day.month:02d}/{day.day:02d}/{day.year}"


SOLD_ON = [padded(d) for d in DATES]
RETURNED_ON = [short(d) for d in DATES]
STOCKED_ON = [padded(FIRST_DAY + timedelta(days=i - STOCKED[1])) for i in range(len(DATES) + STOCKED[1])]
BORN_ON = [short(d) for d in BIRTHDAYS]
INCOMES = [f"${thousands},000 " for thousands in range(10, 180, 10)]


def once(files: Files) -> None:
    """Calendar, products, categories, subcategories and territories."""
    files.add("AdventureWorks_Calendar", pa.table({"Date": RETURNED_ON}))
    files.add("AdventureWorks_Product_Categories", pa.table({
        "ProductCategoryKey": ids(np.arange(len(CATEGORIES)) + 1), "CategoryName": list(CATEGORIES),
    }))  # fmt: skip
    files.add("AdventureWorks_Product_Subcategories", pa.table({
        "ProductSubcategoryKey": ids(np.arange(len(SUBCATEGORIES)) + 1),
        "SubcategoryName": [name for name, _ in SUBCATEGORIES],
        "ProductCategoryKey": [CATEGORIES.index(category) + 1 for _, category in SUBCATEGORIES],
    }))  # fmt: skip
    files.add("AdventureWorks_Products", _products())
    files.add("AdventureWorks_Territories", pa.table({
        "SalesTerritoryKey": ids(np.arange(len(COUNTRIES)) + 1),
        "Region": list(COUNTRIES),
        "Country": list(COUNTRIES),
        "Continent": ["Europe"] * len(COUNTRIES),
    }))  # fmt: skip


def _products() -> pa.Table:
    parts = [name for name, _ in SUBCATEGORIES]
    return pa.table({
        "ProductKey": ids(EVERY + FIRST_PRODUCT),
        "ProductSubcategoryKey": [parts.index(p.subcategory) + 1 for p in PRODUCTS],
        "ProductSKU": [f"{p.category[:2].upper()}-{100 + i}" for i, p in enumerate(PRODUCTS)],
        "ProductName": list(NAMES),
        "ModelName": list(NAMES),
        "ProductDescription": [f"{p.name} from our {p.subcategory} range." for p in PRODUCTS],
        "ProductColor": [COLOURS[i % len(COLOURS)] for i in EVERY],
        "ProductSize": ["0"] * len(PRODUCTS),
        "ProductStyle": ["0"] * len(PRODUCTS),
        "ProductCost": euros([p.cost for p in PRODUCTS], EVERY),
        "ProductPrice": euros([p.price for p in PRODUCTS], EVERY),
    })  # fmt: skip


def each(files: Files, chunk: Chunk, visited: tuple[Visits, Acts] | None) -> None:
    """Customers, the sales of each year and the returns of one chunk."""
    files.add("AdventureWorks_Customers", _customers(chunk))
    fate = chunk.orders.fate[chunk.lines.order]
    day = (chunk.orders.at[chunk.lines.order] - START) // DAY
    years = np.array([d.year for d in DATES])[day]
    for year in range(FIRST_DAY.year, LAST_DAY.year + 1):
        sold = np.flatnonzero((fate != CANCELLED) & (years == year))
        files.add(f"AdventureWorks_Sales_{year}", _sales(chunk, sold, day[sold]))
    files.add("AdventureWorks_Returns", _returns(chunk, np.flatnonzero(fate == RETURNED)))


def _sales(chunk: Chunk, line: Ints, day: Ints) -> pa.Table:
    order, product = chunk.lines.order[line], chunk.lines.product[line]
    person = chunk.orders.person[order]
    starts = np.searchsorted(chunk.lines.order, order)
    age = STOCKED[0] + (7 * product + order) % (STOCKED[1] - STOCKED[0])
    return pa.table({
        "OrderDate": named(SOLD_ON, day),
        "StockDate": named(STOCKED_ON, day + STOCKED[1] - age),
        "OrderNumber": joined(pa.scalar("SO"), ids(order + chunk.first_order + FIRST_ORDER)),
        "ProductKey": ids(product + FIRST_PRODUCT),
        "CustomerKey": ids(person + chunk.first_person + FIRST_CUSTOMER),
        "TerritoryKey": ids(TERRITORY[chunk.people.city[person]]),
        "OrderLineItem": ids(line - starts + 1),
        "OrderQuantity": ids(chunk.lines.quantity[line]),
    })  # fmt: skip


def _returns(chunk: Chunk, line: Ints) -> pa.Table:
    order = chunk.lines.order[line]
    at = chunk.orders.returned_at[order]
    by_time = np.argsort(at, kind="stable")
    line, order, at = line[by_time], order[by_time], at[by_time]
    return pa.table({
        "ReturnDate": named(RETURNED_ON, (at - START) // DAY),
        "TerritoryKey": ids(TERRITORY[chunk.people.city[chunk.orders.person[order]]]),
        "ProductKey": ids(chunk.lines.product[line] + FIRST_PRODUCT),
        "ReturnQuantity": ids(chunk.lines.quantity[line]),
    })  # fmt: skip


def _customers(chunk: Chunk) -> pa.Table:
    """Attributes beside age and gender follow from the house number, which says nothing of what is bought."""
    people = chunk.people
    born = (LAST_DAY.year - people.age - BIRTHDAYS[0].year) * 365 + people.house * 2
    prefix = ["MR." if gender == "M" else "MRS." for gender in GENDERS]
    return pa.table({
        "CustomerKey": ids(np.arange(len(people.buyer)) + chunk.first_person + FIRST_CUSTOMER),
        "Prefix": named(prefix, people.given),
        "FirstName": named([name.upper() for name in GIVEN], people.given),
        "LastName": named([name.upper() for name in FAMILY_NAMES], people.family),
        "BirthDate": named(BORN_ON, np.clip(born, 0, len(BORN_ON) - 1)),
        "MaritalStatus": named(("M", "S"), people.house % 2),
        "Gender": named(GENDERS, people.given),
        "EmailAddress": emails(chunk, FIRST_CUSTOMER),
        "AnnualIncome": named(INCOMES, np.minimum(people.age // 10 + people.house % 9, len(INCOMES) - 1)),
        "TotalChildren": ids(people.house % 5),
        "EducationLevel": named(EDUCATION, people.house % 7 % 5),
        "Occupation": named(OCCUPATIONS, people.house % 11 % 5),
        "HomeOwner": named(("Y", "N"), people.house % 3 % 2),
    })  # fmt: skip
