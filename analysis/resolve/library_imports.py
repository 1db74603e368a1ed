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
    """One import at the top of a module of the library: what it imports, where, and the names that its body takes.

    ``later`` are all names that the module takes, also in functions and branches; ``is_sure``: no test decides about
    the import.
    """

    module: str
    line: int
    imported: str
    names: frozenset[str]
    later: frozenset[str] = frozenset()
    is_sure: bool = True


@cache
def find_on_the_way(module: str, hidden: frozenset[str]) -> tuple[Taken, ...]:
    """Return the imports of hidden modules that an import of one module of the library comes to.

    On the way there no test decides.

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
            elif taken.is_sure:
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
    used, later = _find_used(_walk_run(tree)), _find_used(ast.walk(tree))
    for node, is_sure in _walk_top(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name
                names = frozenset(used.get(bound, ())) if is_sure else frozenset[str]()
                yield Taken(module, node.lineno, alias.name, names, frozenset(later.get(bound, ())), is_sure)
        elif isinstance(node, ast.ImportFrom):
            absolute = absolute_name(package, node.level, node.module or "")
            taken = frozenset({alias.name for alias in node.names} - {"*"})
            if absolute:
                yield Taken(module, node.lineno, absolute, taken if is_sure else frozenset(), taken, is_sure)


def _find_used(nodes: Iterable[ast.AST]) -> dict[str, set[str]]:
    """Return the attributes that are taken of each name."""
    used: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    return used


def _walk_top(tree: ast.Module) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the statements outside of functions and classes, in order, and whether none decides about them."""
    waiting: list[tuple[ast.stmt, bool]] = [(node, True) for node in reversed(tree.body)]
    while waiting:
        node, is_sure = waiting.pop()
        yield node, is_sure
        if isinstance(node, ast.If | ast.Try):
            blocks = [node.body, node.orelse, *(part.body for part in getattr(node, "handlers", ()))]
            waiting += [(each, False) for block in blocks for each in block]


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
