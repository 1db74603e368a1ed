"""Packing of cycles: how much every cut must cost at least, and a cut that costs little more.

The local ratio method of C. Demetrescu and I. Finocchi, "Combinatorial algorithms for feedback problems in directed
graphs" (2003): take a cycle, lower the costs of its edges by the least of them, drop the edges that reach zero, and go
on until none is left. What was taken off in all is a lower bound for every cut; the dropped edges are a cut. Short
cycles come first, which makes the two meet for nearly every import graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType

from analysis.graph.components import find_strong_components

Node = int
Edge = tuple[Node, Node]
Costs = Mapping[Edge, int]
#: Stands for the cost of an edge that must be kept.
FOREVER = 1 << 40
#: Longer cycles are looked for from one module after the other, not from every edge.
_LONGEST_SHORT_CYCLE = 6
Steps = NewType("Steps", int)


@dataclass(slots=True)
class Packing:
    """What was found: edges that cut every cycle, a lower bound for all cuts, and the cycles that prove it.

    ``is_complete`` is false when the steps ran out; then ``rest`` holds the edges among which cycles are left.
    """

    cut: list[Edge] = field(default_factory=list)
    bound: int = 0
    cycles: list[tuple[Node, ...]] = field(default_factory=list)
    rest: list[Edge] = field(default_factory=list)
    steps: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the cut leaves no cycle."""
        return not self.rest


def pack_cycles(costs: Costs, most_steps: int, *, backwards: bool = False) -> Packing:
    """Pack the cycles of a graph that is given by the costs of its edges.

    ``most_steps`` bounds the work, in modules looked at; the result is the same on every machine. ``backwards`` takes
    the modules in the opposite order, which may give another packing.
    """
    search = _Search(costs, most_steps, -1 if backwards else 1)
    search.run()
    return search.packing


class _Search:
    def __init__(self, costs: Costs, most_steps: int, direction: int) -> None:
        self._left = dict(costs)
        self._out: dict[Node, set[Node]] = {}
        self._in: dict[Node, set[Node]] = {}
        for importer, imported in costs:
            self._out.setdefault(importer, set()).add(imported)
            self._in.setdefault(imported, set()).add(importer)
        self._most = most_steps
        self._direction = direction
        self.packing = Packing()

    def run(self) -> None:
        length = 2
        while self._keep_components():
            if self.packing.steps > self._most:
                self.packing.rest = self._edges()
                return
            if length <= _LONGEST_SHORT_CYCLE:
                for importer, imported in self._edges():
                    self._pack_edge(importer, imported, length)
                length += 1
            else:
                for node in sorted(self._out)[:: self._direction]:
                    self._pack_through(node)

    def _edges(self) -> list[Edge]:
        order = self._direction
        return [
            (importer, imported)
            for importer in sorted(self._out)[::order]
            for imported in sorted(self._out[importer])[::order]
        ]

    def _keep_components(self) -> bool:
        """Forget the edges that lie on no cycle any more; return whether any is left."""
        component = {
            node: number for number, members in enumerate(find_strong_components(self._out)) for node in members
        }
        kept = {
            node: {other for other in others if component.get(other) == component[node]}
            for node, others in self._out.items()
            if node in component
        }
        self._out = {node: others for node, others in kept.items() if others}
        self._in = {}
        for node, others in self._out.items():
            for other in others:
                self._in.setdefault(other, set()).add(node)
        self.packing.steps += len(self._left)
        return bool(self._out)

    def _pack_edge(self, importer: Node, imported: Node, length: int) -> None:
        """Pack the cycles of a length through an edge until it is dropped or there is no such cycle."""
        while imported in self._out[importer] and self.packing.steps <= self._most:
            cycle = self._find_cycle(importer, imported, length)
            if not cycle:
                return
            self._take(cycle)

    def _find_cycle(self, importer: Node, imported: Node, length: int) -> tuple[Node, ...]:
        """Return the modules of a cycle of exactly this length through an edge; there are no shorter ones."""
        layers: list[set[Node]] = [{imported}]
        for _ in range(length - 2):
            layer = set().union(*map(self._out.__getitem__, layers[-1]))
            self.packing.steps += len(layer) + 1
            layers.append(layer)
        goal = importer
        way: list[Node] = []
        for layer in reversed(layers):
            found = layer & self._in[goal]
            self.packing.steps += 1
            if not found:
                return ()
            goal = min(found) if self._direction > 0 else max(found)
            way.append(goal)
        return (importer, *reversed(way))

    def _pack_through(self, start: Node) -> None:
        """Pack shortest cycles through a module until there is none."""
        while self.packing.steps <= self._most:
            cycle = self._find_way_back(start)
            if not cycle:
                return
            self._take(cycle)

    def _find_way_back(self, start: Node) -> tuple[Node, ...]:
        previous: dict[Node, Node] = {}
        queue = [start]
        for node in queue:
            others = self._out[node]
            self.packing.steps += len(others) + 1
            if start in others:
                way = [node]
                while way[-1] != start:
                    way.append(previous[way[-1]])
                return tuple(reversed(way))
            for other in sorted(others):
                if other not in previous:
                    previous[other] = node
                    queue.append(other)
        return ()

    def _take(self, cycle: Sequence[Node]) -> None:
        edges = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        least = min(self._left[edge] for edge in edges)
        self.packing.bound += least
        self.packing.cycles.append(tuple(cycle))
        for edge in edges:
            self._left[edge] -= least
            if not self._left[edge]:
                importer, imported = edge
                self._out[importer].discard(imported)
                self._in[imported].discard(importer)
                self.packing.cut.append(edge)
