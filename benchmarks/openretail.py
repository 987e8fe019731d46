"""OpenRetailScience (Elastic License 2.0) at the same tasks: it wants pandas 2, so an interpreter of its own runs this.

`uv venv ORS && uv pip install --python ORS/bin/python openretailscience`, then
`ORS/bin/python benchmarks/openretail.py TASK FILE`.
"""

import sys

import ibis
import pandas as pd

NAMES = {"customer": "customer_id", "order": "transaction_id", "when": "transaction_date"}


def segments(file: str) -> None:
    """Recency, frequency and money in quintiles, from a pandas frame."""
    from openretailscience.segmentation.rfm import RFMSegmentation

    frame = pd.read_parquet(file, columns=[*NAMES, "quantity", "unit_price"]).rename(columns=NAMES)
    frame["unit_spend"] = frame.pop("quantity") * frame.pop("unit_price").astype("float64")
    print(len(RFMSegmentation(frame, None, 5, 5, 5).df))


def segments_ibis(file: str) -> None:
    """The same by Ibis on its DuckDB."""
    from openretailscience.segmentation.rfm import RFMSegmentation

    table = ibis.duckdb.connect().read_parquet(file).rename({new: old for old, new in NAMES.items()})
    table = table.mutate(unit_spend=(table.quantity * table.unit_price).cast("float64"))
    print(len(RFMSegmentation(table, None, 5, 5, 5).df))


def cohorts(file: str) -> None:
    """Customers by month of first sale and months since, from Ibis on its DuckDB."""
    from openretailscience.analysis.cohort import CohortAnalysis

    table = ibis.duckdb.connect().read_parquet(file).rename({new: old for old, new in NAMES.items()})
    print(CohortAnalysis(table, "customer_id", "nunique", "month").df.shape)


def pairs(file: str) -> None:
    """Pairs of products at a support of a tenth of a percent, by Ibis on its DuckDB."""
    from openretailscience.analysis.product_association import ProductAssociation

    table = ibis.duckdb.connect().read_parquet(file)
    print(len(ProductAssociation(table, "product_id", "order_id", min_support=0.001).df))


if __name__ == "__main__":
    {made.__name__: made for made in (segments, segments_ibis, cohorts, pairs)}[sys.argv[1]](sys.argv[2])
