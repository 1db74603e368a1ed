"""Exceptions that accept nothing, or do not count; ``analysis.rules.exceptions`` reports them after all other rules."""

from __future__ import annotations

from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import UNDOCUMENTED
from analysis.rules.rule import Rule

UNUSED, VOID = "exception-unused", "exception-void"

_TWICE = {"a.py": "class Order: ...\n"}
_COPY = "class Order: ...  # ssot: allow[class-defined-more-than-once]"

RULES = (
    Rule(
        UNUSED, "P3",
        "An exception accepts a finding that is not there: what it accepted was fixed or moved. It would "
        "hide the next one.",
        "Delete the comment, or the entry of the policy.",
        None,
        bad={"a.py": "class Order: ...  # ssot: allow[class-defined-more-than-once] because the API is frozen\n"},
        good={**_TWICE, "b.py": f"{_COPY} because the API is frozen\n"},
        weight=0,
        step=PlanStep(LASTING, 60, "Delete exceptions that accept nothing", minutes=2), cause=UNDOCUMENTED,
    ),
    Rule(
        VOID, "P2",
        "An exception gives no reason, names a rule that does not exist, or has expired. It accepts nothing.",
        "Write the reason after `because`, correct the name of the rule, or fix what it accepted.",
        None,
        bad={**_TWICE, "b.py": f"{_COPY}\n"},
        good={**_TWICE, "b.py": f"{_COPY} because the API is frozen\n"},
        step=PlanStep(LASTING, 50, "Fix exceptions that do not count", minutes=5), cause=UNDOCUMENTED,
    ),
)  # fmt: skip
