"""Annotations that are read as types while modules are imported: ``typing.get_type_hints`` evaluates their text.

So do ``functools.singledispatch``, for a function that is registered without a type, and ``inspect`` when asked to.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.simulation.importing import Importer
from analysis.simulation.lookup import find_ancestry
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, BoundMethod, Class, External, Function, Raised, Value

#: What reads the hints of its first argument, and by which keywords it may do so: others give it names of their own.
READERS = {
    "typing.get_type_hints": frozenset({"include_extras"}),
    "typing_extensions.get_type_hints": frozenset({"include_extras"}),
    "inspect.signature": frozenset({"eval_str"}),
    "inspect.get_annotations": frozenset({"eval_str"}),
    "attrs.resolve_types": frozenset({"include_extras"}),
    "attr.resolve_types": frozenset({"include_extras"}),
    "pydantic.validate_call": frozenset(),
}
#: What chooses a function by the type of an argument, and what it makes: others are registered with it.
DISPATCHERS = ("functools.singledispatch", "functools.singledispatchmethod")
_MODULES = ("typing", "inspect.", "attr", "pydantic.")
Reader = Callable[[Importer, list[Value], Frame], Value]
_DISPATCHER = External("functools.singledispatch()")


def find_reader(machine: Importer, name: str, arguments: list[Value], keywords: dict[str, Value]) -> Reader | None:
    """Return what evaluates annotations where a call does so with these keywords; None for all other calls."""
    if not name.startswith(_MODULES) or name not in READERS or not keywords.keys() <= READERS[name]:
        return None
    is_function = bool(arguments) and isinstance(arguments[0], Function)
    if not name.startswith("inspect.") or (is_function and keywords.get("eval_str") is True):
        return read_hints
    return None if machine.shared.environment.is_annotating or not is_function else _read_written


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
        try:
            read_hints(machine, [given], frame)
        except Raised as raised:
            if machine.shared.environment.is_annotating:
                raise
            machine.doubt(raised)  # later versions need the hint of the first argument alone
        return given
    return UNKNOWN


def _read_written(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    """Evaluate the annotations of a function as they are written: texts remain texts."""
    function = arguments[0]
    if isinstance(function, Function) and "." not in function.qualname:  # else it sees names of what is around it
        state = machine.find_state(function.module)
        for node in function.annotations:
            machine.evaluate(node, Frame(state, state.names, "module", function.line))
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
        _evaluate_all(machine, owner)
    return UNKNOWN


def _evaluate_all(machine: Importer, owner: Class | Function) -> None:
    module, line = owner.module, owner.line
    state = machine.find_state(module)
    # A frame of its own, which is not on the stack: what fails is the statement that asks for the hints.
    frame = Frame(state, state.names, "module", line)
    if isinstance(owner, Class):
        frame = Frame(state, owner.names, "class", line)
    for node in machine.shared.programs.read_annotations(module.path, line):
        try:
            machine.evaluate(node, frame)
        except Raised as raised:
            if isinstance(owner, Class) or "." not in owner.qualname or not owner.annotations:
                raise
            machine.doubt(raised)  # what is no text sees the names of what is around the function
