"""One pass over the statements of a file: its blocks, imports, functions and classes, each with its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from analysis.facts.bindings import BINDERS, BindingReader
from analysis.facts.classes import ClassReader
from analysis.facts.constants import Constants
from analysis.facts.context import Context, branch
from analysis.facts.exports import UNKNOWN
from analysis.facts.function_names import Outer
from analysis.facts.lines import LineText, find_lines, has_line_between
from analysis.facts.shared_state import read_class_state, read_function_state
from analysis.gaps import describe_failure

#: The name of the step in rows of ``not_analysed``.
STEP = "scan"
_EXPORTING = (b"__all__.append(", b"__all__.extend(", b"__all__.insert(", b"__all__ +=", b"global __all__")
#: A function without any of these words binds nothing outside itself and imports nothing.
_WORDS_OF_INTEREST = (b"import", b"class", b"global")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: A break inside one of these is none of the loop around it.
_OWN_LOOPS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Walker(BindingReader):
    """Walks over the statements of a file, in order; ``rows`` then lacks the facts of the whole file."""

    def __init__(self, source: bytes, tree: ast.Module) -> None:
        super().__init__(has_walrus=b":=" in source)
        self.docstrings: list[tuple[int, int]] = []
        self.classes = ClassReader(source)
        #: The ``__getattr__`` functions of the module.
        self.getattrs: list[ast.FunctionDef] = []
        #: The functions that stand in no other function.
        self.functions: list[Outer] = []
        self._lines_of_interest = find_lines(source, _WORDS_OF_INTEREST)
        self._export_lines = find_lines(source, _EXPORTING) if b"__all__" in source else []
        self._text = LineText(source)
        self._failed: set[str] = set()
        self._constants = Constants(tree, has_global=b"global" in source)
        self._body(tree.body, Context())

    def attempt(self, part: str, work: Callable[[], object]) -> None:
        """Do one part of the work; where it fails, the file lacks only this part."""
        try:
            work()
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001 - our own failure
            self._fail(part, error)

    def _fail(self, part: str, error: Exception) -> None:
        """Note that a part failed, once for the file: what fails for one statement may fail for thousands."""
        if part not in self._failed:
            self._failed.add(part)
            self.rows.not_analysed.append((STEP, part, describe_failure(error)))

    # Blocks

    def _body(self, body: list[ast.stmt], context: Context) -> None:
        self._docstring(body)
        self._block(body, context)

    def _docstring(self, body: list[ast.stmt]) -> None:
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            self.docstrings.append((first.lineno, first.end_lineno or first.lineno))

    def _block(self, body: Sequence[ast.stmt], context: Context) -> None:
        # A name bound inside a class body is an attribute; one bound in a function is local unless global.
        for statement in body:
            kind = type(statement)
            handler = HANDLERS.get(kind)
            if handler is None and (not context.owner or self._globals[-1]):
                handler = BINDERS.get(kind)
            if handler is None:
                continue
            try:
                handler(self, statement, context)
            except RecursionError:
                raise
            except Exception as error:  # noqa: BLE001 - our own failure costs this statement
                self._fail(f"{kind.__name__} statements", error)

    def _if(self, node: ast.If, context: Context) -> None:
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(rest[0], ast.If):  # elif chains may be longer than the stack is deep
            current = rest[0]
            if self._has_walrus:
                self._walrus(current.test, context)
            chosen, context = self._branch(context, current.test)
            self._block(current.body, chosen)
            rest = current.orelse
        self._block(rest, context)

    def _branch(self, context: Context, test: ast.expr) -> tuple[Context, Context]:
        """Names that a function binds itself may be others: the file's constants count at module and class level."""
        if context.scope == "function":
            return branch(context, test)
        return branch(context, self._constants.expand_aliases(test), self._constants.expand)

    def _try(self, node: ast.Try, context: Context) -> None:
        protected = context.under_try(node) if node.handlers else context
        self._block(node.body, protected)
        for handler in node.handlers:
            inner = context.under_handler(handler)
            if handler.name:
                self._bind(handler, handler.name, "target", "", inner)
            self._block(handler.body, inner)
            if handler.name:
                self._bind(handler, handler.name, "delete", "", inner)
        self._block(node.orelse, context.under_success())
        self._block(node.finalbody, context)

    def _with(self, node: ast.With, context: Context) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._targets(item.optional_vars, node, context)
        self._block(node.body, context.under_with(node.items))

    def _loop(self, node: ast.For | ast.While, context: Context) -> None:
        inner = context.under("loop")
        if not isinstance(node, ast.While):
            self._targets(node.target, node, inner)
        self._block(node.body, inner)
        if not node.orelse or not _has_break(node.body):
            self._block(node.orelse, context.under("else"))
            return
        # After a break the else does not run: of `while True` never, else nobody knows.
        test = node.test if isinstance(node, ast.While) else ast.Name("break")
        self._block(node.orelse, context.under_test("else", test, is_negated=True))

    def _match(self, node: ast.Match, context: Context) -> None:
        for case in node.cases:
            inner = context.under_test("match", node.subject)
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if name:
                    self._bind(node, name, "target", "", inner)
            self._block(case.body, inner)

    # Statements that define

    def _function(self, node: ast.FunctionDef, context: Context) -> None:
        if context.body == "class":
            self.classes.add_method(node, self.next_position(), context.owner)
        elif not context.owner or self.is_global(node.name):
            self._bind(node, node.name, "function", node.name, context)
            if node.name == "__getattr__" and not context.owner:
                self.getattrs.append(node)
        if "<locals>" not in (prefix := context.prefix):
            self.functions.append(Outer(node, prefix + node.name, context.owner if context.body == "class" else ""))
        if node.args.defaults or node.args.kwonlyargs or node.decorator_list:
            position = self.next_position()
            self.attempt(
                "state",
                lambda: self.rows.states.extend(read_function_state(node, position, context.prefix + node.name)),
            )
        last = node.end_lineno or node.lineno
        if self._export_lines and has_line_between(self._export_lines, node.lineno, last):
            self.rows.exports.append((self.next_position(), node.lineno, *UNKNOWN, context.guard))
        if not self._lines_of_interest or not has_line_between(self._lines_of_interest, node.lineno, last):
            self._docstring(node.body)
            return
        self._globals.append(set())
        inner = context.inside(context.prefix + node.name, "function")
        self._body(node.body, inner.under_decorators(node.decorator_list) if node.decorator_list else inner)
        self._globals.pop()

    def _class(self, node: ast.ClassDef, context: Context) -> None:
        qualname = node.name if self.is_global(node.name) else context.prefix + node.name
        self.classes.add(node, self.next_position(), qualname, context)
        self._bind(node, node.name, "class", qualname, context)
        position = self.next_position()
        self.attempt("state", lambda: self.rows.states.extend(read_class_state(node, position, qualname, self._text)))
        self._globals.append(set())
        self._body(node.body, context.inside(qualname, "class"))
        self._globals.pop()

    def _import(self, node: ast.Import, context: Context) -> None:
        context = _lazily(node, context)
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self._add_import(node, "import", 0, alias.name, "", bound, context, is_reexport=alias.asname == alias.name)
            self._bind(node, bound, "import", alias.name if alias.asname else bound, context)

    def _import_from(self, node: ast.ImportFrom, context: Context) -> None:
        context = _lazily(node, context)
        module, level = node.module or "", node.level
        for alias in node.names:
            if alias.name == "*":
                self._add_import(node, "star", level, module, "*", "*", context)
                self._bind(node, "*", "star", "." * level + module, context)
                continue
            bound = alias.asname or alias.name
            is_reexport = alias.asname == alias.name
            self._add_import(node, "from", level, module, alias.name, bound, context, is_reexport=is_reexport)
            self._bind(node, bound, "import", f"{'.' * level}{module}:{alias.name}", context)

    def _add_import(
        self, node: ast.stmt, kind: str, level: int, module: str, name: str, bound: str, context: Context,
        *, is_reexport: bool = False,
    ) -> None:  # fmt: skip
        self.rows.imports.append(
            (self.next_position(), node.lineno, node.end_lineno or node.lineno, kind, level, module, name, bound,
             context.scope, context.guard, context.condition, context.caught, context.owner, is_reexport)
        )  # fmt: skip


