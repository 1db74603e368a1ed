"""Where modules come from: the files of the tree by module name, and what is outside of it."""

from __future__ import annotations

import ast
import json
import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from analysis import tables
from analysis.facts.annotations import list_annotations
from analysis.facts.extract import extract
from analysis.facts.lines import normalise_line_ends
from analysis.facts.program import Node, compile_function
from analysis.facts.source import decode
from analysis.resolve import TargetFacts
from analysis.resolve.environments import LAZY_ANNOTATIONS
from analysis.resolve.every_module import EVERY_MODULE
from analysis.simulation.blocks import index_settings
from analysis.simulation.places import Places

#: Characters of programs that are kept parsed, which takes some fifteen times as much: most run once.
_MOST_PARSED = 4 << 20
#: Bodies whose assignments, and files whose lines, are kept.
_MOST_INDEXED, _MOST_FILES_OF_LINES = 2_000, 100


class Sources(TargetFacts, Protocol):
    """The facts that a simulation is made of."""

    @property
    def programs(self) -> pa.Table:
        """What runs when a module is imported."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of one file: why it cannot be run, if so."""

    path: str
    status: str
    error_line: int
    since: tuple[int, ...] = ()


class Programs:
    """What runs when a file of the tree is imported, and what its functions do when they are called."""

    def __init__(self, facts: Sources) -> None:
        self._tree = facts.tree
        #: What lies where a program may look.
        self.places = Places(facts.tree)
        columns = ("path", "status", "error_line", "encoding", "since")
        self._files = {path: rest for path, *rest in tables.read_rows(facts.files, *columns)}
        self._programs: dict[str, str] = dict(tables.read_rows(facts.programs, "path", "program"))
        self._hooks = facts.hooks
        self._parsed: dict[str, list[Node]] = {}
        self._parsed_size = 0
        self._replaced: dict[str, list[Node]] = {}
        self._lines: dict[str, list[str]] = {}
        self._annotations: dict[str, dict[int, list[Node]]] = {}
        self._bodies: dict[tuple[str, int], tuple[list[Node], bool] | None] = {}
        self._settings: dict[int, tuple[Sequence[Node], dict[str, list[Node]]]] = {}

    @cached_property
    def served(self) -> dict[str, dict[str, str]]:
        """What files serve on demand by literal tables, for files that serve nothing else: origin by name."""
        found: dict[str, dict[str, str]] = {}
        for path, kind, name, value in tables.read_rows(self._hooks, "path", "kind", "name", "value"):
            if kind == "module_getattr":
                found.setdefault(path, {}).setdefault(name, value)
        return {path: names for path, names in found.items() if "*" not in names and all(names.values())}

    def find_file(self, path: str) -> Source:
        """Return what is known of a file."""
        status, line, _, since = self._files.get(path, ("unreadable", 0, "", ""))
        return Source(path, str(status), int(line), tuple(map(int, since.split("."))) if since else ())

    def has(self, path: str) -> bool:
        """Return whether a file belongs to the tree that was scanned."""
        return path in self._files

    def replace(self, programs: Mapping[str, list[Node]]) -> None:
        """Let some files run something else, and all others what they hold."""
        self._replaced = dict(programs)

    def read_program(self, path: str) -> list[Node] | None:
        """Return what runs when a file is imported, if anything."""
        return self._replaced[path] if path in self._replaced else self.read_original(path)

    def read_original(self, path: str) -> list[Node] | None:
        """Return the program of a file, if it has one."""
        if path not in self._parsed:
            text = self._programs.get(path)
            if text is None:
                return None
            self._parsed[path] = json.loads(text)
            self._parsed_size += len(text)
            while self._parsed_size > _MOST_PARSED and len(self._parsed) > 1:
                oldest = next(iter(self._parsed))
                del self._parsed[oldest]
                self._parsed_size -= len(self._programs[oldest])
        return self._parsed[path]

    def read_body(self, path: str, line: int, end_line: int) -> tuple[list[Node], bool] | None:
        """Return the statements of a function and whether it yields; None when its file is not there any more."""
        key = (path, line)
        if key not in self._bodies:
            body = None
            lines = self._read_lines(path)
            if len(lines) >= end_line:
                try:
                    body = compile_function("".join(lines[line - 1 : end_line]), line)
                except RecursionError:
                    body = None
            self._bodies[key] = body
        return self._bodies[key]

    def find_setting(self, body: Sequence[Node], name: str) -> Sequence[Node]:
        """Return the statements of a program or of a function that assign a name, or import it from a module."""
        if len(body) == 1 and body[0][0] == "return":  # what stands for a lambda is made for each call
            return ()
        known = self._settings.get(id(body))
        if known is None:
            if len(self._settings) >= _MOST_INDEXED:
                self._settings.clear()
            known = self._settings[id(body)] = (body, index_settings(body))
        return known[1].get(name, ())

    def read_annotations(self, path: str, line: int) -> list[Node]:
        """Return the annotations of the class or function whose statement stands in a line."""
        if path not in self._annotations:
            try:
                tree = ast.parse("".join(self._read_lines(path)))
                self._annotations[path] = dict(list_annotations(tree))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._annotations[path] = {}
        return self._annotations[path].get(line, [])

    def _read_lines(self, path: str) -> list[str]:
        if path not in self._lines:
            encoding = self._files.get(path, ("", 0, "utf-8"))[2]
            try:
                source = normalise_line_ends(self._tree.read_bytes(path))
            except OSError:
                source = b""
            if len(self._lines) >= _MOST_FILES_OF_LINES:
                self._lines.clear()
            self._lines[path] = [f"{text}\n" for text in decode(source, encoding or "utf-8").split("\n")]
        return self._lines[path]


