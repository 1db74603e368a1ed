"""What functions inside of functions store in the names around them: it stays there for their next call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from analysis.facts.function_flow import FunctionFlow, Stored
from analysis.facts.function_names import Function, Outer
from analysis.facts.shared_state import is_container
from analysis.facts.walking import list_nodes

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Functions in functions: a decorator with arguments has three.
_DEEPEST = 3
_BINDING = frozenset({"bind", "attribute"})


def find_closure_stores(functions: Iterable[Outer]) -> Iterator[tuple[Outer, Stored]]:
    """Yield what functions store that others make and return, each with the outermost function.

    Only arguments of the inner function that stay in a container or a name of the one around it. Names are dotted:
    that of the outermost function, and that of what is stored into.
    """
    for outer in functions:
        if not outer.owner:
            for function, stored in _find_inner(outer.node, 0):
                inner = Outer(outer.node, f"{outer.qualname}.{function.name}", "")
                yield inner, stored._replace(name=f"{outer.qualname}.{stored.name}", way="closure")


def _find_inner(outer: Function, depth: int) -> Iterator[tuple[Function, Stored]]:
    given = None
    for inner in outer.body if depth < _DEEPEST else ():
        if not isinstance(inner, _FUNCTIONS):
            continue
        yield from _find_inner(inner, depth + 1)
        given = _list_given(outer) if given is None else given
        kept = _list_kept(outer, inner) if inner.name in given else {}
        if kept:
            for stored in FunctionFlow(inner, kept, is_inner=True).list_stored():
                first = stored.name.partition(".")[0]
                is_meant = stored.way in {"item", "change"} or (stored.way in _BINDING and stored.is_once)
                is_there = kept.get(first) in {True, stored.way not in _BINDING} or first == inner.name
                if stored.inflow == "parameter" and is_meant and is_there:
                    yield inner, stored._replace(parameters=_mark_collecting(inner, stored.parameters))


def _mark_collecting(inner: Function, names: Iterable[str]) -> tuple[str, ...]:
    """Return parameters with a star before those that collect whatever a caller hands over."""
    collecting = {each.arg for each in (inner.args.vararg, inner.args.kwarg) if each is not None}
    return tuple(f"*{name}" if name in collecting else name for name in names)


def _list_given(outer: Function) -> set[str]:
    """Return the names that a function returns, also wrapped by a call."""
    found: set[str] = set()
    for statement in outer.body:
        if isinstance(statement, ast.Return) and statement.value is not None:
            found |= {node.id for node in list_nodes(statement.value) if isinstance(node, ast.Name)}
    return found


def _list_kept(outer: Function, inner: Function) -> dict[str, bool]:
    """Return the names of a function that an inner one may change: whether they hold a container from the start."""
    found: dict[str, bool] = {}
    for statement in outer.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(names, is_container(statement.value))
    used = {node.id for node in list_nodes(inner) if isinstance(node, ast.Name)}
    found[inner.name] = False  # its own attributes outlive its calls, too
    return {name: is_kept for name, is_kept in found.items() if name in used}
