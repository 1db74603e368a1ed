"""What is no place for a mutant: text for people, types, and what a test could never see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

#: Keyword arguments without an effect that a test could see.
UNSEEN_KEYWORDS = frozenset({"slots", "frozen", "kw_only", "maxsize", "strict", "repr", "stacklevel"})
#: Calls about progress, logging and types: their arguments decide nothing.
UNSEEN_CALLS = re.compile(r"(^|\.)_?(log|logger|logging|progress|advance|cast|TypeVar|NewType|overload)(\.|$)")
#: A constant that code compares, against a sentence for people.
KIND = re.compile(r"[a-z][a-z0-9]*([-_.:][a-z0-9]+)*")
#: How far a search goes: one item, step or byte more decides nothing, and a test that needs so many takes too long.
LIMIT = re.compile(r"_?(MOST|LONGEST)_[A-Z_]+|_?[A-Z_]+_LIMIT")


def walk_code(tree: ast.Module) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Yield each node that a mutant may change, with its parents, outermost first."""
    yield from _walk(tree, ())


def _walk(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    if is_text_or_type(node):
        return
    yield node, parents
    skipped = set(map(id, _find_skipped(node)))
    for child in ast.iter_child_nodes(node):
        if id(child) not in skipped:
            yield from _walk(child, (*parents, node))


def is_text_or_type(node: ast.AST) -> bool:
    """Whether nothing in a statement or expression decides anything: messages, docstrings, imports, type checks."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Raise():
            return True
        case ast.JoinedStr() | ast.Global() | ast.Nonlocal():  # before 3.12 the places inside an f-string are wrong
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.If(test=ast.Attribute(attr="TYPE_CHECKING")):
            return True
        case ast.Call(func=function):
            return UNSEEN_CALLS.search(ast.unparse(function)) is not None
        case ast.keyword(arg=name):
            return name in UNSEEN_KEYWORDS
        case ast.Constant(value=str() as text):
            return KIND.fullmatch(text) is None
    return False


def _find_skipped(node: ast.AST) -> list[ast.AST | None]:
    """Children that are annotations, decorators, or types in a check by ``isinstance``."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [node.returns, *node.decorator_list]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases]
        case ast.arg():
            return [node.annotation]
        case ast.AnnAssign(target=ast.Name(id=name)) if LIMIT.fullmatch(name):
            return [node.annotation, node.value]
        case ast.AnnAssign():
            return [node.annotation]
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
            return [kinds]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            is_type = name[:1].isupper() and not name.isupper()
            return [value] if is_type or LIMIT.fullmatch(name) else []
    return []


def is_at_limit(node: ast.Compare) -> bool:
    """Whether a comparison asks if a search has come to its limit."""
    return any(isinstance(each, ast.Name) and LIMIT.fullmatch(each.id) for each in (node.left, *node.comparators))


def has_no_doubles(node: ast.expr) -> bool:
    """Whether items are written as a set: in a list or tuple the same ones are found, only more slowly."""
    return isinstance(node, (ast.Set, ast.SetComp))
