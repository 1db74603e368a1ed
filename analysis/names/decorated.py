"""Classes whose decorator may put something else in their place: what their names mean is not certain."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve import TargetResolver
from analysis.resolve.modules import Module
from analysis.resolve.values import choose

REASON = "a decorator may put something else in its place"


def doubt_decorated(paths: pa.Table, resolver: TargetResolver) -> pa.Table:
    """Return ``tables.PATHS`` in which no class is certain that a function of the target decorates and may replace.

    A function that surely gives back what it decorates leaves a class certain, and so do libraries: what they return
    has the name and the module of the class.
    """
    doubtful = _find_doubtful(resolver)
    if not doubtful:
        return paths
    certain = pc.equal(paths["certainty"].cast(tables.TEXT), "certain")
    is_meant = pc.and_(certain, pc.is_in(paths["definition"].cast(tables.TEXT), pa.array(sorted(doubtful))))
    for name, word in (("certainty", "conditional"), ("reason", REASON)):
        place = paths.column_names.index(name)
        kind = paths.schema.field(name).type
        changed = pc.if_else(is_meant, word, paths[name].cast(tables.TEXT))
        paths = paths.set_column(place, name, changed.cast(kind))
    return paths


def _find_doubtful(resolver: TargetResolver) -> set[str]:
    """Return the definitions of classes with a decorator of the target that may not give them back."""
    facts, index = resolver.facts, resolver.index
    rows = tables.read_rows(facts.returned, "path", "owner", "is_argument")
    givers = {(path, owner) for path, owner, is_argument in rows if is_argument}
    found = set()
    columns = ("path", "qualname", "position", "decorators")
    for path, qualname, position, decorators in tables.read_rows(facts.definitions, *columns):
        module = index.find_file(path) if decorators else None
        # The classes of a script have no import path that could be doubted.
        if (
            module is not None
            and index.is_importable(module)
            and any(_may_replace(resolver, module, written, position, givers) for written in decorators)
        ):
            found.add(f"{module.name}:{qualname}")
    return found


def _may_replace(
    resolver: TargetResolver, module: Module, written: str, position: int, givers: Collection[tuple[str, str]]
) -> bool:
    """Return whether a decorator is a function or class of the target that may not give back what it decorates."""
    if not written.replace(".", "").isidentifier():
        return False
    value = choose(resolver.names.resolve_dotted(module, written, position)).value
    if value.kind not in {"function", *tables.CLASS_KINDS} or value.module < 0:
        return False
    home = resolver.index.modules[value.module]
    return (home.source, value.target.rpartition(":")[2]) not in givers
