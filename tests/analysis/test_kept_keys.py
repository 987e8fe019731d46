"""The key of a result changes with whatever the result depends on, and with nothing else."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis import cluster_model, kept_keys, playbook, previous
from analysis.kept_keys import LOOKS, READ, ROOT
from analysis.plan import analyses
from analysis.run import run
from dataset import opening, sample
from dataset.engine import Relation, reductions
from dataset.settings import Settings


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, object]]]:
    """code(name, **files): the key of an analysis, in a house of these files."""
    monkeypatch.setattr(kept_keys, "ROOT", tmp_path)
    (tmp_path / "reduced").mkdir()

    def key(name: str, settings: Settings | None = None, **files: str) -> dict[str, object]:
        for file, text in files.items():
            folder = tmp_path / ("reduced" if file.startswith("r_") else ".")
            (folder / file.replace("_sql", ".sql").replace("_py", ".py")).write_text(text, encoding="utf-8")
        kept_keys.reached.cache_clear()
        kept_keys.settings_seen.cache_clear()
        return kept_keys.of_analysis(name, settings or Settings())

    yield key
    kept_keys.reached.cache_clear()
    kept_keys.settings_seen.cache_clear()


HOUSE = {
    "one_py": "from analysis import two\nfrom analysis.three import (\n    A,\n)\nx = 'one.sql', s.budget, s.seed()\n",
    "two_py": "def f():\n    from analysis import four as f4\n",
    "three_py": "A = B = 1\n",
    "four_py": "import analysis.five\n",
    "five_py": "SOURCE = 'analysis/five.sql'\n",
    "six_py": "from analysis.one import f\n",
    "one_sql": "select * from r_days join lines using (day)",
    "five_sql": "select 1",
    "r_days_sql": "select * from r_parts",
    "r_parts_sql": "select * from lines",
    "r_other_sql": "select * from lines",
}  # fmt: skip


@pytest.mark.parametrize("file", sorted(HOUSE))
def test_an_edit_counts_where_the_file_can_be_reached(file: str, code: Any) -> None:
    before = code("one", **HOUSE)
    after = code("one", **{file: HOUSE[file] + "\n"})
    assert (before != after) == (file not in ("six_py", "r_other_sql"))


def test_a_new_or_absent_file_counts_where_it_is_named(code: Any, tmp_path: Path) -> None:
    before = code("one", **HOUSE)
    assert code("one", seven_py="x = 1\n") == before
    (tmp_path / "four.py").unlink()
    assert code("one") != before


def test_a_setting_counts_where_the_code_names_it(code: Any) -> None:
    before = code("one", **HOUSE)
    assert code("one", Settings(budget=5.0)) != before and code("six", Settings(budget=5.0)) != code("six")
    assert code("one", Settings(margin=0.5, seed=3)) == before
    assert code("three", Settings(budget=5.0)) == code("three")
    assert code("one", Settings(budget=1)) != code("one", Settings(budget=1.0))


def test_what_is_reached_is_what_the_imports_name() -> None:
    """OrderProducts against the syntax tree, on the whole house."""

    def imported(path: Path) -> set[str]:
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        files = {
            f"{name.removeprefix('analysis.').replace('.', '/')}.py" for name in names if name.startswith("analysis.")
        }
        return {file for file in files if (ROOT / file).is_file()}

    for path in ROOT.glob("*.py"):
        assert set(kept_keys.imported(path.read_text(encoding="utf-8"))) >= imported(path), path.name
    for name in analyses():
        reached = set(kept_keys.reached(name))
        assert all(imported(ROOT / file) <= reached for file in reached if file.endswith(".py")), name
        assert f"{name}.py" in reached and set(ROOT.glob("*.py")) > {
            ROOT / file for file in reached if "sql" not in file
        }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Settings]]:
    folder = tmp_path_factory.mktemp("shop")
    sample.write(folder / "shop", customers=400, seed=1)
    dataset, settings = opening.open_data(str(folder / "shop"), "thelook", None, Settings(currency="EUR"), folder)
    yield dataset, replace(settings, budget=1_000.0)
    dataset.engine.close()


def test_every_statement_an_analysis_runs_is_part_of_its_key(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    under_way: list[str] = []
    query = Relation.query

    def noted(self: Relation, file: str, **parameters: object) -> Any:
        asked[under_way[-1]] |= {file, *reductions(self.root, (self.root / file).read_text(encoding="utf-8"))}
        return query(self, file, **parameters)

    monkeypatch.setattr(Relation, "query", noted)
    run(analyses(), *shop, step=_step(under_way))
    assert len(asked) > 15
    for name, files in asked.items():
        assert files <= set(kept_keys.reached(name)), name


def test_every_setting_an_analysis_reads_is_part_of_its_key(shop: Any) -> None:
    """And none that is only about looks is read by any."""
    read: dict[str, set[str]] = defaultdict(set)
    under_way: list[str] = ["reading"]
    names = {field.name for field in fields(Settings)}

    class Watched(Settings):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            if name in names:
                read[under_way[-1]].add(name)
            return super().__getattribute__(name)

    dataset, settings = shop
    watched = Watched(**{name: getattr(settings, name) for name in names})
    run(analyses(), dataset, watched, step=_step(under_way))
    assert len(read) > 20 and read["budget"] >= {"budget", "margin"} and "playbook" in read["actions"]
    for name in analyses():
        assert not read[name] & set(LOOKS), name
        assert read[name] <= set(kept_keys.settings_seen(name)), name
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*.py"))
    assert not re.search(rf"settings\.({'|'.join(LOOKS)})\b", text)
    others = [
        path.name
        for path in ROOT.glob("*.py")
        if re.search(r"(getattr|asdict|astuple|vars)\(\w*settings\b", path.read_text())
    ]
    assert others == ["kept_keys.py"], "a setting is read by a name that the text does not hold"


def test_the_settings_that_reading_sees_are_part_of_its_key(tmp_path: Path) -> None:
    read: set[str] = set()
    names = {field.name for field in fields(Settings)}

    class Watched(Settings):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            read.update({name} & names)
            return super().__getattribute__(name)

        def complete(self, *args: Any) -> Settings:
            return Settings()

    sample.write(tmp_path / "shop", customers=50, seed=1)
    dataset, _ = opening.open_data(str(tmp_path / "shop"), "thelook", None, Watched(), tmp_path)
    dataset.engine.close()
    assert read <= set(READ)


def _step(under_way: list[str]) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def step(name: str) -> Iterator[None]:
        under_way.append(name)
        yield

    return step


# Files that settings name


def test_a_playbook_counts_by_name_and_content(tmp_path: Path) -> None:
    assert kept_keys.PLAYBOOK == playbook.HOUSE
    mine = tmp_path / "mine.toml"
    shutil.copy(playbook.HOUSE, mine)
    house, first = kept_keys.told("playbook", Settings()), kept_keys.told("playbook", Settings(playbook=mine))
    assert house != first and house[1] == first[1]
    mine.write_text(mine.read_text(encoding="utf-8") + "#\n", encoding="utf-8")
    assert kept_keys.told("playbook", Settings(playbook=mine))[1] != first[1]


def test_a_release_counts_by_all_that_is_read_of_it(tmp_path: Path) -> None:
    assert {*previous.MOST_BYTES, cluster_model.FILE} == set(kept_keys.OF_A_RELEASE)
    (tmp_path / "releases" / "a" / "exports").mkdir(parents=True)
    (tmp_path / "releases" / "a" / "models").mkdir()
    (tmp_path / "current").symlink_to("releases/a")
    seen = [kept_keys.content(tmp_path / "current")]
    for name in kept_keys.OF_A_RELEASE:
        (tmp_path / "releases" / "a" / name).write_text("x")
        seen.append(kept_keys.content(tmp_path / "current"))
    assert all(one not in seen[:at] for at, one in enumerate(seen)) and seen[0] == ["a", {}]
    (tmp_path / "releases" / "a" / "deck.html").write_text("x")
    assert kept_keys.content(tmp_path / "current") == seen[-1] == kept_keys.content(tmp_path / "releases" / "a")
    assert kept_keys.content(tmp_path / "nowhere") == ["nowhere", None]


# The data


def key(data: Path | str, **options: Any) -> str | None:
    found = kept_keys.inputs(
        str(data), options.pop("layout", "auto"), options.pop("mapping", None), Settings(**options)
    )
    return found and found.key


COLUMNS = {"customer_id": "who", "timestamp": "when", "amount": "paid"}


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    folder = tmp_path / "sales"
    folder.mkdir()
    (folder / "a.csv").write_text("who,when\nann,2024-01-01\n")
    (folder / "b.csv").write_text("who,when\nbob,2024-01-01\n")
    return folder


def test_data_count_by_names_and_content(sales: Path, tmp_path: Path) -> None:
    before = key(sales)
    shutil.copytree(sales, tmp_path / "copy" / "sales")
    assert key(tmp_path / "copy" / "sales") == before == key(sales)
    os.utime(sales / "a.csv", (0, 0))
    (sales / "notes.md").write_text("no table")
    assert key(sales) == before
    (sales / "a.csv").write_text("who,when\nann,2024-01-02\n")
    changed = key(sales)
    (sales / "a.csv").rename(sales / "c.csv")
    renamed = key(sales)
    (sales / "d.csv").write_text("who,when\n")
    assert len({before, changed, renamed, key(sales), key(sales / "b.csv")}) == 5


def test_layout_settings_of_reading_and_code_count(sales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [
        key(sales),
        key(sales, layout="thelook"),
        key(sales, zone="Europe/Paris"),
        key(sales, as_of=date(2024, 2, 1)),
    ]
    seen.append(key(sales, currency="USD"))
    assert key(sales, title="Other", accent="#000000", margin=0.5, seed=3) == seen[0]
    monkeypatch.setattr(kept_keys, "folder", lambda path, endings: "other code")
    seen.append(key(sales))
    monkeypatch.undo()
    monkeypatch.setattr(kept_keys, "versions", lambda: {"duckdb": "another"})
    seen.append(key(sales))
    assert len(set(seen)) == 7


def test_a_mapping_counts_and_what_it_names(sales: Path) -> None:
    told = {"file": "a.csv", "columns": COLUMNS}
    (sales / "mapping.json").write_text(json.dumps(told))
    before = key(sales)
    (sales / "b.csv").write_text("other")
    assert key(sales) == before
    (sales / "mapping.json").write_text(json.dumps(told | {"timezone": "UTC"}))
    assert key(sales) not in (None, before)
    (sales / "a.csv").write_text("other")
    assert key(sales) not in (None, before)


def test_a_database_is_never_known_to_be_unchanged(sales: Path) -> None:
    assert key("postgresql://host/shop") is None
    told = {
        "source": "sqlite:///shop.db",
        "query": "select 1",
        "columns": COLUMNS,
    }
    (sales / "mapping.json").write_text(json.dumps(told))
    assert key(sales) is None


def test_another_engine_is_not_known_either(sales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key(sales, engine="spark") is key(sales, engine="postgresql://host/shop") is None
    monkeypatch.setenv("CUSTOMER_DECK_ENGINE", "spark")
    assert key(sales) is key("") is None and key(sales, engine="duckdb") is not None


def test_canonical_tables_count_with_all_below_them(tmp_path: Path) -> None:
    (tmp_path / "lines").mkdir()
    (tmp_path / "events").mkdir()
    seen = []
    for file in ("lines/a.parquet", "events/a.parquet", "orders.parquet", "about.json"):
        (tmp_path / file).write_text("")
        seen.append(key(tmp_path))
    (tmp_path / "events" / "a.parquet").rename(tmp_path / "lines" / "b.parquet")
    assert len({*seen, key(tmp_path)}) == 5 and None not in seen


def test_what_cannot_be_read_has_no_key(sales: Path, tmp_path: Path) -> None:
    assert key(tmp_path / "nowhere") is None
    (sales / "mapping.json").write_text("{")
    assert key(sales) is None
    assert key(tmp_path) is None


def test_a_pipe_is_left_to_who_reads_it(sales: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert key(tmp_path / "pipe") is None and key(sales, mapping=tmp_path / "pipe") is None


def test_the_built_in_shop_counts_by_its_seed() -> None:
    assert key("") == key("", title="x") and key("") != key("", seed=3)


def test_data_changed_while_they_are_read_are_told(sales: Path) -> None:
    found = kept_keys.inputs(str(sales), "auto", None, Settings())
    assert found is not None and found.as_they_were()
    (sales / "a.csv").write_text("other")
    assert not found.as_they_were()
    (sales / "a.csv").unlink()
    assert not found.as_they_were()


def test_the_python_and_packages_that_compute_count() -> None:
    told = kept_keys.versions()
    assert {"python", "duckdb", "pandas", "numpy", "scipy", "scikit-learn", "lifetimes", "pyarrow"} <= set(told)
    assert all(told.values())


def test_a_folder_counts_by_names_and_content_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "a.md").write_text("1")
    before = kept_keys.folder(tmp_path, (".py",))
    (tmp_path / "a.md").write_text("2")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "b.py").write_text("1")
    assert kept_keys.folder(tmp_path, (".py",)) == before != kept_keys.folder(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert kept_keys.folder(tmp_path, (".py",)) != before
