"""Classes that have one object for the whole process, by themselves, by a decorator, or by a metaclass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis import tables
from analysis.facts.personal import is_personal
from analysis.rules.context import RuleContext
from analysis.rules.shared_state import State, find_states


def find_singletons(case: RuleContext) -> list[State]:
    """Return the classes that keep a single object, outside the tests, sorted."""
    return sorted([*find_states(case, "singleton"), *_find_made(case)])


def _find_made(case: RuleContext) -> Iterator[State]:
    """Yield the classes that a decorator or metaclass of the tree makes keep their one object."""
    makers = {state.definition: state for state in find_states(case, "singleton-maker")}
    if not makers:
        return
    last = {definition.rpartition(":")[2] for definition in makers}
    columns = ("path", "line", "qualname", "scope", "decorators", "metaclass")
    rows = [
        (path, line, qualname, [name for name in (*decorators, metaclass) if name.rpartition(".")[2] in last])
        for path, line, qualname, scope, decorators, metaclass in tables.read_rows(case.facts.definitions, *columns)
        if path in case.homes and scope != "function"
    ]
    rows = [row for row in rows if row[3]]
    meanings = case.meanings.find_meanings({(case.homes[path], name) for path, _, _, names in rows for name in names})
    singletons = {state.definition for state in find_states(case, "singleton")}
    for path, line, qualname, names in rows:
        module = case.homes[path]
        for name in names:
            meaning = meanings.get((module, name))
            maker = makers.get(meaning.definition) if meaning is not None else None
            if maker is not None and f"{module}:{qualname}" not in singletons:
                yield State(module, path, line, qualname, maker.value, "singleton", name, ())


def find_asked(case: RuleContext) -> Mapping[str, list[str]]:
    """Return the arguments of ``__init__`` and ``__new__`` of classes that belong to a user or request, by class."""
    columns = ("path", "owner", "name", "parameters")
    found: dict[str, list[str]] = {}
    for path, owner, name, parameters in tables.read_rows(case.facts.methods, *columns):
        if name in {"__init__", "__new__"} and path in case.homes:
            named = [each for each in parameters if is_personal(each)]
            if named:
                found[f"{case.homes[path]}:{owner}"] = named
    return found
