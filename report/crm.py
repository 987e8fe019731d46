"""Segments and offers of each customer as the import files of customer relationship systems; docs/crm.md names them."""

# pyarrow.compute makes its functions when it is imported, where pyright does not see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.finding import Result
from analysis.firmness import firmness
from dataset.settings import Settings
from report import formulas

if TYPE_CHECKING:
    import pyarrow as pa

FILES = ("crm_salesforce", "crm_hubspot", "crm_mailchimp")
SAME = {"crm_hubspot": "crm_salesforce"}  # all but the headings
# What is said of a customer -> heading for Salesforce (field API names) and HubSpot (property labels)
HEADINGS = {
    "customer_id": ("Customer_Id__c", "Customer ID"),
    "segment": ("Customer_Segment__c", "Customer segment"),
    "confidence": ("Segment_Confidence__c", "Segment confidence"),
    "updated": ("Last_Segment_Update__c", "Last segment update"),
    "cluster": ("Customer_Cluster__c", "Customer cluster"),
    "expected": ("Expected_Value__c", "Expected value next year"),
    "offers": ("Recommended_Products__c", "Recommended products"),
}
TAG = 100  # characters of a Mailchimp tag


def tables(results: Mapping[str, Result], settings: Settings) -> dict[str, pa.Table]:
    """A table a system, one row a customer by id; none without customers, or with neither segments nor offers.

    Customers whose id a spreadsheet would run are left out: an apostrophe before it would make another customer.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    people = getattr(results.get("customers"), "frame", None)
    if people is None or not (results.get("rfm") or results.get("recommend")):
        return {}
    said = _said(people, results, settings)
    kept = pc.invert(formulas.risky(said["customer_id"]))
    tags = _tags(people, results)
    made = {
        name: pa.table({h[at]: said[c] for c, h in HEADINGS.items() if c in said}) for at, name in enumerate(FILES[:2])
    }
    empty = pa.chunked_array([pa.nulls(len(people), pa.string())])
    made[FILES[2]] = pa.table({"Email Address": empty, "Customer ID": said["customer_id"], "Tags": tags})
    return made if pc.all(kept).as_py() else {name: table.filter(kept) for name, table in made.items()}


def _said(people: pd.DataFrame, results: Mapping[str, Result], settings: Settings) -> dict[str, Any]:
    """What is said of each customer, of what there is, in columns."""
    import pyarrow as pa

    found: dict[str, Any] = {"customer_id": _texts(people["customer_id"])}
    rfm, clusters, clv = (getattr(results.get(name), "frame", None) for name in ("rfm", "clusters", "clv"))
    if rfm is not None:
        found["segment"] = _texts(rfm["segment"])
        found["confidence"] = pa.array(firmness(rfm))
        day = settings.snapshot - timedelta(days=1)
        found["updated"] = pa.array(np.full(len(people), np.datetime64(day, "D")))
    if clusters is not None:
        found["cluster"] = _texts(clusters["cluster"])
    if clv is not None and clv["value_365"].notna().any():
        found["expected"] = pa.array(np.round(clv["value_365"].to_numpy(), 2), from_pandas=True)
    if results.get("recommend") is not None:
        found["offers"] = _joined(_offered(people, results["recommend"], lambda name: name.replace(";", ",")), ";")
    return found


def _tags(people: pd.DataFrame, results: Mapping[str, Result]) -> pa.ChunkedArray:
    """The segment and each offer as tags, a comma between."""
    import pyarrow as pa

    columns: list[Any] = []
    if results.get("rfm") is not None:
        segment = results["rfm"].frame["segment"]  # type: ignore[attr-defined]
        columns.append(_texts(segment.astype("category").cat.rename_categories(lambda name: _tag("Segment", name))))
    if results.get("recommend") is not None:
        columns += _offered(people, results["recommend"], lambda name: _tag("Offer", name))
    return _joined(columns, ",") if columns else pa.chunked_array([pa.nulls(len(people), pa.string())])


def _tag(what: str, name: str) -> str:
    return " ".join(f"{what}: {name}".replace(",", " ").replace('"', " ").split())[:TAG].rstrip()


def _offered(people: pd.DataFrame, recommend: Any, written: Any) -> list[pa.Array]:
    """The name of each customer's first, second ... offer as it is to be written; no name twice."""
    import pyarrow as pa

    frame = recommend.recommended
    if not frame["customer_id"].cat.categories.equals(pd.Index(people["customer_id"])):
        raise RuntimeError("the customers with offers are not the reduced customers, row by row")
    texts, code = np.unique([written(str(name)) for name in frame["name"].cat.categories], return_inverse=True)
    most = int(frame["rank"].max())
    chosen = np.full((len(people), most), -1, dtype=np.int64)
    chosen[frame["customer_id"].cat.codes, frame["rank"].to_numpy() - 1] = code[frame["name"].cat.codes]
    for later in range(1, most):
        chosen[(chosen[:, :later] == chosen[:, [later]]).any(axis=1), later] = -1
    names = pa.array(texts.tolist(), pa.string())
    return [names.take(pa.array(column, mask=column < 0)) for column in chosen.T]


def _joined(columns: Sequence[Any], separator: str) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.binary_join_element_wise(*columns, separator, null_handling="skip")
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _texts(column: pd.Series) -> pa.ChunkedArray:
    import pyarrow as pa

    found = pa.Array.from_pandas(column)
    found = found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
    if pa.types.is_dictionary(found.type):
        found = found.cast(found.type.value_type)
    return found.cast(pa.string())
