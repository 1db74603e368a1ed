"""Whether a tree of files is as it was: its names, sizes and times as one number, without opening a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

#: Folders that tools fill with what they can make again, and those of version control.
CACHES = frozenset({
    "__pycache__", "node_modules", ".git", ".hg", ".svn", ".tox", ".nox", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".eggs", ".ipynb_checkpoints", ".hypothesis", "bower_components", ".import_linter_cache",
})  # fmt: skip
#: Files of programs at work, which no analysis reads.
_WORKING = (".pyc", ".pyo", ".log", ".sqlite3", ".db", ".pid", ".swp", ".lock~")
#: What makes a folder an environment.
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, slots=True)
class TreeState:
    """A tree at one moment: the digest of names, kinds, sizes and times, and the newest time in nanoseconds."""

    digest: str
    newest: int


def describe_tree(top: str, *, skipped: Collection[str] = (), most_entries: int) -> TreeState | None:
    """Return the state of a tree; None for one that cannot be read or has more entries.

    Left out are ``skipped`` folders (absolute paths), caches, environments and files of programs at work. Of folders
    their names count, and what is in them. As the time of the last change of a file's status counts too, no program can
    write a file without being noticed.
    """
    digest = hashlib.blake2b(digest_size=16)
    newest = count = 0
    try:
        for name, about in _walk(top, frozenset(skipped)):
            count += 1
            if count > most_entries:
                return None
            if about is not None:
                newest = max(newest, about.st_mtime_ns, about.st_ctime_ns)
            state = describe_status(about) if about is not None else ""
            digest.update(f"{name}\0{state}\n".encode("utf-8", "surrogateescape"))
    except OSError:
        return None
    return TreeState(digest.hexdigest(), newest)


def describe_status(about: os.stat_result) -> str:
    """Return what changes when a file does."""
    return f"{about.st_mode}.{about.st_size}.{about.st_mtime_ns}.{about.st_ctime_ns}.{about.st_ino}"


def _walk(top: str, skipped: frozenset[str]) -> Iterator[tuple[str, os.stat_result | None]]:
    """Yield the path and status of each file below a folder, and the path alone of each folder: it can be a package."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        if folder != top and any(entry.name in _ENVIRONMENT for entry in entries):
            continue
        if folder != top:
            yield folder, None
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in CACHES and entry.path not in skipped:
                    waiting.append(entry.path)
            elif not entry.name.endswith(_WORKING):
                yield entry.path, entry.stat(follow_symlinks=False)
