"""What to do next: the first steps of the plan that are urgent, each with its effort and what it clears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import tables
from analysis.report.tones import MINOR, find_tone
from analysis.rules.verdict import URGENT, name_severity
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.remedy import Phase, Step

MOST_ACTIONS = 3


@dataclass(frozen=True, slots=True)
class Action:
    """One next action: a step of the plan, what its findings are, and what its end changes.

    ``consequences`` are findings that go with those it fixes; ``starts`` are places to begin at.
    """

    title: str
    tone: str
    words: str
    severity: str
    effort: str
    places: int
    findings: int
    consequences: int
    owners: tuple[str, ...]
    starts: tuple[str, ...]

    @property
    def work(self) -> str:
        """The effort and the places to touch."""
        return f"{self.effort.capitalize()} effort ({format_count(self.places, 'place')})"

    @property
    def clears(self) -> str:
        """What is cleared: findings, and those that are their consequences."""
        more = f" and {format_count(self.consequences, 'consequence')}" if self.consequences else ""
        return f"clears {format_count(self.findings, 'finding')}{more}"


def find_next_actions(inv: Investigation, phases: Sequence[Phase], most: int = MOST_ACTIONS) -> list[Action]:
    """Return the first urgent steps of a plan in its order; where nothing is urgent, its first steps."""
    steps = [step for phase in phases for step in phase.steps]
    urgent = [step for step in steps if step.severity in URGENT]
    chosen = [*urgent, *(step for step in steps if step not in urgent)] if urgent else steps
    return [_build_action(inv, step) for step in chosen[:most]]


def _build_action(inv: Investigation, step: Step) -> Action:
    return Action(
        step.title, find_tone(step.rule, step.severity), name_severity(step.rule, step.severity), step.severity,
        step.effort, step.places, step.findings, _count_consequences(inv, step),
        step.owners, step.examples,
    )  # fmt: skip


def _is_of(step: Step, rule: str, severity: str) -> bool:
    """Return whether a step fixes the findings of a rule with a severity: minor ones have a step of their own."""
    return rule == step.rule and (severity == MINOR) == (step.severity == MINOR)


def _count_consequences(inv: Investigation, step: Step) -> int:
    rows = list(tables.read_rows(inv.table("findings"), "fingerprint", "rule", "severity", "cause", "certainty"))
    own = {mark for mark, rule, severity, cause, _ in rows if not cause and _is_of(step, rule, severity)}
    return Counter(cause in own for _, _, _, cause, certainty in rows if cause and certainty != "refuted")[True]
