"""Tests whose outcome is known without running the target: interpreter version, platform, type checking."""

from __future__ import annotations

import ast
import operator
import os
import platform
import string
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from analysis.facts.expressions import TYPING_NAMES, find_dotted
from analysis.resolve.environments import SupportedInterpreter

#: The value of what the environment does not decide.
UNDECIDED = object()
#: What the interpreter and the platform decide, by the name as written; the facts spell out other names for it.
_CONSTANTS: Mapping[str, Callable[[SupportedInterpreter], Any]] = {
    "sys.version_info": lambda each: (*each.version, "final", 0),
    "version_info": lambda each: (*each.version, "final", 0),
    "sys.version_info.major": lambda each: each.version[0],
    "sys.version_info.minor": lambda each: each.version[1],
    "sys.hexversion": lambda each: each.version[0] << 24 | each.version[1] << 16 | each.version[2] << 8 | 0xF0,
    "sys.platform": lambda each: each.platform,
    "os.name": lambda each: each.os_name,
    "platform.system()": lambda each: each.system,
    "sys.implementation.name": lambda _: sys.implementation.name,
    "platform.python_implementation()": lambda _: platform.python_implementation(),
    "sys.byteorder": lambda _: sys.byteorder,
    "sys.maxsize": lambda _: (1 << 63) - 1,  # whatever is supported today has 64 bits
    "__debug__": lambda _: True,
    "six.PY2": lambda _: False,
    "six.PY3": lambda _: True,
}
#: Each constant that differs between interpreters, or between platforms, has one of these in its name.
_VARYING = ("version", "platform", "name")
#: What the interpreter decides beyond conditions; a simulated process knows it too.
_CONSTANTS_OF_A_PROCESS: Mapping[str, Any] = {
    "typing.TYPE_CHECKING": False, "typing_extensions.TYPE_CHECKING": False, "os.sep": os.sep,
    **{f"string.{name}": getattr(string, name) for name in string.__all__ if isinstance(getattr(string, name), str)},
    **{f"sys.flags.{name}": 0 for name in ("debug", "inspect", "interactive", "optimize", "verbose", "isolated")},
}  # fmt: skip
#: True for type checkers, false for everybody who runs the module.
_TYPING = TYPING_NAMES
_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda left, right: left in right,
}  # fmt: skip


_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Pow: operator.pow, ast.LShift: operator.lshift,
}  # fmt: skip


@lru_cache(maxsize=16384)
def evaluate_condition(source: str, environment: SupportedInterpreter, *, is_typing: bool = False) -> bool | None:
    """Return the outcome of a test in an environment; None when it cannot be known.

    ``is_typing``: as type checkers see it, for which ``TYPE_CHECKING`` is true.

    >>> linux = SupportedInterpreter((3, 11, 4), "linux")
    >>> evaluate_condition("sys.version_info >= (3, 8)", linux), evaluate_condition("not TYPE_CHECKING", linux)
    (True, True)
    >>> evaluate_condition("HAS_NUMPY", linux) is None
    True
    """
    if "…" in source:
        return None
    try:
        value = _Evaluation(environment, is_typing).evaluate(_parse(source))
    except (SyntaxError, ValueError, TypeError, IndexError, RecursionError, MemoryError):
        return None
    return None if value is UNDECIDED else bool(value)


