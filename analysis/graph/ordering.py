"""An order of modules in which few and cheap imports point backwards.

Source: P. Eades, X. Lin and W. Smyth, "A fast and effective heuristic for the feedback arc set problem" (1993), with
costs: sinks go to the end, sources to the front, and where there are neither, the module whose imports cost most
compared with those of its importers. Near linear.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection

from analysis.graph.packing import Costs, Edge, Node


def find_backward_edges(costs: Costs, edges: Collection[Edge]) -> list[Edge]:
    """Return those of the edges that point backwards in the order: without them there is no cycle.

    >>> find_backward_edges({(1, 2): 4, (2, 3): 4, (3, 1): 1}, [(1, 2), (2, 3), (3, 1)])
    [(3, 1)]
    """
    place = {node: number for number, node in enumerate(_Ordering(costs, edges).run())}
    return [(importer, imported) for importer, imported in edges if place[importer] > place[imported]]


def order_nodes(costs: Costs) -> list[Node]:
    """Return the nodes in an order in which few and cheap edges point backwards.

    >>> order_nodes({(1, 2): 4, (2, 3): 4, (3, 1): 1})
    [1, 2, 3]
    """
    return _Ordering(costs, costs).run()


class _Ordering:
    """``balance`` is the cost of a module's imports less that of its importers', among the modules not yet placed."""

    def __init__(self, costs: Costs, edges: Collection[Edge]) -> None:
        self._links: dict[Node, list[tuple[Node, int, int]]] = {}
        self._balance: dict[Node, int] = {}
        self._count: dict[int, dict[Node, int]] = {1: {}, -1: {}}
        for edge in sorted(edges):
            for node, other, side in ((*edge, 1), (*edge[::-1], -1)):
                self._links.setdefault(node, []).append((other, side, costs[edge]))
                self._balance[node] = self._balance.get(node, 0) + side * costs[edge]
                self._count[side][node] = self._count[side].get(node, 0) + 1
        self._left = set(self._links)
        self._heap = [(-balance, node) for node, balance in self._balance.items()]
        heapq.heapify(self._heap)
        self._ends = {side: [node for node in self._links if node not in self._count[side]] for side in (1, -1)}

    def run(self) -> list[Node]:
        front: list[Node] = []
        back: list[Node] = []
        while self._left:
            if self._ends[1]:
                self._place(self._ends[1].pop(), back)
            elif self._ends[-1]:
                self._place(self._ends[-1].pop(), front)
            else:
                balance, node = heapq.heappop(self._heap)
                if -balance == self._balance[node]:
                    self._place(node, front)
        return [*front, *reversed(back)]

    def _place(self, node: Node, end: list[Node]) -> None:
        if node not in self._left:
            return
        self._left.discard(node)
        end.append(node)
        for other, side, cost in self._links[node]:
            if other in self._left:
                self._balance[other] += side * cost
                self._count[-side][other] -= 1
                if not self._count[-side][other]:
                    self._ends[-side].append(other)
                heapq.heappush(self._heap, (-self._balance[other], other))
