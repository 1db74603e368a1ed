"""Imports of names that do not exist, from modules that do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.context import expects_import_error
from analysis.facts.test_files import is_test_file
from analysis.names.canonical import ALLOWED_ROUTES, is_private
from analysis.names.paths import Resolution
from analysis.resolve.liveness import NEVER
from analysis.resolve.modules import Module

_MOST_SUGGESTED = 3


def build_phantom_names(resolution: Resolution) -> pa.Table:
    """Return ``tables.PHANTOM_NAMES``, sorted by file and line.

    Only what must fail is listed: a module that may get names in ways that cannot be seen (it does not parse,
    is compiled, has a star import of another package, computes names) is given the benefit of the doubt.
    """
    statements = resolution.statements
    rows: list[tuple[Any, ...]] = []
    missing = [
        (resolution.modules[target], name, resolution.usage.rows[target, name])
        for target, name in resolution.find_unlisted()
        if not _is_given(name) and not resolution.resolver.resolve(resolution.modules[target], name)
    ]
    missing += _find_own(resolution)
    homes = find_homes(resolution.paths, {name for _, name, _ in missing})
    for module, name, taken in missing:
        reason = _find_reason(resolution, module, name)
        if reason == "stub-only" and resolution.statements.imports.is_compiling:
            continue
        nearest = ""
        for row in taken:
            is_typing = statements.scope[row] == "type_checking"
            is_for_checkers = reason in {"type-checking-only", "stub-only"}
            if is_typing if is_for_checkers else statements.level[row] == NEVER and not is_typing:
                continue
            if expects_import_error(statements.caught[row]):
                continue
            nearest = nearest or _find_nearest(resolution, module, name)
            importer = resolution.index.find_importer(statements.path[row])
            rows.append(
                (importer.name if importer else "", module.name, name, statements.path[row], statements.line[row],
                 statements.scope[row], statements.guard[row], statements.caught[row],
                 tables.LIVENESS[statements.liveness[row]], reason, nearest,
                 homes.get(name, [])[:_MOST_SUGGESTED])
            )  # fmt: skip
    rows.sort(key=lambda row: (row[3], row[4], row[2]))
    return tables.PHANTOM_NAMES.from_rows(rows)


def _find_own(resolution: Resolution) -> Iterator[tuple[Module, str, list[int]]]:
    """Yield what a module takes from itself and nothing binds but that very statement, with the rows of these."""
    paths = resolution.statements.path
    for (target, name), rows in sorted(resolution.usage.rows.items()):
        module = resolution.modules[target]
        own = [row for row in rows if paths[row] == module.path]
        if own and name != "*" and not _is_given(name):
            outcome = resolution.resolver.resolve(module, name)
            if outcome and all(candidate.value.is_missing for candidate in outcome):
                yield module, name, own


def _is_given(name: str) -> bool:
    """Return whether every module has the name: ``__name__``, ``__file__`` and the like."""
    return name.startswith("__") and name.endswith("__")


def find_homes(paths: pa.Table, names: Collection[str]) -> dict[str, list[str]]:
    """Return the modules from which a class or function of one of some names is to be taken, by name.

    That is the module that defines it, or a public package around a private one. Those of tests come last.
    """
    paths = paths.filter(pc.is_in(paths["name"], pa.array(sorted(names), tables.TEXT)))
    best: dict[tuple[str, str], tuple[bool, bool, bool, str]] = {}
    columns = ("name", "definition", "module", "import_path", "path", "route", "kind")
    for name, definition, module, import_path, path, route, kind in tables.read_rows(paths, *columns):
        if route in ALLOWED_ROUTES and (kind == "function" or kind in tables.CLASS_KINDS):
            rank = (is_test_file(path), is_private(import_path), route != "definition", module)
            best[name, definition] = min(rank, best.get((name, definition), rank))
    homes: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for (name, _), (is_test, _, _, module) in best.items():
        homes[name].append((is_test, module))
    return {name: [module for _, module in sorted(found)] for name, found in homes.items()}


def _find_reason(resolution: Resolution, module: Module, name: str) -> str:
    events = resolution.resolver.find_bound(module).get(name, [])
    rows = resolution.resolver.rows
    live = [row for row in events if rows.level[row] < NEVER]
    if live and any(rows.kind[row] == "delete" for row in live):
        return "deleted"
    if not events and resolution.statements.imports.is_stub(module, name):
        return "stub-only"
    hidden = [row for row in events if rows.level[row] == NEVER]
    if any(rows.scope[row] == "type_checking" for row in hidden):
        return "type-checking-only"
    if hidden:
        is_main = all(rows.scope[row] == "function" for row in hidden)
        return "main-program-only" if is_main else "other-interpreter"
    return "no-such-name"


def _find_nearest(resolution: Resolution, module: Module, name: str) -> str:
    close = get_close_matches(name, sorted(resolution.resolver.stars.has(module) - {name}), n=1, cutoff=0.8)
    return close[0] if close else ""
