"""Imports by function call, and modules put into ``sys.modules`` or found through a changed ``__path__``."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from analysis.facts.context import Context, branch
from analysis.facts.dynamic_calls import IMPORTING, Called, CallReader, Importers, ListedReader
from analysis.facts.executed import FILLING, find_module_key, is_namespace, is_own_module, read_executed, read_filled
from analysis.facts.expressions import classify, find_dotted, find_literal_text, find_text_pattern
from analysis.facts.lazy_tables import LazyTables
from analysis.facts.lines import find_lines, has_line_between
from analysis.facts.rows import Row, Rows
from analysis.facts.scopes import Function
from analysis.facts.walking import list_parts

#: Functions of ``lazy_loader``: the ``__getattr__`` that they return says which names there are.
#: Decorators that make the members of an enumeration names of its module.
_SPREADING = frozenset({"enum.global_enum", "global_enum"})
_KNOWN_SERVERS = frozenset({"attach", "attach_stub"})
_WORDS = (
    b"import_module",
    b"exec(",
    b"__import__",
    b"sys.modules",
    b"__path__",
    b"globals()",
    b"vars()",
    b"locals()",
    b"__name__,",
    b"{__name__:",
    b"resolve_name(",
    b"global_enum",
)


def find_dynamic_rows(source: bytes, tree: ast.Module, rows: Rows, next_position: Callable[[], int]) -> None:
    """Add to the rows of a file those of ``imports`` (kind dynamic) and of ``hooks`` that need a look into expressions.

    Files that name none of the words in question cost one search each.
    """
    lines = find_lines(source, _WORDS)
    if not lines and not any(module in source for module in IMPORTING):
        return
    importers = Importers(rows)
    lines = sorted({*lines, *find_lines(source, tuple(importers.words))})
    if lines:
        visitor = _Visitor(next_position, lines, CallReader(tree, importers), LazyTables(tree))
        visitor.visit_block(tree.body, Context())
        rows.imports.extend(visitor.imports)
        rows.hooks.extend(visitor.hooks)
        _bind_modules(rows, visitor.bound)


def place_listed(source: bytes, tree: ast.Module, rows: Rows, listed: Mapping[int, Sequence[str]]) -> list[Row]:
    """Return rows of ``imports`` for calls, by line, that import modules whose names come from a folder.

    What surrounds each call is read as for all others; the positions are those of nothing.
    """
    importers = Importers(rows)
    lines = find_lines(source, (*_WORDS, *importers.words))
    visitor = _Visitor(lambda: 0, lines, ListedReader(tree, importers, listed), LazyTables(tree))
    visitor.visit_block(tree.body, Context())
    return visitor.imports


def _bind_modules(rows: Rows, bound: Mapping[tuple[int, str], str]) -> None:
    """Make of ``name = import_module("a.b")`` what it is: the binding of an import."""
    for number, (position, line, name, kind, *_) in enumerate(rows.bindings if bound else ()):
        value = bound.get((line, name)) if kind in {"instance", "expression"} else None
        if value:
            rows.bindings[number] = (position, line, name, "import", value, -1, *rows.bindings[number][6:])


class _Visitor:
    def __init__(
        self, next_position: Callable[[], int], lines: list[int], calls: CallReader, tables: LazyTables
    ) -> None:
        self._lines = lines
        self.imports: list[Row] = []
        self.hooks: list[Row] = []
        #: What a call imports that assignments at module level bind, by line and name, as import statements write it.
        self.bound: dict[tuple[int, str], str] = {}
        self._next = next_position
        self._calls = calls
        self._tables = tables
        self._block: list[ast.stmt] = []
        self._functions: list[Function] = []

    def visit_block(self, body: list[ast.stmt], context: Context) -> None:
        for statement in body:
            self._block = body
            decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(each.lineno for each in decorators)])
            if has_line_between(self._lines, first, statement.end_lineno or statement.lineno):
                self._statement(statement, context)

    def _statement(self, node: ast.stmt, context: Context) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions.append(node)
            self.visit_block(node.body, context.inside(context.prefix + node.name, "function"))
            self._functions.pop()
        elif isinstance(node, ast.ClassDef):
            self._spread(node)
            self.visit_block(node.body, context.inside(context.prefix + node.name, "class"))
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

    def _spread(self, node: ast.ClassDef) -> None:
        """Note the members of an enumeration that a decorator makes names of the module."""
        is_spread = any(find_dotted(each) in _SPREADING for each in node.decorator_list)
        for part in node.body if is_spread else ():
            targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name):
                    self._hook(node, "computed_binding", target.id, "")

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
        self.visit_block(node.body, context.under_try(node) if node.handlers else context)
        for handler in node.handlers:
            self.visit_block(handler.body, context.under_handler(handler))
        self.visit_block(node.orelse, context.under("else"))
        self.visit_block(node.finalbody, context)

    def _simple(self, node: ast.stmt, context: Context) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if context.owner != "__getattr__" or not isinstance(target, ast.Subscript):  # it keeps what it served
                    self._registration(target, node.value, node, context)
                if isinstance(target, ast.Name) and not context.owner:
                    self.bound[node.lineno, target.id] = self._find_imported(node.value)
            self._note_other_name(node.value, context)
        elif isinstance(node, ast.AnnAssign):
            self._note_other_name(node.value, context)
        elif isinstance(node, ast.AugAssign) and find_dotted(node.target) == "__path__":
            self._hook(node, "path_extended", "*", "")
        self._expression(node, context)

    def _note_other_name(self, value: ast.expr | None, context: Context) -> None:
        """Under another name, anything may be put into the module; its dictionary's methods have other names too."""
        inner = value.value if isinstance(value, ast.Attribute) and value.attr in FILLING else value
        if inner is not None and (is_own_module(inner) or is_namespace(inner, context.owner)):
            self._hook(inner, "computed_binding", "*", "")

    def _registration(self, target: ast.expr, value: ast.expr, node: ast.stmt, context: Context) -> None:
        if isinstance(target, ast.Subscript) and find_dotted(target.value) in {"sys.modules", "modules"}:
            name = find_literal_text(target.slice) or (find_dotted(target.slice) == "__name__" and "__name__") or "*"
            self._hook(node, "sys_modules", name, find_dotted(value))
            if name == "__name__" and isinstance(value, ast.Call):
                self._serve(value)
        elif isinstance(target, ast.Subscript) and is_namespace(target.value, context.owner):
            self._hook(node, "computed_binding", find_text_pattern(target.slice), self._find_made(value))
        elif isinstance(target, ast.Attribute) and (key := find_module_key(target.value)):
            self._hook(node, "module_attribute", f"{key}.{target.attr}", self._find_made(value))
        elif isinstance(target, ast.Attribute) and is_own_module(target.value):
            name = "*" if target.attr == "__class__" else target.attr
            self._hook(node, "computed_binding", name, "" if name == "*" else self._find_made(value))
        elif find_dotted(target) == "__path__":
            self._hook(node, "path_extended", "*", "")

    def _expression(self, root: ast.AST, context: Context) -> None:
        waiting = deque([(root, context)])
        while waiting:
            node, around = waiting.popleft()
            if isinstance(node, ast.Call):
                self._call(node, around)
            elif isinstance(node, ast.NamedExpr):
                self._note_other_name(node.value, around)
            inner = around.inside(f"{around.prefix}<lambda>", "function") if isinstance(node, ast.Lambda) else around
            waiting.extend([(child, inner) for child in list_parts(node)])

    def _call(self, node: ast.Call, context: Context) -> None:
        callee = find_dotted(node.func)
        called = self._calls.read(node, callee, self._functions)
        if called is not None:
            self._import(node, called, context)
        elif callee == "sys.modules.setdefault" and len(node.args) == 2:
            self._hook(node, "sys_modules", find_literal_text(node.args[0]) or "*", find_dotted(node.args[1]))
        elif callee == "setattr" and len(node.args) == 3:
            self._setattr(node)
        elif callee in {"__path__.append", "__path__.extend", "__path__.insert"}:
            self._hook(node, "path_extended", "*", "")
        else:
            self._fill(node, callee, context)

    def _setattr(self, node: ast.Call) -> None:
        owner, name, value = node.args
        key = find_module_key(owner)
        if key:
            self._hook(node, "module_attribute", f"{key}.{find_text_pattern(name)}", self._find_made(value))
        elif is_own_module(owner):
            self._hook(node, "computed_binding", find_text_pattern(name), self._find_made(value))

    def _fill(self, node: ast.Call, callee: str, context: Context) -> None:
        """Note the names that a call puts into the module."""
        if isinstance(node.func, ast.Attribute) and is_namespace(node.func.value, context.owner):
            for name, value in read_filled(node):
                self._hook(node, "computed_binding", name, value)
        elif callee == "exec" and _fills_module(node, context):
            for name, value in read_executed(node):
                self._hook(node, "computed_binding", name, value)
        elif callee.rpartition(".")[2] not in _KNOWN_SERVERS and not context.owner and _serves_names(node):
            self._serve(node)
            self._hook(node, "computed_binding", "*", "")
        elif (
            not context.owner
            and callee.rpartition(".")[2] not in _READERS
            and any(is_namespace(each, context.owner) for each in node.args)
        ):
            self._hook(node, "computed_binding", "*", "")  # what it is given, it may fill

    def _serve(self, node: ast.Call) -> None:
        for name, value in self._tables.read(node)[0]:
            self._hook(node, "module_getattr", name, value)

    def _import(self, node: ast.Call, called: Called, context: Context) -> None:
        if called.pattern:
            self._hook(node, "computed_import", called.pattern, called.written)
        if not called.is_sure:
            context = context.under("loop")  # each of them may be imported, or not
        for level, module, name in called.taken:
            self.imports.append(
                (self._next(), node.lineno, node.end_lineno or node.lineno, "dynamic", level, module, name,
                 "", context.scope, context.guard, context.condition, context.caught, context.owner, False)
            )  # fmt: skip

    def _find_imported(self, value: ast.expr) -> str:
        """Return what an expression takes from a call that imports: ``a.b:``, or ``a.b:name``; otherwise nothing.

        The colon says that it is the module, whatever its package has under that name.
        """
        name: str | None = ""
        call: ast.expr = value
        if isinstance(value, ast.Attribute):
            call, name = value.value, value.attr
        elif isinstance(value, ast.Call) and find_dotted(value.func) == "getattr" and len(value.args) == 2:
            call, name = value.args[0], find_literal_text(value.args[1])
        if not isinstance(call, ast.Call) or name is None:
            return ""
        called = self._calls.read(call, find_dotted(call.func), self._functions)
        if called is None or not called.yields:
            return ""
        return f"{called.yields}:{name}"

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


#: Functions that are given the names of a module and put none in.
_READERS = frozenset({
    "eval", "exec", "list", "sorted", "dict", "len", "set", "frozenset", "tuple", "iter", "isinstance", "id", "print",
    "repr", "str", "ChainMap", "get_type_hints", "__import__", "filter", "map", "any", "all", "min", "max", "sum",
    "vars", "dir", "testmod", "run_docstring_examples", "interact", "embed", "copy", "deepcopy", "enumerate", "zip",
    "hasattr", "getattr",
})  # fmt: skip


def _fills_module(node: ast.Call, context: Context) -> bool:
    """Return whether a call of ``exec`` runs code in the namespace of the module: it may bind any name there."""
    given = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "globals")]
    if not given:
        return not context.owner
    own = {"globals", "vars", "locals"} if not context.owner else {"globals"}
    return isinstance(given[0], ast.Call) and find_dotted(given[0].func) in own and not given[0].args


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
