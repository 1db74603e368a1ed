"""What modules of the standard library import of each other when they are imported, read from their source."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from analysis.facts.absolute import absolute_name

_MOST_BYTES = 1 << 20
#: Modules of the library that are looked through for one script.
_MOST_MODULES = 300


class Taken(NamedTuple):
    """One import in the body of a module of the library: what it imports, where, and the names that its body takes."""

    module: str
    line: int
    imported: str
    names: frozenset[str]


@cache
def find_on_the_way(module: str, hidden: frozenset[str]) -> tuple[Taken, ...]:
    """Return the imports of hidden modules that an import of one module of the library comes to, without conditions.

    Nothing is found through a hidden module: another file takes its place.
    """
    found: list[Taken] = []
    waiting, seen = list(_list_with_parents(module)), set[str]()
    while waiting and len(seen) < _MOST_MODULES:
        current = waiting.pop(0)
        if current in seen or current.partition(".")[0] in hidden:
            continue
        seen.add(current)
        for taken in list_taken(current):
            if taken.imported.partition(".")[0] in hidden:
                found.append(taken)
            else:
                waiting.extend(_list_with_parents(taken.imported))
    return tuple(found)


def _list_with_parents(module: str) -> Iterable[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


@cache
def list_taken(module: str) -> tuple[Taken, ...]:
    """Return the imports that the body of a module of the running library makes; none without source."""
    if not all(map(str.isidentifier, module.split("."))):
        return ()
    folder = Path(sysconfig.get_path("stdlib"), *module.split("."))
    for path, is_package in ((folder / "__init__.py", True), (folder.with_suffix(".py"), False)):
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            try:
                tree = ast.parse(path.read_bytes())
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                return ()
            package = module if is_package else module.rpartition(".")[0]
            return tuple(_read(module, package, tree))
    return ()


def _read(module: str, package: str, tree: ast.Module) -> Iterator[Taken]:
    used: dict[str, set[str]] = {}
    for node in _walk_run(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name
                yield Taken(module, node.lineno, alias.name, frozenset(used.get(bound, ())))
        elif isinstance(node, ast.ImportFrom):
            absolute = absolute_name(package, node.level, node.module or "")
            if absolute:
                yield Taken(module, node.lineno, absolute, frozenset({alias.name for alias in node.names} - {"*"}))


def _walk_run(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported, whatever happens: nothing of functions and of blocks that ask."""
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend((*node.decorator_list, *node.args.defaults))
        elif not isinstance(node, ast.Lambda | ast.If | ast.Try | ast.For | ast.While | ast.IfExp | ast.BoolOp):
            yield node
            waiting.extend(ast.iter_child_nodes(node))
