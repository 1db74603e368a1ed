"""docs/walks.md: the commands of the engineer's walk print what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.bundled_case import build_bundled_case

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "walks.md").read_text("utf-8")
TREE = "data/cases/agent_platform/tree"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build_bundled_case()
    return tmp_path_factory.mktemp("data")


def run(command: str, data: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "analysis.cli", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True,
        text=True, env={**os.environ, "SSOT_DATA": str(data), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout


def test_the_predicted_traceback_is_the_one_of_the_page(data: Path) -> None:
    command = next(line for line in re.findall(r"`(ssot why [^`]+)`", PAGE) if TREE in line)
    block = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    printed = run(command, data)
    assert printed.startswith(block.rstrip())
    assert "Cheapest cut that works" in printed


def test_the_chain_closes_the_cycle(data: Path) -> None:
    command = next(line for line in re.findall(r"`(ssot explain [^`]+)`", PAGE) if TREE in line)
    _, _, importer, imported, *_ = shlex.split(command)
    printed = run(command, data)
    assert printed.startswith(f"{importer} -> ") and f"-> {imported}  " in printed


def test_neither_walk_takes_more_than_three_taps_or_commands() -> None:
    counted = [int(number) for number in re.findall(r"\| (\d) \|$", PAGE, re.MULTILINE)]
    assert len(counted) == 7 and max(counted) <= 3
