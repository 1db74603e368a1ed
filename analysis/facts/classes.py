"""Class statements and their methods."""

from __future__ import annotations

import ast

from analysis.facts.context import Context
from analysis.facts.expressions import find_dotted, render
from analysis.facts.fingerprints import (
    FEWEST_METHOD_LINES,
    METHOD_SKETCH_SIZE,
    SKETCH_SIZE,
    LineHashes,
    normalise_lines,
)
from analysis.facts.rows import Row, Rows
from analysis.facts.shared_state import find_returns

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "EnumMeta", "EnumType"})
_DATACLASSES = frozenset(
    {"dataclass", "define", "frozen", "mutable", "attrs", "attr.s", "attr.attrs", "attr.dataclass"}
)
_BASE_MARKS = {"ABC": "abstract", "Protocol": "protocol", "NamedTuple": "namedtuple", "TypedDict": "typeddict"}
_CALLING = frozenset({ast.Return, ast.Expr})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_EXCEPTIONS = ("Exception", "Error", "Warning")


class ClassReader:
    """Collects the classes and methods of one file; fingerprints wait until all docstrings are known."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._classes: list[tuple[ast.ClassDef, int, str, Context]] = []
        self._methods: list[tuple[ast.FunctionDef, int, str]] = []

    def add(self, node: ast.ClassDef, position: int, qualname: str, context: Context) -> None:
        """Remember one class statement."""
        self._classes.append((node, position, qualname, context))

    def add_method(self, node: ast.FunctionDef, position: int, owner: str) -> None:
        """Remember a function of a class body."""
        self._methods.append((node, position, owner))

    def finish(self, rows: Rows, docstrings: list[tuple[int, int]]) -> None:
        """Add the rows of ``definitions`` and ``methods``; ``docstrings``: first and last lines that do not count."""
        if not self._classes:
            return
        hashes = LineHashes(normalise_lines(self._source, docstrings))
        for node, position, qualname, context in self._classes:
            rows.definitions.append(_read_class(node, position, qualname, context, hashes))
        for method, position, owner in self._methods:
            rows.methods.append(_read_method(method, position, owner, hashes))


def _read_method(node: ast.FunctionDef, position: int, owner: str, hashes: LineHashes) -> Row:
    end_line = node.end_lineno or node.lineno
    fingerprint, sketch = hashes.hash(_find_start(node.body), end_line, METHOD_SKETCH_SIZE, FEWEST_METHOD_LINES)
    return (
        position, node.lineno, end_line, owner, node.name, find_parameters(node.args),
        [find_decorator(decorator) for decorator in node.decorator_list], isinstance(node, ast.AsyncFunctionDef),
        find_delegate(node), find_returns(node), fingerprint, sketch,
    )  # fmt: skip


def find_delegate(node: ast.FunctionDef) -> str:
    """Return ``attribute.method`` when all that a method does is to call that of one of its attributes.

    >>> find_delegate(ast.parse("def f(self, x): return self._inner.g(x)").body[0])
    '_inner.g'
    """
    body = node.body
    if len(body) > 2 or type(body[-1]) not in _CALLING:
        return ""
    first = body[0].value if isinstance(body[0], ast.Expr) else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        body = body[1:]
    if len(body) != 1 or not isinstance(body[0], (ast.Return, ast.Expr)) or not node.args.args:
        return ""
    value = body[0].value
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return ""
    owner, _, rest = find_dotted(value.func).partition(".")
    return rest if owner == node.args.args[0].arg and rest.count(".") == 1 else ""


def _find_start(body: list[ast.stmt]) -> int:
    """Return the first line of a body, decorators included."""
    first = body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    return min(first.lineno, *(decorator.lineno for decorator in decorators)) if decorators else first.lineno


def _read_class(node: ast.ClassDef, position: int, qualname: str, context: Context, hashes: LineHashes) -> Row:
    end_line = node.end_lineno or node.lineno
    fingerprint, sketch = hashes.hash(_find_start(node.body), end_line, SKETCH_SIZE)
    bases = [render(base) for base in node.bases]
    metaclass = next((render(keyword.value) for keyword in node.keywords if keyword.arg == "metaclass"), "")
    decorators = [find_decorator(decorator) for decorator in node.decorator_list]
    methods, attributes, is_abstract = _read_body(node)
    marks = find_marks(bases, metaclass, decorators, is_abstract=is_abstract)
    if is_frozen(node):
        marks = sorted([*marks, "frozen"])
    return (
        position, node.lineno, end_line, node.name, qualname, context.scope, context.guard, context.condition,
        context.caught, bases, metaclass, decorators, marks, attributes, methods, fingerprint, sketch,
    )  # fmt: skip


def _read_body(node: ast.ClassDef) -> tuple[list[str], list[str], bool]:
    """Return the names of the methods, of the other attributes, and whether a method is abstract."""
    methods: list[str] = []
    attributes: list[str] = []
    is_abstract = False
    stack: list[ast.stmt] = list(reversed(node.body))
    while stack:
        statement = stack.pop()
        if isinstance(statement, _FUNCTIONS):
            methods.append(statement.name)
            for decorator in statement.decorator_list:
                is_abstract |= find_decorator(decorator).rpartition(".")[2].startswith("abstract")
        elif isinstance(statement, ast.Assign):
            attributes.extend(target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            attributes.append(statement.target.id)
        elif isinstance(statement, ast.ClassDef):
            attributes.append(statement.name)
        elif not isinstance(statement, ast.Expr):
            for block in ("finalbody", "orelse", "handlers", "body"):
                stack.extend(reversed(getattr(statement, block, ())))
    return list(dict.fromkeys(methods)), list(dict.fromkeys(attributes)), is_abstract


def find_marks(bases: list[str], metaclass: str, decorators: list[str], *, is_abstract: bool) -> list[str]:
    """Return what a class statement says it is, from the names alone: sorted marks of ``tables``."""
    marks: set[str] = set()
    for base in bases:
        name = base.partition("[")[0].partition("(")[0].rpartition(".")[2]
        if name in _BASE_MARKS:
            marks.add(_BASE_MARKS[name])
        elif name in _ENUMS:
            marks.add("enum")
        elif name.endswith(_EXCEPTIONS) or name == "BaseException":
            marks.add("exception")
    if is_abstract or metaclass.rpartition(".")[2] == "ABCMeta":
        marks.add("abstract")
    if any(name in _DATACLASSES or name.rpartition(".")[2] in _DATACLASSES for name in decorators):
        marks.add("dataclass")
    return sorted(marks)


def is_frozen(node: ast.ClassDef) -> bool:
    r"""Return whether a class says that its objects never change: to dataclasses, attrs, or pydantic.

    >>> sources = "@dataclass(frozen=True)\nclass A: ...", "class A:\n  model_config = C(frozen=True)", "class A: ..."
    >>> [is_frozen(ast.parse(source).body[0]) for source in sources]
    [True, True, False]
    """
    keywords = [keyword for each in node.decorator_list if isinstance(each, ast.Call) for keyword in each.keywords]
    for statement in node.body:
        kind = type(statement)
        if kind is not ast.Assign and kind is not ast.ClassDef:
            continue
        if isinstance(statement, ast.Assign) and find_dotted(statement.targets[0]) == "model_config":
            if isinstance(statement.value, ast.Call):
                keywords.extend(statement.value.keywords)
            elif isinstance(statement.value, ast.Dict):
                pairs = zip(statement.value.keys, statement.value.values, strict=True)
                keywords.extend(
                    ast.keyword(str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant)
                )
        elif isinstance(statement, ast.ClassDef) and statement.name == "Config":
            inner = [each for each in statement.body if isinstance(each, ast.Assign)]
            keywords.extend(ast.keyword(find_dotted(each.targets[0]), each.value) for each in inner)
    if any(find_dotted(each).rpartition(".")[2] == "frozen" for each in node.decorator_list):
        return True
    if not keywords and not node.keywords:
        return False
    keywords.extend(node.keywords)
    wanted = {"frozen": True, "allow_mutation": False}
    return any(
        keyword.arg in wanted and isinstance(keyword.value, ast.Constant) and keyword.value.value is wanted[keyword.arg]
        for keyword in keywords
    )


def find_decorator(node: ast.expr) -> str:
    """Return a decorator as written, without its arguments."""
    return render(node.func if isinstance(node, ast.Call) else node)


def find_parameters(arguments: ast.arguments) -> list[str]:
    """Return the parameter names in order, ``*args`` and ``**kwargs`` with their stars.

    >>> find_parameters(ast.parse("def f(a, /, b, *c, d=1, **e): ...").body[0].args)
    ['a', 'b', '*c', 'd', '**e']
    """
    names = [argument.arg for argument in arguments.args]
    if arguments.posonlyargs:
        names = [*(argument.arg for argument in arguments.posonlyargs), *names]
    if arguments.vararg:
        names.append(f"*{arguments.vararg.arg}")
    if arguments.kwonlyargs:
        names.extend(argument.arg for argument in arguments.kwonlyargs)
    if arguments.kwarg:
        names.append(f"**{arguments.kwarg.arg}")
    return names
