"""The distributions of a tree: folders with a ``pyproject.toml`` that names one, and what each says that it needs."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from analysis.facts.source_tree import SourceTree

_FILE, _MOST_BYTES = "pyproject.toml", 4_000_000
#: Beside them a file of these says what is needed in its own language, which is not read.
_SETUP = ("setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class WorkspaceMember:
    """A distribution of the tree: its folder (empty: the target), its names, and those that it needs.

    ``optional`` are those of extras and groups. ``is_known`` is false where something else than the file decides.
    """

    folder: str
    name: str
    needed: frozenset[str]
    optional: frozenset[str]
    is_known: bool

    @property
    def path(self) -> str:
        """The file that describes it."""
        return f"{self.folder}/{_FILE}" if self.folder else _FILE


def find_members(tree: SourceTree, paths: Iterable[str]) -> dict[str, WorkspaceMember]:
    """Return the distributions by folder, of all folders above some files."""
    found = (_read_member(tree, folder) for folder in sorted(_list_folders(paths)))
    return {member.folder: member for member in found if member is not None}


def find_owner(members: Mapping[str, WorkspaceMember], path: str) -> WorkspaceMember | None:
    """Return the distribution to which a file belongs: that of the nearest folder above it; None without one."""
    if path.startswith("../"):  # code beside the target, whose project files are not among those
        return None
    folder = path.rpartition("/")[0]
    while folder and folder not in members:
        folder = folder.rpartition("/")[0]
    return members.get(folder)


def find_providers(members: Collection[WorkspaceMember], wanted: WorkspaceMember, needed: WorkspaceMember) -> list[str]:
    """Return which of the distributions that one needs need another in turn, at any distance; sorted."""
    by_name = {member.name: member for member in members}
    return sorted(name for name in wanted.needed & by_name.keys() if needed.name in _reach(by_name, name))


def _reach(by_name: Mapping[str, WorkspaceMember], start: str) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        following = by_name[waiting.pop()].needed & by_name.keys() - seen
        seen |= following
        waiting += following
    return seen


def _list_folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = {""}
    for folder in {path.rpartition("/")[0] for path in paths}:
        above = folder
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def _read_member(tree: SourceTree, folder: str) -> WorkspaceMember | None:
    prefix = f"{folder}/" if folder else ""
    has_setup = any(tree.has_file(prefix + name) for name in _SETUP)
    document: Mapping[str, Any] = {}
    if tree.has_file(prefix + _FILE):
        try:
            document = tomllib.loads(tree.read_bytes(prefix + _FILE, most_bytes=_MOST_BYTES).decode("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            return WorkspaceMember(folder, "", frozenset(), frozenset(), is_known=False)
    project, tool = _take(document, "project"), _take(document, "tool")
    poetry = _take(tool, "poetry")
    name = project.get("name", poetry.get("name"))
    if not isinstance(name, str):
        return WorkspaceMember(folder, "", frozenset(), frozenset(), is_known=False) if has_setup else None
    try:
        needed = frozenset({*_read_list(project.get("dependencies")), *_read_table(poetry.get("dependencies"))})
        optional = frozenset(_read_optional(document, project, tool))
    except InvalidRequirement:
        return WorkspaceMember(folder, canonicalize_name(name), frozenset(), frozenset(), is_known=False)
    dynamic, stated = project.get("dynamic", []), project.get("dependencies", [])
    is_read = isinstance(dynamic, list) and isinstance(stated, list) and all(isinstance(each, str) for each in stated)
    is_known = is_read and "dependencies" not in dynamic and not has_setup
    return WorkspaceMember(folder, canonicalize_name(name), needed, optional, is_known)


def _read_optional(document: Mapping[str, Any], project: Mapping[str, Any], tool: Mapping[str, Any]) -> Iterator[str]:
    """Yield what extras need, and groups of developers, as uv, PDM and Poetry have them too."""
    poetry = _take(tool, "poetry")
    lists = [_take(project, "optional-dependencies"), _take(document, "dependency-groups")]
    lists += [_take(_take(tool, "pdm"), "dev-dependencies"), {"": _take(tool, "uv").get("dev-dependencies")}]
    for group in lists:
        for entries in group.values():
            yield from _read_list(entries)
    yield from _read_table(poetry.get("dev-dependencies"))
    for group in _take(poetry, "group").values():
        yield from _read_table(_take(group, "dependencies"))


def _take(table: Any, key: str) -> Mapping[str, Any]:
    found = table.get(key) if isinstance(table, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _read_list(entries: Any) -> Iterator[str]:
    """Yield the names of requirements; tables are groups that include others, which are read where they stand."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            yield canonicalize_name(Requirement(entry).name)


def _read_table(entries: Any) -> Iterator[str]:
    yield from map(canonicalize_name, entries if isinstance(entries, Mapping) else ())
