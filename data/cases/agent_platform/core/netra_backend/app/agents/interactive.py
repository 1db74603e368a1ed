"""Runs requests while the user waits."""

from netra_backend.app.agents.legacy_engine import LegacyExecutionEngine as Engine


def answer(agent: object, request: str) -> list[str]:
    """Return what the engine did."""
    return Engine().run(agent, request)
