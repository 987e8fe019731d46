"""What offers to customers are worth: an assumed response times what one more sale brings; always told as assumed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import memory
from analysis.customers import SCALE, whole
from analysis.finding import Finding, Table, Unit
from analysis.ground import noun
from analysis.long_table import LongTable, in_blocks, written

if TYPE_CHECKING:
    import pyarrow as pa

LEAST = 5  # customers who took the step by themselves: fewer are no evidence
SHORT_NAME = 28  # characters of a name in a claim
NO_PRICE = "no price of a product is known"

Told = Callable[..., Finding]


def in_text(ids: list[str]) -> str:
    """Ids as one text that SQL searches for `|id|`; the place of one tells its rank."""
    return listed([escaped(one) for one in ids])


def in_pairs(pairs: list[tuple[str, str]]) -> str:
    """Pairs of ids, likewise: SQL searches for `|one~>other|`."""
    return listed([f"{escaped(one)}~>{escaped(other)}" for one, other in pairs])


def escaped(one: str) -> str:
    """An id as it stands in such a text, where no id looks like another or like two."""
    return one.replace("~", "~0").replace("|", "~1")


def listed(entries: list[str]) -> str:
    """Each between bars."""
    return "".join(f"|{entry}" for entry in entries) + "|"


def exact(values: np.ndarray) -> Decimal:
    """The sum of amounts (float64), each to the millionth."""
    return Decimal(int(whole(values).sum())) / SCALE


def valued(frame: pd.DataFrame, gain: pd.Series, response: float) -> pd.DataFrame:
    """With what each customer offered (`customers`) is expected to bring: response x gain x customers."""
    return frame.assign(value=np.round(response * gain * frame["customers"], 6))


def half_and_double(value: Decimal, response: float) -> tuple[Decimal, Decimal]:
    """The value at half the response and at twice (at most everybody)."""
    most = Decimal(str(min(2 * response, 1.0))) / Decimal(str(response))
    return value / 2, value * most


def by_category(offers: pd.DataFrame, source: str, title: str) -> Table | None:
    """Customers and value of the offers by category, the most valuable first; None where no category is known."""
    if not offers["category"].notna().any():
        return None
    known = offers.assign(category=[c if isinstance(c, str) else "Unknown" for c in offers["category"]])
    sums = known.groupby("category", as_index=False)[["customers", "value"]].sum()
    frame = sums.sort_values(["value", "category"], ascending=[False, True], ignore_index=True)
    units: dict[str, Unit] = {"customers": "count", "value": "money"}
    labels = {"category": "Category", "customers": "Customers", "value": "Expected value (assumed)"}
    return Table(frame, title, labels, source, units)


def findings(
    analysis: str, offers: pd.DataFrame, response: float, gain: str, what: str, best: str, told: Told
) -> dict[str, Finding]:
    """The value of all offers with its half and double, the assumption, and the most valuable offer.

    offers: as printed, the most valuable first; each customer in one of them. gain: what one more sale brings; what:
    what is offered; best: what the most valuable offer is called. told: Finding with population, n, window and source.
    """
    total, top = exact(offers["value"].to_numpy()), offers.iloc[0]
    low, high = half_and_double(total, response)
    assumed = partial(told, kind="assumed", leading=True)
    many = int(offers["customers"].sum())
    meaning = f"assumed response x {gain} x customers offered, each customer offered one product"
    return {
        "value": assumed(
            total,
            "money",
            f"At an assumed response of {{{analysis}.response}} the offers bring {{value}}.",
            f"{meaning}; low and high at half and twice the response",
            interval=(float(low), float(high)),
        ),
        "value_low": assumed(
            low,
            "money",
            f"Half or twice that response brings {{value}} or {{{analysis}.value_high}}, all assumed.",
            f"{meaning}, at half the response",
        ),
        "value_high": assumed(
            high, "money", "At twice that response they bring {value}, as assumed.", f"{meaning}, at twice the response"
        ),
        "response": assumed(
            response,
            "share",
            f"Assumed: {{value}} of the customers offered {what} buy it.",
            f"{analysis}_response of report.toml: an assumption",
        ),
        "customers": told(
            many,
            "count",
            f"{{value}} {noun(many, 'customer')} can be offered {what}.",
            "known customers with an offer, each counted once",
        ),
        "offers": told(
            len(offers),
            "count",
            f"{{value}} different {noun(len(offers), 'offer')} {noun(len(offers), 'is', 'are')} open.",
            "different pairs of a product held and a product offered to at least one customer",
        ),
        "top_has": told(
            short(top["name_has"]),
            "name",
            f"{{value}} leads to the most valuable offer, {{{analysis}.top_offer}}.",
            "the product held, of the offer with the largest expected value",
        ),
        "top_offer": told(
            short(top["name_offer"]),
            "name",
            f"{best}: {{value}}, for {{{analysis}.top_customers}} "
            f"{noun(int(top['customers']), 'customer')} who bought {{{analysis}.top_has}}.",
            "the product offered, of the offer with the largest expected value",
        ),
        "top_customers": told(
            int(top["customers"]),
            "count",
            f"{{value}} {noun(int(top['customers']), 'customer is', 'customers are')} open to the most valuable offer.",
            "customers of the offer with the largest expected value",
        ),
        "top_value": assumed(
            exact(offers["value"].to_numpy()[:1]),
            "money",
            "The most valuable offer brings {value} at the assumed response.",
            f"{meaning}; of the offer with the largest expected value",
            interval=tuple(float(end) for end in half_and_double(exact(offers["value"].to_numpy()[:1]), response)),
        ),
    }


def short(name: object) -> str:
    """A name that fits into a claim."""
    text = " ".join(str(name).split())
    return text if len(text) <= SHORT_NAME else text[: SHORT_NAME - 1].rstrip() + "…"


def people(ids: pa.ChunkedArray, offers: pd.DataFrame, at: np.ndarray, gain: str, response: float) -> LongTable:
    """One row a customer: the offer at row `at` of `offers`, and what it should bring; most first, then by id.

    ids: rising. customer_id, has, name_has, offer, name_offer, price (of the offer), expected_value.
    """
    said = {c: pd.Categorical(offers[c]) for c in ("has", "name_has", "offer", "name_offer")}
    price, value = offers["price"].to_numpy(), np.round(response * offers[gain], 6).to_numpy()
    ids, sort = ids.combine_chunks(), np.argsort(-value[at], kind="stable")

    def block(rows: slice) -> pd.DataFrame:
        whom = at[sort[rows]]
        told = {"customer_id": ids.take(sort[rows]).to_pandas()} | {c: texts.take(whom) for c, texts in said.items()}
        return pd.DataFrame(told | {"price": price[whom], "expected_value": value[whom]}, copy=False)

    memory.given_back()
    return written(in_blocks(len(at), block))


def places(column: pa.ChunkedArray, known: pd.Index) -> np.ndarray:
    """Where each text of a column stands in `known`, -1 where it does not."""
    coded = column.combine_chunks().dictionary_encode()
    return known.get_indexer(coded.dictionary.to_pylist())[coded.indices.to_numpy()]
