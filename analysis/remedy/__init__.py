"""The plan in phases, and the success metrics."""

from __future__ import annotations

from analysis.remedy.plan import Phase, Step, build_plan
from analysis.remedy.success import SuccessMetric, build_success_metrics

__all__ = ["Phase", "Step", "SuccessMetric", "build_plan", "build_success_metrics"]
