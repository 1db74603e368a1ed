"""All rules, and their verdicts on one target."""

from __future__ import annotations

from analysis.engine import paused_collection
from analysis.rules import broken_imports, classes, copies, cycles, factories, files, first_imports, names, stand_ins
from analysis.rules.case_file import CaseFile
from analysis.rules.finding import Finding, add_sources
from analysis.rules.rule import Rule
from analysis.rules.second_witness import settle
from analysis.rules.source_lines import read_source_lines

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *cycles.RULES, *broken_imports.RULES, *files.RULES, *classes.RULES, *names.RULES, *stand_ins.RULES,
            *factories.RULES, *copies.RULES, *first_imports.RULES,
        ),
        key=lambda rule: rule.name,
    )
)  # fmt: skip


def find_findings(case: CaseFile) -> list[Finding]:
    """Return the findings of all rules, the gravest first, then by rule and subject."""
    with paused_collection():
        found = settle([finding for rule in RULES for finding in rule.check(case)], case)
        places = {(place.path, place.line) for finding in found for place in finding.evidence}
        return sorted(add_sources(found, read_source_lines(case.facts.root, places)))
