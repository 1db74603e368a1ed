"""Whether two values, of two simulated processes, are the same for every statement that may read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from analysis.simulation.constants import CONSTANTS
from analysis.simulation.values import (
    BarePath,
    BoundMethod,
    Class,
    External,
    Function,
    Globals,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    SearchPath,
    TreePath,
    Value,
)

#: Values inside of values are compared so deep, and so many of them; what goes beyond counts as different.
_DEEPEST = 5
_MOST_PARTS = 400
_PLAIN = (*CONSTANTS, External, TreePath, BarePath)


def is_alike(one: Value, other: Value) -> bool:
    """Return whether two values are the same: functions and classes by where they stand, objects by what they hold.

    Modules are the same by name: each process looks up what it has loaded under that name.
    """
    return one is other or _is_alike(one, other, _DEEPEST, [_MOST_PARTS])


def _is_alike_class(one: Class, other: Class) -> bool:
    key = (one.serial, one.changes, other.serial, other.changes)
    found = _CLASSES.get(key)
    if found is None:
        if len(_CLASSES) > _MOST_CLASSES:
            _CLASSES.clear()
        _CLASSES[key] = True  # a class that holds itself, or an object of its own, does not differ by that
        parts, left = _compare_parts(one, other), [_MOST_PARTS]
        found = parts is not None and all(_is_alike(*pair, _DEEPEST, left) for pair in parts)
        _CLASSES[key] = found
    return found


_MOST_CLASSES = 100_000
#: Classes that were compared, by their numbers and by how often they had been changed by then.
_CLASSES: dict[tuple[int, int, int, int], bool] = {}


def is_same_module(one: LoadedModule, other: LoadedModule) -> bool:
    """Return whether two states are of one module: the main program is another one in each process."""
    return one is other or (one.name == other.name and one.path == other.path)


def is_alike_state(one: LoadedModule, other: LoadedModule) -> bool:
    """Return whether two states of a module, whose bodies have ended, hold the same."""
    return one.names.keys() == other.names.keys() and all(
        value is other.names[name] or is_alike(value, other.names[name]) for name, value in one.names.items()
    )


def _is_alike(one: Value, other: Value, depth: int, left: list[int]) -> bool:
    if one is other:
        return True
    kind = type(one)
    left[0] -= 1
    if kind is not type(other) or depth < 0 or left[0] < 0:
        return False
    if isinstance(one, _PLAIN):
        return bool(one == other)
    if kind is Class:
        return _is_alike_class(one, other)
    if isinstance(one, LoadedModule):
        return is_same_module(one, other)
    if isinstance(one, Globals | SearchPath):
        return is_same_module(one.module, other.module)
    parts = _compare_parts(one, other)
    return parts is not None and all(_is_alike(*pair, depth - 1, left) for pair in parts)


_Pairs = Iterable[tuple[Value, Value]] | None


def _compare_parts(one: Value, other: Value) -> _Pairs:
    """Return the pairs of values that decide; None where two values differ anyway."""
    compare = _PARTS.get(type(one))
    return None if compare is None else compare(one, other)


def _compare_functions(one: Function, other: Function) -> _Pairs:
    is_same = one.line == other.line and one.how == other.how and is_same_module(one.module, other.module)
    is_same = is_same and one.qualname == other.qualname  # lambdas of one line differ by their column
    if not is_same or len(one.around) != len(other.around):
        return None
    if not one.around and not one.defaults:
        return ()
    around = [_pair(mine, its) for mine, its in zip(one.around, other.around, strict=True)]
    return _join([_zip(one.defaults, other.defaults), *around])


def _compare_methods(one: BoundMethod, other: BoundMethod) -> _Pairs:
    return [(one.function, other.function), (one.owner, other.owner)]


def _compare_classes(one: Class, other: Class) -> _Pairs:
    is_same = one.line == other.line and one.qualname == other.qualname and is_same_module(one.module, other.module)
    return _join([_zip(one.bases, other.bases), _pair(one.names, other.names)]) if is_same else None


def _compare_objects(one: Instance, other: Instance) -> _Pairs:
    return _join([[(one.made_by, other.made_by)], _pair(one.names, other.names)])


def _compare_lists(one: Listed, other: Listed) -> _Pairs:
    is_same = (one.kind, one.is_open, one.is_unordered) == (other.kind, other.is_open, other.is_unordered)
    return _zip(one.elements, other.elements) if is_same else None


def _compare_mappings(one: KnownMapping, other: KnownMapping) -> _Pairs:
    return _pair(one.pairs, other.pairs) if one.is_open == other.is_open else None


_PARTS: dict[type, Callable[[Any, Any], _Pairs]] = {
    Function: _compare_functions, BoundMethod: _compare_methods, Class: _compare_classes, Instance: _compare_objects,
    Listed: _compare_lists, KnownMapping: _compare_mappings,
}  # fmt: skip


def _pair(one: Mapping[Value, Value], other: Mapping[Value, Value]) -> list[tuple[Value, Value]] | None:
    """Return the values of the same keys; None where the keys differ, or their order."""
    return [*zip(one.values(), other.values(), strict=True)] if [*one] == [*other] else None


def _zip(one: Sequence[Value], other: Sequence[Value]) -> list[tuple[Value, Value]] | None:
    return [*zip(one, other, strict=True)] if len(one) == len(other) else None


def _join(groups: Iterable[list[tuple[Value, Value]] | None]) -> list[tuple[Value, Value]] | None:
    joined: list[tuple[Value, Value]] = []
    for group in groups:
        if group is None:
            return None
        joined += group
    return joined
