"""A short loop through a component.

The shortest loop of a directed graph takes one breadth-first search per module: quadratic. Loops of two and three
modules, by far the most common, are found without a search; longer ones by searches that stop after a fixed amount of
work, and then the answer says that it may not be the shortest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

Name = TypeVar("Name", str, int)
#: Work per edge of a component, in edges looked at; small components are always searched from every module.
_STEPS_PER_EDGE = 50
_FREE_STEPS = 200_000


def find_loop(
    pairs: Collection[tuple[Name, Name]], preferred: Collection[tuple[Name, Name]] = ()
) -> tuple[list[tuple[Name, Name]], bool]:
    """Return the pairs of a short loop, in order, and whether no shorter one exists.

    ``pairs`` are the importer and imported of the edges of one component. Where there are ``preferred`` pairs the loop
    has one of them, so that it may be longer than another. Of loops of two modules the first by name is taken. The
    loop begins with its first module.

    >>> find_loop([("a", "b"), ("b", "c"), ("c", "a"), ("c", "b")])
    ([('b', 'c'), ('c', 'b')], True)
    """
    known, wanted = set(pairs), set(preferred)
    twos = [pair for pair in known if pair[0] < pair[1] and (pair[1], pair[0]) in known]
    shown = [pair for pair in twos if not wanted or {pair, pair[::-1]} & wanted]
    if shown:
        first, second = min(shown)
        return [(first, second), (second, first)], True
    search: _Search[Name] = _Search(known)
    ring = search.find_through(wanted) if wanted and wanted != known else []
    if ring:
        return _close(ring), not twos and len(ring) == 3
    if twos:
        first, second = min(twos)
        return [(first, second), (second, first)], True
    return _close(search.find_three() or search.find_longer()), search.is_complete


def _close(ring: list[Name]) -> list[tuple[Name, Name]]:
    """Return the pairs of a loop from its modules, beginning with the first by name."""
    smallest = ring.index(min(ring))
    ring = ring[smallest:] + ring[:smallest]
    return list(zip(ring, ring[1:] + ring[:1], strict=True))


class _Search(Generic[Name]):
    """Searches a component without loops of two; ``is_complete`` tells whether no shorter loop can have been missed."""

    def __init__(self, pairs: Collection[tuple[Name, Name]]) -> None:
        self._out: dict[Name, set[Name]] = {}
        self._in: dict[Name, set[Name]] = {}
        for importer, imported in pairs:
            self._out.setdefault(importer, set()).add(imported)
            self._in.setdefault(imported, set()).add(importer)
        self._steps_left = max(_FREE_STEPS, _STEPS_PER_EDGE * len(pairs))
        self.is_complete = True

    def find_three(self) -> list[Name]:
        """Return the first loop of three modules by name, or nothing."""
        for first in sorted(self._out):
            for second in sorted(self._out[first]):
                thirds = self._out[second] & self._in[first]
                if thirds:
                    return [first, second, min(thirds)]
                self._steps_left -= min(len(self._out[second]), len(self._in[first]))
            if self._steps_left < 0:
                self.is_complete = False
                break
        return []

    def find_through(self, wanted: Collection[tuple[Name, Name]]) -> list[Name]:
        """Return a short loop through one of some pairs: the shortest through the first few that the work allows."""
        best: list[Name] = []
        for importer, imported in sorted(wanted):
            if best and (len(best) == 3 or self._steps_left < 0):
                break
            found = self._find_way(imported, importer, len(best) or len(self._out) + 1)
            best = found or best
        return best

    def find_longer(self) -> list[Name]:
        """Return the shortest loop found within the work allowed; the first search is always finished."""
        best: list[Name] = []
        for start in sorted(self._out, key=lambda name: (len(self._out[name]), name)):
            if best and (self._steps_left < 0 or (self.is_complete and len(best) == 4)):
                break
            found = self._find_way_back(start, len(best) or len(self._out) + 1)
            best = found or best
        else:
            return best
        self.is_complete = self.is_complete and len(best) == 4
        return best

    def _find_way_back(self, start: Name, limit: int) -> list[Name]:
        """Return the modules of a shortest loop through ``start`` that is shorter than ``limit``, or nothing."""
        return self._find_way(start, start, limit)

    def _find_way(self, start: Name, end: Name, limit: int) -> list[Name]:
        """Return the modules of a shortest way from ``start`` to ``end``, fewer than ``limit``, or nothing.

        Of a loop, whose start is its end, that one is named once.
        """
        previous: dict[Name, Name] = {}
        layer = [start]
        for _ in range(1, limit):
            following: list[Name] = []
            for name in layer:
                others = self._out[name]
                self._steps_left -= len(others)
                if end in others:
                    return _trace(previous, start, name) + ([end] if end != start else [])
                for other in sorted(other for other in others if other not in previous):
                    previous[other] = name
                    following.append(other)
            layer = following
        return []


def _trace(previous: Mapping[Name, Name], start: Name, last: Name) -> list[Name]:
    way = [last]
    while way[-1] != start:
        way.append(previous[way[-1]])
    return way[::-1]
