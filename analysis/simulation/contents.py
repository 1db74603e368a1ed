"""What objects hold: compared with what they held before, and copied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from analysis.simulation.values import BoundMethod, Class, Instance, KnownMapping, Listed, Value

#: Of so many objects at once it is remembered what they hold, and so many elements of lists and dictionaries.
MOST_HELD, MOST_ELEMENTS = 2_000, 5_000
#: An object, and what it held when it was first met.
Held = tuple[Value, Any]


def describe_content(value: Value) -> Any:
    """Return what an object holds, to be compared later; None for what never changes."""
    if isinstance(value, Class | Instance):
        return value.changes
    if isinstance(value, Listed):
        return (list(value.elements), value.is_open)
    return (dict(value.pairs), value.is_open) if isinstance(value, KnownMapping) else None


def count_held(value: Value) -> int:
    """Return how many elements a list or a dictionary holds; what a class or an object holds is not gone through."""
    if isinstance(value, Listed):
        return len(value.elements)
    return len(value.pairs) if isinstance(value, KnownMapping) else 0


def list_parts(value: Value) -> Iterable[Value]:
    """Return the objects that come with an object: the bases of a class, what a list or a dictionary holds."""
    if isinstance(value, Class):
        return value.bases
    if isinstance(value, Listed):
        return value.elements
    return value.pairs.values() if isinstance(value, KnownMapping) else ()


def is_unchanged(held: Iterable[Held]) -> bool:
    """Return whether objects hold what they held."""
    for value, content in held:
        if isinstance(value, Class | Instance):
            if value.changes != content:
                return False
        elif value.is_open != content[1] or not _holds(value, content[0]):
            return False
    return True


def _holds(value: Listed | KnownMapping, content: Any) -> bool:
    if isinstance(value, Listed):
        return _is_same_list(value.elements, content)
    return _is_same_list(list(value.pairs.values()), list(content.values()))


def _is_same_list(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return len(one) == len(other) and all(mine is its for mine, its in zip(one, other, strict=True))


def list_held(values: Iterable[Value]) -> list[Held] | None:
    """Return the objects that values are or hold, with what they hold; None when there are too many."""
    found: dict[int, Held] = {}
    waiting, elements = list(values), 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, Class | Instance | Listed | KnownMapping) and id(each) not in found:
            elements += count_held(each)
            if len(found) > MOST_HELD or elements > MOST_ELEMENTS:
                return None
            found[id(each)] = (each, describe_content(each))
            if isinstance(each, Instance):
                waiting += each.names.values()
            elif isinstance(each, Listed):
                waiting += each.elements
            elif isinstance(each, KnownMapping):
                waiting += each.pairs.values()
    return list(found.values())


def copy_made(value: Value, made: range, foreign: Collection[int]) -> Value:
    """Return a value in which each object of these numbers is a new one, but for those that others made."""
    return _copy(value, made, foreign, {})


def _copy(value: Value, made: range, foreign: Collection[int], copies: dict[int, Value]) -> Value:
    if isinstance(value, BoundMethod):
        owner = _copy(value.owner, made, foreign, copies)
        return value if owner is value.owner else BoundMethod(value.function, owner)
    if not isinstance(value, Instance | Listed | KnownMapping) or value.serial not in made or id(value) in foreign:
        return value
    if id(value) in copies:
        return copies[id(value)]
    copied: Instance | Listed | KnownMapping
    if isinstance(value, Instance):
        copied = copies[id(value)] = Instance(value.made_by, is_open=value.is_open, stands_for=value.stands_for)
        copied.names.update({name: _copy(each, made, foreign, copies) for name, each in value.names.items()})
    elif isinstance(value, Listed):
        copied = copies[id(value)] = Listed([], value.is_open, value.kind, value.is_unordered)
        copied.elements += [_copy(each, made, foreign, copies) for each in value.elements]
    else:
        copied = copies[id(value)] = KnownMapping({}, value.is_open)
        copied.pairs.update({key: _copy(each, made, foreign, copies) for key, each in value.pairs.items()})
    return copied
