"""The built-in shop: what it promises is found again in its files by independent pandas computations."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import hyp2f1

from dataset.errors import DataError
from dataset.sample import LAYOUTS, TRUTH, shop, truth, write
from dataset.sample.truth import DAYS, FIRST_DAY, LAST_DAY

# As the real files of each layout begin.
COLUMNS = {
    "thelook": {
        "users": "id,first_name,last_name,email,age,gender,state,street_address,postal_code,city,country,latitude,"
        "longitude,traffic_source,created_at,user_geom",
        "products": "id,cost,category,name,brand,retail_price,department,sku,distribution_center_id",
        "orders": "order_id,user_id,status,gender,created_at,returned_at,shipped_at,delivered_at,num_of_item",
        "order_items": "id,order_id,user_id,product_id,inventory_item_id,status,created_at,shipped_at,delivered_at,"
        "returned_at,sale_price",
        "events": "id,user_id,sequence_number,session_id,created_at,ip_address,city,state,postal_code,browser,"
        "traffic_source,uri,event_type",
    },
    "retailrocket": {
        "events": "timestamp,visitorid,event,itemid,transactionid",
        "item_properties_part1": "timestamp,itemid,property,value",
        "item_properties_part2": "timestamp,itemid,property,value",
        "category_tree": "categoryid,parentid",
    },
    "online_retail": {
        "online_retail": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    },
    "adventureworks": {
        "AdventureWorks_Sales_2024": "OrderDate,StockDate,OrderNumber,ProductKey,CustomerKey,TerritoryKey,"
        "OrderLineItem,OrderQuantity",
        "AdventureWorks_Sales_2025": "OrderDate,StockDate,OrderNumber,ProductKey,CustomerKey,TerritoryKey,"
        "OrderLineItem,OrderQuantity",
        "AdventureWorks_Customers": "CustomerKey,Prefix,FirstName,LastName,BirthDate,MaritalStatus,Gender,"
        "EmailAddress,AnnualIncome,TotalChildren,EducationLevel,Occupation,HomeOwner",
        "AdventureWorks_Products": "ProductKey,ProductSubcategoryKey,ProductSKU,ProductName,ModelName,"
        "ProductDescription,ProductColor,ProductSize,ProductStyle,ProductCost,ProductPrice",
        "AdventureWorks_Product_Categories": "ProductCategoryKey,CategoryName",
        "AdventureWorks_Product_Subcategories": "ProductSubcategoryKey,SubcategoryName,ProductCategoryKey",
        "AdventureWorks_Territories": "SalesTerritoryKey,Region,Country,Continent",
        "AdventureWorks_Returns": "ReturnDate,TerritoryKey,ProductKey,ReturnQuantity",
        "AdventureWorks_Calendar": "Date",
    },
    "generic": {
        "sales": "customer,order,when,product,product_name,category,quantity,unit_price,currency,country",
    },
}
Frames = dict[str, pd.DataFrame]


def read(folder: Path) -> Frames:
    """Every CSV file as text, times and amounts apart."""
    return {f.stem: pd.read_csv(f, dtype=str, keep_default_na=False, na_values=[""]) for f in folder.glob("*.csv")}


def hashes(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def days(earlier: pd.Series, later: pd.Series) -> pd.Series:
    return (at(later) - at(earlier)).dt.total_seconds() / 86_400


def at(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, format="%Y-%m-%d %H:%M:%S UTC", utc=True)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """The shop every report can be tried on."""
    out = tmp_path_factory.mktemp("default")
    write(out)
    return read(out)


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small shop in each of the layouts."""
    out = tmp_path_factory.mktemp("layouts")
    for layout in LAYOUTS:
        write(out / layout, layout, customers=400, seed=5)
    return {layout: out / layout for layout in LAYOUTS}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """40,000 buyers without visits: orders, and one row a line (quantity, product name, category)."""
    out = tmp_path_factory.mktemp("large")
    write(out, customers=40_000, seed=11, form="parquet", events=False)
    orders, items, products = (pd.read_parquet(out / f"{n}.parquet") for n in ("orders", "order_items", "products"))
    items["sale_price"] = items["sale_price"].astype(float)
    return {
        "orders": orders,
        "items": items.merge(products[["id", "name", "category"]], left_on="product_id", right_on="id"),
    }


