"""The files of a target at one commit, read from the objects of its repository: no checkout, nothing is fetched."""

from __future__ import annotations

import errno
import os
from collections import OrderedDict
from pathlib import Path

from analysis.errors import RevisionError
from analysis.facts.git_folders import GitRefusedError, find_history
from analysis.facts.revision_listing import (
    FILE,
    FOLDER,
    IS_SUBMODULE,
    LINK,
    SUBMODULE,
    ListedEntry,
    Listing,
    read_entry,
    read_listing,
)
from analysis.facts.source_tree import LEAVES, NOT_REGULAR, FileStatus, FolderEntry, NamedEntry

#: A larger file is not read, whatever a caller takes: a commit of a few bytes may unfold to terabytes.
_LARGEST_BYTES = 512 << 20
#: Digits of a blob's name in each number of a stamp.
_DIGITS = 15
_MOST_LISTINGS = 6


class RevisionTree:
    """The files of a folder at a commit, as a checkout without filters would have them.

    A submodule has the files of its recorded commit where its repository is there; elsewhere listing it fails.
    """

    __slots__ = ("commit", "root")

    def __init__(self, root: Path, commit: str) -> None:
        self.root, self.commit = root, commit

    def __reduce__(self) -> tuple[type[RevisionTree], tuple[Path, str]]:
        return RevisionTree, (self.root, self.commit)

    @property
    def problems(self) -> list[str]:
        """Paths of the commit that git checks out nowhere."""
        return self._listing.problems

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order; ``OSError`` for a submodule that is not there."""
        place, entry = self._resolve(folder)
        if entry.kind == SUBMODULE:
            raise OSError(errno.ENOENT, IS_SUBMODULE, folder)
        if entry.kind != FOLDER:
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        return [self._name(place, name, each) for name, each in self._listing.folders[place].items()]

    def has_file(self, path: str) -> bool:
        """Return whether there is a file; links count as what they lead to. A submodule has its ``.git``."""
        above, _, name = path.rpartition("/")
        if name == ".git" and self._find_kind(above) == SUBMODULE:
            return True
        return self._find_kind(path) == FILE

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder; links count as what they lead to."""
        return self._find_kind(path) in {FOLDER, SUBMODULE}

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file; ``problem`` where it is no file of the target that can be read."""
        try:
            _, entry = self._resolve(path)
        except OSError as error:
            if error.strerror != LEAVES:
                raise
            return FileStatus(self._find_size_outside(path), (0, 0, 0), LEAVES)
        if entry.kind != FILE:
            return FileStatus(0, (0, 0, 0), NOT_REGULAR)
        return FileStatus(max(entry.size, 0), _stamp(entry.blob), "", entry.blob)

    def find_link(self, path: str) -> str:
        """Return to which file or folder of the target a link leads; empty for the target itself, and outside of it."""
        try:
            return self._resolve(path)[0]
        except OSError:
            return ""

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds; ``OSError`` for a larger one, and where the repository has it not."""
        _, entry = self._resolve(path)
        if entry.kind != FILE:
            raise OSError(errno.EINVAL, NOT_REGULAR, path)
        return read_entry(entry, path, most_bytes=_LARGEST_BYTES if most_bytes is None else most_bytes)

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder; linked folders are not entered."""
        try:
            place, _ = self._resolve(folder)
        except OSError:
            return 0
        found = (path for path, _ in self._listing.list_below(place) if path.endswith(".py"))
        return sum(1 for path in found if self._find_kind(path) not in {FOLDER, SUBMODULE})

    @property
    def _listing(self) -> Listing:
        return _find_listing(self.root, self.commit)

    def _resolve(self, path: str) -> tuple[str, ListedEntry]:
        if "\0" in path or path.startswith("/") or ".." in path.split("/"):
            raise OSError(errno.EINVAL, "no path below the target", path)
        return self._listing.resolve(path)

    def _find_kind(self, path: str) -> str:
        try:
            return self._resolve(path)[1].kind
        except OSError:
            return ""

    def _name(self, place: str, name: str, entry: ListedEntry) -> FolderEntry:
        is_link = entry.kind == LINK
        leads = is_link and self.has_folder(f"{place}/{name}" if place else name)
        return NamedEntry(name, entry.kind in {FOLDER, SUBMODULE}, is_link, leads)

    def _find_size_outside(self, path: str) -> int:
        """Return the size of what a link leads to outside the target, if it is in its repository."""
        try:
            repository = find_history(self.root)
            if repository is None:
                return 0
            whole = _find_listing(Path(repository.top), self.commit)
            way = os.path.relpath(os.path.realpath(self.root), repository.top)
            return max(whole.resolve(f"{way}/{path}")[1].size, 0)
        except (OSError, GitRefusedError):
            return 0


def _stamp(blob: str) -> tuple[int, int, int]:
    """Return a stamp that says which blob it is; the first two, times elsewhere, are never later than a scan."""
    first, second, third = (int(blob[start : start + _DIGITS], 16) for start in (0, _DIGITS, 2 * _DIGITS))
    return -first, -second, third


_LISTINGS: OrderedDict[tuple[Path, str], Listing] = OrderedDict()


def open_listing(root: Path, commit: str, *, again: bool = False) -> Listing:
    """Return what a folder holds at a commit; raises ``RevisionError`` when that cannot be listed.

    With ``again`` one that lacked something is read again.
    """
    known = _LISTINGS.get((root, commit))
    if known is None or (again and not known.is_whole):
        try:
            repository = find_history(root)
            if repository is None:
                raise RevisionError(f"there is no repository around {root}", remedy="Name a folder of a repository")
            way = os.path.relpath(os.path.realpath(root), repository.top)
            known = read_listing(repository, commit, "" if way == "." else way)
        except GitRefusedError as error:
            remedy = "See docs/safety.md: which parts a repository must contain, and how to move them into it"
            raise RevisionError(f"git is not run on the repository of {root}: {error}", remedy=remedy) from None
        _LISTINGS[root, commit] = known
        while len(_LISTINGS) > _MOST_LISTINGS:
            _LISTINGS.popitem(last=False)
    return known


def _find_listing(root: Path, commit: str) -> Listing:
    try:
        return open_listing(root, commit)
    except RevisionError as error:  # a worker's repository is gone, or damaged meanwhile
        raise OSError(errno.EIO, error.what) from None
