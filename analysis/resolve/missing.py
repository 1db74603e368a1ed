"""Imports of in-tree modules that do not exist: why they may exist after all, and what may have been meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.facts.test_files import is_test_file
from analysis.resolve.made import MadeFiles
from analysis.resolve.modules import Module, ModuleIndex

#: What compiled modules are made from.
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".pyx", ".rs", ".f90", ".pyf", ".so", ".pyd")
#: What a root holds where something is compiled.
_BUILDS = frozenset({"Cargo.toml", "CMakeLists.txt", "meson.build", "build.rs", "binding.gyp"})
#: How alike a name beside must be: to go before one of the same last part elsewhere, and to be named at all.
_VERY_NEAR = 0.87
_NEAR = 0.75


class Doubts:
    """Why a module that is not in the tree may exist at run time after all."""

    def __init__(
        self, modules: ModuleIndex, tree: SourceTree, *, files: pa.Table, imports: pa.Table, hooks: pa.Table
    ) -> None:
        self._tree = tree
        self._has_extensions = any(module.path.endswith((".so", ".pyd")) for module in modules.all)
        self._made = MadeFiles(tree)
        self._unparsed = {
            path for path, status in tables.read_rows(files, "path", "status") if status not in {"ok", "linked"}
        }
        self._registered: dict[bool, set[str]] = {False: set(), True: set()}
        self._registering: set[str] = set()
        self._extended: set[str] = set(_find_legacy_namespaces(imports))
        self._listings: dict[str, frozenset[str]] = {}
        for path, kind, name in tables.read_rows(hooks, "path", "kind", "name"):
            is_package = path.endswith("/__init__.py") or path == "__init__.py"
            # A module that serves any name serves ``__path__`` too: the submodules of another package are its own.
            if kind == "path_extended" or (kind == "module_getattr" and name == "*" and not is_package):
                self._extended.add(path)
            elif kind == "sys_modules" and name in {"*", "__name__"}:
                # A computed name is most often one below the module; one that replaces itself may serve any.
                self._registering.update(module.plain for module in modules.find_names(path))
            elif kind == "sys_modules":
                self._registered[is_test_file(path)].add(name)

    def find_reason(self, missing: str, around: Sequence[Module], *, in_test: bool) -> str:
        """Return ``no-such-module``, or why that is not certain; ``around`` are the modules on the way that exist.

        What tests put into ``sys.modules`` is there for tests only (``in_test``).
        """
        paths = {module.path for module in around}
        if paths & self._unparsed:
            return "in-unparsable-package"
        names = _find_prefixes(missing, beyond=around[-1].plain)
        if around[-1].plain in self._registering or any(
            not names.isdisjoint(self._registered[by_test]) for by_test in {False, in_test}
        ):
            return "registered-at-run-time"
        if paths & self._extended:
            return "path-extended"
        reason = self._look_on_disk(missing, around[-1])
        return reason if reason != "no-such-module" else self.find_made(missing, around[-1]) or reason

    def find_made(self, missing: str, parent: Module) -> str:
        """Return why a module below a package is missing from the tree alone: a build makes it, or git ignores it."""
        if parent.kind not in {"package", "namespace"}:
            return ""
        return self._made.find_reason(parent.path.rpartition("/")[0], missing[len(parent.plain) + 1 :].split("."))

    def _look_on_disk(self, missing: str, parent: Module) -> str:
        """The scan leaves files out, and folders without Python; compiled modules may not have been built yet."""
        if parent.kind == "extension":
            return "source-of-extension"
        rest = missing[len(parent.plain) + 1 :].split(".")
        if parent.kind not in {"package", "namespace"} or not all(map(str.isidentifier, rest)):
            return "no-such-module"
        names = self._list_folder(parent.path.rpartition("/")[0])
        first = rest[0]
        is_stub = self.is_stub(parent, first)
        if (first in names and not is_stub) or f"{first}.py" in names:
            return "left-out"
        stems = (first, f"{first}module")
        if any(name.startswith(tuple(f"{stem}." for stem in stems)) and _is_source(name) for name in names):
            return "source-of-extension"
        if is_stub:  # what is compiled, maybe for another platform, has a stub where it will be
            return "source-of-extension" if self.is_compiling else "stub-only"
        return "no-such-module"

    @property
    def is_compiling(self) -> bool:
        """Whether the target was built and has compiled modules, or says how to build some."""
        return self._has_extensions or not _BUILDS.isdisjoint(self._list_folder(""))

    def is_stub(self, package: Module, name: str) -> bool:
        """Return whether a package has a stub of a submodule: what type checkers find and no interpreter."""
        folder = package.path.rpartition("/")[0] if package.kind in {"package", "namespace"} else ""
        if not folder or not name.isidentifier():
            return False
        return f"{name}.pyi" in self._list_folder(folder) or "__init__.pyi" in self._list_folder(f"{folder}/{name}")

    def _list_folder(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(entry.name for entry in self._tree.list_folder(folder))
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]


def _is_source(name: str) -> bool:
    return name.endswith(_SOURCES) or any(f"{suffix}." in name for suffix in _SOURCES)


def _find_prefixes(name: str, beyond: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:length]) for length in range(beyond.count(".") + 2, len(parts) + 1)}


def _find_legacy_namespaces(imports: pa.Table) -> Iterable[str]:
    """Yield the ``__init__`` files that declare a namespace package by ``__import__("pkg_resources")`` or so."""
    dynamic = imports.filter(pc.equal(imports.column("kind").cast(pa.string()), "dynamic"))
    for path, module in tables.read_rows(dynamic, "path", "module"):
        if module in {"pkg_resources", "pkgutil"} and path.endswith("__init__.py"):
            yield path


@lru_cache(maxsize=20_000)
def find_close(name: str, known: tuple[str, ...], cutoff: float) -> str:
    """Return the known name that is spelled most alike, at least as similar as ``cutoff``; empty without one.

    It is remembered, as the same names are asked for at many commits of a history.
    """
    return next(iter(get_close_matches(name, known, n=1, cutoff=cutoff)), "")


class Nearest:
    """Which existing module may have been meant by a name that does not exist."""

    def __init__(self, modules: ModuleIndex) -> None:
        self._by_last: dict[str, list[str]] = defaultdict(list)
        self._children: dict[str, list[str]] = defaultdict(list)
        for module in modules.all:
            above, _, last = module.plain.rpartition(".")
            self._by_last[last].append(module.plain)
            self._children[above].append(last)
        self._answers: dict[str, str] = {}

    def find(self, missing: str, parent: str) -> str:
        """Return the closest name: one spelled alike in the same package, or one with the same last part elsewhere."""
        if missing not in self._answers:
            self._answers[missing] = self._find(missing, parent)
        return self._answers[missing]

    def _find(self, missing: str, parent: str) -> str:
        last = missing.rpartition(".")[2]
        beside = sorted(set(self._children[parent]) - {last}) if missing == f"{parent}.{last}" else []
        parts = set(missing.split("."))
        elsewhere = min(
            (name for name in self._by_last[last] if name != missing),
            key=lambda name: (-len(parts.intersection(name.split("."))), len(name), name),
            default="",
        )
        for cutoff in (_VERY_NEAR, _NEAR):
            close = find_close(last, tuple(beside), cutoff)
            if close:
                return f"{parent}.{close}"
            if elsewhere:
                break
        return elsewhere