#: Functions, not bound methods, as in ``BINDERS``.
HANDLERS: dict[type[ast.AST], Callable[[Walker, Any, Context], None]] = {
    ast.Import: Walker._import,
    ast.ImportFrom: Walker._import_from,
    ast.ClassDef: Walker._class,
    ast.FunctionDef: Walker._function,
    ast.AsyncFunctionDef: Walker._function,
    ast.If: Walker._if,
    ast.Try: Walker._try,
    ast.With: Walker._with,
    ast.AsyncWith: Walker._with,
    ast.For: Walker._loop,
    ast.AsyncFor: Walker._loop,
    ast.While: Walker._loop,
    ast.Match: Walker._match,
    ast.Global: Walker._global,
}
if hasattr(ast, "TryStar"):
    HANDLERS[ast.TryStar] = Walker._try


def _lazily(node: ast.stmt, context: Context) -> Context:
    """A ``lazy import`` (PEP 810) does not run where it stands."""
    if getattr(node, "is_lazy", 0) and context.scope in {"module", "class"}:
        return context.scoped("function")
    return context


def _has_break(body: list[ast.stmt]) -> bool:
    """Return whether a break in the statements ends the loop whose body they are."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, _LOOPS):
            waiting.extend(node.orelse)
        elif not isinstance(node, _OWN_LOOPS):
            waiting.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))
    return False
