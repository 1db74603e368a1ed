"""Files that a build makes, or that git ignores: in a fresh clone they are missing, and no import of them is wrong."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache

from analysis.facts.source_tree import SourceTree

MADE_BY_BUILD, IGNORED_BY_GIT = "made-by-build", "ignored-by-git"
_MOST_BYTES = 1 << 18
_MOST_FILES = 200
_LONGEST_PATTERN = 200
#: Configurations name a file for many reasons: only under such a key they say that something writes it.
_CONFIGURATION = re.compile(r"(?:^|/)(?:pyproject\.toml|setup\.cfg|tox\.ini)$")
_WRITING_KEY = re.compile(
    r"^[^#=]*(?:write[_-]to|version[_-]?file|version[_-]py|output|generate|target|dest)[^=]*=", re.IGNORECASE
)
_SCRIPT = re.compile(
    r"^(?:(?:GNU)?[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml|meson\.build|CMakeLists\.txt|BUILD(?:\.bazel)?|Earthfile"
    r"|(?:setup|hatch_build|build|tasks|noxfile|dodo)\.py|[\w.-]*Dockerfile[\w.-]*|Containerfile"
    r"|buf\.gen\.ya?ml|[\w.-]+\.(?:mk|sh|bash|bat|ps1))$"
)
#: Folders of the root whose scripts and workflows build something.
_BUILD_FOLDERS = (".github/workflows", ".circleci", "scripts", "script", "tools", "bin", "ci", "hack", "build_tools")
_WORKFLOW = re.compile(r"\.ya?ml$")
_PROTOBUF = re.compile(r"(?P<stem>.+?)(?:_pb2(?:_grpc)?|_grpc|_connect)$")
_PROTOC = re.compile(
    r"\bprotoc\b|grpc_tools|grpcio-tools|\bbuf\s+generate\b|protobuf_(?:distutils|generate)|mypy-protobuf|betterproto"
)
#: How the names of what is made follow from the name of its source, which lies beside.
_SOURCES = (
    (re.compile(r"(?P<stem>.+)_pb2(?:_grpc)?$"), ".proto"),
    (re.compile(r"ui_(?P<stem>.+)$"), ".ui"),
    (re.compile(r"(?P<stem>.+)_ui$"), ".ui"),
    (re.compile(r"(?P<stem>.+)_rc$"), ".qrc"),
    (re.compile(r"rc_(?P<stem>.+)$"), ".qrc"),
    (re.compile(r"(?P<stem>.+?)(?:Lexer|Parser|Listener|Visitor)$"), ".g4"),
    (re.compile(r"(?P<stem>.+)$"), ".i"),
    (re.compile(r"(?P<stem>.+)$"), ".py.in"),
    (re.compile(r"(?P<stem>.+)$"), ".py.j2"),
    (re.compile(r"(?P<stem>.+)$"), ".py.tmpl"),
    (re.compile(r"(?P<stem>.+)$"), ".py.template"),
)


class MadeFiles:
    """Why modules of a tree may be missing from it alone: what its build files and ``.gitignore`` say."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._listings: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, str] = {}
        self._builds: dict[tuple[str, re.Pattern[str]], list[str]] = {}
        self._patterns: dict[str, list[str]] = {}
        self._answers: dict[tuple[str, tuple[str, ...]], str] = {}

    def find_reason(self, folder: str, names: Sequence[str]) -> str:
        """Return why a module is missing, by the folder that is there and the names below it; else nothing."""
        key = (folder, tuple(names))
        if key not in self._answers:
            self._answers[key] = self._find(folder, key[1])
        return self._answers[key]

    def _find(self, folder: str, names: tuple[str, ...]) -> str:
        if not all(map(str.isidentifier, names)) or folder.startswith(".."):
            return ""
        path = posixpath.join(folder, *names)
        if self._is_written(path) or self._is_generated(folder, path):
            return MADE_BY_BUILD
        below = [posixpath.join(folder, *names[:length]) for length in range(1, len(names) + 1)]
        wanted = [*((each, True) for each in below), (f"{path}.py", False)]
        return IGNORED_BY_GIT if any(self._is_ignored(*each) for each in wanted) else ""

    # What the build makes

    def _is_generated(self, folder: str, path: str) -> bool:
        """Return whether the source of a generator lies beside, or a build file runs protoc for such a name."""
        name = posixpath.basename(path)
        around = {*self._list(posixpath.dirname(path)), *self._list(folder)}
        if any(f"{found['stem']}{suffix}" in around for made, suffix in _SOURCES if (found := made.match(name))):
            return True
        if not _PROTOBUF.match(name):
            return False
        return any(_PROTOC.search(self._read(file)) for file in self._list_build_files(path))

    def _is_written(self, path: str) -> bool:
        """Return whether a build file names the file as something that it writes."""
        name = f"{posixpath.basename(path)}.py"
        for file in self._list_build_files(path):
            text = self._read(file)
            if name not in text:
                continue
            own, is_configuration = posixpath.dirname(file), _CONFIGURATION.search(file) is not None
            wanted = _find_mention(posixpath.relpath(f"{path}.py", own or "."), in_script=not is_configuration)
            if wanted.search(text) is None:
                continue
            if not is_configuration or any(
                _WRITING_KEY.match(line) and wanted.search(line) for line in text.splitlines()
            ):
                return True
        return False

    def _list_build_files(self, path: str) -> Iterator[str]:
        """Yield the build files in the folders above a path, and in those of the root that hold scripts."""
        for folder in _find_above(path):
            yield from self._list_builds(folder, _CONFIGURATION)
        for folder in _BUILD_FOLDERS:
            yield from self._list_builds(folder, _WORKFLOW if folder.startswith(".") else _SCRIPT)

    def _list_builds(self, folder: str, others: re.Pattern[str]) -> list[str]:
        """Return the files of a folder that say what a build does: scripts, and others by their names."""
        key = (folder, others)
        if key not in self._builds:
            names = (name for name in self._list(folder) if _SCRIPT.search(name) or others.search(name))
            self._builds[key] = [posixpath.join(folder, name) for name in names]
        return self._builds[key]

    # What git ignores

    def _is_ignored(self, path: str, is_folder: bool) -> bool:
        """Return whether a ``.gitignore`` above a path ignores it: the last pattern that matches decides."""
        answer = False
        for folder in reversed(_find_above(path)):
            if ".gitignore" not in self._list(folder):
                continue
            parts = posixpath.relpath(path, folder or ".").split("/")
            for pattern in self._list_patterns(folder):
                is_kept = pattern.startswith("!")
                if answer == is_kept and _matches(pattern.removeprefix("!"), parts, is_folder):
                    answer = not is_kept
        return answer

    def _list_patterns(self, folder: str) -> list[str]:
        """Return the lines of a ``.gitignore`` that may be patterns, in order."""
        if folder not in self._patterns:
            lines = map(str.strip, self._read(posixpath.join(folder, ".gitignore")).splitlines())
            self._patterns[folder] = [line for line in lines if line and not line.startswith("#")]
        return self._patterns[folder]

    # Files

    def _list(self, folder: str) -> tuple[str, ...]:
        if folder not in self._listings:
            try:
                names = sorted(entry.name for entry in self._tree.list_folder(folder))
            except OSError:
                names = []
            self._listings[folder] = tuple(names)
        return self._listings[folder]

    def _read(self, path: str) -> str:
        if path not in self._texts:
            try:
                is_one_more = len(self._texts) < _MOST_FILES
                read = self._tree.read_bytes(path, most_bytes=_MOST_BYTES) if is_one_more else b""
            except OSError:
                read = b""
            self._texts[path] = read.decode("utf-8", "replace")
        return self._texts[path]


