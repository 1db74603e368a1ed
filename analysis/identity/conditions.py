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
    match node:
        case ast.Constant():
            return node.value
        case ast.Tuple():
            values = [_evaluate(element) for element in node.elts]
            return _UNKNOWN if _UNKNOWN in values else tuple(values)
        case ast.Name() | ast.Attribute():
            return _evaluate_name(node)
        case ast.Subscript():
            return _evaluate_subscript(node)
        case ast.UnaryOp(op=ast.Not()):
            value = _evaluate(node.operand)
            return _UNKNOWN if value is _UNKNOWN else not value
        case ast.BoolOp():
            return _combine(isinstance(node.op, ast.And), [_evaluate(value) for value in node.values])
        case ast.Compare(ops=[op]):
            return _compare(op, _evaluate(node.left), _evaluate(node.comparators[0]))
        case ast.Call(func=ast.Attribute(attr="startswith")) if len(node.args) == 1:
            return _starts_with(node)
    return _UNKNOWN


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


def _combine(is_and: bool, values: list[Any]) -> Any:
    """Three-valued logic: one false operand decides an ``and``, one true operand an ``or``."""
    decisive = [value for value in values if value is not _UNKNOWN and bool(value) is not is_and]
    if decisive:
        return decisive[0]
    return _UNKNOWN if _UNKNOWN in values else is_and


def _compare(op: ast.cmpop, left: Any, right: Any) -> Any:
    compare = _OPERATORS.get(type(op))
    if compare is None or left is _UNKNOWN or right is _UNKNOWN:
        return _UNKNOWN
    return compare(left, right)


def _starts_with(node: ast.Call) -> Any:
    assert isinstance(node.func, ast.Attribute)
    value, prefix = _evaluate(node.func.value), _evaluate(node.args[0])
    if isinstance(value, str) and isinstance(prefix, str | tuple):
        return value.startswith(prefix)
    return _UNKNOWN
