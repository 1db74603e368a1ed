"""The plan for display: its steps with colour, shape and word, and in one wording wherever they are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.quantities import write_decimal
from analysis.remedy import choose_first, format_minutes
from analysis.remedy.order import MOST_FIRST
from analysis.report.tones import find_tone
from analysis.rules.verdict import name_severity
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.remedy import Debt, Phase, Schedule, Step
    from analysis.remedy.schedule import TimeSlot
    from analysis.report.changed_debt import ChangedDebt
    from analysis.rules.edits import PlannedEdit

#: So many findings of a step, and edits of a finding, are on the page; plan.md has all.
MOST_FINDINGS, MOST_EDITS = 5, 4


@dataclass(frozen=True, slots=True)
class FindingEdits:
    """One finding of a step, with the edits that fix it as far as they are shown, and how many are not."""

    fingerprint: str
    message: str
    edits: tuple[PlannedEdit, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class StepCard:
    """One step for display: the step of the plan, what kind of findings it fixes, and when it is done."""

    step: Step
    tone: str
    words: str
    slot: TimeSlot

    @property
    def when(self) -> str:
        """The days and weeks in which it is done."""
        return self.slot.words

    def group_edits(self, most_findings: int | None = None, most_edits: int | None = None) -> list[FindingEdits]:
        """Return the first findings of the step, each with its first edits; None: all of them."""
        edits: dict[str, list[PlannedEdit]] = defaultdict(list)
        for edit in self.step.edits:
            edits[edit.fingerprint].append(edit)
        return [
            FindingEdits(
                name, message, tuple(edits[name][:most_edits]), len(edits[name][most_edits:] if most_edits else ())
            )
            for name, _, message in self.step.subjects[:most_findings]
        ]

    @property
    def shown(self) -> list[FindingEdits]:
        """What of its edits is on the page."""
        return self.group_edits(MOST_FINDINGS, MOST_EDITS)

    @property
    def work(self) -> str:
        """The estimated work, and what it touches."""
        return describe_work(self.step)

    @property
    def brief(self) -> str:
        """The estimated work and what is cleared, for the steps that are shown first."""
        return f"{describe_time(self.step)}; {self.clears}"

    @property
    def clears(self) -> str:
        """What is cleared: findings, and those that are their consequences."""
        return describe_cleared(self.step)


@dataclass(frozen=True, slots=True)
class PhaseCard:
    """One phase for display: its name, its goal, its steps, when it is done, and how much work they are."""

    name: str
    goal: str
    steps: tuple[StepCard, ...]
    minutes: int
    when: str

    @property
    def size(self) -> str:
        """When it is done, the steps, their findings, the places to touch, and the estimated work."""
        findings = sum(card.step.findings for card in self.steps)
        places = sum(card.step.places for card in self.steps)
        counts = (
            f"{self.when[:1].upper()}{self.when[1:]}", format_count(len(self.steps), "step"),
            format_count(findings, "finding"), format_count(places, "place"), f"about {format_minutes(self.minutes)}",
        )  # fmt: skip
        return " · ".join(counts)


def describe_work(step: Step) -> str:
    """Return the estimated work of a step and what it touches: about 3 hours, 3 places in 2 files."""
    places, files = format_count(step.places, "place"), format_count(len(step.files), "file")
    methods = f", {format_count(step.methods, 'method')} to move" if step.methods else ""
    return f"{describe_time(step)}, {places} in {files}{methods}"


def describe_time(step: Step) -> str:
    """Return the estimated work of a step alone: about 3 hours."""
    return f"about {format_minutes(step.minutes)}" if step.minutes else "work not estimated"


def describe_cleared(step: Step) -> str:
    """Return what a step clears: clears 3 findings and 6 consequences."""
    more = f" and {format_count(step.consequences, 'consequence')}" if step.consequences else ""
    return f"clears {format_count(step.findings, 'finding')}{more}"


def build_cards(phases: Sequence[Phase], schedule: Schedule) -> list[PhaseCard]:
    """Return the phases of a plan for display, in its order."""
    return [
        PhaseCard(
            phase.name, phase.goal, tuple(_build_card(step, schedule) for step in phase.steps), phase.minutes,
            schedule.phases[place].words,
        )
        for place, phase in enumerate(phases, 1)
    ]  # fmt: skip


def find_next_actions(phases: Sequence[Phase], schedule: Schedule, most: int = MOST_FIRST) -> list[StepCard]:
    """Return the steps of a plan that clear most, in its order: urgent ones first, where there are any."""
    return [_build_card(step, schedule) for step in choose_first(phases, most=most)]


def describe_debt(debt: Debt, schedule: Schedule, changed: ChangedDebt | None = None) -> str:
    """Return the estimated work of a plan, what is left after each phase but the last, and what it costs meanwhile."""
    left = [f"{format_minutes(minutes)} after phase {number}" for number, (_, minutes) in enumerate(debt.after, 1)]
    weeks = max((slot.weeks[1] for slot in schedule.phases.values()), default=0)
    took = f", {format_count(weeks, 'week')} for {describe_capacity(schedule)}" if weeks else ""
    apart = "".join(
        f", {format_minutes(minutes)} of it {what}"
        for minutes, what in ((debt.minor, "for notes (P3)"), (debt.in_tests, "in tests"))
        if minutes
    )
    words = "; ".join([f"about {format_minutes(debt.minutes)} in all{apart}{took}", *left[:-1]])
    if debt.interest:
        words += f"; failing runs of the golden path cost {write_decimal(debt.interest)} minutes in 100 runs"
    if changed is not None and debt.minutes:
        words += f"; {changed.words}"
    return f"{words}."


def describe_capacity(schedule: Schedule) -> str:
    """Return who does the plan: 1 person with 30 hours a week."""
    people = format_count(schedule.people, "person", "people")
    return f"{people} with {schedule.hours_per_week:g} hours a week"


def _build_card(step: Step, schedule: Schedule) -> StepCard:
    tone, words = find_tone(step.rule, step.severity), name_severity(step.rule, step.severity)
    return StepCard(step, tone, words, schedule.steps[step.number])
