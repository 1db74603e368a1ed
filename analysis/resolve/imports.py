"""What an import statement yields, for this importer: the one answer that graph, names, simulation and probe share.

An absolute import means exactly that dotted name; ``from a import b`` takes the attribute ``b`` of ``a`` where it has
one, else the submodule ``a.b``; importing ``a.b.c`` runs ``a`` and ``a.b`` on the way; a script finds what lies in its
own folder.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from analysis import tables
from analysis.facts.source_tree import SourceTree, read_if_any
from analysis.facts.starting import StartFolders, find_start_folders
from analysis.facts.test_files import is_test_file
from analysis.resolve.missing import Doubts, Nearest
from analysis.resolve.modules import NAMESPACE, Module, ModuleIndex
from analysis.resolve.namespace_parts import NamespaceParts
from analysis.resolve.neighbours import Neighbours
from analysis.resolve.pushed_names import find_pushed_names
from analysis.resolve.registered import find_registered
from analysis.resolve.search import Finder, Found
from analysis.resolve.settled import settle_conditions

#: The reason of a phantom that lies beside its importer, inside a package: the bare name is nowhere.
NOT_ON_PATH = "not-on-path"
#: The reason of a statement whose dots lead beyond the top-level package.
BEYOND_TOP = "beyond-top"


class ImportFacts(Protocol):
    """The facts that decide what imports mean."""

    @property
    def root(self) -> Path:
        """The folder of the target."""

    @property
    def tree(self) -> SourceTree:
        """The files of the target."""

    @property
    def files(self) -> pa.Table:
        """The files, for those without a syntax tree."""

    @property
    def modules(self) -> pa.Table:
        """The module names."""

    @property
    def start_marks(self) -> pa.Table:
        """The statements that change the search path."""

    @property
    def start_evidence(self) -> pa.Table:
        """What other files say of starts and search paths."""

    @property
    def imports(self) -> pa.Table:
        """The import statements."""

    @property
    def bindings(self) -> pa.Table:
        """The statements that bind names: constants of modules decide what runs."""

    @property
    def exports(self) -> pa.Table:
        """The names of ``__all__``: a star import of a package imports the submodules among them."""

    @property
    def loads(self) -> pa.Table:
        """What modules put into ``sys.modules`` under further names."""

    @property
    def hooks(self) -> pa.Table:
        """What modules register while they run."""


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """What one import statement yields: modules of the tree, or what is missing and whose it may be.

    ``absolute`` is the name of the module that the statement names, ``base`` its number where it is in the tree, else
    -1. ``imported`` are in-tree modules (several for a star that a package's ``__all__`` answers with submodules),
    ``ancestors`` the packages that run on the way. ``missing`` is set when there is no such module in the tree; then
    ``reason`` is that of a phantom, or ``origin`` says whose module it is; then ``in_tree`` is what has its first
    component all the same, elsewhere. ``is_beyond``: its dots lead beyond the top.
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
    in_tree: str = ""


class ImportResolver(Finder):
    """Answers what imports yield, seen from a module of the index."""

    def __init__(self, facts: ImportFacts) -> None:
        self._marks, self._evidence, self._tree = facts.start_marks, facts.start_evidence, facts.tree
        self._registered: Mapping[str, Module] = {}  # the conditions that are settled first may ask already
        self._ours: dict[int, bool] = {}
        self._imports = facts.imports
        super().__init__(ModuleIndex(facts.modules), facts.imports)
        imports, bindings = settle_conditions(facts.imports.combine_chunks(), facts.bindings, self)
        self.statements, self.bindings = imports, bindings
        self._doubts = Doubts(self.index, facts.tree, files=facts.files, imports=imports, hooks=facts.hooks)
        self._parts = NamespaceParts(facts.tree)
        self._lists = _read_lists(facts.exports)
        self._nearest: Nearest | None = None
        self._registered = dict(find_registered(self.index, facts.loads, imports, self.find_taken))

    @cached_property
    def starts(self) -> StartFolders:
        """The folders that only some importers search, and the modules that texts name."""
        return find_start_folders(self._marks, self._evidence, self.index.paths)

    @cached_property
    def pushed(self) -> Mapping[str, Mapping[str, str]]:
        """The folders that files put first, by file and top-level name: all imports of the name follow on the edit."""
        return find_pushed_names(self.starts, self.index, self._imports)

    def read_first(self, path: str, most_bytes: int) -> bytes:
        """Return the first bytes of a file of the target; none of one that cannot be read."""
        return read_if_any(self._tree, path, most_bytes=most_bytes)

    @cached_property
    def neighbours(self) -> Neighbours:
        """What lies in the tree under names that nothing on the path has."""
        return Neighbours(self.index, self._tree, self.statements, self.bindings)

    # What a statement yields

    def find_view(self, importer: Module, level: int) -> tuple[object, ...]:
        """Return what imports of a module depend on: modules of one view get the same answers.

        But for what lies beside them, which ``answer_imports`` asks apart: itself, a neighbour that is not found.
        """
        is_test = is_test_file(importer.path)
        own = importer.package if level else self.find_run_folder(importer)
        return (importer.root, is_test, own, self.find_searched(importer), self.find_pushed(importer))

    def resolve(self, importer: Module, level: int, module: str, name: str) -> ImportAnswer:
        """Return what one import yields; ``name`` is empty for ``import a``, ``*`` for a star."""
        if module.startswith("./"):
            return self._run(importer, module)
        absolute, found = self.find_written(importer, level, module)
        if not absolute:
            return ImportAnswer(missing="." * level + module, reason=BEYOND_TOP, is_beyond=True)
        if found is not None:
            return self._answer(absolute, found, importer, name)
        if level:
            return self._miss(absolute, absolute, importer)
        first = module.partition(".")[0]
        if self.is_standard(importer, first):
            return ImportAnswer(absolute, missing=module, origin="stdlib")
        if self.find_top(importer, first) is None:
            return self._find_outside(absolute, importer, module, name)
        return self._miss(absolute, absolute, importer)

    def _run(self, importer: Module, path: str) -> ImportAnswer:
        """Return what ``%run`` of a path runs: a file beside the notebook, or below the target, where it may start."""
        for folder in (importer.folder, ""):
            found = self.index.find_importer(posixpath.normpath(posixpath.join(folder, path)))
            if found is not None:
                return ImportAnswer(path, found.number, (found.number,), via="run")
        return ImportAnswer(path, missing=path, origin="unknown")

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
        if "." not in namespace.plain and not self._is_ours(namespace, importer):
            origin = "external" if name else "unknown"
            return ImportAnswer(absolute, missing=namespace.plain, origin=origin)
        if name and name != "*":
            return self._miss(absolute, f"{namespace.plain}.{name}", importer, namespace.number)
        around = tuple([package.number for package in self.index.find_around(namespace)])
        return ImportAnswer(absolute, namespace.number, (namespace.number,), around, found.via)

    def _is_ours(self, namespace: Module, importer: Module) -> bool:
        """Return whether a folder without ``__init__`` at the top is what its name means, for all we know.

        A package of that name elsewhere would go before it; it does not where modules below the folder are imported
        by that name, or import themselves from there.
        """
        if namespace.number not in self._ours:
            prefix = f"{namespace.plain}."
            named = (name for name in self._named if name.startswith(prefix))
            is_ours = any(self.index.find(name, namespace.root) is not None for name in named)
            self._ours[namespace.number] = is_ours
        return self._ours[namespace.number] or importer.plain.startswith(f"{namespace.plain}.")

    def may_be_elsewhere(self, namespace: Module, importer: Module) -> bool:
        """Return whether what a top-level folder without ``__init__`` lacks may lie outside of the target."""
        name = namespace.plain.partition(".")[0]
        return not self._is_ours(namespace, importer) or self._parts.may_be_elsewhere(name, importer.root)

    def find_relative(self, importer: Module, absolute: str) -> Found | None:
        """Return the module that a dotted name means, also one that a package registers under it."""
        found = super().find_relative(importer, absolute)
        if found is None and absolute in self._registered:
            return Found(self._registered[absolute], "registered")
        return found

    def find_taken(self, importer: Module, level: int, module: str, name: str) -> Module | None:
        """Return the module that one name of an import statement is; None where it is something else."""
        _, found = self.find_written(importer, level, module)
        if found is None or not name:
            return None if found is None else found.module
        return self.index.find_child(found.module, name)

    # What is not there

    def _find_outside(self, absolute: str, importer: Module, module: str, name: str) -> ImportAnswer:
        """No folder of the path has the name: a third party's, or that of a neighbour, which Python does not find."""
        beside = self.neighbours.find_meant(importer, module, name)
        if beside is not None and importer.folder not in {each.folder for each in self.starts.folders}:
            nearest = f"{importer.dotted_folder}.{module}"
            return ImportAnswer(absolute, missing=module, reason=NOT_ON_PATH, nearest=nearest)
        in_tree = self.neighbours.find_in_tree(importer, module.partition(".")[0])
        return ImportAnswer(absolute, missing=module, origin="external", in_tree=in_tree)

    def is_stub(self, package: Module, name: str) -> bool:
        """Return whether a package has a stub of a submodule and no module."""
        return self.index.find_child(package, name) is None and self._doubts.is_stub(package, name)

    @property
    def is_compiling(self) -> bool:
        """Whether a stub may be that of a module that is yet to be compiled."""
        return self._doubts.is_compiling

    def find_made(self, package: Module, name: str) -> str:
        """Return why a submodule is missing from the tree alone: a build makes it, or git ignores it; else nothing."""
        return self._doubts.find_made(f"{package.plain}.{name}", package)

    def _miss(self, absolute: str, missing: str, importer: Module, base: int = -1) -> ImportAnswer:
        """Something in the tree is named that does not exist; a namespace package may have parts elsewhere."""
        parts = missing.split(".")
        names = (".".join(parts[:length]) for length in range(1, len(parts)))
        top = self.find_top(importer, parts[0])
        root = top.root if top is not None and top.root in self.index.searched else importer.root
        found = (self.index.find(name, root) for name in names)
        around = [module for module in found if module is not None]
        if all(module.kind == NAMESPACE for module in around):
            if base >= 0 or not around or not self._is_ours(around[0], importer):
                return ImportAnswer(absolute, base, missing=missing, origin="unknown")
            if self.may_be_elsewhere(around[0], importer):
                return ImportAnswer(absolute, base, missing=missing, reason="another-part")
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
    for path, name, operation in tables.read_rows(exports, "path", "name", "operation"):
        if path.endswith("__init__.py") and operation in {"assign", "add"}:
            found[path].setdefault(name)
    return {path: list(names) for path, names in found.items()}
