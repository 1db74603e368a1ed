"""Owners of nothing: entries of the policy that decide about no file."""

from __future__ import annotations

from collections.abc import Iterator

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.owners import read_owners
from analysis.rules.plan_phases import LASTING, PlanStep
from analysis.rules.root_causes import UNDOCUMENTED
from analysis.rules.rule import Rule


def _check_unused(case: RuleContext) -> Iterator[Finding]:
    owners = read_owners(case)
    matched, deciding = set[int](), set[int | None]()
    for path in tables.read_column(case.facts.files, "path"):
        matched.update(owners.find_entries(path))
        deciding.add(owners.find_entry(path))
    for number, each in enumerate(case.policy.owner):
        if number not in deciding:
            why = "later entries match all of its files" if number in matched else "it matches no file and no module"
            message = f"The pattern {each.pattern} assigns nothing to {each.owner}: {why}"
            yield build_finding("owner-without-code", "P3", f"[[owner]] {each.pattern}", message, [], [each.owner])


RULES = (
    Rule(
        "owner-without-code", "P3",
        "An entry of the policy names an owner for code that does not exist, or that later entries assign to another "
        "owner. Findings that were meant for that owner have another one, or nobody.",
        "Correct the pattern, move the entry below the wider ones (the last match decides), or delete it.",
        _check_unused,
        bad={"app/__init__.py": "", "app/a.py": "X = 1\n"},
        good={"app/__init__.py": "", "app/core.py": "X = 1\n"},
        policy='[[owner]]\npattern = "app/core*"\nowner = "team"\n',
        weight=0,
        step=PlanStep(LASTING, 70, "Correct or delete owners of code that does not exist", minutes=2),
        cause=UNDOCUMENTED,
        needs_policy="owner",
    ),
)  # fmt: skip
