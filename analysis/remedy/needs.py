"""Which steps come before others: those that change what the others are about.

A phase says why steps after it wait for it where they meet in a file. Only urgent steps hold others up, and only
steps that come later in the order of phases and rules, so that the graph has no cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.remedy.step import Need
from analysis.rules.plan_phases import PlanPhase
from analysis.rules.verdict import URGENT
from analysis.wording import format_count


@dataclass(frozen=True, slots=True)
class PlanStage:
    """What of a step decides on its place in the order: ``rank`` is that of its phase and rule.

    ``reach`` are the files that it changes or repairs, ``about`` those in which its subjects are defined.
    """

    key: int
    phase: PlanPhase
    rank: tuple[Any, ...]
    severity: str
    reach: frozenset[str]
    about: frozenset[str]


def find_needs(stages: Sequence[PlanStage]) -> dict[int, tuple[tuple[int, str], ...]]:
    """Return for each step the steps that it waits for, with the reason, without those that follow from others."""
    ordered = sorted(stages, key=lambda stage: stage.rank)
    known: dict[int, dict[int, str]] = {}
    behind: dict[int, set[int]] = {}
    for place, later in enumerate(ordered):
        direct = {}
        for earlier in ordered[:place]:
            if earlier.phase.holds and earlier.severity in URGENT and (shared := earlier.reach & later.about):
                direct[earlier.key] = f"{_name_files(shared)} {earlier.phase.holds}"
        implied = set[int]().union(*(behind[key] for key in direct)) if direct else set()
        known[later.key] = {key: why for key, why in direct.items() if key not in implied}
        behind[later.key] = implied | set(direct)
    return {key: tuple(found.items()) for key, found in known.items()}


def name_needs(found: Iterable[tuple[int, str]], numbers: Mapping[int, str]) -> tuple[Need, ...]:
    """Return prerequisites with the numbers that the steps have in the plan."""
    return tuple(Need(numbers[key], why) for key, why in found)


def _name_files(shared: Iterable[str]) -> str:
    first, *others = sorted(shared)
    return f"{first} and {format_count(len(others), 'more file')}:" if others else f"{first}:"
