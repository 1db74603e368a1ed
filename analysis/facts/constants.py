"""Names in tests that stand for what the file itself says: constants, and other names for ``sys`` and the like.

``PY2 = sys.version_info[0] == 2`` makes of ``if PY2:`` a test of the version, ``from typing import TYPE_CHECKING as
TC`` of ``if TC:`` one for type checkers. Only names that one statement binds, for good, are put in place.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from analysis.facts.expressions import TYPING_NAMES, find_dotted
from analysis.facts.walking import list_blocks, list_nodes, list_statements

#: Modules whose constants decide what runs.
_DECIDING = frozenset({"sys", "os", "platform", "typing", "typing_extensions"})
#: What a constant may be made of, so that its value is known wherever the test stands.
_PLAIN = (
    ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Tuple, ast.Subscript, ast.Slice, ast.Attribute, ast.Name,
    ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context, ast.Call,
)  # fmt: skip
#: Most values are one of these: it is not worth a look inside.
_NEVER_DECIDED = (
    ast.Call, ast.Dict, ast.List, ast.Set, ast.JoinedStr, ast.Lambda, ast.BinOp, ast.ListComp, ast.DictComp, ast.Await,
)  # fmt: skip
_BLOCKS = ("body", "orelse", "finalbody")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MOST_NODES = 40


class Constants:
    """The constants of one file; it is looked through when a test asks for the first time.

    ``has_global``: its text has the word, so that functions may bind names of the module.
    """

    def __init__(self, tree: ast.Module, *, has_global: bool) -> None:
        self._tree, self._has_global = tree, has_global
        self._known: dict[str, list[tuple[int, ast.expr | None]]] | None = None

    def expand(self, test: ast.expr) -> ast.expr:
        """Return a test at module level with the file's constants in place of their names."""
        return self._expand(test, aliases_only=False)

    def expand_aliases(self, test: ast.expr) -> ast.expr:
        """Return a test with what the file imports under its own name, but its constants as they are written.

        A file's own ``TYPE_CHECKING`` counts as what it is: ``TYPE_CHECKING = True`` is true for everybody.
        """
        return self._expand(test, aliases_only=True)

    def _expand(self, test: ast.expr, *, aliases_only: bool) -> ast.expr:
        asked = [node.id for node in list_nodes(test) if isinstance(node, ast.Name)]
        if not asked:
            return test
        if self._known is None:
            self._known = _read_constants(self._tree, has_global=self._has_global)
        found = {name: self._find(name, test.lineno) for name in asked if name in self._known}
        wanted = {
            name: value
            for name, value in found.items()
            if value is not None and (not aliases_only or name in TYPING_NAMES or find_dotted(value))
        }
        return _Expander(wanted).visit(_copy(test)) if wanted else test

    def _find(self, name: str, line: int) -> ast.expr | None:
        """Return what the last statement before a line bound a name to."""
        assert self._known is not None
        return next((value for bound, value in reversed(self._known[name]) if bound < line), None)


class _Expander(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._known.get(node.id, node)


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _read_constants(tree: ast.Module, *, has_global: bool) -> dict[str, list[tuple[int, ast.expr | None]]]:
    """Return line and value of each binding of the names that only statements at the top bind, in order.

    The value is None where it is not known.
    """
    found: dict[str, list[tuple[int, ast.expr | None]]] = {}
    current: dict[str, ast.expr] = {}
    for statement in tree.body:
        values = dict(_read_values(statement, current))
        for name in dict.fromkeys(_list_stored(statement)):
            value = values.get(name)
            found.setdefault(name, []).append((statement.lineno, value))
            current.pop(name, None)
            if value is not None:
                current[name] = value
    known = {name: bindings for name, bindings in found.items() if any(value is not None for _, value in bindings)}
    if not known:
        return known
    times = Counter(name for name in _list_bound(tree.body, has_global=has_global) if name in known)
    return {name: bindings for name, bindings in known.items() if times[name] == len(bindings)}


def _read_values(statement: ast.stmt, current: Mapping[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement binds to something known, and what that is; ``current`` are those before it."""
    if isinstance(statement, ast.Import):
        yield from _read_import(statement)
    elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module in _DECIDING:
        for alias in statement.names:
            yield alias.asname or alias.name, _make_attribute(statement.module, alias.name)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name) and is_decided(statement.value, current):
            value = _Expander(current).visit(_copy(statement.value))
            if not _is_large(value):  # constants of constants may double with every line
                yield target.id, value


def _read_import(statement: ast.Import) -> Iterator[tuple[str, ast.expr]]:
    for alias in statement.names:
        if alias.asname and alias.asname != alias.name and alias.name in _DECIDING:
            yield alias.asname, ast.Name(alias.name, ast.Load())


def _make_attribute(module: str, name: str) -> ast.expr:
    return ast.Attribute(ast.Name(module, ast.Load()), name, ast.Load())


def is_decided(value: ast.expr, known: Collection[str] = ()) -> bool:
    """Return whether a value is made of constants, of what is known already, and of modules that decide."""
    if isinstance(value, _NEVER_DECIDED):
        return False
    if _is_large(value) or not all(isinstance(node, _PLAIN) for node in list_nodes(value)):
        return False
    roots = {node.id for node in list_nodes(value) if isinstance(node, ast.Name)}
    return all(name in _DECIDING or name in known for name in roots)


def _is_large(value: ast.expr) -> bool:
    return sum(1 for _ in islice(ast.walk(value), _MOST_NODES)) == _MOST_NODES


def _list_bound(body: Sequence[ast.stmt], *, has_global: bool) -> Iterator[str]:
    """Yield each name of the module once for each statement that binds it, also by ``global`` in a function."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.Global):
            yield from statement.names
        elif isinstance(statement, ast.stmt):  # handlers and cases bind by what stands in them
            yield from _list_stored(statement)
        if not isinstance(statement, _DEFINITIONS):
            waiting.extend(list_blocks(statement))
        elif has_global:
            for inner in list_statements(statement):
                yield from inner.names if isinstance(inner, ast.Global) else ()


def _list_stored(statement: ast.stmt) -> Iterable[str]:
    """Return the names that the statement itself binds, not those of its blocks."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    parts = [
        part
        for name, value in ast.iter_fields(statement)
        if name not in {*_BLOCKS, "handlers", "cases"}
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, ast.AST)
    ]
    return [
        node.id
        for part in parts
        for node in list_nodes(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
