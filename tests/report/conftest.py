"""What the tests of the report share: the fonts, made once."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from analysis.run import run
from dataset import opening, sample
from dataset.settings import Settings
from report import fonts as making
from report import outline
from report.fonts import Fonts
from report.pages import Report


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Fonts:
    return making.prepare(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parents[2]


SVG = '<svg viewBox="0 0 2 1"><text>chart</text></svg>'
HOSTILE = (
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "%{x} <b>bold</b>", "a\u202eb\u2066c",
    '"; drop table lines; --', "{{ 7 * 7 }}", "../../etc/passwd", "W" * 5_000,
)  # fmt: skip


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The built-in shop, small, with every analysis and a stand-in for each drawn chart."""
    folder = tmp_path_factory.mktemp("shop")
    sample.write(folder / "shop", customers=400, seed=1)
    yield from reported(folder / "shop", "thelook", folder)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A shop whose product names are attacks; without events and orders."""
    folder = tmp_path_factory.mktemp("hostile")
    sold(HOSTILE, folder)
    yield from reported(folder / "transactions.csv", "online_retail", folder)


def sold(names: Sequence[str], folder: Path) -> None:
    """A table of sales in which every name is a product's, the first ones the dearest."""
    header = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    with (folder / "transactions.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for i in range(20 * len(names)):
            name = names[i % len(names)]
            day = f"2024-{i % 5 + 1:02d}-{i % 28 + 1:02d} 10:00:00"
            price = 10 * (len(names) - i % len(names)) + 10
            rows.writerow((f"5{i:05d}", f"100{i % len(names):02d}", name, 2, day, price, i % 23 + 1, "France"))


def reported(data: Path, layout: str, folder: Path) -> Iterator[Report]:
    dataset, settings = opening.open_data(str(data), layout, None, Settings(currency="EUR"), folder)
    made = Report.of(run(outline.analyses(), dataset, settings), dataset, settings)
    made.svgs.update(dict.fromkeys(made.figures, SVG))
    yield made
    dataset.engine.close()
