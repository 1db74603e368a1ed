"""Functions that others have made on import, and that keep what they are given in the names around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.rules.called_on_import import find_called
from analysis.rules.context import RuleContext
from analysis.rules.stored_state import Store

#: Parameters that hand on whatever a decorated function is given.
_ALL = frozenset({"args", "kwargs", "a", "kw", "kwds", "kws", "arguments", "keywords", "_args", "_kwargs"})


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
    given = set(_find_given(case, makers))
    for store in stores:
        maker = store.owner.partition(".")[0]
        if maker in called and (maker in given or not set(store.parameters) <= _ALL):
            yield store


def _find_given(case: RuleContext, makers: set[str]) -> Iterator[str]:
    """Yield the decorators among some functions that decorate one with parameters."""
    programs = case.facts.programs
    pattern = "|".join(f'"{name}"' for name in sorted(makers))
    programs = programs.filter(pc.match_substring_regex(programs["program"], pattern))
    for path, program in tables.read_rows(programs, "path", "program"):
        if not is_test_file(path):
            yield from (name for name in _list_decorators(json.loads(program), 0) if name in makers)


def _list_decorators(body: list[Any], own: int) -> Iterator[str]:
    """Yield the last names of the decorators of functions that take more than ``own`` parameters."""
    for node in body:
        if node[0] == "class":
            yield from _list_decorators(node[6], 1)
        elif node[0] == "def":
            positional, _, rest, keyword_only, others = node[4]
            if len(positional) > own or rest or keyword_only or others:
                yield from map(_name_last, node[3])


def _name_last(node: Any) -> str:
    called = node[1] if node[:1] == ["c"] else node
    return str(called[1] if called[:1] == ["n"] else called[2] if called[:1] == ["a"] else "")
