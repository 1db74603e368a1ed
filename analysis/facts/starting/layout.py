"""Which folders and modules of the target a path or a dotted name of a command can mean."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping


def clean(path: str) -> str | None:
    """Return a relative path without ``.`` and ``..``; empty for the target itself, None for what lies outside.

    >>> clean("./src/../lib/"), clean("."), clean("../other")
    ('lib', '', None)
    """
    found = posixpath.normpath(path.strip().rstrip("/") or ".")
    if found.startswith(("/", "..")):
        return None
    return "" if found == "." else found


def join(folder: str, path: str) -> str | None:
    """Return a path below a folder as ``clean`` does."""
    return clean(f"{folder}/{path}" if folder else path)


class Folders:
    """The Python files of a target and the folders around them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self.folders: set[str] = {""}
        #: The modules and packages directly in each folder, by name.
        self.children: dict[str, set[str]] = {}
        for path in self.paths:
            folder, _, name = path.rpartition("/")
            self.children.setdefault(folder, set()).add(name.removesuffix(".py"))
            while folder not in self.folders:
                self.folders.add(folder)
                folder, _, name = folder.rpartition("/")
                self.children.setdefault(folder, set()).add(name)

    def has_module(self, folder: str, dotted: str) -> str:
        """Return the file or folder that a dotted name means below a folder; empty without one."""
        place = "/".join(filter(None, (folder, *dotted.split("."))))
        for path in (f"{place}/__init__.py", f"{place}.py"):
            if path in self.paths:
                return path
        return f"{place}/" if place in self.folders and dotted else ""

    def find_folder(self, path: str, around: Iterable[str], mounts: Mapping[str, str]) -> str | None:
        """Return the folder that a path of a command means, tried from each working folder that there may be."""
        path = path.replace("\\", "/")
        if path.startswith("/"):
            return self._find_mounted(path, around, mounts)
        for folder in around:
            found = join(folder, path)
            if found is not None and found in self.folders:
                return found
        return None

    def _find_mounted(self, path: str, around: Iterable[str], mounts: Mapping[str, str]) -> str | None:
        """Return the folder of an absolute path inside a container: by what is copied there, else by its last parts."""
        for place in sorted(mounts, key=len, reverse=True):
            if path == place or path.startswith(f"{place.rstrip('/')}/"):
                found = join(mounts[place], path[len(place) :].lstrip("/") or ".")
                return found if found is not None and found in self.folders else None
        parts = [part for part in path.split("/") if part]
        for folder in around:
            found = join(folder, "/".join(parts[1:]) or ".")
            if found is not None and found in self.folders and len(parts) > 1:
                return found
        return None
