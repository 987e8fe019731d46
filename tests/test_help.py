"""What asking for help costs: the command line alone, none of what a build needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = {"pandas", "numpy", "pyarrow", "plotly", "duckdb", "sklearn", "scipy", "jinja2", "weasyprint", "sqlglot"}
ASK = "import sys, build\ntry:\n    build.app(['--help'])\nfinally:\n    print(*sys.modules, file=sys.stderr)"


def test_help_loads_nothing_heavy() -> None:
    root = Path(__file__).parent.parent
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=root, capture_output=True, text=True, check=True)
    assert "--only" in asked.stdout
    assert not HEAVY & set(asked.stderr.split())
