"""Every import statement with the module it names, and when a package's own file imports its submodules."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from analysis.identity.module_index import Module, ModuleIndex, make_absolute
from analysis.identity.namespace import find_level
from analysis.identity.values import DEFERRED, NEVER

#: What ``Statements.target`` says of a module that is not one of the tree's.
OUTSIDE, MISSING = -1, -2
#: Modules visited, per package, to learn whether its file imports a submodule by way of others.
_REACH_LIMIT = 3000


@dataclass(slots=True)
class Statements:
    """Columns of ``imports`` of files that can be imported or run; a row number stands for a taken name.

    ``importer`` is the number of the importing module (-1: a script), ``absolute`` the module's absolute name
    (empty beyond the top), ``target`` its number, ``level`` how sure the statement is to run.
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
    level: list[int]
    importer: list[int]
    absolute: list[str]
    target: list[int]


def read_statements(imports: pa.Table, index: ModuleIndex) -> Statements:
    """Resolve the module of each import statement by Python's rules."""
    columns: dict[str, list[Any]] = {name: imports[name].to_pylist() for name in imports.column_names}
    importer, absolute, target = [], [], []
    known: dict[tuple[str, int, str], tuple[int, str, int]] = {}
    for key in zip(columns["path"], columns["level"], columns["module"], strict=True):
        found = known.get(key)
        if found is None:
            found = known[key] = _find_target(index, *key)
        importer.append(found[0])
        absolute.append(found[1])
        target.append(found[2])
    guards: dict[tuple[str, ...], int] = {}
    level = []
    wanted = (columns[name] for name in ("scope", "guard", "condition", "caught", "owner"))
    for context in zip(*wanted, strict=True):
        if context not in guards:
            guards[context] = find_level(*context)
        level.append(guards[context])
    return Statements(
        **{name: columns[name] for name in Statements.__dataclass_fields__ if name in columns},
        level=level, importer=importer, absolute=absolute, target=target,
    )  # fmt: skip


def _find_target(index: ModuleIndex, path: str, level: int, module: str) -> tuple[int, str, int]:
    importer = index.find_file(path)
    package, root = (importer.package, importer.root) if importer else ("", "")
    absolute = make_absolute(package, level, module)
    number = importer.number if importer else -1
    if not absolute:
        return number, "", MISSING
    found = index.find(absolute, root)
    if found is not None:
        return number, absolute, found.number
    return number, absolute, MISSING if level or index.is_in_tree(absolute) else OUTSIDE


class Submodules:
    """Which submodules become attributes of their package, and when."""

    def __init__(self, statements: Statements, index: ModuleIndex) -> None:
        self._statements = statements
        self._index = index
        self._direct: dict[tuple[int, str], int] = {}
        self._rows: dict[int, list[int]] = {}
        self.imported: set[int] = set()
        self._read()

    def _read(self) -> None:
        statements, modules = self._statements, self._index.modules
        for row, (importer, target, level) in enumerate(
            zip(statements.importer, statements.target, statements.level, strict=True)
        ):
            if level == NEVER:
                continue
            self.imported.update(self._find_imported(row))
            if level == DEFERRED or importer < 0 or statements.scope[row] == "function":
                continue
            self._rows.setdefault(importer, []).append(row)
            if target >= 0 and modules[importer].is_package:
                prefix = f"{modules[importer].plain}."
                absolute = statements.absolute[row]
                if absolute.startswith(prefix):
                    child = absolute[len(prefix) :].partition(".")[0]
                    self._direct.setdefault((importer, child), statements.position[row])

    def _find_imported(self, row: int) -> Iterator[int]:
        """Yield the modules that a statement makes Python import, packages above included."""
        statements, index = self._statements, self._index
        target = statements.target[row]
        if target < 0:
            return
        module = index.modules[target]
        yield target
        if statements.kind[row] == "from":
            child = index.find_child(module, statements.name[row])
            if child is not None:
                yield child.number
        name = module.plain.rpartition(".")[0]
        while name:
            above = index.find(name, module.root)
            if above is not None:
                yield above.number
            name = name.rpartition(".")[0]

    def find_direct(self, package: Module) -> Iterator[str]:
        """Yield the submodules that a package's own file imports."""
        return (child for number, child in self._direct if number == package.number)

    def find_position(self, package: Module, child: Module, name: str) -> int | None:
        """Return the position of the statement in the package's file that first imports the submodule, if any."""
        direct = self._direct.get((package.number, name))
        for row in self._rows.get(package.number, ()):
            position = self._statements.position[row]
            if direct is not None and position >= direct:
                return direct
            if self._reaches(row, child.number, package.number):
                return position
        return direct

    def _reaches(self, row: int, wanted: int, start: int) -> bool:
        """Return whether a statement leads, by way of the modules it imports, to the import of one more."""
        queue = deque(self._find_imported(row))
        seen = {start, *queue}
        while queue and len(seen) < _REACH_LIMIT:
            number = queue.popleft()
            if number == wanted:
                return True
            for inner in self._rows.get(number, ()):
                fresh = [found for found in self._find_imported(inner) if found not in seen]
                seen.update(fresh)
                queue.extend(fresh)
        return False
