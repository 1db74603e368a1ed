"""The Python files of a target, and what is left out, counted and with the reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial

from analysis.errors import TargetError
from analysis.facts.git_folders import GitRefusedError
from analysis.facts.git_ignored import IgnoredPaths
from analysis.facts.git_stand_in import open_git
from analysis.facts.links import SourceFile, find_source_file, name_links, printable
from analysis.facts.opening import find_below
from analysis.facts.revision_listing import IS_SUBMODULE
from analysis.facts.revision_tree import RevisionTree
from analysis.facts.source_tree import FolderEntry, SourceTree
from analysis.facts.starting.reading import is_start_file
from analysis.gaps import Gaps, NoGaps
from analysis.tree_state import CACHES

_BACKUP = re.compile(r"backups?(?:[_\-.]|\d|$)", re.IGNORECASE)
_DATED = re.compile(r"\d{4}|old|copy|untracked", re.IGNORECASE)
_EXTENSION = re.compile(r"([^.]+)(?:\.(?:cpython|cp|abi3|pypy|graalpy)[^.]*)?\.(?:so|pyd)$")
_IGNORED, _ENVIRONMENT = "ignored-by-git", "virtual-environment"
#: What lies in a virtual environment: only folders with one of these are asked whether they are one.
_MARKS_OF_ENVIRONMENT = frozenset({"pyvenv.cfg", "conda-meta"})
NOTEBOOK = ".ipynb"
#: Python files that say how others are started.
_PYTHON_START_FILES = frozenset({"setup.py", "noxfile.py"})
#: Deeper folders are not entered: no import reaches them, and every real system stops earlier.
_DEEPEST = 200


@dataclass(slots=True)
class Discovery:
    """What a walk found: files to read, compiled modules, what says how it is started, and what was left out.

    ``compiled`` maps the path of a compiled module without its suffix to its file.
    """

    files: list[SourceFile] = field(default_factory=list)
    extensions: dict[str, bool] = field(default_factory=dict)
    compiled: dict[str, str] = field(default_factory=dict)
    start_files: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DiscoveryOptions:
    """``exclude`` are glob patterns on relative paths or folder names; ``keep`` names reasons not to leave out."""

    exclude: tuple[str, ...] = ()
    use_gitignore: bool = True
    keep_backups: bool = False
    notebooks: bool = True


def discover(tree: SourceTree, options: DiscoveryOptions, gaps: Gaps | None = None) -> Discovery:
    """Walk a tree and return what there is, sorted by path.

    Folders named in ``left_out`` are virtual environments, caches, backup copies, what git ignores, and
    linked folders. A file or folder on which the kit itself fails is left out, and ``gaps`` says so. Raises
    ``TargetError`` when the folder cannot be read at all.
    """
    try:
        tree.list_folder("")
    except OSError as error:
        raise TargetError(f"cannot read {tree.root}: {error.strerror}", remedy="Name a readable folder") from None
    gaps = gaps or NoGaps()
    if options.use_gitignore:
        found = gaps.attempt("scan", "what git ignores", lambda: _walk(tree, options, gaps), lambda: None)
    else:
        found = None
    found = found or _Walk(tree, options, None, gaps).run()
    found.files.sort()
    found.left_out.sort()
    return found


def _walk(tree: SourceTree, options: DiscoveryOptions, gaps: Gaps) -> Discovery:
    """Walk a tree with what git ignores left out; a repository that is not asked is a row, and nothing is ignored.

    Nothing in a commit is ignored: what git tracks never is.
    """
    below = find_below(tree)
    if isinstance(below, RevisionTree):
        found = _Walk(tree, options, None, gaps).run()
        found.left_out.extend((printable(path), "not-checked-out", 0) for path in below.problems)
        return found
    try:
        with open_git(tree.root) as git:
            ignored = IgnoredPaths(git) if git else None
            found = _Walk(tree, options, ignored, gaps).run()
            if git and git.prefix and not found.files and _IGNORED in {reason for _, reason, _ in found.left_out}:
                return _Walk(tree, options, None, gaps).run()  # every file of a folder that somebody named is ignored
    except GitRefusedError:
        found = _Walk(tree, options, None, gaps).run()
        found.left_out.append(("", "git-not-asked", 0))
        return found
    if ignored:
        found.left_out.extend((printable(folder), reason, 0) for folder, reason in ignored.problems)
    return found


class _Walk:
    def __init__(self, tree: SourceTree, options: DiscoveryOptions, ignored: IgnoredPaths | None, gaps: Gaps) -> None:
        self._tree = tree
        self._options = options
        self._suffixes = (".py", NOTEBOOK) if options.notebooks else (".py",)
        self._gaps = gaps
        self._paths = ignored
        self._ignored: set[str] = set()
        self._single = Counter[str]()
        self.found = Discovery()
        self._stubs: dict[str, str] = {}
        #: Links to files and to folders, each with what it leads to in the target.
        self._links: dict[str, str] = {}
        self._folder_links: dict[str, str] = {}

    def run(self) -> Discovery:
        level, depth = [""], 0
        while level:
            listed = [self._beside_each(folder, entry) for folder in level for entry in self._enter(folder)]
            self._ignored = self._find_ignored(listed)
            level = []
            for relative, entry in listed:
                visit = partial(self._visit, relative, entry, depth)
                if self._gaps.attempt("scan", "discovery", visit, lambda: False, path=printable(relative)):
                    level.append(relative)
            depth += 1
        self._add_stubs()
        self.found.files = name_links(self.found.files, self._links, self._folder_links)
        for reason, count in self._single.items():
            self.found.left_out.append(("", reason, count))
        return self.found

    def _visit(self, relative: str, entry: FolderEntry, depth: int) -> bool:
        """Look at one entry; return whether it is a folder to enter."""
        if not entry.is_dir(follow_symlinks=False):
            self._file(relative, entry)
            return False
        reason = self._find_reason(relative, entry, depth)
        if reason:
            self._leave_out(relative, reason)
        return not reason

    @staticmethod
    def _beside_each(folder: str, entry: FolderEntry) -> tuple[str, FolderEntry]:
        return (f"{folder}/{entry.name}" if folder else entry.name), entry

    def _find_ignored(self, listed: Iterable[tuple[str, FolderEntry]]) -> set[str]:
        """Return which of the folders and Python files of one level git ignores."""
        if not self._paths:
            return set()
        folders, files = [], []
        for relative, entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in CACHES:
                    folders.append(relative)
            elif entry.name.endswith(self._suffixes):
                files.append(relative)
        return self._paths.find(folders, files)

    def _leave_out(self, relative: str, reason: str) -> None:
        count = self._tree.count_python_files(relative)
        if count or reason != "cache":
            self.found.left_out.append((printable(relative), reason, count))

    def _enter(self, folder: str) -> list[FolderEntry]:
        """Return what is in a folder; nothing of one that turns out to be a virtual environment."""
        entries = self._entries(folder)
        is_marked = folder and not _MARKS_OF_ENVIRONMENT.isdisjoint([entry.name for entry in entries])
        if is_marked and self._is_environment(folder):
            self._leave_out(folder, _ENVIRONMENT)
            return []
        return entries

    def _entries(self, folder: str) -> list[FolderEntry]:
        try:
            return self._tree.list_folder(folder)
        except OSError as error:
            reason = "submodule" if error.strerror == IS_SUBMODULE else "unreadable-folder"
            self.found.left_out.append((printable(folder), reason, 0))
            return []

    def _find_reason(self, relative: str, entry: FolderEntry, depth: int) -> str:
        """Return why a folder is left out; empty when it is entered."""
        if entry.name in CACHES:
            return "cache"
        if relative in self._ignored:
            return _ENVIRONMENT if self._is_environment(relative) else _IGNORED
        if self._is_excluded(relative, entry.name):
            return "excluded"
        if _BACKUP.match(entry.name) and not self._options.keep_backups and self._is_copy(relative, entry.name):
            return "backup-copy"
        if entry.name == "site-packages":
            return _ENVIRONMENT
        reason = "nested-too-deep" if depth >= _DEEPEST else ""
        if entry.name == "build" and self._tree.has_folder(f"{relative}/lib"):
            reason = "cache"
        return _ENVIRONMENT if reason and self._is_environment(relative) else reason

    def _is_excluded(self, relative: str, name: str) -> bool:
        return any(fnmatchcase(relative, pattern) or fnmatchcase(name, pattern) for pattern in self._options.exclude)

    def _file(self, relative: str, entry: FolderEntry) -> None:
        name = entry.name
        if not name.endswith(self._suffixes):
            self._other(relative, entry)
            return
        if relative in self._ignored:
            self._single[_IGNORED] += 1
        elif self._is_excluded(relative, name):
            self._single["excluded"] += 1
        else:
            self.found.files.append(find_source_file(self._tree, relative))
            if entry.is_symlink():
                self._links[relative] = self._tree.find_link(relative)
            if name in _PYTHON_START_FILES:
                self.found.start_files.append(relative)

    def _other(self, relative: str, entry: FolderEntry) -> None:
        match = _EXTENSION.match(entry.name)
        if match:
            self.found.extensions[_beside(relative, match.group(1))] = True
            self.found.compiled.setdefault(_beside(relative, match.group(1)), relative)
        elif entry.name.endswith(".pyx"):
            self.found.extensions.setdefault(_beside(relative, entry.name[:-4]), False)
        elif entry.name.endswith(".pyi"):
            self._stubs[_beside(relative, entry.name[:-4])] = relative
        elif entry.is_symlink() and self._tree.has_folder(relative):  # entry.is_dir() raises on a link to itself
            self.found.left_out.append((printable(relative), "symlinked-folder", 0))
            if entry.name not in CACHES and not self._is_excluded(relative, entry.name):
                self._folder_links[relative] = self._tree.find_link(relative)
        elif is_start_file(relative):
            self.found.start_files.append(relative)

    def _add_stubs(self) -> None:
        """A stub is read where it is all that says what a compiled module holds."""
        sources = {file.path for file in self.found.files}
        for path, relative in sorted(self._stubs.items()):
            if self.found.extensions.get(path) and f"{path}.py" not in sources:
                self.found.files.append(find_source_file(self._tree, relative))

    def _is_environment(self, folder: str) -> bool:
        return self._tree.has_file(f"{folder}/pyvenv.cfg") or self._tree.has_folder(f"{folder}/conda-meta")

    def _is_copy(self, folder: str, name: str) -> bool:
        """A package named backup_service is a feature of the product; a dated or package-less folder is a copy."""
        return _DATED.search(name) is not None or not self._tree.has_file(f"{folder}/__init__.py")


def _beside(relative: str, name: str) -> str:
    folder = relative.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name
