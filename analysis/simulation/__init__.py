"""The import simulation: predicts every first import without running anything."""

from analysis.simulation.cut_trials import Trials
from analysis.simulation.entries import Simulation, count_not_simulated, simulate_entries
from analysis.simulation.sources import Environment

__all__ = ["Environment", "Simulation", "Trials", "count_not_simulated", "simulate_entries"]
