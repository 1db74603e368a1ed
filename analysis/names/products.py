"""What dotted names of modules mean by the table of names, and of which class the result of a call is.

A class makes its objects; a function gives back what it has made, as the table ``returned`` says. All names of one
question are looked up at once: the table is large.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables

#: A dotted name as it stands in a module, which comes first.
Asked = tuple[str, str]
_COLUMNS = ("import_path", "kind", "definition", "made_by", "definition_path", "definition_line")
#: Longer dotted names, and longer chains of functions that only pass on what the next one makes, are not followed.
_LONGEST = 8


class Meaning(NamedTuple):
    """An object: its kind and definition as in ``tables.PATHS``, what made it, and where it is defined."""

    kind: str
    definition: str
    made_by: str = ""
    path: str = ""
    line: int = 0

    @property
    def is_class(self) -> bool:
        return self.kind in tables.CLASS_KINDS


class Product(NamedTuple):
    """What a call makes: the class ``pkg.mod:Qual`` of the tree, or ``threading:local`` outside; empty if unknown.

    ``functions`` are the functions of the tree that pass it on, the outermost first.
    """

    definition: str = ""
    is_own: bool = False
    functions: tuple[str, ...] = ()


class NameMeanings:
    """Answers what names mean; ``paths`` and ``returned`` are the tables, ``homes`` the module name of each file."""

    def __init__(self, paths: pa.Table, returned: pa.Table, homes: Mapping[str, str]) -> None:
        self._paths = paths
        self._homes = homes
        self._modules = frozenset(homes.values())
        self._table = returned
        self._returned: dict[str, Asked] | None = None

    def find_meanings(self, asked: Iterable[Asked]) -> dict[Asked, Meaning]:
        """Return what names mean; nothing of those that nobody knows."""
        found: dict[Asked, Meaning] = {}
        waiting = {each: (each[0], each[1].split(".")) for each in asked if each[1]}
        for _ in range(_LONGEST):
            if not waiting:
                break
            known = self._look_up({f"{module}.{rest[0]}" for module, rest in waiting.values()})
            following = {}
            for each, (module, (first, *rest)) in waiting.items():
                meaning = known.get(f"{module}.{first}") or self._look_outside(
                    module, first, is_first=module == each[0]
                )
                if meaning is None:
                    continue
                if not rest:
                    found[each] = meaning
                elif meaning.kind == "module":
                    following[each] = (meaning.definition, rest)
                elif meaning.kind == "external":
                    separator = "." if ":" in meaning.definition else ":"
                    found[each] = Meaning("external", f"{meaning.definition}{separator}{'.'.join(rest)}")
            waiting = following
        return found

    def find_products(self, calls: Iterable[Asked]) -> dict[Asked, Product]:
        """Return what calls make, by module and dotted callee."""
        found: dict[Asked, Product] = {}
        waiting: dict[Asked, tuple[Asked, tuple[str, ...]]] = {call: (call, ()) for call in calls}
        for _ in range(_LONGEST):
            if not waiting:
                break
            meanings = self.find_meanings({asked for asked, _ in waiting.values()})
            following = {}
            for call, (asked, functions) in waiting.items():
                meaning = meanings.get(asked)
                if meaning is None:
                    continue
                if meaning.is_class or meaning.kind == "external":
                    found[call] = Product(meaning.definition, meaning.is_class and bool(meaning.path), functions)
                elif meaning.kind == "function" and meaning.definition in self._functions:
                    following[call] = (self._functions[meaning.definition], (*functions, meaning.definition))
            waiting = following
        return found

    def find_classes(self, meanings: Iterable[Meaning]) -> dict[Meaning, Product]:
        """Return of which class objects are that names are bound to."""
        made = {each: _split(each.made_by) for each in meanings if each.made_by and each.kind in {"instance", "result"}}
        products = self.find_products({call for call in made.values() if call is not None})
        found = {}
        for meaning, call in made.items():
            outside = Product(meaning.made_by)
            found[meaning] = products.get(call, outside) if call is not None and call[0] in self._modules else outside
        return found

    @property
    def _functions(self) -> Mapping[str, Asked]:
        if self._returned is None:
            rows = tables.read_rows(self._table, "path", "owner", "value")
            self._returned = {
                f"{self._homes[path]}:{owner}": (self._homes[path], value)
                for path, owner, value in rows
                if value and path in self._homes
            }
        return self._returned

    def _look_up(self, wanted: set[str]) -> dict[str, Meaning]:
        is_wanted = pc.is_in(self._paths.column("import_path"), pa.array(sorted(wanted), pa.string()))
        return {row[0]: Meaning(*row[1:]) for row in tables.read_rows(self._paths.filter(is_wanted), *_COLUMNS)}

    def _look_outside(self, module: str, name: str, *, is_first: bool) -> Meaning | None:
        if f"{module}.{name}" in self._modules:
            return Meaning("module", f"{module}.{name}")
        if is_first and hasattr(builtins, name):
            return Meaning("external", f"builtins:{name}")
        return None


def _split(definition: str) -> Asked | None:
    module, _, name = definition.partition(":")
    return (module, name) if name else None
