"""What one simulated process is made of: frames, what a first import leaves, and what all processes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from analysis.resolve import ImportResolver, Module
from analysis.simulation.sources import Environment, Programs
from analysis.simulation.values import Fault, LoadedModule, SwallowedFault, Value

#: What stands for a name that is not there.
ABSENT: Value = object()
TOO_MUCH = "too much runs to be followed"
#: Why nothing is known of a first import on which the simulation itself failed; a row of ``not_analysed`` says more.
FAILED = "could not be analysed"


@dataclass(slots=True)
class Frame:
    """A body that runs: its names, those of the functions around it, and the line it has come to."""

    module: LoadedModule
    names: dict[str, Value]
    kind: str
    line: int = 0
    around: tuple[dict[str, Value], ...] = ()
    declared: set[str] = field(default_factory=set)
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """What the first import of a module in a fresh process leaves.

    It holds in another process too, when none of ``unclean`` (the modules whose outcome depends on what is being
    imported around them) ran there before, none of ``runs`` is running, and nothing was set from outside on one of
    them; ``altered`` are the modules on which this import sets something.
    """

    modules: tuple[tuple[str, Value], ...]
    changed: dict[str, dict[str, Value]]
    runs: dict[str, int]
    notes: tuple[SwallowedFault, ...]
    doubts: tuple[str, ...]
    unclean: frozenset[str]
    altered: frozenset[str]
    fault: Fault | None
    chain: tuple[tuple[str, int, str], ...]


class Shared(Protocol):
    """What all simulated processes have in common."""

    imports: ImportResolver
    programs: Programs
    environment: Environment
    steps: int
    most_steps: int
    next_look: int
    running: int

    def look_at_clock(self) -> None:
        """Raise ``OutOfTime`` after the deadline; to be called when ``steps`` have come to ``next_look``."""

    def find_delta(self, module: Module) -> Delta | None:
        """Return what the first import of a module leaves; None while that is being found out."""
