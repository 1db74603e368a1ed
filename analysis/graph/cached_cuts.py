"""Cuts of components, cached from one run to the next: the same component has the same cut."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from analysis.cache import Collection, build_key
from analysis.graph.cuts import Cut, find_cut
from analysis.graph.edge_arrays import Pairs

#: What decides the cut of a component: when its source changes, what was cached before is never read.
PROGRAM = ("graph", "resolve", "facts", "tables", "tree_state", "steps")
#: Smaller components are cut sooner than looked up.
_FEWEST_CACHED_EDGES = 12


class CachedCuts:
    """Finds cuts, each component once; ``save`` keeps the new ones in a folder, if there is one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Cut[int]] = {}
        self._fresh: dict[str, bytes] = {}
        self._cached: Collection | None = None

    def find(self, pairs: Pairs) -> Cut[int]:
        """Return the cut of a component, whose modules are numbered in the order of their names."""
        ends = np.concatenate((pairs.importers, pairs.importeds))
        members, places = np.unique(ends, return_inverse=True)
        key = hashlib.blake2b(places.astype(np.int64).tobytes(), digest_size=16)
        key.update(pairs.costs.astype(np.int64).tobytes())
        cut = self._find(key.hexdigest(), places.reshape(2, -1), pairs.costs)
        numbers = members.tolist()
        named = tuple((numbers[importer], numbers[imported]) for importer, imported in cut.pairs)
        return Cut(named, cut.cost, cut.method, cut.bound)

    def save(self) -> None:
        """Keep what was found, and let go of the file."""
        if self._cached is not None:
            with self._cached as cached:
                cached.write(self._fresh)
        self._cached, self._fresh = None, {}

    def _find(self, key: str, places: np.ndarray, costs: np.ndarray) -> Cut[int]:
        cut = self._known.get(key)
        if cut is None and len(costs) >= _FEWEST_CACHED_EDGES:
            self._cached = self._cached or Collection(self._folder, "cuts", build_key(PROGRAM))
            cut = _read(self._cached.read(key))
        if cut is None:
            cut = find_cut(dict(zip(map(tuple, places.T.tolist()), costs.tolist(), strict=True)))
            if len(costs) >= _FEWEST_CACHED_EDGES:
                self._fresh[key] = json.dumps([cut.pairs, cut.cost, cut.method, cut.bound]).encode("ascii")
        self._known[key] = cut
        return cut


def _read(answer: memoryview | None) -> Cut[int] | None:
    if answer is None:
        return None
    pairs, cost, method, bound = json.loads(bytes(answer))
    return Cut(tuple((importer, imported) for importer, imported in pairs), cost, method, bound)
