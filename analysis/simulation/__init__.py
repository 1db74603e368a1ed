"""The import simulation: predicts every first import without running anything."""

from analysis.simulation.entries import Begin, Simulation, count_not_simulated, find_environment, simulate_entries
from analysis.simulation.optional import WithoutLibrary, find_half_bound
from analysis.simulation.sources import Environment

__all__ = [
    "Begin", "Environment", "Simulation", "WithoutLibrary", "count_not_simulated", "find_environment",
    "find_half_bound", "simulate_entries",
]  # fmt: skip
