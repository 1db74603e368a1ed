"""First imports of a tree some of whose files run something else: only what comes to these is simulated anew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial

import pyarrow as pa

from analysis.facts.program import Node
from analysis.gaps import Gaps
from analysis.progress import ignore_progress
from analysis.resolve import TargetResolver
from analysis.simulation.entries import Simulation, find_environment, run_deep, simulate_each
from analysis.simulation.kept import Tops
from analysis.simulation.sources import Environment, Sources


class ChangedTree:
    """Simulates first imports of one tree with other programs in some files, as often as asked.

    No first import begins after ``deadline``, a time of ``time.monotonic``. ``gaps`` takes what fails inside the kit.
    """

    def __init__(
        self, facts: Sources, *, environment: Environment | None = None, deadline: float = math.inf,
        gaps: Gaps | None = None, resolver: TargetResolver | None = None,
    ) -> None:  # fmt: skip
        self._make = partial(
            Simulation, facts, environment or find_environment(resolver), deadline=deadline, gaps=gaps,
            resolver=resolver,
        )  # fmt: skip
        self._changed: frozenset[str] = frozenset()

    @cached_property
    def _simulation(self) -> Simulation:
        """Made when it is first asked: where everything is known, nothing is simulated."""
        return self._make()

    @property
    def tops(self) -> Tops:
        """What the first components of names were found to mean."""
        return self._simulation.tops

    @property
    def needs(self) -> Mapping[str, int]:
        """What the first imports of the last call came to: a bit for each module."""
        return self._simulation.needs

    def find_program(self, path: str) -> list[Node]:
        """Return what runs when a file is imported, as it is; nothing of a file that has no program."""
        return self._simulation.programs.read_original(path) or []

    def simulate(
        self, programs: Mapping[str, list[Node]], entries: Sequence[tuple[str, str]]
    ) -> dict[str, pa.Table]:  # fmt: skip
        """Return ``tables.SIMULATION_TABLES`` for modules (name and path) of the tree with other programs by file."""
        simulation = self._simulation
        touched = self._changed | programs.keys()
        modules = [module for path in touched for module in simulation.imports.index.find_names(path)]
        simulation.forget(sum({module.name: 1 << module.number for module in modules}.values()))
        simulation.programs.replace(programs)
        self._changed = frozenset(programs)
        return run_deep(lambda: simulate_each(simulation, entries, ignore_progress))
