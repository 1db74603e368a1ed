"""A short loop through a component.

The shortest loop of a directed graph takes one breadth-first search per module: quadratic. Loops of two and
three modules, by far the most common, are found in one pass; longer ones by searches from a limited number of
modules, and then the answer says that it may not be the shortest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

Pair = tuple[str, str]
#: Modules tried as the start of a breadth-first search; in smaller components every module is tried.
MOST_STARTS = 60


def find_loop(pairs: Collection[Pair]) -> tuple[list[Pair], bool]:
    """Return the pairs of a short loop, in order, and whether no shorter one exists.

    ``pairs`` are the importer and imported of the edges of one component. Deterministic: of equally short
    loops the first by name.

    >>> find_loop([("a", "b"), ("b", "c"), ("c", "a"), ("c", "b")])
    ([('b', 'c'), ('c', 'b')], True)
    """
    known = set(pairs)
    twos = [pair for pair in known if pair[0] < pair[1] and (pair[1], pair[0]) in known]
    if twos:
        first, second = min(twos)
        return [(first, second), (second, first)], True
    following: dict[str, list[str]] = {}
    for importer, imported in sorted(known):
        following.setdefault(importer, []).append(imported)
    starts = sorted(following, key=lambda module: (len(following[module]), module))[:MOST_STARTS]
    best: list[str] = []
    for start in starts:
        found = _find_way_back(start, following, len(best) or len(following) + 1)
        if found and (not best or len(found) < len(best)):
            best = found
            if len(best) == 3:
                break
    smallest = best.index(min(best))
    ring = best[smallest:] + best[:smallest]
    is_shortest = len(best) == 3 or len(starts) == len(following)
    return list(zip(ring, ring[1:] + ring[:1], strict=True)), is_shortest


def _find_way_back(start: str, following: Mapping[str, list[str]], limit: int) -> list[str]:
    """Return the modules of a shortest loop through ``start`` that is shorter than ``limit``, or nothing."""
    previous: dict[str, str] = {start: ""}
    depth = {start: 1}
    queue = deque([start])
    while queue:
        module = queue.popleft()
        if depth[module] >= limit:
            return []
        for imported in following.get(module, ()):
            if imported == start:
                ring = [module]
                while ring[-1] != start:
                    ring.append(previous[ring[-1]])
                return ring[::-1]
            if imported not in previous:
                previous[imported] = module
                depth[imported] = depth[module] + 1
                queue.append(imported)
    return []
