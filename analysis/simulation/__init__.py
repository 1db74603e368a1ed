"""The import simulation: predicts every first import without running anything."""

from analysis.simulation.entries import Simulation, count_not_simulated, simulate_entries
from analysis.simulation.optional import WithoutLibrary, find_half_bound
from analysis.simulation.sources import Environment

__all__ = [
    "Environment", "Simulation", "WithoutLibrary", "count_not_simulated", "find_half_bound",
    "simulate_entries",
]  # fmt: skip
