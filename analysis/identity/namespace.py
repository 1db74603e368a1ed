"""The statements that bind module-level names, by file and name, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.identity.conditions import evaluate_condition
from analysis.identity.evidence import FactTables
from analysis.identity.module_index import Module, ModuleIndex
from analysis.identity.values import ALWAYS, DEFERRED, HANDLER, MAYBE, NEVER, TRIED


@dataclass(slots=True)
class Bindings:
    """Columns of ``bindings``; a row number stands for a statement. ``level`` is how sure it is to run."""

    position: list[int]
    line: list[int]
    name: list[str]
    kind: list[str]
    value: list[str]
    arguments: list[int]
    condition: list[str]
    guard: list[str]
    scope: list[str]
    level: list[int]


@dataclass(slots=True)
class Space:
    """What one file binds: rows by name in order, star imports, names served by ``__getattr__``.

    ``computed`` are patterns of the names that the file puts into ``globals()``, and what it puts there;
    ``registers`` are the names under which it puts something into ``sys.modules``.
    """

    names: dict[str, list[int]] = field(default_factory=dict)
    stars: list[int] = field(default_factory=list)
    served: dict[str, str] = field(default_factory=dict)
    computed: list[tuple[str, str]] = field(default_factory=list)
    registers: set[str] = field(default_factory=set)
    exports: list[tuple[str, str, str]] = field(default_factory=list)


class Namespaces:
    """All files' statements, and which file belongs to which module.

    ``registered`` are names put into ``sys.modules``; ``attributes`` what files set on what they import: path,
    position, dotted attribute and value as written.
    """

    def __init__(self, facts: FactTables) -> None:
        self.index = ModuleIndex(facts.modules)
        self.rows = _read_bindings(facts.bindings)
        self._spaces = _build_spaces(facts.bindings, self.rows.name)
        self._empty = Space()
        self.registered: set[str] = set()
        self.attributes: list[tuple[str, int, str, str]] = []
        self._add_exports(facts.exports)
        self._add_hooks(facts.hooks)
        self.classes = _read_classes(facts.definitions)
        self.unreadable = {path: status for path, status in _zip(facts.files, "path", "status") if status != "ok"}

    def space(self, module: Module) -> Space:
        """Return the statements of a module; a namespace package has none."""
        return self._spaces.get(module.source, self._empty)

    def _space_of(self, path: str) -> Space:
        return self._spaces.setdefault(path, Space())

    def _add_exports(self, exports: pa.Table) -> None:
        for path, name, operation, guard in _zip(exports, "path", "name", "operation", "guard"):
            self._space_of(path).exports.append((name, operation, guard))

    def _add_hooks(self, hooks: pa.Table) -> None:
        for path, position, kind, name, value in _zip(hooks, "path", "position", "kind", "name", "value"):
            if kind == "module_getattr":
                self._space_of(path).served.setdefault(name, value)
            elif kind == "computed_binding":
                self._space_of(path).computed.append((name, value))
            elif kind == "module_attribute":
                self.attributes.append((path, position, name, value))
            elif kind == "sys_modules" and name != "*":
                self.registered.add(name)
                self._space_of(path).registers.add(name)


def _zip(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Return the rows of some columns."""
    return zip(*(tables.read_column(table, name) for name in names), strict=True)


def _read_bindings(bindings: pa.Table) -> Bindings:
    def column(name: str) -> list[Any]:
        return tables.read_column(bindings, name)

    scope, guard, condition = column("scope"), column("guard"), column("condition")
    levels = _find_levels(scope, guard, condition, column("caught"), column("owner"))
    return Bindings(
        column("position"), column("line"), column("name"), column("kind"), column("value"), column("arguments"),
        condition, guard, scope, levels,
    )  # fmt: skip


def _find_levels(*columns: Sequence[str]) -> list[int]:
    known: dict[tuple[str, ...], int] = {}
    levels = []
    for row in zip(*columns, strict=True):
        level = known.get(row)
        if level is None:
            level = known[row] = find_level(*row)
        levels.append(level)
    return levels


def find_level(scope: str, guard: str, condition: str, caught: str, owner: str) -> int:
    """Return how sure a statement is to run when its module is imported."""
    if scope == "type_checking":
        return NEVER
    if scope == "function":
        if owner:
            return DEFERRED
        return NEVER if "__main__" in condition else ALWAYS  # otherwise a lazy import
    if guard == "except":
        return HANDLER
    if guard == "match":  # the subject alone does not decide: the pattern is not kept
        return MAYBE
    if condition:
        outcome = evaluate_condition(condition)
        if outcome is None:
            return MAYBE
        if outcome is False:
            return NEVER
    return TRIED if caught else ALWAYS


def _build_spaces(bindings: pa.Table, names: Sequence[str]) -> dict[str, Space]:
    spaces: dict[str, Space] = {}
    paths = tables.read_column(bindings, "path")
    current, space = "", Space()
    for row, (path, name) in enumerate(zip(paths, names, strict=True)):
        if path != current:
            current, space = path, spaces.setdefault(path, Space())
        if name == "*":
            space.stars.append(row)
        else:
            space.names.setdefault(name, []).append(row)
    return spaces


def _read_classes(definitions: pa.Table) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    """Return line and marks of each class by file and qualified name; the first of several branches."""
    found: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
    for path, qualname, line, marks in _zip(definitions, "path", "qualname", "line", "marks"):
        found.setdefault((path, qualname), (line, tuple(marks)))
    return found
