"""Which import statements have to stay, so that importing a package still loads the submodules that it loaded before.

``import p`` makes ``p.b`` an attribute of ``p`` where something on the way imports ``p.b``; others may read it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from analysis import tables
from analysis.fixes.findings import ReadTable

_ON_IMPORT = frozenset({"module", "class"})
Place = tuple[str, int]
_Loads = Mapping[str, Set[str]]


class MovedLoad(NamedTuple):
    """One name that an import statement no longer takes from a module, but from its home."""

    path: str
    line: int
    name: str
    module: str
    importer: str
    home: str


def find_last_loaders(read_table: ReadTable, moved: Sequence[MovedLoad]) -> dict[Place, str]:
    """Return the statements that have to stay, each with the module that a package would not load without it.

    Of several statements that load a module the first one stays, in the package itself if it is there.
    """
    rows = _read_edges(read_table)
    before = _build(rows, ())
    kept: dict[Place, str] = {}
    reached: dict[str, set[str]] = {}
    while True:
        left = [each for each in moved if (each.path, each.line) not in kept]
        after, now = _build(rows, left), dict[str, set[str]]()
        lost = {
            each.module: package
            for each in left
            for package in _list_packages(each.module)
            if each.module in _reach(before, package, reached) and each.module not in _reach(after, package, now)
        }
        chosen = [
            min((each.importer != lost[each.module], each.path, each.line, each.module) for each in group)
            for group in _group(left, lost, reached)
        ]
        if not chosen:
            return kept
        kept.update({(path, line): module for _, path, line, module in chosen})


def _group(
    left: Iterable[MovedLoad], lost: Mapping[str, str], reached: Mapping[str, Set[str]]
) -> list[list[MovedLoad]]:
    """Return by lost module the statements that load it when the package is imported."""
    found: dict[str, list[MovedLoad]] = defaultdict(list)
    for each in left:
        if each.module in lost and each.importer in reached[lost[each.module]]:
            found[each.module].append(each)
    return list(found.values())


def _read_edges(read_table: ReadTable) -> list[tuple[str, str, str, int, str]]:
    columns = ("importer", "imported", "path", "line", "name", "scope")
    return [row[:5] for row in tables.read_rows(read_table("edges"), *columns) if row[5] in _ON_IMPORT]


def _build(rows: Iterable[tuple[str, str, str, int, str]], moved: Iterable[MovedLoad]) -> dict[str, set[str]]:
    """Return what each module loads while it is imported, once some names come from elsewhere."""
    chosen = list(moved)
    gone = {(each.path, each.line, each.name) for each in chosen}
    loads: dict[str, set[str]] = defaultdict(set)
    for importer, imported, path, line, name in rows:
        if (path, line, name) not in gone:
            loads[importer].add(imported)
    for each in chosen:
        loads[each.importer].update((each.home, *_list_packages(each.home)))
    return loads


def _reach(loads: _Loads, package: str, known: dict[str, set[str]]) -> set[str]:
    """Return what is loaded when a package is imported."""
    if package not in known:
        found: set[str] = set()
        waiting = [package, *_list_packages(package)]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(loads.get(each, ()))
        known[package] = found
    return known[package]


def _list_packages(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]
