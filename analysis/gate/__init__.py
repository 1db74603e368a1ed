"""The gate: whether a target passes, and which findings a change introduced."""

from __future__ import annotations

from analysis.gate.acceptance import Acceptance, accept_finding
from analysis.gate.check import CheckOptions, check, write_target_baseline
from analysis.gate.formats import FORMATS, find_format, render, write_outputs
from analysis.gate.proposal import format_first_verdict, propose_policy, write_policy
from analysis.gate.result import CheckedFinding, CheckResult

__all__ = [
    "FORMATS",
    "Acceptance",
    "CheckOptions",
    "CheckResult",
    "CheckedFinding",
    "accept_finding",
    "check",
    "find_format",
    "format_first_verdict",
    "propose_policy",
    "render",
    "write_outputs",
    "write_policy",
    "write_target_baseline",
]
