"""The import edges as arrays: per pair of importer and imported its best statement, and what it costs to cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.graph.components import find_strong_components
from analysis.graph.import_graph import ImportGraph

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
#: Kinds of cycles from the strictest; a scope has the depth of the first kind in whose cycles it takes part.
DEPTH_OF_KIND = {kind: depth for depth, kind in enumerate(tables.CYCLE_KINDS)}
DEPTH_OF_SCOPE = {
    scope: DEPTH_OF_KIND[kind] for kind in reversed(tables.CYCLE_KINDS) for scope in tables.CYCLE_SCOPES[kind]
}
#: What it costs to do without one statement, and without each further name that it takes.
COST_OF_SCOPE = {"module": 4, "class": 4, "function": 2, "type_checking": 1}
COST_OF_STAR = 8
_COST_OF_DEPTH = np.array(
    [
        max(cost for scope, cost in COST_OF_SCOPE.items() if DEPTH_OF_SCOPE[scope] == depth)
        for depth in DEPTH_OF_KIND.values()
    ]
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one graph, sorted: numbers of importer and imported, cost of the cut, best statement and its depth.

    ``rows`` are rows of the table of edges: the least deferred statement of each pair, then the first one.
    """

    importers: Numbers
    importeds: Numbers
    costs: Numbers
    rows: Numbers
    depths: Numbers

    def take(self, chosen: Numbers) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.importers[chosen], self.importeds[chosen], self.costs[chosen], self.rows[chosen], self.depths[chosen]
        )

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Component:
    """A strongly connected component: the sorted numbers of its modules, and the pairs inside it."""

    members: tuple[int, ...]
    pairs: Pairs


class EdgeArrays:
    """The edges of a graph, ready to be narrowed down to a kind of cycle. ``names`` are the modules by number."""

    def __init__(self, graph: ImportGraph) -> None:
        edges = graph.edges.combine_chunks()
        ends = [pc.unique(edges.column(name)).to_pylist() for name in ("importer", "imported")]
        self.names: Sequence[str] = sorted({*graph.modules, *ends[0], *ends[1]})
        known = pa.array(self.names, type=pa.string())
        self._importers, self._importeds = (
            pc.index_in(edges.column(name), value_set=known).to_numpy().astype(np.int64)
            for name in ("importer", "imported")
        )
        self._depths = np.array([DEPTH_OF_SCOPE[scope] for scope in tables.read_column(edges, "scope")], dtype=np.int64)
        self._are_ancestors = edges.column("is_ancestor").to_numpy().astype(bool)
        self._are_stars = pc.equal(edges.column("name"), "*").to_numpy().astype(bool)
        self._lines = edges.column("line").to_numpy().astype(np.int64)
        self._keys = self._importers * len(self.names) + self._importeds
        self._by_line = np.lexsort((self._depths, self._lines, self._keys))
        self._by_depth = np.lexsort((self._lines, self._are_ancestors, self._depths, self._keys))

    def find_pairs(self, kind: str, *, with_ancestors: bool) -> Pairs:
        """Return the pairs of the graph of one kind; with its edges to ancestor packages where asked."""
        taken = (self._depths <= DEPTH_OF_KIND[kind]) & (with_ancestors | ~self._are_ancestors)
        rows = self._by_depth[taken[self._by_depth]]
        rows = rows[_find_starts(self._keys[rows])]
        costs = self._sum_costs(taken)
        return Pairs(self._importers[rows], self._importeds[rows], costs, rows, self._depths[rows])

    def _sum_costs(self, taken: np.ndarray) -> Numbers:
        """Return the cost of each pair: the sum over its statements of scope, further names and stars."""
        rows = self._by_line[taken[self._by_line]]
        if not len(rows):
            return np.zeros(0, dtype=np.int64)
        keys, lines = self._keys[rows], self._lines[rows]
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = (keys[1:] != keys[:-1]) | (lines[1:] != lines[:-1])
        costs = np.where(is_first, _COST_OF_DEPTH[self._depths[rows]], 1) + COST_OF_STAR * self._are_stars[rows]
        return np.add.reduceat(costs, np.flatnonzero(_find_starts(keys)))


def _find_starts(keys: np.ndarray) -> np.ndarray:
    """Return where a new key begins in sorted keys."""
    starts = np.ones(len(keys), dtype=bool)
    starts[1:] = keys[1:] != keys[:-1]
    return starts


def find_components(pairs: Pairs) -> Iterator[Component]:
    """Yield the components of the graph of some pairs, in the order of their first modules."""
    core = pairs.take(_find_core(pairs))
    if not len(core):
        return
    borders = np.flatnonzero(_find_starts(core.importers))
    importeds = core.importeds.tolist()
    stops = [*borders[1:].tolist(), len(importeds)]
    following = {
        importer: importeds[start:stop]
        for importer, start, stop in zip(core.importers[borders].tolist(), borders.tolist(), stops, strict=True)
    }
    members = sorted(find_strong_components(following))
    # The rounds of `_find_core` may leave modules that are only imported: they own a place too.
    owner = np.full(int(max(core.importers.max(), core.importeds.max())) + 1, -1, dtype=np.int64)
    for number, component in enumerate(members):
        owner[component] = number
    inside = np.flatnonzero((owner[core.importers] >= 0) & (owner[core.importers] == owner[core.importeds]))
    inside = inside[np.argsort(owner[core.importers[inside]], kind="stable")]
    parts = np.split(inside, np.flatnonzero(np.diff(owner[core.importers[inside]])) + 1)
    for component, part in zip(members, parts, strict=False):
        yield Component(tuple(component), core.take(part))


def _find_core(pairs: Pairs) -> Numbers:
    """Return the pairs that are left when modules that import nothing, or nobody imports, are taken away repeatedly.

    Most modules lie on no cycle. A fixed number of rounds is enough to be rid of nearly all of them.
    """
    left = np.flatnonzero(pairs.importers != pairs.importeds)
    for _ in range(30):
        importers, importeds = pairs.importers[left], pairs.importeds[left]
        size = int(max(importers.max(initial=0), importeds.max(initial=0))) + 1
        is_on_way = np.zeros(size, dtype=bool)
        is_on_way[importers] = True
        has_importer = np.zeros(size, dtype=bool)
        has_importer[importeds] = True
        is_on_way &= has_importer
        kept = left[is_on_way[importers] & is_on_way[importeds]]
        if len(kept) == len(left):
            break
        left = kept
    return left
