"""Where the repository around a folder keeps its things, found without git; pointers to elsewhere must be mutual.

A ``.git`` file, a link or a ``commondir`` may name any folder of the machine. One outside the work tree is only
believed when that folder names the work tree in return, as git writes it for linked work trees and submodules.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from analysis.facts.source_tree import is_within, walk_entries

#: Files of a git folder that say where something is are one line; a longer one is none.
_LONGEST_POINTER_BYTES = 8192
#: More entries below refs or objects are not looked through.
_MOST_ENTRIES = 2_000_000


class GitRefusedError(Exception):
    """A repository is not asked, and why: it would read from outside itself, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Real paths: of the work tree's top, of its own git folder, and of the one that it shares with other trees."""

    top: str
    folder: str
    common: str


def find_repository(folder: str | os.PathLike[str]) -> Repository | None:
    """Return the repository whose work tree a folder belongs to; None without one.

    A bare repository that lies in a tree, or is the folder, is none: its files are data like others. Raises
    ``GitRefusedError`` when the nearest ``.git`` names a folder that does not name this work tree in return.
    """
    place = os.path.realpath(folder)
    try:
        device = os.stat(place).st_dev
        while True:
            found = _find_at(place)
            parent = os.path.dirname(place)
            if found or parent == place or os.stat(parent).st_dev != device:
                return found
            place = parent
    except OSError as error:
        raise GitRefusedError(f"its git folder cannot be read ({error.strerror})") from None


def find_history(folder: str | os.PathLike[str]) -> Repository | None:
    """Return the repository that has the past of a folder: one that is bare counts, and the folder may be gone.

    Raises ``GitRefusedError`` as ``find_repository`` does.
    """
    place = os.path.realpath(folder)
    is_bare = not os.path.lexists(os.path.join(place, ".git")) and _has_git(place)
    if is_bare and read_regular(place, "commondir", most_bytes=_LONGEST_POINTER_BYTES) is None:
        return Repository(place, place, place)
    while not os.path.isdir(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    return find_repository(place)


def read_regular(folder: str, relative: str, *, most_bytes: int) -> bytes | None:
    """Return the bytes of a file of a git folder; None when there is none.

    Raises ``GitRefusedError`` for a link on the way to it, for anything that is no regular file (a FIFO would block)
    and for a larger file.
    """
    path = os.path.join(folder, relative)
    if not os.path.lexists(path):
        return None
    if os.path.realpath(path) != os.path.join(os.path.realpath(folder), relative):
        raise GitRefusedError(f"{relative} of its git folder is a link")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise GitRefusedError(f"{relative} of its git folder cannot be read ({error.strerror})") from None
    with open(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise GitRefusedError(f"{relative} of its git folder is not a regular file")
        if about.st_size > most_bytes:
            raise GitRefusedError(f"{relative} of its git folder is larger than {most_bytes:,} bytes")
        return file.read(most_bytes)


def refuse_links(folder: str, relative: str) -> None:
    """Raise ``GitRefusedError`` when anything below a folder of the git folder is neither a file nor a folder."""
    top = os.path.join(folder, relative)
    if os.path.realpath(top) != os.path.join(os.path.realpath(folder), relative):
        raise GitRefusedError(f"{relative} of its git folder is a link")
    try:
        for count, entry in enumerate(walk_entries(top)):
            if not entry.is_file(follow_symlinks=False):
                raise GitRefusedError(f"{relative} of its git folder contains a link or a special file")
            if count > _MOST_ENTRIES:
                raise GitRefusedError(f"{relative} of its git folder has more than {_MOST_ENTRIES:,} entries")
    except OSError as error:
        raise GitRefusedError(f"its git folder cannot be read ({error.strerror})") from None


def _find_at(place: str) -> Repository | None:
    """Return the repository that has its top at a folder."""
    path = os.path.join(place, ".git")
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        found = path
    elif stat.S_ISREG(mode):
        found = _follow(place, read_regular(place, ".git", most_bytes=_LONGEST_POINTER_BYTES) or b"", b"gitdir:")
    elif stat.S_ISLNK(mode):
        found = os.path.realpath(path)
    else:
        raise GitRefusedError("its .git is neither a file nor a folder")
    if found != path and not _is_mutual(place, found):
        raise GitRefusedError("its .git points to a folder that does not name this one in return")
    if not _has_git(found):
        if found == path:  # a folder of that name, and git itself looks further up
            return None
        raise GitRefusedError("its .git points to a folder that is not a repository")
    return Repository(place, found, _find_common(place, found))


def _has_git(folder: str) -> bool:
    inner = [os.path.lexists(os.path.join(folder, name)) for name in ("HEAD", "commondir", "objects", "refs")]
    return inner[0] and (inner[1] or all(inner[2:]))


def _follow(folder: str, text: bytes, start: bytes) -> str:
    """Return the real path that a pointer file names, relative to the folder it lies in."""
    if not text.startswith(start) or b"\0" in text:
        raise GitRefusedError("its .git is a file that names no folder")
    named = os.fsdecode(text.removeprefix(start)).rstrip("\r\n").lstrip(" ")
    return os.path.realpath(os.path.join(folder, named))


def _is_mutual(place: str, folder: str) -> bool:
    """Return whether a git folder lies in the work tree or is known to belong to it; others are not opened."""
    return is_within(folder, place) or _names_back(place, folder) or _is_of_submodule(place, folder)


def _names_back(place: str, folder: str) -> bool:
    """Return whether a git folder is that of a linked work tree, and of this one."""
    if os.path.basename(os.path.dirname(folder)) != "worktrees":
        return False
    text = read_regular(folder, "gitdir", most_bytes=_LONGEST_POINTER_BYTES)
    if not text or b"\0" in text:
        return False
    named = os.path.join(folder, os.fsdecode(text).rstrip("\r\n"))
    return os.path.basename(named) == ".git" and os.path.realpath(os.path.dirname(named)) == place


def _is_of_submodule(place: str, folder: str) -> bool:
    """Return whether a git folder is one that the repository around a folder keeps for a submodule."""
    if f"{os.sep}modules{os.sep}" not in folder:
        return False
    outer = find_repository(os.path.dirname(place))
    return outer is not None and any(
        is_within(folder, os.path.join(kept, "modules")) for kept in (outer.folder, outer.common)
    )


def _find_common(place: str, folder: str) -> str:
    """Return the git folder that holds objects and branches: another one for a linked work tree."""
    text = read_regular(folder, "commondir", most_bytes=_LONGEST_POINTER_BYTES)
    common = _follow(folder, text, b"") if text else folder
    is_linked = os.path.dirname(os.path.dirname(folder)) == common and _names_back(place, folder)
    if common != folder and not is_within(common, place) and not is_linked:
        raise GitRefusedError("its commondir names a folder outside the work tree")
    return common
