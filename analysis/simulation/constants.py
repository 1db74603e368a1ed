"""What can be told of a value: its truth, the constant that it is, its sum with another, whether two are the same."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from analysis.simulation.values import (
    UNKNOWN,
    BoundMethod,
    Caught,
    Class,
    External,
    Function,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    TreePath,
    Value,
)

CONSTANTS = (type(None), bool, int, float, str, tuple)
#: What a list of values is made to; the views of a dictionary equal no list.
_MAKERS: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": frozenset, "generator": list}
#: Longer texts and lists are not followed: a few sums in a row would take all memory.
MOST_ELEMENTS = 10_000
_LARGEST = 1 << 63
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "|": operator.or_,
}  # fmt: skip
#: Length of a text times that of the arguments of its method.
_MOST_PRODUCT = 1_000_000


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true; None when that cannot be told."""
    if isinstance(value, CONSTANTS):
        return bool(value)
    if isinstance(value, Listed):
        return True if value.elements or value.kind == "generator" else None if value.is_open else False
    if isinstance(value, KnownMapping):
        return True if value.pairs else None if value.is_open else False
    if isinstance(value, LoadedModule | Class | Function | BoundMethod | Caught | TreePath):
        return True
    return True if isinstance(value, External) and value.is_module else None


def plain(value: Value) -> Any:
    """Return a constant, or a list, tuple or set of constants; ``UNKNOWN`` for everything else."""
    return _make_plain(value, [MOST_ELEMENTS])


def _make_plain(value: Value, left: list[int]) -> Any:
    """Return the constant that a value is; ``left`` counts elements, as one list may stand in another many times."""
    if isinstance(value, CONSTANTS):
        return value
    make = _MAKERS.get(value.kind) if isinstance(value, Listed) and not value.is_open else None
    if make is None or (value.is_unordered and value.kind != "set" and len(value.elements) > 1):
        return UNKNOWN
    found = []
    for element in value.elements:
        left[0] -= 1
        known = _make_plain(element, left) if left[0] >= 0 else UNKNOWN
        if known is UNKNOWN:
            return UNKNOWN
        found.append(known)
    try:
        return make(found)
    except TypeError:  # an element of a set that has no hash
        return UNKNOWN


def find_key(value: Value) -> Any:
    """Return what a value is as a key of a dictionary: a constant, or an object that equals only itself.

    ``UNKNOWN`` for everything else.
    """
    if isinstance(value, Class | Function | LoadedModule):
        return value
    known = plain(value)
    try:
        hash(known)
    except TypeError:
        return UNKNOWN
    return known


def is_small(text: str, arguments: list[Any]) -> bool:
    """Return whether what a method of a text makes of its arguments is short for sure."""
    parts = [part for each in arguments for part in (each if isinstance(each, list | tuple) else [each])]
    size = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    return (len(text) + 1) * (size + 1) <= _MOST_PRODUCT


def add(first: Value, second: Value) -> Value:
    """Return a sum of texts, or of lists."""
    if isinstance(first, str) and isinstance(second, str):
        return first + second if len(first) + len(second) <= MOST_ELEMENTS else UNKNOWN
    if isinstance(first, Listed | tuple):
        one = first if isinstance(first, Listed) else Listed(list(first), kind="tuple")
        if isinstance(second, Listed | tuple):
            other = second if isinstance(second, Listed) else Listed(list(second), kind="tuple")
            if len(one.elements) + len(other.elements) <= MOST_ELEMENTS:
                is_unordered = one.is_unordered or other.is_unordered
                return Listed([*one.elements, *other.elements], one.is_open or other.is_open, one.kind, is_unordered)
        return Listed(list(one.elements), is_open=True, kind=one.kind)
    return Listed(list(second.elements), is_open=True, kind=second.kind) if isinstance(second, Listed) else UNKNOWN


def compute(operation: str, first: Value, second: Value) -> Value:
    """Return what an operator makes of two values: numbers, texts, lists, sets and dictionaries."""
    if isinstance(first, KnownMapping) and isinstance(second, KnownMapping) and operation == "|":
        return KnownMapping({**first.pairs, **second.pairs}, first.is_open or second.is_open)
    one, other = plain(first), plain(second)
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if operation in {"+", "|"} and not numbers:
        return add(first, second)
    is_known = numbers or (operation == "-" and isinstance(one, frozenset) and isinstance(other, frozenset))
    if not is_known or operation not in _ARITHMETIC:
        return UNKNOWN
    try:
        found = _ARITHMETIC[operation](one, other)
    except (ArithmeticError, TypeError, ValueError):
        return UNKNOWN
    if isinstance(found, frozenset):
        return Listed([each for each in first.elements if plain(each) in found], kind="set")
    return found if abs(found) < _LARGEST else UNKNOWN


def is_same_constant(first: Value, second: Value) -> bool:
    """Return whether two values are one object, or one constant."""
    return first is second or (isinstance(first, CONSTANTS) and type(first) is type(second) and first == second)


def is_same(first: Value, second: Value) -> bool | None:
    for one, other in ((first, second), (second, first)):
        if one is None or one is True or one is False:
            if isinstance(other, CONSTANTS):
                return one is other
            is_something = isinstance(
                other,
                LoadedModule | Class | Function | BoundMethod | Listed | KnownMapping | Instance | Caught | TreePath,
            )
            if is_something or (isinstance(other, External) and "()" not in other.name):
                return False
    if isinstance(first, LoadedModule) and isinstance(second, LoadedModule):
        return first.name == second.name
    kinds = LoadedModule | Class | Function | Instance
    if isinstance(first, kinds) and isinstance(second, kinds):
        return first is second
    return None
