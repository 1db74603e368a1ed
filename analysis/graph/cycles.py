"""Circular imports: the strongly connected components of the import graph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from analysis import tables
from analysis.gaps import Gaps, NoGaps
from analysis.graph.cached_cuts import CachedCuts
from analysis.graph.edge_arrays import DEPTH_OF_KIND, Component, EdgeArrays, find_components
from analysis.graph.import_graph import ImportGraph
from analysis.graph.import_steps import ImportStep, ImportStepReader
from analysis.graph.loops import find_loop
from analysis.steps import CutStep


@dataclass(frozen=True, slots=True, order=True)
class Cycle:
    """One component with more than one module; the fields are the columns of ``tables.CYCLES``.

    ``loop`` is a short loop through it, ``cut`` the pairs of modules whose imports are the cheapest to remove.
    """

    cycle: str
    kind: str
    with_ancestors: bool
    size: int
    edge_count: int
    modules: tuple[str, ...]
    loop: tuple[ImportStep, ...]
    is_loop_shortest: bool
    cut: tuple[CutStep, ...]
    cut_cost: int
    cut_method: str


def find_cycles(graph: ImportGraph, *, cache: Path | None = None, gaps: Gaps | None = None) -> list[Cycle]:
    """Return the cycles of every kind, without and with the edges to ancestor packages, sorted.

    A component is listed as ``deferred`` only when it is not one of the import-time graph already, and as
    ``typing`` only when it is not one of the deferred graph. ``cache`` is a folder where cuts are kept.
    ``gaps`` takes what fails inside the kit, kind by kind; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    arrays = EdgeArrays(graph)
    cuts = CachedCuts(cache)
    builder = _Builder(arrays, graph, cuts)
    found: list[Cycle] = []
    for with_ancestors in (False, True):
        known: set[tuple[int, ...]] = set()
        for kind in DEPTH_OF_KIND:
            part = f"{kind} cycles{' with packages' if with_ancestors else ''}"
            search = partial(_find_kind, arrays, builder, kind, known, with_ancestors=with_ancestors)
            found += gaps.attempt("cycles", part, search, list)
    gaps.attempt("cycles", "keeping cuts", cuts.save, lambda: None)
    return found


def _find_kind(
    arrays: EdgeArrays, builder: _Builder, kind: str, known: set[tuple[int, ...]], *, with_ancestors: bool
) -> list[Cycle]:
    """Return the cycles of one kind that are not known yet, the largest first; then they are known."""
    components = list(find_components(arrays.find_pairs(kind, with_ancestors=with_ancestors)))
    fresh = [component for component in components if component.members not in known]
    made = [builder.build(component, kind, with_ancestors=with_ancestors) for component in fresh]
    known.update(component.members for component in components)
    return sorted(made, key=lambda cycle: (-cycle.size, cycle.modules))


def find_component_sizes(graph: ImportGraph, kind: str, *, with_ancestors: bool) -> list[int]:
    """Return the sizes of all components with more than one module in the graph of a kind, largest first."""
    components = find_components(EdgeArrays(graph).find_pairs(kind, with_ancestors=with_ancestors))
    return sorted((len(component.members) for component in components), reverse=True)


class _Builder:
    """Makes cycles of components; many have the same pairs with and without ancestor edges and are cut once."""

    def __init__(self, arrays: EdgeArrays, graph: ImportGraph, cuts: CachedCuts) -> None:
        self._names = arrays.names
        self._steps = ImportStepReader(graph.edges)
        self._are_ancestors = graph.edges.column("is_ancestor").to_numpy()
        self._cuts = cuts

    def build(self, component: Component, kind: str, *, with_ancestors: bool) -> Cycle:
        pairs = component.pairs
        names = tuple(self._names[number] for number in component.members)
        keys = list(zip(pairs.importers.tolist(), pairs.importeds.tolist(), strict=True))
        depths = pairs.depths.tolist()
        shows = (
            self._are_ancestors[pairs.rows].tolist()
            if with_ancestors and kind == "import-time"
            else [depth == DEPTH_OF_KIND[kind] for depth in depths]
        )
        shows_kind = [key for key, is_shown in zip(keys, shows, strict=True) if is_shown]
        loop, is_shortest = find_loop(keys, preferred=shows_kind)
        rows = dict(zip(keys, pairs.rows.tolist(), strict=True))
        cut = self._cuts.find(pairs)
        digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
        suffix = "+ancestors" if with_ancestors else ""
        return Cycle(
            f"{kind}{suffix}:{names[0]}:{digest}", kind, with_ancestors, len(names), len(pairs), names,
            tuple(self._steps.read(rows[key]) for key in loop), is_shortest,
            tuple(CutStep(self._names[importer], self._names[imported]) for importer, imported in cut.pairs),
            cut.cost, cut.method,
        )  # fmt: skip


def build_cycles_table(cycles: Iterable[Cycle]) -> pa.Table:
    """Return the cycles as the Arrow table ``cycles``."""
    return tables.CYCLES.from_rows(
        (
            cycle.cycle, cycle.kind, cycle.with_ancestors, cycle.size, cycle.edge_count, list(cycle.modules),
            list(map(str, cycle.loop)), cycle.is_loop_shortest,
            list(map(str, cycle.cut)), cycle.cut_cost, cycle.cut_method,
        )
        for cycle in cycles
    )  # fmt: skip
