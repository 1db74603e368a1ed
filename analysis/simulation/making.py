"""What makes objects, classes and paths: ``object.__new__``, ``super``, ``type`` with three arguments, ``os.path``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from analysis.simulation.bindings import set_attribute
from analysis.simulation.class_statements import start_subclass
from analysis.simulation.elements import read_elements
from analysis.simulation.importing import Importer
from analysis.simulation.lookup import find_ancestry
from analysis.simulation.places import PATH_CLASSES, PATH_FUNCTIONS, call_path_method, call_plain_function, join_path
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, BarePath, Class, Instance, KnownMapping, Super, TreePath, Value


def _new(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return Instance(arguments[0]) if arguments and isinstance(arguments[0], Class) else UNKNOWN


def _nothing(_: Importer, __: list[Value], ___: Frame) -> Value:
    return None


def _set(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    if len(arguments) == 3:
        set_attribute(machine, *arguments)
    return None


def _super(_: Importer, arguments: list[Value], frame: Frame) -> Value:
    """``super()`` in a method: the class is the one whose method runs, the object its first argument."""
    owner = arguments[1] if len(arguments) == 2 else next(iter(frame.names.values()), UNKNOWN)
    if not isinstance(owner, Class | Instance) or frame.kind != "function":
        return UNKNOWN
    around = frame.prefix.removesuffix(".<locals>.").rpartition(".")[0]
    ancestry = find_ancestry(owner if isinstance(owner, Class) else owner.made_by)
    given = arguments[0] if len(arguments) == 2 else None
    for each in ancestry:
        if each is given or (given is None and each.module is frame.module and each.qualname == around):
            return Super(owner, each)
    return UNKNOWN


def _type(machine: Importer, arguments: list[Value], frame: Frame) -> Value:
    if len(arguments) == 1:
        return arguments[0].made_by if isinstance(arguments[0], Instance) else UNKNOWN
    if len(arguments) != 3 or not isinstance(arguments[0], str):
        return UNKNOWN
    name, bases, held = arguments
    parts, _ = read_elements(bases)
    names = held.pairs if isinstance(held, KnownMapping) else {}
    own = {key: value for key, value in names.items() if isinstance(key, str)}
    made = Class(frame.module, name, frame.line, parts, own, is_made=True)
    start_subclass(machine, made, {})
    return made


def _look(machine: Importer, arguments: list[Value], _: Frame, *, function: str) -> Value:
    if not arguments:
        return UNKNOWN
    first, *rest = arguments
    if not isinstance(first, TreePath):
        return call_plain_function(function, arguments)
    return call_path_method(machine.shared.programs.places, machine.body, first, function, rest)


def _path(_: Importer, arguments: list[Value], __: Frame) -> Value:
    if len(arguments) == 1 and isinstance(arguments[0], str) and arguments[0]:
        return BarePath(arguments[0])
    found = join_path(*arguments) if arguments else UNKNOWN
    return TreePath(found.path) if isinstance(found, TreePath) else UNKNOWN


#: What a call of one of these yields, by its dotted name: (process, arguments, frame) to its value.
MAKING: dict[str, Callable[[Importer, list[Value], Frame], Value]] = {
    "builtins.object.__new__": _new,
    "builtins.object.__init__": _nothing,
    "builtins.object.__setattr__": _set,
    "builtins.setattr": _set,
    "builtins.object.__init_subclass__": _nothing,
    "builtins.super": _super,
    "builtins.type": _type,
    **{f"os.path.{name}": partial(_look, function=name) for name in PATH_FUNCTIONS},
    **dict.fromkeys(PATH_CLASSES, _path),
}
