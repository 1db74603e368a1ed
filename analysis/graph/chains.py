"""Why one module depends on another: the shortest import chains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice, pairwise

from analysis.errors import explain_unknown_module
from analysis.graph.edge_arrays import EdgeArrays, Pairs
from analysis.graph.import_graph import ImportGraph
from analysis.graph.import_steps import ImportStep, ImportStepReader

Following = Mapping[int, list[int]]


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """One way from an importer to an imported module, step by step."""

    steps: tuple[ImportStep, ...]


def find_chains(graph: ImportGraph, importer: str, imported: str, limit: int = 5) -> list[Chain]:
    """Return up to ``limit`` shortest chains, sorted by the names of the modules on the way.

    All scopes count, and each step names the least deferred statement; edges to ancestor packages only where
    there is no other way. From a module to itself the chains are the shortest loops through it. Empty when there is
    no way. Raises ``UnknownNameError`` with the nearest names.
    """
    known = frozenset(graph.modules)
    for name in (importer, imported):
        if name not in known:
            raise explain_unknown_module(name, graph.modules)
    arrays = EdgeArrays(graph)
    start, goal = arrays.names.index(importer), arrays.names.index(imported)
    for with_ancestors in (False, True):
        pairs = arrays.find_pairs("typing", with_ancestors=with_ancestors)
        rows = dict(zip(zip(pairs.importers.tolist(), pairs.importeds.tolist(), strict=True), pairs.rows, strict=True))
        ways = islice(_find_ways(pairs, start, goal), limit)
        steps = ImportStepReader(graph.edges)
        chains = [Chain(tuple(steps.read(int(rows[pair])) for pair in pairwise(way))) for way in ways]
        if chains:
            return chains
    return []


def _find_ways(pairs: Pairs, start: int, goal: int) -> Iterator[list[int]]:
    """Yield the shortest ways in the order of the names; every step comes one step nearer."""
    following: dict[int, list[int]] = {}
    importers: dict[int, list[int]] = {}
    for first, second in zip(pairs.importers.tolist(), pairs.importeds.tolist(), strict=True):
        following.setdefault(first, []).append(second)
        importers.setdefault(second, []).append(first)
    depth = _measure_depth(importers, goal, start)
    nearest = [depth[second] for second in following.get(start, ()) if second in depth]
    if not nearest:
        return
    stack = [[start]]
    while stack:
        way = stack.pop()
        left = min(nearest) + 1 - len(way)
        if left < 0:
            yield way
            continue
        nearer = [second for second in following.get(way[-1], ()) if depth.get(second, -1) == left]
        stack.extend([*way, second] for second in reversed(nearer))


def _measure_depth(importers: Following, goal: int, start: int) -> dict[int, int]:
    """Return the number of steps to ``goal`` for the modules that are nearer to it than ``start``."""
    depth = {goal: 0}
    layer = [goal]
    for steps in count(1):
        above = {first for second in layer for first in importers.get(second, ())}
        if start in above or not above:
            break
        layer = [first for first in above if first not in depth]
        depth.update(dict.fromkeys(layer, steps))
    return depth
