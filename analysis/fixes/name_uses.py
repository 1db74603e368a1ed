"""Where a file uses names that it imports: while it is imported, in functions, or in annotations only."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from analysis.facts.expressions import find_dotted, is_typing_only
from analysis.facts.scopes import Function, list_bindings

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Texts with which a file reaches names that nobody sees; an import that moves may break them.
_DYNAMIC = re.compile(rb"\b(?:globals|vars|locals)\(\s*\)|(?<![.\w])(?:eval|exec)\(|sys\.modules\[__name__\]")
_TYPE_COMMENT = re.compile(r"#\s*type:\s*(?!ignore)(.*)")
#: Calls of these read texts as types, for type checkers alone.
_TYPED_CALLS = frozenset({"cast", "TypeVar", "NewType", "ForwardRef"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)
IMPORT, FUNCTION, ANNOTATION = "import", "function", "annotation"


class NameUse(NamedTuple):
    """One use of a name: ``when`` it is looked up, and where.

    ``function`` is the outermost function (or lambda) around it, ``annotation`` the whole annotation with it, which
    ``reader``, a class, function or module, has. ``is_evaluated``: Python looks up the names of the annotation when
    the reader is defined. ``node`` is the name, of all uses but those in texts.
    """

    name: str
    when: str
    line: int
    function: Function | ast.Lambda | None = None
    annotation: ast.expr | None = None
    reader: Function | ast.ClassDef | None = None
    is_evaluated: bool = False
    node: ast.Name | None = None


class _Place(NamedTuple):
    """Where the reading stands: the names that still mean the imports, and what is around."""

    names: frozenset[str]
    function: Function | ast.Lambda | None = None
    scope: str = "module"
    annotation: ast.expr | None = None
    reader: Function | ast.ClassDef | None = None


def find_name_uses(tree: ast.Module, source: str, names: Collection[str]) -> list[NameUse]:
    """Return the uses of some names of a module, sorted by line. Imports under tests for type checkers are no uses."""
    reader = _Reader(is_postponed=has_postponed_annotations(tree))
    found = list(reader.read_all(tree.body, _Place(frozenset(names))))
    for number, line in enumerate(source.splitlines(), 1):
        comment = _TYPE_COMMENT.search(line)
        if comment:
            words = set(re.findall(r"\w+", comment[1]))
            found += [NameUse(name, ANNOTATION, number) for name in sorted(words & set(names))]
    return sorted(found, key=lambda use: (use.line, use.name, use.when))


def has_postponed_annotations(tree: ast.Module) -> bool:
    """Return whether a module begins with ``from __future__ import annotations``."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def find_dynamic_lookup(source: bytes) -> str:
    """Return the text by which a file may reach any of its names: ``globals()``; empty without one."""
    found = _DYNAMIC.search(source)
    return found[0].decode().rstrip("(") if found else ""


def count_bindings(tree: ast.Module, name: str) -> int:
    """Return how many statements of a module bind a name of it."""
    return sum(bound == name for bound, _ in list_bindings(tree))


