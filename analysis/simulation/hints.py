"""Annotations that are read as types while modules are imported: ``typing.get_type_hints`` evaluates their text."""

from __future__ import annotations

from analysis.simulation.importing import Importer
from analysis.simulation.lookup import find_ancestry
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, BoundMethod, Class, Function, LoadedModule, Value


def read_hints(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    """Evaluate the annotations of a class and of its bases, or of a function; raises what a name in them raises."""
    given = arguments[0] if len(arguments) == 1 else UNKNOWN
    if isinstance(given, BoundMethod):
        given = given.function
    owners: list[Class | Function] = [*find_ancestry(given)] if isinstance(given, Class) else []
    if isinstance(given, Function):
        owners = [given]
    for owner in reversed(owners):
        _evaluate_all(machine, owner.module, owner.line)
    return UNKNOWN


def _evaluate_all(machine: Importer, module: LoadedModule, line: int) -> None:
    for node in machine.shared.programs.read_annotations(module.path, line):
        # A frame of its own, which is not on the stack: what fails is the statement that asks for the hints.
        machine.evaluate(node, Frame(module, module.names, "module", line))
