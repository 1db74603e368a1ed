"""The faults: each operator reads one node of a syntax tree and yields what to write in place of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tools.mutation.exclusions import UNSEEN_CALLS, has_no_doubles, is_at_limit, walk_code

#: What a node is replaced by: the node whose text goes, and the new text.
Change = tuple[ast.AST, str]
Parents = tuple[ast.AST, ...]

SWAPPED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
BOUNDARY: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*", ast.BitOr: "&",
    ast.BitAnd: "|",
}  # fmt: skip
#: Functions whose absence, or whose opposite, is a common fault.
REPLACED_CALLS = {
    "sorted": "list",
    "set": "list",
    "frozenset": "tuple",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
}


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One fault: the text between two offsets (characters) of a file becomes ``replacement``."""

    path: str
    line: int
    operator: str
    start: int
    end: int
    replacement: str
    #: First line of the innermost function around it, decorators included; 0 outside any function.
    function: int

    def apply(self, source: str) -> str:
        return source[: self.start] + self.replacement + source[self.end :]


def find_mutants(path: str, source: str) -> list[Mutant]:
    """Return every place and fault of a module, sorted; ask ``is_other_code`` of one before it is used."""
    offsets = _Offsets(source)
    found: set[Mutant] = set()
    for node, parents in walk_code(ast.parse(source)):
        for operator in OPERATORS:
            for changed, text in operator(node, parents):
                start, end = offsets.find(changed)
                line, function = source.count("\n", 0, start) + 1, _find_function(changed, parents)
                found.add(Mutant(path, line, operator.__name__, start, end, text, function))
    return sorted(found)


def is_other_code(mutant: Mutant, source: str) -> bool:
    """Whether a mutant can be compiled, and to something else than the source."""
    changed = mutant.apply(source)
    try:
        compile(changed, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))


class _Offsets:
    """Characters before each line; columns of a syntax tree count bytes."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def find(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, (ast.expr, ast.stmt)) and node.end_lineno and node.end_col_offset is not None
        return self._count(node.lineno, node.col_offset), self._count(node.end_lineno, node.end_col_offset)

    def _count(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _find_function(node: ast.AST, parents: Parents) -> int:
    for parent in (node, *reversed(parents)):
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return min([parent.lineno, *(decorator.lineno for decorator in parent.decorator_list)])
    return 0


def comparison(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A comparison becomes its opposite."""
    yield from _compare(node, SWAPPED)


def boundary(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A comparison takes in, or leaves out, the case of equal values."""
    if isinstance(node, ast.Compare) and not is_at_limit(node):
        yield from _compare(node, BOUNDARY)


def _compare(node: ast.AST, other: dict[type[ast.cmpop], str]) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in other:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield node, f"({left} {other[type(node.ops[0])]} {right})"


def negation(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A condition is turned around."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, f"({ast.unparse(operand)})"
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, (ast.Compare, ast.UnaryOp)):
            yield test, f"(not ({ast.unparse(test)}))"
        case ast.comprehension(ifs=tests):
            for test in tests:
                if not isinstance(test, (ast.Compare, ast.UnaryOp)):
                    yield test, f"(not ({ast.unparse(test)}))"


def and_or(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """``and`` becomes ``or``, and the other way around."""
    if isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield node, "(" + word.join(f"({ast.unparse(value)})" for value in node.values) + ")"


def constant(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A number grows by one, a truth value turns around."""
    if isinstance(node, ast.Constant) and not _is_default(parents):
        yield from _change_constant(node)


def default(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """The default of an argument changes."""
    if isinstance(node, ast.Constant) and _is_default(parents):
        yield from _change_constant(node)


def _change_constant(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield node, str(not node.value)
    elif isinstance(node.value, (int, float)):
        yield node, str(node.value + 1)


def _is_default(parents: Parents) -> bool:
    return bool(parents) and isinstance(parents[-1], ast.arguments)


def kind(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A name that code compares or hands on, such as a kind or a severity, becomes another one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        inner = [parent for parent in parents if not isinstance(parent, (ast.Tuple, ast.Set, ast.List))]
        if inner and isinstance(inner[-1], (ast.Compare, ast.Return, ast.IfExp, ast.keyword, ast.Assign, ast.Dict)):
            yield node, repr(node.value + "_other")


def dropped_value(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A function hands back nothing."""
    match node:
        case ast.Return(value=ast.Constant(value=None)):
            return
        case ast.Return(value=ast.expr()):
            yield node, "return None"


def removed_branch(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """What stands under a condition never runs."""
    if isinstance(node, ast.If):
        yield node.test, f"(False and ({ast.unparse(node.test)}))"
        if node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
            yield node.test, f"(True or ({ast.unparse(node.test)}))"


def first_item(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A loop stops after its first item."""
    if isinstance(node, (ast.For, ast.comprehension)):
        yield node.iter, f"__import__('itertools').islice({ast.unparse(node.iter)}, 1)"


def replaced_call(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A call that orders, removes doubles or picks one item does not, or does the opposite."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in REPLACED_CALLS:
            if name in {"sorted", "set", "frozenset"}:
                is_asked_only = name != "sorted" and (isinstance(parents[-1], ast.Compare) or has_no_doubles(first))
                if not is_asked_only:
                    yield node, f"{REPLACED_CALLS[name]}({ast.unparse(first)})"
            else:
                yield node.func, REPLACED_CALLS[name]


def arithmetic(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """An operator becomes another one; texts, lists and unions of types have none."""
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not any(map(_has_no_number, ast.walk(node))):
        yield node, f"({ast.unparse(node.left)} {ARITHMETIC[type(node.op)]} {ast.unparse(node.right)})"


def _has_no_number(node: ast.AST) -> bool:
    return isinstance(node, (ast.JoinedStr, ast.List, ast.ListComp, ast.Tuple)) or (
        isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (str, bytes)))
    )


def jump(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """``continue`` becomes ``break``, and the other way around."""
    if isinstance(node, ast.Continue):
        yield node, "break"
    elif isinstance(node, ast.Break):
        yield node, "continue"


def removed_call(node: ast.AST, parents: Parents) -> Iterator[Change]:
    """A statement that only calls something is left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _is_unseen(node.value):
        yield node, "pass"


def _is_unseen(call: ast.Call) -> bool:
    return UNSEEN_CALLS.search(ast.unparse(call.func)) is not None


OPERATORS: Sequence[Callable[[ast.AST, Parents], Iterator[Change]]] = (
    comparison, boundary, negation, and_or, constant, default, kind, dropped_value, removed_branch, first_item,
    replaced_call, arithmetic, jump, removed_call,
)  # fmt: skip
