"""Statements that bind names at the top of a module or of a function that declares them global, and exports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from analysis.facts.constants import is_decided
from analysis.facts.context import Context
from analysis.facts.exports import read_exports
from analysis.facts.expressions import classify, find_dotted, render
from analysis.facts.newer_nodes import TypeAlias
from analysis.facts.rows import Rows
from analysis.facts.walking import list_nodes

_MODULE_LEVEL = frozenset({"module", "type_checking", "function"})


class BindingReader:
    """Reads what statements bind into ``rows``; each row has the next position in the file."""

    def __init__(self, *, has_walrus: bool) -> None:
        self.rows = Rows()
        #: The values of the module's names as they were last assigned: ``__getattr__`` may look into them.
        self.literals: dict[str, ast.expr] = {}
        self._position = -1
        self._has_walrus = has_walrus
        #: The names that the functions and classes around the statement declare global, the innermost last.
        self._globals: list[set[str]] = []
        self._imported: set[str] = set()

    def next_position(self) -> int:
        """Return the place of the next row among all rows of the file."""
        self._position += 1
        return self._position

    def _bind(self, node: Any, name: str, kind: str, value: str, context: Context, arguments: int = -1) -> None:
        if kind == "import" and not context.owner:
            self._imported.add(name)
        if context.owner and not self.is_global(name):
            return
        if context.scope not in _MODULE_LEVEL and not context.owner:
            return
        self.rows.bindings.append(
            (self.next_position(), node.lineno, name, kind, value, arguments,
             context.scope, context.guard, context.condition, context.caught, context.owner)
        )  # fmt: skip

    def is_global(self, name: str) -> bool:
        """Return whether the function or class around the statement declares a name global."""
        return bool(self._globals) and name in self._globals[-1]

    def _global(self, node: ast.Global, _: Context) -> None:
        if self._globals:
            self._globals[-1].update(node.names)

    def _assign(self, node: ast.Assign, context: Context) -> None:
        for target in node.targets:
            self._assign_target(target, node.value, node, context)
        if self._has_walrus:
            self._walrus(node.value, context)

    def _assign_target(self, target: ast.expr, value: ast.expr, node: ast.stmt, context: Context) -> None:
        if isinstance(target, ast.Name):
            kind, text, arguments = classify(value)
            if kind == "expression" and is_decided(value):
                text = render(value)
            self._bind(node, target.id, kind, text, context, arguments)
            if not context.owner:
                self.literals[target.id] = value
                self._exports(node, target, "=", value, context)
        elif _pairs_up(target, value):
            for inner, part in zip(target.elts, value.elts, strict=True):  # type: ignore[attr-defined]
                self._assign_target(inner, part, node, context)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, value, context)
        else:
            self._targets(target, node, context, kind="unpacked")
            if not context.owner and "__getattr__" in _find_names(target):
                self.literals["__getattr__"] = value
            self._exports(node, target, "=", value, context)

    def _attribute(self, target: ast.Attribute, value: ast.expr, context: Context) -> None:
        """Note what a module sets on another one that it imports; the attributes of objects do not matter."""
        name = find_dotted(target)
        if not context.owner and name.partition(".")[0] in self._imported:
            kind, text, _ = classify(value)
            made = text if kind == "alias" else f"{text}()" if kind == "instance" and text else ""
            self.rows.hooks.append((self.next_position(), target.lineno, "module_attribute", name, made))

    def _targets(self, target: ast.expr, node: ast.stmt, context: Context, kind: str = "target") -> None:
        for name in _find_names(target):
            self._bind(node, name, kind, "", context)

    def _annotated(self, node: ast.AnnAssign, context: Context) -> None:
        if not isinstance(node.target, ast.Name):
            return
        if node.value is None:
            self._bind(node, node.target.id, "declaration", "", context)
            return
        kind, value, arguments = classify(node.value)
        if find_dotted(node.annotation).rpartition(".")[2] == "TypeAlias":
            kind = "type_alias"
        self._bind(node, node.target.id, kind, value, context, arguments)
        if not context.owner:
            self.literals[node.target.id] = node.value
            self._exports(node, node.target, "=", node.value, context)

    def _type_alias(self, node: Any, context: Context) -> None:
        self._bind(node, node.name.id, "type_alias", classify(node.value)[1], context)

    def _augmented(self, node: ast.AugAssign, context: Context) -> None:
        if isinstance(node.target, ast.Name):
            self._bind(node, node.target.id, "augmented", "", context)
            self._exports(node, node.target, "+=", node.value, context)

    def _delete(self, node: ast.Delete, context: Context) -> None:
        for target in node.targets:
            for name in _find_names(target):
                self._bind(node, name, "delete", "", context)

    def _expression(self, node: ast.Expr, context: Context) -> None:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            call = node.value
            if find_dotted(call.func.value) == "__all__" and call.args:  # type: ignore[attr-defined]
                self._exports(node, call.func.value, call.func.attr, call.args[0], context)  # type: ignore[attr-defined]
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            self._setattr(node.value, context)
        if self._has_walrus:
            self._walrus(node.value, context)

    def _setattr(self, call: ast.Call, context: Context) -> None:
        """``setattr(module, "name", value)`` is ``module.name = value``."""
        if call.func.id == "setattr" and len(call.args) == 3:  # type: ignore[attr-defined]
            owner, name, value = call.args
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.isidentifier():
                self._attribute(ast.Attribute(owner, name.value, lineno=call.lineno), value, context)

    def _walrus(self, expression: ast.expr, context: Context) -> None:
        for node in list_nodes(expression):
            if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
                self._bind(node, node.target.id, *classify(node.value)[:2], context)

    def _exports(self, node: ast.stmt, target: ast.expr, operation: str, value: ast.expr, context: Context) -> None:
        if find_dotted(target) == "__all__" and not context.owner:
            for name, change in read_exports(operation, value):
                self.rows.exports.append((self.next_position(), node.lineno, name, change, context.guard))


#: Functions, not bound methods: a reader must not refer to itself, or its syntax tree waits for the collector.
BINDERS: dict[type[ast.AST], Callable[[BindingReader, Any, Context], None]] = {
    ast.Assign: BindingReader._assign,
    ast.AnnAssign: BindingReader._annotated,
    ast.AugAssign: BindingReader._augmented,
    ast.Delete: BindingReader._delete,
    ast.Expr: BindingReader._expression,
}
BINDERS[TypeAlias] = BindingReader._type_alias
if hasattr(ast, "TypeAlias"):
    BINDERS[ast.TypeAlias] = BindingReader._type_alias


def _pairs_up(target: ast.expr, value: ast.expr) -> bool:
    """Return whether ``a, b = c, d`` assigns one to one."""
    sequences = (ast.Tuple, ast.List)
    if not isinstance(target, sequences) or not isinstance(value, sequences):
        return False
    starred = any(isinstance(element, ast.Starred) for element in (*target.elts, *value.elts))
    return len(target.elts) == len(value.elts) and not starred


def _find_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _find_names(element)
    elif isinstance(target, ast.Starred):
        yield from _find_names(target.value)
