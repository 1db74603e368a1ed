"""The files of a target: the one place that opens them, whatever they come from.

Paths are relative to the root, POSIX, as the system knows them: in a name whose bytes are no UTF-8 each such byte is a
lone surrogate. The root is the empty path. Beside the working tree there is the tree of a revision (``revision_tree``);
over either changed files can be laid (``overlaid_tree``).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NOT_REGULAR, LEAVES, TOO_LARGE = "not a regular file", "a link that leaves the target", "larger than is read"


class FolderEntry(Protocol):
    """One entry of a folder."""

    @property
    def name(self) -> str:
        """Its name, without the folder."""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a folder."""

    def is_symlink(self) -> bool:
        """Return whether it is a link."""


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """An entry of a folder that is on no disk."""

    name: str
    is_folder: bool
    is_link: bool = False
    leads_to_folder: bool = False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a folder."""
        return self.is_folder or (follow_symlinks and self.leads_to_folder)

    def is_symlink(self) -> bool:
        """Return whether it is a link."""
        return self.is_link


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Size and stamp of a file, those of what a link leads to; ``problem`` says why it is not read, if so.

    As long as the stamp is the same, so are the bytes, but for what was written within one tick of the clock. ``blob``
    names the bytes where a repository does; elsewhere it is empty.
    """

    size_bytes: int
    stamp: tuple[int, int, int]
    problem: str = ""
    blob: str = ""


class SourceTree(Protocol):
    """The files of a target. Every method but the ``has_`` ones and the count raises ``OSError`` where it cannot."""

    @property
    def root(self) -> Path:
        """The folder of the target: what results are named by, and where the target's code runs."""

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order."""

    def has_file(self, path: str) -> bool:
        """Return whether there is a file; links count as what they lead to."""

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder; links count as what they lead to."""

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file."""

    def find_link(self, path: str) -> str:
        """Return to which file or folder of the target a link leads; empty for the target itself, and outside of it."""

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds; of a larger file nothing. Never waits, and never reads outside the target."""

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder; linked folders are not entered."""


class WorkingTree:
    """The files as they lie on the disk.

    A tree that somebody sends is input: a file may be a link to anywhere, a pipe that never ends, or a device. Nothing
    but regular files is opened, and only those whose real path is in the target.
    """

    __slots__ = ("_base", "_inside", "root")

    def __init__(self, root: Path) -> None:
        self.root = root
        self._base = os.path.realpath(root)
        #: Whether each folder that was read from is in the target: asked once, as thousands of files share a folder.
        self._inside: dict[str, bool] = {}

    def __reduce__(self) -> tuple[type[WorkingTree], tuple[Path]]:
        return WorkingTree, (self.root,)

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order; ``OSError`` when its real path is not in the target."""
        self._refuse_outside(folder)
        with os.scandir(self._locate(folder)) as entries:
            found: list[FolderEntry] = list(entries)
        prefix = f"{folder}/" if folder else ""
        for entry in found:
            if entry.is_dir(follow_symlinks=False):  # what lies in a folder of the target, and is no link, does too
                self._inside[prefix + entry.name] = True
        return found

    def has_file(self, path: str) -> bool:
        """Return whether there is a file; links count as what they lead to."""
        return os.path.isfile(f"{self._base}/{path}")

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder; links count as what they lead to."""
        return os.path.isdir(f"{self._base}/{path}")

    def find_link(self, path: str) -> str:
        """Return to which file or folder of the target a link leads; empty for the target itself, and outside of it."""
        location = os.path.realpath(self._locate(path))
        return (
            os.path.relpath(location, self._base) if location != self._base and is_within(location, self._base) else ""
        )

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file; ``problem`` where it is no file of the target that can be read."""
        location = self._locate(path)
        found = os.lstat(location)
        leaves = False
        if stat.S_ISLNK(found.st_mode):
            found = os.stat(location)
            leaves = not is_within(os.path.realpath(location), self._base)
        problem = LEAVES if leaves else "" if stat.S_ISREG(found.st_mode) else NOT_REGULAR
        return FileStatus(found.st_size, (found.st_mtime_ns, found.st_ctime_ns, found.st_ino), problem)

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds; ``OSError`` for a larger one, and for all but regular files of the target."""
        self._refuse_outside(path.rpartition("/")[0])
        location = self._locate(path)
        mode = os.lstat(location).st_mode
        if stat.S_ISLNK(mode):
            location = os.path.realpath(location)
            if not is_within(location, self._base):
                raise OSError(errno.EACCES, LEAVES, path)
            mode = os.lstat(location).st_mode
        # Asked before and after: opening a device may do something, and what was a file may be a pipe by now.
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, NOT_REGULAR, path)
        handle = os.open(location, _READING)
        with open(handle, "rb", buffering=0) as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, NOT_REGULAR, path)
            if most_bytes is not None and found.st_size > most_bytes:
                raise OSError(errno.EFBIG, TOO_LARGE, path)
            return file.readall()

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder; linked folders are not entered."""
        entries = walk_entries(self._locate(folder), skips_unreadable=True)
        return sum(1 for entry in entries if entry.name.endswith(".py") and not os.path.isdir(entry.path))

    def _locate(self, path: str) -> str:
        """Return the absolute path; ``OSError`` for one that is none of this tree, or none at all."""
        if "\0" in path or path.startswith("/") or ".." in path.split("/"):
            raise OSError(errno.EINVAL, "no path below the target", path)
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            raise OSError(errno.ENOENT, "no such file", path) from None
        return f"{self._base}/{path}" if path else self._base

    def _refuse_outside(self, folder: str) -> None:
        known = self._inside.get(folder)
        if known is None:
            known = self._inside[folder] = is_within(os.path.realpath(self._locate(folder)), self._base)
        if not known:
            raise OSError(errno.EACCES, LEAVES, folder)


