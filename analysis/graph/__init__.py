"""The import graph: edges, cycles, the cheapest cuts, and chains between modules."""

from __future__ import annotations

from analysis.graph.chains import Chain, find_chains
from analysis.graph.cuts import Cut, find_cut
from analysis.graph.cycles import Cycle, build_cycles_table, find_component_sizes, find_cycles
from analysis.graph.edges import ImportGraph, build_empty_graph, build_import_graph
from analysis.graph.import_steps import ImportStep
from analysis.graph.loops import find_loop
from analysis.graph.ordering import order_nodes

__all__ = [
    "Chain",
    "Cut",
    "Cycle",
    "ImportGraph",
    "ImportStep",
    "build_cycles_table",
    "build_empty_graph",
    "build_import_graph",
    "find_chains",
    "find_component_sizes",
    "find_cut",
    "find_cycles",
    "find_loop",
    "order_nodes",
]
