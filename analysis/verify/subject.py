"""The subjects of a test: the places in its file that name the modules under test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_SETUPS = ("setUp", "asyncSetUp", "setUpClass", "setup_method", "setup_class", "setup", "tearDown", "teardown_method")
_IMPORTERS = ("import_module", "__import__")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, order=True)
class TestedName:
    """One subject of the test: a module, or a name taken from it (``attribute``; empty for the module itself)."""

    module: str
    attribute: str


@dataclass(frozen=True, slots=True)
class TestedPlace:
    """One node of the test file that names subjects: a string, an import statement or a dotted expression."""

    node: ast.expr | ast.stmt
    subjects: tuple[TestedName, ...]


@dataclass(frozen=True, slots=True)
class Modules:
    """Which dotted names mean modules of the target; ``only`` limits them to one module and its submodules."""

    roots: tuple[Path, ...]
    only: str = ""

    def owns(self, name: str) -> bool:
        """Return whether a dotted name must be replaced."""
        if self.only:
            return name == self.only or name.startswith(self.only + ".")
        top = name.partition(".")[0]
        return any((root / top).is_dir() or (root / f"{top}.py").is_file() for root in self.roots)

    def has(self, name: str) -> bool:
        """Return whether there is such a module or package in the target."""
        path = Path(*name.split("."))
        return name == self.only or any(
            (root / path).is_dir() or (root / path).with_suffix(".py").is_file() for root in self.roots
        )

    def split(self, name: str) -> TestedName:
        """Split a dotted name into the longest existing module and an attribute.

        If no module exists, a last part in the style of a class name counts as the attribute.
        """
        front, _, last = name.rpartition(".")
        if self.has(name) or not front or not self.owns(front):
            return TestedName(name, "")
        return TestedName(front, last) if self.has(front) or last[:1].isupper() else TestedName(name, "")


def find_test(tree: ast.Module, names: Sequence[str]) -> list[ast.AST]:
    """Return the nodes that a test runs, the test first: itself, set-up, the functions and constants it uses.

    ``names`` are the parts after ``::``; empty when there is no such test.
    """
    body: list[ast.stmt] = tree.body
    owner: ast.ClassDef | None = None
    for name in names[:-1]:
        owner = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)
        if owner is None:
            return []
        body = owner.body
    wanted = names[-1].partition("[")[0]
    test = next((node for node in body if isinstance(node, Function) and node.name == wanted), None)
    return _find_used(tree, owner, test) if test is not None else []


def _find_used(tree: ast.Module, owner: ast.ClassDef | None, test: Function) -> list[ast.AST]:
    """Follow names from the test to the top level of the file and to its class."""
    known = _name_statements(tree.body)
    mine = _name_statements([statement for kind in _find_bases(owner, known) for statement in kind.body])
    found: list[ast.AST] = [test]
    waiting: list[ast.AST] = [test, *(node for name in _SETUPS for node in mine.get(name, ()))]
    seen = {id(test)}
    kept_out = {name for base in (owner.bases if owner else ()) for name in _read_names(base)}
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            found.append(node)
        for name in _read_names(node):
            pool = [*known.get(name, ()), *mine.get(name, ())] if name not in kept_out else []
            waiting += [one for one in pool if id(one) not in seen and not isinstance(one, ast.ClassDef)]
    return sorted(found, key=lambda node: (node is not test, getattr(node, "lineno", 0)))


def _find_bases(owner: ast.ClassDef | None, known: dict[str, list[ast.stmt]]) -> list[ast.ClassDef]:
    """Return a class and its bases in the same file."""
    found: list[ast.ClassDef] = []
    waiting = [owner] if owner else []
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.append(kind)
            names = [base.id for base in kind.bases if isinstance(base, ast.Name)]
            waiting += [node for name in names for node in known.get(name, ()) if isinstance(node, ast.ClassDef)]
    return found


def _name_statements(body: Iterable[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Return which statements give a name its meaning, also within ``try`` and ``if``."""
    named: dict[str, list[ast.stmt]] = {}
    for statement in _flatten(body):
        for name in _find_bound(statement):
            named.setdefault(name, []).append(statement)
    return named


def _flatten(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.Try | ast.If | ast.With):
            for block in ("body", "orelse", "finalbody"):
                yield from _flatten(getattr(statement, block, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _flatten(handler.body)
        else:
            yield statement


def _find_bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, Function | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _read_names(node: ast.AST) -> set[str]:
    """Return the names a node uses: plain ones, those behind ``self.`` and ``cls.``, and the fixtures it asks for."""
    names = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
            names.add(one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in ("self", "cls"):
            names.add(one.attr)
        elif isinstance(one, ast.arg):
            names.add(one.arg)
    return names


def find_places(nodes: Sequence[ast.AST], modules: Modules) -> list[TestedPlace]:
    """Return where the nodes name modules of the target, in the order of the file, none within another."""
    imports = [one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Import)]
    plain = frozenset(alias.name for one in imports for alias in one.names if not alias.asname)
    places = [place for node in nodes for place in _find_in(node, modules, plain)]
    unique = {(place.node.lineno, place.node.col_offset): place for place in reversed(places)}
    return [unique[key] for key in sorted(unique)]


def find_wanted(nodes: Iterable[ast.AST]) -> list[str]:
    """Return the names that the nodes look for with ``getattr`` and ``hasattr``."""
    return sorted({
        one.args[1].value
        for node in nodes for one in ast.walk(node)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in ("getattr", "hasattr")
        and len(one.args) > 1 and isinstance(one.args[1], ast.Constant) and isinstance(one.args[1].value, str)
        and one.args[1].value.isidentifier() and not one.args[1].value.startswith("_")
    })  # fmt: skip


def _find_in(node: ast.AST, modules: Modules, plain: frozenset[str]) -> Iterator[TestedPlace]:
    subjects = _find_named(node, modules, plain)
    if subjects and isinstance(node, ast.expr | ast.stmt):
        yield TestedPlace(node, subjects)
    elif isinstance(node, ast.JoinedStr):  # the parts of an f-string have no place of their own before 3.12
        return
    else:
        for child in ast.iter_child_nodes(node):
            yield from _find_in(child, modules, plain)


def _find_named(node: ast.AST, modules: Modules, plain: frozenset[str]) -> tuple[TestedName, ...]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        is_named = _DOTTED.fullmatch(node.value) or node.value == modules.only
        return (modules.split(node.value),) if is_named and modules.owns(node.value) else ()
    if isinstance(node, ast.Attribute):
        name = ast.unparse(node)
        return (TestedName(name, ""),) if name in plain and modules.owns(name) else ()
    if isinstance(node, ast.Import) and any(modules.owns(alias.name) for alias in node.names):
        return tuple(TestedName(alias.name, "") for alias in node.names if modules.owns(alias.name))
    if isinstance(node, ast.ImportFrom) and node.module and not node.level and modules.owns(node.module):
        return tuple(_find_taken(node.module, alias.name, modules) for alias in node.names)
    return ()


def _find_taken(module: str, name: str, modules: Modules) -> TestedName:
    """Return what ``from module import name`` takes: a submodule, else a name."""
    is_module = not modules.only and modules.has(f"{module}.{name}")
    return TestedName(f"{module}.{name}", "") if is_module else TestedName(module, name)
