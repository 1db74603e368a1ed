"""What the functions of a module give back, where all their returns agree: the result of one call."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import Outer
from analysis.facts.given_back import gives_back
from analysis.facts.rows import Row
from analysis.facts.walking import list_blocks

#: Decorators that leave what a function returns as it is.
_HARMLESS = frozenset({"lru_cache", "cache", "wraps", "overload", "staticmethod"})
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})


def find_returned(functions: Sequence[Outer], next_position: Callable[[], int]) -> list[Row]:
    """Return the rows of ``returned``: functions of the module that give back what a call has made."""
    found = []
    for function in functions:
        node = function.node
        if function.owner or "." in function.qualname or not isinstance(node, ast.FunctionDef):
            continue
        if all(find_dotted(_strip(each)).rpartition(".")[2] in _HARMLESS for each in node.decorator_list):
            callee = _find_callee(node) or find_dotted(_strip(node.returns))
            callee = "" if callee == "None" else callee
            is_argument = gives_back(node)
            if callee or is_argument:
                found.append((next_position(), node.lineno, function.qualname, callee, is_argument))
    return found


def _strip(node: ast.expr | None) -> ast.expr | None:
    return node.func if isinstance(node, ast.Call) else node


def _find_callee(node: ast.FunctionDef) -> str:
    """Return the dotted callee whose result every return gives back; empty where they differ, or none does."""
    assigned: dict[str, list[ast.expr | None]] = defaultdict(list)
    returned: list[ast.expr] = []
    for statement in _list_statements(node.body):
        if isinstance(statement, ast.Return) and statement.value is not None:
            returned.append(statement.value)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                for name in _list_names(target):
                    assigned[name].append(statement.value if isinstance(target, ast.Name) else None)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assigned[statement.target.id].append(statement.value)
    callees = {_find_made(value, assigned) for value in returned if not _is_none(value)}
    return callees.pop() if len(callees) == 1 else ""


def _list_statements(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Return the statements of a function, not those of functions inside it; expressions do not matter."""
    found: list[ast.AST] = list(body)
    for each in found:  # grows while it is read
        if type(each) not in _DEFINITIONS:
            found += list_blocks(each)
    return found


def _list_names(target: ast.expr) -> Iterable[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _list_names(element)


def _find_made(value: ast.expr, assigned: dict[str, list[ast.expr | None]]) -> str:
    if isinstance(value, ast.Name):
        made = {_find_call(each) for each in assigned.get(value.id, ()) if each is None or not _is_none(each)}
        return made.pop() if len(made) == 1 else ""
    return _find_call(value)


def _find_call(value: ast.expr | None) -> str:
    return find_dotted(value.func) if isinstance(value, ast.Call) else ""


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