def kept(orders: pd.DataFrame) -> pd.DataFrame:
    return orders[~orders["status"].isin(["Cancelled", "Returned"])]


def test_same_seed_same_bytes_whatever_the_surroundings(tmp_path: Path) -> None:
    write(tmp_path / "here", customers=300, seed=3)
    surroundings = os.environ | {"TZ": "Asia/Kolkata", "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1", "LC_ALL": "C"}
    command = [
        sys.executable,
        "-m",
        "dataset.sample",
        "--customers",
        "300",
        "--seed",
        "3",
        "--out",
        str(tmp_path / "there"),
    ]
    subprocess.run(command, check=True, env=surroundings, cwd=Path(__file__).parents[2])
    assert hashes(tmp_path / "here") == hashes(tmp_path / "there")


def test_parquet_bytes_repeat_and_another_seed_differs(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write(tmp_path / name, customers=200, seed=seed, form="parquet")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "again")
    assert hashes(tmp_path / "one")["orders.parquet"] != hashes(tmp_path / "other")["orders.parquet"]


def test_sizes_are_near_the_promise(default: Frames) -> None:
    orders, events = default["orders"], default["events"]
    visitors = events["user_id"].fillna("session:" + events["session_id"])
    lines = default["order_items"].drop_duplicates(["order_id", "product_id"])
    assert kept(orders)["user_id"].nunique() == 5_000
    assert visitors.nunique() == 25_000
    assert visitors[events["event_type"] == "purchase"].nunique() == 5_000
    assert 2.1 < len(kept(orders)) / 5_000 < 2.4
    assert 1.8 < len(lines) / len(orders) < 2.0
    assert len(default["products"]) == 120 and default["products"]["category"].nunique() == 8


def test_every_id_is_unique_and_every_key_resolves(default: Frames) -> None:
    users, products, orders = default["users"]["id"], default["products"]["id"], default["orders"]["order_id"]
    items, events = default["order_items"], default["events"]
    for unique in (
        users,
        products,
        orders,
        items["id"],
        events["id"],
        default["users"]["email"],
        default["products"]["name"],
    ):
        assert unique.is_unique
    viewed = events["uri"].str.extract(r"^/product/(\d+)$")[0]
    assert viewed[events["event_type"].isin(["product", "cart"])].notna().all()
    for key, known in (
        (items["order_id"], orders),
        (items["user_id"], users),
        (items["product_id"], products),
        (default["orders"]["user_id"], users),
        (events["user_id"].dropna(), users),
        (viewed.dropna(), products),
    ):
        assert key.isin(known).all()
    assert orders.isin(items["order_id"]).all()


def test_times_are_ordered_and_within_the_period(default: Frames) -> None:
    orders = default["orders"]
    steps = ["created_at", "shipped_at", "delivered_at", "returned_at"]
    for earlier, later in pairwise(steps):
        both = orders[orders[later].notna()]
        assert both[earlier].notna().all()
        assert (days(both[earlier], both[later]) > 0).all()
    for frame, columns in ((orders, steps), (default["users"], ["created_at"]), (default["events"], ["created_at"])):
        for column in columns:
            assert at(frame[column]).dropna().dt.date.between(FIRST_DAY, LAST_DAY).all()
    assert at(kept(orders)["created_at"]).dt.date.max() == LAST_DAY
    known = default["events"].dropna(subset="user_id").merge(default["users"], left_on="user_id", right_on="id")
    assert (at(known["created_at_x"]) >= at(known["created_at_y"])).all()
    events = default["events"].sort_values(["session_id", "created_at"])
    same = events["session_id"].eq(events["session_id"].shift())
    assert (events["sequence_number"].astype(int).diff()[same] == 1).all()


