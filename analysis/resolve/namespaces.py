"""The statements that bind module-level names, by file and name, in order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve.environments import DEFAULT, Supported
from analysis.resolve.evidence import FactTables
from analysis.resolve.liveness import find_levels
from analysis.resolve.modules import Module, ModuleIndex


class Bindings:
    """Columns of ``bindings`` as lists, read when asked for; a row number stands for a statement."""

    def __init__(self, table: pa.Table, supported: Supported = DEFAULT) -> None:
        self._table = table
        self._supported = supported

    @cached_property
    def position(self) -> list[int]:
        return tables.read_column(self._table, "position")

    @cached_property
    def line(self) -> list[int]:
        return tables.read_column(self._table, "line")

    @cached_property
    def name(self) -> list[str]:
        return tables.read_column(self._table, "name")

    @cached_property
    def kind(self) -> list[str]:
        return tables.read_column(self._table, "kind")

    @cached_property
    def value(self) -> list[str]:
        return tables.read_column(self._table, "value")

    @cached_property
    def arguments(self) -> list[int]:
        return tables.read_column(self._table, "arguments")

    @cached_property
    def scope(self) -> list[str]:
        return tables.read_column(self._table, "scope")

    @cached_property
    def levels(self) -> npt.NDArray[np.int64]:
        """How sure each statement is to run."""
        return find_levels(self._table, self._supported)

    @cached_property
    def level(self) -> list[int]:
        levels: list[int] = self.levels.tolist()
        return levels


class Space:
    """What one file binds: rows by name in order, star imports, names served by ``__getattr__``.

    ``computed`` are patterns of the names that the file puts into ``globals()``, and what it puts there;
    ``registers`` are the names under which it puts something into ``sys.modules``.
    """

    def __init__(self, first: int = 0, written: Sequence[str] = ()) -> None:
        """``written`` are the names that the file's statements bind, from row ``first`` on."""
        self._first = first
        self._written = written
        self.stars: list[int] = []
        self.served: dict[str, str] = {}
        self.computed: list[tuple[str, str]] = []
        self.registers: set[str] = set()
        self.exports: list[tuple[str, str, str]] = []

    @cached_property
    def names(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, name in enumerate(self._written, self._first):
            if name != "*":
                found.setdefault(name, []).append(row)
        return found


class Namespaces:
    """All files' statements, and which file belongs to which module.

    ``registered`` are names put into ``sys.modules``; ``attributes`` what files set on what they import: path,
    position, dotted attribute and value as written.
    """

    def __init__(
        self, facts: FactTables, bindings: pa.Table, index: ModuleIndex, supported: Supported = DEFAULT
    ) -> None:
        """``bindings`` are those of the facts, with settled conditions."""
        self.index = index
        self.bindings = bindings
        self.rows = Bindings(bindings, supported)
        self._spaces = _build_spaces(bindings, self.rows.name)
        self._empty = Space()
        self.registered: set[str] = set()
        self.attributes: list[tuple[str, int, str, str]] = []
        self._add_exports(facts.exports)
        self._add_hooks(facts.hooks)
        self.classes = _read_classes(facts.definitions)
        self.unreadable = {
            path: status for path, status in tables.read_rows(facts.files, "path", "status") if status != "ok"
        }

    def space(self, module: Module) -> Space:
        """Return the statements of a module; a namespace package has none."""
        return self._spaces.get(module.source, self._empty)

    def _space_of(self, path: str) -> Space:
        return self._spaces.setdefault(path, Space())

    def _add_exports(self, exports: pa.Table) -> None:
        for path, name, operation, guard in tables.read_rows(exports, "path", "name", "operation", "guard"):
            self._space_of(path).exports.append((name, operation, guard))

    def _add_hooks(self, hooks: pa.Table) -> None:
        for path, position, kind, name, value in tables.read_rows(hooks, "path", "position", "kind", "name", "value"):
            if kind == "module_getattr":
                self._space_of(path).served.setdefault(name, value)
            elif kind == "computed_binding":
                self._space_of(path).computed.append((name, value))
            elif kind == "module_attribute":
                self.attributes.append((path, position, name, value))
            elif kind == "sys_modules" and name != "*":
                self.registered.add(name)
                self._space_of(path).registers.add(name)


def _build_spaces(bindings: pa.Table, names: Sequence[str]) -> dict[str, Space]:
    """Return the space of each file; the statements of one file stand together."""
    codes, paths = tables.read_codes(bindings, "path")
    if not len(codes):
        return {}
    firsts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    spaces = {
        paths[codes[first]]: Space(first, names[first:end])
        for first, end in zip(firsts, [*firsts[1:], len(codes)], strict=True)
    }
    stars = np.flatnonzero(pc.equal(bindings["name"], "*").to_numpy())
    for row, code in zip(stars.tolist(), codes[stars].tolist(), strict=True):
        spaces[paths[code]].stars.append(row)
    return spaces


def _read_classes(definitions: pa.Table) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    """Return line and marks of each class by file and qualified name; the first of several branches."""
    found: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
    for path, qualname, line, marks in tables.read_rows(definitions, "path", "qualname", "line", "marks"):
        found.setdefault((path, qualname), (line, tuple(marks)))
    return found
