"""Modules that leave something elsewhere when they run: an entry in a registry, a handler, an attribute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from analysis import tables
from analysis.facts.program import Node
from analysis.rules.finding import Place

#: Statements whose parts are blocks, by the places of the blocks; branches of ``if`` hold theirs one level deeper.
_NESTED = frozenset({"if", "try", "with", "for", "while", "match"})


class LoadedModules:
    """What the modules of a tree load while they are imported, and which of it leaves something elsewhere.

    ``edges`` is the table of that name; ``find_program`` returns what runs when a module is imported.
    """

    def __init__(self, edges: pa.Table, find_program: Callable[[str], Sequence[Node]]) -> None:
        self._edges, self._find_program = edges, find_program
        self._known: dict[str, bool] = {}

    def find_lost(self, statements: Iterable[tuple[str, Place]]) -> set[str]:
        """Return the modules that register something and that importers no longer load without some statements."""
        chosen = list(statements)
        cut = {place for _, place in chosen}
        lost: set[str] = set()
        for importer in sorted({importer for importer, _ in chosen}):
            lost |= _reach(importer, self.imports, frozenset()) - _reach(importer, self.imports, cut)
        return {module for module in lost if self._registers(module)}

    def find_loaded(self, module: str) -> set[str]:
        """Return the modules that are loaded when one is imported, itself included."""
        return _reach(module, self.imports, frozenset())

    def _registers(self, module: str) -> bool:
        if module not in self._known:
            self._known[module] = registers(self._find_program(module), self._bound.get(module, frozenset()))
        return self._known[module]

    @cached_property
    def imports(self) -> Mapping[str, Sequence[tuple[str, Place]]]:
        """What each module imports while it runs, and where."""
        found: dict[str, list[tuple[str, Place]]] = defaultdict(list)
        columns = ("importer", "imported", "path", "line", "scope")
        for importer, imported, path, line, scope in tables.read_rows(self._edges, *columns):
            if scope in {"module", "class"}:
                found[importer].append((imported, (path, line)))
        return dict(found)

    @cached_property
    def _bound(self) -> Mapping[str, frozenset[str]]:
        """The names that each module binds by imports of the tree."""
        found: dict[str, set[str]] = defaultdict(set)
        for importer, bound in tables.read_rows(self._edges, "importer", "bound_as"):
            if bound:
                found[importer].add(bound)
        return {importer: frozenset(names) for importer, names in found.items()}


def _reach(start: str, imports: Mapping[str, Sequence[tuple[str, Place]]], cut: Collection[Place]) -> set[str]:
    """Return what is loaded with a module and with the packages around it, without the statements of a cut."""
    parts = start.split(".")
    seen = {".".join(parts[:size]) for size in range(1, len(parts) + 1)}
    waiting = sorted(seen)
    while waiting:
        for imported, place in imports.get(waiting.pop(), ()):
            if imported not in seen and place not in cut:
                seen.add(imported)
                waiting.append(imported)
    return seen


def registers(program: Iterable[Node], imported: Container[str]) -> bool:
    """Return whether the statements of a module change something that they import, by names bound by imports.

    Decorators and calls of imported functions count, and assignments to parts of imported objects.
    """
    return any(_changes(node, imported) for node in _walk(program))


def remove_imports(node: Node, lines: Container[int]) -> Node:
    """Return a program without the import statements that begin at some lines."""
    return [
        remove_imports(part, lines) if isinstance(part, list) else part for part in node if not _is_one_of(part, lines)
    ]


def _is_one_of(part: object, lines: Container[int]) -> bool:
    return isinstance(part, list) and len(part) > 1 and part[0] in ("import", "from") and part[1] in lines


def _walk(program: Iterable[Node]) -> Iterator[Node]:
    """Yield the statements of a program and of the blocks and class bodies in it."""
    waiting = list(program)
    while waiting:
        node = waiting.pop()
        if not node:
            continue
        yield node
        if node[0] == "class":
            waiting.extend(node[6])
        elif node[0] in _NESTED:
            waiting.extend(_find_statements(node))


def _find_statements(node: Node) -> Iterator[Node]:
    """Yield the statements in the blocks of a statement: lists whose second part is their line."""
    waiting = [part for part in node if isinstance(part, list)]
    while waiting:
        part = waiting.pop()
        if len(part) > 1 and isinstance(part[0], str) and type(part[1]) is int and part[0] not in {"k", "n"}:
            yield part
        else:
            waiting.extend(inner for inner in part if isinstance(inner, list))


def _changes(node: Node, imported: Container[str]) -> bool:
    kind = node[0]
    if kind == "e":
        return node[2][0] == "c" and _find_root(node[2][1]) in imported
    if kind in {"def", "class"}:
        decorators = node[3] if kind == "def" else node[5]
        return any(_find_root(each[1] if each[0] == "c" else each) in imported for each in decorators)
    if kind in {"=", "+="}:
        targets = node[2] if kind == "=" else [node[2]]
        return any(target[0] in {"a", "s"} and _find_root(target) in imported for target in targets)
    return False


def _find_root(node: Node) -> str:
    """Return the name with which a dotted or subscripted expression begins; empty without one."""
    while node and node[0] in {"a", "s", "c"}:
        node = node[1]
    return str(node[1]) if node and node[0] == "n" else ""
