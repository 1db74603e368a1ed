"""Why one module depends on another: the shortest import chains."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from analysis.errors import UnknownNameError
from analysis.graph.cycles import Hop, _rank, _read_hops
from analysis.graph.resolve import ImportGraph


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """One way from an importer to an imported module, hop by hop."""

    hops: tuple[Hop, ...]


def find_chains(graph: ImportGraph, importer: str, imported: str, limit: int = 5) -> list[Chain]:
    """Return up to ``limit`` shortest chains, sorted by the names of the modules on the way.

    All scopes count, and each hop names the least deferred statement; edges to ancestor packages only where
    there is no other way. Empty when there is none. Raises ``UnknownNameError`` with the nearest names.
    """
    for name in (importer, imported):
        _check(graph, name)
    for with_ancestors in (False, True):
        best = _find_best_hops(graph, with_ancestors=with_ancestors)
        following: dict[str, list[str]] = {}
        for first, second in sorted(best):
            following.setdefault(first, []).append(second)
        depth = _measure_depth(following, imported, importer)
        if importer in depth and importer != imported:
            ways = _walk(following, depth, importer, imported)
            found = [way for way, _ in zip(ways, range(limit), strict=False)]
            return [Chain(tuple(best[pair] for pair in pairwise(way))) for way in found]
    return []


def _check(graph: ImportGraph, name: str) -> None:
    if name not in set(graph.modules):
        near = get_close_matches(name, graph.modules, n=3, cutoff=0.6)
        last = name.rpartition(".")[2]
        near = near or [module for module in graph.modules if module.rpartition(".")[2] == last][:3]
        remedy = f"Did you mean {', '.join(near)}?" if near else "Names are as in import statements: pkg.module"
        raise UnknownNameError(f"no module {name} in the target", remedy=remedy)


def _find_best_hops(graph: ImportGraph, *, with_ancestors: bool) -> dict[tuple[str, str], Hop]:
    best: dict[tuple[str, str], Hop] = {}
    ancestors = graph.edges.column("is_ancestor").to_pylist()
    for hop, is_ancestor in zip(_read_hops(graph.edges), ancestors, strict=True):
        pair = (hop.importer, hop.imported)
        if (with_ancestors or not is_ancestor) and (pair not in best or _rank(hop) < _rank(best[pair])):
            best[pair] = hop
    return best


def _measure_depth(following: Mapping[str, list[str]], goal: str, start: str) -> dict[str, int]:
    """Return the number of hops to ``goal`` for the modules that are not farther from it than ``start``."""
    importers: dict[str, list[str]] = {}
    for first, seconds in following.items():
        for second in seconds:
            importers.setdefault(second, []).append(first)
    depth = {goal: 0}
    queue = deque([goal])
    while queue and start not in depth:
        module = queue.popleft()
        for first in importers.get(module, ()):
            if first not in depth:
                depth[first] = depth[module] + 1
                queue.append(first)
    return depth


def _walk(following: Mapping[str, list[str]], depth: Mapping[str, int], start: str, goal: str) -> Iterator[list[str]]:
    """Yield the shortest ways in the order of the names; every step comes one hop nearer."""
    stack = [[start]]
    while stack:
        way = stack.pop()
        if way[-1] == goal:
            yield way
            continue
        nearer = [name for name in following.get(way[-1], ()) if depth.get(name, -1) == depth[way[-1]] - 1]
        stack.extend([*way, name] for name in reversed(nearer))
