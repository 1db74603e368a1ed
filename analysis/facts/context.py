"""Where a statement stands: scope, guard, condition, and what swallows its errors."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from analysis.facts.expressions import find_dotted, is_main_test, is_never_typing, is_typing_only, render, strip_test
from analysis.facts.walking import list_statements

#: How a condition speaks of enclosing guards that have no test: as calls, of which nobody knows what they return.
HANDLES, SUCCEEDS, LOOPS, MATCHES, CUT = "handles", "succeeds", "loops", "matches", "cut"
#: A joined condition is not longer than this: it is evidence, and an answer where it can be had.
_LONGEST_CONDITION = 600
#: Exceptions whose handler also catches a failed import.
IMPORT_ERROR_NAMES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "*"})
#: Before an exception that must be raised, or a test fails: ``with pytest.raises(ImportError):``.
_EXPECTED = "raises:"
#: What ends the program.
_ENDING = frozenset({"sys.exit", "exit", "quit", "os._exit"})


@dataclass(slots=True)  # not frozen: thousands are made per file, and freezing triples the cost
class Context:
    """The blocks around a statement.

    ``owner`` is the qualified name of the function or class around it, ``body`` says which of the two it is
    (``module`` at the top). ``protected_by`` are the exceptions that enclosing try blocks swallow. ``test`` is that
    of the innermost guard, ``around`` the context of the block that this guard stands in.
    """

    scope: str = "module"
    guard: str = "none"
    test: ast.AST | None = None
    is_negated: bool = False
    caught: str = ""
    protected_by: str = ""
    owner: str = ""
    body: str = "module"
    around: Context | None = None
    is_after_try: bool = False
    _condition: str | None = None

    @property
    def prefix(self) -> str:
        """What comes before a name in the qualified names of what is defined here (``__qualname__``)."""
        if not self.owner:
            return ""
        return f"{self.owner}.<locals>." if self.body == "function" else f"{self.owner}."

    @property
    def condition(self) -> str:
        """The tests of all enclosing guards as one expression; empty where none has a test."""
        if self._condition is None:
            waiting = [self]  # a chain of elif may be longer than the stack is deep
            while (outer := waiting[-1].around) is not None and outer._condition is None:
                waiting.append(outer)
            for each in reversed(waiting):
                each._condition = join_conditions(each.around._inherited if each.around else "", each._render_test())
        assert self._condition is not None
        return self._condition

    def _render_test(self) -> str:
        """Return the test of the innermost guard as source."""
        if self.is_after_try:
            return f"{SUCCEEDS}()"
        if self.test is None or self.guard not in {"if", "else", "match"}:
            return ""
        text = render(self.test)
        if self.guard == "match":
            return f"{MATCHES}({text})"
        return f"not ({text})" if self.is_negated else text

    @property
    def _inherited(self) -> str:
        """What a guard inside this one has around it: its condition, and that it may not be reached at all."""
        if self.guard == "except":
            return join_conditions(self.condition, f"{HANDLES}({self.caught!r})")
        return join_conditions(self.condition, f"{LOOPS}()") if self.guard == "loop" else self.condition

    def under(self, guard: str) -> Context:
        """Return the context inside a block that decides whether its statements run."""
        return self._nested(guard, caught=self.protected_by)

    def under_test(self, guard: str, test: ast.AST, *, is_negated: bool = False) -> Context:
        """Return the context inside a branch chosen by a test."""
        return self._nested(guard, test, is_negated=is_negated, caught=self.protected_by)

    def under_try(self, node: ast.Try) -> Context:
        """Return the context of the body of a try: what its handlers name is swallowed there."""
        caught = [name for handler in node.handlers for name in find_caught(handler.type)]
        names = [name for each in node.handlers if not _raises_again(each) for name in find_caught(each.type)]
        if _fails_test(node.orelse[-1:]) or _fails_test(node.body[-1:]):
            names = [*caught, *(f"{_EXPECTED}{name}" for name in caught)]
        both = ",".join(dict.fromkeys([*names, *filter(None, self.protected_by.split(","))]))
        return self._nested("try", caught=both, protected_by=both)

    def under_success(self) -> Context:
        """Return the context of the else of a try: it runs when nothing was raised."""
        return replace(self.under("else"), is_after_try=True, _condition=None)

    def under_handler(self, handler: ast.ExceptHandler) -> Context:
        """Return the context of an except block; ``caught`` is what it names."""
        return self._nested("except", caught=",".join(find_caught(handler.type)))

    def under_with(self, items: list[ast.withitem]) -> Context:
        """Return the context of a with block; ``contextlib.suppress`` swallows like a try, and ``raises`` of tests."""
        names = [
            name for item in items if isinstance(item.context_expr, ast.Call) for name in _find_left(item.context_expr)
        ]
        both = ",".join(dict.fromkeys([*names, *filter(None, self.protected_by.split(","))]))
        return self._nested("with", caught=both, protected_by=both)

    def inside(self, owner: str, body: str) -> Context:
        """Return the context of the body of a function or class.

        What guards a function decides whether it is there at all; what swallows errors around it does not reach in.
        """
        scope = self.scope if self.scope in {"type_checking", "function"} else body
        if body == "function":
            return Context(scope, owner=owner, body=body, around=self)
        return replace(self, scope=scope, owner=owner, body=body)

    def under_decorators(self, decorators: list[ast.expr]) -> Context:
        """Return the context of a test that is marked as one that fails: ``@pytest.mark.xfail(raises=ImportError)``."""
        kinds = [
            kind
            for each in decorators
            if isinstance(each, ast.Call) and find_dotted(each.func).rpartition(".")[2] == "xfail"
            for keyword in each.keywords
            if keyword.arg == "raises"
            for kind in find_caught(keyword.value)
        ]
        both = ",".join([*kinds, *(f"{_EXPECTED}{kind}" for kind in kinds)])
        return replace(self, caught=both, protected_by=both) if kinds else self

    def _nested(
        self, guard: str, test: ast.AST | None = None, *, is_negated: bool = False, caught: str, protected_by: str = ""
    ) -> Context:
        protected_by = protected_by or self.protected_by
        return Context(self.scope, guard, test, is_negated, caught, protected_by, self.owner, self.body, self)

    def scoped(self, scope: str) -> Context:
        """Return the same context in another scope."""
        return replace(self, scope=scope)


def join_conditions(outer: str, inner: str) -> str:
    """Return the condition under which both hold.

    >>> join_conditions("A", "B or C"), join_conditions("", "B"), join_conditions("A and (B)", "C")
    ('(A) and (B or C)', 'B', '(A and (B)) and (C)')
    """
    if not outer or not inner:
        return outer or inner
    parts = [f"{CUT}()" if "…" in part or len(part) > _LONGEST_CONDITION else part for part in (outer, inner)]
    return f"({parts[0]}) and ({parts[1]})"


def branch(
    context: Context, test: ast.expr, expand: Callable[[ast.expr], ast.expr] | None = None
) -> tuple[Context, Context]:
    """Return the contexts of the two branches of an if.

    A branch for type checkers only gets the scope ``type_checking``, one for the main program ``function``;
    the other branch then always runs, so that it has no guard of its own. ``expand`` puts in place of the file's
    constants what they are.
    """
    if is_typing_only(test):
        return context.under_test("if", test).scoped("type_checking"), context
    if is_never_typing(test):
        return context, context.under_test("else", strip_test(test)[0]).scoped("type_checking")
    if is_main_test(test):
        scope = "function" if context.scope == "module" else context.scope
        return context.under_test("if", test).scoped(scope), context
    if expand is not None:
        test = expand(test)
    return context.under_test("if", test), context.under_test("else", test, is_negated=True)


def _find_left(call: ast.Call) -> list[str]:
    """Return the exceptions that a context manager swallows; those that a test expects also as expected."""
    name = find_dotted(call.func).rpartition(".")[2]
    if name == "suppress":
        return [find_dotted(argument) or "*" for argument in call.args]
    if "raises" not in name.casefold():
        return []
    first = call.args[:1] or [each.value for each in call.keywords if each.arg in {"expected_exception", "exception"}]
    kinds = [kind for each in first for kind in find_caught(each)]
    return [*kinds, *(f"{_EXPECTED}{kind}" for kind in kinds)]


def _fails_test(last: list[ast.stmt]) -> bool:
    """Return whether a statement says that it must not be reached: ``pytest.fail()``, ``assert False``."""
    if not last:
        return False
    statement = last[0]
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and not statement.test.value
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "AssertionError"
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and find_dotted(call.func).rpartition(".")[2] == "fail"


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler ends in an exception of its own, or in the end of the program: it swallows nothing."""
    if any(isinstance(node, ast.Return | ast.Break | ast.Continue) for node in list_statements(handler)):
        return False
    last = handler.body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(last, ast.Raise) or (isinstance(call, ast.Call) and find_dotted(call.func) in _ENDING)


def find_caught(kind: ast.expr | None) -> list[str]:
    """Return the names of the exceptions that an except clause catches; ``*`` for all."""
    if kind is None:
        return ["*"]
    if isinstance(kind, ast.Tuple):
        return [find_dotted(element) or "?" for element in kind.elts]
    return [find_dotted(kind) or "?"]


@cache
def swallows_import_errors(caught: str) -> bool:
    """Return whether a ``caught`` text names an exception that a failed import raises.

    >>> swallows_import_errors("ValueError,builtins.ImportError")
    True
    >>> swallows_import_errors("KeyError")
    False
    """
    return any(name.rpartition(".")[2] in IMPORT_ERROR_NAMES for name in caught.split(","))


@cache
def expects_import_error(caught: str) -> bool:
    """Return whether a ``caught`` text says that a test expects a failed import, and fails without it.

    >>> expects_import_error("ImportError,raises:ImportError"), expects_import_error("ImportError")
    (True, False)
    """
    return any(
        name.removeprefix(_EXPECTED).rpartition(".")[2] in IMPORT_ERROR_NAMES
        for name in caught.split(",")
        if name.startswith(_EXPECTED)
    )
