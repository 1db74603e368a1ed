"""State of threads that coroutines set: all tasks of an event loop run in one thread."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from analysis import tables
from analysis.facts.expressions import find_dotted
from analysis.facts.scopes import Function
from analysis.facts.source import parse
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.facts.walking import list_nodes, list_parts
from analysis.rules.context import RuleContext, find_importing_files
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.stored_state import THREAD_LOCAL

_Coroutines = Sequence[tuple[ast.AsyncFunctionDef, Sequence[ast.AST]]]
_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)


class _Set(NamedTuple):
    """A statement of a function that sets an attribute of a thread's own state."""

    module: str
    name: str
    owner: str
    path: str
    line: int


def _check_locals(case: RuleContext) -> Iterator[Finding]:
    @cache
    def read(path: str) -> _Coroutines:
        return _read_coroutines(case, path)

    found: dict[str, list[tuple[_Set, str, Place]]] = defaultdict(list)
    for each in _find_set(case):
        for coroutine, place in _find_coroutines(case, each, read):
            found[f"{each.module}.{each.name.partition('.')[0]}"].append((each, coroutine, place))
    for subject, rows in sorted(found.items()):
        first, coroutine, (path, line) = rows[0]
        sets = f"{coroutine} sets {first.name}" if _place_of(first) == (path, line) else (
            f"{coroutine} calls {first.owner} ({path}:{line}), which sets {first.name}"
        )  # fmt: skip
        message = (
            f"The coroutine {sets} ({first.path}:{first.line}), and {subject} is a threading.local: all tasks of an "
            "event loop run in one thread, so that after its next await a task finds what another one has set. Use a "
            "contextvars.ContextVar"
        )
        places = list(dict.fromkeys(place for each, _, other in rows for place in (_place_of(each), other)))
        yield build_finding("thread-local-in-coroutine", "P2", subject, message, places)


def _place_of(each: _Set) -> Place:
    return each.path, each.line


def _find_set(case: RuleContext) -> list[_Set]:
    """Return the statements that set attributes of objects of ``threading.local``, sorted."""
    rows = [
        _Set(case.homes[path], name, owner, path, line)
        for path, line, owner, name, way in tables.read_rows(case.facts.stores, "path", "line", "owner", "name", "way")
        if way == "attribute" and name.count(".") == 1 and path in case.homes and not is_test_file(path)
    ]
    meanings = case.meanings.find_meanings({(each.module, each.name.partition(".")[0]) for each in rows})
    products = case.meanings.find_classes(set(meanings.values()))
    above = case.identity.inheritance.find_ancestors
    found = []
    for each in rows:
        meaning = meanings.get((each.module, each.name.partition(".")[0]))
        product = products.get(meaning) if meaning is not None else None
        kinds = {product.definition, *above(product.definition)} if product is not None else set()
        if not THREAD_LOCAL.isdisjoint(kinds):
            found.append(each)
    return sorted(found)


def _find_coroutines(
    case: RuleContext, each: _Set, read: Callable[[str], _Coroutines]
) -> Iterator[tuple[str, Place]]:  # fmt: skip
    """Yield the coroutines that run a function, by their own body or a call, and wait for something."""
    name = each.owner.rpartition(".")[2]
    for path in sorted({each.path, *find_importing_files(case, each.module)}):
        for coroutine, nodes in read(path):
            if path == each.path and coroutine.lineno <= each.line <= (coroutine.end_lineno or 0):
                yield coroutine.name, (each.path, each.line)
                continue
            calls = [node for node in nodes if isinstance(node, ast.Call)]
            calls = [call for call in calls if find_dotted(call.func).rpartition(".")[2] == name]
            meant = next((call for call in calls if _is_meant(case, path, find_dotted(call.func), each)), None)
            if meant is not None:
                yield coroutine.name, (path, meant.lineno)


def _is_meant(case: RuleContext, path: str, called: str, each: _Set) -> bool:
    """Return whether a call in a file is one of the function that sets the state: of a method, on such an object."""
    module, (owner, _, name) = case.homes.get(path, ""), each.owner.rpartition(".")
    holder = called.rpartition(".")[0]
    meanings = case.meanings.find_meanings({(module, called), *([(module, holder)] if holder else [])})
    if not owner:
        meaning = meanings.get((module, called))
        return meaning is not None and meaning.definition == f"{each.module}:{name}"
    if holder in {"self", "cls"}:
        return path == each.path
    meaning = meanings.get((module, holder))
    product = case.meanings.find_classes({meaning}).get(meaning) if meaning is not None else None
    found = {meaning.definition} if meaning is not None else set()
    found |= {product.definition, *case.identity.inheritance.find_ancestors(product.definition)} if product else set()
    return f"{each.module}:{owner}" in found


def _read_coroutines(case: RuleContext, path: str) -> _Coroutines:
    """Return the coroutines of a file that wait for something, with their nodes; none of a test."""
    source = b"" if is_test_file(path) else read_if_any(case.facts.tree, path)
    tree = parse(source).tree if b"async def" in source else None
    found = (node for node in (list_nodes(tree) if tree is not None else ()) if isinstance(node, ast.AsyncFunctionDef))
    read = [(node, _list_own(node)) for node in found]
    return [(node, nodes) for node, nodes in read if any(isinstance(each, _WAITING) for each in nodes)]


def _list_own(coroutine: ast.AsyncFunctionDef) -> list[ast.AST]:
    """Return the nodes that run with a coroutine: not those of functions inside it, which may run in another thread."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(reversed(coroutine.body))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            found.append(node)
            waiting += reversed(list_parts(node))
    return found


_USE: Mapping[str, str] = {
    "app.py": "import asyncio\nfrom now import set_user, NOW\n\nasync def serve(user):\n    set_user(user)\n"
    "    await asyncio.sleep(0)\n    return NOW\n",
}

RULES = (
    Rule(
        "thread-local-in-coroutine", "P2",
        "A coroutine sets state that belongs to its thread (`threading.local`). All tasks of an event loop run in one "
        "thread: what one of them has set, another one overwrites while the first waits.",
        "Keep it in a `contextvars.ContextVar`: each task has its own.",
        _check_locals,
        bad={
            "now.py": "import threading\n\nNOW = threading.local()\n\ndef set_user(user):\n    NOW.user = user\n",
            **_USE,
        },
        good={
            "now.py": "from contextvars import ContextVar\n\nNOW = ContextVar('user')\n\ndef set_user(user):\n"
            "    NOW.set(user)\n", **_USE,
        },
        step=PlanStep(STATE, 15, "Keep the state of tasks in context variables", minutes=20), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip
