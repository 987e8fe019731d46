"""The products that are goods: what each is called, which category it is in, and what is paid for a unit."""

from __future__ import annotations

import pandas as pd

from analysis.ground import frame
from dataset.engine import Relation
from dataset.settings import Settings
from dataset.tables import Dataset


def goods(lines: Relation, products: Relation | None, dataset: Dataset, settings: Settings) -> pd.DataFrame:
    """One row a product sold up to the snapshot, by id; fees and postage left out.

    product_id, name (the id where none is known), category (None: unknown), sale_lines, units, price (float, the
    average paid for a unit; NaN where no amount is known).
    """
    sold = frame(lines.query("goods.sql", snapshot=settings.snapshot))
    sold = sold[~sold["product_id"].isin(dataset.non_products)].reset_index(drop=True)
    paid, units = (pd.to_numeric(sold[name]).astype("float64") for name in ("paid", "paid_units"))
    sold["price"] = (paid / units).where(units > 0)
    return named(sold, products).drop(columns=["paid", "paid_units"])


def named(sold: pd.DataFrame, products: Relation | None) -> pd.DataFrame:
    """The rows with name (the id where none is known) and category of their product_id."""
    described = (
        frame(products.query("goods_names.sql"))
        if products
        else pd.DataFrame(columns=["product_id", "name", "category"])
    )
    sold = sold.merge(described, on="product_id", how="left", validate="one_to_one")
    sold["name"] = sold["name"].where(sold["name"].notna(), sold["product_id"])
    return sold
