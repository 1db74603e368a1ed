"""Which submodules of the standard library its own modules load: read from their source, never guessed."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from analysis.facts.absolute import absolute_name
from analysis.facts.scopes import list_bindings

#: What imports may stand in.
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
_LIBRARY = Path(sysconfig.get_path("stdlib"))
#: What every interpreter may load before the first statement of a program.
_AT_START = ("site", "encodings", "runpy", "io", "abc", "codecs", "os")


@cache
def find_unbound_submodules(package: str) -> frozenset[str]:
    """Return the submodules of a package of the standard library that its own ``__init__`` does not bind.

    Such a submodule is an attribute of the package only after somebody has imported it.

    >>> sorted(find_unbound_submodules("concurrent")), find_unbound_submodules("os")
    (['futures'], frozenset())
    """
    folder = _LIBRARY / package.replace(".", "/")
    if package.partition(".")[0] not in sys.stdlib_module_names or not (folder / "__init__.py").is_file():
        return frozenset()
    source = (folder / "__init__.py").read_bytes()
    if b"__getattr__" in source or b"import *" in source or b"globals()" in source:
        return frozenset()
    bound = {name for name, _ in list_bindings(ast.parse(source))}
    found = {each.stem for each in folder.glob("*.py")} | {each.parent.name for each in folder.glob("*/__init__.py")}
    return frozenset(name for name in found - bound - {"__init__", "__main__"} if name.isidentifier())


def find_loaded(modules: Iterable[str], wanted: Collection[str]) -> set[str]:
    """Return those of some modules of the standard library that imports of others may load, in their functions too.

    No more of the library is read than it takes to find them.
    """
    starts, left = tuple(modules), set(wanted)
    left.difference_update(part for module in starts for part in _list_parts(module))  # that takes no reading
    left -= _follow(_AT_START, left, with_functions=False)
    return set(wanted) - (left - _follow(starts, left, with_functions=True))


def _follow(modules: Iterable[str], wanted: set[str], *, with_functions: bool) -> set[str]:
    tops = {name.partition(".")[0] for name in wanted}
    waiting = [part for module in modules for part in _list_parts(module)]
    waiting.sort(key=lambda part: part.partition(".")[0] not in tops)  # a package mostly loads its own
    found = set(waiting)
    for part in waiting:  # grows while it is read
        if wanted <= found:
            break
        for module in _list_imports(part, with_functions=with_functions):
            new = [each for each in _list_parts(module) if each not in found]
            waiting += new
            found.update(new)
    return found & wanted


def _list_parts(module: str) -> list[str]:
    """Return a module after the packages around it."""
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


@cache
def _list_imports(module: str, *, with_functions: bool) -> tuple[str, ...]:
    """Return what the source of a library module imports; names that are taken count as modules, too."""
    place = _LIBRARY / module.replace(".", "/")
    file = place / "__init__.py" if (place / "__init__.py").is_file() else place.with_suffix(".py")
    if module.partition(".")[0] not in sys.stdlib_module_names or not file.is_file():
        return ()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return ()
    return tuple(_read_imports(tree, package, with_functions=with_functions))


def _read_imports(tree: ast.Module, package: str, *, with_functions: bool) -> Iterator[str]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if with_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(each for each in ast.iter_child_nodes(node) if isinstance(each, _BLOCKS))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_name(package, node.level, node.module or "")
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
