"""The validation suite: readable pytest files for a target, each with passing and failing controls."""

from __future__ import annotations

from analysis.suite.write import write_suite

__all__ = ["write_suite"]
