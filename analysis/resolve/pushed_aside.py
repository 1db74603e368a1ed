"""Modules that a folder pushes aside: a file puts it first on the search path, and it has a module of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import tables
from analysis.facts.starting.layout import Folders
from analysis.resolve.modules import NAMESPACE
from analysis.resolve.standard_library import STANDARD
from analysis.resolve.target import TargetResolver

#: Names that any module may serve or take over from another one.
_ANY = frozenset({"*", "__getattr__"})


@dataclass(frozen=True, slots=True, order=True)
class PushedAside:
    """An import at ``path:line`` that takes ``taken`` and not ``other``, since ``edit_line`` puts its folder first.

    ``missing`` are the names that the statement takes, whatever happens, and that ``taken`` has not.
    """

    other: str
    taken: str
    name: str
    path: str
    line: int
    edit_line: int
    missing: tuple[str, ...]


def find_pushed_aside(resolver: TargetResolver) -> list[PushedAside]:
    """Return the imports that follow, in the body of one file, on an edit that puts another folder first, sorted."""
    by_file: dict[str, list[tuple[int, str]]] = {}
    for each in resolver.imports.starts.folders:
        if each.is_pushed and each.folder:
            by_file.setdefault(each.path, []).append((each.line, each.folder))
    return sorted(_find(resolver, by_file)) if by_file else []


def _find(resolver: TargetResolver, by_file: dict[str, list[tuple[int, str]]]) -> Iterator[PushedAside]:
    index, layout = resolver.index, Folders(resolver.index.paths)
    columns = ("path", "line", "level", "module", "name", "scope", "guard")
    for path, line, level, module, name, scope, guard in tables.read_rows(resolver.imports.statements, *columns):
        edits = [each for each in by_file.get(path, ()) if each[0] < line]
        first, _, rest = module.partition(".")
        importer = index.find_file(path) if edits and not level and scope == "module" else None
        own = index.find_in(importer.root, first) if importer is not None and first not in STANDARD else None
        if own is None or own.kind == NAMESPACE:
            continue
        having = [each for each in edits if layout.has_module(each[1], first).endswith(".py")]
        if not having:
            continue
        edit_line, folder = max(having)  # the last one comes first
        taken = layout.has_module(folder, first)
        if taken in {own.path, path}:
            continue
        beside = index.find_file(taken)
        has = resolver.imports.neighbours.list_names(beside) if beside is not None else _ANY
        wanted = {rest.partition(".")[0]} if rest else {name} - {"", "*"}
        wanted = wanted or resolver.imports.neighbours.find_used(path, first)
        missing = () if has & _ANY or guard != "none" else tuple(sorted(wanted - has))
        yield PushedAside(own.path, taken, first, path, line, edit_line, missing)
