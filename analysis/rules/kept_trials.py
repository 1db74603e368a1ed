"""Trials of cuts: what is wrong with first imports without some statements, kept by what they came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from analysis.resolve import TargetFacts, TargetResolver
from analysis.rules.finding import Place
from analysis.simulation import Environment
from analysis.simulation.changed_tree import ChangedTree
from analysis.simulation.entries import PROGRAM as SIMULATION
from analysis.simulation.kept_answers import KeptAnswers

#: What is wrong with a first import: ``("outcome", which)``, ``("lost", path, line)`` or ``("again", module)``.
Problem: TypeAlias = tuple[str | int, ...]
Problems: TypeAlias = Mapping[str, frozenset[Problem]]
#: What decides the problems of a trial: when its source changes, what was kept before is never read.
PROGRAM = (*SIMULATION, "rules/cut_trials", "rules/kept_trials", "rules/registrations")
_KIND = "trials"


class KeptTrials:
    """The problems of first imports of one tree by the places of the statements that it is without."""

    def __init__(
        self, cache: Path | None, facts: TargetFacts, resolver: TargetResolver, environment: Environment | None
    ) -> None:  # fmt: skip
        self._answers = KeptAnswers(cache, _KIND, PROGRAM, facts, resolver, environment)
        self._known: dict[str, dict[str, frozenset[Problem]]] = {}

    def find(self, places: Sequence[Place]) -> Problems:
        """Return the problems of first imports without the statements in some places, as far as they are known."""
        name = _name(places)
        if name not in self._known:
            kept = self._answers.find(name) or {}
            self._known[name] = {entry: frozenset(map(tuple, each)) for entry, each in kept.items()}
        return self._known[name]

    def add(self, places: Sequence[Place], problems: Problems, needs: int) -> None:
        """Note what was found out, and the modules that it depends on: a bit for each."""
        known = self._known[_name(places)] = {**self.find(places), **problems}
        described = {entry: sorted(each, key=repr) for entry, each in known.items()}
        self._answers.add(_name(places), described, needs)

    def write(self, tree: ChangedTree) -> None:
        """Keep what was asked for in this run, and what that depended on."""
        if self._answers.is_fresh:
            self._answers.write(tree.tops, tree.places)


def _name(places: Sequence[Place]) -> str:
    return " ".join(f"{path}:{line}" for path, line in places)
