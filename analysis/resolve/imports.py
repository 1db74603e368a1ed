"""What an import statement yields, for this importer: the one answer that graph, names, simulation and probe share.

An absolute import means exactly that dotted name; ``from a import b`` takes the attribute ``b`` of ``a`` where it has
one, else the submodule ``a.b``; importing ``a.b.c`` runs ``a`` and ``a.b`` on the way; a script finds what lies in its
own folder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.absolute import absolute_name
from analysis.facts.test_files import is_test_file
from analysis.resolve.missing import Doubts, Nearest
from analysis.resolve.modules import NAMESPACE, Module, ModuleIndex
from analysis.resolve.standard_library import ALWAYS_FIRST, STANDARD


class ImportFacts(Protocol):
    """The facts that decide what imports mean; ``root`` is the folder of the target."""

    @property
    def root(self) -> Path:
        """The folder of the target."""

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
    def exports(self) -> pa.Table:
        """The names of ``__all__``: a star import of a package imports the submodules among them."""

    @property
    def hooks(self) -> pa.Table:
        """What modules register while they run."""


class Found(NamedTuple):
    """A module of the tree that a dotted name means, and the rule that found it (``tables.VIAS``)."""

    module: Module
    via: str


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """What one import statement yields: modules of the tree, or what is missing and whose it may be.

    ``absolute`` is the name of the module that the statement names, ``base`` its number where it is in the tree, else
    -1. ``imported`` are in-tree modules (several for a star that a package's ``__all__`` answers with submodules),
    ``ancestors`` the packages that run on the way. ``missing`` is set when there is no such module in the tree; then
    ``reason`` is that of a phantom, or ``origin`` says whose module it is. ``is_beyond``: its dots lead beyond the top.
    """

    absolute: str = ""
    base: int = -1
    imported: tuple[int, ...] = ()
    ancestors: tuple[int, ...] = ()
    via: str = "plain"
    missing: str = ""
    origin: str = ""
    reason: str = ""
    nearest: str = ""
    is_beyond: bool = False


class ImportResolver:
    """Answers what imports yield, seen from a module of the index."""

    def __init__(self, facts: ImportFacts) -> None:
        self.index = ModuleIndex(facts.modules)
        self.statements = imports = facts.imports.combine_chunks()
        self._doubts = Doubts(self.index, facts.root, files=facts.files, imports=imports, hooks=facts.hooks)
        self._lists = _read_lists(facts.exports)
        self._named = _find_named(imports)
        self._nearest: Nearest | None = None
        self._run_folders: dict[int, str] = {}
        self._known: dict[tuple[str, str, str], Found | None] = {}

    # Which module a dotted name means

    def find_module(self, importer: Module, absolute: str) -> Found | None:
        """Return the module of the tree that an absolute name means to an importer; None for one that is not there.

        Standard library and built-in modules come first, as they do for CPython; then the roots; then, for a file that
        is run and not imported, its own folder.
        """
        view = (importer.root, self.find_run_folder(importer), absolute)
        if view not in self._known:
            self._known[view] = self._find(importer, absolute)
        found = self._known[view]
        if found is not None and found.module is importer and found.via == "script-folder":
            return self._find_on_path(importer, absolute)  # a script does not mean itself
        return found

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
        first = absolute.partition(".")[0]
        if first in ALWAYS_FIRST or (first in STANDARD and self._is_standard(importer, first)):
            return None
        return self.find_relative(importer, absolute)

    def _is_standard(self, importer: Module, first: str) -> bool:
        """Return whether the standard library's module goes before what the tree has under its name.

        A module of another root is not on the path for sure, and a folder without ``__init__`` comes last.
        """
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
            is_script = importer.kind == "script"
            known = f"{importer.kind} {folder}" if is_script or not is_inside else ""
            self._run_folders[importer.number] = known
        return known

    def _is_run_in_its_folder(self, importer: Module) -> bool:
        """Return whether a file is run as a script, for all we know: nobody imports anything from its folder."""
        return bool(importer.dotted_folder) and importer.dotted_folder not in self._named

    # What a statement yields

    def find_view(self, importer: Module, level: int) -> tuple[object, ...]:
        """Return what imports of a module depend on: modules of one view get the same answers.

        But for a script that finds itself beside it, which ``resolve`` knows.
        """
        is_test = is_test_file(importer.path)
        return (importer.root, is_test, importer.package if level else self.find_run_folder(importer))

    def resolve(self, importer: Module, level: int, module: str, name: str) -> ImportAnswer:
        """Return what one import yields; ``name`` is empty for ``import a``, ``*`` for a star."""
        absolute, found = self.find_written(importer, level, module)
        if not absolute:
            return ImportAnswer(missing="." * level + module, origin="unknown", is_beyond=True)
        if found is not None:
            return self._answer(absolute, found, importer, name)
        if level:
            return self._miss(absolute, absolute, importer)
        first = module.partition(".")[0]
        if first in ALWAYS_FIRST or (first in STANDARD and self._is_standard(importer, first)):
            return ImportAnswer(absolute, missing=module, origin="stdlib")
        if self.index.find(first, importer.root) is None:
            return ImportAnswer(absolute, missing=module, origin="external")
        return self._miss(absolute, absolute, importer)

    def _answer(self, absolute: str, found: Found, importer: Module, name: str) -> ImportAnswer:
        """Return what a module that is there, and a name in it, yield."""
        module = found.module
        child = self.index.find_child(module, name) if name and name != "*" else None
        if child is None and module.kind == NAMESPACE:
            return self._answer_namespace(absolute, found, importer, name)
        target = child or module
        imported = [target]
        if name == "*" and module.kind == "package":
            listed = (self.index.find_child(module, item) for item in self._lists.get(module.path, ()))
            imported += [child for child in listed if child is not None]
        around = self.index.find_around(target)
        if found.via == "script-folder":  # the packages around the script itself do not run
            depth = importer.dotted_folder.count(".") + 1
            around = [package for package in around if package.plain.count(".") >= depth]
        numbers = tuple([each.number for each in imported])
        return ImportAnswer(absolute, module.number, numbers, tuple([package.number for package in around]), found.via)

    def _answer_namespace(self, absolute: str, found: Found, importer: Module, name: str) -> ImportAnswer:
        """A namespace package has no names of its own; at the top, a package elsewhere goes before it."""
        namespace = found.module
        if "." not in namespace.plain:
            origin = "external" if name else "unknown"
            return ImportAnswer(absolute, namespace.number, missing=namespace.plain, origin=origin)
        if name and name != "*":
            return self._miss(absolute, f"{namespace.plain}.{name}", importer, namespace.number)
        around = tuple([package.number for package in self.index.find_around(namespace)])
        return ImportAnswer(absolute, namespace.number, (namespace.number,), around, found.via)

    # What is not there

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

    def _miss(self, absolute: str, missing: str, importer: Module, base: int = -1) -> ImportAnswer:
        """Something in the tree is named that does not exist; a namespace package may have parts elsewhere."""
        parts = missing.split(".")
        names = (".".join(parts[:length]) for length in range(1, len(parts)))
        found = (self.index.find(name, importer.root) for name in names)
        around = [module for module in found if module is not None]
        if all(module.kind == NAMESPACE for module in around):
            return ImportAnswer(absolute, base, missing=missing, origin="unknown")
        if self._nearest is None:
            self._nearest = Nearest(self.index)
        run = tuple([module.number for module in around if module.kind != NAMESPACE])
        via = "plain" if around[-1].root == importer.root else "second-root"
        reason = self._doubts.find_reason(missing, around, in_test=is_test_file(importer.path))
        nearest = self._nearest.find(missing, around[-1].plain)
        return ImportAnswer(absolute, base, (), run, via, missing, reason=reason, nearest=nearest)


def _read_lists(exports: pa.Table) -> Mapping[str, Sequence[str]]:
    """Return the literal names of ``__all__`` by file."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    columns = (tables.read_column(exports, name) for name in ("path", "name", "operation"))
    for path, name, operation in zip(*columns, strict=True):
        if path.endswith("__init__.py") and operation in {"assign", "add"}:
            found[path].setdefault(name)
    return {path: list(names) for path, names in found.items()}


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
