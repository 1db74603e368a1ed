"""All rules, and their verdicts on one target."""

from __future__ import annotations

from analysis.rules import broken_imports, classes, cycles, files, names
from analysis.rules.case_file import CaseFile
from analysis.rules.finding import Finding
from analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*cycles.RULES, *broken_imports.RULES, *files.RULES, *classes.RULES, *names.RULES),
        key=lambda rule: rule.name,
    )
)


def find_findings(case: CaseFile) -> list[Finding]:
    """Return the findings of all rules, the gravest first, then by rule and subject."""
    return sorted(finding for rule in RULES for finding in rule.check(case))
