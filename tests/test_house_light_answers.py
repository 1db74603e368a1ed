"""What answers one question starts at once: it loads none of what draws, and none of what only frames need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = {"IPython", "jinja2", "matplotlib", "nbformat", "networkx", "pandas", "papermill", "pyvis", "igraph"}


@pytest.mark.parametrize("module", ["analysis.why", "analysis.cli"])
def test_answers_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_a_check_and_its_workers_load_no_pandas(make_tree: Callable[[dict[str, str]], Path], tmp_path: Path) -> None:
    long = "import os\nfrom a import *\ndef f(x=[]):\n    return os\n" + 20_000 * "# what makes processes worth while\n"
    root = make_tree({"a.py": "from b import A\n", "b.py": "import a\nA = 1\n", **{f"c{n}.py": long for n in range(4)}})
    code = (
        "import sys; from analysis.executor import open_executor, swift_process\n"
        "with swift_process():\n"
        "    from analysis.gate import check, CheckOptions\n"
        "    check(sys.argv[1], CheckOptions(jobs=1))\n"
        "    with open_executor(1) as executor:\n"
        "        loaded = executor.submit(eval, '[*__import__(\"sys\").modules]').result()\n"
        "print('analysis.facts.extract' in loaded, 'pandas' in {*loaded, *sys.modules})"
    )
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["True", "False"]
