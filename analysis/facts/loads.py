"""Modules that are loaded past the import system: from a file by its path, once more, or after they were taken out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text, find_text_pattern
from analysis.facts.lines import find_lines, has_line_between
from analysis.facts.path_values import KnownNames, find_aliases, find_path, list_elements
from analysis.facts.rows import Row
from analysis.facts.walking import list_nodes

_WORDS = (
    b"spec_from_file_location", b"SourceFileLoader", b"load_source(", b"reload(", b"run_path(", b"run_module(",
    b"sys.modules", b"exec(",
)  # fmt: skip
#: So many names stand for one another.
_MOST_STEPS = 8
_LOADERS = frozenset({"spec_from_file_location", "SourceFileLoader", "load_source"})
_RELOADS = frozenset({"importlib.reload", "imp.reload", "reload"})
#: The name of a module that ``runpy.run_path`` runs, unless it is given another one.
RUN_PATH = "<run_path>"
#: What stands for the module of a file that ``exec`` runs: it has none.
EXECUTED = "<exec>"
_READING = frozenset({"read_text", "read_bytes", "read"})


def find_load_rows(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> list[Row]:
    """Return rows of ``loads`` for modules that are loaded by a path, reloaded, run by name, or unregistered.

    Files that name none of the words in question cost one search each. Paths are those of
    ``path_values``.
    """
    lines = find_lines(source, _WORDS)
    return list(_Visitor(lines, tree, next_position, find_aliases(source)).visit(tree.body, "", {})) if lines else []


class _Visitor:
    def __init__(
        self, lines: list[int], tree: ast.Module, next_position: Callable[[], int], aliases: Mapping[str, str]
    ) -> None:
        self._lines = lines
        self._tree = tree
        self._next = next_position
        self._aliases = aliases

    def visit(self, body: list[ast.stmt], owner: str, names: Mapping[str, Sequence[ast.expr]]) -> Iterator[Row]:
        known: Mapping[str, Sequence[ast.expr]] | None = None
        for statement in body:
            if not has_line_between(self._lines, statement.lineno, statement.end_lineno or statement.lineno):
                continue
            known = {**names, **dict(_find_assigned(body))} if known is None else known
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from self.visit(statement.body, f"{owner}.{statement.name}".lstrip("."), known)
                continue
            blocks = [block for _, block in ast.iter_fields(statement) if _is_block(block)]
            blocks += [handler.body for handler in getattr(statement, "handlers", ())]
            if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
                known = {**known, statement.target.id: list_elements(statement.iter, KnownNames(known))}
            for block in blocks:
                yield from self.visit(block, owner, known)
            yield from self._read(statement, owner, known, is_compound=bool(blocks))
            if isinstance(statement, ast.Assign) and body is self._tree.body:
                yield from self._register(statement)

    def _read(
        self, statement: ast.stmt, owner: str, names: Mapping[str, Sequence[ast.expr]], *, is_compound: bool
    ) -> Iterator[Row]:
        if isinstance(statement, ast.Delete):
            for target in statement.targets:
                if isinstance(target, ast.Subscript) and find_dotted(target.value) == "sys.modules":
                    yield self._row(target, "unregister", find_literal_text(target.slice) or "*", "", owner)
        elif not is_compound:
            for node in list_nodes(statement):
                if isinstance(node, ast.Call):
                    known = KnownNames(names)
                    known.aliases = self._aliases
                    yield from self._call(node, owner, known)

    def _register(self, statement: ast.Assign) -> Iterator[Row]:
        """Yield what the body of the module puts into ``sys.modules``, whatever happens."""
        value = statement.value
        own = isinstance(value, ast.Subscript) and find_dotted(value.slice) == "__name__"
        for target in statement.targets:
            if isinstance(target, ast.Subscript) and find_dotted(target.value) == "sys.modules":
                name = "__name__" if own else find_dotted(value)
                yield self._row(target, "register", find_registered_name(target.slice), name, "")

    def _call(self, node: ast.Call, owner: str, names: KnownNames) -> Iterator[Row]:
        callee = find_dotted(node.func)
        last = callee.rpartition(".")[2]
        given = [*node.args, *(each.value for each in node.keywords if each.arg in {"location", "path", "pathname"})]
        if last in _LOADERS and len(given) >= 2:
            path = find_path(given[1], names)
            yield self._row(node, "by-path", find_text_pattern(given[0]), path, owner)
        elif callee == "exec" and node.args:
            read = _find_read(node.args[0], names)
            path = find_path(read, names) if read is not None else "*"
            if "*" not in path:
                yield self._row(node, "by-path", EXECUTED, path, owner)
        elif last == "run_path" and given:
            yield self._row(node, "by-path", _find_run_name(node, RUN_PATH), find_path(given[0], names), owner)
        elif last == "run_module" and node.args:
            module = find_literal_text(node.args[0]) or "*"
            yield self._row(node, "run-by-name", _find_run_name(node, module), module, owner)
        elif callee in _RELOADS and len(node.args) == 1:
            yield self._row(node, "reload", "", _find_module(node.args[0]), owner)
        elif callee == "sys.modules.pop" and node.args:
            yield self._row(node, "unregister", find_literal_text(node.args[0]) or "*", "", owner)

    def _row(self, node: ast.AST, kind: str, name: str, value: str, owner: str) -> Row:
        return (self._next(), getattr(node, "lineno", 0), kind, name, value, owner)


def _find_read(node: ast.expr, names: KnownNames) -> ast.expr | None:
    """Return the path of the file whose text an expression is: ``open(path).read()``, ``path.read_text()``."""
    for _ in range(_MOST_STEPS):
        if isinstance(node, ast.Name) and len(names.get(node.id, ())) == 1:
            node = names[node.id][0]
        elif isinstance(node, ast.Call) and find_dotted(node.func) == "compile" and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READING:
            return _find_opened(node.func.value, names) if node.func.attr == "read" else node.func.value
        else:
            break
    return None


def _find_opened(node: ast.expr, names: KnownNames) -> ast.expr | None:
    """Return the path of an open file."""
    if isinstance(node, ast.Name) and len(names.get(node.id, ())) == 1:
        node = names[node.id][0]
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "open" and find_dotted(node.func.value) != "io":
        return node.func.value
    return node.args[0] if find_dotted(node.func) in {"open", "io.open"} and node.args else None


def find_registered_name(node: ast.expr) -> str:
    """Return under which name a module is registered: as written, ``__name__.x`` below its own, ``*`` if computed.

    >>> codes = "'a.b'", "__name__", "__name__ + '.x'", "f'{__name__}.x'", "name"
    >>> [find_registered_name(ast.parse(code, mode="eval").body) for code in codes]
    ['a.b', '__name__', '__name__.x', '__name__.x', '*']
    """
    parts: list[ast.expr] = [node]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [node.left, node.right]
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    texts = [find_literal_text(part) or (find_dotted(part) == "__name__" and "__name__") or "*" for part in parts]
    return "*" if "*" in texts or "__name__" in texts[1:] else "".join(texts)


def _is_block(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.stmt)


def _find_assigned(body: list[ast.stmt]) -> Iterator[tuple[str, Sequence[ast.expr]]]:
    """Yield the names that a block binds by one plain assignment, or by ``with``; the last one counts."""
    for statement in body:
        if isinstance(statement, ast.With):
            opened = ((item.optional_vars, item.context_expr) for item in statement.items)
            yield from ((name.id, (value,)) for name, value in opened if isinstance(name, ast.Name))
            yield from _find_assigned(statement.body)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                yield target.id, (statement.value,)


def _find_run_name(node: ast.Call, default: str) -> str:
    given = [each.value for each in node.keywords if each.arg == "run_name"] or node.args[2:3]
    return find_text_pattern(given[0]) if given else default


def _find_module(node: ast.expr) -> str:
    """Return what is reloaded: a dotted name, or that of ``sys.modules["a.b"]`` and ``import_module("a.b")``."""
    if isinstance(node, ast.Subscript) and find_dotted(node.value) == "sys.modules":
        return f"={find_literal_text(node.slice) or '*'}"
    if isinstance(node, ast.Call) and find_dotted(node.func).rpartition(".")[2] == "import_module" and node.args:
        return f"={find_literal_text(node.args[0]) or '*'}"
    return find_dotted(node)