@dataclass(frozen=True, slots=True)
class Environment:
    """What is outside of the tree: version and platform of the interpreter, and which imports it cannot satisfy.

    ``missing`` are modules that cannot be imported, ``lacking`` pairs of a module and a name that it has not,
    ``found`` all top-level modules that there are. Where ``found`` is empty, nobody has looked: then what is not
    named is taken to be there. The standard library is that of the running interpreter. ``oldest`` is the oldest
    version that is supported, where that is not the one of the interpreter.
    """

    version: tuple[int, int, int] = (sys.version_info[0], sys.version_info[1], sys.version_info[2])
    platform: str = sys.platform
    missing: frozenset[str] = frozenset()
    lacking: frozenset[tuple[str, str]] = frozenset()
    found: frozenset[str] = frozenset()
    oldest: tuple[int, int] | None = None

    @property
    def is_annotating(self) -> bool:
        """Whether annotations are evaluated where they stand: on the oldest version that is supported."""
        return (self.oldest or self.version[:2]) < LAZY_ANNOTATIONS

    def is_missing(self, module: str) -> bool:
        """Return whether a module outside the tree cannot be imported."""
        if module in self.missing:
            return True
        top = module.partition(".")[0]
        if module == "__main__":  # whatever was started
            return False
        if top in self.missing or (self.found and top not in self.found):
            return True
        return top in _KNOWN and self.version[:2] == sys.version_info[:2] and not _is_in_library(module)

    def lacks(self, module: str, name: str) -> bool:
        """Return whether a module outside the tree has no such name."""
        if (module, name) in self.lacking:
            return True
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names or self.version[:2] != sys.version_info[:2]:
            return False
        return not _has_name(module, name)


#: Once part of the standard library, or still: whether they are there depends on the version alone.
_KNOWN = sys.stdlib_module_names | {
    "StringIO", "cStringIO", "cPickle", "ConfigParser", "urllib2", "urlparse", "httplib", "Queue", "__builtin__",
    "HTMLParser", "cookielib", "Cookie", "htmlentitydefs", "copy_reg", "dummy_thread", "thread", "exceptions",
    "distutils", "imp", "asynchat", "asyncore", "smtpd",
}  # fmt: skip


#: What modules of the library that are no packages put into ``sys.modules`` below their own name.
_REGISTERED = frozenset({"os.path", "typing.io", "typing.re"})


@cache
def _is_in_library(module: str) -> bool:
    """Return whether the standard library has a module, by its files; what cannot be told is there."""
    top, _, rest = module.partition(".")
    if top == "distutils":
        return True  # setuptools brings it back
    if top not in sys.stdlib_module_names:
        return False
    if not rest or module in _REGISTERED:
        return True
    place = _LIBRARY / module.rpartition(".")[0].replace(".", "/")
    if not _is_there(place):
        return not _is_there(place.with_suffix(".py"))  # a file has no modules below it; others are not known here
    return _find_file(module) is not None


def _find_file(module: str) -> Path | None:
    """Return the file or folder of a module of the standard library."""
    place = _LIBRARY / module.replace(".", "/")
    candidates = (place / "__init__.py", place.with_suffix(".py"), place)
    return next((path for path in candidates if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is longer than the system takes
        return False


@cache
def _has_name(module: str, name: str) -> bool:
    """Return whether a module of the standard library has a name, by its source; what cannot be told is there."""
    if name in _read_plain(module):
        return True
    names = _read_names(module)
    return names is None or name in names or (_find_file(f"{module}.{name}") is not None)


@cache
def _read_plain(module: str) -> frozenset[str]:
    """Return the names that lines of a library module plainly bind; reading it all takes far longer."""
    path = _find_file(module)
    text = path.read_text("utf-8", "replace") if path is not None and path.is_file() else ""
    found = {name for names in _BINDS.findall(text) for name in names if name}
    for names in _TAKES.findall(text):
        parts = [part.split() for part in _COMMENT.sub("", names).strip("()").split(",")]
        found |= {part[-1] for part in parts if part}
    return frozenset(found)


_BINDS = re.compile(r"^(?:(?:async )?def (\w+)\(|class (\w+)[(:]|(\w+) *(?::[^=\n]*)?=(?!=))", re.MULTILINE)
_TAKES = re.compile(r"^from [\w.]+ import (\([^)]*\)|\w[\w, ]*$)", re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")


@cache
def _read_names(module: str) -> frozenset[str] | None:
    """Return the names that the source of a library module binds; None where it does not tell all of them."""
    path = _find_file(module)
    if path is None or not path.is_file() or module == "os":
        return None
    source = path.read_bytes()
    if any(word in source for word in _NAMING):
        return None
    rows = dict(zip(_FACTS, extract(source).rows, strict=True))
    kinds = {row[_KIND] for row in rows["bindings"]}
    if rows["hooks"] or "star" in kinds or not rows["bindings"]:
        return None
    return frozenset({row[_NAME] for row in rows["bindings"]} | EVERY_MODULE | {"__path__"})


#: What modules of the library call that put names into their namespace while they are imported.
_NAMING = (
    b"global_enum",
    b"._convert_",
    b"globals()",
    b"vars()",
    b"_globals",
    b"_namespace",
    b"exec(",
    b"__name__].__dict__",
)
_LIBRARY = Path(sysconfig.get_path("stdlib"))
_FACTS = tuple(table.name for table in tables.FACT_TABLES)
_NAME, _KIND = (tables.BINDINGS.names.index(column) - 1 for column in ("name", "kind"))
