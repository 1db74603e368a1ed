"""Imports by function call, and modules put into ``sys.modules`` or found through a changed ``__path__``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from analysis.facts.absolute import absolute_name
from analysis.facts.context import Context, branch
from analysis.facts.expressions import classify, find_dotted, find_literal_text, find_text_pattern
from analysis.facts.lines import find_lines, has_line_between
from analysis.facts.rows import Row

_IMPORTERS = frozenset({"import_module", "importlib.import_module", "__import__", "builtins.__import__"})
_WORDS = (
    b"import_module",
    b"exec(",
    b"__import__",
    b"sys.modules",
    b"__path__",
    b"globals()",
    b"__name__,",
    b"{__name__:",
)


def find_dynamic_rows(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> tuple[list[Row], list[Row]]:
    """Return the rows of ``imports`` (kind dynamic) and of ``hooks`` that need a look into expressions.

    Files that name none of the words in question cost one search each.
    """
    lines = find_lines(source, _WORDS)
    if not lines:
        return [], []
    visitor = _Visitor(next_position, lines)
    visitor.visit_block(tree.body, Context())
    return visitor.imports, visitor.hooks


class _Visitor:
    def __init__(self, next_position: Callable[[], int], lines: list[int]) -> None:
        self._lines = lines
        self.imports: list[Row] = []
        self.hooks: list[Row] = []
        self._next = next_position
        self._block: list[ast.stmt] = []

    def visit_block(self, body: list[ast.stmt], context: Context) -> None:
        for statement in body:
            self._block = body
            if has_line_between(self._lines, statement.lineno, statement.end_lineno or statement.lineno):
                self._statement(statement, context)

    def _statement(self, node: ast.stmt, context: Context) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            body = "class" if isinstance(node, ast.ClassDef) else "function"
            self.visit_block(node.body, context.inside(context.prefix + node.name, body))
        elif isinstance(node, ast.If):
            self._if(node, context)
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            self._try(node, context)  # type: ignore[arg-type]
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._expression(item.context_expr, context)
            self.visit_block(node.body, context.under_with(node.items))
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self._expression(node.test if isinstance(node, ast.While) else node.iter, context)
            self.visit_block(node.body, context.under("loop"))
            self.visit_block(node.orelse, context.under("else"))
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self.visit_block(case.body, context.under_test("match", node.subject))
        else:
            self._simple(node, context)

    def _if(self, node: ast.If, context: Context) -> None:
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            current = rest[0]
            self._expression(current.test, context)
            chosen, context = branch(context, current.test)
            self.visit_block(current.body, chosen)
            rest = current.orelse
        self.visit_block(rest, context)

    def _try(self, node: ast.Try, context: Context) -> None:
        self.visit_block(node.body, context.under_try(node.handlers) if node.handlers else context)
        for handler in node.handlers:
            self.visit_block(handler.body, context.under_handler(handler))
        self.visit_block(node.orelse, context.under("else"))
        self.visit_block(node.finalbody, context)

    def _simple(self, node: ast.stmt, context: Context) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._registration(target, node.value, node)
        elif isinstance(node, ast.AugAssign) and find_dotted(node.target) == "__path__":
            self._hook(node, "path_extended", "*", "")
        self._expression(node, context)

    def _registration(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> None:
        if isinstance(target, ast.Subscript) and find_dotted(target.value) in {"sys.modules", "modules"}:
            name = find_literal_text(target.slice) or (find_dotted(target.slice) == "__name__" and "__name__") or "*"
            self._hook(node, "sys_modules", name, find_dotted(value))
        elif isinstance(target, ast.Subscript) and is_globals(target.value):
            self._hook(node, "computed_binding", find_text_pattern(target.slice), self._find_made(value))
        elif find_dotted(target) == "__path__":
            self._hook(node, "path_extended", "*", "")

    def _expression(self, root: ast.AST, context: Context) -> None:
        for node in ast.walk(root):
            if isinstance(node, ast.Call):
                self._call(node, context)

    def _call(self, node: ast.Call, context: Context) -> None:
        callee = find_dotted(node.func)
        if callee in _IMPORTERS and node.args:
            self._import(node, context)
        elif callee == "sys.modules.setdefault" and len(node.args) == 2:
            self._hook(node, "sys_modules", find_literal_text(node.args[0]) or "*", find_dotted(node.args[1]))
        elif callee == "setattr" and len(node.args) == 3 and is_own_module(node.args[0]):
            self._hook(node, "computed_binding", find_text_pattern(node.args[1]), self._find_made(node.args[2]))
        elif (
            (isinstance(node.func, ast.Attribute) and node.func.attr == "update" and is_globals(node.func.value))
            or (_serves_names(node) and not context.owner)
            or (callee == "exec" and _fills_module(node, context))
        ):
            self._hook(node, "computed_binding", "*", "")
        elif callee in {"__path__.append", "__path__.extend", "__path__.insert"}:
            self._hook(node, "path_extended", "*", "")

    def _import(self, node: ast.Call, context: Context) -> None:
        name = find_literal_text(node.args[0]) or ""
        module = name.lstrip(".")
        level = len(name) - len(module)
        package = _find_package(node)
        if level and package is not None and find_dotted(package) not in {"__package__", "__name__"}:
            # Relative to a package that is named in the call, not to the importer's own.
            module, level = absolute_name(find_literal_text(package) or "", level, module), 0
        if not module:
            self._hook(node, "computed_import", "*", "")
            return
        self.imports.append(
            (self._next(), node.lineno, node.end_lineno or node.lineno, "dynamic", level, module, "",
             "", context.scope, context.guard, context.condition, context.caught, context.owner, False)
        )  # fmt: skip

    def _find_made(self, value: ast.expr) -> str:
        """Return the dotted name of a value, or ``callee()`` when a call in the same block made it."""
        if isinstance(value, ast.Name):
            for statement in self._block:
                if isinstance(statement, ast.Assign) and value.id in map(find_dotted, statement.targets):
                    value = statement.value
                    break
        kind, text, _ = classify(value)
        return f"{text}()" if kind == "instance" and text else text if kind == "alias" else ""

    def _hook(self, node: ast.AST, kind: str, name: str, value: str) -> None:
        self.hooks.append((self._next(), getattr(node, "lineno", 0), kind, name, value))


def _fills_module(node: ast.Call, context: Context) -> bool:
    """Return whether a call of ``exec`` runs code in the namespace of the module: it may bind any name there."""
    given = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "globals")]
    if not given:
        return not context.owner
    own = {"globals", "vars", "locals"} if not context.owner else {"globals"}
    return isinstance(given[0], ast.Call) and find_dotted(given[0].func) in own and not given[0].args


def _find_package(node: ast.Call) -> ast.expr | None:
    """Return the package that a call of ``import_module`` gives, or nothing."""
    if find_dotted(node.func).rpartition(".")[2] != "import_module":
        return None
    given = [keyword.value for keyword in node.keywords if keyword.arg == "package"]
    return next(iter([*node.args[1:2], *given]), None)


def _serves_names(node: ast.Call) -> bool:
    """Return whether a call gets ``__name__`` and a literal map to lists of names, or a map of maps by ``__name__``.

    Such a call fills the module on demand.

    >>> codes = "recreate_module(__name__, by_module={'a.b': ['C']})", "add({__name__: {'Old': 'p.real'}}, package='p')"
    >>> [_serves_names(ast.parse(code, mode="eval").body) for code in codes]
    [True, True]
    """
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if any(isinstance(value, ast.Dict) and "__name__" in map(find_dotted, value.keys) for value in given):
        return True
    if not node.args or find_dotted(node.args[0]) != "__name__":
        return False
    maps = [value for value in given if isinstance(value, ast.Dict) and value.values]
    return any(all(isinstance(inner, ast.List | ast.Tuple | ast.Set) for inner in each.values) for each in maps)


def is_globals(node: ast.expr) -> bool:
    """Return whether an expression is ``globals()``."""
    return isinstance(node, ast.Call) and find_dotted(node.func) == "globals"


def is_own_module(node: ast.expr) -> bool:
    """Return whether an expression is ``sys.modules[__name__]``."""
    return (
        isinstance(node, ast.Subscript)
        and find_dotted(node.value) in {"sys.modules", "modules"}
        and find_dotted(node.slice) == "__name__"
    )
