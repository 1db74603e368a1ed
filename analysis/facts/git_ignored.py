"""Which paths git ignores: asked level by level for what it does not track, so that git walks through no tree."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from analysis.facts.git_command import Git

#: Reasons of ``problems``.
NO_ANSWER = "git-does-not-answer"
NOT_READ = "gitignore-not-read"
_LARGEST_BYTES = 16 << 20


class IgnoredPaths:
    """What git ignores below a folder. Folders must be asked about before what lies in them.

    Ignored is what patterns match and the index does not hold. Nothing counts as ignored in a folder that is itself
    ignored (somebody named it), below another repository or a submodule, and where a ``.gitignore`` is a link or no
    file. ``problems`` are folders of which git could not be asked, with the reason.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self.problems: list[tuple[str, str]] = []
        self._apart: set[str] = set()
        self._plain: dict[str, bool] = {}
        tracked = _list_tracked(git)
        if tracked is None:
            self.problems.append(("", NO_ANSWER))
        if not git.has_read_exclude:
            self.problems.append(("", NOT_READ))
        self._entries = frozenset(tracked or ())
        self._parents = _find_parents(self._entries)
        if tracked is None or is_itself_ignored(git, has_tracked=bool(tracked)):
            self._apart.add("")

    def find(self, folders: Sequence[str], files: Sequence[str]) -> set[str]:
        """Return those that are ignored; paths are relative to the folder, with slashes."""
        unknown = [folder for folder in folders if self._is_in_question(folder, is_folder=True)]
        asked = unknown + [file for file in files if self._is_in_question(file, is_folder=False)]
        ignored = self._ask(asked)
        for folder in unknown:
            if folder not in ignored and os.path.lexists(os.path.join(self._git.folder, folder, ".git")):
                self._apart.add(folder)
        return ignored

    def _is_in_question(self, path: str, *, is_folder: bool) -> bool:
        parent = _find_parent(path)
        if parent in self._apart or (is_folder and path in self._entries):
            if is_folder:
                self._apart.add(path)
            return False
        return path not in self._entries and path not in self._parents and self._has_plain_patterns(parent)

    def _has_plain_patterns(self, folder: str) -> bool:
        """Return whether every .gitignore from the top of the work tree down to a folder can be read at once."""
        known = self._plain.get(folder)
        if known is None:
            above = self._has_plain_patterns(_find_parent(folder)) if folder else _is_plain_above(self._git)
            known = above and _is_plain(os.path.join(self._git.folder, folder))
            self._plain[folder] = known
            if not known and (above or not folder):
                self.problems.append((folder, NOT_READ))
        return known

    def _ask(self, paths: Sequence[str]) -> set[str]:
        if not paths:
            return set()
        printed = _ask(self._git, paths)
        if printed is None:
            self.problems.append(("", NO_ANSWER))
            self._apart.add("")
        return printed or set()


def is_itself_ignored(git: Git, *, has_tracked: bool | None = None) -> bool:
    """Return whether the repository around a folder ignores it: a pattern matches it and nothing in it is tracked."""
    path = git.prefix.rstrip("/")
    if not path or has_tracked or not _is_plain_above(git) or not _ask(git, [path], at_top=True):
        return False
    return has_tracked is not None or not _list_tracked(git)


def find_ignored_beside(git: Git, paths: Sequence[str]) -> set[str]:
    """Return those paths that the patterns of the repository around a folder match; they begin at the folder.

    They may lie beside it (``../x.py``). Where a ``.gitignore`` on the way is no plain file, nothing counts as ignored.
    """
    at_top = {os.path.normpath(git.prefix + path): path for path in paths}
    folders = {_find_parent(path) for path in at_top}
    folders |= _find_parents(folders)
    if not at_top or not all(_is_plain(os.path.join(git.repository.top, folder)) for folder in folders):
        return set()
    return {at_top[path] for path in _ask(git, sorted(at_top), at_top=True) or () if path in at_top}


def _ask(git: Git, paths: Sequence[str], *, at_top: bool = False) -> set[str] | None:
    # A path that begins with a colon would be taken for an instruction to git.
    given = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
    printed = git.run("check-ignore", "-z", "--stdin", "--no-index", stdin=given, at_top=at_top, most_code=1)
    return None if printed is None else {os.fsdecode(path[2:]) for path in printed.split(b"\0") if path}


def _list_tracked(git: Git) -> list[str] | None:
    """Return what the index holds below a folder; a folder that a sparse checkout leaves out may be one entry."""
    listed = git.run("ls-files", "-z")
    if listed is None:
        listed = git.run("ls-files", "-z", "--sparse")
    return None if listed is None else [os.fsdecode(path).rstrip("/") for path in listed.split(b"\0") if path]


def _find_parents(paths: Iterable[str]) -> set[str]:
    """Return every folder above some paths, the topmost as an empty name."""
    parents = {""}
    for path in paths:
        parent = _find_parent(path)
        while parent not in parents:
            parents.add(parent)
            parent = _find_parent(parent)
    return parents


def _find_parent(path: str) -> str:
    return path.rpartition("/")[0]


def _is_plain_above(git: Git) -> bool:
    """Return whether git may read every .gitignore between the top of the work tree and a folder."""
    place, top = git.folder, git.repository.top
    while place != top:
        place = os.path.dirname(place)
        if not _is_plain(place):
            return False
    return True


def _is_plain(folder: str) -> bool:
    """Return whether the .gitignore of a folder is a file of a size that people write, or is not there."""
    try:
        found = os.lstat(os.path.join(folder, ".gitignore"))
    except OSError:
        return True
    return stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST_BYTES
