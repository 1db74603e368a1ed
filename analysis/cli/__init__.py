"""The ``ssot`` command: parses, calls, prints.

Exit codes: 0 done, 1 a gate failed, 2 wrong usage (also a wrong policy or name), 3 the target cannot be read,
4 the machine or a notebook failed; ended by a signal: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

from __future__ import annotations

# Each module adds its commands to ``app`` when it is imported: this order is that of the help.
from analysis.cli import (  # isort: skip
    snapshots, gates, differences, fixes, golden, questions, timeline, sharing, scheduling, watching, trials,
)  # fmt: skip
from analysis.cli.application import app
from analysis.cli.entry import main

__all__ = [
    "app", "differences", "fixes", "gates", "golden", "main", "questions", "scheduling", "sharing", "snapshots",
    "timeline", "trials", "watching",
]  # fmt: skip
