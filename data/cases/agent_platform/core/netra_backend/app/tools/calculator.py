"""Arithmetic for agents, without eval."""

from __future__ import annotations

import ast
import operator

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


class Calculator:
    """Evaluates sums, products and brackets; anything else raises ValueError."""

    def __init__(self, digits: int = 6) -> None:
        self.digits = digits

    def evaluate(self, text: str) -> float:
        """Return the value of an expression, rounded."""
        try:
            tree = ast.parse(text, mode="eval")
        except SyntaxError:
            raise ValueError(f"no arithmetic: {text!r}") from None
        return round(self._value(tree.body), self.digits)

    def _value(self, node: ast.expr) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](self._value(node.left), self._value(node.right))
        raise ValueError(f"no arithmetic: {ast.unparse(node)!r}")
