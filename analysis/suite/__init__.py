"""A validation suite for a target: readable pytest files that need only pytest, and prove themselves."""

from __future__ import annotations

from analysis.suite.write import write_suite

__all__ = ["write_suite"]
