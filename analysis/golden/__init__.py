"""The golden path: how often the test that matters most succeeds, measured so that a reviewer believes it."""

from __future__ import annotations

from analysis.golden.measure import GoldenOptions, GoldenResult, measure_golden_path
from analysis.golden.records import find_golden, read_golden, write_golden
from analysis.golden.statistics import (
    Interval,
    Verdict,
    count_needed_runs,
    estimate_rate,
    find_bounds,
    find_change,
    find_trend,
    judge_rate,
)

__all__ = [
    "GoldenOptions",
    "GoldenResult",
    "Interval",
    "Verdict",
    "count_needed_runs",
    "estimate_rate",
    "find_bounds",
    "find_change",
    "find_golden",
    "find_trend",
    "judge_rate",
    "measure_golden_path",
    "read_golden",
    "write_golden",
]
