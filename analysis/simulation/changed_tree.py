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
from analysis.simulation.entries import Begin, Simulation, find_environment, run_deep, simulate_each
from analysis.simulation.kept import Tops
from analysis.simulation.places import Places
from analysis.simulation.sources import Environment, Sources


class ChangedTree:
    """Simulates first imports of one tree with other programs in some files, as often as asked.

    No first import begins after ``deadline``, a time of ``time.monotonic``. ``gaps`` takes what fails inside the kit.
    ``begin`` returns the simulation of the tree as it is, where there is one: nobody else goes on with it afterwards.
    """

    def __init__(
        self, facts: Sources, *, environment: Environment | None = None, deadline: float = math.inf,
        gaps: Gaps | None = None, resolver: TargetResolver | None = None, begin: Begin | None = None,
    ) -> None:  # fmt: skip
        environment = environment or find_environment(resolver)
        self._begin = begin or partial(Simulation, facts, environment, gaps=gaps, resolver=resolver)
        self._deadline = deadline
        self._programs: dict[str, list[Node]] = {}

    @cached_property
    def _simulation(self) -> Simulation:
        """Made when it is first asked: where everything is known, nothing is simulated."""
        simulation = self._begin()
        simulation.limit(self._deadline)
        return simulation

    @property
    def tops(self) -> Tops:
        """What the first components of names were found to mean."""
        return self._simulation.tops

    @property
    def places(self) -> Places:
        """What lies in the tree, and what modules asked of it."""
        return self._simulation.programs.places

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
        simulation, before = self._simulation, self._programs
        names = simulation.imports.index.find_names
        touched = {path for path in before.keys() | programs.keys() if before.get(path) != programs.get(path)}
        simulation.forget({module for path in touched for module in names(path)})
        simulation.programs.replace(programs)
        self._programs = dict(programs)
        return run_deep(lambda: simulate_each(simulation, entries, ignore_progress))
