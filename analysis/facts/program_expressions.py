r"""What an expression evaluates when a module is imported, as nested lists; what is not followed is ``["u", parts]``.

Expressions: ``["k", constant]``, ``["n", name, line]``, ``["a", owner, name, line]``,
``["c", callee, arguments, [[keyword, value]], line]``, ``["o", operator, left, right]`` (comparison or arithmetic),
``["!", operand]``, ``["&", operands]``, ``["|", operands]``, ``["?", test, yes, no]``, ``["s", owner, index, line]``,
``["-", from, to]`` (a slice), ``["l", elements, "tuple" or "set"]`` (neither for a list), ``["d", [[key, value]]]``,
``[":", name, value]``, ``["*", value]``, ``[",", first, value]`` (the first is evaluated only), ``["u", parts]``,
``["f", parts]`` (an f-string without formats), ``["for", kind, element, [[target, whole, tests]]]`` (a comprehension;
of a dictionary the element is a pair), ``["y", value]`` (``yield``), ``["y*", whole]`` (``yield from``),
``["w", value]`` (``await``), ``["\", parameters, value, line, column]`` (``lambda``; parameters as of ``def``),
``["@", annotation]`` (evaluated where it stands before Python 3.14).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from analysis.facts.walking import list_nodes

MOST_TEXT = 200
Node = list[Any]

_OPERATORS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
ARITHMETIC: dict[type, str] = {
    ast.Add: "+", ast.BitOr: "|", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_COMPREHENSIONS: dict[type, str] = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}
#: What may stand twice where it is evaluated once: it has no effect.
_PLAIN = (ast.Name, ast.Constant)


def write_dotted(node: Node) -> str:
    """Return the dotted name of a chain of attributes in a program; empty for any other expression.

    >>> write_dotted(["a", ["n", "logging", 1], "getLogger", 1])
    'logging.getLogger'
    """
    parts: list[str] = []
    while node[0] == "a":
        parts.append(node[2])
        node = node[1]
    return ".".join([node[1], *reversed(parts)]) if node[0] == "n" else ""


def _compute(node: ast.BinOp) -> int | None:
    """Return the number that ``2**32`` or ``1 << 31`` is; None for everything else."""
    if not (isinstance(node.op, ast.Pow | ast.LShift) and isinstance(node.left, ast.Constant)):
        return None
    left, right = node.left.value, node.right.value if isinstance(node.right, ast.Constant) else None
    if type(left) is not int or type(right) is not int or not (0 <= left < 1 << 16 and 0 <= right < 1 << 6):
        return None
    found: int = left**right if isinstance(node.op, ast.Pow) else left << right
    return found if found < 1 << 63 else None


class ExpressionCompiler:
    """From the syntax of expressions and of targets to nodes of programs."""

    def _each(self, nodes: Iterable[ast.expr | None]) -> list[Node]:
        return [self.expression(node) for node in nodes if node is not None] if nodes else []

    def target(self, node: ast.expr) -> Node:
        """Return what is assigned to: a name, an attribute, a subscript, several of them, or nothing known."""
        if isinstance(node, ast.Name):
            return ["n", node.id]
        if isinstance(node, ast.Attribute):
            return ["a", self.expression(node.value), node.attr, node.lineno]
        if isinstance(node, ast.Subscript):
            return ["s", self.expression(node.value), self.expression(node.slice), node.lineno]
        if isinstance(node, ast.Tuple | ast.List):
            return ["l", [self.target(element) for element in node.elts]]
        if isinstance(node, ast.Starred):
            return ["*", self.target(node.value)]
        return ["u", []]

    def expression(self, node: ast.expr) -> Node:
        """Return what an expression evaluates."""
        compiler = _EXPRESSIONS.get(type(node))
        if compiler is not None:
            return compiler(self, node)
        return self._parts(node)

    def _parts(self, node: ast.expr) -> Node:
        parts = [self.expression(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return ["u", [part for part in parts if part[0] != "k" and part != ["u", []]]]

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if value is None or isinstance(value, (bool, float)) or (isinstance(value, str) and len(value) <= MOST_TEXT):
            return ["k", value]
        if isinstance(value, int) and abs(value) < 1 << 63:
            return ["k", value]
        return ["u", []]

    def _name(self, node: ast.Name) -> Node:
        return ["n", node.id, node.lineno]

    def _attribute(self, node: ast.Attribute) -> Node:
        return ["a", self.expression(node.value), node.attr, node.lineno]

    def _call(self, node: ast.Call) -> Node:
        keywords = [[keyword.arg, self.expression(keyword.value)] for keyword in node.keywords]
        # Of generators only those that a call gets are followed: it may go through them at once.
        given = [
            self._comprehension(part) if isinstance(part, ast.GeneratorExp) else self.expression(part)
            for part in node.args
        ]
        return ["c", self.expression(node.func), given, keywords, node.lineno]

    def _compare(self, node: ast.Compare) -> Node:
        sides = [node.left, *node.comparators]
        if not all(isinstance(side, _PLAIN) for side in sides[1:-1]):
            return self._parts(node)
        parts = [
            ["o", _OPERATORS[type(operator)], self.expression(left), self.expression(right)]
            for operator, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True)
        ]
        return parts[0] if len(parts) == 1 else ["&", parts]

    def _binary(self, node: ast.BinOp) -> Node:
        number = _compute(node)
        if number is not None:
            return ["k", number]
        # A chain of operators may be longer than the stack is deep.
        rights: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            rights.append(left)
            left = left.left
        found = self.expression(left)
        for part in reversed(rights):
            right, operator = self.expression(part.right), ARITHMETIC.get(type(part.op))
            if operator is not None:
                found = ["o", operator, found, right]
            else:
                found = ["u", [each for each in (found, right) if each[0] != "k"]]
        return found

    def _unary(self, node: ast.UnaryOp) -> Node:
        inner = self.expression(node.operand)
        if isinstance(node.op, ast.USub) and inner[0] == "k" and type(inner[1]) in {int, float}:
            return ["k", -inner[1]]
        return ["!", inner] if isinstance(node.op, ast.Not) else ["u", [inner]]

    def _boolean(self, node: ast.BoolOp) -> Node:
        return ["&" if isinstance(node.op, ast.And) else "|", self._each(node.values)]

    def _choice(self, node: ast.IfExp) -> Node:
        return ["?", self.expression(node.test), self.expression(node.body), self.expression(node.orelse)]

    def _subscript(self, node: ast.Subscript) -> Node:
        return ["s", self.expression(node.value), self.expression(node.slice), node.lineno]

    def _slice(self, node: ast.Slice) -> Node:
        ends = [["k", None] if end is None else self.expression(end) for end in (node.lower, node.upper)]
        return ["-", *ends] if node.step is None else ["u", []]

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Node:
        kind = [] if isinstance(node, ast.List) else ["tuple" if isinstance(node, ast.Tuple) else "set"]
        return ["l", self._each(node.elts), *kind]

    def _dictionary(self, node: ast.Dict) -> Node:
        pairs = [
            [None if key is None else self.expression(key), self.expression(value)]
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        return ["d", pairs]

    def _text(self, node: ast.JoinedStr) -> Node:
        if any(
            isinstance(part, ast.FormattedValue) and (part.format_spec or part.conversion > 0) for part in node.values
        ):
            return self._parts(node)
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        return ["f", self._each(parts)]

    def _generator(self, node: ast.GeneratorExp) -> Node:
        return ["u", [self.expression(node.generators[0].iter)]]

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Node:
        first = self.expression(node.generators[0].iter)
        bound = [each.target.id for each in list_nodes(node) if isinstance(each, ast.NamedExpr)]
        if bound or any(each.is_async for each in node.generators):
            return ["u", [first, *([":", name, ["u", []]] for name in bound)]]
        loops = [
            [self.target(each.target), self.expression(each.iter), self._each(each.ifs)] for each in node.generators
        ]
        if isinstance(node, ast.DictComp):
            return ["for", "dict", [self.expression(node.key), self.expression(node.value)], loops]
        return ["for", _COMPREHENSIONS[type(node)], self.expression(node.elt), loops]

    def _yield(self, node: ast.Yield) -> Node:
        return ["y", ["k", None] if node.value is None else self.expression(node.value)]

    def _yield_from(self, node: ast.YieldFrom) -> Node:
        return ["y*", self.expression(node.value)]

    def _await(self, node: ast.Await) -> Node:
        return ["w", self.expression(node.value)]

    def _lambda(self, node: ast.Lambda) -> Node:
        return ["\\", self.parameters(node.args), self.expression(node.body), node.lineno, node.col_offset]

    def parameters(self, given: ast.arguments) -> Node:
        """Return the names of positional parameters, their defaults, ``*rest``, keyword-only ones, ``**others``."""
        names = [argument.arg for argument in given.args]
        if given.posonlyargs:
            names = [*(argument.arg for argument in given.posonlyargs), *names]
        keyword_only = [
            [argument.arg, None if default is None else self.expression(default)]
            for argument, default in (zip(given.kwonlyargs, given.kw_defaults, strict=True) if given.kwonlyargs else ())
        ]
        rest, others = given.vararg.arg if given.vararg else None, given.kwarg.arg if given.kwarg else None
        return [names, self._each(given.defaults), rest, keyword_only, others]

    def _walrus(self, node: ast.NamedExpr) -> Node:
        return [":", node.target.id, self.expression(node.value)]

    def _starred(self, node: ast.Starred) -> Node:
        return ["*", self.expression(node.value)]


_EXPRESSIONS: dict[type, Callable[[ExpressionCompiler, Any], Node]] = {
    ast.Constant: ExpressionCompiler._constant,
    ast.Name: ExpressionCompiler._name,
    ast.Attribute: ExpressionCompiler._attribute,
    ast.Call: ExpressionCompiler._call,
    ast.Compare: ExpressionCompiler._compare,
    ast.BinOp: ExpressionCompiler._binary,
    ast.UnaryOp: ExpressionCompiler._unary,
    ast.BoolOp: ExpressionCompiler._boolean,
    ast.IfExp: ExpressionCompiler._choice,
    ast.Subscript: ExpressionCompiler._subscript,
    ast.List: ExpressionCompiler._sequence,
    ast.Tuple: ExpressionCompiler._sequence,
    ast.Set: ExpressionCompiler._sequence,
    ast.Slice: ExpressionCompiler._slice,
    ast.Dict: ExpressionCompiler._dictionary,
    ast.Yield: ExpressionCompiler._yield,
    ast.Await: ExpressionCompiler._await,
    ast.Lambda: ExpressionCompiler._lambda,
    ast.YieldFrom: ExpressionCompiler._yield_from,
    ast.JoinedStr: ExpressionCompiler._text,
    ast.ListComp: ExpressionCompiler._comprehension,
    ast.SetComp: ExpressionCompiler._comprehension,
    ast.GeneratorExp: ExpressionCompiler._generator,
    ast.DictComp: ExpressionCompiler._comprehension,
    ast.NamedExpr: ExpressionCompiler._walrus,
    ast.Starred: ExpressionCompiler._starred,
}
