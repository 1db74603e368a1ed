"""Classes that have one object for the whole process, by themselves, by a decorator, or by a metaclass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis import tables
from analysis.facts.personal import is_personal
from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.shared_state import State, find_states


def find_singletons(case: RuleContext) -> list[State]:
    """Return the classes that keep a single object, outside the tests, sorted."""
    return sorted([*find_states(case, "singleton"), *_find_made(case)])


def _find_made(case: RuleContext) -> Iterator[State]:
    """Yield the classes that a decorator or metaclass of the tree makes keep their one object, and those that inherit.

    A class inherits its metaclass, and the ``__new__`` that keeps one object unless it has its own.
    """
    makers = _find_makers(case)
    single = {state.definition: state for state in find_states(case, "singleton")}
    if not makers and not single:
        return
    rows = {f"{case.homes[row[0]]}:{row[2]}": row for row in _read_classes(case)}
    made = dict(_find_direct(case, rows, makers)) if makers else {}
    above = case.identity.inheritance.find_ancestors
    for definition, (path, line, qualname, _, _, methods) in rows.items():
        if definition in single:
            continue
        if definition in made:
            yield made[definition]
            continue
        for base in sorted(above(definition)):
            kept = made.get(base) if base in made and made[base].name == "metaclass" else None
            if base in single and single[base].value == "__new__" and "__new__" not in methods:
                kept = single[base]
            if kept is not None:
                module = case.homes[path]
                yield State(module, path, line, qualname, kept.name, "singleton", kept.value, ())
                break


def _find_makers(case: RuleContext) -> dict[str, State]:
    """Return what makes classes single by definition, with the metaclasses that extend one."""
    makers = {state.definition: state for state in find_states(case, "singleton-maker")}
    inheritance = case.identity.inheritance
    for definition in sorted(inheritance.bases) if makers else ():
        bases = sorted(inheritance.find_ancestors(definition) & makers.keys())
        if bases and definition not in makers and makers[bases[0]].value == "metaclass":
            makers[definition] = makers[bases[0]]
    return makers


_Class = tuple[str, int, str, list[str], str, list[str]]


def _read_classes(case: RuleContext) -> Iterator[_Class]:
    """Yield path, line, qualified name, decorators, metaclass and methods of the classes of the product."""
    columns = ("path", "line", "qualname", "decorators", "metaclass", "methods", "scope")
    for *row, scope in tables.read_rows(case.facts.definitions, *columns):
        if row[0] in case.homes and scope != "function" and not is_test_file(row[0]):
            yield tuple(row)


def _find_direct(
    case: RuleContext, rows: Mapping[str, _Class], makers: Mapping[str, State]
) -> Iterator[tuple[str, State]]:
    """Yield the classes that name such a decorator or metaclass."""
    asked = {(case.homes[row[0]], name) for row in rows.values() for name in (*row[3], row[4]) if name}
    meanings = case.meanings.find_meanings(asked)
    for definition, (path, line, qualname, decorators, metaclass, _) in rows.items():
        for name in (*decorators, metaclass):
            meaning = meanings.get((case.homes[path], name))
            maker = makers.get(meaning.definition) if meaning is not None else None
            if maker is not None and (maker.value == "metaclass") == (name == metaclass):
                yield definition, State(case.homes[path], path, line, qualname, maker.value, "singleton", name, ())
                break


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
