"""Where functions use names that only type checkers import: the line fails with NameError when it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analysis.cache import remember_text
from analysis.facts.expressions import find_dotted, is_typing_only
from analysis.facts.scopes import Function, list_bindings
from analysis.facts.source import parse

#: Texts that may bind any name.
_BINDING = (b"globals()", b"vars()", b"locals()", b"sys.modules", b"exec(", b"import *")
#: Handlers of these expect that a name is missing.
_CATCHING = frozenset({"NameError", "Exception", "BaseException", ""})
_USED = (
    rb"(?m)(?:(?<![\w.\"'])(?:%s)\s*[.(]|\b(?:isinstance|issubclass|cast)\([^\n]*?\b(?:%s)\b|\braise\s+(?:%s)\b"
    rb"|\bexcept\b[^\n]*\b(?:%s)\b|(?:\b(?:return|yield|is|in)\s|=)\s*(?:%s)\s*$)"
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@remember_text
def find_typing_uses(source: bytes, names: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Return name and line of the uses in functions of names that a module has for type checkers only, in order.

    Annotations do not count, nor names that a function binds itself, nor what stands under a test for type checkers or
    in a try that catches NameError.
    """
    either = b"|".join(re.escape(name.encode()) for name in sorted(names))
    if not names or any(text in source for text in _BINDING) or not re.search(_USED % ((either,) * 5), source):
        return ()
    tree = parse(source).tree
    found = [] if tree is None else list(_read(tree, names, is_inside=False))
    return tuple(sorted(dict.fromkeys(found), key=lambda use: (use[1], use[0])))


def _read(node: ast.AST, names: frozenset[str], *, is_inside: bool) -> Iterator[tuple[str, int]]:
    """Yield the uses below a node; ``is_inside``: it stands in a function."""
    if isinstance(node, ast.Name):
        if is_inside and isinstance(node.ctx, ast.Load) and node.id in names:
            yield node.id, node.lineno
        return
    if isinstance(node, Function):
        found = [use for child in _list_parts(node) for use in _read(child, names, is_inside=True)]
        own = {name for name, _ in list_bindings(node)} if found else set()
        yield from (use for use in found if use[0] not in own)
        return
    if isinstance(node, _COMPREHENSIONS):
        names -= {part.id for each in node.generators for part in ast.walk(each.target) if isinstance(part, ast.Name)}
    elif isinstance(node, ast.ClassDef) and is_inside:
        names -= {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.ClassDef)}
    for child in _list_parts(node) if names else ():
        yield from _read(child, names, is_inside=is_inside)


def _list_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that run as they stand, of a function its body."""
    skipped: list[object] = []
    if isinstance(node, ast.If | ast.IfExp) and is_typing_only(node.test):
        skipped = list(node.body) if isinstance(node, ast.If) else [node.body]
    elif isinstance(node, ast.BoolOp) and any(map(_asks, node.values)):
        return
    elif isinstance(node, ast.Try) and catches_missing(node):
        skipped = list(node.body)
    elif isinstance(node, ast.AnnAssign):
        skipped = [node.annotation]
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from node.body
        return
    elif isinstance(node, ast.Lambda):
        yield node.body
        return
    yield from (child for child in ast.iter_child_nodes(node) if not any(child is each for each in skipped))


def _asks(test: ast.expr) -> bool:
    """Return whether a part of a test says that only type checkers come to the rest."""
    inner = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    return is_typing_only(inner)


def catches_missing(node: ast.Try) -> bool:
    """Return whether a handler of a ``try`` expects that a name is missing."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(find_dotted(kind).rpartition(".")[2] in _CATCHING for kind in kinds):
            return True
    return False
