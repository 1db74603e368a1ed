"""Import statements that take a class by a path that is not canonical."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.canonical import ALLOWED_ROUTES, ClassPath, is_private
from analysis.names.paths import Resolution
from analysis.names.usage import Taken
from analysis.resolve.modules import Module
from analysis.resolve.values import Value, choose


def build_violations(resolution: Resolution, stated: frozenset[str] = frozenset()) -> pa.Table:
    """Return ``tables.VIOLATIONS``, sorted by file and line: one row per class that a statement takes.

    Where the policy states a path (``stated``), every other one is a violation; elsewhere the defining module
    and the packages around it are right.
    """
    rows: list[tuple[Any, ...]] = []
    for target, name in _find_suspects(resolution, is_stated=bool(stated)):
        statements = resolution.usage.rows[target, name]
        module = resolution.modules[target]
        outcome = resolution.resolver.resolve(module, name)
        value = choose(outcome).value if outcome else None
        if value is None or not value.is_class:
            continue
        taken = f"{module.name}.{name}"
        route = resolution.routes.find(module, name, value)
        right = resolution.canonical.get(value.target)
        if _is_allowed(taken, route, right, stated):
            continue
        is_declared = resolution.routes.is_declared(module, name)
        rows.extend((*row, is_declared) for row in _rows(resolution, statements, (name, taken, value, right, route)))
    rows.sort(key=lambda row: (row[1], row[2], row[4]))
    return tables.VIOLATIONS.from_rows(rows)


def _find_suspects(resolution: Resolution, *, is_stated: bool) -> list[Taken]:
    """Return the taken names that may be classes by another way than their module or the packages around it."""
    paths = resolution.paths
    is_suspect = pc.is_in(paths["kind"].cast(tables.TEXT), pa.array(tables.CLASS_KINDS))
    if not is_stated:
        is_right = pc.is_in(paths["route"].cast(tables.TEXT), pa.array(sorted(ALLOWED_ROUTES)))
        is_suspect = pc.and_not(is_suspect, is_right)
    return sorted([*resolution.find_used(is_suspect), *resolution.find_unlisted()])


def _is_allowed(taken: str, route: str, right: ClassPath | None, stated: frozenset[str]) -> bool:
    if right is not None and right.import_path in stated:
        return taken == right.import_path
    return route in ALLOWED_ROUTES


def _is_around(right: ClassPath, importer: Module | None) -> bool:
    """Return whether the canonical path lies in the importer itself or a package around it.

    Such a package may be half executed while the importer is, and one cannot take a class from itself.
    """
    package = right.import_path.rpartition(".")[0]
    return importer is not None and (importer.name == package or importer.name.startswith(f"{package}."))


def _is_hidden(canonical: str, taken: str, importer: Module | None) -> bool:
    """Return whether the canonical path leads through a module that is private to a package around it alone.

    Who stands outside of that package takes the class from a public module, and that is right.
    """
    name = importer.name if importer else ""
    return _is_private_to(canonical, name) and not is_private(taken.rpartition(".")[0])


def _is_private_to(import_path: str, importer: str) -> bool:
    parts = import_path.split(".")
    for place, part in enumerate(parts[:-1]):
        package = ".".join(parts[:place])
        if is_private(part) and importer != package and not importer.startswith(f"{package}."):
            return True
    return False


def _rows(
    resolution: Resolution, statements: list[int], taken: tuple[str, str, Value, ClassPath | None, str]
) -> Iterator[tuple[Any, ...]]:
    columns = resolution.statements
    name, import_path, value, right, route = taken
    own = value.target.replace(":", ".")
    for row in statements:
        importer = resolution.index.find_importer(columns.path[row])
        canonical = own if right is None or _is_around(right, importer) else right.import_path
        if canonical == import_path or _is_hidden(canonical, import_path, importer):
            continue
        yield (
            importer.name if importer else "", columns.path[row], columns.line[row], name, import_path, value.target,
            canonical, route, columns.scope[row], columns.guard[row],
        )  # fmt: skip
