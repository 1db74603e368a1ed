"""Files and folders that a program asks for: paths that it computes from its own place, and what lies there."""

from __future__ import annotations

import itertools
import posixpath

from analysis.facts.source_tree import SourceTree
from analysis.simulation.values import UNKNOWN, Listed, TreePath, Value

FILE, FOLDER, NOTHING, UNSURE = "file", "folder", "nothing", "unsure"
#: Methods and functions that ask whether something is there, and what counts as an answer.
_ASKING = {
    "exists": (FILE, FOLDER), "is_file": (FILE,), "is_dir": (FOLDER,), "isfile": (FILE,), "isdir": (FOLDER,),
    "lexists": (FILE, FOLDER),
}  # fmt: skip
_SAME = frozenset({"resolve", "abspath", "realpath", "normpath"})
_TEXT = frozenset({"as_posix", "__str__", "__fspath__"})


class Places:
    """What lies in the tree, each folder listed once; ``asked`` is what modules wanted to know, and the answers."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._listed: dict[str, dict[str, str] | None] = {}
        self.asked: dict[tuple[str, str], str] = {}

    def find(self, path: str, module: str = "") -> str:
        """Return what lies at a path; a link, and what cannot be read, is not sure. ``module`` is the one that asks."""
        found = self._find(path)
        if module:
            self.asked[module, path] = found
        return found

    def _find(self, path: str) -> str:
        folder, found = "", FOLDER
        for name in path.split("/") if path else ():
            if found != FOLDER:
                return UNSURE if found == UNSURE else NOTHING
            if name == "..":
                folder = posixpath.dirname(folder)
                continue
            listed = self._list(folder)
            found = UNSURE if listed is None else listed.get(name, NOTHING)
            folder = f"{folder}/{name}" if folder else name
        return found

    def _list(self, folder: str) -> dict[str, str] | None:
        if folder not in self._listed:
            try:
                entries = self._tree.list_folder(folder)
                self._listed[folder] = {
                    entry.name: UNSURE if entry.is_symlink() else FOLDER if entry.is_dir() else FILE
                    for entry in entries
                }
            except (OSError, ValueError):
                self._listed[folder] = None
        return self._listed[folder]


def join_path(first: Value, *rest: Value) -> Value:
    """Return a path with further parts; what leaves the tree is unknown."""
    if not isinstance(first, TreePath) or not all(isinstance(part, str) for part in rest):
        return UNKNOWN
    if any(part.startswith("/") or "\0" in part or "\\" in part for part in rest):
        return UNKNOWN
    parts = [name for part in (first.path, *rest) for name in part.split("/") if name not in {"", "."}]
    depths = itertools.accumulate(-1 if name == ".." else 1 for name in parts)
    return TreePath("/".join(parts), first.is_text) if min(depths, default=0) >= 0 else UNKNOWN


def find_above(path: TreePath) -> Value:
    """Return the folder around a path; above the root of the tree nothing is known."""
    return TreePath(posixpath.dirname(path.path), path.is_text) if path.path else UNKNOWN


def find_path_member(path: TreePath, name: str) -> Value:
    """Return an attribute of a ``pathlib.Path`` in the tree; of a text, and of the root, none is known."""
    if path.is_text or not path.path:
        return UNKNOWN
    if name == "parents":
        above: list[Value] = []
        each: Value = find_above(path)
        while isinstance(each, TreePath):
            above.append(each)
            each = find_above(each)
        return Listed([*above, UNKNOWN], is_open=False, kind="tuple")
    base = posixpath.basename(path.path)
    if base == "..":
        return UNKNOWN
    stem, suffix = posixpath.splitext(base)
    known: dict[str, Value] = {"parent": find_above(path), "name": base, "stem": stem, "suffix": suffix}
    return known.get(name, UNKNOWN)


def call_path_method(places: Places, module: str, path: TreePath, method: str, arguments: list[Value]) -> Value:
    """Return what a method of a ``pathlib.Path`` in the tree, or a function of ``os.path``, returns for it."""
    if method in _ASKING:
        found = places.find(path.path, module)
        return UNKNOWN if found == UNSURE else found in _ASKING[method]
    if method in {"joinpath", "join"}:
        return join_path(path, *arguments)
    if method == "dirname":
        return find_above(path)
    if method == "basename":
        return posixpath.basename(path.path) if path.path else UNKNOWN
    if method in _SAME:
        normal = posixpath.normpath(path.path) if path.path else ""
        return TreePath("" if normal == "." else normal, path.is_text)
    return TreePath(path.path, is_text=True) if method in _TEXT else UNKNOWN


#: Methods of a text, which a path that is one has too, are not followed.
PATH_FUNCTIONS: tuple[str, ...] = (
    "dirname",
    "basename",
    "join",
    "exists",
    "lexists",
    "isfile",
    "isdir",
    "abspath",
    "realpath",
    "normpath",
)
PATH_CLASSES = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"})
