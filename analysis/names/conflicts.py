"""One name, different objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.names.inheritance import Inheritance
from analysis.names.paths import Resolution
from analysis.resolve.modules import Module
from analysis.resolve.values import Outcome, Value

_MOST_PATHS = 20
_COLUMNS = ("name", "import_path", "definition", "kind", "statements", "candidates", "module")


class _Bound(NamedTuple):
    name: str
    import_path: str
    definition: str
    kind: str
    statements: int
    candidates: int
    module: str

    @property
    def is_class(self) -> bool:
        return self.kind in tables.CLASS_KINDS


def build_conflicts(resolution: Resolution, inheritance: Inheritance) -> pa.Table:
    """Return ``tables.CONFLICTS``, sorted by name and kind."""
    rows = [
        row
        for name, bounds in _find_shared(resolution.paths).items()
        for row in _find_across(name, bounds, inheritance)
    ]
    for number, names in resolution.involved.items():
        rows.extend(_find_within(resolution, resolution.modules[number], names))
    return tables.CONFLICTS.from_rows(sorted(rows))


def _find_shared(paths: pa.Table) -> dict[str, list[_Bound]]:
    """Return the classes and instances of each name that has several."""
    is_object = pc.is_in(paths.column("kind").cast(tables.TEXT), pa.array([*tables.CLASS_KINDS, "instance"]))
    objects = paths.select(_COLUMNS).filter(is_object)
    meant: dict[str, set[str]] = defaultdict(set)
    for name, definition in zip(*(tables.read_column(objects, each) for each in ("name", "definition")), strict=True):
        meant[name].add(definition)
    shared = [name for name, definitions in meant.items() if len(definitions) > 1]
    objects = objects.filter(pc.is_in(objects["name"], pa.array(shared, objects["name"].type)))
    by_name: dict[str, list[_Bound]] = defaultdict(list)
    for bound in map(_Bound, *(tables.read_column(objects, name) for name in _COLUMNS)):
        by_name[bound.name].append(bound)
    return by_name


def _find_across(name: str, bounds: list[_Bound], inheritance: Inheritance) -> Iterator[tuple[Any, ...]]:
    """Yield the conflicts of one name among modules."""
    classes = sorted({bound.definition for bound in bounds if bound.is_class})
    if len(classes) > 1:
        is_own = all(definition.rpartition(":")[2].rpartition(".")[2] == name for definition in classes)
        kind = "same-name" if is_own else "renamed"
        taken = [bound for bound in bounds if bound.is_class]
        yield _row(name, kind, classes, taken, is_related=inheritance.are_related(classes))
    objects = sorted({bound.definition for bound in bounds if not bound.is_class})
    if classes and objects:
        yield _row(name, "instance", sorted([*classes, *objects]), bounds, is_related=False)


def _row(
    name: str, kind: str, definitions: list[str], bounds: Iterable[_Bound], *, is_related: bool
) -> tuple[Any, ...]:
    paths = sorted(bound.import_path for bound in bounds)
    return (name, kind, definitions, paths[:_MOST_PATHS], is_related, sum(bound.statements for bound in bounds))


def _find_within(resolution: Resolution, module: Module, names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the names for which one module chooses among objects."""
    resolver = resolution.resolver
    bound = resolver.find_bound(module)
    for name in names:
        path = f"{module.name}.{name}"
        if len(bound.get(name, ())) > 1:
            outcome = resolver.resolve(module, name)
            if len(outcome) > 1 and _is_choice(outcome):
                shown = sorted({candidate.value.target or candidate.value.kind for candidate in outcome})
                yield name, "branch", shown, [path], False, resolution.usage.count((module.number, name))[0]
        if module.is_package and resolver.depends_on_order(module, name):
            shown = sorted({f"{module.name}:{name}", f"{module.plain}.{name}"})
            yield name, "order", shown, [path], False, resolution.usage.count((module.number, name))[0]


def _is_choice(outcome: Outcome) -> bool:
    """Return whether classes, or a class and None, are to choose from."""
    values = [candidate.value for candidate in outcome]
    return any(value.is_class for value in values) and sum(map(_is_object, values)) > 1


def _is_object(value: Value) -> bool:
    return value.is_class or value.kind in {"none", "instance", "external"}
