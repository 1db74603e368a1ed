"""Cycles of which no module can be imported, whichever comes first.

Proven, not guessed: from every module one follows its first import within the cycle, which nothing guards, until that
import meets a module that is half executed. When the statement takes a name that this module has not bound by then,
the import fails; when every such walk ends so, nobody can import the cycle. Everything less clear is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.rules.case_file import CaseFile
from analysis.rules.inner_edges import InnerEdge, find_names_taken


class Failure(NamedTuple):
    """A statement that takes a name out of a module which has not bound it yet."""

    importer: str
    imported: str
    name: str
    path: str
    line: int


def find_dead_cycles(case: CaseFile) -> dict[tuple[str, ...], list[Failure]]:
    """Return the cycles that cannot be imported, by their modules, each with the statements that fail, sorted."""
    candidates: dict[tuple[str, ...], dict[str, list[InnerEdge]]] = {}
    members = {cycle.cycle: cycle.modules for cycle in case.cycles}
    plain = {cycle.modules for cycle in case.cycles if not cycle.with_ancestors}
    for cycle, edges in case.inner_edges_with_packages.items():
        first = _find_first_statements(edges)
        if members[cycle] in plain and len(first) == len(members[cycle]) and all(map(_is_plain, first.values())):
            candidates[members[cycle]] = first
    taking = set(
        find_names_taken(
            case.facts.imports, [edge for first in candidates.values() for rows in first.values() for edge in rows]
        )
    )
    bound = _Bound(case, {rows[0].path for first in candidates.values() for rows in first.values()})
    found = {modules: _find_failures(first, taking, bound) for modules, first in candidates.items()}
    return {modules: sorted(failures) for modules, failures in found.items() if failures}


def _find_first_statements(edges: Iterable[InnerEdge]) -> dict[str, list[InnerEdge]]:
    """Return per module the rows of its first statement that leads to another module of the cycle."""
    by_module: dict[str, list[InnerEdge]] = defaultdict(list)
    for edge in edges:
        by_module[edge.importer].append(edge)
    first: dict[str, list[InnerEdge]] = {}
    for module, rows in by_module.items():
        line = min(edge.line for edge in rows)
        first[module] = [edge for edge in rows if edge.line == line]
    return first


def _is_plain(rows: Sequence[InnerEdge]) -> bool:
    """Return whether a statement runs whenever its module does, leads to one module, and fails loudly."""
    return len({edge.imported for edge in rows}) == 1 and all(
        edge.scope == "module" and edge.guard == "none" and not edge.caught and not edge.is_ancestor
        and edge.kind in {"import", "from", "star"}
        for edge in rows
    )  # fmt: skip


def _find_failures(first: Mapping[str, list[InnerEdge]], taking: set[InnerEdge], bound: _Bound) -> list[Failure]:
    """Return the statements at which the walks end when all of them fail, otherwise nothing."""
    failures: list[Failure] = []
    for importer in _find_rings({module: rows[0].imported for module, rows in first.items()}):
        rows = first[importer]
        imported = rows[0].imported
        half = first[imported][0]
        names = [edge.name for edge in rows if edge in taking and bound.lacks(half.path, edge.name, half.line)]
        if not names:
            return []
        failures.append(Failure(importer, imported, names[0], rows[0].path, rows[0].line))
    return failures


def _find_rings(following: Mapping[str, str]) -> Iterator[str]:
    """Yield the names to which one comes back when one follows the mapping for ever."""
    seen: set[str] = set()
    for start in sorted(following):
        walk: dict[str, int] = {}
        name = start
        while name not in seen:
            seen.add(name)
            walk[name] = len(walk)
            name = following[name]
        if name in walk:
            yield from [other for other, place in walk.items() if place >= walk[name]]


class _Bound:
    """Which names some files have surely not bound before a line."""

    def __init__(self, case: CaseFile, paths: set[str]) -> None:
        wanted = pa.array(sorted(paths), type=pa.string())
        self._lines: dict[tuple[str, str], int] = {}
        bindings = _select(case.facts.bindings, wanted)
        columns = ("path", "name", "line", "kind", "owner")
        for path, name, line, kind, owner in zip(
            *(tables.read_column(bindings, name) for name in columns), strict=True
        ):
            key = (path, name)
            # An import binds its names when it is done; whatever else stands on its line may come before it.
            since = 0 if owner else line if kind == "import" else line - 1
            self._lines[key] = min(since, self._lines.get(key, since))
        self._hooked = set(tables.read_column(_select(case.facts.hooks, wanted), "path"))

    def lacks(self, path: str, name: str, line: int) -> bool:
        """Return whether a file binds a name at a line or later, or never; false when it may serve any name."""
        if name.startswith("__") or path in self._hooked or self._lines.get((path, "*"), line) < line:
            return False
        return self._lines.get((path, name), line) >= line


def _select(table: pa.Table, paths: pa.Array) -> pa.Table:
    column = table.column("path")
    return table.filter(pc.is_in(column.cast(pa.string()), paths)) if len(paths) else table.slice(0, 0)
