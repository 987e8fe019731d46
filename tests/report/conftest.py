"""What the tests of the report share: the fonts, made once."""

from pathlib import Path

import pytest

from report import fonts as making
from report.fonts import Fonts


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Fonts:
    return making.prepare(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parents[2]
