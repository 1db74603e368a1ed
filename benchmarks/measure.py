"""How the benchmarks measure: medians of several runs, and memory of all processes together."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: what it is, its value, and the target as text; ``is_met`` is None where there is no target."""

    name: str
    value: float
    unit: str
    target: str = ""
    is_met: bool | None = None
    note: str = ""


def below(name: str, value: float, limit: float, unit: str = "x", note: str = "") -> Result:
    """Return a result that must not exceed a limit."""
    return Result(name, value, unit, f"≤ {limit:g}", value <= limit, note)


def at_least(name: str, value: float, limit: float, unit: str = "", note: str = "") -> Result:
    """Return a result that must reach a limit."""
    return Result(name, value, unit, f"≥ {limit:g}", value >= limit, note)


def time_median(work: Callable[[], object], runs: int, *, before: Callable[[], object] = lambda: None) -> float:
    """Return the median seconds of several runs; ``before`` is called before each and not timed."""
    seconds = []
    for _ in range(runs):
        before()
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def measure_peak(command: list[str], environment: dict[str, str]) -> tuple[float, int, str]:
    """Run a command; return its seconds, the peak memory of it and its children in bytes, and what it printed."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=HERE, stdout=subprocess.PIPE, text=True)
    peak = 0
    finished = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not finished.wait(0.02):
            peak = max(peak, _sum_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    printed = process.communicate()[0]
    finished.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {process.returncode}")
    return time.perf_counter() - started, peak, printed


def _sum_memory(pid: int) -> int:
    """Return the memory of a process and its children, shared pages counted once (PSS)."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        return total
    return total
