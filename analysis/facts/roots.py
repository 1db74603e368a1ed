"""Which folders must be on ``sys.path`` for the imports of a tree to work."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

#: Share of the dotted imports of a name that a folder must satisfy before it counts as a root.
NEEDED_SHARE = 0.5
#: Folders tried per name, the ones nearest to the top first: common names (utils) lie in hundreds of folders.
MOST_CANDIDATES = 100


#: Everything below a root has a name there.
ALL_NAMES: frozenset[str] = frozenset()


def find_roots(
    paths: Sequence[str], usage: Mapping[str, int], asked: Sequence[str], projects: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return the roots, relative to the target (empty text: the target itself), sorted.

    Each comes with the first components that it gives a name to; an empty set means all.

    ``asked`` are the roots of the policy: with them nothing is guessed. ``projects`` are folders that hold a
    ``pyproject.toml``, ``setup.py`` or ``setup.cfg``. Others are found by evidence: a folder in which the
    imports that no known root satisfies would be found.
    """
    if asked:
        return dict.fromkeys(
            sorted({root.strip("/").removeprefix("./").removesuffix(".") for root in asked}), ALL_NAMES
        )
    folders = _find_folders(paths)
    roots = {""}
    for project in (*projects, ""):
        if f"{project}/__init__.py" not in folders.get(project, ()):
            roots.add(project)
        source = f"{project}/src" if project else "src"
        if source in folders and f"{source}/__init__.py" not in folders[source]:
            roots.add(source)
    found = _find_roots_by_evidence(folders, usage, roots)
    return {root: found.get(root, ALL_NAMES) for root in sorted(roots | found.keys())}


def _find_folders(paths: Sequence[str]) -> dict[str, set[str]]:
    """Return the folders with Python files at any depth below, each with its direct files."""
    folders: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        folder = path.rpartition("/")[0]
        folders[folder].add(path)
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in folders:
                break
            folders[folder] = set()
    return dict(folders)


def _find_roots_by_evidence(
    folders: Mapping[str, set[str]], usage: Mapping[str, int], roots: set[str]
) -> dict[str, frozenset[str]]:
    """Return the folders that would satisfy at least half of the dotted imports of a name nobody else has.

    A package is no such folder: what lies in it has its name before its own, and one that is called like somebody
    else's package stands in for that one.
    """
    modules = _find_modules(folders)
    parents: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        folder, _, name = module.rpartition("/")
        parents[name].add(folder)
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for dotted, count in usage.items():
        first, _, rest = dotted.partition(".")
        if rest and first in parents and first not in sys.stdlib_module_names and not roots & parents[first]:
            wanted[first]["/".join(dotted.split("."))] += count
    found: dict[str, frozenset[str]] = {}
    for first, imports in sorted(wanted.items()):
        total = sum(imports.values())
        outside = (folder for folder in parents[first] if f"{folder}/__init__.py" not in folders.get(folder, ()))
        nearest = sorted(outside, key=lambda folder: (folder.count("/"), folder))[:MOST_CANDIDATES]
        if not nearest:
            continue
        best = max(nearest, key=lambda folder: _count_found(folder, imports, modules))
        if _count_found(best, imports, modules) >= NEEDED_SHARE * total:
            found[best] = found.get(best, frozenset()) | {first}
    return found


def _find_modules(folders: Mapping[str, set[str]]) -> set[str]:
    """Return the paths, without suffix, of everything that an import could name."""
    modules = {folder for folder in folders if folder}
    for files in folders.values():
        modules.update(path.removesuffix(".py") for path in files)
    return modules


def _count_found(folder: str, imports: Mapping[str, int], modules: set[str]) -> int:
    prefix = f"{folder}/" if folder else ""
    return sum(count for path, count in imports.items() if prefix + path in modules)
