"""Baselines, and the findings that are new or worse since."""

from __future__ import annotations

from analysis.history.baseline import (
    FILE_NAME,
    Baseline,
    KnownFinding,
    build_baseline,
    describe_findings,
    read_baseline,
    read_tree_baseline,
    sketch_files,
    write_baseline,
)
from analysis.history.comparing import build_case_baseline, compare_case, judge_source
from analysis.history.ratchet import Comparison, Status, choose_known, compare, is_worse

__all__ = [
    "FILE_NAME",
    "Baseline",
    "Comparison",
    "KnownFinding",
    "Status",
    "build_baseline",
    "build_case_baseline",
    "choose_known",
    "compare",
    "compare_case",
    "describe_findings",
    "is_worse",
    "judge_source",
    "read_baseline",
    "read_tree_baseline",
    "sketch_files",
    "write_baseline",
]
