"""Every import statement with the module it names, and when a package's own file imports its submodules."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.identity.module_index import Module, ModuleIndex, make_absolute
from analysis.identity.namespace import Namespaces, find_level
from analysis.identity.values import DEFERRED, NEVER

#: What ``Statements.target`` says of a module that is not one of the tree's.
OUTSIDE, MISSING = -1, -2
#: Modules visited, per package, to learn whether its file imports a submodule by way of others.
_REACH_LIMIT = 3000
_TAKEN = ("path", "position", "line", "kind", "name", "bound_as", "scope", "guard", "caught", "is_reexport")


@dataclass(slots=True)
class Statements:
    """Columns of ``imports``; a row number stands for a taken name.

    ``importer`` is the number of the importing module (-1: a script), ``absolute`` the module's absolute name
    (empty beyond the top), ``target`` its number, ``level`` how sure the statement is to run, ``is_live``
    whether its file can be imported or run at all.
    """

    path: list[str]
    position: list[int]
    line: list[int]
    kind: list[str]
    name: list[str]
    bound_as: list[str]
    scope: list[str]
    guard: list[str]
    caught: list[str]
    is_reexport: list[bool]
    level: list[int]
    importer: list[int]
    absolute: list[str]
    target: list[int]
    is_live: list[bool]


def read_statements(imports: pa.Table, index: ModuleIndex) -> Statements:
    """Resolve the module of each import statement by Python's rules."""
    columns: dict[str, list[Any]] = {name: tables.read_column(imports, name) for name in imports.column_names}
    known: dict[tuple[str, int, str], tuple[int, str, int, bool]] = {}
    found = []
    for key in zip(columns["path"], columns["level"], columns["module"], strict=True):
        answer = known.get(key)
        if answer is None:
            answer = known[key] = _find_target(index, *key)
        found.append(answer)
    guards: dict[tuple[str, ...], int] = {}
    level = []
    wanted = (columns[name] for name in ("scope", "guard", "condition", "caught", "owner"))
    for context in zip(*wanted, strict=True):
        if context not in guards:
            guards[context] = find_level(*context)
        level.append(guards[context])
    return Statements(
        **{name: columns[name] for name in _TAKEN},
        level=level, importer=[answer[0] for answer in found], absolute=[answer[1] for answer in found],
        target=[answer[2] for answer in found], is_live=[answer[3] for answer in found],
    )  # fmt: skip


def _find_target(index: ModuleIndex, path: str, level: int, module: str) -> tuple[int, str, int, bool]:
    """Return number of the importer, absolute name, number of the target, and whether the file is ever run."""
    importer = index.find_importer(path)
    if importer is None:
        return -1, "", OUTSIDE, False
    absolute = make_absolute(importer.package, level, module)
    if not absolute:
        return importer.number, "", MISSING, True
    found = index.find_from(importer, absolute)
    if found is not None:
        return importer.number, absolute, found.number, True
    is_missing = index.is_missing(absolute, importer.root)
    return importer.number, absolute, MISSING if is_missing else OUTSIDE, True


class Submodules:
    """Which submodules become attributes of their package, and when."""

    def __init__(self, statements: Statements, spaces: Namespaces) -> None:
        self._statements = statements
        self._spaces = spaces
        self._index = spaces.index
        self._direct: dict[int, dict[str, int]] = {}
        self._rows: dict[int, list[int]] = {}
        self._above: dict[int, tuple[int, ...]] = {}
        self._reached: dict[int, dict[int, int]] = {}
        self.imported: set[int] = set()
        self._read()

    def _read(self) -> None:
        statements = self._statements
        for row, (importer, target, level) in enumerate(
            zip(statements.importer, statements.target, statements.level, strict=True)
        ):
            if level == NEVER or target < 0:
                continue
            self.imported.update(self._find_imported(row))
            if importer >= 0 and level != DEFERRED and statements.scope[row] != "function":
                self._rows.setdefault(importer, []).append(row)
                self._note_child(row, importer)

    def _note_child(self, row: int, importer: int) -> None:
        package = self._index.modules[importer]
        prefix = f"{package.plain}."
        absolute = self._statements.absolute[row]
        if package.is_package and absolute.startswith(prefix):
            child = absolute[len(prefix) :].partition(".")[0]
            self._direct.setdefault(importer, {}).setdefault(child, self._statements.position[row])

    def _find_imported(self, row: int) -> list[int]:
        """Return the modules that a statement makes Python import, packages above included."""
        statements = self._statements
        target = statements.target[row]
        found = [target, *self._find_above(target)]
        if statements.kind[row] == "from":
            package, name = self._index.modules[target], statements.name[row]
            child = self._index.find_child(package, name)
            if child is not None and name not in self._spaces.space(package).names:  # otherwise it takes the attribute
                found.append(child.number)
        return found

    def _find_above(self, number: int) -> tuple[int, ...]:
        known = self._above.get(number)
        if known is None:
            module = self._index.modules[number]
            parts = module.plain.split(".")
            above = (self._index.find(".".join(parts[:depth]), module.root) for depth in range(1, len(parts)))
            known = self._above[number] = tuple(package.number for package in above if package is not None)
        return known

    def find_direct(self, package: Module) -> Iterable[str]:
        """Return the names of the submodules that a package's own file imports."""
        return self._direct.get(package.number, {})

    def find_position(self, package: Module, child: Module, name: str, before: int) -> int | None:
        """Return the position of the statement in the package's file that first imports the submodule, if any.

        ``before`` is the position up to which it matters whether other modules import it on the way.
        """
        direct = self._direct.get(package.number, {}).get(name)
        if direct is not None and direct <= before:
            return direct
        reached = self._find_reached(package.number).get(child.number)
        return direct if reached is None else reached

    def _find_reached(self, package: int) -> dict[int, int]:
        """Return position by module, for the modules that a package's file makes Python import, in order."""
        known = self._reached.get(package)
        if known is not None:
            return known
        known = self._reached[package] = {package: -1}
        for row in self._rows.get(package, ()):
            position = self._statements.position[row]
            queue = deque(self._find_imported(row))
            while queue and len(known) < _REACH_LIMIT:
                number = queue.popleft()
                if number not in known:
                    known[number] = position
                    for inner in self._rows.get(number, ()):
                        queue.extend(self._find_imported(inner))
        return known
