"""What a module does where an optional library is not installed: its body runs alone, and the guarded import fails."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from analysis.resolve import Module, TargetResolver
from analysis.simulation.entries import Simulation, find_environment
from analysis.simulation.machine import Machine
from analysis.simulation.sources import Environment, Sources
from analysis.simulation.values import UNKNOWN, Fault, OutOfSteps, Raised, Value


class WithoutLibrary(NamedTuple):
    """The failure of a module without a library: the statement, the exception and its text."""

    library: str
    line: int
    exception: str
    text: str


class _LonelyMachine(Machine):
    """A process of one body: of the other modules of the tree nothing is known."""

    def load(self, name: str, *, is_relative: bool = False) -> Value:
        """Return an unknown module of the tree, or what is outside."""
        return UNKNOWN if is_relative or self.owns(name) else self._import_external(name)

    def import_dotted(self, name: str, *, is_renamed: bool) -> Value:
        """``import a.b``: of the tree nothing is known."""
        return UNKNOWN if self.owns(name) else super().import_dotted(name, is_renamed=is_renamed)

    def run_alone(self) -> Fault | None:
        """Run the body of the first module; return what it surely raises."""
        try:
            self.run(self._first)
        except Raised as raised:
            return None if self.doubts else raised.fault
        except (OutOfSteps, RecursionError, MemoryError):
            return None
        return None


def find_half_bound(
    facts: Sources, resolver: TargetResolver, guarded: Collection[tuple[str, str]]
) -> dict[str, WithoutLibrary]:
    """Return the failures of modules without a library that they guard, by path: a name that is left None is used.

    ``guarded`` are pairs of a path and a library that it imports inside a ``try``. Nothing is executed; what other
    modules of the tree hold is not known, so that only what surely fails is reported.
    """
    found: dict[str, WithoutLibrary] = {}
    outside = find_environment(resolver)
    simulation = Simulation(facts, resolver=resolver, is_sharing=False)
    for path, library in sorted(guarded):
        module = resolver.index.find_importer(path)
        if module is None or path in found:
            continue
        if _run(simulation, module, outside) is not None:
            continue
        fault = _run(simulation, module, replace(outside, missing=frozenset({library})))
        is_own = fault is not None and fault.path == path and not fault.reason
        if fault is not None and is_own and issubclass(fault.kind, AttributeError | TypeError | NameError):
            found[path] = WithoutLibrary(library, fault.line, fault.kind.__name__, fault.text)
    return found


def _run(simulation: Simulation, module: Module, environment: Environment) -> Fault | None:
    simulation.environment = environment
    return _LonelyMachine(simulation, module).run_alone()
