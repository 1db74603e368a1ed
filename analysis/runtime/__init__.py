"""The probe: real imports in the target's interpreter, compared with the source."""

from __future__ import annotations

from analysis.runtime.agreement import build_agreement
from analysis.runtime.options import ProbeOptions
from analysis.runtime.plan import find_entries
from analysis.runtime.probe import ProbeResult, run_probe
from analysis.runtime.rows import settle_missing

__all__ = [
    "ProbeOptions",
    "ProbeResult",
    "build_agreement",
    "find_entries",
    "run_probe",
    "settle_missing",
]
