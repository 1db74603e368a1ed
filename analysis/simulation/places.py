"""Files and folders that a program asks for: paths that it computes from its own place, and what lies there."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Callable
from typing import Any

from analysis.facts.source_tree import SourceTree
from analysis.simulation.values import UNKNOWN, BarePath, Listed, TreePath, Value

FILE, FOLDER, NOTHING, UNSURE = "file", "folder", "nothing", "unsure"
#: What Python writes beside the files of a folder while they are imported: nobody knows whether it is there.
_WRITTEN = "__pycache__"
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
        found = self._describe(path[:-1]) if path.endswith("/") else self._find(path)
        if module:
            self.asked[module, path] = found
        return found

    def list_entries(self, path: str, module: str) -> dict[str, str] | None:
        """Return the names in a folder, sorted, with what each is; None where it cannot be listed.

        What Python itself writes there is left out. ``module`` is the one that asks.
        """
        self.find(f"{path}/", module)
        return self._find_entries(path)

    def _find_entries(self, path: str) -> dict[str, str] | None:
        normal = posixpath.normpath(path) if path else ""
        listed = self._list("" if normal == "." else normal) if self._find(path) == FOLDER else None
        return None if listed is None else {name: listed[name] for name in sorted(listed) if name != _WRITTEN}

    def _describe(self, path: str) -> str:
        """Return all that lies in a folder as one text, so that a change of it is seen."""
        listed = self._find_entries(path)
        return UNSURE if listed is None else "/".join(f"{name}:{found}" for name, found in listed.items())

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


def find_path_text(value: Value) -> str | None:
    """Return a path as far as it is known; None for what is none."""
    return value if isinstance(value, str) else value.path if isinstance(value, TreePath | BarePath) else None


def find_path_member(path: TreePath | BarePath, name: str) -> Value:
    """Return an attribute of a ``pathlib.Path``, or of an entry of ``os.scandir``; of a text, and of the root, none."""
    if isinstance(path, BarePath):
        return _find_bare_member(path, name)
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
    known: dict[str, Value] = {
        "parent": find_above(path), "name": base, "stem": stem, "suffix": suffix,
        "path": TreePath(path.path, is_text=True),
    }  # fmt: skip
    return known.get(name, UNKNOWN)


def _find_bare_member(path: BarePath, name: str) -> Value:
    base = posixpath.basename(path.path)
    stem, suffix = posixpath.splitext(base)
    if name == "parts":
        return Listed([*path.path.split("/")], kind="tuple")
    if name == "parent" and "/" in path.path:
        return BarePath(posixpath.dirname(path.path))
    return {"name": base, "stem": stem, "suffix": suffix}.get(name, UNKNOWN)


def call_bare_method(path: BarePath, method: str, arguments: list[Value]) -> Value:
    """Return what a method of a path, of which only the end is known, returns for it."""
    if method == "with_suffix" and len(arguments) == 1 and isinstance(arguments[0], str):
        return BarePath(posixpath.splitext(path.path)[0] + arguments[0])
    return path.path if method in _TEXT and not arguments else UNKNOWN


def call_text_path(path: TreePath, method: str, arguments: list[Value]) -> Value:
    """Return what a method of a text returns that is a path in the tree: of what lies above it nothing is known."""
    given = arguments[0] if len(arguments) == 1 else UNKNOWN
    ends: list[Any] = given.elements if isinstance(given, Listed) and not given.is_open else [given]
    known = f"/{path.path}"
    if method == "endswith" and all(isinstance(each, str) for each in ends):
        if known.endswith(tuple(ends)):
            return True
        return UNKNOWN if any(len(each) > len(known) for each in ends) else False
    if method == "removesuffix" and isinstance(given, str) and 0 < len(given) < len(posixpath.basename(path.path)):
        return TreePath(path.path.removesuffix(given), is_text=True)
    return UNKNOWN


def cut_text_path(path: TreePath, part: slice) -> Value:
    """Return ``text[:-3]`` of a text that is a path in the tree."""
    is_end = part.start in {None, 0} and part.step is None and isinstance(part.stop, int) and part.stop < 0
    is_short = is_end and -part.stop < len(posixpath.basename(path.path))
    return TreePath(path.path[: part.stop], is_text=True) if is_short else UNKNOWN


def call_plain_function(function: str, arguments: list[Value]) -> Value:
    """Return what a function of ``os.path`` returns for texts that are no paths in the tree."""
    compute = _PLAIN.get(function)
    if compute is None or not arguments or not all(isinstance(each, str) for each in arguments):
        return UNKNOWN
    if len(arguments) > 1 and function != "join":
        return UNKNOWN
    found = compute(*arguments)
    return Listed([*found], kind="tuple") if isinstance(found, tuple) else found


def _split(path: TreePath, method: str) -> Value:
    base = posixpath.basename(path.path)
    if method == "split":
        return Listed([find_above(path), base], kind="tuple") if base else UNKNOWN
    end = posixpath.splitext(base)[1]
    return Listed([TreePath(path.path[: len(path.path) - len(end)], path.is_text), end], kind="tuple")


def _relate(path: TreePath, base: Value) -> str | None:
    """Return a path from a folder above it."""
    if not isinstance(base, TreePath):
        return None
    if not base.path:
        return path.path or None
    return path.path[len(base.path) + 1 :] if path.path.startswith(f"{base.path}/") else None


def call_path_method(places: Places, module: str, path: TreePath, method: str, arguments: list[Value]) -> Value:
    """Return what a method of a ``pathlib.Path`` in the tree, or a function of ``os.path``, returns for it."""
    if method in _ASKING:
        found = places.find(path.path, module)
        return UNKNOWN if found == UNSURE else found in _ASKING[method]
    if method in {"joinpath", "join"}:
        return join_path(path, *arguments)
    if method in {"dirname", "basename"}:
        return find_above(path) if method == "dirname" else posixpath.basename(path.path) or UNKNOWN
    if method in {"split", "splitext"} and path.is_text:
        return _split(path, method)
    if method in {"relpath", "relative_to"} and len(arguments) == 1:
        rest = _relate(path, arguments[0])
        return UNKNOWN if rest is None else rest if method == "relpath" else BarePath(rest)
    if method in _SAME:
        normal = posixpath.normpath(path.path) if path.path else ""
        return TreePath("" if normal == "." else normal, path.is_text)
    bare = find_path_text(call_bare_method(BarePath(path.path), method, arguments))
    return UNKNOWN if bare is None else TreePath(bare, is_text=path.is_text or method in _TEXT)


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
    "split",
    "splitext",
    "relpath",
)
#: Those of them that ask nothing of the disk.
_PLAIN: dict[str, Callable[..., Any]] = {
    "dirname": posixpath.dirname, "basename": posixpath.basename, "join": posixpath.join, "split": posixpath.split,
    "splitext": posixpath.splitext, "normpath": posixpath.normpath,
}  # fmt: skip
PATH_CLASSES = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"})
