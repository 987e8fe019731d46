"""The files for customer relationship systems: what each one's import asks for, and what may not get into it."""

from __future__ import annotations

import csv
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.firmness import firmness
from analysis.long_table import LongTable, arrow, written
from analysis.rfm import SEGMENTS, segment
from dataset.settings import Settings
from report import crm, exports

SETTINGS = Settings(snapshot=date(2024, 3, 1))
NAMES = ["Tea, green", "Cup; blue", "Pot", 'A "big" jug', "=SUM(A1)", "Pot"]


@dataclass
class Framed:
    frame: pd.DataFrame


@dataclass
class Offered:
    recommended: LongTable


def results(ids: list[str], offers: list[tuple[int, int, int]], segments: bool = True, part: int | None = None) -> dict:
    """Customers with scores of five each; offers: (customer, rank, product) by place; part: customers in a block."""
    people = pd.DataFrame({"customer_id": pd.Series(ids, dtype="str"), "net": 1.0})
    row, rank, product = (np.array(c, dtype=np.int64) for c in zip(*offers, strict=True))
    frame = pd.DataFrame(
        {
            "customer_id": people["customer_id"].take(row).array,
            "rank": rank.astype(np.int8),
            "name": pd.Categorical([NAMES[p] for p in product]),
        }
    )
    parts = [frame] if part is None else [frame[row // part == at] for at in range(len(ids) // part + 1)]
    found: dict = {"customers": Framed(people), "recommend": Offered(written(map(arrow, parts)))}
    if segments:
        vip = pd.Categorical(["VIP"] * len(ids), categories=list(SEGMENTS))
        found["rfm"] = Framed(pd.DataFrame({"customer_id": ids, "r": 5, "f": 5, "m": 4, "segment": vip}))
    return found


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_each_system_gets_what_its_import_asks_for(tmp_path: Path) -> None:
    """A row a customer; values of a list apart by semicolons (Salesforce, HubSpot) or commas (Mailchimp tags)."""
    exports.write(tmp_path, results(["a", "b"], [(0, 1, 0), (0, 2, 1), (0, 3, 3), (1, 1, 2), (1, 2, 5)]), SETTINGS)
    assert read(tmp_path / "crm_salesforce.csv") == [
        ["Customer_Id__c", "Customer_Segment__c", "Segment_Confidence__c", "Last_Segment_Update__c",
         "Recommended_Products__c"],
        ["a", "VIP", "0.67", "2024-02-29", 'Tea, green;Cup, blue;A "big" jug'],
        ["b", "VIP", "0.67", "2024-02-29", "Pot"],
    ]  # fmt: skip
    head, *rows = read(tmp_path / "crm_hubspot.csv")
    assert head == [
        "Customer ID",
        "Customer segment",
        "Segment confidence",
        "Last segment update",
        "Recommended products",
    ]
    assert rows == read(tmp_path / "crm_salesforce.csv")[1:]
    assert read(tmp_path / "crm_mailchimp.csv") == [
        ["Email Address", "Customer ID", "Tags"],
        ["", "a", "Segment: VIP,Offer: Tea green,Offer: Cup; blue,Offer: A big jug"],
        ["", "b", "Segment: VIP,Offer: Pot"],
    ]
    assert {stat.S_IMODE((tmp_path / f"{name}.csv").stat().st_mode) for name in crm.FILES} == {0o600}
    raw = (tmp_path / "crm_salesforce.csv").read_bytes()
    assert b"\r" not in raw and not raw.startswith(b"\xef\xbb\xbf")


def test_no_cell_runs_and_no_id_is_changed(tmp_path: Path) -> None:
    """An id that a spreadsheet would run is left out; numbers that begin with a minus stay; a product is defused."""
    ids = ["=1+1", "-5", "-x", "007", "@a"]
    exports.write(tmp_path, results(ids, [(at, 1, 4) for at in range(5)]), SETTINGS)
    for name in crm.FILES:
        head, *rows = read(tmp_path / f"{name}.csv")
        at = next(i for i, h in enumerate(head) if h.lower().replace("_", " ").startswith("customer id"))
        assert [row[at] for row in rows] == ["-5", "007"], name
        assert not any(cell[:1] in "=+@" and cell for row in rows for cell in row)
    assert read(tmp_path / "crm_salesforce.csv")[1][-1] == "'=SUM(A1)"


def test_tags_are_short_and_without_the_segment_where_none_is_known(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "NAMES", ["long " * 40])
    exports.write(tmp_path, results(["a"], [(0, 1, 0)], segments=False), SETTINGS)
    (row,) = read(tmp_path / "crm_mailchimp.csv")[1:]
    assert len(row[2]) <= 100 and row[2].startswith("Offer: long") and "Segment" not in row[2]
    assert read(tmp_path / "crm_salesforce.csv")[0] == ["Customer_Id__c", "Recommended_Products__c"]


def test_no_file_without_segments_and_offers(tmp_path: Path) -> None:
    assert list(crm.tables({"customers": results(["a"], [(0, 1, 0)])["customers"]}, SETTINGS)) == []


def test_offers_of_other_customers_are_refused() -> None:
    for offered, known in ((["a", "c"], ["a", "b"]), (["b", "a"], ["a", "b"]), (["a", "b", "c"], ["a", "c"])):
        found = results(offered, [(at, 1, 0) for at in range(len(offered))])
        found["customers"] = results(known, [(0, 1, 0)])["customers"]
        del found["rfm"]
        with pytest.raises(RuntimeError, match="row by row"):
            list(crm.tables(found, SETTINGS))


@pytest.mark.parametrize("part", [1, 2, 3, None])
def test_blocks_and_customers_without_offers(tmp_path: Path, monkeypatch, part: int | None) -> None:
    """The first, one between and the last two are offered nothing, whatever lies in which block."""
    monkeypatch.setattr(crm, "BLOCK", 1)
    ids = list("abcdefg")
    offers = [(1, 1, 2), (2, 1, 2), (2, 2, 0), (4, 1, 0), (4, 2, 2)]
    exports.write(tmp_path, results(ids, offers, part=part), SETTINGS)
    rows = read(tmp_path / "crm_salesforce.csv")[1:]
    assert [(row[0], row[-1]) for row in rows] == [
        ("a", ""), ("b", "Pot"), ("c", "Pot;Tea, green"), ("d", ""), ("e", "Tea, green;Pot"), ("f", ""), ("g", ""),
    ]  # fmt: skip
    assert b'"g","VIP",0.67,2024-02-29,""' in (tmp_path / "crm_hubspot.csv").read_bytes()


def test_firmness_by_hand() -> None:
    """Highest scores: every step down to four keeps a VIP. Fours all round: only the eight without a step down do."""
    scores = pd.DataFrame({"r": [5, 4, 1], "f": [5, 4, 1], "m": [5, 4, 1]})
    assert firmness(scores).tolist() == [1.0, round(8 / 27, 2), 1.0]


def test_firmness_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.integers(1, 6, (200, 3)), columns=list("rfm"))
    for (r, f, m), found in zip(scores.itertuples(index=False), firmness(scores), strict=True):
        near = [
            segment(a, b, c) == segment(r, f, m)
            for a in (r - 1, r, r + 1)
            for b in (f - 1, f, f + 1)
            for c in (m - 1, m, m + 1)
            if min(a, b, c) >= 1 and max(a, b, c) <= 5
        ]
        assert found == round(sum(near) / len(near), 2)
