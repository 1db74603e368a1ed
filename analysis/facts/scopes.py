"""How the names of a function or a module are bound, as far as it can be followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analysis.facts.walking import list_nodes, list_statements

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Bound(NamedTuple):
    """How a name is bound.

    By a ``value`` or a ``part`` of one, to ``each`` element of one or an ``item`` of each, as a ``parameter``, by an
    ``import``, or in an ``other`` way.
    """

    kind: str
    value: ast.expr | None = None
    place: int = 0


def list_bindings(scope: Function | ast.Module) -> Iterator[tuple[str, Bound]]:
    """Yield each name that statements of a function or module bind, and how; those of inner functions are their own."""
    waiting: list[ast.AST] = list(scope.body)
    if not isinstance(scope, ast.Module):
        for argument in list_nodes(scope.args):
            if isinstance(argument, ast.arg):
                yield argument.arg, Bound("parameter")
    told: set[int] = set()
    while waiting:
        node = waiting.pop()
        for target, bound in _read_targets(node):
            told.add(id(target))
            yield target.id, bound
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name.partition(".")[0], Bound("import")) for alias in node.names)
        elif id(node) not in told:
            yield from ((name, Bound("other")) for name in _list_other(node))
        if isinstance(node, Function | ast.ClassDef):
            yield from _list_globals(node) if isinstance(scope, ast.Module) else ()
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _list_other(node: ast.AST) -> Iterable[str]:
    """Return the names that a node binds to what is not followed."""
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store | ast.Del) else []
    if isinstance(node, ast.Global | ast.Nonlocal):
        return node.names
    if isinstance(node, ast.arg):  # of a lambda
        return [node.arg]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    return [node.name] if isinstance(node, Function | ast.ClassDef) else []


def _list_globals(node: ast.AST) -> Iterator[tuple[str, Bound]]:
    for inner in list_statements(node):
        if isinstance(inner, ast.Global):
            yield from ((name, Bound("other")) for name in inner.names)


def _read_targets(node: ast.AST) -> Iterator[tuple[ast.Name, Bound]]:
    """Yield the names that a statement or a comprehension binds to a known expression, or to parts of one."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target, Bound("value", node.value)
            elif isinstance(target, ast.Tuple):
                yield from _read_parts(target, "part", node.value)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target, Bound("value", node.value)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        if isinstance(node.target, ast.Name):
            yield node.target, Bound("each", node.iter)
        elif isinstance(node.target, ast.Tuple):
            yield from _read_parts(node.target, "item", node.iter)


def _read_parts(target: ast.Tuple, kind: str, value: ast.expr) -> Iterator[tuple[ast.Name, Bound]]:
    for place, element in enumerate(target.elts):
        if isinstance(element, ast.Name):
            yield element, Bound(kind, value, place)
