"""Segments and offers of each customer as the import files of customer relationship systems; docs/crm.md names them."""

# pyarrow.compute makes its functions when it is imported, where pyright does not see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.finding import Result
from analysis.firmness import firmness
from analysis.long_table import is_coded
from dataset.settings import Settings
from report import formulas

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 50_000  # customers
NEEDS = ("customers", "rfm", "clusters", "clv", "recommend")  # analyses
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


@dataclass(frozen=True, slots=True)
class Offers:
    """What some customers are offered: row (of the customer), place (0 is best), name (in `names`)."""

    row: np.ndarray
    place: np.ndarray
    name: np.ndarray
    names: list[str]


def tables(results: Mapping[str, Result], settings: Settings) -> Iterator[dict[str, pa.Table]]:
    """Of some customers at once a table a system, one row a customer, by id.

    Nothing without customers, or with neither segments nor offers. Customers whose id a spreadsheet would run are left
    out: an apostrophe before it would make another customer.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    people = getattr(results.get("customers"), "frame", None)
    if people is None or not (results.get("rfm") or results.get("recommend")):
        return
    ids = _texts(people["customer_id"])
    for rows, offers in _parts(ids, results.get("recommend")):
        said = {"customer_id": ids[rows]} | _said(rows, offers, results, settings)
        kept = pc.invert(formulas.risky(said["customer_id"]))
        tags = _tags(rows, offers, results)
        made = {
            name: pa.table({h[at]: said[c] for c, h in HEADINGS.items() if c in said})
            for at, name in enumerate(FILES[:2])
        }
        empty = pa.nulls(len(kept), pa.string())
        made[FILES[2]] = pa.table({"Email Address": empty, "Customer ID": said["customer_id"], "Tags": tags})
        yield made if pc.all(kept).as_py() else {name: table.filter(kept) for name, table in made.items()}


def _parts(ids: pa.ChunkedArray, recommend: Any) -> Iterator[tuple[slice, Offers | None]]:
    """Some customers at once, as their offers lie together; None where nothing is offered to them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start = 0
    for offers in recommend.recommended.blocks("customer_id", "rank", "name") if recommend is not None else ():
        rank, name = offers["rank"].to_numpy(), offers["name"].unify_dictionaries().combine_chunks()
        whom = offers["customer_id"].filter(pa.array(rank == 1)).combine_chunks()
        if not len(whom):
            continue
        end = start + pc.index(ids[start:], whom[-1]).as_py() + 1
        place = pc.index_in(whom, ids[start:end])
        if end == start or place.null_count:
            raise RuntimeError("the customers with offers are not the reduced customers, row by row")
        row = place.to_numpy()[np.cumsum(rank == 1) - 1]
        code = name.indices.to_numpy()
        used = np.bincount(code, minlength=len(name.dictionary)) > 0
        names = name.dictionary.filter(pa.array(used)).to_pylist()
        yield slice(start, end), Offers(row, rank - 1, (np.cumsum(used) - 1)[code], names)
        start = end
    for at in range(start, len(ids), BLOCK):
        yield slice(at, min(at + BLOCK, len(ids))), None


def _said(
    rows: slice, offers: Offers | None, results: Mapping[str, Result], settings: Settings
) -> dict[str, pa.ChunkedArray | pa.Array]:
    """What is said of each customer beside the id, of what there is, in columns."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    frames = (getattr(results.get(name), "frame", None) for name in ("rfm", "clusters", "clv"))
    rfm, clusters, clv = (None if frame is None else frame.iloc[rows] for frame in frames)
    count = rows.stop - rows.start
    if rfm is not None:
        found["segment"] = _texts(rfm["segment"])
        found["confidence"] = pa.array(firmness(rfm))
        day = settings.snapshot - timedelta(days=1)
        found["updated"] = pa.array(np.full(count, np.datetime64(day, "D")))
    if clusters is not None:
        found["cluster"] = _texts(clusters["cluster"])
    if clv is not None and results["clv"].frame["value_365"].notna().any():  # type: ignore[attr-defined]
        found["expected"] = pa.array(np.round(clv["value_365"].to_numpy(), 2), from_pandas=True)
    if results.get("recommend") is not None:
        found["offers"] = _joined(_offered(offers, count, lambda name: name.replace(";", ",")), ";")
    return found


def _tags(rows: slice, offers: Offers | None, results: Mapping[str, Result]) -> pa.ChunkedArray:
    """The segment and each offer as tags, a comma between."""
    columns: list[Any] = []
    if results.get("rfm") is not None:
        segment = results["rfm"].frame["segment"].iloc[rows]  # type: ignore[attr-defined]
        columns.append(_texts(segment.astype("category").cat.rename_categories(lambda name: _tag("Segment", name))))
    if results.get("recommend") is not None:
        columns += _offered(offers, rows.stop - rows.start, lambda name: _tag("Offer", name))
    return _joined(columns, ",")


def _tag(what: str, name: str) -> str:
    return " ".join(f"{what}: {name}".replace(",", " ").replace('"', " ").split())[:TAG].rstrip()


def _offered(offers: Offers | None, count: int, written: Callable[[str], str]) -> list[pa.Array]:
    """The name of each of `count` customers' first, second ... offer as it is to be written; no name twice."""
    import pyarrow as pa

    if offers is None:
        return [pa.nulls(count, pa.string())]
    texts, code = np.unique([written(name) for name in offers.names], return_inverse=True)
    chosen = np.full((int(offers.place.max()) + 1, count), -1, dtype=np.int32)
    chosen[offers.place, offers.row] = code.astype(np.int32)[offers.name]
    for later in range(1, len(chosen)):
        chosen[later, (chosen[:later] == chosen[later]).any(axis=0)] = -1
    names = pa.array(texts.tolist(), pa.string())
    return [names.take(pa.array(each, mask=each < 0)) for each in chosen]


def _joined(columns: Sequence[Any], separator: str) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    first = pc.fill_null(columns[0], "")  # a row of nulls alone would be left out of what comes back
    found = pc.binary_join_element_wise(first, *columns[1:], separator, null_handling="skip")
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _texts(column: pd.Series) -> pa.ChunkedArray:
    import pyarrow as pa

    found = pa.Array.from_pandas(column)
    found = found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
    if is_coded(found.type):
        found = found.cast(found.type.value_type)
    return found.cast(pa.string())
