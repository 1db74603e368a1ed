"""What an import means, by Python's own rules.

An absolute import means exactly that dotted name; ``from a import b`` takes the submodule ``a.b`` where there is one;
importing ``a.b.c`` runs ``a`` and ``a.b`` on the way; a script finds what lies in its own folder.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.facts.test_files import is_test_file
from analysis.graph.missing import Doubts, Nearest
from analysis.graph.modules import Module, Modules

#: Imported before any code of a target runs, so that nothing in a tree can take their place.
ALWAYS_STDLIB = frozenset(sys.builtin_module_names) | {
    "abc", "codecs", "encodings", "genericpath", "io", "os", "posixpath", "site", "stat", "zipimport",
}  # fmt: skip
#: No longer in the standard library, but never anybody else's.
_ONCE_STDLIB = frozenset({
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp",
    "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau",
    "telnetlib", "uu", "xdrlib",
})  # fmt: skip
_STDLIB = sys.stdlib_module_names | _ONCE_STDLIB | {"test"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one import means: modules of the tree, or what is missing and whose it may be.

    ``imported`` are in-tree modules (several for a star that a package's ``__all__`` answers with submodules),
    ``ancestors`` the packages that run on the way. ``missing`` is set when there is no such module in the tree; then
    ``reason`` is that of a phantom, or ``origin`` says whose module it is.
    """

    imported: tuple[int, ...] = ()
    ancestors: tuple[int, ...] = ()
    via: str = "plain"
    missing: str = ""
    origin: str = ""
    reason: str = ""
    nearest: str = ""


class Resolver:
    """Answers what imports mean, seen from a module.

    ``lists`` gives the literal ``__all__`` of a package by its path; ``named`` are all dotted names, and their
    packages, that absolute imports of the target say.
    """

    def __init__(
        self, modules: Modules, doubts: Doubts, lists: Mapping[str, Sequence[str]], named: frozenset[str]
    ) -> None:
        self._modules = modules
        self._doubts = doubts
        self._lists = lists
        self._named = named
        self._nearest: Nearest | None = None

    def find_view(self, importer: Module, level: int) -> tuple[object, ...]:
        """Return what imports of a module depend on: modules of one view get the same answers."""
        is_test = is_test_file(importer.path)
        if level:
            return (importer.root, is_test, importer.package)
        return (importer.root, is_test, *([] if self._is_in_package(importer) else [importer.folder, importer.kind]))

    def resolve(self, importer: Module, level: int, module: str, name: str) -> Meaning:
        """Return what one import means; ``name`` is empty for ``import a``, ``*`` for a star."""
        if level:
            return self._resolve_relative(importer, level, module, name)
        if module.partition(".")[0] in ALWAYS_STDLIB:
            return Meaning(missing=module, origin="stdlib")
        if self._is_run_in_its_folder(importer):
            return self._look_beside(importer, module, name) or self.resolve_elsewhere(importer, module, name)
        meaning = self.resolve_elsewhere(importer, module, name)
        if meaning.origin == "external" and not self._is_in_package(importer):
            is_known = self._modules.find(module.partition(".")[0], importer.root) is not None
            return (None if is_known else self._look_beside(importer, module, name)) or meaning
        return meaning

    def _resolve_relative(self, importer: Module, level: int, module: str, name: str) -> Meaning:
        parts = importer.package.split(".") if importer.package else []
        if level > len(parts):
            return Meaning(missing="." * level + module, origin="unknown")
        base = ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])
        return self._find(base, importer, name) or self._miss(base, importer)

    def resolve_elsewhere(self, importer: Module, module: str, name: str) -> Meaning:
        """Return what an absolute import means when nothing beside the importer is meant."""
        first = module.partition(".")[0]
        if first in _STDLIB:
            # A module of another root is not on the path for sure, and a folder without __init__ comes last.
            own = self._modules.find_in(importer.root, first)
            meaning = self._find(module, importer, name) if own is not None and own.kind != "namespace" else None
            return meaning or Meaning(missing=module, origin="stdlib")
        meaning = self._find(module, importer, name)
        if meaning is not None:
            return meaning
        if self._modules.find(first, importer.root) is None:
            return Meaning(missing=module, origin="external")
        return self._miss(module, importer)

    def _find(self, base: str, importer: Module, name: str) -> Meaning | None:
        """Return what a dotted name and a name in it mean, if the module is there."""
        found = self._modules.find(base, importer.root)
        if found is None:
            return None
        child = self._modules.find_child(found, name) if name and name != "*" else None
        if child is None and found.kind == "namespace":
            return self._find_in_namespace(found, importer, name)
        target = child or found
        imported = [target]
        if name == "*" and found.kind == "package":
            listed = (self._modules.find_child(found, item) for item in self._lists.get(found.path, ()))
            imported += [module for module in listed if module is not None]
        around = self._modules.find_around(target)
        via = "plain" if found.root == importer.root else "second-root"
        return Meaning(tuple(module.number for module in imported), tuple(module.number for module in around), via)

    def _find_in_namespace(self, namespace: Module, importer: Module, name: str) -> Meaning:
        """A namespace package has no names of its own; at the top, a package elsewhere goes before it."""
        if "." not in namespace.plain:
            return Meaning(missing=namespace.plain, origin="external" if name else "unknown")
        if name and name != "*":
            return self._miss(f"{namespace.plain}.{name}", importer)
        around = self._modules.find_around(namespace)
        via = "plain" if namespace.root == importer.root else "second-root"
        return Meaning((namespace.number,), tuple(module.number for module in around), via)

    def _miss(self, missing: str, importer: Module) -> Meaning:
        """Something in the tree is named that does not exist; a namespace package may have parts elsewhere."""
        parts = missing.split(".")
        names = (".".join(parts[:length]) for length in range(1, len(parts)))
        found = (self._modules.find(name, importer.root) for name in names)
        around = [module for module in found if module is not None]
        if all(module.kind == "namespace" for module in around):
            return Meaning(missing=missing, origin="unknown")
        if self._nearest is None:
            self._nearest = Nearest(self._modules)
        run = tuple(module.number for module in around if module.kind != "namespace")
        via = "plain" if around[-1].root == importer.root else "second-root"
        reason = self._doubts.find_reason(missing, around, in_test=is_test_file(importer.path))
        nearest = self._nearest.find(missing, around[-1].plain)
        return Meaning((), run, via, missing, reason=reason, nearest=nearest)

    def _is_in_package(self, importer: Module) -> bool:
        """Return whether a file is surely imported and not run: it lies in a package, or at the top of a root."""
        if importer.kind == "script":
            return False
        folder = self._modules.find_in(importer.root, importer.folder) if importer.folder else None
        return not importer.folder or (folder is not None and folder.kind == "package")

    def _is_run_in_its_folder(self, importer: Module) -> bool:
        """Return whether a file is run as a script, for all we know: nobody imports anything from its folder."""
        return bool(importer.folder) and not self._is_in_package(importer) and importer.folder not in self._named

    def _look_beside(self, importer: Module, module: str, name: str) -> Meaning | None:
        """Return what lies beside a script under this name, if anything; the standard library goes before it."""
        if not importer.folder or module.partition(".")[0] in _STDLIB:
            return None
        if self._modules.find_in(importer.root, f"{importer.folder}.{module}") is None:
            return None
        meaning = self._find(f"{importer.folder}.{module}", importer, name)
        if meaning is None or meaning.missing:
            return None
        depth = importer.folder.count(".") + 1
        inner = [number for number in meaning.ancestors if self._modules.all[number].plain.count(".") >= depth]
        return Meaning(meaning.imported, tuple(inner), "script-folder")
