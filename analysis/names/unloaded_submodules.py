"""Uses of a submodule through its package (``import app; app.core.run()``) that nothing has loaded by then.

Python makes a submodule an attribute of its package when somebody imports it, and not before.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple

from analysis import tables
from analysis.facts.attribute_places import AttributeUse, find_uses
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.graph.reach import Reach
from analysis.names.attribute_uses import NamedModules, list_attributes
from analysis.resolve import Module, TargetResolver
from analysis.resolve.library_submodules import find_loaded, find_unbound_submodules
from analysis.resolve.liveness import NEVER

#: Who may load the submodule all the same: nobody, another module of the tree, a computed import, a third party.
NOBODY, ANOTHER, COMPUTED, THIRD_PARTY = "", "another", "computed", "third-party"
_ANY = "*"


class UnloadedSubmodule(NamedTuple):
    """One use of a submodule that its file, and what that imports, do not load; ``by`` says who may have."""

    package: str
    name: str
    by: str
    path: str
    use: AttributeUse


def find_unloaded(target: TargetResolver, named: NamedModules) -> list[UnloadedSubmodule]:
    """Return the uses, sorted by package, submodule, file and line; those of the standard library's packages too."""
    finder = _Finder(target)
    found = [*finder.find_own(named), *finder.find_standard()]
    return sorted(found, key=lambda each: (each.package, each.name, each.path, each.use.line))


class _Finder:
    def __init__(self, target: TargetResolver) -> None:
        self._target, self._index = target, target.index
        self._reach = Reach(target)

    def find_own(self, named: NamedModules) -> Iterator[UnloadedSubmodule]:
        """Yield the uses of submodules of the tree."""
        for path, names in sorted(named.items()):
            importer = self._index.find_importer(path)
            source = self._read(path)
            wanted = {
                dotted: (package, child)
                for first, parts in _list_parts(source, frozenset(names))
                for dotted, package, child in self._follow(names[first], first, parts)
            }
            if importer is None or not wanted:
                continue
            reached = self._reach.find_at_all(importer, {child.number for _, child in wanted.values()})
            wanted = {dotted: pair for dotted, pair in wanted.items() if pair[1].number not in reached}
            for use in find_uses(source, frozenset(wanted)) if wanted else ():
                package, child = wanted[use.dotted]
                name = child.plain.rpartition(".")[2]
                yield UnloadedSubmodule(package.plain, name, self._find_loader(child), path, use)

    def _follow(self, package: Module, dotted: str, parts: Sequence[str]) -> Iterator[tuple[str, Module, Module]]:
        """Yield the submodules on the way of a dotted name, each with the package whose attribute it is."""
        for part in parts:
            child = self._find_child(package, part)
            if child is None:
                return
            dotted = f"{dotted}.{part}"
            yield dotted, package, child
            package = child

    def _find_child(self, package: Module, name: str) -> Module | None:
        """Return the submodule of which nothing but its import makes an attribute of the package."""
        child = self._index.find_submodule(package, name)
        if child is None or package.kind != "package" or not self._index.is_importable(child):
            return None
        names = self._target.names
        asked = self._index.modules[package.primary]
        is_served = names.find_bound(asked).get(name) or name in names.find_unbound(asked) or names.is_open(asked)
        return None if is_served or package.plain in self._target.spaces.registered else child

    def _find_loader(self, child: Module) -> str:
        computed = [pattern for pattern in self._computed if fnmatchcase(child.plain, pattern)]
        if child.number in self._loaded:
            return ANOTHER
        return COMPUTED if computed or child.plain in self._texts else NOBODY

    @cached_property
    def _loaded(self) -> set[int]:
        """The modules that some statement of the tree imports, on whatever condition."""
        asked = self._target.answers
        found: set[int] = set()
        for answer in asked.answers:
            found.update(answer.imported, answer.ancestors)
        return {self._index.all[number].primary for number in found}

    @cached_property
    def _computed(self) -> list[str]:
        rows = tables.read_rows(self._target.facts.hooks, "kind", "name")
        return sorted({name for kind, name in rows if kind == "computed_import"})

    @cached_property
    def _texts(self) -> set[str]:
        """The modules that texts of frameworks and commands name: these import them."""
        marks = tables.read_rows(self._target.facts.start_marks, "kind", "value")
        stated = tables.read_rows(self._target.facts.start_evidence, "value")
        return {value for kind, value in marks if value} | {value.partition(":")[0] for (value,) in stated}

    def find_standard(self) -> Iterator[UnloadedSubmodule]:
        """Yield the uses of submodules of the standard library that nothing of the tree leads to."""
        table = self._target.statements.table
        found: dict[str, dict[str, str]] = defaultdict(dict)
        columns = ("path", "kind", "level", "module", "name", "bound_as", "scope")
        imported: set[str] = set()
        has_others = False
        for row, (path, kind, level, module, name, bound, scope) in enumerate(tables.read_rows(table, *columns)):
            if level or scope == "type_checking" or self._target.statements.target[row] >= 0:
                continue
            imported.update((module, f"{module}.{name}"))
            has_others |= not _is_standard(module)
            if kind == "import" and _is_standard(module) and self._target.statements.level[row] != NEVER:
                found[path][bound] = bound if module.startswith(f"{bound}.") else module
        by = THIRD_PARTY if has_others else COMPUTED if _ANY in self._computed else NOBODY
        used = {path: self._find_used(path, names) for path, names in sorted(found.items())}
        asked = {f"{package}.{name}" for parts in used.values() for package, name in parts.values()}
        loaded = find_loaded(sorted(filter(_is_standard, imported)), asked)
        for path, parts in used.items():
            wanted = {dotted: part for dotted, part in parts.items() if ".".join(part) not in loaded}
            for use in find_uses(self._read(path), frozenset(wanted)) if wanted else ():
                yield UnloadedSubmodule(*wanted[use.dotted], by, path, use)

    def _find_used(self, path: str, names: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Return the submodules of the standard library that a file takes from packages: each by what stands there."""
        return {
            dotted: (package, name)
            for first, parts in _list_parts(self._read(path), frozenset(names))
            for dotted, package, name in _follow_standard(names[first], first, parts)
        }

    def _read(self, path: str) -> bytes:
        return self._target.imports.read_first(path, LARGEST_FILE_BYTES)


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _list_parts(source: bytes, names: frozenset[str]) -> set[tuple[str, tuple[str, ...]]]:
    """Return names with the attributes that a text takes from them, one after the other."""
    found = list_attributes(source, names) if names else frozenset()
    return {(first, tuple(rest.decode("utf-8", "replace").split(".")[1:])) for first, rest, _ in found}


def _follow_standard(package: str, dotted: str, parts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the submodules of the standard library on the way of a dotted name, as ``_Finder._follow`` does."""
    for part in parts:
        if part not in find_unbound_submodules(package):
            return
        dotted = f"{dotted}.{part}"
        yield dotted, package, part
        package = f"{package}.{part}"
