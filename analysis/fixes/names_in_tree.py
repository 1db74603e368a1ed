"""What the tree has: modules by name, the packages of files, and which names a module surely has."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.naming import ROOT_MARK
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable

_IMPORTED = frozenset({"module", "package", "namespace", "extension"})


@dataclass(frozen=True)
class NamesInTree:
    """Answers from the tables of one snapshot."""

    read_table: ReadTable

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each module that an import statement can name."""
        rows = tables.read_rows(self.read_table("modules"), "module", "kind", "is_primary", "shadowed_by")
        return {
            module: kind
            for module, kind, is_primary, shadow in rows
            if kind in _IMPORTED and is_primary and not shadow and ROOT_MARK not in module
        }

    @cached_property
    def beside(self) -> frozenset[str]:
        """The modules beside the target that its imports lead to: of their names not enough is known."""
        return frozenset(tables.read_column(self.read_table("siblings"), "module"))

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The file of each module."""
        rows = tables.read_rows(self.read_table("modules"), "module", "path", "is_primary")
        return {module: path for module, path, is_primary in rows if is_primary}

    @cached_property
    def packages(self) -> Mapping[str, str]:
        """Where the relative imports of each file start."""
        rows = tables.read_rows(self.read_table("modules"), "module", "path", "kind", "is_primary")
        return {
            path: module if kind == "package" else module.rpartition(".")[0]
            for module, path, kind, is_primary in rows
            if is_primary and kind in {"module", "package"}
        }

    @cached_property
    def by_last_part(self) -> Mapping[str, tuple[str, ...]]:
        """The modules by the last part of their names."""
        found: dict[str, list[str]] = {}
        for module in sorted(self.kinds):
            found.setdefault(module.rpartition(".")[2], []).append(module)
        return {name: tuple(modules) for name, modules in found.items()}

    def is_free(self, tree: SourceTree, module: str, path: str) -> bool:
        """Return whether a new module can have a name and a file: nothing else has them, nor binds the name."""
        rows = tables.read_rows(self._choose_paths("import_path", [module]), "kind")
        is_bound = any(kind != "module" for (kind,) in rows)
        is_file = any(tree.has_file(each) for each in (path, f"{path.removesuffix('.py')}/__init__.py"))
        return not is_bound and not is_file and module not in self.kinds and module not in sys.stdlib_module_names

    def find_sure(self, import_paths: Iterable[str]) -> dict[str, str]:
        """Return the definitions behind those import paths that lead to one object whatever happens."""
        columns = ("import_path", "definition", "certainty")
        rows = tables.read_rows(self._choose_paths("import_path", import_paths), *columns)
        return {path: definition for path, definition, certainty in rows if certainty == "certain"}

    def find_bound(self, import_paths: Collection[str]) -> set[str]:
        """Return those import paths that yield something: a name that is certain, or a submodule."""
        rows = tables.read_rows(self._choose_paths("import_path", import_paths), "import_path", "certainty")
        bound = {path for path, certainty in rows if certainty == "certain"}
        return bound | {path for path in import_paths if path in self.kinds}

    def choose_paths_named(self, names: Iterable[str]) -> pa.Table:
        """Return the rows of ``tables.PATHS`` of some names."""
        return self._choose_paths("name", names)

    def _choose_paths(self, column: str, wanted: Iterable[str]) -> pa.Table:
        paths = self.read_table("paths")
        return paths.filter(pc.is_in(paths[column], pa.array(sorted(set(wanted)), tables.TEXT)))