class _Reader:
    def __init__(self, *, is_postponed: bool) -> None:
        self._is_postponed = is_postponed

    def read_all(self, nodes: Sequence[ast.AST | None], place: _Place) -> Iterator[NameUse]:
        for node in nodes:
            if node is not None:
                yield from self.read(node, place)

    def read(self, node: ast.AST, place: _Place) -> Iterator[NameUse]:
        """Yield the uses below a node."""
        if not place.names:
            return
        if isinstance(node, ast.Name):
            if node.id in place.names and isinstance(node.ctx, ast.Load):
                yield self._make(node, place)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and place.annotation is not None:
                yield from self._read_text(node, node.value, place)
        elif isinstance(node, _SCOPES):
            yield from self._read_scope(node, place)
        elif isinstance(node, ast.AnnAssign):
            yield from self.read_all([node.target, node.value], place)
            yield from self._read_annotation(node.annotation, place.reader, place, is_local=place.scope == "function")
        elif isinstance(node, ast.Call) and find_dotted(node.func).rpartition(".")[2] in _TYPED_CALLS:
            yield from self._read_typed_call(node, place)
        elif isinstance(node, ast.If) and is_typing_only(node.test):
            yield from self.read_all(node.orelse, place)
        else:
            yield from self.read_all(list(ast.iter_child_nodes(node)), place)

    def _read_scope(self, node: ast.AST, place: _Place) -> Iterator[NameUse]:
        """Yield the uses in what has names of its own."""
        if isinstance(node, Function):
            yield from self._read_function(node, place)
        elif isinstance(node, ast.Lambda):
            yield from self.read_all([*node.args.defaults, *node.args.kw_defaults], place)
            inner = place.names - _list_arguments(node.args)
            function = place.function or node
            yield from self.read(node.body, place._replace(names=inner, function=function, scope="function"))
        elif isinstance(node, ast.ClassDef):
            yield from self.read_all([*node.decorator_list, *node.bases, *node.keywords], place)
            yield from self.read_all(node.body, place._replace(scope="class", reader=node))
        elif isinstance(node, _COMPREHENSIONS):
            yield from self.read(node.generators[0].iter, place)
            bound = {
                each.id for part in node.generators for each in ast.walk(part.target) if isinstance(each, ast.Name)
            }
            parts = list(ast.iter_child_nodes(node))
            yield from self.read_all(parts, place._replace(names=place.names - bound))

    def _read_function(self, node: Function, place: _Place) -> Iterator[NameUse]:
        given = node.args
        yield from self.read_all([*node.decorator_list, *given.defaults, *given.kw_defaults], place)
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        for annotation in [*(each.annotation for each in every if each is not None), node.returns]:
            yield from self._read_annotation(annotation, node, place, is_local=False)
        inner = place.names - find_bound(node)
        function = place.function or node
        yield from self.read_all(node.body, _Place(inner, function, "function"))

    def _read_annotation(
        self, annotation: ast.expr | None, reader: Function | ast.ClassDef | None, place: _Place, *, is_local: bool
    ) -> Iterator[NameUse]:
        """Yield the uses in an annotation; one of a local variable is never evaluated."""
        if annotation is None:
            return
        inside = place._replace(annotation=annotation, reader=reader)
        for use in self.read(annotation, inside):
            if is_local or self._is_postponed or not use.is_evaluated:
                yield use._replace(is_evaluated=False)
            elif place.function is not None:  # evaluated whenever the function around it runs
                yield use._replace(when=FUNCTION, annotation=None, is_evaluated=False)
            else:
                yield use

    def _read_typed_call(self, node: ast.Call, place: _Place) -> Iterator[NameUse]:
        """Yield the uses in a call that also reads texts as types."""
        yield from self.read_all(list(ast.iter_child_nodes(node)), place)
        for text in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield from self._read_text(text, text.value, place._replace(annotation=text))

    def _read_text(self, node: ast.Constant, text: str, place: _Place) -> Iterator[NameUse]:
        """Yield the uses in a text that is read as an annotation: nothing looks them up by itself."""
        for name in sorted(place.names & set(re.findall(r"\w+", text))):
            yield NameUse(name, ANNOTATION, node.lineno, place.function, place.annotation, place.reader)

    @staticmethod
    def _make(node: ast.Name, place: _Place) -> NameUse:
        if place.annotation is None:
            when = IMPORT if place.function is None else FUNCTION
            return NameUse(node.id, when, node.lineno, place.function, node=node)
        return NameUse(
            node.id, ANNOTATION, node.lineno, place.function, place.annotation, place.reader, is_evaluated=True,
            node=node,
        )  # fmt: skip


def find_bound(function: Function) -> frozenset[str]:
    """Return the names that are local to a function, and those that it declares as local to one around it."""
    bound, declared = set(_list_arguments(function.args)), set[str]()
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef):
            bound.add(node.name)
            waiting.extend(node.decorator_list)
        elif isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            bound.update(node.names)
        elif isinstance(node, (ast.Lambda, *_COMPREHENSIONS)):
            bound.update(
                each.target.id
                for each in ast.walk(node)
                if isinstance(each, ast.NamedExpr) and isinstance(each.target, ast.Name)
            )
        else:
            bound.update(_list_own(node))
            waiting.extend(ast.iter_child_nodes(node))
    return frozenset(bound - declared)


def _list_own(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _list_arguments(given: ast.arguments) -> frozenset[str]:
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return frozenset(each.arg for each in every if each is not None)
