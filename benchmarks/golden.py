"""The golden path: the case and the fixed case, the cost of the runner, and the speed of reading results."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.golden.measure import GoldenOptions, measure_golden_path
from analysis.golden.running import read_results
from analysis.golden.statistics import judge_rate
from benchmarks.measure import HERE, Result, at_least, below

SUITE = "tests/mission_critical/test_websocket_agent_events_suite.py"
_RESULT = '<testsuite name="s"><testcase classname="a.b" name="t{n}" time="0.01"/></testsuite>'


def measure_golden(_: int) -> list[Result]:
    """Run the case's suite 200 times, the fixed one 3,000 times, a shell loop to compare, and read 10,000 results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case, mended = _build(folder / "case", mended=False), _build(folder / "mended", mended=True)
        command = (sys.executable, SUITE)
        seconds, good = _measure(case, command, 200, parallel=2)
        long, fine = _measure(mended, command, 3000, parallel=2)
        verdict = judge_rate(fine, 3000, 0.999)
        pairs = [(_measure(case, command, 100, parallel=1)[0], _time_loop(case, 100)) for _ in range(3)]
        ours, loop = sorted(pairs, key=lambda pair: pair[0] / pair[1])[1]
        for number in range(10_000):
            (folder / f"r{number}.xml").write_text(_RESULT.format(n=number % 10))
        started = time.perf_counter()
        read = read_results(sorted(folder.glob("r*.xml")))
        taken = time.perf_counter() - started
        assert len(read) == 10_000
    return [
        below("200 runs of the case's suite", seconds, 60, "s", note="two at a time"),
        at_least("rate of the case", good / 200, 0.57, "share", note="60 % ± 3"),
        below("rate of the case, from above", good / 200, 0.63, "share"),
        below("3,000 runs of the fixed case", long, 600, "s", note=f"verdict: {verdict.word}"),
        at_least("lower bound of the fixed case", verdict.lower, 0.999, "share", note=f"{fine:,} of 3,000"),
        below(
            "runner / shell loop",
            ours / loop,
            1.05,
            note=f"100 runs, {ours:.1f} s against {loop:.1f} s; median of three",
        ),
        below("10,000 JUnit files", taken, 20, "s"),
    ]


def _build(folder: Path, *, mended: bool) -> Path:
    spec = importlib.util.spec_from_file_location("case_build", HERE / "data/cases/agent_platform/build.py")
    assert spec is not None and spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    tree: Path = builder.build(folder, mended=mended)
    return tree


def _measure(root: Path, command: tuple[str, ...], runs: int, *, parallel: int) -> tuple[float, int]:
    """Return the seconds of the runs of the base, repeated seeds apart, and how many succeeded."""
    started = time.perf_counter()
    ended = started

    def progress(step: str, done: int, total: int) -> None:
        nonlocal ended
        if step == "golden path" and done == total:
            ended = time.perf_counter()

    options = GoldenOptions(command, runs, parallel)
    found = measure_golden_path(root, options, progress=progress)
    return ended - started, sum(run.is_good for run in found.base)


def _time_loop(root: Path, runs: int) -> float:
    script = f'i=0; while [ $i -lt {runs} ]; do SSOT_SEED=$i "$0" {SUITE} >/dev/null 2>&1; i=$((i+1)); done'
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    started = time.perf_counter()
    subprocess.run(["sh", "-c", script, sys.executable], cwd=root, env=environment, check=True)
    return time.perf_counter() - started
