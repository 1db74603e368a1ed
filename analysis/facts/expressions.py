"""What an expression says, as text: dotted names, candidates, literals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

#: Longer conditions, bases and decorators are cut: they are evidence, not input.
TEXT_LIMIT = 120
#: What type checkers take for true, and the interpreter for false.
TYPING_NAMES = frozenset({"TYPE_CHECKING", "MYPY"})
_CASTS = frozenset({"cast", "typing.cast", "t.cast", "typing_extensions.cast"})
_PLACEHOLDER = re.compile(r"%(?:\([^()%]*+\))?[-#0 +]*+[0-9.*]*+[a-zA-Z]|\{[^{}]*+\}")


def find_dotted(node: ast.AST | None) -> str:
    """Return ``a.b.c`` for a chain of names and attributes, otherwise an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    if not parts:
        return node.id
    parts.append(node.id)
    parts.reverse()
    return ".".join(parts)


def render(node: ast.AST | None) -> str:
    """Return the source of an expression on one line, cut at ``TEXT_LIMIT`` characters."""
    if node is None:
        return ""
    text = find_dotted(node)
    if not text:
        try:
            text = ast.unparse(node)
        except (RecursionError, ValueError):  # nested too deeply, or an integer with too many digits
            return "..."
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def find_literal_text(node: ast.AST | None) -> str | None:
    """Return the value of a text literal, otherwise None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def find_text_pattern(node: ast.AST | None) -> str:
    """Return what a text expression yields, ``*`` for each part that is computed.

    >>> [find_text_pattern(ast.parse(code, mode="eval").body) for code in ("'a'", "f'{x}Engine'", "'New%s' % x", "x")]
    ['a', '*Engine', 'New*', '*']
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "*"
    if isinstance(node, ast.JoinedStr):
        return _join_stars(find_text_pattern(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _join_stars((find_text_pattern(node.left), find_text_pattern(node.right)))
    template: ast.AST | None = None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        template = node.left
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        template = node.func.value
    text = find_literal_text(template)
    return "*" if text is None else _join_stars((_PLACEHOLDER.sub("*", text),))


def _join_stars(parts: Iterable[str]) -> str:
    return re.sub(r"\*+", "*", "".join(parts))


def find_literal_texts(node: ast.AST | None) -> list[str] | None:
    """Return the texts of a literal list, tuple or set of texts, otherwise None."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None
    texts = [find_literal_text(element) for element in node.elts]
    return [text for text in texts if text is not None] if None not in texts else None


def classify(node: ast.expr | None) -> tuple[str, str, int]:
    """Return what assigning this expression makes of a name: binding kind, value, positional arguments.

    ``A if x else B`` and ``A or B`` keep every candidate: ``alias``, ``A|B``. ``cast(T, A)`` is ``A``.
    """
    if isinstance(node, ast.Name | ast.Attribute):
        dotted = find_dotted(node)
        return ("alias", dotted, -1) if dotted else ("expression", "", -1)
    if isinstance(node, ast.Call):
        callee = find_dotted(node.func)
        if callee in _CASTS and len(node.args) == 2:
            return classify(node.args[1])
        return "instance", callee, len(node.args)
    if isinstance(node, ast.Constant):
        return "constant", repr(node.value) if node.value is None or isinstance(node.value, bool) else "", -1
    if isinstance(node, ast.NamedExpr):
        return classify(node.value)
    candidates = _find_candidates(node)
    if candidates:
        return "alias", "|".join(candidates), -1
    return "expression", "", -1


def _find_candidates(node: ast.expr | None) -> list[str]:
    """Return the dotted names that a conditional expression chooses from; empty when one is not a name."""
    if isinstance(node, ast.IfExp):
        branches: list[ast.expr] = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        branches = list(node.values)
    else:
        return []
    found: list[str] = []
    for branch in branches:
        nested = _find_candidates(branch)
        dotted = "None" if isinstance(branch, ast.Constant) and branch.value is None else find_dotted(branch)
        if not nested and not dotted:
            return []
        found.extend(nested or [dotted])
    return list(dict.fromkeys(found))


def is_typing_only(test: ast.expr) -> bool:
    """Return whether a test is false at run time and true for type checkers: TYPE_CHECKING, MYPY, False."""
    test, is_negated = strip_test(test)
    if is_negated:
        return False
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(is_typing_only(value) for value in test.values)
    if isinstance(test, ast.Constant):
        return test.value is False or (type(test.value) is int and test.value == 0)
    return find_dotted(test).rpartition(".")[2] in TYPING_NAMES


def is_never_typing(test: ast.expr) -> bool:
    """Return whether a test is true at run time and false for type checkers: ``not TYPE_CHECKING``."""
    inner, is_negated = strip_test(test)
    return is_negated and is_typing_only(inner)


def strip_test(test: ast.expr) -> tuple[ast.expr, bool]:
    """Return what a test asks, without comparisons to True and False, and whether it is negated.

    >>> codes = "not X", "X is True", "X == False", "bool(X) is not True", "not not X"
    >>> [(ast.unparse(inner), is_no) for inner, is_no in (strip_test(ast.parse(c, mode="eval").body) for c in codes)]
    [('X', True), ('X', False), ('X', True), ('X', True), ('X', False)]
    """
    is_negated = False
    while True:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, is_negated = test.operand, not is_negated
        elif isinstance(test, ast.NamedExpr):
            test = test.value
        elif isinstance(test, ast.Call) and find_dotted(test.func) == "bool" and len(test.args) == 1:
            test = test.args[0]
        elif (
            isinstance(test, ast.Compare)
            and isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.Is | ast.IsNot)
            and len(test.ops) == 1
            and isinstance(test.comparators[0], ast.Constant)
            and isinstance(test.comparators[0].value, bool)
        ):
            turns = isinstance(test.ops[0], ast.NotEq | ast.IsNot) == test.comparators[0].value
            test, is_negated = test.left, is_negated != turns
        else:
            return test, is_negated


def is_main_test(test: ast.expr) -> bool:
    """Return whether a test is ``__name__ == "__main__"``, which is false while the module is imported."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(find_dotted(side) == "__name__" for side in sides) and any(
        find_literal_text(side) == "__main__" for side in sides
    )
