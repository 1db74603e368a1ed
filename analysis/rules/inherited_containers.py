"""Containers of a class body that methods of subclasses change: one for the objects of all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from analysis import tables
from analysis.facts.shared_state import is_container
from analysis.facts.source import parse
from analysis.facts.source_tree import read_if_any
from analysis.facts.walking import list_nodes
from analysis.rules.context import RuleContext
from analysis.rules.stored_state import Store


class InheritedChange(NamedTuple):
    """A statement of a subclass that changes a container of a class, with the place of the container."""

    definition: str
    name: str
    path: str
    line: int
    store: Store


def find_inherited_changes(case: RuleContext) -> Iterator[InheritedChange]:
    """Yield the changes, outside of the tests, by what callers hand over.

    Left out are containers that the class or the subclass gives each object for itself.
    """
    homes = case.homes
    rows = tables.read_rows(case.facts.definitions, "path", "qualname")
    paths = {f"{homes[path]}:{qualname}": path for path, qualname in rows if path in homes}

    @cache
    def parse_file(path: str) -> ast.Module | None:
        return parse(read_if_any(case.facts.tree, path)).tree

    @cache
    def read(definition: str) -> Mapping[str, int]:
        return _read_class(parse_file(paths[definition]), definition.partition(":")[2])

    for store in case.stores:
        is_meant = store.way == "object" and store.inflow == "parameter" and not store.is_test
        if not is_meant or not store.part or "." in store.part or store.holder not in paths:
            continue
        around = [each for each in sorted(case.identity.inheritance.find_ancestors(store.holder)) if each in paths]
        holders = [each for each in around if read(each).get(store.part, 0) > 0]
        own = (read(each).get(store.part, 0) for each in (store.holder, *around))
        if holders and all(line >= 0 for line in own) and _is_change(case, store):
            definition = holders[0]
            yield InheritedChange(definition, store.part, paths[definition], read(definition)[store.part], store)


def _read_class(tree: ast.Module | None, qualname: str) -> dict[str, int]:
    """Return the line of each container of a class body; -1 for an attribute that its methods give each object."""
    body: list[ast.stmt] = tree.body if tree is not None else []
    for part in qualname.split("."):
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part), [])
    found, own = dict[str, int](), set[str]()
    for statement in body:
        if isinstance(statement, ast.Assign) and is_container(statement.value):
            found.update({each.id: statement.lineno for each in statement.targets if isinstance(each, ast.Name)})
        for node in list_nodes(statement):
            is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if is_set and isinstance(node.value, ast.Name) and node.value.id == "self":  # type: ignore[attr-defined]
                own.add(node.attr)  # type: ignore[attr-defined]
    return found | dict.fromkeys(own, -1)


def _is_change(case: RuleContext, store: Store) -> bool:
    """Return whether the statement changes what is there, and does not put something else in its place."""
    lines = read_if_any(case.facts.tree, store.path).split(b"\n")
    text = lines[store.line - 1] if 0 < store.line <= len(lines) else b""
    return re.search(rb"\bself\.%s(?:\[|\.\w+\()" % re.escape(store.part.encode()), text) is not None
