"""Where the nodes of a network stand: laid out beforehand, so that pictures open at once and never differ."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Collection, Iterator, Sequence

import igraph

#: A ring shows a loop best; beyond this size its edges cross too often.
LARGEST_RING = 14
WIDTH = 1600.0
HEIGHT = 900.0


def lay_out(nodes: Sequence[str], pairs: Collection[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return the position of each node in a field of 1600 × 900.

    Small networks are rings in the order of ``nodes``; larger ones follow T. Fruchterman and E. Reingold,
    "Graph drawing by force-directed placement" (1991), started from a ring, the same every time.
    """
    if len(nodes) <= LARGEST_RING:
        return _scale(nodes, _find_ring(len(nodes)), ratio=1.0)
    number = {name: index for index, name in enumerate(nodes)}
    links = sorted({(number[a], number[b]) for a, b in pairs if a != b})
    graph = igraph.Graph(n=len(nodes), edges=links)
    with _without_chance():
        placed = graph.layout_fruchterman_reingold(niter=400, seed=_find_ring(len(nodes)), grid=False)
    return _scale(nodes, [(float(x), float(y)) for x, y in placed], ratio=WIDTH / HEIGHT)


@contextlib.contextmanager
def _without_chance() -> Iterator[None]:
    """Let igraph draw the same random numbers every time, without touching those of the caller."""
    igraph.set_random_number_generator(random.Random(0))  # noqa: S311 - nothing secret depends on it
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)


def _find_ring(count: int) -> list[tuple[float, float]]:
    angles = [2 * math.pi * index / max(count, 1) - math.pi / 2 for index in range(count)]
    return [(math.cos(angle) * 10, math.sin(angle) * 10) for angle in angles]


def _scale(nodes: Sequence[str], points: Sequence[tuple[float, float]], *, ratio: float) -> dict[str, tuple[int, int]]:
    """Spread the middle 96 % of the points over the field; outliers are drawn in to its border."""
    height = HEIGHT if len(nodes) > LARGEST_RING else 160.0 + 45.0 * len(nodes)
    columns = [_spread([point[axis] for point in points]) for axis in (0, 1)]
    return {
        name: (round(x * height * ratio), round(y * height))
        for name, x, y in zip(nodes, columns[0], columns[1], strict=True)
    }


def _spread(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    low = ordered[int(len(ordered) * 0.02)] if ordered else 0.0
    high = ordered[-1 - int(len(ordered) * 0.02)] if ordered else 0.0
    width = (high - low) or 1.0
    return [min(max((value - low) / width, -0.04), 1.04) - 0.5 for value in values]
