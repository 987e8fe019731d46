"""--assign: the labels of an earlier release again, new customers among them, and no release from nonsense."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.end_to_end.conftest import Built, build


def shop(folder: Path, customers: int) -> Path:
    """A mapped table: every third customer often and much, every third once and little, every third long ago."""
    folder.mkdir()
    rows = ["who,order,when,paid"]
    for i in range(customers):
        orders, paid, month = ((9, 120, 12), (1, 9, 11), (1, 30, 3))[i % 3]
        for order in range(orders):
            rows.append(f"c{i},o{i}-{order},2024-{month - order:02}-{1 + i % 28:02},{paid + i % 7}.50")
    rows.append("last,o-last,2024-12-30,15.00")
    (folder / "sales.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns = {"customer_id": "who", "order_id": "order", "timestamp": "when", "amount": "paid"}
    mapping = {"file": "sales.csv", "columns": columns, "date_format": "%Y-%m-%d", "currency": "EUR"}
    (folder / "mapping.json").write_text(json.dumps(mapping), encoding="utf-8")
    return folder


def labels(built: Built) -> dict[str, str]:
    with (built.release / "exports" / "customers.csv").open(encoding="utf-8", newline="") as file:
        return {row["customer_id"]: row["cluster"] for row in csv.DictReader(file)}


def test_old_customers_keep_their_label_and_new_ones_get_one(tmp_path: Path) -> None:
    old = build(shop(tmp_path / "old", 90), "--only", "clusters", "--format", "html", out=tmp_path / "a")
    new = build(
        shop(tmp_path / "new", 150), "--only", "clusters", "--format", "html", "--assign", old.release,
        out=tmp_path / "b",
    )  # fmt: skip
    assert (old.code, new.code) == (0, 0), old.said + new.said
    before, after = labels(old), labels(new)
    assert len(before) == 91 and len(after) == 151 and {c: after[c] for c in before} == before
    assert {after[f"c{i}"] for i in range(90, 150)} == {before[f"c{i}"] for i in range(90)}
    kept = [site.release / "models" / "clusters.json" for site in (old, new)]
    assert kept[0].read_bytes() == kept[1].read_bytes()
    assert "2024-12-31" in (new.release / "appendix.html").read_text(encoding="utf-8")


def test_nonsense_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "clusters.json").write_text('{"kind": "customer-deck clusters 1"}', encoding="utf-8")
    done = build("nowhere", "--assign", tmp_path / "clusters.json", out=tmp_path / "site")
    assert done.code == 2 and not (tmp_path / "site").exists()
    assert done.said.startswith("E_MODEL clusters.json: this is not what a build wrote: the file lacks snapshot")
