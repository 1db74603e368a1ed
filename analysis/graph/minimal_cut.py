"""Take back from a cut what need not be cut.

Keeps an order of the modules in which every kept import points forwards, and mends it where an import is taken back:
D. Pearce and P. Kelly, "A dynamic topological sort algorithm for directed acyclic graphs" (2006).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from analysis.graph.packing import Costs, Edge, Node


def make_minimal(costs: Costs, cut: Collection[Edge], most_steps: int) -> list[Edge]:
    """Return the edges of a cut that are needed: each, put back alone, would close a cycle.

    The dearest are taken back first, of equally dear ones the last by name. ``cut`` must leave no cycle in the
    graph of ``costs``. When ``most_steps`` (edges looked at) are used up, the rest stays in the cut untried.
    """
    cut_edges = set(cut)
    order = _Order(costs, cut_edges)
    dearest_first = sorted(sorted(cut_edges, reverse=True), key=lambda edge: -costs[edge])
    return sorted(edge for edge in dearest_first if order.steps > most_steps or not order.add(*edge))


class _Order:
    """Modules in an order in which all kept edges point forwards."""

    def __init__(self, costs: Costs, cut: Collection[Edge]) -> None:
        self._out: dict[Node, list[Node]] = {}
        self._in: dict[Node, list[Node]] = {}
        for importer, imported in costs:
            self._out.setdefault(importer, [])
            self._in.setdefault(imported, [])
            self._out.setdefault(imported, [])
            self._in.setdefault(importer, [])
        for edge in costs:
            if edge not in cut:
                self._link(*edge)
        self._place = {node: place for place, node in enumerate(self._sort())}
        self.steps = 0

    def _link(self, importer: Node, imported: Node) -> None:
        self._out[importer].append(imported)
        self._in[imported].append(importer)

    def _sort(self) -> list[Node]:
        waiting = {node: len(others) for node, others in self._in.items()}
        order = sorted(node for node, count in waiting.items() if not count)
        for node in order:
            for other in self._out[node]:
                waiting[other] -= 1
                if not waiting[other]:
                    order.append(other)
        return order

    def add(self, importer: Node, imported: Node) -> bool:
        """Put an edge back unless it closes a cycle; return whether it was put back."""
        low, high = self._place[imported], self._place[importer]
        if low < high:
            after = self._reach(imported, self._out, range(low, high + 1), importer)
            if importer in after:
                return False
            before = self._reach(importer, self._in, range(low, high + 1))
            self._move(before, after)
        self._link(importer, imported)
        return True

    def _reach(self, start: Node, arrays: Mapping[Node, list[Node]], places: range, goal: Node = -1) -> set[Node]:
        """Return the modules that are reached without leaving a stretch of the order; stop at a goal."""
        place = self._place
        seen, stack = {start}, [start]
        while stack and goal not in seen:
            others = arrays[stack.pop()]
            self.steps += len(others) + 1
            new = [other for other in others if other not in seen and place[other] in places]
            seen.update(new)
            stack += new
        return seen

    def _move(self, before: Iterable[Node], after: Iterable[Node]) -> None:
        moved = [*sorted(before, key=self._place.__getitem__), *sorted(after, key=self._place.__getitem__)]
        places = sorted(self._place[node] for node in moved)
        self._place.update(zip(moved, places, strict=True))
