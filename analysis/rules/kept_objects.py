"""Objects of the tree's own classes that class bodies and defaults hold: one for all instances or callers."""

from __future__ import annotations

from collections.abc import Iterator

from analysis import tables
from analysis.facts.kept_objects import CLASS_OBJECT, DEFAULT_OBJECT
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.shared_state import HARMLESS, MadeObject, State, find_states
from analysis.rules.stored_state import LOCAL

#: A class with one of these decides itself what its users get: a descriptor, or what Django adds to models.
_DESCRIBING = frozenset({"__get__", "__set_name__", "contribute_to_class"})


@ask_once
def find_kept_objects(case: RuleContext) -> list[MadeObject]:
    """Return the objects that class bodies and defaults hold, outside the tests, sorted.

    Those whose class never changes are left out, and descriptors, and those of class bodies that a metaclass reads.
    """
    states = find_states(case, CLASS_OBJECT, DEFAULT_OBJECT)
    products = case.meanings.find_products({(state.module, state.value) for state in states})
    states = [state for state in states if (state.module, state.value) in products]
    described = _read_classes(case) if states else {}
    found = []
    for state in states:
        product = products[state.module, state.value]
        if not product.is_own or not _is_changing(case, product.definition, described):
            continue
        if state.kind == CLASS_OBJECT and _is_read_by_others(case, state.definition, described):
            continue
        found.append(
            MadeObject(state.module, state.path, state.line, name_kept(state), product.definition, product.functions)
        )
    return sorted(found)


def name_kept(state: State) -> str:
    """Return how an object is called: ``Desk.client`` in a class body, ``serve(desk)`` as a default."""
    return f"{state.owner}.{state.name}" if state.kind == CLASS_OBJECT else f"{state.owner}({state.name})"


def _read_classes(case: RuleContext) -> dict[str, tuple[frozenset[str], frozenset[str], str]]:
    """Return marks, methods and metaclass of the classes of the tree, by definition."""
    columns = ("path", "qualname", "marks", "methods", "metaclass")
    return {
        f"{case.homes[path]}:{qualname}": (frozenset(marks), frozenset(methods), metaclass)
        for path, qualname, marks, methods, metaclass in tables.read_rows(case.facts.definitions, *columns)
        if path in case.homes
    }


_Classes = dict[str, tuple[frozenset[str], frozenset[str], str]]


def _is_changing(case: RuleContext, definition: str, described: _Classes) -> bool:
    """Return whether objects of a class may carry something from one user to the next."""
    above = case.identity.inheritance.find_ancestors(definition)
    known = [described[each] for each in (definition, *above) if each in described]
    if not LOCAL.isdisjoint(above) or not known:
        return False
    return all(HARMLESS.isdisjoint(marks) and _DESCRIBING.isdisjoint(methods) for marks, methods, _ in known)


def _is_read_by_others(case: RuleContext, definition: str, described: _Classes) -> bool:
    """Return whether something else than the class decides what becomes of the objects in its body."""
    above = [definition, *case.identity.inheritance.find_ancestors(definition)]
    return any(_is_odd(each, described) for each in above)


def _is_odd(definition: str, described: _Classes) -> bool:
    if definition not in described:
        return definition.partition(":")[0] not in {"builtins", "abc", "typing"}
    marks, methods, metaclass = described[definition]
    is_plain = metaclass.rpartition(".")[2] in {"", "ABCMeta"}
    return not is_plain or "__init_subclass__" in methods or bool(marks & {"enum", "namedtuple", "typeddict"})


def list_names(case: RuleContext) -> Iterator[tuple[str, MadeObject]]:
    """Yield the objects by ``pkg.mod:Class.attribute`` or ``pkg.mod:function(parameter)``.

    Left out are defaults of which the function itself uses no part.
    """
    unused = {(each.path, each.line, name_kept(each)) for each in find_states(case, DEFAULT_OBJECT) if not each.changed}
    for item in find_kept_objects(case):
        if (item.path, item.line, item.name) not in unused:
            yield f"{item.module}:{item.name}", item
