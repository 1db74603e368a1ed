"""The plan as a document for other programs: ``plan.json``, with its schema in ``docs/plan.schema.json``."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from analysis.remedy.debt import Debt
from analysis.remedy.order import choose_first
from analysis.remedy.schedule import Schedule, TimeSlot
from analysis.remedy.step import Phase, Step
from analysis.remedy.success import SuccessMetric

#: Raised when fields change their meaning.
FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EditRecord(_Part):
    """One change at one place."""

    path: str = Field(description="file, relative to the target")
    line: int = Field(description="line, from 1")
    change: str = Field(description="what to do there; empty where the step says it for all places")
    source: str = Field(description="the line as it stands; empty where it is not kept")
    finding: str = Field(description="fingerprint of the finding that it fixes")


class NeedRecord(_Part):
    """A step that comes before another one."""

    step: str = Field(description="number of the step that comes before")
    reason: str = Field(description="why")


class SlotRecord(_Part):
    """When something is done, by the capacity of the policy."""

    first_day: int = Field(description="working day on which it begins, from 1")
    last_day: int = Field(description="working day on which it ends")
    first_week: int = Field(description="week in which it begins, from 1")
    last_week: int = Field(description="week in which it ends")


class StepRecord(_Part):
    """One step: it fixes the findings of one rule, those of tests apart."""

    number: str = Field(description="place in the plan, as 2.1: phase and step")
    title: str = Field(description="what to do")
    rule: str = Field(description="rule whose findings it fixes")
    severity: str = Field(description="the highest of its findings")
    why: str = Field(description="what a finding means")
    how: str = Field(description="the way to fix it")
    findings: tuple[str, ...] = Field(description="fingerprints of the findings that it fixes")
    consequences: tuple[str, ...] = Field(description="fingerprints of the findings that go with them")
    subjects: tuple[str, ...] = Field(description="what the findings are about, in the order of their fingerprints")
    edits: tuple[EditRecord, ...] = Field(description="what to change where; a dozen of a finding at most are shown")
    places: int = Field(description="number of places to change")
    files: tuple[str, ...] = Field(description="files touched")
    methods: int = Field(description="methods that classes hand over when they are merged")
    hours: float = Field(description="estimated work: see docs/plan.md")
    findings_per_hour: float | None = Field(description="findings cleared per hour; null where no work is estimated")
    when: SlotRecord = Field(description="when it is done")
    needs: tuple[NeedRecord, ...] = Field(description="steps that come before")
    risk: str = Field(description="low, medium or high")
    risk_reason: str = Field(description="why")
    owners: tuple[str, ...] = Field(description="owners of the findings, the one with most of them first")
    in_tests: bool = Field(description="whether only tests are concerned")
    patch: str = Field(description="command that shows patches, as far as they are proved; empty where there are none")


class PhaseRecord(_Part):
    """Steps that belong together."""

    name: str = Field(description="name of the phase")
    goal: str = Field(description="what holds when it is done")
    hours: float = Field(description="estimated work")
    when: SlotRecord = Field(description="when it is done")
    steps: tuple[StepRecord, ...] = Field(description="its steps, in order")


class MetricRecord(_Part):
    """One success metric."""

    metric: str = Field(description="name of the metric")
    goal: str = Field(description="what must hold")
    now: float | None = Field(description="today's value; null: not measured")
    target: float = Field(description="the value that is needed")
    is_met: bool | None = Field(description="whether it is reached; null: not measured")
    command: str = Field(description="command that measures it, run in the target's folder")


class PlanDocument(_Part):
    """The remediation plan of one target at one revision."""

    format: int = Field(description="raised when fields change their meaning")
    target: str = Field(description="name of the target")
    revision: str = Field(description="revision that was analysed")
    hours: float = Field(description="estimated work in all")
    hours_per_week: float = Field(description="hours that each person has for it in a week, by the policy")
    people: int = Field(description="people who work on it at the same time, by the policy")
    first_steps: tuple[str, ...] = Field(description="numbers of the steps that clear most, with what they need")
    phases: tuple[PhaseRecord, ...] = Field(description="the phases, in order")
    success_metrics: tuple[MetricRecord, ...] = Field(description="what must hold in the end")


def build_plan_document(
    target: str, revision: str, phases: Sequence[Phase], schedule: Schedule, debt: Debt, goals: Sequence[SuccessMetric]
) -> PlanDocument:  # fmt: skip
    """Return the plan of a target as a document."""
    return PlanDocument(
        format=FORMAT, target=target, revision=revision, hours=_round(debt.minutes),
        hours_per_week=schedule.hours_per_week, people=schedule.people,
        first_steps=tuple(step.number for step in choose_first(phases)),
        phases=tuple(_record_phase(phase, place, schedule) for place, phase in enumerate(phases, 1)),
        success_metrics=tuple(
            MetricRecord(
                metric=goal.metric, goal=goal.label, now=goal.now, target=goal.target, is_met=goal.is_met,
                command=goal.command,
            )
            for goal in goals
        ),
    )  # fmt: skip


def _record_phase(phase: Phase, place: int, schedule: Schedule) -> PhaseRecord:
    return PhaseRecord(
        name=phase.name, goal=phase.goal, hours=_round(phase.minutes), when=_record_slot(schedule.phases[place]),
        steps=tuple(_record_step(step, schedule.steps[step.number]) for step in phase.steps),
    )  # fmt: skip


def _record_step(step: Step, slot: TimeSlot) -> StepRecord:
    edits = tuple(
        EditRecord(path=edit.path, line=edit.line, change=edit.words, source=edit.source, finding=edit.fingerprint)
        for edit in step.edits
    )
    return StepRecord(
        number=step.number, title=step.title, rule=step.rule, severity=step.severity, why=step.why, how=step.how,
        findings=step.cleared[: step.findings], consequences=step.cleared[step.findings :],
        subjects=tuple(subject for _, subject, _ in step.subjects), edits=edits, places=step.places, files=step.files,
        methods=step.methods, hours=_round(step.minutes),
        findings_per_hour=round(step.rate, 2) if step.minutes else None, when=_record_slot(slot),
        needs=tuple(NeedRecord(step=need.step, reason=need.reason) for need in step.needs), risk=step.risk.level,
        risk_reason=step.risk.reason, owners=step.owners, in_tests=step.in_tests, patch=step.patch,
    )  # fmt: skip


def _record_slot(slot: TimeSlot) -> SlotRecord:
    first, last = slot.weeks
    return SlotRecord(first_day=slot.first_day, last_day=slot.last_day, first_week=first, last_week=last)


def _round(minutes: int) -> float:
    return round(minutes / 60, 2)
