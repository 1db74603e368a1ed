"""The modules of a target by name, as one of its files sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from analysis import tables
from analysis.facts.naming import ROOT_MARK


@dataclass(frozen=True, slots=True)
class Module:
    """One name of a file. ``plain`` is the name as statements say it: without the mark of its root.

    ``package`` is where relative imports start; ``folder`` is the dotted name of the folder that the file lies in;
    ``own`` are the numbers of the module and of the packages that run before it.
    """

    number: int
    name: str
    plain: str
    root: str
    path: str
    kind: str
    package: str
    folder: str
    own: set[int] = field(compare=False)


class Modules:
    """All modules that can be imported or run. Shadowed files are in it only as the source of a compiled module."""

    def __init__(self, table: pa.Table) -> None:
        self.all: list[Module] = []
        self._by_root: dict[str, dict[str, Module]] = defaultdict(dict)
        self._by_path: dict[str, list[Module]] = defaultdict(list)
        self._roots_of: dict[str, list[str]] = defaultdict(list)
        columns = (tables.read_column(table, name) for name in ("module", "path", "kind", "root", "shadowed_by"))
        rows = sorted(zip(*columns, strict=True))
        self._add([(name, path, kind, root) for name, path, kind, root, shadow in rows if not shadow])
        compiled = {module.path: module for module in self.all if module.kind == "extension"}
        for _, path, kind, _, shadow in rows:
            if shadow in compiled and kind == "module" and path.endswith(".py"):  # and not a stub
                self._by_path[path] = [compiled[shadow]]

    def _add(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        for name, path, kind, root in rows:
            plain = name.removesuffix(ROOT_MARK + root)
            above = plain.rpartition(".")[0]
            is_package = kind in {"package", "namespace"}
            module = Module(len(self.all), name, plain, root, path, kind, plain if is_package else above,
                            plain if kind == "package" else above, set())  # fmt: skip
            self.all.append(module)
            self._by_root[root][plain] = module
            self._by_path[path].append(module)
        sizes = {root: len(found) for root, found in self._by_root.items()}
        for root in sorted(sizes, key=lambda root: (-sizes[root], root)):
            for first in {plain.partition(".")[0] for plain in self._by_root[root]}:
                self._roots_of[first].append(root)
        for module in self.all:
            module.own.update(other.number for other in self.find_around(module))
            module.own.add(module.number)

    def find_file(self, path: str) -> Sequence[Module]:
        """Return the names under which a file runs; none for one that Python never imports."""
        return self._by_path.get(path, ())

    def find_in(self, root: str, plain: str) -> Module | None:
        """Return the module that a root gives this name."""
        return self._by_root[root].get(plain) if root in self._by_root else None

    def find(self, plain: str, root: str) -> Module | None:
        """Return the module that a name means in a file below ``root``.

        A package of its own root decides alone, as it is the first on the path; only where there is none, or a
        namespace package that is open to parts elsewhere, the other roots are asked, the largest first.
        """
        first = plain.partition(".")[0]
        own = self._by_root.get(root, {})
        found = own.get(plain)
        if found is None and (first not in own or own[first].kind == "namespace"):
            for other in self._roots_of.get(first, ()):
                found = self._by_root[other].get(plain)
                if found is not None:
                    break
        return found

    def find_child(self, package: Module, name: str) -> Module | None:
        """Return the submodule of a package; the parts of a namespace package may lie below several roots."""
        plain = f"{package.plain}.{name}"
        if package.kind == "namespace":
            return self.find(plain, package.root)
        return self.find_in(package.root, plain) if package.kind == "package" else None

    def find_around(self, module: Module) -> list[Module]:
        """Return the packages whose ``__init__`` runs before a module, the outermost first."""
        parts = module.plain.split(".")
        names = (".".join(parts[:length]) for length in range(1, len(parts)))
        found = (self.find_in(module.root, name) for name in names)
        return [package for package in found if package is not None and package.kind == "package"]
