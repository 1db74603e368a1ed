"""What a folder holds at a commit, by path: files with the names and sizes of their blobs, folders, links."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.errors import RevisionError
from analysis.facts.git_folders import GitRefusedError, Repository, find_repository
from analysis.facts.git_objects import MISSING, ObjectReader, open_reader
from analysis.facts.source_tree import LEAVES

FILE, LINK, FOLDER, SUBMODULE = "file", "link", "folder", "submodule"
#: Why a folder cannot be listed, and why an entry of a commit is none of the tree.
IS_SUBMODULE = "a submodule whose commit is not in its repository"
NOT_CHECKED_OUT = "git does not check out its name in the commit"
_MOST_LINKS = 40
_MOST_DEPTH = 5
_LONGEST_LINK_BYTES = 8192


class NoFolderError(RevisionError):
    """The commit has no such folder."""


class ListedEntry(NamedTuple):
    """One entry of a commit: its kind, its blob and size in bytes (-1: the repository has it not), and who has it."""

    kind: str
    blob: str = ""
    size: int = 0
    repository: Repository | None = None


_FOLDER = ListedEntry(FOLDER)


class Listing:
    """The files below a folder at a commit. ``problems`` are entries that git checks out nowhere, by path.

    ``is_whole`` is False where the repository lacks a blob, or a submodule: it may have it later.
    """

    def __init__(self, top: str) -> None:
        """``top`` is where the folder lies on the disk: links may name it by that."""
        self.folders: dict[str, dict[str, ListedEntry]] = {"": {}}
        self.problems: list[str] = []
        self.is_whole = True
        self._top = top

    def add(self, path: str, entry: ListedEntry) -> None:
        """Add an entry; one with a name that no work tree can have, or a second of its name, is a problem."""
        folder, _, name = path.rpartition("/")
        inner = self._open_folder(folder) if not {"", ".", "..", ".git"} & set(path.split("/")) else None
        if inner is None or name in inner:
            self.problems.append(path)
        else:
            inner[name] = entry
            self.is_whole &= entry.size >= 0

    def _open_folder(self, folder: str) -> dict[str, ListedEntry] | None:
        """Return the entries of a folder, which is made; None where a file or a link is in its way."""
        missing = []
        above = folder
        while above not in self.folders:
            missing.append(above)
            above = above.rpartition("/")[0]
        for each in reversed(missing):
            parent, _, name = each.rpartition("/")
            if self.folders[parent].setdefault(name, _FOLDER) is not _FOLDER:
                return None
            self.folders[each] = {}
        return self.folders[folder]

    def resolve(self, path: str) -> tuple[str, ListedEntry]:
        """Return where a path leads, links followed, and what is there; ``OSError`` where nothing is, and outside."""
        folder, _, name = path.rpartition("/")
        found = self.folders[folder].get(name) if folder in self.folders else None
        if path in self.folders:
            return path, _FOLDER
        if found is not None and found.kind != LINK:
            return path, found
        return self._follow(path)

    def _follow(self, path: str) -> tuple[str, ListedEntry]:
        waiting = path.split("/")[::-1]
        place, entry, links = "", _FOLDER, 0
        while waiting:
            part = waiting.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                if not place:
                    raise OSError(errno.EACCES, LEAVES, path)
                place, entry = place.rpartition("/")[0], _FOLDER
                continue
            entry = self._step(place, part, path)
            if entry.kind == LINK:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                target = self._read_link(entry, path)
                if target.startswith("/"):
                    place, target = "", self._enter(target, path)
                waiting += target.split("/")[::-1]
                entry = _FOLDER
            else:
                place = f"{place}/{part}" if place else part
        return place, entry

    def _step(self, place: str, part: str, path: str) -> ListedEntry:
        inner = self.folders.get(place)
        if inner is None:
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if part not in inner:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return inner[part]

    @staticmethod
    def _read_link(entry: ListedEntry, path: str) -> str:
        target = os.fsdecode(read_entry(entry, path, most_bytes=_LONGEST_LINK_BYTES))
        if not target or "\0" in target:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return target

    def _enter(self, target: str, path: str) -> str:
        """Return an absolute path from the folder on."""
        place = posixpath.normpath(target)
        if place != self._top and not place.startswith(f"{self._top}/"):
            raise OSError(errno.EACCES, LEAVES, path)
        return place[len(self._top) + 1 :]

    def list_below(self, folder: str) -> Iterator[tuple[str, ListedEntry]]:
        """Yield the path and the entry of everything below a folder that is no folder; links are not followed."""
        waiting = [folder]
        while waiting:
            place = waiting.pop()
            for name, entry in self.folders.get(place, {}).items():
                path = f"{place}/{name}" if place else name
                if entry.kind == FOLDER:
                    waiting.append(path)
                else:
                    yield path, entry


def read_entry(entry: ListedEntry, path: str, *, most_bytes: int) -> bytes:
    """Return the content of a file, or of a link; ``OSError`` where the repository has it not, and for a larger one."""
    if entry.repository is None:
        raise OSError(errno.EIO, MISSING, path)
    try:
        return open_reader(entry.repository).read_blob(entry.blob, most_bytes=most_bytes)
    except GitRefusedError as error:
        raise OSError(errno.EIO, f"git is not asked: {error}", path) from None


def read_listing(repository: Repository, commit: str, folder: str) -> Listing:
    """Return what a folder of a repository holds at a commit, with the commits of submodules that are checked out.

    Raises ``RevisionError`` when there is no such folder, or the repository has not all of its trees.
    """
    place = os.path.join(repository.top, folder) if folder else repository.top
    listing = Listing(place)
    reader = open_reader(repository)
    listed = reader.list_tree(commit, folder)
    if listed is None:
        raise _explain(reader, repository, commit, folder)
    _add_all(listing, listed, repository, "", place, 0)
    return listing


def _add_all(listing: Listing, listed: bytes, repository: Repository, below: str, place: str, depth: int) -> None:
    for line in listed.split(b"\0"):
        if line:
            about, _, name = line.partition(b"\t")
            mode, kind, blob, size = about.decode("ascii").split()
            path = f"{below}/{os.fsdecode(name)}" if below else os.fsdecode(name)
            if kind == "commit":
                _add_submodule(listing, path, blob, place, depth)
            else:
                known = int(size) if size.isdigit() else -1
                listing.add(path, ListedEntry(LINK if mode == "120000" else FILE, blob, known, repository))


def _add_submodule(listing: Listing, path: str, commit: str, place: str, depth: int) -> None:
    """Add the files of a submodule at the commit that is recorded, if it is checked out; else its name."""
    count = len(listing.problems)
    listing.add(path, ListedEntry(SUBMODULE))
    is_whole, listing.is_whole = listing.is_whole, False
    top = os.path.join(place, path)
    if len(listing.problems) > count or depth >= _MOST_DEPTH or os.path.realpath(top) != top:
        return
    try:
        found = find_repository(top)
        listed = open_reader(found).list_tree(commit, "") if found is not None and found.top == top else None
    except GitRefusedError:
        return
    if found is not None and listed is not None:
        parent, _, name = path.rpartition("/")
        listing.folders[parent][name], listing.folders[path] = _FOLDER, {}
        listing.is_whole = is_whole
        _add_all(listing, listed, found, path, place, depth + 1)


def _explain(reader: ObjectReader, repository: Repository, commit: str, folder: str) -> RevisionError:
    """Return why a folder cannot be listed: a tree on the way to it, or below it, is missing, or it is not there."""
    place = ""
    for part in filter(None, folder.split("/")):
        inner = reader.list_folder(commit, place)
        if inner is not None and inner.get(part) != "tree":
            remedy = "Name a folder that the commit has, or a commit that has it"
            return NoFolderError(f"there is no folder {folder} at {commit[:9]} of {repository.top}", remedy=remedy)
        place = f"{place}/{part}" if place else part
    remedy = "Nothing is fetched; in a partial clone `git diff --stat` with that revision makes git fetch them"
    what = f"the folders of {commit[:9]} are not all in the repository {Path(repository.top)}"
    return RevisionError(what, remedy=remedy)
