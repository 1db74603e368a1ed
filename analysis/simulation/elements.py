"""What going through a value yields, in which order, and what sorting makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.simulation.constants import find_key, plain
from analysis.simulation.values import UNKNOWN, Globals, KnownMapping, Listed, SearchPath, TreePath, Value


def is_shuffled(value: Value) -> bool:
    """Return whether values come in an order that nobody knows."""
    return isinstance(value, Listed) and value.is_unordered and len(value.elements) > 1


def read_elements(value: Value) -> tuple[list[Value], bool]:
    """Return what iteration over a value yields, as far as it is known, and whether it may yield more."""
    if isinstance(value, KnownMapping):
        return list(value.pairs), value.is_open
    if isinstance(value, Listed):
        return list(value.elements), value.is_open
    if isinstance(value, SearchPath):
        return [TreePath(value.module.resolved.folder, is_text=True)], value.module.finds_more
    if isinstance(value, Globals):  # beside its own, a module has names that Python gives it
        return list(value.module.names), True
    return (list(value), False) if isinstance(value, tuple | str) else ([], True)


def read_table(given: Value) -> KnownMapping:
    """Return what ``dict`` makes of a mapping or of pairs; it is open where there may be more."""
    if isinstance(given, KnownMapping):
        return KnownMapping(dict(given.pairs), given.is_open)
    elements, is_open = read_elements(given)
    made = KnownMapping(is_open=is_open)
    for each in elements:
        pair, is_longer = read_elements(each)
        if is_longer or len(pair) != 2 or (key := find_key(pair[0])) is UNKNOWN:
            return KnownMapping(is_open=True)
        made.pairs[key] = pair[1]
    return made


def sort(listed: Value, keywords: Mapping[str, Value]) -> Listed:
    """Return values as ``sorted`` does; with a key that is not computed here, nobody knows their order."""
    elements, is_open = read_elements(listed)
    is_reversed = keywords.get("reverse", False)
    keys = [_find_rank(each) for each in elements]
    if is_open or not set(keywords) <= {"reverse", "key"} or not isinstance(is_reversed, bool):
        return Listed([], is_open=True)
    if keywords.get("key") is not None:
        return Listed(elements, is_unordered=True)
    try:
        order = sorted(range(len(elements)), key=keys.__getitem__, reverse=is_reversed)
    except TypeError:
        return Listed([], is_open=True)
    return Listed([elements[number] for number in order])


def _find_rank(value: Value) -> Any:
    """Return what a value is sorted by; nothing that can be compared where that is not known."""
    if isinstance(value, TreePath):
        return value.path if value.is_text else value.path.split("/")
    known = plain(value)
    return None if known is UNKNOWN or _holds_objects(known) else known


def _holds_objects(known: Any) -> bool:
    return isinstance(known, tuple) and not all(isinstance(each, str | int | float) for each in known)
