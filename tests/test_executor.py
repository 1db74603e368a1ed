"""The pool of processes starts clean wherever it is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.executor import open_executor

SCRIPT = """
import os, sys
sys.path.insert(0, {checkout!r})
from analysis.executor import open_executor
with open_executor(1) as executor:
    print(executor.submit(os.getcwd).result())
"""


def test_a_process_takes_no_module_from_the_folder_that_it_is_started_in(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for name in ("loky", "multiprocessing", "pickle", "tempfile", "json", "signal", "random", "threading"):
        (target / f"{name}.py").write_text(f"open('executed', 'a').write({name!r})\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(checkout=str(Path(__file__).resolve().parent.parent)))
    done = subprocess.run([sys.executable, script], cwd=target, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(target)
    assert not (target / "executed").exists()


def test_the_callers_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with open_executor(1, fresh=True) as executor:
        assert executor.submit(os.getenv, "PYTHONSAFEPATH").result() == "1"
    assert "PYTHONSAFEPATH" not in os.environ
