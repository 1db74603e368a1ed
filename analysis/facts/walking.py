"""Walks over a syntax tree that look only at what is asked for: far fewer nodes than ``ast.walk`` comes to."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analysis.facts.lines import has_line_between

#: Fields that hold no nodes, or only signs: contexts and operators.
_NO_NODES = frozenset({
    "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "lineno", "module", "op", "ops",
    "rest", "simple", "str", "tag", "type_comment",
})  # fmt: skip
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def _list_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    if issubclass(kind, ast.Constant | ast.Global | ast.Nonlocal):
        return ()
    return tuple(field for field in kind._fields if field not in _NO_NODES)


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = self[kind] = _list_fields(kind)
        return found


class _BlockFields(dict[type[ast.AST], tuple[str, ...]]):
    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        # The parts of a lambda or of a choice have the names of blocks, and are none.
        is_expression = issubclass(kind, ast.expr)
        found = self[kind] = () if is_expression else tuple(each for each in kind._fields if each in _BLOCKS)
        return found


_FIELDS = _Fields()
_BLOCK_FIELDS = _BlockFields()


def list_nodes(node: ast.AST) -> list[ast.AST]:
    """Return a node and all below it, in the order of ``ast.walk``, without contexts and operators.

    >>> [type(each).__name__ for each in list_nodes(ast.parse("a.b + 1", mode="eval").body)]
    ['BinOp', 'Attribute', 'Constant', 'Name']
    """
    found = [node]
    fields, add = _FIELDS, found.append
    for each in found:  # grows while it is read
        for field in fields[type(each)]:
            value = getattr(each, field, None)
            if type(value) is list:
                for part in value:
                    if isinstance(part, ast.AST):
                        add(part)
            elif isinstance(value, ast.AST):
                add(value)
    return found


def list_parts(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below a node, without contexts and operators."""
    found: list[ast.AST] = []
    for field in _FIELDS[type(node)]:
        value = getattr(node, field, None)
        if type(value) is list:
            found += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def list_blocks(node: ast.AST) -> list[ast.AST]:
    """Return what stands in the blocks of a statement: statements, handlers and cases."""
    fields = _BLOCK_FIELDS[type(node)]
    return [each for field in fields for each in getattr(node, field, ())] if fields else []


def list_statements(node: ast.AST) -> list[ast.AST]:
    """Return a statement and all in its blocks, those of inner functions and classes too; no expression.

    Handlers and cases are among them, as ``ast.walk`` yields them.

    >>> [type(each).__name__ for each in list_statements(ast.parse("if a: b = lambda: c").body[0])]
    ['If', 'Assign']
    """
    found = [node]
    fields = _BLOCK_FIELDS
    for each in found:  # grows while it is read
        for field in fields[type(each)]:
            found += getattr(each, field, ())
    return found


def has_line_of(node: ast.stmt, lines: Sequence[int]) -> bool:
    r"""Return whether a statement, with its decorators and blocks, has one of some sorted lines.

    >>> [has_line_of(ast.parse("@a\ndef f():\n    pass").body[0], [line]) for line in (1, 3, 4)]
    [True, True, False]
    """
    first, decorators = node.lineno, getattr(node, "decorator_list", ())
    if decorators:
        first = min(first, *(each.lineno for each in decorators))
    return has_line_between(lines, first, node.end_lineno or node.lineno)
