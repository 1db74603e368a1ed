"""Annotations of classes and functions in which names stand that only type checkers import, and what may read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analysis.cache import remember_text
from analysis.facts.expressions import find_dotted
from analysis.facts.scopes import Function
from analysis.facts.source import parse
from analysis.facts.typing_uses import catches_missing
from analysis.facts.walking import list_nodes

#: Calls that evaluate the annotations of what they are given first, and the keywords with which they do so.
_CALLS = {"get_type_hints": frozenset({"include_extras"}), "signature": frozenset({"eval_str"}),
          "get_annotations": frozenset({"eval_str"}), "run": frozenset[str](),
          "structure": frozenset[str]()}  # fmt: skip


class Annotated(NamedTuple):
    """A class or function with names of type checkers in its annotations: the first with its line, then all.

    ``decorators`` are its dotted decorators, of calls the callee; ``calls`` the dotted calls that get it, with lines.
    ``column`` is the first name and line of a ``Mapped[...]`` that is no relationship.
    """

    owner: str
    is_class: bool
    line: int
    names: tuple[str, ...]
    decorators: tuple[str, ...]
    calls: tuple[tuple[str, int], ...] = ()
    column: tuple[str, int] | None = None


@remember_text
def find_annotated(source: bytes, names: frozenset[str]) -> tuple[Annotated, ...]:
    """Return the classes and functions of a module whose annotations, kept as text, say some names; in order."""
    either = b"|".join(re.escape(name.encode()) for name in sorted(names))
    if not names or not re.search(rb"(?::|->)[^\n=]*?\b(?:%s)\b" % either, source):
        return ()
    tree = parse(source).tree
    if tree is None:
        return ()
    is_text = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" and
                  any(alias.name == "annotations" for alias in node.names) for node in tree.body)  # fmt: skip
    found = list(_read(tree, names, is_text=is_text))
    calls = _find_calls(tree, {each.owner for each in found}) if found else {}
    return tuple(each._replace(calls=tuple(calls.get(each.owner, ()))) for each in found)


def _read(tree: ast.Module, names: frozenset[str], *, is_text: bool) -> Iterator[Annotated]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            annotations: Iterable[ast.expr] = [part.annotation for part in node.body if _is_field(part)]  # type: ignore[attr-defined]
        elif isinstance(node, Function):
            annotations = _list_annotations(node)
        else:
            continue
        said = [(each.lineno, name) for each in annotations for name in _list_names(each, is_text=is_text)]
        said = [(line, name) for line, name in said if name in names]
        if said:
            decorators = tuple(find_dotted(_strip(each)) for each in node.decorator_list)
            used = tuple(dict.fromkeys(name for _, name in said))
            column = _find_column(node, names, is_text=is_text) if isinstance(node, ast.ClassDef) else None
            yield Annotated(node.name, isinstance(node, ast.ClassDef), said[0][0], used, decorators, column=column)


def _find_column(node: ast.ClassDef, names: frozenset[str], *, is_text: bool) -> tuple[str, int] | None:
    """Return the first such name in an annotation of a column: what a relationship names is found by a registry."""
    for part in node.body:
        if not isinstance(part, ast.AnnAssign) or not isinstance(part.annotation, ast.Subscript):
            continue
        value = find_dotted(_strip(part.value)) if part.value is not None else "mapped_column"
        if value.endswith("mapped_column") and find_dotted(part.annotation.value).rpartition(".")[2] == "Mapped":
            found = (name for name in _list_names(part.annotation.slice, is_text=is_text) if name in names)
            for name in found:
                return name, part.lineno
    return None


def _is_field(node: ast.stmt) -> bool:
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        return False
    return not node.target.id.startswith("_") and "ClassVar" not in ast.dump(node.annotation)


def _list_annotations(node: Function) -> Iterator[ast.expr]:
    arguments = node.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    yield from (each.annotation for each in every if each is not None and each.annotation is not None)
    is_given = any(
        keyword.arg == "response_model"  # FastAPI then does not read what the function returns
        for each in node.decorator_list
        if isinstance(each, ast.Call)
        for keyword in each.keywords
    )
    if node.returns is not None and not is_given:
        yield node.returns


def _list_names(annotation: ast.expr, *, is_text: bool) -> Iterator[str]:
    """Yield the names of an annotation as far as it is kept as text."""
    for node in list_nodes(annotation):
        if isinstance(node, ast.Name) and is_text:
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                inner = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            yield from (each.id for each in list_nodes(inner) if isinstance(each, ast.Name))


def _find_asked(node: ast.Call) -> str:
    """Return what a call gets: its only argument, of ``structure(data, Class)`` the second."""
    is_structure = find_dotted(node.func).rpartition(".")[2] == "structure"
    return find_dotted(node.args[-1]) if len(node.args) == 1 + is_structure else ""


def _find_calls(tree: ast.Module, owners: set[str]) -> dict[str, list[tuple[str, int]]]:
    """Return the calls in functions that may evaluate the annotations of some classes and functions, by these.

    What a module calls itself while it is imported is simulated; ``run`` is what a started program calls.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    nodes = list_nodes(tree)
    inner = {id(part) for node in nodes if isinstance(node, Function) for part in list_nodes(node)}
    tried = {
        id(part)
        for node in nodes
        if isinstance(node, ast.Try) and catches_missing(node)
        for statement in node.body
        for part in list_nodes(statement)
    }
    for node in nodes:
        asked = _find_asked(node) if isinstance(node, ast.Call) else ""
        if not isinstance(node, ast.Call) or asked not in owners:
            continue
        if id(node) in tried or (id(node) not in inner and not find_dotted(node.func).endswith("run")):
            continue
        callee = find_dotted(node.func)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        known = _CALLS.get(callee.rpartition(".")[2])
        if known is None or not keywords.keys() <= known or (known == {"eval_str"} and not _is_true(keywords)):
            continue
        found.setdefault(asked, []).append((callee, node.lineno))
    return found


def _is_true(keywords: dict[str | None, ast.expr]) -> bool:
    value = keywords.get("eval_str")
    return isinstance(value, ast.Constant) and value.value is True


def _strip(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node
