"""The cheapest set of imports whose removal leaves a component without cycles: a minimum feedback arc set.

A packing of cycles gives a cut and a lower bound for every cut (see ``packing``). Where the two are equal, the cut is
proven to be the cheapest, however large the component is. Where they differ, branch and bound goes on: one of the
edges of a cycle must be cut, so each in turn is. It stops after a fixed amount of work, not after a time, so that the
answer is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from analysis.graph.minimal_cut import make_minimal
from analysis.graph.ordering import find_backward_edges
from analysis.graph.packing import FOREVER, Costs, Edge, Packing, pack_cycles

Name = TypeVar("Name", str, int)
#: Work on one component, in modules looked at, before the search for cycles is cut short; and more per edge.
_FREE_STEPS = 1_000_000
_STEPS_PER_EDGE = 10
#: Components with more edges get one packing and no branch and bound.
LARGEST_BRANCHED_EDGES = 2_000
#: Work of branch and bound per edge of a component, and on one component.
_BRANCHING_STEPS_PER_EDGE = 2_500
_MOST_BRANCHING_STEPS = 300_000


@dataclass(frozen=True, slots=True)
class Cut(Generic[Name]):
    """Pairs of importer and imported to remove, and their cost; no cut can cost less than ``bound``.

    ``method`` is ``exact`` when the cost is proven to be the lowest, otherwise ``heuristic``.
    """

    pairs: tuple[tuple[Name, Name], ...]
    cost: int
    method: str
    bound: int


def find_cut(costs: Mapping[tuple[Name, Name], int]) -> Cut[Name]:
    """Return the cheapest cut of a component; ``costs`` gives every edge inside it, at least 1 each.

    >>> find_cut({("a", "b"): 4, ("b", "a"): 1})
    Cut(pairs=(('b', 'a'),), cost=1, method='exact', bound=1)
    """
    names = sorted({name for pair in costs for name in pair})
    numbers = {name: number for number, name in enumerate(names)}
    edges = {(numbers[importer], numbers[imported]): cost for (importer, imported), cost in sorted(costs.items())}
    search = _Branching(edges)
    search.run()
    pairs = tuple((names[importer], names[imported]) for importer, imported in sorted(search.best))
    method = "exact" if search.cost == search.bound else "heuristic"
    return Cut(pairs, search.cost, method, search.bound)


class _Branching:
    """``best`` is the cheapest cut so far, ``bound`` what no cut can be cheaper than."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._limit = _FREE_STEPS + _STEPS_PER_EDGE * len(costs)
        self._steps_left = min(_MOST_BRANCHING_STEPS, _BRANCHING_STEPS_PER_EDGE * len(costs))
        self.best: list[Edge] = sorted(costs)
        self.cost = sum(costs.values())
        self.bound = 0

    def run(self) -> None:
        packing, cut = self._pack(self._costs)
        self.bound = packing.bound
        if self.cost == self.bound or not packing.is_complete or len(self._costs) > LARGEST_BRANCHED_EDGES:
            return
        packing, cut = self._pack(self._costs, backwards=True)
        self.bound = max(self.bound, packing.bound)
        if self.cost > self.bound and self._branch(packing, cut, frozenset(), frozenset()):
            self.bound = self.cost

    def _pack(self, costs: Costs, *, removed: frozenset[Edge] = frozenset(), backwards: bool = False
              ) -> tuple[Packing, list[Edge]]:  # fmt: skip
        """Pack the cycles of what is left, keep the cut if it is the cheapest so far, and return both."""
        packing = pack_cycles(costs, self._limit, backwards=backwards)
        self._steps_left -= packing.steps
        cut = make_minimal(costs, [*packing.cut, *find_backward_edges(costs, packing.rest)], self._limit)
        whole = sorted([*cut, *removed])
        cost = sum(self._costs[edge] for edge in whole)
        if cost < self.cost and not any(costs[edge] >= FOREVER for edge in cut):
            self.cost, self.best = cost, whole
        return packing, cut

    def _branch(self, packing: Packing, cut: list[Edge], removed: frozenset[Edge], kept: frozenset[Edge]) -> bool:
        """Try every cut that has all of ``removed`` and none of ``kept``; return false when the work is used up."""
        lost = sum(self._costs[edge] for edge in removed)
        if lost + packing.bound >= self.cost:
            return True
        for edge in _choose_cycle(packing, cut):
            if edge in kept:
                continue
            if self._steps_left < 0:
                return False
            removed_too = removed | {edge}
            left = {
                other: FOREVER if other in kept else cost
                for other, cost in self._costs.items()
                if other not in removed_too
            }
            part, part_cut = self._pack(left, removed=removed_too)
            if not self._branch(part, part_cut, removed_too, kept):
                return False
            kept |= {edge}
        return True


def _choose_cycle(packing: Packing, cut: list[Edge]) -> list[Edge]:
    """Return the edges of the cycle that the cut hits most often: it is why cut and bound differ."""
    chosen = frozenset(cut)

    def rank(edges: list[Edge]) -> tuple[int, int]:
        return (-len(chosen.intersection(edges)), len(edges))

    cycles = [list(zip(cycle, (*cycle[1:], cycle[0]), strict=True)) for cycle in packing.cycles]
    return min(cycles, key=rank)
