"""What the report of the demo shows: each success metric in every state, the steps done by hand, and the runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import tables
from analysis.golden.statistics import count_needed_runs, judge_rate
from analysis.golden.summary import format_verdict
from analysis.quantities import UNITS, write_at_least, write_share, write_value
from analysis.remedy import Step, SuccessMetric
from tools.demo.golden_runs import MOST_RUNS
from tools.demo.states import DemoCourse, DemoState

BOUND, SCORE = "golden-path-lower-bound", "compliance"


@dataclass(frozen=True)
class MetricValue:
    """A success metric in one state: its text, what more there is to say, and the colour of its light."""

    text: str
    more: str
    tone: str


@dataclass(frozen=True)
class MetricRow:
    """One success metric: its sentence, and its value in each state."""

    label: str
    values: tuple[MetricValue, ...]
    is_met: bool


@dataclass(frozen=True)
class HandStep:
    """A step of the plan after `ssot fix`: the files of it that were edited, and how many of its findings are gone."""

    step: Step
    files: tuple[str, ...]
    gone: int


def list_goals(course: DemoCourse) -> list[MetricRow]:
    """Return the success metrics in the order of the plan; the last state decides whether one is met."""
    columns = zip(*(state.goals for state in course.states), strict=True)
    return [
        MetricRow(column[0].label, tuple(map(_build_value, course.states, column)), bool(column[-1].is_met))
        for column in columns
    ]


def _build_value(state: DemoState, goal: SuccessMetric) -> MetricValue:
    tone = "green" if goal.is_met else "red" if goal.is_met is False else "grey"
    if goal.metric != BOUND or goal.now is None:
        return MetricValue(write_value(goal.now, UNITS.get(goal.metric, ""), goal.metric), "", tone)
    (passed, runs), policy = state.runs.counts, state.inv.policy.golden_path
    is_missed = judge_rate(passed, runs, policy.target, policy.confidence).word == "not met"
    more = write_at_least(goal.now, policy.confidence)
    return MetricValue(write_share(passed / runs), more, tone if goal.is_met or is_missed else "amber")


def list_open(course: DemoCourse) -> list[str]:
    """Return the sentences of the success metrics that the last state does not meet."""
    return [goal.label for goal in list_goals(course) if not goal.is_met]


def list_hand_steps(course: DemoCourse) -> list[HandStep]:
    """Return the steps of the plan after `ssot fix` of which the edits by hand cleared findings, in its order."""
    edited = {each.path for each in course.edited}
    left = set(tables.read_column(course.rounds[1].first.table("findings"), "fingerprint"))
    found = (
        HandStep(step, tuple(path for path in step.files if path in edited), len(set(step.cleared) - left))
        for phase in course.rounds[0].last.plan()
        for step in phase.steps
    )
    return [each for each in found if each.gone]


def list_unnamed(course: DemoCourse) -> list[str]:
    """Return the files edited by hand that none of these steps names."""
    named = {path for each in list_hand_steps(course) for path in each.files}
    return [each.path for each in course.edited if each.path not in named]


def find_advice(course: DemoCourse) -> str:
    """Return what to do where the golden path of the last state was not run often enough; empty where it was."""
    state = course.states[-1]
    policy = state.inv.policy.golden_path
    needed = count_needed_runs(policy.target, policy.confidence)
    if state.runs.counts[1] >= needed:
        return ""
    return f"No measurement of these files is kept; make demo ARGS=--measure makes one, of {needed:,} runs."


def describe_runs(state: DemoState) -> str:
    """Return the verdict on the golden path of a state, and where its runs come from."""
    policy, (passed, runs) = state.inv.policy.golden_path, state.runs.counts
    verdict = format_verdict(judge_rate(passed, runs, policy.target, policy.confidence), passed, runs)
    if state.runs.is_kept:
        return f"{verdict} The runs were made earlier and kept."
    if runs < MOST_RUNS:
        return f"{verdict} The runs were made now, and ended as soon as the answer was clear."
    return f"{verdict} The runs were made now."


def list_lines(course: DemoCourse) -> Iterator[str]:
    """Yield one line for each success metric: whether it is met in the end, and its value in each state."""
    for goal in list_goals(course):
        values = " → ".join(f"{value.text:>{8 if place else 6}}" for place, value in enumerate(goal.values))
        yield f"{'met' if goal.is_met else 'open':<5}{values}  {goal.label}"
