"""What modules have after their first import beside what their statements show: names that programs make up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from analysis.resolve import Module, TargetResolver
from analysis.simulation.records import ABSENT, Delta, Registry
from analysis.simulation.values import Class, Function, Instance, LoadedModule, Value

#: Module, name, definition, file, line, kind and maker of what a name is bound to.
Row = tuple[Any, ...]


class Simulated(Protocol):
    """What has simulated first imports."""

    registry: Registry


def list_made_names(simulated: Simulated, module: Module, delta: Delta, resolver: TargetResolver) -> Iterator[Row]:
    """Yield the rows of ``tables.SIMULATED_NAMES`` for one module, as its first import leaves it."""
    if delta.fault is not None or delta.is_cut or not resolver.index.is_importable(module):
        return
    shown = resolver.index.modules[module.primary]
    stars, bound = resolver.names.stars, resolver.names.find_bound(shown)
    for name, value in sorted(_find_namespace(simulated.registry, module.name, delta).items()):
        if name in bound or (name.startswith("__") and name.endswith("__")) or value is ABSENT:
            continue
        row = _describe(module, name, value)
        if row and resolver.index.find_child(module, name) is None and name not in stars.has(shown):
            yield (module.name, name, *row)


def _find_namespace(registry: Registry, name: str, delta: Delta) -> dict[str, Value]:
    """Return what a module has after a first import: its own state, and what others have set on it."""
    owner = registry.find_owner(name)
    deltas = [delta, *([owner] if owner is not None and delta.nodes >> owner.number & 1 else [])]
    found: dict[str, Value] = {}
    for each in deltas:
        state = next((value for other, value in each.own if other == name), None)
        if isinstance(state, LoadedModule):
            found = dict(state.names)
            break
    for each in (*deltas, *registry.find_deltas(delta.nodes & registry.altered_by.get(name, 0))):
        found.update(each.changed.get(name, {}))
    return found


def _describe(module: Module, name: str, value: Value) -> Row:
    """Return definition, file, line, kind and maker of a value; nothing of what is not known by its place."""
    if isinstance(value, Class):
        stated, qualname = value.names.get("__module__"), value.names.get("__qualname__")
        home = stated if isinstance(stated, str) else value.module.name
        inner = qualname if isinstance(qualname, str) else value.qualname
        kind = "made-class" if value.is_made else "class"
        return f"{home}:{inner}", value.module.path, value.line, kind, ""
    if isinstance(value, Function):
        return f"{value.module.name}:{value.qualname}", value.module.path, value.line, "function", ""
    if isinstance(value, LoadedModule):
        return value.name, value.path, 0, "module", ""
    if isinstance(value, Instance) and value.made_by.line:
        made_by = f"{value.made_by.module.name}:{value.made_by.qualname}"
        return f"{module.name}:{name}", module.path, 0, "instance", made_by
    return ()
