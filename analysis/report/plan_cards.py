"""The phases of the plan as cards: how much work each is, and its steps with colour, shape and word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.quantities import write_decimal
from analysis.remedy import format_minutes
from analysis.report.tones import find_tone
from analysis.rules.verdict import name_severity
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.remedy import Debt, Phase, Step


@dataclass(frozen=True, slots=True)
class StepCard:
    """One step for display: the step of the plan, and what kind of findings it fixes."""

    step: Step
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class PhaseCard:
    """One phase for display: its name, its goal, its steps, and how much work they are."""

    name: str
    goal: str
    steps: tuple[StepCard, ...]
    minutes: int

    @property
    def size(self) -> str:
        """The steps, their findings, the places to touch, and the estimated work."""
        findings = sum(card.step.findings for card in self.steps)
        places = sum(card.step.places for card in self.steps)
        counts = (
            format_count(len(self.steps), "step"), format_count(findings, "finding"), format_count(places, "place"),
            f"about {format_minutes(self.minutes)}",
        )  # fmt: skip
        return " · ".join(counts)


def build_cards(phases: Sequence[Phase]) -> list[PhaseCard]:
    """Return the phases of a plan for display, in its order."""
    return [
        PhaseCard(phase.name, phase.goal, tuple(_build_card(step) for step in phase.steps), phase.minutes)
        for phase in phases
    ]


def describe_debt(debt: Debt) -> str:
    """Return the estimated work of a plan, what is left after each phase but the last, and what it costs meanwhile."""
    left = [f"{format_minutes(minutes)} after phase {number}" for number, (_, minutes) in enumerate(debt.after, 1)]
    words = "; ".join([f"about {format_minutes(debt.minutes)} in all", *left[:-1]])
    if debt.interest:
        words += f"; failing runs of the golden path cost {write_decimal(debt.interest)} minutes in 100 runs"
    return f"{words}."


def _build_card(step: Step) -> StepCard:
    return StepCard(step, find_tone(step.rule, step.severity), name_severity(step.rule, step.severity))
