"""The objects that a process has one of, for all its users, by their class, and where they are made."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from analysis import tables
from analysis.facts.kept_objects import CLASS_OBJECT, NESTED_OBJECT
from analysis.facts.shared_state import EITHER
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.kept_objects import list_names
from analysis.rules.shared_state import find_module_objects, find_states
from analysis.rules.singletons import find_singletons
from analysis.rules.stored_state import LOCAL, Store

#: Classes of whose subclasses a framework makes one object for the process, by what makes it.
_MADE_ONCE = {
    "django.utils.deprecation.MiddlewareMixin": "Django",
    "django.contrib.admin.ModelAdmin": "Django",
    "django.contrib.admin.options.ModelAdmin": "Django",
    "django.contrib.auth.admin.UserAdmin": "Django",
    "starlette.middleware.base.BaseHTTPMiddleware": "Starlette",
    "fastapi.middleware.Middleware": "Starlette",
    "celery.Task": "Celery",
    "celery.app.task.Task": "Celery",
}
#: How a middleware of Django, WSGI or ASGI is made.
_MIDDLEWARE = re.compile(
    rb"def __init__\(\s*self,\s*(?:get_response|app|application|wsgi_app|asgi_app|next_app)\b(?![^\n]*\brequest\b)"
)
#: So much of a class is read for its ``__init__``.
_NEAR_BYTES = 2_000


class SharedObject(NamedTuple):
    """One object that all users of the process share: of which class, its name, and where it is made.

    ``held`` is the attribute or parameter by which a class body or a default holds it; empty for all others.
    ``is_nested``: it has no name, and stands in a list, a table or an argument of a call.
    """

    definition: str
    path: str
    line: int
    name: str
    held: str = ""
    is_nested: bool = False


@ask_once
def find_shared_objects(case: RuleContext) -> Mapping[str, list[SharedObject]]:
    """Return the objects of classes of the tree that are one for all, by class, outside the tests, sorted."""
    found: dict[str, list[SharedObject]] = defaultdict(list)
    above = case.identity.inheritance.find_ancestors
    for each in sorted(set(_find_all(case))):
        if LOCAL.isdisjoint(above(each.definition)):
            found[each.definition].append(each)
    return dict(sorted(found.items()))


def _find_all(case: RuleContext) -> Iterator[SharedObject]:
    yield from _find_made(case)
    yield from _find_returned(case)
    yield from _find_bound_once(case)
    yield from _find_kept(case)
    yield from _find_made_by_frameworks(case)
    yield from _find_nested(case)


def _find_nested(case: RuleContext) -> Iterator[SharedObject]:
    """Yield the objects without a name that modules make on import, of classes whose methods keep something."""
    kept = {store.holder for store in case.stores if store.way == "object" and not store.is_test}
    states = find_states(case, NESTED_OBJECT) if kept else []
    products = case.meanings.find_products({(state.module, state.value) for state in states})
    for state in states:
        product = products.get((state.module, state.value))
        if product is not None and product.is_own:
            name = f"the {state.name} that {state.module} makes"
            yield SharedObject(product.definition, state.path, state.line, name, is_nested=True)


def _find_made_by_frameworks(case: RuleContext) -> Iterator[SharedObject]:
    """Yield the classes of which a framework makes one object when the process starts, not one for each request."""
    kept = {store.holder.partition(":")[2] for store in case.stores if store.way == "object" and not store.is_test}
    above = case.identity.inheritance.find_ancestors
    rows = tables.read_rows(case.facts.definitions, "path", "qualname", "line", "methods")
    for path, qualname, line, methods in rows:
        if qualname not in kept or path not in case.homes or is_test_file(path):
            continue
        definition = f"{case.homes[path]}:{qualname}"
        names = {each.replace(":", ".") for each in above(definition)}
        makers = sorted({maker for each, maker in _MADE_ONCE.items() if each in names})
        if not makers and {"__init__", "__call__"} <= set(methods) and _wraps_handler(case, path, qualname):
            makers = ["the server"]
        if makers:
            name = f"the {qualname.rpartition('.')[2]} that {makers[0]} makes"
            yield SharedObject(definition, path, line, name)


def _wraps_handler(case: RuleContext, path: str, qualname: str) -> bool:
    """Return whether a class is a middleware: it is made with what handles the request next, and then called."""
    source = read_if_any(case.facts.tree, path)
    begins = rb"(?m)^[ \t]*class %s\b" % re.escape(qualname.rpartition(".")[2].encode())
    start = re.search(begins, source)
    return start is not None and _MIDDLEWARE.search(source, start.end(), start.end() + _NEAR_BYTES) is not None


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
    source = read_if_any(case.facts.tree, one.path)
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