def test_status_says_what_the_times_say(default: Frames) -> None:
    for status, has in {
        "Complete": (True, True, False),
        "Shipped": (True, False, False),
        "Processing": (False, False, False),
        "Cancelled": (False, False, False),
        "Returned": (True, True, True),
    }.items():
        rows = default["orders"][default["orders"]["status"] == status]
        assert len(rows) > 0
        for column, there in zip(("shipped_at", "delivered_at", "returned_at"), has, strict=True):
            assert (rows[column].notna() == there).all(), (status, column)
    open_orders = default["orders"][default["orders"]["status"].isin(["Processing", "Shipped"])]
    assert open_orders["created_at"].min() > "2025-12-10"


def test_items_agree_with_their_order_and_product(default: Frames) -> None:
    items = default["order_items"].merge(default["orders"], on="order_id", suffixes=("", "_order"))
    for column in ("user_id", "status", "created_at", "shipped_at", "delivered_at", "returned_at"):
        assert items[column].fillna("").equals(items[f"{column}_order"].fillna(""))
    assert (items.groupby("order_id").size() == items.groupby("order_id")["num_of_item"].first().astype(int)).all()
    priced = items.merge(default["products"], left_on="product_id", right_on="id")
    assert priced["sale_price"].equals(priced["retail_price"])
    assert default["products"]["retail_price"].str.fullmatch(r"\d+\.(90|95|00)").all()
    assert (default["products"]["cost"].astype(float) < 0.65 * default["products"]["retail_price"].astype(float)).all()


def test_funnel_loses_at_every_step(default: Frames) -> None:
    events = default["events"]
    visitor = events["user_id"].fillna("session:" + events["session_id"])
    who = {kind: set(visitor[events["event_type"] == kind]) for kind in ("product", "cart", "purchase")}
    assert 0.99 < len(who["product"]) / 25_000 < 1
    assert 0.30 < len(who["cart"]) / 25_000 < 0.36
    assert len(who["cart"] - who["purchase"]) > 2_000
    assert 0 < len(who["purchase"] - who["cart"]) < 100
    anonymous = visitor[events["user_id"].isna()].unique()
    carted = np.isin(anonymous, list(who["cart"])).mean()
    assert carted == pytest.approx(TRUTH.carted_visits[1], abs=0.01)


def test_planted_affinities_are_measured(large: Frames) -> None:
    """Confidence lies between the planted probability and that plus the partner's own chance, within 3.5 errors."""
    orders = large["items"]["order_id"].nunique()
    for pair in TRUTH.affinities:
        trigger = set(large["items"].loc[large["items"]["name"] == pair.trigger, "order_id"])
        partner = set(large["items"].loc[large["items"]["name"] == pair.partner, "order_id"])
        error = 3.5 * np.sqrt(pair.probability * (1 - pair.probability) / len(trigger))
        confidence = len(trigger & partner) / len(trigger)
        assert pair.probability - error < confidence < pair.probability + len(partner) / orders + error, pair
        assert confidence / (len(partner) / orders) > 3


def test_repeat_orders_follow_the_truth(large: Frames) -> None:
    """The closed forms of BG/NBD for P(no repeat) and E(repeats), averaged over the time each buyer was watched."""
    orders = kept(large["orders"])
    by_buyer = orders.groupby("user_id")["created_at"].agg(["min", "size"])
    watched = DAYS - 0.5 - (by_buyer["min"].dt.tz_localize(None).dt.normalize() - pd.Timestamp(FIRST_DAY)).dt.days
    r, alpha, a, b = TRUTH.r, TRUTH.alpha, TRUTH.a, TRUTH.b
    none = (alpha / (alpha + watched)) ** r
    repeats = (a + b - 1) / (a - 1) * (1 - none * hyp2f1(r, b, a + b - 1, watched / (alpha + watched)))
    assert (by_buyer["size"] > 1).mean() == pytest.approx(1 - none.mean(), abs=0.01)
    assert (by_buyer["size"] - 1).mean() == pytest.approx(repeats.mean(), rel=0.04)


