"""The cheapest set of imports whose removal leaves a component without cycles: a minimum feedback arc set.

Exact by integer programming (igraph, method ``ip``) for small components. Larger ones are ordered by the
heuristic of P. Eades, X. Lin and W. Smyth, "A fast and effective heuristic for the feedback arc set problem"
(1993), linear in the edges, and the cut is then thinned: what need not be cut is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import igraph

Pair = tuple[str, str]
LARGEST_EXACT_MODULES = 24
LARGEST_EXACT_EDGES = 90
#: Thinning tries every cut edge with one search each.
_MOST_THINNING_STEPS = 400_000


@dataclass(frozen=True, slots=True)
class Cut:
    """Pairs of importer and imported to remove, their cost, and whether a cheaper set can exist."""

    pairs: tuple[Pair, ...]
    cost: int
    method: str


def find_cut(costs: Mapping[Pair, int]) -> Cut:
    """Return the cheapest cut of a component; ``costs`` gives every edge inside it.

    >>> find_cut({("a", "b"): 4, ("b", "a"): 1})
    Cut(pairs=(('b', 'a'),), cost=1, method='exact')
    """
    names = sorted({name for pair in costs for name in pair})
    number = {name: index for index, name in enumerate(names)}
    pairs = sorted(costs)
    graph = igraph.Graph(
        n=len(names), edges=[(number[importer], number[imported]) for importer, imported in pairs], directed=True
    )
    weights = [costs[pair] for pair in pairs]
    is_small = len(names) <= LARGEST_EXACT_MODULES and len(pairs) <= LARGEST_EXACT_EDGES
    chosen = graph.feedback_arc_set(weights, "ip" if is_small else "eades")
    cut = [pairs[index] for index in chosen]
    if not is_small:
        cut = _thin(costs, cut)
    return Cut(tuple(sorted(cut)), sum(costs[pair] for pair in cut), "exact" if is_small else "heuristic")


def _thin(costs: Mapping[Pair, int], cut: list[Pair]) -> list[Pair]:
    """Take back, the dearest first, every edge of the cut that closes no cycle with what is kept."""
    if len(cut) * len(costs) > _MOST_THINNING_STEPS:
        return cut
    following: dict[str, set[str]] = {}
    for importer, imported in costs.keys() - set(cut):
        following.setdefault(importer, set()).add(imported)
    needed: list[Pair] = []
    for importer, imported in sorted(cut, key=lambda pair: (-costs[pair], pair)):
        if _reaches(following, imported, importer):
            needed.append((importer, imported))
        else:
            following.setdefault(importer, set()).add(imported)
    return needed


def _reaches(following: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        module = stack.pop()
        if module == goal:
            return True
        for imported in following.get(module, ()):
            if imported not in seen:
                seen.add(imported)
                stack.append(imported)
    return False
