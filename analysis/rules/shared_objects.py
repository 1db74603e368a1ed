"""The objects that a process has one of, for all its users, by their class, and where they are made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from analysis import tables
from analysis.facts.kept_objects import CLASS_OBJECT
from analysis.facts.shared_state import EITHER
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.kept_objects import list_names
from analysis.rules.shared_state import find_module_objects, find_states
from analysis.rules.singletons import find_singletons
from analysis.rules.stored_state import LOCAL, Store


class SharedObject(NamedTuple):
    """One object that all users of the process share: of which class, its name, and where it is made.

    ``held`` is the attribute or parameter by which a class body or a default holds it; empty for all others.
    """

    definition: str
    path: str
    line: int
    name: str
    held: str = ""


@ask_once
def find_shared_objects(case: RuleContext) -> Mapping[str, list[SharedObject]]:
    """Return the objects of classes of the tree that are one for all, by class, outside the tests, sorted."""
    found: dict[str, list[SharedObject]] = defaultdict(list)
    above = case.identity.inheritance.find_ancestors
    for each in sorted({*_find_made(case), *_find_returned(case), *_find_bound_once(case), *_find_kept(case)}):
        if LOCAL.isdisjoint(above(each.definition)):
            found[each.definition].append(each)
    return dict(sorted(found.items()))


def _find_made(case: RuleContext) -> Iterator[SharedObject]:
    for item in find_module_objects(case):
        yield SharedObject(item.made_by, item.path, item.line, f"{item.module}.{item.name}")
    for state in find_singletons(case):
        yield SharedObject(state.definition, state.path, state.line, state.definition)


def _find_kept(case: RuleContext) -> Iterator[SharedObject]:
    """Yield what class bodies and defaults hold."""
    for name, item in list_names(case):
        held = name.rpartition("(")[2].rstrip(")") if name.endswith(")") else name.rpartition(".")[2]
        yield SharedObject(item.made_by, item.path, item.line, name, held)


def find_calling(case: RuleContext, one: SharedObject, methods: Iterable[str]) -> bool:
    """Return whether one of some methods is called on an object that others hold, by the text of its file."""
    if not one.held:
        return True
    names = b"|".join(sorted(re.escape(method.encode()) for method in methods))
    try:
        source = case.facts.tree.read_bytes(one.path)
    except OSError:
        return False
    return re.search(rb"\b%s\.(?:%s)\(" % (re.escape(one.held.encode()), names), source) is not None


def find_inner_stores(case: RuleContext) -> Iterator[Store]:
    """Yield what functions store into objects that class bodies and defaults hold."""
    kept = dict(list_names(case))
    above = case.identity.inheritance.find_ancestors
    used = {(each.path, line) for each in find_states(case, CLASS_OBJECT) for line in each.changed} if kept else set()
    for store in case.stores if kept else ():
        if store.way == "default" and store.holder in kept:
            yield store._replace(way="attribute")
        elif store.way == "object" and ("." in store.part or (store.path, store.line) in used):
            first, _, rest = store.part.partition(".")
            for definition in (store.holder, *sorted(above(store.holder))):
                if f"{definition}.{first}" in kept:
                    yield store._replace(holder=f"{definition}.{first}", is_class=True, part=rest, way="attribute")
                    break


def _find_returned(case: RuleContext) -> Iterator[SharedObject]:
    """Yield what cached functions without parameters return."""
    states = find_states(case, "cached-getter")
    products = case.meanings.find_products(
        {(state.module, name) for state in states for name in state.value.split(EITHER)}
    )
    for state in states:
        for name in state.value.split(EITHER):
            product = products.get((state.module, name))
            if product is not None and product.is_own:
                yield SharedObject(product.definition, state.path, state.line, state.definition.replace(":", "."))


def _find_bound_once(case: RuleContext) -> Iterator[SharedObject]:
    """Yield the objects that functions make on demand and keep under a name of the module."""
    once = {(store.path, store.line, store.name) for store in case.stores if store.way == "bind" and store.is_once}
    bindings = case.facts.bindings
    bindings = bindings.filter(pc.not_equal(bindings["owner"], ""))
    rows = [
        (path, line, name, value)
        for path, line, name, kind, value in tables.read_rows(bindings, "path", "line", "name", "kind", "value")
        if kind == "instance" and value and (path, line, name) in once and not is_test_file(path)
    ]
    products = case.meanings.find_products({(case.homes[path], value) for path, _, _, value in rows})
    for path, line, name, value in rows:
        product = products.get((case.homes[path], value))
        if product is not None and product.is_own:
            yield SharedObject(product.definition, path, line, f"{case.homes[path]}.{name}")
