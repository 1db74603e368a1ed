"""Conditions whose names come from other modules: what these modules say is put in their place.

``from pkg.compat import PY2`` and ``if PY2:`` is a test of the version when ``pkg.compat`` says
``PY2 = sys.version_info[0] == 2``; a ``TYPE_CHECKING`` that another module sets to True is one for everybody. Only
names that one statement binds, for good, are followed.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.absolute import split_dots
from analysis.facts.expressions import TYPING_NAMES
from analysis.resolve.conditions import is_known_constant
from analysis.resolve.modules import Module
from analysis.resolve.search import Finder

_SCOPES = ("module", "class", "type_checking")
#: Names handed on more often are not followed.
_MOST_STEPS = 8


class _Binding(NamedTuple):
    kind: str
    value: str
    scope: str
    condition: str
    caught: str


def settle_conditions(imports: pa.Table, bindings: pa.Table, finder: Finder) -> tuple[pa.Table, pa.Table]:
    """Return the tables of imports and bindings with conditions that say what they come to, and their scopes."""
    asked = {place for table in (imports, bindings) for place in _list_conditions(table)}
    names = {place: _find_names(place[1]) for place in asked}
    if not any(names.values()):
        return imports, bindings
    values = _Values(bindings, finder)
    settled: dict[tuple[str, str], str] = {}
    for (path, condition), found in names.items():
        known = {name: value for name in found if (value := values.find(path, name)) is not None}
        if known:
            settled[path, condition] = ast.unparse(_Replacer(known).visit(ast.parse(condition, mode="eval").body))
    if not settled:
        return imports, bindings
    return _replace(imports, settled), _replace(bindings, settled)


def _list_conditions(table: pa.Table) -> Iterator[tuple[str, str]]:
    is_asked = pc.and_(
        pc.not_equal(table["condition"].cast(tables.TEXT), ""),
        pc.is_in(table["scope"].cast(tables.TEXT), pa.array(_SCOPES)),
    )
    kept = table.select(["path", "condition"]).filter(is_asked)
    yield from set(tables.read_rows(kept, *kept.column_names))


@lru_cache(maxsize=4096)
def _find_names(condition: str) -> frozenset[str]:
    """Return the names, with at most one attribute, that a condition asks and that no interpreter decides."""
    if "…" in condition:
        return frozenset()
    try:
        tree = ast.parse(condition, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    owners = {
        id(node.value): f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    found = {owners.get(id(node), node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(name for name in found if not is_known_constant(name))


class _Replacer(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = {name: ast.parse(value, mode="eval").body for name, value in known.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._known.get(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name):
            return self._known.get(f"{node.value.id}.{node.attr}", node)
        self.generic_visit(node)
        return node


class _Values:
    """The values of names that one statement binds to a constant, followed through imports."""

    def __init__(self, bindings: pa.Table, finder: Finder) -> None:
        self._finder = finder
        self._bindings = bindings
        codes, texts = tables.read_codes(bindings, "name")
        self._codes = {text: code for code, text in enumerate(texts)}
        self._order = np.argsort(codes, kind="stable")
        self._sorted = codes[self._order]
        self._read: dict[str, dict[str, list[_Binding]]] = {}

    def _find_bindings(self, path: str, name: str) -> list[_Binding]:
        """Return the statements of a file that bind a name; all files are read once for each name that is asked."""
        if name not in self._read:
            code = self._codes.get(name, -1)
            first, end = np.searchsorted(self._sorted, [code, code + 1])
            rows = self._bindings.take(pa.array(self._order[first:end]))
            found = self._read[name] = defaultdict(list)
            for place, *rest in tables.read_rows(rows, "path", *_Binding._fields):
                found[place].append(_Binding(*rest))
        return self._read[name].get(path, [])

    def find(self, path: str, name: str) -> str | None:
        """Return the source of what an imported name of a file comes to; None where that is not known."""
        first, _, attribute = name.partition(".")
        importer = self._finder.index.find_importer(path)
        if importer is None:
            return None
        taken = self._take(importer, path, first)
        if taken is None:
            return None
        module, inner = taken
        if bool(inner) == bool(attribute):
            return None  # a module itself, or an attribute of a constant
        return self._follow(module, inner or attribute, _MOST_STEPS)

    def _follow(self, module: Module, name: str, steps: int) -> str | None:
        bound = self._find_bindings(module.source, name)
        if len(bound) != 1 or not steps or bound[0].scope != "module" or bound[0].condition or bound[0].caught:
            return None
        kind, value = bound[0].kind, bound[0].value
        if kind in {"constant", "expression"} and value:
            return value
        if kind == "alias" and is_known_constant(value):
            return value
        if kind != "import":
            return None
        if is_known_constant(value.replace(":", ".")):
            return value.replace(":", ".")
        taken = self._take_written(module, value)
        return self._follow(*taken, steps - 1) if taken is not None and taken[1] else None

    def _take(self, importer: Module, path: str, name: str) -> tuple[Module, str] | None:
        """Return the module, and the name in it, that an imported name of a file means."""
        bound = self._find_bindings(path, name)
        if len(bound) != 1 or bound[0].kind != "import" or bound[0].condition:
            return None
        return self._take_written(importer, bound[0].value)

    def _take_written(self, importer: Module, written: str) -> tuple[Module, str] | None:
        base, _, name = written.partition(":")
        found = self._finder.find_written(importer, *split_dots(base))[1]
        if found is None:
            return None
        index = self._finder.index
        child = index.find_submodule(found.module, name) if name else None
        return (child, "") if child is not None else (index.all[found.module.primary], name)


def _replace(table: pa.Table, settled: Mapping[tuple[str, str], str]) -> pa.Table:
    """Return a table with settled conditions; one that no type checker sees otherwise is in no scope of theirs."""
    names = ("path", "condition", "scope", "owner")
    path, condition, scope, owner = (tables.read_column(table, name) for name in names)
    conditions = [settled.get(place, place[1]) for place in zip(path, condition, strict=True)]
    scopes = [
        _find_scope(each, new, inside) if new != old else each
        for each, old, new, inside in zip(scope, condition, conditions, owner, strict=True)
    ]
    for name, column in (("condition", conditions), ("scope", scopes)):
        place = table.column_names.index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array(column, tables.TEXT).cast(field.type))
    return table


def _find_scope(scope: str, condition: str, owner: str) -> str:
    if scope != "type_checking":
        return scope
    names = {node.id for node in ast.walk(ast.parse(condition)) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(ast.parse(condition)) if isinstance(node, ast.Attribute)}
    if (names | attributes) & TYPING_NAMES:
        return scope
    return "class" if owner else "module"
