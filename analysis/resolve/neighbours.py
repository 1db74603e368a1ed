"""Bare imports of what lies beside the importer, inside a package: a name that no folder of the search path has."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

import pyarrow as pa

from analysis import tables
from analysis.facts.source import parse
from analysis.facts.source_tree import SourceTree
from analysis.resolve.modules import Module, ModuleIndex
from analysis.resolve.standard_library import STANDARD

_MOST_BYTES = 1 << 20
#: Where a project says which third-party packages it needs.
_REQUIREMENTS = (
    "pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "requirements-dev.txt", "dev-requirements.txt",
    "requirements.in", "environment.yml", "Pipfile", "conda.yaml",
)  # fmt: skip


class Neighbours:
    """Which module of the tree has a top-level name that nothing on the path has, and whether it is surely meant."""

    def __init__(self, index: ModuleIndex, tree: SourceTree, imports: pa.Table, bindings: pa.Table) -> None:
        self._index = index
        self._tree = tree
        self._imports = imports
        self._bindings = bindings
        self._users: dict[str, set[str]] | None = None
        self._bound: dict[str, set[str]] | None = None
        self._texts: dict[str, str] = {}
        self._places: dict[str, list[Module]] = defaultdict(list)
        for module in index.all:
            if module.number == module.primary and module.path.endswith((".py", "/")):
                self._places[module.plain.rpartition(".")[2]].append(module)

    @property
    def names(self) -> frozenset[str]:
        """The last components of all modules: what may lie in the tree although it is external to its importer."""
        return frozenset(self._places)

    def find_in_tree(self, importer: Module, first: str) -> str:
        """Return the file or folder of the tree that has a top-level name, the one beside the importer first."""
        found = self._places.get(first, ()) if first not in STANDARD else ()
        chosen = sorted(
            found, key=lambda module: (_folder(module) != importer.folder, module.path.count("/"), module.path)
        )
        return chosen[0].path if chosen else ""

    def find_meant(self, importer: Module, module: str, name: str) -> Module | None:
        """Return the module beside an importer that an absolute import surely means, although it does not find it.

        Everybody who imports the name has such a neighbour, the neighbour has what is taken from it, and no
        requirement of the project has the name.
        """
        first, _, rest = module.partition(".")
        beside = self._find_beside(importer, first)
        if beside is None or not self._is_of_neighbours(first) or self._is_required(first):
            return None
        if rest:
            return beside if self._index.find_in(beside.root, f"{beside.plain}.{rest}") is not None else None
        wanted = {name} - {"", "*"} or self.find_used(importer.path, first)
        return beside if wanted and wanted <= self.list_names(beside) else None

    def _find_beside(self, importer: Module, first: str) -> Module | None:
        folder = importer.dotted_folder
        above = self._index.find_in(importer.root, folder) if folder else None
        if above is None or above.kind != "package" or first in STANDARD:
            return None
        found = self._index.find_in(importer.root, f"{folder}.{first}")
        return None if found is None or found.path == importer.path else found

    def _is_of_neighbours(self, first: str) -> bool:
        """Return whether everybody who imports a name has a module of that name beside it, and none is that module."""
        if self._users is None:
            self._users = defaultdict(set)
            for path, level, module in tables.read_rows(self._imports, "path", "level", "module"):
                if not level and (top := module.partition(".")[0]) in self._places:
                    self._users[top].add(path)
        importers = (self._index.find_file(path) for path in self._users.get(first, ()))
        return all(importer is None or self._find_beside(importer, first) is not None for importer in importers)

    def _is_required(self, first: str) -> bool:
        """Return whether a file of requirements has the name, as a word."""
        word = re.compile(rf"(?<![\w.]){'[-_.]'.join(map(re.escape, first.split('_')))}(?![\w.])", re.IGNORECASE)
        return any(word.search(self._read(path)) for path in _REQUIREMENTS)

    def find_used(self, path: str, module: str) -> set[str]:
        """Return the attributes that a file takes from a module that it imports, as far as its code shows it."""
        text = self._read(path)
        renamed = re.search(rf"\bimport {module} as (\w+)", text)
        name = renamed[1] if renamed else module
        found = set(re.findall(rf"(?<![\w.]){name}\.([A-Za-z_]\w*)", text))
        tree = parse(text.encode()).tree if found else None
        if tree is None:
            return found
        return {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
        }

    def list_names(self, module: Module) -> set[str]:
        """Return the names that a module binds, and its submodules; ``*`` where it takes all of another one."""
        if self._bound is None:
            self._bound = defaultdict(set)
            for path, name in tables.read_rows(self._bindings, "path", "name"):
                self._bound[path].add(name)
        return self._bound[module.path] | (self._children[module.plain] if module.is_package else set())

    @cached_property
    def _children(self) -> Mapping[str, set[str]]:
        """What follows each dotted name in the name of a module."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self._index.all:
            above, _, name = module.plain.rpartition(".")
            while above and name not in found[above]:
                found[above].add(name)
                above, _, name = above.rpartition(".")
        return found

    def _read(self, path: str) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = self._tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8", "replace")
            except OSError:
                self._texts[path] = ""
        return self._texts[path]


def _folder(module: Module) -> str:
    """Return the folder in which a module lies: of a package that around its own folder."""
    return module.folder.rpartition("/")[0] if module.is_package else module.folder
