"""When each step is done: days and weeks from the team's capacity, prerequisites respected.

Each step is done by one person. People take the steps in the order of the plan, each the first one whose
prerequisites are done; where none is ready, they wait.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.remedy.step import Phase, Step

DAYS_PER_WEEK = 5


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """When something is done, in hours of one person's working time since the begin of the plan."""

    begins: float
    ends: float
    hours_per_day: float

    @property
    def first_day(self) -> int:
        """The working day on which it begins, from 1."""
        return int(self.begins / self.hours_per_day + 1e-9) + 1

    @property
    def last_day(self) -> int:
        """The working day on which it ends."""
        return max(self.first_day, math.ceil(self.ends / self.hours_per_day - 1e-9))

    @property
    def weeks(self) -> tuple[int, int]:
        """The weeks in which it begins and ends, from 1."""
        return (self.first_day - 1) // DAYS_PER_WEEK + 1, (self.last_day - 1) // DAYS_PER_WEEK + 1

    @property
    def words(self) -> str:
        """The days and weeks for readers.

        >>> Slot(0, 12, 6).words, Slot(12, 15, 6).words, Slot(27, 70, 6).words
        ('days 1 to 2, week 1', 'day 3, week 1', 'days 5 to 12, weeks 1 to 3')
        """
        first, last = self.weeks
        days = (
            f"day {self.first_day}" if self.first_day == self.last_day else f"days {self.first_day} to {self.last_day}"
        )
        return f"{days}, {f'week {first}' if first == last else f'weeks {first} to {last}'}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The slot of each step by its number, and of each phase by its place from 1."""

    steps: Mapping[str, TimeSlot]
    phases: Mapping[int, TimeSlot]
    hours_per_week: float
    people: int


def build_schedule(phases: Sequence[Phase], hours_per_week: float, people: int) -> Schedule:
    """Return when the steps of a plan are done by so many people, each with so many hours a week for it."""
    hours_per_day = hours_per_week / DAYS_PER_WEEK
    free = [0.0] * people
    slots: dict[str, TimeSlot] = {}
    waiting = [step for phase in phases for step in phase.steps]
    while waiting:
        person = min(range(people), key=lambda each: (free[each], each))
        begins, step = _choose(waiting, slots, free[person])
        ends = begins + step.minutes / 60
        slots[step.number] = TimeSlot(begins, ends, hours_per_day)
        free[person] = ends
        waiting.remove(step)
    spans = {
        place: _span([slots[step.number] for step in phase.steps], hours_per_day)
        for place, phase in enumerate(phases, 1)
    }
    return Schedule(slots, spans, hours_per_week, people)


def _choose(waiting: Iterable[Step], slots: Mapping[str, TimeSlot], now: float) -> tuple[float, Step]:
    """Return the first step that can begin now, else the one that can begin soonest, and when."""
    ready = [
        (max([now, *(slots[need.step].ends for need in step.needs)]), step)
        for step in waiting
        if all(need.step in slots for need in step.needs)
    ]
    return min(ready, key=lambda pair: pair[0])


def _span(slots: Sequence[TimeSlot], hours_per_day: float) -> TimeSlot:
    return TimeSlot(min(slot.begins for slot in slots), max(slot.ends for slot in slots), hours_per_day)
