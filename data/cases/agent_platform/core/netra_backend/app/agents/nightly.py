"""Runs requests at night."""

from netra_backend.app.agents.batch_engine import BatchExecutionEngine as Engine


def run_all(agent: object, requests: list[str]) -> int:
    """Return the number of requests."""
    return Engine().run(agent, requests)
