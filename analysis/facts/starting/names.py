"""Which top-level names the folders of the search path give, for those whose imports search them."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from analysis.facts.starting.folders import StartFolder, StartFolders, is_seen_by
from analysis.facts.starting.layout import Folders

#: What a framework that imports a named application takes from it.
_OF_APPLICATION = ("models", "apps", "tasks")


class Stated(NamedTuple):
    """One absolute import: its file, the module as written, the name taken (empty for ``import a``), and the line.

    The line is 0 for a text, and for an import that a function or a branch may leave out. ``is_loaded``: it is no
    statement, pytest loads this file by this name.
    """

    path: str
    module: str
    name: str
    line: int = 0
    is_loaded: bool = False


class SearchedNames:
    """Decides which names a folder of the search path gives.

    ``named`` are all dotted names that statements say, ``list_bound`` returns the names that a file binds.
    """

    def __init__(
        self, layout: Folders, stated: Iterable[Stated], named: frozenset[str],
        list_bound: Callable[[str], frozenset[str]],
    ) -> None:  # fmt: skip
        self._layout = layout
        self._named = named
        self._list_bound = list_bound
        self._users: dict[str, list[Stated]] = defaultdict(list)
        for each in stated:
            self._users[each.module.partition(".")[0]].append(each)

    def find(self, starts: StartFolders) -> dict[str, frozenset[str]]:
        """Return each folder with the top-level names for which it is needed.

        A neighbour that only its own folder imports, which is no package, needs none: that is the folder of a script. A
        name that lies in a folder above, too, means that one.
        """
        by_folder: dict[str, list[StartFolder]] = defaultdict(list)
        for each in starts.folders:
            if each.folder or "__init__.py" in self._layout.paths:
                by_folder[each.folder].append(each)
        found: dict[str, frozenset[str]] = {}
        for folder, entries in sorted(by_folder.items()):
            children = self._layout.children.get(folder, set())
            names = {name for name in children & self._users.keys() if self._is_given(folder, name, entries)}
            if names:
                found[folder] = frozenset(names)
        return found

    def _is_given(self, folder: str, name: str, entries: Sequence[StartFolder]) -> bool:
        users = self._users[name]
        if name in sys.stdlib_module_names:
            return False
        if any(_is_pushed(entry, each) for entry in entries if entry.is_pushed for each in users):
            return True
        is_loaded = any(each.is_loaded and each.path.startswith(f"{folder}/") for each in users)
        if not is_loaded and self._lies_above(folder, name):
            return False
        seen = [each for each in users if any(is_seen_by(entry, each.path) for entry in entries)]
        return bool(seen) and self._is_needed(folder, name, seen) and self._is_meant(folder, seen, users)

    def _lies_above(self, folder: str, name: str) -> bool:
        """Return whether a folder above has the name, too: as one that the importers' own root gives."""
        while folder:
            folder = folder.rpartition("/")[0]
            if name in self._layout.children.get(folder, ()) and f"{folder}/__init__.py" not in self._layout.paths:
                return True
        return False

    def _is_needed(self, folder: str, name: str, seen: Sequence[Stated]) -> bool:
        if f"{folder}/__init__.py".lstrip("/") in self._layout.paths:
            return True
        if any(_folder(each.path) != folder for each in seen if each.path in self._layout.paths):
            return True
        long_name = f"{folder}/{name}".replace("/", ".")
        return long_name in self._said

    @cached_property
    def _said(self) -> frozenset[str]:
        """The dotted names that statements say, and those of what they lie in."""
        return frozenset(name for each in self._named for name in (each, each.rpartition(".")[0]))

    def _is_meant(self, folder: str, seen: Sequence[Stated], users: Sequence[Stated]) -> bool:
        """Return whether the imports mean what lies in the folder, not a third party's package of that name.

        Most of them take what is there; where none takes anything, everybody who says the name finds it there.
        """
        verdicts = [self._fits(folder, each) for each in seen]
        if any(verdict is not None for verdict in verdicts):
            return verdicts.count(True) > verdicts.count(False)
        return len(seen) == len(users)

    def _fits(self, folder: str, each: Stated) -> bool | None:
        """Return whether the folder has what a statement takes; None for a statement that takes nothing."""
        file = self._layout.has_module(folder, each.module)
        if not file:
            return False
        if each.name in {"", "*"}:
            return True if "." in each.module else None
        if self._layout.has_module(folder, f"{each.module}.{each.name}"):
            return True
        return not {each.name, "*", "__getattr__"}.isdisjoint(self._list_bound(file))


def _is_pushed(folder: StartFolder, each: Stated) -> bool:
    """Return whether the file of an import has put a folder first when it comes to the import."""
    return folder.path == each.path and 0 < folder.line < each.line


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def list_named(starts: StartFolders) -> Iterator[tuple[str, str]]:
    """Yield the dotted names that texts and servers are given, with their file, and what is imported there."""
    for folder in starts.folders:
        if folder.kind == "server" and folder.start:
            yield folder.start, folder.path
    for path, name, _ in starts.named:
        yield name, path
        for last in _OF_APPLICATION:
            yield f"{name}.{last}", path
