"""The files of a target with some of them changed: what a tree would be, without writing anything."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from analysis.facts.source_tree import TOO_LARGE, FileStatus, FolderEntry, NamedEntry, SourceTree

#: What files become: their whole content by path relative to the target; None where a file goes away.
Changes = Mapping[str, bytes | None]
#: Later than any file was written, so that no stamp of an earlier scan is taken for that of a changed file.
_YOUNG = (1 << 62) - 1
_DIGITS = 15


class OverlaidTree:
    """A tree with changed files laid over it.

    A path of ``changes`` means what writing to it means: where it is a link, or lies below a linked folder, what that
    leads to is changed. A folder is there while a file is in it, or while the tree below has it.
    """

    def __init__(self, below: SourceTree, changes: Changes) -> None:
        self.root = below.root
        self.below_tree, self.changes = below, changes
        self._links: dict[str, frozenset[str]] = {}
        self._folders: dict[str, str] = {"": ""}

    def __reduce__(self) -> tuple[type[OverlaidTree], tuple[SourceTree, Changes]]:
        return OverlaidTree, (self.below_tree, dict(self.changes))

    def list_folder(self, folder: str) -> list[FolderEntry]:
        """Return the entries of a folder, in any order."""
        place = self._resolve(folder)
        added = self._entries.get(place, {})
        try:
            found = list(self.below_tree.list_folder(place))
        except OSError as error:
            if not added or error.errno not in {errno.ENOENT, errno.ENOTDIR}:
                raise
            found = []
        kept = [entry for entry in found if not self._is_gone(place, entry.name)]
        names = {entry.name for entry in kept}
        return [*kept, *(entry for name, entry in sorted(added.items()) if name not in names)]

    def has_file(self, path: str) -> bool:
        """Return whether there is a file; links count as what they lead to."""
        place = self._resolve(path)
        return self._changed[place] is not None if place in self._changed else self.below_tree.has_file(path)

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder; links count as what they lead to."""
        return self._resolve(path) in self._entries or self.below_tree.has_folder(path)

    def find_link(self, path: str) -> str:
        """Return to which file or folder of the target a link leads; empty for the target itself, and outside of it."""
        place = self._resolve(path)
        return place if self._changed.get(place) is not None else self.below_tree.find_link(path)

    def find_status(self, path: str) -> FileStatus:
        """Return size and stamp of a file; the stamp of a changed one says what is in it."""
        place = self._resolve(path)
        if place not in self._changed:
            return self.below_tree.find_status(path)
        content = self._read(place, path)
        return FileStatus(len(content), (_YOUNG, _YOUNG, int(hashlib.sha256(content).hexdigest()[:_DIGITS], 16)))

    def read_bytes(self, path: str, *, most_bytes: int | None = None) -> bytes:
        """Return what a file holds; ``OSError`` for a larger one, and for one that is gone."""
        place = self._resolve(path)
        if place not in self._changed:
            return self.below_tree.read_bytes(path, most_bytes=most_bytes)
        content = self._read(place, path)
        if most_bytes is not None and len(content) > most_bytes:
            raise OSError(errno.EFBIG, TOO_LARGE, path)
        return content

    def count_python_files(self, folder: str) -> int:
        """Return the number of ``.py`` files below a folder; linked folders are not entered."""
        place = self._resolve(folder)
        prefix = f"{place}/" if place else ""
        changed = [path for path in self._changed if path.startswith(prefix) and path.endswith(".py")]
        there = sum(self.below_tree.has_file(path) for path in changed)
        now = sum(self._changed[path] is not None for path in changed)
        return self.below_tree.count_python_files(place) - there + now

    @cached_property
    def _changed(self) -> dict[str, bytes | None]:
        """What files become, by their real paths."""
        return {self._resolve(path): content for path, content in sorted(self.changes.items())}

    @cached_property
    def _entries(self) -> dict[str, dict[str, NamedEntry]]:
        """The changed files, and the folders above them, by the folder that they are in."""
        found: dict[str, dict[str, NamedEntry]] = defaultdict(dict)
        for path, content in self._changed.items():
            if content is None:
                continue
            folder, _, name = path.rpartition("/")
            found[folder][name] = NamedEntry(name, is_folder=False)
            while folder:
                folder, _, name = folder.rpartition("/")
                found[folder][name] = NamedEntry(name, is_folder=True)
        return dict(found)

    def _is_gone(self, folder: str, name: str) -> bool:
        path = f"{folder}/{name}" if folder else name
        return path in self._changed and self._changed[path] is None

    def _read(self, place: str, path: str) -> bytes:
        content = self._changed[place]
        if content is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return content

    def _resolve(self, path: str) -> str:
        """Return the real path of a file or folder; a path that leaves the tree is itself."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            place = ""
            for each in folder.split("/"):
                place = self._step(place, each)
            self._folders[folder] = place
        return self._step(self._folders[folder], name)

    def _step(self, folder: str, name: str) -> str:
        if name in {"", "."}:
            return folder
        place = f"{folder}/{name}" if folder else name
        return (self.below_tree.find_link(place) or place) if name in self._find_links(folder) else place

    def _find_links(self, folder: str) -> frozenset[str]:
        """Return the names in a folder that are links."""
        if folder not in self._links:
            try:
                found = self.below_tree.list_folder(folder)
            except OSError:
                found = []
            self._links[folder] = frozenset(entry.name for entry in found if entry.is_symlink())
        return self._links[folder]


def move_changes(changes: Changes, folder: str) -> dict[str, bytes | None]:
    """Return the changes of a folder as those of what is above it: ``folder`` is the way from there."""
    return {f"{folder}/{path}": content for path, content in changes.items()}
