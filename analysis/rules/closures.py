"""Functions that others have made on import, and that keep what they are given in the names around them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from analysis import tables
from analysis.facts.personal import is_personal
from analysis.facts.test_files import is_test_file
from analysis.rules.called_on_import import find_called
from analysis.rules.context import RuleContext
from analysis.rules.stored_state import Store


def find_closure_stores(case: RuleContext) -> Iterator[Store]:
    """Yield what such functions keep for all their callers, the function that makes them being called on import.

    What a decorator hands on is meant only where it decorates a function that is given something.
    """
    stores = [
        store
        for store in case.stores
        if store.way == "closure" and store.inflow == "parameter" and store.is_open and not store.is_test
    ]
    if not stores:
        return
    makers = {store.owner.partition(".")[0] for store in stores}
    called = find_called(case, makers)
    given: dict[str, list[str]] = defaultdict(list)
    for maker, parameters in _find_given(case, makers):
        given[maker] += parameters
    for store in stores:
        maker = store.owner.partition(".")[0]
        is_all = all(name.startswith("*") for name in store.parameters)  # what is handed on to what it decorates
        if maker in called and (maker in given or not is_all):
            handed_on = sorted(filter(is_personal, given.get(maker, ()))) if is_all else ()
            yield store._replace(parameters=tuple(dict.fromkeys(handed_on)) or store.parameters)


def _find_given(case: RuleContext, makers: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the decorators among some functions that decorate one with parameters, with these."""
    programs = case.facts.programs
    pattern = "|".join(f'"{name}"' for name in sorted(makers))
    programs = programs.filter(pc.match_substring_regex(programs["program"], pattern))
    for path, program in tables.read_rows(programs, "path", "program"):
        if not is_test_file(path):
            yield from (found for found in _list_decorators(json.loads(program), 0) if found[0] in makers)


def _list_decorators(body: list[Any], own: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the last names of the decorators of functions that take more than ``own`` parameters, with the others."""
    for node in body:
        if node[0] == "class":
            yield from _list_decorators(node[6], 1)
        elif node[0] == "def":
            positional, _, rest, keyword_only, others = node[4]
            names = [*positional[own:], *([rest] if rest else ()), *keyword_only, *([others] if others else ())]
            if names:
                yield from ((_name_last(each), names) for each in node[3])


def _name_last(node: Any) -> str:
    called = node[1] if node[:1] == ["c"] else node
    return str(called[1] if called[:1] == ["n"] else called[2] if called[:1] == ["a"] else "")
