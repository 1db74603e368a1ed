"""Modules whose body runs again under their own name, while others hold what the first run made; and aliases.

``importlib.reload`` and an import after ``del sys.modules[...]`` make classes and state anew: who did ``from m import
C`` before keeps the old one. A package that is put into ``sys.modules`` under another name is the same object, but its
submodules are loaded again under that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.resolve.modules import NAMESPACE, Module
from analysis.resolve.registered import OWN, read_bound
from analysis.resolve.second_names import SecondName
from analysis.resolve.target import TargetResolver
from analysis.resolve.uses import Use, find_uses

_KINDS = {"reload": "reload", "unregister": "import-again"}
_MOST_ROWS = 5
_Row = tuple[str, int, str, str, str, str]
_Find = Callable[[str, str], Module | None]


def find_loaded_anew(resolver: TargetResolver, loads: pa.Table) -> Iterator[SecondName]:
    """Yield the modules that run again under a name that they have, or under another one; ``loads`` is of the facts."""
    rows: list[_Row] = [
        row
        for row in tables.read_rows(loads, "path", "line", "kind", "name", "value", "owner")
        if row[2] in {*_KINDS, "register"}
    ]
    find = _build_finder(resolver, {row[0] for row in rows})
    yield from _find_runs(resolver, rows, find)
    yield from _find_below_aliases(resolver, rows, find)


def _build_finder(resolver: TargetResolver, paths: set[str]) -> _Find:
    """Return what finds the module that a dotted name, or a text after ``=``, means in a file."""
    imports = resolver.imports
    bound = dict(read_bound(imports.statements, paths)) if paths else {}

    def find(path: str, value: str) -> Module | None:
        importer = imports.index.find_importer(path)
        if importer is None or not value:
            return None
        if value.startswith("="):
            found = imports.find_module(importer, value[1:])
            return None if found is None else found.module
        known = bound.get((path, value))
        return None if known is None else imports.find_taken(importer, *known)

    return find


def _find_runs(resolver: TargetResolver, rows: Sequence[_Row], find: _Find) -> Iterator[SecondName]:
    found = []
    for row in rows:
        path, _, kind, name, value, _ = row
        module = find(path, value if kind == "reload" else f"={name}") if kind in _KINDS else None
        if module is not None and module.kind not in {NAMESPACE, "extension"}:
            found.append((row, module))
    uses = find_uses(resolver, {module.number for _, module in found})
    for (path, line, kind, _, _, owner), module in found:
        # What a body has taken before it loads the module again, it takes on purpose; a function comes later.
        others = [use for use in uses.get(module.number, ()) if use.path != path or owner]
        holders = [use for use in others if _holds(resolver, use, module)]
        for use in holders[:_MOST_ROWS]:
            yield SecondName(
                module.path, _KINDS[kind], module.name, module.name, use.path, use.line, path, line, path, line, "",
                use.name, bool(owner), is_test_file(path) or use.is_test,
            )  # fmt: skip


def _holds(resolver: TargetResolver, use: Use, module: Module) -> bool:
    """Return whether a statement keeps one name of a module from when it ran: a call would ask again."""
    is_submodule = bool(use.name) and resolver.index.find_child(module, use.name) is not None
    return use.name not in {"", "*"} and not use.is_deferred and not use.is_ancestor and not is_submodule


def _find_below_aliases(resolver: TargetResolver, rows: Sequence[_Row], find: _Find) -> Iterator[SecondName]:
    aliases: dict[str, tuple[Module, str, int]] = {}
    for path, line, kind, name, value, _ in rows:
        own = resolver.index.find_importer(path)
        module = own if value == OWN else find(path, value) if kind == "register" else None
        if kind == "register" and module is not None and module.kind == "package" and "*" not in name and own:
            plain = f"{own.plain}{name[len(OWN) :]}" if name.startswith(OWN) else name
            aliases.setdefault(plain, (module, path, line))
    aliases = {name: found for name, found in aliases.items() if found[0].plain != name}
    below = list(_list_below(resolver, aliases)) if aliases else []
    uses: Mapping[int, Sequence[Use]] = find_uses(resolver, {child.number for child, *_ in below})
    for child, second, (path, line, name), (where, at) in below:
        if child.number in uses and second not in aliases:
            use = uses[child.number][0]
            yield SecondName(
                child.path, "alias", child.name, second, use.path, use.line, path, line, where, at, "", use.name,
                use.is_deferred, use.is_test or is_test_file(path) or (is_test_file(where) and bool(name)),
            )  # fmt: skip


def _list_below(
    resolver: TargetResolver, aliases: Mapping[str, tuple[Module, str, int]]
) -> Iterator[tuple[Module, str, tuple[str, int, str], tuple[str, int]]]:
    """Yield the submodules that statements import below an alias: module, name, statement, and who made the alias."""
    columns = ("path", "line", "kind", "level", "module", "name", "scope")
    for path, line, kind, level, module, name, scope in tables.read_rows(resolver.imports.statements, *columns):
        if level or kind == "recovered" or scope == "type_checking":
            continue
        above = module
        while above and above not in aliases:
            above = above.rpartition(".")[0]
        if not above:
            continue
        target, where, at = aliases[above]
        for dotted in (f"{module}.{name}" if name not in {"", "*"} else module, module):
            child = resolver.index.find_in(target.root, f"{target.plain}{dotted[len(above) :]}")
            if child is not None and child.number != target.number and child.kind != NAMESPACE:
                yield child, dotted, (path, line, name), (where, at)
                break
