"""Which file a dotted name means, seen from a given root or package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

#: Separates a module name from its root where two roots hold modules of one name.
ROOT_MARK = "@"


@dataclass(frozen=True, slots=True)
class Module:
    """One importable module: a file, or the folder of a namespace package.

    ``name`` is its primary name, ``plain`` the same without a root mark: what statements call it.
    ``source`` is the file that holds its statements: of a compiled module the source beside it, if any.
    """

    number: int
    name: str
    plain: str
    root: str
    path: str
    kind: str
    source: str

    @property
    def is_package(self) -> bool:
        return self.kind in {"package", "namespace"}

    @property
    def package(self) -> str:
        """The plain name that relative imports start from."""
        return self.plain if self.is_package else self.plain.rpartition(".")[0]


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
        self._add_primary(live, sources)
        for row in live:
            module = self._by_path.get(row["path"])
            if module is not None:
                plain = row["module"].partition(ROOT_MARK)[0]
                self._by_root.setdefault((row["root"], plain), module)
                if plain == row["module"]:
                    self._by_plain.setdefault(plain, module)
        self._tops = {plain.partition(".")[0] for _, plain in self._by_root}

    def _add_primary(self, live: Iterable[Mapping[str, str]], sources: Mapping[str, str]) -> None:
        for row in sorted(live, key=lambda row: (not row["is_primary"], row["module"], row["path"])):
            path = row["path"]
            if path in self._by_path:
                continue
            is_compiled = row["kind"] == "extension"
            source = sources.get(path, "") if is_compiled else path
            plain = row["module"].partition(ROOT_MARK)[0]
            module = Module(len(self.modules), row["module"], plain, row["root"], path, row["kind"], source)
            self.modules.append(module)
            self._by_path[path] = module
            if source:
                self._by_path.setdefault(source, module)

    def find(self, plain: str, root: str) -> Module | None:
        """Return the module that a statement in a file below ``root`` gets by an absolute name."""
        return self._by_root.get((root, plain)) or self._by_plain.get(plain)

    def find_child(self, package: Module, name: str) -> Module | None:
        """Return the submodule of a package."""
        return self.find(f"{package.plain}.{name}", package.root) if package.is_package else None

    def find_file(self, path: str) -> Module | None:
        """Return the module that a file holds the statements of."""
        return self._by_path.get(path)

    def is_in_tree(self, plain: str) -> bool:
        """Return whether the first component of a dotted name is a module or package of the target."""
        return plain.partition(".")[0] in self._tops


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