@lru_cache(maxsize=1024)
def _parse(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def may_vary(source: str) -> bool:
    """Return whether a test may have another outcome in another environment.

    >>> may_vary("sys.version_info >= (3, 8)"), may_vary("HAS_NUMPY and not DEBUG")
    (True, False)
    """
    return not source.isascii() or any(word in source for word in _VARYING)


def is_known_constant(dotted: str) -> bool:
    """Return whether a dotted name is decided by the interpreter, the platform or the type checker."""
    return dotted in _CONSTANTS or dotted in _CONSTANTS_OF_A_PROCESS or dotted.rpartition(".")[0] in {
        "typing", "typing_extensions", "six",
    }  # fmt: skip


def find_constant(dotted: str, environment: SupportedInterpreter) -> Any:
    """Return what a dotted name outside of every target is in a process; ``UNDECIDED`` where nobody knows."""
    known = _CONSTANTS.get(dotted)
    return known(environment) if known else _CONSTANTS_OF_A_PROCESS.get(dotted, UNDECIDED)


class _Evaluation:
    """Evaluates an expression as far as the environment decides it."""

    def __init__(self, environment: SupportedInterpreter, is_typing: bool) -> None:
        self._environment = environment
        self._is_typing = is_typing

    def evaluate(self, node: ast.expr) -> Any:
        """Return the value of an expression, or the mark of an unknown one."""
        evaluate = _EVALUATORS.get(type(node))
        return UNDECIDED if evaluate is None else evaluate(self, node)

    def _evaluate_constant(self, node: ast.Constant) -> Any:
        """``if False:`` is an old way to say that a branch is for type checkers."""
        return True if self._is_typing and node.value is False else node.value

    def _evaluate_tuple(self, node: ast.Tuple) -> Any:
        values = [self.evaluate(element) for element in node.elts]
        return UNDECIDED if UNDECIDED in values else tuple(values)

    def _evaluate_not(self, node: ast.UnaryOp) -> Any:
        value = self.evaluate(node.operand)
        return not value if isinstance(node.op, ast.Not) and value is not UNDECIDED else UNDECIDED

    def _evaluate_name(self, node: ast.Name | ast.Attribute) -> Any:
        text = find_dotted(node)
        if text.rpartition(".")[2] in _TYPING:
            return self._is_typing
        known = _CONSTANTS.get(text)
        return UNDECIDED if known is None else known(self._environment)

    def _evaluate_subscript(self, node: ast.Subscript) -> Any:
        value = self.evaluate(node.value)
        if value is UNDECIDED or not isinstance(value, tuple | str):
            return UNDECIDED
        if isinstance(node.slice, ast.Slice):
            bounds = [
                self.evaluate(part) if part else None for part in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            return UNDECIDED if UNDECIDED in bounds else value[slice(*bounds)]
        index = self.evaluate(node.slice)
        return UNDECIDED if index is UNDECIDED else value[index]

    def _evaluate_logic(self, node: ast.BoolOp) -> Any:
        """Three-valued logic: one false operand decides an ``and``, one true operand an ``or``."""
        is_and = isinstance(node.op, ast.And)
        values = [self.evaluate(value) for value in node.values]
        decisive = [value for value in values if value is not UNDECIDED and bool(value) is not is_and]
        if decisive:
            return decisive[0]
        return UNDECIDED if UNDECIDED in values else is_and

    def _evaluate_side(self, node: ast.expr) -> Any:
        """Return one side of a comparison: there a constant is no test of its own, and stays what it is."""
        return node.value if isinstance(node, ast.Constant) else self.evaluate(node)

    def _evaluate_comparison(self, node: ast.Compare) -> Any:
        compare = _OPERATORS.get(type(node.ops[0]))
        left, right = self._evaluate_side(node.left), self._evaluate_side(node.comparators[0])
        if compare is None or len(node.ops) > 1 or left is UNDECIDED or right is UNDECIDED:
            return UNDECIDED
        return compare(left, right)

    def _evaluate_arithmetic(self, node: ast.BinOp) -> Any:
        """Return what small whole numbers come to."""
        compute = _ARITHMETIC.get(type(node.op))
        left, right = self._evaluate_side(node.left), self._evaluate_side(node.right)
        if compute is None or not (isinstance(left, int) and isinstance(right, int)):
            return UNDECIDED
        return compute(left, right) if abs(left) < 1 << 64 and 0 <= right < 1 << 7 else UNDECIDED

    def _evaluate_call(self, node: ast.Call) -> Any:
        known = _CONSTANTS.get(f"{find_dotted(node.func)}()") if not node.args else None
        if known is not None:
            return known(self._environment)
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "startswith" or len(node.args) != 1:
            return UNDECIDED
        value, prefix = self.evaluate(node.func.value), self.evaluate(node.args[0])
        if isinstance(value, str) and isinstance(prefix, str | tuple):
            return value.startswith(prefix)
        return UNDECIDED


_EVALUATORS: dict[type[ast.expr], Callable[[_Evaluation, Any], Any]] = {
    ast.Constant: _Evaluation._evaluate_constant,
    ast.Tuple: _Evaluation._evaluate_tuple,
    ast.Name: _Evaluation._evaluate_name,
    ast.Attribute: _Evaluation._evaluate_name,
    ast.Subscript: _Evaluation._evaluate_subscript,
    ast.UnaryOp: _Evaluation._evaluate_not,
    ast.BoolOp: _Evaluation._evaluate_logic,
    ast.Compare: _Evaluation._evaluate_comparison,
    ast.BinOp: _Evaluation._evaluate_arithmetic,
    ast.Call: _Evaluation._evaluate_call,
}
