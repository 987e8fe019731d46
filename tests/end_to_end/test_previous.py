"""--previous: a release, an uplift planted in the next refresh, and the report that finds it; nothing from nonsense."""

from __future__ import annotations

import csv
import json
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Built, build, tree

ONLY = ("--only", "experiment", "--only", "versus_last", "--format", "html")
UNTIL = date(2024, 6, 30)


def orders(customers: int) -> list[tuple[str, str, date, str]]:
    """Every customer buys in the last five months of an even year, some often."""
    rng, rows = random.Random(1), []
    for c in range(customers):
        for i in range(rng.choice((1, 1, 2, 4, 8))):
            rows.append(
                (f"c{c}", f"o{c}-{i}", UNTIL - timedelta(days=rng.randrange(1, 300)), f"{rng.randrange(5, 90)}.50")
            )
    return [*rows, ("last", "o-last", UNTIL, "15.00")]


def shop(folder: Path, rows: list[tuple[str, str, date, str]]) -> Path:
    """The rows as a mapped table."""
    folder.mkdir(exist_ok=True)
    with (folder / "sales.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("who", "order", "when", "paid"), *rows])
    columns = {"customer_id": "who", "order_id": "order", "timestamp": "when", "amount": "paid"}
    mapping = {"file": "sales.csv", "columns": columns, "date_format": "%Y-%m-%d", "currency": "EUR"}
    (folder / "mapping.json").write_text(json.dumps(mapping), encoding="utf-8")
    return folder


def arms(built: Built) -> dict[str, tuple[str, str]]:
    with (built.release / "exports" / "experiment_assignments.csv").open(encoding="utf-8", newline="") as file:
        return {row["customer_id"]: (row["action"], row["arm"]) for row in csv.DictReader(file)}


def refreshed(drawn: dict[str, tuple[str, str]], treated: float, alone: float) -> list[tuple[str, str, date, str]]:
    """One more order of some of the drawn, in the ninety days after."""
    rng, rows = random.Random(2), [("late", "n-late", UNTIL + timedelta(days=90), "9.00")]
    for customer, (_, arm) in sorted(drawn.items()):
        if rng.random() < (treated if arm == "treatment" else alone):
            rows.append((customer, f"n-{customer}", UNTIL + timedelta(days=rng.randrange(1, 90)), "20.00"))
    return rows


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, list[tuple[str, str, date, str]]]:
    folder, rows = tmp_path_factory.mktemp("first"), orders(2500)
    built = build(shop(folder / "data", rows), *ONLY, out=folder / "site")
    assert built.code == 0, built.said
    return built, rows


def verdicts(built: Built) -> set[str]:
    found = built.metrics["findings"]
    return {
        entry["value"] for key, entry in found.items() if key.startswith("experiment.") and key.endswith("_verdict")
    }


@pytest.mark.slow
def test_a_planted_uplift_is_found_in_the_next_release(first, tmp_path) -> None:
    old, rows = first
    drawn = arms(old)
    data = shop(tmp_path / "data", rows + refreshed(drawn, 0.45, 0.20))
    new = build(data, *ONLY, "--previous", old.release, out=tmp_path / "site")
    assert new.code == 0, new.said
    found = new.metrics["findings"]
    assert "worked" in verdicts(new) and "harmed" not in verdicts(new)
    low, high = found["experiment.all_change"]["interval"]
    assert low < 0.25 < high
    deck = (new.release / "deck.html").read_text(encoding="utf-8")
    assert 'id="versus_last"' in deck and "tested actions worked" in deck
    still = {c: arm for c, arm in arms(new).items() if drawn.get(c, ("", ""))[0] == arm[0]}
    assert len(still) > 500 and all(drawn[c] == arm for c, arm in still.items())


@pytest.mark.slow
def test_without_an_uplift_none_is_found_and_a_rebuild_is_the_same(first, tmp_path) -> None:
    old, rows = first
    shutil.copytree(old.site, tmp_path / "site", symlinks=True)
    data = shop(tmp_path / "data", rows + refreshed(arms(old), 0.3, 0.3))
    new = build(data, *ONLY, out=tmp_path / "site")
    assert new.code == 0, new.said
    assert new.metrics["findings"]["versus_last.day"]["value"] == "2024-07-01"
    assert verdicts(new) <= {"no difference shown"}
    name, before = new.release.resolve().name, tree(new.release.resolve())
    again = build(data, *ONLY, out=tmp_path / "site")
    assert again.code == 0 and again.release.resolve().name == name
    assert tree(again.release.resolve()) == before
    assert not any(str(tmp_path).encode() in content for content in before.values())


def test_the_last_release_in_the_folder_is_taken_and_a_damaged_one_is_left(sales: Path, tmp_path: Path) -> None:
    fast = ("--only", "kpis", "--format", "html", "--only", "quality")
    old = build(sales, *fast, "--as-of", "2024-05-01", out=tmp_path / "site")
    assert old.code == 0 and not [n for n in old.metrics["notes"] if n["code"] == "W_PREVIOUS"]
    release = old.release.resolve()
    (release / "metrics.json").write_text("{}", encoding="utf-8")
    new = build(sales, *fast, out=tmp_path / "site")
    assert new.code == 0, new.said
    (note,) = [n for n in new.metrics["notes"] if n["code"] == "W_PREVIOUS"]
    assert "was altered after it was published" in note["text"] and str(tmp_path) not in note["text"]


@pytest.mark.parametrize("wrong", ["absent", "empty", "file"])
def test_nonsense_is_refused_before_anything_is_read(tmp_path: Path, wrong: str) -> None:
    given = tmp_path / "release"
    if wrong == "empty":
        given.mkdir()
    if wrong == "file":
        given.write_text("{}", encoding="utf-8")
    done = build("nowhere", "--previous", given, out=tmp_path / "site")
    assert done.code == 2 and done.said.startswith("E_PREVIOUS ") and not (tmp_path / "site").exists()
    assert len(done.said.strip().splitlines()) == 1


def test_a_release_of_the_same_day_is_refused(sales: Path, tmp_path: Path) -> None:
    old = build(sales, "--only", "kpis", "--format", "html", out=tmp_path / "a")
    done = build(sales, "--only", "kpis", "--previous", old.release, out=tmp_path / "b")
    assert done.code == 2 and "not before this report's day" in done.said, done.said
