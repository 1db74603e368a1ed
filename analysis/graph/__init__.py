"""The import graph: edges, cycles, the cheapest cuts, and chains between modules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.graph.chains import Chain, find_chains
    from analysis.graph.cuts import Cut, find_cut
    from analysis.graph.cycles import Cycle, build_cycles_table, find_component_sizes, find_cycles
    from analysis.graph.edges import build_empty_graph, build_import_graph
    from analysis.graph.import_graph import ImportGraph
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

_HOMES = {
    "Chain": "chains",
    "Cut": "cuts",
    "Cycle": "cycles",
    "ImportGraph": "import_graph",
    "ImportStep": "import_steps",
    "build_cycles_table": "cycles",
    "build_empty_graph": "edges",
    "build_import_graph": "edges",
    "find_chains": "chains",
    "find_component_sizes": "cycles",
    "find_cut": "cuts",
    "find_cycles": "cycles",
    "find_loop": "loops",
    "order_nodes": "ordering",
}


def __getattr__(name: str) -> Any:
    """Import the parts on first use: one question about a snapshot needs few of them."""
    if name in _HOMES:
        return getattr(import_module(f"analysis.graph.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
