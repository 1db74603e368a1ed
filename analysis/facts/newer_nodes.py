"""Nodes of later versions of Python, for a syntax tree of the running one: type parameters, aliases, lazy imports."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

#: What to note, by the place in the text at which a statement begins: the kind, and names.
Marks = dict[int, list[tuple[str, tuple[str, ...]]]]
_MARKED = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign)


class TypeAlias(ast.stmt):
    """``type X = value``, as ``ast.TypeAlias`` of Python 3.12."""

    _fields = ("name", "value")

    def __init__(self, name: ast.expr, value: ast.expr) -> None:
        super().__init__()
        self.name, self.value = name, value


class TypeParameter(ast.AST):
    """One type parameter: what it is called is all that counts."""

    _fields = ()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def note_marks(tree: ast.Module, text: str, places: Marks) -> None:
    """Say at the nodes what the text does not say any more."""
    if not places:
        return
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    by_place = {_find_place(text, place, starts): marks for place, marks in places.items()}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for body in _find_bodies(node):
            for number, statement in enumerate(body):
                marks = by_place.get((statement.lineno, statement.col_offset), ())
                for kind, names in marks:
                    body[number] = _mark(body[number], kind, names)
                waiting.append(body[number])


def _find_bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body
    for inner in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield inner.body


def _mark(node: ast.stmt, kind: str, names: tuple[str, ...]) -> ast.stmt:
    if not isinstance(node, _MARKED):
        return node
    if kind == "alias" and isinstance(node, ast.Assign):
        return ast.copy_location(TypeAlias(node.targets[0], node.value), node)
    if kind == "lazy":
        node.is_lazy = 1  # type: ignore[union-attr]
    elif kind == "parameters":
        node.type_params = [TypeParameter(name) for name in names]  # type: ignore[union-attr]
    return node


def _find_place(text: str, place: int, starts: Sequence[int]) -> tuple[int, int]:
    """Return line (from 1) and offset in bytes, as nodes have them."""
    line = bisect_right(starts, place)
    return line, len(text[starts[line - 1] : place].encode("utf-8", "surrogatepass"))
