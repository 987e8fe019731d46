"""An earlier release is read as it was published, or refused with what is wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import previous
from analysis.run import run
from dataset.errors import DataError
from tests.analysis.released import released, rewritten, signed_again

NAMES = ("kpis", "rfm", "customers")
DRAWN = {
    "customer_id": ["a", "b", "c"],
    "action": ["vip_care", "vip_care", "low_touch"],
    "segment": ["VIP", "VIP", "Dormant"],
    "arm": ["treatment", "control", "treatment"],
    "share": [0.2, 0.2, 0.1],
    "seed": [1, 1, 1],
    "day": [date(2024, 6, 28)] * 3,
}


@pytest.fixture
def release(shop, tmp_path) -> Path:
    lines = [(f"o{c}{i}", f"c{c}", f"2024-0{1 + i}-{3 + c}", 10 + c * i) for c in range(25) for i in range(1 + c % 6)]
    dataset, settings = shop(lines, settings={"snapshot": date(2024, 6, 28)})
    return released(tmp_path / "release", run(NAMES, dataset, settings), dataset, settings)


def drawn(release: Path, **columns: Any) -> None:
    """Give the release an assignment."""
    made = pa.table({name: pa.array(values) for name, values in (DRAWN | columns).items()})
    pq.write_table(made, release / "exports" / "experiment_assignments.parquet")
    signed_again(release)


def test_what_was_said_is_read(release):
    told = previous.checked(release)
    assert (told.snapshot, told.currency) == (date(2024, 6, 28), "EUR")
    assert told.findings["kpis.orders"].value == 85 and told.findings["kpis.net"].unit == "money"
    assert told.findings["kpis.first_day"].value == date(2024, 1, 3)
    people = told.customers()
    assert people is not None and len(people) == 25 and people["segment"].notna().all()
    assert told.assignments() is None


def test_an_assignment_is_read(release):
    drawn(release)
    found = previous.checked(release).assignments()
    assert found is not None
    assert list(found.columns) == ["customer_id", "action", "segment", "arm", "share"]
    assert found["arm"].tolist() == DRAWN["arm"]


def test_exports_that_were_taken_away_are_not_missed(release):
    for path in (release / "exports").glob("customers.*"):
        path.unlink()
    signed_again(release)
    assert previous.checked(release).customers() is None


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"customer_id": ["a", "a", "b"]}, "a customer is there twice"),
        ({"customer_id": ["a", None, "b"]}, "has gaps"),
        ({"customer_id": [1, 2, 3]}, "a column of text is int64"),
        ({"arm": ["treatment", "control", "=cmd()"]}, "an arm is neither"),
        ({"action": ["vip_care", "vip_care", "../x"]}, "no proper key"),
        ({"segment": ["VIP", "VIP", "<b>"]}, "a segment is not one"),
        ({"share": [0.2, 0.2, 1.0]}, "not between nought and one"),
        ({"share": [0.2, 0.3, 0.1]}, "two shares"),
        ({"share": [0.2, 0.2, float("nan")]}, "not finite"),
        ({"day": [date(2024, 6, 27)] * 3}, "another day"),
    ],
)
def test_an_assignment_that_no_build_wrote_is_refused(release, columns, why):
    drawn(release, **columns)
    with pytest.raises(DataError, match=why) as wrong:
        previous.checked(release)
    assert wrong.value.code == "E_PREVIOUS"


def test_a_missing_column_and_no_parquet_are_refused(release):
    path = release / "exports" / "experiment_assignments.parquet"
    pq.write_table(pa.table({"customer_id": ["a"]}), path)
    signed_again(release)
    with pytest.raises(DataError, match="lacks the column action"):
        previous.checked(release)
    path.write_bytes(b"PAR1 no")
    signed_again(release)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        previous.checked(release)


def finding(**entries: Any) -> dict[str, Any]:
    return {"findings": {"kpis.net": {"value": "1.0", "unit": "money", "claim": "It is {value}."} | entries}}


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"snapshot": "soon"}, "proper snapshot"),
        ({"snapshot": None}, "proper snapshot"),
        ({"currency": "<script>"}, "currency is"),
        ({"currency": 7}, "currency is"),
        ({"findings": []}, "findings are not"),
        ({"findings": {"../x": {}}}, "is no finding"),
        ({"findings": {"kpis.net": 3}}, "is no finding"),
        (finding(unit="secret"), "no proper unit"),
        (finding(claim=None), "no proper unit or claim"),
        (finding(claim="x" * 3000), "no proper unit or claim"),
        (finding(claim="It is 5 of {value}."), "the claim of kpis.net is not one"),
        (finding(claim="No value."), "the claim of kpis.net is not one"),
        (finding(value="NaN"), "no money"),
        (finding(value=float("inf")), "no money"),
        (finding(value="1e400"), "no money"),
        (finding(value=True), "no money"),
        (finding(value=[1]), "no money"),
        (finding(unit="share", value=1.2), "no share"),
        (finding(unit="count", value=1.2), "no count"),
        (finding(unit="date", value="31 May"), "no date"),
        (finding(unit="date", value=3), "no date"),
        (finding(unit="name", value=3), "no name"),
    ],
)
def test_numbers_that_no_build_wrote_are_refused(release, entries, why):
    rewritten(release, **entries)
    with pytest.raises(DataError, match=why) as wrong:
        previous.checked(release)
    assert wrong.value.code == "E_PREVIOUS" and str(release.parent) not in str(wrong.value)


def test_an_altered_file_is_refused(release):
    told = json.loads((release / "metrics.json").read_text(encoding="utf-8"))
    told["findings"]["kpis.orders"]["value"] = 99
    (release / "metrics.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.json: .* altered"):
        previous.checked(release)


@pytest.mark.parametrize("broken", ["[", "[]", "{}", "[" * 100_000])
def test_a_broken_manifest_is_refused(release, broken):
    (release / "MANIFEST.json").write_text(broken, encoding="utf-8")
    with pytest.raises(DataError, match="E_PREVIOUS"):
        previous.checked(release)


def test_no_folder_and_a_link_in_the_place_of_a_file_are_refused(release, tmp_path):
    with pytest.raises(DataError, match="no such release"):
        previous.read(tmp_path / "absent")
    (release / "metrics.json").rename(tmp_path / "elsewhere.json")
    (release / "metrics.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(DataError, match="no regular file"):
        previous.read(release)


def test_customers_with_a_segment_nobody_knows_are_refused(release):
    people = pd.DataFrame({"customer_id": ["a", "b"], "segment": ["VIP", "Champions"]})
    people.to_parquet(release / "exports" / "customers.parquet")
    signed_again(release)
    with pytest.raises(DataError, match="a segment is not one"):
        previous.checked(release)


def test_only_an_earlier_day_can_be_compared_with(release):
    previous.before(release, date(2024, 6, 29))
    with pytest.raises(DataError, match="not before this report's day"):
        previous.before(release, date(2024, 6, 28))


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "loop"])
def test_a_name_of_no_folder_is_refused(tmp_path, name):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DataError, match="there is no such release"):
        previous.read(tmp_path / name)
