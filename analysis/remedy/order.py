"""The order of steps: those that clear most findings per hour first, after what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.rules.verdict import URGENT

if TYPE_CHECKING:
    from analysis.remedy.step import Phase, Step

#: So many steps a reader is shown first.
MOST_FIRST = 4


def order_steps(steps: Mapping[int, Step], needs: Mapping[int, Sequence[int]]) -> list[int]:
    """Return the keys of the steps of one phase in order; ``needs`` may name steps of other phases too.

    Of those whose prerequisites are done, the product's come before those of tests, then those that clear most
    findings per hour; equal ones by severity, rule and key.
    """
    waiting, done = dict(steps), list[int]()
    while waiting:
        ready = [key for key in waiting if not any(other in waiting for other in needs.get(key, ()))]
        best = min(ready, key=lambda key: _rank(waiting[key], key))
        done.append(best)
        del waiting[best]
    return done


def _rank(step: Step, key: int) -> tuple[bool, float, str, str, int]:
    return step.in_tests, -step.rate, step.severity, step.rule, key


def choose_first(phases: Sequence[Phase], severities: Sequence[str] = URGENT, most: int = MOST_FIRST) -> list[Step]:
    """Return the steps to begin with, in the order of the plan: those that clear most findings, with what they need.

    Of the steps that fit, together with their open prerequisites, the group comes first that clears most findings for
    each of its steps; in the product those of the severities given count before those
    of risks, and these before all others.
    """
    steps = {step.number: step for phase in phases for step in phase.steps}
    chosen: set[str] = set()
    while len(chosen) < min(most, len(steps)):
        groups = [_collect(number, steps) - chosen for number in steps if number not in chosen]
        chosen |= min((group for group in groups if len(group) <= most - len(chosen)), key=lambda group: _weigh(
            [steps[number] for number in sorted(group)], severities
        ))  # fmt: skip
    return [step for number, step in steps.items() if number in chosen]


def _collect(number: str, steps: Mapping[str, Step]) -> set[str]:
    """Return a step and all that come before it."""
    found, waiting = {number}, [number]
    while waiting:
        for need in steps[waiting.pop()].needs:
            if need.step not in found:
                found.add(need.step)
                waiting.append(need.step)
    return found


def _weigh(group: Sequence[Step], severities: Sequence[str]) -> tuple[Any, ...]:
    """Return what orders groups of steps, the best first."""
    counts = [
        sum(len(step.cleared) for step in group if step.severity in chosen and not step.in_tests)
        for chosen in (severities, (*severities, "P2"))
    ]
    counts.append(sum(len(step.cleared) for step in group))
    minutes = sum(step.minutes for step in group)
    return *(-count / len(group) for count in counts), minutes, [step.number for step in group]
