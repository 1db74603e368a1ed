"""Every import statement with the module it names, and when a package's own file imports its submodules."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis import tables
from analysis.resolve.answers import ImportAnswers
from analysis.resolve.environments import DEFAULT, Supported
from analysis.resolve.imports import ImportAnswer, ImportResolver
from analysis.resolve.liveness import DEFERRED, NEVER, find_levels, find_liveness
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.namespaces import Namespaces

Numbers = npt.NDArray[np.int64]

#: What ``Statements.target`` says of a module that is not one of the tree's.
OUTSIDE, MISSING = -1, -2
NO_MODULE = -1
#: The kinds of imports that import a submodule where the package has no name like it.
_TAKING = ("from", "dynamic")
#: Modules visited, per package, to learn whether its file imports a submodule by way of others.
_REACH_LIMIT = 3000


class Statements:
    """Columns of ``imports`` as lists, read when asked for; a row number stands for a taken name.

    ``importer`` is the number of the importing module (-1: a script), ``absolute`` the module's absolute name
    (empty beyond the top), ``target`` its number, ``level`` how sure the statement is to run, ``is_live``
    whether its file can be imported or run at all.
    """

    def __init__(self, resolver: ImportResolver, answers: ImportAnswers, supported: Supported = DEFAULT) -> None:
        self._supported = supported
        self.table = resolver.statements
        self.imports = resolver
        self._index = resolver.index
        index, rows = resolver.index, self.table.num_rows
        primary = np.array([module.primary for module in index.all], np.int64)
        is_meant = primary[answers.importers] == answers.importers  # a second name of a file is one more answer
        self._answers = [*answers.answers, ImportAnswer()]
        self._which = np.full(rows, len(answers.answers), np.int64)
        self._which[answers.rows[is_meant]] = answers.which[is_meant]
        self.is_live = self._which < len(answers.answers)
        self.importers = np.full(rows, NO_MODULE, np.int64)
        self.importers[answers.rows[is_meant]] = answers.importers[is_meant]
        self.importers[self.importers >= len(index.modules)] = NO_MODULE  # scripts
        self._targets = np.array([_find_target(index, answer) for answer in self._answers], np.int64)

    @cached_property
    def path(self) -> list[str]:
        return tables.read_column(self.table, "path")

    @cached_property
    def position(self) -> list[int]:
        return tables.read_column(self.table, "position")

    @cached_property
    def line(self) -> list[int]:
        return tables.read_column(self.table, "line")

    @cached_property
    def kind(self) -> list[str]:
        return tables.read_column(self.table, "kind")

    @cached_property
    def name(self) -> list[str]:
        return tables.read_column(self.table, "name")

    @cached_property
    def scope(self) -> list[str]:
        return tables.read_column(self.table, "scope")

    @cached_property
    def guard(self) -> list[str]:
        return tables.read_column(self.table, "guard")

    @cached_property
    def caught(self) -> list[str]:
        return tables.read_column(self.table, "caught")

    @cached_property
    def levels(self) -> Numbers:
        return find_levels(self.table, self._supported)

    @cached_property
    def liveness(self) -> Numbers:
        """Whether each statement can run: positions in ``tables.LIVENESS``."""
        return find_liveness(self.table, self._supported)

    @cached_property
    def level(self) -> list[int]:
        levels: list[int] = self.levels.tolist()
        return levels

    @cached_property
    def targets(self) -> Numbers:
        return self._targets[self._which]

    @cached_property
    def target(self) -> list[int]:
        targets: list[int] = self.targets.tolist()
        return targets

    def find_script(self, row: int) -> Module | None:
        """Return the file that a call imports by a name which no statement can say, such as ``pkg.class``."""
        base = self._answers[int(self._which[row])].base
        module = self._index.all[base] if base >= 0 else None
        return None if module is None or self._index.is_importable(module) else module

    def find_absolute(self, row: int) -> str:
        """Return the absolute name of the module that a statement names."""
        return self._answers[int(self._which[row])].absolute


def _find_target(index: ModuleIndex, answer: ImportAnswer) -> int:
    if answer.base >= 0:
        module = index.all[answer.base]
        return module.primary if index.is_importable(module) else OUTSIDE
    return MISSING if answer.is_beyond or answer.reason else OUTSIDE


class Submodules:
    """Which submodules become attributes of their package, and when."""

    def __init__(self, statements: Statements, spaces: Namespaces) -> None:
        self._statements = statements
        self._spaces = spaces
        self._index = spaces.index
        self._direct: dict[int, dict[str, int]] = {}
        self._rows: dict[int, list[int]] = defaultdict(list)
        self._above: dict[int, tuple[int, ...]] = {}
        self._reached: dict[int, dict[int, int]] = {}
        self._leading: dict[int, set[int]] = {}
        self._imported: dict[int, list[int]] = {}
        self._listed: dict[int, list[int]] = {}
        self.imported: set[int] = set()
        self._read()

    def _read(self) -> None:
        """Read what is imported, each taken name once, and which statements run when their module is imported."""
        statements = self._statements
        is_inside = (statements.levels != NEVER) & (statements.targets >= 0)
        names, texts = tables.read_codes(statements.table, "name")
        takes = np.isin(statements.kind, _TAKING) if len(names) else names
        inside = np.flatnonzero(is_inside)
        taken = np.where(takes, names + 1, 0)[inside]  # 0: no name
        _, first = np.unique(statements.targets[inside] * (len(texts) + 1) + taken, return_index=True)
        for row in inside[first].tolist():
            self.imported.update(self._find_imported(row))
        scopes = np.array(statements.scope) if len(names) else names
        runs = is_inside & (statements.importers >= 0) & (statements.levels != DEFERRED) & (scopes != "function")
        rows = np.flatnonzero(runs)
        for row, importer in zip(rows.tolist(), statements.importers[rows].tolist(), strict=True):
            self._rows[importer].append(row)
            if self._index.modules[importer].is_package:
                self._note_child(row, importer)

    def _note_child(self, row: int, importer: int) -> None:
        package = self._index.modules[importer]
        absolute, prefix = self._statements.find_absolute(row), f"{package.plain}."
        child = absolute.removeprefix(prefix).partition(".")[0] if absolute.startswith(prefix) else ""
        if absolute == package.plain and self._statements.kind[row] in _TAKING:
            name = self._statements.name[row]
            is_child = self._index.find_submodule(package, name) is not None
            child = name if is_child and not self._takes_attribute(row, package) else ""
        if child:
            self._direct.setdefault(importer, {}).setdefault(child, self._statements.position[row])

    def _find_imported(self, row: int) -> list[int]:
        """Return the modules that a statement makes Python import, packages above included; asked again and again."""
        known = self._imported.get(row)
        if known is None:
            known = self._imported[row] = self._look_up_imported(row)
        return known

    def _look_up_imported(self, row: int) -> list[int]:
        statements = self._statements
        target = statements.target[row]
        found = [target, *self._find_above(target)]
        if statements.kind[row] in _TAKING and statements.name[row]:
            package, name = self._index.modules[target], statements.name[row]
            child = self._index.find_submodule(package, name)
            if child is not None and not self._takes_attribute(row, package):
                found.append(child.number)
        return found

    def _takes_attribute(self, row: int, package: Module) -> bool:
        """Return whether ``from package import name`` finds what the package binds to the name of its submodule.

        A statement of the package's own file finds what stands above it; before that, it imports the submodule.
        """
        rows, bindings = self._spaces.space(package).names.get(self._statements.name[row], ()), self._spaces.rows
        importer = self._statements.importers[row]
        if importer == package.number:
            before = self._statements.position[row]
            return any(bindings.position[each] < before and bindings.level[each] != NEVER for each in rows)
        return bool(rows)

    def _find_above(self, number: int) -> tuple[int, ...]:
        known = self._above.get(number)
        if known is None:
            module = self._index.modules[number]
            parts = module.plain.split(".")
            above = (self._index.find(".".join(parts[:depth]), module.root) for depth in range(1, len(parts)))
            known = self._above[number] = tuple(package.primary for package in above if package is not None)
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
        reached = self.find_reached(package.number).get(child.number)
        return direct if reached is None else reached

    def has_loaded(self, importer: int, target: int, before: int) -> bool:
        """Return whether the statements of a module, before a position, make Python import another module.

        Asked of few targets by many importers: what leads to a target is found once, against the imports.
        """
        leading, statements = self._find_leading(target), self._statements
        return any(
            statements.position[row] < before and not leading.isdisjoint(self._find_imported(row))
            for row in self._rows.get(importer, ())
        )

    def _find_leading(self, target: int) -> set[int]:
        """Return the modules whose import makes Python import a module, that one included."""
        known = self._leading.get(target)
        if known is None:
            known = self._leading[target] = {target}
            queue = deque([target])
            while queue:
                fresh = self._importers[queue.popleft()].difference(known)
                known |= fresh
                queue.extend(fresh)
        return known

    @cached_property
    def _importers(self) -> dict[int, set[int]]:
        """The modules by what their own statements make Python import."""
        found: dict[int, set[int]] = defaultdict(set)
        for importer in self._rows:
            for imported in self._list_imported(importer):
                found[imported].add(importer)
        return found

    def find_reached(self, package: int) -> dict[int, int]:
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
                    queue.extend(self._list_imported(number))
        return known

    def _list_imported(self, number: int) -> list[int]:
        """Return the modules that a module makes Python import, each once, in order."""
        listed = self._listed.get(number)
        if listed is None:
            found = (imported for row in self._rows.get(number, ()) for imported in self._find_imported(row))
            listed = self._listed[number] = list(dict.fromkeys(found))
        return listed
