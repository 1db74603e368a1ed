"""Functions that make a handler and add it to a logger of the process, without asking whether it has one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, render
from analysis.facts.function_names import Function, Outer
from analysis.facts.lines import find_lines
from analysis.facts.rows import Row
from analysis.facts.walking import has_line_of, list_nodes, list_parts

#: Kind of state: a handler that each call adds.
ADDED_HANDLER = "added-handler"
_WORDS = (b".addHandler(",)
_GIVING = frozenset({"getLogger", "logging.getLogger"})
#: Whoever uses one of these knows which handlers there are.
_ASKING = frozenset({"handlers", "hasHandlers", "removeHandler", "basicConfig", "dictConfig", "manager"})
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "singleton"})


def find_added_handlers(source: bytes, functions: Sequence[Outer], next_position: Callable[[], int]) -> Iterator[Row]:
    """Yield the rows of ``states``: functions that give back the logger, and methods that make an object ready."""
    lines = find_lines(source, _WORDS)
    for function in functions if lines else ():
        if has_line_of(function.node, lines):
            for line, logger in _read(function):
                yield next_position(), line, function.qualname, function.node.name, ADDED_HANDLER, logger, []


def _read(function: Outer) -> Iterator[tuple[int, str]]:
    node = function.node
    nodes = list_nodes(node)
    decorators = {find_dotted(getattr(each, "func", each)).rpartition(".")[2] for each in node.decorator_list}
    is_asking = any(isinstance(each, ast.Attribute) and each.attr in _ASKING for each in nodes)
    if is_asking or not _CACHES.isdisjoint(decorators) or any(isinstance(each, ast.Global) for each in nodes):
        return
    assigned = _find_assigned(nodes)
    returned = {find_dotted(each.value) for each in nodes if isinstance(each, ast.Return)}
    for call in _list_certain(node):
        logger = find_dotted(call.func.value)  # type: ignore[attr-defined]
        given, handler = assigned.get(logger, []), call.args[0]
        made = assigned.get(find_dotted(handler), []) if isinstance(handler, ast.Name) else [handler]
        is_new = len(made) == 1 and isinstance(made[0], ast.Call)
        is_logger = len(given) == 1 and isinstance(given[0], ast.Call) and find_dotted(given[0].func) in _GIVING
        if is_new and is_logger and (logger in returned or node.name == "__init__"):
            yield call.lineno, render(given[0])


def _find_assigned(nodes: Sequence[ast.AST]) -> Mapping[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for each in nodes:
        if isinstance(each, ast.Assign):
            for target in each.targets:
                found[find_dotted(target)].append(each.value)
    return found


def _list_certain(function: Function) -> Iterator[ast.Call]:
    """Yield the calls that add a handler whenever the function runs, up to the first statement that may leave it."""
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if isinstance(call.func, ast.Attribute) and call.func.attr == "addHandler" and len(call.args) == 1:
                yield call
        elif not isinstance(statement, ast.Assign | ast.AnnAssign) and _may_leave(statement):
            return


def _may_leave(node: ast.AST) -> bool:
    return isinstance(node, ast.Return | ast.Raise) or any(map(_may_leave, list_parts(node)))
