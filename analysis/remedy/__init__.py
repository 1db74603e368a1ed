"""The plan in phases, its debt, and the success metrics."""

from __future__ import annotations

from analysis.remedy.debt import Debt, format_minutes, sum_debt
from analysis.remedy.plan import Phase, Step, build_plan
from analysis.remedy.success import SuccessMetric, build_success_metrics

__all__ = [
    "Debt", "Phase", "Step", "SuccessMetric", "build_plan", "build_success_metrics", "format_minutes", "sum_debt",
]  # fmt: skip
