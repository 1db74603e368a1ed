"""What all simulated processes have in common."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from analysis.resolve import ImportResolver, Module
from analysis.simulation.recorded import Recorded
from analysis.simulation.records import Delta, Registry
from analysis.simulation.sources import Environment, Programs


class Shared(Protocol):
    """What all simulated processes have in common."""

    imports: ImportResolver
    programs: Programs
    environment: Environment
    registry: Registry
    #: What the first component of a name means, by importer, and whether the name was relative.
    tops: dict[tuple[int, str, bool], Module | None]
    steps: int
    most_steps: int
    next_look: int
    running: int
    #: How many processes there have been.
    processes: int
    #: What bodies did, by module, and calls, by function and by whether they may not run.
    bodies: defaultdict[tuple[str, str], Recorded]
    #: Whether processes may take over what others have found out.
    is_sharing: bool
    functions: defaultdict[tuple[str, int, bool, bool, bool], Recorded]
    #: The functions that took many statements.
    heavy: set[tuple[str, int]]

    def look_at_clock(self) -> None:
        """Raise ``OutOfTime`` after the deadline; to be called when ``steps`` have come to ``next_look``."""

    def is_nowhere(self, module: Module, name: str) -> bool:
        """Return whether a module never has a name, however far it runs."""

    def find_delta(self, module: Module) -> Delta | None:
        """Return what the first import of a module leaves; None while that is being found out."""
