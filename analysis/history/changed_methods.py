"""Which methods the classes of a target gained and lost between two snapshots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from analysis import tables
from analysis.history.changed_findings import ComparedSnapshot
from analysis.names.inheritance import read_inheritance


class ChangedMethod(NamedTuple):
    """A method that ``appears`` or ``vanishes``: the class as ``module:Class``, its name, and where it stands."""

    change: str
    owner: str
    name: str
    path: str
    line: int


class _Classes:
    """The methods of each class by its definition: those of its own body, and those of its bases in the target."""

    def __init__(self, snapshot: ComparedSnapshot, modules: Mapping[str, str]) -> None:
        self.own: dict[str, dict[str, tuple[str, int]]] = {
            f"{modules[path]}:{qualname}": {}
            for path, qualname in tables.read_rows(snapshot.table("definitions"), "path", "qualname")
            if path in modules and "<locals>" not in qualname
        }
        for path, line, owner, name in tables.read_rows(snapshot.table("methods"), "path", "line", "owner", "name"):
            found = self.own.get(f"{modules.get(path)}:{owner}")
            if found is not None:
                found.setdefault(name, (path, line))
        self._inheritance = read_inheritance(snapshot.table("bases"))
        self._all: dict[str, frozenset[str]] = {}

    def has(self, definition: str, name: str) -> bool:
        """Return whether a class, or one of its bases in the target, has a method."""
        if definition not in self._all:
            related = (definition, *self._inheritance.find_ancestors(definition))
            self._all[definition] = frozenset(name for each in related for name in self.own.get(each, ()))
        return name in self._all[definition]


def find_changed_methods(
    before: ComparedSnapshot, after: ComparedSnapshot, modules: tuple[Mapping[str, str], Mapping[str, str]]
) -> list[ChangedMethod]:
    """Return the methods that came to, or went from, the classes that both snapshots have, sorted.

    ``modules`` are the names of the modules of both by file. A method that a base in the target has all the same
    neither appears nor vanishes; a change of a base is listed there alone. Bases outside the target are not looked at.
    """
    old, new = _Classes(before, modules[0]), _Classes(after, modules[1])
    found: dict[str, list[ChangedMethod]] = defaultdict(list)
    for definition in old.own.keys() & new.own.keys():
        for change, one, other in (("vanishes", old, new), ("appears", new, old)):
            for name, (path, line) in one.own[definition].items():
                if not other.has(definition, name):
                    found[definition].append(ChangedMethod(change, definition, name, path, line))
    return sorted(each for rows in found.values() for each in rows)
