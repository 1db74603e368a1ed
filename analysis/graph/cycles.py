"""Circular imports: the strongly connected components of the import graph.

Source: R. Tarjan, "Depth-first search and linear graph algorithms" (1972), as in SciPy's
``connected_components``: linear in modules and edges.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from analysis import tables
from analysis.graph.cuts import Cut, find_cut
from analysis.graph.loops import find_loop
from analysis.graph.resolve import ImportGraph

#: The last scope that takes part in the graph of each kind.
_DEPTH = {"import-time": 0, "deferred": 1, "typing": 2}
_DEPTH_OF_SCOPE = {"module": 0, "class": 0, "function": 1, "type_checking": 2}


@dataclass(frozen=True, slots=True, order=True)
class Hop:
    """One import on a way through the graph, with the statement that makes it."""

    importer: str
    imported: str
    path: str
    line: int
    name: str
    scope: str

    def __str__(self) -> str:
        return f"{self.importer} {self.path}:{self.line} {self.imported}"


@dataclass(frozen=True, slots=True, order=True)
class Cycle:
    """One component with more than one module; the fields are the columns of ``tables.CYCLES``.

    ``loop`` is a short loop through it, ``cut`` the pairs of importer and imported whose imports are the
    cheapest to remove.
    """

    cycle: str
    kind: str
    with_ancestors: bool
    size: int
    edge_count: int
    modules: tuple[str, ...]
    loop: tuple[Hop, ...]
    is_loop_shortest: bool
    cut: tuple[tuple[str, str], ...]
    cut_cost: int
    cut_method: str


@dataclass(frozen=True, slots=True)
class _Links:
    """The edges as arrays: numbers of importer and imported, depth of the scope, and the row in the table."""

    names: tuple[str, ...]
    importers: np.ndarray
    importeds: np.ndarray
    depths: np.ndarray
    are_ancestors: np.ndarray


def find_cycles(graph: ImportGraph) -> list[Cycle]:
    """Return the cycles of every kind, without and with the edges to ancestor packages, sorted.

    A component is listed as ``deferred`` only when it is not one of the import-time graph already, and as
    ``typing`` only when it is not one of the deferred graph.
    """
    links = _read_links(graph)
    found: list[Cycle] = []
    for with_ancestors in (False, True):
        known: set[tuple[int, ...]] = set()
        for kind, depth in _DEPTH.items():
            taken = np.flatnonzero((links.depths <= depth) & (with_ancestors | ~links.are_ancestors))
            components = _find_components(links, taken)
            for members, rows in components:
                if members not in known:
                    found.append(_build_cycle(graph, links, members, rows, kind, with_ancestors=with_ancestors))
            known |= {members for members, _ in components}
    order = {kind: number for number, kind in enumerate(_DEPTH)}
    return sorted(found, key=lambda cycle: (cycle.with_ancestors, order[cycle.kind], -cycle.size, cycle.modules))


def find_component_sizes(graph: ImportGraph, kind: str, *, with_ancestors: bool) -> list[int]:
    """Return the sizes of all components with more than one module in the graph of a kind, largest first."""
    links = _read_links(graph)
    taken = np.flatnonzero((links.depths <= _DEPTH[kind]) & (with_ancestors | ~links.are_ancestors))
    return sorted((len(members) for members, _ in _find_components(links, taken)), reverse=True)


def _read_links(graph: ImportGraph) -> _Links:
    names = tuple(sorted({*graph.modules, *tables.read_column(graph.edges, "importer")}))
    number = {name: index for index, name in enumerate(names)}
    edges = graph.edges
    importers = np.array([number[name] for name in tables.read_column(edges, "importer")], dtype=np.int64)
    importeds = np.array([number[name] for name in tables.read_column(edges, "imported")], dtype=np.int64)
    depths = np.array([_DEPTH_OF_SCOPE[scope] for scope in tables.read_column(edges, "scope")], dtype=np.int8)
    ancestors = np.array(edges.column("is_ancestor").to_pylist(), dtype=bool)
    return _Links(names, importers, importeds, depths, ancestors)


def _find_components(links: _Links, taken: np.ndarray) -> list[tuple[tuple[int, ...], np.ndarray]]:
    """Return per component its members (sorted numbers) and the rows of the edges inside it."""
    size = len(links.names)
    if not len(taken):
        return []
    importers, importeds = links.importers[taken], links.importeds[taken]
    matrix = coo_matrix((np.ones(len(taken), dtype=np.int8), (importers, importeds)), shape=(size, size)).tocsr()
    _, labels = connected_components(matrix, directed=True, connection="strong")
    inside = labels[importers] == labels[importeds]
    rows, owners = taken[inside], labels[importers[inside]]
    order = np.argsort(owners, kind="stable")
    rows, owners = rows[order], owners[order]
    if not len(rows):
        return []
    borders = np.flatnonzero(np.diff(owners)) + 1
    members: dict[int, list[int]] = defaultdict(list)
    wanted = set(np.unique(owners).tolist())
    for module in np.flatnonzero(np.isin(labels, owners)).tolist():
        members[int(labels[module])].append(module)
    groups = np.split(rows, borders)
    labelled = [int(owners[0]), *(int(owners[border]) for border in borders)]
    return [
        (tuple(members[label]), group)
        for label, group in zip(labelled, groups, strict=True)
        if label in wanted and len(members[label]) > 1
    ]


def _build_cycle(
    graph: ImportGraph, links: _Links, members: tuple[int, ...], rows: np.ndarray, kind: str, *, with_ancestors: bool
) -> Cycle:
    names = tuple(links.names[number] for number in members)
    hops = list(_read_hops(graph.edges.take(pa.array(rows))))
    best: dict[tuple[str, str], Hop] = {}
    for hop in hops:
        pair = (hop.importer, hop.imported)
        if pair not in best or _rank(hop) < _rank(best[pair]):
            best[pair] = hop
    loop, is_shortest = find_loop(best)
    cut: Cut = find_cut(_find_costs(hops))
    digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
    suffix = "+ancestors" if with_ancestors else ""
    return Cycle(
        f"{kind}{suffix}:{names[0]}:{digest}", kind, with_ancestors, len(names), len(best), names,
        tuple(best[pair] for pair in loop), is_shortest, cut.pairs, cut.cost, cut.method,
    )  # fmt: skip


def _rank(hop: Hop) -> tuple[int, str, int, str]:
    return (_DEPTH_OF_SCOPE[hop.scope], hop.path, hop.line, hop.name)


def _read_hops(edges: pa.Table) -> Iterator[Hop]:
    columns = (tables.read_column(edges, name) for name in ("importer", "imported", "path", "line", "name", "scope"))
    return map(Hop, *columns)


#: What it costs to do without one statement, and without each further name that it takes.
_COST_OF_SCOPE = {"module": 4, "class": 4, "function": 2, "type_checking": 1}
_COST_OF_STAR = 8


def _find_costs(hops: Iterable[Hop]) -> dict[tuple[str, str], int]:
    """Return what each pair costs to cut: the sum over its statements.

    A statement costs 4 (deferred 2, typing 1), 1 more per further name, 8 more for a star.
    """
    statements: dict[tuple[str, str], dict[tuple[str, int], list[Hop]]] = defaultdict(lambda: defaultdict(list))
    for hop in hops:
        statements[hop.importer, hop.imported][hop.path, hop.line].append(hop)
    return {pair: sum(map(_find_cost, lines.values())) for pair, lines in sorted(statements.items())}


def _find_cost(names: Sequence[Hop]) -> int:
    stars = sum(hop.name == "*" for hop in names)
    return _COST_OF_SCOPE[names[0].scope] + len(names) - 1 + stars * _COST_OF_STAR


def build_cycles_table(cycles: Iterable[Cycle]) -> pa.Table:
    """Return the cycles as the Arrow table ``cycles``."""
    return tables.CYCLES.from_rows(
        (
            cycle.cycle, cycle.kind, cycle.with_ancestors, cycle.size, cycle.edge_count, list(cycle.modules),
            [str(hop) for hop in cycle.loop], cycle.is_loop_shortest,
            [f"{importer} -> {imported}" for importer, imported in cycle.cut], cycle.cut_cost, cycle.cut_method,
        )
        for cycle in cycles
    )  # fmt: skip
