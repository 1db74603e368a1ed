"""What runs when a module is imported, as nested lists: the input of the import simulation.

A program is a list of statements, a statement a list that begins with its kind and its line. Kept are imports,
definitions, bindings, deletions, branches, loops, exception handlers, raises and the expressions that they evaluate;
of functions only where they stand, as hardly one is called while its module is imported. What is not listed here
(literal texts longer than ``MOST_TEXT``, comprehensions, f-strings) is an unknown value, its parts evaluated.

The lists of expressions: see ``program_expressions``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from analysis.facts.newer_nodes import TypeAlias
from analysis.facts.newer_syntax import parse_newer
from analysis.facts.program_expressions import ARITHMETIC, ExpressionCompiler, Node
from analysis.facts.rows import cut_name
from analysis.facts.walking import list_parts

__all__ = ["Node", "compile_function", "write_program"]

#: Nothing refers to itself in a program: to look out for it would take a third of the time.
_write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def write_program(tree: ast.Module) -> str:
    """Return the program of a module as JSON; raises ``RecursionError`` when it is nested too deeply."""
    return _write(_Compiler(tree.body).block(tree.body))


def compile_function(source: str, line: int) -> tuple[list[Node], bool] | None:
    """Return the statements of the function whose source, from its ``def`` on, is given, and whether it yields.

    None when the source is no function. ``line`` is that of the ``def`` in its file. Raises ``RecursionError`` when
    it is nested too deeply.
    """
    before = "if 1:\n" if source[:1] in " \t" else ""
    empty = line - 1 - bool(before)  # lines above it, so that the nodes have the lines of the file
    tree = _parse_any("\n" * empty + before + source)
    if tree is None:
        return None
    found = tree.body[0].body[0] if before else tree.body[0]  # type: ignore[attr-defined]
    if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    if found.lineno != line:  # indented in the first line of its file
        ast.increment_lineno(found, line - found.lineno)
    return _Compiler(found.body, is_annotating=False).block(found.body), "yield" in source and _yields(found.body)


def _bind_lazily(node: ast.stmt, names: Sequence[str]) -> Node:
    """A lazy import binds names to values that nobody has looked at yet."""
    return ["=", node.lineno, [["n", name] for name in names], ["u", []]]


def _parse_any(source: str) -> ast.Module | None:
    """Return the tree of a text in the syntax of the running interpreter, or of a later one."""
    try:
        return ast.parse(source)
    except SyntaxError:
        lowered = parse_newer(source)
        return lowered.tree if lowered else None
    except (ValueError, MemoryError):
        return None


def _yields(body: Iterable[ast.AST]) -> bool:
    """Return whether a yield stands in the statements, inner functions apart."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += list_parts(node)
    return False


