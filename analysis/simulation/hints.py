"""Annotations that are read as types while modules are imported: ``typing.get_type_hints`` evaluates their text.

So do ``functools.singledispatch``, for a function that is registered without a type, and ``inspect`` when asked to.
"""

from __future__ import annotations

from analysis.simulation.importing import Importer
from analysis.simulation.lookup import find_ancestry
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, BoundMethod, Class, External, Function, LoadedModule, Value

#: What reads the hints of its first argument, and by which keywords it may do so: others give it names of their own.
READERS = {
    "typing.get_type_hints": frozenset({"include_extras"}),
    "typing_extensions.get_type_hints": frozenset({"include_extras"}),
    "inspect.signature": frozenset({"eval_str"}),
    "inspect.get_annotations": frozenset({"eval_str"}),
}
#: What chooses a function by the type of an argument, and what it makes: others are registered with it.
DISPATCHERS = ("functools.singledispatch", "functools.singledispatchmethod")
_DISPATCHER = External("functools.singledispatch()")


def is_reading(name: str, arguments: list[Value], keywords: dict[str, Value]) -> bool:
    """Return whether a call with these keywords evaluates the annotations in the module in which they stand."""
    if name not in READERS or not keywords.keys() <= READERS[name]:
        return False
    is_function = bool(arguments) and isinstance(arguments[0], Function)
    return not name.startswith("inspect.") or (is_function and keywords.get("eval_str") is True)


def make_dispatcher(_: Importer, __: list[Value], ___: Frame) -> Value:
    """Return what ``functools.singledispatch`` makes of a function."""
    return _DISPATCHER


def dispatch(_: Importer, __: list[Value], ___: Frame) -> Value:
    """Return what a function gives that is chosen by a type."""
    return UNKNOWN


def register(machine: Importer, arguments: list[Value], frame: Frame) -> Value:
    """Register a function: without a type its hints are evaluated; with one, the function is given later."""
    given = arguments[0] if len(arguments) == 1 else UNKNOWN
    if isinstance(given, Function):
        read_hints(machine, [given], frame)
        return given
    return UNKNOWN


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
        state = machine.find_state(module)
        machine.evaluate(node, Frame(state, state.names, "module", line))