class RepositoryTree:
    """The files of a target, and as ``../x.py`` those beside it, up to the top of its repository."""

    __slots__ = ("_own", "_top", "_way", "root")

    def __init__(self, own: SourceTree, top: SourceTree) -> None:
        """``own`` and ``top`` are the target and the whole repository, both at one revision."""
        self.root = own.root
        self._own, self._top = own, top
        self._way = Path(os.path.realpath(own.root)).relative_to(os.path.realpath(top.root)).as_posix()

    def __reduce__(self) -> tuple[type[RepositoryTree], tuple[SourceTree, SourceTree]]:
        return RepositoryTree, (self._own, self._top)

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order."""
        tree, place = self._find(folder)
        return tree.list_folder(place)

    def has_file(self, path: str) -> bool:
        """Return whether there is a file; links count as what they lead to."""
        tree, place = self._find(path)
        return tree.has_file(place)

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder; links count as what they lead to."""
        tree, place = self._find(path)
        return tree.has_folder(place)

    def find_link(self, path: str) -> str:
        """Return to which file or folder of its own tree a link leads; a sibling's links are not followed."""
        tree, place = self._find(path)
        return tree.find_link(place) if place == path else ""

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file; ``problem`` where it is no file of the repository that can be read."""
        tree, place = self._find(path)
        return tree.find_status(place)

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds; ``OSError`` for a larger one, and for all but regular files of the repository."""
        tree, place = self._find(path)
        return tree.read_bytes(place, most_bytes=most_bytes)

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder; linked folders are not entered."""
        tree, place = self._find(folder)
        return tree.count_python_files(place)

    def _find(self, path: str) -> tuple[SourceTree, str]:
        """Return the tree that holds a path, and the path in it: one that leads beyond the top is none of either."""
        if not path.startswith("../"):
            return self._own, path
        place = os.path.normpath(f"{self._way}/{path}")
        return (self._own, path) if place.startswith("..") else (self._top, place)


def read_if_any(tree: SourceTree, path: str, *, most_bytes: int | None = None) -> bytes:
    """Return what a file holds; nothing of one that cannot be read, or is larger."""
    try:
        return tree.read_bytes(path, most_bytes=most_bytes)
    except OSError:
        return b""


def is_within(path: str, folder: str) -> bool:
    """Return whether a real path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def walk_entries(top: str, *, skips_unreadable: bool = False) -> Iterator[os.DirEntry[str]]:
    """Yield all entries below a folder that are not folders; links are not followed.

    ``os.walk`` of Python 3.11 recurses, and a tree may be deeper than the stack. Folders that cannot be read, or whose
    path is longer than the system takes, raise ``OSError`` unless they should be skipped.
    """
    waiting = [top]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry
        except OSError:
            if not skips_unreadable:
                raise
