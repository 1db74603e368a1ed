"""The pool of processes starts clean wherever it is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys
sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())]
sys.path.append({checkout!r})
from analysis.engine import open_executor
with open_executor(1) as executor:
    print(executor.submit(os.getcwd).result())
"""


def test_a_process_takes_no_module_from_the_folder_that_it_is_started_in(tmp_path: Path) -> None:
    for name in ("loky", "multiprocessing", "pickle", "tempfile", "json", "signal"):
        (tmp_path / f"{name}.py").write_text(f"open('executed', 'w').write({name!r})\n")
    script = SCRIPT.format(checkout=str(Path(__file__).resolve().parent.parent))
    command = [sys.executable, "-P", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path)
    assert not (tmp_path / "executed").exists()
