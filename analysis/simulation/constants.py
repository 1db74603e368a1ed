"""What can be told of a value: its truth, the constant that it is, its sum with another, whether two are the same."""

from __future__ import annotations

from typing import Any

from analysis.simulation.values import (
    UNKNOWN,
    BoundMethod,
    Class,
    External,
    Function,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    Value,
)

CONSTANTS = (type(None), bool, int, float, str, tuple)
#: Longer texts and lists are not followed: a few sums in a row would take all memory.
MOST_ELEMENTS = 10_000
#: Length of a text times that of the arguments of its method.
_MOST_PRODUCT = 1_000_000


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true; None when that cannot be told."""
    if isinstance(value, CONSTANTS):
        return bool(value)
    if isinstance(value, Listed):
        return True if value.elements else None if value.is_open else False
    if isinstance(value, KnownMapping):
        return True if value.pairs else None if value.is_open else False
    if isinstance(value, LoadedModule | Class | Function | BoundMethod):
        return True
    return True if isinstance(value, External) and value.is_module else None


def plain(value: Value) -> Any:
    """Return a constant, or a tuple of constants; ``UNKNOWN`` for everything else."""
    if isinstance(value, CONSTANTS):
        return value
    if not isinstance(value, Listed) or value.is_open:
        return UNKNOWN
    is_constant = all(isinstance(element, CONSTANTS) for element in value.elements)
    return tuple(value.elements) if is_constant else UNKNOWN


def is_small(text: str, arguments: list[Any]) -> bool:
    """Return whether what a method of a text makes of its arguments is short for sure."""
    parts = [part for each in arguments for part in (each if isinstance(each, tuple) else [each])]
    size = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    return (len(text) + 1) * (size + 1) <= _MOST_PRODUCT


def add(first: Value, second: Value) -> Value:
    """Return a sum of texts, or of lists."""
    if isinstance(first, str) and isinstance(second, str):
        return first + second if len(first) + len(second) <= MOST_ELEMENTS else UNKNOWN
    if isinstance(first, Listed | tuple):
        one = first if isinstance(first, Listed) else Listed(list(first))
        if isinstance(second, Listed | tuple):
            other = second if isinstance(second, Listed) else Listed(list(second))
            if len(one.elements) + len(other.elements) > MOST_ELEMENTS:
                return Listed(list(one.elements), is_open=True)
            return Listed([*one.elements, *other.elements], one.is_open or other.is_open)
        return Listed(list(one.elements), is_open=True)
    return Listed(list(second.elements), is_open=True) if isinstance(second, Listed) else UNKNOWN


def is_same(first: Value, second: Value) -> bool | None:
    for one, other in ((first, second), (second, first)):
        if one is None or one is True or one is False:
            if isinstance(other, CONSTANTS):
                return one is other
            is_something = isinstance(
                other, LoadedModule | Class | Function | BoundMethod | Listed | KnownMapping | Instance
            )
            if is_something or (isinstance(other, External) and not other.name.endswith("()")):
                return False
    kinds = LoadedModule | Class | Function | Instance
    if isinstance(first, kinds) and isinstance(second, kinds):
        return first is second
    return None
