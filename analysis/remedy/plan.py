"""A first plan: phases in the order in which mending one makes the next possible.

First every entry point must import, or nothing can be tested; then there must be one definition of each thing;
then it must stay so. Within a phase the gravest come first. The effort is counted in places to touch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

#: Rule, title of the step. The order is the order within a phase where severities are equal.
_PHASES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "Make every entry point import",
        "No import fails, silently or loudly, whichever module comes first.",
        {
            "phantom-import": "Correct or delete imports of modules that do not exist",
            "phantom-name": "Correct or delete imports of names that their module does not have",
            "import-cycle": "Break the import-time cycles at the cheapest imports",
            "swallowed-circular-import": "Remove the try blocks that hide failing imports",
            "file-not-parsed": "Repair the files that are no valid Python",
            "import-cycle-through-packages": "Free the __init__ files on the way from imports",
        },
    ),
    (
        "One definition of each thing",
        "Every concept has one class, and every file one name.",
        {
            "concept-over-its-limit": "Merge rival classes into the canonical one",
            "canonical-class-missing": "Settle which class is the single source",
            "shadowed-module": "Delete or rename files that Python never imports",
            "file-with-two-names": "Import every file by one name",
            "fallback-class": "Replace fallback classes by one explicit choice",
            "redirect-broken": "Let all paths of a redirect yield one object",
            "name-with-different-objects": "Give different objects different names",
            "class-defined-more-than-once": "Merge or rename classes that share a name",
        },
    ),
    (
        "Keep it so",
        "What was mended cannot come back unnoticed.",
        {
            "class-taken-from-elsewhere": "Import every class from where it is defined",
            "deferred-cycle": "Invert the dependencies that imports inside functions hide",
            "instance-named-like-a-class": "Name objects in lower case",
            "typing-cycle": "Move shared types below their users",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: which rule's findings it mends, how many, in how many places, and the first of them.

    ``effort`` is small (up to 5 places), medium (up to 50) or large.
    """

    title: str
    rule: str
    severity: str
    findings: int
    places: int
    effort: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that belong together, and the goal they reach."""

    name: str
    goal: str
    steps: tuple[Step, ...]


def build_plan(findings: pa.Table, cycles: pa.Table) -> list[Phase]:
    """Return the phases that have something to do, from the tables ``findings`` and ``cycles``."""
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for row in findings.to_pylist():
        by_rule.setdefault(row["rule"], []).append(row)
    cuts = _count_cuts(cycles)
    planned = {rule for _, _, titles in _PHASES for rule in titles}
    phases: list[Phase] = []
    for number, (name, goal, known) in enumerate(_PHASES):
        titles = dict(known)
        if number == len(_PHASES) - 1:  # a rule without a place in the plan is still work
            titles |= {rule: f"Mend: {rule}" for rule in sorted(by_rule.keys() - planned)}
        steps = [_build_step(title, by_rule[rule], cuts) for rule, title in titles.items() if rule in by_rule]
        if steps:
            phases.append(Phase(name, goal, tuple(sorted(steps, key=lambda step: step.severity))))
    return phases


def _count_cuts(cycles: pa.Table) -> dict[str, int]:
    """Return per kind of cycle the number of imports that the cheapest cuts remove."""
    counts: dict[str, int] = {}
    for row in cycles.to_pylist():
        rule = {"import-time": "import-cycle", "deferred": "deferred-cycle", "typing": "typing-cycle"}[row["kind"]]
        rule = "import-cycle-through-packages" if row["with_ancestors"] and row["kind"] == "import-time" else rule
        if not row["with_ancestors"] or row["kind"] == "import-time":
            counts[rule] = counts.get(rule, 0) + len(row["cut"])
    return counts


def _build_step(title: str, rows: list[dict[str, Any]], cuts: dict[str, int]) -> Step:
    rule = rows[0]["rule"]
    places = cuts.get(rule) or sum(max(1, len(row["evidence"])) for row in rows)
    effort = "small" if places <= 5 else "medium" if places <= 50 else "large"
    examples = tuple(_find_examples(rows))[:3]
    return Step(title, rule, min(row["severity"] for row in rows), len(rows), places, effort, examples)


def _find_examples(rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    for row in sorted(rows, key=lambda row: (row["severity"], row["subject"])):
        if row["evidence"]:
            yield f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}"
