"""The imports inside import-time cycles: those that run while the modules of a cycle are only partially initialized."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.naming import ROOT_MARK
from analysis.graph import Cycle, ImportGraph
from analysis.resolve import absolute_name
from analysis.rules.finding import Place


class CycleGroup(NamedTuple):
    """The cycles that one rule speaks of: their kind, and whether the packages that run on the way count."""

    kind: str
    with_ancestors: bool = False


IMPORT_TIME = CycleGroup("import-time")
THROUGH_PACKAGES = CycleGroup("import-time", with_ancestors=True)
DEFERRED = CycleGroup("deferred")
TYPING = CycleGroup("typing")
#: An import that is deferred moves a cycle from one of these to a later one.
MOST_SEVERE_FIRST = (IMPORT_TIME, THROUGH_PACKAGES, DEFERRED, TYPING)


class CycleEdge(NamedTuple):
    """One row of ``tables.EDGES`` whose importer and imported are in one cycle."""

    importer: str
    imported: str
    path: str
    line: int
    kind: str
    level: int
    module: str
    name: str
    bound_as: str
    scope: str
    guard: str
    caught: str
    is_ancestor: bool


def find_cycle_edges(
    graph: ImportGraph, cycles: Iterable[Cycle], *, with_ancestors: bool
) -> dict[str, list[CycleEdge]]:
    """Return the edges inside each import-time cycle by the cycle's identifier, in the order of the table of edges.

    With ``with_ancestors`` the cycles are those that count the packages that run on the way, and so do the edges.
    """
    home = {
        module: cycle.cycle
        for cycle in cycles
        if cycle.kind == "import-time" and cycle.with_ancestors == with_ancestors
        for module in cycle.modules
    }
    found: dict[str, list[CycleEdge]] = defaultdict(list)
    if not home:
        return found
    inside = _select(graph.edges, home, with_ancestors=with_ancestors)
    for edge in map(CycleEdge, *(tables.read_column(inside, name) for name in CycleEdge._fields)):
        if home[edge.importer] == home[edge.imported]:
            found[home[edge.importer]].append(edge)
    return found


def find_cycle_places(graph: ImportGraph, cycles: Iterable[Cycle]) -> dict[str, list[Place]]:
    """Return the import statements inside each cycle, by the cycle's identifier, in the order of the edges.

    A statement is given to one cycle only, of the most severe kind: to defer an import then never adds one.
    """
    found: dict[str, list[Place]] = defaultdict(list)
    groups: dict[tuple[str, bool], list[Cycle]] = defaultdict(list)
    for cycle in cycles:
        groups[cycle.kind, cycle.with_ancestors].append(cycle)
    given: set[Place] = set()
    for kind, with_ancestors in MOST_SEVERE_FIRST:
        group = groups[kind, with_ancestors]
        home = {module: cycle.cycle for cycle in group for module in cycle.modules}
        inside = _select(graph.edges, home, with_ancestors=with_ancestors, scopes=tables.CYCLE_SCOPES[kind])
        fresh: dict[Place, str] = {}
        for importer, imported, path, line in tables.read_rows(inside, "importer", "imported", "path", "line"):
            if home[importer] == home[imported] and (path, line) not in given:
                fresh.setdefault((path, line), home[importer])
        for place, cycle_name in fresh.items():
            found[cycle_name].append(place)
        given.update(fresh)
    return found


def _select(
    edges: pa.Table,
    modules: Iterable[str],
    *,
    with_ancestors: bool,
    scopes: Sequence[str] = tables.CYCLE_SCOPES["import-time"],
) -> pa.Table:
    """Return the edges among some modules in some scopes: by default those that run on import."""
    members = pa.array(sorted(modules), type=pa.string())
    runs = pc.is_in(edges.column("scope").cast(pa.string()), pa.array(scopes))
    wanted = pc.and_(pc.is_in(edges.column("importer"), members), pc.is_in(edges.column("imported"), members))
    wanted = pc.and_(wanted, runs)
    return edges.filter(wanted if with_ancestors else pc.and_(wanted, pc.invert(edges.column("is_ancestor"))))


def find_names_taken(edges: Iterable[CycleEdge]) -> list[CycleEdge]:
    """Return the edges that take a name out of the imported module, not the module itself.

    These fail when the imported module is partially initialized and has not bound the name yet. A package that takes a
    name from its own submodule is not among them: the submodule never begins before its package.
    """
    return [
        edge
        for edge in edges
        if edge.kind in {"from", "star"}
        and not edge.is_ancestor
        and not edge.imported.startswith(f"{edge.importer}.")
        and _takes_name(edge)
    ]


def _takes_name(edge: CycleEdge) -> bool:
    """Return whether ``from a.b import b`` means a name of ``a.b``; ``from a import b`` means the module ``a.b``."""
    importer, imported = (name.partition(ROOT_MARK)[0] for name in (edge.importer, edge.imported))
    if not imported.endswith(f".{edge.name}") and imported != edge.name:
        return True
    package = importer if edge.path.endswith("__init__.py") else importer.rpartition(".")[0]
    named = absolute_name(package, edge.level, edge.module)
    return imported == named or (not edge.level and imported.endswith(f".{named}"))
