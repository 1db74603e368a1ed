"""In what two classes differ, so that one cannot stand for the other: named, as a person would list it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.facts.scopes import Function
from analysis.fixes.name_uses import find_name_uses
from analysis.fixes.source_text import SourceText
from analysis.wording import format_some

#: Classes of fewer lines are alike by chance.
FEWEST_LINES = 4
#: Names that are another text in each module.
_OWN_OF_MODULES = frozenset({"__name__", "__file__", "__package__", "__doc__", "__spec__", "__loader__"})


@dataclass(frozen=True)
class DefinedClass:
    """One class statement at module level, with the module around it."""

    module: str
    source: SourceText
    node: ast.ClassDef

    @cached_property
    def methods(self) -> dict[str, Function]:
        """Its methods, by name; of several the last."""
        return {each.name: each for each in self.node.body if isinstance(each, Function)}

    @cached_property
    def attributes(self) -> set[str]:
        """The names that its body binds to other things than methods."""
        bound = (each for part in self.node.body if not isinstance(part, Function) for each in _list_bound(part))
        return set(bound)

    @cached_property
    def code(self) -> str:
        """What it is, without comments, docstrings and layout."""
        return ast.dump(_without_docstrings(self.node))

    @property
    def is_small(self) -> bool:
        """Whether another class may be equal by chance: few lines, or an exception, which handlers distinguish."""
        lines = ast.unparse(_without_docstrings(self.node)).count("\n")
        names = [ast.unparse(base).rpartition(".")[2] for base in self.node.bases]
        return lines < FEWEST_LINES or any(name.endswith(("Error", "Exception", "Warning")) for name in names)

    @cached_property
    def taken(self) -> set[str]:
        """The names that it looks up in its module."""
        loaded = {part.id for part in ast.walk(self.node) if isinstance(part, ast.Name)} - {self.node.name}
        return {use.name for use in find_name_uses(ast.Module([self.node], []), "", loaded)}


def find_differences(other: DefinedClass, canonical: DefinedClass, means: Callable[[str, str], str]) -> list[str]:
    """Return what an equal class still differs in: names of its module that mean something else there.

    ``means`` returns what a name of a module is, empty where that is not known for certain.
    """
    if other.code != canonical.code:
        return _compare_interfaces(other, canonical) or ["the code differs"]
    return [
        f"{name} is another object in {other.module}"
        for name in sorted(other.taken - set(other.methods) - other.attributes)
        if not _is_same(name, other, canonical, means)
    ]


def find_missing(other: DefinedClass, canonical: DefinedClass) -> list[str]:
    """Return what a class has that the one that should stand for it has not."""
    return _compare_interfaces(other, canonical)


def _compare_interfaces(other: DefinedClass, canonical: DefinedClass) -> list[str]:
    found = []
    missing = sorted(set(other.methods) - set(canonical.methods))
    if missing:
        found.append(f"{canonical.module} has no {format_some([f'{name}()' for name in missing])}")
    attributes = sorted(other.attributes - canonical.attributes - set(canonical.methods))
    if attributes:
        found.append(f"{canonical.module} has no attribute {format_some(attributes)}")
    for name in sorted(set(other.methods) & set(canonical.methods)):
        given, wanted = other.methods[name], canonical.methods[name]
        if not _accepts(wanted, given):
            found.append(f"{name}() takes other parameters")
        elif isinstance(given, ast.AsyncFunctionDef) != isinstance(wanted, ast.AsyncFunctionDef):
            found.append(f"{name}() is async in one of them alone")
    bases = [sorted(map(ast.unparse, each.node.bases)) for each in (other, canonical)]
    if not set(bases[0]) <= set(bases[1]):
        found.append(f"the base classes are {format_some(bases[0]) or 'none'}, not {format_some(bases[1]) or 'none'}")
    return found


def _accepts(wanted: Function, given: Function) -> bool:
    """Return whether every call that one function takes is taken by the other, as far as names and defaults say."""
    mine, theirs = wanted.args, given.args
    positional = [each.arg for each in [*mine.posonlyargs, *mine.args]]
    asked = [each.arg for each in [*theirs.posonlyargs, *theirs.args]]
    if positional[: len(asked)] != asked or (theirs.vararg and not mine.vararg) or (theirs.kwarg and not mine.kwarg):
        return False
    required = len(positional) - len(mine.defaults)
    if required > len(asked) - len(theirs.defaults):
        return False
    named = {each.arg for each in mine.kwonlyargs} | set(positional)
    optional = {each.arg for each, value in zip(mine.kwonlyargs, mine.kw_defaults, strict=True) if value is not None}
    own = {each.arg for each in theirs.kwonlyargs}
    return own <= named and {each.arg for each in mine.kwonlyargs} - optional <= own


def _is_same(name: str, other: DefinedClass, canonical: DefinedClass, means: Callable[[str, str], str]) -> bool:
    """Return whether a name of two modules surely means one thing: one object, or one fixed value."""
    if name in _OWN_OF_MODULES:
        return False
    if not any(name in _list_module_names(each) for each in (other, canonical)) and hasattr(builtins, name):
        return True
    first, second = means(other.module, name), means(canonical.module, name)
    if first and first == second:
        return True
    imports = [_find_import(each.source.tree, name) for each in (other, canonical)]
    if imports[0]:
        return imports[0] == imports[1]
    values = [_find_value(each.source.tree, name) for each in (other, canonical)]
    return all(isinstance(value, ast.Constant) for value in values) and _dump(values[0]) == _dump(values[1])


def _dump(node: ast.expr | None) -> str:
    return "" if node is None else ast.dump(node)


def _find_value(tree: ast.Module, name: str) -> ast.expr | None:
    """Return the only value that statements at module level assign to a name."""
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and name in _list_bound(node)
    ]
    return values[0] if len(values) == 1 else None


def _find_import(tree: ast.Module, name: str) -> str:
    """Return the absolute import at module level that binds a name; empty without one, or with several."""
    found = [
        f"{getattr(node, 'module', '') or ''}:{alias.name}"
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0)
        for alias in node.names
        if (alias.asname or alias.name.partition(".")[0]) == name
    ]
    return found[0] if len(found) == 1 else ""


def _list_module_names(each: DefinedClass) -> set[str]:
    return {name for node in each.source.tree.body for name in _list_bound(node)}


def _list_bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id


def _without_docstrings(node: ast.ClassDef) -> ast.ClassDef:
    """Return a copy of a class without its docstring and those of its methods and inner classes."""
    copied = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copied, ast.ClassDef)
    for part in ast.walk(copied):
        if isinstance(part, Function | ast.ClassDef) and ast.get_docstring(part, clean=False) is not None:
            part.body = part.body[1:] or [ast.Pass()]
    return copied


def list_statements_beside(source: SourceText, gone: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module beside some, its docstring, its imports and ``__all__``."""
    return [
        node
        for node in source.tree.body
        if node not in gone
        and not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and list(_list_bound(node)) != ["__all__"]
    ]
