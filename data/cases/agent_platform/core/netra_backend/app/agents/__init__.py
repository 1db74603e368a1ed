"""Agents, and everything that runs them."""
