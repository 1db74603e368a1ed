"""The debt: how much work the plan is, in minutes, by owner and after each phase, and what it costs meanwhile.

It is the sum of the plan's steps, and nothing else: places to touch times the minutes that the rule estimates for
one of them. The interest is measured, not estimated: the time that runs of the golden path took which did not pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.remedy.step import Phase

_BASE = "base"
_RUNS = 100


@dataclass(frozen=True, slots=True)
class Debt:
    """Estimated minutes in all, by owner (the most first; empty: nobody's), and left after each phase of the plan.

    ``interest`` are the minutes that are lost in a hundred runs of the golden path to those that do not pass; None
    where it was not measured. ``minor`` are the minutes for findings that are merely worth knowing, ``in_tests`` those
    for tests alone.
    """

    minutes: int
    by_owner: tuple[tuple[str, int], ...] = ()
    after: tuple[tuple[str, int], ...] = ()
    interest: float | None = None
    minor: int = 0
    in_tests: int = 0

    def as_record(self) -> dict[str, Any]:
        """Return the debt as the values of a JSON document."""
        return {
            "minutes": self.minutes,
            "by_owner": [{"owner": owner, "minutes": minutes} for owner, minutes in self.by_owner],
            "after_phase": [{"phase": phase, "minutes": minutes} for phase, minutes in self.after],
            "interest_minutes_per_100_runs": self.interest,
            "minor_minutes": self.minor,
            "minutes_in_tests": self.in_tests,
        }


def sum_debt(phases: Sequence[Phase], golden_runs: pa.Table | None = None) -> Debt:
    """Return the debt of a plan; ``golden_runs`` is the table of that name, None where there is none."""
    total = sum(phase.minutes for phase in phases)
    owners = Counter[str]()
    for phase in phases:
        for step in phase.steps:
            for _, owner, minutes in step.shares:
                owners[owner] += minutes
    after, left = [], total
    for phase in phases:
        left -= phase.minutes
        after.append((phase.name, left))
    by_owner = tuple(sorted(owners.items(), key=lambda pair: (-pair[1], pair[0])))
    interest = None if golden_runs is None else measure_interest(golden_runs)
    steps = [step for phase in phases for step in phase.steps]
    minor = sum(step.minutes for step in steps if step.severity == "P3")
    return Debt(total, by_owner, tuple(after), interest, minor, sum(step.minutes for step in steps if step.in_tests))


def measure_interest(golden_runs: pa.Table) -> float | None:
    """Return the minutes that a hundred runs of the golden path lose to runs that do not pass; None without runs.

    Only plain runs count, none of a changed setting.
    """
    rows = [row for row in tables.read_rows(golden_runs, "lever", "outcome", "seconds") if row[0] == _BASE]
    if not rows:
        return None
    lost = float(sum(seconds for _, outcome, seconds in rows if outcome != "passed"))
    return round(lost / 60 * _RUNS / len(rows), 1)


def format_minutes(minutes: int) -> str:
    """Return an estimate of work for readers, not more exact than it is.

    >>> format_minutes(0), format_minutes(45), format_minutes(60), format_minutes(1000)
    ('no work', '45 minutes', '1 hour', '17 hours')
    """
    if minutes == 0:
        return "no work"
    if minutes < 60:
        return f"{minutes} minutes" if minutes > 1 else "1 minute"
    hours = round(minutes / 60)
    return f"{hours:,} hours" if hours > 1 else "1 hour"
