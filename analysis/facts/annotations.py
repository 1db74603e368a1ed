"""The annotations of classes and functions, the texts in them too: what evaluates when somebody reads them as types."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analysis.facts.program_expressions import ExpressionCompiler, Node
from analysis.facts.source import parse
from analysis.facts.walking import list_nodes

#: So deep may texts stand inside one another.
_MOST_NESTED = 5


def list_annotations(tree: ast.Module) -> Iterator[tuple[int, list[Node]]]:
    """Yield the line of each class and function of a file, and its annotations as expressions."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ClassDef):
            found = [each.annotation for each in statement.body if isinstance(each, ast.AnnAssign)]
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            given = statement.args
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            found = [each.annotation for each in every if each is not None and each.annotation is not None]
            found += [statement.returns] if statement.returns is not None else []
        else:
            continue
        yield statement.lineno, [node for each in found for node in _compile(each, 0)]


def is_annotation(source: bytes, line: int, name: str) -> bool:
    """Return whether a name or attribute stands in annotations of a line, and nowhere else in it."""
    tree = parse(source).tree
    if tree is None:
        return False
    nodes = list_nodes(tree)
    used = {
        id(each)
        for each in nodes
        if isinstance(each, ast.Name | ast.Attribute)
        and each.lineno == line
        and name == (each.id if isinstance(each, ast.Name) else each.attr)
    }
    own = (found for each in nodes for found in _find_own(each)) if used else ()
    there = (found for found in own if found.lineno <= line <= (found.end_lineno or found.lineno))
    return bool(used) and used <= {id(part) for found in there for part in list_nodes(found)}


def _find_own(node: ast.AST) -> list[ast.expr]:
    """Return the annotations that a node of a file itself has."""
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    found = node.returns if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
    found = node.annotation if isinstance(node, ast.arg) else found
    return [] if found is None else [found]


def _compile(annotation: ast.expr, depth: int) -> Iterator[Node]:
    """Yield what an annotation evaluates: itself, and the texts in it, which are expressions too."""
    if isinstance(annotation, ast.Constant):
        if isinstance(annotation.value, str) and depth < _MOST_NESTED:
            try:
                yield from _compile(ast.parse(annotation.value.strip(), mode="eval").body, depth + 1)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
        return
    yield ExpressionCompiler().expression(annotation)
    if isinstance(annotation, ast.Subscript):
        name = ast.unparse(annotation.value).rpartition(".")[2]
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        for part in [] if name == "Literal" else parts[:1] if name == "Annotated" else parts:
            yield from _compile(part, depth)
    elif isinstance(annotation, ast.List):
        for part in annotation.elts:
            yield from _compile(part, depth)
    elif isinstance(annotation, ast.BinOp):
        yield from _compile(annotation.left, depth)
        yield from _compile(annotation.right, depth)
