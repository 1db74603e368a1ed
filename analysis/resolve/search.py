"""Which module of the tree a dotted name means to an importer, by Python's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis.facts.absolute import absolute_name
from analysis.facts.starting import StartFolders
from analysis.resolve.modules import NAMESPACE, NOTEBOOK, Module, ModuleIndex
from analysis.resolve.standard_library import ALWAYS_FIRST, STANDARD


class Found(NamedTuple):
    """A module of the tree that a dotted name means, and the rule that found it: the column ``via`` of ``edges``."""

    module: Module
    via: str


class Finder:
    """Finds modules by name, seen from a module of the index.

    ``imports`` are all import statements: which folders they name says which files are imported, and which are run.
    """

    def __init__(self, index: ModuleIndex, imports: pa.Table) -> None:
        self.index = index
        self._searched: dict[str, tuple[str, ...]] = {}
        self._named = _find_named(imports)
        self._run_folders: dict[int, str] = {}
        self._known: dict[tuple[object, ...], Found | None] = {}

    def find_module(self, importer: Module, absolute: str) -> Found | None:
        """Return the module of the tree that an absolute name means to an importer; None for one that is not there.

        Standard library and built-in modules come first, as they do for CPython; then the roots; then, for a file that
        is run and not imported, its own folder.
        """
        pushed = self.find_pushed(importer)
        view = (importer.root, self.find_run_folder(importer), self.find_searched(importer), pushed, absolute)
        if view not in self._known:
            self._known[view] = self._find(importer, absolute)
        found = self._known[view]
        if found is not None and found.module is importer and found.via == "script-folder":
            return self._find_on_path(importer, absolute)  # a script does not mean itself
        return found

    @property
    def starts(self) -> StartFolders:
        """The folders that only some importers search."""
        return StartFolders()

    def find_searched(self, importer: Module) -> tuple[str, ...]:
        """Return the folders that an importer searches besides the roots, the nearest first."""
        if not self.index.searched:
            return ()
        if importer.folder not in self._searched:
            found = self.starts.find_for(importer.path, self.index.searched_folders)
            self._searched[importer.folder] = tuple(dict.fromkeys(each.folder or "." for each in found))
        return self._searched[importer.folder]

    @cached_property
    def pushed(self) -> Mapping[str, Mapping[str, str]]:
        """The folders that files put first before they import something: by file and top-level name."""
        return {}

    def find_pushed(self, importer: Module) -> tuple[tuple[str, str], ...]:
        """Return the top-level names that a file takes from folders that it has put first, with the folders."""
        found = self.pushed.get(importer.path)
        return tuple(found.items()) if found else ()

    def find_top(self, importer: Module, first: str) -> Module | None:
        """Return the module or package of a top-level name, on the roots and on what the importer searches."""
        pushed = self.pushed.get(importer.path, {}).get(first)
        if pushed is not None:
            return self.index.find_in(pushed, first)
        found = self.index.find(first, importer.root)
        places = (self.index.find_in(root, first) for root in self.find_searched(importer))
        return found or next(filter(None, places), None)

    def find_relative(self, importer: Module, absolute: str) -> Found | None:
        """Return the module that a relative import means, from its absolute name: no standard library comes before."""
        found = self.index.find(absolute, importer.root)
        if found is None:
            return None
        return Found(found, "plain" if found.root == importer.root else "second-root")

    def find_written(self, importer: Module, level: int, module: str) -> tuple[str, Found | None]:
        """Return absolute name and module of what a statement names; an empty name beyond the top package."""
        absolute = absolute_name(importer.package, level, module)
        if not absolute:
            return "", None
        return absolute, (self.find_relative if level else self.find_module)(importer, absolute)

    def _find(self, importer: Module, absolute: str) -> Found | None:
        if not self.find_run_folder(importer):
            return self._find_on_path(importer, absolute)
        if self._is_run_in_its_folder(importer):
            return self._find_beside(importer, absolute) or self._find_on_path(importer, absolute)
        found = self._find_on_path(importer, absolute)
        first = absolute.partition(".")[0]
        if found is None and self.index.find(first, importer.root) is None:
            return self._find_beside(importer, absolute)
        return found

    def _find_on_path(self, importer: Module, absolute: str) -> Found | None:
        if self.is_standard(importer, absolute.partition(".")[0]):
            return None
        first = absolute.partition(".")[0]
        pushed = self.pushed.get(importer.path, {}).get(first)
        if pushed is not None:
            module = self.index.find_in(pushed, absolute)
            return None if module is None else Found(module, "search-path")
        found = self.find_relative(importer, absolute)
        if found is None and self._is_open(self.index.find(first, importer.root)):
            module = self.index.find_along(self._find_roots(importer, first), absolute)
            return None if module is None else Found(module, "search-path")
        return found

    def _is_open(self, top: Module | None) -> bool:
        """Return whether folders that only some importers search may have modules below what the roots have."""
        return top is None or top.kind == NAMESPACE

    def _find_roots(self, importer: Module, first: str) -> list[str]:
        """Return the folders that an importer searches and that have a top-level name, but for the importer itself."""
        tops = ((root, self.index.find_in(root, first)) for root in self.find_searched(importer))
        return [root for root, top in tops if top is not None and top.path != importer.path]

    def is_standard(self, importer: Module, first: str) -> bool:
        """Return whether a top-level name is that of a module of the standard library, which nothing here hides.

        A module of another root is not on the path for sure, and a folder without ``__init__`` comes last.
        """
        if first in ALWAYS_FIRST or first not in STANDARD:
            return first in ALWAYS_FIRST
        own = self.index.find_in(importer.root, first)
        return own is None or own.kind == NAMESPACE

    def _find_beside(self, importer: Module, absolute: str) -> Found | None:
        """Return what lies beside a script under this name, if anything; the standard library goes before it."""
        folder = importer.dotted_folder
        if not folder or absolute.partition(".")[0] in STANDARD:
            return None
        found = self.index.find_in(importer.root, f"{folder}.{absolute}")
        return None if found is None else Found(found, "script-folder")

    def find_run_folder(self, importer: Module) -> str:
        """Return kind and folder of a file whose imports may search its folder; empty for one that is surely imported.

        A file is imported when it lies in a package, or at the top of a root.
        """
        known = self._run_folders.get(importer.number)
        if known is None:
            folder = importer.dotted_folder
            above = self.index.find_in(importer.root, folder) if folder else None
            is_inside = not folder or (above is not None and above.kind == "package")
            is_script = importer.kind in {"script", NOTEBOOK}
            known = f"{importer.kind} {folder}" if is_script or not is_inside else ""
            self._run_folders[importer.number] = known
        return known

    def _is_run_in_its_folder(self, importer: Module) -> bool:
        """Return whether a file is run as a script, for all we know: nobody imports anything from its folder."""
        return bool(importer.dotted_folder) and importer.dotted_folder not in self._named

    def is_reached_by_name(self, module: str, path: str) -> bool:
        """Return whether a first import of a module's name, as statements say it, comes to its file."""
        importer = self.index.find_file(path)
        return importer is None or not self.is_standard(importer, module.partition(".")[0])

    def is_missing(self, importer: Module, absolute: str) -> bool:
        """Return whether a dotted name lies below a file or package of the tree without being there.

        A namespace package may have parts elsewhere.
        """
        above = absolute.rpartition(".")[0]
        while above:
            found = self.index.find(above, importer.root)
            if found is not None:
                return found.kind != NAMESPACE
            above = above.rpartition(".")[0]
        return False


def _find_named(imports: pa.Table) -> frozenset[str]:
    """Return the dotted names that absolute imports say, and the packages above them."""
    found: set[str] = set()
    absolute = imports.filter(pc.equal(imports.column("level"), 0))
    for name in pc.unique(absolute.column("module")).to_pylist():
        above = name
        while above and above not in found:
            found.add(above)
            above = above.rpartition(".")[0]
    return frozenset(found)
