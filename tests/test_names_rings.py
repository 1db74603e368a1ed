"""Names that lead to themselves: the table of names ends all the same, and says that they are not known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import open_snapshot

ROOT = Path(__file__).resolve().parent.parent
LOADED_LATE = """Engine = None

def load():
    from json import JSONEncoder as Engine
    globals().update({"Engine": Engine})

load()
"""
TREES = {
    "a function puts a local name under the same name": {"m.py": LOADED_LATE},
    "without a value before": {"m.py": LOADED_LATE.partition("\n\n")[2]},
    "two modules take it from each other": {
        "m.py": LOADED_LATE + "from n import other\n",
        "n.py": "def load():\n    from m import other\n    globals().update({'other': other})\n",
    },
    "all names of another module": {"m.py": LOADED_LATE, "n.py": "from m import *\nfrom m import Engine\n"},
}


@pytest.mark.parametrize("name", TREES)
def test_a_scan_ends(name: str, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    for path, source in TREES[name].items():
        (root / path).write_text(source)
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "analysis.cli", "scan", str(root), "--quiet"], env=environment, capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    paths = open_snapshot(done.stdout.strip()).table("paths").to_pylist()
    assert [row for row in paths if row["import_path"] == "m.Engine"]
