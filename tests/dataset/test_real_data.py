"""Published figures of real files, found again. Skipped where the files are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataset.opening import open_data
from dataset.settings import Settings

REAL = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the public development data is not here")


@pytest.mark.parametrize(
    ("data", "layout", "figures"),
    [
        (
            "adventureworks",
            "auto",
            {"lines": 56_046, "orders": 25_164, "buyers": 17_416, "products_sold": 130, "gross": "24914586.82"},
        ),
        ("cdnow/sample_csv", "auto", {"lines": 6_919, "buyers": 2_357, "gross": "244091.94"}),
        (
            "retail_db",
            "thelook",
            {"all_orders": 68_883, "items": 172_198, "all_statuses": "34322620.60", "gross": "15012982.76"},
        ),
        ("thelook/extract_2025_09", "auto", {"items": 507, "all_statuses": "28591.17"}),
        (
            "thelook/thelook_fr_women_2023_2024.csv",
            "auto",
            {"lines": 1_679, "all_orders": 1_117, "all_customers": 868, "all_statuses": "95739.55"},
        ),
        ("retailrocket/sample_events.csv.gz", "auto", {"visitors": 5_000, "buyers": 39, "orders": 40, "events": 9_382}),
    ],
    ids=["adventureworks", "cdnow", "retail_db", "theLook extract", "theLook flat", "retailrocket"],
)
def test_published_figures(tmp_path: Path, data: str, layout: str, figures: dict[str, int | str]) -> None:
    dataset, _ = open_data(str(REAL / data), layout, None, Settings(), tmp_path)
    assert {key: dataset.values[key] for key in figures} == figures


def test_online_retail(tmp_path: Path) -> None:
    """The whole UCI file: rows, invoices, customers, and the raw total that is widely published."""
    dataset, _ = open_data(str(REAL / "online_retail"), "auto", None, Settings(), tmp_path)
    assert dataset.values["lines"] == 541_909
    assert (
        str(dict(dataset.reconciliation)["Raw total: quantity times price over every readable row"]) == "9747747.934000"
    )
    known = "customer_id is not null and kind = 'sale'"
    found = dataset.engine.rows(
        f"select count(*), count(distinct customer_id), count(distinct order_id), sum(amount) from lines where {known}"
    )
    assert [str(v) for v in found[0]] == ["397884", "4338", "18532", "8911407.904000"]
    assert {n.code: n.count for n in dataset.notes} == {
        "W_DUPLICATE_ROWS": 5_268, "W_NEGATIVE_PRICE": 2, "W_NEGATIVE_QTY": 1_336, "W_NON_PRODUCT_CODES": 873,
        "W_UNKNOWN_CUSTOMER": 133_939, "W_ZERO_PRICE": 1_179,
    }  # fmt: skip
