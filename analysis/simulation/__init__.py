"""The import simulation: what happens when each module is imported first, told without running anything."""

from analysis.simulation.entries import Simulation, simulate_entries
from analysis.simulation.sources import Environment

__all__ = ["Environment", "Simulation", "simulate_entries"]