def _find_above(path: str) -> list[str]:
    """Return the folders above a path, the nearest first, the root as an empty name.

    >>> _find_above("a/b/c.py")
    ['a/b', 'a', '']
    """
    found = []
    while path:
        path = posixpath.dirname(path)
        found.append(path)
    return found


@cache
def _find_mention(path: str, *, in_script: bool) -> re.Pattern[str]:
    """Return what finds a path in a text; in a script also its last part, after a variable or as a text of its own."""
    whole = rf"(?<![\w.-])(?<![\w.]/)(?:\./)?{re.escape(path)}"
    last = rf"|(?:[)}}]/|[\"']){re.escape(posixpath.basename(path))}" if in_script else ""
    return re.compile(rf"(?:{whole}{last})(?![\w.-])")


def _matches(pattern: str, parts: Sequence[str], is_folder: bool) -> bool:
    """Return whether one pattern of a ``.gitignore`` matches a path below its folder.

    >>> _matches("*_pb2.py", ["p", "x_pb2.py"], False), _matches("/x.py", ["p", "x.py"], False)
    (True, False)
    >>> _matches("gen/", ["p", "gen"], True), _matches("p/**/x.py", ["p", "q", "r", "x.py"], False)
    (True, True)
    """
    if not pattern or pattern.startswith("#") or len(pattern) > _LONGEST_PATTERN:
        return False
    if pattern.endswith("/") and not is_folder:
        return False
    wanted = pattern.rstrip("/").split("/")
    if len(wanted) == 1:
        return wanted[0] not in {"", "*", "**"} and fnmatchcase(parts[-1], wanted[0])
    return _match_parts(wanted[1:] if not wanted[0] else wanted, parts)


def _match_parts(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    """Match component by component; ``**`` stands for any number of them. Linear in both for each step."""
    reached = {0}
    for each in wanted:
        if each == "**":
            reached = set(range(min(reached), len(parts) + 1)) if reached else set()
        else:
            reached = {place + 1 for place in reached if place < len(parts) and fnmatchcase(parts[place], each)}
    return len(parts) in reached
