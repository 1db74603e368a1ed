"""What answers one question starts at once: it loads none of what draws, and none of what only frames need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"IPython", "jinja2", "matplotlib", "nbformat", "networkx", "pandas", "papermill", "pyvis", "igraph"}


@pytest.mark.parametrize("module", ["analysis.why", "analysis.cli"])
def test_answers_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
