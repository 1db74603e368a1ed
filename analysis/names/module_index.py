"""Which file a dotted name means, seen from a given root or package."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from analysis.facts.naming import ROOT_MARK


@dataclass(frozen=True, slots=True)
class Module:
    """One module: a file, or the folder of a namespace package. A script, which none can import, has number -1.

    ``name`` is its primary name, ``plain`` the same without a root mark: what statements call it.
    ``source`` is the file that holds its statements: of a compiled module the source beside it, if any.
    ``package`` is the plain name that its relative imports start from.
    """

    number: int
    name: str
    plain: str
    root: str
    path: str
    kind: str
    source: str
    is_package: bool
    package: str
    folder: str


def make_module(number: int, row: Mapping[str, str], source: str) -> Module:
    """Return the module of a row of ``modules``."""
    name, path = row["module"], row["path"]
    plain = name.partition(ROOT_MARK)[0]
    is_package = row["kind"] in {"package", "namespace"}
    package = plain if is_package else plain.rpartition(".")[0]
    folder = path.rpartition("/")[0]
    return Module(number, name, plain, row["root"], path, row["kind"], source, is_package, package, folder)


class ModuleIndex:
    """The modules of a target by name and by file. Files that Python never imports by a name are not in it."""

    def __init__(self, modules: pa.Table) -> None:
        self.modules: list[Module] = []
        self._by_root: dict[tuple[str, str], Module] = {}
        self._by_plain: dict[str, Module] = {}
        self._by_path: dict[str, Module] = {}
        rows = modules.to_pylist()
        sources = {row["shadowed_by"]: row["path"] for row in rows if row["kind"] == "module" and row["shadowed_by"]}
        live = [row for row in rows if not row["shadowed_by"] and row["kind"] != "script"]
        self._paths = {row["path"] for row in rows}
        self._scripts = {
            row["path"]: make_module(-1, row, row["path"])
            for row in rows
            if row["kind"] == "script" and not row["shadowed_by"]
        }
        self._add_primary(live, sources)
        for row in live:
            module = self._by_path.get(row["path"])
            if module is not None:
                plain = row["module"].partition(ROOT_MARK)[0]
                self._by_root.setdefault((row["root"], plain), module)
                if plain == row["module"]:
                    self._by_plain.setdefault(plain, module)

    def _add_primary(self, live: Iterable[Mapping[str, str]], sources: Mapping[str, str]) -> None:
        for row in sorted(live, key=lambda row: (not row["is_primary"], row["module"], row["path"])):
            path = row["path"]
            if path in self._by_path:
                continue
            is_compiled = row["kind"] == "extension"
            source = sources.get(path, "") if is_compiled else path
            module = make_module(len(self.modules), row, source)
            self.modules.append(module)
            self._by_path[path] = module
            if source:
                self._by_path.setdefault(source, module)

    def find(self, plain: str, root: str) -> Module | None:
        """Return the module that a statement in a file below ``root`` gets by an absolute name."""
        return self._by_root.get((root, plain)) or self._by_plain.get(plain)

    def find_from(self, importer: Module, absolute: str) -> Module | None:
        """Return the module that an absolute name means in a file: in the tree, or beside a file that is run."""
        first = absolute.partition(".")[0]
        if first in sys.builtin_module_names:
            return None
        found = self.find(absolute, importer.root)
        if found is None and first not in sys.stdlib_module_names and self.find(first, importer.root) is None:
            found = self._find_beside(importer, first, absolute)
        return found

    def _find_beside(self, importer: Module, first: str, absolute: str) -> Module | None:
        """A script finds what lies in its own folder, if that is no package."""
        prefix = f"{importer.folder}/" if importer.folder else ""
        if f"{prefix}__init__.py" in self._paths:
            return None
        for path in (f"{prefix}{first}/__init__.py", f"{prefix}{first}.py"):
            sibling = self._by_path.get(path)
            found = self.find(sibling.plain + absolute[len(first) :], sibling.root) if sibling else None
            if found is not None:
                return found
        return None

    def find_child(self, package: Module, name: str) -> Module | None:
        """Return the submodule of a package."""
        return self.find(f"{package.plain}.{name}", package.root) if package.is_package else None

    def list_children(self) -> Iterator[tuple[Module, str, Module]]:
        """Yield each package with the name of each of its submodules, and the submodule."""
        packages: dict[str, list[Module]] = defaultdict(list)
        for module in self.modules:
            if module.is_package:
                packages[module.plain].append(module)
        plains = {plain for _, plain in self._by_root} | self._by_plain.keys()
        for plain in plains:
            above, _, name = plain.rpartition(".")
            for package in packages.get(above, ()):
                child = self.find_child(package, name)
                if child is not None:
                    yield package, name, child

    def find_file(self, path: str) -> Module | None:
        """Return the module that a file holds the statements of."""
        return self._by_path.get(path)

    def find_importer(self, path: str) -> Module | None:
        """Return the module or script whose statements run from a file; None for one that another shadows.

        The source beside a compiled module speaks for it; a stub is there for type checkers only.
        """
        module = self._by_path.get(path)
        is_meant = module is not None and (module.path == path or (module.source == path and path.endswith(".py")))
        return module if is_meant else self._scripts.get(path)

    def is_missing(self, absolute: str, root: str) -> bool:
        """Return whether a dotted name lies below a file or package of the tree without being there.

        A namespace package may have parts elsewhere.
        """
        above = absolute.rpartition(".")[0]
        while above:
            found = self.find(above, root)
            if found is not None:
                return found.kind != "namespace"
            above = above.rpartition(".")[0]
        return False


def make_absolute(package: str, level: int, module: str) -> str:
    """Return the absolute name of ``from <level dots><module> import …`` in a package; empty beyond the top.

    >>> make_absolute("a.b", 1, "c"), make_absolute("a.b", 2, ""), make_absolute("a", 3, "x")
    ('a.b.c', 'a', '')
    """
    if level == 0:
        return module
    parts = package.split(".") if package else []
    if level > len(parts):
        return ""
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base
