"""From the bytes of one file to its facts: imports, classes, bindings, exports, hooks, markers, state.

A pure function of the bytes (and of the grammar of the running interpreter), so that its result can be
kept by content hash. Only statements are walked; expressions are looked into where a word in the text
says that it is worth while.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analysis.facts.classes import ClassReader
from analysis.facts.constants import Constants, is_decided
from analysis.facts.context import Context, branch
from analysis.facts.dynamic import find_dynamic_rows
from analysis.facts.exports import UNKNOWN, read_exports
from analysis.facts.expressions import classify, find_dotted, render
from analysis.facts.hooks import read_getattr
from analysis.facts.lines import find_lines, has_line_between, normalise_line_ends
from analysis.facts.markers import find_markers
from analysis.facts.program import write_program
from analysis.facts.recover import recover_imports
from analysis.facts.rows import FileFacts, Rows
from analysis.facts.shared_state import read_class_state, read_function_state
from analysis.facts.source import decode, parse
from analysis.facts.structure import find_structure
from analysis.gaps import describe_failure

#: The name of the step in rows of ``not_analysed``.
_STEP = "scan"
_MAKING = frozenset({"import", "alias", "instance", "expression", "unpacked"})
_MODULE_LEVEL = frozenset({"module", "type_checking", "function"})
#: A function without any of these words binds nothing outside itself and imports nothing.
_EXPORTING = (b"__all__.append(", b"__all__.extend(", b"__all__.insert(", b"__all__ +=", b"global __all__")
_WORDS_OF_INTEREST = (b"import", b"class", b"global")


def extract(source: bytes) -> FileFacts:
    """Return the facts of one file; a file that does not parse still yields its recovered imports.

    Where one of our own parts fails, the file lacks what that part finds, and a row of ``not_analysed`` says so.
    """
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    parsed = parse(source)
    if parsed.tree is not None:
        try:
            rows = _Walker(normalise_line_ends(source), parsed.tree, parsed.encoding).rows
            found = rows.as_tuple()
            return FileFacts("ok", "", 0, parsed.encoding, lines, find_structure(found), found)
        except RecursionError:
            status, reason = "parser-crash", "nested too deeply to be walked (RecursionError)"
        except Exception as error:  # noqa: BLE001 - our own failure costs this file's tree, not the run
            status, reason = "not-analysed", describe_failure(error)
    else:
        status, reason = parsed.status, parsed.reason
    found = _recover(source, parsed.encoding, status, reason).as_tuple()
    return FileFacts(status, reason, parsed.error_line, parsed.encoding, lines, find_structure(found), found)


def _recover(source: bytes, encoding: str, status: str, reason: str) -> Rows:
    """Return what can be had without a syntax tree: the imports, line by line."""
    rows = Rows()
    if status == "not-analysed":
        rows.not_analysed.append((_STEP, "", reason))
    try:
        if status != "too-large":
            rows.imports.extend(recover_imports(decode(source, encoding)))
    except Exception as error:  # noqa: BLE001 - as above
        rows.not_analysed.append((_STEP, "recovered imports", describe_failure(error)))
    return rows


class _Walker:
    """One pass over the statements of a file, in order."""

    def __init__(self, source: bytes, tree: ast.Module, encoding: str) -> None:
        self.rows = Rows()
        self._position = -1
        self._docstrings: list[tuple[int, int]] = []
        self._classes = ClassReader(source)
        self._has_walrus = b":=" in source
        self._lines_of_interest = find_lines(source, _WORDS_OF_INTEREST)
        self._export_lines = find_lines(source, _EXPORTING) if b"__all__" in source else []
        self._literals: dict[str, ast.expr] = {}
        self._getattrs: list[ast.FunctionDef] = []
        self._globals: list[set[str]] = []
        self._imported: set[str] = set()
        self._failed: set[str] = set()
        self._constants = Constants(tree)
        self._body(tree.body, Context())
        self._attempt("module __getattr__", self._serve)
        self._attempt("classes", lambda: self._classes.finish(self.rows, self._docstrings))
        self._attempt("dynamic imports", lambda: self._find_dynamic(source, tree))
        self._attempt("markers", lambda: self._find_markers(source, encoding))
        self._attempt("program", lambda: self._write_program(tree))

    def _attempt(self, part: str, work: Callable[[], object]) -> None:
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
            self.rows.not_analysed.append((_STEP, part, describe_failure(error)))

    def _find_dynamic(self, source: bytes, tree: ast.Module) -> None:
        imports, hooks = find_dynamic_rows(source, tree, self._next)
        self.rows.imports.extend(imports)
        self.rows.hooks.extend(hooks)

    def _find_markers(self, source: bytes, encoding: str) -> None:
        self.rows.markers.extend(find_markers(source, self._docstrings, encoding))

    def _write_program(self, tree: ast.Module) -> None:
        if tree.body:
            self.rows.programs.append((write_program(tree),))

    def _next(self) -> int:
        self._position += 1
        return self._position

    def _serve(self) -> None:
        """Note what ``__getattr__`` serves, once all tables are known that it may look into."""
        for node in self._getattrs:
            for name, value in read_getattr(node, self._literals):
                self.rows.hooks.append((self._next(), node.lineno, "module_getattr", name, value))
        for _, line, name, kind, *_ in self.rows.bindings:
            if name == "__getattr__" and kind in _MAKING:  # made by a call, or somebody else's
                self.rows.hooks.append((self._next(), line, "module_getattr", "*", ""))

    # Blocks

    def _body(self, body: list[ast.stmt], context: Context) -> None:
        self._docstring(body)
        self._block(body, context)

    def _docstring(self, body: list[ast.stmt]) -> None:
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            self._docstrings.append((first.lineno, first.end_lineno or first.lineno))

    def _block(self, body: Sequence[ast.stmt], context: Context) -> None:
        # A name bound inside a class body is an attribute; one bound in a function is local unless global.
        for statement in body:
            kind = type(statement)
            handler = _HANDLERS.get(kind)
            if handler is None and (not context.owner or self._globals[-1]):
                handler = _BINDERS.get(kind)
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
        protected = context.under_try(node.handlers) if node.handlers else context
        self._block(node.body, protected)
        for handler in node.handlers:
            inner = context.under_handler(handler)
            if handler.name:
                self._bind(handler, handler.name, "target", "", inner)
            self._block(handler.body, inner)
            if handler.name:
                self._bind(handler, handler.name, "delete", "", inner)
        self._block(node.orelse, context.under("else"))
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
            self._classes.add_method(node, self._next(), context.owner)
        elif not context.owner:
            self._bind(node, node.name, "function", node.name, context)
            if node.name == "__getattr__":
                self._getattrs.append(node)
        if node.args.defaults or node.args.kwonlyargs or node.decorator_list:
            position = self._next()
            self._attempt(
                "state",
                lambda: self.rows.states.extend(read_function_state(node, position, context.prefix + node.name)),
            )
        if has_line_between(self._export_lines, node.lineno, node.end_lineno or node.lineno):
            self.rows.exports.append((self._next(), node.lineno, *UNKNOWN, context.guard))
        if not has_line_between(self._lines_of_interest, node.lineno, node.end_lineno or node.lineno):
            self._docstring(node.body)
            return
        self._globals.append(set())
        self._body(node.body, context.inside(context.prefix + node.name, "function"))
        self._globals.pop()

    def _class(self, node: ast.ClassDef, context: Context) -> None:
        qualname = context.prefix + node.name
        self._classes.add(node, self._next(), qualname, context)
        self._bind(node, node.name, "class", qualname, context)
        position = self._next()
        self._attempt("state", lambda: self.rows.states.extend(read_class_state(node, position, qualname)))
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
            (self._next(), node.lineno, node.end_lineno or node.lineno, kind, level, module, name, bound,
             context.scope, context.guard, context.condition, context.caught, context.owner, is_reexport)
        )  # fmt: skip

    # Statements that bind

    def _bind(self, node: Any, name: str, kind: str, value: str, context: Context, arguments: int = -1) -> None:
        if kind == "import" and not context.owner:
            self._imported.add(name)
        if context.owner and not (self._globals and name in self._globals[-1]):
            return
        if context.scope not in _MODULE_LEVEL and not context.owner:
            return
        self.rows.bindings.append(
            (self._next(), node.lineno, name, kind, value, arguments,
             context.scope, context.guard, context.condition, context.caught, context.owner)
        )  # fmt: skip

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
                self._literals[target.id] = value
                self._exports(node, target, "=", value, context)
        elif _pairs_up(target, value):
            for inner, part in zip(target.elts, value.elts, strict=True):  # type: ignore[attr-defined]
                self._assign_target(inner, part, node, context)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, value, context)
        else:
            self._targets(target, node, context, kind="unpacked")
            self._exports(node, target, "=", value, context)

    def _attribute(self, target: ast.Attribute, value: ast.expr, context: Context) -> None:
        """Note what a module sets on another one that it imports; the attributes of objects do not matter."""
        name = find_dotted(target)
        if not context.owner and name.partition(".")[0] in self._imported:
            kind, text, _ = classify(value)
            made = text if kind == "alias" else f"{text}()" if kind == "instance" and text else ""
            self.rows.hooks.append((self._next(), target.lineno, "module_attribute", name, made))

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
            self._literals[node.target.id] = node.value
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
        for node in ast.walk(expression):
            if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
                self._bind(node, node.target.id, *classify(node.value)[:2], context)

    def _exports(self, node: ast.stmt, target: ast.expr, operation: str, value: ast.expr, context: Context) -> None:
        if find_dotted(target) == "__all__" and not context.owner:
            for name, change in read_exports(operation, value):
                self.rows.exports.append((self._next(), node.lineno, name, change, context.guard))


#: Functions, not bound methods: a walker must not refer to itself, or its syntax tree waits for the collector.
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: A break inside one of these is none of the loop around it.
_OWN_LOOPS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HANDLERS: dict[type[ast.AST], Callable[[_Walker, Any, Context], None]] = {
    ast.Import: _Walker._import,
    ast.ImportFrom: _Walker._import_from,
    ast.ClassDef: _Walker._class,
    ast.FunctionDef: _Walker._function,
    ast.AsyncFunctionDef: _Walker._function,
    ast.If: _Walker._if,
    ast.Try: _Walker._try,
    ast.With: _Walker._with,
    ast.AsyncWith: _Walker._with,
    ast.For: _Walker._loop,
    ast.AsyncFor: _Walker._loop,
    ast.While: _Walker._loop,
    ast.Match: _Walker._match,
    ast.Global: _Walker._global,
}
_BINDERS: dict[type[ast.AST], Callable[[_Walker, Any, Context], None]] = {
    ast.Assign: _Walker._assign,
    ast.AnnAssign: _Walker._annotated,
    ast.AugAssign: _Walker._augmented,
    ast.Delete: _Walker._delete,
    ast.Expr: _Walker._expression,
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = _Walker._try
if hasattr(ast, "TypeAlias"):
    _BINDERS[ast.TypeAlias] = _Walker._type_alias


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
