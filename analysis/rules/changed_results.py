"""Containers that cached functions return and callers change: the cache gives the changed one to the next caller."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import Function, FunctionNames
from analysis.facts.personal import is_personal
from analysis.facts.shared_state import find_changed
from analysis.facts.source import parse
from analysis.facts.source_tree import read_if_any
from analysis.facts.walking import list_nodes
from analysis.rules.context import RuleContext, find_importing_files
from analysis.rules.shared_state import State, find_states

_OWN = ("self", "cls")


class ChangedResult(NamedTuple):
    """A statement that changes what a cached function has returned; ``personal`` are arguments of a user in it."""

    state: State
    path: str
    line: int
    owner: str
    personal: tuple[str, ...]


def find_changed_results(case: RuleContext) -> Iterator[ChangedResult]:
    """Yield the statements of the product, by the function, then by file and line."""
    for state in find_states(case, "cached-container"):
        if b"functools" not in read_if_any(case.facts.tree, state.path):
            continue  # another cache may give each caller a copy
        for path in _list_files(case, state):
            functions = _read_functions(case, path, state.name)
            called = {name for *_, calls in functions for name in calls.values()}
            meant = _find_meant(case, state, path, called)
            for function, owner, calls in functions:
                others = frozenset[str]() if _is_of(case, state, owner) else {f"{each}.{state.name}" for each in _OWN}
                chosen = {key for key, name in calls.items() if name in meant - others}
                yield from _find_changes(state, path, function, chosen)


def _is_of(case: RuleContext, state: State, owner: str) -> bool:
    """Return whether methods of a class call the cached one as their own: it has or inherits it."""
    holder, definition = f"{state.module}:{state.owner.rpartition('.')[0]}", f"{state.module}:{owner}"
    return holder in {definition, *case.identity.inheritance.find_ancestors(definition)}


def _list_files(case: RuleContext, state: State) -> list[str]:
    """Return the file of a function, and those of the product that import its module."""
    return sorted({state.path, *(find_importing_files(case, state.module) & case.homes.keys())})


_Functions = Sequence[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str, Mapping[int, str]]]


def _read_functions(case: RuleContext, path: str, name: str) -> _Functions:
    """Return the functions of a file that has a name: each with its class, and what each of its calls is written as."""
    source = read_if_any(case.facts.tree, path)
    tree = parse(source).tree if name.encode() in source else None
    owners = _find_owners(tree) if tree is not None else {}
    found = []
    for node in list_nodes(tree) if tree is not None else ():
        if isinstance(node, Function):
            calls = {id(each): find_dotted(each.func) for each in list_nodes(node) if isinstance(each, ast.Call)}
            found.append((node, owners.get(id(node), ""), {key: text for key, text in calls.items() if text}))
    return [each for each in found if each[-1]]


def _find_owners(tree: ast.Module) -> dict[int, str]:
    """Return the qualified name of the class of each method, by identity of its statement."""
    found: dict[int, str] = {}
    waiting: list[tuple[ast.Module | ast.ClassDef, str]] = [(tree, "")]
    while waiting:
        node, owner = waiting.pop()
        for each in node.body:
            if isinstance(each, ast.ClassDef):
                waiting.append((each, f"{owner}.{each.name}".lstrip(".")))
            elif isinstance(each, Function) and owner:
                found[id(each)] = owner
    return found


def _find_meant(case: RuleContext, state: State, path: str, called: set[str]) -> set[str]:
    """Return which of the names that are called in a file mean the function; of a method those on its own object."""
    owner = state.owner.rpartition(".")[0]
    if owner:
        own = {f"{each}.{state.name}" for each in (*_OWN, owner)}
        return called & own if path == state.path else set()
    module = case.homes[path]
    meanings = case.meanings.find_meanings({(module, name) for name in called})
    return {name for name in called if (known := meanings.get((module, name))) and known.definition == state.definition}


def _find_changes(
    state: State, path: str, function: ast.FunctionDef | ast.AsyncFunctionDef, calls: set[int]
) -> Iterator[ChangedResult]:
    """Yield the statements of a function that change the result of some calls, directly or by a local name."""
    if not calls:
        return
    local, names = _find_results(function, calls), FunctionNames(function, ())
    lines = set()
    for node in list_nodes(function):
        for target in find_changed(node):
            held = _find_held(target)
            is_meant = id(held) in calls or (isinstance(held, ast.Name) and held.id in local)
            if is_meant and node.lineno not in lines:  # type: ignore[attr-defined]
                lines.add(node.lineno)  # type: ignore[attr-defined]
                given = getattr(node, "args", None) or [getattr(node, "value", None)]
                flows = {name for each in given if each is not None for name in names.find_flows(each)}
                personal = tuple(sorted(filter(is_personal, flows)))
                yield ChangedResult(state, path, node.lineno, function.name, personal)  # type: ignore[attr-defined]


def _find_held(node: ast.expr) -> ast.expr:
    """Return what an entry stands in."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _find_results(function: ast.AST, calls: set[int]) -> set[str]:
    """Return the local names that stand for the result of some calls, and for nothing else."""
    found: set[str] = set()
    others: set[str] = set()
    for node in list_nodes(function):
        value = getattr(node, "value", None)
        is_result = isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and id(value) in calls
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if not isinstance(node, ast.AugAssign) else ():
            if isinstance(target, ast.Name):
                (found if is_result else others).add(target.id)
    return found - others
