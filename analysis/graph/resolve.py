"""Which module an import statement means: in-tree edges, external modules, and modules that do not exist.

Python's own rules: an absolute import means exactly that dotted name, ``from a import b`` takes the submodule
``a.b`` where there is one, and importing ``a.b.c`` runs ``a`` and ``a.b`` on the way.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple, Protocol

import pyarrow as pa

from analysis import tables
from analysis.facts.naming import ROOT_MARK


class ImportFacts(Protocol):
    """The facts tables that the import graph is made of."""

    @property
    def files(self) -> pa.Table:
        """The files, for those without a syntax tree."""

    @property
    def modules(self) -> pa.Table:
        """The module names."""

    @property
    def imports(self) -> pa.Table:
        """The import statements."""

    @property
    def hooks(self) -> pa.Table:
        """What modules register while they run."""


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """Tables ``edges``, ``externals`` and ``phantoms`` of ``tables.py``, and the sorted names of all modules."""

    edges: pa.Table
    externals: pa.Table
    phantoms: pa.Table
    modules: tuple[str, ...]


class _Module(NamedTuple):
    """One name of a file: ``plain_name`` is without the mark of its root, ``package`` where relative imports start."""

    name: str
    path: str
    kind: str
    mark: str
    plain_name: str
    package: str
    folder: str


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one import means: ``imported`` and ``ancestors`` in the tree, or why not."""

    imported: str = ""
    ancestors: tuple[str, ...] = ()
    via: str = "plain"
    missing: str = ""
    origin: str = ""
    reason: str = ""
    nearest: str = ""


def build_import_graph(facts: ImportFacts) -> ImportGraph:
    """Resolve every import of a target; the rows are in the order of files, statements and names.

    A statement of a file with two module names makes its edges once for each. Files that Python never imports
    (shadowed twins) make none. Imports of a module by itself are left out. Linear in the number of rows.
    """
    resolver = _Resolver(facts)
    edges: list[tuple[object, ...]] = []
    externals: list[tuple[object, ...]] = []
    phantoms: list[tuple[object, ...]] = []
    for statement in _read_imports(facts.imports):
        path, line, kind, _, _, name, scope, guard, caught = statement
        for importer in resolver.find_importers(path):
            meaning = resolver.resolve(importer, statement)
            own = importer.name
            rest = (path, line, kind, name, scope, guard, caught)
            if meaning.imported and meaning.imported != own:
                edges.append((own, meaning.imported, *rest, False, meaning.via))
            edges.extend(
                (own, ancestor, *rest, True, meaning.via)
                for ancestor in meaning.ancestors
                if not _is_own(ancestor, own)
            )
            if meaning.reason:
                phantoms.append(
                    (own, meaning.missing, meaning.nearest, path, line, name, scope, guard, caught, meaning.reason)
                )
            elif meaning.origin:
                package = meaning.missing.partition(".")[0]
                externals.append((own, meaning.missing, package, meaning.origin, path, line, name, scope, guard))
    return ImportGraph(
        tables.EDGES.from_rows(edges), tables.EXTERNALS.from_rows(externals), tables.PHANTOMS.from_rows(phantoms),
        tuple(sorted(resolver.modules)),
    )  # fmt: skip


def _is_own(ancestor: str, importer: str) -> bool:
    """Return whether a package is the importer or one that runs before the importer anyway."""
    return importer == ancestor or importer.startswith(f"{ancestor}.")


class _Statement(NamedTuple):
    path: str
    line: int
    kind: str
    level: int
    module: str
    name: str
    scope: str
    guard: str
    caught: str


def _read_imports(imports: pa.Table) -> Iterator[_Statement]:
    names = ("path", "line", "kind", "level", "module", "name", "scope", "guard", "caught")
    columns = (tables.read_column(imports, name) for name in names)
    return map(_Statement, *columns)


def _read_module(name: str, path: str, kind: str, mark: str) -> _Module:
    plain_name = name.removesuffix(mark) if mark else name
    package = plain_name if kind == "package" else plain_name.rpartition(".")[0]
    return _Module(name, path, kind, mark, plain_name, package, path.rpartition("/")[0])


