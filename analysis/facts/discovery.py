"""Which Python files a target has, and what is left out, counted and with the reason."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from analysis.errors import TargetError
from analysis.facts.git import read_ignored
from analysis.gaps import Gaps, NoGaps

_CACHES = frozenset({
    "__pycache__", "node_modules", ".git", ".hg", ".svn", ".tox", ".nox", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".eggs", ".ipynb_checkpoints", ".hypothesis", "bower_components", ".import_linter_cache",
})  # fmt: skip
_BACKUP = re.compile(r"backups?(?:[_\-.]|\d|$)", re.IGNORECASE)
_DATED = re.compile(r"\d{4}|old|copy|untracked", re.IGNORECASE)
_EXTENSION = re.compile(r"([^.]+)(?:\.(?:cpython|cp|abi3|pypy|graalpy)[^.]*)?\.(?:so|pyd)$")
#: Deeper folders are not entered: no import reaches them, and every real system stops earlier.
_DEEPEST = 200


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """One .py file. ``path`` is relative, POSIX, printable; ``location`` is what the system knows it by."""

    path: str
    location: str
    size_bytes: int
    stamp: tuple[int, int, int]
    problem: str = ""


@dataclass(slots=True)
class Discovery:
    """What a walk found: files to read, compiled modules, folders with Python below, and what was left out."""

    files: list[SourceFile] = field(default_factory=list)
    extensions: dict[str, bool] = field(default_factory=dict)
    left_out: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DiscoveryOptions:
    """``exclude`` are glob patterns on relative paths or folder names; ``keep`` names reasons not to leave out."""

    exclude: tuple[str, ...] = ()
    use_gitignore: bool = True
    keep_backups: bool = False


def discover(root: Path, options: DiscoveryOptions, gaps: Gaps | None = None) -> Discovery:
    """Walk a folder and return what there is, sorted by path.

    Folders named in ``left_out`` are virtual environments, caches, backup copies, what git ignores, and
    linked folders. A file or folder on which the kit itself fails is left out, and ``gaps`` says so. Raises
    ``TargetError`` when the folder cannot be read at all.
    """
    try:
        os.scandir(root).close()
    except OSError as error:
        raise TargetError(f"cannot read {root}: {error.strerror}", remedy="Name a folder you may read") from None
    gaps = gaps or NoGaps()
    ignored = None
    if options.use_gitignore:
        ignored = gaps.attempt("scan", "what git ignores", lambda: read_ignored(root), lambda: None)
    found = _Walk(root, options, ignored or (set(), set()), gaps).run()
    found.files.sort()
    found.left_out.sort()
    return found


class _Walk:
    def __init__(self, root: Path, options: DiscoveryOptions, ignored: tuple[set[str], set[str]], gaps: Gaps) -> None:
        self._root = os.fspath(root)
        self._options = options
        self._gaps = gaps
        self._ignored_folders, self._ignored_files = ignored
        self._single = Counter[str]()
        self.found = Discovery()
        self._stubs: dict[str, tuple[str, os.DirEntry[str]]] = {}

    def run(self) -> Discovery:
        stack: list[tuple[str, int]] = [("", 0)]
        while stack:
            folder, depth = stack.pop()
            for entry in self._entries(folder):
                relative = f"{folder}/{entry.name}" if folder else entry.name
                visit = partial(self._visit, relative, entry, depth)
                if self._gaps.attempt("scan", "discovery", visit, lambda: False, path=printable(relative)):
                    stack.append((relative, depth + 1))
        self._add_stubs()
        for reason, count in self._single.items():
            self.found.left_out.append(("", reason, count))
        return self.found

    def _visit(self, relative: str, entry: os.DirEntry[str], depth: int) -> bool:
        """Look at one entry; return whether it is a folder to enter."""
        if not entry.is_dir(follow_symlinks=False):
            self._file(relative, entry)
            return False
        reason = self._find_reason(relative, entry, depth)
        if reason:
            self._leave_out(relative, reason, entry)
        return not reason

    def _leave_out(self, relative: str, reason: str, entry: os.DirEntry[str]) -> None:
        count = count_python_files(entry.path)
        if count or reason != "cache":
            self.found.left_out.append((printable(relative), reason, count))

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(os.path.join(self._root, folder) if folder else self._root) as entries:
                return list(entries)
        except OSError:
            self.found.left_out.append((printable(folder), "unreadable-folder", 0))
            return []

    def _find_reason(self, relative: str, entry: os.DirEntry[str], depth: int) -> str:
        """Return why a folder is left out; empty when it is entered."""
        if entry.name in _CACHES:
            return "cache"
        if relative in self._ignored_folders:
            return "virtual-environment" if _is_environment(entry.path) else "ignored-by-git"
        if self._is_excluded(relative, entry.name):
            return "excluded"
        if _BACKUP.match(entry.name) and not self._options.keep_backups and _is_copy(entry):
            return "backup-copy"
        if _is_environment(entry.path) or entry.name == "site-packages":
            return "virtual-environment"
        if entry.name == "build" and os.path.isdir(os.path.join(entry.path, "lib")):
            return "cache"
        return "nested-too-deep" if depth >= _DEEPEST else ""

    def _is_excluded(self, relative: str, name: str) -> bool:
        return any(fnmatchcase(relative, pattern) or fnmatchcase(name, pattern) for pattern in self._options.exclude)

    def _file(self, relative: str, entry: os.DirEntry[str]) -> None:
        name = entry.name
        if not name.endswith(".py"):
            self._other(relative, entry)
            return
        if relative in self._ignored_files:
            self._single["ignored-by-git"] += 1
        elif self._is_excluded(relative, name):
            self._single["excluded"] += 1
        else:
            self.found.files.append(self._read_entry(relative, entry))

    def _other(self, relative: str, entry: os.DirEntry[str]) -> None:
        match = _EXTENSION.match(entry.name)
        if match:
            self.found.extensions[_beside(relative, match.group(1))] = True
        elif entry.name.endswith(".pyx"):
            self.found.extensions.setdefault(_beside(relative, entry.name[:-4]), False)
        elif entry.name.endswith(".pyi"):
            self._stubs[_beside(relative, entry.name[:-4])] = (relative, entry)
        elif entry.is_symlink() and os.path.isdir(entry.path):  # entry.is_dir() raises on a link to itself
            self.found.left_out.append((printable(relative), "symlinked-folder", 0))

    def _add_stubs(self) -> None:
        """A stub is read where it is all that says what a compiled module holds."""
        sources = {file.path for file in self.found.files}
        for path, (relative, entry) in sorted(self._stubs.items()):
            if self.found.extensions.get(path) and f"{path}.py" not in sources:
                self.found.files.append(self._read_entry(relative, entry))

    def _read_entry(self, relative: str, entry: os.DirEntry[str]) -> SourceFile:
        path = printable(relative)
        try:
            status = entry.stat()
        except OSError as error:
            return SourceFile(path, entry.path, 0, (0, 0, 0), f"unreadable:{error.strerror}")
        problem = "" if stat.S_ISREG(status.st_mode) else "not-a-file:not a regular file"
        if entry.is_symlink() and not _is_within(os.path.realpath(entry.path), os.path.realpath(self._root)):
            problem = "not-a-file:a link that leaves the target"
        stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        return SourceFile(path, entry.path, status.st_size, stamp, problem)


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _beside(relative: str, name: str) -> str:
    folder = relative.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name


def _is_environment(folder: str) -> bool:
    return os.path.exists(f"{folder}/pyvenv.cfg") or os.path.isdir(f"{folder}/conda-meta")


def _is_copy(entry: os.DirEntry[str]) -> bool:
    """A package named backup_service is a feature of the product; a dated or package-less folder is a copy."""
    return _DATED.search(entry.name) is not None or not os.path.isfile(os.path.join(entry.path, "__init__.py"))


def count_python_files(folder: str) -> int:
    """Return the number of .py files below a folder; linked folders are not entered."""
    return sum(1 for _ in _find_python_files(folder))


def _find_python_files(folder: str) -> Iterator[str]:
    """Yield the names of the .py files below a folder; ``os.walk`` of Python 3.11 recurses, a tree may be deeper."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.endswith(".py") and not os.path.isdir(entry.path):
                        yield entry.name
        except OSError:  # not readable, or its path is longer than the system takes
            continue


def printable(path: str) -> str:
    """Return a path as text that every table and page can hold: undecodable bytes are shown escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
