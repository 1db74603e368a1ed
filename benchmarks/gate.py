"""How long the verdict takes: all rules after the scan, and the whole command after one file was changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.assembly import build_case
from analysis.engine import Clock, paused_collection
from analysis.policy import Policy
from analysis.rules import find_scores, judge
from benchmarks.measure import HERE, Result, below, time_median
from benchmarks.speed import make_large


def measure_gate(runs: int) -> list[Result]:
    """Real packages side by side: graph, cycles, classes, names and rules without the scan; then `ssot check`."""
    with tempfile.TemporaryDirectory() as folder:
        root, data = make_large(Path(folder)), Path(folder) / "data"
        shutil.rmtree(root / "pandas_copy0")  # leaves about 4,000 files
        environment = {**os.environ, "SSOT_DATA": str(data)}
        files = sum(1 for _ in root.rglob("*.py"))

        def check() -> None:
            command = [sys.executable, "-m", "analysis.cli", "check", str(root), "--quiet"]
            done = subprocess.run(command, env=environment, cwd=HERE, capture_output=True, check=False)
            assert done.returncode in {0, 1}, done.stderr

        changed = next(iter(sorted(root.rglob("*.py"))))

        def change() -> None:
            changed.write_text(f"{changed.read_text()}\n# {time.time_ns()}\n")

        check()
        time.sleep(2.5)  # younger files are read again: the clock of file systems is coarse
        check()
        warm = time_median(check, runs)
        staged = time_median(check, runs, before=change)
        seconds = sorted(_time_rules(root, data) for _ in range(runs))[runs // 2]
    return [
        below("all rules after the scan", seconds, 3, "s", note=f"{files:,} files, without simulation"),
        Result("ssot check, nothing changed", warm, "s", note="the whole command"),
        below("ssot check, one file changed", staged, 2, "s", note="the whole command"),
    ]


def _time_rules(root: Path, data: Path) -> float:
    clock = Clock()
    with paused_collection():
        case = build_case(root, Policy(), cache=data / "cache", clock=clock)
        clock.run("rules", lambda: find_scores(case, judge(case).findings))
    return sum(seconds for step, seconds in clock.seconds.items() if step != "scan")