class _Resolver:
    """Answers what an import means; equal questions from one package are answered once."""

    def __init__(self, facts: ImportFacts) -> None:
        self.modules: dict[str, _Module] = {}
        self._by_path: dict[str, list[_Module]] = defaultdict(list)
        self._paths: set[str] = set()
        for row in facts.modules.to_pylist():
            self._paths.add(row["path"])
            if row["shadowed_by"]:
                continue
            mark = f"{ROOT_MARK}{row['root']}" if ROOT_MARK in row["module"] else ""
            module = _read_module(row["module"], row["path"], row["kind"], mark)
            self.modules[module.name] = module
            self._by_path[module.path].append(module)
        self._doubts = _Doubts(facts)
        self._answers: dict[tuple[object, ...], _Meaning] = {}
        self._last: dict[str, list[str]] = defaultdict(list)
        for name in self.modules:
            self._last[name.rpartition(".")[2]].append(name)

    def find_importers(self, path: str) -> Sequence[_Module]:
        """Return the names under which a file runs; none for one that Python never imports."""
        return self._by_path.get(path, ())

    def resolve(self, importer: _Module, statement: _Statement) -> _Meaning:
        """Return what one import of one module means."""
        level = statement.level
        key = (importer.package if level else importer.folder, importer.mark, level, statement.module, statement.name)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._resolve(importer, statement)
        return answer

    def _resolve(self, importer: _Module, statement: _Statement) -> _Meaning:
        base = statement.module
        if statement.level:
            parts = importer.package.split(".") if importer.package else []
            kept = parts[: len(parts) - statement.level + 1]
            if not kept or statement.level > len(parts):
                dotted = "." * statement.level + base
                return _Meaning(missing=dotted, origin="unknown")
            base = ".".join([*kept, base] if base else kept)
        name = "" if statement.name == "*" else statement.name
        if statement.level == 0 and base.partition(".")[0] in sys.builtin_module_names:
            return _Meaning(missing=base, origin="stdlib")
        found = self._find(base, name, importer.mark)
        if found:
            return self._meet(found, "plain")
        if statement.level == 0 and not self._find(base.partition(".")[0], "", importer.mark):
            return self._look_beside(importer, base, name)
        return self._miss(base, importer.mark)

    def _find(self, base: str, name: str, mark: str) -> str:
        """Return the module that is meant: the submodule before the attribute; the importer's own root first."""
        for suffix in (mark, "") if mark else ("",):
            if name and f"{base}.{name}{suffix}" in self.modules:
                return f"{base}.{name}{suffix}"
            if f"{base}{suffix}" in self.modules:
                return f"{base}{suffix}"
        return ""

    def _meet(self, found: str, via: str) -> _Meaning:
        return _Meaning(found, tuple(self._find_ancestors(found)), via)

    def _find_ancestors(self, name: str) -> Iterator[str]:
        """Yield the packages around a module whose ``__init__`` runs on the way, the outermost first."""
        mark = self.modules[name].mark if name in self.modules else ""
        parts = name.removesuffix(mark).split(".") if mark else name.split(".")
        for length in range(1, len(parts)):
            ancestor = ".".join(parts[:length]) + mark
            if ancestor in self.modules and self.modules[ancestor].kind == "package":
                yield ancestor

    def _look_beside(self, importer: _Module, base: str, name: str) -> _Meaning:
        """A script finds what lies in its own folder; everything else is somebody else's."""
        first = base.partition(".")[0]
        if first in sys.stdlib_module_names:
            return _Meaning(missing=base, origin="stdlib")
        prefix = f"{importer.folder}/" if importer.folder else ""
        if f"{prefix}__init__.py" not in self._paths:
            for path in (f"{prefix}{first}/__init__.py", f"{prefix}{first}.py"):
                for sibling in self._by_path.get(path, ()):
                    dotted = sibling.plain_name + base[len(first) :]
                    found = self._find(dotted, name, sibling.mark)
                    if found:
                        return self._meet(found, "script-folder")
        return _Meaning(missing=base, origin="external")

    def _miss(self, base: str, mark: str) -> _Meaning:
        """Something in the tree is named that does not exist; a namespace package may have parts elsewhere."""
        above = base.rpartition(".")[0]
        while above and not self._find(above, "", mark):
            above = above.rpartition(".")[0]
        if not above:
            return _Meaning(missing=base, origin="unknown")
        parent = self.modules[self._find(above, "", mark)]
        if parent.kind == "namespace":
            return _Meaning(missing=base, origin="unknown")
        ancestors = (*self._find_ancestors(parent.name), *([parent.name] if parent.kind == "package" else []))
        reason = self._doubts.find_reason(base, parent.path)
        return _Meaning(missing=base, ancestors=ancestors, reason=reason, nearest=self._find_nearest(base, above))

    def _find_nearest(self, base: str, above: str) -> str:
        """Return the closest existing name: one with the same last part, else one spelled alike beside it."""
        last = base.rpartition(".")[2]
        same = sorted(self._last.get(last, ()), key=lambda name: (-_count_common(name, base), name))
        if same:
            return same[0]
        siblings = self._doubts.find_children(above, self.modules)
        close = get_close_matches(last, siblings, n=1, cutoff=0.75)
        return f"{above}.{close[0]}" if close else ""


def _count_common(first: str, second: str) -> int:
    return len(set(first.split(".")) & set(second.split(".")))


class _Doubts:
    """Why a module that is not in the tree may exist at run time after all."""

    def __init__(self, facts: ImportFacts) -> None:
        files = facts.files
        self._unparsed = {
            path
            for path, status in zip(*(tables.read_column(files, name) for name in ("path", "status")), strict=True)
            if status != "ok"
        }
        self._registered: set[str] = set()
        self._extended: set[str] = set()
        self._registers_any: set[str] = set()
        for row in facts.hooks.select(["path", "kind", "name"]).to_pylist():
            if row["kind"] == "path_extended":
                self._extended.add(row["path"])
            elif row["kind"] == "sys_modules" and row["name"] == "*":
                self._registers_any.add(row["path"])
            elif row["kind"] == "sys_modules":
                self._registered.add(row["name"])
        self._children: dict[str, list[str]] = {}

    def find_reason(self, module: str, parent_path: str) -> str:
        """Return ``no-such-module``, or why that is not certain."""
        if parent_path in self._unparsed:
            return "in-unparsable-package"
        if module in self._registered or parent_path in self._registers_any:
            return "registered-at-run-time"
        if parent_path in self._extended:
            return "path-extended"
        return "no-such-module"

    def find_children(self, package: str, modules: Mapping[str, object]) -> list[str]:
        """Return the last parts of the modules directly in a package."""
        if not self._children:
            for name in modules:
                parent, _, last = name.rpartition(".")
                self._children.setdefault(parent, []).append(last)
        return self._children.get(package, [])
