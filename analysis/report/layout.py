"""Where the nodes of a network stand: laid out beforehand, so that pictures open at once and never differ."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Collection, Iterator, Sequence
from typing import Any

#: A ring shows a loop best; beyond this size its edges cross too often.
LARGEST_RING = 14
#: The field of a network that is not a ring; it has the shape of the frame on a page.
WIDTH = 1200.0
HEIGHT = 720.0
#: How evenly the nodes fill the field: 0 as the forces leave them, 1 in equal steps.
EVENNESS = 0.5


def lay_out(nodes: Sequence[str], pairs: Collection[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return the position of each node in a field of 1200 × 720.

    Small networks are rings in the order of ``nodes``; larger ones follow T. Fruchterman and E. Reingold,
    "Graph drawing by force-directed placement" (1991), started from a ring, the same every time.
    """
    if len(nodes) <= LARGEST_RING:
        return _scale(nodes, _find_ring(len(nodes)), ratio=1.0)
    number = {name: index for index, name in enumerate(nodes)}
    links = sorted({(number[a], number[b]) for a, b in pairs if a != b})
    import igraph  # noqa: PLC0415 - brings pyplot, a second that most pages do not need

    graph = igraph.Graph(n=len(nodes), edges=links)
    with _without_chance(igraph):
        placed = graph.layout_fruchterman_reingold(niter=400, seed=_find_ring(len(nodes)), grid=False)
    return _scale(nodes, [(float(x), float(y)) for x, y in placed], ratio=WIDTH / HEIGHT)


@contextlib.contextmanager
def _without_chance(igraph: Any) -> Iterator[None]:
    """Let igraph draw the same random numbers every time, without touching those of the caller."""
    igraph.set_random_number_generator(random.Random(0))  # noqa: S311 - nothing secret depends on it
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)


def _find_ring(count: int) -> list[tuple[float, float]]:
    start = -math.pi / 2 if count != 2 else math.pi  # two stand side by side
    angles = [2 * math.pi * index / max(count, 1) + start for index in range(count)]
    return [(math.cos(angle) * 10, math.sin(angle) * 10) for angle in angles]


def _scale(nodes: Sequence[str], points: Sequence[tuple[float, float]], *, ratio: float) -> dict[str, tuple[int, int]]:
    """Spread the nodes over the field: forces alone put the best connected nodes into one unreadable cluster."""
    is_ring = len(nodes) <= LARGEST_RING
    height = 160.0 + 40.0 * len(nodes) if is_ring else HEIGHT
    columns = [_spread([point[axis] for point in points], 0.0 if is_ring else EVENNESS) for axis in (0, 1)]
    return {
        name: (round(x * height * ratio), round(y * height))
        for name, x, y in zip(nodes, columns[0], columns[1], strict=True)
    }


def _spread(values: Sequence[float], evenness: float) -> list[float]:
    """Return the values between -0.5 and 0.5: in proportion, and to the degree of ``evenness`` by rank."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    width, last = (high - low) or 1.0, max(len(values) - 1, 1)
    order = sorted(range(len(values)), key=lambda index: (round(values[index], 6), index))
    ranks = {index: rank / last for rank, index in enumerate(order)}
    flat = high - low < 1e-6
    return [
        0.0 if flat else (1 - evenness) * (value - low) / width + evenness * ranks[index] - 0.5
        for index, value in enumerate(values)
    ]
