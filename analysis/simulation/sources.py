"""Where modules come from: the files of the tree by module name, and what is outside of it."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from analysis import tables
from analysis.facts.extract import extract
from analysis.facts.lines import normalise_line_ends
from analysis.facts.naming import ROOT_MARK
from analysis.facts.program import Node, compile_function
from analysis.facts.source import decode
from analysis.resolve.imports import ALWAYS_STDLIB


class Sources(Protocol):
    """The facts that a simulation is made of; ``root`` is the folder of the target."""

    @property
    def root(self) -> Path:
        """The folder of the target."""

    @property
    def files(self) -> pa.Table:
        """The files and whether they could be read."""

    @property
    def modules(self) -> pa.Table:
        """The module names."""

    @property
    def programs(self) -> pa.Table:
        """What runs when a module is imported."""


@dataclass(frozen=True, slots=True)
class Source:
    """One module of the tree: its file, its kind, and why the file cannot be run, if so."""

    path: str
    kind: str
    status: str
    error_line: int


class SourceTree:
    """The modules that an import statement can name, found as Python's path finder finds them."""

    def __init__(self, facts: Sources) -> None:
        self._root = facts.root
        columns = ("path", "status", "error_line", "encoding")
        self._files = {path: rest for path, *rest in _rows(facts.files, columns)}
        programs = ("path", "program")
        self._programs: dict[str, str] = dict(_rows(facts.programs, programs))
        self._by_root: dict[str, dict[str, Source]] = defaultdict(dict)
        for name, path, kind, root, shadowed_by in _rows(
            facts.modules, ("module", "path", "kind", "root", "shadowed_by")
        ):
            if not shadowed_by and kind != "script":
                status, line, _ = self._files.get(path, ("ok", 0, ""))
                self._by_root[root][name.removesuffix(ROOT_MARK + root)] = Source(path, kind, status, line)
        self._order = sorted(self._by_root, key=lambda root: (-len(self._by_root[root]), root))
        self.tops = frozenset(name.partition(".")[0] for found in self._by_root.values() for name in found)
        self._parsed: dict[str, list[Node]] = {}
        self._lines: dict[str, list[str]] = {}
        self._bodies: dict[tuple[str, int], tuple[list[Node], bool] | None] = {}

    def owns(self, name: str) -> bool:
        """Return whether a dotted name begins like a module of the tree."""
        top = name.partition(".")[0]
        return top in self.tops and top not in ALWAYS_STDLIB

    def find(self, name: str) -> Source | None:
        """Return the module of a dotted name; a package decides for its modules, a namespace package is shared."""
        top = name.partition(".")[0]
        shared: Source | None = None
        for root in self._order:
            known = self._by_root[root]
            if top in known:
                found = known.get(name)
                if known[top].kind != "namespace":
                    return shared if shared and found is None else found
                if found is not None and found.kind != "namespace":
                    return found
                shared = shared or found
        return shared

    def find_file(self, path: str) -> Source:
        """Return what is known of a file."""
        status, line, _ = self._files.get(path, ("unreadable", 0, ""))
        return Source(path, "module", str(status), int(line))

    def is_shared(self, name: str) -> bool:
        """Return whether all packages around a module that is not there are open to parts elsewhere."""
        parts = name.split(".")[:-1]
        found = (self.find(".".join(parts[:length])) for length in range(1, len(parts) + 1))
        return all(source is None or source.kind == "namespace" for source in found)

    def read_program(self, path: str) -> list[Node] | None:
        """Return the program of a file, if it has one."""
        if path not in self._parsed:
            text = self._programs.get(path)
            if text is None:
                return None
            self._parsed[path] = json.loads(text)
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

    def _read_lines(self, path: str) -> list[str]:
        if path not in self._lines:
            encoding = self._files.get(path, ("", 0, "utf-8"))[2]
            try:
                source = normalise_line_ends((self._root / path).read_bytes())
            except (OSError, ValueError):
                source = b""
            self._lines[path] = decode(source, encoding or "utf-8").split("\n")
            self._lines[path] = [f"{text}\n" for text in self._lines[path]]
        return self._lines[path]


def _rows(table: pa.Table, columns: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    return zip(*(tables.read_column(table, name) for name in columns), strict=True)


@dataclass(frozen=True, slots=True)
class Environment:
    """What is outside of the tree: the version of the interpreter, and which imports it cannot satisfy.

    ``missing`` are modules that cannot be imported, ``lacking`` pairs of a module and a name that it has not,
    ``found`` all top-level modules that there are. Where ``found`` is empty, nobody has looked: then what is not
    named is taken to be there. The standard library is that of the running interpreter.
    """

    version: tuple[int, ...] = field(default_factory=lambda: tuple(sys.version_info[:3]))
    missing: frozenset[str] = frozenset()
    lacking: frozenset[tuple[str, str]] = frozenset()
    found: frozenset[str] = frozenset()

    def is_missing(self, module: str) -> bool:
        """Return whether a module outside the tree cannot be imported."""
        if module in self.missing:
            return True
        top = module.partition(".")[0]
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


@cache
def _is_in_library(module: str) -> bool:
    """Return whether the standard library has a module, by its files; what cannot be told is there."""
    top, _, rest = module.partition(".")
    if top == "distutils":
        return True  # setuptools brings it back
    if top not in sys.stdlib_module_names:
        return False
    above = module.rpartition(".")[0]
    return not rest or not _is_there(_LIBRARY / above.replace(".", "/")) or _find_file(module) is not None


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
    names = _read_names(module)
    return names is None or name in names or (_find_file(f"{module}.{name}") is not None)


@cache
def _read_names(module: str) -> frozenset[str] | None:
    """Return the names that the source of a library module binds; None where it does not tell all of them."""
    path = _find_file(module)
    if path is None or not path.is_file() or module == "os":
        return None
    rows = dict(zip(_FACTS, extract(path.read_bytes()).rows, strict=True))
    kinds = {row[_KIND] for row in rows["bindings"]}
    if rows["hooks"] or "star" in kinds or not rows["bindings"]:
        return None
    return frozenset({row[_NAME] for row in rows["bindings"]} | _EVERY_MODULE)


_LIBRARY = Path(sysconfig.get_path("stdlib"))
_FACTS = tuple(table.name for table in tables.FACT_TABLES)
_NAME, _KIND = (tables.BINDINGS.names.index(column) - 1 for column in ("name", "kind"))
_EVERY_MODULE = frozenset({"__name__", "__doc__", "__file__", "__path__", "__package__", "__spec__", "__loader__"})
