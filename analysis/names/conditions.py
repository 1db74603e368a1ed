"""Tests whose outcome is known without running the target: interpreter version, platform, type checking."""

from __future__ import annotations

import ast
import operator
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_UNKNOWN = object()
_NAMES: dict[str, Any] = {
    "sys.version_info": tuple(sys.version_info[:3]),
    "version_info": tuple(sys.version_info[:3]),
    "sys.platform": sys.platform,
    "os.name": os.name,
    "sys.implementation.name": sys.implementation.name,
    "sys.byteorder": sys.byteorder,
    "__debug__": True,
    "TYPE_CHECKING": False,
    "typing.TYPE_CHECKING": False,
    "t.TYPE_CHECKING": False,
    "MYPY": False,
    "six.PY2": False,
    "six.PY3": True,
}
_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.In: lambda left, right: left in right,
}  # fmt: skip


@lru_cache(maxsize=4096)
def evaluate_condition(source: str) -> bool | None:
    """Return the outcome of a test under the interpreter that runs the analysis; None when it cannot be known.

    >>> evaluate_condition("sys.version_info >= (3, 8)"), evaluate_condition("not TYPE_CHECKING")
    (True, True)
    >>> evaluate_condition("HAS_NUMPY") is None
    True
    """
    if "…" in source:
        return None
    try:
        tree = ast.parse(source, mode="eval").body
        value = _evaluate(tree)
    except (SyntaxError, ValueError, TypeError, IndexError, RecursionError, MemoryError):
        return None
    return None if value is _UNKNOWN else bool(value)


def _evaluate(node: ast.expr) -> Any:
    evaluate = _EVALUATORS.get(type(node))
    return _UNKNOWN if evaluate is None else evaluate(node)


def _evaluate_tuple(node: ast.Tuple) -> Any:
    values = [_evaluate(element) for element in node.elts]
    return _UNKNOWN if _UNKNOWN in values else tuple(values)


def _evaluate_not(node: ast.UnaryOp) -> Any:
    value = _evaluate(node.operand)
    return not value if isinstance(node.op, ast.Not) and value is not _UNKNOWN else _UNKNOWN


def _evaluate_name(node: ast.Name | ast.Attribute) -> Any:
    text = ast.unparse(node)
    if text.startswith("sys.version_info."):
        return getattr(sys.version_info, text.rpartition(".")[2], _UNKNOWN)
    return _NAMES.get(text, _UNKNOWN)


def _evaluate_subscript(node: ast.Subscript) -> Any:
    value = _evaluate(node.value)
    if value is _UNKNOWN or not isinstance(value, tuple | str):
        return _UNKNOWN
    if isinstance(node.slice, ast.Slice):
        bounds = [_evaluate(part) if part else None for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        return _UNKNOWN if _UNKNOWN in bounds else value[slice(*bounds)]
    index = _evaluate(node.slice)
    return _UNKNOWN if index is _UNKNOWN else value[index]


def _evaluate_logic(node: ast.BoolOp) -> Any:
    """Three-valued logic: one false operand decides an ``and``, one true operand an ``or``."""
    is_and = isinstance(node.op, ast.And)
    values = [_evaluate(value) for value in node.values]
    decisive = [value for value in values if value is not _UNKNOWN and bool(value) is not is_and]
    if decisive:
        return decisive[0]
    return _UNKNOWN if _UNKNOWN in values else is_and


def _evaluate_comparison(node: ast.Compare) -> Any:
    compare = _OPERATORS.get(type(node.ops[0]))
    left, right = _evaluate(node.left), _evaluate(node.comparators[0])
    if compare is None or len(node.ops) > 1 or left is _UNKNOWN or right is _UNKNOWN:
        return _UNKNOWN
    return compare(left, right)


def _evaluate_call(node: ast.Call) -> Any:
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "startswith" or len(node.args) != 1:
        return _UNKNOWN
    value, prefix = _evaluate(node.func.value), _evaluate(node.args[0])
    if isinstance(value, str) and isinstance(prefix, str | tuple):
        return value.startswith(prefix)
    return _UNKNOWN


_EVALUATORS: dict[type[ast.expr], Callable[[Any], Any]] = {
    ast.Constant: lambda node: node.value,
    ast.Tuple: _evaluate_tuple,
    ast.Name: _evaluate_name,
    ast.Attribute: _evaluate_name,
    ast.Subscript: _evaluate_subscript,
    ast.UnaryOp: _evaluate_not,
    ast.BoolOp: _evaluate_logic,
    ast.Compare: _evaluate_comparison,
    ast.Call: _evaluate_call,
}
