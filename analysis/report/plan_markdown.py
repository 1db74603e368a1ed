"""The plan as Markdown: all of it, and one issue for each phase; the steps are check boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.report.escaping import code, markdown
from analysis.report.plan_cards import PhaseCard, StepCard
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.report.executive import Executive

#: The folder of the issues, below that of a run.
ISSUES = "issues"
#: GitHub takes 65,536 characters. plan.md has all.
MOST_CHARACTERS = 60_000
#: So many findings of a step, and places of a finding, an issue lists: the first of these that make it short enough.
LIMITS = ((20, 10), (10, 5), (5, 3), (2, 1), (0, 0))


def build_plan_markdown(report: Executive) -> str:
    """Return the plan as Markdown: the first steps, the phases with every edit, and the success metrics."""
    return "\n".join(_write_plan(report)) + "\n"


def build_issues(report: Executive) -> dict[str, str]:
    """Return one issue for each phase, by its path in the folder of the run: ``issues/01-one-definition.md``."""
    return {
        name: _build_issue(report, place, card)
        for place, (name, card) in enumerate(zip(name_issues(report), report.cards, strict=True), 1)
    }


def _build_issue(report: Executive, place: int, card: PhaseCard) -> str:
    texts = ("\n".join(_write_issue(report, place, card, *limits)) + "\n" for limits in LIMITS)
    last = ""
    for last in texts:
        if len(last) <= MOST_CHARACTERS:
            break
    return last


def name_issues(report: Executive) -> list[str]:
    """Return the paths of the issues, in the order of the phases."""
    return [f"{ISSUES}/{place:02}-{_slug(card.name)}.md" for place, card in enumerate(report.cards, 1)]


def write_step(card: StepCard) -> str:
    """Return one step as a check box in one line; owners are written so that GitHub notifies nobody."""
    step = card.step
    owners = f", owner: {', '.join(map(markdown, step.owners))}" if step.owners else ""
    return (
        f"- [ ] **{step.number} {step.title}** ({step.severity}, rule {code(step.rule)}): {card.clears}; {card.work}; "
        f"{card.when}; {step.risk.level} risk{owners}"
    )


def write_first(report: Executive) -> Iterator[str]:
    """Yield the steps to begin with as a list."""
    for card in report.actions:
        yield f"- **{card.step.number} {card.step.title}**: {card.brief}"


def write_goals(report: Executive) -> Iterator[str]:
    """Yield the success metrics as check boxes: today's value, what is needed, and the command that measures it."""
    for goal in report.goals:
        box = "x" if goal.is_met else " "
        command = code(goal.command)
        yield f"- [{box}] {markdown(goal.label)} (now: {goal.now_text}); target: {goal.target}; measured by {command}"


def _write_plan(report: Executive) -> Iterator[str]:
    yield f"# Plan for {code(report.target)}, {report.version[:1].lower()}{report.version[1:]}"
    if not report.cards:
        yield "\nNothing to do."
    else:
        yield f"\nEstimated work: {report.debt_words}"
        yield "\n## First\n\nThese steps clear most, with those that they need:\n"
        yield from write_first(report)
    for place, (card, issue) in enumerate(zip(report.cards, name_issues(report), strict=True), 1):
        yield f"\n## Phase {place}: {card.name}\n\n{card.goal} {card.size}. [Issue]({issue})\n"
        yield from _write_steps(card)
    yield "\n## Done when\n"
    yield from write_goals(report)


def _write_issue(
    report: Executive, place: int, card: PhaseCard, most_findings: int, most_edits: int
) -> Iterator[str]:  # fmt: skip
    yield f"# Phase {place} of {len(report.cards)}: {card.name}\n"
    yield f"Part of the plan for {code(report.target)}, {report.version[:1].lower()}{report.version[1:]}. {card.goal}\n"
    yield f"{card.size}.\n\n## Steps\n"
    yield from _write_steps(card, most_findings, most_edits)


def _write_steps(phase: PhaseCard, most_findings: int | None = None, most_edits: int | None = None) -> Iterator[str]:
    for card in phase.steps:
        yield write_step(card)
        step = card.step
        if step.how:
            yield f"    - How: {step.how}"
        if step.patch:
            yield f"    - Patches, as far as they are proved: {code(step.patch)}"
        yield from (f"    - After step {need.step}: {markdown(need.reason)}" for need in step.needs)
        yield f"    - {step.risk.level.capitalize()} risk: {markdown(step.risk.reason)}"
        yield from _write_findings(card, most_findings, most_edits)


def _write_findings(card: StepCard, most_findings: int | None, most_edits: int | None) -> Iterator[str]:
    """Yield each finding of a step with its edits: what to change where."""
    groups = card.group_edits(most_findings, most_edits)
    for group in groups:
        yield f"    - [ ] {markdown(group.message)} ({code(group.fingerprint)})"
        for edit in group.edits:
            words = f": {markdown(edit.words)}" if edit.words else f": {code(edit.source)}" if edit.source else ""
            yield f"        - [ ] {code(f'{edit.path}:{edit.line}')}{words}"
        yield from _write_rest("        ", group.hidden, "place")
    yield from _write_rest("    ", card.step.findings - len(groups), "finding")


def _write_rest(indent: str, count: int, noun: str) -> Iterator[str]:
    if count:
        yield f"{indent}- [ ] {format_count(count, f'more {noun}')} in plan.md"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