def test_order_value_and_its_tail(large: Frames) -> None:
    items = large["items"][large["items"]["order_id"].isin(kept(large["orders"])["order_id"])]
    value = items.groupby("order_id")["sale_price"].sum()
    spend = items.groupby("user_id")["sale_price"].sum().sort_values(ascending=False)
    assert value.mean() == pytest.approx(TRUTH.order_value, rel=0.04)
    assert 0.50 < spend.head(len(spend) // 5).sum() / spend.sum() < 0.65
    assert spend.max() > 30 * spend.mean()


def test_returns_cancellations_and_late_deliveries(large: Frames) -> None:
    orders, items = large["orders"], large["items"]
    delivered = orders[orders["delivered_at"].notna()]
    took = (delivered["delivered_at"] - delivered["created_at"]).dt.total_seconds() / 86_400
    slow = (took > 5).groupby(delivered["created_at"].dt.month).mean()
    assert (orders["status"] == "Cancelled").mean() == pytest.approx(TRUTH.cancelled_share, abs=0.004)
    assert (delivered["status"] == "Returned").mean() == pytest.approx(TRUTH.returned_share, abs=0.006)
    assert (took > 5).mean() == pytest.approx(TRUTH.slow_share, abs=0.006)
    assert slow.to_numpy() == pytest.approx(np.array(TRUTH.slow_share_by_month), abs=0.02)
    rate = items[items["delivered_at"].notna()].groupby("category")["status"].agg(lambda s: (s == "Returned").mean())
    ((worst, _),) = TRUTH.return_weights
    assert rate.idxmax() == worst and rate[worst] > 1.7 * rate.drop(worst).max()


def test_the_mix_of_categories_drifts(large: Frames) -> None:
    """Units of a category to those of one that does not drift, first half of 2025 to first half of 2024."""
    items = large["items"][large["items"]["created_at"].dt.month <= 6]
    units = items.groupby(["category", items["created_at"].dt.year]).size().unstack()
    odds = units.div(units.loc["Kitchen"])
    for category, factor in TRUTH.drift:
        assert odds.loc[category, 2025] / odds.loc[category, 2024] == pytest.approx(factor ** (12 / 23), rel=0.12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_have_the_names_and_columns_of_the_real_ones(layouts: dict[str, Path], layout: str) -> None:
    written = {f.stem: f.read_text(encoding="utf-8").split("\n", 1)[0] for f in layouts[layout].glob("*.csv")}
    assert written == COLUMNS[layout]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_csv_is_clean(layouts: dict[str, Path], layout: str) -> None:
    for path in layouts[layout].glob("*.csv"):
        raw = path.read_bytes()
        assert raw.endswith(b"\n") and not raw.endswith(b"\n\n")
        assert not any(bad in raw for bad in (b"\r", b"\0", b"\xef\xbb\xbf"))
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert len(frame) == raw.count(b"\n") - 1 and not frame.duplicated().any(), path.name
        assert not frame.isin(["nan", "NaN", "NaT", "None", "null"]).any().any(), path.name


def test_dates_look_as_in_the_real_files(layouts: dict[str, Path]) -> None:
    frames = {layout: read(folder) for layout, folder in layouts.items()}
    for column, shape in (
        (frames["thelook"]["orders"]["created_at"], r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"),
        (frames["online_retail"]["online_retail"]["InvoiceDate"], r"\d{4}-\d\d-\d\d \d\d:\d\d:00"),
        (frames["generic"]["sales"]["when"], r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
        (frames["retailrocket"]["events"]["timestamp"], r"1[67]\d{11}"),
        (frames["adventureworks"]["AdventureWorks_Sales_2024"]["OrderDate"], r"\d\d/\d\d/2024"),
        (frames["adventureworks"]["AdventureWorks_Returns"]["ReturnDate"], r"\d{1,2}/\d{1,2}/202[45]"),
        (frames["adventureworks"]["AdventureWorks_Customers"]["AnnualIncome"], r"\$\d{2,3},000 "),
    ):
        assert column.str.fullmatch(shape).all(), column.name


def test_every_layout_tells_the_same_shop(layouts: dict[str, Path]) -> None:
    """Buyers, orders, gross and refunds by pandas, each from its layout's own files."""
    assert (
        _thelook(layouts) == _table(layouts, "online_retail") == _table(layouts, "generic") == _adventureworks(layouts)
    )
    buyers, orders, gross, _ = _thelook(layouts)
    assert _retailrocket(layouts) == (buyers, orders, gross)


def cents(text: pd.Series) -> pd.Series:
    return text.str.replace(".", "", regex=False).astype(int)


def _thelook(layouts: dict[str, Path]) -> tuple[int, int, int, int]:
    items = read(layouts["thelook"])["order_items"]
    earned = items[items["status"] != "Cancelled"]
    back = earned[earned["status"] == "Returned"]
    return (
        earned["user_id"].nunique(),
        earned["order_id"].nunique(),
        cents(earned["sale_price"]).sum(),
        cents(back["sale_price"]).sum(),
    )


def _table(layouts: dict[str, Path], layout: str) -> tuple[int, int, int, int]:
    (frame,) = read(layouts[layout]).values()
    names = ("InvoiceNo", "CustomerID", "Quantity", "UnitPrice")
    order, customer, units, price = (
        names if layout == "online_retail" else ("order", "customer", "quantity", "unit_price")
    )
    amount = frame[units].astype(int) * cents(frame[price])
    sales = frame[amount > 0]
    return sales[customer].nunique(), sales[order].nunique(), amount[amount > 0].sum(), -amount[amount < 0].sum()


def _adventureworks(layouts: dict[str, Path]) -> tuple[int, int, int, int]:
    frames = read(layouts["adventureworks"])
    price = cents(frames["AdventureWorks_Products"].set_index("ProductKey")["ProductPrice"])
    sales = pd.concat([frames["AdventureWorks_Sales_2024"], frames["AdventureWorks_Sales_2025"]])
    back = frames["AdventureWorks_Returns"]
    return (
        sales["CustomerKey"].nunique(),
        sales["OrderNumber"].nunique(),
        (sales["OrderQuantity"].astype(int) * sales["ProductKey"].map(price)).sum(),
        (back["ReturnQuantity"].astype(int) * back["ProductKey"].map(price)).sum(),
    )


def _retailrocket(layouts: dict[str, Path]) -> tuple[int, int, int]:
    frames = read(layouts["retailrocket"])
    listed = frames["item_properties_part1"].query("property == '790'")
    price = listed.set_index("itemid")["value"].str[1:].astype(float).mul(100).round().astype(int)
    bought = frames["events"].dropna(subset="transactionid")
    assert (bought["event"] == "transaction").all()
    return bought["visitorid"].nunique(), bought["transactionid"].nunique(), bought["itemid"].map(price).sum()


def test_mapping_names_what_is_written(layouts: dict[str, Path]) -> None:
    said = json.loads((layouts["generic"] / "mapping.json").read_text(encoding="utf-8"))
    assert set(said["columns"].values()) == set(COLUMNS["generic"]["sales"].split(","))
    assert (layouts["generic"] / said["file"]).is_file()


def test_parquet_holds_what_csv_holds(layouts: dict[str, Path], tmp_path: Path) -> None:
    write(tmp_path, customers=400, seed=5, form="parquet")
    text = read(layouts["thelook"])
    for name in ("users", "orders", "order_items", "events"):
        frame = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert len(frame) == len(text[name]) and list(frame) == list(text[name])
    typed = pd.read_parquet(tmp_path / "order_items.parquet")
    assert typed["sale_price"].astype(str).equals(text["order_items"]["sale_price"].astype(object).astype(str))
    assert typed["created_at"].equals(at(text["order_items"]["created_at"]).astype(typed["created_at"].dtype))


def test_a_full_chunk_is_the_same_in_a_larger_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop is made in chunks of buyers, each from its own generator: later ones change nothing before."""
    monkeypatch.setattr(shop, "CHUNK", 100)
    for customers in (100, 250):
        write(tmp_path / str(customers), customers=customers)
    small, larger = read(tmp_path / "100"), read(tmp_path / "250")
    for name, frame in small.items():
        assert larger[name].head(len(frame)).equals(frame), name
    for name, key in (("users", "id"), ("orders", "order_id"), ("order_items", "id"), ("events", "id")):
        assert larger[name][key].astype(int).tolist() == list(range(1, len(larger[name]) + 1))
    visitors = larger["events"]["user_id"].fillna("session:" + larger["events"]["session_id"])
    assert kept(larger["orders"])["user_id"].nunique() == 250 and visitors.nunique() == 1_250


def test_longer_orders_are_worth_more(tmp_path: Path) -> None:
    told = write(tmp_path, "generic", customers=3_000, form="parquet", lines_per_order=5)
    sales = pd.read_parquet(tmp_path / "sales.parquet").query("quantity > 0")
    lines = sales.groupby("order").size()
    worth = (sales["quantity"] * sales["unit_price"].astype(float)).groupby(sales["order"]).sum()
    assert told == truth(5)
    assert lines.mean() == pytest.approx(5, rel=0.06)
    assert worth.mean() == pytest.approx(told.order_value, rel=0.08)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layout": "amazon"}, "none of thelook, retailrocket"),
        ({"customers": 0}, "at least one"),
        ({"seed": -1}, "must not be negative"),
        ({"form": "xlsx"}, "neither csv nor parquet"),
        ({"lines_per_order": 0.5}, "between 1 and 50"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write(tmp_path / "shop", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "shop").exists()


def test_one_buyer_is_a_shop(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        write(tmp_path / layout, layout, customers=1)
    assert read(tmp_path / "generic")["sales"]["customer"].nunique() == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lifetimes_recovers_the_truth(tmp_path: Path) -> None:
    """BG/NBD exactly (within four standard errors), Gamma-Gamma within an eighth, from 100,000 buyers."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    write(tmp_path, customers=100_000, seed=1, form="parquet", events=False)
    orders = kept(pd.read_parquet(tmp_path / "orders.parquet"))
    items = pd.read_parquet(tmp_path / "order_items.parquet", columns=["order_id", "sale_price"])
    orders = orders.merge(items.astype({"sale_price": float}).groupby("order_id").sum(), on="order_id")
    orders["day"] = (orders["created_at"].dt.tz_localize(None).dt.normalize() - pd.Timestamp(FIRST_DAY)).dt.days
    seen = orders.groupby("user_id")["day"].agg(["min", "max", "nunique"])
    histories = pd.DataFrame({"x": seen["nunique"] - 1, "t": seen["max"] - seen["min"], "T": DAYS - seen["min"]})
    weighted = histories.groupby(["x", "t", "T"]).size().reset_index(name="n")
    fitted = BetaGeoFitter().fit(weighted["x"], weighted["t"], weighted["T"], weights=weighted["n"]).summary
    for name in ("r", "alpha", "a", "b"):
        assert abs(fitted.loc[name, "coef"] - getattr(TRUTH, name)) < 4 * fitted.loc[name, "se(coef)"], name
    value = orders.groupby("user_id")["sale_price"].agg(["size", "mean"])
    spend = GammaGammaFitter().fit(value["size"], value["mean"]).params_
    for name in ("p", "q", "v"):
        assert spend[name] == pytest.approx(getattr(TRUTH, name), rel=0.125), name
