"""The findings as JSON and the plan as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.report.escaping import code, markdown
from analysis.report.executive import Executive
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Raised when fields of ``findings.json`` change their meaning.
FORMAT = 1


def build_findings_json(inv: Investigation) -> str:
    """Return all findings and metrics as JSON: target, revision, created, tool_version, metrics, debt, findings.

    A finding has the columns of ``tables.FINDINGS``; nothing is left out or shortened.
    """
    manifest = inv.manifest
    document = {
        "format": FORMAT,
        **{name: getattr(manifest, name) for name in ("target", "revision", "created", "tool_version")},
        "metrics": {row["metric"]: row["value"] for row in inv.table("metrics").to_pylist()},
        "debt": inv.debt().as_record(),
        "findings": inv.table("findings").to_pylist(),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def name_owners(owners: Sequence[str]) -> str:
    """Return the owners of a step as Markdown that notifies nobody on GitHub; empty without owners."""
    return f", owner: {', '.join(map(markdown, owners))}" if owners else ""


def build_plan_markdown(report: Executive) -> str:
    """Return the plan as Markdown: phases, steps as check boxes, and the success metrics."""
    return "\n".join(_write_plan(report)) + "\n"


def _write_plan(report: Executive) -> Iterator[str]:
    yield f"# Plan for {code(report.target)}, {report.version[:1].lower()}{report.version[1:]}"
    if not report.phases:
        yield "\nNothing to do."
    else:
        yield f"\nEstimated work: {report.debt_words}"
    for number, phase in enumerate(report.phases, 1):
        yield f"\n## Phase {number}: {phase.name}\n\n{phase.goal}\n"
        for step in phase.steps:
            yield (
                f"- [ ] **{step.title}** ({step.severity}, rule {code(step.rule)}): "
                f"{format_count(step.findings, 'finding')} in {format_count(step.places, 'place')}, "
                f"{step.effort} effort{name_owners(step.owners)}"
            )
            yield from (f"    - {code(example)}" for example in step.examples)
    yield "\n## Done when\n"
    yield from (
        f"- [{'x' if goal.is_met else ' '}] {markdown(goal.label)} (now: {goal.now_text})" for goal in report.goals
    )
