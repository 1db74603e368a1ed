"""Classes: how their statement makes them, and what runs for them by then."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.simulation.definitions import decorate
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind, find_in_class
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, Class, External, Function, Instance, KnownMapping, Listed, Raised, Value

_ABSTRACT = External("abc.ABCMeta")
_SPREADING = External("enum.global_enum")
_DATACLASS = frozenset({"dataclasses.dataclass", "dataclasses.dataclass()"})


def _class(machine: Importer, node: Node, frame: Frame) -> None:
    _, line, name, bases, keywords, decorators, body = node
    makers = [machine.evaluate(decorator, frame) for decorator in decorators]
    found = [machine.evaluate(base, frame) for base in bases]
    given = {word or "**": machine.evaluate(part, frame) for word, part in keywords}
    if None in found and not machine.maybe:
        frame.line = line
        raise machine.fail("other", TypeError, "NoneType takes no arguments")
    around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
    qualname = name if name in frame.declared else f"{frame.prefix}{name}"
    inner = Frame(frame.module, {}, "class", line, around, prefix=f"{qualname}.")
    machine.stack.append(inner)
    try:
        machine.run_block(body, inner)
    finally:
        machine.stack.pop()
    made = Class(frame.module, qualname, line, found, inner.names)
    made.is_dataclass = any(isinstance(each, External) and each.name in _DATACLASS for each in makers)
    made.metaclass = _find_metaclass(found, given.get("metaclass"))
    made.has_metaclass = "metaclass" in given or "**" in given
    made.is_open = bool(makers) or given.get("metaclass", _ABSTRACT) != _ABSTRACT or made.metaclass is not None
    if machine.recorder is not None:
        for base in found:
            machine.recorder.enter(base)
    frame.line = line
    _name_members(machine, made)
    start_subclass(machine, made, {name: value for name, value in given.items() if name != "metaclass"})
    _run_metaclass(machine, made, given)
    bind(machine, name, _decorate(machine, makers, made, frame), frame)


def _decorate(machine: Importer, makers: list[Value], made: Class, frame: Frame) -> Value:
    value: Value = made
    for maker in reversed(makers):
        _spread(machine, maker, made, frame)
        value = decorate(machine, maker, value, frame)
    return value


def _spread(machine: Importer, maker: Value, made: Class, frame: Frame) -> None:
    """Make the members of an enumeration names of its module, where a decorator does so."""
    for member in made.names if maker == _SPREADING else ():
        bind(machine, member, UNKNOWN, frame)


def _find_metaclass(bases: list[Value], given: Value) -> Class | None:
    """Return the class of a class, where it is one of the tree: the one that is given, or that of a base."""
    if isinstance(given, Class):
        return given
    return next((base.metaclass for base in bases if isinstance(base, Class) and base.metaclass is not None), None)


def _run_metaclass(machine: Importer, made: Class, given: dict[str, Value]) -> None:
    """Run what a metaclass of the tree runs for a new class; it counts as the class that the statement describes."""
    if made.metaclass is None:
        return
    held = KnownMapping(dict(made.names), is_open=True)
    described = [made.qualname.rpartition(".")[2], Listed(list(made.bases), kind="tuple"), held]
    keywords = {name: value for name, value in given.items() if name != "metaclass"}
    for name, first in (("__new__", made.metaclass), ("__init__", made)):
        starter = find_in_class(made.metaclass, name)
        if isinstance(starter, Function):
            machine.run_function(starter, [first, *described], keywords)


def _name_members(machine: Importer, made: Class) -> None:
    """Run ``__set_name__`` of the objects in the body of a class; before 3.12 what it raises becomes a RuntimeError."""
    for name, value in list(made.names.items()):
        starter = find_in_class(value.made_by, "__set_name__") if isinstance(value, Instance) else None
        if not isinstance(starter, Function):
            continue
        try:
            machine.run_function(starter, [value, made, name], {})
        except Raised as raised:
            if machine.shared.environment.version[:2] >= (3, 12):
                raise
            kind, owner = value.made_by.qualname.rpartition(".")[2], made.qualname.rpartition(".")[2]
            machine.handling.append(raised.fault)
            try:
                text = f"Error calling __set_name__ on {kind!r} instance {name!r} in {owner!r}"
                raise machine.fail("other", RuntimeError, text) from None
            finally:
                machine.handling.pop()


def start_subclass(machine: Importer, made: Class, keywords: dict[str, Value]) -> None:
    """Note a new class with its bases, and run what they run for it."""
    for base in made.bases:
        if isinstance(base, Class):
            base.subclasses.append(made)
    for base in made.bases:
        starter = find_in_class(base, "__init_subclass__") if isinstance(base, Class) else None
        if isinstance(starter, Function):
            machine.run_function(starter, [made], keywords)
            break


STATEMENTS: dict[str, Statement] = {"class": _class}
