"""Reads a name as an attribute of its module when it is used: ``import a`` and ``a.B`` for ``from a import B``.

``import a`` succeeds in a cycle where ``from a import B`` does not: the module is there, though only partially
initialized, and the attribute is looked up later.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from analysis.facts.scopes import Function
from analysis.fixes.deferred_imports import Moved, UnmovableError, find_bound_name
from analysis.fixes.moved_imports import find_taken_module, write_module
from analysis.fixes.name_uses import ANNOTATION, IMPORT, count_bindings
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import insert_after, remove_names, replace_statement


def check_qualifiable(moved: Moved, home: SourceText, running: Collection[str]) -> None:
    """Raise ``UnmovableError`` unless a name can be read from its module, whose file is ``home``, at every use.

    ``running`` are the names of functions that run while modules are imported.
    """
    statement, name = moved.statement, moved.name
    if not isinstance(statement.node, ast.ImportFrom):
        raise UnmovableError(statement.line, "it imports a module already")
    if name.startswith("__"):
        raise UnmovableError(statement.line, f"within a class {name} would be another attribute")
    if count_bindings(statement.source.tree, name) > 1:
        raise UnmovableError(statement.line, f"other statements bind {name} too")
    if count_bindings(home.tree, moved.alias.name) != 1:
        raise UnmovableError(statement.line, f"{home.path} does not bind {moved.alias.name} exactly once")
    if not moved.uses:
        raise UnmovableError(statement.line, f"nothing in the file uses {name}")
    kept = _list_assigned_lambdas(statement.source.tree)
    for use in moved.uses:
        if use.when == IMPORT or use.is_evaluated:
            raise UnmovableError(use.line, f"{name} is needed while the module is imported (line {use.line})")
        if use.node is None:
            raise UnmovableError(use.line, f"a text names {name} (line {use.line})")
        runs = kept.get(id(use.function), use.function.name if isinstance(use.function, Function) else "")
        if use.when != ANNOTATION and (not runs or runs in running):
            what = runs or "a lambda"
            raise UnmovableError(use.line, f"{what}, which uses {name}, may run on import (line {use.line})")


def qualify_names(source: SourceText, package: str, moved: Sequence[Moved]) -> list[Edit]:
    """Return the edits that import the module of some names in place of the names; raises ``UnplacedError``.

    The names stand in one statement; ``package`` is where the relative imports of the file start.
    """
    statement = moved[0].statement
    node = statement.node
    assert isinstance(node, ast.ImportFrom)
    parent, _, last = find_taken_module(statement, package).rpartition(".")
    bound = _choose_name(source, last, statement.line)
    taken = last if bound == last else f"{last} as {bound}"
    text = f"from {write_module(package, node.level, parent)} import {taken}" if parent else f"import {taken}"
    if len(moved) == len(node.names):
        edits = [replace_statement(statement, text)]
    else:
        edits = [*remove_names(statement, [each.alias for each in moved]), insert_after(statement, text)]
    return [*edits, *(edit for each in moved for edit in _qualify(source, each, bound))]


def _qualify(source: SourceText, moved: Moved, bound: str) -> Iterator[Edit]:
    for use in moved.uses:
        assert use.node is not None
        if source.cut(use.node) != source.encode(moved.name):
            raise UnmovableError(use.line, f"{moved.name} is not found in the text (line {use.line})")
        yield Edit(source.path, *source.find_span(use.node), source.encode(f"{bound}.{moved.alias.name}"))


def _choose_name(source: SourceText, last: str, line: int) -> str:
    """Return a name for a module that the file does not use: no function can hide it."""
    taken = _list_words(source.tree)
    for name in (last, f"{last}_module"):
        if name not in taken:
            return name
    raise UnmovableError(line, f"the file uses the names {last} and {last}_module for something else")


def _list_words(tree: ast.Module) -> set[str]:
    """Return every name that a file uses or binds anywhere, attributes aside."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {find_bound_name(node, alias) for alias in node.names}
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found |= set(node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        else:
            found |= {each for each in (getattr(node, "name", None), getattr(node, "rest", None)) if each}
    return found


def _list_assigned_lambdas(tree: ast.Module) -> Mapping[int, str]:
    """Return the name of each lambda that an assignment only keeps: nothing calls it there."""
    return {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Lambda)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    }
