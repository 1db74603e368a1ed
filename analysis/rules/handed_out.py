"""Folders whose modules are loaded under names that no statement spells out: listed, computed, compiled beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.resolve.modules import Module
from analysis.rules.context import RuleContext
from analysis.rules.found_by_place import is_side_folder
from analysis.tables import read_rows

#: What lists the files of a folder: with an import of a computed name, all of them are loaded.
_LISTING = re.compile(rb"iter_modules|walk_packages|listdir|scandir|\bglob|iterdir|\bwalk\b|resources")
_TEXT = re.compile(rb"[\"']([\w./{}\[\]()]+)[\"']")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_INIT = "/__init__.py"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """``folders`` themselves, ``trees`` with all below, ``names`` of folders in packages, ``patterns`` of modules."""

    folders: frozenset[str]
    trees: frozenset[str]
    names: frozenset[str]
    patterns: frozenset[str]

    def has(self, module: Module) -> bool:
        """Return whether a module may be loaded though no statement names it."""
        above = set(_list_above(module.folder))
        return (
            module.folder in self.folders
            or not self.trees.isdisjoint(above)
            or (module.plain.count(".") > 1 and module.folder.rpartition("/")[2] in self.names)
            or any(_is_meant(module.plain, pattern) for pattern in self.patterns)
        )


def find_handed_out(case: RuleContext) -> HandedOut:
    """Return where modules are loaded under names that are known only when the program runs."""
    folders, trees = set(), {each.folder for each in case.target_resolver.index.all if each.kind == "extension"}
    names: set[str] = set()
    computed, patterns = set(), set()
    for path, kind, name in read_rows(case.facts.hooks, "path", "kind", "name"):
        if kind == "path_extended":
            trees.add(path.rpartition("/")[0])
        elif kind == "computed_import":
            computed.add(path)
            patterns.update([name] if name.strip("*.") else [])
    loading = {path for path, kind in read_rows(case.facts.loads, "path", "kind") if kind == "by-path"}
    for path in sorted(path for path in computed | loading if not is_test_file(path)):
        folder, source = path.rpartition("/")[0], read_if_any(case.facts.tree, path)
        folders.add(folder)
        if is_side_folder(path):
            continue  # checks of the tree: they load what others use
        names.update(word.decode() for text in _TEXT.findall(source) for word in _WORD.findall(text))
        if folder and (_LISTING.search(source) or ("/" in folder and path.endswith(_INIT))):
            trees.add(folder)
    return HandedOut(frozenset(folders), frozenset(trees), frozenset(names), frozenset(patterns))


def _list_above(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, the outermost being that of the target."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _is_meant(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*.{pattern.lstrip('.')}")


def list_extended(modules: Iterable[Module]) -> set[str]:
    """Return the first components of the names of compiled modules: what those import is not seen."""
    return {module.plain.partition(".")[0] for module in modules if module.kind == "extension"}
