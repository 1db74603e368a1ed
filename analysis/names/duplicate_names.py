"""Class names that are defined more than once.

Counted are definitions: one ``pkg.mod:Qual`` counts once, also when both branches of an ``if`` define it.
A class in an ``except`` block is a fallback for another one, and a class inside a function is nobody else's
business: both are counted apart. What counts at all is said in ``analysis.names.class_index``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from analysis.names.class_index import Counted, build_class_index
from analysis.resolve.evidence import ClassFacts


@dataclass(frozen=True, slots=True, order=True)
class DuplicateName:
    """One class name with several definitions.

    ``definitions`` of them are at module or class level (``nested`` of these in the body of a class);
    ``fallbacks`` in ``except`` blocks and ``local_definitions`` in functions come on top.
    ``modules`` and ``places`` (path and line) belong to ``definitions``, in the order of the module names.
    """

    name: str
    definitions: int
    nested: int
    fallbacks: int
    local_definitions: int
    modules: tuple[str, ...]
    places: tuple[tuple[str, int], ...]


def find_duplicate_names(facts: ClassFacts) -> list[DuplicateName]:
    """Return the class names with two or more definitions, most definitions first, then by name."""
    counted_classes = build_class_index(facts)
    fallbacks = Counter(each.name for each in counted_classes if each.is_fallback)
    local = Counter(each.name for each in counted_classes if each.is_local)
    by_name: dict[str, dict[str, Counted]] = defaultdict(dict)
    for each in counted_classes:
        if not each.is_local and not each.is_fallback:
            by_name[each.name].setdefault(each.definition, each)
    found = [
        DuplicateName(
            name=name,
            definitions=len(rows),
            nested=sum(row.is_nested for row in rows.values()),
            fallbacks=fallbacks[name],
            local_definitions=local[name],
            modules=tuple(row.module for row in rows.values()),
            places=tuple((row.path, row.line) for row in rows.values()),
        )
        for name, rows in by_name.items()
        if len(rows) > 1
    ]
    return sorted(found, key=lambda item: (-item.definitions, item.name))
