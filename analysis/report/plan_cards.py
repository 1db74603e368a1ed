"""The phases of the plan as cards: how much work each is, and its steps with colour, shape and word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.report.tones import find_tone
from analysis.rules.verdict import name_severity
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.remedy import Phase, Step


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

    @property
    def size(self) -> str:
        """The steps, their findings and the places to touch."""
        findings = sum(card.step.findings for card in self.steps)
        places = sum(card.step.places for card in self.steps)
        counts = (
            format_count(len(self.steps), "step"), format_count(findings, "finding"), format_count(places, "place")
        )  # fmt: skip
        return " · ".join(counts)


def build_cards(phases: Sequence[Phase]) -> list[PhaseCard]:
    """Return the phases of a plan for display, in its order."""
    return [PhaseCard(phase.name, phase.goal, tuple(_build_card(step) for step in phase.steps)) for phase in phases]


def _build_card(step: Step) -> StepCard:
    return StepCard(step, find_tone(step.rule, step.severity), name_severity(step.rule, step.severity))
