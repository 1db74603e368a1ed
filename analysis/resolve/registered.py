"""Modules that a package puts into ``sys.modules`` under a further name: an import of that name yields the same one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from analysis import tables
from analysis.resolve.modules import Module, ModuleIndex

#: Before the rest of a name: that of the module itself.
OWN = "__name__"
_Resolve = Callable[[Module, int, str, str], Module | None]


def _spell(name: str, module: Module) -> str:
    """Return a name that a module registers, as statements say it."""
    return f"{module.plain}{name[len(OWN) :]}" if name.startswith(f"{OWN}.") else name


def find_registered(
    index: ModuleIndex, loads: pa.Table, imports: pa.Table, resolve: _Resolve
) -> Iterator[tuple[str, Module]]:
    """Yield the names that packages register for modules below them, each with the module that it means.

    Only what a package's own body does without a condition is certain, and only below it: it runs before whoever
    imports such a name. ``resolve`` says which module one name of an import statement is.
    """
    columns = ("path", "kind", "name", "value")
    rows = [
        (path, name, value)
        for path, kind, name, value in tables.read_rows(loads, *columns)
        if kind == "register" and value and name not in {"*", OWN} and path.endswith("__init__.py")
    ]
    bound = dict(read_bound(imports, {path for path, _, _ in rows}, is_sure=True)) if rows else {}
    for path, name, value in rows:
        for package in index.find_names(path):
            plain = _spell(name, package)
            known = bound.get((path, value))
            module = package if value == OWN else resolve(package, *known) if known else None
            if module is not None and plain.startswith(f"{package.plain}."):
                yield plain, module


def read_bound(
    imports: pa.Table, paths: set[str], *, is_sure: bool = False
) -> Iterator[tuple[tuple[str, str], tuple[int, str, str]]]:
    """Yield what import statements of some files bind, by file and name; of the sure ones where asked."""
    columns = ("path", "bound_as", "kind", "level", "module", "name", "scope", "guard")
    for path, bound_as, kind, level, module, name, scope, guard in tables.read_rows(imports, *columns):
        if path not in paths or kind not in {"import", "from"}:
            continue
        if not is_sure or (scope == "module" and guard == "none"):
            is_top = kind == "import" and module.startswith(f"{bound_as}.")  # import a.b binds a
            yield (path, bound_as), (level, bound_as if is_top else module, name)
            if kind == "import":
                yield (path, module), (level, module, name)