class _Compiler(ExpressionCompiler):
    """From syntax to programs; ``body`` says whether annotations are evaluated. In functions they are not."""

    def __init__(self, body: Sequence[ast.stmt], *, is_annotating: bool = True) -> None:
        self._is_annotating = is_annotating and not any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in body[:10]
        )

    def block(self, body: Iterable[ast.stmt]) -> list[Node]:
        """Return the statements that matter, in order."""
        found = []
        for node in body:
            compiler = _STATEMENTS.get(type(node))
            if parameters := getattr(node, "type_params", ()):
                found += [["=", node.lineno, [["n", each.name]], ["u", []]] for each in parameters]
            statement = compiler(self, node) if compiler is not None else None
            if statement is not None:
                found.append(statement)
        return found

    def _import(self, node: ast.Import) -> Node | None:
        if getattr(node, "is_lazy", 0):
            return _bind_lazily(node, [alias.asname or alias.name.partition(".")[0] for alias in node.names])
        return ["import", node.lineno, [[cut_name(alias.name), alias.asname] for alias in node.names]]

    def _from(self, node: ast.ImportFrom) -> Node | None:
        if node.module == "__future__":
            return None
        if getattr(node, "is_lazy", 0):
            return _bind_lazily(node, [alias.asname or alias.name for alias in node.names])
        names = [[alias.name, alias.asname or alias.name] for alias in node.names]
        return ["from", node.lineno, node.level, cut_name(node.module or ""), names]

    def _assign(self, node: ast.Assign) -> Node:
        return ["=", node.lineno, [self.target(target) for target in node.targets], self.expression(node.value)]

    def _annotated(self, node: ast.AnnAssign) -> Node | None:
        annotation = ["@", self.expression(node.annotation)] if self._is_annotating else None
        if node.value is None:
            return None if annotation is None else ["e", node.lineno, annotation]
        value = self.expression(node.value)
        if annotation is not None and annotation[1][0] != "k":
            value = [",", annotation, value]
        return ["=", node.lineno, [self.target(node.target)], value]

    def _augmented(self, node: ast.AugAssign) -> Node:
        operator = ARITHMETIC.get(type(node.op), "?")
        return ["+=", node.lineno, self.target(node.target), operator, self.expression(node.value)]

    def _expression(self, node: ast.Expr) -> Node | None:
        if isinstance(node.value, ast.Constant):
            return None
        return ["e", node.lineno, self.expression(node.value)]

    def _delete(self, node: ast.Delete) -> Node:
        return ["del", node.lineno, [self.target(target) for target in node.targets]]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Node:
        given = node.args
        annotations = []
        if self._is_annotating:
            every = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
            noted = [each.annotation for each in every if each is not None and each.annotation is not None]
            noted += [node.returns] if node.returns is not None else []
            if noted:
                annotations = [value for value in map(self.expression, noted) if value[0] != "k"]
        return [
            "def", node.lineno, node.name, self._each(node.decorator_list), self.parameters(given),
            annotations, node.end_lineno, isinstance(node, ast.AsyncFunctionDef),
        ]  # fmt: skip

    def _class(self, node: ast.ClassDef) -> Node:
        keywords = [[keyword.arg, self.expression(keyword.value)] for keyword in node.keywords]
        return [
            "class", node.lineno, node.name, self._each(node.bases), keywords, self._each(node.decorator_list),
            self.block(node.body),
        ]  # fmt: skip

    def _if(self, node: ast.If) -> Node:
        branches: list[Node] = []
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(rest[0], ast.If):  # elif chains may be longer than the stack is deep
            current = rest[0]
            branches.append([self.expression(current.test), self.block(current.body), current.lineno])
            rest = current.orelse
        return ["if", node.lineno, branches, self.block(rest)]

    def _try(self, node: ast.Try) -> Node:
        handlers = [
            [
                None if handler.type is None else self.expression(handler.type),
                handler.name,
                self.block(handler.body),
                handler.lineno,
            ]
            for handler in node.handlers
        ]
        return ["try", node.lineno, self.block(node.body), handlers, self.block(node.orelse),
                self.block(node.finalbody)]  # fmt: skip

    def _with(self, node: ast.With | ast.AsyncWith) -> Node:
        items = [
            [
                self.expression(item.context_expr),
                None if item.optional_vars is None else self.target(item.optional_vars),
            ]
            for item in node.items
        ]
        return ["with", node.lineno, items, self.block(node.body)]

    def _for(self, node: ast.For | ast.AsyncFor) -> Node:
        parts = (self.target(node.target), self.expression(node.iter), self.block(node.body), self.block(node.orelse))
        return ["for", node.lineno, *parts]

    def _while(self, node: ast.While) -> Node:
        return ["while", node.lineno, self.expression(node.test), self.block(node.body), self.block(node.orelse)]

    def _match(self, node: ast.Match) -> Node:
        cases = []
        for case in node.cases:
            bound = {getattr(part, "name", None) or getattr(part, "rest", None) for part in ast.walk(case.pattern)}
            guard = None if case.guard is None else self.expression(case.guard)
            cases.append([sorted(filter(None, bound)), self.block(case.body), self._pattern(case.pattern), guard])
        return ["match", node.lineno, self.expression(node.subject), cases]

    def _pattern(self, node: ast.pattern) -> Node:
        """Return ``["=", value]``, ``["_", name]`` (whatever it is), ``["|", patterns]``; ``["u"]`` for others."""
        if isinstance(node, ast.MatchValue):
            return ["=", self.expression(node.value)]
        if isinstance(node, ast.MatchSingleton):
            return ["=", ["k", node.value]]
        if isinstance(node, ast.MatchOr):
            return ["|", [self._pattern(each) for each in node.patterns]]
        if isinstance(node, ast.MatchAs) and node.pattern is None:
            return ["_", node.name]
        return ["u"]

    def _raise(self, node: ast.Raise) -> Node:
        raised = None if node.exc is None else self.expression(node.exc)
        return ["raise", node.lineno, raised, *([] if node.cause is None else [self.expression(node.cause)])]

    def _return(self, node: ast.Return) -> Node:
        return ["return", node.lineno, ["k", None] if node.value is None else self.expression(node.value)]

    def _global(self, node: ast.Global | ast.Nonlocal) -> Node:
        return ["global" if isinstance(node, ast.Global) else "nonlocal", node.lineno, list(node.names)]

    def _assert(self, node: ast.Assert) -> Node:
        return [
            "assert",
            node.lineno,
            self.expression(node.test),
            *([] if node.msg is None else [self.expression(node.msg)]),
        ]

    def _leave(self, node: ast.Break | ast.Continue) -> Node:
        return ["break" if isinstance(node, ast.Break) else "continue", node.lineno]

    def _type_alias(self, node: Any) -> Node:
        return ["=", node.lineno, [self.target(node.name)], ["u", []]]


_STATEMENTS: dict[type, Callable[[_Compiler, Any], Node | None]] = {
    ast.Import: _Compiler._import,
    ast.ImportFrom: _Compiler._from,
    ast.Assign: _Compiler._assign,
    ast.AnnAssign: _Compiler._annotated,
    ast.AugAssign: _Compiler._augmented,
    ast.Expr: _Compiler._expression,
    ast.Delete: _Compiler._delete,
    ast.FunctionDef: _Compiler._function,
    ast.AsyncFunctionDef: _Compiler._function,
    ast.ClassDef: _Compiler._class,
    ast.If: _Compiler._if,
    ast.Try: _Compiler._try,
    ast.With: _Compiler._with,
    ast.AsyncWith: _Compiler._with,
    ast.For: _Compiler._for,
    ast.AsyncFor: _Compiler._for,
    ast.While: _Compiler._while,
    ast.Match: _Compiler._match,
    ast.Raise: _Compiler._raise,
    ast.Return: _Compiler._return,
    ast.Global: _Compiler._global,
    ast.Nonlocal: _Compiler._global,
    ast.Assert: _Compiler._assert,
    ast.Break: _Compiler._leave,
    ast.Continue: _Compiler._leave,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _Compiler._try
_STATEMENTS[TypeAlias] = _Compiler._type_alias
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = _Compiler._type_alias
