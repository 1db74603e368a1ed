"""Whether a cycle really fails: from which first import, at which statement, and what is silently lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.steps import read_left_names
from analysis.tables.simulation import CIRCULAR, UNKNOWN_OUTCOMES
from analysis.wording import format_some

_STATES = {"None": "stays None", "absent": "stays undefined"}


@dataclass(frozen=True, slots=True)
class CycleOutcome:
    """What the import simulation says of one cycle.

    ``judged`` are its modules whose first import was simulated, ``left`` those of which nothing is known, ``failing``
    the rows of ``simulated`` of those whose import fails inside the cycle, ``broken`` how many others fail for another
    reason, ``lost`` the rows of
    ``simulated_swallowed``, one per statement whose try swallows such a failure.
    """

    judged: int
    left: int
    failing: tuple[Mapping[str, Any], ...]
    lost: tuple[Mapping[str, Any], ...]
    broken: int = 0

    @property
    def is_dead(self) -> bool:
        """Whether no module of the cycle can be imported first."""
        return bool(self.failing) and len(self.failing) == self.judged and not self.left

    @property
    def is_known(self) -> bool:
        """Whether the first import of each of its modules was simulated."""
        return self.judged > 0 and not self.left


def format_left(texts: Iterable[str]) -> str:
    """Return what swallowed imports leave their names as, from columns ``left_as``; empty where that is not known.

    >>> format_left(["EventBus: None", "Event: absent", "EventBus: None", ""])
    'EventBus stays None, Event stays undefined'
    """
    names = dict.fromkeys(name for text in texts for name in read_left_names(text))
    return format_some([f"{each.name} {_STATES.get(each.state, f'is {each.state}')}" for each in names])


def find_cycle_outcomes(
    cycles: Mapping[str, Collection[str]],
    simulated: Iterable[Mapping[str, Any]],
    swallowed: Iterable[Mapping[str, Any]],
) -> dict[str, CycleOutcome]:
    """Return the outcome of each cycle, whose modules are given by its identifier, from the rows of the simulation."""
    outcomes = {row["module"]: row for row in simulated}
    lost: dict[str, dict[tuple[str, int], Mapping[str, Any]]] = defaultdict(dict)
    for row in swallowed:
        if row["outcome"] in CIRCULAR:
            lost[row["path"]].setdefault((row["caught_path"], row["caught_line"]), row)
    found = {}
    for cycle, modules in cycles.items():
        known = [outcomes[module] for module in modules if module in outcomes]
        rows = [row for row in known if row["outcome"] not in UNKNOWN_OUTCOMES]
        paths = {row["path"] for row in rows}
        failing = [row for row in rows if row["outcome"] in CIRCULAR and row["failed_path"] in paths]
        losing = {place: row for path in sorted(paths) for place, row in sorted(lost.get(path, {}).items())}
        kept = tuple(losing[place] for place in sorted(losing))
        broken = sum(row["outcome"] != "ok" for row in rows) - len(failing)
        found[cycle] = CycleOutcome(len(rows), len(known) - len(rows), tuple(failing), kept, broken)
    return found
