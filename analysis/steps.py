"""Steps of chains, loops and cuts, and names left behind, as columns of tables hold them: written and read here.

A path may hold spaces and colons; names and lines do not, so that each form is read from the side of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*\'"""
_LEFT = re.compile(rf"(?:^|, )(\w+): ({_QUOTED}|.*?)(?=, \w+: |$)", re.DOTALL)


class BindingStep(NamedTuple):
    """One binding on the way from a name to its definition: the path by which it is had, and where it stands."""

    import_path: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.import_path} {self.path}:{self.line}"


def join_bindings(import_paths: pa.Array, paths: pa.Array, lines: pa.Array) -> pa.Array:
    """Return columns of ``BindingStep`` as a column of texts.

    >>> join_bindings(pa.array(["pkg.A"]), pa.array(["pkg/my a.py"]), pa.array([3])).to_pylist()
    ['pkg.A pkg/my a.py:3']
    """
    places = pc.binary_join_element_wise(paths, lines.cast(paths.type), ":")
    return pc.binary_join_element_wise(import_paths, places, " ")


def find_bindings_in(steps: pa.Array, path: str) -> pa.Array:
    """Return for each text of a ``BindingStep`` whether it stands in a file; it may be true of a few others too."""
    return pc.match_substring(steps, f" {path}:")


class StatementStep(NamedTuple):
    """One import statement on the way to a failure, and the module that it imports; empty where none is known."""

    path: str
    line: int
    module: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.module}".rstrip()


class LoopStep(NamedTuple):
    """One import of a loop: who imports, the statement, and what is imported."""

    importer: str
    path: str
    line: int
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} {self.path}:{self.line} {self.imported}"


class CutStep(NamedTuple):
    """One import that a cut removes."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


def read_binding(text: str) -> BindingStep:
    """Return the step of a chain of ``paths``.

    >>> read_binding("pkg.core.Order pkg/my core.py:12")
    BindingStep(import_path='pkg.core.Order', path='pkg/my core.py', line=12)
    """
    import_path, _, place = text.partition(" ")
    return BindingStep(import_path, *_read_place(place))


def read_statement(text: str) -> StatementStep | None:
    """Return the step of a chain of ``simulated`` or ``probed``; None where the text names no place.

    >>> read_statement("a/b.py:12 a.c"), read_statement("a/b.py:12"), read_statement("x")
    (StatementStep(path='a/b.py', line=12, module='a.c'), StatementStep(path='a/b.py', line=12, module=''), None)
    """
    place, _, module = text.rpartition(" ")
    for where, what in ((place, module), (text, "")):
        path, line = _read_place(where)
        if path and line:
            return StatementStep(path, line, what)
    return None


def read_loop_step(text: str) -> LoopStep:
    """Return the step of a loop of ``cycles``.

    >>> read_loop_step("shop.db shop/my db.py:3 shop.api")
    LoopStep(importer='shop.db', path='shop/my db.py', line=3, imported='shop.api')
    """
    importer, _, rest = text.partition(" ")
    place, _, imported = rest.rpartition(" ")
    return LoopStep(importer, *_read_place(place), imported)


def read_cut(text: str) -> CutStep:
    """Return one import of a cut of ``cycles``.

    >>> read_cut("shop.db -> shop.api")
    CutStep(importer='shop.db', imported='shop.api')
    """
    importer, _, imported = text.partition(" -> ")
    return CutStep(importer, imported)


class LeftName(NamedTuple):
    """A name that a swallowed import leaves behind, and what it holds: None, absent, a class or another object."""

    name: str
    state: str

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


def write_left_names(names: Iterable[LeftName]) -> str:
    """Return the text of a column ``left_as``."""
    return ", ".join(map(str, names))


def read_left_names(text: str) -> list[LeftName]:
    """Return the names of a column ``left_as``.

    >>> read_left_names("Bus: None, Event: class shop.core:Event")
    [LeftName(name='Bus', state='None'), LeftName(name='Event', state='class shop.core:Event')]
    """
    return [LeftName(match[1], match[2]) for match in _LEFT.finditer(text)]


def _read_place(text: str) -> tuple[str, int]:
    path, _, line = text.rpartition(":")
    return (path, int(line)) if line.isdigit() else (text, 0)


class OtherDefinition(NamedTuple):
    """What else a name may be: a definition, and its line where it distinguishes several of one file, else 0."""

    target: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.target} line {self.line}" if self.line else self.target


_OTHERWISE = "otherwise "


def write_others(others: Iterable[OtherDefinition]) -> str:
    """Return the reason of a name that may be several things.

    >>> write_others([OtherDefinition("p.a:B", 9), OtherDefinition("none")])
    'otherwise none, p.a:B line 9'
    """
    return f"{_OTHERWISE}{', '.join(sorted({str(other) for other in others}))}"


def read_others(reason: str) -> list[OtherDefinition]:
    """Return what else a name may be, from its reason; nothing for a reason of another kind.

    >>> read_others("otherwise none, p.a:B line 9"), read_others("module __getattr__")
    ([OtherDefinition(target='none', line=0), OtherDefinition(target='p.a:B', line=9)], [])
    """
    if not reason.startswith(_OTHERWISE):
        return []
    return [_read_other(part) for part in reason.removeprefix(_OTHERWISE).split(", ")]


def _read_other(text: str) -> OtherDefinition:
    target, between, line = text.rpartition(" line ")
    return OtherDefinition(target, int(line)) if between and line.isdigit() else OtherDefinition(text)
