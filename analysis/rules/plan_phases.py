"""The phases of the plan, in the order in which fixing one makes the next possible, and a rule's step in one of them.

First every entry point must import, or nothing can be tested; then there must be one definition of each thing, and one
path to it; then state must belong to somebody, and in the end what was reached must last.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PlanPhase:
    """One phase: its place in the plan, its name, and the goal that its steps reach.

    ``holds`` says of a file why later steps that are about it wait for the urgent steps of this phase; empty where
    they need not.
    """

    order: int
    name: str
    goal: str
    holds: str = ""


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What a rule's findings ask for: in which phase, in which order among steps of equal severity, and its title.

    ``minutes`` is an estimate of the work at one place, for a person who knows the code; a policy may state another.
    """

    phase: PlanPhase
    order: int
    title: str
    minutes: int


ENTRY_POINTS = PlanPhase(
    1, "Make every entry point import", "No import fails, silently or loudly, whichever module is imported first.",
    holds="what changes there can only be tested when its imports work",
)  # fmt: skip
DEFINITIONS = PlanPhase(
    2, "One definition of each thing", "Every concept has one class, and every class name has one definition.",
    holds="its classes change first",
)  # fmt: skip
PATHS = PlanPhase(
    3, "One path to each thing",
    "Every class is imported from where it is defined or offered, and every file has one name.",
)  # fmt: skip
STATE = PlanPhase(
    4, "Separate state for each user", "No object, container or cache carries what one user left to the next."
)
LASTING = PlanPhase(5, "Keep it that way", "What was fixed cannot come back unnoticed.")
