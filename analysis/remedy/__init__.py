"""The plan in phases, its debt, and the success metrics."""

from __future__ import annotations

from analysis.remedy.debt import Debt, format_minutes, sum_debt
from analysis.remedy.order import choose_first
from analysis.remedy.plan import build_plan
from analysis.remedy.schedule import Schedule, build_schedule
from analysis.remedy.step import Need, Phase, Risk, Step
from analysis.remedy.success import SuccessMetric, build_success_metrics

__all__ = [
    "Debt", "Need", "Phase", "Risk", "Schedule", "Step", "SuccessMetric", "build_plan", "build_schedule",
    "build_success_metrics", "choose_first",
    "format_minutes", "sum_debt",
]  # fmt: skip
