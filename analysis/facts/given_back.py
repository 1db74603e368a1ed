"""Functions that give back the object they were called with, as decorators of classes should."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

from analysis.facts.walking import list_parts

_Function: TypeAlias = ast.FunctionDef | ast.Lambda
#: A decorator with arguments is a function in a function; one that takes both forms is no deeper.
_DEEPEST = 3


def gives_back(node: ast.FunctionDef, depth: int = _DEEPEST) -> bool:
    """Return whether a function, used as a decorator with or without arguments, surely gives back what it decorates.

    That is so when each return gives its first argument, which is never bound anew, or a function inside that does
    so, or the result of calling such a function with that argument.
    """
    argument = _find_argument(node)
    if not _ends_with_return(node.body) or not _is_likely(node, argument):
        return False
    own = _list_own(node)
    returns = [each for each in own if isinstance(each, ast.Return)]
    if not returns or any(isinstance(each, ast.Yield | ast.YieldFrom) for each in own):
        return False
    inner = {each.name: each for each in own if isinstance(each, ast.FunctionDef)}
    bound = {each.id for each in own if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    if argument in bound or argument in inner:
        argument = ""
    good = {name for name, each in inner.items() if depth and name not in bound and gives_back(each, depth - 1)}
    return all(_is_given_back(each.value, argument, good) for each in returns)


def _is_likely(node: ast.FunctionDef, argument: str) -> bool:
    """Return False for what the last statement of a function rules out; most are not looked at any closer."""
    last = node.body[-1]
    if not isinstance(last, ast.Return):
        return True
    if isinstance(last.value, ast.Name):
        inner = (each.name for each in node.body if isinstance(each, ast.FunctionDef))
        return last.value.id == argument or last.value.id in inner
    if isinstance(last.value, ast.Call):
        return isinstance(last.value.func, ast.Name) and len(last.value.args) == 1
    return isinstance(last.value, ast.Lambda | ast.IfExp)


def _is_given_back(value: ast.expr | None, argument: str, good: set[str]) -> bool:
    if isinstance(value, ast.Name):
        return value.id in good or (bool(argument) and value.id == argument)
    if isinstance(value, ast.Lambda):
        given = _find_argument(value)
        return bool(given) and isinstance(value.body, ast.Name) and value.body.id == given
    if isinstance(value, ast.IfExp):
        return _is_given_back(value.body, argument, good) and _is_given_back(value.orelse, argument, good)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in good:
        return len(value.args) == 1 and not value.keywords and _is_given_back(value.args[0], argument, set())
    return False


def _find_argument(node: _Function) -> str:
    positional = [*node.args.posonlyargs, *node.args.args]
    return positional[0].arg if positional else ""


def _list_own(node: ast.FunctionDef) -> list[ast.AST]:
    """Return the nodes of a function's body; of functions and classes inside it only themselves."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        each = waiting.pop()
        found.append(each)
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(list_parts(each))
    return found


def _ends_with_return(body: Sequence[ast.stmt]) -> bool:
    """Return whether a block cannot end without a return or a raise."""
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return True
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends_with_return(last.body) and _ends_with_return(last.orelse)
    if isinstance(last, ast.With):
        return _ends_with_return(last.body)
    if isinstance(last, ast.Try):
        branches = [last.body if not last.orelse else last.orelse, *(each.body for each in last.handlers)]
        return all(map(_ends_with_return, branches))
    return False
