"""The import simulation: what happens when each module is imported first, told without running anything."""

from analysis.graph.simulate.entries import Simulation, simulate_entries
from analysis.graph.simulate.sources import Environment

__all__ = ["Environment", "Simulation", "simulate_entries"]
