"""How long the verdict takes: all rules after the scan, and the whole command after a change of one file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.case_building import build_case
from analysis.clock import Clock
from analysis.executor import paused_collection
from analysis.policy import Policy
from analysis.rules import find_scores, judge
from benchmarks.measure import HERE, Result, below, time_median
from benchmarks.speed import make_large, parse_all


def measure_gate(runs: int) -> list[Result]:
    """Real packages side by side: graph, cycles, classes, names and rules without the scan; then `ssot check`.

    The command is timed with the byte code of the kit at hand, as an installed kit has it. The yardstick of the same
    run shows the speed of the machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        root, data = make_large(Path(folder)), Path(folder) / "data"
        shutil.rmtree(root / "pandas_copy0")  # leaves about 4,000 files
        environment = {**os.environ, "SSOT_DATA": str(data), "PYTHONPYCACHEPREFIX": str(Path(folder) / "code")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        files = sum(1 for _ in root.rglob("*.py"))

        def check() -> None:
            command = [sys.executable, "-m", "analysis.cli", "check", str(root), "--quiet"]
            done = subprocess.run(command, env=environment, cwd=HERE, capture_output=True, check=False)
            assert done.returncode in {0, 1}, done.stderr

        changed = root / "sympy" / "core" / "basic.py"
        numbers = iter(range(1_000_000))

        def move_lines() -> None:
            changed.write_text(f"# {next(numbers)}\n{changed.read_text()}")

        def add_import() -> None:
            with changed.open("a") as file:
                file.write(f"from sympy.core.cache import cacheit as again_{next(numbers)}\n")

        yardstick = time_median(lambda: parse_all(root), 1)
        check()
        time.sleep(2.5)  # younger files are read again: the clock of file systems is coarse
        check()
        warm = time_median(check, runs)
        moved = time_median(check, runs, before=move_lines)
        added = time_median(check, runs, before=add_import)
        seconds = sorted(_time_rules(root, data) for _ in range(runs))[runs // 2]
    told = f"the whole command; {{0:.2f}} of the yardstick of {yardstick:.1f} s"
    return [
        below("all rules after the scan", seconds, 3, "s", note=f"{files:,} files, without simulation"),
        Result("ssot check, nothing changed", warm, "s", note=told.format(warm / yardstick)),
        below("ssot check, lines of one file moved", moved, 2, "s", note=told.format(moved / yardstick)),
        below("ssot check, one import more", added, 2, "s", note=told.format(added / yardstick)),
    ]


def _time_rules(root: Path, data: Path) -> float:
    clock = Clock()
    with paused_collection():
        case = build_case(root, Policy(), cache=data / "cache", clock=clock)
        clock.run("rules", lambda: find_scores(case, judge(case).findings))
    return sum(seconds for step, seconds in clock.seconds.items() if step != "scan")
