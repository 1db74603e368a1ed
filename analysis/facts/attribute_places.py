"""Where a file surely uses some dotted names: not in annotations, nor where a test or handler expects a failure."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import NamedTuple

from analysis.cache import remember_text
from analysis.facts.expressions import find_dotted, is_typing_only
from analysis.facts.lines import find_lines, has_line_between, normalise_line_ends
from analysis.facts.scopes import Function, list_bindings
from analysis.facts.source import parse

#: Handlers of these expect that an attribute is missing.
_CATCHING = frozenset({"AttributeError", "Exception", "BaseException", ""})
#: Tests that speak of one of these may ask whether the attribute is there.
_ASKING = frozenset({"hasattr", "getattr", "sys", "platform", "version", "PY2", "PY3"})


_TESTING = (ast.If, ast.IfExp, ast.BoolOp, ast.While, ast.Assert, ast.Lambda)


class AttributeUse(NamedTuple):
    """One use: the dotted name as far as it can be followed, its line, and whether it waits for a call."""

    dotted: str
    line: int
    is_deferred: bool


@remember_text
def find_uses(source: bytes, wanted: frozenset[str]) -> tuple[AttributeUse, ...]:
    """Return the uses of some dotted names in a file, each line once; nothing where the file sets one of them."""
    tree = parse(source).tree if source else None
    if tree is None:
        return ()
    lines = find_lines(normalise_line_ends(source), tuple(sorted(name.encode() for name in wanted)))
    reader = _Reader(tree, wanted, lines)
    found = list(dict.fromkeys(reader.read()))
    return tuple(use for use in found if use.dotted not in reader.stored)


class _Reader:
    def __init__(self, tree: ast.Module, wanted: Collection[str], lines: list[int]) -> None:
        self._tree, self._wanted, self._lines = tree, wanted, lines
        self.stored: set[str] = set()
        self._own: dict[int, dict[str, bool]] = {}

    def read(self) -> Iterator[AttributeUse]:
        waiting: list[tuple[ast.AST, tuple[Function | ast.Module, ...]]] = [(self._tree, (self._tree,))]
        while waiting:
            node, scopes = waiting.pop()
            if isinstance(node, ast.stmt) and not has_line_between(self._lines, node.lineno, node.end_lineno or 0):
                continue
            if isinstance(node, ast.Attribute):
                dotted = find_dotted(node)
                if not isinstance(node.ctx, ast.Load):
                    self.stored.add(dotted)
                elif dotted in self._wanted and self._is_import(dotted.partition(".")[0], scopes):
                    yield AttributeUse(dotted, node.lineno, len(scopes) > 1)
            inner = (*scopes, node) if isinstance(node, Function) else scopes
            waiting.extend((child, inner) for child in _list_children(node))

    def _is_import(self, name: str, scopes: tuple[Function | ast.Module, ...]) -> bool:
        """Return whether the innermost scope that binds a name does so by imports alone."""
        for scope in reversed(scopes):
            known = self._own.get(id(scope))
            if known is None:
                known = self._own[id(scope)] = {}
                for bound, how in list_bindings(scope):
                    known[bound] = known.get(bound, True) and how.kind == "import"
            if name in known:
                return known[name]
        return False


def _list_children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that run as they stand."""
    if isinstance(node, _TESTING) and _asks(node.test if isinstance(node, ast.If) else node):
        return
    if isinstance(node, ast.With | ast.AsyncWith) and any(_expects(item.context_expr) for item in node.items):
        return
    skipped: list[object] = []
    if isinstance(node, ast.Try):
        caught = {find_dotted(part) for handler in node.handlers for part in _list_caught(handler.type)}
        if any(name.rpartition(".")[2] in _CATCHING for name in caught):
            skipped += node.body
    elif isinstance(node, ast.arg | ast.AnnAssign):
        skipped.append(node.annotation)
    elif isinstance(node, Function):
        skipped.append(node.returns)
    yield from (child for child in ast.iter_child_nodes(node) if not any(child is each for each in skipped))


def _expects(context: ast.expr) -> bool:
    """Return whether a with block expects an exception: ``pytest.raises``, ``suppress``."""
    text = ast.dump(context)
    return "raises" in text.lower() or "suppress" in text


def _list_caught(kind: ast.expr | None) -> list[ast.expr | None]:
    return list(kind.elts) if isinstance(kind, ast.Tuple) else [kind]


def _asks(test: ast.AST) -> bool:
    """Return whether a test asks whether the attribute is there, or for which checker or version the code is."""
    if isinstance(test, ast.expr) and is_typing_only(test):
        return True
    return any(isinstance(node, ast.Name) and node.id in _ASKING for node in ast.walk(test))
