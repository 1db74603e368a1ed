"""THE index of modules: which file a dotted name means, seen from a folder on the search path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.naming import ROOT_MARK

#: The kinds of modules that have no statements of their own that run: nothing executes when they are imported.
NAMESPACE = "namespace"
#: What has imports, and is never imported.
NOTEBOOK = "notebook"
_Row = tuple[str, str, str, str, bool, bool]


@dataclass(frozen=True, slots=True)
class Module:
    """One name under which a file, or the folder of a namespace package, is imported or run.

    ``plain`` is the name as statements say it: without the mark of its root. ``source`` is the file that holds its
    statements: of a compiled module the source beside it, if any. ``package`` is where its relative imports start,
    ``folder`` the folder of the file, ``dotted_folder`` the same as a dotted name below the root. ``primary`` is the
    number of the module that stands for the file: names and classes are known by it, whatever name reached them.
    ``own`` are the numbers of the module and of the packages that run before it, ``classes`` what a compiled module
    without a source states of itself.
    """

    number: int
    name: str
    plain: str
    root: str
    path: str
    kind: str
    source: str
    package: str
    folder: str
    dotted_folder: str
    primary: int
    is_package: bool
    own: set[int] = field(compare=False)
    classes: tuple[str, ...] = field(default=(), compare=False)


class ModuleIndex:
    """All modules of a target that can be imported or run, by name and by file.

    ``modules`` are those that stand for their files, importable by a name, sorted by it; their numbers are their
    places. ``all`` goes on with second names of the same files and with scripts. Shadowed files are in it only as the
    source of a compiled module.
    """

    def __init__(self, table: pa.Table) -> None:
        names = ("module", "path", "kind", "root", "is_primary", "is_searched", "shadowed_by")
        rows = sorted(zip(*(tables.read_column(table, name) for name in names), strict=True))
        self.paths = frozenset(row[1] for row in rows)
        self._classes = _read_classes(table)
        self._sources = {row[6]: row[1] for row in rows if row[6] and _is_source(row[1], row[2])}
        live = [row[:6] for row in rows if not row[6]]
        #: The folders that only some importers search: nobody else finds modules there.
        self.searched = frozenset(row[3] for row in live if row[5])
        primary = _choose_primary(live)
        stands = {row[1]: number for number, row in enumerate(primary)}
        chosen = set(primary)
        self.all: list[Module] = []
        for row in [*primary, *(row for row in live if row not in chosen)]:
            self._add(row, stands)
        self.modules: Sequence[Module] = self.all[: len(primary)]
        self._index()

    def _add(self, row: _Row, stands: Mapping[str, int]) -> None:
        name, path, kind, root, *_ = row
        plain = name.partition(ROOT_MARK)[0]
        above, number = plain.rpartition(".")[0], len(self.all)
        if kind == NOTEBOOK:
            self._add_notebook(name, path, root)
            return
        is_package = kind in {"package", NAMESPACE}
        source = self._sources.get(path, "") if kind == "extension" else path
        classes = () if source.endswith(".py") else self._classes.get(path, ())
        self.all.append(
            Module(
                number, name, plain, root, path, kind, source, plain if is_package else above,
                path.rpartition("/")[0], plain if kind == "package" else above,
                stands.get(path, number), is_package, set(), classes,
            )
        )  # fmt: skip

    def _add_notebook(self, name: str, path: str, root: str) -> None:
        """A notebook has a name to be shown, and no package: its relative imports fail."""
        plain, number = name.partition(ROOT_MARK)[0], len(self.all)
        folder, _, file = path.rpartition("/")
        dotted = plain[: -len(file.replace(ROOT_MARK, "%40")) - 1]
        self.all.append(
            Module(number, name, plain, root, path, NOTEBOOK, path, "", folder, dotted, number, False, set())
        )

    def _index(self) -> None:
        self._by_root: dict[str, dict[str, Module]] = defaultdict(dict)
        self._names_of: dict[str, list[Module]] = defaultdict(list)
        self._by_path: dict[str, Module] = {}
        for module in self.all:
            self._by_path.setdefault(module.path, module)
            if module.source and module.source != module.path:
                self._by_path.setdefault(module.source, module)
            if module.kind != NOTEBOOK:  # no statement can name one
                self._by_root[module.root][module.plain] = module
            self._names_of[module.path].append(module)
            if module.source.endswith(".py") and module.source != module.path:
                self._names_of[module.source] = [module]
        sizes = {root: len(found) for root, found in self._by_root.items()}
        self._roots_of: dict[str, list[str]] = defaultdict(list)
        for root in sorted(sizes.keys() - self.searched, key=lambda root: (-sizes[root], root)):
            for first in {plain.partition(".")[0] for plain in self._by_root[root]}:
                self._roots_of[first].append(root)
        for found in self._names_of.values():
            found.sort(key=lambda module: (module.name, module.root))
        for module in self.all:
            if module.kind == NOTEBOOK:
                module.own.add(module.number)
                continue
            module.own.update(package.number for package in self.find_around(module))
            module.own.add(module.number)

    @cached_property
    def searched_folders(self) -> frozenset[str]:
        """The same as folders below the target; empty for the target itself."""
        return frozenset("" if root == "." else root for root in self.searched)

    @cached_property
    def tops(self) -> frozenset[str]:
        """The first components of all names."""
        return frozenset(self._roots_of)

    # By name

    def find_in(self, root: str, plain: str) -> Module | None:
        """Return the module that a root gives a name, whatever other roots have."""
        return self._by_root[root].get(plain) if root in self._by_root else None

    def find(self, plain: str, root: str) -> Module | None:
        """Return the module that a name means to a file below ``root``, as the path finder of CPython finds it.

        The importer's root is first on the path, then the others, the largest first. The first of them that has a
        module or package of the name's first component decides alone; namespace packages are shared, and give way to
        a module or package in a later root. Constant for names that one root has.
        """
        first = plain.partition(".")[0]
        if root in self.searched and first in self._by_root[root]:
            return self._by_root[root].get(plain)
        roots = self._roots_of.get(first)
        if roots is None:
            return None
        if len(roots) == 1:
            return self._by_root[roots[0]].get(plain)
        return self.find_along([root, *(other for other in roots if other != root)], plain)

    def find_along(self, roots: Sequence[str], plain: str) -> Module | None:
        """Return the module of a name on some roots, in this order: namespace packages let the later ones go on."""
        parts = plain.split(".")
        found: list[Module] = []
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            found = [module for root in roots if (module := self.find_in(root, name)) is not None]
            decides = next((module for module in found if module.kind != NAMESPACE), None)
            if decides is not None:
                return self.find_in(decides.root, plain)
            roots = [module.root for module in found]
        return found[0] if found else None

    def find_child(self, package: Module, name: str) -> Module | None:
        """Return the submodule of a package; the parts of a namespace package may lie below several roots."""
        plain = f"{package.plain}.{name}"
        if package.kind == NAMESPACE:
            return self.find(plain, package.root) or self._find_in_searched(package, plain)
        return self.find_in(package.root, plain) if package.kind == "package" else None

    def _find_in_searched(self, package: Module, plain: str) -> Module | None:
        """Return a part of a namespace package that lies in another folder which some importers search."""
        return self.find_along(sorted(self.searched - {package.root}), plain) if self.searched else None

    def find_submodule(self, package: Module, name: str) -> Module | None:
        """Return the module that stands for the file of a submodule."""
        child = self.find_child(package, name) if package.is_package else None
        return None if child is None else self.all[child.primary]

    def find_around(self, module: Module) -> list[Module]:
        """Return the packages whose ``__init__`` runs before a module, the outermost first."""
        parts = module.plain.split(".")
        names = (".".join(parts[:length]) for length in range(1, len(parts)))
        found = (self.find_in(module.root, name) for name in names)
        return [package for package in found if package is not None and package.kind == "package"]

    def list_children(self) -> Iterator[tuple[Module, str, Module]]:
        """Yield each package that stands for its file with the name of each of its submodules, and the submodule."""
        packages: dict[str, list[Module]] = defaultdict(list)
        for module in self.modules:
            if module.is_package:
                packages[module.plain].append(module)
        plains = {plain for known in self._by_root.values() for plain in known}
        for plain in plains:
            above, _, name = plain.rpartition(".")
            for package in packages.get(above, ()):
                child = self.find_submodule(package, name)
                if child is not None and self.is_importable(child):
                    yield package, name, child

    # By file

    def find_names(self, path: str) -> Sequence[Module]:
        """Return the names under which a file is imported or run; none for one that Python never imports."""
        return self._names_of.get(path, ())

    def find_file(self, path: str) -> Module | None:
        """Return the module that a file holds the statements of, or the script that it is."""
        return self._by_path.get(path)

    def find_importer(self, path: str) -> Module | None:
        """Return the module or script whose statements run from a file; None for one that another shadows.

        The source beside a compiled module runs in its place; a stub is there for type checkers only.
        """
        module = self._by_path.get(path)
        is_meant = module is not None and (module.path == path or (module.source == path and path.endswith(".py")))
        return module if is_meant else None

    def is_importable(self, module: Module) -> bool:
        """Return whether a statement can name a module; a script is only run."""
        return module.primary < len(self.modules)


def _read_classes(table: pa.Table) -> dict[str, tuple[str, ...]]:
    """Return the classes that compiled modules state of themselves, by path."""
    is_compiled = pc.equal(table["kind"].cast(tables.TEXT), "extension")
    return {path: tuple(names) for path, names in tables.read_rows(table.filter(is_compiled), "path", "classes")}


def _is_source(path: str, kind: str) -> bool:
    return kind == "module" and path.endswith((".py", ".pyi"))


def _choose_primary(rows: Iterable[_Row]) -> list[_Row]:
    """Return one row for each file that a statement can name, in the order of the names."""
    chosen: dict[str, _Row] = {}
    for row in sorted(rows, key=lambda row: (not row[4], row[0], row[1])):
        if row[2] not in {"script", NOTEBOOK}:
            chosen.setdefault(row[1], row)
    return sorted(chosen.values(), key=lambda row: (not row[4], row[0], row[1]))
