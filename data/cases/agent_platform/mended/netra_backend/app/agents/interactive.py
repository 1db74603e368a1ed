"""Runs requests while the user waits."""

from __future__ import annotations

from netra_backend.app.agents.supervisor import user_execution_engine


async def answer(user_id: str, request: str) -> list[str]:
    """Return the names of the events of a run."""
    engine = user_execution_engine.UserExecutionEngine(user_id)
    return [event["event"] async for event in engine.run(request)]
