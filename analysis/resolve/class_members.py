"""Which attributes a class of the tree has by its own statements and those of its bases."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.cache import remember_text
from analysis.resolve.modules import Module
from analysis.resolve.target import TargetResolver
from analysis.resolve.values import ALL_RUN, choose

_MOST_BASES = 50
#: An attribute of an expression, as programs are written; one may begin where another one ends.
_ATTRIBUTE = re.compile(rb'\],"(?=([^"]*)")')


class SettingFacts(Protocol):
    """The tables that say what sets attributes."""

    @property
    def programs(self) -> pa.Table: ...
    @property
    def stores(self) -> pa.Table: ...
    @property
    def object_texts(self) -> pa.Table: ...


class _Class(NamedTuple):
    module: Module
    bases: list[str]
    names: frozenset[str]
    is_open: bool


class ClassMembers:
    """Answers whether a class plainly lacks an attribute."""

    def __init__(self, target: TargetResolver, facts: SettingFacts) -> None:
        self._target = target
        self._set_on = facts

    def lacks(self, module: Module, name: str, member: str) -> bool:
        """Return whether what a module has under a name is a class of the tree that has no such attribute.

        False where it cannot be known: a base from outside, a decorator, a metaclass, or code that sets it.
        """
        if member.startswith("__") or member in self._set:
            return False
        waiting, seen = [(module, name)], 0
        while waiting and seen < _MOST_BASES:
            seen += 1
            found = self._find(*waiting.pop())
            if found is None or found.is_open or member in found.names:
                return False
            waiting += [(found.module, base) for base in found.bases if base != "object"]
        return not waiting

    def _find(self, module: Module, dotted: str) -> _Class | None:
        asked = self._target.index.modules[module.primary]
        outcome = self._target.names.resolve_dotted(asked, dotted, ALL_RUN)
        value = choose(outcome).value if len(outcome) == 1 else None
        if value is None or not value.is_class or value.module < 0:
            return None
        home = self._target.index.modules[value.module]
        return self._classes.get((home.source, value.target.partition(":")[2]))

    @cached_property
    def _classes(self) -> dict[tuple[str, str], _Class]:
        definitions = self._target.facts.definitions
        columns = ("path", "qualname", "bases", "attributes", "methods", "decorators", "metaclass", "marks")
        found: dict[tuple[str, str], _Class] = {}
        inner: dict[tuple[str, str], set[str]] = {}
        rows = list(tables.read_rows(definitions, *columns))
        for path, qualname, *_ in rows:
            above, _, name = qualname.rpartition(".")
            inner.setdefault((path, above), set()).add(name)
        for path, qualname, bases, attributes, methods, decorators, metaclass, marks in rows:
            module = self._target.index.find_importer(path)
            if module is None or (path, qualname) in found:
                continue
            names = frozenset({*attributes, *methods, *inner.get((path, qualname), ())})
            found[path, qualname] = _Class(module, bases, names, bool(decorators or metaclass or marks))
        return found

    @cached_property
    def _set(self) -> frozenset[str]:
        """The names of the attributes that something in the tree may set on a class, or that are read on import."""
        programs = self._set_on.programs["program"].cast(pa.binary()).to_pylist()
        stored = pc.unique(self._set_on.stores["name"]).to_pylist()
        last = (name.rpartition(".")[2] for name in stored if "." in name)
        return frozenset(last).union(*map(_list_attributes, programs))


@remember_text
def _list_attributes(program: bytes) -> frozenset[str]:
    """Return the names of attributes in a program as ``facts.program`` writes it."""
    return frozenset(name.decode("utf-8", "surrogatepass") for name in _ATTRIBUTE.findall(program))
